#!/usr/bin/python3
"""Checks one thing after another."""

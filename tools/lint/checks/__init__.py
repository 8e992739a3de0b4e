"""All checks by name: each module here has a docstring, run(tree) that yields findings, and perhaps fix(tree)."""
import importlib
import pkgutil

ALL = {found.name: importlib.import_module(f"checks.{found.name}") for found in pkgutil.iter_modules(__path__)}

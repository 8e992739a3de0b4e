"""Python with work left"""
pass  # X[]XX

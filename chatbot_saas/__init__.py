"""The composition root: settings, routes and processes, and the doors. Nothing below imports it."""

# As pyproject.toml has it, which is not installed beside the code.
VERSION = "0.1.0"

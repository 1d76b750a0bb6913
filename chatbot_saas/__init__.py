"""The composition root: settings, routes and processes, and the doors. Nothing below imports it."""

"""The roof: settings, routes, processes. Nothing below imports it."""

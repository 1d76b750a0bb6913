"""Where events are delivered to: one file for each kind of server."""

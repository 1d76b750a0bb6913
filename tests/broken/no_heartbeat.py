"""A process that never looks by itself whether its turns are to stop."""

from conversations.turns import control

control._HEARTBEAT_SECONDS = 3600.0

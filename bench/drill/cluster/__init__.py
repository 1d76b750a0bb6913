"""Drills against the whole product as `make cluster` runs it, through nginx and its TLS.

Each runs under the same small load as the storm has, whose ledgers must agree at the end; what a drill
does meanwhile is a script: `kill`, `rolling`, `switch` (blue and green), `restarts`, `soak`.
"""

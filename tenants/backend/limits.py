"""How long one statement may take, wait for a lock, or leave its transaction open.

A request's are short: whoever waits longer is told to try again, and what it held is free for the
others. Work in the background may take its time, and is ended all the same when its process hangs.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

REQUEST = {
    "lock_timeout": "3s",
    "statement_timeout": "10s",
    "idle_in_transaction_session_timeout": "3s",
}
WORK = {
    "lock_timeout": "10s",
    "statement_timeout": "300s",
    "idle_in_transaction_session_timeout": "60s",
}
# Seconds and milliseconds after which a server that says nothing at all is given up.
NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def limit(database: dict[str, Any], limits: dict[str, str] = WORK) -> None:
    """Gives the connections of these settings their limits. What a URL sets itself stays."""
    options = database["OPTIONS"]
    for name, value in NETWORK.items():
        options.setdefault(name, value)
    given = options.get("options", "")
    # The last one counts.
    options["options"] = f"{_written(limits)} {given}".strip()


def limit_requests() -> None:
    """Called where a process serves requests, before its first connection."""
    database = connections.settings[DEFAULT_DB_ALIAS]
    given = database["OPTIONS"]
    given["options"] = given["options"].replace(_written(WORK), _written(REQUEST))


def _written(limits: dict[str, str]) -> str:
    return " ".join(f"-c {name}={value}" for name, value in limits.items())

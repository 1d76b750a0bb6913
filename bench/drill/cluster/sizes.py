"""How much of everything, and what must hold (seconds)."""

import os

# Who uses the product all along; with these about two questions a second begin.
TENANTS, VISITORS, ASKERS = 2, 6, 2
# Time between two faults, in which the product finds itself again.
BREATH = float(os.environ.get("CLUSTER_BREATH", "5"))
# What a killed process's service may be away.
BACK = float(os.environ.get("CLUSTER_BACK", "30"))
# Of `cluster-kill`: which ones, by name; all of them where none is named.
KILLED = [name for name in os.environ.get("CLUSTER_KILLED", "").split(",") if name]
# Of `rolling`.
ROUNDS = int(os.environ.get("ROLLING_ROUNDS", "10"))
IN_FLIGHT = 20
DRAIN = float(os.environ.get("ROLLING_DRAIN", "20"))
# An answer takes six seconds of the provider; the rest is for who has to find the other web.
ANSWER = 15.0
# Of `blue-green`: there and back, so often.
SWITCHES = int(os.environ.get("SWITCHES", "3"))
# Of `restarts`: how long a server is away, and how long after that errors may go on.
OUTAGE = float(os.environ.get("OUTAGE_SECONDS", "10"))
AFTERWARDS = 15.0
INGEST = 60.0
# Of `soak`.
MINUTES = float(os.environ.get("SOAK_MINUTES", "10"))
WARMING, EVERY = 90.0, 5.0

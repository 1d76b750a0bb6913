"""How much of everything. `STORM_SCALE` (1 is the full size) shrinks numbers and times alike."""

import os

SCALE = float(os.environ.get("STORM_SCALE", "1"))


def some(full: int, *, least: int = 1) -> int:
    """So many at this scale."""
    return max(least, round(full * SCALE))


def seconds(full: float, *, least: float) -> float:
    return max(least, full * SCALE)


TENANTS, VISITORS, ASKERS = some(8, least=4), some(24, least=8), some(6, least=2)
# A person reads before the next question: with these about seven turns a second begin.
THINKS = (1.0, 4.0)
CALM = seconds(20, least=4)
CHAOS = seconds(90, least=12)
WORKER_KILLS = some(50, least=2)
WEB_KILLS, WEB_ENDS = some(6), some(4)
REDIS_AWAY = float(os.environ.get("STORM_REDIS_AWAY", seconds(60, least=3)))
DATABASE_RESTARTS = some(3)
CUTS = some(500, least=10)
DEAF = some(200, least=10)
# Time between two faults, in which the product finds itself again.
BREATH = seconds(5, least=2)

# What must hold (seconds, MB).
DOCUMENT_SECONDS, INGEST_AGAIN_SECONDS = 180.0, 60.0
# As docs/socket.md says, nothing taken for 15 seconds and four to say so; the last request has its time.
DEAF_SECONDS, DEAF_MB = 15.0 + 4.0 + 5.0, 100.0
REFUSED_SECONDS, CLOSED_SECONDS = 1.0, 60.0

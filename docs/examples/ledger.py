"""What each consumer of events needs: a place that knows what was handled, kept with what it changes.

Here SQLite; in your program, a table of the database that your own changes go to.
"""

import json
import sqlite3
from typing import Any


class Ledger:
    """Handles each event once, however often it comes."""

    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path)
        self._database.execute("CREATE TABLE IF NOT EXISTS handled (id TEXT PRIMARY KEY)")

    def take(self, body: bytes) -> None:
        event = json.loads(body)
        # One transaction for both: a program that is killed has done both or neither.
        with self._database:
            added = self._database.execute(
                "INSERT INTO handled VALUES (?) ON CONFLICT DO NOTHING", [event["id"]]
            )
            if added.rowcount:
                handle(event)


def handle(event: dict[str, Any]) -> None:
    """Your part."""
    print(event["type"], event["partitionkey"], int(event["sequence"]), event["id"], flush=True)

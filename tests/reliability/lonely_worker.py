"""`python -m tests.reliability.lonely_worker KIND`: does tickets of one kind and no other.

A test that kills its worker must know which one works, and take nobody else's work along.
"""

import sys
import time

import django

from tests.launch import die_with_parent


def main(kind: str) -> None:
    django.setup()
    from knowledge.ingestion import ingest_document
    from tenants.work import tickets

    tickets._registry.clear()
    tickets.handles(kind, lease_seconds=30)(ingest_document)
    while True:
        if not tickets.run_next():
            time.sleep(0.05)


if __name__ == "__main__":
    die_with_parent()
    main(sys.argv[1])

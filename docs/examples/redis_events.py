"""Reads events from Redis Streams, in a consumer group.

python redis_events.py redis://localhost:6379/0 events ledger.sqlite
"""

import sys

import redis
from ledger import Ledger

GROUP, NAME = "reports", "reader-1"


def main(url: str, stream: str, path: str) -> None:
    ledger, client = Ledger(path), redis.Redis.from_url(url)
    try:
        client.xgroup_create(stream, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        # The group is there.
        if "BUSYGROUP" not in str(error):
            raise
    # First what this reader was given before and did not finish, then what is new.
    start = "0"
    while True:
        found = client.xreadgroup(GROUP, NAME, {stream: start}, count=100, block=5000)
        entries = found[0][1] if found else []
        for number, fields in entries:
            # Of an entry that maxlen has removed meanwhile only its number is left.
            if fields:
                ledger.take(fields[b"event"])
            client.xack(stream, GROUP, number)
        if not entries:
            start = ">"


if __name__ == "__main__":
    main(*sys.argv[1:])

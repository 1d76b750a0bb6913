"""Starts one process of the product for a test, and says on stdout which port it has.

`--broken NAME` imports `tests.broken.NAME` first, which swaps one product function for the naive
version of it. The product itself has no such switch.
"""

import argparse
import ctypes
import importlib
import json
import os
import signal
import socket

from tests.hashing import hash_quickly


def die_with_parent() -> None:
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def run_web() -> None:
    import uvicorn

    from chatbot_saas.asgi import application
    from chatbot_saas.serve import server_options

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    # Listening now: who connects before the application is up waits instead of being refused.
    listener.listen(2048)
    grace = int(os.environ.get("TEST_WEB_GRACE", "5"))
    config = uvicorn.Config(application, **server_options(grace))
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    uvicorn.Server(config).run(sockets=[listener])


def run_worker(pool: str) -> None:
    from celery.signals import worker_ready

    import tests.celery_tasks  # noqa: F401  (registers them)
    from chatbot_saas.celery import app

    @worker_ready.connect(weak=False)
    def say_ready(**_: object) -> None:
        print(json.dumps({"port": 0}), flush=True)

    alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    app.worker_main(["worker", f"--pool={pool}", "--concurrency=3", "--loglevel=WARNING", *alone])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["web", "worker"])
    parser.add_argument("--broken")
    parser.add_argument("--pool", default=os.environ.get("TEST_WORKER_POOL", "threads"))
    options = parser.parse_args()
    die_with_parent()
    import django

    django.setup()
    hash_quickly()
    if options.broken:
        importlib.import_module(f"tests.broken.{options.broken}")
    if options.role == "web":
        run_web()
    else:
        run_worker(options.pool)


if __name__ == "__main__":
    main()

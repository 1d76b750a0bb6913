"""`python -m bench [--full] [PART …]`: prints and saves the figures."""

import argparse
import os
import platform
import time
from collections.abc import Callable
from typing import Any

from bench import figures
from bench.stack import VAR_DIR, Stack, environment, raise_file_limit, running
from tests.fake_openai import FakeOpenAI
from tests.fake_openai import running as provider_running

PARTS = ("memory", "sockets", "turns", "retrieval", "ingestion", "tenants")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10,000 sockets, 100,000 chunks")
    parser.add_argument("parts", nargs="*", default=PARTS, metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    raise_file_limit()
    with provider_running() as fake, running(fake.url) as stack:
        os.environ.update(environment(fake.url))
        import django

        django.setup()
        result = measure(stack, fake, tuple(options.parts), full=options.full)
    path = VAR_DIR / "result.json"
    figures.save(result, path)
    figures.show(result)
    print(f"saved: {path}")


def measure(
    stack: Stack, fake: FakeOpenAI, parts: tuple[str, ...], *, full: bool
) -> dict[str, Any]:
    # Imported here: they need Django set up, with the bench's own servers.
    from bench import ingestion, retrieval, sockets, tenants, turns, workspaces

    workspaces.prepare_platform()
    measures: dict[str, Callable[[], dict[str, Any]]] = {
        "memory": lambda: memory(stack),
        "sockets": lambda: sockets.measure(stack, full=full),
        "turns": lambda: turns.measure(stack, fake, full=full),
        "retrieval": lambda: retrieval.measure(full=full),
        "ingestion": lambda: ingestion.measure(stack, full=full),
        "tenants": lambda: tenants.measure(full=full),
    }
    result: dict[str, Any] = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "full": full,
    }
    for part in parts:
        print(f"measuring {part} …", flush=True)
        result[part] = measures[part]()
    return result


def memory(stack: Stack) -> dict[str, Any]:
    """At rest: after the start and a pause."""
    time.sleep(3)
    sizes = {name: round(size, 1) for name, size in stack.memory_mb().items()}
    return {"at_rest_pss_mb": {**sizes, "all": round(sum(sizes.values()), 1)}}


if __name__ == "__main__":
    main()

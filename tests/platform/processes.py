"""A web process whose servers are not what they should be."""

import os
import socket
from pathlib import Path

import httpx
from django.conf import settings

from chatbot_saas import embedded
from tests.live import Process


def dead_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def dead_redis() -> dict[str, str]:
    return {"REDIS_URL": f"redis://127.0.0.1:{dead_port()}"}


def with_database(url: str) -> dict[str, str]:
    """The environment of an installation with its own PostgreSQL and the tests' Redis."""
    return {
        "DATABASE_URL": url,
        "MIGRATION_DATABASE_URL": layout().migrator_url,
        "SECRET_KEY": settings.SECRET_KEY,
    }


def dead_database() -> dict[str, str]:
    return with_database(f"postgresql://app:secret@127.0.0.1:{dead_port()}/chatbot_saas")


def layout() -> embedded.Layout:
    return embedded.layout(Path(os.environ["VAR_DIR"]), durable=False)


def get(web: Process, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{web.url}{path}", headers=headers, timeout=30, trust_env=False)

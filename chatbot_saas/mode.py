"""Which servers are our own. Read without Django, so that the supervisor stays small."""

from pathlib import Path

from chatbot_saas import env

BASE_DIR = Path(__file__).resolve().parent.parent


def var_dir() -> Path:
    """Where everything that is made at run time is kept."""
    return env.path("VAR_DIR", BASE_DIR / "var")


def embedded_servers() -> frozenset[str]:
    """Names of the servers for which no URL is configured."""
    urls = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}
    return frozenset(server for server, name in urls.items() if not env.text(name))

"""JSON logs: one object a line, with request and tenant ids, never with a message's content."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from core.areas import LogPath, find_area, secrets_pattern

# A URL's scheme and host, and its path.
_ORIGIN = re.compile(r"((?:[a-z]+://[^/?#]*)?)([^?#]*)", re.IGNORECASE)
request_id: ContextVar[str] = ContextVar("request_id", default="")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "request"}
# Lines of PostgreSQL's messages that quote a statement or a row, and with it what people wrote.
_QUOTED_DATA = re.compile(
    r"^(?:LINE \d+:.*\n\s*\^.*|LINE \d+:.*|(?:DETAIL|CONTEXT):.*)$", re.MULTILINE
)
_SECRET_PATHS = secrets_pattern()


def without_secrets(path: str) -> str:
    """A path or a URL as it may stand in a log: without its query and without a link's secret. Of a
    path that is in no area nothing is kept, because it may hold anything.

    >>> without_secrets("/invitations/9f3"), without_secrets("/enter?ticket=1"), without_secrets("/x")
    ('/invitations/…', '/enter', '/…')
    >>> without_secrets("https://acme.example/keys?a=b"), without_secrets("https://acme.example/x")
    ('https://acme.example/keys', 'https://acme.example/…')
    """
    origin, bare = _ORIGIN.findall(path)[0]
    if bare.startswith("/") and find_area(bare).log is LogPath.HIDDEN:
        return f"{origin}/…"
    return _mask_links(f"{origin}{bare}")


def _mask_links(text: str) -> str:
    return _SECRET_PATHS.sub(r"\1…", text)


def _mask_data(text: str) -> str:
    return _QUOTED_DATA.sub("(left out)", text)


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON, with the id of the request that it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _mask_links(record.getMessage()),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        # What a caller adds are ids and counts; `tests/platform/test_logs.py` watches that.
        line.update(
            {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        )
        if record.exc_info:
            line["exception"] = _mask_links(_mask_data(self.formatException(record.exc_info)))
        return json.dumps(line, default=str, ensure_ascii=False)


def logging_of(level: str) -> dict[str, Any]:
    """The setting LOGGING: our own lines from this level on, the chatter of libraries left out."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "chatbot_saas.logs.JsonFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Our own request log says the same with the request id and without the query string.
            "uvicorn.access": {"level": "WARNING"},
            # Of each socket it writes the whole address, with its query string.
            "uvicorn.error": {"level": "WARNING"},
            # One line for every call of a model server tells nothing, and costs as much as a token.
            "httpx": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
            "openai": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            "django.channels.server": {"level": "ERROR"},
            "daphne": {"level": "WARNING"},
            # While Redis is away it logs a traceback a second. Our own checks say what is missing.
            "channels_redis.pubsub": {"level": "CRITICAL"},
        },
    }

"""URLs of servers, as the environment gives them, in the forms that Django and Celery want."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import dj_database_url
import dj_email_url
from django.core.exceptions import ImproperlyConfigured

from knowledge.files.url import Bucket, read_media_url
from tenants.outbox.sinks.url import read_sink_url


def database(name: str, url: str) -> dict[str, Any]:
    """Django's settings of the PostgreSQL database at `url`, the value of `name`."""
    form = f"{name} must be postgresql://user:password@host/database."
    # The library takes many databases; the two walls exist in PostgreSQL alone.
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(form)
    try:
        found: dict[str, Any] = dict(
            dj_database_url.parse(
                url,
                engine="tenants.backend",
                # The pool tries a connection before it gives it out: PostgreSQL may have restarted.
                conn_health_checks=True,
                disable_server_side_cursors=True,
            )
        )
    except ValueError as error:
        raise ImproperlyConfigured(form) from error
    if not found["NAME"]:
        raise ImproperlyConfigured(form)
    options = found.setdefault("OPTIONS", {})
    # A socket's folder stands in the query: a URL's host holds no slashes.
    found["HOST"] = options.pop("host", None) or found["HOST"]
    return found


def mail(name: str, url: str) -> dict[str, Any]:
    """Django's settings of the mail server at `url`, the value of `name`."""
    form = f"{name} must be smtp://user:password@host:port, or smtps://."
    scheme, separator, rest = url.partition("://")
    if scheme not in {"smtp", "smtps"} or not separator:
        raise ImproperlyConfigured(form)
    try:
        # Its own `smtps` means STARTTLS; ours means TLS from the first byte, as RFC 8314 has it.
        found: dict[str, Any] = dj_email_url.parse(f"smtp://{rest}")
        given_port = urlsplit(url).port
    except ValueError as error:
        raise ImproperlyConfigured(form) from error
    if not urlsplit(url).hostname:
        raise ImproperlyConfigured(form)
    found["EMAIL_USE_SSL"] = scheme == "smtps"
    found["EMAIL_PORT"] = given_port or (465 if scheme == "smtps" else 587)
    found["EMAIL_HOST_USER"] = found["EMAIL_HOST_USER"] or ""
    found["EMAIL_HOST_PASSWORD"] = found["EMAIL_HOST_PASSWORD"] or ""
    # Where there is a password, it is not sent in clear.
    found["EMAIL_USE_TLS"] = scheme == "smtp" and bool(found["EMAIL_HOST_USER"])
    return found


def redis_database(url: str, number: int) -> str:
    """One of the databases of the Redis server at `url`."""
    if url.startswith("unix:"):
        return f"{url}{'&' if '?' in url else '?'}db={number}"
    return urlsplit(url)._replace(path=f"/{number}").geturl()


def broker(redis_url: str) -> str:
    """The same server as kombu writes it: a Unix socket is `redis+socket:///path?virtual_host=3`, and a
    certificate is looked at only when it is told to."""
    if redis_url.startswith("rediss:") and "ssl_cert_reqs=" not in redis_url:
        return f"{redis_url}{'&' if '?' in redis_url else '?'}ssl_cert_reqs=required"
    if not redis_url.startswith("unix:"):
        return redis_url
    parts = urlsplit(redis_url)
    query = dict(parse_qsl(parts.query))
    password = query.get("password") or parts.password or ""
    credentials = f":{password}@" if password else ""
    return f"redis+socket://{credentials}{parts.path}?virtual_host={query.get('db', '0')}"


def event_sink(name: str, url: str) -> str:
    """The same URL, if a sink of events can be made of it."""
    try:
        authority = read_sink_url(url).options.get("ca") if url else None
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is wrong: {error}.") from error
    if authority is not None and not os.access(authority, os.R_OK):
        raise ImproperlyConfigured(f"{name} is wrong: its ca is no file that can be read.")
    return url


def file_store(name: str, url: str) -> Path | Bucket | None:
    """Where uploaded files are kept, as the value of `name` says; None where it says nothing."""
    try:
        return read_media_url(url) if url else None
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is wrong: {error}.") from error


def static_url(name: str, url: str) -> str:
    """Where pages find static files: here, or at the same path of a CDN."""
    parts = urlsplit(url)
    is_cdn = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    origin = f"{parts.scheme}://{parts.netloc}" if is_cdn else ""
    # In a policy these would begin another source or directive.
    if url != f"{origin}/static/" or set(parts.netloc) & set(" ;,'\""):
        raise ImproperlyConfigured(f"{name} must be /static/ or https://cdn.example.com/static/.")
    return url

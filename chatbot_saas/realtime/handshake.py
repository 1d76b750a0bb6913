"""What a socket's handshake says of its client."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port

from core.client_ip import client_ip


@dataclass(frozen=True, slots=True)
class Handshake:
    """`host` is the tenant's host name, and None on the platform's own hosts."""

    origin: str | None
    host: str | None
    address: str


def read_handshake(scope: dict[str, Any]) -> Handshake:
    headers = scope["headers"]
    peer = (scope.get("client") or ("",))[0]
    forwarded = _only(headers, b"x-forwarded-for") or ""
    return Handshake(
        origin=_only(headers, b"origin"),
        host=_host(_only(headers, b"host")),
        address=client_ip(peer, forwarded, settings.TRUSTED_PROXIES),
    )


def _only(headers: list[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The header's value; None when it is missing or, so that nobody has to choose, repeated."""
    values = [value for key, value in headers if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


def _host(raw: str | None) -> str | None:
    """None on the platform's own hosts, `-` (nobody's) without a host."""
    host, _ = split_domain_port(raw or "")
    # A host that is missing is nobody's, and not the platform's.
    return None if host in settings.PLATFORM_HOSTS else host or "-"

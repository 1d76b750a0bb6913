"""Where a link in an answer may lead, and what a browser takes its host for. Pure."""

import ipaddress
import re
from urllib.parse import quote, unquote

import idna

_WEB = re.compile(r"(https?)://([^/\s][^\s]*)\Z", re.IGNORECASE)
_CALLS = re.compile(
    r"(?:mailto:[^\s@]{1,200}@[^\s@]{1,200}|tel:[+0-9][0-9().-]{1,40})\Z", re.IGNORECASE
)
_END_OF_HOST = re.compile(r"[/\\?#]")
_NO_HOST = re.compile(r"[\x00-\x20\x7f#/:<>?@\[\\\]^|%]")
_PORTS = {"http": 80, "https": 443}


def where(href: str | None) -> tuple[str, str] | None:
    """(host with a port that is not the usual one, path) where an answer may link to it, None elsewhere;
    of a mail address or a telephone number the host is empty.

    >>> where("HTTPS://Shop.example:443/a"), where("https://good.example@evil.example")
    (('shop.example', ''), ('evil.example', ''))
    >>> where("mailto:a@b.example?subject=x"), where("javascript:alert(1)")
    (('', 'a@b.example'), None)
    """
    if href is None:
        return None
    if _CALLS.match(href):
        path = re.split(r"[?#]", href.partition(":")[2])[0]
        return "", quote(path, safe="!\"#$&'()*+,/:;<=>?@[]\\^_`{|}~%")
    found = _WEB.match(href)
    host = _host(found[1].lower(), found[2]) if found else None
    return None if host is None else (host, "")


def _host(scheme: str, rest: str) -> str | None:
    authority = _END_OF_HOST.split(rest.lstrip("/\\"))[0].rpartition("@")[2]
    bracketed, _, after = authority.rpartition("]")
    name, _, port = after.partition(":")
    number = int(port) if port.isascii() and port.isdecimal() and len(port) < 9 else None
    if (port and number is None) or (number or 0) > 65_535:
        return None
    known = _address(bracketed) if bracketed else _name(unquote(name))
    if not known:
        return None
    return known if number in (None, _PORTS[scheme]) else f"{known}:{number}"


def _address(bracketed: str) -> str | None:
    try:
        return f"[{ipaddress.IPv6Address(bracketed.lstrip('['))}]"
    except ValueError:
        return None


def _name(name: str) -> str | None:
    try:
        known = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        return None
    if not known or _NO_HOST.search(known):
        return None
    last = known.rstrip(".").rpartition(".")[2]
    # A browser reads numbers in many ways as an address; one way is enough here.
    if last.isdigit() or last.startswith("0x"):
        try:
            return str(ipaddress.IPv4Address(known))
        except ValueError:
            return None
    return known

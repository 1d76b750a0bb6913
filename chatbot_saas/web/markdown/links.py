"""Where a link in an answer may lead, and what a browser takes its host for. Pure."""

import ipaddress
import re
from urllib.parse import quote, unquote

import idna

from chatbot_saas.web.markdown.blanks import BLANK

_WEB = re.compile(rf"\A(https?)://([^/{BLANK}](?s:.*))", re.IGNORECASE)
_CALLS = re.compile(
    rf"\A(?:mailto:[^{BLANK}@]{{1,200}}@[^{BLANK}@]{{1,200}}|tel:[+0-9][0-9().-]{{1,40}})\Z",
    re.IGNORECASE,
)
# What a browser takes away from the ends of an address.
_CONTROLS = "".join(map(chr, range(0x21)))
_END_OF_HOST = re.compile(r"[/\\?#]")
_NO_HOST = re.compile(r"[\x00-\x20\x7f#/:<>?@\[\\\]^|%]")
_JOINERS = "\u200c\u200d"
_PORTS = {"http": 80, "https": 443}
_NUMBER = re.compile(r"\A(?:0x(?P<hex>[0-9a-f]*)|0(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))\Z")
_MOST_DIGITS = 16


def where(href: str) -> tuple[str, str] | None:
    """(host with a port that is not the usual one, path) where an answer may link to it, None elsewhere;
    of a mail address or a telephone number the host is empty.

    >>> where("HTTPS://Shop.example:443/a"), where("https://good.example@evil.example")
    (('shop.example', ''), ('evil.example', ''))
    >>> where("mailto:a@b.example?subject=x"), where("javascript:alert(1)")
    (('', 'a@b.example'), None)
    """
    if _CALLS.match(href):
        path = re.split(r"[?#]", href.rstrip(_CONTROLS).partition(":")[2])[0]
        return "", quote(path, safe="!\"#$&'()*+,/:;<=>?@[]\\^_`{|}~%")
    found = _WEB.match(href)
    host = _host(found[1].lower(), found[2].rstrip(_CONTROLS)) if found else None
    return None if host is None else (host, "")


def _host(scheme: str, rest: str) -> str | None:
    authority = _END_OF_HOST.split(rest.lstrip("/\\"))[0].rpartition("@")[2]
    bracketed, _, after = authority.rpartition("]")
    name, _, port = after.partition(":")
    if bracketed and name:
        return None
    number = int(port) if port.isascii() and port.isdecimal() and len(port) < 9 else None
    if (port and number is None) or (number or 0) > 65_535:
        return None
    known = _address(bracketed) if bracketed else _name(unquote(name))
    if not known:
        return None
    return known if number in (None, _PORTS[scheme]) else f"{known}:{number}"


def _address(bracketed: str) -> str | None:
    try:
        known = ipaddress.IPv6Address(bracketed.removeprefix("["))
    except ValueError:
        return None
    return None if known.scope_id else f"[{known}]"


def _name(name: str) -> str | None:
    try:
        known = ".".join(map(_label, idna.uts46_remap(name, std3_rules=False).split(".")))
    except UnicodeError:
        return None
    if not known or _NO_HOST.search(known):
        return None
    parts = known.removesuffix(".").split(".")
    is_number = parts[-1].isdecimal() or _NUMBER.match(parts[-1])
    return _numbers(parts) if is_number else known


def _label(label: str) -> str:
    """As it is looked up; a browser takes letters and signs that names of hosts have not. Raises."""
    if label.isascii():
        return label
    idna.check_initial_combiner(label)
    idna.check_bidi(label)
    if not all(idna.valid_contextj(label, at) for at in range(len(label)) if label[at] in _JOINERS):
        raise idna.InvalidCodepointContext("A joiner that joins nothing")
    return "xn--" + label.encode("punycode").decode("ascii")


def _numbers(parts: list[str]) -> str | None:
    """An address of four bytes, whose last number stands for all that are not written."""
    values = [_number(part) for part in parts]
    if len(values) > 4 or None in values:
        return None
    *first, last = [value for value in values if value is not None]
    if max(first, default=0) > 255 or last >= 256 ** (4 - len(first)):
        return None
    whole = last + sum(value << 8 * (3 - i) for i, value in enumerate(first))
    return str(ipaddress.IPv4Address(whole))


def _number(part: str) -> int | None:
    found = _NUMBER.match(part)
    if found is None or len(part) > _MOST_DIGITS:
        return None
    if found["hex"] is not None:
        return int(found["hex"] or "0", 16)
    return int(found["oct"], 8) if found["oct"] else int(found["dec"])

"""Which web pages may use a chatbot: exact scheme, host and port, or all subdomains of a domain. Pure."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_ORIGIN = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?",
    re.IGNORECASE | re.ASCII,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_STAR = "*."
_MAX_LENGTH = 300
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
# Second labels below which countries register names: `*.co.uk` would be everybody in business there.
_REGISTRIES = frozenset(
    "ac co com edu gob gov govt gv id ltd mil ne net nhs nom or org plc sch".split()
)
# Where strangers have sites side by side.
_SHARED = frozenset(
    "azurewebsites.net blogspot.com cloudfront.net firebaseapp.com fly.dev github.io gitlab.io "
    "herokuapp.com myshopify.com netlify.app ngrok.io onrender.com pages.dev railway.app surge.sh "
    "vercel.app web.app webflow.io weebly.com wixsite.com wordpress.com workers.dev".split()
)

Origin = tuple[str, str, int]


def parse_origin(raw: str) -> Origin | None:
    """(scheme, host, port) of `scheme://host[:port]`; None for anything else, like `null`."""
    match = _ORIGIN.fullmatch(raw)
    if match is None:
        return None
    scheme = match[1].lower()
    port = int(match[3]) if match[3] else _DEFAULT_PORTS[scheme]
    # Browsers write the origin in lower case and leave the usual port out; people do not.
    return (scheme, match[2].lower(), port) if port <= 65_535 else None


def canonical(origin: str) -> str | None:
    """One spelling for one origin, without `:443` or capitals; None for what is no origin."""
    parsed = parse_origin(origin)
    if parsed is None:
        return None
    scheme, host, port = parsed
    usual = port == _DEFAULT_PORTS[scheme]
    return f"{scheme}://{host}" if usual else f"{scheme}://{host}:{port}"


def parse_entry(raw: str) -> Origin | None:
    """An entry of a chatbot's list: an origin, or with the host `*.example.com` all subdomains, never the
    domain itself. None for anything else, and for a star before what strangers share."""
    scheme, found, rest = raw.partition("://*.")
    if not found:
        return parse_origin(raw)
    parsed = parse_origin(f"{scheme}://{rest}")
    if parsed is None or not _is_own_domain(parsed[1]):
        return None
    return (parsed[0], _STAR + parsed[1], parsed[2])


def is_allowed(raw: str | None, allowed: Iterable[str]) -> bool:
    """Whether a page of this Origin may use a chatbot with this list. No Origin is no permission."""
    origin = parse_origin(raw) if raw is not None else None
    # Compared in parts and whole: a look for a beginning would let shop.example.evil.org in.
    return origin is not None and any(_covers(parse_entry(entry), origin) for entry in allowed)


def suggest_entry(raw: str) -> str | None:
    """What somebody who wrote this most likely meant, as an entry; None where that cannot be told.

    >>> suggest_entry("http://shop.example/path"), suggest_entry("*.shop.example")
    ('https://shop.example', 'https://*.shop.example')
    """
    text = raw.strip().strip("\"'<>,;")
    scheme, found, _ = text.partition("://")
    try:
        parts = urlsplit(text if found else f"https://{text.lstrip('/')}")
        host, port = parts.hostname or "", parts.port
        # Browsers send a name of other letters in this spelling.
        host = host.rstrip(".").encode("idna").decode() if not host.isascii() else host.rstrip(".")
    except ValueError:
        return None
    if found and scheme.lower() not in _DEFAULT_PORTS:
        return None
    host = f"[{host}]" if ":" in host else host
    # Sites are at https; what stands on a port of its own, or on one's own machine, may not be.
    kept = port is not None or host == "localhost" or host.endswith(".localhost")
    written = parts.scheme if kept else "https"
    entry = f"{written}://{host}{'' if port is None else f':{port}'}"
    is_name = "." in host or kept
    return entry if is_name and parse_entry(entry) is not None else None


def refuse_origin(value: str) -> str:
    """What is wrong with an entry of a chatbot's list and what to write instead; empty for a good one."""
    if len(value) <= _MAX_LENGTH and parse_entry(value) is not None:
        return ""
    meant = suggest_entry(value[:1_000])
    shown = "“" + value[:100].replace("\0", "") + "”"
    if meant is not None and len(meant) <= 100:
        return f"{shown} is not an origin. Write {meant}"
    if "*" in value:
        return (
            f"{shown} is not an origin. A star stands first, for the subdomains of a domain of your "
            "own: https://*.example.com"
        )
    return f"{shown} is not an origin. Write scheme, host and port: https://www.example.com"


def _covers(entry: Origin | None, origin: Origin) -> bool:
    if entry is None or not entry[1].startswith(_STAR):
        return entry == origin
    # With its dot, so that evilexample.com is none of example.com's.
    below = origin[1].removesuffix(entry[1].removeprefix("*"))
    labels = below.split(".")
    is_below = below != origin[1] and all(_LABEL.fullmatch(label) for label in labels)
    return is_below and (entry[0], entry[2]) == (origin[0], origin[2])


def _is_own_domain(host: str) -> bool:
    """Whether all that stands below this name is somebody's own."""
    labels = host.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    # The last label of an address is a number, and it has no subdomains.
    if not labels[-1][0].isalpha() or host in _SHARED:
        return False
    return not (len(labels) == 2 and len(labels[1]) == 2 and labels[0] in _REGISTRIES)

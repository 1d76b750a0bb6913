"""What `EVENT_SINK_URL` says. Pure: the settings read it, and a wrong one stops the start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

FORM = (
    "kafka://host:9092/topic, amqp://user:password@host/vhost?exchange=name "
    "or redis://host:6379/0?stream=name"
)
_ENCODED = "in a name or password, each of : / ? # [ ] @ % must be percent-encoded"
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_SECURITY = ("plaintext", "ssl", "sasl_plaintext", "sasl_ssl")
_OPTIONS = {
    "kafka": {"security", "mechanism", "ca", "max_bytes"},
    "amqp": {"exchange", "ca"},
    "redis": {"stream", "maxlen"},
}
_KINDS = {"kafka": "kafka", "amqp": "amqp", "amqps": "amqp", "redis": "redis", "rediss": "redis"}


@dataclass(frozen=True, slots=True)
class SinkURL:
    """`kind` is kafka, amqp or redis; `name` the topic, the exchange or the stream. `address` is hosts
    and ports for Kafka, and for the others what their clients take, without our options; empty means the
    product's own Redis."""

    kind: str
    address: str
    name: str
    username: str = ""
    password: str = ""
    is_tls: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


def read_sink_url(text: str) -> SinkURL:
    """Raises `ValueError`, whose words are for whoever configures: nothing of the URL but its scheme,
    for a password that is not encoded may be anywhere in it.

    >>> read_sink_url("kafka://a:9092,b:9092/events").address
    'a:9092,b:9092'
    >>> read_sink_url("redis://localhost/2?stream=events&maxlen=1000").name
    'events'
    """
    scheme, separator, rest = text.partition("://")
    kind = _KINDS.get(scheme)
    if not separator or kind is None:
        raise ValueError(f"it must begin as one of {FORM}")
    if "#" in rest or "@" in _after_authority(rest):
        raise ValueError(_ENCODED)
    try:
        parts = urlsplit(text)
        port = parts.port if kind != "kafka" else None
    except ValueError:
        raise ValueError(f"its host or port cannot be read; {_ENCODED}") from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if set(options) - _OPTIONS[kind]:
        known = ", ".join(sorted(_OPTIONS[kind]))
        raise ValueError(f"{scheme}:// has no such option; these are: {known}")
    if kind == "kafka":
        return _kafka(rest, options)
    if kind == "redis" and not parts.hostname and parts.path in ("", "/"):
        # The product's own Redis, whatever it is.
        return SinkURL(kind=kind, address="", name=_name("stream", options), options=options)
    if not parts.hostname or port == 0:
        raise ValueError(f"it names no host; it is like {FORM}")
    if kind == "redis" and parts.path.strip("/") and not parts.path.strip("/").isdigit():
        raise ValueError(
            "after the host stands the number of a database, as in redis://host:6379/0"
        )
    return SinkURL(
        kind=kind,
        address=parts._replace(query="").geturl(),
        name=_name("exchange" if kind == "amqp" else "stream", options),
        is_tls=scheme in ("amqps", "rediss"),
        options=options,
    )


def _after_authority(rest: str) -> str:
    places = [place for mark in "/?" if (place := rest.find(mark)) >= 0]
    return rest[min(places) :] if places else ""


def _name(option: str, options: dict[str, str]) -> str:
    name = options.get(option, "events")
    if not name or len(name) > 200:
        raise ValueError(f"{option} needs a name of at most 200 characters")
    if "maxlen" in options:
        _whole_number("maxlen", options["maxlen"])
    return name


def _kafka(rest: str, options: dict[str, str]) -> SinkURL:
    # More than one host, which `urlsplit` takes for one with a bad port.
    place, _, topic = rest.partition("?")[0].partition("/")
    account, _, hosts = place.rpartition("@")
    username, _, password = (unquote(part) for part in account.partition(":"))
    for host in hosts.split(","):
        name, _, port = host.rpartition(":")
        if not name or not port.isdigit() or not 0 < int(port) < 65_536:
            raise ValueError("each Kafka host needs a name and a port, as in a:9092,b:9092")
    if not topic or "/" in topic or len(topic) > 249:
        raise ValueError("after the hosts stands the topic, as in kafka://host:9092/events")
    security = options.get("security", "sasl_ssl" if username else "plaintext")
    if security not in _SECURITY:
        raise ValueError(f"security is one of {', '.join(_SECURITY)}")
    if security.startswith("sasl") != bool(username):
        raise ValueError(f"security={security} and a user's name do not go together")
    if options.get("mechanism", _MECHANISMS[0]) not in _MECHANISMS:
        raise ValueError(f"mechanism is one of {', '.join(_MECHANISMS)}")
    if "max_bytes" in options:
        _whole_number("max_bytes", options["max_bytes"], 1000, 1_000_000_000)
    return SinkURL("kafka", hosts, topic, username, password, security.endswith("ssl"),
                   {**options, "security": security})  # fmt: skip


def _whole_number(name: str, text: str, least: int = 1, most: int = 2**63 - 1) -> None:
    # More digits than any of them has are no number that is meant.
    if not text.isdecimal() or len(text) > 19 or not least <= int(text) <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}")

"""What `EVENT_SINK_URL` says. Pure: the settings read it, and a wrong one stops the start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

FORM = (
    "kafka://host:9092/topic, amqp://user:password@host/vhost?exchange=name "
    "or redis://host:6379/0?stream=name"
)
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
    """Raises `ValueError`, whose words are for whoever configures.

    >>> read_sink_url("kafka://a:9092,b:9092/events").address
    'a:9092,b:9092'
    >>> read_sink_url("redis://localhost/2?stream=events&maxlen=1000").name
    'events'
    """
    scheme, separator, rest = text.partition("://")
    kind = _KINDS.get(scheme)
    if not separator or kind is None:
        raise ValueError(f"it must begin as one of {FORM}")
    parts = urlsplit(text)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(options) - _OPTIONS[kind])
    if unknown:
        known = ", ".join(sorted(_OPTIONS[kind]))
        raise ValueError(f"{unknown[0]} is no option of {scheme}://; these are: {known}")
    if kind == "kafka":
        return _kafka(rest, options)
    if kind == "redis" and not parts.hostname and parts.path in ("", "/"):
        # The product's own Redis, whatever it is.
        return SinkURL(kind=kind, address="", name=_name("stream", options), options=options)
    if not parts.hostname or parts.port == 0:
        raise ValueError(f"it names no host; it is like {FORM}")
    return SinkURL(
        kind=kind,
        address=parts._replace(query="").geturl(),
        name=_name("exchange" if kind == "amqp" else "stream", options),
        is_tls=scheme in ("amqps", "rediss"),
        options=options,
    )


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
    if "max_bytes" in options:
        _whole_number("max_bytes", options["max_bytes"])
    return SinkURL("kafka", hosts, topic, username, password, security.endswith("ssl"),
                   {**options, "security": security})  # fmt: skip


def _whole_number(name: str, text: str) -> None:
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"{name} must be a whole number of at least 1")

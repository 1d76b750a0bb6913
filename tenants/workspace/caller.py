"""From where the request comes that is being answered, for the trail, and what let it in."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import IPv6Address, ip_address

_address: ContextVar[str] = ContextVar("caller_address", default="")
_unproven: ContextVar[bool] = ContextVar("caller_unproven", default=False)


def note_caller(address: str) -> None:
    """Of this request alone: each one is a task of its own, with a context of its own."""
    _address.set(_known(address))


def note_unproven() -> None:
    """This request was let in as a person who had proved no address by then."""
    _unproven.set(True)


def is_unproven() -> bool:
    return _unproven.get()


@contextmanager
def called_from(address: str) -> Iterator[None]:
    """For work that is done later, in a thread that goes on to other work."""
    token = _address.set(_known(address))
    try:
        yield
    finally:
        _address.reset(token)


def caller_address() -> str:
    """An IP address, empty when it is not known."""
    return _address.get()


def _known(address: str) -> str:
    try:
        parsed = ip_address(address)
    # A proxy may name a Unix socket or a host.
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    # Without the zone of an interface, which says nothing outside of this machine.
    return str(mapped or parsed).partition("%")[0]

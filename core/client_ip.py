"""The address a request came from: the right-most hop that is not one of our own proxies."""

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address, ip_network


def _is_trusted(address: str, trusted: Sequence[str]) -> bool:
    try:
        return any(ip_address(address) in ip_network(net, strict=False) for net in trusted)
    # A proxy may name a Unix socket or a host, which is in no network.
    except ValueError:
        return False


def client_ip(peer: str, forwarded_for: str, trusted: Sequence[str]) -> str:
    """`forwarded_for` is X-Forwarded-For as received; what an untrusted hop wrote is not believed.

    >>> client_ip("10.0.0.1", "6.6.6.6, 203.0.113.9", ["10.0.0.0/8"])
    '203.0.113.9'
    """
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()] + [peer]
    # From our side outwards: each proxy appends, so what a client wrote stands on the left.
    for hop in reversed(hops):
        if not _is_trusted(hop, trusted):
            return hop
    return hops[0]


def network_of(address: str) -> str:
    """What of an address is one subscriber's: all of IPv4, the first 64 bits of IPv6.

    >>> network_of("2001:db8::1:2:3:4")
    '2001:db8::/64'
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, 64), strict=False))

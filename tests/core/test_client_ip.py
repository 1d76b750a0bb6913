"""Client addresses: what a hop that is not ours has written is not believed."""

import pytest

from core.client_ip import client_ip

OURS = ["10.0.0.0/8", "fd00::/8", "192.0.2.1"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        # Nobody of ours in between: the header is a stranger's.
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "1.1.1.1", "203.0.113.9"),
        ("203.0.113.9", "10.0.0.1, 10.0.0.2", "203.0.113.9"),
        # One proxy of ours, and what a client put before it.
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "10.9.9.9, 203.0.113.9", "203.0.113.9"),
        # Two of ours.
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        # A request of our own machines.
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.7", "10.0.0.7"),
        # IPv6, and a proxy that sits between both.
        ("fd00::1", "2001:db8::5", "2001:db8::5"),
        ("2001:db8::5", "fd00::1", "2001:db8::5"),
        # What is no address is trusted by nobody.
        ("10.0.0.1", "unknown", "unknown"),
        ("10.0.0.1", " , ,203.0.113.9 ", "203.0.113.9"),
        ("", "1.1.1.1", ""),
    ],
)
def test_the_last_hop_that_is_not_ours_counts(peer: str, forwarded: str, expected: str) -> None:
    assert client_ip(peer, forwarded, OURS) == expected


def test_without_proxies_of_ours_the_peer_counts() -> None:
    assert client_ip("10.0.0.1", "1.1.1.1", []) == "10.0.0.1"

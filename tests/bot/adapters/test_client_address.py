"""Whose address counts: the rightmost one that no trusted proxy vouches for."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from bot.adapters.client_address import client_address, network_of

TRUSTED = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # anybody can write that
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # the left one is the visitor's own invention
        ("127.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),  # two lines are one list
        ("127.0.0.1", ["198.51.100.1, 10.2.3.4"], "198.51.100.1"),  # two proxies
        ("127.0.0.1", ["198.51.100.1,,  "], "198.51.100.1"),
        ("127.0.0.1", ["10.0.0.7, 10.2.3.4"], "10.0.0.7"),  # nobody but proxies
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["nonsense, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("127.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("::ffff:127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("2001:db8:1::5", ["2001:db8:2::7"], "2001:db8:2::7"),
        ("2001:db8:2::5", ["198.51.100.1"], "2001:db8:2::5"),
        ("", ["198.51.100.1"], ""),  # a socket without an address
    ],
)
def test_an_address_is_believed_as_far_as_trusted_proxies_vouch_for_it(
    peer: str, forwarded: list[str], counted: str
) -> None:
    assert client_address(peer, forwarded, TRUSTED) == counted


def test_nobody_is_believed_where_no_proxy_is_trusted() -> None:
    assert client_address("127.0.0.1", ["198.51.100.1"], ()) == "127.0.0.1"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("198.51.100.1", "198.51.100.2", False),
        ("::ffff:198.51.100.1", "198.51.100.1", True),
    ],
)
def test_an_ipv6_household_counts_as_one(one: str, other: str, alike: bool) -> None:
    assert (network_of(one) == network_of(other)) is alike

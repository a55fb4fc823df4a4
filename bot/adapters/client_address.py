"""Whose request it is, as far as an address tells: behind proxies that are trusted, and by network for IPv6."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from bot.settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

HOUSEHOLD = 64  # bits of an IPv6 address: whoever has one has all that begin alike
MOST_HOPS = 16


def client_address(peer: str, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """The rightmost address nobody vouches for: `peer`, unless that is a trusted proxy, which then names whom it speaks
    for at the right end of X-Forwarded-For (`forwarded`: its lines in order), and so on. What stands left of anything
    that is no address is not believed."""
    address = peer
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    for hop in [hop for hop in reversed(hops) if hop][:MOST_HOPS]:
        known = _parse(address)
        if known is None or not _is_trusted(known, trusted):
            break
        named = _parse(hop)
        if named is None:
            break
        address = str(named)
    return address


def network_of(address: str) -> str:
    """What limits count by: an IPv4 address, the /64 of an IPv6 one; what is neither (a socket's file) is itself."""
    parsed = _parse(address)
    if parsed is None:
        return address
    return str(ipaddress.ip_network((parsed, HOUSEHOLD), strict=False)) if parsed.version == 6 else str(parsed)


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)


def _parse(text: str) -> Address | None:
    """`203.0.113.7`, `203.0.113.7:4711`, `2001:db8::7`, `[2001:db8::7]:4711`; IPv4 written as IPv6 is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address

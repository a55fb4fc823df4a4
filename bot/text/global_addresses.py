"""Which addresses on the internet a server may be sent to by somebody it does not know: those of everybody's internet,
and none of its own machine or network, however they are spelled.

`is_global` is the rule, asked of every address a connection is about to be made to. What a url says is checked where it
is typed, so that whoever typed it learns at once; a name can lead anywhere by the time it is used.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

LONGEST_URL = 1_000
HTTP_PORT, HTTPS_PORT, FIRST_FREE_PORT, LAST_PORT = 80, 443, 1_024, 65_535
_URL = re.compile(
    r"""
    (https?)://
    (\[[0-9A-Fa-f:.]+\] | [^\s\[\]:/?\#@\\%]+)  # an IPv6 address, or a name
    (?: :(\d{1,5}))?
    ([/?][!"$-~]*)?
    """,
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")  # all that has been given to anybody
_FOR_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")  # and for documents: not every Python knows that they lead
_FOR_DOCUMENTS = ipaddress.IPv6Network("3fff::/20")  # nowhere
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_WITHIN_A_NETWORK = ("localhost", "localdomain", "local", "internal", "home.arpa")  # a name without a dot too


class UrlProblem(StrEnum):
    """Why nothing is sent to a url."""

    NOT_A_URL = "not_a_url"
    NOT_HTTPS = "not_https"
    PORT = "port"
    ADDRESS = "address"  # it is one of a machine or network of somebody's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """As it is kept: `text` in the form that is sent to, `host` as it is shown."""

    text: str
    host: str


def read_url(text: str, *, private: bool = False) -> Url | UrlProblem:
    """`https://host[:443 or 1024 to 65535][/…]`. `private`: addresses of one's own network, http and its port 80 are
    allowed too."""
    match = _URL.fullmatch(text.strip())
    if match is None or len(text) > LONGEST_URL:
        return UrlProblem.NOT_A_URL
    scheme, typed_host, port, rest = match.groups()
    host = _host(typed_host)
    if host is None:
        return UrlProblem.NOT_A_URL
    if scheme.lower() != "https" and not private:
        return UrlProblem.NOT_HTTPS
    if port is not None and not (_may_be(int(port)) or (private and int(port) == HTTP_PORT)):
        return UrlProblem.PORT
    if not private and _is_own(host):
        return UrlProblem.ADDRESS
    where = host if port is None else f"{host}:{port}"
    path = rest if rest is not None and rest.startswith("/") else f"/{rest or ''}"
    return Url(text=f"{scheme.lower()}://{where}{path}", host=where)


def host_of(url: str) -> str:
    """All of a url that was read which anybody is shown: what follows may be a secret."""
    return urlsplit(url).netloc


def _may_be(port: int) -> bool:
    return port == HTTPS_PORT or FIRST_FREE_PORT <= port <= LAST_PORT


def _host(typed: str) -> str | None:
    """In the letters of the wire."""
    if typed.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(typed[1:-1]).compressed}]"
        except ValueError:
            return None
    try:
        host = typed.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    return host if re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?", host) and ".." not in host else None


def _is_own(host: str) -> bool:
    """Whether the url itself says so; what its name leads to is asked when it is used."""
    if host.startswith("["):
        return not is_global(host.strip("[]"))
    name = host.rstrip(".")
    if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", name):
        return not is_global(name)
    if re.fullmatch(r"(.*\.)?(\d+|0x[0-9a-f]*)", name):  # no name ends so: resolvers take it for an address
        return True
    return "." not in name or name.endswith(tuple(f".{own}" for own in _WITHIN_A_NETWORK))


def is_global(address: str) -> bool:
    """Whether it is of everybody's internet: no loopback, private, link-local, shared, reserved or multicast address,
    nor an IPv6 address behind which such an IPv4 one stands."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # with a zone (`fe80::1%eth0`) as well
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        return _is_global_ipv6(parsed)
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved and parsed not in _FOR_PROTOCOLS


def _is_global_ipv6(address: ipaddress.IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    within = address.ipv4_mapped or address.sixtofour
    if within is None and address in _NAT64:
        within = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if within is not None:
        return is_global(str(within))
    if address not in _GLOBAL_IPV6 or address in _FOR_DOCUMENTS or address.teredo is not None:
        return False
    return address.is_global

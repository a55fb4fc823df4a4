"""Addresses in links and buttons: what Telegram takes for one."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import parse_qs, urlsplit

HOST = re.compile(r"(?:[^\s./:@?#]+\.)+[^\s./:@?#\d]{2,}")


def mentioned_user(address: str) -> int | None:
    """The person of `tg://user?id=5`."""
    parts = urlsplit(address.strip())
    if parts.scheme != "tg" or (parts.netloc or parts.path.strip("/")) != "user":
        return None
    found = parse_qs(parts.query).get("id", [""])[0]
    return int(found) if found.isdigit() and int(found) > 0 else None


def checked_link(address: str) -> str | None:
    """The address and its scheme, or None: http, https, tg and ton only, a host with a dot in it (no localhost)."""
    address = address.strip()
    if not address or re.search(r"\s", address):
        return None
    if "://" not in address:
        address = f"http://{address}"
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme in ("tg", "ton"):
        return address
    if parts.scheme not in ("http", "https"):
        return None
    return address if HOST.fullmatch(host) or _is_address(host) else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

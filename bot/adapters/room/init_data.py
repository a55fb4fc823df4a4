"""Telegram's `initData`: who opened a Mini App, as Telegram itself signed it for the bot whose token we have.

The fields but `hash`, sorted, a `key=value` a line, under HMAC-SHA256 with the key HMAC-SHA256("WebAppData", token):
https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app. Telegram's newer `signature` is for
others than the bot; here it is a field like any other. `start_param` is whatever the link said, and proves nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl

LONGEST = 8_192
MOST_FIELDS = 32
GOOD_MS = 3_600_000
AHEAD_MS = 60_000  # of our clock Telegram's may be
LARGEST_ID = 2**52  # "at most 52 significant bits"
_HASH = re.compile(r"[0-9a-f]{64}")
_SECONDS = re.compile(r"[1-9][0-9]{0,11}")
_MARKET = re.compile(r"m([1-9][0-9]{0,14})")


class InitDataRefused(StrEnum):
    """Why nobody is signed in by what came."""

    UNREADABLE = "unreadable"  # no data of Telegram's form
    FORGED = "forged"  # not signed for this bot
    OLD = "old"
    AHEAD = "ahead"  # signed in our future
    NOBODY = "nobody"  # a signed form that names no person


@dataclass(frozen=True, slots=True, kw_only=True)
class InitData:
    """`person_ext` and `name` as in Telegram's chats. `market` is the one a link was about, `hash` what tells this
    opening of the app from all others."""

    person_ext: str
    name: str
    market: int | None
    hash: str


def read(text: str, token: str, now_ms: int) -> InitData | InitDataRefused:
    """Who opened the app; `token` is the bot's, `now_ms` the wall's time."""
    fields = _fields(text)
    if fields is None:
        return InitDataRefused.UNREADABLE
    given = fields.pop("hash", "")
    if not hmac.compare_digest(given.encode(), signature(fields, token).encode()):  # one time, whatever was given
        return InitDataRefused.FORGED
    at = fields.get("auth_date", "")
    if not _SECONDS.fullmatch(at):
        return InitDataRefused.UNREADABLE
    age_ms = now_ms - int(at) * 1_000
    if age_ms > GOOD_MS:
        return InitDataRefused.OLD
    if age_ms < -AHEAD_MS:
        return InitDataRefused.AHEAD
    user = _user(fields.get("user", ""))
    if user is None:
        return InitDataRefused.NOBODY
    market = market_of(fields.get("start_param", ""))
    return InitData(person_ext=user[0], name=user[1], market=market, hash=given)


def market_of(start: str) -> int | None:
    """The market that a link or a button is about: `m7`."""
    match = _MARKET.fullmatch(start)
    return int(match[1]) if match else None


def signature(fields: Mapping[str, str], token: str) -> str:
    """What `hash` must be."""
    lines = "\n".join(f"{key}={fields[key]}" for key in sorted(fields))
    key = hmac.digest(b"WebAppData", token.encode(), hashlib.sha256)
    return hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()


def _fields(text: str) -> dict[str, str] | None:
    """Each once; and what is signed can be read in one way only, so that no line of it passes for another field."""
    if len(text) > LONGEST:
        return None
    try:
        text.encode()  # half a character is none
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        return None
    fields = dict(pairs)
    if len(fields) != len(pairs) or not _HASH.fullmatch(fields.get("hash", "")):
        return None
    if any("\n" in key or "=" in key or "\n" in value for key, value in pairs):
        return None
    return fields


def _user(text: str) -> tuple[str, str] | None:
    """Their id and their whole name."""
    try:
        user = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(user, dict) or user.get("is_bot") is True:
        return None
    number, names = user.get("id"), [user.get("first_name", ""), user.get("last_name", "")]
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < LARGEST_ID:
        return None
    whole = " ".join(name for name in names if isinstance(name, str) and name)
    return (str(number), whole) if whole else None

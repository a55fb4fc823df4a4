"""What a page sends with a post: a JSON object, whole in time, and its fields where they are as they should be."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import web

from bot.adapters.room.limits import RefusalError
from bot.words import room as words

BODY_S = 10.0
MOST_NESTED = 16  # objects and lists within each other
REQUEST = re.compile(r"[A-Za-z0-9-]{8,64}")


async def read(request: web.Request) -> dict[str, object]:
    """The JSON object a page sent, whole within `BODY_S`."""
    try:
        async with asyncio.timeout(BODY_S):
            sent = await request.text()
        given = json.loads(sent)
    except TimeoutError:
        raise RefusalError(408, words.too_slow()) from None
    except (
        ValueError,
        RecursionError,
        LookupError,
        web.RequestPayloadError,
    ):  # of a charset or coding nobody knows too
        raise RefusalError(400, words.not_json()) from None
    if not isinstance(given, dict) or _nests(given, MOST_NESTED):
        raise RefusalError(400, words.not_json())
    return given


def _nests(value: object, levels: int) -> bool:
    """Whether it is nested deeper than that: what can be read may still be too deep to be written again."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_nests(part, levels - 1) for part in inner)


def text(body: Mapping[str, object], key: str) -> str:
    value = body.get(key)
    return well_formed(value) if isinstance(value, str) else ""


def well_formed(text: str) -> str:
    """JSON can spell half a character; nothing further on takes it."""
    return text.encode("utf-8", "replace").decode()


def request_id(body: Mapping[str, object]) -> str:
    given = text(body, "request")
    if not REQUEST.fullmatch(given):
        raise RefusalError(400, words.not_json())
    return given


def message_id(body: Mapping[str, object]) -> int | None:
    pressed = body.get("message")
    return pressed if isinstance(pressed, int) and 0 < pressed < 10**15 else None


def market(body: Mapping[str, object]) -> int | None:
    """The one the page shows, where it says so."""
    shown = body.get("market")
    return shown if isinstance(shown, int) and not isinstance(shown, bool) and 0 < shown < 10**15 else None


def is_retry(body: Mapping[str, object]) -> bool:
    return body.get("again") is True


async def says_retry(request: web.Request) -> bool:
    """Whether a page sent this before, as far as it can be read."""
    with suppress(RefusalError, web.HTTPException):
        return request.method == "POST" and is_retry(await read(request))
    return False

"""Who a program or a Mini App is: a token in the header `Authorization: Bearer`.

No browser adds such a header by itself, so a request that has one carries nobody's rights but the token's: its cookies
are not read, and it may come from anywhere.
"""

from __future__ import annotations

import re

from aiohttp import web

from bot.adapters.room.limits import RefusalError
from bot.words import room as words

CHALLENGE = 'Bearer realm="Outcry"'
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9_.~+/-]{1,200}=*) *")


def is_used(request: web.Request) -> bool:
    """Whether whoever asks says who they are by the header, rightly or not."""
    return "Authorization" in request.headers


def token_of(request: web.Request) -> str | None:
    """What the header names; None where there is none. RefusalError 401 for what is no such header."""
    given = request.headers.getall("Authorization", ())
    if not given:
        return None
    matched = _BEARER.fullmatch(given[0])
    if matched is None or len(given) > 1:
        raise RefusalError(401, words.no_bearer(), code="bad_authorization")
    return matched[1]

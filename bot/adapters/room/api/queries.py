"""What stands in an address after the question mark, read and checked: RefusalError 400 says what is expected."""

from __future__ import annotations

from aiohttp import web

from bot.adapters.room.limits import RefusalError
from bot.words import room as words
from engine.state import Side
from storage.records import Market

LONGEST_NUMBER = 15  # digits: exact in a browser


def number(request: web.Request, name: str) -> int | None:
    """None where it is not said."""
    given = request.query.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= LONGEST_NUMBER):
        raise RefusalError(400, words.wrong_number(name))
    return int(given)


def flag(request: web.Request, name: str) -> bool:
    """`true` or `false`, which holds where it is not said."""
    given = request.query.get(name, "false")
    if given not in {"true", "false"}:
        raise RefusalError(400, words.wrong_flag(name))
    return given == "true"


def moment(request: web.Request, name: str) -> int | None:
    """Epoch milliseconds; None where it is not said."""
    return number(request, name)


def side_of(request: web.Request) -> Side:
    """Of `side`: YES where it is not said."""
    given = request.query.get("side", Side.YES.value)
    if given not in {side.value for side in Side}:
        raise RefusalError(400, words.wrong_side())
    return Side(given)


def outcome_of(request: web.Request, market: Market) -> int:
    """Of `outcome`, which has to be said."""
    outcome = number(request, "outcome")
    if outcome is None or outcome >= market.params.n_outcomes:
        raise RefusalError(400, words.wrong_outcome(market.params.n_outcomes - 1))
    return outcome

"""A public market as JSON, for strangers: in the form the room's page knows, so that the same modules draw it.

Written from nothing but what may be watched: whatever is added to a market's facts stays out until it is named here.
"""

from __future__ import annotations

from bot.adapters.room.market_json import market_to_json
from bot.adapters.room.render import line_to_json
from bot.chat.reply import Line, Span, Style
from bot.market.market_facts import MarketFacts
from bot.market.moments import PODIUM, Moment, step_of
from bot.market.watched import Leader, Watched
from bot.text.names import clean
from bot.text.numbers import shown_share
from bot.words.watching import HIDDEN
from engine.units import whole_cents
from storage.records import Json

_SHOWN = (
    *("title", "market", "status", "state", "halted", "rows", "sum", "volume", "people", "traders", "step", "step_ms"),
    *("risk", "most", "tick", "at", "tick_ms"),
)
_FACTS = (  # of moments, see `bot.market.moments`; the podium is made anew, by the names that may be shown
    *("round", "final", "decide_ms", "takes", "people", "outcomes", "gone", "prices", "paid", "holders", "sum"),
    *("winners", "losers", "until_ms", "due", "before", "more", "house", "volume"),
)


def watched_to_json(facts: MarketFacts, watched: Watched) -> dict[str, Json]:
    """`leaders` and the steps of a podium have the name of who chose to show it, else none but `a member`."""
    known = market_to_json(facts, own_room=True)
    moments: list[Json] = [_moment_to_json(moment, watched) for moment in facts.moments]
    return {name: known[name] for name in _SHOWN} | {
        "own_room": True,
        "moments": moments,
        "decides": [line_to_json(row) for row in watched.decides],
        "leaders": [_leader_to_json(leader) for leader in watched.leaders],
        "of": watched.of,
    }


def _moment_to_json(moment: Moment, watched: Watched) -> dict[str, Json]:
    facts: dict[str, Json] = {name: moment.facts[name] for name in _FACTS if name in moment.facts}
    if moment.kind == "resolved":
        steps = [leader for leader in watched.leaders if leader.rank <= PODIUM][: 2 * PODIUM]
        facts["podium"] = [step_of(each.rank, _name(each), each.stake, each.final) for each in steps]
    return facts | {
        "id": moment.id,
        "kind": moment.kind,
        "tick": moment.tick,
        "at": moment.at_ms,
        "head": line_to_json(moment.head),
        "lines": [line_to_json(row) for row in moment.lines if not _is_for_members(row)],
    }


def _is_for_members(row: Line) -> bool:
    """What names a command says nothing to who only watches."""
    return any(isinstance(part, Span) and part.style is Style.CODE for part in row)


def _leader_to_json(leader: Leader) -> dict[str, Json]:
    gain = whole_cents(leader.final) - whole_cents(leader.stake)
    return {
        "place": leader.place,
        "rank": leader.rank,
        "name": _name(leader),
        "shown": bool(leader.name),
        "worth": leader.final,
        "gain": gain,
        "gain_share": shown_share(gain, whole_cents(leader.stake)),
    }


def _name(leader: Leader) -> str:
    return clean(leader.name) or HIDDEN

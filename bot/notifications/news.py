"""What a program is told of an announcement: its sentences as every chat reads them, and the facts beside them.

Facts are named one by one, so that nothing gets out that the sentences do not say: what the outbox knows of an event
may hold what each person got. Outcomes and rounds are numbered from 0 and prices are micro-dollars, as in the API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from bot.chat.pictures import without_pictures
from bot.chat.reply import News, Reply
from bot.text.names import clean
from bot.words.shared import name_of, winners_of
from storage.records import Json, Market, OutboxRow
from storage.unit_of_work import UnitOfWork
from storage.webhooks import ADDED

Facts: TypeAlias = dict[str, Json]
Payload: TypeAlias = Mapping[str, Any]  # Any: JSON; shapes in scheduler.notices


async def as_news(uow: UnitOfWork, market: Market, row: OutboxRow, reply: Reply) -> Reply:
    """The same words, without what only a chat can show or do, and the facts."""
    ticks = await uow.ticks.at(market.id, [row.created_ms])
    news = News(
        kind=row.kind,
        market=market.id,
        title=clean(market.title),
        tick=ticks[0].tick if ticks else 0,
        at_ms=int(row.payload["at_ms"]) if "at_ms" in row.payload else row.created_ms,  # type: ignore[arg-type]
        facts=_FACTS[row.kind](market, row.payload),
    )
    return replace(without_pictures(reply), actions=(), pin=False, aside=False, ping=None, news=news)


def _opened(market: Market, _: Payload) -> Facts:
    return {
        "outcomes": _named(market, range(market.params.n_outcomes)),
        "starts_at_ms": market.planned_start_ms,
    }


def _frozen(_: Market, payload: Payload) -> Facts:
    return {
        "round": payload["round"],
        "final": payload["final"],
        "decided_at_ms": payload["decide_ms"],
        "takes": payload["takes"],
    }


def _eliminated(market: Market, payload: Payload) -> Facts:
    return {
        "round": payload["round"],
        "outcomes": _named(market, payload["outcomes"]),
        "prices": [
            {"outcome": number, "name": name_of(market.params, number), "yes": yes}
            for number, yes, _ in payload["prices_after"]
        ],
        "head": payload["head"],
    }


def _claimed(market: Market, payload: Payload) -> Facts:
    losers = payload.get("losers")
    who = "losers" if losers else "winners"
    return {
        who: _named(market, losers or winners_of(payload)),
        "paid_at_ms": payload["until_ms"],
        "head": payload["head"],
    }


def _corrected(market: Market, payload: Payload) -> Facts:
    return {**_claimed(market, payload), "before": _named(market, payload["before"])}


def _resolved(market: Market, payload: Payload) -> Facts:
    return {"winners": _named(market, winners_of(payload)), "head": payload["head"]}


def _cut(_: Market, payload: Payload) -> Facts:
    return {
        "moment_ms": payload["moment_ms"],
        "orders": payload["orders"],
        "paid_at_ms": payload["until_ms"],
        "head": payload["head"],
    }


def _named(market: Market, outcomes: Iterable[int]) -> list[Json]:
    return [{"outcome": number, "name": name_of(market.params, number)} for number in outcomes]


def _only(*names: str) -> Callable[[Market, Payload], Facts]:
    return lambda _, payload: {name: payload[name] for name in names}


_FACTS: Mapping[str, Callable[[Market, Payload], Facts]] = {
    ADDED: _only(),
    "opened": _opened,
    "started": _only("people"),
    "frozen": _frozen,
    "paused": _only(),
    "resumed": _only("round"),
    "round_skipped": _only("round"),
    "eliminated": _eliminated,
    "claimed": _claimed,
    "corrected": _corrected,
    "resolved": _resolved,
    "cut": _cut,
    "voided": _only("head"),
}

"""Small markets to test with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.market import membership
from engine.params import build_params
from engine.state import Side, Status
from engine.terms import MarketParams
from engine.units import MICRO, RATE
from storage.database import Database
from storage.records import Declined, Market, Member, OrderDraft, OrderRow

START = 1_800_000_000_000
MINUTE = 60_000


def params(**values: object) -> MarketParams:
    """Three outcomes, one round and a final unless said otherwise."""
    given: dict[str, object] = {
        "outcome_names": ["Ant", "Bee", "Cat"],
        "gas_fee": "0.01",
        "rounds": [
            {"freeze_at": 10 * MINUTE, "decide_at": 20 * MINUTE, "count": 1, "losers": [1]},
            {"freeze_at": 30 * MINUTE, "decide_at": 40 * MINUTE, "winner": 2},
        ],
    }
    built = build_params({**given, **values})
    assert isinstance(built, MarketParams), built
    return built


def limit(draft: OrderDraft, cents: int, *, autofill: bool = False) -> OrderDraft:
    """The same order with a limit price."""
    return replace(draft, limit=cents * RATE // 100, autofill=autofill)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    market: int
    chat: int
    people: tuple[int, ...]


async def lobby(db: Database, *, people: int = 3, terms: MarketParams | None = None, chat: str = "town") -> World:
    """A market in LOBBY with its members."""
    async with db.writing() as uow:
        place = await uow.chats.open("room", chat, "room", chat.title(), START)
        who = [await uow.people.identify("room", f"{chat}-{i}", f"Person {i}", START) for i in range(people)]
        market = await uow.markets.create(
            chat=place.id, title="Zoo", params=terms or params(), draft={}, creator=who[0].id, now_ms=START
        )
        opened = await uow.markets.update(market.id, status=Status.LOBBY)
        assert isinstance(opened, Market)
        for person in who:
            joined = await membership.join(uow, market.id, person.id, "", START)
            assert isinstance(joined, Member)
        await uow.commit()
    return World(market=market.id, chat=place.id, people=tuple(person.id for person in who))


async def started(db: Database, *, people: int = 3, terms: MarketParams | None = None, chat: str = "town") -> World:
    """A market that runs from START; its members are funded by the first tick."""
    world = await lobby(db, people=people, terms=terms, chat=chat)
    async with db.writing() as uow:
        market = await uow.markets.start(world.market, START)
        assert isinstance(market, Market)
        await uow.commit()
    return world


def buy(outcome: int = 0, tokens: int = 10, side: Side = Side.YES) -> OrderDraft:
    return OrderDraft(outcome=outcome, side=side, buy=True, size=tokens * MICRO)


def sell(outcome: int = 0, tokens: int = 10, side: Side = Side.YES) -> OrderDraft:
    return OrderDraft(outcome=outcome, side=side, buy=False, size=tokens * MICRO)


async def append(
    db: Database,
    world: World,
    person: int,
    draft: OrderDraft,
    request: str,
    *,
    at_ms: int,
    reserve: int = 10_000,
) -> OrderRow | Declined:
    """Accept one order, in a unit of its own."""
    async with db.writing() as uow:
        row = await uow.orders.append(world.market, person, draft, request_id=request, reserve=reserve, now_ms=at_ms)
        await uow.commit()
    return row

"""Random lives of small markets through the real tick: everything people and admins can ask for, in any order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from unittest.mock import patch

from bot.market import membership
from engine.risk import InvariantBroken
from engine.state import Side, Status, price_micro
from engine.terms import MarketParams
from engine.units import MICRO
from scheduler.tick import run_tick
from storage import replay
from storage.database import Database
from storage.records import Market, Payload
from tests.storage.worlds import MINUTE, START, World, append, buy, limit, params, sell, started


def terms() -> MarketParams:
    """Four outcomes: one is named in the timetable, one is asked for, the final is asked for and paid two minutes
    later. Thin, so that limits are met."""
    rounds = [
        {"freeze_at": 8 * MINUTE, "decide_at": 9 * MINUTE, "count": 1, "losers": ["Cat"]},
        {"freeze_at": 15 * MINUTE, "decide_at": 16 * MINUTE, "count": 1, "losers": "ask"},
        {"freeze_at": 30 * MINUTE, "decide_at": 31 * MINUTE, "winner": "ask"},
    ]
    names = ["Ant", "Bee", "Cat", "Dog"]
    return params(outcome_names=names, z=500, starting_balance=400, rounds=rounds, band="0.1", dispute_window="2m")


@dataclass(slots=True, kw_only=True)
class Life:
    """One market and its own chance. `minute` counts ticks."""

    db: Database
    world: World
    rng: Random
    minute: int = 0
    heads: list[str] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    _asked: int = 0

    @property
    def now(self) -> int:
        return START + self.minute * MINUTE

    async def market(self) -> Market:
        async with self.db.reading() as uow:
            return await uow.markets.get_one(self.world.market)

    async def act(self, kind: str, body: Payload) -> None:
        self._asked += 1
        async with self.db.writing() as uow:
            request = f"act-{self.world.market}-{self._asked}"
            who = self.world.people[0]
            await uow.actions.append(self.world.market, kind, body, actor=who, request_id=request, now_ms=self.now)
            await uow.commit()

    async def control(self, kind: str, *outcomes: int) -> None:
        await self.act("control", {"kind": kind, "outcomes": list(outcomes)})

    async def order(self) -> None:
        """Mostly of what is still in, sales mostly of what they hold, limits mostly near the price."""
        rng = self.rng
        async with self.db.reading() as uow:
            state = await uow.markets.state(self.world.market)
        person, side = rng.choice(self.people), rng.choice(list(Side))
        number = rng.choice(state.active) if rng.random() < 0.9 else rng.randrange(4)
        account = state.accounts.get(person)
        held = [
            (i, side, pair[at] // MICRO)
            for i, pair in enumerate(account.tokens if account else ())
            for at, side in enumerate(Side)
            if pair[at] > MICRO
        ]
        if held and rng.random() < 0.4:
            number, side, most = rng.choice(held)
            draft = sell(number, rng.randrange(1, most + 2), side)
        else:
            draft = buy(number, rng.randrange(1, 60), side)
            if rng.random() < 0.3:
                draft = replace(draft, spend=rng.randrange(1, 40) * MICRO)
        if draft.spend is None and rng.random() < 0.7:
            near = price_micro(state, terms(), number, side) // 10_000 + rng.randrange(-4, 5)
            draft = limit(draft, min(max(near, 2), 98), autofill=rng.random() < 0.5)
        self._asked += 1
        request = f"order-{self.world.market}-{self._asked}"
        await append(self.db, self.world, person, draft, request, at_ms=self.now + rng.randrange(9))

    async def newcomer(self) -> None:
        async with self.db.writing() as uow:
            who = await uow.people.identify("room", f"late-{self.world.market}-{self.minute}", "Late", self.now)
            await membership.join(uow, self.world.market, who.id, "", self.now)
            await uow.commit()
        self.people.append(who.id)

    async def leaver(self) -> None:
        """The newest, who mostly has done nothing yet."""
        async with self.db.writing() as uow:
            request = f"leave-{self.world.market}-{self.minute}-{self._asked}"
            await membership.leave(uow, self.world.market, self.people[-1], request, self.now, None)
            await uow.commit()

    async def withdraw(self) -> None:
        """The person takes back what no tick has run."""
        async with self.db.writing() as uow:
            await uow.orders.withdraw(self.world.market, self.rng.choice(self.people), None)
            await uow.commit()

    async def deed(self) -> None:
        """What an admin may do at any moment, sensible or not."""
        rng = self.rng
        kind = rng.choice(
            ["freeze", "pause", "grant", "retune", "folly", "join", "leave", "cancel", "cancel", "cancel"]
        )
        if kind == "grant":
            await self.act("join", {"user": rng.choice(self.people), "cash": rng.randrange(1, 90) * MICRO})
        elif kind == "retune":
            values = rng.choice([{"fee": "0.02"}, {"gas_fee": "0.03"}, {"z": "5"}, {"kappa": "0.0001"}])
            await self.act("retune", {"values": dict(values)})
        elif kind == "folly":
            what = rng.choice(["resume", "eliminate", "resolve"])
            await self.control(what, 0, 0 if what == "resolve" else 1)
        elif kind == "join":
            await self.newcomer()
        elif kind == "leave":
            await self.leaver()
        elif kind == "cancel":
            await self.act("cancel", {"user": rng.choice(self.people), "order": rng.choice([None, rng.randrange(40)])})
        else:
            await self.control(kind)

    async def tick(self) -> None:
        """The next minute; where the market waits for an admin, they answer now or later."""
        report = await run_tick(self.db, self.world.market, self.now)
        self.heads += [report.head] if report.head else []
        self.minute += 1
        market = await self.market()
        if self.rng.random() < 0.3 or market.over:
            return
        async with self.db.reading() as uow:
            state = await uow.markets.state(market)
        if state.asked and len(state.active) > 2:
            await self.control("eliminate", self.rng.choice(state.active))
        elif state.asked or state.claim is not None:
            several = self.rng.choice((1, 1, 2))
            count = len(state.claim.losers) or several if state.claim is not None else several
            await self.control("resolve" if state.asked else "correct", *self.rng.sample(state.active, count))
        elif market.status in (Status.PAUSED, Status.FROZEN):
            await self.control("resume")

    async def breakdown(self) -> None:
        """A tick that breaks a law, a market that stands still, an admin who lets it go on."""

        def broken(*_: object) -> None:
            raise InvariantBroken("supply", "1 > 0")

        with patch.object(replay, "check", broken):
            await run_tick(self.db, self.world.market, self.now)
        await self.control("resume")

    async def play(self, minutes: int) -> None:
        for _ in range(minutes):
            if (await self.market()).over:
                return
            for _ in range(self.rng.randrange(8)):
                await self.order()
            if self.rng.random() < 0.5:
                await self.deed()
            if self.rng.random() < 0.1:
                await self.withdraw()
            if self.rng.random() < 0.05:
                await self.breakdown()
            await self.tick()


async def born(db: Database, seed: int, *, market: MarketParams | None = None) -> Life:
    world = await started(db, people=5, terms=market or terms(), chat=f"life-{seed}")
    life = Life(db=db, world=world, rng=Random(seed), people=list(world.people))
    await life.tick()
    return life

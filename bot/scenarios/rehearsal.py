"""A market before its time: the real tick and announcer on a clock moved by hand, on a database that is thrown away.

Synthetic people trade through the dispatcher like anybody else: thickly around the start and every round, when real
ones do, and now and then between. The chats record what they are sent, within the platforms' own rate
limits. Equal seeds give equal rehearsals; only how long a tick takes is the machine's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.rehearsal_result import Busiest, RehearsalResult
from bot.chat.reply import Reply
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from bot.scenarios import observation
from bot.scenarios.recorders import RecordingPlatform, busiest
from bot.scenarios.rehearsal_plan import PlannedTick, plan_ticks
from bot.text.outcome_names import typed_outcome
from engine.events import OrderDone
from engine.state import MarketState, Side, price_micro
from engine.terms import MarketParams
from scheduler.pace import Pace
from scheduler.reminders import run_reminders
from scheduler.tick import run_tick
from storage.clock import ManualClock
from storage.database import Database
from storage.markets import TICKING
from storage.records import Market

BEGIN_MS = 1_800_000_000_000  # any moment: nothing may depend on it
MOST_ORDERS = 1_200
BUSY_PER_MILLE, QUIET_PER_MILLE = 250, 60  # of the people order in a busy tick and in a quiet one
ORGANISER = "organiser"
CHATS = {"discord": "channel", "telegram": "group"}


@dataclass(slots=True)
class _Counts:
    orders: int = 0
    refused: int = 0
    fills: int = 0
    ticks: int = 0
    longest_wait_ms: int = 0
    took_us: list[int] = field(default_factory=list)


class Rehearsal:
    """`db` is an empty, migrated database that nobody needs afterwards; `people` join and trade."""

    def __init__(self, db: Database, title: str, params: MarketParams, people: int, seed: int) -> None:
        self.db = db
        self.title = title
        self.params = params
        self.people = people
        self.clock = ManualClock(BEGIN_MS - 60_000)
        self.rng = Random(f"rehearsal {seed}")  # noqa: S311  # a play, no secret
        self.dispatcher = Dispatcher(db, self.clock, COMMANDS)
        self.platforms = {name: RecordingPlatform(name, self.clock.now_ms) for name in CHATS}
        self.announcer = Announcer(db, self.clock, self.platforms, commands=COMMANDS)
        self.counts = _Counts()
        self.requests = 0
        self.market = 0

    async def run(self, on_progress: Callable[[float], None] = lambda _: None) -> RehearsalResult:
        """The whole market, start to end."""
        await self._set_up()
        plan = plan_ticks(self.params)
        share = self._order_share(plan)
        halted: str | None = None
        for number, planned in enumerate(plan, 1):
            at_ms = BEGIN_MS + planned.at_ms
            await self._order_between(
                self.clock.now_ms(), at_ms, (BUSY_PER_MILLE if planned.busy else QUIET_PER_MILLE) * share // 1_000
            )
            await self._deliver_until(at_ms)
            halted = await self._tick(at_ms)
            over = (await self._record()).status not in TICKING
            if halted or (over and number < len(plan)):
                break
            await self._decide()
            on_progress(number / len(plan))
        if not halted:
            await self._end()
        await self._deliver_until(self.clock.now_ms() + 600_000)
        return await self._result(halted)

    def _order_share(self, plan: Sequence[PlannedTick]) -> int:
        """Per mille of the usual orders with which the crowd stays within `MOST_ORDERS`."""
        expected = sum((BUSY_PER_MILLE if planned.busy else QUIET_PER_MILLE) * self.people for planned in plan) // 1_000
        return min(1_000, MOST_ORDERS * 1_000 // max(1, expected))

    async def _set_up(self) -> None:
        """The market as it is drafted, announced in a chat of each platform; everybody joins; it starts."""
        now = self.clock.now_ms()
        async with self.db.writing() as uow:
            chats = [await uow.chats.open(name, chat, "group", self.title, now) for name, chat in CHATS.items()]
            organiser = await uow.people.identify("discord", ORGANISER, "Organiser", now)
            market = await uow.markets.create(
                chat=chats[0].id, title=self.title, params=self.params, draft={}, creator=organiser.id, now_ms=now
            )
            for chat in chats[1:]:
                await uow.chats.connect(market.id, chat.id)
            self.market = market.id
            await uow.markets.update(market.id, status=market.status.LOBBY)
            await uow.commit()
        for number in range(self.people):
            await self._say(number, "/join")
        self.clock.set(BEGIN_MS)
        async with self.db.writing() as uow:
            await uow.markets.start(self.market, BEGIN_MS)
            await uow.commit()
        await self._tick(BEGIN_MS)

    async def _order_between(self, from_ms: int, to_ms: int, per_mille: int) -> None:
        """So many of the people order something, at moments between two ticks."""
        active = [number for number in range(self.people) if self.rng.randrange(1_000) < per_mille]
        due = sorted((from_ms + self.rng.randrange(max(1, to_ms - from_ms)), number) for number in active)
        for at_ms, number in due:
            await self._deliver_until(at_ms)
            await self._order(number)

    async def _order(self, number: int) -> None:
        """Half of them follow whoever leads, the others pick at random; now and then somebody sells."""
        record = await self._record()
        async with self.db.reading() as uow:
            state = await uow.markets.state(record)
        live = state.active
        if not live:
            return
        leader = _ranked(state, record.params)[-1]
        outcome = leader if self.rng.randrange(2) else self.rng.choice(live)
        name = typed_outcome(record.params.outcome_names, outcome)
        side = "yes" if outcome == leader or self.rng.randrange(3) else "no"
        line = f"/buy {name} {side} {self.rng.choice(('5%', '10%', '25%', 'half'))}"
        if self.rng.randrange(5) == 0:
            line = f"/sell {name} {side} {self.rng.choice(('half', 'all'))}"
        ticket = await self._say(number, line)
        confirm = observation.confirm(ticket)
        if ticket.ticket is not None and confirm is not None:
            await self._say(number, confirm)

    async def _say(self, number: int, text: str, *, admin: bool = False) -> Reply:
        platform = list(CHATS)[number % len(CHATS)]
        self.requests += 1
        return await self.dispatcher.run(
            Invocation(
                text=text,
                platform=platform,
                person_ext=ORGANISER if admin else f"{number}",
                person_name="Organiser" if admin else f"Trader {number + 1}",
                chat_ext=CHATS[platform],
                chat_kind=ChatKind.GROUP,
                chat_title=self.title,
                is_admin=admin,
                request_id=f"rehearsal-{self.requests}",
            )
        )

    async def _tick(self, at_ms: int) -> str | None:
        """Run a tick; returns why the market halted, if it did."""
        self.clock.set(at_ms)
        began = time.perf_counter_ns()
        report = await run_tick(self.db, self.market, at_ms, idle=False)
        if report.tick is not None:
            self.counts.took_us.append((time.perf_counter_ns() - began) // 1_000)
            self.counts.ticks += 1
            self.counts.orders += report.orders
            self.counts.fills += len(report.fills)
            self.counts.refused += sum(
                isinstance(event, OrderDone) and event.status == "refused" for event in report.events
            )
        if report.halted is None:
            await run_reminders(self.db, self.market, at_ms, Pace())
        await self._deliver_until(at_ms)
        return report.halted

    async def _deliver_until(self, until_ms: int) -> None:
        """Move the clock there, sending each message that is due by then at its own moment."""
        while True:
            await self.announcer.step()
            async with self.db.reading() as uow:
                due = await uow.deliveries.next_due()
                waiting = await uow.outbox.waiting(self.market)
            now = self.clock.now_ms()
            waited = [now - queue.oldest_ms for queue in waiting if queue.oldest_ms is not None]
            self.counts.longest_wait_ms = max([self.counts.longest_wait_ms, *waited])
            if due is None or due > until_ms:
                break
            self.clock.set(max(due, now + 1))
        self.clock.set(max(until_ms, self.clock.now_ms()))

    async def _decide(self) -> None:
        """Where a round asks, the organiser names whoever is last; where the final asks, whoever is first."""
        record = await self._record()
        if record.status not in TICKING:
            return
        async with self.db.reading() as uow:
            state = await uow.markets.state(record)
        if not state.asked or state.frozen_for is None:
            return
        planned = record.params.rounds[state.frozen_for]
        ranked = _ranked(state, record.params)
        chosen = ranked[-1:] if planned.is_final else ranked[: planned.count]
        await self._admin("resolve" if planned.is_final else "eliminate", chosen)

    async def _admin(self, command: str, chosen: Sequence[int]) -> None:
        names = ", ".join(typed_outcome(self.params.outcome_names, outcome) for outcome in chosen)
        preview = await self._say(0, f"/admin {command} {names}", admin=True)
        confirm = observation.confirm(preview)
        if confirm is not None:
            await self._say(0, confirm, admin=True)
            await self._tick(self.clock.now_ms() + 1_000)

    async def _end(self) -> None:
        """A market that still runs is resolved for whoever leads, and a dispute window waited out."""
        record = await self._record()
        if record.status in TICKING:
            async with self.db.reading() as uow:
                state = await uow.markets.state(record)
            if state.active:
                await self._admin("resolve", _ranked(state, record.params)[-1:])
        record = await self._record()
        if not record.over and record.next_step is not None:
            await self._deliver_until(record.next_step.at_ms)
            await self._tick(record.next_step.at_ms)

    async def _record(self) -> Market:
        async with self.db.reading() as uow:
            return await uow.markets.get_one(self.market)

    async def _result(self, halted: str | None) -> RehearsalResult:
        record = await self._record()
        async with self.db.reading() as uow:
            metrics = await uow.metrics.series(self.market)
            total = await uow.ledger.total(self.market)
        worst = max(metrics, key=lambda row: row.mm_risk, default=None)
        took = sorted(self.counts.took_us)
        return RehearsalResult(
            title=self.title,
            people=self.people,
            rounds=len(self.params.rounds),
            ticks=self.counts.ticks,
            orders=self.counts.orders,
            fills=self.counts.fills,
            refused=self.counts.refused,
            winner=", ".join(self.params.outcome_names[winner] for winner in record.winners) or None,
            stake=self.params.z,
            worst_risk=max(0, worst.mm_risk) if worst else 0,
            worst_after_ms=worst.ts_ms - BEGIN_MS if worst else 0,
            house_result=-metrics[-1].mm_risk if metrics else 0,
            ledger_sum=total,
            tick_us=took[len(took) // 2] if took else 0,
            slowest_tick_us=took[-1] if took else 0,
            longest_wait_ms=self.counts.longest_wait_ms,
            busiest=tuple(
                Busiest(
                    platform=name, messages=busiest(platform.of_chat(CHATS[name])), private=busiest(platform.private())
                )
                for name, platform in self.platforms.items()
            ),
            halted=halted,
        )


def _ranked(state: MarketState, params: MarketParams) -> list[int]:
    """Who is still in, the leader last; of equal ones the earlier outcome leads."""
    return sorted(state.active, key=lambda outcome: (price_micro(state, params, outcome, Side.YES), -outcome))


async def rehearse(
    folder: Path,
    title: str,
    params: MarketParams,
    *,
    people: int,
    seed: int,
    on_progress: Callable[[float], None] = lambda _: None,
) -> RehearsalResult:
    """Rehearse a market in `folder`, which must be empty and may be deleted afterwards."""
    db = Database.open(f"sqlite:///{(folder / 'rehearsal.db').resolve()}")
    try:
        await db.migrate()
        return await Rehearsal(db, title, params, people, seed).run(on_progress)
    finally:
        await db.close()

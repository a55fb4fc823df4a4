"""A market with much to announce: many groups, trading in every tick, big trades and payouts, on a clock moved by hand;
and a platform that records when something was sent."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.platform import RetryLaterError
from bot.chat.rate_limits import Budget
from bot.chat.reply import Board, Reply
from bot.notifications.announcer import Announcer
from scheduler.tick import run_tick
from storage.records import Notice, NoticeAudience, OutboxRow, Payload
from storage.unit_of_work import UnitOfWork
from tests.bot.harness import ChatHarness, button, running

GROUPS = 20
TRADERS = 12
STEP_MS = 200
TICK_MS = 2_000
BIG: Payload = {
    "outcome": 0,
    "side": "yes",
    "buy": True,
    "size": 300_000_000,
    "amount": 150_000_000,
    "yes_before": 500_000,
    "yes_after": 520_000,
}


@dataclass(frozen=True, slots=True)
class Sent:
    at_ms: int
    place: str
    how: str
    reply: Reply


@dataclass
class RecordedPlatform:
    """Implements `bot.chat.platform.Platform` and records what arrives. In a storm some sends are answered with
    429, and then nothing has arrived."""

    name: str
    clock: ChatHarness
    storm: random.Random | None = None
    sent: list[Sent] = field(default_factory=list)
    refused: int = 0
    _nonces: dict[str, str] = field(default_factory=dict)
    _refs: count[int] = field(default_factory=lambda: count(1))

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        self._keep("post", chat_ext, reply)
        return self._nonces.setdefault(nonce, f"m{next(self._refs)}")

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        self._keep("edit", chat_ext, reply)

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        self._keep("tell", person_ext, reply)
        return edit_ref or f"t{next(self._refs)}"

    def _keep(self, how: str, place: str, reply: Reply) -> None:
        if self.storm is not None and self.storm.random() < 0.3:
            self.refused += 1
            raise RetryLaterError(self.storm.choice((500, 2_000, 8_000)), overall=self.storm.random() < 0.05)
        self.sent.append(Sent(self.clock.now, place, how, reply))

    def moments(self, place: str | None = None) -> list[int]:
        return [message.at_ms for message in self.sent if place in (None, message.place)]

    def boards(self, place: str) -> list[tuple[int, int]]:
        """When the group's board was shown, and the volume it spoke of."""
        return [
            (message.at_ms, block.volume)
            for message in self.sent
            if message.place == place
            for block in message.reply.blocks
            if isinstance(block, Board)
        ]


def most_in(moments: list[int], window_ms: int) -> int:
    """The most in any window so long, open at its end."""
    most = first = 0
    for last, at in enumerate(moments):
        while moments[first] <= at - window_ms:
            first += 1
        most = max(most, last - first + 1)
    return most


class LoudMarket:
    """`groups` chats of one platform hear of market 1; its traders are people of that platform."""

    def __init__(self, harness: ChatHarness, platform: str, storm: random.Random | None = None) -> None:
        self.harness = harness
        self.platform = RecordedPlatform(platform, harness, storm)
        self.groups = [f"-100{number}" if platform == "telegram" else f"9{number:03}" for number in range(GROUPS)]
        self.traders = [f"{number + 1}" for number in range(TRADERS)]
        self.people: dict[str, int] = {}
        self.changed: list[tuple[int, int]] = []  # when the board became another, and the volume it should show
        self.paid: list[str] = []
        self.posts = 0
        self.budget = Budget.of(platform, harness.clock.monotonic_ms())
        self.announcer = self.new_announcer()
        self._requests = count(1)

    def new_announcer(self) -> Announcer:
        """A new process: what it sent before it does not know."""
        self.budget = Budget.of(self.platform.name, self.harness.clock.monotonic_ms())
        return Announcer(
            self.harness.db,
            self.harness.clock,
            {self.platform.name: self.platform},
            budgets={self.platform.name: self.budget},
        )

    async def open(self) -> None:
        await running(self.harness)
        async with self.harness.db.writing() as uow:
            chats = [
                await uow.chats.open(self.platform.name, name, "group", name, self.harness.now) for name in self.groups
            ]
            await uow.markets.lock(1)
            for chat in chats:
                await uow.chats.connect(1, chat.id)
            await uow.deliveries.discard(["room"])
            await uow.commit()
        for trader in self.traders:
            assert (await self.say(trader, "/join")).ok
            async with self.harness.db.reading() as uow:
                person = await uow.people.find(self.platform.name, trader)
            assert person is not None
            self.people[trader] = person.id

    async def say(self, trader: str, line: str) -> Reply:
        self.harness.now += 1
        return await self.harness.dispatcher.run(
            Invocation(
                text=line, platform=self.platform.name, person_ext=trader, person_name=f"Trader {trader}",
                chat_ext=self.groups[0], chat_kind=ChatKind.GROUP, request_id=f"l{next(self._requests)}",
            )
        )  # fmt: skip

    async def tick(self, rng: random.Random) -> None:
        """Somebody trades, two big trades and a handful of payouts are to be told."""
        trader = rng.choice(self.traders)
        ticket = await self.say(trader, f"/buy {rng.choice((1, 2, 3))} yes {rng.randint(1, 5)}")
        await self.say(trader, button(ticket, "Confirm"))
        await run_tick(self.harness.db, 1, self.harness.now)
        notices = [Notice(kind="big_trade", audience=NoticeAudience.CHAT, payload=BIG)] * 2
        for trader_paid in rng.sample(self.traders, 5):
            self.paid.append(f"You are paid ${len(self.paid) + 1:,}.00 in Cup.")
            total = len(self.paid) * 1_000_000
            payload: Payload = {"total": total, "paid": [[0, "yes", total, total]]}
            notices.append(
                Notice(kind="paid", audience=NoticeAudience.PERSON, payload=payload, person=self.people[trader_paid])
            )
        self.posts += 2
        async with self.harness.db.writing() as uow:
            await uow.outbox.add_many(1, notices, self.harness.now)
            await uow.deliveries.discard(["room"])
            self.changed.append((self.harness.now, (await uow.markets.get_one(1)).volume))
            await uow.commit()

    async def live(self, seconds: int, rng: random.Random, *, killed_every_ms: int = 0) -> None:
        """Busy ticks for so long."""
        began = last = killed = self.harness.now
        await self.tick(rng)
        while self.harness.now < began + seconds * 1_000:
            if self.harness.now - last >= TICK_MS:
                last = self.harness.now
                await self.tick(rng)
            if killed_every_ms and self.harness.now - killed >= killed_every_ms:
                killed = self.harness.now
                await self.kill()
            await self.announcer.step()
            self.harness.now += STEP_MS

    async def drain(self, most_ms: int) -> int:
        """Quiet until nothing waits; how long that took."""
        began = self.harness.now
        while await self.backlog():
            assert self.harness.now - began < most_ms, f"{await self.backlog()} still wait"
            await self.announcer.step()
            self.harness.now += STEP_MS
        return self.harness.now - began

    async def backlog(self) -> int:
        async with self.harness.db.reading() as uow:
            return await uow.outbox.backlog()

    async def kill(self) -> None:
        """It dies between sending and writing down what it sent; another takes over."""
        dying, save = self.announcer, self.announcer.results.save

        async def crash(uow: UnitOfWork) -> list[OutboxRow]:
            if dying.results.unsaved:
                raise ConnectionError("killed")
            return await save(uow)

        dying.results.save = crash  # type: ignore[method-assign]  # where the plug is pulled
        try:
            await dying.step()
        except ConnectionError:
            self.harness.now += 1_000  # a supervisor's time
        self.announcer = self.new_announcer()

    def stalest_ms(self) -> int:
        """The longest any group had to wait for the board to show what had been traded."""
        worst = 0
        for group in self.groups:
            shown = self.platform.boards(group)
            for at, volume in self.changed:
                worst = max(worst, min((then for then, says in shown if then >= at and says >= volume)) - at)
        return worst

    def deliveries(self) -> dict[str, int]:
        """How often each money notice reached somebody."""
        counts: dict[str, int] = defaultdict(int)
        for message in self.platform.sent:
            if message.how == "tell":
                for text in _heads(message.reply):
                    counts[text] += 1
        return {text: counts[text] for text in self.paid}


def _heads(reply: Reply) -> list[str]:
    rows = [reply.head, *(block for block in reply.blocks if isinstance(block, tuple))]
    return ["".join(getattr(part, "text", "") for part in row) for row in rows]

"""People in a chat: what they type and press, again and again until they hear what became of it.

A platform that hears nothing hands the same update over again (the same request id), to whichever process serves it by
then; a person who is told to look again presses the same button again. Nobody knows anything but what they were shown.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Action, Reply
from tests.simulation.deterministic.process import DiedError, Update

if TYPE_CHECKING:
    from tests.simulation.deterministic.world import World

PATIENCE_S = 12.0  # of a platform, then it hands the update over again
NAMES = ("Ant", "Bee", "Cat", "Dog", "Elk", "Fox")
LOOKS = ("/orders", "/positions", "/balance", "/board", "/trades", "/leaderboard", "/tape")
MOST_TRIES = 60


@dataclass(frozen=True, slots=True)
class ChatPlace:
    """A chat: on which platform, its id there, and how many outcomes its market has."""

    platform: str
    ext: str
    outcomes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a line, and the message it stands in, as it was then."""

    reply: Reply
    ref: str
    version: int

    @property
    def text(self) -> str:
        return plain_text.text(self.reply)

    def button(self, label: str) -> Action | None:
        return next((action for action in self.reply.actions if action.label.startswith(label)), None)


class Person:
    def __init__(self, world: World, chat: ChatPlace, ext: str, rng: Random, *, admin: bool = False) -> None:
        self.world = world
        self.chat = chat
        self.platform = chat.platform
        self.ext = ext
        self.rng = rng
        self._admin = admin
        self._count = 0

    async def say(self, line: str, *, in_private: bool = False) -> Answer:
        return await self._until_answered(self._update(line, in_private=in_private))

    async def press(self, answer: Answer, action: Action) -> Answer:
        update = self._update(action.text, made_for=action.person)
        return await self._until_answered(replace(update, pressed=answer.ref, version=answer.version))

    async def say_until_ok(self, line: str) -> Answer:
        """For what the rest hangs on."""
        for _ in range(MOST_TRIES):
            answer = await self.say(line)
            if answer.reply.ok:
                return answer
            self.world.note(f"{self.ext} {line!r}: {answer.text!r}")
            await asyncio.sleep(self.rng.uniform(1, 3))
        raise AssertionError(f"{line!r} was never done: {answer.text}")

    def _update(self, line: str, made_for: int | None = None, *, in_private: bool = False) -> Update:
        self._count += 1
        kind = ChatKind.ROOM if self.platform == "room" else ChatKind.PRIVATE if in_private else ChatKind.GROUP
        invocation = Invocation(
            text=line,
            platform=self.platform,
            person_ext=self.ext,
            person_name=self.ext.title(),
            chat_ext=self.ext if kind is ChatKind.PRIVATE else self.chat.ext,
            chat_kind=kind,
            chat_title=self.chat.ext,
            is_admin=self._admin,
            made_for=made_for,
            request_id=f"{self.ext}-{self._count}",
        )
        return Update(invocation=invocation)

    async def _until_answered(self, update: Update) -> Answer:
        for _ in range(MOST_TRIES):
            process = await self.world.server_of(self.platform)
            if self.world.faults.chance(self.world.faults.repeated):
                self.world.loop.from_outside(self._hand_over_again(update))
            seen: asyncio.Future[str] = self.world.loop.create_future()
            ticket = _confirmed(update)
            self.world.confirms[ticket] += 1
            answered = process.handle(update, seen)
            await asyncio.wait({seen}, timeout=PATIENCE_S)
            if not seen.done():
                self.world.note(f"{update.invocation.request_id} is handed over again")
                continue
            if isinstance(seen.exception(), DiedError):
                await asyncio.sleep(self.rng.uniform(0.05, 2))
                continue
            reply, ref = answered.result(), seen.result()
            message = self.world.servers[self.platform].messages.get(ref)
            answer = Answer(reply, ref, len(message.versions) if message else 0)
            invocation = update.invocation
            self.world.note(f"{invocation.request_id} {invocation.text!r}: {answer.text.splitlines()[0]!r}")
            if reply.settled:
                return answer
            if ticket and self.world.confirms[ticket] == 1 and "Nothing was changed" in answer.text:
                self.world.check_nothing_changed(ticket)
            await asyncio.sleep(self.rng.uniform(1, 3))
            update = replace(
                self._update(invocation.text, invocation.made_for, in_private=invocation.chat_kind is ChatKind.PRIVATE),
                pressed=update.pressed,
                version=update.version,
            )
        raise AssertionError(f"{update.invocation.text!r} was never answered")

    async def _hand_over_again(self, update: Update) -> None:
        """The same update, at once or later, to whoever serves by then."""
        await asyncio.sleep(self.rng.choice((0.0, 0.05, 2.0, 6.0)) * self.rng.random())
        process = await self.world.server_of(self.platform)
        self.world.confirms[_confirmed(update)] += 1
        process.handle(update, self.world.loop.create_future())

    # -- trading

    async def trade(self) -> None:
        """Until the world's time is over."""
        await self.say_until_ok("/join")
        while not self.world.is_over:
            await asyncio.sleep(self.rng.expovariate(0.5) + 0.3)
            if not self.world.is_over:
                await self._do_something()

    async def _do_something(self) -> None:
        what = self.rng.random()
        if what < 0.72:
            await self._order(self._trading_line())
        elif what < 0.80:
            await self.say("/cancel all")
        elif what < 0.84:
            await self.say(self.rng.choice(("/settings confirm off", "/settings confirm on", "/settings slippage 9%")))
        else:
            await self.say(self.rng.choice(LOOKS))

    def _trading_line(self) -> str:
        outcome, side = self.rng.randrange(self.chat.outcomes) + 1, self.rng.choice(("yes", "no"))
        limit = f" limit {self.rng.randrange(2, 98)}c" if self.rng.random() < 0.45 else ""
        autofill = " autofill" if limit and self.rng.random() < 0.2 else ""
        if self.rng.random() < 0.3:
            return f"/sell {outcome} {side} {self.rng.choice(('all', 'half', '1', '3.5'))}{limit}{autofill}"
        amount = self.rng.choice(("$0.50", "$3", "$17.35", "1", "4.25", "60"))
        slippage = "" if limit else self.rng.choice(("", "", " slippage 50%", " slippage 0.1%"))
        return f"/buy {outcome} {side} {amount}{limit}{slippage}{autofill}"

    async def _order(self, line: str) -> None:
        ticket = await self.say(line)
        confirm, cancel = ticket.button("Confirm"), ticket.button("Cancel")
        if ticket.reply.ticket is None:
            return
        if confirm is None:  # sent at once
            self._is_taken(ticket.reply)
            return
        if self.rng.random() < 0.1:
            if cancel is not None:
                await self.press(ticket, cancel)
            return
        if self.rng.random() < 0.15:
            await asyncio.sleep(self.rng.uniform(0, 4))
        if self.rng.random() < 0.15:
            self.world.loop.from_outside(self._press_too(ticket, confirm))
        self._is_taken((await self.press(ticket, confirm)).reply)
        if self.rng.random() < 0.15:
            await self.say("/cancel all")

    async def _press_too(self, ticket: Answer, confirm: Action) -> None:
        await asyncio.sleep(self.rng.random() * self.rng.choice((0.01, 0.5, 3)))
        self._is_taken((await self.press(ticket, confirm)).reply)

    def _is_taken(self, reply: Reply) -> None:
        """Whoever was told of an order has one."""
        if reply.ticket is not None and reply.settled:
            self.world.taken.add(reply.ticket)


def _confirmed(update: Update) -> int:
    """The ticket whose Confirm it is; 0 for anything else."""
    command, _, ticket = update.invocation.text.partition("/ticket confirm ")
    return int(ticket) if not command and ticket.isdigit() else 0


class Organiser(Person):
    """An admin without a part in the market: sets it up, freezes, pays rounds out, cuts, ends it."""

    async def set_up(self) -> None:
        rng, names = self.rng, NAMES[: self.chat.outcomes]
        odds = " ".join(str(rng.randrange(8, 60)) for _ in names)
        terms = f"z ${rng.choice((20, 100, 777, 5_000))} balance ${rng.choice((10, 100, 1_000))}"
        preset = rng.choice(("hype", "fair", "classic"))
        line = f"/admin create {self.chat.ext.title()} {', '.join(names)} preset {preset} {terms}"
        line += f" tick {rng.choice((1, 2, 3))}s"
        if preset != "classic" and rng.random() < 0.8:
            line += f' odds "{odds}"'
        await self.say_until_ok(line)
        for setting in ("gas $0.01", f"fee {rng.choice((0, 1, 3))}%", f"dispute {rng.choice((0, 0, 20))}s"):
            if rng.random() < 0.7:
                await self.say(f"/admin set {setting}")
        await self.say_until_ok("/admin open")

    async def start(self) -> None:
        await self._confirmed("/admin start")

    async def organise(self) -> None:
        """Now and then something that stops trading, and lets it go on."""
        while not self.world.is_over:
            await asyncio.sleep(self.rng.expovariate(1 / 9))
            if self.world.is_over:
                return
            kind = self.rng.choice(("freeze", "pause", "eliminate", "cut", "set", "look"))
            if kind == "eliminate":
                await self._confirmed(f"/admin eliminate {self.rng.randrange(self.chat.outcomes) + 1} it is out")
            elif kind == "set":
                await self.say(f"/admin set fee {self.rng.choice((0, 1, 2))}%")
            elif kind == "look":
                await self.say("/admin monitor")
            else:
                await self.say(f"/admin {'pause' if kind == 'pause' else 'freeze'} something happens")
                await asyncio.sleep(self.rng.uniform(1, 6))
                if kind == "cut":
                    await self._confirmed(f"/admin cut {self.rng.randrange(3, 30)}s ago the result was out")
                    await asyncio.sleep(self.rng.uniform(0, 4))
                await self.say("/admin resume")

    async def end(self) -> None:
        """Most markets are decided, some called off, some left open."""
        how = self.rng.random()
        if how < 0.2:
            return
        for _ in range(MOST_TRIES):
            line = "/admin void it was abandoned"
            if how < 0.85:
                line = f"/admin resolve {self.rng.randrange(self.chat.outcomes) + 1} it has won"
            answer = await self._confirmed(line)
            if answer.reply.ok:
                return
            await self.say("/admin resume")
            await asyncio.sleep(3)
        self.world.note(f"{self.chat.ext} could not be ended: {answer.text!r}")

    async def _confirmed(self, line: str) -> Answer:
        answer = await self.say(line)
        confirm = answer.button("Confirm")
        return answer if confirm is None else await self.press(answer, confirm)

"""A whole event on Discord and on Telegram at once, in real time: `outcry run` as a child, both servers strict, their
rates on.

`python -m tests.bench.platforms_bench [--members 20] [--seconds 20] [--freezes 3] [--json FILE]`. Twenty people on each
platform ask for tickets and confirm them; six more of each press Chart three times a second, then six type lines as
fast as they may, while an admin freezes the market; two are thrown out, one wins, everybody is paid; then 200 people
press at the same moment.
Nothing may be refused, late or unanswered, no window of a platform's may overflow, and what everybody is told at the
end is what the ledger says.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path

from bot.chat.rate_limits import PERSON
from bot.text.numbers import Cut, money
from storage.database import Database
from storage.records import Member
from tests.platform.child import ProcessHarness, confirm, process_harness
from tests.simulation.load_rows import spread
from tests.standins import discord_peer, telegram_peer

OUTCOMES = ("germany", "brazil", "italy", "spain")
PAUSE_S = 4.0  # between two orders of one person
PATIENCE_S = 30.0
LOUD = 6  # people on each platform
PRESS_EVERY_S = 1 / 3
TYPE_EVERY_S = max(limit.window_ms / limit.count for limit in PERSON) / 1000  # the fastest that is always answered
TYPED = ("chart", "board")
FREEZE_EVERY_S = 30.0


@dataclass(slots=True)
class Seen:
    """What the crowd saw. Seconds."""

    ticket: dict[str, list[float]] = field(default_factory=lambda: {"discord": [], "telegram": []})
    pressed: dict[str, list[float]] = field(default_factory=lambda: {"discord": [], "telegram": []})
    filled: dict[str, list[float]] = field(default_factory=lambda: {"discord": [], "telegram": []})
    orders: int = 0
    pressing: dict[str, object] = field(default_factory=dict)
    typing: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Crowd:
    """Everybody on both platforms, each with a generator of their own; who is out is not bought any more."""

    harness: ProcessHarness
    members: list[discord_peer.Person]
    people: list[telegram_peer.User]
    seen: Seen = field(default_factory=Seen)
    alive: list[str] = field(default_factory=lambda: list(OUTCOMES))

    async def trade(self, seconds: float, seed: int) -> None:
        until = time.monotonic() + seconds
        await asyncio.gather(
            *(self._on_discord(one, until, random.Random(f"{seed}:d{n}")) for n, one in enumerate(self.members)),
            *(self._on_telegram(two, until, random.Random(f"{seed}:t{n}")) for n, two in enumerate(self.people)),
        )

    async def _on_discord(self, who: discord_peer.Person, until: float, rng: random.Random) -> None:
        await asyncio.sleep(rng.random() * PAUSE_S)
        channel, peer = self.harness.channel, self.harness.discord
        while time.monotonic() < until:
            began = time.monotonic()
            asked = await who.slash(channel, "buy", self._order(rng), _timeout=PATIENCE_S)
            self.seen.ticket["discord"].append(time.monotonic() - began)
            ticket, pressed = asked.reply, time.monotonic()
            await who.press(ticket, confirm(ticket), _timeout=PATIENCE_S)
            await peer.until(partial(_is_answered, ticket), PATIENCE_S, "the press to be answered")
            self.seen.pressed["discord"].append(time.monotonic() - pressed)
            await peer.until(partial(_is_told, ticket), PATIENCE_S, "a fill")
            self._done("discord", pressed)
            await asyncio.sleep(max(0.0, PAUSE_S - (time.monotonic() - began)))

    async def _on_telegram(self, who: telegram_peer.User, until: float, rng: random.Random) -> None:
        await asyncio.sleep(rng.random() * PAUSE_S)
        while time.monotonic() < until:
            began, last = time.monotonic(), who.chat.of_bot()[-1]
            order = self._order(rng)
            where = self.harness.group if rng.random() < 0.5 else who.chat
            await who.send(where, f"/buy {order['outcome']} {order['side']} {order['amount']}")
            ticket = await who.chat.expect("spend about", after=last, within=PATIENCE_S)
            self.seen.ticket["telegram"].append(time.monotonic() - began)
            pressed = time.monotonic()
            await (await who.tap(ticket, "Confirm")).answered(PATIENCE_S)
            self.seen.pressed["telegram"].append(time.monotonic() - pressed)
            await self.harness.telegram.until(partial(_is_told, ticket), PATIENCE_S)
            self._done("telegram", pressed)
            await asyncio.sleep(max(0.0, PAUSE_S - (time.monotonic() - began)))

    def _order(self, rng: random.Random) -> dict[str, str]:
        side = rng.choice(("yes", "no"))
        return {"outcome": rng.choice(self.alive), "side": side, "amount": f"${rng.randint(1, 9)}"}

    def _done(self, platform: str, since: float) -> None:
        self.seen.filled[platform].append(time.monotonic() - since)
        self.seen.orders += 1


def _is_answered(message: discord_peer.Message) -> bool:
    return all(button.label != "Confirm" for button in message.buttons)


def _is_told(message: discord_peer.Message | telegram_peer.Message) -> bool:
    return "Filled:" in message.text or "Not filled:" in message.text


async def decided(harness: ProcessHarness, line: str, said: str, **options: str) -> None:
    """A deed that asks again, done and announced on both platforms."""
    preview = await harness.discord_admin.slash(harness.channel, line, options, _timeout=PATIENCE_S)
    await harness.discord_admin.press(preview.reply, confirm(preview.reply), _timeout=PATIENCE_S)
    await harness.channel.expect(said, PATIENCE_S)
    await harness.group.expect(said, within=2 * PATIENCE_S)


async def frozen(harness: ProcessHarness) -> None:
    before = sum("frozen by an admin" in one.text for one in harness.channel.public)
    await harness.discord_admin.slash(harness.channel, "admin freeze", _timeout=PATIENCE_S)
    await harness.discord.until(
        lambda: sum("frozen by an admin" in one.text for one in harness.channel.public) > before,
        PATIENCE_S,
        "the freeze",
    )


async def event(harness: ProcessHarness, members: int, seconds: float, seed: int, freezes: int = 0) -> Seen:
    """From the lobby to the podium; `seconds` of trading in each of three rounds, in the first with so many `freezes`
    while six are loud."""
    await harness.opened()
    crowd = Crowd(
        harness=harness,
        members=[harness.guild.member(f"D{number}") for number in range(members)],
        people=[harness.telegram_member(f"T{number}") for number in range(members)],
    )
    await asyncio.gather(
        *(one.slash(harness.channel, "join", _timeout=PATIENCE_S) for one in crowd.members),
        *(_joined(harness, two) for two in crowd.people),
    )
    await harness.started()
    for number, loser in enumerate(("spain", "italy", None)):
        await crowd.trade(seconds, seed * 10 + number)
        if freezes and number == 0:
            crowd.seen.pressing = await loud(harness, freezes, pressing(harness))
            print("while six press:", json.dumps(crowd.seen.pressing), flush=True)  # whatever comes of the rest
            crowd.seen.typing = await loud(harness, freezes, typing(harness))
            print("while six type:", json.dumps(crowd.seen.typing), flush=True)
        await frozen(harness)
        if loser is None:
            await decided(harness, "admin resolve", "Germany wins Cup.", winner="Germany")
            break
        await decided(harness, "admin eliminate", f"{loser.title()} is out.", outcomes=loser)
        crowd.alive.remove(loser)
        await trading_again(harness)
    await everything_told(harness)
    await balances(harness, crowd)
    return crowd.seen


async def _joined(harness: ProcessHarness, who: telegram_peer.User) -> None:
    await who.send(who.chat if who.id % 2 else harness.group, "/join")
    await who.chat.expect(lambda message: "Welcome" in message.text or "/join" in message.text, within=PATIENCE_S)
    if not any("Welcome" in one.text for one in who.chat.of_bot()):
        await who.send(harness.group, "/join")
        await who.chat.expect("Welcome", within=PATIENCE_S)


async def trading_again(harness: ProcessHarness) -> None:
    before = len(harness.channel.public)
    answer = await harness.discord_admin.slash(harness.channel, "admin resume", _timeout=PATIENCE_S)
    if answer.reply.text.startswith("**"):
        await harness.discord.until(lambda: len(harness.channel.public) > before, PATIENCE_S, "trading to go on")


async def everything_told(harness: ProcessHarness) -> None:
    """Until the outbox is empty: looked at from outside."""
    db = Database.open(harness.url, read_only=True)
    try:
        for _ in range(1_800):
            async with db.reading() as uow:
                waiting = await uow.outbox.waiting(1)
            if not any(one.rows for one in waiting):
                assert not any(one.dropped for one in waiting), waiting
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"still to be told: {waiting}")
    finally:
        await db.close()


async def balances(harness: ProcessHarness, crowd: Crowd) -> None:
    """What everybody is told of their balance is what the ledger says."""
    db = Database.open(harness.url, read_only=True)
    try:
        async with db.reading() as uow:
            accounts = {member.name: member for member in await uow.members.of(1)}
    finally:
        await db.close()
    assert len(accounts) == len(crowd.members) + len(crowd.people)
    for one in crowd.members:
        answer = await one.slash(harness.channel, "balance", _timeout=PATIENCE_S)
        _says(answer.text, accounts[one.user.name])
    for two in crowd.people:
        last = two.chat.of_bot()[-1]
        await two.send(two.chat, "/balance")
        answered = await two.chat.expect("to spend", after=last, within=PATIENCE_S)
        _says(answered.text, accounts[two.first_name])


def _says(text: str, account: Member) -> None:
    said = money(account.balance, Cut.DOWN)
    assert said in text, (said, text)


# -- six who are loud


def pressing(harness: ProcessHarness) -> list[Coroutine[None, None, None]]:
    """Six onlookers on each platform press Chart."""
    return [
        *(_presses(harness, harness.guild.member(f"P{number}")) for number in range(LOUD)),
        *(_taps(harness, harness.telegram_member(f"P{number}")) for number in range(LOUD)),
    ]


def typing(harness: ProcessHarness) -> list[Coroutine[None, None, None]]:
    """Six onlookers on each platform type what the channel and the group are answered, as fast as they are allowed."""
    return [
        *(_types_on_discord(harness, harness.guild.member(f"Y{number}")) for number in range(LOUD)),
        *(_types_on_telegram(harness, harness.telegram_member(f"Y{number}")) for number in range(LOUD)),
    ]


async def loud(harness: ProcessHarness, freezes: int, noise: list[Coroutine[None, None, None]]) -> dict[str, object]:
    """While they are loud an admin freezes the market all the same."""
    before, began = _posts(harness), time.monotonic()
    earlier = len(harness.discord.world.interactions)
    presses = [asyncio.create_task(one) for one in noise]
    waits: dict[str, list[float]] = {name: [] for name in before}
    try:
        for _ in range(freezes):
            await asyncio.sleep(FREEZE_EVERY_S)
            for name, waited in zip(waits, await _frozen_everywhere(harness), strict=True):
                waits[name].append(waited)
            await trading_again(harness)
    finally:
        for task in presses:
            task.cancel()
        pressed = await asyncio.gather(*presses, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in pressed), pressed
    minutes = (time.monotonic() - began) / 60
    asked = list(harness.discord.world.interactions.values())[earlier:]
    acks = [one.acked_after_ms for one in asked if one.acked_after_ms is not None]
    return {
        "discord_acknowledged_ms": spread(acks, 1),
        "posts_a_minute": {name: round((n - before[name]) / minutes, 1) for name, n in _posts(harness).items()},
        "longest_wait_of_a_freeze_s (5)": {name: round(max(waited), 2) for name, waited in waits.items()},
    }


def _posts(harness: ProcessHarness) -> dict[str, int]:
    return {"discord": len(harness.channel.public), "telegram": len(harness.group.of_bot())}


async def _presses(harness: ProcessHarness, who: discord_peer.Person) -> None:
    while True:
        board = harness.channel.pinned[0]
        if any(one.label == "Chart" for one in board.buttons):
            await who.press(board, "Chart", _timeout=PATIENCE_S, _until="acknowledged")
        else:
            await who.slash(harness.channel, "chart", _timeout=PATIENCE_S, _until="acknowledged")
        await asyncio.sleep(PRESS_EVERY_S)


async def _taps(harness: ProcessHarness, who: telegram_peer.User) -> None:
    while True:
        board = harness.group.pinned
        if board is not None and any(one.label == "Chart" and one.data for one in board.buttons):
            await who.tap(board, "Chart")
        else:
            await who.send(harness.group, "/chart")
        await asyncio.sleep(PRESS_EVERY_S)


async def _types_on_discord(harness: ProcessHarness, who: discord_peer.Person) -> None:
    for line in cycle(TYPED):
        await who.slash(harness.channel, line, _timeout=PATIENCE_S, _until="acknowledged")
        await asyncio.sleep(TYPE_EVERY_S)


async def _types_on_telegram(harness: ProcessHarness, who: telegram_peer.User) -> None:
    for line in cycle(TYPED):
        await who.send(harness.group, f"/{line}")
        await asyncio.sleep(TYPE_EVERY_S)


async def _frozen_everywhere(harness: ProcessHarness) -> tuple[float, float]:
    """How long after the admin said so the channel and the group read it."""

    def told(messages: Sequence[discord_peer.Message] | Sequence[telegram_peer.Message]) -> int:
        return sum("frozen by an admin" in one.text for one in messages)

    channel, group, began = told(harness.channel.public), told(harness.group.of_bot()), time.monotonic()

    async def on_discord() -> float:
        await harness.discord.until(lambda: told(harness.channel.public) > channel, 4 * PATIENCE_S, "the freeze")
        return time.monotonic() - began

    async def on_telegram() -> float:
        await harness.telegram.until(lambda: told(harness.group.of_bot()) > group, 4 * PATIENCE_S)
        return time.monotonic() - began

    asked = harness.discord_admin.slash(harness.channel, "admin freeze", _timeout=PATIENCE_S)
    discord, telegram, _ = await asyncio.gather(on_discord(), on_telegram(), asked)
    return discord, telegram


# -- many at once


async def at_once(harness: ProcessHarness, people: int) -> dict[str, object]:
    """So many Discord interactions in one moment: commands, and presses of the board's buttons."""
    board = harness.channel.pinned[0]
    button = next(one.label for one in board.buttons)
    strangers = [harness.guild.member(f"S{number}") for number in range(people)]
    began = time.monotonic()
    asked = await asyncio.gather(
        *(
            one.press(board, button, _timeout=PATIENCE_S)
            if number % 4 == 0
            else one.slash(harness.channel, ("positions", "help", "leaderboard")[number % 4 - 1], _timeout=PATIENCE_S)
            for number, one in enumerate(strangers)
        )
    )
    took = time.monotonic() - began
    return {
        "interactions": people,
        "all_answered_s": round(took, 2),
        "per_second": round(people / took, 1),
        "acknowledged_ms": spread([one.acked_after_ms or 0 for one in asked], 1),
    }


# -- the figures


def sound(harness: ProcessHarness) -> None:
    """Every request was valid, in time and within the rates."""
    discord, telegram = harness.discord, harness.telegram
    assert not discord.refused, [(one.method, one.path, one.status, one.answer) for one in discord.refused[:5]]
    assert not discord.late
    assert not discord.unanswered
    assert not telegram.refused(), [(one.method, one.code, one.description) for one in telegram.refused()[:5]]
    assert not telegram.complaints
    assert not telegram.unanswered()
    assert discord.request_log.most_in_a_window(harness.channel.id) <= 5
    assert telegram.most_asked(60, harness.group.id) <= 20
    assert telegram.most_asked(1) <= 30


def figures(harness: ProcessHarness, seen: Seen, seconds: float) -> dict[str, object]:
    discord, telegram = harness.discord, harness.telegram
    acks = [one.acked_after_ms or 0 for one in discord.world.interactions.values()]
    taps = telegram.world.taps
    private = [telegram.most_asked(60, two.id) for two in telegram.world.people.values() if not two.is_bot]
    done = (
        len(discord.world.interactions)
        + len(taps)
        + sum("message" in one for one in telegram.world.update_queue.everything)
    )
    return {
        "orders": seen.orders,
        "interactions_per_second": round(done / seconds, 1),
        "discord_requests": len(discord.calls),
        "telegram_requests": len(telegram.calls),
        "discord_acknowledged_ms": spread(acks, 1),
        "ticket_ms": {name: spread(times) for name, times in seen.ticket.items()},
        "press_answered_ms": {name: spread(times) for name, times in seen.pressed.items()},
        "press_to_fill_ms": {name: spread(times) for name, times in seen.filled.items()},
        "while_six_press": seen.pressing,
        "while_six_type": seen.typing,
        "most_messages": {
            "discord channel, 5 s (5)": discord.request_log.most_in_a_window(harness.channel.id),
            "discord channel, 60 s": discord.request_log.most_in_a_window(harness.channel.id, 60_000),
            "telegram group, 60 s (20)": telegram.most_asked(60, harness.group.id),
            "telegram private, 60 s (60)": max(private),
            "telegram over all, 1 s (30)": telegram.most_asked(1),
        },
    }


async def play(
    folder: Path, *, members: int, seconds: float, seed: int = 1, burst: int = 200, freezes: int = 0
) -> dict[str, object]:
    """The whole of it; AssertionError where a promise is broken."""
    async with process_harness(folder, limits=True) as harness:
        child = await harness.run_until_ready(module="tests.bench.watched", WATCH_FILE=str(folder / "stalls.json"))
        began = time.monotonic()
        seen = await event(harness, members, seconds, seed, freezes)
        found = figures(harness, seen, time.monotonic() - began)
        found["at_once"] = await at_once(harness, burst)
        sound(harness)
        began = time.monotonic()
        await child.stop()
        found["stop_s"] = round(time.monotonic() - began, 2)
        found["errors"] = [line for line in child.err if "ERROR" in line]
        db = await harness.assert_books_hold()
        try:
            async with db.reading() as uow:
                assert await uow.ledger.total(1) == 0
                found["trades"] = len(await uow.trades.all(1))
                found["ticks"] = (await uow.markets.get_one(1)).tick
        finally:
            await db.close()
        found["loop"] = json.loads((folder / "stalls.json").read_text(encoding="ascii"))
    return found


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=20, help="on each platform")
    parser.add_argument("--seconds", type=float, default=20.0, help="of trading in each of three rounds")
    parser.add_argument(
        "--freezes", type=int, default=3, help="while six on each platform press Chart, and again while six type"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(
            play(
                Path(name),
                members=options.members,
                seconds=options.seconds,
                seed=options.seed,
                freezes=options.freezes,
            )
        )
    text = json.dumps(found, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main()

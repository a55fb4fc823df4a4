"""`outcry run` as people start it, with Discord's and Telegram's servers at the other end."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.bot.adapters.room.harness import Browser
from tests.bot.harness import HANG_S
from tests.platform.child import Child, ProcessHarness, confirm, free_port, process_harness
from tests.standins import discord_peer, telegram_peer

NAMES = ("room", "discord", "telegram")
BUY = {"outcome": "Germany", "side": "yes", "amount": "10"}


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ProcessHarness]:
    async with process_harness(tmp_path) as harness:
        yield harness
        assert harness.telegram.complaints == []


async def ticket(
    harness: ProcessHarness, who: telegram_peer.User, line: str = "/buy brazil yes 10"
) -> telegram_peer.Message:
    """Asked for in the group, answered in private."""
    before = who.chat.of_bot()
    await who.send(harness.group, line)
    return await who.chat.expect("spend about", after=before[-1] if before else None, within=HANG_S)


async def joined(
    harness: ProcessHarness, discord: int, telegram: int
) -> tuple[list[discord_peer.Person], list[telegram_peer.User]]:
    """So many members on each platform, in a market that is open."""
    members = [harness.guild.member(f"d{number}") for number in range(discord)]
    people = [harness.telegram_member(f"T{number}") for number in range(telegram)]
    for person in members:
        await person.slash(harness.channel, "join", _timeout=HANG_S)
    for user in people:
        await user.send(harness.group, "/join")
        await user.chat.expect("Welcome", within=HANG_S)
    return members, people


# -- starting and stopping


async def test_every_platform_says_when_it_is_ready_and_sigterm_ends_a_busy_process_in_order(
    harness: ProcessHarness,
) -> None:
    child = await harness.run_until_ready()
    await harness.opened()
    [ada], [tess] = await joined(harness, 1, 1)
    await harness.started()
    asked = await ada.slash(harness.channel, "buy", BUY)
    telegram_ticket = await ticket(harness, tess)
    await asyncio.gather(
        ada.press(asked.reply, confirm(asked.reply)), (await tess.tap(telegram_ticket, "Confirm")).answered()
    )
    await child.stop()
    assert harness.discord.gateway.live() == []
    assert harness.telegram.poll is None
    assert not harness.discord.refused
    assert harness.telegram.token not in child.output
    assert harness.discord.token not in child.output
    await (await harness.assert_books_hold()).close()


async def test_sigterm_ends_a_process_in_which_everything_hangs(harness: ProcessHarness) -> None:
    """Streams are open, charts drawn, a market is checked; Discord does not answer and the database stays locked. What
    hangs is still hanging when the process is gone, with nobody left behind it."""
    child = await harness.run_until_ready()
    await harness.opened()
    [ada], [tess] = await joined(harness, 1, 1)
    await harness.started()
    asked = await ada.slash(harness.channel, "buy", BUY)
    offered = await ticket(harness, tess)
    visitors = [Browser(child.room) for _ in range(3)]
    locked = sqlite3.connect(harness.folder / "outcry.db", isolation_level=None)
    hanging: list[asyncio.Task[object]] = []
    try:
        for visitor in visitors:
            await visitor.http.get(f"{child.room}api/stream")
        held = harness.discord.faults.hold(times=1_000)
        locked.execute("BEGIN IMMEDIATE")
        hanging = [
            asyncio.create_task(ada.press(asked.reply, confirm(asked.reply))),
            asyncio.create_task(ada.slash(harness.channel, "verify")),
            *(asyncio.create_task(ada.slash(harness.channel, "graph", kind=kind)) for kind in ("prices", "maker")),
        ]
        await tess.send(harness.group, "/verify")
        await tess.tap(offered, "Confirm")
        async with asyncio.timeout(HANG_S):
            await held.reached.wait()
        child.process.send_signal(signal.SIGTERM)
        assert await child.ended() == 0, child.output
    finally:
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        for visitor in visitors:
            await visitor.close()
        locked.close()
    await (await harness.assert_books_hold()).close()


async def test_updates_come_by_webhook_where_one_is_set(harness: ProcessHarness) -> None:
    port = free_port()
    child = await harness.run_until_ready(
        TELEGRAM_WEBHOOK_URL=f"http://127.0.0.1:{port}/outcry",
        TELEGRAM_WEBHOOK_LISTEN=f"127.0.0.1:{port}",
        TELEGRAM_WEBHOOK_SECRET="a-secret-of-the-tests",
    )
    hook = harness.telegram.hook
    assert hook is not None
    assert (hook.url, hook.secret) == (f"http://127.0.0.1:{port}/outcry", "a-secret-of-the-tests")
    await harness.opened()
    assert not harness.telegram.called("getUpdates")
    assert hook.last_error == ""
    await child.stop()
    assert "a-secret-of-the-tests" not in child.output


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("discord", "Discord does not take DISCORD_TOKEN"),
        ("telegram", "Telegram does not take TELEGRAM_TOKEN: get the bot's token from @BotFather"),
    ],
)
async def test_a_token_that_is_not_taken_is_told_and_leaves_the_others_up(
    harness: ProcessHarness, wrong: str, sentence: str
) -> None:
    token = {"discord": "not-the-token-of-this-bot", "telegram": "7000000009:AAnot-the-token-of-this-bot"}[wrong]
    child = await harness.run(**{f"{wrong.upper()}_TOKEN": token})
    others = [name for name in NAMES if name != wrong]
    await child.ready(*others)
    await child.until_output(lambda: any(sentence in line for line in child.err))
    if wrong == "discord":
        await harness.telegram_admin.send(harness.telegram_admin.chat, "/help")
        await harness.telegram_admin.chat.expect("/buy", within=HANG_S)
    else:
        answer = await harness.discord_admin.slash(harness.channel, "help", _timeout=HANG_S)
        assert "/buy" in answer.text
    await child.stop()
    assert f"ready: {wrong}" not in child.out
    assert sum(sentence in line for line in child.err) == 1
    assert token not in child.output


async def test_a_server_of_telegram_that_knows_fewer_methods_is_served_all_the_same(harness: ProcessHarness) -> None:
    for method in ("setMyCommands", "pinChatMessage", "getChatMember"):
        harness.telegram.faults.error(404, method, times=1_000, description="Not Found: method not found")
    child = await harness.run("--only", "telegram")
    await child.ready("telegram")
    await harness.telegram_admin.send(harness.telegram_admin.chat, "/help")
    await harness.telegram_admin.chat.expect("/buy", within=HANG_S)
    await harness.telegram_admin.send(harness.group, "/board")
    await harness.telegram_admin.chat.expect("no market", within=HANG_S)
    await child.stop()
    assert_only_served("telegram", harness, child)


async def test_only_one_platform_is_served_where_one_is_named(harness: ProcessHarness) -> None:
    child = await harness.run("--only", "discord")
    await child.ready("discord")
    await child.stop()
    assert_only_served("discord", harness, child)


def assert_only_served(only: str, harness: ProcessHarness, child: Child) -> None:
    assert [line for line in child.out if line.startswith("ready")] == [f"ready: {only}"]
    assert bool(harness.discord.gateway.identifies) is (only == "discord")
    assert bool(harness.telegram.calls) is (only == "telegram")


async def test_a_process_that_only_ticks_fills_what_waits_and_the_next_that_speaks_tells_it(
    harness: ProcessHarness,
) -> None:
    first = await harness.run_until_ready(OUTCRY_TICK_MS="3000")
    await harness.opened()
    [ada], _ = await joined(harness, 1, 0)
    await harness.started()
    asked = await ada.slash(harness.channel, "buy", BUY)
    await ada.press(asked.reply, confirm(asked.reply))
    await first.kill()

    silent = await harness.run("--only", "ticks")
    requests = len(harness.discord.calls) + len(harness.telegram.calls)
    await harness.traded()
    await silent.stop()
    assert silent.out == []
    assert len(harness.discord.calls) + len(harness.telegram.calls) == requests

    last = await harness.run_until_ready()
    notice = (
        "**Filled: 10 Germany YES"  # in the ticket's place, or by a message where the kill came before that was noted
    )
    await harness.discord.until(lambda: notice in ada.reads(harness.channel) + ada.reads(ada.dm), HANG_S, "the fill")
    await last.stop()
    await (await harness.assert_books_hold()).close()


async def test_what_one_platform_needs_and_lacks_is_said_with_status_2(harness: ProcessHarness) -> None:
    for only in ("discord", "telegram"):
        child = await harness.run("--only", only, **{f"{only.upper()}_TOKEN": ""})
        assert await child.ended() == 2
        assert child.out == []
        assert f"{only.upper()}_TOKEN is not set" in child.output
    child = await harness.run(DISCORD_TOKEN="", TELEGRAM_TOKEN="", OUTCRY_ROOM="off")
    assert await child.ended() == 2
    assert child.out == []
    assert len(child.err) == 1


async def test_a_second_process_on_the_same_file_is_refused(harness: ProcessHarness) -> None:
    first = await harness.run("--only", "room")
    await first.ready("room")
    second = await harness.run()
    assert await second.ended() == 3
    assert second.out == []
    assert len(second.err) == 1
    await first.stop()
    assert_only_served("room", harness, first)


# -- dying


async def as_the_first_press_is_taken(harness: ProcessHarness, presses: list[discord_peer.Interaction]) -> None:
    await harness.discord.until(lambda: any(press.acked for press in presses), HANG_S, "a press to be acknowledged")


async def as_the_first_fill_is_told(harness: ProcessHarness, presses: list[discord_peer.Interaction]) -> None:
    """It stands in the chat, and the process does not know yet."""
    await harness.telegram.until(lambda: any("Filled" in ticket.text for ticket in harness.tickets), within=HANG_S)


@pytest.mark.parametrize("moment", [as_the_first_press_is_taken, as_the_first_fill_is_told])
async def test_a_kill_in_a_busy_tick_charges_nobody_twice_and_loses_no_ticket(
    harness: ProcessHarness, moment: Callable[[ProcessHarness, list[discord_peer.Interaction]], Awaitable[None]]
) -> None:
    first = await harness.run_until_ready()
    await harness.opened()
    members, people = await joined(harness, 5, 5)
    await harness.started()
    asked = [await person.slash(harness.channel, "buy", BUY, _timeout=HANG_S) for person in members]
    harness.tickets = [await ticket(harness, person) for person in people]

    held = harness.telegram.faults.late("editMessageText", times=4)
    presses = [
        await person.press(own.reply, confirm(own.reply), _until="sent")
        for person, own in zip(members[2:], asked[2:], strict=True)
    ]  # the tickets of the first two on each platform stay open
    for user, message in zip(people[2:], harness.tickets[2:], strict=True):
        await user.tap(message, "Confirm")
    await moment(harness, presses)
    await first.kill()
    held.set()

    second = await harness.run_until_ready()
    for person, own in zip(members, asked, strict=True):
        if any(
            button.label.startswith("Confirm") for button in own.reply.buttons
        ):  # whoever sees no answer presses again
            await person.press(own.reply, confirm(own.reply), _timeout=HANG_S)
    for user, message in zip(people, harness.tickets, strict=True):
        if "Confirm" in message.labels:
            await (await user.tap(message, "Confirm", twice=True)).answered(HANG_S)
    await harness.discord.until(
        lambda: all(own.reply.text.startswith("**Filled:") for own in asked), HANG_S, "the fills"
    )
    await harness.telegram.until(lambda: all("Filled:" in ticket.text for ticket in harness.tickets), within=HANG_S)
    await second.stop()

    db = await harness.assert_books_hold()
    async with db.reading() as uow:
        trades = await uow.trades.all(1)
    await db.close()
    assert len(trades) == len({trade.buyer for trade in trades}) == 10

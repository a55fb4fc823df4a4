"""`outcry run` as people start it, with Discord's and Telegram's servers at the other end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.platform.child import Place, confirm, free_port, place
from tests.standins import discord_peer, telegram_peer

NAMES = ("room", "discord", "telegram")
BUY = {"outcome": "Germany", "side": "yes", "amount": "10"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path) as found:
        yield found
        assert found.telegram.complaints == []


async def ticket(here: Place, who: telegram_peer.User, line: str = "/buy brazil yes 10") -> telegram_peer.Message:
    """Asked for in the group, answered in private."""
    before = who.chat.of_bot()
    await who.send(here.group, line)
    return await who.chat.expect("spend about", after=before[-1] if before else None, within=20)


async def joined(
    here: Place, discord: int, telegram: int
) -> tuple[list[discord_peer.Person], list[telegram_peer.User]]:
    """So many members on each platform, in a market that is open."""
    members = [here.guild.member(f"d{number}") for number in range(discord)]
    people = [here.someone(f"T{number}") for number in range(telegram)]
    for one in members:
        await one.slash(here.channel, "join", _timeout=20)
    for two in people:
        await two.send(here.group, "/join")
        await two.chat.expect("Welcome", within=20)
    return members, people


# -- starting and stopping


async def test_every_platform_says_when_it_is_ready_and_sigterm_ends_a_busy_process_in_order(here: Place) -> None:
    child = await here.up()
    await here.opened()
    [ada], [tess] = await joined(here, 1, 1)
    await here.started()
    asked = await ada.slash(here.channel, "buy", BUY)
    hers = await ticket(here, tess)
    await asyncio.gather(ada.press(asked.reply, confirm(asked.reply)), (await tess.tap(hers, "Confirm")).answered())
    took = await child.stop()
    print(f"SIGTERM to exit: {took:.2f} s")
    assert here.discord.gateway.live() == []
    assert here.telegram.poll is None
    assert not here.discord.refused
    await (await here.the_books_hold()).close()


async def test_updates_come_by_webhook_where_one_is_set(here: Place) -> None:
    port = free_port()
    child = await here.up(
        TELEGRAM_WEBHOOK_URL=f"http://127.0.0.1:{port}/outcry",
        TELEGRAM_WEBHOOK_LISTEN=f"127.0.0.1:{port}",
        TELEGRAM_WEBHOOK_SECRET="a-secret-of-the-tests",
    )
    hook = here.telegram.hook
    assert hook is not None
    assert (hook.url, hook.secret) == (f"http://127.0.0.1:{port}/outcry", "a-secret-of-the-tests")
    await here.opened()
    assert not here.telegram.called("getUpdates")
    assert hook.last_error == ""
    await child.stop()
    assert "a-secret-of-the-tests" not in child.told


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("discord", "Discord does not take DISCORD_TOKEN"),
        ("telegram", "Telegram does not take TELEGRAM_TOKEN"),
    ],
)
async def test_a_token_that_is_not_taken_is_told_and_leaves_the_others_up(here: Place, wrong: str, said: str) -> None:
    token = {"discord": "not-the-token-of-this-bot", "telegram": "7000000009:AAnot-the-token-of-this-bot"}[wrong]
    child = await here.run(**{f"{wrong.upper()}_TOKEN": token})
    others = [name for name in NAMES if name != wrong]
    await child.ready(*others)
    await child.until(lambda: any(said in line for line in child.err))
    if wrong == "discord":
        await here.host.send(here.host.chat, "/help")
        await here.host.chat.expect("/buy", within=20)
    else:
        answer = await here.boss.slash(here.channel, "help", _timeout=20)
        assert "/buy" in answer.text
    await child.stop()
    assert f"ready: {wrong}" not in child.out
    assert sum(said in line for line in child.err) == 1
    assert token not in child.told


async def test_a_server_of_telegram_that_knows_fewer_methods_is_served_all_the_same(here: Place) -> None:
    for method in ("setMyCommands", "pinChatMessage", "getChatMember"):
        here.telegram.faults.error(404, method, times=1_000, description="Not Found: method not found")
    child = await here.run("--only", "telegram")
    await child.ready("telegram")
    await here.host.send(here.host.chat, "/help")
    await here.host.chat.expect("/buy", within=20)
    await here.host.send(here.group, "/board")
    await here.host.chat.expect("no market", within=20)
    await child.stop()


@pytest.mark.parametrize("only", NAMES)
async def test_only_one_platform_is_served_where_one_is_named(here: Place, only: str) -> None:
    child = await here.run("--only", only)
    await child.ready(only)
    await child.stop()
    assert [line for line in child.out if line.startswith("ready")] == [f"ready: {only}"]
    assert bool(here.discord.gateway.identifies) is (only == "discord")
    assert bool(here.telegram.calls) is (only == "telegram")


async def test_a_process_that_only_ticks_fills_what_waits_and_the_next_that_speaks_tells_it(here: Place) -> None:
    first = await here.up(OUTCRY_TICK_MS="3000")
    await here.opened()
    [ada], _ = await joined(here, 1, 0)
    await here.started()
    asked = await ada.slash(here.channel, "buy", BUY)
    await ada.press(asked.reply, confirm(asked.reply))
    await first.kill()

    silent = await here.run("--only", "ticks")
    requests = len(here.discord.calls) + len(here.telegram.calls)
    await here.traded()
    await silent.stop()
    assert silent.out == []
    assert len(here.discord.calls) + len(here.telegram.calls) == requests

    last = await here.up()
    told = (
        "**Filled: 10 Germany YES"  # in the ticket's place, or by a message where the kill came before that was noted
    )
    await here.discord.until(lambda: told in ada.reads(here.channel) + ada.reads(ada.dm), 20, "the fill")
    await last.stop()
    await (await here.the_books_hold()).close()


async def test_what_one_platform_needs_and_lacks_is_said_with_status_2(here: Place) -> None:
    for only in ("discord", "telegram"):
        child = await here.run("--only", only, **{f"{only.upper()}_TOKEN": ""})
        assert await child.ended() == 2
        assert child.out == []
        assert f"{only.upper()}_TOKEN is not set" in child.told
    child = await here.run(DISCORD_TOKEN="", TELEGRAM_TOKEN="", OUTCRY_ROOM="off")
    assert await child.ended() == 2
    assert child.out == []
    assert len(child.err) == 1


async def test_a_second_process_on_the_same_file_is_refused(here: Place) -> None:
    first = await here.run("--only", "room")
    await first.ready("room")
    second = await here.run()
    assert await second.ended() == 3
    assert second.out == []
    assert len(second.err) == 1
    await first.stop()


# -- dying


async def as_the_first_press_is_taken(here: Place, presses: list[discord_peer.Interaction]) -> None:
    await here.discord.until(lambda: any(one.acked for one in presses), 20, "a press to be acknowledged")


async def as_the_first_fill_is_told(here: Place, presses: list[discord_peer.Interaction]) -> None:
    """It stands in the chat, and the process does not know yet."""
    await here.telegram.until(lambda: any("Filled" in one.text for one in here.tickets), within=20)


@pytest.mark.parametrize("moment", [as_the_first_press_is_taken, as_the_first_fill_is_told])
async def test_a_kill_in_a_busy_tick_charges_nobody_twice_and_loses_no_ticket(
    here: Place, moment: Callable[[Place, list[discord_peer.Interaction]], Awaitable[None]]
) -> None:
    first = await here.up()
    await here.opened()
    members, people = await joined(here, 5, 5)
    await here.started()
    asked = [await one.slash(here.channel, "buy", BUY, _timeout=20) for one in members]
    here.tickets = [await ticket(here, one) for one in people]

    held = here.telegram.faults.late("editMessageText", times=4)
    presses = [
        await one.press(own.reply, confirm(own.reply), _until="sent")
        for one, own in zip(members[2:], asked[2:], strict=True)
    ]  # the tickets of the first two on each platform stay open
    for two, message in zip(people[2:], here.tickets[2:], strict=True):
        await two.tap(message, "Confirm")
    await moment(here, presses)
    await first.kill()
    held.set()

    second = await here.up()
    for one, own in zip(members, asked, strict=True):
        if own.reply.buttons:  # whoever sees no answer presses again
            await one.press(own.reply, confirm(own.reply), _timeout=20)
    for two, message in zip(people, here.tickets, strict=True):
        if "Confirm" in message.labels:
            await (await two.tap(message, "Confirm", twice=True)).answered(20)
    await here.discord.until(lambda: all(own.reply.text.startswith("**Filled:") for own in asked), 30, "the fills")
    await here.telegram.until(lambda: all("Filled:" in one.text for one in here.tickets), within=30)
    await second.stop()

    db = await here.the_books_hold()
    async with db.reading() as uow:
        trades = await uow.trades.all(1)
    await db.close()
    assert len(trades) == len({one.buyer for one in trades}) == 10

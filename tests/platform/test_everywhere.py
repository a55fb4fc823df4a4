"""One market in a Discord channel, a Telegram group and the room at once: one book, one account a person, and no place
waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.text.numbers import round_money
from engine.state import Status
from tests.bot.adapters.room.harness import Browser, Shown, head
from tests.platform.everywhere_harness import (
    CODE,
    EverywhereHarness,
    everywhere_harness,
    opened_in_three_places,
    started,
)
from tests.standins import discord_peer, telegram_peer


@dataclass(slots=True, kw_only=True)
class Event:
    """A market that trades. Ada is on Discord and on Telegram, Tess on Telegram, Rob in the room."""

    harness: EverywhereHarness
    ada: discord_peer.Person
    ada_too: telegram_peer.User
    tess: telegram_peer.User
    rob: Browser

    async def ordered_everywhere(self) -> tuple[discord_peer.Message, telegram_peer.Message, Shown]:
        """A ticket in each place, confirmed."""
        harness = self.harness
        asked = await harness.slash(self.ada, "buy", outcome="Germany", side="yes", amount="$50")
        await harness.press(self.ada, asked.reply, "Confirm")
        await harness.say(self.tess, "/buy brazil yes $30", harness.group)
        ticket = await self.tess.chat.expect("spend about")
        await harness.tap(self.tess, ticket, "Confirm")
        shown = await harness.type(self.rob, "/buy costa no $20")
        await harness.click(self.rob, shown, "Confirm")
        return asked.reply, ticket, shown

    async def room_says(self, message: Shown, beginning: str) -> None:
        """Until a message there begins so."""
        async with self.rob.stream() as events:
            while not any(
                other["id"] == message["id"] and head(other).startswith(beginning)
                for other in (await events.page())["messages"]
            ):
                pass

    async def boards(self) -> tuple[str, str, Shown]:
        """As they stand in the three places."""
        harness = self.harness
        pinned = harness.group.pinned
        assert pinned is not None
        [board] = [message for message in await self.rob.messages() if message["channel"] == "board"]
        return harness.channel.pinned[0].text, pinned.text, board["reply"]["blocks"][0]

    async def boards_are_fresh(self) -> None:
        """All three say what storage says."""
        record = await self.harness.record()
        discord, telegram, room = await self.boards()
        volume = f"{round_money(record.volume)} traded"
        assert volume in discord
        assert volume in telegram
        assert room["volume"] == record.volume


@pytest.fixture
async def event(tmp_path: Path) -> AsyncIterator[Event]:
    async with everywhere_harness(tmp_path) as harness:
        await opened_in_three_places(harness)
        ada, ada_too, tess = (
            harness.guild.member("ada"),
            harness.telegram.world.user("Ada"),
            harness.telegram.world.user("Tess"),
        )
        for person in (ada_too, tess):
            person.chat.opened = True
            await harness.group.add(person)
        rob = Browser(harness.url)
        try:
            await rob.join("Rob")  # a name in the room is an account
            assert "Welcome" in (await harness.slash(ada, "join")).text
            await harness.say(tess, "/join", harness.group)
            await tess.chat.expect("Welcome")
            await started(harness)
            await harness.settle()
            yield Event(harness=harness, ada=ada, ada_too=ada_too, tess=tess, rob=rob)
            await harness.assert_sound()
        finally:
            await rob.close()


async def link_ada(event: Event) -> None:
    """Ada's account on Telegram is linked with the one on Discord, by a code from there."""
    offered = await event.harness.slash(event.ada, "link")
    assert offered.ephemeral
    code = CODE.search(offered.text)
    assert code is not None, offered.text
    await event.harness.say(event.ada_too, f"/link {code[0]}")
    await event.ada_too.chat.expect("You are one person now, on Telegram and Discord")


async def test_an_order_from_each_place_in_one_tick_is_told_where_it_was_made(event: Event) -> None:
    harness = event.harness
    discord_ticket, telegram_ticket, room_ticket = await event.ordered_everywhere()
    before = (await harness.record()).tick
    await harness.tick()
    assert (await harness.record()).tick == before + 1
    assert discord_ticket.text.startswith("**Filled:"), discord_ticket.text
    assert discord_ticket.ephemeral
    assert telegram_ticket.text.startswith("✅ Filled:"), telegram_ticket.text
    await event.room_says(room_ticket, "Filled:")
    await harness.settle()
    await event.boards_are_fresh()
    everywhere_public = [
        *(message.text for message in harness.channel.public),
        *(message.text for message in harness.group.of_bot()),
    ]
    assert not any("Filled" in text or "You now hold" in text for text in everywhere_public)


async def test_linked_accounts_trade_as_one_person_on_both_platforms(event: Event) -> None:
    harness = event.harness
    await link_ada(event)
    discord, telegram = str(event.ada.id), str(event.ada_too.id)
    assert await harness.account("discord", discord) == await harness.account("telegram", telegram)

    asked = await harness.slash(event.ada, "buy", outcome="Germany", side="yes", amount="40")
    await harness.press(event.ada, asked.reply, "Confirm")
    await harness.say(event.ada_too, "/buy germany yes 60", harness.group)
    ticket = await event.ada_too.chat.expect("spend about")
    await harness.tap(event.ada_too, ticket, "Confirm")
    await harness.tick()
    await harness.settle()
    assert "Filled: 40 Germany YES" in asked.reply.text
    assert "Filled: 60 Germany YES" in ticket.text
    assert "You now hold 100" in ticket.text
    assert "100" in (await harness.slash(event.ada, "positions")).text
    await harness.say(event.ada_too, "/positions")
    held = await event.ada_too.chat.expect("if right")
    assert "100" in held.text
    async with harness.db.reading() as uow:
        members = await uow.members.of(harness.market)
    assert len(members) == 3


async def test_a_round_and_the_end_are_told_in_all_three_places(event: Event) -> None:
    harness = event.harness
    await event.ordered_everywhere()
    await harness.tick()
    await harness.slash(harness.discord_admin, "admin freeze")
    await harness.tick()
    preview = await harness.slash(harness.discord_admin, "admin eliminate", outcomes="Brazil", reason="7-1")
    await harness.press(harness.discord_admin, preview.reply, "Confirm")
    await harness.tick()
    await harness.settle()
    assert (await harness.channel.expect("Brazil is out.")).attachments
    assert (await harness.group.expect("Brazil is out.")).photo is not None
    assert "Brazil is out. 7-1." in await harness.headlines(event.rob)
    discord, telegram, room = await event.boards()
    assert "out" in discord
    assert "out" in telegram
    assert [row["name"] for row in room["rows"] if not row["active"]] == ["Brazil"]

    await harness.tick(60_000)  # trading goes on by itself
    if (await harness.record()).status is Status.FROZEN:
        await harness.slash(harness.discord_admin, "admin resume")
        await harness.tick()
    await harness.slash(harness.discord_admin, "admin freeze")
    await harness.tick()
    await harness.say(
        harness.telegram_admin, "/admin_resolve germany", harness.group
    )  # a deed of the other platform's admin
    final = await harness.telegram_admin.chat.expect(
        lambda message: any("Confirm" in label for label in message.labels)
    )
    await harness.tap(harness.telegram_admin, final, "Confirm")
    await harness.tick()
    await harness.settle()
    for chat in (harness.channel, harness.group):
        await chat.expect("Germany wins Cup.")
    assert "Germany wins Cup." in await harness.headlines(event.rob)
    assert (await harness.record()).status in {Status.RESOLVED, Status.CLOSED}
    await event.ada.expect(harness.channel, lambda message: message.ephemeral and "You are paid" in message.text)
    await event.tess.chat.expect("Cup")
    async with harness.db.reading() as uow:
        assert await uow.ledger.total(harness.market) == 0


# -- one place out of order


async def discord_down(harness: EverywhereHarness) -> None:
    harness.discord.gateway.down = True
    harness.discord.gateway.drop()
    harness.discord.faults.drop("* /channels/*", times=1_000)
    harness.discord.faults.drop("* /webhooks/*", times=1_000)
    harness.discord.faults.drop("* /users/*", times=1_000)


async def discord_back(harness: EverywhereHarness) -> None:
    harness.discord.faults.clear()
    harness.discord.gateway.down = False
    await harness.discord.gateway.connected(seconds=30)


async def bad_gateway(harness: EverywhereHarness) -> None:
    harness.ordered.add(502)
    harness.telegram.faults.error(502, times=1_000)


async def telegram_rate_limited(harness: EverywhereHarness) -> None:
    harness.ordered.add(429)
    harness.telegram.faults.too_many(7, chat=harness.group, times=1_000)


async def telegram_back(harness: EverywhereHarness) -> None:
    harness.telegram.faults.clear()


DISCORD, TELEGRAM = frozenset({"discord"}), frozenset({"telegram"})


@pytest.mark.parametrize(
    ("breaks", "mends", "unreached"),
    [
        pytest.param(discord_down, discord_back, DISCORD, id="discord is down"),
        pytest.param(bad_gateway, telegram_back, TELEGRAM, id="telegram answers 502"),
        pytest.param(telegram_rate_limited, telegram_back, frozenset(), id="a storm of 429 on the group"),
    ],
)
async def test_a_place_that_is_out_of_order_holds_up_no_other_and_loses_nothing(
    event: Event,
    breaks: Callable[[EverywhereHarness], Awaitable[None]],
    mends: Callable[[EverywhereHarness], Awaitable[None]],
    unreached: frozenset[str],
) -> None:
    harness = event.harness
    discord_ticket, telegram_ticket, room_ticket = await event.ordered_everywhere()
    before = await event.boards()
    await breaks(harness)
    for _ in range(3):
        await harness.tick(5_000)
    await event.room_says(room_ticket, "Filled:")
    assert ("Filled" in discord_ticket.text) is ("discord" not in unreached)
    assert ("Filled" in telegram_ticket.text) is ("telegram" not in unreached)
    after = await event.boards()
    unchanged = [old == new for old, new in zip(before, after, strict=True)]
    assert unchanged == ["discord" in unreached, "discord" not in unreached, False]
    await mends(harness)
    await harness.settle(120)
    assert discord_ticket.text.startswith("**Filled:")
    assert telegram_ticket.text.startswith("✅ Filled:")
    await event.boards_are_fresh()
    assert "Filled" not in event.ada.reads(event.ada.dm)  # told once, where it was ordered
    assert sum("Filled" in message.text for message in event.tess.chat.of_bot()) == 1
    assert harness.telegram.most_asked(60, harness.group.id) <= 20


async def test_a_platform_that_does_not_answer_at_all_keeps_no_other_waiting(event: Event) -> None:
    harness = event.harness
    discord_ticket, telegram_ticket, room_ticket = await event.ordered_everywhere()
    held = [harness.discord.faults.hold(on, times=100) for on in ("* /channels/*", "* /webhooks/*")]
    ticking = asyncio.create_task(harness.tick())
    await asyncio.gather(*(hold.reached.wait() for hold in held))
    await harness.telegram.until(lambda: "Filled" in telegram_ticket.text)
    assert not ticking.done()
    await event.room_says(room_ticket, "Filled:")
    assert "Filled" not in discord_ticket.text
    for hold in held:
        hold.release()
    await ticking
    assert discord_ticket.text.startswith("**Filled:")


async def test_a_fill_waits_for_its_ticket_to_stand_somewhere_and_takes_its_place(event: Event) -> None:
    harness = event.harness
    await harness.slash(event.ada, "settings", confirm="off")
    held = harness.discord.faults.hold("PATCH /webhooks/*", times=1)
    buying = asyncio.create_task(harness.slash(event.ada, "buy", outcome="Germany", side="yes", amount="10"))
    await held.reached.wait()
    await harness.tick()  # the order is filled before its answer stands anywhere
    held.release()
    asked = await buying
    await harness.settle()
    assert asked.reply.text.startswith("**Filled: 10 Germany YES")
    assert event.ada.reads(event.ada.dm) == ""


async def test_who_cannot_be_written_to_for_a_while_still_has_her_fills_in_her_tickets(event: Event) -> None:
    harness = event.harness
    await event.ordered_everywhere()
    asked = await harness.slash(event.ada, "buy", outcome="Brazil", side="no", amount="10")
    await harness.press(event.ada, asked.reply, "Confirm")
    await harness.tick()
    await harness.slash(harness.discord_admin, "admin freeze")
    await harness.tick()
    harness.discord.faults.answer(429, "POST /users/@me/channels", times=100, retry_after=60)
    harness.clock.advance(15 * 60_000)  # too long ago for a follow-up of what Ada did last
    preview = await harness.slash(harness.discord_admin, "admin eliminate", outcomes="Brazil")
    await harness.press(harness.discord_admin, preview.reply, "Confirm")
    await harness.tick()  # Ada is paid, and Discord lets nobody open a conversation
    await harness.slash(harness.discord_admin, "admin resume")
    await harness.tick()
    asked = await harness.slash(event.ada, "buy", outcome="Germany", side="yes", amount="10")
    await harness.press(event.ada, asked.reply, "Confirm")
    await harness.tick()
    await harness.tick()
    assert asked.reply.text.startswith("**Filled: 10 Germany YES")
    assert event.ada.reads(event.ada.dm) == ""
    await harness.settle(120)
    assert "You are paid" in event.ada.reads(harness.channel)  # Ada is there again, and no conversation is needed

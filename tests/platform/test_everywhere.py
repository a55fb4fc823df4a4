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
from tests.platform.everywhere_harness import CODE, Town, everywhere, in_three_places, started
from tests.standins import discord_peer, telegram_peer


@dataclass(slots=True, kw_only=True)
class Event:
    """A market that trades. Ada is on Discord and on Telegram, Tess on Telegram, Rob in the room."""

    town: Town
    ada: discord_peer.Person
    ada_too: telegram_peer.User
    tess: telegram_peer.User
    rob: Browser

    async def ordered_everywhere(self) -> tuple[discord_peer.Message, telegram_peer.Message, Shown]:
        """A ticket in each place, confirmed."""
        here = self.town
        asked = await here.slash(self.ada, "buy", outcome="Germany", side="yes", amount="$50")
        await here.press(self.ada, asked.reply, "Confirm")
        await here.say(self.tess, "/buy brazil yes $30", here.group)
        ticket = await self.tess.chat.expect("spend about")
        await here.tap(self.tess, ticket, "Confirm")
        shown = await here.type(self.rob, "/buy costa no $20")
        await here.click(self.rob, shown, "Confirm")
        return asked.reply, ticket, shown

    async def room_says(self, message: Shown, begins: str) -> None:
        """Until a message there begins so."""
        async with self.rob.stream() as events:
            while not any(
                one["id"] == message["id"] and head(one).startswith(begins) for one in (await events.page())["messages"]
            ):
                pass

    async def boards(self) -> tuple[str, str, Shown]:
        """As they stand in the three places."""
        here = self.town
        pinned = here.group.pinned
        assert pinned is not None
        [board] = [one for one in await self.rob.messages() if one["channel"] == "board"]
        return here.channel.pinned[0].text, pinned.text, board["reply"]["blocks"][0]

    async def boards_are_fresh(self) -> None:
        """All three say what storage says."""
        record = await self.town.record()
        discord, telegram, room = await self.boards()
        volume = f"{round_money(record.volume)} traded"
        assert volume in discord
        assert volume in telegram
        assert room["volume"] == record.volume


@pytest.fixture
async def event(tmp_path: Path) -> AsyncIterator[Event]:
    async with everywhere(tmp_path) as here:
        await in_three_places(here)
        ada, ada_too, tess = here.guild.member("ada"), here.telegram.world.user("Ada"), here.telegram.world.user("Tess")
        for one in (ada_too, tess):
            one.chat.opened = True
            await here.group.add(one)
        rob = Browser(here.url)
        try:
            await rob.join("Rob")  # a name in the room is an account
            assert "Welcome" in (await here.slash(ada, "join")).text
            await here.say(tess, "/join", here.group)
            await tess.chat.expect("Welcome")
            await started(here)
            await here.settle()
            yield Event(town=here, ada=ada, ada_too=ada_too, tess=tess, rob=rob)
            await here.is_sound()
        finally:
            await rob.close()


async def joined(event: Event) -> None:
    """Ada's identity on Telegram is hers too, by a code from Discord."""
    given = await event.town.slash(event.ada, "link")
    assert given.ephemeral
    found = CODE.search(given.text)
    assert found is not None, given.text
    await event.town.say(event.ada_too, f"/link {found[0]}")
    await event.ada_too.chat.expect("You are one person now, on Telegram and Discord")


async def test_an_order_from_each_place_in_one_tick_is_told_where_it_was_made(event: Event) -> None:
    here = event.town
    mine, hers, his = await event.ordered_everywhere()
    before = (await here.record()).tick
    await here.tick()
    assert (await here.record()).tick == before + 1
    assert mine.text.startswith("**Filled:"), mine.text
    assert mine.ephemeral
    assert hers.text.startswith("✅ Filled:"), hers.text
    await event.room_says(his, "Filled:")
    await here.settle()
    await event.boards_are_fresh()
    everywhere_public = [*(one.text for one in here.channel.public), *(one.text for one in here.group.of_bot())]
    assert not any("Filled" in text or "You now hold" in text for text in everywhere_public)


async def test_who_joined_her_identities_trades_one_account_on_both(event: Event) -> None:
    here = event.town
    await joined(event)
    discord, telegram = str(event.ada.id), str(event.ada_too.id)
    assert await here.account("discord", discord) == await here.account("telegram", telegram)

    asked = await here.slash(event.ada, "buy", outcome="Germany", side="yes", amount="40")
    await here.press(event.ada, asked.reply, "Confirm")
    await here.say(event.ada_too, "/buy germany yes 60", here.group)
    ticket = await event.ada_too.chat.expect("spend about")
    await here.tap(event.ada_too, ticket, "Confirm")
    await here.tick()
    await here.settle()
    assert "Filled: 40 Germany YES" in asked.reply.text
    assert "Filled: 60 Germany YES" in ticket.text
    assert "You now hold 100" in ticket.text
    assert "100" in (await here.slash(event.ada, "positions")).text
    await here.say(event.ada_too, "/positions")
    held = await event.ada_too.chat.expect("if right")
    assert "100" in held.text
    async with here.db.reading() as uow:
        members = await uow.members.of(here.market)
    assert len(members) == 3


async def test_a_round_and_the_end_are_told_in_all_three_places(event: Event) -> None:
    here = event.town
    await event.ordered_everywhere()
    await here.tick()
    await here.slash(here.boss, "admin freeze")
    await here.tick()
    preview = await here.slash(here.boss, "admin eliminate", outcomes="Brazil", reason="7-1")
    await here.press(here.boss, preview.reply, "Confirm")
    await here.tick()
    await here.settle()
    assert (await here.channel.expect("Brazil is out.")).attachments
    assert (await here.group.expect("Brazil is out.")).photo is not None
    assert "Brazil is out. 7-1." in await here.heads(event.rob)
    discord, telegram, room = await event.boards()
    assert "out" in discord
    assert "out" in telegram
    assert [row["name"] for row in room["rows"] if not row["in"]] == ["Brazil"]

    await here.tick(60_000)  # trading goes on by itself
    if (await here.record()).status is Status.FROZEN:
        await here.slash(here.boss, "admin resume")
        await here.tick()
    await here.slash(here.boss, "admin freeze")
    await here.tick()
    await here.say(here.host, "/admin_resolve germany", here.group)  # a deed of the other platform's admin
    final = await here.host.chat.expect(lambda message: any("Confirm" in one for one in message.labels))
    await here.tap(here.host, final, "Confirm")
    await here.tick()
    await here.settle()
    for place in (here.channel, here.group):
        await place.expect("Germany wins Cup.")
    assert "Germany wins Cup." in await here.heads(event.rob)
    assert (await here.record()).status in {Status.RESOLVED, Status.CLOSED}
    await event.ada.expect(here.channel, lambda one: one.ephemeral and "You are paid" in one.text)
    await event.tess.chat.expect("Cup")
    async with here.db.reading() as uow:
        assert await uow.ledger.total(here.market) == 0


# -- one place out of order


async def gateway_and_rest_down(here: Town) -> None:
    here.discord.gateway.down = True
    here.discord.gateway.drop()
    here.discord.faults.drop("* /channels/*", times=1_000)
    here.discord.faults.drop("* /webhooks/*", times=1_000)
    here.discord.faults.drop("* /users/*", times=1_000)


async def discord_back(here: Town) -> None:
    here.discord.faults.clear()
    here.discord.gateway.down = False
    await here.discord.gateway.connected(seconds=30)


async def bad_gateway(here: Town) -> None:
    here.ordered.add(502)
    here.telegram.faults.error(502, times=1_000)


async def storm(here: Town) -> None:
    here.ordered.add(429)
    here.telegram.faults.too_many(7, chat=here.group, times=1_000)


async def telegram_back(here: Town) -> None:
    here.telegram.faults.clear()


DISCORD, TELEGRAM = frozenset({"discord"}), frozenset({"telegram"})


@pytest.mark.parametrize(
    ("breaks", "mends", "deaf"),
    [
        pytest.param(gateway_and_rest_down, discord_back, DISCORD, id="discord is down"),
        pytest.param(bad_gateway, telegram_back, TELEGRAM, id="telegram answers 502"),
        pytest.param(storm, telegram_back, frozenset(), id="a storm of 429 on the group"),
    ],
)
async def test_a_place_that_is_out_of_order_holds_up_no_other_and_loses_nothing(
    event: Event,
    breaks: Callable[[Town], Awaitable[None]],
    mends: Callable[[Town], Awaitable[None]],
    deaf: frozenset[str],
) -> None:
    here = event.town
    mine, hers, his = await event.ordered_everywhere()
    before = await event.boards()
    await breaks(here)
    for _ in range(3):
        await here.tick(5_000)
    await event.room_says(his, "Filled:")
    assert ("Filled" in mine.text) is ("discord" not in deaf)
    assert ("Filled" in hers.text) is ("telegram" not in deaf)
    after = await event.boards()
    unchanged = [old == new for old, new in zip(before, after, strict=True)]
    assert unchanged == ["discord" in deaf, "discord" not in deaf, False]
    await mends(here)
    await here.settle(120)
    assert mine.text.startswith("**Filled:")
    assert hers.text.startswith("✅ Filled:")
    await event.boards_are_fresh()
    assert "Filled" not in event.ada.reads(event.ada.dm)  # told once, where she ordered
    assert sum("Filled" in one.text for one in event.tess.chat.of_bot()) == 1
    assert here.telegram.most_asked(60, here.group.id) <= 20


async def test_a_platform_that_does_not_answer_at_all_keeps_no_other_waiting(event: Event) -> None:
    here = event.town
    mine, hers, his = await event.ordered_everywhere()
    held = [here.discord.faults.hold(on, times=100) for on in ("* /channels/*", "* /webhooks/*")]
    ticking = asyncio.create_task(here.tick())
    await asyncio.gather(*(one.reached.wait() for one in held))
    await here.telegram.until(lambda: "Filled" in hers.text)
    assert not ticking.done()
    await event.room_says(his, "Filled:")
    assert "Filled" not in mine.text
    for one in held:
        one.release()
    await ticking
    assert mine.text.startswith("**Filled:")


async def test_a_fill_waits_for_its_ticket_to_stand_somewhere_and_takes_its_place(event: Event) -> None:
    here = event.town
    await here.slash(event.ada, "settings", confirm="off")
    held = here.discord.faults.hold("PATCH /webhooks/*", times=1)
    buying = asyncio.create_task(here.slash(event.ada, "buy", outcome="Germany", side="yes", amount="10"))
    await held.reached.wait()
    await here.tick()  # the order is filled before its answer stands anywhere
    held.release()
    asked = await buying
    await here.settle()
    assert asked.reply.text.startswith("**Filled: 10 Germany YES")
    assert event.ada.reads(event.ada.dm) == ""


async def test_who_cannot_be_written_to_for_a_while_still_has_her_fills_in_her_tickets(event: Event) -> None:
    here = event.town
    await event.ordered_everywhere()
    asked = await here.slash(event.ada, "buy", outcome="Brazil", side="no", amount="10")
    await here.press(event.ada, asked.reply, "Confirm")
    await here.tick()
    await here.slash(here.boss, "admin freeze")
    await here.tick()
    here.discord.faults.answer(429, "POST /users/@me/channels", times=100, retry_after=60)
    here.clock.advance(15 * 60_000)  # too long ago for anything to follow what she did last
    preview = await here.slash(here.boss, "admin eliminate", outcomes="Brazil")
    await here.press(here.boss, preview.reply, "Confirm")
    await here.tick()  # she is paid, and Discord lets nobody open a conversation
    await here.slash(here.boss, "admin resume")
    await here.tick()
    asked = await here.slash(event.ada, "buy", outcome="Germany", side="yes", amount="10")
    await here.press(event.ada, asked.reply, "Confirm")
    await here.tick()
    await here.tick()
    assert asked.reply.text.startswith("**Filled: 10 Germany YES")
    assert event.ada.reads(event.ada.dm) == ""
    await here.settle(120)
    assert "You are paid" in event.ada.reads(here.channel)  # she is there again, and no conversation is needed

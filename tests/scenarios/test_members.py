"""What people set for themselves, and what it changes."""

from __future__ import annotations

from pathlib import Path

from bot.chat import plain_text
from bot.chat.invocation import ChatKind
from bot.words.settings import PING_KINDS
from tests.bot.harness import ADMIN, chat_harness, running
from tests.scenarios.elsewhere import there
from tests.scenarios.rows import Row, perform

PEOPLE = ("ada", "bob")


# -- settings

SETTINGS: tuple[Row, ...] = (
    ("ada", "/settings", "Your settings.", "usual (5%)", "Pings for this chat: none", "[Confirm first: on]"),
    ("ada", "/settings slippage 3%", "Slippage is 3% where you say none", "[Slippage: 3%]"),
    ("ada", "/settings slippage lots", "!", "the slippage is a share; say it as 5% or 0.05"),
    ("ada", "/settings confirm maybe", "!", "neither yes nor no"),
    ("ada", "/settings notices naps off", "!", "not a known notice", "fills, cancels, payouts and watching"),
    ("ada", "/settings pings naps on", "!", "not a known ping", "elimination"),
    ("ada", "/settings notices off", "!", "say which notices"),
    ("ada", "/buy germany yes 400", "!", "Slippage 3% allows at most", "Allow"),
    ("ada", "/settings slippage usual", "the usual 5% again"),
    ("ada", "/buy germany yes 400", "Buy Germany YES", "at worst"),
    ("ada", "press Cancel", "nothing was ordered"),
    (
        "ada",
        "/settings confirm off autofill on",
        "Orders go out at once",
        "let auto-fill fill them",
        "[Confirm first: off]",
    ),
)


async def test_settings_are_shown_changed_one_by_one_and_obeyed(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, SETTINGS)
        shown = await harness.say("ada", "/settings")
        back = await harness.press("ada", shown, "Confirm first: off")
        assert "[Confirm first: on]" in plain_text.text(back)
        asked = await harness.press("ada", shown, "Slippage")
        assert asked.form is not None
        assert asked.form.command == "settings"
        filled = await harness.say("ada", command="settings", args={"slippage": "2%"})
        assert "Slippage is 2%" in plain_text.text(filled)


AT_ONCE: tuple[Row, ...] = (
    ("ada", "/settings confirm off", "Orders go out at once"),
    (
        "ada",
        "/buy germany yes 100",
        "Sent. Buying 100 Germany YES for at most $53.04.",
        "Buy Germany YES: spend about $51.26",
        "`/settings confirm on` brings tickets back",
        "[Cancel 3]",
    ),
    ("ada", "press Cancel 3", "Cancelled before it ran: order 3"),
    ("ada", "/buy germany yes 100", "Sent."),
    ("bob", "press Cancel of ada", "!", "You have no order 4"),
    ("tick", "2s"),
    ("told ada", "", "Filled: 100 Germany YES for $51.26"),
    ("ada", "/buy germany yes $900", "!", "no more than 5% of slippage is chosen for you", "Allow"),
    ("ada", "/buy germany yes $2000", "!", "you have $948.7"),
    ("ada", "/buy brazil yes 10 limit 20c", "Sent. Buying 10 Brazil YES at 20¢ or less"),
    ("ada", "/sell germany yes half", "Sent. Selling 50 Germany YES for at least"),
    ("tick", "2s"),
    ("ada", "press Ask me again", "You get a ticket to confirm before every order."),
    ("ada", "/buy germany yes 1", "Buy Germany YES", "[Confirm]"),
)


async def test_without_asking_orders_go_at_once_and_every_protection_stays(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, AT_ONCE)


async def test_an_order_without_a_ticket_that_is_delivered_twice_is_one_order(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await harness.say("ada", "/settings confirm off")
        first = await harness.say("ada", "/buy germany yes 10", request="once")
        again = await harness.say("ada", "/buy germany yes 10", request="once")
        assert plain_text.text(first) == plain_text.text(again)
        async with harness.db.reading() as uow:
            assert len(await uow.orders.of(1, 2)) == 1
        await harness.tick()
        late = await harness.say("ada", "/buy germany yes 10", request="once")
        assert "Filled: 10 Germany YES" in plain_text.text(late)


async def test_auto_fill_is_as_set_unless_the_line_says_otherwise(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("ada", "/buy germany yes 10 limit 45c", "Auto-fill is off"),
        ("ada", "/settings autofill on", "let auto-fill fill them"),
        ("ada", "/buy germany yes 10 limit 45c", "Auto-fill is on"),
        ("ada", "/buy germany yes 10 limit 45c autofill no", "Auto-fill is off"),
        ("ada", "/buy germany yes 10", "Buy Germany YES"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, rows)


async def test_a_muted_notice_is_not_sent_and_what_it_would_have_told_stays_to_be_seen(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await harness.say("ada", "/settings notices fills, payouts off")
        await harness.confirmed("ada", "/buy germany yes 20 limit 49c")
        await harness.tick()
        before = len(harness.platform.texts("tell", "ada"))
        await harness.confirmed("bob", "/buy germany no $600")
        await harness.tick()
        assert len(harness.platform.texts("tell", "ada")) == before
        assert "filled" in plain_text.text(await harness.say("ada", "/orders"))
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin eliminate brazil"), "Confirm")
        await harness.say("ada", "/buy costa rica yes 5 limit 2c")
        await harness.tick()
        assert len(harness.platform.texts("tell", "ada")) == before
        await harness.say("ada", "/settings notices all on")
        await harness.confirmed("ada", "/buy costa rica yes 5 limit 2c")
        await harness.tick()
        ticket = harness.platform.texts("tell", "ada")
        assert len(ticket) > before


async def test_gas_and_refusals_are_told_whatever_is_muted(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await harness.say("ada", "/settings notices all off")
        mine = await harness.say("ada", "/buy germany yes 100 slippage 3%")
        await harness.confirmed("bob", "/buy germany yes $900")
        await harness.press("ada", mine, "Confirm")
        await harness.tick()
        assert "Not filled: Germany YES would have cost" in harness.platform.texts("tell", "ada")[-1]


async def test_a_spectator_has_pings_for_the_chat_they_are_set_in_and_nowhere_else(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        reply = await harness.say("eve", "/settings pings elimination, lead change on")
        assert "You are told when somebody is out or somebody takes the lead" in plain_text.text(reply)
        await harness.say("eve", "/settings pings all on", chat="other", kind=ChatKind.GROUP)
        await harness.say("eve", "/settings pings freeze off", chat="other", kind=ChatKind.GROUP)
        async with harness.db.reading() as uow:
            eve = await uow.people.find("room", "eve")
            assert eve is not None
            room, other = await uow.chats.find("room", "room"), await uow.chats.find("room", "other")
            assert room is not None
            assert other is not None
            wanted = {kind: await uow.pings.wanted([room.id], kind) for kind in PING_KINDS}
            both = await uow.pings.wanted([room.id, other.id], "elimination")
            assert await uow.pings.wanted([other.id], "freeze") == []
        assert {kind for kind, who in wanted.items() if who == [eve.id]} == {"elimination", "lead"}
        assert both == [eve.id]
        await harness.say("eve", "/board")
        private = plain_text.text(await harness.say("eve", "/settings", chat="eve", kind=ChatKind.PRIVATE))
        assert "you are told in private when somebody is out or somebody takes the lead" in private
        assert "You have pings for 1 more chat" in private
        await harness.say("eve", "/settings pings all off", chat="eve", kind=ChatKind.PRIVATE)
        async with harness.db.reading() as uow:
            assert await uow.pings.wanted([room.id], "elimination") == []


async def test_a_stranger_sees_settings_and_leaves_no_trace_until_they_set_one(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        before = harness.rows()
        shown = await harness.say("zoe", "/settings", chat="zoe", kind=ChatKind.PRIVATE)
        assert "Your settings." in plain_text.text(shown)
        refused = await harness.say("zoe", "/settings pings all on", chat="zoe", kind=ChatKind.PRIVATE)
        assert not refused.ok
        assert "Nothing is stored about you" in plain_text.text(await harness.say("zoe", "/privacy"))
        assert "Nothing is stored about you" in plain_text.text(await harness.say("zoe", "/forget"))
        assert harness.rows() == before
        assert (await harness.say("zoe", "/settings slippage 2%", chat="zoe", kind=ChatKind.PRIVATE)).ok


async def test_private_lines_go_on_with_the_market_of_the_chat_spoken_in_last(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        for line in ("/admin create Pub X, Y, Z", "/admin open"):
            assert (await harness.say(ADMIN, line, chat="pub", kind=ChatKind.GROUP)).ok
        assert "no market yet" in plain_text.text(await there(harness, "eve", "/board", platform="room"))
        await harness.say("eve", "/board", chat="pub", kind=ChatKind.GROUP)
        assert "Pub" in plain_text.text(await harness.say("eve", "/board", chat="eve", kind=ChatKind.PRIVATE))
        joined = await harness.say("eve", "/join", chat="eve", kind=ChatKind.PRIVATE)
        assert "is yours in Pub" in plain_text.text(joined)
        await harness.say("ada", "/board", chat="pub", kind=ChatKind.GROUP)
        assert "Pub" in plain_text.text(await harness.say("ada", "/board", chat="ada", kind=ChatKind.PRIVATE))
        await harness.say("ada", "/board")
        before = harness.rows()
        await harness.say("ada", "/board")
        assert harness.rows() == before  # written only where it changed

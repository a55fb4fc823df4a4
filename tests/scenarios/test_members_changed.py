"""What an admin changes about a member: another name, barred, out of the ranks; each told, logged and undone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.market.standings import scores
from storage import export
from storage.rankings import standings
from storage.verify import Verified, verify
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness, running
from tests.scenarios.elsewhere import code_in, there
from tests.scenarios.rows import SET_UP, Row, perform

RENAMED: tuple[Row, ...] = (
    ("ada", "/admin users bob rename Robert", "!", "for this chat's admins"),
    (ADMIN, "/admin users zoe rename Robert", "!", "Nobody in this market is called “zoe”"),
    (
        ADMIN,
        "/admin users bob dance",
        "!",
        "“dance” is nothing that can be done to a member",
        "rename NAME, bar, unbar",
    ),
    (ADMIN, "/admin users bob rename", "!", "Say the new name"),
    (
        ADMIN,
        "/admin users bob rename Ada",
        "!",
        "Another member is called “Ada” already",
        "/admin users #3 rename Ada 2",
    ),
    (ADMIN, "/admin users bob rename Аda", "!", "would be taken for Ada", "/admin users #3 rename Аda 2"),
    (ADMIN, "/admin users bob rename Outcry", "!", "taken for the bot or the house", "/admin users #3 rename Trader"),
    (ADMIN, "/admin users bob rename Boss", "!", "taken for Boss, who runs this chat"),
    (ADMIN, "/admin users #3 rename Robert the Small", "Bob the Great is Robert the Small from now on", "[Undo"),
    ("tick", "2s"),
    ("told bob", "", "An admin has renamed you: in Cup you are Robert the Small."),
    ("bob", "/join", "You are in, as Robert the Small"),
    (ADMIN, '/admin users "Robert the Small" rename "Robert the Small"', "!", "is called so already"),
    (ADMIN, "/admin users robert rename ADA", "!", "Another member is called “ADA” already"),
    (ADMIN, "/admin users robert rename ADA 2", "is ADA 2 from now on"),
    (ADMIN, "/admin users #3 rename Robert the Small", "ADA 2 is Robert the Small"),
    (ADMIN, "press Undo", "Robert the Small is ADA 2"),
    (ADMIN, "/admin log", "rename", "name Robert the Small → ADA 2 · member ADA 2", "Boss"),
)

BARRED: tuple[Row, ...] = (
    ("bob", "/buy germany yes 100", "Buy Germany YES"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("bob", "/buy brazil yes 10 limit 20c", "Buy"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("bob", "/buy germany yes 10", "Buy Germany YES"),
    ("bob", "press Confirm", "Sent."),
    ("bob", "/buy germany no 10", "Buy Germany NO"),  # a ticket that is open
    (ADMIN, "/admin users bob bar floods the chat", "could not buy any more", "2 orders of theirs would come back",
     "They keep $", "every token they hold", "/admin users #3 unbar"),
    ("ada", "press Confirm of boss", "!", "for this chat's admins"),
    (ADMIN, "press Confirm", "is barred: they can sell and cancel, not buy", "[Undo"),
    ("bob", "press Confirm", "!", "An admin has barred you from this market: floods the chat.", "/sell"),
    ("bob", "/buy germany yes 10", "!", "barred you"),
    ("bob", "/buy germany yes 10 limit 20c", "!", "barred you"),
    ("bob", "/join Robert", "!", "barred you from this market: floods the chat"),
    ("bob", "/balance", "An admin has barred you: floods the chat. You can sell"),
    ("bob", "/positions", "100"),
    (ADMIN, "/admin users", "Bob the Great (barred)"),
    ("bob", "/quote germany yes 1", "1 token at", "an admin has barred you from buying"),
    (ADMIN, "/admin users bob bar again", "!", "Bob the Great is barred already", "/admin users #3 unbar"),
    ("tick", "2s"),
    ("bob", "/cancel all", "!", "No order of yours waits"),
    ("bob", "/sell germany yes 40", "Sell Germany YES", "40 tokens"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("told bob", "", "Filled: sold 40 Germany YES"),
    ("bob", "/sell germany yes 10 limit 90c", "Sell"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("bob", "/cancel all", "Asked to cancel"),
    ("tick", "2s"),
    (ADMIN, "/admin log", "bar: floods the chat", "barred no → yes · orders 4, 5 · member Bob the Great"),
    (ADMIN, "/admin users bob unbar", "may buy again", "[Undo"),
    ("tick", "2s"),
    ("told bob", "", "You may buy again in Cup."),
    ("bob", "/buy germany yes 1", "Buy Germany YES"),
    (ADMIN, "/admin users bob unbar", "!", "is not barred"),
)  # fmt: skip

UNRANKED: tuple[Row, ...] = (
    (ADMIN, "/admin users ada unranked works for the house", "Ada is out of the ranks, the podium and the season"),
    ("ada", "/buy germany yes 100", "Buy Germany YES"),
    ("ada", "press Confirm", "Sent."),
    ("bob", "/buy brazil yes 20", "Buy Brazil YES"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("ada", "/leaderboard", "Bob the Great", "1 person trades out of the ranks"),
    ("ada", "/balance", "An admin keeps you out of the ranks: no place, podium or points."),
    (ADMIN, "/admin users", "Ada (unranked)"),
    (ADMIN, "/admin users ada unranked", "!", "Ada is out of the ranks already"),
)


@pytest.mark.parametrize("rows", [RENAMED, BARRED, UNRANKED], ids=["renamed", "barred", "unranked"])
async def test_what_an_admin_changes_about_a_member(tmp_path: Path, rows: tuple[Row, ...]) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await perform(harness, rows)
        assert isinstance((await verify(harness.db, 1))[-1], Verified)


async def _bar(harness: ChatHarness, who: str) -> None:
    preview = await harness.say(ADMIN, f"/admin users {who} bar spam")
    assert (await harness.press(ADMIN, preview, "Confirm")).ok


async def test_whom_a_bar_finds_is_told_why_and_what_they_can_still_do(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for line in ("/buy germany yes 10 limit 20c", "/buy brazil yes 10 limit 20c"):
            await harness.confirmed("ada", line)
        await harness.tick()
        await harness.confirmed("ada", "/buy germany yes 10")
        await _bar(harness, "ada")
        await harness.tick()
        told = "\n".join(harness.platform.texts("tell", "ada")[-3:])
        assert "An admin has barred you from" in told
        assert "spam" in told
        assert "`/sell` sells it" in told
        assert "Not filled: an admin has barred you from this market." in told
        assert "2 orders are cancelled" in told
        async with harness.db.reading() as uow:
            member = await uow.members.get_one(1, 2)
        assert member.available == member.stake - 20_000  # all but the gas of the two that reached the book


async def test_a_bar_holds_under_every_identity_and_outlives_a_link(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 10")
        await harness.tick()
        await _bar(harness, "ada")
        code = code_in(await harness.say("ada", "/link"))
        linked = await there(harness, "ada", f"/link {code}", platform="telegram")
        assert linked.ok, plain_text.text(linked)
        for line in ("/join Somebody Else", "/buy germany yes 5"):
            refused = await there(harness, "ada", line, platform="telegram")
            assert "barred you" in plain_text.text(refused)


async def test_who_is_barred_unused_stays_barred_when_linked_to_another(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.say("eve", "/join")
        await harness.tick()
        await _bar(harness, "eve")
        code = code_in(await harness.say("ada", "/link"))
        await harness.confirmed("ada", "/buy germany yes 10")
        linked = await harness.say("eve", f"/link {code}")
        assert linked.ok, plain_text.text(linked)
        assert "barred you" in plain_text.text(await harness.say("ada", "/buy germany yes 5"))


async def test_who_is_unranked_has_no_place_anywhere_and_keeps_their_row_in_the_file(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for line in ("/buy germany yes 10", "/buy brazil no 10", "/buy germany yes 5"):
            for who in ("ada", "bob"):
                await harness.confirmed(who, line)
        await harness.say(ADMIN, "/admin users ada unranked")
        await harness.tick()
        preview = await harness.say(ADMIN, "/admin resolve germany")
        await harness.press(ADMIN, preview, "Confirm")
        await harness.tick()
        podium = harness.platform.texts("post")[-1]
        assert "Bob" in podium
        assert "Ada" not in podium
        out = io.StringIO()
        async with harness.db.reading() as uow:
            market = await uow.markets.get_one(1)
            ranked = standings(market, None, await uow.members.of(1))
            await export.write_rankings(uow, market, out)
        assert [score.name for score in scores(ranked)] == ["Bob"]
        rows = [line.split(",") for line in out.getvalue().splitlines()]
        assert rows[0][:3] == ["rank", "user", "name"]
        assert [(row[0], row[2]) for row in rows[1:]] == [("1", "Bob"), ("", "Ada")]


async def test_a_stale_preview_of_a_bar_is_shown_anew(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        preview = await harness.say(ADMIN, "/admin users ada bar spam")
        await harness.confirmed("ada", "/buy germany yes 10")
        again = await harness.say(ADMIN, button(preview, "Confirm"))
        assert "Something changed since the last look" in plain_text.text(again)
        assert "1 order of theirs would come back" in plain_text.text(again)

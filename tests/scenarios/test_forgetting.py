"""What is stored about a person, and that nothing that names them is left once they are forgotten."""

from __future__ import annotations

from pathlib import Path

from bot.chat import plain_text
from bot.chat.invocation import ChatKind
from tests.bot.harness import ADMIN, button, chat_harness, opened, running
from tests.scenarios.elsewhere import code_in, there
from tests.scenarios.rows import Row, perform

PEOPLE = ("ada", "bob")

ASKED: tuple[Row, ...] = (
    ("ada", "/privacy", "You are number 2, known since", "the room", "Ada", "Cup", "Settings: as they come", "/forget"),
    ("ada", "/settings slippage 2% notices fills off", "Slippage is 2%"),
    ("ada", "/settings pings lead on", "You are told when"),
    ("ada", "/privacy", "Settings: slippage 2%, confirm on, auto-fill off, muted: fills", "lead"),
    ("ada", "/buy germany yes 100", "Buy"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("ada", "/buy brazil yes 50 limit 10c", "Buy"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    (
        "ada",
        "/forget",
        "Forget you, for good?",
        "Cup: you hold $948.73 and 100 Germany YES. Nobody will be able to trade or spend it.",
        "1 order of yours there waits; it is cancelled.",
        "you become Member 2",
        "nobody can tell that you were here",
        "This cannot be undone.",
    ),
    ("ada", "/forget confirm 12345678", "!", "Something of yours has changed"),
)

MARKED = "Zyxella Quorn"  # a name nothing else contains


async def test_forgetting_asks_in_numbers_and_leaves_a_number_in_the_books(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await harness.say("ada", f"/join {MARKED}")
        await perform(harness, ASKED)
        preview = await harness.say("ada", "/forget")
        assert MARKED in harness.rows()
        done = await harness.press("ada", preview, "Confirm")
        assert "You are forgotten." in plain_text.text(done)
        assert "Your 1 account stays in the books as Member 2" in plain_text.text(done)
        await harness.tick()
        rows = harness.rows()
        assert MARKED not in rows
        assert "'ada'" not in rows
        assert "'Ada'" not in rows
        board = plain_text.text(await harness.say("bob", "/leaderboard"))
        assert "Member 2" in board
        assert MARKED not in board
        refused = await harness.say(ADMIN, "/admin grant #2 $50")
        assert not refused.ok
        assert "Nobody is behind Member 2 any more" in plain_text.text(refused)
        async with harness.db.reading() as uow:
            assert (await uow.ledger.audit(1)).ok
            assert await uow.orders.of(1, 2, open_only=True) == []
            state = await uow.markets.state(1)
            assert state.accounts[2].tokens[0][0] == 100_000_000
            assert state.accounts[2].escrow == 0


async def test_who_comes_back_is_a_stranger_and_old_buttons_are_nobodys(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        ticket = await harness.say("ada", "/buy germany yes 10")
        await harness.press("ada", await harness.say("ada", "/forget"), "Confirm")
        await harness.tick()
        assert "no account in this market" in plain_text.text(await harness.say("ada", "/balance"))
        assert "Nothing is stored about you" in plain_text.text(await harness.say("ada", "/privacy"))
        assert "not yours" in plain_text.text(await harness.press("ada", ticket, "Confirm"))
        again = await harness.say("ada", "/join")
        assert "Welcome, Ada" in plain_text.text(again)
        assert "is not yours" in plain_text.text(await harness.press("ada", ticket, "Confirm"))


async def test_an_account_that_was_never_used_goes_with_its_owner(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        preview = await harness.say("ada", "/forget")
        assert "Cup: your account was never used; it is closed." in plain_text.text(preview)
        await harness.press("ada", preview, "Confirm")
        await harness.tick()
        async with harness.db.reading() as uow:
            assert [one.person for one in await uow.members.of(1)] == [3]
            assert (await uow.ledger.audit(1)).ok


async def test_a_lobbys_account_goes_at_once_and_gets_nothing_at_the_start(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness, people=PEOPLE)
        await harness.press("ada", await harness.say("ada", "/forget"), "Confirm")
        assert "1 person would get" in plain_text.text(await harness.say(ADMIN, "/admin start"))


async def test_both_identities_of_one_person_are_forgotten_together(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        made = code_in(await harness.say("ada", "/link"))
        assert (await there(harness, "tam", f"/link {made}")).ok
        await there(harness, "tam", "/buy germany yes 5")
        private = plain_text.text(await there(harness, "tam", "/privacy"))
        assert "tam" in private
        preview = await there(harness, "tam", "/forget")
        assert (await there(harness, "tam", button(preview, "Confirm"))).ok
        await harness.tick()
        rows = harness.rows()
        for word in ("'tam'", "'Tam'", "'ada'", "'Ada'"):
            assert word not in rows
        assert "no account" in plain_text.text(await harness.say("ada", "/balance"))


async def test_nothing_that_waits_to_be_told_names_them_afterwards(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await harness.say("ada", f"/join {MARKED}")
        harness.platform.broken = [RuntimeError("away")] * 500
        await harness.confirmed("ada", "/buy germany yes $300")
        await harness.tick()
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin resolve germany"), "Confirm")
        await harness.tick()
        await harness.press("ada", await harness.say("ada", "/forget"), "Confirm")
        assert MARKED not in harness.rows()
        harness.platform.broken = []
        said = len(harness.platform.sent)
        for _ in range(20):
            harness.now += 600_000
            await harness.announcer.step()
        later = [(where, plain_text.text(reply)) for _, where, _, reply in harness.platform.sent[said:]]
        assert any("Germany wins" in text and "Member 2" in text for _, text in later)
        assert not [text for where, text in later if where == "ada" or MARKED in text]


async def test_of_a_private_chat_nothing_is_kept_that_leads_there(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        for line in ("/markets 1", "/join", "/buy germany yes $5", "/positions"):
            await harness.say("ada", line, chat="dm-77", kind=ChatKind.PRIVATE)
        assert "dm-77" not in harness.rows()

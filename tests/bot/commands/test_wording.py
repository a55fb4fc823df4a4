"""What decides is written down: before the start freely, afterwards only added to; nobody buys unread."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.reply import Board, Reply, Span
from tests.bot.harness import ADMIN, CREATE, ChatHarness, button, chat_harness, opened

TEXT = "The official result counts.\nSource: fifa.com"
ADDED = "Overtime counts as well."


async def ticket(harness: ChatHarness, who: str, line: str = "/buy germany yes $10") -> str:
    return plain_text.text(await harness.say(who, line))


async def started(harness: ChatHarness, text: str = TEXT, people: tuple[str, ...] = ("ada", "bob")) -> None:
    await opened(harness, people=people)
    if text:
        assert (await harness.say(ADMIN, f"/admin set about {text}")).ok
    await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")
    await harness.tick()


async def add(harness: ChatHarness, text: str = ADDED) -> Reply:
    return await harness.press(ADMIN, await harness.say(ADMIN, f"/admin set about {text}"), "Confirm")


async def test_a_market_without_a_text_says_so_to_its_admin_and_on_its_rules(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, CREATE)
        for line in ("/admin open", "/admin start"):
            reply = await harness.say(ADMIN, line)
            assert "Careful: nothing is written on what decides" in plain_text.text(reply), line
            assert button(reply, "What decides") == "/admin set about"
        assert "What decides: nothing is written on that here" in plain_text.text(await harness.say("ada", "/rules"))


async def test_the_text_stands_in_the_post_of_the_opening_on_the_rules_and_on_everybodys_first_ticket(
    tmp_path: Path,
) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, CREATE)
        await harness.say(ADMIN, f"/admin set about {TEXT}")
        assert "Careful" not in plain_text.text(await harness.say(ADMIN, "/admin open"))
        await harness.announcer.step()
        shown = "What decides: The official result counts.\nSource: fifa.com"
        assert any(shown in text for text in harness.platform.texts("post"))
        for who in ("ada", "bob"):
            await harness.say(who, "/join")
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")
        await harness.tick()
        assert TEXT in plain_text.text(await harness.say("ada", "/rules"))
        (board,) = [block for block in (await harness.say("ada", "/board")).blocks if isinstance(block, Board)]
        assert [row[-1] for row in board.decides[1:]] == [Span(row) for row in TEXT.splitlines()], (
            "for the room's panel"
        )
        for who in ("ada", "bob"):
            first = await harness.say(who, "/buy germany yes $10")
            assert shown in plain_text.text(first)
            changed = await harness.say(who, f"/ticket change {first.ticket} $20")
            assert shown in plain_text.text(changed), "it took the first one's place"
            assert "What decides" not in await ticket(harness, who)


async def test_who_is_not_asked_before_an_order_is_asked_before_their_first_one_all_the_same(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await started(harness)
        await harness.say("ada", "/settings confirm off")
        for _ in range(2):  # the same request twice is the same ticket, and no order either time
            first = await harness.say("ada", "/buy germany yes $10", request="same")
            assert first.ticket is not None
            assert "What decides" in plain_text.text(first)
        assert "Ordered without asking" in await ticket(harness, "ada")


async def test_before_the_start_it_is_replaced_or_taken_back_and_the_lobby_is_told(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        for line, told in (
            (f"/admin set about {TEXT}", f"Boss has written what decides Cup:\n{TEXT}\n"),
            ("/admin set wording Another.", "Boss has written what decides Cup:\nAnother.\n"),
            ("/admin set about none", "What was written on what decides Cup is taken back"),
        ):
            assert (await harness.say(ADMIN, line)).ok
            await harness.announcer.step()
            assert told in harness.platform.texts("post")[-1]
        async with harness.db.reading() as uow:
            assert await uow.wordings.of(1) == ()


async def test_after_the_start_it_is_only_added_to_once_a_press_and_everybody_concerned_is_told(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await started(harness)
        await harness.confirmed("ada", "/buy germany yes $10")
        await harness.tick()
        before = harness.rows()
        assert "can only be added to" in plain_text.text(await harness.say(ADMIN, "/admin set about none"))
        assert harness.rows() == before
        preview = await harness.say(ADMIN, f"/admin set about {ADDED}")
        assert "1 holder of tokens or orders in private. It cannot be changed" in plain_text.text(preview)
        for _ in range(2):
            assert (await harness.press(ADMIN, preview, "Confirm")).ok
        assert not (await harness.say("eve", button(preview, "Confirm"), admin=True)).ok
        await harness.announcer.step()
        said = f"Boss has added to what decides Cup:\n{ADDED}"
        assert [said in text for text in harness.platform.texts("post")].count(True) == 1
        assert [said in text for text in harness.platform.texts("tell", "ada")].count(True) == 1
        assert not harness.platform.texts("tell", "bob")
        rules = plain_text.text(await harness.say("bob", "/rules"))
        assert rules.index(TEXT) < rules.index(f"Added 3 July 2014 06:46 UTC by Boss:\n{ADDED}")
        assert f"Added to what decides: {ADDED}" in await ticket(harness, "ada"), "they had read the first text"
        assert f"{TEXT}\n{ADDED}" in await ticket(harness, "bob"), "they had read nothing"


async def test_nothing_can_be_written_once_the_market_is_over(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await started(harness)
        preview = await harness.say(ADMIN, f"/admin set about {ADDED}")
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin void"), "Confirm")
        await harness.tick()
        before = harness.rows()
        for reply in (
            await harness.say(ADMIN, "/admin set about More."),
            await harness.press(ADMIN, preview, "Confirm"),
        ):
            assert "This market is over" in plain_text.text(reply)
        assert harness.rows() == before


HOSTILE = "@everyone <b>&</b> \u202etfel\u202c **x**\r\n\r\n\r\n\r\n# heading \u200bhttps://evil.example/?a=1\n> quote"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (HOSTILE, "@everyone <b>&</b> tfel **x**\n\n# heading https://evil.example/?a=1\n> quote"),
        ("one\u2028two\x0bthree", "one\ntwo\nthree"),
        ("word " * 299 + "end", "word " * 299 + "end"),
        ("a" * 1_500, "a" * 1_500),
    ],
)
@pytest.mark.parametrize("as_form", [False, True])
async def test_a_text_keeps_its_lines_and_words_and_loses_what_deceives(
    tmp_path: Path, typed: str, kept: str, as_form: bool
) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, CREATE)
        if as_form:
            reply = await harness.say(ADMIN, command="admin set about", args={"value": typed})
        else:
            reply = await harness.say(ADMIN, f"/admin set about {typed}")
        assert reply.ok, plain_text.text(reply)
        async with harness.db.reading() as uow:
            (wording,) = await uow.wordings.of(1)
        assert wording.text == kept


@pytest.mark.parametrize(
    ("typed", "why"),
    [("a" * 1_501, "1501 characters"), ("a\n" * 31, "31 lines; please stay within 30"), ("\u200b", "no letters in it")],
)
async def test_what_does_not_fit_is_refused_and_nothing_is_written(tmp_path: Path, typed: str, why: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, CREATE)
        before = harness.rows()
        reply = await harness.say(ADMIN, command="admin set about", args={"value": typed})
        assert not reply.ok
        assert why in plain_text.text(reply)
        assert harness.rows() == before


async def test_a_long_text_has_pages_of_its_own_on_the_rules(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await started(harness, "first " * 240)
        for number in range(3):
            await add(harness, f"{number} " * 700)
        read = ""
        line = "/rules"
        for page in range(1, 4):
            reply = await harness.say("ada", line)
            text = plain_text.text(reply)
            assert len(text) < 3_700
            read += text
            more = [action.text for action in reply.actions if action.label == "More"]
            assert bool(more) == (page < 3), page
            line = more[0] if more else line
        assert ("first " * 240).strip() in read
        assert all((f"{number} " * 700).strip() in read for number in range(3))
        assert "Begin with `/join`" in read

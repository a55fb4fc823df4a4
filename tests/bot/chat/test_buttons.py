"""What a button carries fits where it is put, says whom it is for, and survives a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.discord_chat import message_refs
from bot.chat import plain_text
from bot.chat.buttons import KEY_LENGTH, Buttons, Pressed, takes_place
from bot.chat.reply import Action
from storage.key_value import BRIEF_MS, KEPT_MS
from tests.bot.harness import START, ChatHarness, chat_harness, running

LONG = "/admin eliminate " + ", ".join(f'"Outcome number {n}"' for n in range(9)) + " confirm=0a1b2c3d"


@pytest.mark.parametrize(
    ("line", "person", "kept"),
    [
        ("/board", None, False),
        ("/ticket confirm 5", 17, False),
        ("/ticket confirm 5", 10**18 - 1, False),
        ('/buy "Côte d’Ivoire" yes $50', 3, False),
        (LONG, 17, True),
        ("#not a key", 1, True),
    ],
)
async def test_every_button_comes_back_as_it_went(tmp_path: Path, line: str, person: int | None, kept: bool) -> None:
    async with chat_harness(tmp_path) as harness:
        data = await Buttons(harness.db, lambda: START).pack(Action(label="x", text=line, person=person), 64)
        assert len(data.encode()) <= 64
        assert (line not in data) == kept or line.startswith("#")
        after_restart = Buttons(harness.db, lambda: START + 10**10)
        assert await after_restart.unpack(data) == Pressed(line, person)


@pytest.mark.parametrize(
    ("label", "text", "takes"),
    [
        ("Confirm", "/ticket confirm 5", True),
        ("$50", "/ticket change 5 $50", True),
        ("Confirm the cut", "/admin eliminate brazil confirm=0a1b2c3d", True),
        ("Cancel", "/admin monitor", True),
        ("Join", "/begin /buy germany yes $20", True),
        ("Cup (2)", "/markets 2", True),
        ("Next", "/in 3 /tour 2", True),
        ("Germany", "/in 3 /admin pick 1 germany", True),
        ("Switch off", "/settings pings frozen off", True),
        ("Positions", "/in 3 /positions", False),
        ("My markets", "/markets", False),
        ("Settings", "/settings", False),
        ("Buy", "/in 3 /buy germany yes", False),
    ],
)
def test_what_answers_a_question_takes_its_place(label: str, text: str, takes: bool) -> None:
    assert takes_place(Action(label=label, text=text)) == takes
    assert takes_place(Action(label=label, text=text, settles=True))


@pytest.mark.parametrize("data", ["", "x", "|", "-|", "a|/board", "-5|/board", f"{10**30}|/board", "-|#0123", "５|/x"])
async def test_what_nobody_packed_is_no_button(tmp_path: Path, data: str) -> None:
    async with chat_harness(tmp_path) as harness:
        assert await Buttons(harness.db, lambda: START).unpack(data) is None


async def test_the_same_line_for_two_people_has_two_keys(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        buttons = Buttons(harness.db, lambda: START)
        keys = {await buttons.keep("/buy germany", person, "here") for person in (None, 1, 2)}
        assert len(keys) == 3
        for key in keys:
            kept = await buttons.kept(key)
            assert kept is not None
            assert (kept.line, kept.chat_ext) == ("/buy germany", "here")


async def briefly(harness: ChatHarness, buttons: Buttons, token: str, person_ext: str) -> str:
    """A token of Discord's, kept as its adapter keeps it."""
    key = message_refs.Tokens(buttons).remember(token)
    async with harness.db.writing() as uow:
        await uow.lines.keep(key, message_refs.stored_token(token, person_ext), harness.now)
        await uow.commit()
    return key


async def test_lines_in_use_are_kept_and_others_run_out(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        now = START
        buttons = Buttons(harness.db, lambda: now)
        used, idle = await buttons.keep("/used"), await buttons.keep("/idle")
        secret = await briefly(harness, buttons, "token", "ada")
        for later, left in (
            (START + BRIEF_MS, {used, idle, secret}),
            (START + BRIEF_MS + 1, {used, idle}),
            (START + KEPT_MS, {used, idle}),
            (START + KEPT_MS + 1, {used}),
            (START + 2 * KEPT_MS, {used}),
            (START + 2 * KEPT_MS + 1, set[str]()),
        ):
            if later == START + KEPT_MS:
                now = later
                assert await buttons.keep("/used") == used  # behind a button once more
            async with harness.db.writing() as uow:
                due = await uow.lines.expired(later)
                await uow.lines.expire(later)
                await uow.commit()
            kept = {key for key in (used, idle, secret) if await buttons.kept(key) is not None}
            assert kept == left, later - START
            assert due or kept == left


async def test_a_brief_secret_is_found_by_no_link(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        key = await briefly(harness, Buttons(harness.db, lambda: START), "token", "ada")
        assert len(key) == KEY_LENGTH
        assert not key.isalnum()  # what a link carries is


async def test_who_is_forgotten_leaves_no_line_of_hers(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        async with harness.db.reading() as uow:
            ada = await uow.people.find("room", "ada")
        assert ada is not None
        buttons = Buttons(harness.db, lambda: harness.now)
        forgotten = [
            await briefly(harness, buttons, "a-token", "ada"),
            await buttons.keep("/board", ada.id, "room"),
            await buttons.keep("/balance", None, "ada"),
            await buttons.keep('{"l":"/buy 1","p":"ada"}', None, "room"),
        ]
        others = [await briefly(harness, buttons, "b-token", "bob"), await buttons.keep("/board", None, "room")]
        assert "4 lines" in plain_text.text(await harness.say("ada", "/privacy"))
        await harness.press("ada", await harness.say("ada", "/forget"), "Confirm")
        assert [await buttons.kept(key) for key in forgotten] == [None] * 4
        assert None not in [await buttons.kept(key) for key in others]

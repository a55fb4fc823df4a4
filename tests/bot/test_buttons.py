"""What a button carries fits where it is put, says whom it is for, and survives a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.buttons import Buttons, Pressed
from bot.reply import Action
from tests.bot.play import START, town

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
    async with town(tmp_path) as play:
        data = await Buttons(play.db, lambda: START).pack(Action(label="x", text=line, person=person), 64)
        assert len(data.encode()) <= 64
        assert (line not in data) == kept or line.startswith("#")
        after_restart = Buttons(play.db, lambda: START + 10**10)
        assert await after_restart.unpack(data) == Pressed(line, person)


@pytest.mark.parametrize("data", ["", "x", "|", "-|", "a|/board", "-5|/board", f"{10**30}|/board", "-|#0123", "５|/x"])
async def test_what_nobody_packed_is_no_button(tmp_path: Path, data: str) -> None:
    async with town(tmp_path) as play:
        assert await Buttons(play.db, lambda: START).unpack(data) is None


async def test_the_same_line_for_two_people_has_two_keys(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        buttons = Buttons(play.db, lambda: START)
        keys = {await buttons.keep("/buy germany", person, "here") for person in (None, 1, 2)}
        assert len(keys) == 3
        for key in keys:
            kept = await buttons.kept(key)
            assert kept is not None
            assert (kept.line, kept.chat_ext) == ("/buy germany", "here")

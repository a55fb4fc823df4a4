"""No statement of the hot path is built anew: building one costs four times what running it does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Executable

from tests.bot.adapters.room.harness import Browser, RoomHarness, room_harness
from tests.paths import ROOT


class Statements:
    """Every statement that is executed, and who asked for it."""

    def __init__(self) -> None:
        self.kept: dict[int, Executable] = {}  # all of them, so that no id is given out twice
        self.anew: dict[str, str] = {}  # where built, its beginning: of those that were not executed before

    def execute(self, statement: Executable) -> None:
        if id(statement) not in self.kept:
            self.kept[id(statement)] = statement
            self.anew[_caller()] = " ".join(str(statement).split())[:80]


def _caller() -> str:
    """Which function outside `storage/session.py` asked."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.endswith(("/storage/session.py", "/test_prebuilt.py")):
        frame = frame.f_back
    file = Path(frame.f_code.co_filename)
    return f"{file.relative_to(ROOT) if file.is_relative_to(ROOT) else file}:{frame.f_code.co_name}"


async def traded(room: RoomHarness, people: Sequence[Browser]) -> None:
    """What a crowd does all day: look, ask for a ticket, confirm it, be told of its fill."""
    for person in people:
        for line in ("/help", "/board", "/balance", "/positions", "/orders", "/trades"):
            assert (await person.say(line))[0] == 200
        for order in ("/buy 1 yes $5", "/buy 2 no $3 limit 30c"):
            _, ticket = await person.say(order)
            assert "actions" in ticket["reply"], ticket
            [confirm] = [
                action["text"] for action in ticket["reply"]["actions"] if action["label"].startswith("Confirm")
            ]
            status, answer = await person.press(confirm, ticket["id"])
            assert status == 200, answer
            assert answer["reply"]["ok"], answer
    await room.tick(after_ms=20_000)


async def test_looking_trading_ticking_and_telling_build_no_statement_anew(
    tmp_path: Path,
) -> None:
    statements = Statements()
    async with room_harness(tmp_path) as room:
        room.db.seen = statements.execute
        await room.open_market()
        people = [await room.person(name) for name in ("Ada", "Ben")]
        await room.tick(after_ms=20_000)
        for _ in range(2):
            await traded(room, people)
        statements.anew.clear()
        await traded(room, people)
    assert statements.anew == {}

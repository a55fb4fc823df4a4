"""Whatever is typed gets one sentence: no exception, no side effect."""

from __future__ import annotations

import random
from pathlib import Path

from bot import plain
from bot.commands import COMMANDS
from bot.completion import suggestions
from bot.grammar import parse
from bot.money import MICRO
from bot.scene import Held, Scene
from bot.schedule import Timetable, read, render
from tests.bot.play import BOSS, opened, town

NAMES = ("Germany", "Brazil", "Costa Rica", "Côte d'Ivoire", "日本", "yes", "100")
SCENE = Scene(
    now_ms=1_700_000_000_000,
    outcomes=NAMES,
    active=(True, True, False, True, True, True, True),
    prices=((500_000, 500_000),) * 7,
    held={0: Held(yes=5 * MICRO)},
)
PIECES = (
    *NAMES, "yes", "no", "all", "half", "25%", "$50", "2k", "-1", "0", "1e999", "nan", "9" * 40, "slippage",
    "slippage=5%", "limit", "limit=55c", "0.55", "55¢", "autofill",
    "outcome=", "=", "==", "a=b", '"', '""', '"x', "“", "”", "'", ",", ";", "and", "in 10m", "2014-07-03", "09:40",
    "Europe/Berlin", "+1h", "out", "2", "winner", "ask", "lowest", "to", "for", "5m", "start", "confirm=x", "fee", "z",
    "\u202e", "\x00", "\ud800", "\u0301" * 50, "ﷺ", "🇩🇪", "¼", "²", "٣", "%", "$", "#1", "/", "\\", "<b>", "${x}", "\n",
)  # fmt: skip
ADMIN = [command for command in COMMANDS if command.name.startswith("admin ")]


def garbage(rng: random.Random) -> str:
    if rng.random() < 0.2:
        return "".join(chr(rng.randrange(1, 0x3000)) for _ in range(rng.randrange(30)))
    return rng.choice((" ", " ", "")).join(rng.choice(PIECES) for _ in range(rng.randrange(9)))


def test_twenty_thousand_random_lines_are_read_without_an_exception() -> None:
    rng = random.Random(7)
    fine = 0
    for _ in range(20_000):
        command = rng.choice(COMMANDS)
        text = garbage(rng)
        given = {rng.choice(("amount", "outcome", "title", "x")): garbage(rng)} if rng.random() < 0.2 else None
        parsed = parse(command, text, SCENE, given)
        fine += not parsed.problems
        assert all(isinstance(problem, str) and problem for problem in parsed.problems)
        if parsed.corrected:
            assert parsed.corrected.startswith(f"/{command.name}")
    assert 500 < fine < 19_500


def test_random_timetables_are_read_without_an_exception_and_read_back_the_same() -> None:
    rng = random.Random(8)
    for _ in range(3_000):
        found = read(garbage(rng), NAMES, SCENE.now_ms)
        if isinstance(found, Timetable):
            assert read(render(found, NAMES), NAMES, SCENE.now_ms) == found


def test_completion_survives_any_beginning() -> None:
    rng = random.Random(9)
    for _ in range(2_000):
        text = f"/{rng.choice(COMMANDS).name}{rng.choice((' ', ''))}{garbage(rng)}"
        for row in suggestions(text, COMMANDS, SCENE):
            assert row.label


async def test_random_lines_through_the_dispatcher_change_nothing_unless_they_are_answered_yes(tmp_path: Path) -> None:
    rng = random.Random(10)
    async with town(tmp_path) as play:
        await opened(play, people=("ada",))
        before = play.rows()
        for _ in range(400):
            play.now += 5_000
            who = rng.choice(("ada", "eve", BOSS))
            line = f"/{rng.choice(COMMANDS).name} {garbage(rng)}"
            reply = await play.say(who, line)
            assert "went wrong" not in plain.text(reply), line
            after = play.rows()
            if not reply.ok:
                assert after == before, line
            before = after

"""The command line looks after a database: a chart, a copy while it is in use, and clear words where that cannot be."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main
from tests.bot.harness import ChatHarness, chat_harness, every_row, running

SIGNS = b"\x89PNG\r\n\x1a\n"


async def played(folder: Path) -> str:
    async with chat_harness(folder) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 100")
        await harness.tick()
    return f"sqlite:///{folder / 'play.db'}"


@pytest.mark.parametrize("what", ["prices", "outcome", "maker", "leaderboard", "volume"])
async def test_a_chart_becomes_a_file(tmp_path: Path, what: str) -> None:
    url = await played(tmp_path)
    out = tmp_path / "chart.png"
    assert outcry("graph", what, "--db", url, "--outcome", "2", "--theme", "light", "--out", str(out)) == 0
    assert out.read_bytes().startswith(SIGNS)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("outcome",), 2, "--outcome 1 to 3"),
        (("outcome", "--outcome", "4"), 2, "--outcome 1 to 3"),
        (("prices", "--market", "9"), 2, "There is no market 9"),
        (("prices", "--db", "sqlite:///nowhere.db"), 3, "outcry migrate"),
        (("prices", "--out", "/nowhere/at/all.png"), 2, "cannot be written"),
    ],
)
async def test_a_chart_that_cannot_be_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    url = await played(tmp_path)
    out = tmp_path / "chart.png"
    assert outcry("graph", words[0], "--db", url, "--out", str(out), *words[1:]) == code
    assert said in capsys.readouterr().err
    assert not out.exists()


async def test_a_draft_has_no_chart_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say("boss", "/admin create Cup A, B, C")
    url = f"sqlite:///{tmp_path / 'play.db'}"
    assert outcry("graph", "prices", "--db", url, "--out", str(tmp_path / "chart.png")) == 2
    assert "has not started yet" in capsys.readouterr().err


async def test_a_copy_is_made_while_the_bot_writes_and_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "copy.db"
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        assert outcry("backup", str(out), "--db", f"sqlite:///{tmp_path / 'play.db'}") == 0
        assert every_row(out, but=("attempts",)) == harness.rows()
        await carry_on(harness)
        assert outcry("backup", str(out), "--db", f"sqlite:///{tmp_path / 'play.db'}") == 2
        assert "nothing is ever overwritten" in capsys.readouterr().err
        assert every_row(out, but=("attempts",)) != harness.rows()
    assert outcry("verify", "--db", f"sqlite:///{out}") == 0
    assert sorted(os.listdir(tmp_path)) == ["copy.db", "play.db", "play.db.lock"]


@pytest.mark.parametrize(
    ("url", "file", "code", "said"),
    [
        ("sqlite:///nowhere.db", "copy.db", 2, "There is no database at nowhere.db"),
        ("sqlite:///play.db", "away/copy.db", 2, "There is no folder"),
        ("oracle://x", "copy.db", 3, "not supported"),
    ],
)
def test_a_copy_that_cannot_be_made_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, file: str,
    code: int, said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert outcry("backup", file, "--db", url) == code
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("statement", "code", "said"),
    [
        ("", 0, "The tables are version 0008, made by Outcry"),
        ("", 0, "Market 1 (Cup), running: rules 2."),
        ("UPDATE alembic_version SET version_num = '0005'", 1, "`outcry migrate`, or the next start, brings"),
        ("UPDATE alembic_version SET version_num = '0099'; INSERT INTO upgrades VALUES ('0099', '0005', '9.1')", 0,
         "made by Outcry 9.1. This program is Outcry"),
        ("UPDATE alembic_version SET version_num = '0099'; INSERT INTO upgrades VALUES ('0099', '0098', '9.1')", 3,
         "made by a newer Outcry (its tables are version 0099"),
    ],
)  # fmt: skip
async def test_a_database_tells_its_version_and_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], statement: str, code: int, said: str
) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
    path = tmp_path / "play.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(statement)
    before = every_row(path)
    assert outcry("migrate", "--check", "--db", f"sqlite:///{path}") == code
    told = capsys.readouterr()
    assert said in told.out + told.err
    assert every_row(path) == before


async def carry_on(harness: ChatHarness) -> None:
    await harness.confirmed("ada", "/buy germany yes 10")
    await harness.tick()


def outcry(*words: str) -> int:
    """In a thread of its own, as the command line starts a loop of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(main, list(words)).result()

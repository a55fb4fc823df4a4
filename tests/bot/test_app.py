"""`outcry run` as people start it: a child process that says when it is ready and stops when it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.app import room_address
from storage.database import Database
from tests.paths import ROOT
from tests.storage.databases import migrated_file
from tests.storage.worlds import started

TOKEN = "a-token-of-a-test-1234"


OURS = ("OUTCRY_", "DATABASE_")


def outcry(folder: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
    """The command line in a folder of its own, on any free port."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT), "OUTCRY_ROOM_PORT": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """The same in this process, for what ends by itself: its code, what it said and what it complained of."""

    def answer(*words: str, **environment: str) -> tuple[int, str, str]:
        for name in [name for name in os.environ if name.startswith(OURS)]:
            monkeypatch.delenv(name)
        for name, value in {"OUTCRY_ROOM_PORT": "0", **environment}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        return (main(words), *capsys.readouterr())

    return answer


def test_it_says_when_it_is_ready_refuses_a_second_process_on_its_file_and_stops_on_sigterm(tmp_path: Path) -> None:
    """Unasked it makes a token for the admin, which is theirs alone and never told."""
    process = outcry(tmp_path, "run")
    try:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("room: ").strip()
        assert process.stdout.readline() == "ready: room\n"
        for path in ("healthz", "readyz"):
            with urllib.request.urlopen(url + path) as answer:
                assert answer.status == 200
        file = tmp_path / "outcry-admin-token"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

        second = outcry(tmp_path, "run", OUTCRY_ADMIN_TOKEN=TOKEN)
        out, err = second.communicate()
        assert second.returncode == 3
        assert out == ""
        assert len(err.splitlines()) == 1

        process.send_signal(signal.SIGTERM)
        told = "".join(process.communicate())
        assert process.returncode == 0
        assert file.name in told
        assert file.read_text(encoding="ascii").strip() not in told
    finally:
        process.kill()
        process.communicate()


def test_the_room_is_named_by_the_address_under_which_people_reach_it() -> None:
    assert room_address("http://127.0.0.1:8080/", None) == "http://127.0.0.1:8080/"
    assert room_address("http://127.0.0.1:8080/", "https://room.example") == "https://room.example/"


def test_a_process_without_a_room_serves_its_health_on_the_port_of_the_metrics(tmp_path: Path) -> None:
    process = outcry(tmp_path, "run", "--only", "ticks", OUTCRY_METRICS_PORT="0", OUTCRY_ADMIN_TOKEN=TOKEN)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("health: ").strip()
        told = ""
        for path in ("healthz", "readyz", "metrics"):
            with urllib.request.urlopen(url + path) as answer:
                told += answer.read().decode()
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    finally:
        process.kill()
        process.communicate()
    assert "outcry_ready 1.0" in told
    assert "process_resident_memory_bytes" in told
    for private in (TOKEN, str(tmp_path), "outcry.db"):
        assert private not in told


async def test_whatever_a_process_serves_it_ticks(tmp_path: Path) -> None:
    db = Database.open(migrated_file(tmp_path / "outcry.db"))
    await started(db)
    await db.close()
    nowhere = "http://127.0.0.1:9"  # Discord's, say, which is down
    process = outcry(tmp_path, "run", "--only", "discord", DISCORD_TOKEN="x", DISCORD_API_BASE=f"{nowhere}/api/v10")
    db = Database.open(f"sqlite:///{tmp_path / 'outcry.db'}", read_only=True)
    try:
        async with asyncio.timeout(240):
            while True:
                async with db.reading() as uow:
                    if (await uow.markets.get_one(1)).tick:
                        break
                await asyncio.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    finally:
        process.kill()
        process.communicate()
        await db.close()


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        (("run",), {"OUTCRY_ROOM": "off"}, "OUTCRY_ROOM"),
        (("run", "--only", "discord"), {}, "Discord"),
        (("run",), {"OUTCRY_ROOM_PORT": "many"}, "OUTCRY_ROOM_PORT"),
        (("run",), {"OUTCRY_ROOM_HOST": "203.0.113.1", "OUTCRY_ADMIN_TOKEN": TOKEN}, "OUTCRY_ROOM_HOST"),
    ],
)
def test_what_cannot_run_says_why_and_exits_with_2(
    answered: Callable[..., tuple[int, str, str]], words: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    code, out, err = answered(*words, **environment)
    assert code == 2
    assert out == ""
    assert said in err
    assert "Traceback" not in err


def test_an_export_of_a_database_that_is_not_there_exits_with_3(tmp_path: Path) -> None:
    process = outcry(tmp_path, "export", "trades", "--db", "sqlite:///nowhere.db")
    out, err = process.communicate()
    assert (process.returncode, out) == (3, "")
    assert "outcry migrate" in err


def test_migrate_makes_a_database_and_an_empty_one_has_no_market_to_export(tmp_path: Path) -> None:
    first = outcry(tmp_path, "migrate")
    first.communicate()
    assert first.returncode == 0
    process = outcry(tmp_path, "export", "trades")
    _, err = process.communicate()
    assert process.returncode == 2
    assert "no market" in err

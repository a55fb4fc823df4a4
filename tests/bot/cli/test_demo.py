"""A whole event through the bot, small: equal seeds give equal files, the books balance, the files tell the story."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from bot.charts import worker
from bot.charts.service import Charts
from bot.chat.chart_data import ChartData, ThemeName
from bot.chat.reply import Picture
from bot.cli import demo, demo_play, lint
from bot.cli.demo_files import DATABASE
from bot.cli.demo_play import DemoPlay, Options, prologue
from bot.notifications import delivery
from bot.scenarios.worldcup import world_cup
from bot.words import terminal as words
from engine.events import FillKind
from storage.database import Database
from tests.bot.cli.short_demo import SEED, short
from tests.paths import ROOT

CSV = ("trades", "rankings", "metrics", "config", "ledger")
FILES = {*(f"{kind}.csv" for kind in CSV), "outcry.db", "announcements.txt", "summary.json", "prices.png", "maker.png"}
EQUAL = (*(f"{kind}.csv" for kind in CSV), "summary.json", "announcements.txt")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One headless play in another process, where hashing has another seed."""
    folder = tmp_path_factory.mktemp("played")
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.bot.cli.short_demo", str(folder / "out")]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Germany won." in done.stdout
    assert "\r" not in done.stdout
    return folder / "out"


def summary(folder: Path) -> dict[str, object]:
    figures: dict[str, object] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return figures


def test_all_files_are_there(played: Path) -> None:
    assert {path.name for path in played.iterdir()} >= FILES
    for name in ("prices.png", "maker.png"):
        assert (played / name).read_bytes().startswith(b"\x89PNG")


def test_the_books_balance_and_the_house_kept_its_promise(played: Path) -> None:
    figures = summary(played)
    assert (figures["seed"], figures["ticks"], figures["ledger_sum"], figures["winner"]) == (SEED, 60, 0, "Germany")
    assert figures["eliminated"] == ["France", "Colombia", "Belgium", "Costa Rica", "Brazil", "Netherlands"]
    result, risk, stake = figures["house_result"], figures["worst_risk"], figures["z"]
    assert isinstance(result, float)
    assert isinstance(risk, float)
    assert isinstance(stake, float)
    assert -stake <= result
    assert risk <= stake
    with (played / "ledger.csv").open(encoding="utf-8", newline="") as file:
        assert sum(int(row["amount_micro"]) for row in csv.DictReader(file)) == 0


def test_the_crowd_trades_is_refused_now_and_then_and_pays_gas(played: Path) -> None:
    figures = summary(played)
    orders, refused = figures["orders"], figures["refused"]
    assert isinstance(orders, int)
    assert isinstance(refused, int)
    assert orders > 60
    assert 0 < refused < orders // 4
    with (played / "rankings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    assert sum(round(float(row["gas"]) * 100) for row in rows) >= orders - refused


@pytest.mark.parametrize("seed", [1, 6])
async def test_every_kind_of_match_happens_within_the_first_ticks(tmp_path: Path, seed: int) -> None:
    async with AsyncExitStack() as stack:
        db = Database.open(f"sqlite:///{tmp_path / 'outcry.db'}")
        stack.push_async_callback(db.close)
        await db.migrate()
        play = DemoPlay(db, Options(headless=True, seed=seed, out=tmp_path), world_cup(), stack)
        await play.open()
        assert await play.play_ticks(range(1, 21)) is None
        async with db.reading() as uow:
            trades = await uow.trades.all(play.market.id)
        assert {trade.kind for trade in trades} == set(get_args(FillKind))


def test_a_stranger_can_follow_the_event_in_the_announcements(played: Path) -> None:
    text = (played / "announcements.txt").read_text(encoding="utf-8")
    told = ["the doors are open", "is open for trading", "France and Colombia are out.", "0-1", "Brazil is out.", "1-7",
            "Netherlands is out.", "the final is being decided", "Germany wins World Cup 2014.", "🥇"]  # fmt: skip
    places = [text.index(each) for each in told]
    assert places == sorted(places)
    assert "--- 3 July 2014" in text
    assert "/ticket" not in text


async def test_equal_seeds_give_equal_files_headless_or_live_on_any_hash_seed(
    played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_play, "LEAST_FREEZE_S", 0.01)
    monkeypatch.setattr(delivery, "DRAW_S", 300.0)  # a message whose charts come late on a busy machine goes without
    options = Options(seed=SEED, out=tmp_path, port=0, minutes=0.01)
    assert await demo.play(options, short()) == 0
    for name in EQUAL:
        assert (tmp_path / name).read_bytes() == (played / name).read_bytes(), name


async def test_live_it_prints_where_the_room_is_once_the_market_has_a_history(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_then: list[object] = []
    room = words.room

    def seen(url: str) -> str:
        with closing(sqlite3.connect(tmp_path / DATABASE)) as file:
            for query in ("SELECT status FROM config", "SELECT count(*) FROM trades", "SELECT count(*) FROM ticks"):
                seen_then.extend(file.execute(query).fetchone())
        return room(url)

    monkeypatch.setattr(words, "room", seen)
    assert await demo.play(Options(seed=1, out=tmp_path, port=0, minutes=0.001), replace(short(), ticks=6)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("room: http://127.0.0.1:")
    assert lines[1].startswith("admin: http://127.0.0.1:")
    assert "?admin=" in lines[1]
    status, trades, ticks = seen_then
    assert status == "RUNNING"
    assert isinstance(ticks, int)
    assert ticks > prologue(replace(short(), ticks=6))  # the one it starts with as well
    assert isinstance(trades, int)
    assert trades > 0


EVENT = """
title = "<b>Cup</b> & $5"
outcomes = ["$100 club", "yes", "12", "עברית", "half no at 5¢", "@everyone"]
batch_interval_ms = "20m"
round_window = "30m"
dispute_window = "2d"
[[rounds]]
decide_at = "1h"
count = 3
losers = "ask"
[[rounds]]
freeze_at = "3h"
decide_at = "4h"
losers = ["@everyone"]
[[rounds]]
freeze_at = "6h"
decide_at = "7h"
winner = "ask"
"""


async def test_anybodys_event_is_played_equal_seeds_alike(tmp_path: Path) -> None:
    (tmp_path / "cup.toml").write_text(EVENT, encoding="utf-8")
    for out in ("one", "two"):
        options = Options(headless=True, event=tmp_path / "cup.toml", seed=2, out=tmp_path / out)
        assert await demo.play(options) == 0
    for name in EQUAL:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    assert {path.name for path in (tmp_path / "one").iterdir()} >= FILES
    figures = summary(tmp_path / "one")
    assert isinstance(figures["eliminated"], list)
    assert (len(figures["eliminated"]), figures["ledger_sum"], figures["winner"] is None) == (4, 0, False)


async def test_mistakes_in_an_event_are_told_as_lint_tells_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cup.toml").write_text('title = "Cup"\noutcomes = ["Ada"]\nfoo = 3\n')
    assert await demo.play(Options(event=tmp_path / "cup.toml", out=tmp_path / "out")) == 2
    told = capsys.readouterr().err
    assert lint.lint_file(tmp_path / "cup.toml", 1_800_000_000_000, as_json=False) == 2
    assert told == capsys.readouterr().err != ""
    assert not (tmp_path / "out").exists()


async def test_a_folder_with_a_database_is_refused_without_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outcry.db").write_bytes(b"precious")
    (tmp_path / "notes.txt").write_text("mine")
    assert await demo.play(Options(headless=True, out=tmp_path), short()) == 2
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "outcry.db").read_bytes() == b"precious"
    options = Options(headless=True, out=tmp_path, force=True, traders=2)
    assert await demo.play(options, replace(short(), ticks=1)) == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"


async def test_a_database_in_use_is_refused_even_with_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = Database.open(f"sqlite:///{tmp_path / 'outcry.db'}")
    try:
        await db.migrate()
        assert await demo.play(Options(headless=True, out=tmp_path, force=True), short()) == 2
    finally:
        await db.close()
    assert "in use" in capsys.readouterr().err


async def test_a_file_in_the_way_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("")
    assert await demo.play(Options(headless=True, out=tmp_path / "out"), short()) == 2
    assert "another --out" in capsys.readouterr().err


async def test_charts_of_a_played_market_are_drawn_once_for_many(played: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncExitStack() as stack:
        db = Database.open(f"sqlite:///{played / 'outcry.db'}", read_only=True)
        stack.push_async_callback(db.close)
        charts = Charts(db, processes=False)
        stack.push_async_callback(charts.close)
        drawn: list[str] = []
        draw = worker.draw

        def counted(data: ChartData, theme: ThemeName) -> bytes:
            drawn.append(type(data).__name__)
            return draw(data, theme)

        monkeypatch.setattr(worker, "draw", counted)
        wanted = [
            Picture(kind="prices", market=1, tick=60),
            Picture(kind="prices", market=1, tick=30, span_ms=86_400_000),
            Picture(kind="outcome", market=1, tick=60, outcome=0),
            Picture(kind="maker", market=1, tick=60),
            Picture(kind="leaderboard", market=1, tick=60),
        ]
        pngs = await asyncio.gather(*(charts.picture(picture) for picture in wanted for _ in range(3)))
        assert all(png is not None and png.startswith(b"\x89PNG") for png in pngs)
        assert sorted(drawn) == ["LeaderboardData", "MakerData", "OutcomeData", "PricesData", "PricesData"]
        assert await charts.picture(wanted[0]) == pngs[0]
        assert await charts.picture(wanted[0], "light") != pngs[0]
        nothing = [
            Picture(kind="prices", market=99, tick=1),
            Picture(kind="outcome", market=1, tick=60, outcome=99),
            Picture(kind="weather", market=1, tick=60),
        ]
        assert [await charts.picture(picture) for picture in nothing] == [None] * 3

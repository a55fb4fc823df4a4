"""`outcry verify` on the command line and `/verify` in the chat: one check, told twice."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TypeVar

import pytest

from bot.__main__ import main
from bot.chat import plain_text
from bot.chat.reply import Tone
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.market.background_verify import BackgroundVerifier, from_json, to_json
from bot.words import audit as words_audit
from bot.words import coverage as words_coverage
from storage.database import Database
from storage.proofs.checkpoints import SignedCheckpoint
from storage.proofs.proving import public_key, signed_head
from storage.verify import Mismatch, Result, Skipped, Verified
from tests.bot.harness import ADMIN, HANG_S, ChatHarness, chat_harness, running
from tests.paths import ROOT
from tests.storage.rules_1 import unpack_rules_1


async def _played(folder: Path) -> tuple[Path, str]:
    """A market with a trade and an elimination; the head of its chain."""
    async with chat_harness(folder) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 20")
        await harness.tick()
        await eliminated(harness)
        async with harness.db.reading() as uow:
            head = (await uow.markets.get_one(1)).head
        return Path(str(harness.db.url.database)), head


async def eliminated(harness: ChatHarness) -> None:
    shown = await harness.say(ADMIN, "/admin eliminate brazil")
    await harness.press(ADMIN, shown, "Confirm")
    await harness.tick()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return asyncio.run(_played(tmp_path_factory.mktemp("played")))


def child(*words: str, folder: Path) -> tuple[int, str, str]:
    """`outcry verify` as a process of its own: exit code, standard output, standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "verify", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


# -- on the command line


def test_a_process_says_ok_and_exits_0(played: tuple[Path, str]) -> None:
    path, head = played
    code, out, errors = child("--db", f"sqlite:///{path}", "--head", head[:16], folder=path.parent)
    found = "The head you gave was found: it is the hash of tick 3."
    assert (code, out) == (0, f"ok market=1 ticks=3 head={head}\n{found}\n{words_coverage.listed()}\n")
    assert errors.startswith("Heads of this database are signed by the key outcry/")


def test_a_process_names_the_first_wrong_row_and_exits_1(played: tuple[Path, str], tmp_path: Path) -> None:
    copy = tmp_path / "outcry.db"
    copy.write_bytes(played[0].read_bytes())
    with closing(sqlite3.connect(copy)) as db:
        (price,) = db.execute("select price from trades where trade_id = 1").fetchone()
        db.execute("update trades set price = 5 where trade_id = 1")
        db.commit()
    code, out, errors = child("--db", f"sqlite:///{copy}", folder=tmp_path)
    assert (code, errors.count("\n")) == (1, 1)
    assert out == f"FAIL market=1 tick=2 table=trades id=1 field=price expected={price} found=5\n"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--head", "f" * 16], 1, f'field=hash expected={"f" * 16} found="not in the chain"'),
        (["--head", "abc"], 2, "16 to 64 hex digits"),
        (["--market", "9"], 2, "no market 9"),
        (["--db", "sqlite:///nowhere.db"], 3, "no database at nowhere.db"),
        (["--db", "sqlite:///nonsense.txt"], 3, "cannot be read"),
        (["--db", "mysql://localhost/x"], 3, "not supported"),
        (
            ["--db", "/srv/play.db"],
            3,
            "or --db, takes a database address, and this is none: use sqlite:////srv/play.db",
        ),
        (["--db", "play.db"], 3, "use sqlite:///play.db"),
    ],
)
def test_every_ending_has_its_exit_code(
    played: tuple[Path, str],
    words: list[str],
    code: int,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(played[0].parent)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{played[0]}")
    Path("nonsense.txt").write_text("not a database, whatever else it may be\n" * 50, encoding="utf-8")
    assert main(["verify", *words]) == code
    said = capsys.readouterr()
    assert told in said.out + said.err


def test_json_says_the_same(
    played: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, head = played
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    assert main(["verify", "--json", "--head", head.upper()]) == 0
    told = json.loads(capsys.readouterr().out)
    (market,) = told["markets"]
    assert market.pop("records") > 0
    assert market == {
        "ok": True,
        "market": 1,
        "ticks": 3,
        "orders": 1,
        "head": head,
        "holds": True,
        "held": 3,
        "forgotten": 0,
        "restored_ms": None,
    }
    assert told["ok"] is True
    assert (tuple(told["covered"]), tuple(told["not_covered"])) == (words_coverage.COVERED, words_coverage.left_out())


def test_what_json_says_can_be_read_back() -> None:
    wrong = Mismatch(market=1, tick=2, table="t", id="3", field="f", expected=None, found={"a": [1]}, chained=False)
    right = Verified(market=1, ticks=2, orders=3, head="ab")
    assert from_json(to_json([right, wrong])) == [right, wrong]


def test_what_somebody_wrote_into_a_table_cannot_steer_a_terminal() -> None:
    wrong = Mismatch(market=1, tick=2, table="t", id="3", field="f", expected="\x1b[31m", found="a b" * 999)
    line = words_audit.fail(wrong)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 400


# -- in the chat


HOUR_S = 3_600.0
"""How long an answer waits for its check where the check's result is what is proved, however slow the machine is."""


A = TypeVar("A", bound=BackgroundVerifier)


def patient(harness: ChatHarness) -> BackgroundVerifier:
    return BackgroundVerifier(harness.db, lambda: harness.now, patience_s=HOUR_S)


@asynccontextmanager
async def checked_by(harness: ChatHarness, auditor: A) -> AsyncIterator[A]:
    """`/verify` is answered by this verifier, which is closed whatever happens."""
    harness.dispatcher = Dispatcher(harness.db, harness.clock, COMMANDS, auditor=auditor)
    try:
        yield auditor
    finally:
        await auditor.close()


async def test_heads_are_posted_with_each_elimination_and_at_the_end(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await eliminated(harness)
        out = next(text for text in harness.platform.texts("post") if "is out" in text)
        shown = await harness.say(ADMIN, "/admin resolve germany")
        await harness.press(ADMIN, shown, "Confirm")
        await harness.tick()
        end = next(text for text in harness.platform.texts("post") if "wins Cup" in text)
        async with harness.db.reading() as uow:
            last = (await uow.markets.get_one(1)).tick
            heads = [await signed_head(uow, 1, tick) for tick in (last - 1, last)]
        assert None not in heads
        assert heads[0] != heads[1]
        assert "This signed head seals all up to here." in out
        assert "This signed head seals all up to here." in end
        for post, head in zip((out, end), heads, strict=True):
            read = SignedCheckpoint.read_post(post)
            assert isinstance(read, SignedCheckpoint)
            assert read.note == head


async def test_anyone_can_have_the_market_checked(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness, checked_by(harness, patient(harness)):
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 20")
        await harness.tick()
        told = await harness.say("stranger", "/verify")
        async with harness.db.reading() as uow:
            head, key = await signed_head(uow, 1, (await uow.markets.get_one(1)).tick), await public_key(uow)
    text = plain_text.text(told)
    assert head is not None
    assert key is not None
    assert told.tone is Tone.GOOD
    assert "Everything adds up." in text
    assert "1 order" in text
    assert head in text
    assert key.vkey in text


async def test_a_wrong_row_is_told_without_what_is_in_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The values may be somebody's balance; the table and the tick are everybody's."""
    async with chat_harness(tmp_path) as harness, checked_by(harness, patient(harness)):
        await running(harness)
        with closing(sqlite3.connect(str(harness.db.url.database))) as db:
            db.execute("update users set balance = 123456789")
            db.commit()
        with caplog.at_level(logging.ERROR):
            told = await harness.say("stranger", "/verify")
    text = plain_text.text(told)
    assert told.tone is Tone.BAD
    assert "users" in text
    assert "123456789" not in text
    assert "123456789" in caplog.text


async def test_a_market_made_by_other_rules_is_said_to_be_so_in_the_chat(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness, checked_by(harness, patient(harness)):
        await running(harness)
        with closing(sqlite3.connect(str(harness.db.url.database))) as db:
            db.execute("update config set rules = 7")
            db.commit()
        told = await harness.say("stranger", "/verify")
    assert "made by rules 7, and this is rules 2" in plain_text.text(told)


def test_a_market_made_by_other_rules_is_said_to_be_so_on_the_terminal(
    played: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "other.db"
    shutil.copyfile(played[0], copy)
    with closing(sqlite3.connect(copy)) as db:
        db.execute("update config set rules = 7")
        db.commit()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{copy}")
    assert main(["verify"]) == 1
    said = capsys.readouterr()
    assert said.out.strip() == "FAIL market=1 tick=0 table=config id=1 field=rules expected=2 found=7"
    assert "Use the version of Outcry it was made by" in said.err


@pytest.fixture
def of_rules_1(tmp_path: Path) -> Path:
    """A database of rules 1, brought up to date."""
    path = unpack_rules_1(tmp_path / "old.db")

    async def migrated() -> None:
        db = Database.open(f"sqlite:///{path}")
        await db.migrate()
        await db.close()

    asyncio.run(migrated())
    return path


def test_markets_of_older_rules_are_skipped_and_that_is_no_failure(
    of_rules_1: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{of_rules_1}")
    assert main(["verify"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        *(f"SKIP market={number} rules=1" for number in (1, 2, 3, 4)),
        "ok market=5 ticks=0 head=-",
        *words_coverage.listed().splitlines(),
    ]
    assert "Market 1 was played by rules 1, and this version plays by rules 2: it was not checked." in printed.err


def test_a_skipped_market_is_neither_right_nor_wrong_in_json(
    of_rules_1: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{of_rules_1}")
    assert main(["verify", "--market", "1", "--json"]) == 0
    printed = capsys.readouterr().out
    told = json.loads(printed)
    assert told["ok"] is True
    assert told["markets"] == [{"ok": None, "market": 1, "ticks": 7, "rules": 1, "holds": False}]
    assert from_json(printed) == [Skipped(market=1, ticks=7, rules=1)]


async def test_before_the_start_there_is_nothing_to_check(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, '/admin create "Cup" Germany, Brazil, Chile')
        await harness.say(ADMIN, "/admin open")
        assert "before trading begins" in plain_text.text(await harness.say("ada", "/verify"))


class Slow(BackgroundVerifier):
    """A check that takes until it is let go, as a big market's does."""

    def __init__(self, db: Database, harness: ChatHarness) -> None:
        super().__init__(db, lambda: harness.now, patience_s=0.01)
        self.free = asyncio.Event()
        self.checks = 0

    async def _here(self, market: int) -> Result:
        self.checks += 1
        await self.free.wait()
        return await super()._here(market)


async def test_a_check_that_takes_long_runs_once_and_the_last_result_is_told_meanwhile(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness, checked_by(harness, Slow(harness.db, harness)) as auditor:
        await running(harness)
        for _ in range(2):
            assert "What the check finds comes here by itself" in plain_text.text(await harness.say("ada", "/verify"))
        assert auditor.checks == 1
        auditor.free.set()
        async with asyncio.timeout(HANG_S):
            while not harness.platform.texts("tell", "ada"):  # by itself, and once
                await harness.announcer.step()
                await asyncio.sleep(0)
        told = plain_text.text(await harness.say("ada", "/verify"))
        assert "up to tick 1" in told
        assert harness.platform.texts("tell", "ada") == [told]
        assert auditor.checks == 1  # nothing has happened since
        auditor.free.clear()
        await harness.tick()
        meanwhile = plain_text.text(await harness.say("ada", "/verify"))
        assert "up to tick 1" in meanwhile
        assert "newer check is under way" in meanwhile


async def test_a_check_that_fails_is_logged_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with chat_harness(tmp_path) as harness, checked_by(harness, patient(harness)):
        await running(harness)

        async def broken(*_: object) -> Verified:
            raise OSError("the disk is gone")

        with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
            patched.setattr(BackgroundVerifier, "_here", broken)
            told = plain_text.text(await harness.say("ada", "/verify"))
        assert "could not be run" in told
        assert "disk" not in told
        assert "the disk is gone" in caplog.text
        assert "Everything adds up." in plain_text.text(await harness.say("ada", "/verify"))


async def test_a_check_can_run_in_a_process_of_its_own(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        auditor = BackgroundVerifier(harness.db, lambda: harness.now, apart=True, patience_s=HOUR_S)
        try:
            checked, running_on = await auditor.ask(1, 1)
        finally:
            await auditor.close()
        assert checked is not None
        assert isinstance(checked.found, Verified), checked
        assert (checked.found.ticks, running_on) == (1, False)


async def test_closing_ends_a_process_that_still_runs(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        auditor = BackgroundVerifier(harness.db, lambda: harness.now, apart=True, patience_s=0.05)
        for _ in range(2):  # once closed, it begins again when it is asked
            try:
                assert await auditor.ask(1, 1) == (None, True)
            finally:
                await auditor.close()

"""A database that cannot be used is told in a sentence, whichever command opens it, and nothing of it is changed."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.__main__ import main
from bot.app import TOKEN_FILE
from storage.database import CannotOpenError, Database
from tests.storage.postgres import Server

NOBODY = 65534
SSL_REQUEST = (80877103).to_bytes(4, "big")

EVENT = """
title = "Cup"
outcomes = ["A", "B", "C"]
"""
WRITERS = (["run", "--only", "ticks"], ["migrate"], ["create", "event.toml"])
READERS = (["verify"], ["export", "trades"], ["graph", "prices", "--out", "x.png"], ["prove", "1"])


def outcry(*words: str) -> int:
    return main(words)


def garbage(path: Path) -> None:
    path.write_bytes(b"not a database, whatever else it may be\n" * 50)


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE wp_posts (id INTEGER)")


def of_another_alembic(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.executescript(
            "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('0001');"
            "CREATE TABLE things (id)"
        )


def _at_version(version: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        assert outcry("migrate") == 0
        with closing(sqlite3.connect(path)) as file:
            file.execute("UPDATE alembic_version SET version_num = ?", (version,))
            file.commit()

    return make


CASES: tuple[tuple[str, Callable[[Path], None], str, str], ...] = (
    ("a folder", Path.mkdir, "is a folder", "is a folder"),
    ("garbage", garbage, "no SQLite database at all", "no SQLite database at all"),
    ("a foreign one", foreign, "tables of another program (wp_posts)", "tables of another program (wp_posts)"),
    ("one of another Alembic", of_another_alembic, "another program (things)", "another program (things)"),
    ("a newer one", _at_version("0099"), "made by a newer Outcry", "made by a newer Outcry"),
    ("an older one", _at_version("0003"), "", "of an older Outcry: `outcry migrate`"),
    ("an empty file", Path.touch, "", "is empty: `outcry migrate`"),
)


@pytest.mark.parametrize(
    ("make", "to_writers", "to_readers"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_what_cannot_be_used_is_a_sentence_and_3_for_every_command_and_stays_as_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], None],
    to_writers: str,
    to_readers: str,
) -> None:
    path = tmp_path / "play.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///play.db")
    Path("event.toml").write_text(EVENT, encoding="utf-8")
    make(path)
    before = _as_it_is(path)
    capsys.readouterr()
    commands = [(words, to_writers) for words in WRITERS if to_writers] + [(words, to_readers) for words in READERS]
    for words, sentence in commands:
        assert outcry(*words) == 3, words
        told = capsys.readouterr()
        assert sentence in told.err, words
        assert (told.out, told.err.count("\n")) == ("", 1), words
    assert _as_it_is(path) == before


def _as_it_is(path: Path) -> tuple[int, bytes]:
    return stat.S_IMODE(path.stat().st_mode), b"" if path.is_dir() else path.read_bytes()


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / "play.db").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'play.db'}")
        assert outcry("migrate") == 0
        assert outcry("verify") == 0


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may do everything, so it is not root for a moment."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def folder_of_nobody() -> Iterator[Path]:
    """With a database that holds one draft; the modules that commands import are loaded by then, which nobody may read
    where root has them."""
    with tempfile.TemporaryDirectory(prefix="outcry-nobody-") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.chdir(folder)
        patch.setenv("DATABASE_URL", "sqlite:///play.db")
        Path("event.toml").write_text(EVENT, encoding="utf-8")
        assert outcry("create", "event.toml") == 0
        for words in (*READING, ["backup", "copy.db"]):
            assert outcry(*words) == 0
        Path("copy.db").unlink()
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                os.chown(path, NOBODY, -1)
        yield folder
        folder.chmod(0o700)


READING = (["verify"], ["export", "config"], ["verify", "--json"])


def test_a_copy_that_can_only_be_read_is_read_and_left_as_it_is(
    folder_of_nobody: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("play.db.lock").unlink()
    Path("play.db").chmod(0o400)
    folder_of_nobody.chmod(0o500)
    before = sorted(path.name for path in folder_of_nobody.iterdir())
    with as_nobody():
        capsys.readouterr()
        for words in READING:
            assert outcry(*words) == 0, (words, capsys.readouterr())
        assert "ok market=1" in capsys.readouterr().out
        for words in (["run", "--only", "ticks"], ["migrate"], ["create", "event.toml"]):
            assert outcry(*words) == 3
            told = capsys.readouterr()
            assert ("permission denied" in told.err, told.out, told.err.count("\n")) == (True, "", 1), (words, told)
        for words in (["run"], ["backup", "copy.db"], ["export", "config", "--out", "config.csv"]):
            assert outcry(*words) == 2
            told = capsys.readouterr()
            assert ("annot be" in told.err, told.out, told.err.count("\n")) == (True, "", 1), (words, told)
    assert sorted(path.name for path in folder_of_nobody.iterdir()) == before
    assert not TOKEN_FILE.exists()


def test_a_file_nobody_may_read_is_told(folder_of_nobody: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("play.db").chmod(0)
    with as_nobody():
        capsys.readouterr()
        for words in (["run", "--only", "ticks"], ["migrate"], *READING):
            assert outcry(*words) == 3
            told = capsys.readouterr()
            assert ("cannot be opened" in told.err, told.out, told.err.count("\n")) == (True, "", 1), (words, told)


async def test_a_server_that_refuses_is_told_without_the_password(postgres: Server) -> None:
    good = await postgres.create()
    host = f"127.0.0.1:{postgres.port}"
    cases = (
        (good.rpartition("/")[0] + "/nowhere", "There is no database nowhere on"),
        (f"postgresql://stranger:s3cret@{host}/postgres", "does not let stranger in"),
        ("postgresql://outcry:s3cret@127.0.0.1:1/x", "PostgreSQL on 127.0.0.1:1 does not answer"),
        ("postgresql://outcry:s3cret@127.0.0.1:1/x?sslmode=disable", "PostgreSQL on 127.0.0.1:1 does not answer"),
        ("postgresql://outcry:s3cret@127.0.0.1:1/x?colour=blue", "after its [?] for what is not known here.*colour"),
        ("postgresql://outcry:s3cret@no-such-host.invalid/x", "no-such-host.invalid:5432 does not answer"),
    )
    for url, sentence in cases:
        db = Database.open(url)
        with pytest.raises(CannotOpenError, match=sentence) as told:
            await db.migrate()
        await db.close()
        assert "s3cret" not in str(told.value)


REFUSALS = (
    ("28P01", False, "does not take the password of outcry: check DATABASE_URL"),
    ("28000", False, "does not let outcry in: check DATABASE_URL, and the server's pg_hba.conf"),
    ("3D000", False, "There is no database cup on"),
    ("42501", False, "outcry may not make tables in the database cup on"),
    ("53100", False, "is full: make room and start again"),
    ("53300", True, "takes no more connections: raise its max_connections"),
    ("57P03", True, "is starting or stopping: wait a moment"),
    ("08P01", True, "does not answer (not today). Is it up, and DATABASE_URL right?"),
)


@pytest.mark.parametrize(("code", "away", "sentence"), REFUSALS)
async def test_what_a_server_answers_at_the_door_is_told_in_a_sentence(code: str, away: bool, sentence: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (await reader.readexactly(8))[4:] == SSL_REQUEST:
            writer.write(b"N")
        fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": "not today"}
        told = b"".join(f"{name}{value}".encode() + b"\0" for name, value in fields.items()) + b"\0"
        writer.write(b"E" + (len(told) + 4).to_bytes(4, "big") + told)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    db = Database.open(f"postgresql://outcry:s3cret@127.0.0.1:{port}/cup")
    with pytest.raises(CannotOpenError) as told:
        await db.migrate()
    await db.close()
    server.close()
    assert sentence in str(told.value)
    assert f"127.0.0.1:{port}" in str(told.value)
    assert told.value.away is away


@pytest.mark.parametrize("server", ["h:99999", "h:0", "h:s3cret", "[::1", "s3cret@h", "a@s3cret:b@h:1", "s3cret:x@h"])
def test_an_address_that_names_no_server_is_told_without_what_stands_there(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcry("verify", "--db", f"postgresql://outcry:s3cret@{server}/x") == 3
    told = capsys.readouterr()
    assert "Within a password write %40 for @" in told.err
    assert ("s3cret" in told.err, told.out, told.err.count("\n")) == (False, "", 1)


def test_a_room_that_cannot_listen_is_told_what_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTCRY_ROOM_PORT", "0")
    monkeypatch.setenv("OUTCRY_ROOM_HOST", "192.0.2.1")
    assert outcry("run") == 2
    assert "Choose another OUTCRY_ROOM_HOST, such as 127.0.0.1." in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        outcry("demo", "--port", "99999")
    assert "must be from 0 to 65535" in capsys.readouterr().err


async def test_a_database_of_another_program_is_left_alone_on_a_server_too(postgres: Server) -> None:
    url = await postgres.create()
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE wp_posts (id INTEGER)"))
    db = Database.open(url)
    for opening in (db.migrate, db.check):
        with pytest.raises(CannotOpenError, match=r"another program \(wp_posts\)"):
            await opening()
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE wp_posts"))
    with pytest.raises(CannotOpenError, match="is empty"):
        await db.check()
    await db.migrate()
    await db.check()
    await engine.dispose()
    await db.close()

"""A copy of the whole database while it is in use: SQLite by its own online backup, PostgreSQL by `pg_dump`."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL

from storage import private_files, read_only
from storage.address import parse_url

PAGES = 2_000  # a step; between two the bot may write


class BackupError(Exception):
    """No copy was made; the text is a sentence for whoever asked."""


def backup(url: str, out: Path) -> int:
    """Write a copy of the database to `out`, which must not exist yet; returns its size in bytes. The copy stands
    under its name only once it is whole. Raises BackupError, and ValueError for an address nobody understands."""
    parsed = parse_url(url)
    if out.exists():
        raise BackupError(f"{out} exists already; choose another name, nothing is ever overwritten.")
    if not out.parent.is_dir():
        raise BackupError(f"There is no folder {out.parent}; make it first.")
    part = out.with_name(f"{out.name}.part")
    try:
        private_files.create(part)  # SQLite and pg_dump write into it and leave its mode as it is
        if parsed.get_backend_name() == "sqlite":
            _copy(Path(str(parsed.database)), part)
        else:
            _dump(parsed, part)
        part.rename(out)
    except OSError as error:
        raise BackupError(f"{out} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return out.stat().st_size


def _copy(source: Path, part: Path) -> None:
    if not source.exists():
        raise BackupError(f"There is no database at {source}.")
    try:
        address = read_only.address(source) or f"file:{quote(str(source))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as read, closing(sqlite3.connect(part)) as written:
            read.backup(written, pages=PAGES)
            verdict = written.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as error:
        why = "the disk is full" if read_only.is_full(part) or read_only.is_full(source) else error
        raise BackupError(f"The copy could not be made: {why}.") from error
    if verdict != "ok":
        raise BackupError(f"The copy is not sound ({verdict}); the database itself may be damaged.")


def dump_command(url: URL, part: Path) -> tuple[list[str], Mapping[str, str]]:
    """`pg_dump` and its environment; the password is not in the command line, where everybody could read it."""
    options = {"--host": url.host, "--port": url.port, "--username": url.username}
    flags = [f"{name}={value}" for name, value in options.items() if value]
    line = ["pg_dump", "--format=custom", f"--file={part}", "--no-password", *flags, str(url.database)]
    return line, {"PGPASSWORD": url.password} if url.password else {}


def _dump(url: URL, part: Path) -> None:
    line, secret = dump_command(url, part)
    if shutil.which("pg_dump") is None:
        raise BackupError(
            "PostgreSQL is backed up by its own pg_dump, which is not on this machine's path. Install the client "
            "tools, or run it where they are: pg_dump --format=custom --file=FILE DATABASE"
        )
    done = subprocess.run(line, env={**os.environ, **secret}, capture_output=True, check=False)  # noqa: S603  # our own words
    if done.returncode != 0:
        messages = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise BackupError(f"pg_dump gave up: {messages[-1] if messages else done.returncode}")

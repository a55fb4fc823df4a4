"""Commands for the database behind the bot: migrate and export, and how every command opens it."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage import export as files
from storage.database import Database, DatabaseInUseError


@asynccontextmanager
async def opened(url: str, *, migrate: bool = False, read_only: bool = False) -> AsyncIterator[Database | None]:
    """The database, or None after one sentence on standard error that says what is wrong with it."""
    try:
        db = Database.open(url, read_only=read_only)
    except (DatabaseInUseError, ValueError) as error:
        print(error, file=sys.stderr)
        yield None
        return
    except FileNotFoundError as error:
        print(
            f"There is no database at {error}. Set DATABASE_URL, or run `outcry migrate` to make one.", file=sys.stderr
        )
        yield None
        return
    try:
        if migrate:
            try:
                await db.migrate()
            except OSError as error:
                print(
                    f"The database does not answer: {error}. Is the server up, and DATABASE_URL right?", file=sys.stderr
                )
                yield None
                return
        yield db
    finally:
        await db.close()


async def migrate(url: str) -> int:
    """Bring the tables up to date; 0, or 3 where the database cannot be opened."""
    async with opened(url, migrate=True) as db:
        if db is None:
            return 3
    print("The database is up to date.")
    return 0


async def export(url: str, what: str, market: int | None, out: str) -> int:
    """Write one CSV of a market to a file or `-`; 0, 2 for an unknown market, 3 where the database cannot be opened."""
    async with opened(url, read_only=True) as db:
        if db is None:
            return 3
        async with db.reading() as uow:
            known = await uow.markets.all()
            found = next((one for one in reversed(known) if market is None or one.id == market), None)
            if found is None:
                told = "There is no market yet." if market is None else f"There is no market {market}."
                print(f"{told} Markets here: {', '.join(str(one.id) for one in known) or 'none'}.", file=sys.stderr)
                return 2
            text = io.StringIO()
            await files.EXPORTS[what](uow, found, text)
    _write(text.getvalue(), out)
    return 0


def _write(text: str, out: str) -> None:
    if out == "-":
        sys.stdout.write(text)
    else:
        Path(out).write_text(text, encoding="utf-8", newline="")

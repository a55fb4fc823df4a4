"""The address of a database, as DATABASE_URL and `--db` give it."""

from __future__ import annotations

import importlib.util
import re

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

SQLITE_NAMES = ("sqlite", "sqlite+aiosqlite", "sqlite+pysqlite")
_PATH = re.compile(r"[\w./ ~-]{1,200}")  # of a file; an address with a password in it is not repeated
POSTGRES_NAMES = ("postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg", "postgresql+psycopg2")


LARGEST_PORT = 65_535
_NO_SERVER = (
    f"DATABASE_URL, or --db: after the @ come a server's name and, after a colon, its port (1 to {LARGEST_PORT}). "
    "Within a password write %40 for @, %3A for : and %2F for /."
)


def _no_address(url: str) -> str:
    """What to type for a bare file name: three slashes and the path, so four for one from the root."""
    typed = f"sqlite:///{url}" if _PATH.fullmatch(url) else "sqlite:///outcry.db or postgresql://…"
    return f"DATABASE_URL, or --db, takes a database address, and this is none: use {typed}"


def parse_url(url: str) -> URL:
    """The address with the driver Outcry uses. Raises ValueError where it means no database we know."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(_no_address(url)) from None
    except ValueError:  # its port; what stood there may be the rest of a password
        raise ValueError(_NO_SERVER) from None
    if "@" in (parsed.host or "") or (parsed.port is not None and not 0 < parsed.port <= LARGEST_PORT):
        raise ValueError(_NO_SERVER)
    if parsed.drivername in SQLITE_NAMES:
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("DATABASE_URL names no file: use sqlite:///outcry.db")
        return parsed.set(drivername="sqlite+aiosqlite")
    if parsed.drivername in POSTGRES_NAMES:
        if importlib.util.find_spec("asyncpg") is None:
            raise ValueError("PostgreSQL needs one package more: pip install 'outcry[postgres]'")
        query = {"ssl" if name == "sslmode" else name: value for name, value in parsed.query.items()}  # asyncpg's word
        return parsed.set(drivername="postgresql+asyncpg", query=query)
    raise ValueError(f"DATABASE_URL: {parsed.drivername} is not supported; use sqlite:///outcry.db or postgresql://…")

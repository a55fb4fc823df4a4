"""Why a database cannot be opened or used, in one sentence for whoever started this: nobody is shown a traceback for
what a wrong address, a full disk or a server that is down brings about."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from storage.read_only import is_full
from storage.trouble import Trouble, TroubleError, trouble_of


class CannotOpenError(Exception):
    """The text is one sentence or two: what is wrong, and what to do. `away`: it may be all right in a while, without
    anybody doing anything here."""

    def __init__(self, sentence: str, *, away: bool = False) -> None:
        super().__init__(sentence)
        self.away = away


def place(url: URL) -> str:
    """How a sentence calls the database; without the password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"the database {url.database or url.username} on {_server(url)}"


def check_path(path: Path, *, read_only: bool) -> None:
    """Raises CannotOpenError where no file can be or, for who only reads, is; OSError where that cannot be seen."""
    if path.is_dir():
        raise CannotOpenError(f"{path} is a folder, and a database is a file: use sqlite:///{path / 'outcry.db'}")
    if not path.resolve().parent.is_dir():
        raise CannotOpenError(f"DATABASE_URL: there is no folder {path.resolve().parent}; make it first.")
    if read_only and not path.exists():
        raise CannotOpenError(f"There is no database at {path}. Set DATABASE_URL, or run `outcry migrate` to make one.")


@contextmanager
def explaining(url: URL) -> Iterator[None]:
    """Around an opening: what could be foreseen is raised as CannotOpenError."""
    try:
        yield
    except Exception as error:
        foreseen = _explained(url, error)
        if foreseen is None or foreseen is error:
            raise
        raise foreseen from error


def _explained(url: URL, error: BaseException) -> CannotOpenError | None:
    """What an error at the opening means; None for what nobody could foresee."""
    if isinstance(error, CannotOpenError):
        return error
    if url.get_backend_name() == "sqlite":
        sentence = _about_file(Path(str(url.database)), error)
        return CannotOpenError(sentence) if sentence else None
    state = str(getattr(error, "sqlstate", None) or getattr(getattr(error, "orig", None), "sqlstate", None))
    if state in _REFUSED:
        names = {"server": _server(url), "user": url.username or "", "name": url.database or url.username}
        return CannotOpenError(_REFUSED[state].format(**names), away=state in _PASSES)
    if isinstance(error, TypeError) and "keyword argument" in str(error):
        return CannotOpenError(f"DATABASE_URL asks after its ? for what is not known here: {error}.")
    if trouble_of(error) is Trouble.FULL:
        return CannotOpenError(f"The disk of PostgreSQL on {_server(url)} is full: make room and start again.")
    if trouble_of(error) is Trouble.AWAY or isinstance(error, OSError):
        return CannotOpenError(
            f"PostgreSQL on {_server(url)} does not answer ({_reason(error)}). Is it up, and DATABASE_URL right?",
            away=True,
        )
    return None


_REFUSED: Mapping[str, str] = {
    "28P01": "PostgreSQL on {server} does not take the password of {user}: check DATABASE_URL.",
    "28000": "PostgreSQL on {server} does not let {user} in: check DATABASE_URL, and the server's pg_hba.conf.",
    "3D000": "There is no database {name} on {server}: make it (`createdb {name}`), or name another in DATABASE_URL.",
    "53300": (
        "PostgreSQL on {server} takes no more connections: raise its max_connections, put a pooler such as PgBouncer "
        "before it, or end a process."
    ),
    "57P03": "PostgreSQL on {server} is starting or stopping: wait a moment.",
    "42501": "{user} may not make tables in the database {name} on {server}: let them, or make them its owner.",
}
_PASSES = ("53300", "57P03")  # without anybody doing anything here


def _server(url: URL) -> str:
    return f"{url.host or 'this machine'}:{url.port or 5432}"


def _reason(error: BaseException) -> str:
    if isinstance(error, TroubleError) and error.__cause__ is not None:
        error = error.__cause__
    return getattr(error, "strerror", None) or str(getattr(error, "orig", None) or error) or type(error).__name__


def _about_file(path: Path, error: BaseException) -> str | None:
    number, trouble = getattr(error, "errno", None), trouble_of(error)
    where = getattr(error, "filename", None) or path
    if number in (errno.EACCES, errno.EPERM):
        return f"{where} cannot be opened: permission denied. Whoever runs Outcry must own the file and its folder."
    full = trouble is Trouble.UNWRITABLE and path.resolve().parent.is_dir() and is_full(path)
    if full or trouble is Trouble.FULL or number in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk that holds {path} is full: make room and start again."
    if trouble is Trouble.UNWRITABLE or number == errno.EROFS:
        return (
            f"{path} can only be read, or its disk takes nothing. `verify`, `export`, `graph` and `prove` work on it; "
            "for all else copy it to where it can be written."
        )
    if trouble is Trouble.LOCKED:
        return f"{path} is locked by another program (a SQLite shell, a backup?). End that, and start again."
    if trouble is Trouble.DAMAGED:
        return f"{path} cannot be read: it is damaged, or no SQLite database at all. Restore a backup, or use another."
    if trouble is Trouble.MOVED or isinstance(error, (OSError, RuntimeError)):  # a circle of links is a RuntimeError
        return (
            f"{path} cannot be opened ({_reason(error)}): check that the file and its folder can be read and written."
        )
    return None

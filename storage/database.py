"""One database, opened once: a single writer, readers beside it, migrations, the lock on a SQLite file."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from storage.unit_of_work import UnitOfWork


class DatabaseInUseError(Exception):
    """Another process has this SQLite file open for writing. Two writers could corrupt it (SQLite before 3.51.3)."""


class Database:
    """`sqlite:///outcry.db` or `postgresql://user:password@host/name`; driver names are accepted."""

    @classmethod
    def open(cls, url: str, *, read_only: bool = False) -> Database:
        """Take the database; raises DatabaseInUseError or ValueError (an address nobody understands). Connects lazily.
        `read_only` takes no lock and can run beside the process that writes."""
        raise NotImplementedError

    async def migrate(self) -> None:
        """Bring the tables up to date; nothing to do is quick."""
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A consistent snapshot; writes fail."""
        raise NotImplementedError

    def writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """The one writer's transaction (BEGIN IMMEDIATE): rolled back unless `await uow.commit()`. Units do not nest:
        opening one inside another raises RuntimeError. Cancelling waits for the statement under way."""
        raise NotImplementedError

    async def outbox_filled(self, timeout_s: float) -> bool:
        """Wait until a commit added outbox rows, at most `timeout_s`; True if one did."""
        raise NotImplementedError

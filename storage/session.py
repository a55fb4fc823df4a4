"""What every repository is: statements on the one connection of its unit of work.

The one statement SQLite and PostgreSQL spell alike but SQLAlchemy imports from two places.

Text from outside, made storable. Escaping for a chat, a page or a CSV cell is the business of those who print it.

Engine states by market, so that a tick need not load what it saved a moment ago.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.unit_of_work import UnitOfWork
from collections.abc import Collection, Sequence

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from engine.state import MarketState


class Repository:
    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow


def upsert(dialect: str, table: Table, keys: Sequence[str], columns: Collection[str]) -> Executable:
    """Insert a row, or give the one with the same keys these values: absolute ones, so that repeating is harmless.

    `columns` are all that are set, the keys among them; with nothing but keys an existing row stays as it is.
    """
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    changed = {name: insert.excluded[name] for name in columns if name not in keys}
    if not changed:
        return insert.on_conflict_do_nothing(index_elements=list(keys))
    return insert.on_conflict_do_update(index_elements=list(keys), set_=changed)


NAME_LENGTH = 200


def clean(text: str, limit: int = NAME_LENGTH) -> str:
    """Without NUL and lone surrogates, which PostgreSQL or UTF-8 cannot hold, and not longer than `limit`."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "")[:limit]


class StateCache:
    """The latest state of each market. The head of the hash chain names a state: another head, another state.

    `people_changed` counts how often two people became one or one was forgotten, for whoever remembers who is who."""

    def __init__(self) -> None:
        self.people_changed = 0
        self._states: dict[int, tuple[int, str, MarketState]] = {}

    def get(self, market: int, tick: int, head: str) -> MarketState | None:
        known = self._states.get(market)
        return known[2] if known is not None and known[:2] == (tick, head) else None

    def put(self, market: int, tick: int, head: str, state: MarketState) -> None:
        known = self._states.get(market)
        if known is None or known[0] <= tick:
            self._states[market] = (tick, head, state)

    def forget_people(self) -> None:
        """Somebody is not who she was."""
        self.people_changed += 1

    def forget(self, market: int) -> None:
        self._states.pop(market, None)

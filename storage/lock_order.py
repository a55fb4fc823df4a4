"""The one order in which a transaction locks: see the table in README.md.

Two transactions that lock the same two things in opposite orders wait for each other until the server kills one. So
there is one order for all of them, and every unit is held to it on every database: one that goes back in it raises.

A market's row guards all that is keyed by the market, so what stands under it has no order of its own: it is written
by who holds the market, and by nobody else. Markets are locked by number, rows of a table by their key.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Executable, Insert, Table
from sqlalchemy.dialects.postgresql.dml import OnConflictDoUpdate as PostgresUpsert
from sqlalchemy.dialects.sqlite.dml import OnConflictDoUpdate as SqliteUpsert
from sqlalchemy.sql.dml import UpdateBase

ORDER = (
    "adoption",  # a name without a table of it is a lock by key: `Session.serialise`
    "leases",  # whoever fences does so first
    "attempts",  # by key; before all that a right code leads to
    "first sight of a chat",
    "chats",
    "names of a room",
    "first sight of a person",
    "links",
    "people",
    "market of a chat",
    "seasons of a chat",
    "seasons",
    "config",
    "first secret",
    "counters",  # whoever counts a message of the room has all messages
    "room_messages",
    "lines",
    "tickets",
    "outbox",
    "message_refs",
    "telegram_inbox",
    "facts",
    "chat_settings",
    "preferences",
    "pings",
    "first use of a code",
    "codes",
    "sessions",
    "chat_admins",
    "audit_log",
    "journal",  # the shared one; a market's own is guarded by the market
)
UNDER_A_MARKET = frozenset(
    (
        *("users", "positions", "binaries", "orders", "lob_pools", "trades", "ticks", "tiles", "events", "metrics"),
        *("ledger", "actions", "approvals", "wordings", "announcements", "alerts", "keys", "webhooks"),
    )
)
# `Journal` sees to the lock of the one it writes, `migrate` to its own
BY_THEMSELVES = frozenset(("journal", "journal_heads", "upgrades"))
_PLACE = {name: place for place, name in enumerate(ORDER)}
_UPSERTS = (PostgresUpsert, SqliteUpsert)


def place_of(name: str) -> int:
    """How late in a transaction it is locked."""
    return _PLACE[name]


class LockOrderError(RuntimeError):
    """A unit would lock something out of order, or writes what it has not locked: a mistake in the code."""


class LockOrder:
    """What one transaction has locked so far."""

    def __init__(self) -> None:
        self._latest = 0  # place in ORDER
        self._held: set[str] = set()  # tables whose rows were locked ahead of time
        self._markets: set[int] = set()
        self._any_market = False
        self.writes = False  # whether there is anything to commit

    def may(self, name: str) -> None:
        """Raises LockOrderError where it is too late for this lock."""
        if _PLACE[name] < self._latest and name not in self._held:
            raise LockOrderError(f"{name} must be locked before {ORDER[self._latest]}")

    def take(self, name: str) -> None:
        self.may(name)
        self._latest = max(self._latest, _PLACE[name])

    def hold(self, name: str) -> None:
        """Rows of this table are locked now, and will be written later."""
        self.take(name)
        self._held.add(name)

    def take_markets(self, numbers: Iterable[int]) -> None:
        for number in sorted(set(numbers) - self._markets):
            if self._markets and number < max(self._markets):
                raise LockOrderError(f"market {number} must be locked before market {max(self._markets)}")
            self.take("config")
            self._markets.add(number)
            self._any_market = True

    def take_all_markets(self, numbers: Iterable[int]) -> None:
        """All there are, if any."""
        self.take_markets(numbers)
        self._any_market = True

    def made(self, market: int) -> None:
        """A market of this transaction's own, which nobody else can see."""
        self.may("config")
        self._markets.add(market)
        self._any_market = True

    def has(self, market: int) -> bool:
        return market in self._markets

    def need(self, market: int) -> None:
        """Raises LockOrderError unless this market is locked."""
        if market not in self._markets:
            raise LockOrderError(f"market {market} must be locked for this")

    def check(self, statement: Executable) -> None:
        """What a statement is about to lock."""
        if not isinstance(statement, UpdateBase) or not isinstance(statement.table, Table):
            return
        self.writes = True
        table = statement.table.name
        if table in BY_THEMSELVES:
            return
        makes_rows = isinstance(statement, Insert) and not isinstance(statement._post_values_clause, _UPSERTS)
        if table in UNDER_A_MARKET or (table == "config" and not makes_rows):
            if not self._any_market:
                raise LockOrderError(f"{table} is written under the lock of a market")
        elif not makes_rows:
            self.take(table)

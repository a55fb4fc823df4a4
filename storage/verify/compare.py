"""Rows as they should be against rows as they are: the first that differs is named, down to the field.

Values are compared as they are stored: numbers exactly, payloads by their canonical JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, RowMapping, Select, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncMappingResult

from engine.risk import InvariantBroken

PAGE = 500  # rows of a table in memory at once
PLAIN = (int, str, bool, type(None))  # what needs no JSON to be compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """The first row that is not what the market's inputs give.

    tick: the one that wrote it, or after which it is wrong. field `row`: it is missing, one too many, or unreadable.
    chained: whether the tick's stored hash confirms what it was expected to be; where not, the inputs of that tick (or
    the hash itself) are not those that ran.
    """

    market: int
    tick: int
    table: str
    id: str
    field: str
    expected: object
    found: object
    chained: bool = True


class WrongRowError(Exception):
    """Ends a check; carries what was found."""

    def __init__(self, mismatch: Mismatch) -> None:
        super().__init__(mismatch.table, mismatch.id, mismatch.field)
        self.mismatch = mismatch


@dataclass(slots=True, kw_only=True)
class Check:
    """Where the check has come to."""

    market: int
    tick: int = 0
    chained: bool = True

    def wrong(self, table: str, ident: object, field: str, expected: object, found: object) -> WrongRowError:
        return WrongRowError(
            Mismatch(
                market=self.market,
                tick=self.tick,
                table=table,
                id=str(ident),
                field=field,
                expected=expected,
                found=found,
                chained=self.chained,
            )
        )

    def missing(self, table: str, ident: object) -> WrongRowError:
        return self.wrong(table, ident, "row", "present", "missing")

    def surplus(self, table: str, ident: object) -> WrongRowError:
        return self.wrong(table, ident, "row", "missing", "present")

    @contextmanager
    def readable(self, table: str, ident: object) -> Iterator[None]:
        """What the process that wrote it could read and run, and this one cannot, was changed since."""
        try:
            yield
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, InvariantBroken) as error:
            self.chained = False
            raise self.wrong(table, ident, "row", "readable", f"{type(error).__name__}: {error}") from error

    def same(self, table: str, ident: object, expected: Mapping[str, object], found: RowMapping) -> None:
        """Raises WrongRowError for the first field of `expected` that `found` has otherwise."""
        for name, value in expected.items():
            stored = found[name]
            if type(value) is type(stored) and type(value) in PLAIN and value == stored:
                continue
            if canonical(value) != canonical(stored):
                raise self.wrong(table, ident, *difference(name, _plain(value), stored))

    def same_set(
        self, table: str, expected: Mapping[str, Mapping[str, object]], found: Mapping[str, RowMapping]
    ) -> None:
        """Whole tables by the name of each row."""
        for ident, row in expected.items():
            if ident not in found:
                raise self.missing(table, ident)
            self.same(table, ident, row, found[ident])
        for ident in found:
            if ident not in expected:
                raise self.surplus(table, ident)


class Rows:
    """A table of one market in order, a page at a time; the column `key` names a row."""

    def __init__(self, check: Check, table: str, key: str, result: AsyncMappingResult) -> None:
        self._check, self._table, self._key, self._result = check, table, key, result
        self._page: Sequence[RowMapping] = ()
        self._at = 0

    @classmethod
    async def open(
        cls, stack: AsyncExitStack, connection: AsyncConnection, check: Check, table: Table, *order: str
    ) -> Rows:
        """Sorted by `order`, the last of which names a row; rows without a tick are left out."""
        query: Select[*tuple[Any, ...]] = select(table).where(table.c.market == check.market)  # Any: of every table
        columns: list[Column[Any]] = [table.c[name] for name in order]
        query = query.where(table.c.tick_id.is_not(None)).order_by(*columns)
        streamed = connection.stream(query.execution_options(yield_per=PAGE))
        result = await stack.enter_async_context(streamed)
        return cls(check, table.name, order[-1], result.mappings())

    async def peek(self) -> RowMapping | None:
        """The next row, which stays the next; None after the last."""
        if self._at == len(self._page):
            with self._check.readable(self._table, "unknown"):
                self._page, self._at = await self._result.fetchmany(PAGE), 0
        return self._page[self._at] if self._page else None

    async def next(self) -> RowMapping | None:
        row = await self.peek()
        self._at += row is not None
        return row

    async def of_tick(self, tick: int) -> list[RowMapping]:
        """The rows of one tick, all of them; one of an earlier tick is out of place."""
        rows = []
        while (row := await self.peek()) is not None and row["tick_id"] <= tick:
            if row["tick_id"] != tick:
                raise self._check.surplus(self._table, row[self._key])
            rows.append(row)
            self._at += 1
        return rows

    async def expect(self, expected: Iterable[Mapping[str, object]]) -> None:
        """That exactly these rows come next."""
        for expected_row in expected:
            row, ident = await self.next(), expected_row[self._key]
            if row is None or row[self._key] > ident:
                raise self._check.missing(self._table, ident)
            if row[self._key] < ident:
                raise self._check.surplus(self._table, row[self._key])
            self._check.same(self._table, ident, expected_row, row)

    async def expect_end(self) -> None:
        """That no row is left."""
        row = await self.peek()
        if row is not None:
            raise self._check.surplus(self._table, row[self._key])


def canonical(value: object) -> object:
    """Numbers, texts and None as they are, payloads as their JSON: 1 and 1.0 and True differ in it."""
    return value if value is None or isinstance(value, str | int) else _json(value)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    return json.loads(_json(value)) if isinstance(value, Mapping | list | tuple) else value


def difference(name: str, expected: object, found: object) -> tuple[str, object, object]:
    """The innermost field in which two payloads differ, `params.rounds.0.count`, with both values."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            if key not in expected or key not in found:
                return f"{name}.{key}", expected.get(key, "missing"), found.get(key, "missing")
            if _json(expected[key]) != _json(found[key]):
                return difference(f"{name}.{key}", expected[key], found[key])
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for at, (wanted, stored) in enumerate(zip(expected, found, strict=True)):
            if _json(wanted) != _json(stored):
                return difference(f"{name}.{at}", wanted, stored)
    return name, expected, found

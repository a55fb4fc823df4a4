"""Statements that come again, without what SQLAlchemy does anew for each: its SQL, its values, its rows, at once.

SQLAlchemy compiles a statement once, but for every execution it looks the compiled form up by all its parts and builds
a context, a cursor's proxy and a result: five to ten times what SQLite needs for a few rows. A statement that is a
constant of its module is told from one built in a function by its coming twice; from then on its compiled form is
remembered for the object itself. Values and rows go through the same types' conversions as SQLAlchemy's. What it does
not know (lists that expand, defaults of an update, two columns of one name) goes SQLAlchemy's way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.elements import ClauseElement

from storage.batches import Batch

Row: TypeAlias = dict[str, Any]  # Any: what the driver gives
Keys: TypeAlias = tuple[str, ...]


class Prepared:
    """One statement for one set of values' names."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, keys: Keys) -> None:
        self.sql = str(compiled)
        self._batch = Batch(compiled, dialect, keys)
        columns = compiled._result_columns
        self._names = tuple(column.keyname for column in columns)
        self._converts = [
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := column.type._cached_result_processor(dialect, None)) is not None
        ]

    @property
    def has_rows(self) -> bool:
        return bool(self._names)

    @property
    def ambiguous(self) -> bool:
        return len(set(self._names)) != len(self._names)

    def values(self, given: Mapping[str, object]) -> tuple[object, ...]:
        """In the order of the SQL. Raises KeyError where one is missing."""
        return self._batch.one(given)

    def row(self, raw: Sequence[Any]) -> Row:
        """One as the driver gave it, by column."""
        row = dict(zip(self._names, raw, strict=True))
        for place, convert in self._converts:
            row[self._names[place]] = convert(raw[place])
        return row

    def rows(self, raws: Iterable[Sequence[Any]]) -> list[Row]:
        """All of them."""
        names, converts = self._names, self._converts
        if not converts:
            return [dict(zip(names, row, strict=True)) for row in raws]
        rows = []
        for raw in raws:
            row = list(raw)
            for place, convert in converts:
                row[place] = convert(row[place])
            rows.append(dict(zip(names, row, strict=True)))
        return rows


class Statements:
    """Those that came, of one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: WeakKeyDictionary[Executable, dict[Keys, Prepared | None]] = WeakKeyDictionary()

    def prepared(self, statement: Executable, keys: Keys) -> Prepared | None:
        """The statement's own, from the second time on; None: SQLAlchemy's way. `keys` name the values given."""
        forms = self._known.get(statement)
        if forms is None:
            self._known[statement] = {}
            return None
        if keys not in forms:
            forms[keys] = self._prepare(statement, keys)
        return forms[keys]

    def _prepare(self, statement: Executable, keys: Keys) -> Prepared | None:
        if not isinstance(statement, ClauseElement):
            return None
        columns = list(keys) if isinstance(statement, Insert | Update) and keys else None
        compiled = statement.compile(dialect=self._dialect, column_keys=columns)
        if not isinstance(compiled, SQLCompiler) or _goes_another_way(compiled):
            return None
        prepared = Prepared(compiled, self._dialect, keys)
        return None if prepared.ambiguous else prepared


def _goes_another_way(compiled: SQLCompiler) -> bool:
    """Whether SQLAlchemy does more for it than converting values."""
    expands = compiled.post_compile_params or compiled.literal_execute_params
    return bool(expands or compiled.update_prefetch or compiled._insertmanyvalues)

"""A statement for many rows, compiled once: every row goes to the driver as a tuple in the driver's order.

SQLAlchemy works the parameters out again for every row of an `executemany`, which costs more than SQLite needs to write
it. Here the order of the columns, the constants of the statement and what turns a value into the driver's (JSON) are
found once for a statement and the columns its rows have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler

Row: TypeAlias = Mapping[str, object]
_Convert: TypeAlias = Callable[[Any], Any]  # Any: a column's own type, and the driver's


class Batch:
    """`sql` for `rows` of the same columns."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, columns: Sequence[str]) -> None:
        self.sql = str(compiled)
        names = list(compiled.positiontup or ())
        self._constants = _constants(compiled, [name for name in names if name not in columns])
        self._values = itemgetter(*names) if len(names) > 1 else lambda row: tuple(row[name] for name in names)
        converts = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
        self._converts = [(at, convert) for at, convert in enumerate(converts) if convert is not None]

    def tuples(self, rows: Sequence[Row]) -> list[tuple[object, ...]]:
        """The rows as the driver takes them. Raises KeyError where one lacks a column."""
        if self._constants:
            rows = [{**self._constants, **row} for row in rows]
        if not self._converts:
            return [self._values(row) for row in rows]
        return [self._converted(self._values(row)) for row in rows]

    def one(self, row: Row) -> tuple[object, ...]:
        """The same of one row."""
        values = self._values({**self._constants, **row} if self._constants else row)
        return self._converted(values) if self._converts else values

    def _converted(self, values: tuple[object, ...]) -> tuple[object, ...]:
        converted = list(values)
        for at, convert in self._converts:
            converted[at] = convert(converted[at])
        return tuple(converted)


_batches: WeakKeyDictionary[Executable, dict[tuple[str, ...], Batch]] = WeakKeyDictionary()


def batch(statement: Executable, dialect: Dialect, columns: Sequence[str]) -> Batch:
    """The statement for rows of these columns, compiled the first time it is asked for."""
    known = _batches.setdefault(statement, {})
    key = (dialect.name, *columns)
    if key not in known:
        compiled = statement.compile(dialect=dialect, column_keys=list(columns))  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        known[key] = Batch(compiled, dialect, columns)
    return known[key]


def _constants(compiled: SQLCompiler, names: Sequence[str]) -> dict[str, object]:
    """What a row need not hold: values the statement names itself, and defaults of columns."""
    defaults = {column.key: column.default for column in compiled.insert_prefetch}
    required = {name for bind, name in compiled.bind_names.items() if bind.required}
    constants = {}
    for name in names:
        if name in required:
            continue  # a row that lacks it is a mistake
        default = defaults.get(name)
        if default is None:
            constants[name] = compiled.params[name]
        else:
            assert default.is_scalar, f"{name} has a default that is worked out for each row"
            constants[name] = default.arg  # type: ignore[attr-defined]  # of a scalar default
    return constants

"""Statements that come again, without what SQLAlchemy does anew for each: its SQL, its values, its rows, at once.

SQLAlchemy compiles a statement once, but for every execution it looks the compiled form up by all its parts and builds
a context, a cursor's proxy and a result: five to ten times what SQLite needs for a few rows. A statement that is a
constant of its module is told from one built in a function by its coming twice; from then on its compiled form is
remembered for the object itself. Values and rows go through the same types' conversions as SQLAlchemy's. One with
lists (`in_` of an expanding parameter) has a form for each length of them, of which there are few: a list is filled up
with its last element. What it does not know (defaults of an update, two columns of one name, the columns of a `text`)
goes SQLAlchemy's way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Executable
from sqlalchemy.sql.compiler import ExpandedState, SQLCompiler
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.elements import ClauseElement, TextClause

from storage.batches import Batch

Row: TypeAlias = dict[str, Any]  # Any: what the driver gives
Keys: TypeAlias = tuple[str, ...]
LONGEST = 1 << 10  # lists up to here have forms that are kept
Lengths: TypeAlias = Mapping[str, int]  # of lists, by the parameter's name


class Prepared:
    """One statement for one set of values' names."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, keys: Keys, sql: str | None = None) -> None:
        self.sql = str(compiled) if sql is None else sql
        self._batch = Batch(compiled, dialect, keys)
        columns = compiled._result_columns
        self._names = tuple(column.keyname for column in columns)
        self._converts = [
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := column.type._cached_result_processor(dialect, None)) is not None
        ]

    def of(self, _: Mapping[str, object]) -> Prepared:
        """The form for these values: always the same."""
        return self

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


class Expanded(Prepared):
    """One with lists, of certain lengths."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, state: ExpandedState, lists: Lengths) -> None:
        super().__init__(compiled, dialect, (), state.statement)
        self._places = list(state.positiontup or ())
        self._processors = state.processors
        self._elements = {name: state.parameter_expansion[name] for name in lists}
        self._lengths = lists
        self._constants = {name: value for name, value in compiled.params.items() if name not in lists}

    def values(self, given: Mapping[str, object]) -> tuple[object, ...]:
        """In the order of the SQL. Raises KeyError where one is missing."""
        values = {**self._constants, **given}
        for name, length in self._lengths.items():
            filled = _filled(cast("Collection[object]", values.pop(name)), length)
            flat = [part for element in filled for part in (element if isinstance(element, tuple) else (element,))]
            values.update(zip(self._elements[name], flat, strict=True))
        return tuple(
            self._processors[name](values[name]) if name in self._processors else values[name] for name in self._places
        )


class Expanding(Prepared):
    """One with lists, which are given: a form for each of their lengths."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, keys: Keys, lists: Collection[str]) -> None:
        super().__init__(compiled, dialect, keys)
        self._compiled, self._dialect, self._lists = compiled, dialect, sorted(lists)
        self._forms: dict[tuple[int, ...], Expanded] = {}

    def of(self, given: Mapping[str, object]) -> Prepared:
        """The form for lists of these lengths."""
        lengths = {name: _length(cast("Collection[object]", given[name])) for name in self._lists}
        key = tuple(lengths.values())
        form = self._forms.get(key)
        if form is None:
            filled = {name: _filled(cast("Collection[object]", given[name]), n) for name, n in lengths.items()}
            state = self._compiled.construct_expanded_state({**given, **filled})
            form = Expanded(self._compiled, self._dialect, state, lengths)
            if max(key) <= LONGEST:
                self._forms[key] = form
        return form


def _length(elements: Collection[object]) -> int:
    """The next power of two, up to which a list is filled up; none stays none, and a very long list as it is."""
    length = len(elements)
    return 1 << (length - 1).bit_length() if 0 < length <= LONGEST else length


def _filled(elements: Collection[object], length: int) -> list[object]:
    """With its last element again and again, which changes nothing of what is in it."""
    filled = list(elements)
    return filled + filled[-1:] * (length - len(filled))


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
        if not isinstance(statement, ClauseElement) or isinstance(statement, TextClause):
            return None
        columns = list(keys) if isinstance(statement, Insert | Update) and keys else None
        compiled = statement.compile(dialect=self._dialect, column_keys=columns)
        if not isinstance(compiled, SQLCompiler) or _goes_another_way(compiled):
            return None
        lists = {compiled.bind_names[parameter] for parameter in compiled.post_compile_params}
        if not lists:
            prepared = Prepared(compiled, self._dialect, keys)
        elif lists <= set(keys):
            prepared = Expanding(compiled, self._dialect, keys, lists)
        else:
            return None
        return None if prepared.ambiguous else prepared


def _goes_another_way(compiled: SQLCompiler) -> bool:
    """Whether SQLAlchemy does more for it than converting values."""
    return bool(compiled.literal_execute_params or compiled.update_prefetch or compiled._insertmanyvalues)

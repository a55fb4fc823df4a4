"""What tables look like from outside, and what of a change a program that knows only the earlier look cannot live with.

Its statements name the columns it knows: it inserts rows without the new ones and reads rows that newer programs wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, inspect


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Of a table. `columns`: type, whether it may be NULL, whether there is a default; `rules`: what a row must keep to
    beside that, each with its columns."""

    columns: Mapping[str, tuple[str, bool, bool]]
    rules: frozenset[tuple[str, tuple[str, ...]]]


def shapes(connection: Connection) -> dict[str, Shape]:
    tables = inspect(connection)
    return {name: _shape(connection, name) for name in tables.get_table_names() if name != "alembic_version"}


def _shape(connection: Connection, table: str) -> Shape:
    tables = inspect(connection)
    columns = {
        column["name"]: (str(column["type"]), bool(column["nullable"]), column["default"] is not None)
        for column in tables.get_columns(table)
    }
    keys = tables.get_pk_constraint(table)["constrained_columns"]
    rules: list[tuple[str, Sequence[object]]] = [("primary key", keys)]
    rules += [("unique", unique["column_names"]) for unique in tables.get_unique_constraints(table)]
    rules += [("unique", index["column_names"]) for index in tables.get_indexes(table) if index["unique"]]
    rules += [("reference", key["constrained_columns"]) for key in tables.get_foreign_keys(table)]
    rules += [("check", [str(check["sqltext"])]) for check in tables.get_check_constraints(table)]
    return Shape(columns=columns, rules=frozenset((kind, tuple(map(str, names))) for kind, names in rules))


def breaks(before: Mapping[str, Shape], after: Mapping[str, Shape]) -> list[str]:
    """Why a program that knows `before` cannot use `after`, one sentence each; empty where it can."""
    gone = [f"table {name} is gone" for name in before if name not in after]
    changed = [why for name in before if name in after for why in _table_breaks(name, before[name], after[name])]
    return [*gone, *changed]


def _table_breaks(name: str, before: Shape, after: Shape) -> Iterator[str]:
    for column, (kind, nullable, default) in before.columns.items():
        if column not in after.columns:
            yield f"{name}.{column} is gone"
            continue
        now, may_be_null, has_default = after.columns[column]
        if now != kind:
            yield f"{name}.{column} was {kind} and is {now}"
        if nullable != may_be_null:  # one that became nullable gives old programs values they cannot read
            yield f"{name}.{column} was {'nullable' if nullable else 'NOT NULL'}"
        if default and not has_default:
            yield f"{name}.{column} had a default"
    for column, (_, nullable, default) in after.columns.items():
        if column not in before.columns and not (nullable or default):
            yield f"{name}.{column} is new, NOT NULL and without a default"
    for kind, columns in sorted(after.rules - before.rules):
        old = kind == "check" or any(column in before.columns for column in columns)
        filled = any(after.columns[column][2] for column in columns if column in after.columns)
        if old or filled:  # a rule for new columns alone, which old programs leave NULL, binds none of their rows
            yield f"{name} has a new {kind} of {', '.join(columns)}"
    for kind, columns in sorted(before.rules - after.rules):
        if kind in ("primary key", "unique"):  # ON CONFLICT needs it
            yield f"{name} has lost its {kind} of {', '.join(columns)}"

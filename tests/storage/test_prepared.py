"""A statement that comes again takes a shorter way and says the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

import pytest
from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    bindparam,
    create_engine,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.pool import StaticPool

from storage.prepared import Statements
from storage.schema import metadata, people, tickets, users
from storage.session import one_of

TICKET = {
    "market": 1,
    "person": 2,
    "status": "open",
    "draft": {"size": 5, "ä": ["x", None]},
    "reserve": 2**60,
    "terms": {},
    "request_id": "r'1\"",
    "created_ms": 3,
}
MEMBER = {"market": 1, "user": 2, "display_name": "Ada", "joined_ms": 5, "funded": True}
_N: BindParameter[int] = bindparam("n")
STATEMENTS: tuple[tuple[str, Executable, Mapping[str, object]], ...] = (
    ("rows with JSON", select(tickets).where(tickets.c.id == bindparam("ticket")), {"ticket": 1}),
    ("no rows", select(tickets).where(tickets.c.id == bindparam("ticket")), {"ticket": 7}),
    ("truth values", select(users), {}),
    ("a constant in the statement", select(tickets.c.id).where(tickets.c.status == "open"), {}),
    ("one of a few", select(tickets.c.id).where(one_of(tickets.c.status, ("open", "replaced"))), {}),
    ("a label", select(func.max(tickets.c.created_ms).label("at")), {}),
    ("one value twice", select(tickets.c.id).where(tickets.c.market == _N, tickets.c.id == _N), {"n": 1}),
    (
        "two columns of one name",
        select(tickets.c.market, users.c.market).join(users, tickets.c.market == users.c.market),
        {},
    ),
    ("a value that is a default", select(tickets.c.id).where(tickets.c.id == bindparam("ticket", 1)), {}),
)
_IDS = select(tickets).where(
    tickets.c.id.in_(bindparam("ids", expanding=True)), tickets.c.market == bindparam("market")
)
_PAIRS = select(tickets.c.id).where(tuple_(tickets.c.market, tickets.c.status).in_(bindparam("pairs", expanding=True)))
_TWICE = select(tickets.c.id).where(
    or_(tickets.c.id.in_(bindparam("ids", expanding=True)), tickets.c.person.in_(bindparam("people", expanding=True)))
)
LISTS: tuple[tuple[str, Executable, tuple[Mapping[str, object], ...]], ...] = (
    (
        "a list",
        _IDS,
        tuple(
            {"ids": ids, "market": 1} for ids in ([1], [], [3, 1], [9, 8, 7], list(range(1, 300)), list(range(1, 1500)))
        ),
    ),
    ("pairs", _PAIRS, tuple({"pairs": pairs} for pairs in ([(1, "open")], [(2, "open"), (1, "open"), (1, "x")], []))),
    ("two lists", _TWICE, ({"ids": [5], "people": [2, 2, 2]}, {"ids": [], "people": []})),
)
OTHERWISE: tuple[tuple[str, Executable, tuple[str, ...]], ...] = (
    ("a list in the statement", select(people).where(people.c.id.in_([1, 2])), ()),
    ("a text, whose columns only its rows tell", text("SELECT count(*) AS count FROM tickets"), ()),
)


@pytest.fixture
def connection() -> Iterator[Connection]:
    raw = sqlite3.connect(":memory:", isolation_level=None)
    engine = create_engine("sqlite+pysqlite://", creator=lambda: raw, poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(insert(tickets), TICKET)
        connection.execute(insert(users), MEMBER)
        yield connection


def raw_of(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


@pytest.mark.parametrize(("name", "statement", "values"), STATEMENTS)
def test_the_rows_are_sqlalchemys(
    connection: Connection, name: str, statement: Executable, values: Mapping[str, object]
) -> None:
    statements = Statements(connection.dialect)
    assert statements.prepared(statement, tuple(values)) is None, name  # it may be one that never comes again
    prepared = statements.prepared(statement, tuple(values))
    assert prepared is not None
    wanted = [dict(row) for row in connection.execute(statement, values).mappings()]
    raw = raw_of(connection)
    assert prepared.rows(raw.execute(prepared.sql, prepared.values(values))) == wanted
    first = raw.execute(prepared.sql, prepared.values(values)).fetchone()
    assert (None if first is None else prepared.row(first)) == (wanted[0] if wanted else None)


@pytest.mark.parametrize(("name", "statement", "given"), LISTS)
def test_a_list_of_any_length_finds_what_it_finds_for_sqlalchemy(
    connection: Connection, name: str, statement: Executable, given: tuple[Mapping[str, object], ...]
) -> None:
    statements, raw = Statements(connection.dialect), raw_of(connection)
    assert statements.prepared(statement, tuple(given[0])) is None, name
    forms = set()
    for values in (*given, *given):  # again: what was kept
        prepared = statements.prepared(statement, tuple(values))
        assert prepared is not None
        form = prepared.of(values)
        forms.add(form.sql)
        wanted = [dict(row) for row in connection.execute(statement, {**values}).mappings()]
        assert form.rows(raw.execute(form.sql, form.values(values))) == wanted, (name, values)
    assert len(forms) <= len(given)  # those that came again had one


@pytest.mark.parametrize(("name", "statement", "keys"), OTHERWISE)
def test_what_it_does_not_know_goes_sqlalchemys_way(
    connection: Connection, name: str, statement: Executable, keys: tuple[str, ...]
) -> None:
    statements = Statements(connection.dialect)
    assert [statements.prepared(statement, keys) for _ in range(3)] == [None] * 3, name


def test_what_is_written_is_what_sqlalchemy_writes(connection: Connection) -> None:
    statements, statement = Statements(connection.dialect), insert(tickets)
    written = {**TICKET, "request_id": "r2"}
    statements.prepared(statement, tuple(written))
    prepared = statements.prepared(statement, tuple(written))
    assert prepared is not None
    raw = raw_of(connection)
    assert raw.execute(prepared.sql, prepared.values(written)).lastrowid == 2
    member = {"market": 2, "user": 3, "display_name": "Ben", "joined_ms": 5}
    joining = insert(users)
    statements.prepared(joining, tuple(member))
    joined = statements.prepared(joining, tuple(member))
    assert joined is not None
    raw.execute(joined.sql, joined.values(member))
    assert connection.execute(select(users.c.balance, users.c.funded).where(users.c.user == 3)).all() == [(0, False)]
    change = update(tickets).where(tickets.c.id == bindparam("ticket")).values(terms=bindparam("new"), status="done")
    values = {"ticket": 2, "new": {"a": 1}}
    statements.prepared(change, tuple(values))
    changing = statements.prepared(change, tuple(values))
    assert changing is not None
    assert raw.execute(changing.sql, changing.values(values)).rowcount == 1
    rows = connection.execute(select(tickets).order_by(tickets.c.id)).mappings().all()
    assert {**rows[0], "id": 2, "request_id": "r2", "terms": {"a": 1}, "status": "done"} == dict(rows[1])


def test_other_names_of_values_are_another_form(connection: Connection) -> None:
    statements = Statements(connection.dialect)
    short = insert(people)
    statements.prepared(short, ("name", "created_ms"))
    forms = [statements.prepared(short, keys) for keys in (("name", "created_ms"), ("name", "created_ms", "market"))]
    assert [form.sql.count("?") for form in forms if form] == [2, 3]


def test_a_value_that_is_missing_is_a_mistake_not_a_null(connection: Connection) -> None:
    statements = Statements(connection.dialect)
    statement = select(tickets).where(tickets.c.id == bindparam("ticket"))
    statements.prepared(statement, ())
    prepared = statements.prepared(statement, ())
    assert prepared is not None
    with pytest.raises(KeyError):
        prepared.values({})

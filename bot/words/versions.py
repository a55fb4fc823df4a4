"""`outcry migrate --check`: of which version a database is, and which programs can use it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from bot.text.names import clean
from engine.units import RULES
from storage.migrations import HEAD
from storage.own_tables import Found
from storage.records import Market


def current(tables: Found, made_by: str | None, markets: Sequence[Market]) -> list[str]:
    """Line by line; for tables that this program can use."""
    by = f", made by Outcry {clean(made_by)}" if made_by is not None else ""
    rows = [f"The tables are version {tables.version}{by}. {_this_program()}"]
    if tables.version != HEAD:
        rows.append("They are newer than this program, which can use them as they are: nothing to do.")
    if tables.oldest is not None:
        rows.append(f"Programs of version {tables.oldest} and newer can use them, also side by side.")
    return rows + [_market(market) for market in markets]


def outdated(found: str | None) -> list[str]:
    """Where there is something to do."""
    if found is None:
        return [f"There are no tables yet. {_this_program()}", "`outcry migrate`, or the next start, makes them."]
    return [
        f"The tables are version {found}. {_this_program()}",
        "`outcry migrate`, or the next start, brings them up to date. Make a backup first.",
    ]


def _this_program() -> str:
    return f"This program is Outcry {version('outcry')}, of version {HEAD}, and plays by rules {RULES}."


def _market(market: Market) -> str:
    name = f"Market {market.id} ({clean(market.title)}), {market.status.value.lower()}: rules {market.rules}"
    return f"{name}; this program only calls it off." if market.outdated else f"{name}."

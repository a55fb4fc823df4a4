"""What a cut does to the rows of earlier ticks: orders that never were or fared otherwise, trades that hold no more.

A cut goes on from a branch (`engine.branch`), which has every tick since the first that may be otherwise twice: as it
was and as it would be. From the difference of the two follow the columns that add up over a market's life. Pure.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import RowMapping

from engine.branch import Branch, Course
from engine.events import Fill
from engine.resting_book import Book
from storage.order_rows import OrderChange, how_it_stands, order_changes, why_returned
from storage.records import OrderStatus, intent_number
from storage.tick_rows import Row, TickOutcome, fill_columns

MONEY = ("amount", "fee", "gas", "rebate")


def undone_fills(branch: Branch) -> Counter[str]:
    """Fills that hold no more, by `fill_key`: how many of each."""
    return _keys(branch.was) - _keys(branch.would)


def made_fills(branch: Branch) -> tuple[Fill, ...]:
    """Fills that would have been instead, in their order: those of the cut's own tick, as far as rows go."""
    known, made = _keys(branch.was), list[Fill]()
    for course in branch.would:
        for fill in course.fills:
            key = fill_key(fill_columns(fill))
            if known[key]:
                known[key] -= 1
            else:
                made.append(fill)
    return tuple(made)


def fill_key(columns: Mapping[str, object] | RowMapping) -> str:
    """Names what a fill was, whenever it was: rows of `trades` have the same."""
    return json.dumps([columns[name] for name in _FILL], sort_keys=True)


_FILL = (
    "outcome", "side", "kind", "buy_user", "sell_user", "price", "size", "fee", "amount", "buy_fee", "sell_fee", "kept",
    "released", "order", "resting", "parts",
)  # fmt: skip


def _keys(courses: Iterable[Course]) -> Counter[str]:
    return Counter(fill_key(fill_columns(fill)) for course in courses for fill in course.fills)


def undone_trades(branch: Branch, rows: Iterable[RowMapping]) -> list[int]:
    """Which of these rows of `trades`, in order and still holding, hold no more."""
    left, numbers = undone_fills(branch), list[int]()
    for row in rows:
        key = fill_key(row)
        if left[key]:
            left[key] -= 1
            numbers.append(row["trade_id"])
    return numbers


def order_rows_of_cut(outcome: TickOutcome) -> list[Row]:
    """Orders of earlier ticks that never were (`cut`) or that fared otherwise, as updates; `d_` is added."""
    branch = outcome.branch
    if branch is None:
        return []
    was, would = _fates(branch.resting, branch.was), _fates(branch.resting, branch.would)
    before, after, left_out = outcome.before.resting, branch.state.resting, set(branch.left_out)
    rows: list[Row] = []
    for name in sorted({*was, *would}, key=intent_number):
        if name in left_out:
            rows.append(_row(outcome, name, was[name], None, _never_was(was[name])))
        elif name in was and was[name].done is not None and name not in would:
            continue  # it never ran, and had done nothing: refused then, it stays so
        elif _stands(before, name, was.get(name)) != _stands(after, name, would.get(name)):
            rows.append(_row(outcome, name, was.get(name), would.get(name), _stands(after, name, would.get(name))))
    return rows


def _fates(book: Book, courses: Sequence[Course]) -> dict[str, OrderChange]:
    """All that happened to each order over some ticks, as one change."""
    fates: dict[str, OrderChange] = {}
    for course in courses:
        for name, change in order_changes(book, course.fills, course.events).items():
            if name in fates:
                fates[name].add(change)
            else:
                fates[name] = change
        book = course.resting
    return fates


def _stands(book: Book, name: str, fate: OrderChange | None) -> Row:
    """What a row says of an order after its fate; one that nothing happened to waits where it was."""
    change = fate or OrderChange(0, buy=True)
    status, remaining = how_it_stands(book, name, change)
    row: Row = {"status": status.value, "remaining": remaining, "rest_fee": None, "reason": why_returned(change)}
    if name in book:
        row |= {"rest_fee": book[name].fee, "reason": None}
    elif change.done is not None and change.done.reason:
        row["reason"] = change.done.reason.value
    return row | {f"d_{column}": getattr(change, column) for column in MONEY}


def _never_was(change: OrderChange) -> Row:
    size = 0 if change.done is None else change.done.size
    return {"status": OrderStatus.CUT.value, "remaining": size, "rest_fee": None, "reason": None}


def _row(outcome: TickOutcome, name: str, was: OrderChange | None, would: OrderChange | None, stands: Row) -> Row:
    def money(column: str) -> int:
        return (getattr(would, column) if would else 0) - (getattr(was, column) if was else 0)

    return {
        "b_market": outcome.market.id,
        "b_number": intent_number(name),
        **stands,
        **{f"d_{column}": money(column) for column in MONEY},
    }

"""What admins read about the people in their market."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.reply import Column, Reply, Table, code, line, quiet
from bot.grammar.types import quoted
from bot.paging import Page
from bot.text.names import clean
from bot.text.numbers import Cut, money, signed_money, signed_percent
from bot.words.pages import place, turning
from bot.words.shared import no, people, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One member. Micro-dollars; `balance` is cash, `worth` her tokens and what waits in the book beside it."""

    person: int
    name: str
    balance: int
    worth: int
    stake: int
    trades: int


def users(title: str, page: Page[Row], wanted: str | None, person: int | None) -> Reply:
    columns = (
        Column(title="No.", numeric=True),
        Column(title="Name"),
        Column(title="Balance", numeric=True),
        Column(title="Worth", numeric=True),
        Column(title="Gain", numeric=True),
        Column(title="", numeric=True),
        Column(title="Trades", numeric=True),
    )
    rows = tuple(
        (
            line(quiet(f"{one.person}")),
            line(clean(one.name)),
            line(money(one.balance, Cut.DOWN)),
            line(money(one.worth, Cut.DOWN)),
            line(signed_money(one.worth - one.stake)),
            line(signed_percent(one.worth - one.stake, one.stake)),
            line(f"{one.trades}"),
        )
        for one in page.rows
    )
    called = f" called “{clean(wanted)}”" if wanted else ""
    head = f"{people(page.total)}{called} in {clean(title)}.{place(page)}"
    again = f"/admin users {quoted(clean(wanted))}" if wanted else "/admin users"
    return say(
        head,
        blocks=(Table(columns=columns, rows=rows), line("Balance is cash; worth counts tokens at their price now.")),
        actions=turning(again, page, person),
    )


def nobody(title: str) -> Reply:
    return say(f"Nobody is in {clean(title)} yet.", blocks=(line("People come in by ", code("/join")),))


def nobody_called(wanted: str) -> Reply:
    return no(
        f"Nobody in this market is called “{clean(wanted)}”.", blocks=(line(code("/admin users"), " shows all."),)
    )

"""The book of an outcome, and what trades of several sizes would do to its price."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from bot.chat.facts import BookLevel, DepthStep, TokenBook
from bot.chat.reply import Audience, Column, Line, Reply, Table, code, line, quiet
from bot.text.numbers import limit_price, price, rate_of_price, round_money, tokens
from bot.text.outcome_names import typed_outcome
from bot.words.shared import name_of, outcome, say
from engine.state import Side
from engine.terms import MarketParams

_LEVELS = 8


def book(params: MarketParams, number: int, yes: TokenBook, no: TokenBook, audience: Audience) -> Reply:
    """Sales above, the house between, buys below; YES and NO side by side, best first."""
    name = name_of(params, number)
    house = line(
        "The house trades ", outcome(params, number), f" YES at {price(yes.price)} and NO at {price(no.price)}."
    )
    if not (yes.sells or yes.buys or no.sells or no.buys):
        typed = typed_outcome(params.outcome_names, number).lower()
        example = f"/buy {typed} yes 100 limit {max(1, yes.price // 10_000 - 5)}c"
        return say(
            f"Nobody waits in the book of {name}.",
            blocks=(house, line("Be the first: ", code(example))),
            audience=audience,
        )
    waiting = sum(level.size for shelf in (yes, no) for level in (*shelf.sells, *shelf.buys))
    blocks: list[Line | Table] = []
    if yes.sells or no.sells:
        blocks += [line("For sale, cheapest first:"), _table(yes.sells, no.sells)]
    blocks.append(house)
    if yes.buys or no.buys:
        blocks += [line("Wanted, dearest first:"), _table(yes.buys, no.buys)]
    return say(f"{tokens(waiting)} tokens wait in the book of {name}.", blocks=blocks, audience=audience)


def _table(yes: Sequence[BookLevel], no: Sequence[BookLevel]) -> Table:
    columns = (
        Column(title="YES", numeric=True),
        Column(title="Tokens", numeric=True),
        Column(title="NO", numeric=True),
        Column(title="Tokens", numeric=True),
    )
    pairs = zip_longest(yes[:_LEVELS], no[:_LEVELS])
    rest = max(len(yes), len(no)) - _LEVELS
    more = line(quiet(f"and {rest} more {'price' if rest == 1 else 'prices'}")) if rest > 0 else ()
    return Table(columns=columns, rows=tuple((*_cells(a), *_cells(b)) for a, b in pairs), more=more)


def _cells(level: BookLevel | None) -> tuple[Line, Line]:
    if level is None:
        return line(""), line("")
    own = "" if not level.own else " yours" if level.own == level.size else f" ({tokens(level.own)} yours)"
    return line(limit_price(level.limit)), line(f"{tokens(level.size)}{own}")


def depth(
    params: MarketParams, number: int, sides: Sequence[tuple[Side, int, Sequence[DepthStep]]], audience: Audience
) -> Reply:
    """`sides`: each with its price now (micro-dollars)."""
    name = name_of(params, number)
    blocks: list[Line | Table] = []
    for side, now, steps in sides:
        blocks += [line(outcome(params, number), f" {side.value.upper()}, now {price(now)}:"), _steps(steps)]
    blocks.append(line(quiet("A token on average with fees, and the price after; – where nobody holds that many.")))
    _, now, steps = sides[0]
    last = next((step for step in reversed(steps) if step.buy is not None), None)
    head = f"{name} YES stands at {price(now)}."
    if last is not None and last.buy is not None:
        head = f"{round_money(last.amount)} of {name} YES would lift it from {price(now)} to {_rate(last.buy[1])}."
    return say(head, blocks=blocks, audience=audience)


def _steps(steps: Sequence[DepthStep]) -> Table:
    columns = (
        Column(title="For", numeric=True),
        Column(title="Buying", numeric=True),
        Column(title="after", numeric=True),
        Column(title="Selling", numeric=True),
        Column(title="after", numeric=True),
    )
    rows = tuple((line(round_money(step.amount)), *_pair(step.buy), *_pair(step.sell)) for step in steps)
    return Table(columns=columns, rows=rows)


def _pair(pair: tuple[int, int] | None) -> tuple[Line, Line]:
    if pair is None:
        return line("–"), line("–")
    return line(_rate(pair[0])), line(_rate(pair[1]))


def _rate(rate: int) -> str:
    return price(rate_of_price(rate))

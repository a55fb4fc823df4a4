"""How long the engine takes: market ticks by size, outcomes and book; budgets beside sizes; worth of thousands of
holders; the sizes a ticket offers; quotes; a final. Medians, in milliseconds.

`python -m tests.bench.engine_bench [--json FILE] [--quick]`. A calibration loop stands beside the figures so that two
machines can be compared. Everything is seeded: the same orders every time.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import log
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

import numpy as np

from engine.curves import worth
from engine.events import OrderDone
from engine.intents import Intent, Join, Order
from engine.orders import apply_orders
from engine.params import MarketParams, build_params
from engine.quote import Quote, quote
from engine.resolution import trigger_resolution
from engine.state import MarketState, Side, open_market
from engine.suggest import largest_winning, largest_within_slippage
from engine.units import MICRO, RATE

PEOPLE = 200


def market(outcomes: int, z: int = 10_000) -> MarketParams:
    """Everything on: cross-matching, auto-fill, floor; even odds."""
    built = build_params({"n_outcomes": outcomes, "z": z, "duration": "30d"})
    assert isinstance(built, MarketParams), built
    return built


def run(state: MarketState, params: MarketParams, intents: Sequence[Intent]) -> MarketState:
    return apply_orders(state, intents, params, 1_000)[1]


def peopled(params: MarketParams, people: int = PEOPLE) -> MarketState:
    """Everybody has a million dollars and some tokens of everything."""
    joins = [Join(id=f"j{u}", accepted_ms=0, user=u, cash=10**6 * MICRO) for u in range(people)]
    state = run(open_market(params), params, joins)
    size = max(params.z // (400 * people), MICRO // 10)
    return run(state, params, [
        Order(id=f"{u}-{j}-{side}", accepted_ms=0, user=u, outcome=j, side=side, buy=True, size=size)
        for u in range(people)
        for j in range(params.n_outcomes)
        for side in Side
    ])  # fmt: skip


def ticks_of(state: MarketState, params: MarketParams, outcome: int, side: Side) -> int:
    """A price in whole price ticks, rounded down."""
    pool = state.binaries[outcome]
    supply = pool.q_yes if side is Side.YES else pool.q_no
    return supply * RATE // (pool.v + params.l0) // params.tick_size


def at_tick(params: MarketParams, tick: int) -> int:
    return min(max(tick, 1), RATE // params.tick_size - 1) * params.tick_size


def resting(rng: Random, state: MarketState, params: MarketParams, name: str, at: int, *, touch: bool) -> Order:
    """An order that waits: a buy below the price, a small sale above it, anywhere on its side; all opt into auto-fill.
    Not at the `touch`: two price ticks away at least, where the orders of the tick do not reach it."""
    user, j, side, buy = rng.randrange(PEOPLE), rng.randrange(params.n_outcomes), rng.choice(list(Side)), _even(rng)
    here, ticks = ticks_of(state, params, j, side), RATE // params.tick_size
    away = 0 if touch else 3
    limit = rng.randint(1, max(1, here - away)) if buy else rng.randint(min(here + 1 + away, ticks - 1), ticks - 1)
    size = rng.randint(1, 50) * MICRO if buy else max(state.accounts[user].tokens[j][side is Side.NO] // 100, 1)
    return Order(
        id=name,
        accepted_ms=at,
        user=user,
        outcome=j,
        side=side,
        buy=buy,
        size=size,
        limit=limit * params.tick_size,
        autofill=True,
    )


def _even(rng: Random) -> bool:
    return rng.random() < 0.5


def with_book(state: MarketState, params: MarketParams, number: int, *, touch: bool = False) -> MarketState:
    """The state after so many orders came to rest."""
    rng = Random(number)
    return run(state, params, [resting(rng, state, params, f"r{i:06}", 1, touch=touch) for i in range(number)])


def mixed(state: MarketState, params: MarketParams, number: int) -> list[Intent]:
    """60 % market buys, 20 % market sales, 20 % limits, a quarter of them marketable."""
    rng, found = Random(7), list[Intent]()
    for i in range(number):
        kind = rng.random()
        order = resting(rng, state, params, f"o{i:06}", 2 + i % 900, touch=False)
        if kind < 0.6:
            order = replace(order, buy=True, limit=None, size=rng.randint(1, 50) * MICRO, autofill=False)
        elif kind < 0.8:
            sold = state.accounts[order.user].tokens[order.outcome][order.side is Side.NO]
            order = replace(order, buy=False, limit=None, size=max(sold // 20, 1), autofill=False)
        elif kind < 0.85:
            past = ticks_of(state, params, order.outcome, order.side) + (3 if order.buy else -2)
            order = replace(order, limit=at_tick(params, past))
        found.append(order)
    return found


def timed(work: Callable[[], object], times: int) -> float:
    """Median milliseconds of processor time: the engine waits for nothing, and other processes do not count."""
    found = []
    for _ in range(times):
        start = process_time()
        work()
        found.append((process_time() - start) * 1000)
    return median(found)


def calibration() -> float:
    """What this machine needs for a fixed piece of integer work, ms: a yardstick beside the figures."""

    def work() -> int:
        total, big = 0, 10**30 + 7
        for i in range(1, 60_000):
            total += (big * i) // (i + 1) % 97
        return total

    return timed(work, 9)


def tick_row(
    outcomes: int, orders: int, book: int, times: int, z: int, *, touch: bool = False
) -> dict[str, float | str]:
    params = market(outcomes, z)
    state = with_book(peopled(params), params, book, touch=touch)
    intents = mixed(state, params, orders)
    fills, _, events = apply_orders(state, intents, params, 1_000)
    took = timed(lambda: apply_orders(state, intents, params, 1_000), times)
    return {
        "outcomes": outcomes,
        "z": z,
        "orders": orders,
        "resting": len(state.resting),
        "where": "touch" if touch else "waiting",
        "ms": round(took, 3),
        "us_per_order": round(1000 * took / orders, 1),
        "fills": len(fills),
        "events": len(events),
    }


def budget_row(book: int, times: int, *, touch: bool = False, cut: bool = False) -> dict[str, float | str]:
    """A tick of 200 market buys with budgets beside the same tick of the sizes that those budgets buy.

    Each order names the size its ticket said and its dollars, so the later ones of the tick are cut; with `cut` each
    names twice that size, so that all are.
    """
    params = market(10)
    state = with_book(peopled(params), params, book, touch=touch)
    rng, budgets = Random(11), list[Intent]()
    for i in range(200):
        order = replace(
            resting(rng, state, params, f"o{i:06}", 2 + i, touch=False), buy=True, limit=None, autofill=False
        )
        order = replace(order, size=0, spend=rng.randint(1, 20) * MICRO)
        ticket = quote(
            state,
            params,
            now_ms=1_000,
            user=order.user,
            outcome=order.outcome,
            side=order.side,
            buy=True,
            spend=order.spend,
        )
        assert isinstance(ticket, Quote)
        budgets.append(replace(order, size=ticket.size * (1 + cut)))
    _, _, events = apply_orders(state, budgets, params, 1_000)
    bought = {event.order: event for event in events if isinstance(event, OrderDone)}
    sizes = [replace(o, size=bought[o.id].filled, spend=None) for o in budgets if isinstance(o, Order)]
    took = [timed(lambda: apply_orders(state, intents, params, 1_000), times) for intents in (sizes, budgets)]  # noqa: B023
    return {
        "resting": len(state.resting),
        "where": "touch" if touch else "waiting",
        "cut": sum(done.filled < done.size for done in bought.values()),
        "sizes_ms": round(took[0], 1),
        "budgets_ms": round(took[1], 1),
        "ratio": round(took[1] / took[0], 2),
    }


def worth_row(holders: int, times: int) -> dict[str, float]:
    """Worth of everything that so many people hold, ten outcomes, both sides."""
    params = market(10, 1_000_000)
    state = peopled(params)
    rng = np.random.default_rng(5)
    held = rng.integers(0, state.binaries[0].q_yes // 4, size=(holders, 10, 2))
    return {"holders": holders, "ms": round(timed(lambda: worth(state, params, held, 1_000), times), 1)}


def suggest_row(times: int) -> dict[str, float]:
    """Milliseconds of the sizes a ticket offers instead, with 1,000 orders at the touch."""
    params = market(10)
    state = with_book(peopled(params), params, 1_000, touch=True)

    def winning() -> int:
        return largest_winning(state, params, now_ms=1_000, user=1, outcome=3, side=Side.YES)

    def within() -> int:
        return largest_within_slippage(
            state,
            params,
            now_ms=1_000,
            user=1,
            outcome=3,
            side=Side.YES,
            buy=True,
            size=10**10,
            slippage=RATE // 4,
        )

    return {"winning_ms": round(timed(winning, times), 2), "within_slippage_ms": round(timed(within, times), 2)}


def quote_rows(times: int) -> dict[str, float]:
    """Quotes per second: a size, a spending, a limit; in a market with 1,000 resting orders."""
    params = market(10)
    state = with_book(peopled(params), params, 1_000)

    def ask(**values: int | bool) -> None:
        given = {"now_ms": 1_000, "user": 1, "outcome": 3, "side": Side.YES, "buy": True, **values}
        assert isinstance(quote(state, params, **given), Quote)  # type: ignore[arg-type]  # one dict for all kinds

    limit = at_tick(params, ticks_of(state, params, 3, Side.YES) + 2)
    return {
        "size": round(1000 / timed(lambda: ask(size=20 * MICRO, slippage=RATE // 20), times)),
        "spend": round(1000 / timed(lambda: ask(spend=20 * MICRO), times)),
        "limit": round(1000 / timed(lambda: ask(size=20 * MICRO, limit=limit), times)),
    }


def final_row(holders: int, times: int) -> dict[str, float]:
    params = market(10, 1_000_000)
    joins = [Join(id=f"j{u}", accepted_ms=0, user=u, cash=10**6 * MICRO) for u in range(holders)]
    state = run(open_market(params), params, joins)
    state = run(state, params, [
        Order(id=f"{u}{side}", accepted_ms=0, user=u, outcome=u % 10, side=side, buy=True, size=MICRO)
        for u in range(holders)
        for side in Side
    ])  # fmt: skip
    return {"holders": holders, "ms": round(timed(lambda: trigger_resolution(state, params, True, 0), times), 1)}


def bench(*, quick: bool) -> dict[str, object]:
    sizes = (200, 1_000) if quick else (200, 1_000, 5_000, 20_000)
    books = (0, 1_000) if quick else (0, 1_000, 10_000)
    rows = [
        tick_row(outcomes, orders, book, 25 if orders == 200 else 5 if orders < 5_000 else 1, z)
        for outcomes, z in ((10, 10_000), (10, 1_000_000), (3, 1_000_000))
        for orders in (sizes if z > 10_000 else sizes[:1])
        for book in books
    ]
    rows += [tick_row(10, 200, book, 9, 10_000, touch=True) for book in books if book]
    return {
        "calibration_ms": round(calibration(), 3),
        "ticks": rows,
        "growth_exponent_by_resting": growth(rows),
        "budgets": [
            budget_row(book, 9, touch=touch, cut=cut)
            for book, touch in ((0, False), (1_000, False), (1_000, True))
            for cut in (False, True)
        ],
        "worth": worth_row(10_000, 5),
        "suggest": suggest_row(9),
        "quotes_per_second": quote_rows(20 if quick else 200),
        "final": final_row(200 if quick else 10_000, 1 if quick else 3),
    }


def growth(rows: Sequence[Mapping[str, float | str]]) -> dict[str, float]:
    """log(time)/log(orders) from the smallest to the largest tick of ten outcomes; 1 is linear."""
    found = {}
    wide = [row for row in rows if row["outcomes"] == 10 and row["z"] == 1_000_000]
    for book in {row["resting"]: None for row in wide}:
        first, *_, last = [(float(row["orders"]), float(row["ms"])) for row in wide if row["resting"] == book]
        found[str(book)] = round(log(last[1] / first[1]) / log(last[0] / first[0]), 3)
    return found


def table(found: dict[str, object]) -> str:
    """The figures as text."""
    ticks = found["ticks"]
    assert isinstance(ticks, list)
    lines = [f"calibration loop: {found['calibration_ms']} ms", ""]
    names = ("outcomes", "z", "orders", "resting", "where", "ms", "us_per_order", "fills", "events")
    lines.append("  ".join(f"{name:>12}" for name in names))
    lines += ["  ".join(f"{row[name]:>12}" for name in names) for row in ticks]
    budgets = found["budgets"]
    assert isinstance(budgets, list)
    lines += ["", "a tick of 200 budgets beside one of 200 sizes:", *(f"  {row}" for row in budgets)]
    rest = ("worth", "suggest", "growth_exponent_by_resting", "quotes_per_second", "final")
    lines += ["", *(f"{name}: {found[name]}" for name in rest)]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--quick", action="store_true", help="small sizes, a few seconds")
    given = parser.parse_args(argv)
    found = bench(quick=given.quick)
    print(table(found))
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()

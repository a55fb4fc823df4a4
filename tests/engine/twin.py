"""One market in two engines at once: every tick goes through both, and everything both say must be the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy, deepcopy
from dataclasses import replace
from random import Random

from engine import risk
from engine.branch import asked_cut
from engine.cut import cut
from engine.events import Event, params_after
from engine.intents import Cancel, Control, ControlKind, Intent, Join, Order, Retune
from engine.orders import apply_orders, sort_intents
from engine.params import MarketParams
from engine.resolution import trigger_resolution
from engine.state import Binary, MarketState, Side, Status, open_market
from engine.units import MICRO
from tests.engine.markets import SPAN, USERS, some_changes, some_join, some_order
from tests.engine.reference.market import Market, Pool
from tests.engine.reference.rounds import eliminate, finish
from tests.engine.translate import differences, dones_of, gifts_of, legs_of, rules_of, steps_of, summed

KEPT = ("rules", "opened", "past")  # of the reference's market: what no step changes in place


class Twin:
    """`state` is the engine's, `market` the reference's; `history` collects the intents for a failure message."""

    def __init__(self, params: MarketParams) -> None:
        self.first = self.params = params
        self.state = open_market(params)
        self.market = Market(rules_of(params))
        self.now = 0
        self.history: list[tuple[int, Sequence[Intent]]] = []

    def tick(self, now: int, intents: Sequence[Intent]) -> tuple[Event, ...]:
        """Both run a market tick; raises AssertionError where they part."""
        asked, branch = asked_cut(sort_intents(intents)), None
        if asked is not None and asked.moment_ms is not None:
            branch = cut(open_market(self.first), self.first, self.history, asked.moment_ms)
        self.history.append((now, intents))
        self.now = now
        fills, self.state, events = apply_orders(self.state, intents, self.params, now, branch=branch)
        dones = self.market.tick(now, steps_of(intents, events))
        self.params = params_after(self.params, events)
        parted = [pair for pair in zip(dones_of(events), dones, strict=True) if pair[0] != pair[1]]
        assert not parted, f"engine and reference part in {parted} at {now} with {intents}"
        ours, theirs = legs_of(fills), summed(self.market.legs)
        assert ours == theirs, (
            f"only the engine {ours - theirs}, only the reference {theirs - ours} at {now} of {intents}"
        )
        gifts, given = gifts_of(events), Counter(self.market.gifts)
        assert gifts == given, f"the engine gave {gifts - given}, the reference {given - gifts} at {now} with {intents}"
        assert not (different := differences(self.state, self.market)), f"{different} at {now} with {intents}"
        risk.check(self.state, self.params)
        return events

    def bend(self, outcome: int, v: int, supplies: tuple[int, int]) -> None:
        """Moves collateral from a pool to the stake and sets its supplies: a state that takes a long life to reach."""
        old = self.state.binaries[outcome]
        seeds = (old.s_yes + supplies[0] - old.q_yes, old.s_no + supplies[1] - old.q_no)
        bent = Binary(v=v, q_yes=supplies[0], q_no=supplies[1], s_yes=seeds[0], s_no=seeds[1], e=old.e)
        pools = tuple(bent if j == outcome else binary for j, binary in enumerate(self.state.binaries))
        self.state = replace(self.state, binaries=pools, stake=self.state.stake + old.v - v)
        self.market.stake += old.v - v
        self.market.pools[outcome] = Pool(v=v, q=list(supplies), s=list(seeds), e=old.e)
        assert not differences(self.state, self.market)
        risk.check(self.state, self.params)

    def check_resolution(self, losers: tuple[int, ...], *, final: bool = False) -> None:
        """A round or final by its own door, thrown away."""
        _, after, _ = trigger_resolution(self.state, self.params, final, losers, at_ms=self.market.last_decision)
        market = copy(self.market)
        vars(market).update({name: deepcopy(value) for name, value in vars(market).items() if name not in KEPT})
        if final:
            finish(market, tuple(sorted(losers)))
        else:
            eliminate(market, losers)
        assert not (different := differences(after, market)), f"{different} without {losers} at {self.now}"


KINDS: dict[str, ControlKind] = {
    "out": "eliminate",
    "won": "resolve",
    "rather": "correct",
    "void": "void",
    "freeze": "freeze",
    "resume": "resume",
}


def read_line(twin: Twin, line: str, at: int, name: str) -> Intent:
    """A line of a scene: `1 gets 100`, `1 buys 9 yes of 0 worst 0.6`, `1 sells all no of 2 limit 0.4 opt`, `1 cancels`,
    `1 cancels 03-0` (the first line of the fourth tick), `out 1 2`, `won 0`, `rather 1`, `fee 0.02`.
    """
    words = line.split()
    if words[0] in KINDS:
        kind = KINDS[words[0]]
        return Control(id=name, accepted_ms=at, kind=kind, outcomes=tuple(int(word) for word in words[1:]))
    if not words[0].isdecimal():
        return Retune(id=name, accepted_ms=at, values={words[0]: words[1]})
    user = int(words[0])
    if words[1] == "gets":
        return Join(id=name, accepted_ms=at, user=user, cash=_micro(words[2]))
    if words[1] == "cancels":
        return Cancel(id=name, accepted_ms=at, user=user, order=words[2] if words[2:] else None)
    outcome, side = int(words[5]), Side(words[3])
    size = twin.state.accounts[user].tokens[outcome][side is Side.NO] if words[2] == "all" else _micro(words[2])
    order = Order(id=name, accepted_ms=at, user=user, outcome=outcome, side=side, buy=words[1] == "buys", size=size)
    numbers = {word: _micro(number) for word, number in zip(words[6::2], words[7::2], strict=False)}
    more = {word: number * MICRO for word, number in numbers.items()}
    return replace(
        order,
        limit=more.get("limit"),
        worst_price=more.get("worst"),
        max_slippage=more.get("slip"),
        autofill=words[-1] == "opt",
        spend=numbers.get("spend"),
    )


def _micro(text: str) -> int:
    whole, _, part = text.replace("_", "").partition(".")
    return int(whole) * MICRO + int(part.ljust(6, "0") or 0)


def play(twin: Twin, ticks: Sequence[str], now: int = 0) -> None:
    """Every entry is a market tick, a millisecond after the one before; ` + ` joins lines of one tick.

    `out` comes at 100 ms and `won` at 1000 ms, when the rounds of the scenes ask for them.
    """
    for number, text in enumerate(ticks, now):
        now = max(now + 1, {"out": 100, "won": 1000}.get(text.split()[0], 0))
        lines = text.split(" + ")
        twin.tick(now, [read_line(twin, line, now, f"{number:02}-{i}") for i, line in enumerate(lines)])


Doing = Callable[[Random, str, int, MarketState, MarketParams], Intent]
"""Draws what somebody does: (chance, id, time, state, params)."""


def wander(rng: Random, twin: Twin, ticks: int, doing: Doing = some_order, arrive: Sequence[Intent] = ()) -> None:
    """A random life: everybody joins, trades in ticks of random length, rounds as they fall due, seldom a void."""
    twin.tick(0, arrive or [some_join(rng, f"join{user}", 0, user) for user in USERS])
    for number in range(ticks):
        before = twin.now
        now = min(SPAN + 50, before + rng.choice((0, 1, rng.randint(1, 40), SPAN // ticks, 2 * SPAN // ticks)))
        intents: list[Intent] = [
            doing(rng, f"{rng.randrange(1000):03}-{number}-{i}", rng.randint(before, now), twin.state, twin.params)
            for i in range(rng.randint(0, 6))
        ]
        intents += answer(rng, twin.state, twin.params, f"admin-{number}", rng.randint(before, now))
        if rng.random() < 0.01:
            intents.append(Control(id=f"void-{number}", accepted_ms=now, kind="void"))
        twin.tick(now, intents)
        if rng.random() < 0.05:
            twin.tick(now, [Retune(id=f"{number}", accepted_ms=now, values=some_changes(rng, twin.params))])
        if twin.state.status in (Status.RESOLVED, Status.VOIDED, Status.CLOSED):
            break
        active = twin.state.active
        twin.check_resolution(tuple(rng.sample(active, rng.randint(1, len(active) - 1))))
        twin.check_resolution(some_winners(rng, active), final=True)


def some_winners(rng: Random, active: Sequence[int]) -> tuple[int, ...]:
    """One, or several in a dead heat."""
    return tuple(rng.sample(list(active), 1 if rng.random() < 0.6 else rng.randint(1, len(active))))


def answer(rng: Random, state: MarketState, params: MarketParams, name: str, at: int) -> list[Intent]:
    """What an administrator says, mostly, when a market waits to be told who is out or who has won."""
    if state.claim is not None:
        if rng.random() < 0.6:
            return []
        others = some_winners(rng, state.active)
        if state.claim.losers:
            others = tuple(rng.sample(list(state.active), len(state.claim.losers)))
        return [Control(id=name, accepted_ms=at, kind="correct", outcomes=others)]
    if state.frozen_for is None or not state.asked or rng.random() < 0.3:
        return []
    stage, active = params.rounds[state.frozen_for], list(state.active)
    if stage.is_final:
        return [Control(id=name, accepted_ms=at, kind="resolve", outcomes=some_winners(rng, active))]
    return [Control(id=name, accepted_ms=at, kind="eliminate", outcomes=tuple(rng.sample(active, stage.count)))]

"""What happened in a tick, as facts that people talk about: whose trade, which price, who is out and what that paid.

Every fact is read from the tick's own report and the board, and names who really did it. Money and prices are
micro-dollars, tokens millionths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.scenarios.observation import CENT, DOLLAR, MICRO, YES
from engine.events import Eliminated, Event, Fill, Frozen, OrderDone, Paid, Resolved, Rested
from engine.state import Side

WORTH_A_WORD = 12 * DOLLAR  # a trade
BIG = 15 * CENT // 10  # a move within `REMEMBERED` ticks
REMEMBERED = 3  # boards
LEAST_PAID = 4 * DOLLAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`kind` says how it is told; `by` is who can say "I" (a person's number), None: anybody may tell it, but not the
    one it is `of`. `weight`: what is told first."""

    kind: str
    by: int | None = None
    of: int | None = None
    weight: int = 0
    values: Mapping[str, str] = field(default_factory=dict)


class Happenings:
    """Follows a market tick by tick. `names` are its outcomes, `people` those who are spoken of by name."""

    def __init__(self, names: Sequence[str], people: Mapping[int, str]) -> None:
        self.names = names
        self.people = people
        self.boards: list[Mapping[int, int]] = []  # YES by outcome of those in, oldest first
        self._tokens = Counter[tuple[int, int, Side]]()
        self._cost = Counter[tuple[int, int, Side]]()
        self._told: dict[int, int] = {}  # the price of an outcome when its move was told last

    def of_tick(self, events: Sequence[Event], fills: Sequence[Fill], yes: Mapping[int, int]) -> list[Fact]:
        """What this tick brought, best first; `yes` are the prices after it."""
        before = self.boards[-1] if self.boards else yes
        gone = [each for event in events if isinstance(event, Eliminated) for each in event.outcomes]
        facts = [*self._decided(events, gone), *self._orders(events), *self._moves(fills, yes), *_leader(before, yes)]
        facts += [Fact(kind="frozen", weight=60) for event in events if isinstance(event, Frozen)]
        for fill in fills:
            self._keep(fill)
        self.boards = [*self.boards, yes][-REMEMBERED:]
        return sorted((self._named(fact) for fact in facts), key=lambda fact: -fact.weight)

    def held(self, person: int, outcome: int, side: Side) -> int:
        return self._tokens[person, outcome, side]

    def _named(self, fact: Fact) -> Fact:
        values = dict(fact.values)
        for key in ("name", "second"):
            if key in values:
                values[key] = self.names[int(values[key])]
        return Fact(kind=fact.kind, by=fact.by, of=fact.of, weight=fact.weight, values=values)

    def _keep(self, fill: Fill) -> None:
        """What everybody holds and has paid for it, fees in."""
        for person, sign in ((fill.buyer, 1), (fill.seller, -1)):
            if person is not None:
                key = person, fill.outcome, fill.side
                self._tokens[key] += sign * fill.size
                paid = fill.amount + fill.buy_fee if sign > 0 else fill.kept + fill.sell_fee - fill.amount
                self._cost[key] += paid

    def _decided(self, events: Sequence[Event], gone: Sequence[int]) -> Iterator[Fact]:
        """Who is out or has won, and what that paid or cost."""
        won = [winner for event in events if isinstance(event, Resolved) for winner in event.winners]
        for event in events:
            if isinstance(event, Paid) and event.outcome is not None and event.amount >= LEAST_PAID:
                kind = "won" if event.outcome in won else "paid"
                values = {"name": str(event.outcome), "money": _dollars(event.amount)}
                if event.user in self.people:
                    yield Fact(kind=kind, by=event.user, weight=80 + event.amount // DOLLAR // 10, values=values)
        for (person, outcome, side), size in self._tokens.items():
            cost = self._cost[person, outcome, side]
            if outcome in gone and side is Side.YES and size > MICRO and cost > LEAST_PAID and person in self.people:
                values = {"name": str(outcome), "size": _tokens(size), "money": _dollars(cost)}
                yield Fact(kind="lost", by=person, weight=70 + cost // DOLLAR // 10, values=values)

    def _orders(self, events: Sequence[Event]) -> Iterator[Fact]:
        """Trades and waiting orders of people, told by themselves."""
        for event in events:
            if isinstance(event, OrderDone) and event.user in self.people and event.amount >= WORTH_A_WORD:
                deed = "bought" if event.buy else "sold"
                kind = f"{deed}_{event.side.value}"
                values = {
                    "name": str(event.outcome),
                    "size": _tokens(event.filled),
                    "money": _dollars(event.amount),
                    "each": cents(event.amount * MICRO // event.filled),
                }
                yield Fact(kind=kind, by=event.user, weight=event.amount // DOLLAR // 4, values=values)
            if isinstance(event, Rested) and event.user in self.people and event.rest * event.limit:
                values = {"name": str(event.outcome), "side": event.side.value.upper()}
                values["limit"] = cents(event.limit * MICRO // 10**12)
                kind = "bids" if event.buy else "offers"
                yield Fact(kind=kind, by=event.user, weight=3, values=values)

    def _moves(self, fills: Sequence[Fill], yes: Mapping[int, int]) -> Iterator[Fact]:
        """Prices that went far within a few ticks, and whose trades of this tick pushed them there."""
        for outcome, now in yes.items():
            since = self._told.get(outcome, self.boards[0].get(outcome, now) if self.boards else now)
            before = self.boards[-1].get(outcome, now) if self.boards else now
            if abs(now - before) < BIG and abs(now - since) < 2 * BIG:
                continue
            start = before if abs(now - before) >= BIG else since
            if (now > start) != (now > before) or now == before:
                continue
            self._told[outcome] = now
            values = {"name": str(outcome), "before": cents(start), "now": cents(now)}
            if values["before"] == values["now"]:
                continue
            mover = _mover(fills, outcome, up=now > before)
            direction, weight = "up" if now > start else "down", 30 + abs(now - start) // CENT
            if start == before and mover in self.people and mover is not None:
                values |= {"mover": self.people[mover]}
                yield Fact(kind=f"{direction}_by", of=mover, weight=weight, values=values)
            else:
                yield Fact(kind=direction, weight=weight, values=values)


def cents(price: int) -> str:
    """A price as one says it: whole cents."""
    whole = (price + CENT // 2) // CENT
    return f"{whole}¢" if whole else "less than a cent"


def _dollars(amount: int) -> str:
    return f"${(amount + DOLLAR // 2) // DOLLAR:,}"


def _tokens(size: int) -> str:
    return f"{max(1, (size + MICRO // 2) // MICRO):,}"


def _mover(fills: Sequence[Fill], outcome: int, *, up: bool) -> int | None:
    """Who traded most with the house in that direction; None where nobody did in this tick."""
    pushed = Counter[int]()
    for fill in fills:
        person = fill.buyer if fill.seller is None else fill.seller if fill.buyer is None else None
        rises = (fill.buyer is not None) == (fill.side.value == YES)
        if person is not None and fill.kind == "maker" and fill.outcome == outcome and rises == up:
            pushed[person] += fill.amount
    return max(pushed, key=lambda each: (pushed[each], -each), default=None)


def _leader(before: Mapping[int, int], after: Mapping[int, int]) -> Iterator[Fact]:
    """Another outcome is in front: it has passed the one that was, or that one is out."""
    if len(after) < 2:
        return
    was, (first, second, *_) = _in_order(before)[0], _in_order(after)
    if was not in after:
        yield Fact(kind="inherits", weight=75, values={"name": str(first), "now": cents(after[first])})
    elif was != first and set(before) == set(after):
        values = {"name": str(first), "now": cents(after[first]), "second": str(second), "other": cents(after[second])}
        yield Fact(kind="leads", weight=50, values=values)


def _in_order(prices: Mapping[int, int]) -> list[int]:
    """Outcomes by price, the dearest first."""
    return sorted(prices, key=lambda each: (-prices[each], each))

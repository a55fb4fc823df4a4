"""What a cut goes on from: the market as it would be had some orders never been, worked out before by `engine.cut`.

And all that is otherwise in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from engine.events import Cut, Event, Fill
from engine.intents import Control, Intent
from engine.resting_book import Book, changes
from engine.state import PROFIT_SOURCES, MarketState


class Course(NamedTuple):
    """What one market tick did, and the book it left."""

    fills: tuple[Fill, ...]
    events: tuple[Event, ...]
    resting: Book


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A market at the end of a tick as it would be without the orders accepted after `moment_ms`.

    `state`: so; `present`: fingerprint of what a replay with nothing left out gives, hence of the market it was worked
    out for. `first` is the index of the first tick that may be otherwise, `resting` the book before it; `was` and
    `would` are the ticks from it on as they are now and without. `left_out`: orders that never were, of those that had
    done anything.
    """

    moment_ms: int
    present: str
    state: MarketState
    first: int
    resting: Book
    was: tuple[Course, ...]
    would: tuple[Course, ...]
    left_out: tuple[str, ...]


def asked_cut(ordered: Iterable[Intent]) -> Control | None:
    """The cut that a tick with these intents, in their order, may carry out: the first one asked for."""
    return next((intent for intent in ordered if isinstance(intent, Control) and intent.kind == "cut"), None)


def cut_event(before: MarketState, branch: Branch, control: Control, at_ms: int, until_ms: int | None) -> Cut:
    """All that is otherwise in the branch than in the market before it."""
    after = branch.state
    accounts, tokens = list[tuple[int, int, int]](), list[tuple[int, int, int, int]]()
    for user in sorted(before.accounts):
        old, new = before.accounts[user], after.accounts[user]
        if (old.cash, old.escrow) != (new.cash, new.escrow):
            accounts.append((user, new.cash - old.cash, new.escrow - old.escrow))
        for outcome, (was, would) in enumerate(zip(old.tokens, new.tokens, strict=True)):
            if was != would:
                tokens.append((user, outcome, would[0] - was[0], would[1] - was[1]))
    changed, gone = changes(before.resting, after.resting)
    book = [(o.id, o.user, before.resting[o.id].rest if o.id in before.resting else 0, o.rest) for o in changed]
    book += [(o.id, o.user, o.rest, 0) for o in map(before.resting.__getitem__, gone) if o.id not in after.resting]
    profit = {source: after.profit[source] - before.profit[source] for source in PROFIT_SOURCES}
    return Cut(
        id=control.id,
        at_ms=at_ms,
        moment_ms=branch.moment_ms,
        until_ms=until_ms,
        accounts=tuple(accounts),
        tokens=tuple(tokens),
        profit={source: amount for source, amount in profit.items() if amount},
        left_out=branch.left_out,
        book=tuple(sorted(book)),
    )

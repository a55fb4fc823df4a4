"""The cut of the reference: a market is run again from its start, plainly, without the trades after a moment."""

from __future__ import annotations

from collections.abc import Sequence

from tests.engine.reference.market import Command, Done, Market, Standing, Step, Trade


def may_cut(market: Market, command: Command) -> bool:
    """Only while trading stands still, for a moment at most its own, not before the start and after the last paid
    round."""
    decided = any(not pool.active for pool in market.pools)
    earliest = market.last_decision + 1 if decided else 0
    return market.status in ("frozen", "disputed") and earliest <= command.moment <= command.at


def cut(market: Market, command: Command, ran: Sequence[Step], answers: Sequence[Done]) -> list[Done]:
    """Every tick once more, earlier cuts as the steps they were, and this one up to its turn; then a claim begins its
    window anew. How the trades of this tick ended after all: those after the moment are refused."""
    again = Market(market.opened)
    for now, steps in market.past:
        again.tick(now, [step for step in steps if not _late(step, command)])
    again.begin(market.now)
    kept = again.run([step for step in ran if not _late(step, command)], command.at)
    past, opened, seen = market.past, market.opened, market.seen + again.seen
    vars(market).update(vars(again))
    market.past, market.opened, market.seen = past, opened, seen
    market.seen["cut"] += 1
    if market.standing is not None:
        standing = market.standing
        window = market.rules.window if standing.final else market.rules.round_window
        market.standing = Standing(named=standing.named, paid_at=command.at + window, final=standing.final)
    by_id = {done.id: done for done in kept}
    return [by_id.get(done.id, Done(id=done.id, accepted=False)) for done in answers]


def _late(step: Step, command: Command) -> bool:
    return isinstance(step, Trade) and step.at > command.moment

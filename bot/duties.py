"""Separation of duties (PRODUCT, rule of conduct 6): who may decide what alone.

An admin with a part in a market (a token of an outcome still in, an order that waits) does not decide alone what no
round asked for at its planned time; another admin without a part approves it. Nor does she plan such a round for
herself: of a running timetable she can only postpone.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.confirm import code_of
from bot.words.decisions import Part
from engine.state import MarketState
from engine.terms import Round
from storage.records import Approval, Market
from storage.unit_of_work import UnitOfWork

DECISIONS = ("eliminate", "resolve", "correct")
NOTHING = Part(held=(), orders=0)
_MANY = 200  # more orders than anybody keeps waiting


async def part_of(uow: UnitOfWork, market: Market, state: MarketState, person: int | None) -> Part:
    """What she has in the market under any of her numbers, false where it is nothing."""
    held, orders = [(0, 0)] * market.params.n_outcomes, 0
    for one in () if person is None else await uow.people.selves(person):
        orders += len(await uow.orders.of(market.id, one, open_only=True, n=_MANY))
        if one in state.accounts:
            tokens = state.accounts[one].tokens
            held = [(a + c, b + d) for (a, b), (c, d) in zip(held, tokens, strict=True)]
    kept = tuple(pair if state.binaries[i].active else (0, 0) for i, pair in enumerate(held))
    return Part(held=kept, orders=orders)


def scheduled(kind: str, market: Market, state: MarketState) -> bool:
    """Whether a round asks for just this, at or after its planned time."""
    if state.frozen_for is None or not state.asked:
        return False
    return kind == ("resolve" if market.params.rounds[state.frozen_for].is_final else "eliminate")


def hastens(before: Sequence[Round], after: Sequence[Round], begun: int) -> bool:
    """Whether a new timetable has more than a postponement in it, from round `begun` on: then it could make an unasked
    decision look like a planned one."""
    if len(before) != len(after):
        return True
    for old, new in zip(before[begun:], after[begun:], strict=True):
        sooner = new.freeze_at < old.freeze_at or new.decide_at < old.decide_at
        if sooner or (new.count, new.losers, new.winner) != (old.count, old.losers, old.winner):
            return True
    return False


async def could_approve(uow: UnitOfWork, market: Market, state: MarketState, proposer: int | None) -> list[int]:
    """Admins known in the market's chats who are not the proposer and have no part in it."""
    return [one for one in await others(uow, market, proposer) if not await part_of(uow, market, state, one)]


async def others(uow: UnitOfWork, market: Market, proposer: int | None) -> list[int]:
    """Every other admin known in the market's chats."""
    known = {one for chat in await uow.chats.of_market(market.id) for one in await uow.chats.admins(chat.id)}
    owners = {*(await uow.people.owners(known)).values()}
    return sorted(owners - {proposer})


def moment(kind: str, outcomes: Sequence[int], state: MarketState) -> str:
    """Stands for where the market is as far as a decision is concerned: a proposal lapses when it is another."""
    return code_of(kind, tuple(outcomes), state.next_round, state.out, state.claim, state.winner)


def stands(one: Approval, state: MarketState) -> bool:
    """Whether the market is still where the proposal was made."""
    return one.code == moment(one.kind, one.outcomes, state)

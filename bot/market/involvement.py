"""What somebody has in a market, and who therefore may approve what another admin proposes in it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.facts import Involvement
from bot.grammar.types import code_of
from bot.market.context import Context
from engine.risk import OVER
from engine.state import MarketState
from storage.records import LASTING, Approval, Market
from storage.unit_of_work import UnitOfWork

NOTHING = Involvement(held=(), orders=0)
_MANY = 200  # more orders than anybody keeps waiting


async def involvement_of(uow: UnitOfWork, market: Market, state: MarketState, person: int | None) -> Involvement:
    """What a person has in the market under any of their numbers, false where it is nothing."""
    held, orders = [(0, 0)] * market.params.n_outcomes, 0
    for account in () if person is None else await uow.people.all_ids(person):
        orders += len(await uow.orders.of(market.id, account, open_only=True, n=_MANY))
        if account in state.accounts:
            tokens = state.accounts[account].tokens
            held = [(a + c, b + d) for (a, b), (c, d) in zip(held, tokens, strict=True)]
    kept = tuple(pair if state.binaries[i].active else (0, 0) for i, pair in enumerate(held))
    return Involvement(held=kept, orders=orders)


async def possible_approvers(uow: UnitOfWork, market: Market, state: MarketState, proposer: int | None) -> list[int]:
    """Admins known in the market's chats who are not the proposer and have no part in it."""
    return [
        admin
        for admin in await other_admins(uow, market, proposer)
        if not await involvement_of(uow, market, state, admin)
    ]


async def how_many_could(ctx: Context, uow: UnitOfWork, market: Market, state: MarketState) -> int:
    """How many admins could approve what the speaker proposes; where a platform can still be asked, at least one is
    taken to be there."""
    known = len(await possible_approvers(uow, market, state, ctx.person_id))
    asks = any(ctx.rights.asks(chat.platform) for chat in await uow.chats.of_market(market.id))
    return max(known, int(asks))


async def other_admins(uow: UnitOfWork, market: Market, proposer: int | None) -> list[int]:
    """Every other admin known in the market's chats."""
    known = {admin for chat in await uow.chats.of_market(market.id) for admin in await uow.chats.admins(chat.id)}
    owners = {*(await uow.people.primary_ids(known)).values()}
    return sorted(owners - {proposer})


def proposal_code(kind: str, outcomes: Sequence[int], state: MarketState) -> str:
    """Stands for where the market is as far as a decision is concerned: a proposal lapses when it is another."""
    return code_of(kind, tuple(outcomes), state.next_round, state.out, state.claim, state.winners)


def still_valid(approval: Approval, state: MarketState) -> bool:
    """Whether the market is still where the proposal was made; what decides nothing stands as long as the market."""
    if approval.kind in LASTING:
        return state.status not in OVER
    return approval.code == proposal_code(approval.kind, approval.outcomes, state)

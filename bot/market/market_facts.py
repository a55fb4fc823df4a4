"""What is told of a market and of an account in it, as of its last tick: the facts behind `/board`, `/tape`,
`/positions`, `/balance` and `/orders`, for whoever shows them all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.chat.facts import Holding
from bot.chat.reply import Board
from bot.market.holdings import holdings_of
from bot.market.leaderboard import Standing
from bot.market.moments import Moment, latest
from bot.market.standings import board_of
from bot.market.tape import tape
from bot.market.watched import Watched, watched
from engine.state import MarketState, Side, Status
from engine.terms import MarketParams
from storage.alerts import Alert
from storage.rankings import Ranked, Tokens
from storage.records import Market, Member, OrderRow, TradeRow, intent_number
from storage.unit_of_work import UnitOfWork

TAPE = 20  # trades


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """What everybody who sees a market is told of it. `board` without the moment it is asked at; `where` is what its
    home chat is called, `tape` its latest trades, newest first, `moments` the latest ones, oldest first. `watched`:
    what strangers see of it besides; None where they may not watch it."""

    market: int
    status: Status
    halted: bool
    tick: int
    tick_at_ms: int | None
    params: MarketParams
    board: Board
    where: str
    tape: tuple[TradeRow, ...]
    moments: tuple[Moment, ...]
    watched: Watched | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOrder:
    """An order that waits: for its tick (`pending`), or in the book. `rest` of its `size` tokens have not traded;
    `limit` is a rate; `spend` what a purchase may cost, where it was asked for by money; `aside`: micro-dollars set
    aside for it."""

    number: int
    outcome: int
    side: Side
    buy: bool
    rest: int
    size: int
    limit: int | None
    spend: int | None
    autofill: bool
    pending: bool
    aside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How one person stands in a market, and has since `tick`; `member` None: they are not in it. `ranked`: where they
    stand among all, and `place` in words (`2nd=`), of `of` who have one."""

    market: int
    tick: int
    over: bool
    member: Member | None
    holdings: tuple[Holding, ...] = ()
    orders: tuple[OwnOrder, ...] = ()
    alerts: tuple[Alert, ...] = ()
    ranked: Ranked | None = None
    place: str = ""
    of: int = 0

    @property
    def worth(self) -> int:
        """What all of their tokens would sell for now."""
        return sum(holding.worth for holding in self.holdings)


async def market_facts(uow: UnitOfWork, record: Market) -> MarketFacts:
    chat = await uow.chats.get(record.chat_id)
    return MarketFacts(
        market=record.id,
        status=record.status,
        halted=record.halted is not None,
        tick=record.tick,
        tick_at_ms=record.tick_ms,
        params=record.params,
        board=await board_of(uow, record, 0),
        where="" if chat is None else chat.title,
        tape=tuple(await tape(uow, record, n=TAPE)),
        moments=await latest(uow, record),
        watched=await watched(uow, record),
    )


def account_of(
    record: Market,
    state: MarketState,
    standing: Standing,
    member: Member | None,
    worth: Tokens,
    paid: Mapping[tuple[int, Side], int],
    pending: Sequence[OrderRow],
    alerts: Sequence[Alert],
) -> Account:
    """`pending`: the orders of this member that wait for their tick, oldest first; `alerts` what they wait for; `worth`
    and `paid` of their tokens, as `worths_of` and `Trades.paid` have them."""
    if member is None:
        return Account(market=record.id, tick=record.tick, over=record.over, member=None, of=standing.of)
    member = replace(member, reserved=sum(order.reserve for order in pending))
    return Account(
        market=record.id,
        tick=record.tick,
        over=record.over,
        member=member,
        holdings=tuple(holdings_of(record, state, member, worth, paid)),
        orders=(*_resting(state, member.person), *map(_pending, pending))[::-1],
        alerts=tuple(alerts),
        ranked=standing.ranked_of.get(member.person),
        place=standing.places.get(member.person, ""),
        of=standing.of,
    )


def _resting(state: MarketState, person: int) -> list[OwnOrder]:
    """By number, which is by age."""
    waiting = [
        OwnOrder(
            number=intent_number(order.id),
            outcome=order.outcome,
            side=order.side,
            buy=order.buy,
            rest=order.rest,
            size=order.size,
            limit=order.limit,
            spend=None,
            autofill=order.autofill,
            pending=False,
            aside=order.escrow if order.buy else 0,
        )
        for order in state.resting.of(person)
    ]
    return sorted(waiting, key=lambda order: order.number)


def _pending(order: OrderRow) -> OwnOrder:
    draft = order.draft
    return OwnOrder(
        number=order.number,
        outcome=draft.outcome,
        side=draft.side,
        buy=draft.buy,
        rest=order.remaining,
        size=draft.size,
        limit=draft.limit,
        spend=draft.spend,
        autofill=draft.autofill,
        pending=True,
        aside=order.reserve,
    )

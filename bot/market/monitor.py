"""How a market runs, in figures, and who is in it: for `/admin monitor`, `/admin users` and the page of its admins."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.facts import MemberRow, MonitorFigures
from bot.market.context import MarketView
from bot.market.involvement import involvement_of, other_admins, still_valid
from bot.text.numbers import places
from engine.risk import house_cash
from storage.rankings import standings
from storage.records import Member
from storage.unit_of_work import UnitOfWork

TIMED = 100  # ticks
NOTABLE = 10  # a tenth of what everybody began with, from one account to one other


async def monitor_figures(uow: UnitOfWork, market: MarketView) -> MonitorFigures:
    """All of them, of one moment."""
    record = market.record
    people, traders = await uow.members.turnout(record.id)
    return MonitorFigures(
        people=people,
        traders=traders,
        trades=await uow.trades.count(record.id),
        pending=len(await uow.orders.pending(record.id)),
        actions=len(await uow.actions.pending(record.id)),
        resting=len(market.state.resting),
        times=await uow.ticks.durations(record.id, TIMED),
        waiting=await uow.outbox.waiting(record.id),
        metric=await uow.metrics.latest(record.id),
        worst=await uow.metrics.worst(record.id),
        transfers=await uow.transfers.net(record.id, record.params.starting_balance // NOTABLE),
        names=await uow.members.names(record.id),
        deciders=await _deciders(uow, market),
        house=house_cash(market.state),
        proposals=sum(still_valid(row, market.state) for row in await uow.approvals.waiting(record.id)),
    )


async def _deciders(uow: UnitOfWork, market: MarketView) -> list[tuple[str, bool]]:
    """The admins known in the market's chats, and whether each has a part in it."""
    admins = await other_admins(uow, market.record, None)
    names = await uow.people.names(admins)
    return [
        (names.get(admin, ""), bool(await involvement_of(uow, market.record, market.state, admin))) for admin in admins
    ]


def member_rows(market: MarketView, members: Sequence[Member]) -> list[MemberRow]:
    """Everybody who is in it, best first."""
    by_number = {member.person: member for member in members}
    ranked = standings(market.record, market.state, members)
    with_places = zip(ranked, places([row.rank for row in ranked]), strict=True)
    return [
        MemberRow(
            person=row.person,
            place=place if row.rank is not None else "",
            name=row.name,
            balance=by_number[row.person].balance + by_number[row.person].coming,
            worth=row.final,
            stake=row.stake,
            trades=row.trades,
            barred=by_number[row.person].barred is not None,
            unranked=row.unranked,
        )
        for row, place in with_places
    ]

"""How the market runs, for whoever runs it: figures, files, charts."""

from __future__ import annotations

import io
from typing import Annotated

from bot.charts.queries import load
from bot.chat.facts import MonitorFigures
from bot.chat.permissions import Role
from bot.chat.reply import Attachment, Picture, Reply
from bot.grammar.command import command
from bot.grammar.outcomes import AnyOutcomeArg
from bot.grammar.types import Choice
from bot.market.context import Context, MarketView, Snapshot
from bot.market.decisions import involvement_of, other_admins, still_valid
from bot.market.standings import awaits, still_takes
from bot.words import reports as words_reports
from bot.words import views as words_views
from bot.words.reports import EXPORTS, GRAPHS
from engine.risk import house_cash
from storage import export as csv_files
from storage.unit_of_work import UnitOfWork

MOST_BYTES = 8 * 10**6
TIMED = 100  # ticks
NOTABLE = 10  # a tenth of what everybody began with, from one account to one other

ExportArg = Annotated[str, Choice("export", lambda: EXPORTS, shape="trades", about="which table")]
GraphArg = Annotated[str, Choice("graph", lambda: GRAPHS, shape="prices", about="which chart, prices if left out")]


@command("admin monitor", role=Role.ADMIN, any_rules=True, examples=("/admin monitor",))
async def monitor(ctx: Context, *, market: MarketView, snapshot: Snapshot) -> Reply:
    """See how the market runs: people, ticks and their time, volume, risk, profit by source, what waits.

    It also names accounts that lose to one another through the book as if money were handed over, and the admins who
    decide alone and those who propose because they have a part in the market.
    """
    record, uow = market.record, snapshot.uow
    people, traders = await uow.members.turnout(record.id)
    figures = MonitorFigures(
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
    step = record.next_step
    takes = None if step is None else still_takes(step, market.state, record.params)
    return words_reports.monitor(record, figures, ctx.now_ms, takes, awaits(market.state, record))


async def _deciders(uow: UnitOfWork, market: MarketView) -> list[tuple[str, bool]]:
    """The admins known in the market's chats, and whether each has a part in it."""
    admins = await other_admins(uow, market.record, None)
    names = await uow.people.names(admins)
    return [
        (names.get(admin, ""), bool(await involvement_of(uow, market.record, market.state, admin))) for admin in admins
    ]


@command(
    "admin export",
    role=Role.ADMIN,
    any_rules=True,
    heavy=True,
    examples=("/admin export trades", "/admin export rankings"),
)
async def export(ctx: Context, *, market: MarketView, what: ExportArg) -> Reply:
    """Get one of this market's tables as a CSV file, for you alone."""
    out = io.StringIO()
    try:
        async with ctx.db.reading(at_length=True) as uow:  # between two stretches of rows others have their turn
            record = await uow.markets.get_one(market.id)
            rows = await csv_files.EXPORTS[what](uow, record, csv_files.LimitedSink(out, MOST_BYTES))
    except csv_files.TooLargeError:
        return words_reports.too_large(what, MOST_BYTES // 10**6, market.id)
    file = Attachment(name=f"{what}-{market.id}.csv", data=out.getvalue().encode(), media_type="text/csv")
    return words_reports.exported(record, what, rows, file)


@command(
    "admin graph",
    role=Role.ADMIN,
    any_rules=True,
    examples=("/admin graph", "/admin graph volume", "/admin graph outcome germany"),
)
async def graph(
    ctx: Context,
    *,
    market: MarketView,
    snapshot: Snapshot,
    what: GraphArg | None = None,
    outcome: AnyOutcomeArg | None = None,
) -> Reply:
    """Get a chart of this market, for you alone: prices, one outcome, the house, the ranking, the volume.

    outcome: which one, for the chart of one outcome
    """
    if market.record.start_ms is None:
        return words_views.no_chart_yet()
    kind = what or ("prices" if outcome is None else "outcome")
    if kind == "outcome" and outcome is None:
        return words_reports.which_outcome()
    number = outcome if kind == "outcome" else None
    picture = Picture(kind=kind, market=market.id, tick=market.record.tick, outcome=number)
    return words_reports.graph(market.record, picture, await load(snapshot.uow, picture))

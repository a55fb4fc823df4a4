"""How the market runs, for whoever runs it: figures, files, charts."""

from __future__ import annotations

import io
from typing import Annotated

from bot.charts.queries import load
from bot.chat.permissions import Role
from bot.chat.reply import Attachment, Picture, Reply
from bot.grammar.command import command
from bot.grammar.outcomes import AnyOutcomeArg
from bot.grammar.types import Choice
from bot.market.context import Context, MarketView, Snapshot
from bot.market.monitor import monitor_figures
from bot.market.standings import awaits, still_takes
from bot.words import reports as words_reports
from bot.words import views as words_views
from bot.words.reports import EXPORTS, GRAPHS
from storage import export as csv_files

MOST_BYTES = 8 * 10**6

ExportArg = Annotated[str, Choice("export", lambda: EXPORTS, shape="trades", about="which table")]
GraphArg = Annotated[str, Choice("graph", lambda: GRAPHS, shape="prices", about="which chart, prices if left out")]


@command("admin monitor", role=Role.ADMIN, any_rules=True, examples=("/admin monitor",))
async def monitor(ctx: Context, *, market: MarketView, snapshot: Snapshot) -> Reply:
    """See how the market runs: people, ticks and their time, volume, risk, profit by source, what waits.

    It also names accounts that lose to one another through the book as if money were handed over, and the admins who
    decide alone and those who propose because they have a part in the market.
    """
    record = market.record
    figures = await monitor_figures(snapshot.uow, market)
    step = record.next_step
    takes = None if step is None else still_takes(step, market.state, record.params)
    return words_reports.monitor(record, figures, ctx.now_ms, takes, awaits(market.state, record))


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

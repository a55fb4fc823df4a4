"""All that the page of a market's admins shows of it, of one moment: how far it is, what is missing, its timetable and
terms, what waits to be decided, how it runs. Nothing is decided here: each step is a command of `bot.commands`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.chat.facts import MarketSetting, MonitorFigures, TimetableShown
from bot.market import timetable as timetables
from bot.market import timetable_changes as changes
from bot.market.context import MarketView
from bot.market.draft import warnings
from bot.market.involvement import still_valid
from bot.market.monitor import monitor_figures
from bot.market.settings_table import grouped
from bot.market.setup_steps import is_timetable_set, steps_left
from bot.market.term_ranges import TermRange, term_range
from bot.market.wording import read_names
from engine.lint import LintWarning
from engine.params import FIXED
from engine.schedule import losers_left
from engine.state import Status
from storage.markets import BEFORE_START
from storage.records import Approval, Chat, Market, Wording
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedNow:
    """What an admin is asked for: who is out of round `round`, `takes` of them, or who has won (`final`), since `at_ms`
    (epoch)."""

    round: int
    final: bool
    takes: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """`table` as it was typed and `shown` as it stands, a time each entry; `typed`: the line that sets it;
    `set_by_hand`: somebody has set one. `present`: the step that is to be taken now. `begun`: so many rounds have begun
    and stay as they are. `proposals` with the name of who made each; `where`: the chats it is announced in, its home
    first; `writers` by number."""

    market: MarketView
    table: timetables.Timetable
    shown: TimetableShown
    typed: str
    set_by_hand: bool
    present: str
    begun: int
    asked: AskedNow | None
    wordings: Sequence[Wording]
    writers: Mapping[int, str]
    warnings: Sequence[LintWarning]
    groups: Sequence[tuple[str, Sequence[MarketSetting]]]
    ranges: Mapping[str, TermRange]
    figures: MonitorFigures
    proposals: Sequence[tuple[Approval, str]]
    where: Sequence[Chat]


async def run_facts(uow: UnitOfWork, market: MarketView) -> RunFacts:
    """All of it in one snapshot."""
    record, state = market.record, market.state
    running = record.start_ms is not None
    counted_from = record.start_ms if running else record.planned_start_ms
    table = changes.current(record, market.now_ms)
    groups = grouped(record.params, FIXED if running else ())
    wordings = await uow.wordings.of(record.id)
    return RunFacts(
        market=market,
        table=table,
        shown=changes.shown(table, record.params, state, counted_from),
        typed=timetables.typed_line(record),
        set_by_hand=is_timetable_set(record),
        present=_present(market, worded=bool(wordings)),
        begun=state.next_round + (state.frozen_for is not None) if running else 0,
        asked=_asked(market),
        wordings=wordings,
        writers=await read_names(uow, wordings) if wordings else {},
        warnings=warnings(record.params) if record.status in BEFORE_START else (),
        groups=groups,
        ranges=_ranges(record, groups),
        figures=await monitor_figures(uow, market),
        proposals=await _proposals(uow, market),
        where=await uow.chats.of_market(record.id),
    )


def _present(market: MarketView, *, worded: bool) -> str:
    record = market.record
    if record.status is Status.DRAFT:
        return steps_left(record, worded=worded)[0]
    if record.status is Status.LOBBY:
        return "start"
    if record.over:
        return "over"
    return "decide" if market.state.claim is not None or _asked(market) is not None else "run"


def _asked(market: MarketView) -> AskedNow | None:
    record, state = market.record, market.state
    if state.frozen_for is None or not state.asked:
        return None
    planned = record.params.rounds[state.frozen_for]
    takes = 1 if planned.is_final else losers_left(state, record.params, state.frozen_for)
    at_ms = record.epoch_ms(planned.decide_at)
    return AskedNow(round=state.frozen_for, final=planned.is_final, takes=takes, at_ms=at_ms)


def _ranges(record: Market, groups: Sequence[tuple[str, Sequence[MarketSetting]]]) -> dict[str, TermRange]:
    """Of what can still change."""
    if record.over:
        return {}
    every = [setting.name for _, settings in groups for setting in settings if not setting.fixed]
    ranges = {name: term_range(record.params, name) for name in every}
    return {name: known for name, known in ranges.items() if known is not None}


async def _proposals(uow: UnitOfWork, market: MarketView) -> list[tuple[Approval, str]]:
    """Those that wait and still stand."""
    waiting = [row for row in await uow.approvals.waiting(market.id) if still_valid(row, market.state)]
    names = await uow.people.names(row.proposer for row in waiting)
    return [(row, names.get(row.proposer, "")) for row in waiting]

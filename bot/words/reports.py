"""What admins read about a running market: its figures, its people, the log of what admins did, files and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.chat.chart_data import ChartData
from bot.chat.facts import MemberRow, MonitorFigures
from bot.chat.reply import (
    Action,
    Attachment,
    Column,
    Line,
    Page,
    Picture,
    Reply,
    Stamp,
    Table,
    bold,
    code,
    line,
    quiet,
)
from bot.text.names import clean, quoted_name
from bot.text.numbers import gain, money, percent, round_money, shown_money, signed_money, span, split
from bot.words.charts import SOURCES, WHAT_IT_IS, described
from bot.words.shared import dotted, first_upper, listed, no, page_buttons, people, place, plural, say
from bot.words.views import status_word, step_words
from storage.outbox import Backlog
from storage.records import Market, MetricRow
from storage.transfers import NetTransfer


def monitor(market: Market, numbers: MonitorFigures, now_ms: int, takes: int | None = None, awaits: Line = ()) -> Reply:
    """Status, what is next, what it cost and earned, what waits. `takes` as in `step_words`; `awaits` is the decision
    that an admin is asked for."""
    rows = [awaits] if awaits else []
    if market.outdated:
        rows.append(
            line(bold("Stands still: "), f"begun by rules {market.rules}. ", code("/admin void"), " calls it off.")
        )
    if market.halted is not None:
        rows.append(line(bold("Halted: "), clean(market.halted), ". ", code("/admin resume"), " tries again."))
    if market.next_step is not None:
        step = step_words(market.next_step, takes)
        rows.append(line(f"{step} ", Stamp(market.next_step.at_ms, countdown=True), "."))
    traded = f"{round_money(market.volume)} traded in {plural(numbers.trades, 'trade')} by {people(numbers.traders)}"
    rows.append(line(dotted([f"{people(numbers.people)} in", traded if numbers.trades else "nothing traded yet"])))
    if market.start_ms is not None:
        rows.append(line(_ticks(market, numbers.times, now_ms)))
    waiting = [plural(numbers.pending, "order"), plural(numbers.actions, "action")]
    rows.append(line(f"Waiting for the next tick: {listed(waiting)}; resting in the book: {numbers.resting:,}."))
    rows += _deciders(market, numbers)
    rows += _house(market, numbers)
    rows += _outbox(numbers.waiting, now_ms)
    rows += transfers(numbers.transfers, numbers.names)
    return say(f"{clean(market.title)}: {status_word(market)}.", blocks=rows, actions=_buttons(market))


def _deciders(market: Market, numbers: MonitorFigures) -> list[Line]:
    """While something can be decided: who does it alone, who proposes it, and what waits for approval."""
    if market.start_ms is None or market.over:
        return []
    alone = [clean(name) for name, part in numbers.deciders if not part]
    with_part = [clean(name) for name, part in numbers.deciders if part]
    said = f"What no round asks for, {listed(alone) or 'nobody known here'} can decide alone"
    if with_part:
        have, propose = ("has", "proposes") if len(with_part) == 1 else ("have", "propose")
        said += f"; {listed(with_part)} {have} a part in it and {propose} it"
    rows = [line(f"{said}. ", code("/help admin approve"), " has the rule.")]
    if numbers.proposals:
        verb = "waits" if numbers.proposals == 1 else "wait"
        rows.append(line(f"{plural(numbers.proposals, 'proposal')} {verb} for approval: ", code("/admin approve")))
    return rows


def _ticks(market: Market, times: Sequence[int], now_ms: int) -> str:
    parts = [f"Tick {market.tick:,}"]
    if market.tick_ms is not None:
        parts[0] += f", {span(max(0, now_ms - market.tick_ms))} ago"
    if times:
        middle = sorted(times)[len(times) // 2]
        parts.append(f"took {_ms(times[0])}; of the last {len(times)} half took {_ms(middle)} or less, the longest "
                     f"{_ms(max(times))}")  # fmt: skip
    return f"{dotted(parts)}."


def _ms(us: int) -> str:
    """`4.2 ms`, `1,204 ms`."""
    return f"{us // 1000:,} ms" if us >= 100_000 else f"{us // 1000}.{us % 1000 // 100} ms"


def _house(market: Market, numbers: MonitorFigures) -> list[Line]:
    most, metric = market.params.z, numbers.metric
    if metric is None:
        return [line(f"The house stakes {round_money(most)}.")]
    now, high = max(0, metric.mm_risk), max(0, numbers.worst)
    if market.over:
        return [
            _house_ended(most, numbers.house),
            line(f"It risked at most {round_money(high)}."),
            _brought(metric),
            *_explained(metric),
        ]
    rows = [
        line(
            f"House risks at most {round_money(most)}; right now {round_money(now)}"
            f" ({percent(now * 10**12 // most) if most else '0%'}), at worst so far {round_money(high)}."
        )
    ]
    return [*rows, _brought(metric), *_explained(metric)]


def _house_ended(staked: int, has: int) -> Line:
    """What it won or lost: what it has after everybody was paid, against what it staked."""
    shown = shown_money(has) - shown_money(staked)
    result = f"lost {money(-shown)}" if shown < 0 else f"won {money(shown)}" if shown else "neither won nor lost"
    return line(f"The house {result} in the end: it staked {money(staked)} and has {money(has)}.")


def _brought(metric: MetricRow) -> Line:
    """By source; what tokens cost and paid is not in it."""
    amounts = split(list(metric.sources.values()))
    sources = [
        f"{SOURCES.get(name, name.replace('_', ' '))} {money(amount)}"
        for name, amount in zip(metric.sources, amounts, strict=True)
        if amount
    ]
    by_source = f": {', '.join(sources)}." if sources else "."
    return line(f"Fees, gas and the like brought it {signed_money(metric.mm_profit)}", by_source)


def _explained(metric: MetricRow) -> list[Line]:
    """In small print: the sources whose names say nothing by themselves."""
    named = [f"{SOURCES[name]}: {what}" for name, what in WHAT_IT_IS.items() if metric.sources.get(name)]
    return [line(quiet(f"{first_upper('; '.join(named))}."))] if named else []


def _outbox(waiting: Sequence[Backlog], now_ms: int) -> list[Line]:
    """By platform; a quiet line where nothing waits."""
    parts = []
    for backlog in waiting:
        oldest = f", the oldest for {span(now_ms - backlog.oldest_ms)}" if backlog.oldest_ms is not None else ""
        lost = f", {backlog.dropped:,} given up" if backlog.dropped else ""
        if backlog.rows or backlog.dropped:
            parts.append(f"{backlog.platform.capitalize()} {plural(backlog.rows, 'message')}{oldest}{lost}")
    return [line(f"Outbox: {'; '.join(parts)}." if parts else "Outbox: nothing waits.")]


_SHOWN_TRANSFERS = 5


def transfers(every: Sequence[NetTransfer], names: Mapping[int, str]) -> list[Line]:
    """Who lost to whom; whether it was meant is the admins' to judge."""
    rows = []
    for transfer in every[:_SHOWN_TRANSFERS]:
        loser, gainer = (f"{clean(names.get(person, ''))} (#{person})" for person in (transfer.loser, transfer.gainer))
        how = f"{money(transfer.amount)} to {gainer} in {plural(transfer.fills, 'fill')} with each other"
        again = f"/admin users #{transfer.gainer} bar"
        rows.append(
            line(
                bold("Transfer? "),
                f"{loser} lost {how}, at prices far from the house's. ",
                code(again),
                " shows first.",
            )
        )
    more = len(every) - _SHOWN_TRANSFERS
    if more > 0:
        rows.append(line(quiet(f"And {more} more pairs like that.")))
    return rows


def _buttons(market: Market) -> tuple[Action, ...]:
    if market.start_ms is None:
        return (Action(label="Terms", text="/admin set"), Action(label="Timetable", text="/admin schedule"))
    return (
        Action(label="Risk and profit", text="/admin graph maker"),
        Action(label="People", text="/admin users"),
        Action(label="Log", text="/admin log"),
    )


def users(market: Market, page: Page[MemberRow], wanted: str | None, person: int | None) -> Reply:
    columns = (
        Column(title="", numeric=True),
        Column(title="", numeric=True),
        Column(title="Name"),
        Column(title="Balance", numeric=True),
        Column(title="Worth", numeric=True),
        Column(title="Gain", numeric=True),
        Column(title="", numeric=True),
        Column(title="Trades", numeric=True),
    )
    rows = tuple(
        (
            line(member.place),
            line(quiet(f"#{member.person}")),
            line(clean(member.name), *_marks(member)),
            line(money(member.balance)),
            line(money(member.worth)),
            *(line(shown) for shown in gain(member.worth, member.stake)),
            line(f"{member.trades:,}"),
        )
        for member in page.rows
    )
    called = f" called “{clean(wanted)}”" if wanted else ""
    head = f"{people(page.total)}{called} in {clean(market.title)}.{place(page)}"
    again = f"/admin users {quoted_name(clean(wanted))}" if wanted else "/admin users"
    return say(
        head,
        blocks=(
            Table(columns=columns, rows=rows),
            line("Balance is cash; worth counts tokens at what selling them would bring now."),
            line("A number names one person: ", code(f"/admin users #{page.rows[0].person}")),
        ),
        actions=page_buttons(again, page, person),
    )


def _marks(member: MemberRow) -> Line:
    marks = [name for name, held in (("barred", member.barred), ("unranked", member.unranked)) if held]
    return line(quiet(f" ({', '.join(marks)})")) if marks else ()


def nobody(title: str) -> Reply:
    return say(f"Nobody is in {clean(title)} yet.", blocks=(line("People come in by ", code("/join")),))


def nobody_called(wanted: str) -> Reply:
    return no(
        f"Nobody in this market is called “{clean(wanted)}”.", blocks=(line(code("/admin users"), " shows all."),)
    )


EXPORTS: Mapping[str, str] = {
    "trades": "every trade, leg by leg",
    "config": "every term of the market",
    "metrics": "volume, risk and profit by source, tick by tick",
    "rankings": "everybody's result, best first",
    "ledger": "every movement of money, two sides each",
}
GRAPHS: Mapping[str, str] = {
    "prices": "YES of every outcome",
    "outcome": "YES, NO and volume of one outcome",
    "maker": "what the house risks and earns",
    "leaderboard": "who is ahead",
    "volume": "what was traded, by outcome",
}


def exported(market: Market, what: str, rows: int, file: Attachment) -> Reply:
    reply = say(f"{file.name}: {plural(rows, 'row')}, {EXPORTS[what]}.", blocks=(line(_as_of(market)),))
    return Reply(head=reply.head, blocks=reply.blocks, files=(file,))


def _as_of(market: Market) -> str:
    return f"{clean(market.title)}, as of tick {market.tick:,}." if market.start_ms is not None else clean(market.title)


def too_large(what: str, most_mb: int, market: int) -> Reply:
    return no(
        f"The {what} have grown past {most_mb} MB, more than a chat takes as a file.",
        blocks=(line("Whoever runs the bot can write them: ", code(f"outcry export {what} --market {market}")),),
    )


def graph(market: Market, picture: Picture, data: ChartData | None) -> Reply:
    """The chart, and in words what it shows."""
    title = f"{clean(market.title)}: {GRAPHS[picture.kind]}."
    shown = "" if data is None else described(data)
    alt = f"{title} {shown}".strip()
    return say(title, blocks=(replace(picture, alt=alt), *([line(quiet(shown))] if shown else [])))


def which_outcome() -> Reply:
    return no("Which outcome?", blocks=(line("Name it, as in ", code("/admin graph outcome 1")),))

"""What charts say: a title tells what happened. Names arrive as they can be shown; money is in micro-dollars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.chat.chart_data import (
    CardData,
    ChartData,
    Exit,
    LeaderboardData,
    MakerData,
    OutcomeData,
    PreviewData,
    PricesData,
    VolumeData,
)
from bot.text.names import clean
from bot.text.numbers import CENT, MICRO, gain, round_money
from bot.text.numbers import price as price_text
from bot.words.shared import first_upper, leaders, listed, people, who_leads

SOURCES = {
    "fee": "fees",
    "match_fee": "match fees",
    "gas": "gas",
    "convexity": "convexity",
    "penalty": "edge penalty",
    "curve": "curve",
    "floor": "pot floor",
    "seigniorage": "auto-fill",
    "match": "crossing",
    "band": "band",
}
WHAT_IT_IS = {
    "convexity": "what an order pays on top, the more the larger it is",
    "penalty": "what an order pays that pushes a price to its edge",
    "curve": "what else a trade pays above what its pool takes",
    "floor": "what sales leave behind, so that nobody can be sure of a profit",
    "match": "what a buyer of YES and one of NO pay above $1",
}
"""Of `SOURCES`, those that need a word more."""
OTHER_SOURCES = "other"
VOLUME_PANEL = "Traded"
RISK_PANEL = "What the house would lose at worst"
NOTHING_YET = "nothing traded yet"
YES, NO = "YES", "NO"
BRAND = "Outcry"
MOST_FIGURES = 10  # told in words of what a chart shows


def cents(micro: int) -> str:
    """61¢: whole cents, halves up, where a tenth would be noise."""
    return f"{(micro + CENT // 2) // CENT}¢"


def scale_dollars(micro: int) -> str:
    """$63, $1,240, $24k: short enough for the edge of a plot."""
    whole = (micro + MICRO // 2) // MICRO
    return f"${whole:,}" if whole < 10_000 else f"${(whole + 500) // 1_000:,}k"


def side_price(side: str, micro: int) -> str:
    """YES 61.3¢; once it is decided YES $1 and NO 0¢."""
    return f"{side} $1" if micro == MICRO else f"{side} 0¢" if micro == 0 else f"{side} {price_text(micro)}"


def gained(worth: int, stake: int) -> str:
    """+35.2%, −4%: as in the table."""
    return gain(worth, stake)[1]


def moment(at_ms: int) -> str:
    """9 Jul 23:17 UTC."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at.day} {at:%b %H:%M} UTC"


def round_name(exit_: Exit) -> str:
    if exit_.final:
        return "Final"
    return f"Round {exit_.round}" if exit_.round else "Out"


def whose(name: str) -> str:
    """Brazil’s, Netherlands’."""
    return f"{name}’" if name.endswith("s") else f"{name}’s"


def more_outcomes(count: int, highest: int) -> str:
    """What is said of the lines that are not named."""
    return f"{count} more, up to {cents(highest)}"


def round_exits(name: str, count: int) -> str:
    return f"{name}: {count} out"


def _leaders(prices: Sequence[Sequence[int | None]], at: int) -> list[int]:
    return leaders({number: yes for number, series in enumerate(prices) if (yes := series[at]) is not None})


def yes_figures(names: Mapping[int, str], prices: Mapping[int, int]) -> str:
    """`YES: Germany 61.0¢, Brazil 20.1¢, Chile 9.0¢.`: of those still in, best first; of many the first ten."""
    order = sorted(prices, key=lambda outcome: (-prices[outcome], outcome))
    figures = [f"{names[outcome]} {price_text(prices[outcome])}" for outcome in order[:MOST_FIGURES]]
    rest = order[MOST_FIGURES:]
    if rest:
        figures.append(f"{len(rest)} more up to {price_text(prices[rest[0]])}")
    return f"YES: {listed(figures)}."


def out_figures(names: Sequence[str]) -> str:
    """Who is out, the first to go first; "" where nobody is."""
    return f"Out: {listed([clean(name) for name in names])}." if names else ""


def described(data: ChartData) -> str:
    """A chart in words, with its figures, for who cannot see it."""
    match data:
        case PricesData():
            names = [clean(name) for name in data.names]
            last = {number: yes for number, series in enumerate(data.yes) if series and (yes := series[-1]) is not None}
            prices = "" if data.winners or data.called_off or not last else yes_figures(dict(enumerate(names)), last)
            return f"{prices_title(data, names)}. {prices}".strip()
        case PreviewData():
            prices = yes_figures(dict(enumerate(map(clean, data.names))), dict(data.yes)) if data.yes else ""
            return f"{clean(data.market)}: {preview_note(data)}. {prices}".strip()
        case OutcomeData():
            return f"{outcome_title(data, clean(data.name))}. {traded_in_all(sum(data.volume))}"
        case MakerData():
            kept = sum(series[-1] for _, series in data.profit if series)
            return f"{maker_title(data)}. {profit_panel(kept)}. {traded_in_all(sum(data.volume))}"
        case LeaderboardData():
            rows = [f"{row.place} {clean(row.name)} {gained(row.worth, row.stake)}" for row in data.rows]
            title = leaderboard_title(data, [clean(row.name) for row in data.rows])
            return f"{title}. {listed(rows)}." if rows else f"{title}."
        case VolumeData():
            names = [clean(name) for name in data.names]
            order = sorted(range(len(names)), key=lambda at: (-data.totals[at], at))
            traded = [volume_label(names[at], data.totals[at]) for at in order if data.totals[at]][:MOST_FIGURES]
            return f"{volume_title(data, names)}. {f'{listed(traded)}.' if traded else ''}".strip()
        case CardData():
            names = [clean(name) for name in data.prices.names]
            podium = listed([f"{row.place} {clean(row.name)} {gained(row.worth, row.stake)}" for row in data.podium])
            return f"{card_title(data, names)}. {first_upper(card_note(data))}. {podium or NOBODY_TRADED}."


def preview_note(data: PreviewData) -> str:
    """`Open · $12,300 traded by 14 people`"""
    if data.called_off:
        return "Called off"
    if not data.volume:
        return f"{data.status} · {people(data.people)} in" if data.people else data.status
    return f"{data.status} · {round_money(data.volume)} traded · {people(data.people)} in"


def preview_more(count: int, highest: int) -> str:
    return f"and {more_outcomes(count, highest)}"


def preview_winner(data: PreviewData, names: Sequence[str]) -> str:
    who = listed([names[winner] for winner in data.winners])
    return f"{who} wins" if len(data.winners) == 1 else f"{who} share the win"


def traded_in_all(volume: int) -> str:
    return f"{round_money(volume)} traded." if volume else "Nothing traded yet."


def prices_title(data: PricesData, names: Sequence[str]) -> str:
    """Who leads, at what, and since whose exit or past whom."""
    if not data.times:
        return "The market has not begun"
    if data.called_off:
        return "Called off: it counts as if it had never been"
    if data.winners:
        return _won(data, names)
    first_places = _leaders(data.yes, -1)
    if not first_places:
        return "No outcome is in the running"
    price = data.yes[first_places[0]][-1] or 0
    level = len(first_places) > 1
    who = _level(names, first_places, sum(series[-1] is not None for series in data.yes))
    if [series[-1] for series in data.yes] == [series[0] for series in data.yes]:
        return f"{who} start level at {cents(price)}" if level else f"{who} starts ahead at {cents(price)}"
    if level:
        return f"{who} are level at {cents(price)}"
    leader, last_exit = first_places[0], max((exit_.at_ms for exit_ in data.exits), default=0)
    since = next((at for at, time in enumerate(data.times) if time >= last_exit), len(data.times) - 1)
    before = _leaders(data.yes, since)
    if before and leader not in before:
        return f"{names[leader]} passes {_level(names, before, 0)} at {cents(price)}"
    out = [names[exit_.outcome] for exit_ in data.exits if exit_.at_ms == last_exit]
    if not out:
        return f"{names[leader]} leads at {cents(price)}"
    if len(out) == 1:
        return f"{names[leader]} leads at {cents(price)} after {whose(out[0])} exit"
    return f"{names[leader]} leads at {cents(price)} with {listed(out) if len(out) == 2 else str(len(out))} out"


def _level(names: Sequence[str], outcomes: Sequence[int], active: int) -> str:
    """Those who share a place; all, where they are all there are."""
    if len(outcomes) == active and active > 2:
        return "All"
    return listed([names[outcome] for outcome in outcomes]) if len(outcomes) <= 2 else f"{len(outcomes)} outcomes"


def _won(data: PricesData, names: Sequence[str]) -> str:
    winners = [names[winner] for winner in data.winners]
    if len(winners) > 1:
        pays = price_text(MICRO // len(winners))
        return f"{listed(winners) if len(winners) == 2 else f'{len(winners)} outcomes'} share the win: {pays} each"
    return f"{winners[0]} wins: from {cents(data.yes[data.winners[0]][0] or 0)} to $1"


NOBODY_TRADED = "Nobody traded"


def card_title(data: CardData, names: Sequence[str]) -> str:
    """`Germany wins`; of many who share how many."""
    winners = [names[winner] for winner in data.prices.winners]
    if len(winners) == 1:
        return f"{winners[0]} wins"
    return f"{listed(winners) if len(winners) == 2 else f'{len(winners)} outcomes'} share the win"


def card_note(data: CardData) -> str:
    """How far the winner came, and how much and how many it moved."""
    (winner, *others), series = data.prices.winners, data.prices.yes
    came = [] if others or not data.prices.times else [f"from {cents(series[winner][0] or 0)} to $1"]
    traded = f"{round_money(data.volume)} traded by {people(data.people)}" if data.volume else NOTHING_YET
    return " · ".join([*came, traded])


def card_more(count: int) -> str:
    return f"and {count:,} more on the same step"


def prices_note(data: PricesData, market: str) -> str:
    return f"{market} · price of YES · {moment(data.times[-1])}" if data.times else market


def outcome_title(data: OutcomeData, name: str) -> str:
    """How far YES went, and where it is."""
    path = [price for price in data.yes if price is not None]
    if data.called_off:
        return f"{name}: the market was called off"
    if data.won:
        return f"{name} wins: YES pays $1"
    if not path:
        return f"{name} has no price yet"
    if data.exit is not None:
        return f"{name} is out, from a last price of {price_text(path[-1])}"
    change = path[-1] - path[0]
    if abs(change) < 500:
        return f"{name} YES stands at {price_text(path[-1])}, where it began"
    return f"{name} YES is {'up' if change > 0 else 'down'} {price_text(abs(change))} to {price_text(path[-1])}"


def outcome_note(data: OutcomeData, market: str) -> str:
    volume = sum(data.volume)
    traded = f"{round_money(volume)} traded" if volume else NOTHING_YET
    return f"{market} · {traded} · {moment(data.times[-1])}" if data.times else f"{market} · {traded}"


def house_result(result: int, stake: int) -> str:
    """What the house won, below 0 what it lost, once all is paid; without a full stop."""
    if result >= 0:
        return f"The house ends {round_money(result)} ahead"
    return f"The house gave {round_money(-result)} of its {round_money(stake)} to the crowd"


def maker_title(data: MakerData) -> str:
    """What the house can lose now, or what it did."""
    if data.result is not None:
        return house_result(data.result, data.stake)
    risk = data.risk[-1] if data.risk else 0
    if risk <= 0:
        return f"Whoever wins, the house gains {round_money(-risk)} or more"
    return f"The house risks {round_money(risk)} of its {round_money(data.stake)}"


def maker_note(data: MakerData, market: str) -> str:
    volume = sum(data.volume)
    traded = f"{round_money(volume)} traded" if volume else NOTHING_YET
    return f"{market} · {traded} · {moment(data.times[-1])}" if data.times else f"{market} · {traded}"


def volume_title(data: VolumeData, names: Sequence[str]) -> str:
    """Which outcome people trade most, and how much of all that is."""
    totals = data.totals
    if not any(totals):
        return "Nothing has been traded yet"
    most, whole = max(totals), round_money(sum(totals))
    first_places = [at for at, total in enumerate(totals) if round_money(total) == round_money(most)]
    if len(first_places) == 1:
        return f"{names[first_places[0]]} is traded most: {round_money(most)} of {whole}"
    return f"{_level(names, first_places, len(names))} are traded most: {round_money(most)} each of {whole}"


def volume_rest(count: int) -> str:
    return f"{count} more"


def volume_note(data: VolumeData, market: str) -> str:
    return f"{market} · money traded, by outcome · {moment(data.times[-1])}" if data.times else market


def volume_label(name: str, total: int) -> str:
    return f"{name} {round_money(total)}"


def profit_panel(total: int) -> str:
    return f"Kept by the house so far: {round_money(total)}"


def stake_label(stake: int) -> str:
    return f"most it can lose: {round_money(stake)}"


def leaderboard_title(data: LeaderboardData, names: Sequence[str]) -> str:
    """The same words as above the table."""
    if not data.rows:
        return "Nobody has traded yet"
    best = data.rows[0]
    level = [name for name, row in zip(names, data.rows, strict=True) if row.place == best.place]
    return who_leads(level, best.worth, best.stake, over=data.final)


def leaderboard_note(data: LeaderboardData, market: str) -> str:
    everybody = f"{people(data.people)} who {'has' if data.people == 1 else 'have'} traded"
    shown = f"best {len(data.rows)} of {everybody}" if data.people > len(data.rows) else everybody
    return f"{market} · {shown} · {moment(data.at_ms)}"

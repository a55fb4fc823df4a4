"""Charts, depth and books as JSON: money and tokens in millionths, moments as epoch ms."""

from __future__ import annotations

from bot.chat.chart_data import OutcomeSeries, SeriesData
from bot.chat.facts import DepthStep, TokenBook
from bot.market.context import MarketView
from bot.market.depth import depth_steps, tokens_held
from bot.market.quotes import closed_for_trading
from engine.ladder import Ladder, ladder
from engine.state import Side
from engine.units import MICRO, RATE
from storage.records import Json, Market

Object = dict[str, Json]


def series_json(market: Market, series: SeriesData | None) -> Object:
    """`series` None: the market has not begun."""
    if series is None:
        names = market.params.outcome_names
        empty: dict[str, Json] = {name: [] for name in ("times", "ticks", "volume", "freezes", "rounds", "exits")}
        begun: dict[str, Json] = {"yes": [[] for _ in names], "winners": [], "called_off": False, "thinned": False}
        return {"market": market.id, "tick": market.tick, "names": names, **empty, **begun}
    return {
        "market": market.id,
        "tick": series.tick,
        "names": series.names,
        "times": series.times,
        "ticks": series.ticks,
        "yes": series.yes,
        "volume": series.volume,
        "freezes": series.freezes,
        "rounds": [{"at": mark.at_ms, "name": mark.name, "out": mark.out} for mark in series.rounds],
        "exits": [{"outcome": exit_.outcome, "at": exit_.at_ms} for exit_ in series.exits],
        "winners": series.winners,
        "called_off": series.called_off,
        "thinned": series.thinned,
    }


def columns_json(series: OutcomeSeries) -> Object:
    return {
        "ticks": series.ticks,
        "times": series.times,
        "yes": series.yes,
        "no": series.no,
        "volume": series.volume,
    }


def depth_json(view: MarketView, outcome: int) -> Object | None:
    """What tokens of each side would do to its price; None where nobody can trade. Sales end with what people hold."""
    if closed_for_trading(view) is not None or not view.state.binaries[outcome].active:
        return None
    sides: dict[str, Json] = {}
    for side in Side:
        ladders = {
            buy: ladder(view.state, view.record.params, view.engine_ms, outcome, side, buy=buy) for buy in (True, False)
        }
        sides[side.value] = {
            "now": ladders[True].now,
            "held": tokens_held(view, outcome, side),
            "buy": _ladder(ladders[True]),
            "sell": _ladder(ladders[False]),
            "steps": [_step(step) for step in depth_steps(view, outcome, side)],
        }
    return sides


def _ladder(shown: Ladder) -> Object:
    return {"house": shown.house, "book": shown.book}


def book_json(book: TokenBook) -> Object:
    """Best first: [price, tokens]."""
    return {
        name: [[level.limit * MICRO // RATE, level.size] for level in levels]
        for name, levels in (("sells", book.sells), ("buys", book.buys))
    }


def _step(step: DepthStep) -> Object:
    """[average with fees, price after]."""
    pairs = {"buy": step.buy, "sell": step.sell}
    micro: dict[str, Json] = {
        name: [rate * MICRO // RATE for rate in pair] if pair else None for name, pair in pairs.items()
    }
    return {"amount": step.amount, **micro}

"""What is legal and still worth a warning: ENGINE section 2's list, each with numbers the engine itself computed.

Nothing here refuses anything (that is `engine.bounds`), and nothing here is prose: a warning is a code and its
numbers, and whoever shows it has the words. Prices come from quotes on a market that has just opened, at the start
values of what changes with time and once more at the end values (`engine.probes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

from engine.bounds import largest_l0
from engine.probes import (
    FIFTY,
    both_ends,
    first_order,
    is_too_large,
    sufficient_l0,
    sufficient_z,
    sufficient_z_for,
    sure_gain,
    whole_balance,
    without_timetable,
    worst_fifty,
)
from engine.quote import Quote, quote
from engine.rates import rates_at
from engine.state import Side, open_market
from engine.terms import MarketParams
from engine.units import MICRO, RATE, ceil_fraction

Code = Literal[
    "classic_start",
    "weights_over_convexity",
    "little_stays",
    "fifty_dollars",
    "allowance",
    "named_timetable",
    "sum_over_cap",
    "band_with_diversion",
    "whole_balance",
]
"""In the order of ENGINE section 2, which is the order of `lint`."""

KEPT = 64  # markets


@dataclass(frozen=True, slots=True, kw_only=True)
class LintWarning:  # `Warning` alone is Python's own
    """A code and the numbers for its sentence; money in micro-dollars, tokens in micro-tokens, prices and
    shares as rates (10^-12). `end` is 1 where the end values of the schedule are the ones meant, 0 at the start.

    classic_start: set_price, pays (what a NO on every outcome costs at the start prices, and pays for certain), size,
        cost, gain (the largest sure gain within one market tick: tokens of each, all in; 0 where there is none)
    weights_over_convexity: end, mu, nu, kappa, least_kappa (both times z, as they are kept), size, buy, extra,
        convexity (what a $50 order of the first
        outcome's YES pays more, or a sale of as many gets less, for being one order, and what convexity takes)
    little_stays: end, left, zeta, most_zeta, stays
    fifty_dollars: end, outcome, no, before, after, average (less the fee), l0, deepest (l0 at this stake), least_l0
        (0: none at this stake), least_z (0: none)
    allowance: allowance (sure to whoever takes it, after each round), rounds (before the final), share (of z)
    named_timetable: rounds (how many name their losers), round (the first of them, from 1; 0 for none), winner (1 where
        it is named)
    sum_over_cap: round (from 1), rounds (how many are concerned), left, kept, most
    band_with_diversion: end, zeta, most_zeta, leaves (the share of a trade that leaves its outcome), spend, sum_after
        (of YES + NO of another outcome after an order of `spend`), lowest (where the band ends)
    whole_balance: end, outcome, balance, size, pays (if right), cost (gas in), before, after, l0,
        deepest, past (1 where p_max is passed), least_z (that cures it; 0: none does)
    """

    code: Code
    numbers: Mapping[str, int]


def lint(params: MarketParams) -> tuple[LintWarning, ...]:
    """Every warning of these parameters, in the order of `Code`; at most one of each."""
    found = (
        *_of_first_orders(without_timetable(params)),
        *_own_share(params),
        *_allowance(params),
        *_named(params),
        *_over_cap(params),
    )
    return tuple(sorted(found, key=lambda warning: get_args(Code).index(warning.code)))


@lru_cache(maxsize=KEPT)
def _of_first_orders(params: MarketParams) -> tuple[LintWarning, ...]:
    """Those that try orders out, which is nearly all the time a lint takes: a draft asks again at each of its steps."""
    return (*_classic(params), *_weights(params), *_fifty(params), *_band(params), *_whole_balance(params))


def _classic(params: MarketParams) -> Iterator[LintWarning]:
    """A NO on every outcome starts at N/2 dollars and pays N - 1, whoever wins: at two that is no gift."""
    if params.start != "classic" or params.n_outcomes == 2:
        return
    n = params.n_outcomes
    size, gain = sure_gain(params)
    numbers = {
        "set_price": n * MICRO // 2,
        "pays": (n - 1) * MICRO,
        "size": size,
        "cost": (n - 1) * size - gain,
        "gain": gain,
    }
    yield LintWarning(code="classic_start", numbers=numbers)


def _weights(params: MarketParams) -> Iterator[LintWarning]:
    """|mu - nu|/(2(mu + nu))/l0 > kappa with the floor off; the end that lacks more."""
    if params.floor_enabled:
        return
    ends = both_ends(params)
    end = max(ends, key=lambda end: _skew(ends[end]) - Fraction(ends[end].kappa_start, RATE))
    at_end = ends[end]
    if _skew(at_end) * RATE <= at_end.kappa_start:
        return
    size, buy = first_order(at_end, 0, Side.YES).size, at_end.nu_start > at_end.mu_start
    whole = quote(open_market(at_end), at_end, now_ms=0, user=None, outcome=0, side=Side.YES, buy=buy, size=size)
    parts = whole.parts if isinstance(whole, Quote) else {}
    numbers = {
        "end": end,
        "mu": at_end.mu_start,
        "nu": at_end.nu_start,
        "kappa": at_end.kappa_start,
        "least_kappa": ceil_fraction(_skew(at_end) * RATE),
        "size": size,
        "buy": int(buy),
        "extra": parts.get("curve", 0),
        "convexity": parts.get("convexity", 0),
    }
    yield LintWarning(code="weights_over_convexity", numbers=numbers)


def _skew(params: MarketParams) -> Fraction:
    """|mu - nu|/(2(mu + nu))/l0 per token squared, times z like kappa, at the start values."""
    mu, nu = params.mu_start, params.nu_start
    return Fraction(abs(mu - nu) * params.z, 2 * (mu + nu) * params.l0)


class _OwnShare(NamedTuple):
    phi: int
    end: int
    left: int
    zeta: int


def _own_share(params: MarketParams) -> Iterator[LintWarning]:
    """phi = 1 - (n-1) zeta < 0.5, for the n that are in between two decisions and the zeta of that time."""
    least = min(_shares(params))
    if 2 * least.phi >= RATE:
        return
    numbers = {
        "end": least.end,
        "left": least.left,
        "zeta": least.zeta,
        "most_zeta": RATE // 2 // (least.left - 1),
        "stays": least.phi,
    }
    yield LintWarning(code="little_stays", numbers=numbers)


def _shares(params: MarketParams) -> Iterator[_OwnShare]:
    """phi when trading opens and when it freezes, in every stretch of the timetable; zeta is straight between them."""
    fresh = open_market(params)
    left, since = params.n_outcomes, 0
    for number, step in enumerate(params.rounds):
        state = replace(fresh, binaries=fresh.binaries[:left], next_round=number, last_decision_ms=since)
        for end, at_ms in enumerate((since, step.freeze_at)):
            zeta = rates_at(params, state, at_ms).zeta
            yield _OwnShare(RATE - (left - 1) * zeta, end, left, zeta)
        since, left = step.decide_at, left - step.count


def _fifty(params: MarketParams) -> Iterator[LintWarning]:
    """A $50 order that moves its price by more than ten points or costs more than 1.25 times it on average, less the
    fee: the worst of them."""
    worst = worst_fifty(params)
    if worst.strain <= 1:
        return
    numbers = {
        "end": worst.end,
        "outcome": worst.outcome,
        "no": int(worst.side is Side.NO),
        "before": worst.ticket.price_before,
        "after": worst.ticket.price_after,
        "average": ceil_fraction(worst.average * RATE),
        "l0": params.l0,
        "deepest": largest_l0(params.start, params.z, params.odds),
        "least_l0": sufficient_l0(params) or 0,
        "least_z": sufficient_z(params) or 0,
    }
    yield LintWarning(code="fifty_dollars", numbers=numbers)


def _allowance(params: MarketParams) -> Iterator[LintWarning]:
    """Above 0 the pot floor lets one purse alone be sure of that much after a round."""
    if params.floor_enabled and params.floor_allowance:
        numbers = {
            "allowance": params.floor_allowance,
            "rounds": len(params.rounds) - 1,
            "share": params.floor_allowance * RATE // params.z,
        }
        yield LintWarning(code="allowance", numbers=numbers)


def _named(params: MarketParams) -> Iterator[LintWarning]:
    """Who is out, or wins, stands in the timetable: a sure profit for whoever reads it."""
    named = [number for number, step in enumerate(params.rounds, 1) if step.losers and step.losers != "ask"]
    winner = int(isinstance(params.rounds[-1].winner, int))
    if named or winner:
        numbers = {"rounds": len(named), "round": named[0] if named else 0, "winner": winner}
        yield LintWarning(code="named_timetable", numbers=numbers)


def _over_cap(params: MarketParams) -> Iterator[LintWarning]:
    """Under `keep` the survivors' prices are to sum to what all prices summed to: at most left * set_cap can.

    From the start prices on, before anybody has traded. Under `clamp` the sum falls with those who go, and no start
    price is above the least cap, so nothing can be too much. Once a round is at the cap all later ones are.
    """
    if params.renormalise == "clamp":
        return
    kept = sum(params.odds) if params.start == "fair" else params.n_outcomes * RATE // 2
    left = params.n_outcomes
    rounds = [step for step in params.rounds if not step.is_final]
    for number, step in enumerate(rounds, 1):
        left -= step.count
        most = left * params.set_cap
        if kept > most:
            concerned = len(rounds) - number + 1
            numbers = {"round": number, "rounds": concerned, "left": left, "kept": kept, "most": most}
            yield LintWarning(code="sum_over_cap", numbers=numbers)
            return


def _band(params: MarketParams) -> Iterator[LintWarning]:
    """A band with zeta > 0.2/(N-1); told by what an order of a twentieth of the stake does to another outcome."""
    others = params.n_outcomes - 1
    end, zeta = max((0, params.zeta_start), (1, params.zeta_end), key=lambda pair: pair[1])
    if params.band is None or 5 * others * zeta <= RATE:
        return
    spend = max(FIFTY, params.z // 20)
    moved = first_order(replace(both_ends(params)[end], band=None), 0, Side.YES, spend).moves[1]
    numbers = {
        "end": end,
        "zeta": zeta,
        "most_zeta": RATE // 5 // others,
        "leaves": others * zeta,
        "spend": spend,
        "sum_after": (moved.yes_after + moved.no_after) * (RATE // MICRO),
        "lowest": RATE - params.band,
    }
    yield LintWarning(code="band_with_diversion", numbers=numbers)


def _whole_balance(params: MarketParams) -> Iterator[LintWarning]:
    """A member's whole starting balance on YES of the likeliest or the least likely outcome, as the first order."""
    if not params.starting_balance:
        return
    outcomes = dict.fromkeys((params.odds.index(max(params.odds)), params.odds.index(min(params.odds))))
    for end, at_end in both_ends(params).items():
        for outcome in outcomes:
            ticket = whole_balance(at_end, outcome)
            if not is_too_large(ticket):
                continue
            numbers = {
                "end": end,
                "outcome": outcome,
                "balance": params.starting_balance,
                "size": ticket.size,
                "pays": ticket.payout_if_right,
                "cost": ticket.amount + ticket.gas,
                "before": ticket.price_before,
                "after": ticket.price_after,
                "l0": params.l0,
                "deepest": largest_l0(params.start, params.z, params.odds),
                "past": int(ticket.size > ticket.largest_sensible),
                "least_z": sufficient_z_for(at_end, outcome) or 0,
            }
            yield LintWarning(code="whole_balance", numbers=numbers)
            return

"""What is legal and still worth a warning: each rule just short of its limit, at it and just past it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import get_args

import pytest

from engine.intents import Intent, Join, Order
from engine.lint import Code, lint
from engine.orders import apply_orders
from engine.params import PRESETS, MarketParams
from engine.probes import sure_gain
from engine.quote import Quote, quote
from engine.rates import rates_at
from engine.resolution import trigger_resolution
from engine.state import MarketState, Side, open_market, price
from engine.units import MICRO, RATE
from tests.engine.builders import params
from tests.engine.markets import some_market
from tests.engine.reference.market import Market
from tests.engine.translate import rules_of

FINAL: dict[str, object] = {"freeze_at": "10h", "decide_at": "10h", "winner": "ask"}


def rounds(*counts: int) -> list[dict[str, object]]:
    """A round an hour, of so many each, and the final at ten hours."""
    return [*({"decide_at": f"{hour}h", "count": count} for hour, count in enumerate(counts, 1)), FINAL]


def numbers_of(code: str, **values: object) -> Mapping[str, int]:
    """The numbers of one warning, which must be there; at most a classic start and a whole balance are warned of
    beside it."""
    warnings: dict[str, Mapping[str, int]] = {warning.code: warning.numbers for warning in lint(params(**values))}
    assert set(warnings) - {code} <= {"classic_start", "whole_balance"}
    return warnings[code]


def bought_everywhere(market: MarketParams, size: int) -> tuple[MarketState, int]:
    """A fresh market in which one account bought so much NO of every outcome, and all it paid."""
    intents: list[Intent] = [Join(id="join", accepted_ms=0, user=1, cash=10**15)]
    intents += [
        Order(id=f"o{j}", accepted_ms=0, user=1, outcome=j, side=Side.NO, buy=True, size=size)
        for j in range(market.n_outcomes)
    ]
    _, after, _ = apply_orders(open_market(market), intents, market, 0)
    return after, 10**15 - after.accounts[1].cash


def bought(market: MarketParams, outcome: int, spend: int) -> Quote:
    """The ticket of the first order of a market."""
    ticket = quote(
        open_market(market), market, now_ms=0, user=None, outcome=outcome, side=Side.YES, buy=True, spend=spend
    )
    assert isinstance(ticket, Quote)
    return ticket


OFF: dict[str, object] = {"floor_enabled": False}
BAND: dict[str, object] = {"band": "0.1"}
CLASSIC: dict[str, object] = {"preset": "classic"}
WEIGHTS, STAYS, FIFTY = get_args(Code)[1:4]
CAP, BANDED = get_args(Code)[6:8]
START = get_args(Code)[0]
ALLOWED, NAMED = get_args(Code)[4:6]
WHOLE = get_args(Code)[-1]

# what is set; the codes it must bring
TABLE: tuple[tuple[dict[str, object], tuple[str, ...]], ...] = (
    # a classic start, and a fair one that looks like it
    ({"start": "classic", **OFF}, (START,)),
    ({"start": "fair", **OFF}, ()),
    ({"start": "fair", "odds": ["0.5", "0.25", "0.25"]}, ()),
    # |mu - nu|/(2(mu + nu))/l0 is 0.25/5000 here: kappa just above, at and below it
    ({**OFF, "l0": 5000, "mu": 3, "kappa": "0.000050000001"}, ()),
    ({**OFF, "l0": 5000, "mu": 3, "kappa": "0.00005"}, ()),
    ({**OFF, "l0": 5000, "mu": 3, "kappa": "0.000049999999"}, (WEIGHTS,)),
    ({**OFF, "l0": 5000, "nu": 3, "kappa": "0.000049999999"}, (WEIGHTS,)),
    ({**OFF, "l0": 5000, "nu_start": 3, "kappa_start": "0.000049999999"}, (WEIGHTS,)),
    ({**OFF, "l0": 5000, "nu_end": 3, "kappa_end": "0.000049999999"}, (WEIGHTS,)),
    ({**OFF, "l0": 5000, "nu_end": 3, "kappa_end": "0.00005"}, ()),
    ({**OFF, "l0": 5000, "mu": 3, "kappa": "0.00005", "kappa_end": 0}, (WEIGHTS,)),
    ({"floor_enabled": True, "l0": 5000, "mu": 3, "kappa": 0}, ()),
    ({**OFF, "mu": 3, "nu": 3, "kappa": 0}, ()),
    # phi = 1 - (n-1) zeta at a half with three in, at either end
    ({"zeta": "0.249999999999"}, ()),
    ({"zeta": "0.25"}, ()),
    ({"zeta": "0.250000000001"}, (STAYS,)),
    ({"zeta_start": "0.250000000001"}, (STAYS,)),
    ({"zeta_end": "0.25"}, ()),
    ({"zeta_end": "0.250000000001"}, (STAYS,)),
    # five are in until the first hour of ten, then four, then two: zeta on its way to its end is held against each
    ({"n_outcomes": 5, "zeta_start": 0, "zeta_end": "0.24", "rounds": rounds(1, 2)}, ()),
    ({"n_outcomes": 5, "zeta_start": 0, "zeta_end": "0.24", "rounds": [FINAL]}, (STAYS,)),
    ({"n_outcomes": 5, "zeta_start": 0, "zeta_end": "0.24", "rounds": rounds(1, 2), "duration": "1h"}, (STAYS,)),
    (
        {"n_outcomes": 5, "zeta_start": 0, "zeta_end": "0.24", "rounds": rounds(1, 2), "interpolation": "reset"},
        (STAYS,),
    ),
    ({"n_outcomes": 5, "zeta_start": "0.126", "zeta_end": 0, "rounds": rounds(1, 2)}, (STAYS,)),
    ({"n_outcomes": 5, "zeta_start": "0.125", "zeta_end": 0, "rounds": rounds(1, 2)}, ()),
    # $50 at a depth where they move a price by just less than ten points, exactly ten, and just more
    ({**CLASSIC, "l0": "659.538565", "starting_balance": 50}, (START,)),
    ({**CLASSIC, "l0": "659.538564", "starting_balance": 50}, (START,)),
    ({**CLASSIC, "l0": "659.538563", "starting_balance": 50}, (START, FIFTY)),
    ({"l0": "1114.327151"}, ()),
    ({"l0": "1114.327150"}, (FIFTY,)),
    # at 1/10 it is the average that comes first: a quarter above the price, or just more
    ({"n_outcomes": 10, "l0": "8592.519826"}, ()),
    ({"n_outcomes": 10, "l0": "8592.519825"}, (FIFTY,)),
    ({"n_outcomes": 4, "odds": ["0.9", "0.05", "0.03", "0.02"]}, (FIFTY,)),
    ({"n_outcomes": 4, "odds": ["0.9", "0.05", "0.03", "0.02"], "z": 12_600}, (FIFTY,)),
    ({"n_outcomes": 4, "odds": ["0.9", "0.05", "0.03", "0.02"], "z": 427_000}, ()),
    ({"z": 1}, (FIFTY, WHOLE)),
    # any allowance, where there is a floor
    ({"floor_allowance": 0}, ()),
    ({"floor_allowance": "0.000001"}, (ALLOWED,)),
    ({"floor_allowance": 1, **OFF}, ()),
    # names in the timetable
    ({"rounds": [{**FINAL, "winner": 2}]}, (NAMED,)),
    ({"n_outcomes": 4, "rounds": [{"decide_at": "1h", "losers": [2]}, FINAL]}, (NAMED,)),
    ({"n_outcomes": 4, "rounds": [{"decide_at": "1h", "count": 1, "losers": "ask"}, FINAL]}, ()),
    ({"z": 10**9}, ()),
    # all at a half: three keep $1.50, which two can hold at 0.75 each
    ({**CLASSIC, "rounds": rounds(1), "set_cap": "0.750000000001"}, (START,)),
    ({**CLASSIC, "rounds": rounds(1), "set_cap": "0.75"}, (START,)),
    ({**CLASSIC, "rounds": rounds(1), "set_cap": "0.749999999999"}, (START, CAP)),
    ({**CLASSIC, "rounds": rounds(1), "set_cap": "0.6", "renormalise": "clamp"}, (START,)),
    ({**CLASSIC, "n_outcomes": 10, "rounds": rounds(1, 1, 1, 1)}, (START,)),
    ({**CLASSIC, "n_outcomes": 10, "rounds": rounds(1, 1, 1, 1, 1)}, (START, CAP)),
    ({**CLASSIC, "n_outcomes": 10, "rounds": rounds(5)}, (START, CAP)),
    ({"n_outcomes": 10, "rounds": rounds(8), "set_cap": "0.5"}, ()),
    # zeta at 0.2/(N-1), with the band and without
    ({**BAND, "zeta": "0.099999999999"}, ()),
    ({**BAND, "zeta": "0.1"}, ()),
    ({**BAND, "zeta": "0.100000000001"}, (BANDED,)),
    ({**BAND, "zeta_start": "0.100000000001"}, (BANDED,)),
    ({**BAND, "zeta_end": "0.100000000001"}, (BANDED,)),
    ({"zeta": "0.100000000001"}, ()),
    # several at once come in the order of the list
    ({**BAND, "zeta": "0.3", "z": 100}, (STAYS, FIFTY, BANDED, WHOLE)),
    # a whole balance that reaches p_max, or just more
    ({"starting_balance": "10143.313570"}, ()),
    ({"starting_balance": "10143.313571"}, (WHOLE,)),
    ({"starting_balance": 10_000, "z": "9858.711289"}, ()),
    ({"starting_balance": 10_000, "z": "9858.711288"}, (WHOLE,)),
    ({"starting_balance": 0, "z": 60_000}, ()),
    # two: the classic start is fair there
    ({**CLASSIC, "n_outcomes": 2}, ()),
    ({**CLASSIC, "n_outcomes": 2, "floor_enabled": True}, ()),
    ({"n_outcomes": 2}, ()),
)


@pytest.mark.parametrize(("values", "codes"), TABLE)
def test_each_rule_warns_past_its_limit_and_not_at_it(values: dict[str, object], codes: tuple[str, ...]) -> None:
    assert tuple(warning.code for warning in lint(params(**values))) == codes


@pytest.mark.parametrize("n", range(2, 26))
@pytest.mark.parametrize("preset", PRESETS)
def test_of_the_presets_only_the_classic_start_warns(preset: str, n: int) -> None:
    codes = [warning.code for warning in lint(params(n_outcomes=n, preset=preset))]
    assert codes == (["classic_start"] if preset == "classic" and n > 2 else [])


@pytest.mark.parametrize("n", [3, 5, 10])
def test_a_classic_start_sells_no_on_every_outcome_below_what_it_pays_for_certain(n: int) -> None:
    market = params(n_outcomes=n, preset="classic")
    numbers = numbers_of(START, n_outcomes=n, preset="classic")
    assert (numbers["set_price"], numbers["pays"]) == (n * MICRO // 2, (n - 1) * MICRO)
    state, cost = bought_everywhere(market, numbers["size"])
    assert cost == numbers["cost"]
    for winner in range(n):
        payouts, _, _ = trigger_resolution(state, market, True, (winner,))
        assert sum(paid.amount for paid in payouts) - cost == numbers["gain"] > 0
    near = market.l0 // 100
    for size in (numbers["size"] - near, numbers["size"] + near):
        assert (n - 1) * size - bought_everywhere(market, size)[1] < numbers["gain"]


def test_where_gas_eats_the_sure_gain_there_is_none_to_tell() -> None:
    assert sure_gain(params(preset="classic", z=100, gas_fee=10)) == (0, 0)
    warned = lint(params(preset="classic", z=100, gas_fee=10))[0]
    assert (warned.code, warned.numbers["size"], warned.numbers["cost"], warned.numbers["gain"]) == (START, 0, 0, 0)


def test_weights_that_outweigh_convexity_say_what_one_order_costs_over_small_ones() -> None:
    numbers = numbers_of(WEIGHTS, floor_enabled=False, l0=5000, nu_end=3, kappa_end="0.00004")
    assert (numbers["end"], numbers["mu"], numbers["nu"], numbers["buy"]) == (1, RATE, 3 * RATE, 1)
    assert numbers["least_kappa"] == RATE * 10_000 // 20_000  # times z
    assert numbers["extra"] > 0
    assert numbers["convexity"] == (RATE * 4 // 10**5) * numbers["size"] ** 2 // (MICRO * RATE) + 1
    sold = numbers_of(WEIGHTS, floor_enabled=False, l0=5000, mu=3, kappa="0.00004")
    assert (sold["end"], sold["buy"]) == (0, 0)
    assert sold["extra"] > 0


def test_what_one_order_costs_over_small_ones_is_what_small_ones_save() -> None:
    """The same tokens in a hundred market ticks cost less by what was told, to a hundredth of it."""
    market = params(floor_enabled=False, l0=5000, nu=3, kappa="0.00004", fee=0)
    numbers = numbers_of(WEIGHTS, floor_enabled=False, l0=5000, nu=3, kappa="0.00004", fee=0)
    join = Join(id="join", accepted_ms=0, user=1, cash=10**12)

    def spent(pieces: int) -> int:
        _, state, _ = apply_orders(open_market(market), [join], market, 0)
        for tick in range(pieces):
            size = numbers["size"] * (tick + 1) // pieces - numbers["size"] * tick // pieces
            order = Order(id=f"o{tick}", accepted_ms=0, user=1, outcome=0, side=Side.YES, buy=True, size=size)
            _, state, _ = apply_orders(state, [order], market, 0)
        return 10**12 - state.accounts[1].cash

    saved = spent(1) - spent(100)
    assert saved == pytest.approx(numbers["extra"] + numbers["convexity"], rel=0.02)


def test_a_kappa_of_least_kappa_is_enough() -> None:
    values: dict[str, object] = {"floor_enabled": False, "l0": "4999.123457", "mu": "2.7", "nu": "1.3"}
    least = numbers_of(WEIGHTS, **values, kappa=0)["least_kappa"]
    assert lint(params(**values, kappa=Fraction(least, RATE * 10_000))) == ()
    assert numbers_of(WEIGHTS, **values, kappa=Fraction(least - 1, RATE * 10_000))


def test_what_stays_is_told_for_the_worst_moment_of_the_timetable() -> None:
    numbers = numbers_of(STAYS, n_outcomes=5, zeta_start=0, zeta_end="0.24", rounds=rounds(1), duration="2h")
    assert (numbers["left"], numbers["end"], numbers["zeta"]) == (4, 1, RATE * 24 // 100)
    assert (numbers["stays"], numbers["most_zeta"]) == (RATE * 28 // 100, RATE // 6)


def test_what_stays_is_that_of_the_rates_at_every_moment_people_trade() -> None:
    """No moment of a random timetable has less than the least the lint knows of."""
    rng = random.Random(5)
    for _ in range(20):
        market = some_market(rng)
        shares = [warning.numbers["stays"] for warning in lint(market) if warning.code == STAYS]
        least = min(share_at(market, at) for at in range(0, market.rounds[-1].freeze_at, 37))
        if shares:
            assert least >= shares[0]
        else:
            assert 2 * least >= RATE


def share_at(market: MarketParams, at: int) -> int:
    """phi at a moment, as `rates_at` has it; 1 while a round is being decided."""
    state, since, left = open_market(market), 0, market.n_outcomes
    decided = [step for step in market.rounds if step.decide_at <= at and not step.is_final]
    for step in decided:
        since, left = step.decide_at, left - step.count
    number = len(decided)
    if market.rounds[number].freeze_at <= at:
        return RATE
    now = replace(state, binaries=state.binaries[:left], next_round=number, last_decision_ms=since)
    return RATE - (left - 1) * rates_at(market, now, at).zeta


def test_fifty_dollars_are_quoted_and_the_advice_is_enough() -> None:
    market = params(n_outcomes=4, odds=["0.9", "0.05", "0.03", "0.02"])
    numbers = numbers_of(FIFTY, n_outcomes=4, odds=["0.9", "0.05", "0.03", "0.02"])
    assert (numbers["outcome"], numbers["no"], numbers["end"]) == (3, 0, 0)
    ticket = bought(market, 3, 50 * MICRO)
    assert (numbers["before"], numbers["after"]) == (ticket.price_before, ticket.price_after)
    assert numbers["l0"] == numbers["deepest"] == market.l0
    assert numbers["average"] == -(-(ticket.amount - ticket.fee) * RATE // ticket.size)
    assert (numbers["least_l0"], numbers["least_z"]) == (0, 427_000 * MICRO)


@pytest.mark.parametrize(("l0", "beyond"), [("8592.519826", False), ("8592.519825", True)])
def test_the_second_engine_agrees_where_fifty_dollars_cost_a_quarter_more_than_the_price(l0: str, beyond: bool) -> None:
    market = params(n_outcomes=10, l0=l0)
    size = bought(market, 0, 50 * MICRO).size
    reference = Market(rules_of(market))
    fill = reference.price_buy(1, 0, 0, size)
    assert fill.total <= 50 * MICRO < reference.price_buy(1, 0, 0, size + 10).total
    assert (Fraction(fill.total - fill.fee, size) > reference.price(0, 0) * Fraction(5, 4)) is beyond


def test_an_allowance_and_names_in_the_timetable_are_told_with_their_numbers() -> None:
    plan = [{"decide_at": "1h", "count": 1}, {"decide_at": "2h", "losers": [2, 3]}, {**FINAL, "winner": 1}]
    market = params(n_outcomes=6, rounds=plan, floor_allowance=50)
    numbers = {warning.code: warning.numbers for warning in lint(market)}
    assert numbers[ALLOWED] == {"allowance": 50 * MICRO, "rounds": 2, "share": RATE // 200}
    assert numbers[NAMED] == {"rounds": 1, "round": 2, "winner": 1}


def test_an_allowance_is_a_sure_profit_and_without_one_there_is_none() -> None:
    """Of all YES of a survivor and all NO of the others, what the floor leaves after a round of a fresh market."""
    for allowance, most in ((0, 0), (50, 50 * MICRO)):
        market = params(floor_allowance=allowance)
        after = trigger_resolution(open_market(market), market, elim_outcomes=(2,))[1]
        assert after.allowance == most


WHOLES: tuple[dict[str, object], ...] = (
    {"z": 100},
    {"starting_balance": 50_000},
    {"n_outcomes": 5, "odds": "0.85 0.05 0.05 0.03 0.02", "starting_balance": 5_000},
    {"odds": "0.95 0.025 0.025", "fee": "0.045", "gas_fee": 1},
    {**CLASSIC, "n_outcomes": 10, "starting_balance": 9_000},
)


@pytest.mark.parametrize("values", WHOLES)
def test_a_whole_balance_is_told_by_its_own_ticket_and_the_stake_of_the_advice_is_enough(
    values: dict[str, object],
) -> None:
    market = params(**values)
    numbers = next(warning.numbers for warning in lint(market) if warning.code == WHOLE)
    ticket = bought(market, numbers["outcome"], market.starting_balance)
    assert (numbers["cost"], numbers["size"]) == (ticket.amount + ticket.gas, ticket.size)
    assert (numbers["past"] == 1) or numbers["cost"] > numbers["pays"]
    cured = params(**{**values, "z": Fraction(numbers["least_z"], MICRO)})
    assert WHOLE not in [warning.code for warning in lint(cured)]
    short = params(**{**values, "z": Fraction(numbers["least_z"] * 97, 100 * MICRO)})
    assert WHOLE in [warning.code for warning in lint(short)]


def test_no_stake_cures_a_price_that_comes_to_a_dollar_with_its_fee() -> None:
    odds = ["0.955", "0.02", "0.025"]
    assert numbers_of(WHOLE, odds=odds, fee="0.05", set_cap="0.96", z=10**7)["least_z"] == 0
    assert numbers_of(WHOLE, odds=odds, fee="0.04", set_cap="0.96", z=10**6, starting_balance=10**5)["least_z"]


def test_a_depth_and_a_stake_of_the_advice_are_enough() -> None:
    rng = random.Random(11)
    met = 0
    while met < 8:
        market = some_market(rng)
        numbers = next((warning.numbers for warning in lint(market) if warning.code == FIFTY), None)
        if numbers is None or market.start == "classic":
            continue
        met += 1
        if not numbers["least_z"]:
            continue
        bigger = {"z": Fraction(numbers["least_z"], MICRO), "odds": [Fraction(odds, RATE) for odds in even(market)]}
        again = params(n_outcomes=market.n_outcomes, **bigger, **kept(market))
        assert FIFTY not in [warning.code for warning in lint(again)]


def even(market: MarketParams) -> list[int]:
    """Its odds, summing to 1 exactly."""
    return [*market.odds[:-1], RATE - sum(market.odds[:-1])]


def kept(market: MarketParams) -> dict[str, object]:
    """What else prices depend on."""
    names = ["gamma", "eta", "fee", "p_min", "p_max", "set_cap"]
    names += [f"{name}_{end}" for name in ("mu", "nu", "zeta") for end in ("start", "end")]
    kappas = {name: getattr(market, name) for name in ("kappa_start", "kappa_end")}
    return {
        **{name: Fraction(kappa * MICRO, RATE * market.z) for name, kappa in kappas.items() if kappa != RATE // 10},
        **{name: Fraction(getattr(market, name), RATE) for name in names},
        "band": None if market.band is None else Fraction(market.band, RATE),
        "floor_enabled": market.floor_enabled,
        "gas_fee": Fraction(market.gas_fee, MICRO),
    }


@pytest.mark.parametrize("cap", ["0.76", "0.74"])
def test_a_round_that_cannot_keep_its_sum_leaves_everybody_at_the_cap(cap: str) -> None:
    market = params(preset="classic", set_cap=cap, rounds=rounds(1))
    warned = CAP in [each.code for each in lint(market)]
    state = open_market(market)
    before = sum(price(state.binaries[j], Side.YES, market) for j in state.active)
    _, after, _ = trigger_resolution(state, market, elim_outcomes=(2,))
    prices = [price(after.binaries[j], Side.YES, market) for j in after.active]
    assert warned == (cap == "0.74") == (sum(prices) < before - Fraction(1, 1000))
    assert not warned or [round(float(each), 6) for each in prices] == [0.74, 0.74]


def test_the_first_round_that_cannot_keep_its_sum_is_named_and_those_after_it_counted() -> None:
    numbers = numbers_of(CAP, n_outcomes=10, preset="classic", rounds=rounds(1, 1, 1, 1, 1, 1, 1, 1))
    assert (numbers["round"], numbers["rounds"], numbers["left"]) == (5, 4, 5)
    assert (numbers["kept"], numbers["most"]) == (5 * RATE, 5 * RATE * 95 // 100)


def test_diversion_beside_a_band_is_told_by_what_an_order_does_elsewhere() -> None:
    numbers = numbers_of(BANDED, band="0.1", zeta_start="0.2", zeta_end="0.1")
    assert (numbers["end"], numbers["zeta"], numbers["most_zeta"]) == (0, RATE // 5, RATE // 10)
    assert (numbers["leaves"], numbers["lowest"]) == (RATE * 2 // 5, RATE * 9 // 10)
    market = params(zeta="0.2")
    ticket = bought(market, 0, 500 * MICRO)
    other = ticket.moves[1]
    assert (numbers["spend"], numbers["sum_after"]) == (500 * MICRO, (other.yes_after + other.no_after) * MICRO)


def test_a_freeze_at_the_very_start_hides_nothing() -> None:
    """Quotes are those of a market that trades, whatever its timetable says of its first moment."""
    soon = [{"freeze_at": 0, "decide_at": 0, "winner": "ask"}]
    assert [warning.code for warning in lint(params(z=100, rounds=soon, duration="1h"))] == [FIFTY, WHOLE]


def test_any_legal_market_can_be_linted_and_says_each_thing_once() -> None:
    rng = random.Random(3)
    seen: set[str] = set()
    for _ in range(20):
        market = some_market(rng)
        codes = [warning.code for warning in lint(market)]
        assert codes == [code for code in get_args(Code) if code in codes]
        assert codes == [warning.code for warning in lint(market)]
        seen.update(codes)
    assert seen >= {START, WEIGHTS, STAYS, FIFTY, BANDED}

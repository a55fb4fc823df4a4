"""Rounds and the final: who is paid, what is freed, how prices are set anew, what is withheld and why."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Eliminated, Paid, Released, Resolved, Voided
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.repricing import fill_up, targets
from engine.resolution import trigger_resolution, void_market
from engine.risk import backing_short, check, house_cash, payouts_by_winner, worst_loss
from engine.state import MarketState, Side, Status, depth, open_market, price, price_micro
from engine.units import MICRO, RATE
from tests.engine.builders import funded, order, params, run_one


def crowd(p: MarketParams, seed: int = 1, trades: int = 60, cash: int = 100_000) -> MarketState:
    """A market in which three people bought for a while."""
    rng, state = Random(seed), funded(p, ann=cash, bob=cash, cy=cash)
    for i in range(trades):
        who, side = rng.choice(["ann", "bob", "cy"]), rng.choice(["yes", "yes", "no"])
        intent = order(f"{who} buys {rng.randint(1, 400)} {side} of {rng.randint(1, p.n_outcomes)}", at=i)
        state = run_one(state, p, intent)[1]
    return state


def prices(state: MarketState, p: MarketParams) -> dict[int, Fraction]:
    return {j: price(state.binaries[j], Side.YES, p) for j in state.active}


def total(prices: dict[int, Fraction]) -> Fraction:
    return sum(prices.values(), Fraction(0))


def event_of(result: tuple[tuple[Paid, ...], MarketState, tuple[object, ...]]) -> Eliminated:
    (event,) = result[2]
    assert isinstance(event, Eliminated)
    return event


@pytest.mark.parametrize("losers", [(0,), (3, 1), (4, 0, 2)])
@pytest.mark.parametrize("values", [{}, {"renormalise": "clamp"}, {"vc_enabled": True}, {"band": "0.1"}])
def test_a_round_pays_no_and_keeps_every_promise(losers: tuple[int, ...], values: dict[str, object]) -> None:
    p = params(n_outcomes=5, **values)
    state = crowd(p)
    held = {k: state.binaries[k].q_no - state.binaries[k].s_no + state.binaries[k].e for k in losers}
    payouts, after, events = result = trigger_resolution(state, p, elim_outcomes=losers, at_ms=7)
    check(after, p)
    event = event_of(result)
    assert {(paid.outcome, paid.side) for paid in payouts} == {(k, Side.NO) for k in losers}
    assert sum(paid.amount for paid in payouts) == sum(held.values()) == event.paid
    assert all(paid.amount == paid.tokens > 0 for paid in payouts)
    assert house_cash(after) == house_cash(state) - event.paid
    assert event.freed == event.handed + event.withheld
    assert (after.out, after.status, after.last_decision_ms) == (losers, Status.RUNNING, 7)
    assert all(after.binaries[k] == replace(after.binaries[k], v=0, q_yes=0, q_no=0, active=False) for k in losers)
    assert all(account.tokens[k] == (0, 0) for account in after.accounts.values() for k in losers)
    assert len(events) == 1


def test_the_sum_of_the_yes_prices_is_kept() -> None:
    p = params(n_outcomes=5)
    state = crowd(p)
    _, after, (event,) = trigger_resolution(state, p, elim_outcomes=(2, 3))
    assert isinstance(event, Eliminated)
    before, now = total(prices(state, p)), total(prices(after, p))
    assert abs(before - now) < Fraction(1, 10**6)
    ratios = {prices(after, p)[j] / prices(state, p)[j] for j in after.active}
    assert max(ratios) - min(ratios) < Fraction(1, 10**6)
    assert event.sum_after == pytest.approx(event.sum_before, abs=3)


def test_no_is_repriced_against_yes_so_that_their_sum_stays() -> None:
    p = params(n_outcomes=5, l0=3_000)
    state = crowd(p)
    after = trigger_resolution(state, p, elim_outcomes=(2,))[1]
    for j in after.active:
        old, new = (price(s.binaries[j], Side.YES, p) + price(s.binaries[j], Side.NO, p) for s in (state, after))
        assert abs(old - new) < Fraction(1, 10**6)


def test_clamp_takes_an_inflated_sum_down_to_a_dollar() -> None:
    p = params(n_outcomes=5, renormalise="clamp")
    state = crowd(p, trades=150)
    assert total(prices(state, p)) > 1
    after = trigger_resolution(state, p, elim_outcomes=(2,))[1]
    survivors = sum(prices(state, p)[j] for j in after.active)
    wanted = max(Fraction(1), survivors)
    assert abs(total(prices(after, p)) - wanted) < Fraction(1, 10**6)


def test_ten_at_a_half_down_to_five_end_at_the_cap() -> None:
    """ENGINE section 10: the sum of ten halves is 5, and five survivors hold at most 5 * 0.95."""
    p = params(n_outcomes=10, preset="classic")
    after = trigger_resolution(open_market(p), p, elim_outcomes=(5, 6, 7, 8, 9))[1]
    check(after, p)
    assert [round(float(value), 6) for value in prices(after, p).values()] == [0.95] * 5


def test_a_target_below_p_min_is_lifted_to_it() -> None:
    p = params(n_outcomes=3, p_min="0.05", odds="0.6 0.3 0.1")
    old = {0: (Fraction(9, 10), Fraction(1, 10)), 1: (Fraction(1, 100), Fraction(1)), 2: (Fraction(1, 50), Fraction(1))}
    new_prices = targets(old, (0, 1), p)
    assert new_prices[1] == Fraction(1, 20)
    assert new_prices[0] == Fraction(90, 91) * Fraction(93, 100)


@given(
    wanted=st.lists(st.fractions(Fraction(1, 100), 1, max_denominator=100), min_size=1, max_size=9),
    total=st.fractions(Fraction(1, 10), 9, max_denominator=100),
)
def test_water_filling_keeps_the_total_under_the_cap(wanted: list[Fraction], total: Fraction) -> None:
    cap = Fraction(95, 100)
    filled = fill_up(dict(enumerate(wanted)), total, cap)
    assert sum(filled.values()) == min(total, len(wanted) * cap)
    assert max(filled.values()) <= cap
    below = [(wanted[j], share) for j, share in filled.items() if share < cap]
    assert len({share / own for own, share in below}) <= 1


def test_what_would_break_the_backing_is_withheld_by_quarters() -> None:
    """The part handed out is the largest of 16, 12, 8, 4, 0 sixteenths that leaves (4) of section 8 true."""
    seen = set()
    for seed in range(12):
        p = params(n_outcomes=4, odds="0.4 0.3 0.2 0.1")
        state = crowd(p, seed, trades=40)
        event = event_of(result := trigger_resolution(state, p, elim_outcomes=(seed % 4,)))
        part = round(16 * event.handed / event.freed)
        assert abs(event.handed - event.freed * part // 16) < 4
        assert backing_short(enumerate(b for b in result[1].binaries if b.active), result[1].stake, p) <= 0
        seen.add(part)
    assert len(seen) > 1


def test_with_vc_enabled_everything_is_handed_out_and_no_virtual_step_is_negative() -> None:
    p = params(n_outcomes=5, vc_enabled=True)
    state = crowd(p)
    event = event_of(result := trigger_resolution(state, p, elim_outcomes=(1, 2)))
    assert event.withheld < 3
    for j in result[1].active:
        assert result[1].binaries[j].s_yes >= state.binaries[j].s_yes
        assert result[1].binaries[j].s_no >= state.binaries[j].s_no


def test_what_is_freed_includes_the_seed_and_is_shared_equally() -> None:
    p = params(n_outcomes=4)
    state = open_market(p)
    event = event_of(result := trigger_resolution(state, p, elim_outcomes=(3,)))
    loser = state.binaries[3]
    assert event.freed == depth(loser.v, p.l0, p.gamma) - loser.q_no
    assert len({b.v for b in result[1].binaries if b.active}) == 1


def test_an_outcome_is_eliminated_once() -> None:
    p = params(n_outcomes=4)
    state = trigger_resolution(open_market(p), p, elim_outcomes=(1,))[1]
    for named in ((1,), (0, 0), (7,), (), (0, 2, 3)):
        with pytest.raises(ValueError, match=r"outcomes|round"):
            trigger_resolution(state, p, elim_outcomes=named)
    for named in ((), (1,), (0, 0)):
        with pytest.raises(ValueError, match=r"outcomes|winner"):
            trigger_resolution(state, p, True, named)


def test_the_allowance_covers_what_the_round_left_uncovered_and_the_stated_gift() -> None:
    p = params(n_outcomes=5)
    after = trigger_resolution(crowd(p), p, elim_outcomes=(1,))[1]
    assert after.allowance >= p.floor_allowance
    once_more = trigger_resolution(after, p, elim_outcomes=(2,))[1]
    check(once_more, p)


@pytest.mark.parametrize("winner", range(4))
def test_the_final_pays_every_right_token_and_never_a_seed(winner: int) -> None:
    p = params(n_outcomes=4)
    state = crowd(p)
    owed = payouts_by_winner(state, p)[winner]
    payouts, after, (event,) = trigger_resolution(state, p, True, winner)
    check(after, p)
    assert isinstance(event, Resolved)
    assert (after.status, after.winners) == (Status.RESOLVED, (winner,))
    assert sum(paid.amount for paid in payouts) == owed == event.paid
    assert {paid.side for paid in payouts if paid.outcome == winner} <= {Side.YES}
    assert {paid.side for paid in payouts if paid.outcome != winner} <= {Side.NO}
    assert worst_loss(state, p) >= -after.pot
    assert sum(a.cash for a in after.accounts.values()) - sum(a.cash for a in state.accounts.values()) == owed


def test_a_round_down_to_one_outcome_still_trades_and_resolves() -> None:
    p = params(n_outcomes=3)
    state = crowd(p)
    state = trigger_resolution(state, p, elim_outcomes=(1, 2))[1]
    check(state, p)
    state = run_one(state, p, order("ann buys 10 yes of 1", at=100))[1]
    check(trigger_resolution(state, p, True, 0)[1], p)


def test_a_void_is_as_if_the_market_had_never_been() -> None:
    """After trades, gas, a round that paid and an order that rests: everybody has what they were given, the house z."""
    p = params(n_outcomes=4, gas_fee=1)
    state = funded(p, ann=100_000, bob=100_000, cy=100_000)
    for at, words in enumerate(("ann buys 300 yes of 3", "bob buys 200 yes of 1", "cy buys 500 no of 3")):
        state = run_one(state, p, order(words, at=at))[1]
    state = trigger_resolution(state, p, elim_outcomes=(2,))[1]
    state = run_one(state, p, replace(order("ann buys 10 yes of 1", at=99), limit=RATE // 100))[1]
    assert min(account.net for account in state.accounts.values()) < 0 < state.accounts[1].escrow
    after, (released, event) = void_market(state, at_ms=5)
    check(after, p)
    assert isinstance(released, Released)
    assert event == Voided(at_ms=5, amounts=tuple((user, account.net) for user, account in state.accounts.items()))
    assert all((a.cash, a.net, a.escrow) == (100_000 * MICRO, 0, 0) for a in after.accounts.values())
    assert all(token == (0, 0) for account in after.accounts.values() for token in account.tokens)
    assert (after.stake, house_cash(after), after.pot, after.allowance) == (p.z, p.z, 0, 0)
    assert not any(after.profit.values())
    assert not after.resting
    assert {(b.v, b.e, b.q_yes, b.q_no, b.s_yes, b.s_no) for b in after.binaries} == {(0,) * 6}
    assert (after.status, after.out, after.winners) == (Status.VOIDED, (), ())


def test_who_neither_gained_nor_lost_has_no_entry_of_a_void() -> None:
    p = params()
    state = run_one(funded(p, ann=10, bob=10), p, order("bob buys 1 yes of 1", at=1))[1]
    (event,) = void_market(state)[1]
    assert isinstance(event, Voided)
    assert [user for user, _ in event.amounts] == [2]


# yes and no held of each of three outcomes in micro-tokens, who shares, and what it pays: floor of the exact total
DEAD_HEATS: tuple[tuple[tuple[tuple[int, int], ...], tuple[int, ...], int], ...] = (
    (((10, 0), (0, 0), (0, 0)), (0, 1), 5),
    (((11, 0), (0, 0), (0, 0)), (0, 1), 5),
    (((11, 0), (11, 0), (0, 0)), (0, 1), 11),
    (((0, 11), (0, 0), (0, 0)), (0, 1), 5),
    (((0, 0), (0, 0), (7, 9)), (0, 1), 9),
    (((10, 0), (0, 0), (0, 0)), (0, 1, 2), 3),
    (((0, 10), (0, 0), (0, 0)), (0, 1, 2), 6),
    (((10, 10), (10, 10), (10, 10)), (2, 0, 1), 30),
    (((1, 1), (1, 0), (0, 0)), (0, 1, 2), 1),
    (((0, 0), (1, 0), (0, 0)), (1, 2), 0),
)


@pytest.mark.parametrize(("tokens", "winners", "paid"), DEAD_HEATS)
def test_those_who_share_pay_one_kth_a_yes_and_the_rest_a_no(
    tokens: tuple[tuple[int, int], ...], winners: tuple[int, ...], paid: int
) -> None:
    p = params()
    state = funded(p, ann=100)
    binaries = tuple(
        replace(b, q_yes=b.q_yes + yes, q_no=b.q_no + no) for b, (yes, no) in zip(state.binaries, tokens, strict=True)
    )
    state = replace(state, binaries=binaries, accounts={1: replace(state.accounts[1], tokens=tokens)})
    payouts, after, (event,) = trigger_resolution(state, p, True, winners)
    assert payouts == ((Paid(user=1, amount=paid),) if paid else ())
    assert isinstance(event, Resolved)
    assert (event.winners, event.paid, event.holders) == (tuple(sorted(winners)), paid, len(payouts))
    assert (after.winners, after.accounts[1].cash) == (tuple(sorted(winners)), 100 * MICRO + paid)
    k = len(winners)
    for j in range(3):
        yes = MICRO / k if j in winners else 0
        assert abs(price_micro(after, p, j, Side.YES) - yes) < 1
        assert price_micro(after, p, j, Side.YES) + price_micro(after, p, j, Side.NO) == MICRO


@pytest.mark.parametrize("winners", [(0, 1), (1, 3), (0, 1, 2), (0, 1, 2, 3)])
def test_a_dead_heat_costs_the_mean_of_what_its_winners_would_cost_alone(winners: tuple[int, ...]) -> None:
    p = params(n_outcomes=4)
    state = crowd(p)
    alone = [payouts_by_winner(state, p)[winner] for winner in winners]
    payouts, after, _ = trigger_resolution(state, p, True, winners)
    check(after, p)
    mean = Fraction(sum(alone), len(alone))
    assert mean - len(state.accounts) < sum(paid.amount for paid in payouts) <= mean


def test_a_payout_is_worth_its_tokens_through_the_market_door_too() -> None:
    """The same round by schedule: the payouts are in the events, so the ledger finds them there."""
    p = params(n_outcomes=4, rounds=[{"decide_at": 500, "losers": [2]}, {"decide_at": 900, "winner": 1}])
    state = crowd(p)
    _, after, events = apply_orders(state, [], p, 600)
    payouts, direct, (event,) = trigger_resolution(state, p, elim_outcomes=(1,), at_ms=500, of_round=0)
    assert [paid for paid in events if isinstance(paid, Paid)] == list(payouts)
    assert event in events
    assert replace(direct, next_round=1) == after

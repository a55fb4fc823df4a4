"""One fill with the maker: penalty, diversion, waterfall and the pot floor, each alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.impact import apply_maker_fill, price_buy, price_sell, raise_pool, waterfall
from engine.orders import apply_orders
from engine.params import MarketParams, rates_at
from engine.rates import tariff
from engine.risk import InvariantBroken, check, mean_payout
from engine.state import MarketState, depth, open_market
from engine.units import MICRO, RATE
from engine.working_copy import POT, WorkingCopy
from tests.engine.builders import done, funded, order, params, run_one


def working_copy(p: MarketParams, state: MarketState | None = None, zeta: int | None = None) -> WorkingCopy:
    state = open_market(p) if state is None else state
    rates = rates_at(p, state, 0)
    rates = rates if zeta is None else replace(rates, zeta=zeta)
    return WorkingCopy(state, p, tariff(p, rates, len(state.active)))


SMALL = params(n_outcomes=4, z="0.001", p_max="0.9", set_cap="0.8")
"""A market of a thousand micro-dollars: small enough to try every x."""


@given(
    v=st.integers(-300, 2000),
    supply=st.integers(1, 3000),
    pool=st.integers(0, 500),
    zeta=st.integers(0, RATE // 3 - 1),
)
def test_the_raised_amount_is_the_least_that_holds_p_max(v: int, supply: int, pool: int, zeta: int) -> None:
    """Held against trying every x from the unraised one up."""
    working = working_copy(SMALL, zeta=zeta)
    working.v[0] = v

    def holds(x: int) -> bool:
        own = x - 3 * (zeta * x // RATE)
        return supply * RATE <= SMALL.p_max * depth(v + own, SMALL.l0, SMALL.gamma)

    if holds(pool):
        return
    raised = raise_pool(working, 0, supply, pool)
    assert holds(raised)
    least = next((x for x in range(pool, min(raised, pool + 3000) + 1) if holds(x)), raised)
    assert raised == least


def test_a_whole_exponent_is_exact_and_a_broken_one_lies_between() -> None:
    totals = []
    for eta in ("1", "1.5", "2", "2.5", "3"):
        p = params(eta=eta)
        totals.append(price_buy(working_copy(p), 0, 0, 10**6 * MICRO, 0).total)
    assert totals == sorted(totals)


def test_a_penalised_buyer_pays_at_least_what_the_pools_get() -> None:
    for size in (10, 100, 1000, 10_000, 100_000, 10**7):
        fill = price_buy(working_copy(params(eta=1)), 0, 0, size * MICRO, 0)
        assert fill.total - fill.fee - fill.floor == fill.pool + fill.convexity + fill.penalty + fill.curve
        assert fill.supply * RATE <= params().p_max * fill.depth


def test_the_penalty_starts_where_p_max_is_passed() -> None:
    p = params(kappa=0)
    working = working_copy(p)
    sizes = [size * MICRO for size in range(0, 60_000, 500)][1:]
    touched = [price_buy(working, 0, 0, size, 0).penalty > 0 for size in sizes]
    assert touched == sorted(touched)


class TestWaterfall:
    def test_each_other_pool_gives_the_floored_share_and_the_own_the_rest(self) -> None:
        working = working_copy(params(n_outcomes=4))
        given_, shares = waterfall(working, 1, 0, working.q[0][1], 1_000_003)
        share = working.tariff.zeta * 1_000_003 // RATE
        assert given_ == 1_000_003
        assert shares == {0: share, 2: share, 3: share, 1: 1_000_003 - 3 * share}

    def test_what_the_own_pool_lacks_comes_from_the_others_in_proportion_to_their_room(self) -> None:
        working = working_copy(params(n_outcomes=4), zeta=0)
        working.q[1][1] = working.l[1] * 98 // 100
        own = working.l[1] - -(-working.q[1][1] * RATE // working.tariff.p_max)
        rooms = {j: working.l[j] - -(-working.q[1][j] * RATE // working.tariff.p_max) for j in (0, 2, 3)}
        asked = own + sum(rooms.values()) // 2
        given_, shares = waterfall(working, 1, 0, 1, asked)
        assert (given_, shares[1]) == (asked, own)
        for j, room in rooms.items():
            exact = (asked - own) * room / sum(rooms.values())
            assert 0 <= shares[j] <= room
            assert abs(shares[j] - exact) <= 3

    def test_only_when_all_lack_room_is_less_given_and_no_pool_goes_below_its_floor(self) -> None:
        working = working_copy(params(n_outcomes=3))
        given_, shares = waterfall(working, 0, 0, 1, 10**18)
        assert given_ == sum(shares.values()) < 10**18
        for j, amount in shares.items():
            highest = max(working.q[1][j], working.q[0][j] if j else 1)
            after = working.l[j] - amount
            assert after >= working.tariff.least_depth
            assert highest * RATE <= working.tariff.p_max * after

    def test_a_pool_without_room_gives_nothing_and_never_takes(self) -> None:
        working = working_copy(params(n_outcomes=3))
        for j in range(3):
            working.q[1][j] = working.l[j] * 995 // 1000
        assert waterfall(working, 0, 0, 1, 1000) == (0, {0: 0, 1: 0, 2: 0})


def test_pools_below_zero_are_priced_and_stay_sound() -> None:
    """Collateral may go below 0 (after sales of tokens bought elsewhere); depth follows with slope 1."""
    p = params(n_outcomes=3, floor_enabled=False)
    state = funded(p, ann=10**5)
    state = run_one(state, p, order("ann buys 2000 yes of 1"))[1]
    for k in (2, 3):
        state = run_one(state, p, order(f"ann buys 2000 no of {k}", at=k))[1]
    for i, sale in enumerate(("no of 2", "no of 3", "yes of 1")):
        state = run_one(state, p, order(f"ann sells 2000 {sale}", at=10 + i))[1]
    assert min(b.v for b in state.binaries) < 5 * MICRO
    check(state, p)


class TestFloor:
    """ENGINE section 4: P >= F - G after every fill."""

    P = params(n_outcomes=3, fee=0, kappa=0, floor_allowance=0)

    def starved(self, short: int) -> MarketState:
        """A market whose pot is `short` of what it was: as if somebody had been paid without giving tokens up."""
        state = run_one(funded(self.P, ann=10**5, bob=10**5), self.P, order("ann buys 100 yes of 1"))[1]
        bob = replace(state.accounts[2], net=-short)
        last = replace(state.binaries[2], v=state.binaries[2].v - short)
        return replace(
            state,
            pot=state.pot - short,
            binaries=(*state.binaries[:2], last),
            accounts={1: state.accounts[1], 2: bob},
        )

    def slack(self, state: MarketState) -> int:
        return state.pot - mean_payout(state, self.P) + state.allowance

    def test_a_buyer_pays_what_the_pot_lacks(self) -> None:
        state = self.starved(0)
        state = self.starved(self.slack(state))
        assert self.slack(state) == 0
        tick = working_copy(self.P, state)
        usual = price_buy(tick, 1, 0, 10 * MICRO, 0)
        tick.totals[POT] -= MICRO
        floored = price_buy(tick, 1, 0, 10 * MICRO, 0)
        assert floored.total == usual.total + floored.floor - usual.floor
        weight = self.P.odds[1] * 10 * MICRO // sum(self.P.odds)
        assert floored.floor > 0
        assert floored.total <= weight + MICRO + 1

    def test_a_seller_gets_no_more_than_the_pot_can_spare_and_never_less_than_nothing(self) -> None:
        state = self.starved(0)
        tick = working_copy(self.P, state)
        usual = price_sell(tick, 0, 0, 100 * MICRO, 0)
        spare = tick.totals[POT] - tick.mean_payout(-100 * MICRO * tick.token_weight(0, 0))
        assert usual.total <= spare
        tick.totals[POT] -= spare - usual.total + 5 * MICRO
        assert price_sell(tick, 0, 0, 100 * MICRO, 0).total == usual.total - 5 * MICRO
        tick.totals[POT] -= 10**12
        assert price_sell(tick, 0, 0, 100 * MICRO, 0).total == 0

    def test_the_surcharge_counts_in_the_worst_price_and_is_profit(self) -> None:
        state = self.starved(self.slack(self.starved(0)) + 5)
        state = replace(state, allowance=5)
        cheap = order("ann buys 1 no of 2", at=1)
        fills, after, _ = apply_orders(state, [cheap], self.P, 1)
        check(after, self.P)
        assert fills[0].amount == sum(fills[0].parts.values())
        assert after.profit["floor"] == fills[0].parts["floor"]
        paid = state.accounts[1].cash - after.accounts[1].cash
        tight = replace(cheap, worst_price=(paid - 1) * RATE // MICRO)
        assert done(apply_orders(state, [tight], self.P, 1)[2]).status == "refused"

    def test_a_ring_that_trades_with_itself_alone_gains_nothing(self) -> None:
        """Whoever wins, all people together hold no more than they paid in (G = 0 before the first round)."""
        state = funded(self.P, ann=10**6)
        for i, what in enumerate(
            ["buys 3000 yes of 1", "buys 3000 no of 1", "buys 500 no of 2", "sells 2500 yes of 1"]
        ):
            state = run_one(state, self.P, order(f"ann {what}", at=i))[1]
            held = [(b.q_yes - b.s_yes, b.q_no - b.s_no) for b in state.binaries]
            least = min(held[w][0] + sum(no for j, (_, no) in enumerate(held) if j != w) for w in range(3))
            assert least <= state.pot


def test_a_breach_stops_the_fill() -> None:
    """A pool pushed past p_max is a bug of ours and never a user's problem: the tick does not go through."""
    p = params()
    working = working_copy(p)
    fill = price_buy(working, 0, 0, 10 * MICRO, 0)
    with pytest.raises(InvariantBroken, match="supply"):
        apply_maker_fill(working, 0, 0, fill._replace(supply=2 * working.l[0]), buy=True)


def test_a_rollback_leaves_the_desk_as_it_was() -> None:
    p = params()
    working = working_copy(p, funded(p, ann=100))
    account = working.account(1)
    assert account is not None
    before = working.seal()
    mark = working.mark()
    apply_maker_fill(working, 0, 0, price_buy(working, 0, 0, 10 * MICRO, 0), buy=True)
    working.credit(account, -5)
    assert working.seal() != before
    working.rollback(mark)
    assert working.seal() == before

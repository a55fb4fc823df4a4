"""What must hold of a market at every moment, worked out from its state alone: sections 1, 4 and 8 of the rules.

Each function raises AssertionError naming the law. They share no code with `engine.risk`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from engine.events import Cancelled, Event, Fill, Released, Rested
from engine.intents import Order
from engine.params import MarketParams
from engine.resting_book import PoolKey
from engine.state import Binary, MarketState, RestingOrder, Side, Status
from engine.units import RATE

OVER = (Status.RESOLVED, Status.CLOSED, Status.VOIDED)


def held(binary: Binary) -> tuple[int, int]:
    """YES and NO in people's hands: Q - s + E."""
    return binary.q_yes - binary.s_yes + binary.e, binary.q_no - binary.s_no + binary.e


def level(binary: Binary, params: MarketParams) -> int:
    """L = V + subsidy, the subsidy rounded down."""
    return binary.v + min(params.l0, max(0, (params.l0 * RATE - params.gamma * binary.v) // RATE))


def house_cash(state: MarketState) -> int:
    """stake + sum V + sum E of the active + profit."""
    return state.stake + sum(b.v + b.e for b in state.binaries if b.active) + sum(state.profit.values())


def mean_payout(state: MarketState, params: MarketParams) -> Fraction:
    """F, the mean over winners of what people would be paid, by the odds at the start."""
    whole = sum(params.odds[j] for j in state.active)
    return sum(
        (
            Fraction(params.odds[j] * yes + (whole - params.odds[j]) * no, whole)
            for j in state.active
            for yes, no in [held(state.binaries[j])]
        ),
        Fraction(0),
    )


def payouts(state: MarketState) -> dict[int, int]:
    """What people would be paid for each winner."""
    no = {j: held(state.binaries[j])[1] for j in state.active}
    return {w: held(state.binaries[w])[0] + sum(no.values()) - no[w] for w in state.active}


def check_tokens(state: MarketState) -> None:
    """What people hold is what the pools say is out, to the millionth; nobody holds less than nothing."""
    for account in state.accounts.values():
        assert all(size >= 0 for pair in account.tokens for size in pair), "holdings oversold"
        assert account.cash >= 0, "negative balance"
        assert account.escrow >= 0, "negative escrow"
    if state.status in OVER:
        return
    for j, binary in enumerate(state.binaries):
        out = tuple(sum(account.tokens[j][side] for account in state.accounts.values()) for side in (0, 1))
        assert out == held(binary), f"tokens of outcome {j}"
        if not binary.active:
            assert binary == Binary(v=0, q_yes=0, q_no=0, s_yes=0, s_no=0, e=0, active=False), f"outcome {j} is out"


def check_money(state: MarketState, params: MarketParams, granted: Mapping[int, int]) -> None:
    """Nothing is made or lost: what people were granted is what they have and what the house got from them."""
    assert set(state.accounts) == set(granted)
    for user, account in state.accounts.items():
        assert account.cash + account.escrow + account.net == granted[user], f"money of user {user}"
    assert sum(account.net for account in state.accounts.values()) == state.pot, "the pot is what people are out of"
    assert house_cash(state) == params.z + state.pot, "house cash"
    assert house_cash(state) >= 0, "the house never loses more than Z"


def check_exposure(state: MarketState, params: MarketParams) -> None:
    """Section 8: (1), (4), and that every winner can be paid out of house cash, so no loss is beyond Z."""
    if state.status in OVER:
        return
    active = [state.binaries[j] for j in state.active]
    for binary in active:
        for supply in (binary.q_yes, binary.q_no):
            assert supply > 0, "(1) 0 < Q"
            assert supply * RATE <= params.p_max * level(binary, params), "(1) Q <= p_max L"
        assert 10 * level(binary, params) >= params.l0, "L >= 0.1 l0"
    no = sum(binary.s_no for binary in active)
    for binary in active:
        assert len(active) * params.l0 <= state.stake + binary.s_yes + no - binary.s_no, "(4)"
    for winner, paid in payouts(state).items():
        assert paid <= house_cash(state), f"worst case: outcome {winner} wins"


def check_floor(state: MarketState, params: MarketParams) -> None:
    """P >= F - G."""
    if params.floor_enabled and state.status not in OVER:
        assert state.pot >= mean_payout(state, params) - state.allowance, "the pot floor"


def check_profit(before: MarketState, after: MarketState) -> None:
    """No source of profit pays what it did not receive in the same event: none ever falls. A void leaves none."""
    if after.status is Status.VOIDED:
        assert not any(after.profit.values()), "a market that never was has earned nothing"
        return
    for source, amount in after.profit.items():
        assert amount >= before.profit[source], f"profit by {source} fell"


def check_book(state: MarketState, params: MarketParams) -> None:
    """What rests is tied up in full: cash of buys in escrow, tokens of sells held; never on an outcome that is out."""
    escrow, tied = Counter[int](), Counter[tuple[int, int, int]]()
    for name, order in state.resting.items():
        assert name == order.id
        assert 0 < order.rest <= order.size, f"rest of {name}"
        assert order.limit % params.tick_size == 0, f"limit of {name}"
        assert state.binaries[order.outcome].active, f"{name} rests on an outcome that is out"
        if order.buy:
            limit = Fraction(order.limit, RATE)
            escrow[order.user] += -(-limit * order.rest // 1) - (-limit * Fraction(order.fee, RATE) * order.rest // 1)
        else:
            tied[order.user, order.outcome, int(order.side is Side.NO)] += order.rest
    for user, account in state.accounts.items():
        assert account.escrow == escrow[user], f"escrow of user {user}"
        for j, pair in enumerate(account.tokens):
            assert all(tied[user, j, side] <= pair[side] for side in (0, 1)), f"user {user} offers what they have not"


def check_rests(before: MarketState, after: MarketState, fills: Sequence[Fill], events: Sequence[Event]) -> None:
    """Nothing is overfilled: a rest shrinks by exactly its fills, and goes when it is cancelled or given back."""
    rests = {name: order.rest for name, order in before.resting.items()}
    for event in events:
        if isinstance(event, Rested):
            assert event.order not in rests
            rests[event.order] = event.rest
    for fill in fills:
        if fill.resting is not None:
            rests[fill.resting] -= fill.size
    for event in events:
        if isinstance(event, Cancelled | Released):
            assert rests.pop(event.order) == event.rest, f"rest of {event.order}"
    assert {name: rest for name, rest in rests.items() if rest} == {n: o.rest for n, o in after.resting.items()}


def check_matches(before: MarketState, order: Order, fills: Sequence[Fill]) -> None:
    """Of an order alone in its tick: nobody meets themself, better prices go first, shares are exact."""
    met: dict[tuple[str, PoolKey], dict[str, int]] = {}
    for fill in fills:
        assert fill.buyer is None or fill.buyer != fill.seller, "somebody bought from themself"
        if fill.resting is not None and fill.kind != "sweep":
            waiting = before.resting[fill.resting]
            assert fill.kind == "autofill" or waiting.user != order.user, "somebody was matched with themself"
            met.setdefault((fill.kind, waiting.key), {})[waiting.id] = fill.size
    for (kind, key), sizes in met.items():
        rivals = [
            resting
            for resting in before.resting.orders()
            if (resting.key[:3] == key[:3]) and (resting.autofill if kind == "autofill" else resting.user != order.user)
        ]
        assert sizes == _shares([rival for rival in rivals if rival.key == key], sum(sizes.values())), "pro-rata"
        for rival in rivals:
            if kind in ("direct", "mint", "merge") and (rival.limit > key[3] if rival.buy else rival.limit < key[3]):
                taken = met.get((kind, rival.key), {}).get(rival.id)
                assert taken == rival.rest, f"{rival.id} had the better price"


def _shares(waiting: list[RestingOrder], fill: int) -> dict[str, int]:
    """floor(fill * own / total), what is left one each to the oldest."""
    total = sum(order.rest for order in waiting)
    assert fill <= total, "overfilled"
    shares = {order.id: fill * order.rest // total for order in sorted(waiting, key=lambda o: (o.accepted_ms, o.id))}
    for name in list(shares)[: fill - sum(shares.values())]:
        shares[name] += 1
    return {name: share for name, share in shares.items() if share}


def check_all(state: MarketState, params: MarketParams, granted: Mapping[int, int]) -> None:
    check_tokens(state)
    check_money(state, params, granted)
    check_exposure(state, params)
    check_floor(state, params)
    check_book(state, params)

"""What the house stands to lose, and the invariants of ENGINE section 8.

A breach is a bug of the engine, never a user's doing: the tick that met it is rolled back and the market frozen.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.state import Binary, MarketState, Status, depth
from engine.terms import MarketParams
from engine.units import RATE, ceil_div

OVER = frozenset({Status.RESOLVED, Status.CLOSED, Status.VOIDED})
"""Statuses in which no token is left to pay."""


class InvariantBroken(Exception):  # noqa: N818  # a broken invariant is named as such all over the project
    """`rule` names what does not hold, `detail` gives its numbers."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule
        self.detail = detail


def house_cash(state: MarketState) -> int:
    """stake + sum V + sum E + profit, micro-dollars (ENGINE section 1)."""
    pools = sum(b.v + b.e for b in state.binaries)
    return state.stake + pools + sum(state.profit.values())


def holdings(binary: Binary) -> tuple[int, int]:
    """What people hold of (yes, no): H = Q - s + E, micro-tokens."""
    return binary.q_yes - binary.s_yes + binary.e, binary.q_no - binary.s_no + binary.e


def payouts_by_winner(state: MarketState, params: MarketParams) -> dict[int, int]:
    """What the house would pay if each active outcome won now, micro-dollars."""
    held = {j: holdings(state.binaries[j]) for j in state.active}
    all_no = sum(no for _, no in held.values())
    return {w: yes + all_no - no for w, (yes, no) in held.items()}


def worst_loss(state: MarketState, params: MarketParams) -> int:
    """The largest loss of the house over all winners, micro-dollars; negative when it gains whoever wins."""
    return max(payouts_by_winner(state, params).values(), default=0) - state.pot


def mean_payout(state: MarketState, params: MarketParams) -> int:
    """F of ENGINE section 4, rounded up, micro-dollars: the payout weighted by the start odds of who is in."""
    weight = sum(params.odds[j] for j in state.active)
    held = ((params.odds[j], holdings(state.binaries[j])) for j in state.active)
    return ceil_div(sum(w * yes + (weight - w) * no for w, (yes, no) in held), weight) if weight else 0


def check(state: MarketState, params: MarketParams) -> None:
    """Everything section 8 promises, on the whole market, every account and resting order included; raises
    InvariantBroken."""
    check_market(state, params)
    check_accounts(state)
    check_book(state, params)


def check_market(state: MarketState, params: MarketParams) -> None:
    """(1), (2), (4), the floor and the bounds of the loss; does not look at accounts."""
    for j in state.active:
        _check_pool(j, state.binaries[j], params)
    _require(house_cash(state) == params.z + state.pot, "house cash", f"{house_cash(state)} != {params.z}+{state.pot}")
    _require(all(amount >= 0 for amount in state.profit.values()), "profit", f"{state.profit}")
    _check_backing(state, params)
    loss = worst_loss(state, params)
    _require(loss <= params.z, "worst loss", f"{loss} > {params.z}")
    if params.floor_enabled and state.status not in OVER:
        need = mean_payout(state, params) - state.allowance
        _require(state.pot >= need, "floor", f"{state.pot} < {need}")


def _check_pool(outcome: int, binary: Binary, params: MarketParams) -> None:
    """(1): 0 < Q <= p_max * L on both sides, and nobody holds less than nothing."""
    deep = depth(binary.v, params.l0, params.gamma)
    low, high = min(binary.q_yes, binary.q_no), max(binary.q_yes, binary.q_no)
    _require(low > 0 and high * RATE <= params.p_max * deep, "supply", f"outcome {outcome}: {low}..{high} of {deep}")
    _require(min(holdings(binary)) >= 0, "holdings", f"outcome {outcome}: {holdings(binary)}")


def _check_backing(state: MarketState, params: MarketParams) -> None:
    """(4): n*l0 <= stake + s_yes,w + sum over the others of s_no, for every w."""
    short = backing_short(((j, state.binaries[j]) for j in state.active), state.stake, params)
    _require(short <= 0, "backing", f"short of {short}")


def backing_short(active: Iterable[tuple[int, Binary]], stake: int, params: MarketParams) -> int:
    """How much (4) of section 8 lacks for the worst winner, micro-dollars; <= 0 when it holds."""
    pools = [binary for _, binary in active]
    all_no = sum(b.s_no for b in pools)
    return max((len(pools) * params.l0 - stake - b.s_yes - all_no + b.s_no for b in pools), default=0)


def check_accounts(state: MarketState) -> None:
    """Nobody owes anything; tokens and net stakes sum to what the market says."""
    sums = [[0, 0] for _ in state.binaries]
    net = 0
    for user, account in state.accounts.items():
        if account.cash < 0 or account.escrow < 0:  # no _require in these loops: it would spell out what holds
            raise InvariantBroken("cash", f"user {user}: {account.cash}")
        net += account.net
        for pair, (yes, no) in zip(sums, account.tokens, strict=True):
            if yes < 0 or no < 0:
                raise InvariantBroken("tokens", f"user {user}: {yes}, {no}")
            pair[0] += yes
            pair[1] += no
    _require(net == state.pot, "net stakes", f"{net} != {state.pot}")
    for outcome, (binary, pair) in enumerate(zip(state.binaries, sums, strict=True)):
        _require(holdings(binary) == (pair[0], pair[1]), "tokens", f"outcome {outcome}: {holdings(binary)} != {pair}")


def check_book(state: MarketState, params: MarketParams) -> None:
    """Every resting order can be paid: each user's escrow is what their buys tie up, and no token is offered twice."""
    book, active = state.resting, set(state.active)
    escrow: dict[int, int] = {}
    offered: dict[int, dict[int, int]] = {}
    for (outcome, side, buy, limit), pool in book.pools.items():
        whole = limit % params.tick_size == 0 and 0 < limit < RATE
        if not (whole and outcome in active):
            raise InvariantBroken("pool", f"{outcome}, {limit}")
        if limit not in book.levels[outcome, side, buy]:
            raise InvariantBroken("levels", f"{limit} of {outcome}, {side}, {buy}")
        for order in pool:
            if order.rest <= 0 or order.user not in state.accounts:
                raise InvariantBroken("resting order", f"{order}")
            if buy:
                escrow[order.user] = escrow.get(order.user, 0) + order.escrow
            else:
                offers = offered.setdefault(order.user, {})
                offers[2 * outcome + side] = offers.get(2 * outcome + side, 0) + order.rest
    for user, account in state.accounts.items():
        if account.escrow != escrow.get(user, 0):
            raise InvariantBroken("escrow", f"user {user}: {account.escrow}")
        tied = book.tied.get(user, ())
        offers = offered.get(user, {})
        if sum(tied) != sum(offers.values()):
            raise InvariantBroken("tied", f"user {user}: {tied}, not {offers}")
        for token, size in offers.items():
            held = account.tokens[token // 2][token % 2]
            _require(size == tied[token] <= held, "tied", f"user {user}: {size} of token {token}, holds {held}")


def _require(held: bool, rule: str, detail: str) -> None:
    if not held:
        raise InvariantBroken(rule, detail)

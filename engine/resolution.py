"""Rounds, the final and void: who leaves, who is paid, and how the survivors go on (ENGINE section 7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from engine.events import Eliminated, Event, Paid, Payout, Released, Resolved, Voided
from engine.repricing import Prices, set_prices, targets
from engine.risk import backing_short, holdings, house_cash, mean_payout
from engine.state import PROFIT_SOURCES, Account, Binary, MarketState, Side, Status, depth, price, price_micro
from engine.terms import MarketParams
from engine.units import RATE

HANDED_SIXTEENTHS = (16, 12, 8, 4, 0)
"""Sixteenths of what a round frees that are tried, in order, as the part handed to the survivors."""

EMPTY_BINARY = Binary(v=0, q_yes=0, q_no=0, s_yes=0, s_no=0, e=0, active=False)

ResolutionResult = tuple[tuple[Payout, ...], MarketState, tuple[Event, ...]]


def trigger_resolution(
    state: MarketState,
    params: MarketParams,
    is_final: bool = False,
    elim_outcomes: int | tuple[int, ...] = (),
    *,
    at_ms: int = 0,
    of_round: int | None = None,
) -> ResolutionResult:
    """(payouts, new state, events) of a round that loses `elim_outcomes`, or of the final that they win or share.

    Outcomes are 0-based, active and distinct; a round leaves at least one, the final takes one winner or, in a dead
    heat, several: ValueError otherwise. Cash is in the payouts, and in a `Released` for every resting order of an
    outcome that is decided, first among the events. The status changes only in a final.
    """
    named = (elim_outcomes,) if isinstance(elim_outcomes, int) else tuple(elim_outcomes)
    active = state.active
    if not set(named) <= set(active) or len(set(named)) != len(named):
        raise ValueError(f"outcomes {named} are not distinct and active in {active}")
    if is_final:
        if not named:
            raise ValueError("a final has a winner")
        state, released = release_orders(state, active)
        payouts, after, events = _final(state, params, tuple(sorted(named)), at_ms, of_round)
        return payouts, after, released + events
    if not 1 <= len(named) < len(active):
        raise ValueError(f"a round takes between 1 and all but one of {active}, not {named}")
    state, released = release_orders(state, named)
    payouts, after, events = _round(state, params, named, at_ms, of_round)
    return payouts, after, released + events


def release_orders(state: MarketState, outcomes: Iterable[int]) -> tuple[MarketState, tuple[Event, ...]]:
    """Returns every resting order of these outcomes, in the order given, then of pools and age."""
    orders = [order for outcome in outcomes for order in state.resting.orders() if order.outcome == outcome]
    if not orders:
        return state, ()
    accounts = dict(state.accounts)
    for order in orders:
        if order.buy:
            account = accounts[order.user]
            accounts[order.user] = replace(
                account, cash=account.cash + order.escrow, escrow=account.escrow - order.escrow
            )
    book = state.resting.replaced({order.key: () for order in orders})
    return replace(state, accounts=accounts, resting=book), tuple(
        Released(
            order=order.id,
            user=order.user,
            outcome=order.outcome,
            side=order.side,
            buy=order.buy,
            limit=order.limit,
            rest=order.rest,
            escrow=order.escrow,
        )
        for order in orders
    )


def _round(
    state: MarketState, params: MarketParams, losers: tuple[int, ...], at_ms: int, of_round: int | None
) -> ResolutionResult:
    """NO of each loser pays $1, YES nothing; what its pool frees goes to the survivors; prices are renormalised."""
    old = {j: _prices(state.binaries[j], params) for j in state.active}
    survivors = tuple(j for j in state.active if j not in losers)
    freed = sum(depth(state.binaries[k].v, params.l0, params.gamma) - state.binaries[k].q_no for k in losers)
    stake = state.stake + sum(
        state.binaries[k].v + state.binaries[k].e - holdings(state.binaries[k])[1] for k in losers
    )
    pools, handed = _reopen(state, params, old, survivors, freed, stake)
    payouts, accounts = _pay(state, [(k, Side.NO) for k in losers], clear=losers)
    paid = sum(payout.amount for payout in payouts)
    after = replace(
        state,
        binaries=tuple(pools.get(j, EMPTY_BINARY) for j in range(len(state.binaries))),
        accounts=accounts,
        stake=stake - handed,
        pot=state.pot - paid,
        out=state.out + losers,
        last_decision_ms=at_ms,
    )
    missing = max(0, mean_payout(after, params) - after.pot)
    after = replace(after, allowance=missing + params.floor_allowance)
    before_prices, after_prices = prices_of(state, params, state.active), prices_of(after, params, survivors)
    event = Eliminated(
        round=of_round,
        at_ms=at_ms,
        outcomes=losers,
        prices_before=before_prices,
        prices_after=after_prices,
        holders_no=len({payout.user for payout in payouts}),
        paid=paid,
        freed=freed,
        handed=handed,
        withheld=freed - handed,
        sum_before=sum(yes for _, yes, _ in before_prices),
        sum_after=sum(yes for _, yes, _ in after_prices),
    )
    return payouts, after, (event,)


def _prices(binary: Binary, params: MarketParams) -> tuple[Fraction, Fraction]:
    return price(binary, Side.YES, params), price(binary, Side.NO, params)


def _reopen(
    state: MarketState, params: MarketParams, old: Prices, survivors: tuple[int, ...], freed: int, stake: int
) -> tuple[dict[int, Binary], int]:
    """The survivors' pools and what was handed to them together: the largest part under which section 8 holds.

    With vc_enabled all of it, and no virtual step below 0. Else 16/16, 12/16, 8/16, 4/16, 0 of what was freed; if
    none will do, 0 with every virtual step cut at >= 0, which always holds.
    """
    wanted = targets(old, survivors, params)

    def reopened(part: int, *, lift_only: bool) -> tuple[dict[int, Binary], int]:
        each = freed * part // 16 // len(survivors)
        pools = {}
        for j in survivors:
            binary = replace(state.binaries[j], v=state.binaries[j].v + each)
            pools[j] = set_prices(binary, old[j], wanted[j], params, lift_only=lift_only)
        return pools, each * len(survivors)

    if params.vc_enabled:
        return reopened(HANDED_SIXTEENTHS[0], lift_only=True)
    for part in HANDED_SIXTEENTHS:
        pools, handed = reopened(part, lift_only=False)
        if _holds(pools, stake - handed, params):
            return pools, handed
    return reopened(0, lift_only=True)


def _holds(pools: dict[int, Binary], stake: int, params: MarketParams) -> bool:
    """(1) and (4) of ENGINE section 8."""
    for b in pools.values():
        most = params.p_max * depth(b.v, params.l0, params.gamma)
        if min(b.q_yes, b.q_no) <= 0 or max(b.q_yes, b.q_no) * RATE > most:
            return False
    return backing_short(pools.items(), stake, params) <= 0


def _final(
    state: MarketState, params: MarketParams, winners: tuple[int, ...], at_ms: int, of_round: int | None
) -> ResolutionResult:
    """Each YES of the winner and NO of every other active outcome that people hold pays $1; the market is over."""
    if len(winners) == 1:
        right = [(j, Side.YES if j in winners else Side.NO) for j in state.active]
        payouts, accounts = _pay(state, right, clear=state.active)
    else:
        payouts, accounts = _pay_shared(state, winners)
    paid = sum(payout.amount for payout in payouts)
    after = _closed(state, accounts, paid)
    after = replace(
        after,
        status=Status.RESOLVED,
        winners=winners,
        frozen_for=None,
        asked=False,
        claim=None,
        next_round=len(params.rounds),
        last_decision_ms=at_ms,
    )
    event = Resolved(
        round=of_round,
        at_ms=at_ms,
        winners=winners,
        paid=paid,
        holders=len({payout.user for payout in payouts}),
        prices_before=prices_of(state, params, state.active),
    )
    return payouts, after, (event,)


def void_market(state: MarketState, *, at_ms: int = 0) -> tuple[MarketState, tuple[Event, ...]]:
    """(new state, events) of a market called off: it never was (ENGINE section 7, void).

    Resting orders are given back; then everybody's net stake goes back to them, or what they gained is taken back, so
    that they end with what they were given. Tokens and every profit are gone, the house has exactly z.
    """
    state, released = release_orders(state, range(len(state.binaries)))
    nobody = ((0, 0),) * len(state.binaries)
    accounts = {
        user: replace(account, cash=account.cash + account.net, net=0, tokens=nobody)
        for user, account in state.accounts.items()
    }
    amounts = tuple((user, state.accounts[user].net) for user in sorted(state.accounts) if state.accounts[user].net)
    after = replace(
        state,
        status=Status.VOIDED,
        binaries=(EMPTY_BINARY,) * len(state.binaries),
        accounts=accounts,
        stake=house_cash(state) - state.pot,
        profit=dict.fromkeys(PROFIT_SOURCES, 0),
        pot=0,
        allowance=0,
        frozen_for=None,
        asked=False,
        claim=None,
        out=(),
    )
    return after, (*released, Voided(at_ms=at_ms, amounts=amounts))


def _pay(
    state: MarketState, right: Iterable[tuple[int, Side]], *, clear: Iterable[int]
) -> tuple[tuple[Payout, ...], dict[int, Account]]:
    """$1 for each token of the given (outcome, side); then the tokens of the outcomes in `clear` are gone."""
    paying, cleared, users = list(right), frozenset(clear), sorted(state.accounts)
    payouts, credit = [], dict[int, int]()
    for outcome, side in paying:
        for user in users:
            tokens = state.accounts[user].tokens[outcome][side is Side.NO]
            if tokens:
                payouts.append(Paid(user=user, amount=tokens, outcome=outcome, side=side, tokens=tokens))
                credit[user] = credit.get(user, 0) + tokens
    accounts = dict(state.accounts)
    for user, account in accounts.items():
        if any(any(account.tokens[j]) for j in cleared):
            kept = tuple((0, 0) if j in cleared else pair for j, pair in enumerate(account.tokens))
            amount = credit.get(user, 0)
            accounts[user] = replace(account, cash=account.cash + amount, net=account.net - amount, tokens=kept)
    return tuple(payouts), accounts


def _pay_shared(state: MarketState, winners: tuple[int, ...]) -> tuple[tuple[Payout, ...], dict[int, Account]]:
    """A dead heat of k: YES of a winner pays 1/k, NO of a winner 1 - 1/k, NO of every other active outcome $1 (ENGINE
    section 7). One payout a person, exact in sum and then floored."""
    k, nobody = len(winners), ((0, 0),) * len(state.binaries)
    payouts, accounts = [], dict(state.accounts)
    for user in sorted(accounts):
        account = accounts[user]
        shares = sum(yes + (k - 1) * no if j in winners else k * no for j, (yes, no) in _active(state, account))
        amount = shares // k
        if amount:
            payouts.append(Paid(user=user, amount=amount))
        accounts[user] = replace(account, cash=account.cash + amount, net=account.net - amount, tokens=nobody)
    return tuple(payouts), accounts


def _active(state: MarketState, account: Account) -> Iterable[tuple[int, tuple[int, int]]]:
    return ((j, account.tokens[j]) for j in state.active)


def _closed(state: MarketState, accounts: dict[int, Account], paid: int) -> MarketState:
    """Every pool empty, all that the house has left in the stake and the profits."""
    pools = sum(b.v + b.e for b in state.binaries)
    return replace(
        state,
        binaries=(EMPTY_BINARY,) * len(state.binaries),
        accounts=accounts,
        stake=state.stake + pools - paid,
        pot=state.pot - paid,
        allowance=0,
    )


def prices_of(state: MarketState, params: MarketParams, outcomes: Iterable[int]) -> tuple[tuple[int, int, int], ...]:
    """(outcome, yes, no) in micro-dollars, as events tell prices."""
    return tuple((j, price_micro(state, params, j, Side.YES), price_micro(state, params, j, Side.NO)) for j in outcomes)

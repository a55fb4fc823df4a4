"""The working copy of a market during one tick: plain lists, changed in place, every change undoable.

A tick opens one working copy of a state and seals it into the next; an order that is refused is rolled back to its
mark. The state it was opened from is never touched. Every list is short, so the undo log saves a copy of a list
before its first change in a step, which costs less than an entry for each number.

Also: what resting orders pay and get, and the changes of their accounts (ENGINE section 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from operator import add, lt, sub

from engine.open_book import OpenBook
from engine.rates import Tariff
from engine.resting_book import RestingOrder
from engine.risk import InvariantBroken
from engine.state import PROFIT_SOURCES, Account, Binary, MarketState, Side, depth
from engine.terms import MarketParams
from engine.units import RATE, ceil_div

CASH, NET, TRADES, ESCROW, TOKENS = range(5)
"""Places in an open account's list; tokens of side s of outcome i stand at TOKENS + 2*i + s (s: 0 YES, 1 NO), those
of them that resting sales tie up at `WorkingCopy.tied` + 2*i + s."""

FEE, MATCH_FEE, GAS, CONVEXITY, PENALTY, CURVE, FLOOR, SEIGNIORAGE, MATCH, BAND, POT, HELD = range(12)
"""Places in `WorkingCopy.totals`: the sources of profit in the order of PROFIT_SOURCES, the pot P, and the floor's F
times the weight (ENGINE section 4)."""


class WorkingCopy:
    """One market, open for changes. Money in micro-dollars, tokens in micro-tokens.

    Per outcome: v, l (depth, follows v), q[side], s[side], e. `active` lists the outcomes still in; `odds` and their
    sum over these, `weight`, weigh the floor. `save` a list before changing it. `book` holds the resting orders;
    `opened` what the accounts in use held at first.
    """

    __slots__ = (
        "accounts",
        "active",
        "base",
        "book",
        "e",
        "l",
        "odds",
        "opened",
        "params",
        "q",
        "s",
        "state",
        "tariff",
        "tied",
        "totals",
        "undo_log",
        "v",
        "weight",
    )

    def __init__(self, state: MarketState, params: MarketParams, tariff: Tariff) -> None:
        self.state = state
        self.params = params
        self.tariff = tariff
        binaries = state.binaries
        self.v = [b.v for b in binaries]
        self.l = [depth(b.v, params.l0, params.gamma) for b in binaries]
        self.q = ([b.q_yes for b in binaries], [b.q_no for b in binaries])
        self.s = ([b.s_yes for b in binaries], [b.s_no for b in binaries])
        self.e = [b.e for b in binaries]
        self.active = state.active
        self.odds = params.odds
        self.weight = sum(params.odds[j] for j in self.active)
        self.totals = [state.profit[source] for source in PROFIT_SOURCES] + [state.pot, self._weighted_holdings()]
        self.base: Mapping[int, Account] = state.accounts
        self.accounts: dict[int, list[int]] = {}
        self.opened: dict[int, list[int]] = {}
        self.undo_log: list[tuple[list[int], list[int]]] = []
        self.tied = TOKENS + 2 * len(binaries)
        self.book = OpenBook(state.resting, self.save)

    def _weighted_holdings(self) -> int:
        """sum over active j of odds_j * H_yes + (weight - odds_j) * H_no: the floor's F times the weight."""
        return sum(
            self.odds[j] * self.holdings(j, 0) + (self.weight - self.odds[j]) * self.holdings(j, 1) for j in self.active
        )

    def holdings(self, outcome: int, side: int) -> int:
        """H = Q - s + E: what people hold."""
        return self.q[side][outcome] - self.s[side][outcome] + self.e[outcome]

    def mean_payout(self, extra: int = 0) -> int:
        """F of ENGINE section 4 after `extra` weighted tokens more, rounded up; micro-dollars."""
        return ceil_div(self.totals[HELD] + extra, self.weight)

    def token_weight(self, outcome: int, side: int) -> int:
        """How much one token adds to `held`."""
        return self.weight - self.odds[outcome] if side else self.odds[outcome]

    def account(self, user: int) -> list[int] | None:
        """The open account of a user, thawed on first use; None for a stranger."""
        account = self.accounts.get(user)
        if account is None:
            stored = self.base.get(user)
            if stored is None:
                return None
            account = self.accounts[user] = [stored.cash, stored.net, stored.trades, stored.escrow]
            account.extend(chain.from_iterable(stored.tokens))
            account += self.book.base.tied.get(user, ())
            account += [0] * (2 * self.tied - TOKENS - len(account))
            self.opened[user] = account[:]
        return account

    def new_account(self, user: int) -> list[int]:
        """An account with nothing in it."""
        account = self.accounts[user] = [0] * (2 * self.tied - TOKENS)
        self.opened[user] = account[:]
        return account

    def save(self, *lists: list[int]) -> None:
        """Remembers lists as they are. Everything a step may have to undo is kept before it is changed."""
        self.undo_log += [(values, values[:]) for values in lists]

    def move_pools(self, shares: Mapping[int, int], sign: int) -> None:
        """Adds sign * amount to the users' collateral of each pool named; the depth follows as in `state.depth`."""
        v, deep, l0, gamma = self.v, self.l, self.tariff.l0, self.tariff.gamma
        self.undo_log += [(v, v[:]), (deep, deep[:])]
        for j, amount in shares.items():
            if amount:
                now = v[j] = v[j] + sign * amount
                subsidy = l0 + -gamma * now // RATE if now > 0 else l0
                deep[j] = now + subsidy if subsidy > 0 else now

    def credit(self, account: list[int], amount: int) -> None:
        """Pays a user amount (negative: charges them); cash and net move together, and so does the pot."""
        self.save(account, self.totals)
        account[CASH] += amount
        account[NET] -= amount
        self.totals[POT] -= amount

    def commit(self) -> None:
        """What was done so far stays done."""
        self.undo_log.clear()

    def mark(self) -> int:
        """Where to roll back to."""
        return len(self.undo_log)

    def rollback(self, mark: int) -> None:
        """Undoes every change since the mark, last first."""
        undo_log = self.undo_log
        while len(undo_log) > mark:
            values, old = undo_log.pop()
            values[:] = old

    def check_touched(self) -> None:
        """Who was touched owes nothing and sells nothing twice; their tokens, net stakes, escrow and tied tokens moved
        as the market's did."""
        moved, tied = [0] * self.tied, self.tied
        waiting = self._book_changes()
        for user, account in self.accounts.items():
            if min(account) < 0 and (min(account[TOKENS:]) < 0 or min(account[CASH], account[ESCROW]) < 0):
                raise InvariantBroken("account", f"user {user}: {account}")
            opening, sold = self.opened[user], account[tied:]
            if any(sold) and any(map(lt, account[TOKENS:tied], sold)):
                raise InvariantBroken("tied", f"user {user}: {account}")
            if user in waiting or sold != opening[tied:] or account[ESCROW] != opening[ESCROW]:
                self._check_escrow(user, account, opening, waiting.pop(user, {}))
            moved = list(map(add, moved, map(sub, account, opening)))
        if waiting:
            raise InvariantBroken("book", f"orders of {sorted(waiting)} moved, their accounts did not")
        if moved[NET] != self.totals[POT] - self.state.pot:
            raise InvariantBroken("net stakes", f"{moved[NET]} != {self.totals[POT]} - {self.state.pot}")
        for j, old in enumerate(self.state.binaries):
            held = (self.holdings(j, 0), self.holdings(j, 1))
            grown = (held[0] - old.q_yes + old.s_yes - old.e, held[1] - old.q_no + old.s_no - old.e)
            if (moved[TOKENS + 2 * j], moved[TOKENS + 2 * j + 1]) != grown:
                raise InvariantBroken("tokens", f"outcome {j}: {grown}, not {moved}")

    def _book_changes(self) -> dict[int, dict[int, int]]:
        """By user and place in their account, how the orders of the book say that escrow and tied tokens changed."""
        expected: dict[int, dict[int, int]] = {}
        for order, old, rest in self.book.changed():
            changes = expected.setdefault(order.user, {})
            if order.buy:
                changes[ESCROW] = changes.get(ESCROW, 0) + order.escrow_for(rest) - order.escrow_for(old)
            else:
                token = self.tied + 2 * order.outcome + (order.side is Side.NO)
                changes[token] = changes.get(token, 0) + rest - old
        return expected

    def _check_escrow(self, user: int, account: list[int], opening: list[int], expected: dict[int, int]) -> None:
        for slot in (ESCROW, *range(self.tied, len(account))):
            if account[slot] - opening[slot] != expected.get(slot, 0):
                raise InvariantBroken("escrow", f"user {user}: {opening} to {account}, their orders say {expected}")

    def seal(self) -> MarketState:
        """The state after the changes; the working copy may go on being used."""
        binaries = tuple(
            Binary(v=v, q_yes=yes, q_no=no, s_yes=s_yes, s_no=s_no, e=e, active=old.active)
            for v, yes, no, s_yes, s_no, e, old in zip(
                self.v, *self.q, *self.s, self.e, self.state.binaries, strict=True
            )
        )
        accounts = {**self.base, **{user: self._account(account) for user, account in self.accounts.items()}}
        profit = dict(zip(PROFIT_SOURCES, self.totals, strict=False))
        return replace(
            self.state,
            binaries=binaries,
            accounts=accounts,
            profit=profit,
            pot=self.totals[POT],
            resting=self.book.seal(),
        )

    def _account(self, account: list[int]) -> Account:
        tokens = tuple(zip(account[TOKENS : self.tied : 2], account[TOKENS + 1 : self.tied : 2], strict=True))
        return Account(
            cash=account[CASH], net=account[NET], trades=account[TRADES], escrow=account[ESCROW], tokens=tokens
        )


_RATE_SQUARED = RATE * RATE


def pays(order: RestingOrder, rest: int, size: int, fee: int) -> tuple[int, int, int]:
    """(amount, fee, what leaves escrow) of a resting buy of which `size` of `rest` fills; fee is a rate.

    ceil(limit*rest before) - ceil(limit*rest after), fee and escrow likewise, so that parts sum to the whole; the fee
    is at most what the escrow holds for it.
    """
    before, after = -order.limit * rest, -order.limit * (rest - size)
    amount = after // RATE - before // RATE
    most = order.fee
    held = most * after // _RATE_SQUARED - most * before // _RATE_SQUARED
    if not fee:
        return amount, 0, amount + held
    part = held if fee >= most else min(fee * after // _RATE_SQUARED - fee * before // _RATE_SQUARED, held)
    return amount, part, amount + held


def gets(limit: int, size: int, fee: int) -> tuple[int, int]:
    """(amount, fee) of a sale at a limit: floor(limit*size), the fee rounded up but never above it."""
    amount = limit * size // RATE
    return amount, min(ceil_div(limit * fee * size, RATE * RATE), amount)


def fill_buy(working: WorkingCopy, order: RestingOrder, size: int, total: int, released: int) -> None:
    """A resting buy of `size` tokens for `total`, fee in, out of what its escrow releases."""
    account = working.account(order.user)
    assert account is not None
    working.save(account, working.totals)
    account[CASH] += released - total
    account[ESCROW] -= released
    account[NET] += total
    account[TRADES] += 1
    account[TOKENS + 2 * order.outcome + (order.side is Side.NO)] += size
    working.totals[POT] += total


def fill_sell(working: WorkingCopy, order: RestingOrder, size: int, total: int) -> None:
    """A resting sale of `size` tokens for `total`, fee out; they are tied up no more."""
    account = working.account(order.user)
    assert account is not None
    working.save(account, working.totals)
    token = 2 * order.outcome + (order.side is Side.NO)
    account[CASH] += total
    account[NET] -= total
    account[TRADES] += 1
    account[TOKENS + token] -= size
    account[working.tied + token] -= size
    working.totals[POT] -= total

"""The working copy of a market during one tick: plain lists, changed in place, every change undoable.

A tick opens one desk from a state and seals it into the next state; an order that is refused is rolled back to its
mark. The state it was opened from is never touched. Every list is short, so the undo log keeps a copy of a list
before its first change in a step, which costs less than an entry for each number.

What resting orders pay and get, and the move of their accounts (ENGINE section 6).
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
"""Places in `WorkingCopy.money`: the sources of profit in the order of PROFIT_SOURCES, the pot P, and the floor's F
times the weight (ENGINE section 4)."""


class WorkingCopy:
    """One market, open for changes. Money in micro-dollars, tokens in micro-tokens.

    Per outcome: v, l (depth, follows v), q[side], s[side], e. `active` lists the outcomes still in; `odds` and their
    sum over these, `weight`, weigh the floor. `keep` a list before changing it. `book` holds the resting orders;
    `opened` what the accounts in use held at first.
    """

    __slots__ = (
        "accounts",
        "active",
        "base",
        "book",
        "e",
        "l",
        "log",
        "money",
        "odds",
        "opened",
        "params",
        "q",
        "s",
        "state",
        "tariff",
        "tied",
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
        self.money = [state.profit[source] for source in PROFIT_SOURCES] + [state.pot, self._held()]
        self.base: Mapping[int, Account] = state.accounts
        self.accounts: dict[int, list[int]] = {}
        self.opened: dict[int, list[int]] = {}
        self.log: list[tuple[list[int], list[int]]] = []
        self.tied = TOKENS + 2 * len(binaries)
        self.book = OpenBook(state.resting, self.keep)

    def _held(self) -> int:
        """sum over active j of odds_j * H_yes + (weight - odds_j) * H_no: the floor's F times the weight."""
        return sum(
            self.odds[j] * self.holdings(j, 0) + (self.weight - self.odds[j]) * self.holdings(j, 1) for j in self.active
        )

    def holdings(self, outcome: int, side: int) -> int:
        """H = Q - s + E: what people hold."""
        return self.q[side][outcome] - self.s[side][outcome] + self.e[outcome]

    def mean_payout(self, extra: int = 0) -> int:
        """F of ENGINE section 4 after `extra` weighted tokens more, rounded up; micro-dollars."""
        return ceil_div(self.money[HELD] + extra, self.weight)

    def token_weight(self, outcome: int, side: int) -> int:
        """How much one token adds to `held`."""
        return self.weight - self.odds[outcome] if side else self.odds[outcome]

    def account(self, user: int) -> list[int] | None:
        """The open account of a user, thawed on first use; None for a stranger."""
        found = self.accounts.get(user)
        if found is None:
            kept = self.base.get(user)
            if kept is None:
                return None
            found = self.accounts[user] = [kept.cash, kept.net, kept.trades, kept.escrow]
            found.extend(chain.from_iterable(kept.tokens))
            found += self.book.base.tied.get(user, ())
            found += [0] * (2 * self.tied - TOKENS - len(found))
            self.opened[user] = found[:]
        return found

    def new_account(self, user: int) -> list[int]:
        """An account with nothing in it."""
        found = self.accounts[user] = [0] * (2 * self.tied - TOKENS)
        self.opened[user] = found[:]
        return found

    def keep(self, *boxes: list[int]) -> None:
        """Remembers lists as they are. Everything a step may have to undo is kept before it is changed."""
        self.log += [(box, box[:]) for box in boxes]

    def move_pools(self, shares: Mapping[int, int], sign: int) -> None:
        """Adds sign * amount to the users' collateral of each pool named; the depth follows as in `state.depth`."""
        v, deep, l0, gamma = self.v, self.l, self.tariff.l0, self.tariff.gamma
        self.log += [(v, v[:]), (deep, deep[:])]
        for j, amount in shares.items():
            if amount:
                now = v[j] = v[j] + sign * amount
                subsidy = l0 + -gamma * now // RATE if now > 0 else l0
                deep[j] = now + subsidy if subsidy > 0 else now

    def settle(self, account: list[int], amount: int) -> None:
        """Pays a user amount (negative: charges her); cash and net move together, and so does the pot."""
        self.keep(account, self.money)
        account[CASH] += amount
        account[NET] -= amount
        self.money[POT] -= amount

    def commit(self) -> None:
        """What was done so far stays done."""
        self.log.clear()

    def mark(self) -> int:
        """Where to roll back to."""
        return len(self.log)

    def rollback(self, mark: int) -> None:
        """Undoes every change since the mark, last first."""
        log = self.log
        while len(log) > mark:
            box, old = log.pop()
            box[:] = old

    def check_touched(self) -> None:
        """Who was touched owes nothing and sells nothing twice; their tokens, net stakes, escrow and tied tokens moved
        as the market's did."""
        moved, tied = [0] * self.tied, self.tied
        waiting = self._waiting()
        for user, found in self.accounts.items():
            if min(found) < 0 and (min(found[TOKENS:]) < 0 or min(found[CASH], found[ESCROW]) < 0):
                raise InvariantBroken("account", f"user {user}: {found}")
            then, sold = self.opened[user], found[tied:]
            if any(sold) and any(map(lt, found[TOKENS:tied], sold)):
                raise InvariantBroken("tied", f"user {user}: {found}")
            if user in waiting or sold != then[tied:] or found[ESCROW] != then[ESCROW]:
                self._check_waiting(user, found, then, waiting.pop(user, {}))
            moved = list(map(add, moved, map(sub, found, then)))
        if waiting:
            raise InvariantBroken("book", f"orders of {sorted(waiting)} moved, their accounts did not")
        if moved[NET] != self.money[POT] - self.state.pot:
            raise InvariantBroken("net stakes", f"{moved[NET]} != {self.money[POT]} - {self.state.pot}")
        for j, old in enumerate(self.state.binaries):
            held = (self.holdings(j, 0), self.holdings(j, 1))
            grown = (held[0] - old.q_yes + old.s_yes - old.e, held[1] - old.q_no + old.s_no - old.e)
            if (moved[TOKENS + 2 * j], moved[TOKENS + 2 * j + 1]) != grown:
                raise InvariantBroken("tokens", f"outcome {j}: {grown}, not {moved}")

    def _waiting(self) -> dict[int, dict[int, int]]:
        """By user and place in her account, how the orders of the book say that escrow and tied tokens changed."""
        found: dict[int, dict[int, int]] = {}
        for order, old, rest in self.book.changed():
            hers = found.setdefault(order.user, {})
            if order.buy:
                hers[ESCROW] = hers.get(ESCROW, 0) + order.escrow_for(rest) - order.escrow_for(old)
            else:
                token = self.tied + 2 * order.outcome + (order.side is Side.NO)
                hers[token] = hers.get(token, 0) + rest - old
        return found

    def _check_waiting(self, user: int, found: list[int], then: list[int], hers: dict[int, int]) -> None:
        for place in (ESCROW, *range(self.tied, len(found))):
            if found[place] - then[place] != hers.get(place, 0):
                raise InvariantBroken("escrow", f"user {user}: {then} to {found}, her orders say {hers}")

    def seal(self) -> MarketState:
        """The state after the changes; the desk may go on being used."""
        binaries = tuple(
            Binary(v=v, q_yes=yes, q_no=no, s_yes=s_yes, s_no=s_no, e=e, active=old.active)
            for v, yes, no, s_yes, s_no, e, old in zip(
                self.v, *self.q, *self.s, self.e, self.state.binaries, strict=True
            )
        )
        accounts = {**self.base, **{user: self._account(found) for user, found in self.accounts.items()}}
        profit = dict(zip(PROFIT_SOURCES, self.money, strict=False))
        return replace(
            self.state,
            binaries=binaries,
            accounts=accounts,
            profit=profit,
            pot=self.money[POT],
            resting=self.book.seal(),
        )

    def _account(self, found: list[int]) -> Account:
        tokens = tuple(zip(found[TOKENS : self.tied : 2], found[TOKENS + 1 : self.tied : 2], strict=True))
        return Account(cash=found[CASH], net=found[NET], trades=found[TRADES], escrow=found[ESCROW], tokens=tokens)


_SQUARE = RATE * RATE


def pays(order: RestingOrder, rest: int, size: int, fee: int) -> tuple[int, int, int]:
    """(amount, fee, what leaves escrow) of a resting buy of which `size` of `rest` fills; fee is a rate.

    ceil(limit*rest before) - ceil(limit*rest after), fee and escrow likewise, so that parts sum to the whole; the fee
    is at most what the escrow holds for it.
    """
    before, after = -order.limit * rest, -order.limit * (rest - size)
    amount = after // RATE - before // RATE
    most = order.fee
    held = most * after // _SQUARE - most * before // _SQUARE
    if not fee:
        return amount, 0, amount + held
    part = held if fee >= most else min(fee * after // _SQUARE - fee * before // _SQUARE, held)
    return amount, part, amount + held


def gets(limit: int, size: int, fee: int) -> tuple[int, int]:
    """(amount, fee) of a sale at a limit: floor(limit*size), the fee rounded up but never above it."""
    amount = limit * size // RATE
    return amount, min(ceil_div(limit * fee * size, RATE * RATE), amount)


def fill_buy(desk: WorkingCopy, order: RestingOrder, size: int, total: int, released: int) -> None:
    """A resting buy of `size` tokens for `total`, fee in, out of what its escrow releases."""
    account = desk.account(order.user)
    assert account is not None
    desk.keep(account, desk.money)
    account[CASH] += released - total
    account[ESCROW] -= released
    account[NET] += total
    account[TRADES] += 1
    account[TOKENS + 2 * order.outcome + (order.side is Side.NO)] += size
    desk.money[POT] += total


def fill_sell(desk: WorkingCopy, order: RestingOrder, size: int, total: int) -> None:
    """A resting sale of `size` tokens for `total`, fee out; they are tied up no more."""
    account = desk.account(order.user)
    assert account is not None
    desk.keep(account, desk.money)
    token = 2 * order.outcome + (order.side is Side.NO)
    account[CASH] += total
    account[NET] -= total
    account[TRADES] += 1
    account[TOKENS + token] -= size
    account[desk.tied + token] -= size
    desk.money[POT] -= total

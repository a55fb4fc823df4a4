"""The state of one market: what it holds, how it opens, prices, and its exact JSON.

Everything here is treated as immutable; the entry points (`apply_orders`, `trigger_resolution`, `void_market`) return
new states and leave the given one untouched. Units as in `engine.units`; formulas from ENGINE sections 1 and 2.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any

from engine.resting_book import Book, RestingOrder, order_from_json, order_to_json
from engine.terms import MarketParams, Side
from engine.units import MICRO, RATE, ceil_div, half_up

__all__ = [
    "PROFIT_SOURCES",
    "Account",
    "Binary",
    "Book",
    "Claim",
    "MarketState",
    "RestingOrder",
    "Side",
    "Status",
    "account_from_json",
    "account_to_json",
    "depth",
    "fingerprint",
    "open_market",
    "order_from_json",
    "order_to_json",
    "price",
    "price_micro",
    "start_seeds",
    "state_from_json",
    "state_to_json",
]

PROFIT_SOURCES = (
    "fee",
    "match_fee",
    "gas",
    "convexity",
    "penalty",
    "curve",
    "floor",
    "seigniorage",
    "match",
    "band",
)


class Status(StrEnum):
    DRAFT = "DRAFT"
    LOBBY = "LOBBY"
    RUNNING = "RUNNING"
    FROZEN = "FROZEN"
    PAUSED = "PAUSED"
    RESOLVED = "RESOLVED"
    DISPUTED = "DISPUTED"
    CLOSED = "CLOSED"
    VOIDED = "VOIDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """One outcome's pool.

    v: users' collateral, may be below 0; q_yes, q_no: supplies with their seeds; s_yes, s_no: effective seeds;
    e: escrowed pairs at $1 each. People hold q - s + e of a side. All zero once the outcome is out.
    """

    v: int
    q_yes: int
    q_no: int
    s_yes: int
    s_no: int
    e: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person in this market.

    cash: what they can spend; net: all they were debited minus all they were credited by trading, gas and payouts
    (starting balance and grants out); tokens: (yes, no) per outcome, with those their resting sales tie up
    (`Book.tied_of`); trades: how many fills they took part in; escrow: cash tied up in resting buys, apart from cash.
    """

    cash: int
    tokens: tuple[tuple[int, int], ...]
    net: int = 0
    trades: int = 0
    escrow: int = 0
    _json: str = field(default="", init=False, repr=False, compare=False)  # see `account_json`


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is decided and not paid yet: at `until_ms` it is, unless corrected or voided. Winners of the final, or,
    where `winners` is empty, the losers of a round; `round` as in `Resolved` and `Eliminated`."""

    winners: tuple[int, ...]
    until_ms: int
    round: int | None
    losers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketState:
    """All that a market is, apart from its parameters.

    stake: Z until the first elimination; pot: P of ENGINE section 4; allowance: G; next_round: index of the first
    round not yet decided; frozen_for: the round being decided; asked: its admin was asked; resume_to: the status
    that follows the round; last_decision_ms: for `reset` interpolation; out: outcomes in the order they left;
    winners: who won the final, several of them in a dead heat; resting: every resting order by id; claim: while
    DISPUTED, and of a round while FROZEN for it.
    """

    status: Status
    binaries: tuple[Binary, ...]
    accounts: dict[int, Account]
    stake: int
    profit: dict[str, int]
    pot: int = 0
    allowance: int = 0
    next_round: int = 0
    frozen_for: int | None = None
    asked: bool = False
    resume_to: Status = Status.RUNNING
    last_decision_ms: int = 0
    out: tuple[int, ...] = ()
    winners: tuple[int, ...] = ()
    resting: Book = field(default_factory=Book)
    claim: Claim | None = None

    @property
    def active(self) -> tuple[int, ...]:
        """The outcomes still in, ascending."""
        return tuple(i for i, binary in enumerate(self.binaries) if binary.active)


def start_seeds(params: MarketParams) -> tuple[tuple[int, int], ...]:
    """Seeds (yes, no) per outcome in micro-tokens: l0 * start price, rounded up (ENGINE section 2, l0)."""
    if params.start == "classic":
        half = ceil_div(params.l0, 2)
        return ((half, half),) * params.n_outcomes
    return tuple((ceil_div(params.l0 * o, RATE), ceil_div(params.l0 * (RATE - o), RATE)) for o in params.odds)


def open_market(params: MarketParams) -> MarketState:
    """A running market nobody has joined yet."""
    binaries = tuple(Binary(v=0, q_yes=y, q_no=n, s_yes=y, s_no=n) for y, n in start_seeds(params))
    return MarketState(
        status=Status.RUNNING,
        binaries=binaries,
        accounts={},
        stake=params.z,
        profit=dict.fromkeys(PROFIT_SOURCES, 0),
    )


def depth(v: int, l0: int, gamma: int) -> int:
    """L = V + subsidy, subsidy = min(L0, max(0, L0 - gamma*V)) rounded down (ENGINE section 1); micro-dollars."""
    if v <= 0:
        return v + l0
    subsidy = l0 + (-gamma * v) // RATE
    return v + subsidy if subsidy > 0 else v


def price(binary: Binary, side: Side, params: MarketParams) -> Fraction:
    """p = Q/L of an active outcome, exact."""
    supply = binary.q_yes if side is Side.YES else binary.q_no
    return Fraction(supply, depth(binary.v, params.l0, params.gamma))


def price_micro(state: MarketState, params: MarketParams, outcome: int, side: Side) -> int:
    """A price for display: micro-dollars per token, rounded half up. Out: YES 0, NO $1; the winner: YES $1, NO 0; of k
    who share: YES 1/k, NO 1 - 1/k."""
    binary = state.binaries[outcome]
    if not binary.active:
        share = MICRO if outcome in state.winners else 0
        yes = half_up(share, max(len(state.winners), 1))
        return yes if side is Side.YES else MICRO - yes
    supply = binary.q_yes if side is Side.YES else binary.q_no
    return half_up(supply * MICRO, depth(binary.v, params.l0, params.gamma))


def state_to_json(state: MarketState) -> dict[str, object]:
    """Exact and canonical: integers, lists, and objects with sorted keys where order has no meaning. `claim` is there
    only while it stands, its losers only where it has some: a state without is written as before there were any."""
    data: dict[str, object] = {part.name: getattr(state, part.name) for part in fields(state)}
    data["status"], data["resume_to"] = state.status.value, state.resume_to.value
    data["out"], data["winners"] = list(state.out), list(state.winners)
    del data["claim"]
    if state.claim is not None:
        losers = [list(state.claim.losers)] if state.claim.losers else []
        data["claim"] = [list(state.claim.winners), state.claim.until_ms, state.claim.round, *losers]
    data["binaries"] = [[b.v, b.q_yes, b.q_no, b.s_yes, b.s_no, b.e, b.active] for b in state.binaries]
    data["profit"] = dict(sorted(state.profit.items()))
    data["accounts"] = {str(user): account_to_json(state.accounts[user]) for user in sorted(state.accounts)}
    data["resting"] = [order_to_json(order) for order in state.resting.orders()]
    return data


def state_from_json(data: Mapping[str, Any]) -> MarketState:  # Any: JSON as json.loads types it
    """The inverse of `state_to_json`."""
    rest = dict(data)
    rest["status"], rest["resume_to"] = Status(data["status"]), Status(data["resume_to"])
    rest["out"], rest["winners"] = tuple(data["out"]), tuple(data["winners"])
    if data.get("claim") is not None:
        winners, until_ms, of_round, *losers = data["claim"]
        named = tuple(losers[0]) if losers else ()
        rest["claim"] = Claim(winners=tuple(winners), until_ms=until_ms, round=of_round, losers=named)
    names = ("v", "q_yes", "q_no", "s_yes", "s_no", "e", "active")
    rest["binaries"] = tuple(Binary(**dict(zip(names, row, strict=True))) for row in data["binaries"])
    rest["profit"] = {source: data["profit"][source] for source in PROFIT_SOURCES}
    rest["accounts"] = {int(user): account_from_json(row) for user, row in data["accounts"].items()}
    rest["resting"] = Book(order_from_json(row) for row in data.get("resting", ()))
    return MarketState(**rest)


def account_to_json(account: Account) -> dict[str, object]:
    """One account as JSON values."""
    return {
        "cash": account.cash,
        "net": account.net,
        "trades": account.trades,
        "escrow": account.escrow,
        "tokens": [list(pair) for pair in account.tokens],
    }


def account_json(account: Account) -> str:
    """The canonical text of `account_to_json`, kept with the account: few of a large market change in a tick, and its
    fingerprint needs them all."""
    if not account._json:
        object.__setattr__(account, "_json", _canonical(account_to_json(account)))
    return account._json


def account_from_json(data: Mapping[str, Any]) -> Account:  # Any: JSON as json.loads types it
    """The inverse of `account_to_json`."""
    return Account(**{**data, "tokens": tuple((yes, no) for yes, no in data["tokens"])})


def fingerprint(value: object) -> str:
    """sha256 hex of the canonical JSON of a state, its resting orders by their digest, or of anything made of JSON
    values."""
    text = _state_json(value) if isinstance(value, MarketState) else _canonical(value)
    return hashlib.sha256(text.encode()).hexdigest()


def _state_json(state: MarketState) -> str:
    """The canonical text of a state with the digest of its book in place of its orders."""
    bare = replace(state, accounts={}, resting=Book())
    text = _canonical({**state_to_json(bare), "resting": state.resting.digest()})
    accounts = sorted((str(user), account) for user, account in state.accounts.items())
    written = ",".join(f'"{user}":{account_json(account)}' for user, account in accounts)
    return text.replace(_NO_ACCOUNTS, _NO_ACCOUNTS[:-1] + written + "}", 1)


_NO_ACCOUNTS = '"accounts":{}'
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode

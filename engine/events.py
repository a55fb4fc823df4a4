"""What a market tick says happened: fills, events, and why something was refused. Numbers only, no prose.

The rule that the ledger rests on: every change of any user's cash or escrow is in exactly one fill or one event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Literal

from engine.state import Side
from engine.terms import ADDED_FIELDS, MarketParams, Problem, Round
from engine.units import JSON_SCALARS, field_names

FillKind = Literal["maker", "direct", "mint", "merge", "swap", "autofill", "sweep"]
OrderResult = Literal["filled", "partly", "refused", "cancelled", "resting"]


class Reason(StrEnum):
    """Every named refusal. None of them changes anything but the gas of an order."""

    FROZEN = "frozen"
    PAUSED = "paused"
    DISPUTED = "disputed"
    NOT_RUNNING = "not_running"
    DUPLICATE_ID = "duplicate_id"
    UNKNOWN_USER = "unknown_user"
    UNKNOWN_OUTCOME = "unknown_outcome"
    OUTCOME_OUT = "outcome_out"
    SIZE_ZERO = "size_zero"
    NO_CASH_FOR_GAS = "no_cash_for_gas"
    NO_CASH = "no_cash"
    NO_TOKENS = "no_tokens"
    POOL_EMPTY = "pool_empty"
    PAST_WORST_PRICE = "past_worst_price"
    BAD_LIMIT = "bad_limit"
    SPEND = "spend"
    NO_SUCH_ORDER = "no_such_order"
    TOO_LATE = "too_late"
    ALREADY = "already"
    ROUND_OPEN = "round_open"
    NOT_FROZEN = "not_frozen"
    WRONG_COUNT = "wrong_count"
    FINAL_NEEDS_WINNER = "final_needs_winner"
    TOO_FEW_LEFT = "too_few_left"
    BAD_VALUES = "bad_values"
    NOT_DISPUTED = "not_disputed"
    HAS_TRADED = "has_traded"
    HAS_ORDERS = "has_orders"
    HAS_PAID = "has_paid"
    CLAIMED = "claimed"
    AHEAD = "ahead"
    DECIDED = "decided"
    STALE = "stale"
    REPLAY_DIFFERS = "replay_differs"
    CUT = "cut"


class Recorded:
    """Something that happened; `to_json` gives a flat dict of JSON values with its `type`."""

    __slots__ = ()

    def to_json(self) -> dict[str, object]:
        data: dict[str, object] = {"type": type(self).__name__}
        for name in field_names(type(self)):
            value = getattr(self, name)
            data[name] = value if type(value) in JSON_SCALARS else _json_value(value)
        return data


class Naming(Recorded):
    """An event that names winners of the final or `losers` of a round; without losers it is written as before rounds
    could be claimed."""

    __slots__ = ()

    def to_json(self) -> dict[str, object]:
        data = super().to_json()
        if not data["losers"]:
            del data["losers"]
        return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill(Recorded):
    """One token leg that changed hands; None stands for the house.

    The buyer pays amount + buy_fee, the seller gets amount - kept - sell_fee; kept, a rounding, stays with the
    house. A resting buyer pays out of escrow: `released` of it comes back to their cash with the fill, what they
    pay goes out again. `order` is the order being executed (of a sweep: the resting one itself), `resting` the
    resting order that this leg fills, None for a leg of the order alone. `price` is amount/size in micro-dollars
    per token, rounded, for display. `parts` of a fill with the maker: pool (what the pools got or gave), convexity,
    penalty, curve, floor; a buy's amount is their sum, a sell's is pool less the others.
    """

    order: str
    kind: FillKind
    outcome: int
    side: Side
    buyer: int | None
    seller: int | None
    size: int
    price: int
    amount: int
    buy_fee: int = 0
    sell_fee: int = 0
    kept: int = 0
    released: int = 0
    resting: str | None = None
    parts: dict[str, int] = field(default_factory=dict)

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders that traded this themselves. The other leg of a mint, merge or swap and what auto-fills traded
        bear the executed order's number too, but are trades of the resting order alone."""
        if self.resting is None:
            return (self.order,)
        return (self.order, self.resting) if self.kind == "direct" else (self.resting,)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDone(Recorded):
    """How an order ended. `amount` is all it paid or got (fees and floor in, gas out); the fills carry the money.

    `size` is what was asked for, `filled` what traded, `unsold` what came back of a sell, `rests` what waits in the
    book (status `resting` when nothing traded, else `partly`). `detail` holds the numbers of a refusal, such as need
    and have (micro), worst and average (rates).
    """

    order: str
    user: int
    outcome: int
    side: Side
    buy: bool
    status: OrderResult
    size: int
    filled: int = 0
    unsold: int = 0
    rests: int = 0
    amount: int = 0
    fee: int = 0
    gas: int = 0
    reason: Reason | None = None
    detail: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gas(Recorded):
    """A user paid `amount` for handing in an order."""

    user: int
    amount: int
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rested(Recorded):
    """`rest` of an order joined its pool; `escrow` went from the user's cash into escrow (0 for a sale)."""

    order: str
    user: int
    outcome: int
    side: Side
    buy: bool
    limit: int
    rest: int
    escrow: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Recorded):
    """A user took back the `rest` of a resting order; its `escrow` came back to their cash."""

    order: str
    user: int
    outcome: int
    side: Side
    buy: bool
    limit: int
    rest: int
    escrow: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Recorded):
    """A round, the final or a void gave the `rest` of a resting order back, and its `escrow` to the user's cash."""

    order: str
    user: int
    outcome: int
    side: Side
    buy: bool
    limit: int
    rest: int
    escrow: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebate(Recorded):
    """A user's share of what their resting order `order` paid above the house's curve when `trigger` filled it."""

    order: str
    trigger: str
    user: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidBack(Recorded):
    """Convexity and penalty of an order that came back to its user out of the auto-fills it triggered."""

    order: str
    user: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Recorded):
    """A user got `cash` of play money; `first` when this opened their account."""

    user: int
    cash: int
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(Recorded):
    """An account that was never used is closed; its `cash` went back to where play money comes from."""

    user: int
    cash: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen(Recorded):
    """Trading stopped at `at_ms`: for a scheduled round, or by hand (None)."""

    round: int | None
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(Recorded):
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Recorded):
    """Trading goes on, by hand or after a round."""

    round: int | None
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundAsked(Recorded):
    """A round is due and waits for an admin to name `count` losers, or the winner of the final."""

    round: int
    at_ms: int
    count: int
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundSkipped(Recorded):
    """A scheduled round had nobody left to put out: it froze at its time, decided nothing and is over."""

    round: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Eliminated(Recorded):
    """Outcomes left the market; `round` None when by hand outside the schedule.

    Prices are (outcome, yes, no) in micro-dollars of every outcome active before, and of the survivors after.
    `paid` went to `holders_no` people; of `freed`, `handed` went to the survivors' pools and `withheld` stayed in
    the stake. `sum_before` and `sum_after` are the sums of the YES prices, micro.
    """

    round: int | None
    at_ms: int
    outcomes: tuple[int, ...]
    prices_before: tuple[tuple[int, int, int], ...]
    prices_after: tuple[tuple[int, int, int], ...]
    holders_no: int
    paid: int
    freed: int
    handed: int
    withheld: int
    sum_before: int
    sum_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid(Recorded):
    """A user got `amount` for tokens that turned out right; in a dead heat, where it is for all of theirs together,
    without outcome, side and tokens."""

    user: int
    amount: int
    outcome: int | None = None
    side: Side | None = None
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Recorded):
    """The final: `paid` to `holders` people; several `winners`, ascending, share in a dead heat. Prices are (outcome,
    yes, no), micro, of who was in just before."""

    round: int | None
    at_ms: int
    winners: tuple[int, ...]
    paid: int
    holders: int
    prices_before: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(Naming):
    """Somebody is named and nothing paid yet; at `until_ms` `due` is paid to `holders` people unless it is corrected.

    Winners of the final: trading is over. `losers` of a round (`winners` is empty): trading stops until they are paid;
    `round` None when named by hand outside the schedule. Winners and prices as in `Resolved`."""

    round: int | None
    at_ms: int
    winners: tuple[int, ...]
    until_ms: int
    due: int
    holders: int
    prices_before: tuple[tuple[int, int, int], ...]
    losers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(Naming):
    """Others are named instead of `before`, and the window begins anew: winners, or the `losers` of a round; `due` and
    `holders` as in `Claimed`."""

    at_ms: int
    before: tuple[int, ...]
    winners: tuple[int, ...]
    until_ms: int
    due: int
    holders: int
    losers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Recorded):
    """Every order accepted after `moment_ms` is undone: the market is what a replay without them gives.

    What changed, after less before, of whom and what anything did: `accounts` are (user, cash, escrow), `tokens` are
    (user, outcome, yes, no), `profit` is by source. `left_out` are the orders that never were, of those that had done
    anything (gas counts); `book` is (order, user, rest before, rest after) of every order of which another size waits
    now, 0 where none of it does. `until_ms`: a claim stands and is paid then, its window begun anew; None without one.
    """

    id: str
    at_ms: int
    moment_ms: int
    until_ms: int | None
    accounts: tuple[tuple[int, int, int], ...]
    tokens: tuple[tuple[int, int, int, int], ...]
    profit: dict[str, int]
    left_out: tuple[str, ...]
    book: tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided(Recorded):
    """The market was called off and never was: (user, amount) of everybody whose net stake was not 0, by user. A
    negative amount is a gain that goes back; the house gets minus their sum."""

    at_ms: int
    amounts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retuned(Recorded):
    """Parameters changed. `params` holds from here on: the caller keeps it and passes it to the next tick."""

    id: str
    fields: tuple[str, ...]
    params: MarketParams


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRefused(Recorded):
    """An intent other than an order changed nothing, and why."""

    id: str
    reason: Reason
    detail: dict[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


Payout = Paid
Event = (
    OrderDone
    | Gas
    | Rested
    | Cancelled
    | Released
    | Rebate
    | PaidBack
    | Joined
    | Left
    | Frozen
    | Paused
    | Resumed
    | RoundAsked
    | RoundSkipped
    | Eliminated
    | Paid
    | Resolved
    | Claimed
    | Corrected
    | Cut
    | Voided
    | Retuned
    | ControlRefused
)


def params_after(params: MarketParams, events: Iterable[Event]) -> MarketParams:
    """The parameters to pass to the next tick: those of the last `Retuned`, else the given ones."""
    for event in events:
        if isinstance(event, Retuned):
            params = event.params
    return params


def _json_value(value: object) -> object:
    if type(value) in JSON_SCALARS:
        return value
    if isinstance(value, MarketParams | Problem | Round):
        data = {part.name: _json_value(getattr(value, part.name)) for part in fields(value)}
        return {name: item for name, item in data.items() if name not in ADDED_FIELDS or item != ADDED_FIELDS[name]}
    if isinstance(value, Mapping):
        return {str(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    return value

"""The plain facts that rules find and sentences tell: what `market` and `commands` hand to `words`.

A fact is data: no sentence, no look-up, no decision. Money is in micro-dollars, tokens in millionths, times in
milliseconds, shares in 10^-12, unless the fact says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from bot.text.numbers import RATE, percent, typed_moment, typed_money, typed_span, typed_tokens
from engine.events import Claimed, ControlRefused, Corrected, Eliminated, Resolved, Voided
from engine.quote import Quote
from engine.schedule import RoundAhead
from engine.state import Side
from engine.terms import MarketParams
from storage.outbox import Backlog
from storage.people import Preferences
from storage.personal_data import Traces
from storage.records import (
    ActionRow,
    Approval,
    AuditRow,
    Identity,
    Market,
    Member,
    MetricRow,
    OrderDraft,
    OrderRow,
    Person,
)
from storage.transfers import NetTransfer

LEAST_TRADES = 3
"""With fewer in a market, nobody scores in it for the season."""

# -- what is typed

ALIASES: Mapping[str, str] = {
    "balance": "starting_balance",
    "tick": "batch_interval_ms",
    "gas": "gas_fee",
    "outcomes": "outcome_names",
    "stake": "z",
    "autofill": "af_enabled",
    "crossing": "cm_enabled",
    "floor": "floor_enabled",
    "dispute": "dispute_window",
    "wording": "about",
}
"""A market's settings as people type them, and as the engine calls them."""

_TYPED_NAMES = {
    **{name: typed for typed, name in ALIASES.items() if typed not in ("stake", "wording")},
    "rounds": "schedule",
}


def typed_name(name: str) -> str:
    """A market's setting as people type it."""
    return _TYPED_NAMES.get(name, name)


@dataclass(frozen=True, slots=True)
class Hint:
    """A value one could type, and what it means."""

    value: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Exactly one is set: tokens, money to spend, or a share of all one has."""

    tokens: int | None = None
    spend: int | None = None
    share: int | None = None

    def typed(self) -> str:
        """As people type it."""
        if self.tokens is not None:
            return typed_tokens(self.tokens)
        if self.spend is not None:
            return typed_money(self.spend)
        return {RATE: "all", RATE // 2: "half"}.get(self.share or 0, percent(self.share or 0))


@dataclass(frozen=True, slots=True)
class AskedPrice:
    """A price of one side to be told of, in micro-dollars; None: of none any more."""

    side: Side
    price: int | None


@dataclass(frozen=True, slots=True)
class When:
    """A moment (epoch ms), or so long after the start. `said` is a moment as somebody said it, `zone` what it was read
    in."""

    ms: int
    relative: bool = False
    said: str = field(default="", compare=False)
    zone: str = field(default="", compare=False)

    def after_start(self, start_ms: int) -> int:
        """Engine time."""
        return self.ms if self.relative else self.ms - start_ms

    def epoch(self, start_ms: int) -> int:
        return self.ms + start_ms if self.relative else self.ms

    def typed(self) -> str:
        return f"+{typed_span(self.ms)}" if self.relative else typed_moment(self.ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimetableShown:
    """A timetable as it is read back: freeze and decision of each round, as moments where the start is known. `ahead`:
    what is left to each round to come, of which `next_round` is the first, with the `active` outcomes in. `claimed`:
    the round of which it is said who is out, or who won, and nobody is paid yet."""

    times: tuple[tuple[When, When], ...]
    next_round: int
    active: tuple[int, ...]
    ahead: tuple[RoundAhead, ...]
    claimed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpEntry:
    """One command as help shows it."""

    name: str
    usage: str
    summary: str
    details: str = ""
    arguments: tuple[tuple[str, str, bool], ...] = ()  # name, what it means, required
    examples: tuple[str, ...] = ()


# -- orders

MOST_SLIPPAGE_ASKED = 10 * RATE
"""More cannot be typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """With two outcomes left, the token that pays exactly when the one asked for does, and what as many of it cost or
    would cost, gas in."""

    outcome: int
    side: Side
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedOrder:
    """A quoted order as its ticket shows it.

    `asked`: the amount as it was asked for; `own_slippage`: whether its owner chose the slippage. `most`: the most a
    buyer pays or the least a seller gets, gas in; `capped` where that is all they have and not the slippage. `stopped`:
    whether a share of what they have was cut to the largest size that can still win. `winning`: for a buy that can
    only lose, the amount that can still win, None where none can. `equivalent`: the other way to the same payout.
    """

    params: MarketParams
    draft: OrderDraft
    quote: Quote
    asked: Amount
    slippage: int
    most: int
    own_slippage: bool = False
    capped: bool = False
    stopped: bool = False
    winning: Amount | None = None
    equivalent: Equivalent | None = None
    no_autofill: bool = False  # asked for where the market has none

    @property
    def total(self) -> int:
        """All that is paid, or got, gas in."""
        return self.quote.amount + self.quote.gas if self.draft.buy else self.quote.amount - self.quote.gas

    @property
    def only_loses(self) -> bool:
        """Whether a buy costs all it can pay, or more, once all of it has traded; a sale, whether it brings nothing."""
        if self.draft.buy:
            return gain_if_right(self.quote, self.draft.limit) <= 0
        return self.draft.limit is None and self.total <= 0


def gain_if_right(quote: Quote, limit: int | None) -> int:
    """What a buy pays if right, less what it costs, gas in; what waits in the book costs its limit, without a fee."""
    waiting = 0 if limit is None else -(-limit * quote.rests // RATE)
    return quote.size + quote.rests - quote.amount - quote.gas - waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeOffer:
    """Instead of an order that the slippage `allowed` does not let through: the largest amount that it does, and the
    slippage `needed` for all of it, each None where there is none. `chosen_for`: "owner" by themselves, "unasked" for
    who gets no tickets, "anybody" for all others."""

    fits: Amount | None
    allowed: int
    chosen_for: Literal["owner", "unasked", "anybody"]
    needed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedOrder:
    """An order that did not trade: the engine's reason and its numbers.

    `title`: that of its market, where it is told away from it. `asked`: the amount as its owner typed it, `slippage`
    the one it was given and `own_slippage` whether that was their choice, None and False where that is not known.
    `price_then`: the token's price on its ticket, `price_now` now; `free`: what its owner can spend now.
    """

    params: MarketParams
    draft: OrderDraft
    reason: str | None
    detail: Mapping[str, int]
    gas: int
    title: str = ""
    asked: Amount | None = None
    slippage: int | None = None
    own_slippage: bool = False
    price_then: int | None = None
    price_now: int | None = None
    free: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """All fills of one kind: tokens, and money before fees; `waited` where they met the order in the book."""

    kind: str
    size: int
    amount: int
    waited: bool

    @property
    def price(self) -> int:
        return self.amount * 10**6 // self.size if self.size else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReceipt:
    """An order that has run, and where its owner stands now, in the market of that title. `latest` are its fills of the
    tick it is told about, where it is told of one; `traded`: its outcome still is."""

    params: MarketParams
    title: str
    order: OrderRow
    legs: Sequence[Leg]
    held: int
    worth: int  # of all that is held, were it sold now
    owner: int  # who may press its buttons
    traded: bool
    latest: Sequence[Leg] = ()

    @property
    def total(self) -> int:
        """All that was paid, or got: gas in, and what auto-fills gave back."""
        order = self.order
        if order.draft.buy:
            return order.amount + order.gas - order.rebate
        return order.amount - order.gas + order.rebate


# -- the book


@dataclass(frozen=True, slots=True, kw_only=True)
class BookLevel:
    """All that waits at one limit; `own` of it is the reader's."""

    limit: int
    size: int
    own: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBook:
    """One token's side of the book, best first, and the house's price."""

    sells: Sequence[BookLevel]
    buys: Sequence[BookLevel]
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthStep:
    """What buying and selling for so much would do: average and price after, rates; None where it cannot be."""

    amount: int
    buy: tuple[int, int] | None
    sell: tuple[int, int] | None


# -- a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Tokens of one side of one outcome, the price of one now, what selling all of them would bring (see
    `storage.rankings`), how many of them wait in the book to be sold, and what their owner has paid for such tokens
    less what came back for them so far (fees in)."""

    outcome: int
    side: Side
    size: int
    price: int
    worth: int
    for_sale: int = 0
    paid: int = 0

    @property
    def profit(self) -> int:
        """Made or lost with this token so far, were the rest sold now."""
        return self.worth - self.paid


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalSettings:
    """`pings` are those for the chat called `place`; None where there is none to speak of. `elsewhere`: in how many
    other chats some are set. `person` is whom the buttons are for."""

    kept: Preferences
    pings: frozenset[str] | None
    place: str
    elsewhere: int = 0
    person: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPerson:
    """All that is stored about somebody. `pings` by the title of the chat."""

    person: Person
    identities: Sequence[Identity]
    accounts: Sequence[tuple[Market, Member]]
    kept: Preferences
    pings: Mapping[str, frozenset[str]]
    traces: Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSummary:
    """What somebody would leave behind in one market; `used`: whether anything was ever ordered with it."""

    market: Market
    member: Member
    waiting: int
    used: bool


# -- for admins


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSetting:
    """One of a market's settings: the engine's name, what it means, its value as it is typed ("" where it has none),
    the words it is chosen from, and whether it can no longer change."""

    name: str
    about: str
    value: str
    choices: tuple[str, ...] = ()
    fixed: bool = False

    @property
    def typed_name(self) -> str:
        return typed_name(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermChange:
    """One term that is another, as people type it and write its values."""

    name: str
    before: str
    after: str


DecisionEvent = Eliminated | Resolved | Claimed | Corrected | Voided | ControlRefused | None
"""What the engine makes of a decision; None where it cannot say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Involvement:
    """What somebody has in a market: (yes, no) of each outcome still in, and how many orders wait."""

    held: tuple[tuple[int, int], ...]
    orders: int

    def __bool__(self) -> bool:
        return self.orders > 0 or any(yes or no for yes, no in self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPreview:
    """What the engine says would happen; `again` is the line that does it. `stale`: an older preview was confirmed.

    part: what the one who decides has in the market, where that makes it a proposal, and `others` how many admins could
    approve it; proposal: what is being approved, and by whom it was proposed; paid: what a round's claim comes to once
    its window has passed; used: (round, its freeze (epoch), how many it took, how many it would take) of each round to
    come of which it uses up something.
    """

    record: Market
    kind: str
    event: DecisionEvent
    again: str
    person: int | None
    stale: bool
    now_ms: int
    part: Involvement | None = None
    others: int = 0
    proposal: Approval | None = None
    proposer: str = ""
    paid: Eliminated | None = None
    used: Sequence[tuple[int, int, int, int]] = ()


ROUNDS_LEFT = "rounds_left"
"""Where the log keeps what an elimination by hand uses up: [round, how many it took, how many it takes] each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A line of the log, with the action it asked the tick for, or the proposal it made; `stands`: whether that could
    still be approved."""

    row: AuditRow
    action: ActionRow | None = None
    proposal: Approval | None = None
    stands: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CutFigures:
    """What a market cut back to a moment would be beside what it is. No member is named: sums, counts and the largest.

    moment_ms: epoch; orders: those undone, of so many `owners`; trades: how many there are since, as they are and as
    they would be, and `volume` likewise; people: whose money, tokens or orders would be otherwise. `returned`, `taken`:
    money that comes back to people and goes back from them, and to how many; `most`: the largest of each of one person.
    tokens: how many millionths come back to people and go back from them. waiting: orders that would wait in the book
    again, and that would leave it. prices: (outcome, YES before, YES after) of those still in. profit, risk: the
    house's, before and after. until_ms: epoch, when a claim that stands is paid then. round: what trading is shut for,
    whether that is the `final`, and how many it `takes`; None: an admin shut it.
    """

    moment_ms: int
    orders: int
    owners: int
    trades: tuple[int, int]
    volume: tuple[int, int]
    people: int
    returned: tuple[int, int]
    taken: tuple[int, int]
    most: tuple[int, int]
    tokens: tuple[int, int]
    waiting: tuple[int, int]
    prices: tuple[tuple[int, int, int], ...]
    profit: tuple[int, int]
    risk: tuple[int, int]
    until_ms: int | None
    round: int | None
    final: bool
    takes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CutPreview:
    """`again` is the line that does it; the rest as in `DecisionPreview`."""

    record: Market
    figures: CutFigures
    reason: str
    again: str
    person: int | None
    stale: bool
    now_ms: int
    part: Involvement | None = None
    others: int = 0
    proposal: Approval | None = None
    proposer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorFigures:
    """Beside the market's own row. `traders` of the `people` in it have traded, `trades` times between them. `times`:
    how long the last ticks took, microseconds, newest first; `resting`: orders in the book; `worst`: the highest risk
    there ever was; `transfers`: what one account lost to one other through the book, and what each is called;
    `deciders`: the admins known in its chats by name, and whether each has a part in it; `proposals` wait for one;
    `house`: what the house has, of what it staked."""

    people: int
    traders: int
    trades: int
    pending: int
    actions: int
    resting: int
    times: Sequence[int]
    waiting: Sequence[Backlog]
    metric: MetricRow | None
    worst: int
    transfers: Sequence[NetTransfer]
    names: Mapping[int, str]
    deciders: Sequence[tuple[str, bool]]
    proposals: int
    house: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """One member: `balance` is cash, `worth` what their tokens would bring and what waits in the book beside it;
    `place` empty for who has none."""

    person: int
    place: str
    name: str
    balance: int
    worth: int
    stake: int
    trades: int
    barred: bool = False
    unranked: bool = False


# -- standings


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonStanding:
    """One person over a season. `points` in tenths; `rank` counts from 1, equal points and wins share it."""

    rank: int
    person: int
    name: str
    points: int
    markets: int
    wins: int
    best: Fraction  # the best gain over stake in one market


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadNow:
    """A market's newest head, signed, and the key in the form other tools take; of a market of older rules its hash
    alone."""

    text: str
    vkey: str | None

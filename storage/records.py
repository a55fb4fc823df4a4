"""What storage hands out: frozen rows.

Money and tokens are integers in millionths, rates integers in 10^-12, times UTC epoch milliseconds unless a field
says engine time (milliseconds since the market's start). Outcomes count from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from engine.resting_book import escrowed
from engine.state import Side, Status
from engine.terms import MarketParams
from engine.units import RULES

Json: TypeAlias = "bool | int | str | list[Json] | tuple[Json, ...] | dict[str, Json] | None"
Payload: TypeAlias = Mapping[str, Json]  # a JSON object; floats never enter it


class OrderStatus(StrEnum):
    """`pending` waits for its tick; `resting` waits in the book, whole or in part; all others are final."""

    PENDING = "pending"
    RESTING = "resting"
    FILLED = "filled"
    PARTLY = "partly"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    CUT = "cut"  # undone: it never was


HALTED = "halted"  # why an order was refused that waited while its market was halted
BARRED = "barred"  # why an order was refused that waited when its owner was barred
RELEASED = "released"  # why an order was cancelled that its owner did not cancel
OPEN_ORDERS = (OrderStatus.PENDING, OrderStatus.RESTING)


class TicketStatus(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    REPLACED = "replaced"  # Change was pressed: another ticket took its place


class ActionStatus(StrEnum):
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


class NoticeAudience(StrEnum):
    """Whom an outbox row is for."""

    CHAT = "chat"
    PERSON = "person"
    ADMINS = "admins"  # already resolved to one person a row; the word says why they get it


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: int
    name: str  # as they or their platform wrote it: hostile until escaped
    created_ms: int
    market: int | None = None  # the one they used last


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One person on one platform."""

    person: int
    platform: str
    external_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    id: int
    platform: str  # room | discord | telegram
    external_id: str
    kind: str  # group | private | room
    title: str
    lost: str | None = None  # why nothing reaches it, one of bot.platform.Why


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """The step the timetable holds next. `round` counts from 0; the last round is the final; None: a round by hand
    outside the timetable waits to be paid."""

    kind: str  # start | freeze | decide | pay
    at_ms: int
    round: int | None
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A market as its row in `config` tells it.

    `status` is what people see; `halted` says why the market stands still where a broken invariant or repeated failure
    stopped it (then `status` is FROZEN whatever the engine's state says).
    """

    id: int
    chat_id: int
    title: str
    status: Status
    params: MarketParams
    draft: Payload  # what the admin typed, by parameter name, so that `/admin set` can start from it
    creator: int
    created_ms: int
    planned_start_ms: int | None  # a LOBBY starts by itself then
    start_ms: int | None
    tick: int  # the last market tick saved; 0 right after the start
    tick_ms: int | None  # when that was
    head: str  # hash of that tick: the head of the audit chain
    halted: str | None
    memo: Payload  # what has been announced: see `scheduler.signals`
    next_step: NextStep | None
    intents: int  # orders and actions numbered so far
    volume: int  # micro-dollars traded so far, before fees
    trades: int
    winners: tuple[int, ...]  # several share in a dead heat; () where nobody has won
    ended_ms: int | None  # resolved or voided
    asks_now: tuple[int, ...]  # rounds that were to be decided by the lowest price, which no rules do any more
    rules: int  # those it plays by; before the start those its parameters were written by
    keys: str = "on"  # orders by key: on | hidden (traded, and shown to nobody else) | off (refused)
    public: bool = False  # whoever has its link may watch it, once it is no draft any more

    @property
    def over(self) -> bool:
        return self.status in ENDED

    @property
    def outdated(self) -> bool:
        """It runs by rules this version does not play by: it can be read and called off, nothing else."""
        return self.start_ms is not None and self.rules != RULES and not self.over

    def market_ms(self, now_ms: int) -> int:
        """What time it is for the market: never before its last tick, wherever the wall's clock has been set."""
        return now_ms if self.tick_ms is None else max(now_ms, self.tick_ms)

    def engine_ms(self, epoch_ms: int) -> int:
        """Epoch milliseconds to engine time. Only for a market that has started."""
        if self.start_ms is None:
            raise ValueError(f"market {self.id} has not started")
        return epoch_ms - self.start_ms

    def epoch_ms(self, engine_ms: int) -> int:
        """Engine time to epoch milliseconds. Only for a market that has started."""
        if self.start_ms is None:
            raise ValueError(f"market {self.id} has not started")
        return self.start_ms + engine_ms


ENDED = (Status.RESOLVED, Status.CLOSED, Status.VOIDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person's account in one market. `available` is what they can still put into orders."""

    market: int
    person: int
    name: str
    joined_ms: int
    funded: bool  # False: not known to the engine (lobby, or the join waits for the tick): quote with user=None
    balance: int  # equals the engine's cash and the sum of their ledger entries
    coming: int  # granted, waiting for the tick
    reserved: int  # worst cost of their pending orders
    stake: int  # starting balance and grants so far
    net_pnl: int  # cash won or lost in trading and payouts so far, what they hold not counted
    trade_count: int
    volume: int  # money they traded, fees not counted
    fees: int
    gas: int
    tokens: tuple[tuple[int, int], ...]  # (yes, no) held, per outcome; () before the start
    escrow: int = 0  # set aside for resting orders, beside the balance
    barred: str | None = None  # why an admin has barred them ("": no reason given): they may sell and cancel, not buy
    unranked: bool = False  # an admin keeps them out of ranks, podium and season

    @property
    def available(self) -> int:
        return self.balance + self.coming - self.reserved

    @property
    def cash(self) -> int:
        """What is theirs beside tokens: free, on its way, set aside."""
        return self.balance + self.coming + self.escrow

    @property
    def given(self) -> int:
        """All they were given to play with, on its way or arrived."""
        return self.stake + self.coming


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """What a person asked for, in the engine's units; see `engine.intents.Order`."""

    outcome: int
    side: Side
    buy: bool
    size: int
    limit: int | None = None
    worst_price: int | None = None
    max_slippage: int | None = None
    autofill: bool = False
    spend: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    market: int
    number: int  # short, for people; unique in its market
    person: int
    draft: OrderDraft
    status: OrderStatus
    reserve: int  # micro-dollars set aside while it is pending
    remaining: int  # tokens not traded (yet)
    amount: int  # paid or got, fee in, gas out
    fee: int
    gas: int
    rebate: int  # came back out of auto-fills
    reason: str | None  # engine.events.Reason where it was refused; halted, released
    detail: Payload  # the numbers of that reason
    request_id: str
    ts_ms: int  # accepted
    accepted_ms: int  # the same in engine time
    tick: int | None  # the market tick that ran it
    ticket: int | None
    created: bool = True  # False: this request had been accepted before and this is the order it made
    rest_fee: int | None = None  # the largest fee it may be charged where it rests or rested, a rate
    key: int | None = None  # by which a program sent it

    @property
    def id(self) -> str:
        """The engine's name for it; sorts like the number."""
        return intent_id(self.number)

    @property
    def done(self) -> int:
        """Tokens traded."""
        return self.draft.size - self.remaining if self.tick is not None else 0

    @property
    def escrow(self) -> int:
        """Cash that what is left of a resting buy ties up, or tied up when it was given back."""
        if not self.draft.buy or self.draft.limit is None or self.rest_fee is None:
            return 0
        return escrowed(self.draft.limit, self.rest_fee, self.remaining)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """An order or action that was not taken; nothing was stored.

    code: not_member | not_running | frozen | paused | disputed | outdated | barred | no_cash | no_tokens | joined |
    bad_status | has_traded | has_orders | has_paid | key_gone | key_scope | keys_off | terms_change | key_busy |
    not_its_tokens | allowance. For no_cash the micro-dollars they have and the order needs, for allowance those that
    are left of it; for no_tokens the tokens they can still sell, those the order sells, and those that sales on their
    way to the tick have taken, for not_its_tokens those a key bought and has left.
    """

    code: str
    available: int = 0
    needed: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A quoted order that waits for Confirm. `terms` is the estimate as shown, kept so that it can be shown again."""

    id: int
    market: int
    person: int
    status: TicketStatus
    draft: OrderDraft
    reserve: int
    terms: Payload
    order: int | None  # number of the order Confirm made
    platform: str | None  # where the ticket stands, so that its fill can replace it
    chat_ext: str | None
    ref: str | None
    created_ms: int

    @property
    def request_id(self) -> str:
        """What Confirm must append its order under: then two presses, however they arrive, are one order."""
        return f"ticket:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One token leg of a fill. `buyer` or `seller` None is the house. `amount` is the money before fees."""

    market: int
    id: int
    tick: int
    ts_ms: int
    outcome: int
    side: Side
    kind: str  # maker | direct | mint | merge | swap | autofill | sweep
    buyer: int | None
    seller: int | None
    price: int  # micro-dollars a token, rounded
    size: int
    amount: int
    buy_fee: int
    sell_fee: int
    kept: int  # a rounding that stays with the house
    released: int  # came out of the buyer's escrow to pay for it
    order: int | None  # whose turn it was
    resting: int | None  # the resting order it filled
    parts: Mapping[str, int]  # of a maker fill: see `engine.events.Fill`
    by_key: bool = False  # a program's: its turn, or of one's own trades one's own part; where that was asked for

    @property
    def fee(self) -> int:
        return self.buy_fee + self.sell_fee


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRow:
    """Prices after the tick in micro-dollars (out: YES 0, NO $1), money traded in it; all three per outcome."""

    market: int
    tick: int
    ts_ms: int
    yes: tuple[int, ...]
    no: tuple[int, ...]
    volume: tuple[int, ...]
    orders: int
    trades: int
    hash: str
    state_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """`volume` was traded in this tick; risk, profit and sources are as of its end."""

    market: int
    tick: int
    ts_ms: int
    volume: int
    mm_risk: int  # worst loss over winners; may be below 0: the house gains
    mm_profit: int
    sources: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    market: int
    id: int
    tick: int
    ts_ms: int
    type: str  # class name of the engine's event
    payload: Payload  # its to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """An intent that is not an order: join, cancel, control, retune."""

    market: int
    number: int
    kind: str
    payload: Payload
    actor: int | None  # None: the timetable
    status: ActionStatus
    reason: str | None
    request_id: str
    ts_ms: int
    accepted_ms: int
    tick: int | None
    created: bool = True  # False: this request had been accepted before

    @property
    def id(self) -> str:
        return intent_id(self.number)


class ApprovalStatus(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    LAPSED = "lapsed"  # the market moved on before anybody approved it, or somebody turned it down (`decided_by`)


LASTING = ("retune", "about", "grant")
"""Kinds of proposals that decide nothing: they stand as long as the market does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What one admin proposed and another one approves. `code` stands for the moment of the market a decision was
    proposed at: once the market has moved on from there, it has lapsed."""

    market: int
    number: int
    kind: str  # eliminate | resolve | correct | retune | about | grant
    outcomes: tuple[int, ...]
    asked: Payload  # of a retune {values: {..}}, of an addition to what decides {text}, of a grant {user, cash}
    reason: str
    code: str
    proposer: int
    status: ApprovalStatus
    ts_ms: int
    decided_by: int | None
    decided_ms: int | None  # approved or lapsed
    created: bool = False  # True: this request made it

    @property
    def declined(self) -> bool:
        """Whether somebody turned it down: lapsed by their word, not by the market's course."""
        return self.status is ApprovalStatus.LAPSED and self.decided_by is not None

    @property
    def slot(self) -> str:
        """Of the messages that ask admins about it."""
        return f"ask:proposal:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What decides a market, in an admin's words: the first text, or something added to it after the start."""

    market: int
    number: int  # counts from 1
    text: str  # line breaks kept
    actor: int
    ts_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    market: int
    id: int
    tick: int
    ts_ms: int
    account: str  # bank | house | user:<id> | escrow:<id>
    amount: int
    kind: str  # stake | grant | return | trade | fee | gas | payout | refund | escrow
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to tell, as data: what happened and to whom it is told. `scheduler.notices` makes them from events.

    slot: messages of one slot replace each other where they stand (the board); key: rows of one key waiting for the
    same place replace each other before they leave (newest wins). Notices of money have a key only where the newest
    tells all that the older ones did: how an order stands.
    """

    kind: str
    audience: NoticeAudience
    payload: Payload
    person: int | None = None
    ticket: int | None = None
    slot: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    id: int
    market: int | None
    kind: str
    audience: NoticeAudience
    platform: str
    target: str  # external id of the chat, or of the person where audience is not CHAT
    person: int | None
    payload: Payload
    slot: str | None
    ticket: int | None
    edit_ref: str | None  # of the ticket this replaces, or what stands in the slot
    edit_chat: str | None  # external id of the chat where edit_ref stands
    attempts: int
    revision: int  # of the payload as claimed; a newer one keeps the row alive past `done`
    created_ms: int
    due_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomMessage:
    """A message of the local room. `seq` grows with every append and every replacement; `id` stays."""

    id: int
    seq: int
    room: str
    channel: str  # talk | board | ... as the room likes
    person: int | None  # whose private answer it is; None: everybody's
    author: str
    body: Payload
    ts_ms: int
    edited_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    id: int
    market: int | None
    chat: int | None
    actor: int | None
    action: str
    reason: str
    before: Payload
    after: Payload
    ts_ms: int


def intent_id(number: int) -> str:
    """The engine orders intents of one millisecond by id as text: zero-padded, it sorts like the number."""
    return f"{number:012d}"


def intent_number(ident: str) -> int:
    return int(ident)

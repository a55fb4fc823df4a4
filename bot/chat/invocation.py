"""What a person does, as data: a typed line, a slash form, a button and a dialog all make an `Invocation`.

What a line is read against: the names of this market's outcomes, what the speaker holds, what time it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.chat.facts import Hint
from engine.state import Side
from storage.records import Identity


class ChatKind(StrEnum):
    """Where it was said. The room is one chat that everybody reads and in which private answers are possible."""

    GROUP = "group"
    PRIVATE = "private"
    ROOM = "room"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One thing said or pressed. Either `text`, a line such as `/buy germany yes 100` (buttons are lines too), or
    `command` with `args` by name, as a slash form or a dialog gives them (texts as typed; empty ones are left out).
    `command` may carry leading arguments too (`ticket change 17`).

    `request_id` is the platform's own id of it: the same id twice is the same request, answered the same, done once;
    `is_retry`: it is sent again, and may have been done before.
    `made_for` is whom the pressed button was made for (`Action.person`); nobody else may press it.
    `alone`: whatever the answer, its speaker alone reads it, as after the press of a button.
    `is_admin` is what the platform vouches for this person in this chat at this moment, asked for each press anew.
    `visited`: only its speaker has installed the bot there; it counts as their private chat, in which nobody is an
    admin and no admin's command is offered.
    `nameless`: the platform says that an admin speaks and not which (an anonymous admin, a channel's post): nobody
    knows what part they have in a market. `bot_names`: what the bot itself is called there. `market`: the number of the
    one a page of the room shows, or a button names (`in_market`); what they may not see, a line is not about. `key`:
    the number of the one by which a program says it for its maker (`storage.keys`); none: they say it themselves.
    `came_as`: the identity by which they came in where they speak from elsewhere (a session by a link, a Mini App, a
    key); None for who is native to where they speak. `came_from`: the chat they came in from, by its number.
    """

    text: str = ""
    command: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    platform: str
    person_ext: str
    person_name: str
    chat_ext: str
    chat_kind: ChatKind
    chat_title: str = ""
    is_admin: bool = False
    visited: bool = False
    nameless: bool = False
    alone: bool = False
    bot_names: tuple[str, ...] = ()
    market: int | None = None
    key: int | None = None
    made_for: int | None = None
    came_as: Identity | None = None
    came_from: int | None = None
    request_id: str
    is_retry: bool = False

    @property
    def speaker(self) -> tuple[str, str]:
        """Platform and id there by which the speaker is known: where they came in, if that is elsewhere."""
        if self.came_as is not None:
            return self.came_as.platform, self.came_as.external_id
        return self.platform, self.person_ext

    @property
    def entrance(self) -> str:
        """The way they came in, as the log has it (`storage.audit.ENTRANCE`); "" for who speaks in their chat."""
        if self.key is not None:
            return f"key {self.key}"
        return "" if self.came_as is None else "page"


_IN_MARKET = re.compile(r"/in\s+([1-9]\d{0,17})\s+/?(?=\S)", re.ASCII)


def in_market(market: int, text: str) -> str:
    """A line that is about just this market, whichever is on where it is said: `/in 12 /admin approve 3`. For buttons
    of what is told in private."""
    return f"/in {market} {text}"


def read_market(text: str) -> tuple[int | None, str]:
    """The market a line names by `in_market`, if it names one, and the line without that."""
    named = _IN_MARKET.match(text)
    return (None, text) if named is None else (int(named[1]), f"/{text[named.end() :]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One row of a completion list. `line` is the whole line once it is accepted, `value` the argument alone (for forms
    that ask argument by argument), `label` what the row shows, `hint` what it means. A row with an empty `line` cannot
    be accepted: it explains the argument being typed (`label` is the argument's name)."""

    value: str = ""
    line: str = ""
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class HeldTokens:
    """Tokens one person holds of one outcome, in millionths; tied ones wait in the book to be sold."""

    yes: int = 0
    no: int = 0
    tied_yes: int = 0
    tied_no: int = 0

    def of(self, side: Side) -> int:
        return self.yes if side is Side.YES else self.no

    def free(self, side: Side) -> int:
        """What can be sold."""
        return self.of(side) - (self.tied_yes if side is Side.YES else self.tied_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingOrder:
    """One order of the speaker in the book: `rest` micro-tokens of it at `limit` (10^-12)."""

    number: int
    outcome: int
    side: Side
    buy: bool
    rest: int
    limit: int


class Listing(StrEnum):
    """What one thing of is typed by its number."""

    ORDERS = "orders"  # the speaker's own in the market
    MARKETS = "markets"  # those the speaker is in
    PROPOSALS = "proposals"  # those that wait for an admin


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseContext:
    """`outcomes` and `active` in the market's order, empty where there is no market; `held` by outcome from 0; `tick`
    is the step of limits, a rate; `waiting` the speaker's orders in the book, oldest first; `spendable` what they can
    put into an order beside its gas, micro-dollars, None without an account; `values` those of the line's other
    arguments, by name, as far as they are known: suggestions fit them; `people` the members' names by their numbers,
    where one of them is being typed, `listed` the numbers of what the line's arguments are numbers of, `settings` the
    values of each of the market's settings where one is being set; `presets` what the speaker has set for themselves,
    by argument, as it is typed."""

    now_ms: int
    outcomes: tuple[str, ...] = ()
    active: tuple[bool, ...] = ()
    prices: tuple[tuple[int, int], ...] = ()  # of YES and NO, millionths of a dollar
    held: Mapping[int, HeldTokens] = field(default_factory=dict)
    selling: bool = False
    tick: int = 10**10
    waiting: tuple[WaitingOrder, ...] = ()
    spendable: int | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)
    listed: Mapping[Listing, Sequence[Hint]] = field(default_factory=dict)
    settings: Mapping[str, Sequence[Hint]] = field(default_factory=dict)
    presets: Mapping[str, str] = field(default_factory=dict)

    @property
    def price(self) -> int | None:
        """Of the token that has been named, now, in micro-dollars; None where none has."""
        outcome, side = self.values.get("outcome"), self.values.get("side")
        if isinstance(outcome, int) and isinstance(side, Side) and outcome < len(self.prices):
            return self.prices[outcome][side is Side.NO]
        return None

    def is_active(self, outcome: int) -> bool:
        return self.active[outcome] if outcome < len(self.active) else True

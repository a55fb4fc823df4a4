"""Quotes for who drags an amount: of the markets that are kept in memory, as the order would be sent.

What somebody has set for themselves and what they have not read yet are looked up once in a while, everything else
costs no query.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.chat.facts import Amount, PricedOrder
from bot.chat.invocation import ParseContext
from bot.chat.reply import Action, Reply
from bot.grammar import parser
from bot.grammar.command import Command
from bot.grammar.examples import example_here
from bot.grammar.lookup import find
from bot.grammar.trading import OrderArgs
from bot.market import wording
from bot.market.context import MarketView, parse_context_of
from bot.market.order_bounds import Largest, largest
from bot.market.quotes import OrderRequest, closed_for_trading, price_order, request_of, tokens_free
from bot.text.outcome_names import typed_outcome
from bot.words import members as words_members
from bot.words import usage as words_usage
from bot.words.shared import first_upper
from storage.database import Database
from storage.people import Preferences
from storage.records import Member, Wording

HABITS_MS = 10_000  # for so long what somebody has set and read is not looked up again
_KEPT = 2_000


class Markets(Protocol):
    """See `bot.market.live_markets.LiveMarkets`."""

    async def view(self, market: int) -> MarketView | None: ...

    async def member(self, market: int, person: int) -> Member | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What of a trader no tick changes. `unread`: what was written on what decides since their last ticket."""

    kept: Preferences
    unread: Sequence[Wording]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Another order, one press away: what its button says, and its arguments as they are typed."""

    label: str
    buy: bool
    outcome: int
    typed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveQuote:
    """`request`: as it was asked for, and with what its owner has set; without a member in the `view` it is priced for
    nobody in particular. `free`: tokens of its kind that they could sell."""

    view: MarketView
    request: OrderRequest
    priced: PricedOrder
    largest: Largest
    free: int
    unread: Sequence[Wording] = ()

    @property
    def exact(self) -> Amount:
        """What is asked for, as it stands whatever somebody has by then: no shares."""
        draft, amount = self.priced.draft, self.request.amount
        if amount.share is None:
            return amount
        if not draft.buy:
            return Amount(tokens=draft.size)
        return Amount(spend=draft.spend) if draft.spend is not None else Amount(tokens=draft.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpriced:
    """Why there is no price, and how much there could be."""

    view: MarketView
    reply: Reply
    largest: Largest | None = None
    free: int | None = None


class LiveQuotes:
    """`commands` by name: the ones whose lines people type."""

    def __init__(
        self,
        db: Database,
        markets: Markets,
        commands: Mapping[str, Command],
        monotonic_ms: Callable[[], int],
    ) -> None:
        self._db = db
        self._markets = markets
        self._commands = {name: commands[name] for name in ("buy", "sell")}
        self._monotonic_ms = monotonic_ms
        self._habits: OrderedDict[tuple[int, int], tuple[int, Habits]] = OrderedDict()

    async def quote(
        self, market: int, person: int | None, typed: Mapping[str, str], *, buy: bool
    ) -> LiveQuote | Unpriced | None:
        """`typed`: the arguments of `/buy` or `/sell` by name. None where there is no such market."""
        view = await self._markets.view(market)
        if view is None:
            return None
        member = await self._markets.member(market, person) if person is not None else None
        view = replace(view, member=member)
        shut = closed_for_trading(view)
        if shut is not None:
            return Unpriced(view=view, reply=shut)
        order = self.read(view, typed, buy=buy)
        if isinstance(order, Reply):
            return Unpriced(view=view, reply=order)
        if buy and member is not None and member.barred is not None:
            return Unpriced(view=view, reply=words_members.barred(member.barred))
        habits = await self._habits_of(market, member) if member else Habits(kept=Preferences(), unread=())
        return _priced(view, order, habits, buy=buy)

    def read(self, view: MarketView, typed: Mapping[str, str], *, buy: bool) -> OrderArgs | Reply:
        """An order as its command reads it, or what is wrong with it."""
        command = self._commands["buy" if buy else "sell"]
        context = parse_context_of(view, view.now_ms, selling=command.selling)
        parsed = parser.parse(command, "", context, typed)
        if parsed.problems:
            reply = words_usage.mistakes(
                parsed.problems, parsed.corrected, None, command.usage, example_here(command, context)
            )
            meant = [self._corrected(context, command, typed, parsed.corrected)] if parsed.corrected else []
            return replace(reply, actions=tuple(meant))
        order = command.arguments(parsed.values)["order"]
        assert isinstance(order, OrderArgs)
        return order

    async def line(self, market: int, typed: Mapping[str, str], *, buy: bool) -> str | None:
        """The line that says the same; None where there is no such market."""
        view = await self._markets.view(market)
        if view is None:
            return None
        number = int(typed["outcome"].removeprefix("#")) - 1
        if number < len(view.names):
            typed = {**typed, "outcome": typed_outcome(view.names, number).lower()}
        return parser.typed_line(self._commands["buy" if buy else "sell"], typed)

    def offers(self, view: MarketView, actions: Sequence[Action]) -> list[Offer]:
        """Those of the buttons that are orders, too."""
        rows = [self._offer(parse_context_of(view, view.now_ms), action) for action in actions]
        return [row for row in rows if row is not None]

    def _offer(self, context: ParseContext, action: Action) -> Offer | None:
        command, rest = find(action.text, self._commands)
        if command is None:
            return None
        parsed = parser.parse(command, rest, replace(context, selling=command.selling))
        outcome = parsed.values.get("outcome")
        if parsed.problems or not isinstance(outcome, int):
            return None
        return Offer(label=action.label, buy=not command.selling, outcome=outcome, typed=parsed.typed)

    def _corrected(self, context: ParseContext, command: Command, typed: Mapping[str, str], line: str) -> Action:
        """The line as it may have been meant, by what of it is another."""
        meant = parser.parse(command, find(line, self._commands)[1], context).typed
        other = [f"{name} {text}" for name, text in meant.items() if name != "outcome" and text != typed.get(name)]
        return Action(label=first_upper(", ".join(other)) or line, text=line, primary=True)

    async def _habits_of(self, market: int, member: Member) -> Habits:
        key, now = (market, member.person), self._monotonic_ms()
        known = self._habits.get(key)
        if known is not None and now < known[0] + HABITS_MS:
            return known[1]
        async with self._db.reading() as uow:
            kept = await uow.preferences.of(member.person)
            habits = Habits(kept=kept, unread=await wording.unread_by(uow, market, member.person))
        self._habits[key] = (now, habits)
        self._habits.move_to_end(key)
        if len(self._habits) > _KEPT:
            self._habits.popitem(last=False)
        return habits

    def forget(self, market: int, person: int) -> None:
        """They have sent an order: what they have read by now is looked up anew."""
        self._habits.pop((market, person), None)


def _priced(view: MarketView, order: OrderArgs, habits: Habits, *, buy: bool) -> LiveQuote | Unpriced:
    member = view.member
    # who sees the price before they confirm is asked, whatever they have set for lines
    request = request_of(order, replace(habits.kept, confirm=True), view, buy=buy)
    free = 0 if member is None else tokens_free(view, member, order.outcome, order.side)
    most = largest(view, request, member)
    priced = price_order(view, request, member)
    if isinstance(priced, Reply):
        return Unpriced(view=view, reply=priced, largest=most, free=free)
    return LiveQuote(view=view, request=request, priced=priced, largest=most, free=free, unread=habits.unread)

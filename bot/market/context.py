"""What a handler gets: the invocation, the clock's reading, the database, what the dispatcher has already looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from bot.chat.invocation import ChatKind, HeldTokens, Invocation, ParseContext, WaitingOrder
from bot.chat.rights import Rights
from bot.grammar.command import Command, Given
from bot.market.background import Asker
from bot.market.background_cut import BackgroundCuts
from bot.market.background_rehearsal import BackgroundRehearsal
from bot.market.background_verify import BackgroundVerifier
from bot.text.numbers import percent
from engine.resting_book import RestingOrder
from engine.state import MarketState, Side, Status, price_micro
from storage.audit import PRIVATE
from storage.database import Database
from storage.people import Preferences
from storage.records import Chat, Market, Member, Person, intent_number
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketView(Given):
    """The market a line speaks of, as of its last tick. `member` is the speaker's account in it, if they have one."""

    record: Market
    state: MarketState
    member: Member | None
    now_ms: int  # epoch

    @property
    def id(self) -> int:
        return self.record.id

    @property
    def names(self) -> tuple[str, ...]:
        return self.record.params.outcome_names

    @property
    def status(self) -> Status:
        return self.record.status

    @property
    def engine_ms(self) -> int:
        """Engine time of this moment; 0 before the start."""
        record = self.record
        return max(0, record.engine_ms(record.market_ms(self.now_ms))) if record.start_ms is not None else 0

    def active(self) -> list[int]:
        return [i for i, binary in enumerate(self.state.binaries) if binary.active]

    def resting(self) -> tuple[RestingOrder, ...]:
        """The speaker's orders in the book, oldest first."""
        return self.state.resting.of(self.member.person) if self.member else ()

    def price(self, outcome: int, side: Side) -> int:
        """Micro-dollars a token; 0 for an outcome that is out."""
        if not self.state.binaries[outcome].active:
            return 0
        return price_micro(self.state, self.record.params, outcome, side)


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant(Given):
    """The speaker's account in this market; only commands of members ask for it."""

    member: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingSettings(Given):
    """How the speaker wants to trade, as `/settings` keeps it."""

    kept: Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Given):
    """The reading unit the line was looked up in, for commands that only read: the market they are given and what they
    read are of one moment. A command that writes opens a unit of its own instead."""

    of_market: ClassVar[bool] = False

    uow: UnitOfWork


class EntranceEndedError(Exception):
    """Who came by a link, a Mini App or a key is nobody any more: they had themselves forgotten meanwhile."""


async def speaker(uow: UnitOfWork, invocation: Invocation, now_ms: int) -> Person:
    """Who speaks, made at first sight in this writing unit, before a market is locked in it. Who came in from elsewhere
    is never made: EntranceEndedError where nobody is known by that identity any more."""
    platform, external_id = invocation.speaker
    if invocation.came_as is None:
        return await uow.people.identify(platform, external_id, invocation.person_name, now_ms)
    person = await uow.people.find(platform, external_id)
    if person is None:
        raise EntranceEndedError
    return person


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """`person` and `chat` are None while storage has never met them; `known` makes their acquaintance. `chat` is where
    they speak; of who does what an admin does from elsewhere or in private, the chat whose admin they are. `rights`
    asks another platform what somebody is in a chat there. `ask_approvers` begins to ask who could approve a proposal
    (its market and number) and to tell them. `public_url` is the https address of the room, without a slash at its end;
    None where it has none. `private_webhooks`: news may be sent into the bot's own network."""

    db: Database
    invocation: Invocation
    now_ms: int
    person: Person | None
    chat: Chat | None
    commands: Sequence[Command]
    auditor: BackgroundVerifier
    rehearser: BackgroundRehearsal
    cutter: BackgroundCuts
    rights: Rights
    ask_approvers: Callable[[int, int], None]
    public_url: str | None = None
    private_webhooks: bool = False

    @property
    def person_id(self) -> int | None:
        """For buttons that only they may press."""
        return self.person.id if self.person else None

    @property
    def acts_in_private(self) -> bool:
        """Whether they do in their private chat what an admin of `chat` does."""
        shared = self.chat is not None and self.chat.kind != ChatKind.PRIVATE
        return shared and self.invocation.chat_kind is ChatKind.PRIVATE

    def asker(self, market: int) -> Asker:
        """For what is told later, in the place of this answer."""
        invocation = self.invocation
        return Asker(
            market=market,
            platform=invocation.platform,
            external_id=invocation.person_ext,
            person=self.person_id,
        )

    @property
    def parse_context(self) -> ParseContext:
        """For values a handler reads itself."""
        return ParseContext(now_ms=self.now_ms)

    async def known(self, uow: UnitOfWork) -> tuple[Person, Chat]:
        """The speaker and the chat, made at first sight in this writing unit, before a market is locked in it; their
        rights here are noted when it ends, unless nobody knows who they are: nothing can be told to such a one, and
        nothing is theirs to approve. What the log says they did in it, it says they did by the way they came in."""
        invocation = self.invocation
        uow.audit.entrance = PRIVATE if self.acts_in_private else invocation.entrance
        chat = self.chat if invocation.came_as is not None or self.acts_in_private else None
        if chat is None:
            chat = await uow.chats.open(
                invocation.platform, invocation.chat_ext, invocation.chat_kind.value, invocation.chat_title, self.now_ms
            )
        person = await speaker(uow, invocation, self.now_ms)
        if invocation.is_admin and not invocation.nameless:
            note = partial(uow.chats.set_admin, chat.id, person.id, admin=True, now_ms=self.now_ms)
            uow.before_commit("chat_admins", note, f"{chat.id}:{person.id}")
        return person, chat


def request_id(invocation: Invocation) -> str:
    """Unique over all platforms, which number their requests each by itself."""
    return f"{invocation.platform}:{invocation.request_id}"


def parse_context_of(view: MarketView | None, now_ms: int, *, selling: bool = False) -> ParseContext:
    """What a line is read against."""
    if view is None:
        return ParseContext(now_ms=now_ms, selling=selling)
    return ParseContext(
        now_ms=now_ms,
        outcomes=view.names,
        active=tuple(binary.active for binary in view.state.binaries),
        prices=tuple((view.price(i, Side.YES), view.price(i, Side.NO)) for i in range(len(view.names))),
        held=_held(view),
        selling=selling,
        spendable=max(0, view.member.available - view.record.params.gas_fee) if view.member else None,
        tick=view.record.params.tick_size,
        waiting=tuple(
            WaitingOrder(
                number=intent_number(order.id),
                outcome=order.outcome,
                side=order.side,
                buy=order.buy,
                rest=order.rest,
                limit=order.limit,
            )
            for order in view.resting()
        ),
    )


def presets_of(settings: Preferences) -> Mapping[str, str]:
    """What somebody has set for their orders, as it is typed."""
    slippage = {} if settings.slippage is None else {"slippage": percent(settings.slippage)}
    return {**slippage, "autofill": "yes" if settings.autofill else "no"}


def _held(view: MarketView) -> dict[int, HeldTokens]:
    if view.member is None:
        return {}
    book, person = view.state.resting, view.member.person
    return {
        i: HeldTokens(yes, no, book.tied_of(person, i, Side.YES), book.tied_of(person, i, Side.NO))
        for i, (yes, no) in enumerate(view.member.tokens)
        if yes or no
    }

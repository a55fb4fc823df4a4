"""What storage knows of a line before it is read: who speaks, in which chat, and which market it is about."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.permissions import Missing, Role
from bot.grammar.command import Command
from bot.market.context import MarketView, TradingSettings
from bot.market.visibility import Viewer, is_own, visible
from bot.market.vouching import Vouched
from engine.state import Status
from storage.keys import Key
from storage.people import Preferences
from storage.records import Chat, Market, Person
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """`missed`: something waits for them that could not be sent. `elsewhere`: the market is another chat's than the one
    they speak in. `vouched`: what is said by where they came from of who came in from elsewhere, and by a market's own
    chat of who does in private what its admins do; None for others. `key`: by which a program says it."""

    person: Person | None
    chat: Chat | None
    market: MarketView | None = None
    settings: Preferences = field(default_factory=Preferences)
    missed: bool = False
    elsewhere: bool = False
    vouched: Vouched | None = None
    key: Key | None = None

    @property
    def runs(self) -> Chat | None:
        """The chat as whose admin they speak from elsewhere, or in private."""
        return None if self.vouched is None else self.vouched.runs

    @property
    def is_theirs_alone(self) -> bool:
        """Whether others in the chat may not see the market: another chat's, or a draft, which is its admins'."""
        return self.elsewhere or (self.market is not None and self.market.status is Status.DRAFT)

    def missing(self, command: Command, invocation: Invocation) -> Missing | None:
        """What keeps the speaker from saying this here; None: nothing does."""
        return command.rule.missing(
            member=self.market is not None and self.market.member is not None,
            admin=self.runs is not None or (invocation.is_admin and not self.elsewhere),
            chat=invocation.chat_kind,
            platform=invocation.platform,
            key=None if self.key is None else self.key.scope,
        )


async def look_up(
    uow: UnitOfWork,
    invocation: Invocation,
    now_ms: int,
    command: Command | None,
    vouched: Vouched | None,
    *,
    missed: bool = False,
) -> Lookup:
    """What `command` asks for; everything without one."""
    person = await uow.people.find(*invocation.speaker)
    chat = await uow.chats.find(invocation.platform, invocation.chat_ext)
    settings = Preferences()
    if person is not None and command is not None and command.wants(TradingSettings):
        settings = await uow.preferences.of(person.id)
    market = None
    if command is None or command.speaks_of_market:
        is_for_admins = command is None or command.rule.role is Role.ADMIN
        market = await _market(uow, invocation, person, chat, now_ms, vouched, is_for_admins=is_for_admins)
    elsewhere = False
    if market is not None and chosen(invocation) is not None:
        elsewhere = not await is_own(uow, market.id, chat.id if chat else None)
    return Lookup(
        person=person,
        chat=chat,
        market=market,
        settings=settings,
        missed=missed,
        elsewhere=elsewhere,
        vouched=vouched,
        key=None if invocation.key is None else await uow.keys.get(invocation.key),
    )


async def _market(
    uow: UnitOfWork,
    invocation: Invocation,
    person: Person | None,
    chat: Chat | None,
    now_ms: int,
    vouched: Vouched | None,
    *,
    is_for_admins: bool,
) -> MarketView | None:
    """The market of the chat; in private, the one the person used last. While the next one is a draft, all but its
    admins' own commands speak of the one before it; where there is none, admins see the draft."""
    runs = vouched.runs if vouched is not None and is_for_admins else None
    is_admin = invocation.is_admin or runs is not None
    record = await _record(uow, invocation, person, chat, runs, vouched)
    sets_up = is_admin and is_for_admins
    if record is not None and record.status is Status.DRAFT and not sets_up and chosen(invocation) is None:
        here = chat.id if chat and invocation.chat_kind is not ChatKind.PRIVATE else record.chat_id
        before = await uow.markets.shown_in(here)
        record = before or (record if is_admin else None)
    if record is None:
        return None
    member = await uow.members.get(record.id, person.id) if person else None
    return MarketView(record=record, state=await uow.markets.state(record.id), member=member, now_ms=now_ms)


async def _record(
    uow: UnitOfWork,
    invocation: Invocation,
    person: Person | None,
    chat: Chat | None,
    runs: Chat | None,
    vouched: Vouched | None,
) -> Market | None:
    number = chosen(invocation)
    if number is not None:
        viewer = Viewer(
            person=person.id if person else None,
            chat=chat.id if chat else None,
            admin=invocation.is_admin,
            vouched=None if vouched is None else vouched.standings,
        )
        return await visible(uow, number, viewer)
    if invocation.chat_kind is not ChatKind.PRIVATE:
        here = runs or chat
        return await uow.markets.of_chat(here.id) if here else None
    return await uow.markets.last_of_person(person.id) if person else None


def chosen(invocation: Invocation) -> int | None:
    """The market a page of the room shows, or the pressed button names."""
    return invocation.market

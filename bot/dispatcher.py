"""From an `Invocation` to a `Reply`: find the command, read the line, ask whether it is allowed, call it.

The only way in for every platform, the demo's traders included.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from bot.chat.invocation import ChatKind, Invocation, ParseContext, Suggestion
from bot.chat.permissions import Elsewhere, Role
from bot.chat.rate_limits import PERSON, Limit, Windows
from bot.chat.reply import Reply
from bot.grammar import completion as asking
from bot.grammar import parser
from bot.grammar.command import Command, Given
from bot.market.background_rehearsal import BackgroundRehearsal
from bot.market.background_verify import BackgroundVerifier
from bot.market.context import Context, MarketView, Participant, TradingSettings, scene_of
from bot.notifications.reachability import with_missed_notices
from bot.notifications.ticket_messages import NO_LINES, TicketMessage, TicketMessages
from bot.words import forms as words_forms
from bot.words import usage as words_usage
from engine.state import Status
from storage.database import Database
from storage.key_value import KeptLine
from storage.people import Preferences
from storage.records import Chat, Market, Member, Person
from storage.session import clean
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

TRIES = (Limit(5, 600_000),)  # guesses at a secret, a person
TYPING = (Limit(150, 10_000),)  # completions, a person: faster than anybody types


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What storage knows of a speaker and the place she speaks in."""

    person: Person | None
    chat: Chat | None
    market: MarketView | None
    habits: Preferences = field(default_factory=Preferences)


class Dispatcher:
    """`clock` gives epoch milliseconds; `new_id` names an unexpected error."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], int],
        commands: Sequence[Command],
        new_id: Callable[[], str] = lambda: secrets.token_hex(4),
        auditor: BackgroundVerifier | None = None,
        rehearser: BackgroundRehearsal | None = None,
    ) -> None:
        self.commands = tuple(commands)
        self._by_name = {command.name: command for command in self.commands}
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._auditor = auditor or BackgroundVerifier(db, clock)
        self._rehearser = rehearser or BackgroundRehearsal()
        self._placements = TicketMessages(db)
        self._pace = Windows(PERSON)
        self._tries = Windows(TRIES)
        self._typing = Windows(TYPING)

    async def run(self, said: Invocation) -> Reply:
        """Do what was said and answer. Never raises: the unexpected is logged under an id and answered with that id."""
        said = _sound(said)
        try:
            reply = await self._run(said)
        except Exception:
            ident = self._new_id()
            log.exception("error %s in %r", ident, (said.command or said.text)[:80])
            return words_usage.went_wrong(ident)
        return await with_missed_notices(self._db, said, reply, self._clock())

    async def complete(self, said: Invocation) -> list[Suggestion]:
        """What could come next in the unfinished line `said.text`, explanations first; see `Suggestion`. Nothing for
        who asks faster than anybody types."""
        now = self._clock()
        if self._types_too_fast(said, now):
            return []
        try:
            found = await self._look_up(said, now)
            command, _ = self.find(said.text.lstrip())
            scene = scene_of(found.market, now, selling=command is not None and command.selling)
            scene = await self._with_people(scene, command, found, said)
            usable = [one for one in self.commands if not one.hidden and self._missing(one, said, found) is None]
            return asking.suggestions(said.text, usable, scene)
        except Exception:
            log.exception("error %s while completing %r", self._new_id(), said.text[:80])
            return []

    async def complete_argument(self, said: Invocation, focus: str) -> list[Suggestion]:
        """Values for one argument of `said.command`, of which `said.args[focus]` is what has been typed; for platforms
        that complete argument by argument."""
        now = self._clock()
        if self._types_too_fast(said, now):
            return []
        try:
            command = self._by_name.get(said.command)
            param = command.param(focus) if command else None
            found = await self._look_up(said, now)
            if command is None or param is None or self._missing(command, said, found) is not None:
                return []
            scene = scene_of(found.market, now, selling=command.selling)
            scene = await self._with_people(scene, command if param.kind.of_people else None, found, said)
            others = {name: text for name, text in said.args.items() if name != focus}
            scene = replace(scene, said=parser.known_words(command, "", scene, others))
            hints = param.kind.suggest(said.args.get(focus, ""), scene)
            return [Suggestion(value=one.value, label=one.value, hint=one.about) for one in hints[: asking.MOST]]
        except Exception:
            log.exception("error %s while completing %s of /%s", self._new_id(), focus, said.command[:80])
            return []

    async def _with_people(
        self, scene: ParseContext, command: Command | None, found: _Found, said: Invocation
    ) -> ParseContext:
        """With the members' names, where this command asks for one and is hers to say."""
        asks = command is not None and any(param.kind.of_people for param in command.params)
        if command is None or found.market is None or not asks or self._missing(command, said, found) is not None:
            return scene
        async with self._db.reading() as uow:
            return replace(scene, people=await uow.members.names(found.market.id))

    def _types_too_fast(self, said: Invocation, now: int) -> bool:
        who = f"{said.platform}:{said.person_ext}"
        if self._typing.wait(who, now) > 0:
            return True
        self._typing.use(who, now)
        return False

    async def placed(
        self, reply: Reply, said: Invocation, ref: str, *, lines: Mapping[str, KeptLine] = NO_LINES
    ) -> None:
        """An adapter tells where it put a ticket, so that its fill can replace it there; `lines` by key are what it
        keeps to find that message again."""
        if reply.ticket is None:
            return
        placement = TicketMessage(
            ticket=reply.ticket,
            platform=said.platform,
            chat_ext=said.chat_ext,
            ref=ref,
            at_ms=self._clock(),
            lines=lines,
        )
        await self._placements.put(placement)

    async def _run(self, said: Invocation) -> Reply:
        now = self._clock()
        who = f"{said.platform}:{said.person_ext}"
        wait = self._pace.wait(who, now)
        if wait > 0:
            return words_usage.too_fast(wait)
        self._pace.use(who, now)
        head = f"/{said.command.lstrip('/')}" if said.command else said.text.strip()
        command, rest = self.find(head)
        if command is None:
            return self._unknown(head, said)
        found = await self._look_up(said, now, command)
        reply = await self._answer(said, now, command, rest, found)
        if reply.ok:
            await self._go_on_here(said, now, found)
        return reply

    async def _answer(self, said: Invocation, now: int, command: Command, rest: str, found: _Found) -> Reply:
        if said.made_for is not None and not await self._is(found.person, said.made_for):
            return words_usage.not_your_button()
        missing = self._missing(command, said, found)
        if missing is not None:
            return self._refuse(command, missing, found, said)
        shut = command.ready(found.market) if command.ready and found.market else None
        if shut is not None:
            return shut
        scene = scene_of(found.market, now, selling=command.selling)
        parsed = parser.parse(command, rest, scene, said.args)
        if parsed.problems:
            if found.market is None and command.needs(MarketView):
                return self._no_market(said)
            form = asking.form_of(command, parsed, scene)
            if form is not None:
                return words_forms.question(command.name, command.usage, form, parsed.template)
            return words_usage.mistakes(parsed.problems, parsed.corrected, parsed.template, command.usage)
        ctx = Context(
            db=self._db,
            invocation=said,
            now_ms=now,
            person=found.person,
            chat=found.chat,
            commands=self.commands,
            auditor=self._auditor,
            tries=self._tries,
            rehearser=self._rehearser,
        )
        if found.market is None and command.needs(MarketView):
            return self._no_market(said)
        member = found.market.member if found.market else None
        given: Mapping[type[Given], Given | None] = {
            MarketView: found.market,
            Participant: Participant(member=member) if member else None,
            TradingSettings: TradingSettings(kept=found.habits),
        }
        loaded = {name: given[wanted] for name, wanted, _ in command.given}
        return await command.run(ctx, **command.arguments(parsed.values), **loaded)

    async def _is(self, person: Person | None, number: int) -> bool:
        """Whether this number is hers: her own, or one that was joined to it."""
        if person is None or person.id == number:
            return person is not None
        async with self._db.reading() as uow:
            return number in await uow.people.all_ids(person.id)

    async def _go_on_here(self, said: Invocation, now: int, found: _Found) -> None:
        """Her private lines continue with the market of the chat she spoke in last, joined or not."""
        market = found.market
        if said.chat_kind is ChatKind.PRIVATE or market is None:
            return
        if found.person is not None and found.person.market == market.id:
            return
        async with self._db.writing() as uow:
            person = await uow.people.identify(said.platform, said.person_ext, said.person_name, now)
            if person.market != market.id:
                await uow.markets.use(person.id, market.id)
            await uow.commit()

    def find(self, line: str) -> tuple[Command | None, str]:
        """The command a line begins with, longest name first, and what follows. `/admin_create` is `/admin create`."""
        if not line.startswith("/"):
            return None, line
        first, _, rest = line[1:].strip().partition(" ")
        first = first.partition("@")[0].casefold().replace("_", " ")
        words = [*first.split(), *rest.split()]
        for size in (2, 1):
            name = " ".join(word.casefold() for word in words[:size])
            command = self._by_name.get(name)
            if command is not None:
                eaten = size - len(first.split())
                return command, rest.split(None, eaten)[-1] if eaten and len(words) > size else "" if eaten else rest
        return None, rest

    def _unknown(self, line: str, by: Invocation) -> Reply:
        if not line.startswith("/"):
            return words_usage.not_a_command()
        words = line[1:].replace("_", " ").split() or [""]
        name = words[0].partition("@")[0].casefold()
        shown = [
            one for one in self.commands if not one.hidden and one.rule.offered(admin=by.is_admin, platform=by.platform)
        ]
        following = [(one.name, one.summary) for one in shown if one.name.startswith(f"{name} ")]
        if following and len(words) == 1:
            return words_usage.half_a_command(name, following)
        if following:
            second = words[1].casefold()
            near = get_close_matches(f"{name} {second}", [full for full, _ in following], n=2, cutoff=0.6)
            return words_usage.unknown_command(f"{name} {second}", near, " ".join(words[2:]))
        near = get_close_matches(name, [one.name for one in shown], n=2, cutoff=0.6)
        starting = [one.name for one in shown if name and one.name.startswith(name)]
        return words_usage.unknown_command(name, (starting or near)[:2], " ".join(words[1:]))

    async def _look_up(self, said: Invocation, now: int, command: Command | None = None) -> _Found:
        """What `command` asks for; everything without one."""
        async with self._db.reading() as uow:
            person = await uow.people.find(said.platform, said.person_ext)
            chat = await uow.chats.find(said.platform, said.chat_ext)
            habits = Preferences()
            if person is not None and command is not None and command.wants(TradingSettings):
                habits = await uow.preferences.of(person.id)
            if command is not None and not command.speaks_of_market:
                return _Found(person=person, chat=chat, market=None)
            record = await self._market(uow, said, person, chat)
            if record is None or (record.status is Status.DRAFT and not said.is_admin):
                return _Found(person=person, chat=chat, market=None, habits=habits)
            member: Member | None = await uow.members.get(record.id, person.id) if person else None
            state = await uow.markets.state(record.id)
        view = MarketView(record=record, state=state, member=member, now_ms=now)
        return _Found(person=person, chat=chat, market=view, habits=habits)

    async def _market(
        self, uow: UnitOfWork, said: Invocation, person: Person | None, chat: Chat | None
    ) -> Market | None:
        """The market of the chat; in private, the one she used last."""
        if said.chat_kind is not ChatKind.PRIVATE:
            return await uow.markets.of_chat(chat.id) if chat else None
        return await uow.markets.last_of_person(person.id) if person else None

    def _missing(self, command: Command, said: Invocation, found: _Found) -> Role | ChatKind | Elsewhere | None:
        member = found.market is not None and found.market.member is not None
        return command.rule.missing(member=member, admin=said.is_admin, chat=said.chat_kind, platform=said.platform)

    def _refuse(self, command: Command, missing: Role | ChatKind | Elsewhere, found: _Found, said: Invocation) -> Reply:
        if isinstance(missing, Elsewhere):
            return words_usage.not_on_this_platform(command.name, sorted(missing.platforms))
        if missing is Role.ADMIN:
            return words_usage.only_admins(command.name)
        if missing is Role.MEMBER:
            return words_usage.not_joined() if found.market else self._no_market(said)
        return words_usage.not_here(command.name)

    def _no_market(self, said: Invocation) -> Reply:
        if said.chat_kind is ChatKind.PRIVATE:
            return words_usage.no_market_in_private()
        return words_usage.no_market(admin=said.is_admin)


def _sound(said: Invocation) -> Invocation:
    """Without NUL and half characters: what is typed may come back in a button, which is kept and sent as UTF-8."""
    args = {clean(name, len(name)): clean(text, len(text)) for name, text in said.args.items()}
    return replace(
        said, text=clean(said.text, len(said.text)), command=clean(said.command, len(said.command)), args=args
    )

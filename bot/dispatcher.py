"""From an `Invocation` to a `Reply`: find the command, read the line, ask whether it is allowed, call it.

The only way in for every platform, the demo's traders included.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial

from bot.charts.limits import ChartLimits
from bot.chat.invocation import ChatKind, Invocation, ParseContext, Suggestion, read_market
from bot.chat.permissions import SHARED, Elsewhere, Missing, OtherKey, Role
from bot.chat.rate_limits import HEAVY, HEAVY_CHAT, PERSON, Limit, Windows
from bot.chat.reply import Audience, Awaited, Reply
from bot.chat.rights import UNASKED, Rights
from bot.chat.turnstile import Turnstile
from bot.grammar import completion, parser
from bot.grammar.command import Command, Given
from bot.grammar.examples import example_here
from bot.grammar.lookup import find, unknown
from bot.grammar.next_steps import of_market, with_next_steps
from bot.market.approvers import Approvers
from bot.market.background_cut import BackgroundCuts
from bot.market.background_rehearsal import BackgroundRehearsal
from bot.market.background_verify import BackgroundVerifier
from bot.market.context import (
    Context,
    EntranceEndedError,
    MarketView,
    Participant,
    Snapshot,
    TradingSettings,
    parse_context_of,
    presets_of,
    speaker,
)
from bot.market.listings import listed, settings_of
from bot.market.lookup import Lookup, chosen, look_up
from bot.market.shared_answers import SharedAnswers
from bot.market.visibility import is_named_admins_commands
from bot.market.vouching import Vouched, Vouching
from bot.market.which_market import Place, could_be_meant, place_told
from bot.notifications.reachability import anything_missed, with_missed_notices
from bot.notifications.ticket_messages import NO_LINES, TicketMessage, TicketMessages
from bot.text.names import quoted
from bot.words import chats as words_chats
from bot.words import forms as words_forms
from bot.words import keys as words_keys
from bot.words import usage as words_usage
from storage.again import again
from storage.clock import Clock
from storage.database import Database
from storage.key_value import KeptLine
from storage.records import Person
from storage.session import clean
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

TYPING = (Limit(150, 10_000),)  # completions, a person: faster than anybody types


class Dispatcher:
    """`new_id` names an unexpected error; `public_url` is the https address of the room, where it has one;
    `private_webhooks`: news may be sent into the bot's own network."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        commands: Sequence[Command],
        new_id: Callable[[], str] = lambda: secrets.token_hex(4),
        auditor: BackgroundVerifier | None = None,
        rehearser: BackgroundRehearsal | None = None,
        cutter: BackgroundCuts | None = None,
        rights: Rights = UNASKED,
        *,
        public_url: str | None = None,
        private_webhooks: bool = False,
    ) -> None:
        self.commands = tuple(commands)
        self._by_name = {command.name: command for command in self.commands}
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._auditor = auditor or BackgroundVerifier(db, clock.now_ms)
        self._rehearser = rehearser or BackgroundRehearsal(db, clock)
        self._cutter = cutter or BackgroundCuts(db, clock.now_ms)
        self._rights = rights
        self._vouching = Vouching(db, rights)
        self.approvers = Approvers(db, rights, clock.now_ms)
        self._public_url = public_url
        self._private_webhooks = private_webhooks
        self._ticket_messages = TicketMessages(db)
        self._lines = Windows(PERSON)
        self._heavy = Windows(HEAVY)
        self._heavy_in_chats = Windows(HEAVY_CHAT)
        self._typing = Windows(TYPING)
        self._turnstile = Turnstile()
        self._charts = ChartLimits()
        self._shared = SharedAnswers()

    async def run(self, invocation: Invocation) -> Reply:
        """Do what was said and answer. Never raises: trouble with the database is answered with a sentence, and the
        unexpected is logged under an id and answered with that id."""
        invocation = _cleaned(_with_native_rights(invocation))
        await self._turnstile.passed()
        try:
            return await self._run(invocation)
        except TroubleError as error:
            return words_usage.database_trouble(error, is_retry=invocation.is_retry)
        except EntranceEndedError:
            return words_usage.entrance_ended()
        except Exception:
            error_id = self._new_id()
            log.exception("error %s in %r", error_id, self._name_of(invocation))
            return words_usage.went_wrong(error_id)

    async def refusal(self, invocation: Invocation, name: str) -> Reply | None:
        """Why the speaker may not say the command of this name here and now; None where they may. For what a page shows
        beside it. Raises TroubleError."""
        command = self._by_name[name]
        vouched = await self._vouched(invocation, command)
        async with self._db.reading() as uow:
            lookup = await look_up(uow, invocation, self._clock.now_ms(), command, vouched)
        missing = lookup.missing(command, invocation)
        if missing is not None:
            return self._refuse(command, missing, lookup, invocation)
        return self._no_market(invocation, lookup) if lookup.market is None and command.needs(MarketView) else None

    def _name_of(self, invocation: Invocation) -> str:
        """For the log: the command alone. What follows may be a code, or an address that holds a secret."""
        command, _ = find(_head(invocation), self._by_name)
        return "no command" if command is None else command.name

    async def complete(self, invocation: Invocation) -> list[Suggestion]:
        """What could come next in the unfinished line `invocation.text`, explanations first; see `Suggestion`. Nothing
        for who asks faster than anybody types."""
        if self._types_too_fast(invocation):
            return []
        now, invocation = self._clock.now_ms(), _with_native_rights(invocation)
        try:
            command, _ = find(invocation.text.lstrip(), self._by_name)
            vouched = await self._vouched(invocation, command)
            async with self._db.reading() as uow:
                lookup = await look_up(uow, invocation, now, None, vouched)
                context = await self._completing(uow, command, lookup, invocation, now)
            usable = [
                command
                for command in self.commands
                if not command.hidden and lookup.missing(command, invocation) is None
            ]
            return completion.suggestions(invocation.text, usable, context)
        except TroubleError:
            return []
        except Exception:
            log.exception("error %s while completing %r", self._new_id(), self._name_of(invocation))
            return []

    async def complete_argument(self, invocation: Invocation, focus: str) -> list[Suggestion]:
        """Values for one argument of `invocation.command`, of which `invocation.args[focus]` is what has been typed;
        for platforms that complete argument by argument."""
        if self._types_too_fast(invocation):
            return []
        now, invocation = self._clock.now_ms(), _with_native_rights(invocation)
        try:
            command = self._by_name.get(invocation.command)
            param = command.param(focus) if command else None
            vouched = await self._vouched(invocation, command)
            async with self._db.reading() as uow:
                lookup = await look_up(uow, invocation, now, None, vouched)
                if command is None or param is None or lookup.missing(command, invocation) is not None:
                    return []
                context = await self._completing(uow, command, lookup, invocation, now)
            others = {name: text for name, text in invocation.args.items() if name != focus}
            context = replace(context, values=parser.known_words(command, "", context, others))
            hints = param.kind.suggest(invocation.args.get(focus, ""), context)[: completion.MOST]
            return [Suggestion(value=hint.value, label=hint.value, hint=hint.about) for hint in hints]
        except TroubleError:
            return []
        except Exception:
            log.exception("error %s while completing %s of /%s", self._new_id(), focus, invocation.command[:80])
            return []

    async def _completing(
        self, uow: UnitOfWork, command: Command | None, lookup: Lookup, invocation: Invocation, now: int
    ) -> ParseContext:
        """What values are suggested from: with the members' names, the numbers and the settings the command takes,
        where it is the speaker's to say."""
        market = lookup.market
        context = parse_context_of(market, now, selling=command is not None and command.selling)
        if command is None or lookup.missing(command, invocation) is not None:
            return context
        context = replace(context, listed=await listed(uow, command, market, lookup.person))
        if market is not None and any(param.kind.of_settings for param in command.params):
            context = replace(context, settings=settings_of(market))
        if market is not None and any(param.kind.of_people for param in command.params):
            context = replace(context, people=await uow.members.names(market.id))
        return context

    def _types_too_fast(self, invocation: Invocation) -> bool:
        if not invocation.person_ext:  # strangers: their platform counts them, by what it knows of them
            return False
        now = self._clock.monotonic_ms()
        who = ":".join(invocation.speaker)
        if self._typing.wait(who, now) > 0:
            return True
        self._typing.use(who, now)
        return False

    async def placed(
        self, reply: Reply, invocation: Invocation, ref: str, *, lines: Mapping[str, KeptLine] = NO_LINES
    ) -> None:
        """An adapter tells where it put a ticket, so that its fill can replace it there, or a word of what is still to
        come; `lines` by key are what it keeps to find that message again. Where that cannot be written down now, what
        comes is a message of its own."""
        with suppress(TroubleError):
            await self._placed(reply, invocation, ref, lines)

    async def _placed(self, reply: Reply, invocation: Invocation, ref: str, lines: Mapping[str, KeptLine]) -> None:
        if reply.awaits is not None:
            await self._placed_for_now(reply.awaits, invocation, ref, lines)
        if reply.ticket is None:
            return
        message = TicketMessage(
            ticket=reply.ticket,
            platform=invocation.platform,
            chat_ext=invocation.chat_ext,
            ref=ref,
            at_ms=self._clock.now_ms(),
            lines=lines,
        )
        await self._ticket_messages.put(message)

    async def place(self, uow: UnitOfWork, reply: Reply, invocation: Invocation, ref: str) -> None:
        """What `placed` writes, at the end of the transaction in which an adapter keeps the message itself."""
        if reply.awaits is not None:
            place = (invocation.platform, invocation.person_ext, reply.awaits.slot)
            stand = partial(uow.deliveries.set_ref, reply.awaits.market, *place, ref)
            uow.before_commit("message_refs", stand, repr((reply.awaits.market, *place)))
        if reply.ticket is not None:
            bind = partial(uow.tickets.bind, reply.ticket, invocation.platform, invocation.chat_ext, ref)
            uow.before_commit("tickets", bind, f"{reply.ticket:020}")

    async def _placed_for_now(
        self, awaited: Awaited, invocation: Invocation, ref: str, lines: Mapping[str, KeptLine]
    ) -> None:
        async with self._db.writing() as uow:
            for key, line in lines.items():
                await uow.lines.keep(key, line, self._clock.now_ms())
            place = (invocation.platform, invocation.person_ext, awaited.slot)
            await uow.deliveries.set_ref(awaited.market, *place, ref)
            await uow.commit()

    async def _run(self, invocation: Invocation) -> Reply:
        now, monotonic_ms = self._clock.now_ms(), self._clock.monotonic_ms()
        who = ":".join(invocation.speaker)
        if invocation.key is None:  # programs have limits of their own, where they ask
            wait = self._lines.wait(who, monotonic_ms)
            if wait > 0:
                return words_usage.too_fast(wait)
            self._lines.use(who, monotonic_ms)
        head = _head(invocation)
        command, rest = find(head, self._by_name)
        if command is None:
            return unknown(head, await self._offered(invocation))
        reply, lookup = await again(lambda: self._answer(invocation, now, command, rest))
        if reply.ok and reply.then:
            on = replace(invocation, text=reply.then, command="", args={}, request_id=f"{invocation.request_id}+")
            return words_usage.gone_on(reply, await self._run(on))
        reply = self._charts.apply(invocation, reply, monotonic_ms)
        if command.for_all:
            reply = self._shared.apply(invocation, command.name, reply, monotonic_ms)
        if reply.ok:
            try:
                await again(lambda: self._go_on_here(invocation, now, lookup))
            except TroubleError:
                pass  # what could be read is answered, even where nothing can be written
            except Exception:  # what they asked for is done, and that is what they are told
                log.exception("the market %r was said in is not remembered for its speaker", command.name)
        return await with_missed_notices(self._db, invocation, reply, self._clock.now_ms()) if lookup.missed else reply

    async def _answer(self, invocation: Invocation, now: int, command: Command, rest: str) -> tuple[Reply, Lookup]:
        """Look up, read and call in one reading unit; a command that does not ask for the `Snapshot` is called when it
        has ended, and may open a unit of its own."""
        vouched = await self._vouched(invocation, command, anew=True)
        async with AsyncExitStack() as unit:
            uow = await unit.enter_async_context(self._db.reading())
            missed = await anything_missed(uow, invocation)
            lookup = await look_up(uow, invocation, now, command, vouched, missed=missed)
            person = lookup.person.id if lookup.person else None
            meant = await could_be_meant(uow, invocation, person, command, rest, now)
            if len(meant) == 1:
                invocation = replace(invocation, market=meant[0].market.id)
                lookup = await look_up(uow, invocation, now, command, vouched, missed=missed)
            elif meant:
                said = _line_of(invocation, command)
                return words_chats.which_market(said, [(place.market, place.chat) for place in meant]), lookup
            place = await self._place_told(uow, invocation, lookup)
            if invocation.key is not None and not await self._is_its_makers(uow, invocation, lookup):
                return words_keys.gone(), lookup
            if not await self._may_press(uow, invocation, lookup.person):
                return words_usage.not_your_button(), lookup
            values = self._values(invocation, now, command, rest, lookup)
            if isinstance(values, Reply):
                return self._about(values, invocation, lookup, place), lookup
            wait = self._heavy_wait(invocation) if command.heavy else 0
            if wait > 0:
                return words_usage.too_fast(wait), lookup
            given = self._given(uow, command, lookup)
            if not command.wants(Snapshot):
                await unit.aclose()
            context = self._context(invocation, now, command, lookup)
            reply = await command.run(context, **command.arguments(values), **given)
            if lookup.is_theirs_alone or context.chat is not lookup.chat:  # who else is here may not see that market
                reply = replace(reply, audience=Audience.PRIVATE)
            return self._about(reply, invocation, lookup, place), lookup

    async def _place_told(self, uow: UnitOfWork, invocation: Invocation, lookup: Lookup) -> Place | None:
        if invocation.chat_kind is not ChatKind.PRIVATE or lookup.market is None or lookup.person is None:
            return None
        return await place_told(uow, lookup.person.id, lookup.market.record)

    def _about(self, reply: Reply, invocation: Invocation, lookup: Lookup, place: Place | None) -> Reply:
        """With its next steps; in private: which market and chat an admin's line was about, or anybody's who is in
        several; and the buttons stay about that market."""
        reply = with_next_steps(reply, self._by_name)
        if invocation.chat_kind is not ChatKind.PRIVATE:
            return reply
        if lookup.runs is not None:
            title = None if lookup.market is None else lookup.market.record.title
            reply = words_chats.about(reply, title, lookup.runs)
        elif place is not None:
            reply = words_chats.about(reply, place.market.title, place.chat, place.number)
        return reply if lookup.market is None else of_market(reply, lookup.market.id, self._by_name)

    def _heavy_wait(self, invocation: Invocation) -> int:
        """Milliseconds until they may ask for something heavy in this chat; 0: now, and it is counted."""
        now = self._clock.monotonic_ms()
        who = ":".join(invocation.speaker)
        where = f"{invocation.platform}:{invocation.chat_ext}"
        wait = max(self._heavy.wait(who, now), self._heavy_in_chats.wait(where, now))
        if wait == 0:
            self._heavy.use(who, now)
            self._heavy_in_chats.use(where, now)
        return wait

    def _values(
        self, invocation: Invocation, now: int, command: Command, rest: str, lookup: Lookup
    ) -> Mapping[str, object] | Reply:
        """The arguments of the line, or why it cannot be said, now or so."""
        missing = lookup.missing(command, invocation)
        if missing is not None:
            return self._refuse(command, missing, lookup, invocation)
        if lookup.market is not None and lookup.market.record.outdated and not command.any_rules:
            return words_usage.outdated(lookup.market.record)
        not_ready = command.ready(lookup.market) if command.ready and lookup.market else None
        if not_ready is not None:
            return not_ready
        if lookup.market is None and command.needs(MarketView):
            return self._no_market(invocation, lookup)
        context = parse_context_of(lookup.market, now, selling=command.selling)
        if command.wants(TradingSettings):
            context = replace(context, presets=presets_of(lookup.settings))
        # what a dialog was filled in with and stands as it was says nothing new
        args = {name: text for name, text in invocation.args.items() if context.presets.get(name) != text}
        parsed = parser.parse(command, rest, context, args)
        if not parsed.problems:
            return parsed.values
        if command.hidden and invocation.args:  # a form sent it; nobody types it
            return words_usage.unreadable(parsed.problems)
        form = completion.form_of(command, parsed, context)
        if form is not None:
            return words_forms.question(command.name, example_here(command, context), form, parsed.template)
        if parsed.choices:
            return words_usage.one_of(parsed.problems[0], parsed.choices)
        example = example_here(command, context)
        reply = words_usage.mistakes(parsed.problems, parsed.corrected, parsed.template, command.usage, example)
        if not (invocation.args and parsed.template and parsed.so_far):
            return reply
        return replace(reply, actions=(*reply.actions, words_forms.again(parsed.so_far)))  # what was right is kept

    def _context(self, invocation: Invocation, now: int, command: Command, lookup: Lookup) -> Context:
        """Who came in from elsewhere, or speaks in private, does what an admin does as the admin of that chat; nobody
        else is one of a market of another chat."""
        runs = lookup.runs if command.rule.role is Role.ADMIN else None
        is_admin = runs is not None or (invocation.is_admin and not lookup.elsewhere)
        return Context(
            db=self._db,
            invocation=replace(invocation, is_admin=is_admin),
            now_ms=now,
            person=lookup.person,
            chat=runs or lookup.chat,
            commands=self.commands,
            auditor=self._auditor,
            rehearser=self._rehearser,
            cutter=self._cutter,
            rights=self._rights,
            ask_approvers=self.approvers.ask,
            public_url=self._public_url,
            private_webhooks=self._private_webhooks,
        )

    def _given(self, uow: UnitOfWork, command: Command, lookup: Lookup) -> Mapping[str, Given | None]:
        """What its function asks for beside the arguments, by keyword."""
        member = lookup.market.member if lookup.market else None
        loaded: Mapping[type[Given], Given | None] = {
            MarketView: lookup.market,
            Participant: Participant(member=member) if member else None,
            TradingSettings: TradingSettings(kept=lookup.settings),
            Snapshot: Snapshot(uow=uow),
        }
        return {keyword: loaded[wanted] for keyword, wanted, _ in command.given}

    async def _is_its_makers(self, uow: UnitOfWork, invocation: Invocation, lookup: Lookup) -> bool:
        """Whether the key a program comes by is still good, its maker's, and for the market it speaks of."""
        key, person = lookup.key, lookup.person
        if key is None or person is None or not key.live or invocation.market != key.market:
            return False
        return key.person == person.id or key.person in await uow.people.all_ids(person.id)

    async def _may_press(self, uow: UnitOfWork, invocation: Invocation, person: Person | None) -> bool:
        """Whether the button was made for nobody in particular, for the speaker, or for one who was joined to them."""
        if invocation.made_for is None:
            return True
        if person is None or person.id == invocation.made_for:
            return person is not None
        return invocation.made_for in await uow.people.all_ids(person.id)

    async def _go_on_here(self, invocation: Invocation, now: int, lookup: Lookup) -> None:
        """Private lines continue with the market of the chat the person spoke in last, joined or not, or the one their
        button named; what a program does leads them nowhere."""
        market = lookup.market
        if market is None or invocation.key is not None:
            return
        if invocation.chat_kind is ChatKind.PRIVATE and chosen(invocation) is None:
            return
        if lookup.person is not None and lookup.person.market == market.id:
            return
        async with self._db.writing() as uow:
            person = await speaker(uow, invocation, now)
            if person.market != market.id:
                await uow.markets.use(person.id, market.id)
            await uow.commit()

    async def _offered(self, invocation: Invocation) -> list[Command]:
        async with self._db.reading() as uow:
            admin = await is_named_admins_commands(uow, invocation)
        return [
            command
            for command in self.commands
            if not command.hidden and command.rule.offered(admin=admin, platform=invocation.platform)
        ]

    async def _vouched(self, invocation: Invocation, command: Command | None, *, anew: bool = False) -> Vouched | None:
        """What is said of who came in from elsewhere, where they came from; of who does in private what an admin does,
        where the market's admins are known: `anew` for what is done, not for each letter that is typed."""
        if invocation.came_as is None:
            if command is None or command.rule.role is not Role.ADMIN or command.rule.chats == SHARED:
                return None
            if invocation.chat_kind is not ChatKind.PRIVATE or invocation.visited:
                return None
            return await self._vouching.in_private(*invocation.speaker, chosen(invocation), anew=anew)
        runs, market = command is not None and command.rule.role is Role.ADMIN, chosen(invocation)
        if market is not None:
            return await self._vouching.of_market(invocation.came_as, market, runs=runs)
        return await self._vouching.of_chat(invocation.came_as, invocation.came_from) if runs else Vouched()

    def _refuse(self, command: Command, missing: Missing, lookup: Lookup, invocation: Invocation) -> Reply:
        if isinstance(missing, OtherKey):
            return words_keys.other_key(command.name, missing.scopes)
        if isinstance(missing, Elsewhere):
            return words_usage.not_on_this_platform(command.name, sorted(missing.platforms))
        unasked = lookup.vouched.unasked if lookup.vouched is not None else None
        if missing is Role.ADMIN and unasked is not None:
            return words_usage.cannot_ask(unasked)
        if missing is Role.ADMIN and invocation.visited:
            return words_usage.no_admins_here(command.name)
        if missing is Role.ADMIN and invocation.chat_kind is ChatKind.PRIVATE:
            of = None if lookup.market is None else lookup.market.record.title
            return words_usage.only_admins_of(command.name, of, invocation.platform)
        if missing is Role.ADMIN:
            return words_usage.only_admins(command.name)
        if missing is Role.MEMBER:
            if lookup.market is None:
                return self._no_market(invocation, lookup)
            return words_usage.not_joined(_line_of(invocation, command))
        return words_usage.not_here(command.name)

    def _no_market(self, invocation: Invocation, lookup: Lookup) -> Reply:
        if lookup.vouched is not None and lookup.vouched.unasked is not None:
            return words_usage.cannot_ask(lookup.vouched.unasked)
        if chosen(invocation) is not None:
            return words_usage.not_a_market_of_yours()
        return words_usage.no_market(invocation)


def _head(invocation: Invocation) -> str:
    """A line that begins with the command."""
    return f"/{invocation.command.lstrip('/')}" if invocation.command else invocation.text.strip()


def _line_of(invocation: Invocation, command: Command) -> str:
    """The line that was said, also where it came as arguments by name."""
    if not invocation.command:
        return invocation.text.strip()
    return parser.typed_line(command, {name: quoted(text) for name, text in invocation.args.items()})


def _with_native_rights(invocation: Invocation) -> Invocation:
    """Nobody is an admin of their private chat: there a market's own chat is asked."""
    return replace(invocation, is_admin=invocation.is_admin and invocation.chat_kind is not ChatKind.PRIVATE)


def _cleaned(invocation: Invocation) -> Invocation:
    """Without NUL and half characters: what is typed may come back in a button, which is kept and sent as UTF-8. With
    the market it names apart."""
    market, text = read_market(clean(invocation.text, len(invocation.text)))
    return replace(
        invocation,
        text=text,
        market=invocation.market if market is None else market,
        command=clean(invocation.command, len(invocation.command)),
        args={clean(name, len(name)): clean(text, len(text)) for name, text in invocation.args.items()},
    )

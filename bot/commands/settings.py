"""How one wants to trade and to be told: for everybody, everywhere.

Types of arguments that `/settings` takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from bot.chat.facts import Hint, PersonalSettings
from bot.chat.invocation import ChatKind, ParseContext
from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.book import Flag
from bot.grammar.command import command
from bot.grammar.types import ArgumentType, Rate, Wrong
from bot.market.context import Context, speaker
from bot.text.numbers import RATE
from bot.words import arguments as words_arguments
from bot.words import settings as words
from storage.people import Preferences
from storage.records import Chat, Person
from storage.unit_of_work import UnitOfWork

_ON, _OFF = frozenset({"on", "yes", "true"}), frozenset({"off", "no", "none", "false"})
_USUAL = frozenset({"usual", "default", "off", "none"})


@dataclass(frozen=True, slots=True)
class Switch(Flag):
    """On or off, as settings are spelled; its name alone says neither."""

    flag: bool = False

    shape = "on|off"
    closed = True

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        return [Hint(value) for value in ("on", "off") if value.startswith(partial.strip().casefold())]


@dataclass(frozen=True, slots=True)
class Slippage:
    """A rate, or None for the bot's own way."""

    rate: int | None


@dataclass(frozen=True, slots=True)
class SlippageSettingType(ArgumentType[Slippage]):
    """Like the slippage of an order, and `usual` to set none."""

    about: str = "how far a price may run where an order does not say, such as 3%; usual takes it back"
    named: bool = True

    shape = "3%"

    def parse(self, text: str, context: ParseContext) -> Slippage | Wrong:
        if text.strip().casefold() in _USUAL:
            return Slippage(None)
        rate = Rate("slippage", high=10 * RATE).parse(text, context)
        return rate if isinstance(rate, Wrong) else Slippage(rate)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        rows = (Hint("usual", words.usual_slippage()), Hint("1%"), Hint("3%"), Hint("10%"))
        return [hint for hint in rows if hint.value.startswith(partial.strip().casefold())]


@dataclass(frozen=True, slots=True)
class Turned:
    """These kinds, on or off."""

    kinds: tuple[str, ...]
    on: bool


@dataclass(frozen=True, slots=True)
class KindsType(ArgumentType[Turned]):
    """`fills off`, `elimination, resolution on`, `all off`; on where neither is said."""

    what: str
    choices: Callable[[], Mapping[str, str]]
    about: str = ""
    named: bool = True
    words: int = 10
    shape: str = "kinds on|off"
    most = 200

    def parse(self, text: str, context: ParseContext) -> Turned | Wrong:
        typed = [word for word in re.split(r"[\s,;&+]+|\band\b", text.casefold()) if word]
        on = True
        if typed and typed[-1] in _ON | _OFF:
            on = typed.pop() in _ON
        every = tuple(self.choices())
        if not typed:
            return Wrong(words.no_kind(self.what, every))
        named: list[str] = []
        for word in typed:
            if word in {"all", "everything"}:
                named += every
                continue
            fitting = [kind for kind in every if kind.startswith(word.removesuffix("s")) or word.startswith(kind)]
            if len(fitting) != 1 and word not in words.FILLING:
                return Wrong(words_arguments.not_a_choice(self.what, word, fitting or every, None))
            named += fitting[:1]
        return (
            Turned(tuple(kind for kind in every if kind in named), on)
            if named
            else Wrong(words.no_kind(self.what, every))
        )

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        start = " ".join(partial.casefold().split())
        rows = [Hint(f"{kind} {way}", about) for kind, about in self.choices().items() for way in ("on", "off")]
        rows += [Hint("all on"), Hint("all off")]
        return [hint for hint in rows if hint.value.startswith(start)]


SlippageSetting = Annotated[Slippage, SlippageSettingType()]


ConfirmSetting = Annotated[bool, Switch(about="a ticket with Confirm before every order (on), or orders at once (off)")]


AutofillSetting = Annotated[bool, Switch(about="whether orders with a limit let auto-fill fill them, too")]


NameSetting = Annotated[
    bool, Switch(about="whether your name shows to strangers who watch a public market you are in; off unless you say")
]


NoticesSetting = Annotated[
    Turned,
    KindsType("notice", words.notice_kinds, about="what you are told in private: fills, cancels, payouts, watching"),
]


PingsSetting = Annotated[
    Turned,
    KindsType(
        "ping", words.ping_kinds, about="events of this chat you want to be told of in private, such as elimination"
    ),
]


@command(
    "settings",
    role=Role.ANYONE,
    examples=(
        "/settings",
        "/settings slippage 3%",
        "/settings confirm off",
        "/settings name on",
        "/settings pings elimination on",
    ),
)
async def settings(
    ctx: Context,
    *,
    slippage: SlippageSetting | None = None,
    confirm: ConfirmSetting | None = None,
    autofill: AutofillSetting | None = None,
    name: NameSetting | None = None,
    notices: NoticesSetting | None = None,
    pings: PingsSetting | None = None,
) -> Reply:
    """See and change how you trade, and what you are told.

    Without anything it shows all of it, with a button for each. Pings are of the chat in which you set them, in private
    of the market you used last; whoever only watches may have them, too.
    """
    if all(given is None for given in (slippage, confirm, autofill, name, notices, pings)):
        async with ctx.db.reading() as uow:
            return words.settings(await _shown(ctx, uow, ctx.person))
    async with ctx.db.writing() as uow:
        if pings is not None and ctx.chat is None and ctx.invocation.chat_kind is not ChatKind.PRIVATE:
            await _here(ctx, uow)
        person = await _known(ctx, uow)
        chat = await _chat(ctx, uow, person) if pings is not None else None
        if pings is not None and chat is None:
            return words.no_place()
        before = await uow.preferences.of(person.id)
        after, changed = before, list[str]()
        if slippage is not None:
            after = replace(after, slippage=slippage.rate)
            changed.append(words.slippage_set(slippage.rate))
        if confirm is not None:
            after = replace(after, confirm=confirm)
            changed.append(words.confirm_set(on=confirm))
        if autofill is not None:
            after = replace(after, autofill=autofill)
            changed.append(words.autofill_set(on=autofill))
        if name is not None:
            after = replace(after, named=name)
            changed.append(words.name_set(on=name))
        if notices is not None:
            after = replace(after, quiet=_turned(before.quiet, notices, invert=True))
            changed.append(words.notices_set(notices.kinds, on=notices.on))
        if after != before:
            await uow.preferences.put(person.id, after)
        if pings is not None and chat is not None:
            wanted = (await uow.pings.of(person.id)).get(chat.id, frozenset())
            await uow.pings.put(person.id, chat.id, _turned(wanted, pings))
            changed.append(words.pings_set(pings.kinds, words.place_name(chat.title), on=pings.on))
        shown = await _shown(ctx, uow, person)
        await uow.commit()
    return words.settings(shown, changed)


@command("settings ask", role=Role.ANYONE, hidden=True)
async def ask_slippage(ctx: Context) -> Reply:
    """Asks for the slippage in a form."""
    kept = Preferences()
    if ctx.person is not None:
        async with ctx.db.reading() as uow:
            kept = await uow.preferences.of(ctx.person.id)
    return words.slippage_form(kept)


def _turned(before: frozenset[str], turned: Turned, *, invert: bool = False) -> frozenset[str]:
    """The kinds in the set afterwards; `invert` where the set holds what is off."""
    return before | set(turned.kinds) if turned.on is not invert else before - set(turned.kinds)


async def _known(ctx: Context, uow: UnitOfWork) -> Person:
    return await speaker(uow, ctx.invocation, ctx.now_ms)


async def _here(ctx: Context, uow: UnitOfWork) -> Chat:
    invocation = ctx.invocation
    return await uow.chats.open(
        invocation.platform, invocation.chat_ext, invocation.chat_kind.value, invocation.chat_title, ctx.now_ms
    )


async def _chat(ctx: Context, uow: UnitOfWork, person: Person | None) -> Chat | None:
    """The chat pings are set for: this one; in private the one, on this platform if there is one, where the market they
    used last is announced."""
    invocation = ctx.invocation
    if invocation.chat_kind is not ChatKind.PRIVATE:
        if ctx.chat is not None or person is None:
            return ctx.chat
        return await _here(ctx, uow)
    market = await uow.markets.last_of_person(person.id) if person is not None else None
    places = await uow.chats.of_market(market.id) if market is not None else []
    return next((place for place in places if place.platform == invocation.platform), places[0] if places else None)


async def _shown(ctx: Context, uow: UnitOfWork, person: Person | None) -> PersonalSettings:
    invocation = ctx.invocation
    shared = invocation.chat_kind is not ChatKind.PRIVATE
    if person is None:
        here = frozenset[str]() if shared else None
        return PersonalSettings(kept=Preferences(), pings=here, place=words.place_name(invocation.chat_title))
    chat = ctx.chat if shared else await _chat(ctx, uow, person)
    wanted = await uow.pings.of(person.id)
    if chat is None and shared:
        chat = await uow.chats.find(invocation.platform, invocation.chat_ext)
    pings = wanted.get(chat.id, frozenset()) if chat is not None else frozenset[str]() if shared else None
    return PersonalSettings(
        kept=await uow.preferences.of(person.id),
        pings=pings,
        place=words.place_name(chat.title if chat is not None else invocation.chat_title),
        elsewhere=len(wanted.keys() - {chat.id if chat is not None else 0}),
        person=person.id,
    )

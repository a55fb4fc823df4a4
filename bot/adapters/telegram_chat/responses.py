"""Runs a line for somebody and puts the answer where it belongs: the group, her private chat, or behind a link to it.

In a group nothing of a person's is said. What is hers goes to her private chat, without a word in the group; who has
not opened that chat gets a link that goes on right there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from telegram import ForceReply

from bot.adapters.telegram_chat import NAME
from bot.adapters.telegram_chat.callback_answer import CallbackAnswer
from bot.adapters.telegram_chat.chats import ChatAddress, ChatRank, Rights
from bot.adapters.telegram_chat.deep_links import DeepLinks
from bot.adapters.telegram_chat.forms import Again, Asked, FormStep, ask
from bot.adapters.telegram_chat.incoming import IncomingUpdate
from bot.adapters.telegram_chat.keyboards import Keys, keys_of
from bot.adapters.telegram_chat.markup import Ink, TextRun
from bot.adapters.telegram_chat.message_refs import Ref
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.throttle import MOST_MS, SOON_MS, Throttle
from bot.chat import plain_text
from bot.chat.buttons import Buttons
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.platform import Draw, Unreachable, UnreachableError, drawn
from bot.chat.reply import Audience, Line, Reply
from bot.dispatcher import Dispatcher
from bot.words import telegram as words
from storage.database import Database

_ASKS_RIGHTS = ("/admin", "/help", "/start")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to run: a line, or a command with arguments by name. `made_for`: whose button it came from."""

    line: str = ""
    step: FormStep | None = None
    made_for: int | None = None
    request: str = ""  # where the update's own id is not the request's

    @property
    def kept(self) -> str:
        return self.line or (self.step.line() if self.step else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A message of ours that an answer replaces, unless it has changed since `turn`."""

    ref: str
    turn: int


class TelegramResponder:
    """`draw` makes charts; `link` makes a deep link of a payload."""

    def __init__(
        self,
        db: Database,
        dispatcher: Dispatcher,
        post: Sender,
        buttons: Buttons,
        rights: Rights,
        patience: Throttle,
        stubs: DeepLinks,
        draw: Draw,
        link: Callable[[str], str],
    ) -> None:
        self._db = db
        self._dispatcher = dispatcher
        self._post = post
        self._buttons = buttons
        self._rights = rights
        self._patience = patience
        self._stubs = stubs
        self._draw = draw
        self._link = link
        self._titles: dict[str, str] = {}
        self.waiting: dict[str, str] = {}  # by person: the key of the step whose value she may type next

    # -- running

    async def run(self, who: IncomingUpdate, said: Request) -> tuple[Invocation, Reply]:
        """What the dispatcher answers; what it was asked is needed to place a ticket."""
        asked = await self._invocation(who, said)
        if asked is None:
            return _nothing(who), words.not_in_that_chat()
        return asked, await drawn(await self._dispatcher.run(asked), self._draw)

    async def _invocation(self, who: IncomingUpdate, said: Request) -> Invocation | None:
        """None where she speaks of a group she is not in."""
        place = ChatAddress.of(who.about) if who.about else who.place
        if place is None:
            return None
        standing = await self._standing(who, place, said)
        if who.about and standing is ChatRank.STRANGER:
            return None
        return Invocation(
            text=said.line,
            command=said.step.command if said.step else "",
            args=said.step.args if said.step else {},
            platform=NAME,
            person_ext=who.person_ext,
            person_name=who.name,
            chat_ext=place.ext,
            chat_kind=ChatKind.PRIVATE if place.private else ChatKind.GROUP,
            chat_title=await self._title(who, place),
            is_admin=standing is ChatRank.ADMIN,
            nameless=who.person is None,
            made_for=said.made_for,
            request_id=said.request or who.request,
        )

    async def _standing(self, who: IncomingUpdate, place: ChatAddress, said: Request) -> ChatRank:
        """Asked of Telegram only where it matters, for it counts on the group's budget."""
        if place.private:
            return ChatRank.MEMBER
        if who.vouched:
            return ChatRank.ADMIN
        bot = self._post.bot
        if who.person is None or bot is None:
            return ChatRank.MEMBER if who.about is None else ChatRank.STRANGER
        matters = f"/{said.step.command}" if said.step else said.line
        if who.about is None and not matters.startswith(_ASKS_RIGHTS):
            return self._rights.known(place, who.person) or ChatRank.MEMBER
        return await self._rights.standing(bot, place, who.person)

    async def _title(self, who: IncomingUpdate, place: ChatAddress) -> str:
        if not who.about:
            self._titles[place.ext] = who.title
            return who.title
        if place.ext not in self._titles:
            async with self._db.reading() as uow:
                chat = await uow.chats.find(NAME, place.ext)
            self._titles[place.ext] = chat.title if chat else ""
        return self._titles[place.ext]

    # -- answering

    async def answer(
        self,
        who: IncomingUpdate,
        said: Request,
        asked: Invocation,
        reply: Reply,
        *,
        over: Replaced | None = None,
        knock: CallbackAnswer | None = None,
    ) -> None:
        """Put the answer where it belongs. `over` is a message of ours in her private chat that it replaces."""
        if who.private:
            await self.show(who.place, who, asked, reply, over=over)
        elif reply.audience is Audience.CHAT and reply.form is None:
            await self._in_group(who, asked, reply)
        elif who.person is None:
            asks = not reply.ok or reply.form or any(one.label.startswith("Confirm") for one in reply.actions)
            line = said.kept if asks else "/admin monitor"
            await self._stubs.show(who, words.nameless(ok=reply.ok), line, None, anew=True)
        elif knock is None or reply.ok or reply.form is not None:
            await self._privately(who, said, asked, reply, knock)
        elif not await knock.answer(plain_text.text(replace(reply, actions=())), alert=True):
            await self._privately(who, said, asked, reply, None)

    async def show(
        self,
        place: ChatAddress,
        who: IncomingUpdate,
        asked: Invocation,
        reply: Reply,
        *,
        over: Replaced | None = None,
        page: int = 0,
        typing: bool = False,
        trouble: Line = (),
    ) -> None:
        """In a private chat: the reply, or the question its form begins with."""
        about = asked.chat_ext if asked.chat_kind is ChatKind.GROUP else None
        question = None
        if reply.form is not None:
            question = ask(reply.form, reply, about, page=page, typing=typing, trouble=trouble)
        if question is not None and question.typed:
            await self._ask_to_type(place, who, question, about, over)
            return
        keys = question.keys if question else keys_of(reply.actions, about)
        text = question.reply if question else reply
        ref = await self._put(place, text, keys, over)
        if ref is not None and reply.ticket is not None:
            await self._dispatcher.placed(reply, replace(asked, chat_ext=place.ext), ref)

    async def _put(self, place: ChatAddress, reply: Reply, keys: Keys, over: Replaced | None) -> str | None:
        """The ref where it stands now; None where something newer stands there."""
        if over is not None and not reply.files and self._post.fits(reply):
            try:
                edited = await self._patience.send(
                    place, lambda: self._post.edit(place, over.ref, reply, keys, unless_after=over.turn, counted=1)
                )
                return over.ref if edited else None
            except UnreachableError as error:
                if error.why is not Unreachable.MESSAGE:
                    raise
        return await self._patience.send(place, lambda: self._post.send(place, reply, keys, counted=1))

    async def _ask_to_type(
        self, place: ChatAddress, who: IncomingUpdate, question: Asked, about: str | None, over: Replaced | None
    ) -> None:
        """A question to reply to. The link in it keeps the place, for a restart too."""
        at = Ref.of(over.ref) if over else None
        step = replace(question.step, over=at.message if at else 0)
        key = await self._buttons.keep(step.line(), None, about)
        extra = (TextRun(words.REPLY_HERE, Ink.LINK, url=self._link(key)),)
        force = ForceReply(input_field_placeholder=words.placeholder(question.field) or None)
        await self._patience.send(
            place, lambda: self._post.send(place, question.reply, force=force, extra=extra, counted=1)
        )
        self.waiting[who.person_ext] = key

    async def _in_group(self, who: IncomingUpdate, asked: Invocation, reply: Reply) -> None:
        """For everybody, in the topic where it was asked; where the group's minute is full, to her alone."""
        wait = self._patience.wait(who.place)
        if wait > MOST_MS and who.person is not None:
            await self._privately(who, Request(line=asked.text), asked, reply, None)
        elif wait > SOON_MS:
            self._patience.behind(self._openly(who, asked, reply))
        else:
            await self._openly(who, asked, reply)

    async def _openly(self, who: IncomingUpdate, asked: Invocation, reply: Reply) -> None:
        """In the group; where it takes no such message, to her alone."""
        keys = keys_of(reply.actions)
        try:
            await self._patience.send(
                who.place, lambda: self._post.send(who.place, reply, keys, to=who.message, counted=1)
            )
        except UnreachableError as error:
            if error.why is not Unreachable.FORBIDDEN or who.person is None:
                raise
            await self._privately(who, Request(line=asked.text), asked, reply, None)

    async def _privately(
        self, who: IncomingUpdate, said: Request, asked: Invocation, reply: Reply, knock: CallbackAnswer | None
    ) -> None:
        if who.person is None:
            return
        try:
            await self.show(ChatAddress(who.person), who, asked, reply)
        except UnreachableError as error:
            if error.why is not Unreachable.PERSON:
                raise
            line = Again(line=said.kept, request=asked.request_id, person=who.person_ext).kept()
            url = await self._stubs.link_to(who, line, said.made_for)
            if knock is None or not await knock.answer(url=url):
                await self._stubs.show(who, words.start_first(who.name), line, said.made_for)
        else:
            if knock is not None:
                await knock.answer(words.toast_in_private())


def _nothing(who: IncomingUpdate) -> Invocation:
    """The invocation of something that was not asked of the dispatcher."""
    return Invocation(
        platform=NAME, person_ext=who.person_ext, person_name=who.name, chat_ext=who.place.ext,
        chat_kind=ChatKind.PRIVATE if who.private else ChatKind.GROUP, request_id=who.request,
    )  # fmt: skip

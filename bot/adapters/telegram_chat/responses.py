"""Runs a line for somebody and puts the answer where it belongs: the group, a private chat, or behind a link to it.

In a group nothing private is said for all to read. It is said there to the person alone where that can be, else it goes
to their private chat, without a word in the group; who has not opened that chat gets a link that goes on right there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from telegram import ForceReply
from telegram.constants import ChatAction

from bot.adapters.answer_charts import AnswerCharts
from bot.adapters.telegram_chat import NAME
from bot.adapters.telegram_chat.awaited_values import AwaitedValues
from bot.adapters.telegram_chat.callback_answer import CallbackAnswer
from bot.adapters.telegram_chat.chats import ChatAddress, ChatRanks
from bot.adapters.telegram_chat.deep_links import DeepLinks
from bot.adapters.telegram_chat.ephemeral import EphemeralAnswers
from bot.adapters.telegram_chat.forms import FormQuestion, FormStep, RepeatedRequest, question_of
from bot.adapters.telegram_chat.incoming import IncomingUpdate
from bot.adapters.telegram_chat.keyboards import KeyboardRows, rows_of_actions
from bot.adapters.telegram_chat.markup import TextRun, TextStyle
from bot.adapters.telegram_chat.message_refs import EphemeralRef, ReplacedMessage
from bot.adapters.telegram_chat.reactions import Reactions
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.throttle import LONGEST_WAIT_MS, SHORT_WAIT_MS, Throttle
from bot.chat import plain_text
from bot.chat.buttons import Buttons
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.pictures import Draw, has_pictures
from bot.chat.platform import Unreachable, UnreachableError
from bot.chat.rate_limits import Urgency
from bot.chat.reply import Audience, Line, Reply
from bot.chat.rights import Standing
from bot.dispatcher import Dispatcher
from bot.words import answer_charts as words_charts
from bot.words import telegram as words
from storage.database import Database

SHOWN_MS = 5_000  # so long a client shows what a bot is doing: core.telegram.org/bots/api#sendchataction
_NEEDS_RANK = ("/admin", "/help", "/start")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """What to run: a line, or a command with arguments by name. `made_for`: whose button it came from."""

    line: str = ""
    step: FormStep | None = None
    made_for: int | None = None
    request_id: str = ""  # where the update's own id is not the request's

    @property
    def stored_line(self) -> str:
        return self.line or (self.step.line() if self.step else "")


class TelegramResponder:
    """`draw` makes charts; `link` makes a deep link of a payload."""

    def __init__(
        self,
        db: Database,
        dispatcher: Dispatcher,
        sender: Sender,
        buttons: Buttons,
        ranks: ChatRanks,
        throttle: Throttle,
        deep_links: DeepLinks,
        awaited: AwaitedValues,
        ephemeral: EphemeralAnswers,
        reactions: Reactions,
        draw: Draw,
        link: Callable[[str], str],
        monotonic_ms: Callable[[], int],
    ) -> None:
        self._db = db
        self._monotonic_ms = monotonic_ms
        self._drawing_shown: dict[int, int] = {}  # by chat: when it was last told that a picture is drawn
        self._dispatcher = dispatcher
        self._sender = sender
        self._buttons = buttons
        self._ranks = ranks
        self._throttle = throttle
        self._deep_links = deep_links
        self.charts = AnswerCharts(draw)
        self._link = link
        self._titles: dict[str, str] = {}
        self._awaited = awaited
        self.ephemeral = ephemeral
        self._reactions = reactions

    # -- running

    async def run(self, incoming: IncomingUpdate, request: CommandRequest) -> tuple[Invocation, Reply]:
        """What the dispatcher answers; what it was asked is needed to place a ticket."""
        invocation = await self._invocation(incoming, request)
        if invocation is None:
            return _empty_invocation(incoming), words.not_in_that_chat()
        reply = await self._dispatcher.run(invocation)
        if has_pictures(reply) and incoming.private:
            self._show_drawing(incoming.address)
        reply, drawing = await self.charts.with_charts(reply)
        if drawing is not None:
            self.charts.follow(drawing, partial(self._send_charts, incoming, request, invocation, reply.audience))
        return invocation, reply

    def _show_drawing(self, address: ChatAddress) -> None:
        """That a picture is on its way, beside the work on it; never in a group, whose minute is for messages."""
        now = self._monotonic_ms()
        last = self._drawing_shown.get(address.chat)
        if last is not None and now - last < SHOWN_MS:
            return
        self._drawing_shown = {chat: at for chat, at in self._drawing_shown.items() if now - at < SHOWN_MS}
        self._drawing_shown[address.chat] = now
        self._throttle.in_background(self._sender.act(address, ChatAction.UPLOAD_PHOTO))

    async def _send_charts(
        self,
        incoming: IncomingUpdate,
        request: CommandRequest,
        invocation: Invocation,
        audience: Audience,
        drawn: Reply | None,
    ) -> None:
        """After the answer, which has no place for them: a message of text stays one."""
        await self.respond(incoming, request, invocation, words_charts.charts_alone(drawn, audience))

    async def _invocation(self, incoming: IncomingUpdate, request: CommandRequest) -> Invocation | None:
        """None where somebody speaks of a group they are not in."""
        address = ChatAddress.of(incoming.group_ext) if incoming.group_ext else incoming.address
        if address is None:
            return None
        rank = await self._rank(incoming, address, request)
        if incoming.group_ext and rank is Standing.STRANGER:
            return None
        return Invocation(
            text=request.line,
            command=request.step.command if request.step else "",
            args=request.step.args if request.step else {},
            platform=NAME,
            person_ext=incoming.person_ext,
            person_name=incoming.name,
            chat_ext=address.ext,
            chat_kind=ChatKind.PRIVATE if address.private else ChatKind.GROUP,
            chat_title=await self._title(incoming, address),
            is_admin=rank is Standing.ADMIN,
            nameless=incoming.person is None,
            alone=incoming.private or bool(incoming.query_id),
            made_for=request.made_for,
            bot_names=self._bot_names(),
            request_id=request.request_id or incoming.request_id,
        )

    def _bot_names(self) -> tuple[str, ...]:
        bot = self._sender.bot
        return () if bot is None else (bot.first_name, bot.username)

    async def _rank(self, incoming: IncomingUpdate, address: ChatAddress, request: CommandRequest) -> Standing:
        """Asked of Telegram only where it matters, for it counts on the group's budget."""
        if address.private:
            return Standing.MEMBER
        if incoming.sent_as_chat:
            return Standing.ADMIN
        bot = self._sender.bot
        if incoming.person is None or bot is None:
            return Standing.MEMBER if incoming.group_ext is None else Standing.STRANGER
        line = f"/{request.step.command}" if request.step else request.line
        if incoming.group_ext is None and not line.startswith(_NEEDS_RANK):
            return self._ranks.cached(address, incoming.person) or Standing.MEMBER
        return await self._ranks.rank(bot, address, incoming.person)

    async def _title(self, incoming: IncomingUpdate, address: ChatAddress) -> str:
        if not incoming.group_ext:
            self._titles[address.ext] = incoming.title
            return incoming.title
        if address.ext not in self._titles:
            async with self._db.reading() as uow:
                chat = await uow.chats.find(NAME, address.ext)
            self._titles[address.ext] = chat.title if chat else ""
        return self._titles[address.ext]

    # -- answering

    async def respond(
        self,
        incoming: IncomingUpdate,
        request: CommandRequest,
        invocation: Invocation,
        reply: Reply,
        *,
        replaces: ReplacedMessage | None = None,
        callback_answer: CallbackAnswer | None = None,
    ) -> None:
        """Put the answer where it belongs. `replaces` is a message of ours that only they see and that it replaces."""
        if incoming.private:
            await self.show(incoming.address, incoming, invocation, reply, replaces=replaces)
        elif reply.audience is Audience.CHAT and reply.form is None:
            await self._respond_in_group(incoming, invocation, reply)
        elif incoming.person is None:
            leads_on = not reply.ok or reply.form or any(action.label.startswith("Confirm") for action in reply.actions)
            line = request.stored_line if leads_on else "/admin monitor"
            await self._deep_links.send_link(incoming, words.nameless(ok=reply.ok), line, None, anew=True)
        elif callback_answer is None or reply.ok or reply.form is not None:
            await self.respond_privately(incoming, request, invocation, reply, callback_answer, replaces=replaces)
        elif reply.actions and await self.ephemeral.answer(incoming, invocation, reply, replaces=replaces):
            await callback_answer.answer()
        elif not await callback_answer.answer(plain_text.text(replace(reply, actions=())), alert=True):
            await self.respond_privately(incoming, request, invocation, reply, None)

    async def show(
        self,
        address: ChatAddress,
        incoming: IncomingUpdate,
        invocation: Invocation,
        reply: Reply,
        *,
        replaces: ReplacedMessage | None = None,
        page: int = 0,
        typed: bool = False,
        error: Line = (),
    ) -> None:
        """In a private chat: the reply, or the question its form begins with."""
        group_ext = invocation.chat_ext if invocation.chat_kind is ChatKind.GROUP else None
        question = None
        if reply.form is not None:
            question = question_of(reply.form, reply, group_ext, page=page, typed=typed, error=error)
        if question is not None and question.typed:
            await self._ask_to_type(address, incoming, question, group_ext, replaces)
            return
        keyboard = question.keyboard if question else rows_of_actions(reply.actions, group_ext)
        text = question.reply if question else reply
        ref = await self._send_or_replace(address, text, keyboard, replaces)
        if ref is not None:
            await self._dispatcher.placed(reply, replace(invocation, chat_ext=address.ext), ref)

    async def _send_or_replace(
        self, address: ChatAddress, reply: Reply, keyboard: KeyboardRows, replaces: ReplacedMessage | None
    ) -> str | None:
        """The ref where it stands now; None where something newer stands there."""
        is_here = replaces is not None and EphemeralRef.of(replaces.ref) is None
        if replaces is not None and is_here and not reply.files and self._sender.fits(reply):
            try:
                edited = await self._throttle.send(
                    address,
                    lambda: self._sender.edit(
                        address, replaces.ref, reply, keyboard, unless_newer_than=replaces.version, counted=1
                    ),
                )
                return replaces.ref if edited else None
            except UnreachableError as error:
                if error.why is not Unreachable.MESSAGE:
                    raise
        return await self._throttle.send(address, lambda: self._sender.send(address, reply, keyboard, counted=1))

    async def _ask_to_type(
        self,
        address: ChatAddress,
        incoming: IncomingUpdate,
        question: FormQuestion,
        group_ext: str | None,
        replaces: ReplacedMessage | None,
    ) -> None:
        """A question to reply to. The link in it keeps the place, for a restart too."""
        step = replace(question.step, replaces=replaces.ref if replaces else "")
        key = await self._buttons.keep(step.line(), None, group_ext)
        extra = (TextRun(words.REPLY_HERE, TextStyle.LINK, url=self._link(key)),)
        force = ForceReply(input_field_placeholder=words.placeholder(question.field) or None)
        await self._throttle.send(
            address, lambda: self._sender.send(address, question.reply, force=force, extra=extra, counted=1)
        )
        await self._awaited.expect(incoming.person_ext, key)

    async def _respond_in_group(self, incoming: IncomingUpdate, invocation: Invocation, reply: Reply) -> None:
        """For everybody, in the topic where it was asked; where the group's minute is full, in private."""
        wait = self._throttle.wait(incoming.address, _urgency(invocation))
        if wait > LONGEST_WAIT_MS and incoming.person is not None:
            await self.respond_privately(incoming, CommandRequest(line=invocation.text), invocation, reply, None)
        elif wait > SHORT_WAIT_MS:
            self._throttle.in_background(self._send_to_group(incoming, invocation, reply))
        else:
            await self._send_to_group(incoming, invocation, reply)

    async def _send_to_group(self, incoming: IncomingUpdate, invocation: Invocation, reply: Reply) -> None:
        """In the group; where it takes no such message, in private."""
        keyboard = rows_of_actions(reply.actions)
        try:
            await self._throttle.send(
                incoming.address,
                lambda: self._sender.send(incoming.address, reply, keyboard, reply_to=incoming.message_id, counted=1),
                _urgency(invocation),
            )
        except UnreachableError as error:
            if error.why is not Unreachable.FORBIDDEN or incoming.person is None:
                raise
            await self.respond_privately(incoming, CommandRequest(line=invocation.text), invocation, reply, None)

    async def respond_privately(
        self,
        incoming: IncomingUpdate,
        request: CommandRequest,
        invocation: Invocation,
        reply: Reply,
        callback_answer: CallbackAnswer | None,
        *,
        replaces: ReplacedMessage | None = None,
        page: int = 0,
        typed: bool = False,
    ) -> None:
        """In the group to them alone, else in their private chat, else behind a link. What is typed is typed in the
        private chat: a group would read it."""
        if incoming.person is None:
            return
        if not typed and await self.ephemeral.answer(incoming, invocation, reply, replaces=replaces, page=page):
            if callback_answer is not None:
                await callback_answer.answer()
            return
        try:
            address = ChatAddress(incoming.person)
            await self.show(address, incoming, invocation, reply, replaces=replaces, page=page, typed=typed)
        except UnreachableError as error:
            if error.why is not Unreachable.PERSON:
                raise
            line = RepeatedRequest(
                line=request.stored_line, request_id=invocation.request_id, person=incoming.person_ext
            ).stored_line()
            url = await self._deep_links.link_to(incoming, line, request.made_for)
            if callback_answer is None or not await callback_answer.answer(url=url):
                await self._deep_links.send_link(incoming, words.start_first(incoming.name), line, request.made_for)
        else:
            self._reactions.show_heard(incoming)
            if callback_answer is not None:
                await callback_answer.answer(words.toast_in_private())


def _urgency(invocation: Invocation) -> Urgency:
    """What a group's admins are answered is held up by nothing that others ask."""
    line = f"/{invocation.command}" if invocation.command else invocation.text
    return Urgency.URGENT if invocation.is_admin and line.startswith("/admin") else Urgency.ANSWER


def _empty_invocation(incoming: IncomingUpdate) -> Invocation:
    """The invocation of something that was not asked of the dispatcher."""
    return Invocation(
        platform=NAME, person_ext=incoming.person_ext, person_name=incoming.name, chat_ext=incoming.address.ext,
        chat_kind=ChatKind.PRIVATE if incoming.private else ChatKind.GROUP, request_id=incoming.request_id,
    )  # fmt: skip

"""Takes what Telegram reports (messages, callback queries, members who come and go) and hands it to its part.

Everything of one person is done in order, though an answer may still wait; people are served side by side. Nothing is
done twice: a message is its request, a button of a ticket or question is the request of its line in its message,
however often it is delivered.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace

from telegram import Message, Update

from bot.adapters.telegram_chat.awaited_values import AwaitedValues
from bot.adapters.telegram_chat.callbacks import Callbacks
from bot.adapters.telegram_chat.deep_links import DeepLinks
from bot.adapters.telegram_chat.forms import FormStep, key_of_link, read_repeated_request, read_step
from bot.adapters.telegram_chat.incoming import IncomingUpdate, own_command, read_message
from bot.adapters.telegram_chat.inline_queries import InlineQueries
from bot.adapters.telegram_chat.membership import Membership
from bot.adapters.telegram_chat.message_refs import EphemeralRef
from bot.adapters.telegram_chat.responses import CommandRequest, TelegramResponder
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.turns import Turn, Turns
from bot.chat.buttons import Buttons
from bot.chat.platform import RetryLaterError, UnreachableError
from bot.chat.reply import Reply
from bot.words import telegram as words
from bot.words import usage as words_usage
from storage.key_value import KeptLine
from storage.trouble import TroubleError

log = logging.getLogger(__name__)

_KEY = re.compile(r"[0-9a-f]{22}")


class Updates:
    """`username` is the bot's own."""

    def __init__(
        self,
        responder: TelegramResponder,
        sender: Sender,
        buttons: Buttons,
        membership: Membership,
        deep_links: DeepLinks,
        awaited: AwaitedValues,
        inline_queries: InlineQueries,
        monotonic_ms: Callable[[], int],
        username: str,
    ) -> None:
        self._username = username
        self._awaited = awaited
        self._inline_queries = inline_queries
        self._responder = responder
        self._sender = sender
        self._buttons = buttons
        self._membership = membership
        self._deep_links = deep_links
        self._turns = Turns()
        self._callbacks = Callbacks(responder, sender, buttons, membership, self._turns, monotonic_ms)

    async def handle(self, update: Update) -> None:
        """Never raises: what goes wrong is logged, and Telegram is not asked to send it again."""
        try:
            if update.callback_query is not None:
                await self._callbacks.handle(update.callback_query)
            elif update.inline_query is not None:
                await self._inline_queries.handle(update.inline_query)
            elif update.my_chat_member is not None:
                await self._membership.on_my_chat_member(update.my_chat_member)
            elif update.chat_member is not None:
                self._membership.on_chat_member(update.chat_member)
            elif (message := update.message or update.channel_post) is not None:
                await self._on_message(message)
        except (UnreachableError, RetryLaterError) as error:
            log.info("an answer could not be given: %s", error)
        except TroubleError:
            pass  # the watch on the database has said so
        except Exception:
            log.exception("update %s could not be handled", update.update_id)

    # -- messages

    async def _on_message(self, message: Message) -> None:
        self._membership.on_message(message)
        await self._membership.wait_for_migration(message.chat.id)
        incoming = read_message(message)
        if incoming is None:
            return
        try:
            await self._answer_message(incoming, message)
        except TroubleError as error:  # met before the dispatcher was asked, which answers it itself
            if incoming.private:
                await self._sender.send(incoming.address, words_usage.database_trouble(error))

    async def _answer_message(self, incoming: IncomingUpdate, message: Message) -> None:
        async with self._turns.of(incoming.person_ext) as turn:
            if message.text is None:
                turn.is_being_answered()
                if incoming.private and message.effective_attachment is not None:
                    await self._sender.send(incoming.address, words.only_text())
                return
            line = own_command(message.text, self._username)
            if line is not None:
                await self._run_line(incoming, line.strip(), turn)
            elif incoming.private and not message.text.startswith("/"):
                key = await self._awaited.of(incoming.person_ext)
                await self._on_text(incoming, message, key, turn)
                await self._awaited.answered(incoming.person_ext, key)

    async def _run_line(self, incoming: IncomingUpdate, line: str, turn: Turn) -> None:
        await self._awaited.answered(incoming.person_ext, await self._awaited.of(incoming.person_ext))
        await self._membership.on_activity(incoming)
        name, _, payload = line.partition(" ")
        if name.casefold() == "/start":
            if incoming.private and payload.strip():
                await self._follow_link(incoming, payload.strip(), turn)
                return
            line = name  # what a link into a group carried says nothing here
        request = CommandRequest(line=line)
        invocation, reply = await self._responder.run(incoming, request)
        turn.is_being_answered()
        await self._responder.respond(incoming, request, invocation, reply)

    async def _follow_link(self, incoming: IncomingUpdate, payload: str, turn: Turn) -> None:
        """A deep link: go on exactly there."""
        stored = await self._buttons.kept(payload) if _KEY.fullmatch(payload) else None
        if stored is None:
            request = CommandRequest(line="/start")
            invocation, reply = await self._responder.run(incoming, request)
            turn.is_being_answered()
            await self._responder.respond(
                incoming, request, invocation, replace(reply, blocks=(words.stale_link(), *reply.blocks))
            )
            return
        group_ext = stored.chat_ext if stored.chat_ext and stored.chat_ext.startswith("-") else None
        incoming = replace(incoming, group_ext=group_ext)
        request = _resumed(incoming, stored)
        invocation, reply = await self._responder.run(incoming, request)
        turn.is_being_answered()
        await self._responder.respond(incoming, request, invocation, reply)
        if group_ext is not None:
            await self._deep_links.delete(incoming.person_ext, group_ext)

    async def _on_text(self, incoming: IncomingUpdate, message: Message, key: str | None, turn: Turn) -> None:
        """Text without a slash in private: the answer to a question of ours, by a reply to it or because it was the
        last message, then `key` is that of its step. Such an answer keeps its turn to the end: what they say next
        is not to answer the same question."""
        question = message.reply_to_message
        if question is not None and question.from_user is not None and question.from_user.username == self._username:
            links = question.parse_entities(["text_link"])
            key = next((link_key for entity in links if (link_key := key_of_link(entity.url or ""))), key)
        stored = await self._buttons.kept(key) if key is not None else None
        step = read_step(stored.line) if stored is not None else None
        text = message.text or ""
        if stored is None or step is None or not step.asks:
            request = CommandRequest(line=text)
            invocation, reply = await self._responder.run(incoming, request)
            turn.is_being_answered()
            await self._responder.respond(incoming, request, invocation, reply)
            return
        incoming = replace(incoming, group_ext=stored.chat_ext)
        request = CommandRequest(step=step.answered(text.strip()))
        invocation, reply = await self._responder.run(incoming, request)
        if not reply.ok and reply.form is None and reply.ticket is None:
            await self._ask_again(incoming, step, reply)
            return
        await self._responder.respond(incoming, request, invocation, reply)
        if question is not None:
            await self._sender.delete(incoming.address, question.message_id)
        if step.replaces and reply.ticket is not None:
            await self._end_replaced(incoming, step.replaces)

    async def _ask_again(self, incoming: IncomingUpdate, step: FormStep, error: Reply) -> None:
        """What was typed was no answer: say why, and ask the same once more where it can still be asked."""
        before = CommandRequest(step=FormStep(command=step.command, args=step.args))
        invocation, reply = await self._responder.run(incoming, before)
        if reply.form is None or not any(field.name == step.asks for field in reply.form.fields):
            await self._responder.respond(incoming, before, invocation, error)
            return
        await self._responder.show(incoming.address, incoming, invocation, reply, typed=True, error=error.head)

    async def _end_replaced(self, incoming: IncomingUpdate, ref: str) -> None:
        """The ticket whose numbers were typed anew says so; one in a group that only they saw goes."""
        ephemeral_ref = EphemeralRef.of(ref)
        if ephemeral_ref is not None:
            await self._responder.ephemeral.discard(ephemeral_ref)
        else:
            await self._sender.edit(incoming.address, ref, words.changed())


def _resumed(incoming: IncomingUpdate, stored: KeptLine) -> CommandRequest:
    """What a link leads back to: a line that ran once already, a question, or a line yet to run."""
    repeated, step = read_repeated_request(stored.line), read_step(stored.line)
    if repeated is not None:
        request_id = repeated.request_id if repeated.person == incoming.person_ext else ""
        return CommandRequest(line=repeated.line, made_for=stored.person, request_id=request_id)
    if step is not None:
        return CommandRequest(step=FormStep(command=step.command, args=step.args), made_for=stored.person)
    return CommandRequest(line=stored.line, made_for=stored.person)

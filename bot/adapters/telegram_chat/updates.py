"""Takes what Telegram reports: lines, typed answers, links followed, buttons pressed, who came and went.

Everything of one person is done in order; people are served side by side. Nothing is done twice: a message is its
request, a button of a ticket or question is the request of its line in its message, however often it is delivered.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakValueDictionary

from telegram import Message, Update

from bot.adapters.telegram_chat.callbacks import Callbacks
from bot.adapters.telegram_chat.deep_links import DeepLinks
from bot.adapters.telegram_chat.forms import FormStep, again_of, key_in, step_of
from bot.adapters.telegram_chat.incoming import IncomingUpdate, heard, ours
from bot.adapters.telegram_chat.membership import Membership
from bot.adapters.telegram_chat.message_refs import Ref
from bot.adapters.telegram_chat.responses import Request, TelegramResponder
from bot.adapters.telegram_chat.sender import Sender
from bot.chat.buttons import Buttons
from bot.chat.platform import RetryLaterError, UnreachableError
from bot.chat.reply import Reply
from bot.words import telegram as words
from storage.key_value import KeptLine

log = logging.getLogger(__name__)

_KEY = re.compile(r"[0-9a-f]{22}")


class Updates:
    """`username` is the bot's own, "" while it is not known; `clock` gives epoch milliseconds."""

    def __init__(
        self,
        talk: TelegramResponder,
        post: Sender,
        buttons: Buttons,
        comings: Membership,
        stubs: DeepLinks,
        clock: Callable[[], int],
    ) -> None:
        self.username = ""
        self._talk = talk
        self._post = post
        self._buttons = buttons
        self._comings = comings
        self._stubs = stubs
        self._orders: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._presses = Callbacks(talk, post, buttons, comings, self._in_order, clock)

    async def on_update(self, update: Update) -> None:
        """Never raises: what goes wrong is logged, and Telegram is not asked to send it again."""
        try:
            if update.callback_query is not None:
                await self._presses.press(update.callback_query)
            elif update.my_chat_member is not None:
                await self._comings.came_or_went(update.my_chat_member)
            elif update.chat_member is not None:
                self._comings.changed(update.chat_member)
            elif (message := update.message or update.channel_post) is not None:
                await self._message(message)
        except (UnreachableError, RetryLaterError) as error:
            log.info("an answer could not be given: %s", error)
        except Exception:
            log.exception("update %s could not be handled", update.update_id)

    # -- messages

    async def _message(self, message: Message) -> None:
        self._comings.follow(message)
        await self._comings.settled(message.chat.id)
        who = heard(message)
        if who is None:
            return
        async with self._in_order(who):
            if message.text is None:
                if who.private and message.effective_attachment is not None:
                    await self._post.send(who.place, words.only_text())
                return
            line = ours(message.text, self.username)
            if line is not None:
                await self._line(who, line.strip())
            elif who.private and not message.text.startswith("/"):
                await self._typed(who, message)

    async def _line(self, who: IncomingUpdate, line: str) -> None:
        self._talk.waiting.pop(who.person_ext, None)
        await self._comings.here(who)
        name, _, payload = line.partition(" ")
        if name.casefold() == "/start":
            if who.private and payload.strip():
                await self._followed(who, payload.strip())
                return
            line = name  # what a link into a group carried says nothing here
        said = Request(line=line)
        asked, reply = await self._talk.run(who, said)
        await self._talk.answer(who, said, asked, reply)

    async def _followed(self, who: IncomingUpdate, payload: str) -> None:
        """A deep link: go on exactly there."""
        kept = await self._buttons.kept(payload) if _KEY.fullmatch(payload) else None
        if kept is None:
            said = Request(line="/start")
            asked, reply = await self._talk.run(who, said)
            await self._talk.answer(who, said, asked, replace(reply, blocks=(words.stale_link(), *reply.blocks)))
            return
        about = kept.chat_ext if kept.chat_ext and kept.chat_ext.startswith("-") else None
        who = replace(who, about=about)
        said = _resumed(who, kept)
        asked, reply = await self._talk.run(who, said)
        await self._talk.answer(who, said, asked, reply)
        if about is not None:
            await self._stubs.take_away(who.person_ext, about)

    async def _typed(self, who: IncomingUpdate, message: Message) -> None:
        """Words without a slash in private: the answer to a question of ours, by a reply to it or because it was the
        last thing said."""
        question = message.reply_to_message
        key = self._talk.waiting.pop(who.person_ext, None)
        if question is not None and question.from_user is not None and question.from_user.username == self.username:
            links = question.parse_entities(["text_link"])
            key = next((found for one in links if (found := key_in(one.url or ""))), key)
        kept = await self._buttons.kept(key) if key is not None else None
        step = step_of(kept.line) if kept is not None else None
        text = message.text or ""
        if kept is None or step is None or not step.asks:
            said = Request(line=text)
            asked, reply = await self._talk.run(who, said)
            await self._talk.answer(who, said, asked, reply)
            return
        who = replace(who, about=kept.chat_ext)
        said = Request(step=step.answered(text.strip()))
        asked, reply = await self._talk.run(who, said)
        if not reply.ok and reply.form is None and reply.ticket is None:
            await self._ask_again(who, step, reply)
            return
        await self._talk.answer(who, said, asked, reply)
        if question is not None:
            await self._post.delete(who.place, question.message_id)
        if step.over and reply.ticket is not None:
            await self._post.edit(who.place, str(Ref(step.over)), words.changed())

    async def _ask_again(self, who: IncomingUpdate, step: FormStep, trouble: Reply) -> None:
        """What was typed was no answer: say why, and ask the same once more where it can still be asked."""
        before = Request(step=FormStep(command=step.command, args=step.args))
        asked, again = await self._talk.run(who, before)
        if again.form is None or not any(one.name == step.asks for one in again.form.fields):
            await self._talk.answer(who, before, asked, trouble)
            return
        await self._talk.show(who.place, who, asked, again, typing=True, trouble=trouble.head)

    def _in_order(self, who: IncomingUpdate) -> asyncio.Lock:
        return self._orders.setdefault(who.person_ext, asyncio.Lock())


def _resumed(who: IncomingUpdate, kept: KeptLine) -> Request:
    """What a link leads back to: a line that ran once already, a question, or a line yet to run."""
    again, step = again_of(kept.line), step_of(kept.line)
    if again is not None:
        request = again.request if again.person == who.person_ext else ""
        return Request(line=again.line, made_for=kept.person, request=request)
    if step is not None:
        return Request(step=FormStep(command=step.command, args=step.args), made_for=kept.person)
    return Request(line=kept.line, made_for=kept.person)

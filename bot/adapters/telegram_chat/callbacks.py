"""Buttons pressed: each press is answered at once, done once, and by the one it was made for."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from telegram import CallbackQuery, Message

from bot.adapters.telegram_chat.callback_answer import CallbackAnswer
from bot.adapters.telegram_chat.forms import step_of
from bot.adapters.telegram_chat.incoming import IncomingUpdate, label_of, pressed
from bot.adapters.telegram_chat.keyboards import Carried, KeyboardButton, carried, keys_of
from bot.adapters.telegram_chat.membership import Membership
from bot.adapters.telegram_chat.message_refs import Ref
from bot.adapters.telegram_chat.responses import Replaced, Request, TelegramResponder
from bot.adapters.telegram_chat.sender import Sender
from bot.chat import plain_text
from bot.chat.buttons import Buttons
from bot.chat.invocation import Invocation
from bot.chat.reply import Reply
from bot.words import telegram as words

SHORT = 180  # signs of an answer that fits into the window above a button
TWICE_MS = 2_000  # the same button pressed again within so long is the same press
REMEMBERED = 5_000
_DECIDES = ("Confirm", "Cancel")
_IN_PLACE = ("/ticket ", "/settings")  # what such a line says takes the place of what it was pressed in
_TRADES = ("/buy", "/sell", "/ticket")


class Callbacks:
    """`in_order` gives the lock under which all of one person's is done; `clock` gives epoch milliseconds."""

    def __init__(
        self,
        talk: TelegramResponder,
        post: Sender,
        buttons: Buttons,
        comings: Membership,
        in_order: Callable[[IncomingUpdate], asyncio.Lock],
        clock: Callable[[], int],
    ) -> None:
        self._talk = talk
        self._post = post
        self._buttons = buttons
        self._comings = comings
        self._in_order = in_order
        self._clock = clock
        self._met: OrderedDict[tuple[object, ...], int] = OrderedDict()

    async def press(self, query: CallbackQuery) -> None:
        if not self._is_new((query.id,)):
            return  # delivered a second time; a query is answered once
        async with CallbackAnswer(query) as knock:
            who = pressed(query)
            found = carried(query.data or "")
            if who is None or found is None:
                await knock.answer(words.stale_button(), alert=True)
                return
            await self._comings.settled(who.place.chat)
            async with self._in_order(who):
                if not self._is_new((who.person_ext, who.place.chat, who.message, query.data)):
                    return
                line = await self._buttons.unpack(found.data)
                if line is None:
                    await knock.answer(words.stale_button(), alert=True)
                    return
                await self._comings.here(who)
                await self._pressed(query, who, found, line.line, line.made_for, knock)

    def _is_new(self, name: tuple[object, ...]) -> bool:
        """Whether this has not been met already, or long enough ago to be meant."""
        now = self._clock()
        last = self._met.get(name)
        self._met[name] = now
        self._met.move_to_end(name)
        while len(self._met) > REMEMBERED:
            self._met.popitem(last=False)
        return last is None or (len(name) > 1 and now - last >= TWICE_MS)

    async def _pressed(
        self,
        query: CallbackQuery,
        who: IncomingUpdate,
        found: Carried,
        line: str,
        made_for: int | None,
        knock: CallbackAnswer,
    ) -> None:
        if who.private:
            who = replace(who, about=found.about)
        over = Replaced(ref=str(_ref(query, who)), turn=self._post.turn(who.place, who.message))
        if found.how == "x":
            await knock.answer()
            await self._post.edit(who.place, over.ref, words.given_up())
            return
        step = step_of(line)
        once = found.how is not None and line.startswith(_TRADES)  # the ticket it leads to takes the message's place
        said = Request(
            line="" if step else line, step=step, made_for=made_for,
            request=f"{who.request}:{_digest(line) if once else query.id}",
        )  # fmt: skip
        asked, reply = await self._talk.run(who, said)
        if found.how is not None and who.private:
            await knock.answer()
            await self._guided(who, found.how, said, asked, reply, over)
        elif who.private:
            await self._decided(query, who, said, asked, reply, over, knock)
        else:
            await self._talk.answer(who, said, asked, reply, knock=knock)

    async def _guided(
        self, who: IncomingUpdate, how: str, said: Request, asked: Invocation, reply: Reply, over: Replaced
    ) -> None:
        """A step of the guided way: its answer takes the place of the question."""
        if how == "t" and reply.form is not None:
            await self._talk.show(who.place, who, asked, reply, typing=True)
            await self._post.delete(who.place, who.message)
        elif not reply.ok and reply.form is None:
            start = KeyboardButton(label=words.again(), line=_bare(said.kept), how="", about=who.about)
            await self._post.edit(who.place, over.ref, reply, (*keys_of(reply.actions, who.about), (start,)))
        else:
            await self._talk.show(who.place, who, asked, reply, over=over, page=int(how) if how.isdigit() else 0)

    async def _decided(
        self,
        query: CallbackQuery,
        who: IncomingUpdate,
        said: Request,
        asked: Invocation,
        reply: Reply,
        over: Replaced,
        knock: CallbackAnswer,
    ) -> None:
        """An ordinary button in private: a ticket gives way to what became of it, a question to what was decided; a
        refusal (too fast, say) leaves both standing."""
        decides = said.line.startswith(_IN_PLACE) or label_of(query).startswith(_DECIDES)
        changes = reply.ok or reply.ticket is not None
        if not changes and reply.form is None and not reply.actions and not reply.files:
            text = plain_text.text(reply)
            if len(text) <= SHORT and await knock.answer(text, alert=True):
                return
        await knock.answer()
        await self._talk.answer(who, said, asked, reply, over=over if decides and changes else None)


def _ref(query: CallbackQuery, who: IncomingUpdate) -> Ref:
    message = query.message
    return Ref(who.message, caption=isinstance(message, Message) and message.effective_attachment is not None)


def _bare(line: str) -> str:
    """The command of a line alone, as it is begun anew."""
    said = line.lstrip("/").split()
    size = {"admin": 2, "ticket": 3}.get(said[0] if said else "", 1)
    return f"/{' '.join(said[:size])}"


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:16]

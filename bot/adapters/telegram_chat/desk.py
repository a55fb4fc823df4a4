"""Takes what Telegram reports: lines, typed answers, links followed, buttons pressed, who came and went.

Everything of one person is done in order; people are served side by side. Nothing is done twice: a message is its
request, a button of a ticket or question is the request of its line in its message, however often it is delivered.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakValueDictionary

from telegram import CallbackQuery, ChatMember, ChatMemberRestricted, ChatMemberUpdated, Message, Update
from telegram.constants import ChatMemberStatus, ChatType

from bot import plain
from bot.adapters.telegram_chat.guide import Step, key_in, step_of
from bot.adapters.telegram_chat.heard import Heard, heard, label_of, ours, pressed
from bot.adapters.telegram_chat.keyboard import Carried, Key, carried, keys_of
from bot.adapters.telegram_chat.knock import Knock
from bot.adapters.telegram_chat.places import Place, Ref
from bot.adapters.telegram_chat.post import Post
from bot.adapters.telegram_chat.rights import Rights
from bot.adapters.telegram_chat.talk import NAME, Over, Said, Talk
from bot.buttons import Buttons
from bot.invocation import ChatKind, Invocation
from bot.platform import RetryLaterError, UnreachableError, Why
from bot.presence import Presence
from bot.reply import Reply
from bot.words import telegram as words

log = logging.getLogger(__name__)

SHORT = 180  # signs of an answer that fits into the window above a button
MOVING_MS = 1_000  # a group that moves is reported in several updates, in no sure order
TWICE_MS = 2_000  # the same button pressed again within so long is the same press
REMEMBERED = 5_000
_KEY = re.compile(r"[0-9a-f]{22}")
_DECIDES = ("Confirm", "Cancel")
_IN_PLACE = ("/ticket ", "/settings")  # what such a line says takes the place of what it was pressed in
_PRESENT = (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.MEMBER)


class Desk:
    """`username` is the bot's own, "" while it is not known; `clock` gives epoch milliseconds."""

    def __init__(
        self,
        talk: Talk,
        post: Post,
        buttons: Buttons,
        rights: Rights,
        presence: Presence,
        clock: Callable[[], int],
    ) -> None:
        self.username = ""
        self._talk = talk
        self._post = post
        self._buttons = buttons
        self._rights = rights
        self._presence = presence
        self._clock = clock
        self._orders: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._presses: OrderedDict[tuple[object, ...], int] = OrderedDict()
        self._moves: dict[int, asyncio.Task[None]] = {}  # by the old and the new chat
        self._here: set[str] = set()  # chats known to be reached since the start

    async def on_update(self, update: Update) -> None:
        """Never raises: what goes wrong is logged, and Telegram is not asked to send it again."""
        try:
            if update.callback_query is not None:
                await self._press(update.callback_query)
            elif update.my_chat_member is not None:
                await self._came_or_went(update.my_chat_member)
            elif update.chat_member is not None:
                changed = update.chat_member
                self._rights.forget(changed.chat.id, changed.new_chat_member.user.id)
            elif (message := update.message or update.channel_post) is not None:
                await self._message(message)
        except (UnreachableError, RetryLaterError) as error:
            log.info("an answer could not be given: %s", error)
        except Exception:
            log.exception("update %s could not be handled", update.update_id)

    # -- messages

    async def _message(self, message: Message) -> None:
        if message.migrate_to_chat_id is not None:
            self._move(message.chat.id, message.migrate_to_chat_id)
        elif message.migrate_from_chat_id is not None:
            self._move(message.migrate_from_chat_id, message.chat.id)
        await self._settled(message.chat.id)
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

    async def _line(self, who: Heard, line: str) -> None:
        self._talk.waiting.pop(who.person_ext, None)
        await self._arrived(who)
        name, _, payload = line.partition(" ")
        if who.private and name.casefold() == "/start" and payload.strip():
            await self._followed(who, payload.strip())
            return
        said = Said(line=line)
        asked, reply = await self._talk.run(who, said)
        await self._talk.answer(who, said, asked, reply)

    async def _followed(self, who: Heard, payload: str) -> None:
        """A deep link: go on exactly there."""
        kept = await self._buttons.kept(payload) if _KEY.fullmatch(payload) else None
        if kept is None:
            said = Said(line="/start")
            asked, reply = await self._talk.run(who, said)
            await self._talk.answer(who, said, asked, replace(reply, blocks=(words.stale_link(), *reply.blocks)))
            return
        about = kept.chat_ext if kept.chat_ext and kept.chat_ext.startswith("-") else None
        who = replace(who, about=about)
        step = step_of(kept.line)
        if step is not None and step.asks:
            step = Step(command=step.command, args=step.args)
        said = Said(line="" if step else kept.line, step=step, made_for=kept.person)
        asked, reply = await self._talk.run(who, said)
        await self._talk.answer(who, said, asked, reply)
        if about is not None:
            await self._talk.unstub(who.person_ext, about)

    async def _typed(self, who: Heard, message: Message) -> None:
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
            said = Said(line=text)
            asked, reply = await self._talk.run(who, said)
            await self._talk.answer(who, said, asked, reply)
            return
        who = replace(who, about=kept.chat_ext)
        said = Said(step=step.answered(text.strip()))
        asked, reply = await self._talk.run(who, said)
        if not reply.ok and reply.form is None and reply.ticket is None:
            await self._ask_again(who, step, reply)
            return
        await self._talk.answer(who, said, asked, reply)
        if question is not None:
            await self._post.delete(who.place, question.message_id)
        if step.over and reply.ticket is not None:
            await self._post.edit(who.place, str(Ref(step.over)), words.changed())

    async def _ask_again(self, who: Heard, step: Step, trouble: Reply) -> None:
        """What was typed was no answer: say why, and ask the same once more where it can still be asked."""
        before = Said(step=Step(command=step.command, args=step.args))
        asked, again = await self._talk.run(who, before)
        if again.form is None or not any(one.name == step.asks for one in again.form.fields):
            await self._talk.answer(who, before, asked, trouble)
            return
        await self._talk.show(who.place, who, asked, again, typing=True, trouble=trouble.head)

    # -- buttons

    async def _press(self, query: CallbackQuery) -> None:
        if not self._is_new((query.id,)):
            return  # delivered a second time; a query is answered once
        async with Knock(query) as knock:
            who = pressed(query)
            found = carried(query.data or "")
            if who is None or found is None:
                await knock.answer(words.stale_button(), alert=True)
                return
            await self._settled(who.place.chat)
            async with self._in_order(who):
                if not self._is_new((who.person_ext, who.place.chat, who.message, query.data)):
                    return
                line = await self._buttons.unpack(found.data)
                if line is None:
                    await knock.answer(words.stale_button(), alert=True)
                    return
                await self._arrived(who)
                await self._pressed(query, who, found, line.line, line.made_for, knock)

    def _is_new(self, name: tuple[object, ...]) -> bool:
        """Whether this has not been met already, or long enough ago to be meant."""
        now = self._clock()
        last = self._presses.get(name)
        self._presses[name] = now
        self._presses.move_to_end(name)
        while len(self._presses) > REMEMBERED:
            self._presses.popitem(last=False)
        return last is None or (len(name) > 1 and now - last >= TWICE_MS)

    async def _pressed(
        self, query: CallbackQuery, who: Heard, found: Carried, line: str, made_for: int | None, knock: Knock
    ) -> None:
        if who.private:
            who = replace(who, about=found.about)
        over = Over(ref=str(_ref(query, who)), turn=self._post.turn(who.place, who.message))
        if found.how == "x":
            await knock.answer()
            await self._post.edit(who.place, over.ref, words.given_up())
            return
        step = step_of(line)
        bound = made_for is not None or found.how is not None
        said = Said(
            line="" if step else line, step=step, made_for=made_for,
            request=f"{who.request}:{_digest(line) if bound else query.id}",
        )  # fmt: skip
        asked, reply = await self._talk.run(who, said)
        if found.how is not None and who.private:
            await knock.answer()
            await self._guided(who, found.how, said, asked, reply, over)
        elif who.private:
            await self._decided(query, who, said, asked, reply, over, knock)
        else:
            await self._talk.answer(who, said, asked, reply, knock=knock)

    async def _guided(self, who: Heard, how: str, said: Said, asked: Invocation, reply: Reply, over: Over) -> None:
        """A step of the guided way: its answer takes the place of the question."""
        if how == "t" and reply.form is not None:
            await self._talk.show(who.place, who, asked, reply, typing=True)
            await self._post.delete(who.place, who.message)
        elif not reply.ok and reply.form is None:
            start = Key(label=words.again(), line=_bare(said.kept), how="", about=who.about)
            await self._post.edit(who.place, over.ref, reply, (*keys_of(reply.actions, who.about), (start,)))
        else:
            await self._talk.show(who.place, who, asked, reply, over=over, page=int(how) if how.isdigit() else 0)

    async def _decided(
        self,
        query: CallbackQuery,
        who: Heard,
        said: Said,
        asked: Invocation,
        reply: Reply,
        over: Over,
        knock: Knock,
    ) -> None:
        """An ordinary button in private: a ticket gives way to what became of it, a question to what was decided; a
        refusal (too fast, say) leaves both standing."""
        decides = said.line.startswith(_IN_PLACE) or label_of(query).startswith(_DECIDES)
        changes = reply.ok or reply.ticket is not None
        if not changes and reply.form is None and not reply.actions and not reply.files:
            text = plain.text(reply)
            if len(text) <= SHORT and await knock.answer(text, alert=True):
                return
        await knock.answer()
        await self._talk.answer(who, said, asked, reply, over=over if decides and changes else None)

    # -- coming and going

    def _move(self, old: int, new: int) -> None:
        """A group becomes a supergroup. Nothing awaits here: what is said in the new one waits for it."""
        if new not in self._moves:
            self._moves[new] = self._moves[old] = asyncio.create_task(self._moved(old, new))

    async def _moved(self, old: int, new: int) -> None:
        await self._post.moved(old, new)
        await self._found(str(new))  # Telegram may have said before that we left the old one

    async def _settled(self, chat: int) -> None:
        """Once a chat that moves has moved."""
        if (move := self._moves.get(chat)) is not None:
            await asyncio.shield(move)

    async def _came_or_went(self, change: ChatMemberUpdated) -> None:
        chat, now, before = change.chat, change.new_chat_member, change.old_chat_member
        ext, private = str(chat.id), chat.type == ChatType.PRIVATE
        self._rights.forget(chat.id)
        if not _present(now, chat.type):
            self._here = {one for one in self._here if one.partition(":")[0] != ext}
            await self._presence.left(NAME, ext, Why.PERSON if private else Why.CHAT)
            return
        kind = ChatKind.PRIVATE if private else ChatKind.GROUP
        is_new = await self._presence.arrived(NAME, ext, kind.value, chat.title or "")
        await self._found(ext)
        if is_new and not _present(before, chat.type) and chat.type in (ChatType.GROUP, ChatType.SUPERGROUP):
            await self._talk.rest(MOVING_MS)
            if not self._post.is_new_home(chat.id):
                await self._talk.say(Place(chat.id), words.first_words())

    async def _arrived(self, who: Heard) -> None:
        """Somebody speaks there, so it can be reached: looked at once a start."""
        if who.place.ext not in self._here:
            self._here.add(who.place.ext)
            await self._found(str(who.place.chat))

    async def _found(self, ext: str) -> None:
        for chat in await self._talk.lost(ext):
            await self._presence.arrived(NAME, chat.external_id, chat.kind, chat.title)

    def _in_order(self, who: Heard) -> asyncio.Lock:
        return self._orders.setdefault(who.person_ext, asyncio.Lock())


def _present(member: ChatMember, kind: str) -> bool:
    """Whether a bot with this standing can speak there."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status in (_PRESENT[:2] if kind == ChatType.CHANNEL else _PRESENT)


def _ref(query: CallbackQuery, who: Heard) -> Ref:
    message = query.message
    return Ref(who.message, caption=isinstance(message, Message) and message.effective_attachment is not None)


def _bare(line: str) -> str:
    """The command of a line alone, as it is begun anew."""
    said = line.lstrip("/").split()
    size = {"admin": 2, "ticket": 3}.get(said[0] if said else "", 1)
    return f"/{' '.join(said[:size])}"


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:16]

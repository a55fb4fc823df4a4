"""People at their telephones: what a test lets them do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .chats import Button, Chat, Message
from .errors import Json

if TYPE_CHECKING:
    from .world import World

PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
DEEP_LINK = re.compile(r"(?:https?://)?t\.me/([A-Za-z]\w{3,31})\?(start|startgroup)=([A-Za-z0-9_-]{1,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a tap led to on the telephone: a toast, or a window that must be closed (`alert`)."""

    text: str = ""
    alert: bool = False
    url: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Tap:
    """One press of a button, until it is answered."""

    world: World = field(repr=False)
    id: str
    user: User
    message: Message
    data: str
    at: float
    answer: Answer | None = None

    async def answered(self, within: float = 30.0) -> Answer:
        """The bot's answer to the press, as soon as it is there."""
        try:
            return await self.world.changes.until(lambda: self.answer, within)
        except TimeoutError:
            raise AssertionError(f"the press of {self.data!r} was not answered") from None


@dataclass(slots=True, kw_only=True, eq=False)
class InlineAsk:
    """What somebody has typed after the bot's name in some chat; `results` as the bot answered."""

    world: World = field(repr=False)
    id: str
    text: str
    at: float
    results: list[Json] | None = None
    next_offset: str = ""

    async def answered(self) -> list[Json]:
        return await self.world.changes.until(lambda: self.results, 30.0)


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """A person (or a bot). `chat` is the private chat with our bot."""

    world: World = field(repr=False)
    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = "en"
    is_bot: bool = False
    deleted: bool = False

    def json(self) -> Json:
        found: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        for name in ("last_name", "username", "language_code"):
            if value := getattr(self, name):
                found[name] = value
        return found

    @property
    def chat(self) -> Chat:
        return self.world.private(self)

    async def start(self, payload: str | None = None) -> Message:
        """Presses Start (or Restart, which unblocks); a deep link's payload has 1-64 of A-Z a-z 0-9 _ -."""
        assert payload is None or PAYLOAD.fullmatch(payload), f"no deep link carries {payload!r}"
        await self.unblock()
        return await self.send(self.chat, "/start" if payload is None else f"/start {payload}")

    async def send(
        self,
        chat: Chat,
        text: str = "",
        *,
        reply_to: Message | None = None,
        topic: int | None = None,
        photo: bytes | None = None,
        anonymous: bool | None = None,
        ephemeral: bool = False,
    ) -> Message:
        """Writes into a chat (with a photo the text is its caption). `ephemeral`: a command that the bot has declared
        so, which nobody else sees.

        An anonymous administrator writes as the group; `anonymous` says so for one message. In a channel every post is
        the channel's.
        """
        self._may_write(chat)
        hidden = chat.member(self).anonymous if anonymous is None else anonymous
        if ephemeral:
            name = text.split(maxsplit=1)[0].removeprefix("/").partition("@")[0]
            declared = any(name in names for names in self.world.ephemeral_commands.values())
            assert declared, f"the bot has not declared {name!r} as ephemeral"
            assert chat.is_group, "only in groups something is said unseen"
            assert not hidden, "somebody anonymous says nothing unseen"
        return self.world.say(
            self, chat, text, reply_to=reply_to, topic=topic, photo=photo, anonymous=hidden, ephemeral=ephemeral
        )

    def sees(self, chat: Chat) -> list[Message]:
        """What stands in a group on this person's telephone: what is for all, save for what an ephemeral message stands
        in place of, and what they alone see."""
        own = [one for one in chat.ephemerals if not (one.deleted or one.unseen) and self in (one.receiver, one.sender)]
        instead = {id(one.replaces): one for one in own if one.replaces is not None and not one.replaces.deleted}
        placed = [
            (number, 0, instead.get(id(one), one)) for number, one in enumerate(chat.history, 1) if not one.deleted
        ]
        placed += [(one.after, 1 + order, one) for order, one in enumerate(own) if one not in instead.values()]
        return [message for _, _, message in sorted(placed, key=lambda place: place[:2])]

    async def expect(self, chat: Chat, wanted: str | Callable[[Message], bool], *, within: float = 30.0) -> Message:
        """The newest message of the bot that this person alone sees in a group and that holds this text."""

        def look() -> Message | None:
            for message in reversed(chat.ephemerals):
                if message.deleted or message.unseen or message.receiver is not self:
                    continue
                if (wanted in message.text) if isinstance(wanted, str) else wanted(message):
                    return message
            return None

        try:
            return await self.world.changes.until(look, within)
        except TimeoutError:
            stands = "\n".join(f"{one.text} {one.labels}" for one in self.sees(chat))
            raise AssertionError(f"{self.first_name} did not see {wanted!r}; there stands\n{stands}") from None

    def _may_write(self, chat: Chat) -> None:
        if chat.type == "private":
            assert chat is self.chat, f"{self.first_name} cannot write in somebody else's chat"
            assert not chat.blocked, f"{self.first_name} must unblock the bot first"
            return
        assert chat.member(self).present, f"{self.first_name} is not in {chat.title}"
        assert not chat.deactivated, f"{chat.title} is no more"
        assert chat.type != "channel" or chat.member(self).may("can_post_messages"), "only admins post in a channel"

    async def edit(self, message: Message, text: str) -> None:
        """Changes an own message: the bot gets an edited_message."""
        assert message.sender is self or message.sender_chat, "people edit their own messages only"
        self.world.edit_of_person(message, text)

    async def tap(self, message: Message, button: str | Button, *, twice: bool = False) -> Tap:
        """Presses a button by its label (or a button kept from an older state of the message).

        `twice` delivers the same callback query again under a second update id, as happens after a lost connection.
        """
        assert not message.deleted, "the message is no more"
        assert message.ephemeral_id is None or message.receiver is self, "nobody else sees that message"
        assert message.chat.type != "private" or message.chat is self.chat, "the message is somebody else's"
        assert message.chat.type == "private" or message.chat.member(self).present, f"{self.first_name} is not there"
        chosen = message.button(button) if isinstance(button, str) else button
        assert chosen.data is not None, f"{chosen.label!r} opens {chosen.url or chosen.raw}, it sends nothing"
        return self.world.press(self, message, chosen.data, times=2 if twice else 1)

    def ask_inline(self, text: str, offset: str = "") -> InlineAsk:
        """Types `@bot text` in whatever chat."""
        return self.world.ask_inline(self, text, offset)

    async def follow(self, message: Message, button: str) -> Message:
        """Follows a button's deep link into the private chat and presses Start there."""
        url = message.button(button).url
        assert url, f"{button!r} is no link"
        return await self.open(url)

    async def open(self, url: str) -> Message:
        match = DEEP_LINK.fullmatch(url)
        assert match, f"{url} is no deep link"
        assert match.group(1).lower() == (self.world.bot.username or "").lower(), f"{url} leads to another bot"
        assert match.group(2) == "start", f"{url} asks for a group"
        return await self.start(match.group(3))

    async def block(self) -> None:
        """Blocks the bot: my_chat_member says kicked, and it cannot write any more."""
        self.world.block(self, blocked=True)

    async def unblock(self) -> None:
        self.world.block(self, blocked=False)

    async def join(self, chat: Chat) -> None:
        await chat.add(self)

    async def leave(self, chat: Chat) -> None:
        await self.world.leave(self, chat)

    async def vanish(self) -> None:
        """Deletes the account."""
        self.deleted = True
        self.world.changes.notify()

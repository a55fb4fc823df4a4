"""Chats, members and messages: the state of the world, as people see it and as JSON for the bot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .entities import RichText
from .errors import Json

if TYPE_CHECKING:
    from .people import User
    from .world import World

RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
GROUP_RIGHTS = ("can_pin_messages", "can_manage_topics")
CHANNEL_RIGHTS = ("can_post_messages", "can_edit_messages")
PRESENT = frozenset({"creator", "administrator", "member", "restricted"})
ADMINS = frozenset({"creator", "administrator"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One button of an inline keyboard; exactly one of the fields after the label is there."""

    label: str
    data: str | None = None
    url: str | None = None
    raw: Json = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    file_id: str
    unique_id: str
    path: str
    data: bytes = field(repr=False)
    name: str = ""
    width: int = 0
    height: int = 0

    def json(self) -> Json:
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": len(self.data)}


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message as it stands now. `rich` is the text or the caption; `service` the fields of a service message."""

    chat: Chat
    id: int
    date: int
    sender: User | None = None
    sender_chat: Chat | None = None
    signature: str | None = None
    rich: RichText = field(default_factory=lambda: RichText(text=""))
    photo_file: File | None = None
    document_file: File | None = None
    markup: Json | None = None
    topic: int | None = None
    reply_to: Message | None = None
    edit_date: int | None = None
    album: str | None = None
    service: Json = field(default_factory=dict)
    silent: bool = False
    by_bot: bool = False
    deleted: bool = False
    seen_by_bot: bool = False
    versions: list[RichText] = field(default_factory=list)
    receiver: User | None = None  # who alone sees it; of a member's ephemeral command the bot
    ephemeral_id: int | None = None
    replaces: Message | None = None  # shown to its receiver in place of this
    unseen: bool = False  # taken, and never delivered
    reaction: str = ""  # of the bot
    after: int = 0  # how many messages for all stood there before an ephemeral one

    @property
    def text(self) -> str:
        """What stands there: the text or the caption, without tags."""
        return self.rich.text

    @property
    def html(self) -> str:
        return self.rich.html()

    @property
    def photo(self) -> bytes | None:
        return self.photo_file.data if self.photo_file else None

    @property
    def document(self) -> bytes | None:
        return self.document_file.data if self.document_file else None

    @property
    def has_media(self) -> bool:
        return self.photo_file is not None or self.document_file is not None

    @property
    def pinned(self) -> bool:
        return self in self.chat.pins

    @property
    def rows(self) -> list[list[Button]]:
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [[_button(one) for one in row] for row in rows]

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.rows for button in row]

    @property
    def labels(self) -> list[str]:
        return [button.label for button in self.buttons]

    def button(self, label: str) -> Button:
        """The button with this label; of several that begin so, the first."""
        exact = [one for one in self.buttons if one.label == label]
        near = [one for one in self.buttons if label in one.label]
        assert exact or near, f"no button {label!r} among {self.labels} below {self.text!r}"
        return (exact or near)[0]

    def json(self, *, nested: bool = True) -> Json:
        found: Json = {"message_id": self.id, "date": self.date, "chat": self.chat.json()}
        if self.receiver and self.ephemeral_id is not None:
            found |= {"receiver_user": self.receiver.json(), "ephemeral_message_id": self.ephemeral_id}
        if self.sender:
            found["from"] = self.sender.json()
        if self.sender_chat:
            found["sender_chat"] = self.sender_chat.json()
        if self.signature:
            found["author_signature"] = self.signature
        if self.topic is not None:
            found |= {"message_thread_id": self.topic, "is_topic_message": True}
        if self.edit_date:
            found["edit_date"] = self.edit_date
        if self.album:
            found["media_group_id"] = self.album
        if nested and self.reply_to and not self.reply_to.deleted:
            found["reply_to_message"] = self.reply_to.json(nested=False)
        return found | self._content() | self.service

    def _content(self) -> Json:
        found: Json = {}
        word, entities = ("caption", "caption_entities") if self.has_media else ("text", "entities")
        if self.rich.text:
            found[word] = self.rich.text
            if self.rich.entities:
                found[entities] = list(self.rich.entities)
        if self.photo_file:
            one = self.photo_file
            found["photo"] = [{**one.json(), "width": one.width, "height": one.height}]
        if self.document_file:
            found["document"] = {**self.document_file.json(), "file_name": self.document_file.name}
        if self.markup and self.markup.get("inline_keyboard"):
            found["reply_markup"] = {"inline_keyboard": self.markup["inline_keyboard"]}
        return found


def _button(raw: Json) -> Button:
    return Button(label=raw["text"], data=raw.get("callback_data"), url=raw.get("url"), raw=raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person in one chat. Rights count for administrators only; the creator has all."""

    user: User
    status: str = "member"
    rights: frozenset[str] = frozenset()
    anonymous: bool = False
    title: str | None = None
    muted: bool = False

    @property
    def present(self) -> bool:
        return self.status in PRESENT

    @property
    def admin(self) -> bool:
        return self.status in ADMINS

    def may(self, right: str) -> bool:
        return self.status == "creator" or (self.status == "administrator" and right in self.rights)

    def json(self, kind: str) -> Json:
        found: Json = {"user": self.user.json(), "status": self.status}
        match self.status:
            case "creator":
                found |= {"is_anonymous": self.anonymous}
            case "administrator":
                names = RIGHTS + (CHANNEL_RIGHTS if kind == "channel" else GROUP_RIGHTS)
                found |= {name: name in self.rights for name in names}
                found |= {"can_be_edited": False, "is_anonymous": self.anonymous}
            case "restricted":
                found |= {"is_member": True, "until_date": 0} | dict.fromkeys(_PERMISSIONS, not self.muted)
            case "kicked":
                found |= {"until_date": 0}
        if self.title and self.admin:
            found["custom_title"] = self.title
        return found


_PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "can_edit_tag",
    "can_react_to_messages",
)


@dataclass(slots=True, kw_only=True)
class Topic:
    id: int
    name: str
    closed: bool = False
    deleted: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Chat:
    """A private chat with the bot, a group, a supergroup (maybe a forum) or a channel.

    Tests read `messages`, wait with `expect`, and change it with the methods below; people write to it by their own
    methods (people.User).
    """

    world: World = field(repr=False)
    id: int
    type: str
    title: str = ""
    username: str | None = None
    person: User | None = None
    forum: bool = False
    members: dict[int, Member] = field(default_factory=dict, repr=False)
    topics: dict[int, Topic] = field(default_factory=dict, repr=False)
    history: list[Message] = field(default_factory=list, repr=False)
    ephemerals: list[Message] = field(default_factory=list, repr=False)  # what one member sees, and what one said so
    pins: list[Message] = field(default_factory=list, repr=False)
    actions: list[tuple[str, int | None]] = field(default_factory=list, repr=False)
    available_reactions: frozenset[str] | None = None  # None: all
    members_may_pin: bool = True
    members_may_write: bool = True
    opened: bool = False  # private: the person has written first
    blocked: bool = False  # private
    deactivated: bool = False
    migrated_to: Chat | None = None
    last_bot: str | None = None  # which bot spoke last; None is ours

    @property
    def messages(self) -> list[Message]:
        """What stands in the chat, oldest first, without what was deleted."""
        return [message for message in self.history if not message.deleted]

    @property
    def last(self) -> Message:
        assert self.messages, f"nothing was said in {self.title or self.id}"
        return self.messages[-1]

    def of_bot(self, topic: int | None = None) -> list[Message]:
        """The bot's own messages (no service messages), of one topic if named."""
        own = [message for message in self.messages if message.by_bot and not message.service]
        return own if topic is None else [message for message in own if message.topic == topic]

    @property
    def pinned(self) -> Message | None:
        """The pinned message on top: the newest pin."""
        return self.pins[-1] if self.pins else None

    @property
    def is_group(self) -> bool:
        return self.type in ("group", "supergroup")

    def member(self, user: User) -> Member:
        return self.members.get(user.id) or Member(user=user, status="left")

    def message(self, message_id: int) -> Message | None:
        return next((one for one in self.messages if one.id == message_id), None)

    def json(self) -> Json:
        found: Json = {"id": self.id, "type": self.type}
        if self.person:
            return found | {key: value for key, value in self.person.json().items() if key in _OF_PERSON}
        found["title"] = self.title
        if self.username:
            found["username"] = self.username
        if self.forum:
            found["is_forum"] = True
        return found

    async def expect(
        self, wanted: str | Callable[[Message], bool], *, after: Message | None = None, within: float = 30.0
    ) -> Message:
        """The newest message of the bot that holds this text (or fulfils the predicate), as soon as it is there.

        Edits count: a message is looked at as it stands. `after` leaves out messages up to that one. Waits for changes
        of the world, at most `within` seconds of wall clock; then AssertionError with what stands in the chat.
        """

        def look() -> Message | None:
            for message in reversed(self.of_bot()):
                if after is not None and message.id <= after.id:
                    return None
                if (wanted in message.text) if isinstance(wanted, str) else wanted(message):
                    return message
            return None

        try:
            return await self.world.changes.until(look, within)
        except TimeoutError:
            raise AssertionError(f"{wanted!r} was not seen in {self.title}; there stands\n{self.screen()}") from None

    def screen(self, last: int = 10) -> str:
        """The last messages as one would see them: who, what, and the buttons below."""
        lines: list[str] = []
        for one in self.messages[-last:]:
            name = one.sender.first_name if one.sender else self.title
            picture = "[photo] " if one.photo_file else "[file] " if one.document_file else ""
            lines.append(f"{'📌 ' if one.pinned else ''}{name}: {picture}{one.text or ', '.join(one.service)}")
            lines += ["    " + " ".join(f"[{button.label}]" for button in row) for row in one.rows]
        return "\n".join(lines)

    async def promote(self, user: User, *rights: str, anonymous: bool = False, title: str | None = None) -> None:
        """Makes an administrator: with these rights, or with all of them if none is named."""
        every = frozenset(RIGHTS + (CHANNEL_RIGHTS if self.type == "channel" else GROUP_RIGHTS))
        given = frozenset(rights) or every
        assert given <= every, f"unknown rights {sorted(given - every)}"
        member = replace(self.member(user), status="administrator", rights=given, anonymous=anonymous, title=title)
        self.world.change_member(self, member)

    async def demote(self, user: User) -> None:
        self.world.change_member(self, replace(self.member(user), status="member", rights=frozenset(), anonymous=False))

    async def mute(self, user: User, *, muted: bool = True) -> None:
        status = "restricted" if muted else "member"
        self.world.change_member(self, replace(self.member(user), status=status, muted=muted))

    async def add(self, user: User, by: User | None = None) -> None:
        """Puts a person or the bot into the chat, with its service message in groups."""
        self.world.change_member(self, Member(user=user), by)
        if self.is_group:
            self.world.serve(self, by or user, new_chat_members=[user.json()])

    async def kick(self, user: User, by: User | None = None) -> None:
        """Throws a person or the bot out."""
        self.world.change_member(self, Member(user=user, status="kicked"), by)
        if self.is_group:
            self.world.serve(self, by or user, left_chat_member=user.json())

    async def add_bot(self, by: User | None = None) -> None:
        await self.add(self.world.bot, by)

    async def kick_bot(self, by: User | None = None) -> None:
        await self.kick(self.world.bot, by)

    async def migrate(self, by: User | None = None) -> Chat:
        """The group becomes a supergroup under a new id; the old one refuses with `migrate_to_chat_id`."""
        return self.world.migrate(self, by)

    async def deactivate(self) -> None:
        """The group is deleted."""
        self.deactivated = True
        self.world.changes.notify()

    async def delete(self, message: Message) -> None:
        """Somebody deletes a message; the bot is not told (the Bot API has no update for it)."""
        self.world.delete(message)

    async def unpin(self, message: Message) -> None:
        self.pins.remove(message)
        self.world.changes.notify()

    async def rename(self, title: str, by: User | None = None) -> None:
        self.title = title
        self.world.serve(self, by, new_chat_title=title)

    def topic(self, name: str) -> int:
        """A new forum topic's thread id."""
        return self.world.new_topic(self, name).id

    async def close_topic(self, topic: int, *, closed: bool = True) -> None:
        self.topics[topic].closed = closed

    async def delete_topic(self, topic: int) -> None:
        self.topics[topic].deleted = True


_OF_PERSON = ("first_name", "last_name", "username")

"""The world behind the server: people, chats, messages, and what of it becomes an update."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

from .changes import Changes
from .chats import Chat, File, Member, Message, Topic
from .entities import RichText
from .errors import Json
from .image_size import size_of
from .people import InlineAsk, Tap, User
from .update_queue import UpdateQueue, reaches

ANONYMOUS_ID, CHANNEL_BOT_ID = 1087968824, 136817688
SUPER = -1_000_000_000_000


class World:
    def __init__(self, clock: Callable[[], float], bot_id: int, username: str) -> None:
        self.clock = clock
        self.changes = Changes()
        self.update_queue = UpdateQueue(self.changes)
        self.privacy = True
        self.main_web_app = False
        self.inline = False  # whether @BotFather switched inline mode on
        self.asked: dict[str, InlineAsk] = {}
        self.people: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, File] = {}
        self.taps: dict[str, Tap] = {}
        self._ids = itertools.count(5_000_000_001)  # beyond 32 bits, as real ones are
        self._groups = itertools.count(4_000_001)
        self._supers = itertools.count(2_000_000_001)
        self._messages = itertools.count(1)  # private chats and basic groups share one count, as the bot's account does
        self._queries = itertools.count(8_000_000_000_000_001)
        self._ephemerals = itertools.count(29_000_001)
        self.ephemeral_commands: dict[tuple[str, str], frozenset[str]] = {}  # by scope and language
        self.bot = User(world=self, id=bot_id, first_name="Outcry", username=username, is_bot=True, language_code=None)
        self.people[bot_id] = self.bot
        self.anonymous = User(
            world=self, id=ANONYMOUS_ID, first_name="Group", username="GroupAnonymousBot", is_bot=True
        )
        self.people[ANONYMOUS_ID] = self.anonymous

    # building

    def now(self) -> int:
        return int(self.clock())

    def user(self, name: str, *, username: str | None = None, language_code: str | None = "en") -> User:
        """The person of this name, made at the first call."""
        for person in self.people.values():
            if person.first_name == name and not person.is_bot:
                return person
        person = User(world=self, id=next(self._ids), first_name=name, username=username, language_code=language_code)
        self.people[person.id] = person
        return person

    def private(self, user: User) -> Chat:
        if user.id not in self.chats:
            self.chats[user.id] = Chat(world=self, id=user.id, type="private", person=user, title=user.first_name)
        return self.chats[user.id]

    def group(self, title: str, *people: User, owner: User | None = None, bot: bool = True) -> Chat:
        """A basic group with these people; the first is its creator if no owner is named."""
        return self._chat(-next(self._groups), "group", title, people, owner, bot)

    def supergroup(
        self,
        title: str,
        *people: User,
        owner: User | None = None,
        bot: bool = True,
        forum: bool = False,
        username: str | None = None,
    ) -> Chat:
        chat = self._chat(SUPER - next(self._supers), "supergroup", title, people, owner, bot)
        chat.forum, chat.username = forum, username
        return chat

    def channel(
        self,
        title: str,
        *people: User,
        owner: User | None = None,
        bot_admin: bool = True,
        bot: bool = True,
        username: str | None = None,
    ) -> Chat:
        """A channel; the bot may post in it if it is an administrator."""
        chat = self._chat(SUPER - next(self._supers), "channel", title, people, owner, bot)
        chat.username = username
        if bot and bot_admin:
            rights = frozenset({"can_manage_chat", "can_post_messages", "can_edit_messages", "can_delete_messages"})
            chat.members[self.bot.id] = Member(user=self.bot, status="administrator", rights=rights)
        return chat

    def _chat(
        self, number: int, kind: str, title: str, people: tuple[User, ...], owner: User | None, bot: bool
    ) -> Chat:
        chat = Chat(world=self, id=number, type=kind, title=title)
        self.chats[number] = chat
        for person in people:
            chat.members[person.id] = Member(user=person)
        creator = owner or (people[0] if people else None)
        if creator:
            chat.members[creator.id] = Member(user=creator, status="creator")
        if bot:
            chat.members[self.bot.id] = Member(user=self.bot)
        return chat

    def new_topic(self, chat: Chat, name: str, by: User | None = None) -> Topic:
        assert chat.forum, f"{chat.title} has no topics"
        number = self.message_id(chat)
        topic = Topic(id=number, name=name)
        chat.topics[number] = topic
        created = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        self.serve(chat, by, number=number, topic=number, **created)
        return topic

    def file(self, data: bytes, *, name: str, folder: str) -> File:
        number = len(self.files) + 1
        width, height = size_of(data) or (0, 0)
        found = File(
            file_id=f"AgACAgIAAxk{number:09d}", unique_id=f"AQAD{number:09d}", path=f"{folder}/file_{number}",
            data=data, name=name, width=width, height=height,
        )  # fmt: skip
        self.files[found.file_id] = found
        return found

    def message_id(self, chat: Chat) -> int:
        if chat.type in ("private", "group"):
            return next(self._messages)
        return max((message.id for message in chat.history), default=1) + 1  # the chat's creation was message 1

    def ephemeral_id(self) -> int:
        return next(self._ephemerals)

    # what happens

    def add(self, message: Message) -> Message:
        """A message appears; the bot is told of it if it may see it."""
        chat = message.chat
        if message.ephemeral_id is not None:
            message.after = len(chat.history)
            chat.ephemerals.append(message)
            if not message.by_bot:
                self.update_queue.put("message", message.json())
            self.changes.notify()
            return message
        chat.history.append(message)
        if message.by_bot and not message.service:
            chat.last_bot = None
        if self._told(message):
            message.seen_by_bot = True
            self.update_queue.put("channel_post" if chat.type == "channel" else "message", message.json())
        self.changes.notify()
        return message

    def _told(self, message: Message) -> bool:
        chat = message.chat
        if message.by_bot and not message.service:
            return False
        if chat.type == "private":
            return not chat.blocked
        if not chat.member(self.bot).present:
            gone: Json = message.service.get("left_chat_member", {})
            return gone.get("id") == self.bot.id
        return reaches(message, self.bot, privacy=self.privacy)

    def say(
        self,
        user: User,
        chat: Chat,
        text: str,
        *,
        reply_to: Message | None,
        topic: int | None,
        photo: bytes | None,
        anonymous: bool,
        ephemeral: bool = False,
    ) -> Message:
        assert text or photo, "people cannot send nothing"
        assert topic is None or topic in chat.topics, f"{chat.title} has no topic {topic}"
        assert topic is None or not chat.topics[topic].closed or chat.member(user).admin, "the topic is closed"
        chat.opened = chat.opened or chat.type == "private"
        message = Message(
            chat=chat, id=self.message_id(chat), date=self.now(), sender=user, rich=RichText(text=text).with_found(),
            reply_to=reply_to, topic=topic if topic is not None else reply_to.topic if reply_to else None,
        )  # fmt: skip
        if ephemeral:
            message.id, message.ephemeral_id, message.receiver = 0, self.ephemeral_id(), self.bot
        if photo:
            message.photo_file = self.file(photo, name="", folder="photos")
        if chat.type == "channel":
            message.sender, message.sender_chat = None, chat
        elif anonymous:
            message.sender, message.sender_chat = self.anonymous, chat
            message.signature = chat.member(user).title
        return self.add(message)

    def serve(
        self, chat: Chat, by: User | None, *, number: int | None = None, topic: int | None = None, **fields: object
    ) -> Message:
        """A service message (who joined, what was pinned, where the group went)."""
        sender = None if chat.type == "channel" else by or self.anonymous
        return self.add(
            Message(
                chat=chat,
                id=number or self.message_id(chat),
                date=self.now(),
                sender=sender,
                topic=topic,
                sender_chat=None if sender is not None and sender is not self.anonymous else chat,
                service=dict(fields),
                by_bot=by is self.bot,
            )
        )

    def edit_of_person(self, message: Message, text: str) -> None:
        message.versions.append(message.rich)
        message.rich, message.edit_date = RichText(text=text).with_found(), self.now()
        if self._told(message):
            kind = "edited_channel_post" if message.chat.type == "channel" else "edited_message"
            self.update_queue.put(kind, message.json())
        self.changes.notify()

    def press(self, user: User, message: Message, data: str, *, times: int) -> Tap:
        tap = Tap(world=self, id=str(next(self._queries)), user=user, message=message, data=data, at=self.clock())
        self.taps[tap.id] = tap
        query: Json = {"id": tap.id, "from": user.json(), "message": message.json(), "data": data}
        query["chat_instance"] = str(abs(message.chat.id) * 7919)
        self.update_queue.put("callback_query", query, times=times)
        return tap

    def ask_inline(self, user: User, text: str, offset: str) -> InlineAsk:
        assert self.inline, "this bot has no inline mode"
        assert len(text) <= 256, "clients send no longer query"
        asked = InlineAsk(world=self, id=str(next(self._queries)), text=text, at=self.clock())
        self.asked[asked.id] = asked
        self.update_queue.put(
            "inline_query", {"id": asked.id, "from": user.json(), "query": text, "offset": offset, "chat_type": "group"}
        )
        return asked

    def delete(self, message: Message) -> None:
        message.deleted = True
        if message in message.chat.pins:
            message.chat.pins.remove(message)
        self.changes.notify()

    def change_member(self, chat: Chat, member: Member, by: User | None = None) -> None:
        """A member's state changes: my_chat_member for the bot; chat_member for others, told to an administrator."""
        before = chat.member(member.user)
        chat.members[member.user.id] = member
        changed: Json = {
            "chat": chat.json(),
            "from": (by or self._creator(chat) or member.user).json(),
            "date": self.now(),
            "old_chat_member": before.json(chat.type),
            "new_chat_member": member.json(chat.type),
        }
        if member.user is self.bot:
            self.update_queue.put("my_chat_member", changed)
        elif chat.member(self.bot).admin:
            self.update_queue.put("chat_member", changed)
        self.changes.notify()

    def _creator(self, chat: Chat) -> User | None:
        return next((one.user for one in chat.members.values() if one.status == "creator"), None)

    async def leave(self, user: User, chat: Chat) -> None:
        self.change_member(chat, Member(user=user, status="left"), user)
        if chat.is_group:
            self.serve(chat, user, left_chat_member=user.json())

    def block(self, user: User, *, blocked: bool) -> None:
        chat = self.private(user)
        if chat.blocked == blocked:
            return
        states = [Member(user=self.bot).json("private"), Member(user=self.bot, status="kicked").json("private")]
        chat.blocked = blocked
        changed = {"chat": chat.json(), "from": user.json(), "date": self.now()}
        changed |= {"old_chat_member": states[not blocked], "new_chat_member": states[blocked]}
        self.update_queue.put("my_chat_member", changed)
        self.changes.notify()

    def pin(self, message: Message, by: User | None) -> None:
        chat = message.chat
        if message in chat.pins:
            chat.pins.remove(message)
        chat.pins.append(message)
        self.serve(chat, by, topic=message.topic, pinned_message=message.json(nested=False))

    def migrate(self, chat: Chat, by: User | None) -> Chat:
        assert chat.type == "group", "only basic groups become supergroups"
        heir = self._chat(SUPER - next(self._supers), "supergroup", chat.title, (), None, bot=False)
        heir.members = {number: replace(member) for number, member in chat.members.items()}
        by = by or self._creator(chat)
        if heir.member(self.bot).present:  # the bot hears of the new chat before it hears where it comes from
            member = heir.members.pop(self.bot.id)
            self.change_member(heir, member, by)
        self.serve(chat, by, migrate_to_chat_id=heir.id)
        chat.deactivated, chat.migrated_to = True, heir
        self.serve(heir, None, migrate_from_chat_id=chat.id)
        return heir

"""What exists on the far side: people, guilds, channels, threads and messages, and what moderators do to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import api_objects, message_view
from .changes import Changes
from .clock import Clock
from .json_values import Json, snowflake
from .permissions import EVERYONE, Permission, permissions_in

if TYPE_CHECKING:
    from .interaction import Interaction
    from .person import Person

TEXT, DM, GROUP_DM, ANNOUNCEMENT, PUBLIC_THREAD, FORUM = 0, 1, 3, 5, 11, 15
SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING = 1 << 2, 1 << 5, 1 << 6, 1 << 7
SUPPRESS_NOTIFICATIONS, COMPONENTS_V2 = 1 << 12, 1 << 15

# the gateway intents an event needs
GUILDS, GUILD_MEMBERS, GUILD_PRESENCES, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = (
    1 << 0,
    1 << 1,
    1 << 8,
    1 << 9,
    1 << 12,
    1 << 15,
)


@dataclass(slots=True, eq=False)
class User:
    id: int
    name: str
    bot: bool = False
    dms_open: bool = True
    has_app: bool = False  # they installed the bot for themselves


@dataclass(slots=True, eq=False)
class Role:
    id: int
    name: str
    permissions: int
    position: int = 1
    managed: bool = False
    mentionable: bool = False


@dataclass(slots=True, eq=False)
class Member:
    user: User
    roles: list[Role] = field(default_factory=list)
    nick: str | None = None


@dataclass(slots=True)
class Overwrite:
    """Kind 0 is a role, 1 a member."""

    kind: int
    allow: int = 0
    deny: int = 0


@dataclass(slots=True, eq=False)
class Attachment:
    id: int
    filename: str
    data: bytes = field(repr=False)
    description: str | None
    content_type: str
    url: str


@dataclass(slots=True, eq=False)
class Message:
    """One message as the peer keeps it. `only_for` is the one person who sees an ephemeral one."""

    id: int
    channel: Channel
    author: User
    created_ms: int
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    kind: int = 0  # 0 default, 6 "pinned a message", 18 thread created, 19 reply, 20 answer to a slash command
    edited_ms: int | None = None
    only_for: User | None = None
    nonce: str | None = None
    reference: Json | None = None
    interaction: Interaction | None = None
    by_webhook: bool = False
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[Role] = field(default_factory=list)
    mention_everyone: bool = False
    pinned_ms: int | None = None
    thread: Channel | None = None
    deleted: bool = False
    dismissed: bool = False  # its reader put it away; Discord keeps it all the same
    was: list[str] = field(default_factory=list)  # its text before each edit

    @property
    def text(self) -> str:
        """All that it says, from its content, embeds and components."""
        return message_view.text_of(self.content, self.embeds, self.components)

    @property
    def loading(self) -> bool:
        return bool(self.flags & LOADING)

    @property
    def ephemeral(self) -> bool:
        return self.only_for is not None

    @property
    def pinned(self) -> bool:
        return self.pinned_ms is not None

    @property
    def buttons(self) -> list[message_view.Button]:
        return message_view.buttons_of(self.components)

    @property
    def selects(self) -> list[message_view.Select]:
        return message_view.selects_of(self.components)

    def button(self, label: str) -> message_view.Button:
        return message_view.the_button(self.components, label)

    def __repr__(self) -> str:
        return f"<Message {self.author.name}: {self.text[:120]!r}{' (one person alone)' if self.ephemeral else ''}>"


@dataclass(slots=True, eq=False)
class Channel:
    """A text channel, a thread (`parent`), a direct message between the bot and `recipient`, or a conversation of
    `people` among themselves, in which the bot is not."""

    id: int
    kind: int
    name: str
    world: World = field(repr=False)
    guild: Guild | None = None
    parent: Channel | None = None
    recipient: User | None = None
    people: tuple[User, ...] = ()
    owner: User | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict, repr=False)
    archived: bool = False
    locked: bool = False
    created_ms: int = 0
    auto_archive: int = 1440
    last_pin_ms: int | None = None

    @property
    def is_thread(self) -> bool:
        return self.parent is not None

    @property
    def guild_id(self) -> int | None:
        return self.guild.id if self.guild else None

    @property
    def public(self) -> list[Message]:
        """What everybody who may look sees, oldest first."""
        return [message for message in self.messages.values() if not message.ephemeral]

    @property
    def pinned(self) -> list[Message]:
        """Newest pin first."""
        return sorted((one for one in self.public if one.pinned), key=lambda one: -(one.pinned_ms or 0))

    @property
    def threads(self) -> list[Channel]:
        return [one for one in self.world.channels.values() if one.parent is self]

    async def expect(self, look: str | Callable[[Message], object], seconds: float = 30.0) -> Message:
        """The first public message that says (or for which) `look`; waits for one if there is none."""
        said = message_view.matcher(look)
        return await self.world.changes.until(
            lambda: next((one for one in self.public if said(one)), None),
            seconds,
            lambda: f"{look!r} in #{self.name}, which has {self.public[-5:]}",
        )

    def allow(self, who: Role | User | Person, *rights: Permission) -> None:
        self._overwrite(who, allow=rights, deny=())

    def deny(self, who: Role | User | Person, *rights: Permission) -> None:
        self._overwrite(who, allow=(), deny=rights)

    def _overwrite(
        self, who: Role | User | Person, *, allow: tuple[Permission, ...], deny: tuple[Permission, ...]
    ) -> None:
        whom: Role | User = who if isinstance(who, Role | User) else who.user
        kind = 0 if isinstance(whom, Role) else 1
        one = self.overwrites.setdefault(whom.id, Overwrite(kind))
        for right in allow:
            one.allow, one.deny = one.allow | right, one.deny & ~right
        for right in deny:
            one.allow, one.deny = one.allow & ~right, one.deny | right
        self.world.emit("CHANNEL_UPDATE", api_objects.channel(self), self.guild, GUILDS)

    def delete(self) -> None:
        """An administrator deletes the channel (its threads go with it)."""
        for thread in self.threads:
            thread.delete()
        del self.world.channels[self.id]
        if self.guild and not self.is_thread:
            self.guild.channels.remove(self)
        self.world.emit(
            "THREAD_DELETE" if self.is_thread else "CHANNEL_DELETE", api_objects.channel(self), self.guild, GUILDS
        )

    def archive(self, *, locked: bool = False) -> None:
        self.archived, self.locked = True, locked
        self.world.emit("THREAD_UPDATE", api_objects.channel(self), self.guild, GUILDS)


@dataclass(slots=True, eq=False)
class Guild:
    id: int
    name: str
    owner: User
    world: World = field(repr=False)
    roles: list[Role] = field(default_factory=list)
    members: dict[int, Member] = field(default_factory=dict, repr=False)
    channels: list[Channel] = field(default_factory=list, repr=False)
    available: bool = True
    creates: list[int] = field(default_factory=list)  # when commands were created here (200 a day)

    @property
    def everyone(self) -> Role:
        return self.roles[0]

    @property
    def bot_role(self) -> Role:
        return next(role for role in self.members[self.world.bot.id].roles if role.managed)

    @property
    def has_bot(self) -> bool:
        return self.world.bot.id in self.members

    def text(self, name: str, kind: int = TEXT) -> Channel:
        """A new channel."""
        channel = Channel(self.world.new_id(), kind, name, self.world, guild=self, created_ms=self.world.clock.now_ms)
        self.channels.append(channel)
        self.world.channels[channel.id] = channel
        self.world.emit("CHANNEL_CREATE", api_objects.channel(channel), self, GUILDS)
        return channel

    def role(self, name: str, *rights: Permission, mentionable: bool = False) -> Role:
        permissions = 0
        for right in rights:
            permissions |= right
        role = Role(self.world.new_id(), name, permissions, len(self.roles), mentionable=mentionable)
        self.roles.append(role)
        self.world.emit("GUILD_ROLE_CREATE", {"guild_id": str(self.id), "role": api_objects.role(role)}, self, GUILDS)
        return role

    def grant(self, role: Role, *rights: Permission) -> None:
        for right in rights:
            role.permissions |= right
        self.world.emit("GUILD_ROLE_UPDATE", {"guild_id": str(self.id), "role": api_objects.role(role)}, self, GUILDS)

    def revoke(self, role: Role, *rights: Permission) -> None:
        for right in rights:
            role.permissions &= ~right
        self.world.emit("GUILD_ROLE_UPDATE", {"guild_id": str(self.id), "role": api_objects.role(role)}, self, GUILDS)

    def member(self, who: str | Person, *roles: Role) -> Person:
        """They join (a name makes a new person), with these roles; again: their roles are replaced."""
        from .person import Person

        person = who if isinstance(who, Person) else Person(self.world.user(who), self.world)
        member = Member(person.user, list(roles))
        joined = person.user.id not in self.members
        self.members[person.user.id] = member
        event = "GUILD_MEMBER_ADD" if joined else "GUILD_MEMBER_UPDATE"
        self.world.emit(event, api_objects.member(member) | {"guild_id": str(self.id)}, self, GUILD_MEMBERS)
        return person

    def leave(self, who: Person) -> None:
        """They leave, or are thrown out."""
        del self.members[who.user.id]
        gone = {"guild_id": str(self.id), "user": api_objects.user(who.user)}
        self.world.emit("GUILD_MEMBER_REMOVE", gone, self, GUILD_MEMBERS)

    def invite_bot(self, permissions: int) -> None:
        """An administrator adds the bot, with the permission integer of its invitation."""
        role = Role(self.world.new_id(), self.world.bot.name, permissions, len(self.roles), managed=True)
        self.roles.append(role)
        self.members[self.world.bot.id] = Member(self.world.bot, [role])
        self.world.emit("GUILD_CREATE", api_objects.guild(self, self.world.bot), self, GUILDS)

    def kick_bot(self) -> None:
        self.roles.remove(self.bot_role)
        gone = {"id": str(self.id)}
        self.world.emit("GUILD_DELETE", gone, self, GUILDS)
        del self.members[self.world.bot.id]

    def outage(self) -> None:
        """The guild becomes unavailable; `back` ends it."""
        self.available = False
        self.world.emit("GUILD_DELETE", {"id": str(self.id), "unavailable": True}, self, GUILDS)

    def back(self) -> None:
        self.available = True
        self.world.emit("GUILD_CREATE", api_objects.guild(self, self.world.bot) | {"unavailable": False}, self, GUILDS)


class World:
    """All that exists, and the two ways out of it: `emit` (to the gateway) and `changes` (to whoever waits)."""

    def __init__(self, clock: Clock, changes: Changes) -> None:
        self.clock = clock
        self.changes = changes
        self.gateway: Callable[[str, Json, Guild | None, int], None] = lambda *_: None
        self.cdn = ""  # where attachments are served
        self.user_install = True  # whether the application's owner lets people install it for themselves
        self._serial = 0
        self._guilds_made = 0
        self.application_id = self.new_id()
        self.bot = User(self.new_id(), "outcry", bot=True)
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.interactions: dict[int, Interaction] = {}
        self.public_thinking: list[Interaction] = []  # deferred where everybody in a server's channel sees it
        self.commands: dict[int | None, list[Json]] = {}  # by guild, None is global
        self.command_creates: list[int] = []

    def new_id(self) -> int:
        self._serial += 1
        return snowflake(self.clock.now_ms, self._serial)

    def emit(self, event: str, data: Json, guild: Guild | None, intent: int = 0) -> None:
        """Tell the bot (if it is there and asked for this `intent`), and whoever waits."""
        if guild is None or guild.has_bot:
            self.gateway(event, data, guild, intent)
        self.changes.notify()

    def user(self, name: str) -> User:
        user = User(self.new_id(), name)
        self.users[user.id] = user
        return user

    def guild(self, name: str, *, owner: str = "owner", shard_of: int | None = None) -> Guild:
        """A new guild without the bot. Guild ids differ by a millisecond each, so that two shards share them out."""
        self._guilds_made += 1
        made_ms = self.clock.now_ms - 86_400_000 + self._guilds_made
        made_ms += 0 if shard_of is None else (shard_of - (made_ms - 1420070400000)) % 2
        guild = Guild(snowflake(made_ms), name, self.user(owner), self)
        guild.roles.append(Role(guild.id, "@everyone", int(EVERYONE), 0))
        guild.members[guild.owner.id] = Member(guild.owner)
        self.guilds[guild.id] = guild
        return guild

    def dm_with(self, user: User) -> Channel:
        """The direct message channel of the bot and this person; made when first asked for."""
        for channel in self.channels.values():
            if channel.kind == DM and channel.recipient is user:
                return channel
        channel = Channel(self.new_id(), DM, user.name, self, recipient=user, created_ms=self.clock.now_ms)
        self.channels[channel.id] = channel
        return channel

    def conversation(self, *people: Person) -> Channel:
        """A group of people who write to each other, without the bot."""
        users = tuple(person.user for person in people)
        channel = Channel(self.new_id(), GROUP_DM, "", self, people=users, created_ms=self.clock.now_ms)
        self.channels[channel.id] = channel
        return channel

    def may_dm(self, user: User) -> bool:
        """Whether the bot may write to them: both are in a guild whose members they let write."""
        shared = any(guild.has_bot and user.id in guild.members for guild in self.guilds.values())
        return shared and user.dms_open and not user.bot

    def post(self, channel: Channel, message: Message) -> None:
        """Put a message into its channel and tell the bot, unless one person alone sees it."""
        channel.messages[message.id] = message
        if channel.archived and not channel.locked:
            channel.archived = False
            self.emit("THREAD_UPDATE", api_objects.channel(channel), channel.guild, GUILDS)
        self.announce("MESSAGE_CREATE", message)

    def announce(self, event: str, message: Message) -> None:
        channel = message.channel
        intent = GUILD_MESSAGES if channel.guild else DIRECT_MESSAGES
        if message.ephemeral or not permissions_in(channel, self.bot):
            self.changes.notify()
            return
        shown = api_objects.message(message)
        if channel.guild:
            shown["guild_id"] = str(channel.guild.id)
            member = channel.guild.members.get(message.author.id)
            if member is not None:
                shown["member"] = api_objects.member(member, whole=False)
        self.emit(event, shown, channel.guild, intent)

    def remove(self, message: Message) -> None:
        """Delete a message, whoever does it."""
        del message.channel.messages[message.id]
        message.deleted = True
        channel = message.channel
        gone: Json = {"id": str(message.id), "channel_id": str(channel.id)}
        if channel.guild:
            gone["guild_id"] = str(channel.guild.id)
        if message.ephemeral:
            self.changes.notify()
            return
        self.emit("MESSAGE_DELETE", gone, channel.guild, GUILD_MESSAGES if channel.guild else DIRECT_MESSAGES)

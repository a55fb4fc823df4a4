"""One interaction: somebody did something; the application has 3 s to acknowledge it, and 15 minutes in all."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import api_objects
from .changes import Changes
from .errors import ApiError
from .json_values import Json
from .modals import Modal
from .permissions import permissions_in
from .world import Channel, Message, User

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
# kinds of callback
MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
DEADLINE_MS, LIFE_MS = 3_000, 900_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One suggestion of an autocomplete answer."""

    name: str
    value: str | int | float


@dataclass(slots=True, eq=False)
class Interaction:
    id: int
    kind: int
    user: User
    channel: Channel
    data: Json
    created_ms: int
    command: str = ""  # "admin create", for slash commands
    source: Message | None = None  # the message whose button was pressed
    acked: int | None = None  # the kind of callback it was acknowledged with
    acked_after_ms: int | None = None
    late_after_ms: int | None = None  # when an acknowledgement came too late
    settled: bool = False  # it has its answer: no "thinking" any more
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Modal | None = None
    choices: list[Choice] | None = None
    refused: list[ApiError] = field(default_factory=list)  # what the application tried and was refused
    changes: Changes = field(default_factory=Changes)  # of its own, so that hundreds may wait without waking each other

    def notify(self) -> None:
        self.changes.notify()
        self.channel.world.changes.notify()

    @property
    def token(self) -> str:
        return f"peer-interaction-{self.id}"

    @property
    def reply(self) -> Message:
        """The last thing that was answered."""
        last = self.followups[-1] if self.followups else self.original
        assert last is not None, f"no message answers {self}"
        return last

    @property
    def text(self) -> str:
        return self.reply.text

    @property
    def ephemeral(self) -> bool:
        return self.reply.ephemeral

    @property
    def form(self) -> Modal:
        assert self.modal is not None, f"no modal answers {self}"
        return self.modal

    def __repr__(self) -> str:
        what = self.command or self.data.get("custom_id")
        return f"<Interaction {what!r} of {self.user.name}, acked {self.acked}, refused {self.refused}>"


def payload(one: Interaction) -> Json:
    """What INTERACTION_CREATE carries."""
    channel, world = one.channel, one.channel.world
    shown: Json = {
        "id": str(one.id),
        "application_id": str(world.application_id),
        "type": one.kind,
        "data": one.data,
        "channel": api_objects.channel(channel) | {"permissions": str(int(permissions_in(channel, one.user)))},
        "channel_id": str(channel.id),
        "token": one.token,
        "version": 1,
        "app_permissions": str(int(permissions_in(channel, world.bot))),
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": api_objects.owners(one),
        "context": 0 if channel.guild else 2 if channel.people else 1,
        "attachment_size_limit": 10 * 1024 * 1024,
    }
    if channel.guild is not None:
        member = api_objects.member(channel.guild.members[one.user.id])
        shown |= {
            "guild_id": str(channel.guild.id),
            "guild": {"id": str(channel.guild.id), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": member | {"permissions": str(int(permissions_in(channel, one.user)))},
        }
    else:
        shown["user"] = api_objects.user(one.user)
    if one.source is not None:
        shown["message"] = api_objects.message(one.source)
    return shown

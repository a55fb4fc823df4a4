"""A strict Discord for tests: gateway and REST over loopback, and people who use the bot. See ../README.md."""

from .clock import Clock
from .command_picker import NotOfferedError
from .errors import ApiError
from .interaction import Choice, Interaction
from .modals import Modal
from .permissions import EVERYONE, Permission
from .person import Person
from .request_log import Call
from .server import BOT_PERMISSIONS, DiscordPeer
from .world import Channel, Guild, Message, Role, World

__all__ = [
    "BOT_PERMISSIONS",
    "EVERYONE",
    "ApiError",
    "Call",
    "Channel",
    "Choice",
    "Clock",
    "DiscordPeer",
    "Guild",
    "Interaction",
    "Message",
    "Modal",
    "NotOfferedError",
    "Permission",
    "Person",
    "Role",
    "World",
]

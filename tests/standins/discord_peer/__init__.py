"""A strict Discord for tests: gateway and REST over loopback, and people who use the bot. See ../README.md."""

from tests.standins.discord_peer.clock import Clock
from tests.standins.discord_peer.command_picker import NotOfferedError
from tests.standins.discord_peer.errors import ApiError
from tests.standins.discord_peer.interaction import Choice, Interaction
from tests.standins.discord_peer.modals import Modal
from tests.standins.discord_peer.permissions import EVERYONE, Right
from tests.standins.discord_peer.person import Person
from tests.standins.discord_peer.request_log import Call
from tests.standins.discord_peer.server import BOT_RIGHTS, DiscordPeer
from tests.standins.discord_peer.world import Channel, Guild, Message, Role, World

__all__ = [
    "BOT_RIGHTS",
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
    "Person",
    "Right",
    "Role",
    "World",
]

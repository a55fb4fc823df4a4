"""A Telegram Bot API server for tests, written from the public documents: as strict as the real one."""

from tests.standins.telegram_peer.changes import ManualClock, wall_clock
from tests.standins.telegram_peer.chats import Button, Chat, Message
from tests.standins.telegram_peer.limits import Rule, most_in_window
from tests.standins.telegram_peer.people import Answer, Tap, User
from tests.standins.telegram_peer.server import Call, Peer
from tests.standins.telegram_peer.world import World

__all__ = [
    "Answer",
    "Button",
    "Call",
    "Chat",
    "ManualClock",
    "Message",
    "Peer",
    "Rule",
    "Tap",
    "User",
    "World",
    "most_in_window",
    "wall_clock",
]

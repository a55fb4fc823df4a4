"""A Telegram Bot API server for tests, written from the public documents: as strict as the real one."""

from .changes import ManualClock, wall_clock
from .chats import Button, Chat, Message
from .limits import Rule, most_in_window
from .people import Answer, Tap, User
from .server import Call, TelegramPeer
from .world import World

__all__ = [
    "Answer",
    "Button",
    "Call",
    "Chat",
    "ManualClock",
    "Message",
    "Rule",
    "Tap",
    "TelegramPeer",
    "User",
    "World",
    "most_in_window",
    "wall_clock",
]

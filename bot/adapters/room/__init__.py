"""The local room: a chat platform of our own, served to browsers on this machine."""

from bot.adapters.room.platform import RoomPlatform
from bot.adapters.room.service import RoomServer

__all__ = ["RoomPlatform", "RoomServer"]

"""The methods the server knows, each filed by the name it has on the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from .params import Params

if TYPE_CHECKING:
    from .server import TelegramPeer

Method = Callable[["TelegramPeer", Params], Awaitable[object]]
METHODS: dict[str, tuple[str, Method]] = {}
SINCE: dict[str, tuple[int, int]] = {}  # the version of the Bot API a method came with, where that matters to a test
# said by many methods, and without any effect here
IGNORED = (
    "disable_notification",
    "protect_content",
    "allow_paid_broadcast",
    "message_effect_id",
    "link_preview_options",
    "disable_web_page_preview",
    "show_caption_above_media",
    "has_spoiler",
    "thumbnail",
    "disable_content_type_detection",
)


def method(name: str, since: tuple[int, int] | None = None) -> Callable[[Method], Method]:
    """Files a method; names are looked up whatever their case. A server older than `since` does not know it."""

    def file(function: Method) -> Method:
        METHODS[name.lower()] = (name, function)
        if since is not None:
            SINCE[name] = since
        return function

    return file

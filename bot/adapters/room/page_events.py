"""Server-sent events as bytes: each message is serialised once for all who are shown the same, and never again.

Who sees a message differently from others: its author (`mine`), and those a button in it was made for.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

from bot.adapters.room.message_log import MessagePage
from bot.adapters.room.render import visible_to
from storage.records import RoomMessage

PIECE = 0x10000
KEPT = 2_000  # messages, in each of the forms they were shown in


class _Form(NamedTuple):
    """A state of a message as some see it; `viewer` None: as all do that nothing in it is meant for."""

    message: int
    seq: int
    mine: bool
    viewer: int | None


class PageEvents:
    """Also makes answers to requests, which are such messages. Nothing is kept beyond the moment somebody is
    forgotten."""

    def __init__(self) -> None:
        self._bytes: OrderedDict[_Form, bytes] = OrderedDict()
        self._people = 0  # see `MessagePage`

    def event(self, page: MessagePage, viewer: int | None, clock: bytes) -> Iterator[bytes]:
        """An event `page` with these messages as `viewer` is shown them, and what a `clock` event holds; in pieces of
        about `PIECE` bytes. Holds nothing of its own but one piece: five hundred may be reading their first page."""
        if page.people > self._people:
            self._people = page.people
            self._bytes.clear()
        make = self._kept if page.people == self._people else self.message
        head = b'id: %d\nevent: page\ndata: %s,"messages":[' % (page.seq, clock[:-1])
        return _pieces([head, *(make(message, viewer) for message in page.messages)])

    def message(self, message: RoomMessage, viewer: int | None) -> bytes:
        """A JSON object: the message as `viewer` is shown it."""
        return self._bytes.get(_form(message, viewer)) or to_json(visible_to(message, viewer))

    def answer(self, message: RoomMessage, form: object, viewer: int | None) -> bytes:
        """The same as the answer to a request, with the `form` to ask at once."""
        return b'%s,"form":%s}' % (self.message(message, viewer)[:-1], to_json(form))

    def _kept(self, message: RoomMessage, viewer: int | None) -> bytes:
        form = _form(message, viewer)
        known = self._bytes.get(form)
        if known is None:
            known = self._bytes[form] = to_json(visible_to(message, viewer))
            if len(self._bytes) > KEPT:
                self._bytes.popitem(last=False)
        return known


def _pieces(parts: list[bytes]) -> Iterator[bytes]:
    """A head, and messages with commas between them."""
    piece, size = [], 0
    for number, part in enumerate(parts):
        piece += [b",", part] if number > 1 else [part]
        size += len(part)
        if size >= PIECE:
            yield b"".join(piece)
            piece, size = [], 0
    yield b"".join([*piece, b"]}\n\n"])


def clock_event(clock: bytes) -> bytes:
    return b"event: clock\ndata: %s\n\n" % clock


def _form(message: RoomMessage, viewer: int | None) -> _Form:
    if viewer is None:
        return _Form(message.id, message.seq, False, None)
    reply = message.body.get("reply")
    actions = reply.get("actions") if isinstance(reply, dict) else None
    meant = message.person is not None or (
        isinstance(actions, list | tuple)
        and any(isinstance(action, dict) and action.get("person") == viewer for action in actions)
    )
    return _Form(message.id, message.seq, message.body.get("by") == viewer, viewer if meant else None)


def to_json(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()

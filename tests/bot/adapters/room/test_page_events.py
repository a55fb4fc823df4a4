"""Events as bytes: made once for all who are shown the same, and never with what is another's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.adapters.room import page_events
from bot.adapters.room.message_log import TALK, MessagePage
from bot.adapters.room.page_events import PageEvents
from bot.adapters.room.render import visible_to
from storage.records import RoomMessage

ADA, BOB, CLEO = 1, 2, 3
ACTIONS = [{"label": "For Ada", "text": "/a", "person": ADA}, {"label": "All", "text": "/b"}]


def page_of(*messages: RoomMessage, people: int = 0) -> MessagePage:
    return MessagePage(messages, 9, people)


def message(number: int, seq: int = 1, *, person: int | None = None, text: str = "hi") -> RoomMessage:
    body: dict[str, Any] = {"say": text, "by": BOB, "request": "secret", "reply": {"head": [], "actions": ACTIONS}}
    return RoomMessage(
        id=number, seq=seq, room="room", channel=TALK, person=person, author="Bob", body=body, ts_ms=5, edited_ms=None
    )


def read(pieces: Iterator[bytes]) -> tuple[str, dict[str, Any]]:
    ident, kind, data = b"".join(pieces).decode().rstrip("\n").split("\n")
    assert kind == "event: page"
    return ident, json.loads(data.removeprefix("data: "))


@pytest.mark.parametrize("viewer", [ADA, BOB, CLEO, None])
def test_each_viewer_gets_what_is_theirs_whoever_was_served_before(viewer: int | None) -> None:
    events = PageEvents()
    page = page_of(message(1), message(2, 7, person=viewer))
    for other in (ADA, BOB, CLEO, None):
        events.event(page_of(message(1)), other, b'{"here":1}')
    ident, data = read(events.event(page, viewer, b'{"now_ms":3,"here":1}'))
    assert ident == "id: 9"
    shown = [visible_to(message, viewer) for message in page.messages]
    assert data == {"now_ms": 3, "here": 1, "messages": json.loads(json.dumps(shown))}
    assert ("For Ada" in str(data)) is (viewer == ADA)


def test_a_message_is_serialised_once_for_all_who_are_shown_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int | None] = []

    def counted(message: RoomMessage, viewer: int | None) -> Any:
        made.append(viewer)
        return visible_to(message, viewer)

    monkeypatch.setattr(page_events, "visible_to", counted)
    events = PageEvents()
    for viewer in (*range(3, 500), None, ADA, BOB):
        events.event(page_of(message(1)), viewer, b'{"here":1}')
    assert made == [3, ADA, BOB]  # everybody else's, and those for whom it holds something
    events.event(page_of(message(1, seq=2, text="edited")), 77, b'{"here":1}')
    assert made[-1] == 77


def test_a_long_page_goes_out_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_events, "PIECE", 1_000)
    page = page_of(*(message(number, text="x" * 300) for number in range(20)))
    pieces = list(PageEvents().event(page, CLEO, b'{"here":1}'))
    assert len(pieces) > 5
    assert max(map(len, pieces)) < 2_000
    assert [shown["id"] for shown in read(iter(pieces))[1]["messages"]] == list(range(20))


def test_who_is_forgotten_is_in_no_page_any_more_not_even_by_one_that_was_read_before() -> None:
    events, clock = PageEvents(), b'{"here":1}'
    before, after = page_of(message(1, text="Ada leads")), page_of(message(1, text="Somebody leads"), people=1)
    assert "Ada" in str(read(events.event(before, CLEO, clock)))
    assert "Ada" not in str(read(events.event(page_of(people=1), CLEO, clock)))
    events.event(before, CLEO, clock)  # read before, and sent only now: it is not kept
    for page in (after, before):
        assert "Ada" not in str(read(events.event(page, CLEO, clock)))
    assert "Ada" not in events.message(after.messages[0], CLEO).decode()


def test_a_page_without_messages_is_a_page() -> None:
    assert read(PageEvents().event(page_of(), None, b'{"here":0}')) == ("id: 9", {"here": 0, "messages": []})

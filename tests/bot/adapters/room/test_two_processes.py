"""Two processes serve one room on one PostgreSQL, and each request of a browser may come to either of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.chat.reply import Reply, line
from storage.schema import leases
from storage.waking import Topic
from tests.bot.adapters.room.harness import (
    ADMIN,
    Browser,
    RoomHarness,
    Shown,
    Stream,
    head,
    request_id,
    room_harness,
)
from tests.bot.harness import HANG_S
from tests.storage.databases import postgres
from tests.storage.postgres import Server

__all__ = ["postgres"]

MOVED = (-3_600_000, 90_000)  # the second process's clock: an hour behind, a minute and a half ahead


@dataclass(frozen=True, slots=True)
class Rooms:
    first: RoomHarness
    second: RoomHarness

    async def rounds(self) -> None:
        """Each tells who it is, and hears of the other."""
        for room in (self.first, self.second, self.first):
            await room.holder.round()


@pytest.fixture(params=MOVED)
async def rooms(
    request: pytest.FixtureRequest, postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Rooms]:
    """A market is on. Nobody waits for a real second."""
    monkeypatch.setattr("bot.adapters.room.message_log.POLL_S", 0.05)
    monkeypatch.setattr("bot.adapters.room.presence.TELL_MS", 0)
    url = await postgres.create_migrated()
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(room_harness(tmp_path, url=url)) for _ in range(2)]
        second.clock.jump(request.param)
        await first.open_market()
        await first.tick()
        yield Rooms(first, second)


async def shown_until(events: Stream, last: str) -> list[Shown]:
    """All that a stream brings, up to a message with these words."""
    seen: list[Shown] = []
    while not any(last in str(message) for message in seen):
        seen += (await events.page())["messages"]
    return seen


async def ended(events: Stream) -> bool:
    """Whether there is no next event."""
    try:
        await events.event()
    except EOFError:
        return True
    return False


async def the_end(room: RoomHarness) -> str:
    """Announced at one process, after all that went before."""
    last = request_id()
    await room.room.platform.post("room", Reply(head=line(last)))
    return last


def button(message: Shown, label: str) -> str:
    return next(str(action["text"]) for action in message["reply"]["actions"] if action["label"].startswith(label))


async def test_a_page_at_one_process_and_commands_at_the_other_are_one_conversation(rooms: Rooms) -> None:
    ada, bob = await rooms.first.person("Ada"), await rooms.second.person("Bob")
    beside = rooms.second.moved(ada)
    async with ada.stream() as at_first, beside.stream() as at_second, bob.stream() as of_bob:
        await bob.say("hello")
        await beside.say("hi Bob")
        await rooms.first.tick()
        _, ticket = await beside.say("/buy ant yes 10")
        _, sent = await ada.press(button(ticket, "Confirm"), ticket["id"])
        assert (sent["id"], head(sent)[:5]) == (ticket["id"], "Sent.")
        await rooms.first.tick()
        last = await the_end(rooms.second)
        seen = [await shown_until(events, last) for events in (at_first, at_second, of_bob)]
    for messages, browsers in zip(seen, ((ada, beside), (ada, beside), (bob,)), strict=True):
        changes = [(message["id"], message["seq"]) for message in messages]
        assert len(set(changes)) == len(changes)
        last_states = {message["id"]: message for message in messages}
        for browser in browsers:
            assert last_states == {message["id"]: message for message in await browser.messages()}
    of_ada, of_bob_too = ({message["id"]: message for message in messages} for messages in (seen[0], seen[2]))
    assert head(of_ada[ticket["id"]]).startswith("Filled:")
    assert ticket["id"] not in of_bob_too
    assert [message["say"] for message in of_bob_too.values() if "say" in message] == ["hello", "hi Bob"]


async def test_a_browser_that_loses_one_process_goes_on_at_the_other(rooms: Rooms) -> None:
    ada = await rooms.first.person("Ada")
    browsers = [ada, rooms.second.moved(ada)]
    seen, last_id = [message["id"] for message in await ada.messages()], ""
    async with ada.stream() as events:
        await events.page()
        last_id = events.last_id
    for number in range(8):
        writing = (rooms.first, rooms.second)[number % 2]
        said = [await the_end(writing), await the_end(writing)]
        async with browsers[(number + 1) % 2].stream(**{"Last-Event-ID": last_id}) as events:
            messages = await shown_until(events, said[-1])
            last_id = events.last_id
        assert [head(message) for message in messages] == said
        seen += [message["id"] for message in messages]
    assert len(set(seen)) == len(seen)
    assert [message["id"] for message in await browsers[1].messages()] == seen


LINES = ("hello", "/balance", "/buy ant yes 10", "/settings slippage 3%", "/board", "/nonsense")


@pytest.mark.parametrize("side_by_side", [False, True])
async def test_a_request_whose_answer_was_lost_is_answered_alike_by_the_other(rooms: Rooms, side_by_side: bool) -> None:
    ada = await rooms.first.person("Ada")
    beside = rooms.second.moved(ada)
    await rooms.first.tick()
    for text in LINES:
        request, before = request_id(), len(await ada.messages())
        answers: list[tuple[int, Any]]
        if side_by_side:
            answers = [*await asyncio.gather(ada.say(text, request), beside.say(text, request, again=True))]
        else:
            answers = [await ada.say(text, request), await beside.say(text, request, again=True)]
        assert answers[0] == answers[1]
        assert answers[0][0] == 200
        assert len(await beside.messages()) == before + 1, text


async def test_an_order_confirmed_at_both_is_one_order(rooms: Rooms) -> None:
    ada = await rooms.first.person("Ada")
    beside = rooms.second.moved(ada)
    await rooms.first.tick()
    _, ticket = await ada.say("/buy ant yes 10")
    confirm, request = button(ticket, "Confirm"), request_id()
    answers = await asyncio.gather(
        ada.press(confirm, ticket["id"], request), beside.press(confirm, ticket["id"], request, again=True)
    )
    assert [(status, answer["id"], head(answer)[:5]) for status, answer in answers] == [
        (200, ticket["id"], "Sent.")
    ] * 2
    async with rooms.second.db.reading() as uow:
        assert len(await uow.orders.pending(rooms.first.market)) == 1


@pytest.mark.parametrize("side_by_side", [False, True])
async def test_who_missed_the_answer_to_their_name_is_found_by_the_other(rooms: Rooms, side_by_side: bool) -> None:
    sent = {"name": "Ada", "request": request_id()}
    lost, again = rooms.first.browser(), rooms.second.browser()
    joins = [lost.post("api/join", sent), again.post("api/join", {**sent, "again": True})]
    answers: list[tuple[int, Any]] = [*await asyncio.gather(*joins)] if side_by_side else [await join for join in joins]
    assert [(status, answer["name"]) for status, answer in answers] == [(200, "Ada")] * 2
    assert (await lost.say("/balance"))[0] == 200
    assert [message["asked"] for message in await again.messages() if "asked" in message] == ["/join", "/balance"]
    assert (await rooms.second.browser().join("Ada"))[1]["name"] == "Ada 2"


async def test_names_taken_at_both_at_the_same_moment_differ(rooms: Rooms) -> None:
    browsers = [room.browser() for room in (rooms.first, rooms.second) for _ in range(3)]
    names = {answer["name"] for _, answer in await asyncio.gather(*(browser.join("Ada") for browser in browsers))}
    assert names == {"Ada", "Ada 2", "Ada 3", "Ada 4", "Ada 5", "Ada 6"}


async def test_sessions_and_admin_rights_hold_at_every_process_of_the_room_and_at_no_other_room(
    rooms: Rooms, tmp_path: Path
) -> None:
    ada = await rooms.first.person("Ada")
    beside = rooms.second.moved(ada)
    assert (await beside.get(f"?admin={ADMIN}")).status == 303
    for browser in (ada, beside):
        assert await (await browser.get("api/me")).json() == {"name": "Ada", "admin": True, "room": "The room"}
    assert len([*ada.jar]) == 2
    async with room_harness(tmp_path) as elsewhere:
        stranger = elsewhere.moved(ada)
        assert await (await stranger.get("api/me")).json() == {"name": None, "admin": False, "room": "The room"}
        await stranger.join("Eve")
    assert (await (await ada.get("api/me")).json())["name"] == "Ada"


async def here(browser: Browser) -> int:
    """As the page shows it."""
    async with browser.stream() as events:
        kind, clock = await events.event()
        assert kind == "clock"
        page = await events.page()
        assert page["here"] == clock["here"]
        return int(clock["here"])


async def test_everybody_who_is_here_is_counted_once_and_who_dies_takes_their_people_along(rooms: Rooms) -> None:
    ada, bob, eve = await rooms.first.person("Ada"), await rooms.second.person("Bob"), await rooms.second.person("Eve")
    beside = rooms.second.moved(ada)
    strangers = [rooms.first.browser(), rooms.second.browser()]
    async with ada.stream() as first, beside.stream() as second, bob.stream() as third, eve.stream() as fourth:
        for events in (first, second, third, fourth):
            await events.page()
        await rooms.rounds()
        assert [await here(stranger) for stranger in strangers] == [3, 3]
        async with rooms.first.db.writing() as uow:  # the second is frozen until its lease is over
            holder = rooms.second.holder.process
            await uow.run(update(leases).where(leases.c.holder == holder).values(until_ms=0))
            await uow.commit()
        await rooms.first.holder.round()
        assert [await here(stranger) for stranger in strangers] == [1, 3]
        await rooms.rounds()  # and it wakes
        assert [await here(stranger) for stranger in strangers] == [3, 3]
        await rooms.second.holder.stop()  # it ends
        await rooms.first.holder.round()
        assert await here(strangers[0]) == 1


async def test_who_is_forgotten_at_one_process_leaves_the_pages_of_the_other(rooms: Rooms) -> None:
    zoe, bob = await rooms.first.person("Zyxella"), await rooms.first.person("Bob")
    await zoe.say("my name is Zyxella, hello")
    beside = rooms.second.moved(zoe)
    _, asked = await beside.say("/forget")
    async with zoe.stream() as events:
        assert "Zyxella" in str(await events.page())
        _, done = await beside.press(button(asked, "Confirm"), asked["id"])
        assert head(done).startswith("You are forgotten.")
        while not await ended(events):  # the browser comes back and is asked who it is
            pass
    assert "Zyxella" not in str(await bob.messages())
    assert (await zoe.say("/board"))[0] == 401


async def told(events: Stream, kind: str) -> Any:
    """The next event of this kind."""
    async with asyncio.timeout(HANG_S):
        while True:
            name, data = await events.event()
            if name == kind:
                return data


async def test_a_tick_of_one_process_is_on_the_pages_of_the_other_without_being_looked_for(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.market.live_markets.POLL_S", HANG_S)
    ada = await rooms.first.person("Ada")
    heard = rooms.second.db.subscribe(Topic.MARKET)
    rooms.second.db.listen()
    assert await heard.woken(HANG_S)
    async with rooms.second.moved(ada).stream() as events:
        market, account = await told(events, "market"), await told(events, "account")
        assert account["joined"]
        await rooms.first.tick()
        while (await told(events, "market"))["tick"] == market["tick"]:
            pass  # as it stood, told for something else that was committed
        while not (await told(events, "account"))["funded"]:
            pass

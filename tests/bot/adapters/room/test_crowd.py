"""A crowd and strangers before the room: members keep their places, and a flood costs its maker alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from ipaddress import ip_network
from pathlib import Path

import pytest

from bot.adapters.room import event_stream, limits, request_body
from bot.adapters.room.limits import LIMITS, Counted
from bot.chat import shared_limits
from bot.chat.rate_limits import Limit
from bot.chat.shared_limits import Tried
from tests.bot.adapters.room.harness import ADMIN, Browser, RoomHarness, Stream, request_id, room_harness

HERE, THERE, ELSEWHERE = "203.0.113.1", "203.0.113.2", "2001:db8::1"
FEW = {counted: (Limit(3, 60_000),) for counted in Counted} | {
    counted: LIMITS[counted] for counted in (Counted.REQUEST, Counted.STREAM)
}


@pytest.fixture
async def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RoomHarness]:
    """Behind a proxy, with three places for members, three for strangers, and three of everything."""
    for name in ("MEMBERS_PLACES", "STRANGERS_PLACES"):
        monkeypatch.setattr(limits, name, 3)
    monkeypatch.setattr(limits, "MOST_STREAMS_EACH", 2)
    monkeypatch.setattr(limits, "LIMITS", FEW)
    monkeypatch.setattr(shared_limits, "LIMITS", dict.fromkeys(Tried, (Limit(3, 60_000),)))
    async with room_harness(tmp_path, trusted_proxies=[ip_network("127.0.0.1")]) as made:
        yield made


async def opened(stack: AsyncExitStack, browser: Browser) -> int:
    """The status of a stream, which stays open until the stack ends."""
    return (await stack.enter_async_context(browser.stream())).answer.status


async def refusal(browser: Browser) -> tuple[int, str, str]:
    """Status, sentence and Retry-After of a stream."""
    async with browser.stream() as events:
        problem = await events.answer.json()
        return events.answer.status, problem["error"], events.answer.headers["Retry-After"]


async def test_strangers_never_take_the_place_of_a_member_nor_one_address_that_of_others(harness: RoomHarness) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(2):
            assert await opened(stack, harness.browser(HERE)) == 200
        assert (await refusal(harness.browser(HERE)))[0] == 429
        assert await opened(stack, harness.browser(THERE)) == 200
        status, sentence, seconds = await refusal(harness.browser(THERE))
        assert (status, int(seconds) > 0) == (503, True)
        assert "Give a name" in sentence
        assert await opened(stack, harness.browser(ELSEWHERE)) == 200  # `HERE` had two, and has one now
        members = [await harness.person(name, HERE) for name in ("Ada", "Bob", "Cleo")]
        for member in members:
            assert await opened(stack, member) == 200


async def test_a_full_house_refuses_one_more_member_politely_and_goes_on_for_the_others(harness: RoomHarness) -> None:
    members = [await harness.person(name, address) for name, address in zip("ABCD", [HERE] * 3 + [THERE], strict=True)]
    async with AsyncExitStack() as stack:
        streams: list[Stream] = [await stack.enter_async_context(member.stream()) for member in members[:3]]
        for stream in streams:
            await stream.page()
        status, sentence, _ = await refusal(members[3])
        assert (status, "goes on by itself" in sentence) == (503, True)
        assert (await members[3].say("/help"))[0] == 200
        await members[0].say("hello")
        for stream in streams:
            assert "hello" in str((await stream.page())["messages"])
    while harness.room.streams_open:
        await members[3].get("healthz")
    async with AsyncExitStack() as stack:
        assert await opened(stack, members[3]) == 200


async def test_who_opens_streams_all_the_time_is_told_to_wait(
    harness: RoomHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await harness.person("Ada", HERE)
    for _ in range(LIMITS[Counted.STREAM][0].count):
        async with ada.stream() as events:
            assert events.answer.status in (200, 429)
    assert (await refusal(ada))[1].startswith("That was fast. Wait")


async def test_joins_are_counted_by_address_and_told_when_to_come_back(harness: RoomHarness) -> None:
    requests = [{"name": f"Ada {number}", "request": request_id()} for number in range(4)]
    sent = requests[2]
    statuses = [(await harness.browser(HERE).post("api/join", request))[0] for request in requests]
    assert statuses == [200, 200, 200, 429]
    harness.room._routes._newcomers._coming.clear()  # as at another process
    _, refused = await harness.browser(HERE).join("Ada")
    assert refused["error"].startswith("Many people have just joined from where you are. Wait")
    assert (await harness.browser(HERE).post("api/join", sent))[1]["name"] == "Ada 2"  # who is in and missed the answer
    assert (await harness.browser(THERE).join("Bob"))[0] == 200


async def test_guesses_at_the_admin_link_are_counted_by_address(harness: RoomHarness) -> None:
    guesser = harness.browser(HERE)
    statuses = [(await guesser.get(f"?admin=guess-{number}")).status for number in range(4)]
    assert statuses == [403, 403, 403, 429]
    assert (await guesser.get(f"?admin={ADMIN}")).status == 303  # whoever guesses keeps nobody out who has it
    assert (await harness.browser(THERE).get(f"?admin={ADMIN}")).status == 303


async def test_completions_of_strangers_are_counted_by_address_and_those_of_members_by_person(
    harness: RoomHarness,
) -> None:
    ada = await harness.person("Ada", HERE)

    async def completed(browser: Browser) -> int:
        return (await browser.post("api/complete", {"text": "/he"}))[0]

    assert [await completed(harness.browser(HERE)) for _ in range(4)] == [200, 200, 200, 429]
    assert [await completed(ada) for _ in range(4)] == [200, 200, 200, 429]
    assert await completed(harness.browser(ELSEWHERE)) == 200


async def test_a_flood_of_lines_is_refused_before_anything_is_written(harness: RoomHarness) -> None:
    ada, bob = await harness.person("Ada", HERE), await harness.person("Bob", HERE)
    request = request_id()
    assert [(await ada.say("/help", request))[0] for _ in range(5)] == [200] * 5  # one and the same
    assert [(await ada.say("/help"))[0] for _ in range(2)] == [200, 429]  # to join was the first of three
    before = await bob.messages()
    status, refused = await ada.post("api/press", {"text": "/help", "message": 1, "request": request_id()})
    assert (status, refused["error"][:20]) == (429, "That was fast. Wait ")
    assert await bob.messages() == before
    assert (await bob.say("/help"))[0] == 200


async def test_what_browsers_break_off_is_logged_as_nothing(
    harness: RoomHarness, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_body, "BODY_S", 0.05)
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.01)
    ada = await harness.person("Ada", HERE)
    host = harness.url.removeprefix("http://").strip("/")
    session = "; ".join(f"{cookie.key}={cookie.value}" for cookie in ada.jar)
    head = f"Host: {host}\r\nOrigin: http://{host}\r\nCookie: {session}\r\nContent-Type: application/json\r\n"
    line = b'{"text": "/help", "request": "a-request-of-mine"}'
    requests = (
        f"POST /api/say HTTP/1.1\r\n{head}Content-Length: {len(line)}\r\n\r\n".encode() + line,  # no wait for an answer
        f"POST /api/say HTTP/1.1\r\n{head}Content-Length: 500\r\n\r\n{{".encode(),  # half a body
        f"POST /api/say HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\nff\r\n{{".encode(),
        f"GET /api/stream HTTP/1.1\r\n{head}\r\n".encode(),
        f"GET /api/stream HTTP/1.1\r\n{head}".encode(),
    )
    for request in requests:
        for patience in (0, 1, 20):  # turns of the loop
            _, writer = await asyncio.open_connection(*host.split(":"))
            writer.write(request)
            for _ in range(patience):
                await asyncio.sleep(0)
            writer.transport.abort()
    reader, writer = await asyncio.open_connection(*host.split(":"))
    writer.write(requests[1])
    assert b" 408 " in await reader.readline()
    writer.close()
    while harness.room.streams_open:
        await ada.get("healthz")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert (await ada.say("/help", "a-request-of-mine"))[0] == 200

"""Rate limits and lines that fail, as discord.py meets them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from tests.standins.discord_peer import Clock
from tests.standins.tests.discord_bots import RestHarness, rest_harness

POST = "POST /channels/*/messages"


@pytest.fixture
async def at() -> AsyncIterator[RestHarness]:
    async with rest_harness() as made:
        yield made


async def raw(
    at: RestHarness, path: str, count: int = 1, *, token: str | None = None
) -> list[tuple[int, dict[str, str]]]:
    """Ask without discord.py's patience: each answer's status and headers."""
    headers = {"Authorization": f"Bot {token or at.peer.token}"}
    answers = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(count):
            async with session.post(at.peer.api + path, json={"content": "c"}) as response:
                answers.append((response.status, dict(response.headers)))
    return answers


async def test_a_channel_takes_five_messages_in_five_seconds(at: RestHarness) -> None:
    at.peer.limits.on()
    answers = await raw(at, at.messages, 6)
    assert [status for status, _ in answers] == [200] * 5 + [429]
    assert [headers.get("X-RateLimit-Remaining") for _, headers in answers] == ["4", "3", "2", "1", "0", "0"]
    last = answers[-1][1]
    assert (last["X-RateLimit-Scope"], last["Via"], last["Retry-After"]) == ("user", "1.1 google", "6")
    assert len(at.market.messages) == 5
    other = at.guild.text("other")
    assert (await raw(at, f"/channels/{other.id}/messages"))[0][0] == 200
    at.peer.clock.advance(5_000)
    assert (await raw(at, at.messages))[0][0] == 200


async def test_a_patient_client_gets_everything_through(at: RestHarness) -> None:
    at.peer.limits.on(Clock(speed=500))
    await asyncio.gather(*(at.posts(str(number)) for number in range(12)))
    assert sorted(int(one.text) for one in at.market.public) == list(range(12))


async def test_fifty_requests_a_second_are_the_most_in_all_but_interactions_are_free(at: RestHarness) -> None:
    asked = [await at.asked() for _ in range(3)]
    at.peer.limits.on()
    at.peer.limits.global_limit = 2
    others = [at.guild.text(f"c{number}") for number in range(3)]
    answers = [(await raw(at, f"/channels/{other.id}/messages"))[0] for other in others]
    assert [status for status, _ in answers] == [200, 200, 429]
    assert (answers[-1][1]["X-RateLimit-Global"], answers[-1][1]["X-RateLimit-Scope"]) == ("true", "global")
    for one in asked:
        await at.asks("POST", at.callback(one), {"type": 4, "data": {"content": "free"}})


async def test_followups_share_the_budget_of_their_channel(at: RestHarness) -> None:
    asked = [await at.asked() for _ in range(31)]
    at.peer.limits.on()
    for one in asked:
        await at.asks("POST", at.callback(one), {"type": 4, "data": {"content": "c", "flags": 64}})
    answers = [(await raw(at, at.webhook(one)))[0] for one in asked]
    assert [status for status, _ in answers] == [200] * 30 + [429]
    assert answers[-1][1]["X-RateLimit-Scope"] == "shared"


async def test_messages_older_than_an_hour_are_edited_three_times_in_six_seconds(at: RestHarness) -> None:
    boards = [await at.posts(f"board {number}") for number in range(4)]
    at.peer.clock.advance(3_600_001)
    at.peer.limits.on()
    at.peer.limits.ban_after = 1
    for own in boards[:3]:
        await at.asks("PATCH", f"{at.messages}/{own}", {"content": "new"})
    last = f"{at.peer.api}{at.messages}/{boards[3]}"
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bot {at.peer.token}"}) as session,
        session.patch(last, json={"content": "new"}) as response,
    ):
        assert (response.status, (await response.json())["code"]) == (429, 30046)
    assert not at.peer.limits.banned  # a limit of the resource
    at.peer.clock.advance(6_000)
    await at.asks("PATCH", f"{at.messages}/{boards[3]}", {"content": "new"})


async def test_too_many_invalid_requests_are_a_ban_that_no_client_waits_out(at: RestHarness) -> None:
    at.peer.limits.ban_after = 3
    assert [status for status, _ in await raw(at, at.messages, 3, token="wrong")] == [401] * 3
    with pytest.raises(discord.HTTPException) as caught:
        await at.posts()
    assert (caught.value.status, len(at.market.messages)) == (429, 0)


async def test_shared_limits_do_not_count_as_invalid(at: RestHarness) -> None:
    at.peer.faults.answer(429, POST, scope="shared")
    assert (await raw(at, at.messages))[0][0] == 429
    at.peer.faults.answer(429, POST)
    assert (await raw(at, at.messages))[0][0] == 429
    assert len(at.peer.limits.invalid) == 1


async def test_discord_py_waits_out_scripted_429s(at: RestHarness) -> None:
    fault = at.peer.faults.answer(429, POST, times=3, retry_after=0.001)
    await at.posts("patience")
    assert (fault.met, len(at.market.messages), at.peer.refused) == (3, 1, [])


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_error_changes_nothing(at: RestHarness, status: int) -> None:
    at.peer.faults.answer(status, POST)
    assert (await raw(at, at.messages))[0][0] == status
    assert not at.market.messages


async def test_503_is_not_retried_by_discord_py(at: RestHarness) -> None:
    at.peer.faults.answer(503, POST)
    with pytest.raises(discord.DiscordServerError):
        await at.posts()


async def test_a_dropped_line_did_nothing_and_a_lost_answer_did_it(at: RestHarness) -> None:
    at.peer.faults.drop(POST)
    with pytest.raises(aiohttp.ClientError):
        await at.posts("dropped")
    assert not at.market.messages
    at.peer.faults.lose(POST)
    with pytest.raises(aiohttp.ClientError):
        await at.posts("lost")
    at.peer.faults.lose(POST, status=503)
    with pytest.raises(discord.DiscordServerError):
        await at.posts("done, said the 503 not")
    assert [one.text for one in at.market.public] == ["lost", "done, said the 503 not"]


async def test_a_held_request_is_done_when_it_is_released(at: RestHarness) -> None:
    held = at.peer.faults.hold(POST)
    posting = asyncio.create_task(at.posts())
    await held.reached.wait()
    assert not at.market.messages
    held.release()
    await posting
    assert len(at.market.messages) == 1


async def test_every_request_is_recorded_with_its_answer(at: RestHarness) -> None:
    own = await at.posts("one")
    await at.is_refused("POST", at.messages, {"content": ""})
    for _ in range(3):
        await at.asks("PATCH", f"{at.messages}/{own}", {"content": "two"})
    at.peer.clock.advance(5_000)
    await at.posts("three")
    posts = at.peer.request_log.of("POST /channels/{channel}/messages")
    assert [(one.json()["content"], one.status) for one in posts] == [("one", 200), ("", 400), ("three", 200)]
    assert [one.code for one in at.peer.refused] == [50006]
    assert at.peer.request_log.most_in_a_window(at.market.id) == 5
    assert at.peer.request_log.most_in_a_window(at.market.id, 5_001) == 6


async def test_other_bodies_and_routes_are_refused(at: RestHarness) -> None:
    assert (await at.is_refused("GET", "/nowhere")).status == 404
    assert (await at.is_refused("PUT", at.messages)).status == 405
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {at.peer.token}"}) as session:
        async with session.post(at.peer.api + at.messages, data={"content": "form"}) as response:
            assert (response.status, (await response.json())["code"]) == (400, 50035)
        async with session.post(
            at.peer.api + at.messages, data="{", headers={"Content-Type": "application/json"}
        ) as one:
            assert (one.status, (await one.json())["code"]) == (400, 50109)
    assert not at.market.messages

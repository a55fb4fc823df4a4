"""A stream deck runs a market by its maker's key: rights asked anew, part counted, shown before it is done."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.room.run_by_key import end_old_rights
from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.rights import CannotAskError, Rights, Standing
from engine.state import Status
from storage.keys import NewKey, Scope
from storage.records import Market
from tests.bot.adapters.room.harness import ADMIN, RoomHarness, request_id, room_harness
from tests.bot.adapters.room.test_entering import enter, link


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[RoomHarness]:
    """A market that runs; its one member is `room-0` of the chat `room`, and `boss` is its admin."""
    async with room_harness(tmp_path) as harness:
        await harness.open_market()
        await harness.tick()
        yield harness


async def said(harness: RoomHarness, who: str, line: str, *, admin: bool = True) -> str:
    reply = await harness.dispatcher.run(
        Invocation(
            text=line,
            platform="room",
            person_ext=who,
            person_name=who.title(),
            chat_ext="room",
            chat_kind=ChatKind.ROOM,
            is_admin=admin,
            request_id=request_id(),
        )
    )
    return plain_text.text(reply)


async def key_of(harness: RoomHarness, who: str = "boss", line: str = "/apikey run name deck") -> str:
    text = await said(harness, who, line)
    token = re.search(r"outcry_[\w-]{43}", text)
    assert token is not None, text
    return token[0]


async def run(harness: RoomHarness, token: str, body: dict[str, Any], **headers: str) -> tuple[int, Any]:
    path = f"api/v1/markets/{harness.market}/run"
    return await harness.browser().post(path, body, Authorization=f"Bearer {token}", **headers)


async def market(harness: RoomHarness) -> Market:
    async with harness.db.reading() as uow:
        return await uow.markets.get_one(harness.market)


async def test_a_deck_runs_a_market_and_what_cannot_be_undone_is_shown_first(
    harness: RoomHarness,
) -> None:
    token = await key_of(harness)
    status, answer = await run(harness, token, {"action": "freeze", "reason": "red card"})
    assert (status, answer["state"], answer["confirm"]) == (200, "done", None)
    await harness.tick()
    assert (await market(harness)).status is Status.FROZEN
    status, shown = await run(harness, token, {"action": "eliminate", "outcomes": [1], "reason": "7-1"})
    assert (status, shown["state"]) == (200, "preview")
    assert "Bee would be out" in shown["sentence"]
    await harness.tick()
    assert (await market(harness)).params.n_outcomes == 3
    status, wrong = await run(harness, token, {"action": "eliminate", "outcomes": [2], "confirm": shown["confirm"]})
    assert (status, wrong["state"]) == (200, "preview"), "the code of another preview does nothing"
    again = {"action": "eliminate", "outcomes": [1], "reason": "7-1", "confirm": shown["confirm"]}
    for _ in range(2):
        status, answer = await run(harness, token, again, **{"Idempotency-Key": "a-press-of-a-button"})
        assert (status, answer["state"]) == (200, "done")
    await harness.tick()
    async with harness.db.reading() as uow:
        assert (await uow.markets.state(harness.market)).out == (1,)
    status, answer = await run(harness, token, {"action": "resume"})
    await harness.tick()
    assert (await market(harness)).status is Status.RUNNING
    log = await said(harness, "boss", "/admin log")
    assert "red card" in log


async def test_who_has_a_part_in_the_market_only_proposes_by_their_key_too(harness: RoomHarness) -> None:
    token = await key_of(harness, "room-0")
    await said(harness, "room-0", "/settings confirm off")
    assert "Sent." in await said(harness, "room-0", "/buy ant yes 5")
    await harness.tick()
    await run(harness, token, {"action": "freeze"})
    await harness.tick()
    status, answer = await run(harness, token, {"action": "eliminate", "outcomes": [1]})
    if answer["state"] == "preview":
        body = {"action": "eliminate", "outcomes": [1], "confirm": answer["confirm"]}
        status, answer = await run(harness, token, body)
    assert (status, answer["state"]) == (200, "proposed")
    assert "Nothing happens yet" in answer["sentence"]
    async with harness.db.reading() as uow:
        assert (await uow.markets.state(harness.market)).out == ()


BAD: list[tuple[dict[str, Any], int, str]] = [  # fewer than a key may send in ten seconds
    ({}, 400, "no_such_action"),
    ({"action": "void"}, 400, "no_such_action"),
    ({"action": ["freeze"]}, 400, "no_such_action"),
    ({"action": "freeze", "reason": 7}, 400, "bad_request"),
    ({"action": "freeze", "confirm": "1a2b3c4d"}, 400, "bad_request"),
    ({"action": "eliminate", "outcomes": ["Bee"]}, 400, "bad_request"),
    ({"action": "eliminate", "outcomes": [-1]}, 400, "bad_request"),
    ({"action": "eliminate", "outcomes": [True]}, 400, "bad_request"),
    ({"action": "eliminate", "outcomes": [99]}, 422, "cannot_read"),
]


async def test_what_is_no_action_does_nothing_and_other_keys_run_nothing(harness: RoomHarness) -> None:
    token, visitor = await key_of(harness), await harness.person("Eve")
    before = (await market(harness)).intents
    for body, status, name in BAD:
        harness.clock.advance(2_000)
        refused, answer = await run(harness, token, body)
        assert (refused, answer["code"]) == (status, name), (body, answer)
        assert (await market(harness)).intents == before, body
    path = f"api/v1/markets/{harness.market}/run"
    headers = {"Authorization": f"Bearer {token}"}
    assert (await harness.browser().get(path, **headers)).status != 200, "looking does nothing, and is for the page"
    for line in ("/apikey read", "/apikey trade $5"):
        other = await key_of(harness, "room-0", line)
        assert (await run(harness, other, {"action": "freeze"}))[0] == 403
    assert (await visitor.post(path, {"action": "freeze"}))[0] == 403
    harness.market += 1
    assert (await run(harness, token, {"action": "freeze"}))[0] == 404
    harness.market -= 1
    await harness.tick()
    assert ((await market(harness)).intents, (await market(harness)).status) == (before, Status.RUNNING)


async def test_a_key_given_by_the_admin_link_ends_with_that_link(harness: RoomHarness) -> None:
    token, reads = await key_of(harness), await key_of(harness, "room-0", "/apikey read")
    async with harness.db.writing() as uow:
        secret = await uow.room.secret()
        await uow.commit()
    await end_old_rights(harness.db, ADMIN, secret, harness.clock.now_ms())
    assert (await run(harness, token, {"action": "pause"}))[0] == 200
    await end_old_rights(harness.db, "another token", secret, harness.clock.now_ms())
    status, answer = await run(harness, token, {"action": "resume"})
    assert (status, answer["code"]) == (401, "unknown_key")
    async with harness.db.reading() as uow:
        assert await uow.keys.find(reads) is not None


async def test_so_does_one_given_to_who_came_from_elsewhere_and_by_the_admin_link(harness: RoomHarness) -> None:
    page = harness.browser()
    assert (await enter(page, await link(harness)))[0] == 200
    await page.get(f"?admin={ADMIN}")
    _, answer = await page.say("/apikey run name deck")
    token = re.search(r"outcry_[\w-]{43}", str(answer))
    assert token is not None, answer
    assert (await run(harness, token[0], {"action": "pause"}))[0] == 200
    async with harness.db.writing() as uow:
        secret = await uow.room.secret()
        await uow.commit()
    for admin_token in (ADMIN, "another token"):
        await end_old_rights(harness.db, admin_token, secret, harness.clock.now_ms())
    assert (await run(harness, token[0], {"action": "resume"}))[0] == 401


class Asked:
    """What Discord says of everybody, or that it cannot be asked."""

    said: Standing | None = Standing.ADMIN

    async def admins(self, chat_ext: str) -> None:
        """Lists nobody."""

    async def standing(self, chat_ext: str, person_ext: str) -> Standing:
        if self.said is None:
            raise CannotAskError("discord")
        return self.said


async def test_each_use_asks_whether_its_maker_is_an_admin_now(tmp_path: Path) -> None:
    asked, token, now = Asked(), "outcry_deck", [0]
    async with room_harness(tmp_path, rights=Rights({"discord": asked}, lambda: now[0])) as harness:
        await harness.open_market()
        await harness.tick()
        async with harness.db.writing() as uow:
            server = await uow.chats.open("discord", "4711", "group", "Server", harness.clock.now_ms())
            mia = await uow.people.identify("discord", "42", "Mia", harness.clock.now_ms())
            await uow.markets.lock(harness.market)
            await uow.chats.connect(harness.market, server.id)
            wanted = NewKey(
                market=harness.market,
                person=mia.id,
                scope=Scope.RUN,
                name="deck",
                allowance=None,
                platform="discord",
                external_id="42",
                chat=server.id,
            )
            await uow.keys.make(wanted, token, harness.clock.now_ms())
            await uow.commit()
        answers = []
        for said in (Standing.ADMIN, Standing.MEMBER, None):
            asked.said, now[0] = said, now[0] + 120_000
            status, answer = await run(harness, token, {"action": "freeze" if said else "pause"})
            answers.append((status, answer.get("state") or answer["code"]))
            await harness.tick()
        assert answers == [(200, "done"), (403, "only_admins"), (503, "cannot_ask")]
        assert (await market(harness)).status is Status.FROZEN

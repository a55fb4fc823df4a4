"""Programs and Mini Apps say who they are by a header: nothing else counts then, and nothing else is opened by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.room import limits
from bot.adapters.room.limits import Counted
from bot.adapters.room.security import external_id, new_token
from bot.chat.rate_limits import Limit
from storage.keys import PREFIX, Key, NewKey, Scope
from storage.records import Identity
from storage.sessions import APP, ROOM
from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.storage import worlds

DAY = 86_400_000


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[RoomHarness]:
    """A market that runs; its one member is `town-0` of the chat `room`."""
    async with room_harness(tmp_path) as harness:
        await harness.open_market()
        await harness.tick()
        yield harness


async def member(harness: RoomHarness) -> Identity:
    async with harness.db.reading() as uow:
        person = await uow.people.find("room", "room-0")
    assert person is not None
    return Identity(person=person.id, platform="room", external_id="room-0", name=person.name)


async def make_key(harness: RoomHarness, scope: Scope = Scope.READ) -> tuple[str, Key]:
    """The token and the key."""
    maker, token = await member(harness), PREFIX + new_token()
    wanted = NewKey(
        market=harness.market,
        person=maker.person,
        scope=scope,
        name="bot",
        allowance=10**8 if scope is Scope.TRADE else None,
        platform=maker.platform,
        external_id=maker.external_id,
    )
    async with harness.db.writing() as uow:
        key = await uow.keys.make(wanted, token, worlds.START)
        await uow.commit()
    return token, key


async def app_token(harness: RoomHarness, kind: str = APP) -> str:
    token = new_token()
    async with harness.db.writing() as uow:
        await uow.sessions.open(
            external_id(token),
            kind,
            await member(harness),
            chat=None,
            now_ms=harness.clock.now_ms(),
            until_ms=harness.clock.now_ms() + DAY,
        )
        await uow.commit()
    return token


async def asked(harness: RoomHarness, path: str, authorization: str, **headers: str) -> tuple[int, str]:
    """Status and the code of the refusal."""
    answer = await harness.browser().get(path, Authorization=authorization, **headers)
    body = await answer.json()
    refused = body if isinstance(body, dict) else {}
    assert ("error" in refused) == (answer.status >= 400), body
    assert ("WWW-Authenticate" in answer.headers) == (answer.status == 401)
    return answer.status, refused.get("code", "")


async def test_whom_the_header_names_asks_and_nobody_else(harness: RoomHarness) -> None:
    key, app = (await make_key(harness))[0], await app_token(harness)
    browser, account = await app_token(harness, ROOM), f"api/v1/markets/{harness.market}/account"
    stranger = harness.browser()
    assert (await stranger.get(account)).status == 401
    ada = await harness.person("Ada")
    assert (await ada.get(account)).status == 200
    for authorization, wanted in (
        (f"Bearer {key}", (200, "")),
        (f"bearer   {key} ", (200, "")),
        (f"Bearer {app}", (200, "")),
        (f"Bearer {browser}", (401, "unknown_token")),  # a cookie's session is no Mini App's
        (f"Bearer {key}x", (401, "unknown_key")),
        (f"Bearer {PREFIX}", (401, "unknown_key")),
        ("Bearer nobody", (401, "unknown_token")),
        (f"Basic {key}", (401, "bad_authorization")),
        (key, (401, "bad_authorization")),
        ("Bearer", (401, "bad_authorization")),
        ("Bearer \u00e9", (401, "bad_authorization")),
    ):
        assert await asked(harness, account, authorization) == wanted, authorization
        with_cookies = await ada.get(account, Authorization=authorization)
        assert with_cookies.status == wanted[0], authorization  # cookies of somebody who may add nothing


async def test_a_key_opens_its_market_alone_and_ends_with_its_identity(harness: RoomHarness) -> None:
    token, key = await make_key(harness)
    elsewhere = (await worlds.started(harness.db, people=1, chat="town")).market
    async with harness.db.writing() as uow:
        await uow.markets.lock(elsewhere)
        await uow.watching.set_public(elsewhere, public=True)
        await uow.commit()
    assert (await harness.browser().get(f"watch/{elsewhere}/state")).status == 200  # for which nobody needs a key
    header = f"Bearer {token}"
    listed = await harness.browser().get("api/v1/markets", Authorization=header)
    assert [row["market"] for row in (await listed.json())["markets"]] == [harness.market]
    for path, status in (
        (f"api/v1/markets/{harness.market}", 200),
        (f"api/v1/markets/{elsewhere}", 404),
        ("api/me", 403),
        ("api/stream", 403),
        ("chart/1/0", 403),
        ("r/room/api/v1/markets", 403),
    ):
        assert (await asked(harness, path, header))[0] == status, path
    async with harness.db.reading() as uow:
        known = await uow.keys.get(key.id)
    assert known is not None
    assert known.used_ms == harness.clock.now_ms()
    async with harness.db.writing() as uow:
        await uow.keys.revoke(key, worlds.START)
        await uow.commit()
    assert await asked(harness, "api/v1/markets", header) == (401, "unknown_key")


async def test_a_program_needs_no_origin_and_a_page_does(harness: RoomHarness) -> None:
    token, _ = await make_key(harness, Scope.TRADE)
    quote, order = f"api/v1/markets/{harness.market}/quote", {"outcome": 0, "side": "yes", "action": "buy"}
    ada = await harness.person("Ada")
    foreign = {"Origin": "https://elsewhere.example"}
    assert (await ada.post(quote, {**order, "amount": "1"}, **foreign))[0] == 403
    status, shown = await ada.post(quote, {**order, "amount": "1"}, **foreign, Authorization=f"Bearer {token}")
    assert (status, shown["ok"]) == (200, True)
    assert (await ada.post("api/say", {"text": "/join"}, **foreign, Authorization=f"Bearer {token}"))[0] == 403


async def test_a_key_has_a_limit_of_its_own_and_guesses_are_counted_where_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {Counted.KEY_REQUEST: (Limit(2, 60_000),), Counted.REQUEST: (Limit(5, 60_000),)}
    monkeypatch.setattr(limits, "LIMITS", {**limits.LIMITS, **few})
    async with room_harness(tmp_path) as harness:
        await harness.open_market()
        header = f"Bearer {(await make_key(harness))[0]}"
        for wanted in (200, 200, 429):
            assert (await asked(harness, "api/v1/markets", header))[0] == wanted
        other = f"Bearer {(await make_key(harness))[0]}"
        assert (await asked(harness, "api/v1/markets", other))[0] == 200
        guesses = [(await asked(harness, "api/v1/markets", f"Bearer {PREFIX}{number}"))[0] for number in range(6)]
        assert guesses == [401] * 5 + [429]

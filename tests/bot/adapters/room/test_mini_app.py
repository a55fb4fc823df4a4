"""The Mini App over HTTP: who Telegram signed for is the person they are in Telegram, by a token and nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from yarl import URL

from bot.adapters.room.mini_app import SESSION_MS, WEB_APPS
from bot.chat.rights import Rights, Standing
from bot.market import identity
from storage.sessions import APP
from tests.bot.adapters.room.harness import RoomHarness, request_id, room_harness
from tests.bot.adapters.room.mini_apps import GROUP, TOKEN, App, TelegramChats, signed
from tests.storage import worlds

pytestmark = pytest.mark.asyncio


@pytest.fixture
async def telegram() -> TelegramChats:
    return TelegramChats()


@pytest.fixture
async def room(tmp_path: Path, telegram: TelegramChats) -> AsyncIterator[RoomHarness]:
    rights = Rights({"telegram": telegram}, lambda: 0)
    async with room_harness(tmp_path, telegram_token=TOKEN, rights=rights) as room:
        yield room


async def of_the_group(room: RoomHarness) -> int:
    """A market that is on, announced in a chat of the house and in a group on Telegram."""
    world = await worlds.started(room.db, people=1)
    async with room.db.writing() as uow:
        group = await uow.chats.open("telegram", GROUP, "group", "Friends", worlds.START)
        await uow.markets.lock(world.market)
        await uow.chats.connect(world.market, group.id)
        await uow.commit()
    return world.market


async def test_who_opens_it_is_the_person_they_are_on_telegram_and_gets_no_cookie(room: RoomHarness) -> None:
    async with room.db.writing() as uow:
        known = await uow.people.identify("telegram", "4711", "Ada Byron", worlds.START)
        await uow.commit()
    app = App(room)
    status, session = await app.open(signed())
    assert (status, session["market"], session["note"]) == (200, None, "")
    assert await app.get("api/me") == (200, {"name": "Ada", "admin": False, "room": "The room"})
    async with room.db.reading() as uow:
        person = await uow.people.find("telegram", "4711")
        assert await uow.sessions.count(known.id, room.clock.now_ms()) == 1
    assert person is not None
    assert person.id == known.id


async def test_what_telegram_signed_opens_one_session_and_the_same_request_the_same_one(room: RoomHarness) -> None:
    init_data, request = signed(), request_id()
    first, again, other = App(room), App(room), App(room)
    both = await asyncio.gather(first.open(init_data, request=request), again.open(init_data, request=request))
    assert [status for status, _ in both] == [200, 200]
    assert first.token == again.token
    status, refused = await other.open(init_data)
    assert (status, refused["error"]) == (
        403,
        "This opening has been used already. Close this and open it again from Telegram.",
    )
    async with room.db.reading() as uow:
        person = await uow.people.find("telegram", "4711")
        assert person is not None
        assert await uow.sessions.count(person.id, room.clock.now_ms()) == 1


async def test_who_is_forgotten_or_signed_out_does_not_come_back_by_what_was_used_before(room: RoomHarness) -> None:
    signed_out, forgotten = signed(), signed()
    for init_data in (signed_out, forgotten):
        request = request_id()
        assert (await App(room).open(init_data, request=request))[0] == 200
        async with room.db.writing() as uow:
            person = await uow.people.find("telegram", "4711")
            assert person is not None
            if init_data is signed_out:
                await uow.sessions.end_all(person.id)
            else:
                await identity.forget(uow, person.id, room.clock.now_ms())
            await uow.commit()
        for again in (request, request_id()):
            assert (await App(room).open(init_data, request=again))[0] == 403
    async with room.db.reading() as uow:
        assert await uow.people.find("telegram", "4711") is None
    assert (await App(room).open(signed()))[0] == 200  # they opened it anew, as somebody new


@pytest.mark.parametrize(
    ("init_data", "sentence"),
    [
        (lambda: signed(token="1:other"), "Telegram did not say who you are"),
        (lambda: signed() + "&user=x", "Telegram did not say who you are"),
        (str, "Telegram did not say who you are"),
        (lambda: signed(age_s=3_700), "opened more than an hour ago"),
        (lambda: signed(age_s=-120), "Telegram's clock and the room's are not the same"),
    ],
)
async def test_whoever_telegram_did_not_sign_for_just_now_is_nobody(
    room: RoomHarness, init_data: Callable[[], str], sentence: str
) -> None:
    app = App(room)
    status, refused = await app.open(init_data())  # signed now, not when tests were collected
    assert status == 403
    assert sentence in refused["error"]
    assert (await app.get("api/me"))[0] == 401
    async with room.db.reading() as uow:
        assert await uow.people.find("telegram", "4711") is None


async def test_below_its_address_no_cookie_is_known_and_elsewhere_its_token_is_none(room: RoomHarness) -> None:
    ada = await room.person("Ada")
    for path in ("api/me", "api/stream", "api/v1/markets"):
        answer = await ada.get(f"app/{path}")
        assert answer.status == 401, path
    assert (await ada.post("app/api/say", {"text": "hello", "request": request_id()}))[0] == 401
    assert (await ada.post("app/api/join", {"name": "Eve", "request": request_id()}))[0] == 404
    app = App(room)
    await app.open(signed())
    name = ada.jar.filter_cookies(URL(ada.url)).popitem()[0]  # a token of the app is no cookie
    answer = await app.browser.get("api/me", Cookie=f"{name}={app.token}")
    assert (await answer.json())["name"] is None


async def test_its_page_alone_may_be_framed_and_by_telegram_alone(room: RoomHarness) -> None:
    visitor = room.browser()
    policy = (await visitor.get("app/")).headers["Content-Security-Policy"]
    assert f"frame-ancestors {' '.join(WEB_APPS)};" in policy
    assert "img-src 'self' blob:;" in policy
    assert (await visitor.get("app/")).headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    for path in ("", "r/room/", "static/app.html", "app/api/me", "api/me", "app/nothing"):
        assert "frame-ancestors 'none'" in (await visitor.get(path)).headers["Content-Security-Policy"], path


async def test_a_link_about_a_market_shows_it_to_who_is_in_its_chat_and_tells_others_nothing(
    room: RoomHarness, telegram: TelegramChats
) -> None:
    market = await of_the_group(room)
    telegram.says[GROUP, "4711"] = Standing.MEMBER
    member, by_button, stranger = App(room), App(room), App(room)
    status, session = await member.open(signed(start_param=f"m{market}"))
    assert (status, session["market"], session["note"]) == (200, market, "")
    assert (await member.get(f"api/v1/markets/{market}"))[0] == 200
    assert (await by_button.open(signed(), start=f"m{market}"))[1]["market"] == market
    for asked in (market, 999):
        status, session = await stranger.open(signed(person=666, name="Eve", start_param=f"m{asked}"))
        note = "That market is none that you may see. Join its chat on Telegram, then open its link again."
        assert (status, session["market"], session["note"]) == (200, None, note)
    assert (await stranger.get(f"api/v1/markets/{market}"))[0] == 404


async def test_where_telegram_cannot_be_asked_it_is_said_and_nothing_is_shown(
    room: RoomHarness, telegram: TelegramChats
) -> None:
    market = await of_the_group(room)
    telegram.silent = True
    app = App(room)
    status, session = await app.open(signed(start_param=f"m{market}"))
    assert (status, session["market"]) == (200, None)
    assert session["note"].startswith("Telegram cannot be asked right now whether you are in that market's chat.")
    assert (await app.get(f"api/v1/markets/{market}"))[0] == 503


async def test_a_token_is_good_for_half_a_day_and_ends_with_the_others_of_its_person(room: RoomHarness) -> None:
    app, other = App(room), App(room)
    await app.open(signed())
    await other.open(signed())
    room.clock.advance(SESSION_MS - 1)
    assert (await app.get("api/me"))[0] == 200
    room.clock.advance(1)
    assert (await app.get("api/me"))[0] == 401
    last = App(room)
    await last.open(signed())
    async with room.db.writing() as uow:
        person = await uow.people.find("telegram", "4711")
        assert person is not None
        await uow.sessions.end_all(person.id)
        await uow.commit()
    assert (await last.get("api/me"))[0] == 401


async def test_without_a_bot_of_telegrams_it_says_so(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as room:
        status, refused = await App(room).open(signed())
        assert status == 404
        assert refused["error"].startswith("This room has no Telegram bot")


async def test_a_page_of_another_origin_signs_nobody_in(room: RoomHarness) -> None:
    app = App(room)
    app.browser.headers["Origin"] = "https://evil.example"
    assert (await app.open(signed()))[0] == 403
    app.browser.headers["Origin"] = "https://web.telegram.org"
    assert (await app.open(signed()))[0] == 403


async def test_neither_what_was_signed_nor_a_token_gets_into_a_log(
    room: RoomHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    app, other, init_data = App(room), App(room), signed()
    await app.open(init_data)
    await other.open(init_data)
    await other.open(init_data.replace("auth_date", "auth"))
    await app.get("api/me")
    assert len(app.token) == 43
    for secret in (app.token, TOKEN, init_data, init_data[-64:]):
        assert secret not in caplog.text


async def test_the_database_opens_no_session(room: RoomHarness) -> None:
    app = App(room)
    await app.open(signed())
    async with room.db.reading() as uow:
        person = await uow.people.find("telegram", "4711")
        assert person is not None
        hashes = await uow.sessions.of([person.id])
        session = await uow.sessions.find(hashes[person.id], room.clock.now_ms())
    assert session is not None
    assert session.kind == APP
    app.token = hashes[person.id]
    assert (await app.get("api/me"))[0] == 401

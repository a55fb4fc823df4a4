"""A link of `/room`: it makes one browser the person who asked for it, once, and only when that browser says so."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from bot.adapters.room import event_stream
from bot.adapters.room.security import external_id
from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Reply
from storage.entrances import LINK_LIFE_MS, SESSION_LIFE_MS
from storage.schema import sessions
from tests.bot.adapters.room.harness import ADMIN, PUBLIC, Browser, RoomHarness, Stream, head, request_id, room_harness
from tests.bot.harness import every_row
from tests.storage import worlds

ADA = Invocation(
    platform="discord",
    person_ext="7",
    person_name="Ada",
    chat_ext="town",
    chat_kind=ChatKind.GROUP,
    chat_title="Town",
    request_id="",
)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[RoomHarness]:
    """A market that runs in a chat of Discord, which the room does not hold; Ada has joined it there."""
    async with room_harness(tmp_path) as harness:
        harness.market = (await worlds.started(harness.db, people=1, chat="elsewhere")).market
        async with harness.db.writing() as uow:
            town = await uow.chats.open("discord", "town", "group", "Town", worlds.START)
            await uow.markets.lock(harness.market)
            await uow.chats.connect(harness.market, town.id)
            await uow.commit()
        assert (await in_chat(harness, "/join")).ok
        await harness.tick()
        yield harness


async def in_chat(harness: RoomHarness, text: str, speaker: Invocation = ADA) -> Reply:
    return await harness.dispatcher.run(replace(speaker, text=text, request_id=request_id()))


async def link(harness: RoomHarness, speaker: Invocation = ADA) -> str:
    """The code of a new link."""
    reply = await in_chat(harness, "/room", speaker)
    (action,) = [action for action in reply.actions if action.url]
    assert action.url is not None
    address, _, code = action.url.partition("#")
    assert address == f"{PUBLIC}/enter"
    assert code not in plain_text.text(reply)
    return code


async def look(browser: Browser, code: str) -> tuple[int, Any]:
    return await browser.post("api/enter/look", {"code": code})


async def enter(browser: Browser, code: str, request: str = "") -> tuple[int, Any]:
    return await browser.post("api/enter", {"code": code, "request": request or request_id()})


async def who(browser: Browser) -> tuple[str | None, str | None, bool]:
    me = await (await browser.get("api/me")).json()
    return me["name"], me.get("from"), me["admin"]


# -- the way in


async def test_a_link_opens_the_room_as_who_asked_for_it_in_their_market(here: RoomHarness) -> None:
    code, browser = await link(here), here.browser()
    page = await browser.get("enter")
    assert page.status == 200
    assert code not in await page.text()
    for _ in range(2):  # a preview looks, as often as it likes
        assert await look(browser, code) == (
            200,
            {"name": "Ada", "from": "Discord", "to": f"/#/m/{here.market}", "here": None},
        )
        assert await who(browser) == (None, None, False)
    assert (await enter(browser, code))[0] == 200
    assert await who(browser) == ("Ada", "Discord", False)
    _, ticket = await browser.post(
        "api/say", {"text": "/buy ant yes 10", "market": here.market, "request": request_id()}
    )
    (confirm, *_) = ticket["reply"]["actions"]
    await browser.post(
        "api/press", {"text": confirm["text"], "message": ticket["id"], "market": here.market, "request": request_id()}
    )
    await here.tick()
    assert "Ant YES" in plain_text.text(await in_chat(here, "/positions"))  # one account, whichever way they come


async def test_an_order_of_the_page_is_told_in_the_page_and_all_else_in_the_chat(here: RoomHarness) -> None:
    browser = here.browser()
    await enter(browser, await link(here))
    _, ticket = await browser.post(
        "api/say", {"text": "/buy ant yes 10", "market": here.market, "request": request_id()}
    )
    confirm = ticket["reply"]["actions"][0]["text"]
    await browser.post("api/press", {"text": confirm, "message": ticket["id"], "request": request_id()})
    await here.tick()
    (shown,) = [message for message in await browser.messages() if message["id"] == ticket["id"]]
    assert head(shown).startswith("Filled: 10 Ant YES")  # where the ticket stood
    with closing(sqlite3.connect(f"file:{here.db.url.database}?mode=ro", uri=True)) as connection:
        waiting = connection.execute("SELECT platform, target, kind FROM outbox WHERE person IS NOT NULL").fetchall()
    assert {platform for platform, _, _ in waiting} <= {"discord"}  # nothing else follows them into the room


async def test_a_link_is_good_once_and_a_lost_answer_is_given_again(here: RoomHarness) -> None:
    code, browser, other, request = await link(here), here.browser(), here.browser(), request_id()
    assert (await enter(browser, code, request))[0] == 200
    token = next(cookie.value for cookie in browser.jar)
    browser.jar.clear()  # the answer never arrived
    assert (await enter(browser, code, request))[0] == 200
    assert next(cookie.value for cookie in browser.jar) == token
    assert (await enter(other, code))[0] == 403
    assert (await look(other, code))[0] == 403
    assert await who(other) == (None, None, False)


@pytest.mark.parametrize("end", ["time", "another", "out", "forget"])
async def test_a_link_ends_with_its_time_a_newer_one_and_its_person(here: RoomHarness, end: str) -> None:
    code, browser = await link(here), here.browser()
    here.clock.advance(LINK_LIFE_MS - 1)
    assert (await look(browser, code))[0] == 200
    if end == "time":
        here.clock.advance(1)
    elif end == "another":
        await link(here)
    elif end == "out":
        assert (await in_chat(here, "/room out")).ok
    else:
        await forget(here)
    for answer in (await look(browser, code), await enter(browser, code)):
        assert answer[0] == 403
        assert "Say /room in your chat" in answer[1]["error"]
        assert answer[1]["code"] == "link_no_good"
    assert await who(browser) == (None, None, False)


async def forget(harness: RoomHarness) -> None:
    asked = await in_chat(harness, "/forget")
    (line,) = [action.text for action in asked.actions if action.text.startswith("/forget confirm")]
    assert (await in_chat(harness, line)).ok


async def test_guesses_are_counted_and_keep_out_nobody_with_a_link(here: RoomHarness) -> None:
    code, browser = await link(here), here.browser()
    for number in range(10):
        assert (await look(browser, "x" * 43 if number % 2 else "short"))[0] == 403
    status, answer = await enter(browser, "y" * 43)
    assert (status, answer["code"]) == (429, "too_often")
    assert (await enter(browser, code))[0] == 200


async def test_a_link_used_in_another_page_opens_nothing(here: RoomHarness) -> None:
    code, browser = await link(here), here.browser()
    for path in ("api/enter", "api/enter/look", "api/leave"):
        status, _ = await browser.post(path, {"code": code, "request": request_id()}, Origin="https://evil.example")
        assert status == 403
    assert (await look(browser, code))[0] == 200


# -- whose browser it is


async def test_it_takes_the_place_of_who_was_there_and_of_an_admins_rights(here: RoomHarness) -> None:
    """Nobody becomes anybody: Bea is still Bea, and nobody's rights pass to Ada."""
    bea = await here.person("Bea")
    await bea.get(f"?admin={ADMIN}")
    assert await who(bea) == ("Bea", None, True)
    code = await link(here)
    assert (await look(bea, code))[1]["here"] == {"name": "Bea", "same": False, "linked": False}
    assert await who(bea) == ("Bea", None, True)
    await enter(bea, code)
    assert await who(bea) == ("Ada", "Discord", False)
    assert {cookie.key.split("_")[1] for cookie in bea.jar} == {"session"}
    async with here.db.reading() as uow:
        names = await uow.people.names(range(1, 9))
    assert sorted(name for name in names.values() if not name.startswith("Person")) == ["Ada", "Bea"]


async def test_another_link_in_the_same_browser_ends_the_session_before(here: RoomHarness) -> None:
    browser = here.browser()
    await enter(browser, await link(here))
    before = {cookie.value for cookie in browser.jar}
    bob = replace(ADA, person_ext="8", person_name="Bob")
    assert (await in_chat(here, "/join", bob)).ok
    code = await link(here, bob)
    assert (await look(browser, code))[1]["here"] == {"name": "Ada", "same": False, "linked": True}
    await enter(browser, code)
    assert await who(browser) == ("Bob", "Discord", False)
    async with here.db.reading() as uow:
        assert await uow.sessions.people([external_id(token) for token in before]) == {}


@pytest.mark.parametrize("way", ["here", "everywhere", "time", "forget", "elsewhere"])
async def test_who_signs_out_or_is_forgotten_is_nobody_there_at_once(
    here: RoomHarness, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = here.browser()
    await enter(browser, await link(here))
    async with browser.stream(f"api/stream?market={here.market}") as events:
        assert (await events.page()) is not None
        if way == "here":
            assert (await browser.post("api/leave", {}))[0] == 200
        elif way == "everywhere":
            assert plain_text.text(await in_chat(here, "/room out")).startswith("You are signed out: 1 session ended.")
        elif way == "time":
            here.clock.advance(SESSION_LIFE_MS)
            async with here.db.writing() as uow:
                await uow.sessions.expire(here.clock.now_ms())
                await uow.commit()
        elif way == "forget":
            await forget(here)
        else:  # at another process, which says nothing: it is looked up from time to time
            monkeypatch.setattr(event_stream, "SESSION_S", 0.0)
            async with here.db.writing() as uow:
                await uow.run(delete(sessions))
                await uow.commit()
        here.room.platform.log.wake_all()  # what a heartbeat does
        with pytest.raises(EOFError):
            await read_on(events)
    assert await who(browser) == (None, None, False)
    assert (await browser.say("/balance"))[0] == 401


async def test_who_took_a_name_in_the_room_is_not_signed_out(here: RoomHarness) -> None:
    """There would be no way back to it."""
    bea = await here.person("Bea")
    status, answer = await bea.post("api/leave", {})
    assert (status, answer["code"]) == (409, "not_by_link")
    assert await who(bea) == ("Bea", None, False)


async def test_a_session_is_who_its_identity_is_joined_to(here: RoomHarness) -> None:
    browser = here.browser()
    await enter(browser, await link(here))
    there = replace(ADA, platform="telegram", person_ext="70", person_name="Ada T", chat_kind=ChatKind.PRIVATE)
    made = plain_text.text(await in_chat(here, "/link", there)).split("Your code is ")[1].split(",")[0]
    _, answer = await browser.say(f"/link {made}")
    assert head(answer).startswith("You are one person now, on Telegram and Discord")
    assert await who(browser) == ("Ada T", "Discord", False)
    assert "In the room as yourself: 1 browser" in plain_text.text(await in_chat(here, "/privacy"))


async def read_on(events: Stream) -> None:
    while True:
        await events.event()


# -- what is said in the chat


async def test_in_the_room_one_is_there_already(here: RoomHarness) -> None:
    bea, ada = await here.person("Bea"), here.browser()
    await enter(ada, await link(here))
    for browser, said in ((bea, "You are in the room already."), (ada, "who you are in your chat")):
        _, answer = await browser.say("/room")
        assert said in head(answer)
        assert "url" not in str(answer)
    _, answer = await ada.say("/room out")
    assert head(answer) == "You are signed out: 1 session ended."
    assert await who(ada) == (None, None, False)


async def test_nobody_anonymous_and_nowhere_without_an_address(here: RoomHarness) -> None:
    nameless = await in_chat(here, "/room", replace(ADA, nameless=True, is_admin=True))
    assert not nameless.ok
    assert not any(action.url for action in nameless.actions)
    here.dispatcher._public_url = None
    for admin, said in ((True, "OUTCRY_PUBLIC_URL"), (False, "cannot be reached from outside yet")):
        reply = await in_chat(here, "/room", replace(ADA, is_admin=admin))
        assert not reply.ok
        assert said in plain_text.text(reply)


async def test_no_code_and_no_token_is_kept_or_logged_as_it_is(
    here: RoomHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code, browser = await link(here), here.browser()
    unused = await link(here, replace(ADA, person_ext="8", person_name="Bob"))
    async with browser.http.post(
        here.url + "api/enter", json={"code": code, "request": request_id()}, headers=browser.headers
    ) as answer:
        cookies = SimpleCookie(answer.headers["Set-Cookie"])
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    (token,) = [morsel.value for morsel in cookies.values()]
    await browser.messages()
    for wrong in (code, f"{code[:-1]}!"):
        await enter(browser, wrong)
    kept = every_row(Path(here.db.url.database or ""))
    assert "Ada" in kept
    assert caplog.records
    assert not any(secret[:-1] in text for secret in (code, unused, token) for text in (kept, caplog.text))

"""The room over HTTP, with the real dispatcher, storage, ticks and announcer behind it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from yarl import URL

from bot.adapters.room import event_stream, security
from bot.adapters.room.responses import LONGEST
from bot.chat.reply import Action, Attachment, Picture, Reply, line
from scheduler.tick import run_tick
from tests.bot.adapters.room.harness import ADMIN, RoomHarness, Shown, head, request_id, room_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[RoomHarness]:
    async with room_harness(tmp_path) as made:
        yield made


@pytest.fixture
async def market(harness: RoomHarness) -> RoomHarness:
    await harness.open_market()
    await harness.tick()
    return harness


@asynccontextmanager
async def closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.transport.abort()


async def orders(harness: RoomHarness) -> int:
    async with harness.db.reading() as uow:
        return len(await uow.orders.pending(harness.market))


def ticket_of(messages: list[Shown]) -> Shown:
    return next(message for message in reversed(messages) if message.get("reply", {}).get("ticket"))


def button(message: Shown, label: str) -> str:
    return next(str(action["text"]) for action in message["reply"]["actions"] if action["label"].startswith(label))


# -- the door


async def test_health_is_told_and_the_page_is_served(harness: RoomHarness) -> None:
    visitor = harness.browser()
    assert await (await visitor.get("healthz")).json() == {"ok": True}
    page = await visitor.get("")
    assert page.status == 200
    assert "Outcry" in await page.text()
    again = await visitor.get("", **{"If-None-Match": page.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")


@pytest.mark.parametrize(
    "path", ["", "static/main.js", "static/palette.css", "api/me", "nowhere", "static/..%2fguard.py"]
)
async def test_every_answer_forbids_what_a_page_does_not_need(harness: RoomHarness, path: str) -> None:
    answer = await harness.browser().get(path)
    for name, value in security.HEADERS.items():
        assert answer.headers[name] == value
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.status == (404 if path in ("nowhere", "static/..%2fguard.py") else 200)


HOSTS = [
    ("127.0.0.1", True),
    ("127.0.0.1:8080", True),
    ("localhost:1", True),
    ("[::1]:8080", True),
    ("room.example", True),  # configured
    ("evil.example", False),
    ("evil.example:8080", False),
    ("127.0.0.1.evil.example", False),
    ("localhost.evil.example", False),
    ("", False),
    ("[", False),
]


@pytest.mark.parametrize(("host", "fine"), HOSTS)
def test_only_addresses_and_known_names_are_ours(host: str, fine: bool) -> None:
    assert security.is_own_host(host, {"room.example"}) is fine


async def test_a_page_that_rebinds_its_name_gets_nothing(harness: RoomHarness) -> None:
    visitor = harness.browser()
    for path in ("", "api/me", "api/stream", "healthz"):
        answer = await visitor.get(path, Host="evil.example:80")
        assert answer.status == 421
    assert (await visitor.post("api/join", {"name": "Eve", "request": request_id()}, Host="evil.example"))[0] == 421


async def test_a_room_with_a_public_address_is_used_from_there_alone(tmp_path: Path) -> None:
    """A proxy may pass on its own Host or the browser's; the page's origin is what counts, and cookies need https."""
    public = "https://outcry.example.org"
    async with room_harness(tmp_path, public_url=public) as harness:
        visitor = harness.browser()

        async def joined(origin: str, host: str) -> tuple[int, str]:
            payload = {"name": "Ada", "request": request_id()}
            headers = {"Origin": origin, "Host": host}
            async with visitor.http.post(f"{harness.url}api/join", json=payload, headers=headers) as answer:
                return answer.status, answer.headers.get("Set-Cookie", "")

        assert (await joined(harness.url.rstrip("/"), "127.0.0.1"))[0] == 403
        assert (await joined("http://outcry.example.org", "outcry.example.org"))[0] == 403
        assert (await joined(public, "evil.example"))[0] == 421
        for host in ("outcry.example.org", "127.0.0.1"):
            status, cookie = await joined(public, host)
            assert (status, "Secure" in cookie.split("; ")) == (200, True)


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://127.0.0.1:1"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_post_from_another_page_changes_nothing(market: RoomHarness, headers: dict[str, str]) -> None:
    ada = await market.person("Ada")
    before = await ada.messages()
    for path, payload in (
        ("api/say", {"text": "/buy ant yes 10", "request": request_id()}),
        ("api/press", {"text": "/board", "message": 1, "request": request_id()}),
        ("api/join", {"name": "Eve", "request": request_id()}),
        ("api/complete", {"text": "/"}),
    ):
        status, answer = await ada.post(path, payload, **headers)
        assert status == 403
        assert "another page" in answer["error"]
    assert await ada.messages() == before


async def test_only_json_objects_of_a_sane_size_are_read(harness: RoomHarness) -> None:
    ada = await harness.person("Ada")
    before = await ada.messages()
    good = {"Origin": ada.headers["Origin"]}
    async with ada.http.post(harness.url + "api/say", data="text=hi", headers=good) as answer:
        assert answer.status == 415
    for raw, status in (("[]", 400), ("{", 400), ('"x"', 400), ("[" * 20_000, 400), ("{" + " " * 40_000 + "}", 413)):
        async with ada.http.post(
            harness.url + "api/say", data=raw, headers={**good, "Content-Type": "application/json"}
        ) as answer:
            assert answer.status == status
            assert (await answer.json())["error"]
    for request in ("", "short", "x" * 65, "semi;colon;id", 5):
        assert (await ada.post("api/say", {"text": "hi", "request": request}))[0] == 400
    assert (await ada.say("x" * (LONGEST + 1)))[0] == 400
    assert (await ada.say("  \u202e "))[0] == 400
    assert await ada.messages() == before


async def test_half_characters_and_wild_numbers_are_harmless(market: RoomHarness) -> None:
    ada = await market.person("Ada")
    for text in ("\ud800", "/buy \ud800 yes 1", "a\ud83d"):
        assert (await ada.say(text))[0] == 200
    for message in (10**40, -1, True, None, "7"):
        status, _ = await ada.post("api/press", {"text": "/balance", "message": message, "request": request_id()})
        assert status == 200
    status, _ = await ada.post(
        "api/fill", {"command": "buy", "args": {"outcome": "\udfff", "side": 5}, "request": request_id()}
    )
    assert status == 200
    assert await ada.messages()


# -- who is who


async def test_a_name_is_all_it_takes_and_a_cookie_keeps_it(market: RoomHarness) -> None:
    ada = market.browser()
    assert await (await ada.get("api/me")).json() == {"name": None, "admin": False, "room": "The room"}
    async with ada.http.post(
        market.url + "api/join", json={"name": "  Ada\u202e ", "request": request_id()}, headers=ada.headers
    ) as answer:
        assert (await answer.json())["name"] == "Ada"
        cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert (await (await ada.get("api/me")).json())["name"] == "Ada"
    assert head((await ada.messages())[-1]).startswith("Welcome, Ada: $1,000.00")


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u202e", "!?", "\u0301"])
async def test_a_name_needs_something_one_can_read(harness: RoomHarness, name: str) -> None:
    visitor = harness.browser()
    status, answer = await visitor.join(name)
    assert (status, answer["error"][:6]) == (400, "A name")
    assert (await (await visitor.get("api/me")).json())["name"] is None
    assert await visitor.messages() == []


async def test_two_people_of_one_name_are_two_people(market: RoomHarness) -> None:
    ada, other = await market.person("Ada"), market.browser()
    _, answer = await other.join("ADA")
    assert answer["name"] == "ADA 2"
    await ada.say("/balance")
    assert all("balance" not in message.get("asked", "") for message in await other.messages())


async def test_a_name_asked_for_again_makes_nobody_twice(market: RoomHarness) -> None:
    """The answer that had the cookie was lost: the browser asks again, as the page does, also side by side."""
    sent = {"name": "Ada", "request": request_id()}
    lost, again, beside = market.browser(), market.browser(), market.browser()
    assert (await lost.post("api/join", sent))[1]["name"] == "Ada"
    for browser in (again, beside):
        status, answer = await browser.post("api/join", {**sent, "again": True})
        assert (status, answer["name"]) == (200, "Ada")
    await again.say("/balance")
    assert "balance" in (await beside.messages())[-1]["asked"]
    _, other = await market.browser().join("Ada")
    assert other["name"] == "Ada 2"


async def test_names_taken_at_the_same_moment_differ(market: RoomHarness) -> None:
    answers = await asyncio.gather(*(market.browser().join("Ada") for _ in range(4)))
    assert sorted(answer["name"] for _, answer in answers) == ["Ada", "Ada 2", "Ada 3", "Ada 4"]


async def test_who_has_a_name_keeps_it_whatever_another_window_asks_for(market: RoomHarness) -> None:
    ada = await market.person("Ada")
    assert (await ada.join("Bea"))[1]["name"] == "Ada"
    assert (await (await ada.get("api/me")).json())["name"] == "Ada"
    assert "Bea" not in str(await ada.messages())


async def test_a_session_survives_a_restart_and_the_database_opens_none(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as before:
        ada = await before.person("Ada")
        port = int(before.url.rsplit(":", 1)[1].strip("/"))
        token = next(cookie.value for cookie in ada.jar if cookie.key.startswith("outcry_session"))
        ext = security.external_id(token)
        async with before.db.reading() as uow:
            assert await uow.people.find("room", token) is None
            person = await uow.people.find("room", ext)
            assert person is not None
    async with room_harness(tmp_path, port=port) as after:
        again = after.browser()
        again.jar.update_cookies(ada.jar.filter_cookies(URL(after.url)))
        assert (await (await again.get("api/me")).json())["name"] == "Ada"
        for forged in (ext, token[:-1], token + "A", ""):
            stranger = after.browser()
            stranger.jar.update_cookies({f"outcry_session_{port}": forged}, URL(after.url))
            assert (await (await stranger.get("api/me")).json())["name"] is None


async def test_the_admin_link_gives_rights_to_one_browser_and_leaves_the_address_bar(harness: RoomHarness) -> None:
    ada = await harness.person("Ada")
    assert harness.admin_url == f"{harness.url}?admin={ADMIN}"
    answer = await ada.get(f"?admin={ADMIN}")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert all("HttpOnly" in cookie for cookie in answer.headers.getall("Set-Cookie"))
    assert ADMIN not in str(answer.headers)
    assert await (await ada.get("api/me")).json() == {"name": "Ada", "admin": True, "room": "The room"}
    bob = await harness.person("Bob")
    stolen = next(cookie for cookie in ada.jar if cookie.key.startswith("outcry_admin"))
    bob.jar.update_cookies({stolen.key: stolen.value}, URL(harness.url))
    assert (await (await bob.get("api/me")).json())["admin"] is False


async def test_cookies_that_were_named_after_the_port_are_good_and_renewed(harness: RoomHarness) -> None:
    ada = await harness.person("Ada")
    await ada.get(f"?admin={ADMIN}")
    port, url = harness.url.rsplit(":", 1)[1].strip("/"), URL(harness.url)
    before = {f"outcry_{cookie.key.split('_')[1]}_{port}": cookie.value for cookie in ada.jar}
    again = harness.browser()
    again.jar.update_cookies(before, url)
    for names in (2, 4):
        assert len([*again.jar]) == names
        answer = await again.get("api/me")
        assert await answer.json() == {"name": "Ada", "admin": True, "room": "The room"}
    assert "Set-Cookie" not in answer.headers
    assert {cookie.key: cookie.value for cookie in ada.jar}.items() <= {
        cookie.key: cookie.value for cookie in again.jar
    }.items()


async def test_cookies_from_before_there_was_a_public_address_are_good_until_the_new_ones(tmp_path: Path) -> None:
    public = "https://outcry.example.org"
    async with room_harness(tmp_path, public_url=public) as harness:
        ada, bob = harness.browser(), harness.browser()
        tokens = []
        for visitor, name in ((ada, "Ada"), (bob, "Bob")):
            asked = {"name": name, "request": request_id()}
            async with visitor.http.post(f"{harness.url}api/join", json=asked, headers={"Origin": public}) as answer:
                (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
            assert cookie.key.startswith("__Host-outcry_session_")
            tokens.append(cookie.value)
        before, now = cookie.key.removeprefix("__Host-"), cookie.key
        answer = await ada.get("api/me", Cookie=f"{before}={tokens[0]}")
        assert (await answer.json())["name"] == "Ada"
        assert answer.headers["Set-Cookie"].startswith(f"{now}={tokens[0]}; ")
        # one that another host of the domain may have set counts for nothing beside it
        answer = await bob.get("api/me", Cookie=f"{before}={tokens[0]}; {now}={tokens[1]}")
        assert (await answer.json())["name"] == "Bob"


async def test_a_token_that_somebody_put_into_a_browser_never_becomes_its_session(harness: RoomHarness) -> None:
    """Another host of the domain, or who had the browser before: they would be its person too, or its admin."""
    planted = secrets.token_urlsafe(32)
    probe = await harness.person("Probe")
    (name,) = (cookie.key for cookie in probe.jar)
    for first in ("api/me", f"?admin={ADMIN}"):
        victim = harness.browser()
        victim.jar.update_cookies({name: planted}, URL(harness.url))
        await victim.get(first)
        assert (await victim.join(f"Victim {first[:2]}"))[0] == 200
        assert planted not in {cookie.value for cookie in victim.jar}
    answer = await harness.browser().get("api/me", Cookie=f"{name}={planted}")
    assert (await answer.json())["name"] is None


@pytest.mark.parametrize("token", ["", "x", ADMIN[:-1], ADMIN + "x", "\u00e4"])
async def test_a_wrong_admin_link_gives_nothing(harness: RoomHarness, token: str) -> None:
    visitor = harness.browser()
    answer = await visitor.get(f"?admin={token}")
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers
    assert (await (await visitor.get("api/me")).json())["admin"] is False


async def test_the_admin_link_may_come_before_the_name(harness: RoomHarness) -> None:
    admin = harness.browser()
    await admin.get(f"?admin={ADMIN}")
    _, answer = await admin.join("Grace")
    assert (answer["name"], answer["admin"]) == ("Grace", True)


async def test_a_stranger_watches_and_does_nothing(market: RoomHarness) -> None:
    visitor = market.browser()
    await market.room.platform.post("room", Reply(head=line("Bee leads")))
    assert "Bee leads" in [head(message) for message in await visitor.messages()]
    for path, payload in (
        ("api/say", {"text": "hi", "request": request_id()}),
        ("api/press", {"text": "/join", "message": 1, "request": request_id()}),
        ("api/fill", {"command": "join", "args": {}, "request": request_id()}),
    ):
        status, answer = await visitor.post(path, payload)
        assert (status, answer["error"]) == (401, "The room does not know you yet. Give a name first.")


# -- talk, commands, buttons


async def test_talk_is_read_by_all_and_private_answers_by_their_owner_alone(market: RoomHarness) -> None:
    ada, bob = await market.person("Ada"), await market.person("Bob")
    await ada.say("hello <b>you</b>")
    await ada.say("/balance")
    ada_messages, bob_messages = await ada.messages(), await bob.messages()
    talk = [message for message in bob_messages if "say" in message]
    assert [(message["author"], message["say"], message["mine"]) for message in talk] == [
        ("Ada", "hello <b>you</b>", False)
    ]
    private = [message for message in ada_messages if message.get("asked") == "/balance"]
    assert [(message["private"], message["mine"]) for message in private] == [(True, True)]
    assert not [message for message in bob_messages if message["private"] and not message["mine"]]
    assert "1,000" not in json.dumps([message for message in bob_messages if message["author"] == "Ada"])


async def test_talk_has_a_pace(harness: RoomHarness) -> None:
    ada = await harness.person("Ada")
    answers = [await ada.say(f"line {number}") for number in range(8)]
    assert [status for status, _ in answers] == [200] * 6 + [429] * 2
    assert "Wait" in answers[-1][1]["error"]
    assert sum("say" in message for message in await ada.messages()) == 6


async def test_a_ticket_becomes_its_order_and_then_its_fill_in_the_same_place(market: RoomHarness) -> None:
    ada = await market.person("Ada")
    await market.tick()
    _, ticket = await ada.say("/buy ant yes 10")
    assert (ticket["private"], ticket["reply"]["tone"]) == (True, "wait")
    _, sent = await ada.press(button(ticket, "Confirm"), ticket["id"])
    assert (sent["id"], head(sent)[:5]) == (ticket["id"], "Sent.")
    await market.tick()
    shown = [message for message in await ada.messages() if message["id"] == ticket["id"]]
    assert [(head(one)[:7], one["asked"], one["reply"]["tone"]) for one in shown] == [
        ("Filled:", "/buy ant yes 10", "good")
    ]


async def test_two_presses_and_a_retry_are_one_order_and_one_answer(market: RoomHarness) -> None:
    ada = await market.person("Ada")
    await market.tick()
    _, ticket = await ada.say("/buy ant yes 10")
    confirm, request = button(ticket, "Confirm"), request_id()
    answers = await asyncio.gather(*(ada.press(confirm, ticket["id"], request) for _ in range(5)))
    answers += [await ada.press(confirm, ticket["id"]) for _ in range(2)]
    assert {answer["id"] for _, answer in answers} == {ticket["id"]}
    assert await orders(market) == 1


async def test_the_same_request_is_answered_once_after_a_restart_too(tmp_path: Path) -> None:
    request = request_id()
    async with room_harness(tmp_path) as before:
        port = int(before.url.rsplit(":", 1)[1].strip("/"))
        ada = await before.person("Ada")
        _, first = await ada.say("hello", request)
    async with room_harness(tmp_path, port=port) as after:
        again = after.browser()
        again.jar.update_cookies(ada.jar.filter_cookies(URL(after.url)))
        _, second = await again.say("hello", request, again=True)
        assert second == first
        assert sum("say" in message for message in await again.messages()) == 1


async def test_nobody_presses_another_persons_button(market: RoomHarness) -> None:
    ada, bob = await market.person("Ada"), await market.person("Bob")
    await market.tick()
    _, ticket = await ada.say("/buy ant yes 10")
    before = await ada.messages()
    status, answer = await bob.press(button(ticket, "Confirm"), ticket["id"])
    assert (status, answer["reply"]["ok"], answer["private"]) == (200, False, True)
    assert await orders(market) == 0
    assert await ada.messages() == before


async def test_change_asks_in_a_dialog_and_the_new_ticket_takes_the_old_ones_place(market: RoomHarness) -> None:
    ada = await market.person("Ada")
    await market.tick()
    _, ticket = await ada.say("/buy ant yes 10")
    _, asked = await ada.press(button(ticket, "Change"), ticket["id"])
    assert (asked["id"], asked["form"]["fields"][0]["value"]) == (ticket["id"], "10")
    before = await ada.messages()
    bad = {"command": asked["form"]["command"], "args": {"amount": "lots"}, "message": ticket["id"]}
    _, refused = await ada.post("api/fill", {**bad, "request": request_id()})
    assert refused["reply"]["ok"] is False
    assert [message for message in await ada.messages() if message["id"] != refused["id"]] == before
    good = {**bad, "args": {"amount": "20"}, "request": request_id()}
    _, changed = await ada.post("api/fill", good)
    assert changed["id"] == ticket["id"]
    assert "get $20.00" in head(changed)


async def test_a_question_that_was_answered_asks_no_more(market: RoomHarness) -> None:
    admin = await market.person("Grace")
    await admin.get(f"?admin={ADMIN}")
    _, void = await admin.say("/admin void")
    _, answer = await admin.press(button(void, "Confirm"), void["id"])
    assert (answer["id"], answer["asked"]) == (void["id"], "/admin void")
    assert not any(action["label"].startswith("Confirm") for action in answer["reply"].get("actions", ()))


async def test_a_pressed_button_is_remembered_by_what_it_said(market: RoomHarness) -> None:
    ada = await market.person("Ada")
    ref = await market.room.platform.post(
        "room", Reply(head=line("Bee is out"), actions=(Action(label="Stand", text="/balance"),))
    )
    _, answer = await ada.press("/balance", int(ref))
    assert answer["asked"] == "Stand"
    _, answer = await ada.press("/orders", int(ref))
    assert answer["asked"] == "/orders"


async def test_completion_says_what_each_argument_means_even_to_strangers(market: RoomHarness) -> None:
    _, rows = await market.browser().post("api/complete", {"text": "/quote ant y"})
    assert rows[0]["label"] == "side"
    assert rows[0]["line"] == ""
    assert rows[1]["line"] == "/quote ant yes "


async def test_a_public_answer_names_who_asked(market: RoomHarness) -> None:
    ada, bob = await market.person("Ada"), await market.person("Bob")
    _, answer = await ada.say("/board")
    seen = [message for message in await bob.messages() if message["id"] == answer["id"]]
    assert len(seen) == (0 if answer["private"] else 1)
    assert all(message["author"] == "Ada" for message in seen)


# -- streams


async def test_a_tick_is_shown_without_anybody_asking(market: RoomHarness) -> None:
    ada = await market.person("Ada")
    task = asyncio.create_task(market.announcer.run())
    try:
        async with ada.stream() as events:
            await events.page()
            _, ticket = await ada.say("/buy ant yes 10")
            await ada.press(button(ticket, "Confirm"), ticket["id"])
            market.clock.advance(2_000)
            await run_tick(market.db, market.market, market.clock.now_ms())
            while True:
                page = await events.page()
                if any("Filled" in json.dumps(message) for message in page["messages"]):
                    break
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_stream_resumes_after_the_last_event_it_saw(harness: RoomHarness) -> None:
    ada = await harness.person("Ada")
    async with ada.stream() as events:
        await events.page()
        await ada.say("one")
        page = await events.page()
        assert [message["say"] for message in page["messages"]] == ["one"]
        last = events.last_id
    await ada.say("two")
    await ada.say("three")
    for stream_ in (ada.stream(**{"Last-Event-ID": last}), ada.stream(f"api/stream?since={last}")):
        async with stream_ as events:
            assert [message["say"] for message in (await events.page())["messages"]] == ["two", "three"]
    async with ada.stream(**{"Last-Event-ID": "nonsense"}) as events:
        assert len((await events.page())["messages"]) > 3


async def test_the_heartbeat_brings_the_markets_clock_and_its_speed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.05)
    async with room_harness(tmp_path, speed=lambda: 4_000.0) as harness:
        ada = await harness.person("Ada")
        async with ada.stream() as events:
            assert await events.event() == ("clock", {"now_ms": harness.clock.now_ms(), "speed": 4_000.0, "here": 1})
            kind, page = await events.event()
            assert (kind, page["now_ms"], page["speed"]) == ("page", harness.clock.now_ms(), 4_000.0)
            harness.clock.advance(5_000)
            assert [(await events.event())[0] for _ in range(2)] == ["market", "account"]
            assert await events.event() == ("clock", {"now_ms": harness.clock.now_ms(), "speed": 4_000.0, "here": 1})


async def test_a_browser_that_does_not_read_holds_nobody_up_and_is_let_go(
    harness: RoomHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "STALLED_S", 0.2)
    ada, slow = await harness.person("Ada"), await harness.person("Slow")
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in slow.jar)
    host = harness.url.removeprefix("http://").strip("/")
    _, writer = await asyncio.open_connection(*host.split(":"), limit=1)
    writer.write(f"GET /api/stream HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\n\r\n".encode())
    await writer.drain()
    async with closing(writer), ada.stream() as events:
        await events.page()
        long = Reply(head=line("x" * 200_000))
        for _ in range(60):
            await harness.room.platform.post("room", long)
        seen, waiting = 0, [0]
        while seen < 60:
            seen += len((await events.page())["messages"])
            transports = [stream.request.transport for stream in harness.room._streams._streams]  # this test is of them
            waiting += [transport.get_write_buffer_size() for transport in transports if transport is not None]
        assert max(waiting) < 1_000_000  # of the 12 million bytes that were posted
        here = 2
        while here == 2:
            await harness.room.platform.post("room", Reply(head=line("more")))
            here = (await events.page())["here"]
            await asyncio.sleep(0.02)


async def test_stopping_ends_every_stream_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 600)  # nobody is woken by the clock
    async with room_harness(tmp_path) as harness:
        ada, bob = await harness.person("Ada"), await harness.person("Bob")
        async with ada.stream() as first, bob.stream() as second:
            await first.page()
            await second.page()
            await harness.room.stop()
            for events in (first, second):
                with pytest.raises(EOFError):
                    await events.page()


# -- charts and files


async def test_a_chart_is_drawn_for_whoever_may_see_its_message_in_her_theme(market: RoomHarness) -> None:
    ada, bob = await market.person("Ada"), await market.person("Bob")
    picture = Picture(kind="prices", market=market.market, tick=1, alt="Prices")
    shown = await market.room.platform.post("room", Reply(head=line("Ant leads"), blocks=(picture,)))
    async with market.db.reading() as uow:
        ext = security.external_id(next(cookie.value for cookie in ada.jar))
        assert await uow.people.find("room", ext) is not None
    ada_messages = await market.room.platform.tell(
        ext, Reply(head=line("Yours"), blocks=(line("x"), picture)), edit_ref=None, chat_ext=None
    )
    for visitor, path, status in (
        (bob, f"chart/{shown}/0?theme=light&v=1", 200),
        (market.browser(), f"chart/{shown}/0", 200),
        (ada, f"chart/{ada_messages}/1", 200),
        (bob, f"chart/{ada_messages}/1", 404),
        (market.browser(), f"chart/{ada_messages}/1", 404),
        (ada, f"chart/{ada_messages}/0", 404),
        (ada, f"chart/{shown}/7", 404),
        (ada, "chart/999/0", 404),
        (ada, "chart/x/0", 404),
    ):
        answer = await visitor.get(path)
        assert answer.status == status, path
        if status == 200:
            assert answer.content_type == "image/png"
            assert (await answer.read()).endswith(b"light" if "light" in path else b"dark")


async def test_a_file_is_handed_to_its_owner_alone_under_a_harmless_name(market: RoomHarness) -> None:
    ada, bob = await market.person("Ada"), await market.person("Bob")
    ext = security.external_id(next(cookie.value for cookie in ada.jar))
    file = Attachment(name='a"b\r\n.csv', data=b"1,2\n", media_type="text/csv")
    ref = await market.room.platform.tell(ext, Reply(head=line("Here"), files=(file,)), edit_ref=None, chat_ext=None)
    answer = await ada.get(f"file/{ref}/0")
    assert (answer.status, await answer.read()) == (200, b"1,2\n")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a_b__.csv"'
    assert (await bob.get(f"file/{ref}/0")).status == 404
    assert (await ada.get(f"file/{ref}/1")).status == 404


async def test_each_room_has_its_own_conversation_and_unknown_rooms_do_not_exist(tmp_path: Path) -> None:
    async with room_harness(tmp_path, titles={"room": "The room", "annex": "The annex"}) as harness:
        ada = await harness.person("Ada")
        await ada.say("here")
        status, _ = await ada.post("r/annex/api/say", {"text": "there", "request": request_id()})
        assert status == 200
        async with ada.stream("r/annex/api/stream") as events:
            assert [message["say"] for message in (await events.page())["messages"]] == ["there"]
        assert "there" not in json.dumps(await ada.messages())
        assert (await (await ada.get("r/annex/api/me")).json())["room"] == "The annex"
        assert (await ada.get("r/cellar/")).status == 404
        assert (await ada.post("r/cellar/api/say", {"text": "x", "request": request_id()}))[0] == 404

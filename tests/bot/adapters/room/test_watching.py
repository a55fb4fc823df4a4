"""Who watches a public market sees what may be watched and nothing else, whoever they are; nobody watches another."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.room import limits
from bot.adapters.room.watch_json import watched_to_json
from bot.market.market_facts import MarketFacts
from bot.market.watched import Watched
from storage.records import Json
from tests.bot.adapters.room.harness import PNG, Browser, RoomHarness, Stream, room_harness
from tests.storage.databases import postgres
from tests.storage.postgres import Server

__all__ = ["postgres"]

PUBLIC_URL = "https://outcry.example.org"
ADDRESSES = ("watch/{}", "overlay/{}", "watch/{}/state", "watch/{}/stream", "watch/{}/card.png",
             "watch/api/v1/markets/{}/chart")  # fmt: skip
HIDDEN, SHOWN = "Hidden Hannah", "Named Nora"
TALK, WHERE = "the secret of the chat", "Backroom of friends"


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RoomHarness]:
    """Nobody is told to slow down."""
    monkeypatch.setattr("bot.dispatcher.PERSON", ())
    async with room_harness(tmp_path, titles={"room": WHERE, "hall": "The hall"}) as room:
        yield room


async def played(room: RoomHarness) -> tuple[Browser, Browser]:
    """Two members, one of whom chose to be named; both have traded, and one has talked."""
    await room.admin('/admin create "Cup <script>alert(1)</script> &amp;" Germany, Brazil', "/admin open")
    nora, hannah = await room.person(SHOWN), await room.person(HIDDEN)
    await nora.say("/settings name on")
    await room.admin("/admin start")
    room.market = 1
    await room.tick()
    for visitor, outcome in ((nora, "germany"), (hannah, "brazil")):
        await visitor.say("/settings confirm off")
        await visitor.say(f"/buy {outcome} yes $50")
    await hannah.say(TALK)
    await room.tick()
    return nora, hannah


async def state(visitor: Browser, market: int = 1) -> dict[str, Any]:
    answer = await visitor.get(f"watch/{market}/state")
    assert answer.status == 200, await answer.text()
    return dict(await answer.json())


async def next_of(stream: Stream, kind: str) -> Any:
    while True:
        came, data = await stream.event()
        if came == kind:
            return data


# -- who sees what


async def test_a_market_is_watched_by_everybody_once_it_is_public_and_no_draft_and_else_by_nobody(
    room: RoomHarness,
) -> None:
    """Public or not, in each state of its life, whoever asks: a stranger, a member, one who is named, an admin."""
    await room.admin("/admin create Cup Germany, Brazil")
    nora, hannah, stranger = await room.person(SHOWN), await room.person(HIDDEN), room.browser()
    await nora.say("/settings name on")
    admin = await room.person("Boss")
    await admin.get(room.admin_url.removeprefix(room.url))
    room.market = 1

    async def seen(*, watchable: bool) -> None:
        for who in (stranger, hannah, nora, admin):
            for address in ADDRESSES:
                answer = await who.http.get(who.url + address.format(1))
                answer.close()
                assert answer.status == (200 if watchable else 404), (address, watchable)
                assert "Set-Cookie" not in answer.headers

    for life, *lines in (
        ("draft", ""),
        ("lobby", "/admin open"),
        ("running", "/admin start"),
        ("frozen", "/admin freeze"),
        ("over", "/admin resume", "/admin resolve germany"),
    ):
        for line in filter(None, lines):
            await room.admin(line)
            if life not in {"draft", "lobby"}:
                await room.tick()
        await seen(watchable=False)
        await room.admin("/admin set public on")
        await seen(watchable=life != "draft")
        if life == "running":
            shown = json.dumps(await state(stranger))
            assert HIDDEN not in shown
            assert await state(hannah) == await state(nora) == await state(admin) == await state(stranger)
        await room.admin("/admin set public off")
    await seen(watchable=False)
    assert (await stranger.get("watch/2")).status == (await stranger.get("watch/999999999999999")).status == 404
    opened = await stranger.get("watch/1", Accept="text/html,*/*")
    assert (opened.status, opened.content_type) == (404, "text/plain")
    assert (await opened.text()).startswith("There is nothing to watch here")


async def test_what_strangers_get_holds_no_chat_no_talk_and_no_name_that_was_not_chosen(room: RoomHarness) -> None:
    await played(room)
    await room.admin("/admin set public on", "/admin set about It counts who lifts the cup.")
    await room.admin("/admin resolve germany 1-0")
    await room.tick()
    stranger = room.browser()
    told = await state(stranger)
    everything = json.dumps(told) + "".join(
        [await (await stranger.get(address.format(1))).text() for address in ADDRESSES if "stream" not in address
         and "card" not in address]
    )  # fmt: skip
    for secret in (HIDDEN, TALK, WHERE, "Boss", "/admin", "/join", '"where"', '"tape"'):
        assert secret not in everything, secret
    assert {leader["name"] for leader in told["leaders"]} == {SHOWN, "a member"}
    end = next(moment for moment in told["moments"] if moment["kind"] == "resolved")
    assert {step["name"] for step in end["podium"]} == {SHOWN, "a member"}
    assert "It counts who lifts the cup." in json.dumps(told["decides"])


NAMES_GO = (
    ("they hide it again", "/settings name off", ""),
    ("they are barred", "", f'/admin users "{SHOWN}" bar'),
    ("they are erased", "/forget", ""),
)


@pytest.mark.parametrize(("why", "own", "admins"), NAMES_GO, ids=[why for why, *_ in NAMES_GO])
async def test_a_name_that_was_shown_is_gone_from_every_screen_at_once_when(
    room: RoomHarness, why: str, own: str, admins: str
) -> None:
    nora, _ = await played(room)
    await room.admin("/admin set public on")
    async with room.browser().stream("watch/1/stream") as events:
        assert SHOWN in json.dumps(await next_of(events, "market"))
        if admins:
            await room.admin(admins)
        else:
            await press_through(nora, own)
        assert SHOWN not in json.dumps(await next_of(events, "market"))


async def press_through(visitor: Browser, line: str) -> None:
    """Says it, and confirms what asks."""
    _, answer = await visitor.say(line)
    for action in answer["reply"].get("actions", ()):
        if action["label"].startswith("Confirm"):
            await visitor.press(action["text"], answer["id"])


# -- how it comes and ends


async def test_who_watches_is_told_every_state_and_let_go_at_once_when_it_is_not_public_any_more(
    room: RoomHarness, tmp_path: Path
) -> None:
    """Also those who watch it at another process; each state is the same bytes for all of them."""
    await played(room)
    await room.admin("/admin set public on")
    async with room.browser().stream("watch/1/stream") as first, room.browser().stream("watch/1/stream") as second:
        before = await next_of(first, "market")
        assert await next_of(second, "market") == before == await state(room.browser())
        await room.admin("/admin freeze rain")
        await room.tick()
        frozen = await next_of(first, "market")
        assert (frozen["state"], frozen["moments"][1]["kind"]) == ("frozen", "frozen")
        assert await next_of(second, "market") == frozen
        await room.admin("/admin set public off")
        for stream in (first, second):
            assert await next_of(stream, "gone") is None
            with pytest.raises(EOFError):
                await stream.event()
    assert room.room.streams_open == 0


async def test_many_watch_behind_one_address_and_take_nobodys_place_in_the_room(
    room: RoomHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def counted(facts: MarketFacts, watched: Watched) -> dict[str, Json]:
        written.append(facts.tick)
        return watched_to_json(facts, watched)

    monkeypatch.setattr("bot.adapters.room.watch_streams.watched_to_json", counted)
    await played(room)
    await room.admin("/admin set public on")
    many = limits.MOST_STREAMS_EACH * 3
    streams = [await room.browser().stream("watch/1/stream").__aenter__() for _ in range(many)]
    try:
        states = [await next_of(stream, "market") for stream in streams]
        assert all(told == states[0] for told in states)
        before = len(written)
        await room.tick()
        for stream in streams:
            await next_of(stream, "market")
        assert len(written) == before + 1, "each state is written once, however many watch"
        async with room.browser().stream() as room_itself:
            assert room_itself.answer.status == 200
    finally:
        for stream in streams:
            stream.answer.close()


async def test_an_address_that_takes_every_place_to_watch_is_told_so_and_others_still_find_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WATCHERS_EACH", 2)
    async with room_harness(tmp_path, trusted_proxies=[ip_network("127.0.0.1")]) as room:
        await played(room)
        await room.admin("/admin set public on")
        crowd, other = room.browser("192.0.2.1"), room.browser("198.51.100.7")
        async with crowd.stream("watch/1/stream"), crowd.stream("watch/1/stream"):
            refused = await crowd.get("watch/1/stream")
            assert (refused.status, "Retry-After" in refused.headers) == (429, True)
            async with other.stream("watch/1/stream") as stream:
                assert stream.answer.status == 200


# -- what a link shows where it is pasted


async def test_a_link_that_is_pasted_shows_title_sentence_and_card_with_whole_addresses(tmp_path: Path) -> None:
    async with room_harness(tmp_path, public_url=PUBLIC_URL) as room:
        await room.admin(
            '/admin create "Cup <script>alert(1)</script> &amp;" Germany, Brazil', "/admin open", "/admin set public on"
        )
        stranger = room.browser()
        page = await (await stranger.get("watch/1", Host="outcry.example.org")).text()
        tags = dict(re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)">', page))
        assert tags["og:url"] == f"{PUBLIC_URL}/watch/1"
        assert tags["og:image"].startswith(f"{PUBLIC_URL}/watch/1/card.png?")
        assert (tags["twitter:card"], tags["robots"]) == ("summary_large_image", "noindex")
        assert "Germany 50.0¢, Brazil 50.0¢" in tags["og:description"]
        assert "<script>" not in page.replace('<script type="module"', "").replace('<script src="', "")
        card = await stranger.get("watch/1/card.png")
        assert (await card.read()).startswith(PNG)
        assert card.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert (await stranger.get("watch/1/card.png", **{"If-None-Match": card.headers["ETag"]})).status == 304


async def test_the_overlay_may_be_framed_by_anybody_and_the_page_by_nobody(room: RoomHarness) -> None:
    await played(room)
    await room.admin("/admin set public on")
    stranger = room.browser()
    page, overlay = await stranger.get("watch/1"), await stranger.get("overlay/1?view=nonsense&scale=-3")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in overlay.headers["Content-Security-Policy"]
    assert "script-src 'self'" in overlay.headers["Content-Security-Policy"]


async def test_at_another_process_too_a_name_goes_and_who_watches_is_let_go_by_the_commit_that_says_so(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.market.live_markets.POLL_S", 3_600.0)  # nothing but being woken
    url = await postgres.create_migrated()
    async with room_harness(tmp_path, url=url) as first, room_harness(tmp_path, url=url) as second:
        second.db.listen()
        nora, _ = await played(first)
        await first.admin("/admin set public on")
        async with second.browser().stream("watch/1/stream") as events:
            assert SHOWN in json.dumps(await next_of(events, "market"))
            await nora.say("/settings name off")
            while SHOWN in json.dumps(await next_of(events, "market")):
                pass
            await first.admin("/admin set public off")
            assert await next_of(events, "gone") is None

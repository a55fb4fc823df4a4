"""What the page is told of a market and of one's account, pushed as soon as a commit has changed it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.market import membership
from engine.state import Status
from scheduler.tick import run_tick
from tests.bot.adapters.room.harness import ADMIN, Browser, Stream, head, request_id, room_harness
from tests.bot.harness import HANG_S
from tests.storage import worlds


async def next_of(events: Stream, kind: str) -> Any:
    async with asyncio.timeout(HANG_S):
        while True:
            name, data = await events.event()
            if name == kind:
                return data


async def test_a_stream_begins_with_the_market_and_ones_account_and_tells_each_tick(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as room:
        await room.open_market()
        ada = await room.person("Ada")
        async with ada.stream() as events:
            market, account = await next_of(events, "market"), await next_of(events, "account")
            assert (market["market"], market["tick"], market["state"], market["own_room"]) == (1, 0, "running", True)
            assert account["joined"]
            assert not account["funded"]
            await room.tick()
            market, account = await next_of(events, "market"), await next_of(events, "account")
            assert (market["tick"], account["tick"], account["funded"]) == (1, 1, True)
            _, answer = await ada.say("/buy 1 yes $50")
            confirm = next(action["text"] for action in answer["reply"]["actions"] if action["label"] == "Confirm")
            await ada.press(confirm, answer["id"])
            account = await next_of(events, "account")
            assert [order["pending"] for order in account["orders"]] == [True]
            assert account["aside"] > 0
            await room.tick()
            market, account = await next_of(events, "market"), await next_of(events, "account")
            assert (account["orders"], account["aside"]) == ([], 0)
            assert account["holdings"][0]["tokens"] == market["tape"][0]["size"]


HOSTILE = (
    "0",
    "2",
    "99999999999999",
    "9" * 15,
    "9" * 16,
    "-1",
    "1.0",
    "1e3",
    "0x1",
    "%00",
    "%D9%A1",
    "abc",
    "1/../2",
    "%20",
)


async def test_what_is_no_market_of_theirs_is_not_there_whatever_it_is_called(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as room:
        await room.open_market()
        hidden = await worlds.lobby(room.db, chat="elsewhere")
        ada, stranger = await room.person("Ada"), room.browser()
        for number in (*HOSTILE, str(hidden.market)):
            for below in ("", "/account", "/account/trades", "/leaderboard", "/chart", "/tape"):
                assert (await ada.get(f"api/v1/markets/{number}{below}")).status == 404, (number, below)
        for number in ("9" * 15, "%D9%A1", ""):
            async with ada.stream(f"api/stream?market={number}") as events:
                shown = await next_of(events, "market")
                assert shown is None if number.startswith("9") else shown["market"] == room.market, number
        async with ada.stream(f"api/stream?market={hidden.market}") as events:
            assert await next_of(events, "market") is None
            assert await next_of(events, "account") is None
        for below, status in (("", 200), ("/leaderboard", 200), ("/account", 401), ("/account/trades", 401)):
            assert (await stranger.get(f"api/v1/markets/{room.market}{below}")).status == status, below
        async with stranger.stream() as events:
            assert (await next_of(events, "market"))["market"] == room.market
            await room.tick()
            assert (await events.event())[0] == "market", "a stranger has no account"


async def test_what_is_typed_on_the_page_of_a_market_is_about_that_market_or_about_none(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as room:
        await room.open_market()
        other, hidden = await worlds.started(room.db, chat="town"), await worlds.lobby(room.db, chat="elsewhere")
        ada = await room.person("Ada")
        await ada.get(f"?admin={ADMIN}")
        async with room.db.writing() as uow:
            people = {name: number for number, name in (await uow.people.names(range(1, 20))).items()}
            await membership.join(uow, other.market, people["Ada"], "", worlds.START)
            await uow.commit()
        room.clock.advance(2_000)
        await run_tick(room.db, other.market, room.clock.now_ms())
        await room.tick()
        for market, refused in (
            (other.market, None),
            (room.market, None),
            (hidden.market, "You cannot see that market"),
        ):
            _, answer = await ada.post(
                "api/say", {"text": "/buy 2 yes 7", "request": request_id(), "market": market, "again": False}
            )
            if refused is None:
                confirm = next(action["text"] for action in answer["reply"]["actions"] if action["label"] == "Confirm")
                await ada.press(confirm, answer["id"])
            else:
                assert refused in head(answer)
        async with room.db.reading() as uow:
            for market in (other.market, room.market):
                assert len(await uow.orders.pending(market)) == 1, market
        for market, may in ((room.market, True), (other.market, False)):
            _, answer = await ada.post(
                "api/say", {"text": "/admin pause", "request": request_id(), "market": market, "again": False}
            )
            assert answer["reply"]["ok"] is may, head(answer)


async def until(events: Stream, kind: str, key: str, value: object) -> Any:
    """The next event of this kind that has this."""
    while (data := await next_of(events, kind))[key] != value:
        pass
    return data


async def confirmed(browser: Browser, line: str, label: str = "Confirm") -> None:
    _, preview = await browser.say(line)
    text = next(action["text"] for action in preview["reply"]["actions"] if action["label"].startswith(label))
    _, answer = await browser.press(text, preview["id"])
    assert answer["reply"]["ok"], head(answer)


async def test_a_market_that_halts_is_called_off_or_goes_back_to_a_draft_says_so_at_once(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as room:
        await room.open_market()
        ada, stranger, asking = await room.person("Ada"), room.browser(), room.browser()
        await ada.get(f"?admin={ADMIN}")
        async with ada.stream() as events:
            await room.tick()
            await until(events, "account", "funded", True)
            async with room.db.writing() as uow:
                await uow.markets.halt(room.market, "a broken invariant")
                await uow.commit()
            assert (await until(events, "market", "halted", True))["status"] == "Halted"
            async with room.db.writing() as uow:
                await uow.markets.clear_halt(room.market, Status.RUNNING)
                await uow.commit()
            await until(events, "market", "state", "running")
            await confirmed(ada, "/admin void")
            await room.tick()
            await until(events, "market", "state", "voided")
            assert (await next_of(events, "account"))["ended"]["gain"] == 0
        following = await worlds.lobby(room.db, people=1, chat="room")
        async with stranger.stream() as shown, asking.stream(f"api/stream?market={following.market}") as asked:
            for events in (shown, asked):
                assert (await next_of(events, "market"))["market"] == following.market
            async with room.db.writing() as uow:
                await uow.markets.update(following.market, status=Status.DRAFT)
                await uow.commit()
            assert (await next_of(shown, "market"))["market"] == room.market, "the one before it"
            assert await next_of(asked, "market") is None


async def test_a_stream_ends_when_its_person_is_forgotten_and_their_name_is_gone_from_all_that_is_told(
    tmp_path: Path,
) -> None:
    async with room_harness(tmp_path) as room:
        await room.open_market()
        ada, bob = await room.person("Zyxella"), await room.person("Bob")
        await room.tick()
        await confirmed(ada, "/buy 1 yes $50")
        await room.tick()
        async with ada.stream() as events, bob.stream() as others:
            assert (await next_of(events, "account"))["name"] == "Zyxella"
            assert (await next_of(others, "account"))["of"] == 1
            await confirmed(ada, "/forget")
            with pytest.raises(EOFError):
                await next_of(events, "an event nobody sends")
        for below in ("", "/leaderboard", "/account", "/tape"):
            told = await (await bob.get(f"api/v1/markets/{room.market}{below}")).text()
            assert "Zyxella" not in told, below
        assert (await ada.get(f"api/v1/markets/{room.market}/account")).status == 401

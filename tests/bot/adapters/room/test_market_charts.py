"""What the page draws from, over HTTP: the same figures as the commands give, worked out once for all who look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.text.numbers import price, tokens
from engine.units import MICRO
from storage.history import Ticks
from storage.records import TickRow
from tests.bot.adapters.room.harness import Browser, RoomHarness, Shown, room_harness
from tests.storage import worlds

ROUNDS = [
    {"freeze_at": 60_000, "decide_at": 120_000, "count": 1, "losers": [2]},
    {"freeze_at": 240_000, "decide_at": 300_000, "winner": 3},
]


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[RoomHarness]:
    async with room_harness(tmp_path, titles={"room": "The room", "other": "Another"}) as made:
        await made.open_market(worlds.params(rounds=ROUNDS))
        await made.tick()
        yield made


async def traded(harness: RoomHarness) -> Browser:
    """Ada has bought, and waits in the book."""
    ada = await harness.person("Ada")
    await harness.tick()
    for line in (
        "/buy ant yes 300",
        "/buy ant yes 50 limit 20c",
        "/buy ant no 40 limit 55c",
        "/sell ant yes 30 limit 60c",
    ):
        _, ticket = await ada.say(line)
        confirm = next(action["text"] for action in ticket["reply"]["actions"] if action["label"].startswith("Confirm"))
        await ada.press(confirm, ticket["id"])
        await harness.tick()
    return ada


async def get(visitor: Browser, harness: RoomHarness, path: str) -> Any:
    answer = await visitor.get(f"api/v1/markets/{harness.market}/{path}")
    assert answer.status == 200, await answer.text()
    return await answer.json()


def tables(message: Shown) -> list[list[list[str]]]:
    """Cells of each table of an answer, as read."""
    return [
        [["".join(part.get("x", "") for part in cell) for cell in row] for row in block["rows"]]
        for block in message["reply"]["blocks"]
        if block["t"] == "table"
    ]


async def test_the_chart_tells_every_price_of_every_tick_that_moved_one(harness: RoomHarness) -> None:
    await traded(harness)
    chart = await get(harness.browser(), harness, "chart")
    async with harness.db.reading() as uow:
        rows = await uow.ticks.series(harness.market)
    by_tick = {row.tick: row for row in rows}
    assert chart["tick"] == rows[-1].tick == chart["ticks"][-1]
    assert chart["names"] == ["Ant", "Bee", "Cat"]
    for place, number in enumerate(chart["ticks"]):
        row = by_tick[number]
        assert [series[place] for series in chart["yes"]] == list(row.yes)
        assert chart["times"][place] == row.ts_ms
    assert sum(chart["volume"]) == sum(sum(row.volume) for row in rows) > 0
    changed = [row.tick for before, row in pairwise(rows) if row.yes != before.yes]
    assert set(changed) <= set(chart["ticks"])


async def test_freezes_rounds_and_exits_are_told_and_lines_end_with_them(harness: RoomHarness) -> None:
    await traded(harness)
    await harness.tick(60_000)
    frozen = await get(harness.browser(), harness, "chart")
    assert [begin for begin, _ in frozen["freezes"]] == [worlds.START + 60_000]
    await harness.tick(60_000)
    await harness.tick()
    chart = await get(harness.browser(), harness, "chart")
    assert chart["freezes"] == [[worlds.START + 60_000, worlds.START + 120_000]]
    assert chart["rounds"] == [{"at": worlds.START + 120_000, "name": "Round 1", "out": [1]}]
    assert chart["exits"] == [{"outcome": 1, "at": worlds.START + 120_000}]
    assert chart["yes"][1][-1] is None
    assert chart["yes"][0][-1] > 0
    since = await get(harness.browser(), harness, "chart?span=round")
    assert since["times"][0] <= worlds.START + 120_000 < since["times"][1]
    await harness.tick(180_000)
    won = await get(harness.browser(), harness, "chart")
    assert won["winners"] == [2]
    assert won["yes"][2][-1] == MICRO


async def test_an_outcome_is_told_as_depth_and_book_and_tape_tell_it(harness: RoomHarness) -> None:
    ada = await traded(harness)
    sam = harness.browser()
    facts = await get(sam, harness, "outcomes/0")
    _, depth = await ada.say("/depth ant")
    for side, table in zip(("yes", "no"), tables(depth), strict=True):
        steps = [
            [price(micro) for pair in (step["buy"], step["sell"]) for micro in (pair or ())]
            for step in facts["depth"][side]["steps"]
        ]
        assert [[cell for cell in row[1:] if cell != "–"] for row in table] == steps
    _, book = await ada.say("/book ant")
    sells, buys = tables(book)
    shelves = facts["book"]
    assert [row[0] for row in sells if row[0]] == [_limit(level) for level in shelves["yes"]["sells"]]
    assert [row[0] for row in buys if row[0]] == [_limit(level) for level in shelves["yes"]["buys"]]
    assert [row[2] for row in buys if row[2]] == [_limit(level) for level in shelves["no"]["buys"]]
    assert [row[1].split()[0] for row in sells] == [tokens(size) for _, size in shelves["yes"]["sells"]]
    _, tape = await ada.say("/tape ant")
    rows = [[tokens(trade["size"]), price(trade["price"])] for trade in facts["trades"]]
    assert [row[2:4] for row in tables(tape)[0]] == rows
    assert facts["trades"] == await get(sam, harness, "tape?outcome=0")
    assert facts["volume"] == sum(facts["series"]["volume"]) > 0
    assert (facts["yes"], facts["depth"]["yes"]["now"]) == (facts["series"]["yes"][-1],) * 2


def _limit(level: list[int]) -> str:
    return f"{level[0] // 10_000}¢"


async def test_nobody_trades_then_there_is_no_depth(harness: RoomHarness) -> None:
    await harness.tick(60_000)
    assert (await get(harness.browser(), harness, "outcomes/0"))["depth"] is None


async def test_the_tape_goes_back_page_by_page(harness: RoomHarness) -> None:
    await traded(harness)
    visitor = harness.browser()
    whole = await get(visitor, harness, "tape")
    rest = await get(visitor, harness, f"tape?before={whole[0]['id']}")
    assert rest == whole[1:]
    assert not {"who", "buyer", "seller"} & set(whole[0])


WRONG = [
    ("markets/{m}/chart?span=2y", 400),
    ("markets/{m}/outcomes/3", 404),
    ("markets/{m}/tape?outcome=3", 404),
    ("markets/{m}/tape?before=-1", 400),
    ("markets/{m}/tape?before=1e3", 400),
    ("markets/999/chart", 404),
    ("markets/999/outcomes/0", 404),
    ("markets/999999999999999/tape", 404),
]


@pytest.mark.parametrize(("path", "status"), WRONG)
async def test_what_is_not_there_is_said_in_a_sentence(harness: RoomHarness, path: str, status: int) -> None:
    answer = await harness.browser().get("api/v1/" + path.format(m=harness.market))
    assert answer.status == status
    assert (await answer.json())["error"].endswith(".")


async def test_a_market_of_another_chat_is_as_if_it_were_not_there(harness: RoomHarness) -> None:
    other = harness.browser()
    for path in ("chart", "outcomes/0", "tape"):
        answer = await other.get(f"r/other/api/v1/markets/{harness.market}/{path}")
        assert answer.status == 404


async def test_an_answer_is_made_once_until_the_market_changes(
    harness: RoomHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await traded(harness)
    visitor = harness.browser()
    first = await visitor.get(f"api/v1/markets/{harness.market}/chart")
    read: list[int] = []
    series = Ticks.series

    async def counted(self: Ticks, market: int, since_ms: int | None = None, after: int = -1) -> list[TickRow]:
        rows = await series(self, market, since_ms, after)
        read.append(len(rows))
        return rows

    monkeypatch.setattr(Ticks, "series", counted)
    for _ in range(3):
        same = await visitor.get(f"api/v1/markets/{harness.market}/chart", **{"If-None-Match": first.headers["ETag"]})
        assert same.status == 304
    assert read == []
    await harness.tick()
    fresh = await visitor.get(f"api/v1/markets/{harness.market}/chart")
    assert (fresh.status, fresh.headers["ETag"] != first.headers["ETag"]) == (200, True)
    assert read == [1], "after a tick only that tick is read"


async def test_a_long_answer_is_compressed_for_who_can_read_that(harness: RoomHarness) -> None:
    await traded(harness)
    visitor, path = harness.browser(), f"api/v1/markets/{harness.market}/outcomes/0"
    for who, accepts in ((path, "gzip;q=0"), (path, "br, gzip; q=0.0"), ("static/room.css", "gzip;q=0")):
        assert "Content-Encoding" not in (await visitor.get(who, **{"Accept-Encoding": accepts})).headers, accepts
    plain = await visitor.get(path, **{"Accept-Encoding": "identity"})
    zipped = await visitor.get(path, **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert await plain.json() == await zipped.json()

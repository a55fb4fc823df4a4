"""The theatre over HTTP: each tick's board as it was, posts without forgotten names, own accounts for their owners."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.room.limits import LIMITS, Counted
from engine.units import MICRO
from tests.bot.adapters.room.ended_market import ROUNDS, played
from tests.bot.adapters.room.harness import Browser, RoomHarness, room_harness
from tests.storage import worlds


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[RoomHarness]:
    async with room_harness(tmp_path, titles={"room": "The room", "other": "Another"}) as made:
        await made.open_market(worlds.params(rounds=ROUNDS))
        yield made


async def get(visitor: Browser, harness: RoomHarness, path: str = "", status: int = 200) -> Any:
    answer = await visitor.get(f"api/v1/markets/{harness.market}/theatre{path}")
    assert answer.status == status, await answer.text()
    return await answer.json()


def texts(lines: list[Any]) -> list[str]:
    return ["".join(part.get("x", "") for part in line) for line in lines]


async def test_a_market_that_is_over_is_shown_tick_by_tick(harness: RoomHarness) -> None:
    stranger = harness.browser()
    await get(stranger, harness, status=409)
    ada, _, shown = await played(harness)
    theatre = await get(stranger, harness)
    assert (theatre["last"], theatre["ready"], theatre["why"]) == (len(shown) - 1, True, "")
    assert theatre["ticks"] == list(range(len(shown)))
    assert [mark["text"] for mark in theatre["marks"]] == [
        "Round 1 freezes",
        "Bee is out",
        "Trading goes on",
        "The final freezes",
        "Ant won",
    ]
    out = next(mark["tick"] for mark in theatre["marks"] if mark["out"])
    assert theatre["yes"][1][out] == 0
    assert set(theatre["yes"][1][out + 1 :]) == {None}
    for tick, reply in enumerate(shown):
        frame = await get(stranger, harness, f"/{tick}")
        assert frame["head"] == reply["head"], f"tick {tick}"
        assert [frame["board"], *[{"t": "line", "parts": parts} for parts in frame["lines"]]] == reply["blocks"]
        assert frame["account"] is None
        assert all(trade["at"] <= frame["at"] for trade in frame["tape"])
        assert [row["yes"] for row in sorted(frame["board"]["rows"], key=lambda row: row["outcome"])] == [
            yes[tick] or 0 for yes in theatre["yes"]
        ]
    assert await get(stranger, harness, "/99999999") == await get(stranger, harness, f"/{len(shown) - 1}")
    elsewhere = f"r/other/api/v1/markets/{harness.market}/theatre"
    assert (await stranger.get(elsewhere)).status == 404
    frame = await (await ada.get(f"{elsewhere}/4")).json()
    assert frame["board"] == shown[4]["blocks"][0], "a member sees it from any room"
    assert frame["posts"] is None, "what is said in a room is read there"


async def test_what_one_had_and_what_it_came_to_is_told_to_them_alone(harness: RoomHarness) -> None:
    ada, zeb, _ = await played(harness)
    early = (await get(ada, harness, "/1"))["account"]
    assert texts(early["says"]) == ["You were not in this market yet."]
    held = (await get(ada, harness, "/4"))["account"]
    assert [(row["outcome"], row["side"], row["tokens"], row["pays"]) for row in held["holdings"]] == [
        (0, "yes", 100 * MICRO, 100 * MICRO)
    ]
    assert held["if_kept"] == held["cash"] + 100 * MICRO
    says = texts(held["says"])
    assert says[0].startswith("At this moment you held 100 Ant YES, worth $")
    assert says[1].startswith("Held to the end they paid $100.00; you ended with $")
    assert says[2].startswith("Without a trade from here on you would have ended with $")
    last = (await get(ada, harness, "/9"))["account"]
    assert last["total"] == last["final"] == last["if_kept"]
    lost = (await get(zeb, harness, "/4"))["account"]
    assert [(row["outcome"], row["pays"]) for row in lost["holdings"]] == [(1, 0)]
    assert texts(lost["says"])[1].startswith("Held to the end they paid $0.00;")


async def test_what_fifty_dollars_would_have_bought(harness: RoomHarness) -> None:
    ada, _, _ = await played(harness)
    won = await get(ada, harness, "/2/bought?outcome=0&side=yes")
    assert texts([won["says"]])[0].startswith("At this moment $50.00 would have bought, if nobody else had traded, ")
    assert " in the end: +$" in texts([won["says"]])[0]
    lost = await get(ada, harness, "/2/bought?outcome=1&side=yes")
    assert texts([lost["says"]])[0].endswith("They paid nothing in the end.")
    frozen = await get(ada, harness, "/5/bought?outcome=0&side=yes")
    assert texts([frozen["says"]]) == ["Nobody could buy at this moment: trading did not go on."]
    out = await get(ada, harness, "/7/bought?outcome=1&side=no")
    assert texts([out["says"]]) == ["Bee is out at this moment."]
    await get(ada, harness, "/2/bought?outcome=7&side=yes", 400)


async def test_posts_are_there_until_then_and_forgotten_names_are_nowhere(harness: RoomHarness) -> None:
    ada, zeb, shown = await played(harness)
    early, late = await get(ada, harness, "/2"), await get(ada, harness, f"/{len(shown) - 1}")
    assert "hello from Zebediah" in {post.get("say") for post in early["posts"]}
    assert "well done Zebediah" not in {post.get("say") for post in early["posts"]}
    assert "well done Zebediah" in {post.get("say") for post in late["posts"]}
    assert any("Ant" in str(post.get("reply", "")) for post in late["posts"]), "announcements are among them"
    assert not any("actions" in post.get("reply", {}) for post in late["posts"])
    assert not any(post["private"] for post in late["posts"])
    assert "Round 1 froze" not in str(early["posts"]), "what was changed later is not told before that"
    assert "Round 1 froze" in str(late["posts"])
    assert [post["id"] for post in early["posts"] if post.get("changed_later")]
    _, asked = await zeb.say("/forget")
    confirm = next(action["text"] for action in asked["reply"]["actions"] if action["label"].startswith("Confirm"))
    await zeb.press(confirm, asked["id"])
    for tick in range(len(shown)):
        frame = await (await ada.get(f"api/v1/markets/{harness.market}/theatre/{tick}")).text()
        assert "Zebediah" not in frame, f"tick {tick}"
    assert "Zebediah" not in await (await ada.get(f"api/v1/markets/{harness.market}/theatre")).text()
    assert frame.count("well done") == 1, "what others said is still there"


async def test_who_scrubs_too_fast_is_told_when_to_go_on(harness: RoomHarness) -> None:
    stranger, most = harness.browser(), LIMITS[Counted.THEATRE][0].count
    path = f"api/v1/markets/{harness.market}/theatre/3"
    statuses = [(await stranger.get(path)).status for _ in range(most)]
    assert set(statuses) == {409}, "it is still on"
    answer = await stranger.get(path)
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0

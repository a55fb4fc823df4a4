"""What the page of a market's admins is told, and what is wrong with a form that is still being filled in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Reply
from bot.chat.rights import KEPT_MS, Rights, Standing
from bot.market.settings_table import BESIDE, GROUPS
from storage.clock import ManualClock
from tests.bot.adapters.room.harness import ADMIN, Browser, RoomHarness, head, request_id, room_harness
from tests.bot.asked_chats import AskedChats

pytestmark = pytest.mark.asyncio(loop_scope="module")

CREATE = "/admin create Cup Ada, Bo, Cleo, Dan"


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[tuple[RoomHarness, Browser]]:
    async with room_harness(tmp_path) as harness:
        admin = await harness.person("Grace")
        await admin.get(f"?admin={ADMIN}")
        yield harness, admin


async def asked(admin: Browser, path: str) -> Any:
    answer = await admin.get(f"api/v1/markets/{path}")
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def checked(admin: Browser, *parts: str, market: int = 1) -> Any:
    status, body = await admin.post(f"api/v1/markets/{market}/run/check", {"parts": list(parts)})
    assert status == 200, body
    return body


async def test_only_who_may_say_the_command_is_told(house: tuple[RoomHarness, Browser]) -> None:
    harness, admin = house
    await harness.admin(CREATE, "/admin open")
    member, stranger = await harness.person("Ada"), harness.browser()
    for path in ("1/run", "1/run/members"):
        assert (await admin.get(f"api/v1/markets/{path}")).status == 200
        refused = await member.get(f"api/v1/markets/{path}")
        assert refused.status == 403
        assert "is for this chat's admins" in (await refused.json())["error"]
        assert (await stranger.get(f"api/v1/markets/{path}")).status == 401
    for path in ("markets/1/run/check", "run/check"):
        assert (await admin.post(f"api/v1/{path}", {"parts": [], "values": {}}))[0] == 200
        assert (await member.post(f"api/v1/{path}", {"parts": [], "values": {}}))[0] == 403
        assert (await stranger.post(f"api/v1/{path}", {"parts": []}))[0] == 401
    assert (await admin.get("api/v1/markets/9/run")).status == 403  # as if it were not there


async def test_a_draft_says_what_is_missing_and_what_members_will_read(house: tuple[RoomHarness, Browser]) -> None:
    harness, admin = house
    await harness.admin(CREATE)
    run = await asked(admin, "1/run")
    assert (run["state"], run["wordings"], run["timetable"]["set"]) == ("draft", [], False)
    assert [row["final"] for row in run["timetable"]["rounds"]] == [True]
    assert run["opening"]["head"][0]["x"] == "Cup: the doors are open."
    await harness.admin("/admin set about The jury decides.", "/admin schedule +1h for 10m out 1; +2h for 10m winner")
    run = await asked(admin, "1/run")
    assert [row["text"] for row in run["wordings"]] == ["The jury decides."]
    rounds = run["timetable"]["rounds"]
    assert run["timetable"]["set"]
    assert [row["count"] for row in rounds] == [1, 0]
    assert rounds[0]["freeze"] == {"ms": 3_600_000, "relative": True, "typed": "+1h"}
    assert [row["stay"] for row in rounds] == [3, None]
    terms = {term["name"]: term for group in run["terms"] for term in group["settings"]}
    assert "Safe from about $" in terms["z"]["range"]
    assert "Safe up to about $" in terms["starting_balance"]["range"]
    assert terms["fee"]["range"] == "From 0% to 5%."
    assert all(term["about"].endswith(".") and term["label"] for term in terms.values())
    assert terms.keys() == {name for names in GROUPS.values() for name in names} | BESIDE.keys()


async def test_a_running_market_says_what_it_asks_for_and_how_it_runs(house: tuple[RoomHarness, Browser]) -> None:
    harness, admin = house
    lines = ("/admin schedule +10m for 10m out 1; +30m for 10m winner", "/admin open", "/admin start")
    await harness.admin(CREATE, *lines)
    harness.market = 1
    await harness.tick()
    buyer = await harness.person("Bea")
    await buyer.say("/join")
    await harness.tick()
    await buyer.say("/settings confirm off")
    await buyer.say("/buy dan yes $10")
    await harness.tick()
    assert (await asked(admin, "1/run"))["asked"] is None
    await harness.tick(10 * 60_000)
    await harness.tick(10 * 60_000)
    run = await asked(admin, "1/run")
    assert (run["state"], run["asked"]["takes"], run["asked"]["final"]) == ("frozen", 1, False)
    assert [row["begun"] for row in run["timetable"]["rounds"]] == [True, False]
    assert run["monitor"]["times"]
    assert run["monitor"]["volume"] == (await asked(admin, "1"))["volume"] > 9_000_000  # in all, also ticks later
    assert all(
        not term["fixed"] or term["range"] == "Fixed since the start."
        for group in run["terms"]
        for term in group["settings"]
    )
    await harness.admin("/admin eliminate dan")
    await harness.tick()
    assert [row["active"] for row in (await asked(admin, "1/run"))["outcomes"]] == [True, True, True, False]


MISTAKES = [
    (
        ("2027-02-05 20:00 Europe/Berlin for 30m out 1", "2027-02-05 20:10 Europe/Berlin winner ask"),
        1,
        "after the round",
    ),
    (("2027-01-01 20:00 for 30m out 1", "2027-02-05 20:10 winner ask"), 0, "has passed"),
    (("start 2027-01-01 20:00", "2027-02-05 20:10 winner ask"), 0, "has passed"),
    (("start 2027-02-04 20:00", "2027-02-04 19:00 winner ask"), 1, "before the start"),
    (("2027-02-05 20:00 out 3", "2027-02-06 20:00 winner ask"), 0, "two must stay"),
    (("2027-02-05 20:00 out Nobody", "2027-02-06 20:00 winner ask"), 0, "Nobody"),
    (("2027-03-28 02:30 Europe/Berlin winner ask",), 0, "does not"),
    (("2027-02-01 20:00 winner ask", "2027-10-31 02:30 Europe/Berlin winner ask"), 1, "twice"),
    (("2027-02-05 20:00 out 1",), None, "no final"),
]


async def test_what_is_wrong_with_a_timetable_stands_beside_the_part_it_is_about(
    house: tuple[RoomHarness, Browser],
) -> None:
    harness, admin = house
    await harness.admin(CREATE)
    for parts, part, words in MISTAKES:
        mistakes = (await checked(admin, *parts))["mistakes"]
        assert {mistake["part"] for mistake in mistakes} == {part}, (parts, mistakes)
        assert words in mistakes[0]["text"], mistakes
        if words == "twice":
            assert len(mistakes[0]["ways"]) == 2
    fine = await checked(
        admin, "start 2027-02-04 20:00", "+2h for 10m out 2", "2027-02-05 20:00 Europe/Berlin winner ask"
    )
    assert (fine["mistakes"], fine["start"]) == ([], 1_801_771_200_000)
    assert fine["moments"][1][0]["ms"] == 1_801_854_000_000


async def test_terms_are_checked_as_they_are_typed(house: tuple[RoomHarness, Browser]) -> None:
    harness, admin = house

    async def new(**values: str) -> Any:
        return (await admin.post("api/v1/run/check", {"values": values}))[1]

    assert [preset["name"] for preset in (await new())["presets"]] == ["hype", "fair", "classic"]
    wrong = await new(outcome_names="Ada, Bo", odds="98 1")
    assert {mistake["part"] for mistake in wrong["mistakes"]} == {"odds"}
    assert [row[1] for row in (await new(outcome_names="Ada, Bo", odds="3 1"))["starts"]] == [750_000, 250_000]
    warned = await new(outcome_names="Ada, Bo, Cleo", z="100")
    assert warned["warnings"][0]["of"][0] == "z"
    await harness.admin(CREATE)
    body = {"setting": "fee", "value": "9%"}
    assert "fee lies between" in (await admin.post("api/v1/markets/1/run/check", body))[1]["mistakes"][0]["text"]
    body = {"setting": "fee", "value": "2%"}
    assert (await admin.post("api/v1/markets/1/run/check", body))[1]["mistakes"] == []


GRACE = Invocation(
    platform="discord",
    person_ext="7",
    person_name="Grace",
    chat_ext="town",
    chat_kind=ChatKind.GROUP,
    chat_title="Town",
    is_admin=True,
    request_id="",
)


async def test_an_admin_who_came_from_discord_runs_its_market_for_as_long_as_discord_says_so(tmp_path: Path) -> None:
    discord = AskedChats(standings={("town", "7"): Standing.ADMIN})
    clock = ManualClock(0)
    async with room_harness(tmp_path, rights=Rights({"discord": discord}, clock.monotonic_ms)) as harness:

        async def in_chat(text: str) -> Reply:
            return await harness.dispatcher.run(replace(GRACE, text=text, request_id=request_id()))

        async def fill(command: str, **args: str) -> str:
            sent = {"command": command, "args": args, "market": 1, "request": request_id()}
            _, answer = await page.post("api/fill", sent)
            return head(answer)

        assert (await in_chat("/admin create Cup Ada, Bo, Cleo")).ok
        link = next(action.url for action in (await in_chat("/room")).actions if action.url)
        page = harness.browser()
        code = link.partition("#")[2]
        assert (await page.post("api/enter", {"code": code, "request": request_id()}))[0] == 200
        assert (await asked(page, "1/run"))["where"] == [{"title": "Town", "platform": "discord"}]
        assert (await (await page.get("api/v1/markets")).json())["markets"][0]["may_run"]
        assert (await checked(page, "+1h winner ask"))["mistakes"] == []
        assert "is written down" in await fill("admin set", setting="about", value="The jury decides.")
        assert "is open to join" in await fill("admin open")
        discord.standings["town", "7"] = Standing.MEMBER
        clock.advance(KEPT_MS)
        assert "is for this chat's admins" in await fill("admin void")
        refused = await page.get("api/v1/markets/1/run")
        assert (refused.status, "admins" in (await refused.json())["error"]) == (403, True)
        discord.answers = False
        clock.advance(KEPT_MS)
        refused = await page.get("api/v1/markets/1/run")
        assert "Discord cannot be asked right now" in (await refused.json())["error"]
        assert (await in_chat("/board")).ok

"""An admin without a name (an anonymous one, a channel) and the second pair of eyes; decisions that come too late."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.reply import Audience, Reply
from bot.grammar.times import span_ms
from bot.market.involvement import other_admins
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness, running
from tests.scenarios.rows import holds
from tests.scenarios.test_decisions import WINDOW, known_admin

GROUP = "chat:-100"


async def nameless(harness: ChatHarness, line: str) -> Reply:
    return await harness.say(GROUP, line, admin=True, nameless=True)


async def refused_for_want_of_a_name(harness: ChatHarness, line: str) -> Reply:
    before = harness.rows()
    reply = await nameless(harness, line)
    assert not reply.ok, line
    holds(
        plain_text.text(reply),
        ["takes an admin with a name", "Say it under your own name", "a freeze or a pause"],
        line,
    )
    assert reply.audience is Audience.CHAT
    assert harness.rows() == before, f"{line} changed something"
    return reply


async def test_who_proposed_does_not_approve_without_a_name(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada", "mia"))
        await harness.say("ada", "/buy germany yes 10")
        await harness.confirmed("mia", "/buy germany yes 10")
        await harness.tick()
        look = await harness.say("mia", "/admin eliminate brazil", admin=True)
        holds(plain_text.text(look), ["Brazil would be out", "Confirm the proposal"], "look")
        proposed = await harness.say("mia", button(look, "Confirm the proposal"), admin=True)
        assert proposed.ok
        # a button's code can be worked out from what everybody sees, so the code alone must not do
        pat = await harness.say("pat", "/admin approve 1", admin=True)
        refused = await refused_for_want_of_a_name(harness, "/admin approve 1")
        await refused_for_want_of_a_name(harness, button(pat, "Confirm"))
        await refused_for_want_of_a_name(harness, "/admin approve")
        own = await harness.say("mia", button(refused, "Under my own name"), admin=True)
        holds(plain_text.text(own), ["This is your own proposal"], "own")
        assert (await harness.say("pat", button(refused, "Under my own name"), admin=True)).ok


@pytest.mark.parametrize("line", ["/admin eliminate brazil 7-1", "/admin resolve germany"])
async def test_what_no_round_asked_for_is_not_decided_without_a_name(tmp_path: Path, line: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        look = await harness.say(ADMIN, line)
        refused = await refused_for_want_of_a_name(harness, line)
        await refused_for_want_of_a_name(harness, button(look, "Confirm"))
        assert button(refused, "Under my own name").casefold() == line


async def test_a_winner_is_not_corrected_without_a_name(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        assert (await harness.say(ADMIN, WINDOW[0][1])).ok
        await harness.tick()
        look = await harness.say(ADMIN, "/admin resolve germany")
        assert (await harness.press(ADMIN, look, "Confirm")).ok
        await harness.tick()
        await refused_for_want_of_a_name(harness, "/admin correct brazil")


async def test_what_a_round_asks_for_and_the_course_need_no_name(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for line in ("/admin freeze", "/admin resume", "/admin pause", "/admin resume"):
            reply = await nameless(harness, line)
            assert reply.ok, plain_text.text(reply)
            await harness.tick()
        async with harness.db.reading() as uow:
            state = await uow.markets.state(1)
            params = (await uow.markets.get_one(1)).params
        while state.frozen_for is None or not state.asked:
            await harness.tick(span_ms("6h") or 0)
            async with harness.db.reading() as uow:
                state = await uow.markets.state(1)
        final = params.rounds[state.frozen_for].is_final
        look = await nameless(harness, "/admin resolve germany" if final else "/admin eliminate brazil")
        assert look.ok, plain_text.text(look)
        assert (await nameless(harness, button(look, "Confirm"))).ok


async def test_a_decision_is_not_planned_earlier_without_a_name(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await refused_for_want_of_a_name(harness, "/admin schedule +2m for 1m out 1; +60m for 10m winner ask")


async def test_who_has_no_name_is_nobody_to_approve(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await known_admin(harness, "pat")
        assert (await nameless(harness, "/admin freeze")).ok
        async with harness.db.reading() as uow:
            market = await uow.markets.get_one(1)
            others = [await uow.people.get(one) for one in await other_admins(uow, market, None)]
        assert sorted(one.name for one in others if one) == ["Boss", "Pat"]


@pytest.mark.parametrize(
    ("last", "why"), [("/admin resolve germany", "Cup is over"), ("/admin void", "Cup is over: it was called off")]
)
async def test_over_is_said_before_anything_else(tmp_path: Path, last: str, why: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        look = await harness.say(ADMIN, last)
        assert (await harness.press(ADMIN, look, "Confirm")).ok
        await harness.tick()
        for line in ("eliminate atlantis", "resolve", "correct atlantis", "approve seven", "approve 7", "grant x $5"):
            before = harness.rows()
            reply = await harness.say(ADMIN, f"/admin {line}")
            assert not reply.ok
            assert plain_text.text(reply).startswith(why), (line, plain_text.text(reply))
            assert harness.rows() == before


async def test_not_started_is_said_before_anything_else(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, "/admin create Cup A, B, C")
        for line in ("eliminate atlantis", "resolve atlantis", "correct atlantis"):
            assert "has not started" in plain_text.text(await harness.say(ADMIN, f"/admin {line}"))

"""Too much of anything: who says too much is told so, nobody else is held up, and it passes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.room.limits import LIMITS, Counted
from bot.chat import plain_text, shared_limits
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.rate_limits import ALLOWANCES, HEAVY, HEAVY_CHAT, PERSON, Allowance, Budget, Limit, Urgency, Windows
from bot.chat.shared_limits import Tried
from bot.commands import COMMANDS
from bot.dispatcher import TYPING, Dispatcher
from tests.bot.adapters.room.harness import request_id, room_harness
from tests.bot.harness import ADMIN, chat_harness, running

BURST, MINUTE = PERSON


async def test_a_flood_of_lines_is_told_to_wait_and_changes_nothing(tmp_path: Path) -> None:
    """The limit is a person's own, on each platform; refused lines do not make it longer."""
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        harness.now += 60_000
        harness.line_ms = 0  # all in one moment
        for _ in range(BURST.count):
            assert (await harness.say("ada", "/balance")).ok
        before = harness.rows()
        for line in ("/balance", "/buy germany yes 5", "/join", "nonsense", "/admin void", ""):
            refused = await harness.say("ada", line)
            assert not refused.ok
            assert "a lot at once; please wait 10 s" in plain_text.text(refused)
        assert harness.rows() == before
        assert (await harness.say("bob", "/balance")).ok
        assert (await harness.say(ADMIN, "/admin monitor")).ok
        assert "a lot at once" not in plain_text.text(await harness.say("ada", "/balance", platform="telegram"))
        harness.now += BURST.window_ms
        assert (await harness.say("ada", "/balance")).ok


async def test_a_steady_flood_gets_a_line_a_second_and_no_more(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        harness.now += 60_000
        done, harness.line_ms = 0, 100
        for _ in range(1_200):  # ten a second, two minutes
            done += (await harness.say("eve", "/rules")).ok
        assert done <= 2 * MINUTE.count + BURST.count


async def test_buttons_and_forms_count_like_lines(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        harness.now += 60_000
        harness.line_ms = 0
        for at in range(BURST.count):
            if at % 2:
                await harness.say("ada", "/board", made_for=2)
            else:
                await harness.say("ada", command="quote", args={"outcome": "1", "side": "yes", "amount": "5"})
        before = harness.rows()
        assert not (await harness.say("ada", "/ticket confirm 1", made_for=2)).ok
        assert harness.rows() == before


async def test_a_flood_of_completions_uses_up_no_lines_and_gets_nothing(tmp_path: Path) -> None:
    """A key pressed is not a line said; who asks faster than anybody types is not answered for a while."""
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        harness.now += 60_000
        before = harness.rows()
        invocation = Invocation(
            text="/buy ger",
            platform="room",
            person_ext="ada",
            person_name="Ada",
            chat_ext="room",
            chat_kind=ChatKind.ROOM,
            request_id="completion",
        )
        answered = [bool(await harness.dispatcher.complete(invocation)) for _ in range(TYPING[0].count + 20)]
        assert answered == [True] * TYPING[0].count + [False] * 20
        argument = replace(invocation, command="buy", args={"outcome": "ger"})
        assert not await harness.dispatcher.complete_argument(argument, "outcome")
        assert await harness.dispatcher.complete(replace(invocation, person_ext="bob"))
        assert harness.rows() == before
        assert (await harness.say("ada", "/balance")).ok
        harness.now += TYPING[0].window_ms
        assert await harness.dispatcher.complete_argument(argument, "outcome")


async def test_guessing_codes_is_stopped_for_the_guesser_alone(tmp_path: Path) -> None:
    """Every try counts, a right code would too; it passes."""
    (limit,) = shared_limits.LIMITS[Tried.CODE]
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        before = harness.rows()
        for guess in range(limit.count + 3):
            if guess == limit.count:
                harness.dispatcher = Dispatcher(harness.db, harness.clock, COMMANDS)  # another process, or a restart
            harness.now += 5_000
            reply = await harness.say("eve", f"/link AAAA-AA{guess:02}")
            assert not reply.ok
        assert "does not work" not in plain_text.text(reply)
        assert harness.rows() == before
        harness.now += limit.window_ms
        assert "does not work" in plain_text.text(await harness.say("eve", "/link AAAA-AAAA"))


async def test_what_costs_much_is_counted_by_itself_for_the_person_and_for_the_chat(tmp_path: Path) -> None:
    (each,), (all_together,) = HEAVY, HEAVY_CHAT
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        harness.now += 60_000

        harness.line_ms = 0  # all in one moment

        async def ask(who: str, line: str) -> bool:
            return "a lot at once" not in plain_text.text(await harness.say(who, line))

        assert [await ask("eve", "/admin export trades") for _ in range(3)] == [
            True
        ] * 3  # not theirs to say: uncounted
        assert [await ask("ada", "/verify") for _ in range(each.count + 1)] == [True] * each.count + [False]
        assert await ask("ada", "/balance")
        assert await ask("bob", "/verify")
        for number in range(all_together.count - each.count - 1):
            assert await ask(f"guest {number}", "/verify")
        assert not await ask("carl", "/verify")
        harness.now += each.window_ms
        assert await ask("ada", "/verify")


async def test_counting_people_takes_bounded_memory_and_time() -> None:
    """Ten thousand strangers a minute are counted and forgotten."""
    pace = Windows(PERSON)
    for number in range(50_000):
        pace.use(f"room:{number}", number * 10)
    assert len(pace._used) <= pace.most_keys + 1  # what it keeps is what this test is about
    at_once = Windows(PERSON, most_keys=100)
    for number in range(10_000):
        at_once.use(f"room:{number}", 0)
    assert len(at_once._used) <= at_once.most_keys + 1
    assert at_once.wait("room:9999", 0) == 0


# -- what is urgent

GROUP, STEP_MS = "-100", 50
URGENT_EVERY_MS = 15_000  # as often as the share of what is urgent allows for without end


@pytest.mark.parametrize("platform", ["telegram", "discord"])
@given(data=st.data())
def test_no_window_overflows_whatever_the_mix_and_what_is_urgent_waits_for_the_last_message_alone(
    platform: str, data: st.DataObject
) -> None:
    """Everybody sends as fast as they may, each in their order of asking; now and then something is urgent."""
    allowance = ALLOWANCES[platform]
    budget, sent, waited = Budget(allowance), list[int](), list[int]()
    others = st.lists(st.sampled_from([Urgency.NOTICE, Urgency.ANSWER]), max_size=3)
    asked = data.draw(st.lists(others, min_size=5, max_size=40))
    due = data.draw(st.lists(st.integers(0, 5_000), min_size=1, max_size=8))
    urgent_at = [at * URGENT_EVERY_MS + late for at, late in enumerate(due)]
    urgent_at = [at for before, at in pairwise([-URGENT_EVERY_MS, *urgent_at]) if at - before >= URGENT_EVERY_MS]
    for step in range((urgent_at[-1] + 10_000) // STEP_MS):
        now = step * STEP_MS
        for urgency in asked[step % len(asked)]:
            if budget.wait(GROUP, now, urgency) == 0:
                budget.use(GROUP, now, urgency)
                sent.append(now)
        if urgent_at and urgent_at[0] <= now and budget.wait(GROUP, now, Urgency.URGENT) == 0:
            budget.use(GROUP, now, Urgency.URGENT)
            waited.append(now - urgent_at.pop(0))
            sent.append(now)
    assert not urgent_at
    assert max(waited) <= 1_000 + STEP_MS
    assert [limit for limit in limits_of(allowance) if most_in(sent, limit.window_ms) > limit.count] == []


def limits_of(allowance: Allowance) -> tuple[Limit, ...]:
    return (*allowance.chat, *allowance.group)


def most_in(moments: list[int], window_ms: int) -> int:
    return max(sum(at - window_ms < other <= at for other in moments) for at in moments)


def test_a_turn_is_kept_for_what_is_urgent_until_it_was_taken_or_given_up() -> None:
    budget = Budget.of("telegram")
    budget.use(GROUP, 0)
    assert budget.wait(GROUP, 400, Urgency.URGENT) == 600
    assert budget.wait(GROUP, 1_000) > 0, "somebody else would take its turn"
    assert budget.wait(GROUP, 1_000, Urgency.URGENT) == 0
    budget.use(GROUP, 1_000, Urgency.URGENT)
    assert budget.wait(GROUP, 2_000) == 0
    budget.use(GROUP, 2_000)
    assert budget.wait(GROUP, 2_100, Urgency.URGENT) == 900
    assert budget.wait("-200", 3_000) == 0
    assert budget.wait(GROUP, 5_000) == 0, "it is not kept for ever"


# -- over HTTP


async def test_a_flood_of_talk_is_refused_over_http_and_others_go_on_talking(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as place:
        await place.open_market()
        ada, bob = await place.person("Ada"), await place.person("Bob")
        burst = LIMITS[Counted.TALK][0].count
        statuses = [await ada.say("hello") for _ in range(burst + 4)]
        assert [status for status, _ in statuses] == [200] * burst + [429] * 4
        assert "s" in statuses[-1][1]["error"]
        assert (await bob.say("hi"))[0] == 200


async def test_the_same_request_over_http_is_answered_the_same(tmp_path: Path) -> None:
    """At once, side by side, and asked for again: one message, one effect. Nobody spends another's request id."""
    async with room_harness(tmp_path) as place:
        await place.open_market()
        await place.tick()
        ada, bob = await place.person("Ada"), await place.person("Bob")
        for line in ("/join Ada", "/link", "/settings confirm off", "/buy 1 yes 5", "/forget", "/orders"):
            place.clock.advance(5_000)
            request = request_id()
            first = await ada.say(line, request)
            count = len(await ada.messages())
            again = await asyncio.gather(
                *(ada.say(line, request) for _ in range(3)), ada.say(line, request, again=True)
            )
            assert all(answer == first for answer in again), line
            assert len(await ada.messages()) == count
            status, other = await bob.say("/balance", request)
            assert status == 200
            assert other["id"] != first[1]["id"]
        async with place.db.reading() as uow:
            assert len(await uow.orders.pending(place.market)) == 1

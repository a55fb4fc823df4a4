"""What admins do: set up word by word, see the numbers first, leave a trace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.chat import plain_text
from engine.state import Status
from scheduler import notices
from storage.records import Market
from tests.bot.harness import ADMIN, CREATE, ChatHarness, button, chat_harness, opened, running


async def market(harness: ChatHarness, number: int = 1) -> Market:
    async with harness.db.reading() as uow:
        found = await uow.markets.get(number)
    assert found is not None
    return found


async def test_a_form_asks_for_what_is_missing_and_keeps_what_was_given(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        before = harness.rows()
        asked = await harness.say(ADMIN, "/admin create Cup z $500 preset fair")
        assert asked.form is not None
        assert asked.form.command == "admin create z=500"
        filled = {field.name: field.value for field in asked.form.fields}
        assert filled == {
            "title": "Cup",
            "outcomes": "",
            "preset": "fair",
            "balance": "$1000",
            "odds": "",
        }
        assert harness.rows() == before
        answer = {**filled, "outcomes": "A, B, C", "balance": "$500", "odds": "50% 25% 25%"}
        made = await harness.say(ADMIN, command=asked.form.command, args=answer)
        assert "Cup is drafted" in plain_text.text(made)
        found = await market(harness)
        assert found.params.z == 500 * 10**6
        assert found.params.band == 10**11
        assert found.params.starting_balance == 500 * 10**6
        assert found.params.odds == (5 * 10**11, 25 * 10**10, 25 * 10**10)


@pytest.mark.parametrize(
    ("line", "title", "names"),
    [
        ('/admin create "World Cup" "Germany", Brazil, Chile', "World Cup", ("Germany", "Brazil", "Chile")),
        ('/admin create Cup "Germany", Brazil', "Cup", ("Germany", "Brazil")),
        ('/admin create "World Cup" "Germany" , "Brazil"', "World Cup", ("Germany", "Brazil")),
        ("/admin create World Cup Germany, Brazil", "World Cup", ("Germany", "Brazil")),
    ],
)
async def test_a_title_ends_before_the_first_outcome_in_quotes_or_not(
    tmp_path: Path, line: str, title: str, names: tuple[str, ...]
) -> None:
    async with chat_harness(tmp_path) as harness:
        assert (await harness.say(ADMIN, line)).ok
        made = await market(harness)
        assert (made.title, made.params.outcome_names) == (title, names)


async def test_only_who_is_still_in_is_offered_for_the_result_and_several_can_be_taken(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin eliminate brazil"), "Confirm")
        await harness.tick()
        for line in ("/admin resolve", "/admin eliminate"):
            form = (await harness.say(ADMIN, line)).form
            assert form is not None
            assert "Brazil" not in [value for value, _ in form.fields[0].suggestions]
            assert "Germany" in [value for value, _ in form.fields[0].suggestions]
            assert form.fields[0].several
        assert "Brazil is out already" in plain_text.text(await harness.say(ADMIN, "/admin resolve brazil"))


async def test_no_form_opens_when_title_and_outcomes_are_given(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        assert (await harness.say(ADMIN, CREATE)).form is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/admin create Cup A, B, C odds 1 1", "2 odds for 3 outcomes"),
        ("/admin create Cup A, B, C odds 98 1 1", "odds lie between 0.02 and 0.95"),
        ("/admin create Cup A, B, C z 0", "A stake of 0"),
        ("/admin create Cup A, B, C preset wild", "not a known preset"),
        ("/admin create Cup A, B, C tick 2d", "tick lies between"),
        ("/admin create Cup A, B, a", "“a” reads like one of the outcomes before it"),
        ("/admin create Cup A, B, C z 0 odds 98 1 1", "4 values need another look"),
    ],
)
async def test_bad_terms_are_refused_with_their_numbers_and_nothing_is_made(
    tmp_path: Path, line: str, words: str
) -> None:
    async with chat_harness(tmp_path) as harness:
        before = harness.rows()
        reply = await harness.say(ADMIN, line)
        assert not reply.ok
        assert words in plain_text.text(reply)
        assert harness.rows() == before


async def test_everything_can_be_set_before_the_start_and_what_the_rules_allow_after(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, CREATE)
        for line, words in (
            ("/admin set title The Cup", "title is now The Cup; it was Cup."),
            ("/admin set balance $500", "balance is now $500; it was $1000."),
            ("/admin set band 10%", "band is now 10%; it was off."),
            ("/admin set kappa 0.00002", "kappa is now 0.00002"),
            ("/admin set outcomes A, B, C, D", "outcomes is now A, B, C, D"),
            ("/admin set odds 4 3 2 1", "odds is now 40.0¢, 30.0¢, 20.0¢, 10.0¢"),
            ("/admin set tick 3s", "tick is now 3s; it was 2s."),
            ("/admin set tick 3s", "tick was 3s already."),
        ):
            assert words in plain_text.text(await harness.say(ADMIN, line)), line
        listed = plain_text.text(await harness.say(ADMIN, "/admin set more"))
        assert "`kappa_start` 0.00002" in listed
        await harness.say(ADMIN, "/admin open")
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")
        await harness.tick()
        assert "l0 stays as it is" in plain_text.text(await harness.say(ADMIN, "/admin set l0 $10"))
        assert "fee 1% → 2%." in plain_text.text(await harness.say(ADMIN, "/admin set fee 2% the crowd asked"))
        await harness.tick()
        assert (await market(harness)).params.fee == 2 * 10**10
        assert (
            "Boss changed the terms: fee 1% → 2%, from here on.\nWhy: the crowd asked."
            in harness.platform.texts("post")[-1]
        )


async def test_a_preview_that_is_out_of_date_is_shown_anew_instead_of_being_carried_out(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        preview = await harness.say(ADMIN, "/admin resolve germany")
        gone = await harness.say(ADMIN, "/admin eliminate brazil")
        await harness.press(ADMIN, gone, "Confirm")
        await harness.tick()
        before = harness.rows()
        again = await harness.press(ADMIN, preview, "Confirm")
        assert "Something changed since the last look" in plain_text.text(again)
        assert harness.rows() == before
        assert "wins with the next tick" in plain_text.text(await harness.press(ADMIN, again, "Confirm"))


async def test_confirming_twice_is_done_once(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        preview = await harness.say(ADMIN, "/admin eliminate brazil 7-1")
        first = await harness.press(ADMIN, preview, "Confirm")
        before = harness.rows()
        assert await harness.press(ADMIN, preview, "Confirm") == first
        assert harness.rows() == before
        await harness.tick()
        assert sum("Brazil is out." in text for text in harness.platform.texts("post")) == 1


async def test_the_timetable_of_a_running_market_can_change_what_has_not_begun(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness, create='/admin create Cup A, B, C, "D E"')
        for line in ("/admin schedule +1h for 5m out 1; +2h for 5m out 1; +3h winner ask",):
            await harness.press(ADMIN, await harness.say(ADMIN, line), "Confirm")
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")
        await harness.tick()
        await harness.tick(70 * 60_000)
        shown = plain_text.text(await harness.say(ADMIN, "/admin schedule"))
        typed = re.search(r"to be otherwise: `/admin schedule (.+)`", shown)
        assert typed is not None
        rounds = typed[1].split("; ")
        early = await harness.say(ADMIN, f"/admin schedule {rounds[0]}; 2014-07-03 07:00 out 1; {rounds[2]}")
        assert not early.ok
        moved = await harness.say(ADMIN, f"/admin schedule +50m out 1; {rounds[1]}; {rounds[2]}")
        assert "Round 1 has begun and stays as it is" in plain_text.text(moved)
        later = rounds[2].replace("winner ask", 'winner "D E"')
        await harness.press(
            ADMIN, await harness.say(ADMIN, f"/admin schedule {rounds[0]}; {rounds[1]}; {later}"), "Confirm"
        )
        await harness.tick()
        assert (await market(harness)).params.rounds[2].winner == 3
        assert "Boss changed the timetable." in harness.platform.texts("post")[-1]


async def test_a_start_can_be_planned_and_the_timetable_counts_from_it(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, CREATE)
        line = "/admin schedule start 2014-07-03 09:40; 2014-07-04 16:00 to 22:05 out 1; +9d for 2h winner"
        await harness.press(ADMIN, await harness.say(ADMIN, line), "Confirm")
        assert "Trading starts by itself 3 July 2014 09:40 UTC" in plain_text.text(
            await harness.say(ADMIN, "/admin open")
        )
        found = await market(harness)
        assert found.planned_start_ms == 1_404_380_400_000
        assert found.params.rounds[0].freeze_at == 1_404_489_600_000 - 1_404_380_400_000
        moved = await harness.say(ADMIN, "/admin open 2014-07-03 10:00")
        assert moved.ok
        found = await market(harness)
        assert found.params.rounds[0].freeze_at == 1_404_489_600_000 - 1_404_381_600_000
        assert found.params.rounds[1].freeze_at == 9 * 86_400_000
        assert not (await harness.say(ADMIN, "/admin open 2014-07-03 01:00")).ok
        late = await harness.say(ADMIN, "/admin open 2014-07-05 10:00")
        assert "Round 1 would freeze 4 July 2014 16:00 UTC, before the start" in plain_text.text(late)


async def test_every_deed_leaves_a_trace(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.say(ADMIN, "/admin freeze red card")
        await harness.tick()
        await harness.say(ADMIN, "/admin set fee 2%")
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin eliminate brazil 7-1"), "Confirm")
        async with harness.db.reading() as uow:
            trail = [(row.action, row.actor, row.reason) for row in await uow.audit.of(1)]
        assert trail == [
            ("eliminate", 1, "7-1"),
            ("set", 1, ""),
            ("freeze", 1, "red card"),
            ("start", 1, ""),
            ("open", 1, ""),
            ("set", 1, ""),
            ("create", 1, ""),
        ]


async def test_a_halted_market_says_so_to_everybody_and_its_admins_can_try_again(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        async with harness.db.writing() as uow:
            found = await uow.markets.get(1)
            assert found is not None
            await uow.markets.halt(1, "theorem: backing 5 short")
            await uow.outbox.add(1, notices.halted(found, "theorem: backing 5 short"), harness.now)
            await uow.commit()
        await harness.announcer.step()
        alarm = harness.platform.texts("tell", ADMIN)[-1]
        assert "is halted: a check failed in tick 2" in alarm
        assert "every balance stands as before it" in alarm
        assert "your money is safe" in plain_text.text(await harness.say("ada", "/buy germany yes 5"))
        assert "Halted: theorem: backing 5 short" in plain_text.text(await harness.say(ADMIN, "/admin monitor"))
        assert (await harness.say(ADMIN, "/admin resume")).ok
        await harness.tick()
        assert (await market(harness)).status is Status.RUNNING
        assert (await harness.say("ada", "/buy germany yes 5")).ok


async def test_a_late_step_is_told_as_late(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin schedule +1h for 5m winner ask"), "Confirm")
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")
        await harness.tick()
        await harness.tick(5 * 3_600_000)
        assert any("was due 4 h" in text and "while I was away" in text for text in harness.platform.texts("post"))


async def test_a_stranger_to_storage_can_be_the_first_admin(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        preview = await harness.say("newcomer", CREATE, admin=True)
        assert preview.ok
        assert button(preview, "Open") == "/admin open"


async def test_a_winner_called_by_a_number_is_the_one_of_that_name(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create="/admin create Goals 0, 1, 2, 3+")
        assert "4" in plain_text.text(await harness.say(ADMIN, "/admin resolve 4"))
        preview = await harness.say(ADMIN, "/admin resolve 1")
        await harness.press(ADMIN, preview, "Confirm")
        await harness.tick()
        async with harness.db.reading() as uow:
            state = await uow.markets.state(await market(harness))
        assert state.winners == (1,)

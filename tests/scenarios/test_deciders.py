"""What an admin does alone, what two do, and how the log has it: asked, waiting, done, refused, approved, lapsed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.chat import plain_text
from engine.state import Status
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness, running
from tests.scenarios.rows import Row, perform
from tests.scenarios.test_decisions import ADMINS, PARTS, known_admin, opened_with_a_window, sound

WAITS = "It holds from the next tick on, and the chat is told then."


async def played(tmp_path: Path, *rows: Row, with_parts: bool = True) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await known_admin(harness, "pat")
        await perform(harness, (*(PARTS if with_parts else ()), *rows), ADMINS)
        await sound(harness)


async def test_changed_terms_are_told_and_logged_with_numbers_who_and_why(tmp_path: Path) -> None:
    await played(
        tmp_path,
        (ADMIN, "/admin set fee 2% the crowd asked", "fee 1% → 2%.", WAITS),
        (ADMIN, "/admin log", "Boss · set: the crowd asked, waits for the next tick", "fee 1% → 2%"),
        (ADMIN, "/admin set fee 2%", "fee was 2% already"),  # as it will be once what waits has run
        (ADMIN, "/admin set fee 3%", "fee 2% → 3%."),
        ("tick", "2s", "Boss changed the terms: fee 1% → 2%, from here on.\nWhy: the crowd asked.", "fee 2% → 3%"),
        (ADMIN, "/admin log", "Boss · set: the crowd asked, done in tick 4", "Boss · set, done in tick 4"),
        (ADMIN, "/admin set tick 5 s slower now", "tick 2s → 5s."),
        (ADMIN, "/admin set mu 2 for fun", "mu_start 1 → 2, mu_end 1 → 2."),
        (ADMIN, "/admin set autofill off please", "autofill on → off."),
        (ADMIN, "/admin set band off", "band was off already"),
        ("tick", "5s", "tick 2s → 5s", "Why: slower now", "mu_start 1 → 2, mu_end 1 → 2", "autofill on → off"),
    )


async def test_what_the_next_tick_would_refuse_is_refused_at_once(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin set fee 9%", "!", "fee lies between 0 and 0.05"),
        (ADMIN, "/admin set fee nine because", "!", "fee needs a number"),
        (ADMIN, "/admin set z $5", "!", "z stays as it is once the market has started"),
        (ADMIN, "/admin set title Other", "!", "title stays as it is once the market has started"),
        (ADMIN, "/admin set preset fair", "!", "preset stays as it is"),
        (ADMIN, "/admin resolve germany", "named the winner"),
        (ADMIN, "press Confirm", "Germany is named the winner"),
        ("tick", "2s", "Is it wrong? Tell an admin"),
        *((ADMIN, line, "!", "did not happen", "a winner is named") for line in (
            "/admin set fee 2%", "/admin set dispute 1h", "/admin freeze", "/admin grant ada $5",
        )),
        (ADMIN, "/admin schedule +20d winner ask", "!", "did not happen", "a winner is named"),
        ("tick", "10m", "Germany wins Cup"),
        *((ADMIN, line, "!", "is over") for line in ("/admin set fee 2%", "/admin grant ada $5", "/admin freeze")),
    )  # fmt: skip
    async with chat_harness(tmp_path) as harness:
        await opened_with_a_window(harness)
        await perform(harness, rows, ADMINS)


@pytest.mark.parametrize(
    "line",
    ["/admin set fee 2%", "/admin freeze", "/admin pause", "/admin eliminate brazil", "/admin grant ada $5",
     "/admin schedule +20d winner ask"],
)  # fmt: skip
async def test_a_halted_market_takes_nothing_that_no_tick_would_do(tmp_path: Path, line: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        async with harness.db.writing() as uow:
            await uow.markets.halt(1, "theorem: backing 5 short")
            await uow.commit()
        await perform(harness, ((ADMIN, line, "!", "is halted: no tick comes that could do it", "/admin resume"),))


async def test_what_a_race_refuses_is_told_to_who_asked_and_reads_so_in_the_log(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened_with_a_window(harness)
        rows: tuple[Row, ...] = (
            (ADMIN, "/admin resolve germany", "named the winner"),
            (ADMIN, "press Confirm", "Germany is named the winner"),
            (ADMIN, "/admin set fee 2% late", "fee 1% → 2%."),
            (ADMIN, "/admin freeze too late", "Trading freezes with the next tick"),
            ("tick", "2s", "Is it wrong? Tell an admin"),
            (
                ADMIN,
                "/admin log",
                "Boss · freeze: too late, refused: a winner is named; /admin correct names another one",
                "Boss · set: late, refused: a winner is named",
                "nothing of it happened",
                "Boss · resolve, done in tick",
            ),
        )
        await perform(harness, rows, ADMINS)
        told = harness.platform.texts("tell", ADMIN)
        assert any(text.startswith("Changing the terms did not happen: a winner is named") for text in told)
        assert (await harness.say(ADMIN, "/admin set")).ok


PROPOSALS: tuple[tuple[Row, ...], ...] = (
    (
        ("mia", "/admin set dispute 1h I hold none", "Proposed as number 1: dispute off → 1h. Nothing happens yet",
         "You have a part in the market (100 Germany YES), so this is not yours alone"),
        ("mia", "/admin set dispute 1h I hold none", "Proposed as number 1"),
        ("mia", "/admin log", "Mia · propose: I hold none, waits: `/admin approve 1`", "change dispute off → 1h"),
        ("mia", "/admin monitor", "Boss and Pat can decide alone; Mia has a part in it and proposes it",
         "1 proposal waits for approval: `/admin approve`"),
        ("tick", "2s"),
        ("told pat", "", "Cup: dispute off → 1h? A proposal waits", "I hold none"),
        ("mia", "/admin approve 1", "!", "your own proposal"),
        ("pat", "/admin approve 1", "The terms would change: dispute off → 1h.", "Proposed by Mia"),
        ("pat", "press Confirm", "dispute off → 1h.", WAITS),
        ("pat", "/admin approve 1", "Approved: dispute off → 1h."),
        (ADMIN, "/admin approve 1", "!", "is approved already"),
        ("tick", "2s", "Pat changed the terms: dispute off → 1h, from here on.\nWhy: I hold none."),
        ("mia", "/admin log", "Mia · propose: I hold none, approved by Pat", "Pat · set: I hold none, done in tick",
         "approved proposal 1 of Mia · dispute off → 1h"),
    ),
    (
        ("mia", "/admin set about Overtime counts.", "This would be written as what decides Cup:",
         "You have a part in it (100 Germany YES), so it is not yours alone"),
        ("mia", "press Confirm", "Proposed as number 1: “Overtime counts.” added to what decides"),
        ("mia", "press Confirm", "Proposed as number 1"),
        ("pat", "/rules", "nothing is written on that here"),
        ("pat", "/admin approve 1", "This would be added to what decides:", "Overtime counts.", "Proposed by Mia"),
        ("pat", "press Confirm", "It is written down with what decides Cup"),
        ("pat", "press Confirm", "Approved: “Overtime counts.” added to what decides"),
        ("tick", "2s", "Pat has written what decides Cup:\nOvertime counts."),
        ("told mia", "", "Overtime counts.", "You have a part in it"),
        ("mia", "/rules", "by Pat:\nOvertime counts."),
        ("mia", "/admin log", "Pat · added to what decides", "approved proposal 1 of Mia"),
    ),
    (
        ("mia", "/admin grant mia $50 for the prize", "Mia would get $50.00"),
        ("mia", "press Confirm", "Proposed as number 1: $50.00 for #", "It is for yourself"),
        ("pat", "/admin approve 1", "Mia would get $50.00", "Proposed by Mia", "for the prize"),
        ("pat", "press Confirm", "Mia gets $50.00 with the next tick"),
        ("tick", "2s"),
        ("told mia", "", "An admin gave you $50.00 in Cup. For the prize."),
        ("mia", "/admin log", "Pat · grant: for the prize, done in tick", "approved proposal 1 of Mia"),
    ),
)  # fmt: skip


@pytest.mark.parametrize("rows", PROPOSALS, ids=["terms", "what decides", "own money"])
async def test_what_an_admin_could_do_to_their_own_profit_is_proposed_and_approved(
    tmp_path: Path, rows: tuple[Row, ...]
) -> None:
    await played(tmp_path, *rows)


async def test_without_a_part_an_admin_changes_terms_alone_and_another_with_one_cannot_approve(tmp_path: Path) -> None:
    await played(
        tmp_path,
        ("pat", "/admin set fee 2%", "fee 1% → 2%."),
        ("tick", "2s", "Pat changed the terms: fee 1% → 2%"),
        ("mia", "/admin set fee 3%", "Proposed as number 1"),
        ("pat", "/join", "Pat"),
        ("tick", "2s"),
        ("pat", "/buy brazil yes 10", "Buy Brazil YES"),
        ("pat", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("pat", "/admin approve 1", "!", "You have a part in this market (10 Brazil YES)"),
        (ADMIN, "/admin approve 1", "The terms would change: fee 2% → 3%."),
    )


async def test_nobody_without_a_name_changes_terms_gives_money_or_adds_to_what_decides(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        before = harness.rows()
        for line in ("/admin set fee 2%", "/admin grant ada $5", "/admin set about Overtime counts."):
            reply = await harness.say("anon", line, admin=True, nameless=True)
            assert "takes an admin with a name" in plain_text.text(reply), line
            assert button(reply, "Under my own name").startswith(line[:10])
        assert harness.rows() == before


async def test_a_proposal_that_lapses_is_told_where_it_was_asked_and_to_who_made_it_and_stands_in_the_log(
    tmp_path: Path,
) -> None:
    rows: tuple[Row, ...] = (
        ("mia", "/admin eliminate brazil 7-1", "Brazil would be out"),
        ("mia", "press Confirm", "Proposed as number 1"),
        ("mia", "/admin set fee 2%", "Proposed as number 2"),
        (ADMIN, "/admin eliminate costa rica", "Costa Rica would be out"),
        (ADMIN, "press Confirm", "goes out"),
        ("tick", "2s", "Costa Rica is out"),
        ("told mia", "", "Cup: proposal 1 has lapsed, Brazil out.", "If you still want it, propose it anew."),
        ("mia", "/admin log", "Mia · propose: 7-1, lapsed: the market moved on first", "waits: `/admin approve 2`"),
        (ADMIN, "/admin approve 1", "!", "Proposal 1 has lapsed"),
        (ADMIN, "/admin void", "called off"),
        (ADMIN, "press Confirm", "called off"),
        ("tick", "2s", "called this market off"),
        ("told mia", "", "Cup: proposal 2 has lapsed, fee 1% → 2%.", "The market is over."),
        ("told pat", "", "Cup: Lapsed: the market moved on before fee 1% → 2% was approved."),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await known_admin(harness, "pat")
        await perform(harness, (*PARTS, *rows), ADMINS)
        async with harness.db.reading() as uow:
            assert (await uow.markets.get_one(1)).status is Status.VOIDED
            assert await uow.approvals.waiting(1) == []
        await sound(harness)


async def test_verify_finds_a_proposal_or_a_text_that_was_changed(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await known_admin(harness, "pat")
        await perform(harness, (*PARTS, *PROPOSALS[1]), ADMINS)
        await sound(harness)
        for change, back in (
            ("update wordings set text = 'Nothing counts.'", "update wordings set text = 'Overtime counts.'"),
            ('update approvals set asked = \'{"text": "x"}\'', None),
        ):
            _changed(harness, change)
            with pytest.raises(AssertionError):
                await sound(harness)
            if back is not None:
                _changed(harness, back)
                await sound(harness)


def _changed(harness: ChatHarness, statement: str) -> None:
    with closing(sqlite3.connect(harness.path)) as connection:
        connection.execute(statement)
        connection.commit()

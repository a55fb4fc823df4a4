"""Several share the win: named by hand, previewed in numbers, paid, told, ranked, verified; never in a timetable."""

from __future__ import annotations

import io
from pathlib import Path

from bot.chat import plain_text
from storage import export
from storage.verify import Verified, verify
from tests.bot.harness import ADMIN, ChatHarness, chat_harness, opened, running
from tests.scenarios.rows import Row, perform


async def _traded(harness: ChatHarness) -> None:
    for who, line in (("ada", "/buy germany yes 100"), ("bob", "/buy germany no 30"), ("bob", "/buy costa no 20")):
        await harness.confirmed(who, line)
    await harness.tick()


async def test_two_share_half_a_dollar_each_and_no_of_theirs_pays_the_other_half(tmp_path: Path) -> None:
    """100 YES of one of two winners pay $50; 30 NO of it $15; 20 NO of the loser $20, in one payout a person."""
    rows: tuple[Row, ...] = (
        (
            ADMIN,
            "/admin resolve germany, brazil level after extra time",
            "Germany and Brazil would share the win",
            "$85.00 would be paid to 2 holders",
        ),
        (ADMIN, "press Confirm", "Germany and Brazil share the win with the next tick"),
        (
            "tick",
            "2s",
            "Germany and Brazil share Cup in a dead heat. Level after extra time.",
            "$85.00 paid to 2 holders",
            "Each YES of theirs paid 1/2 of a dollar, each NO 1/2, NO of every other outcome $1.",
            "🥇",
        ),
        ("told ada", "", "$50.00"),
        ("told bob", "", "$35.00"),
        ("ada", "/board", "Germany", "Brazil", "winner"),
        ("ada", "/admin void", "!"),
        (ADMIN, "/admin void", "!", "Cup is over"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await _traded(harness)
        await perform(harness, rows)
        await _holds_together(harness)
        async with harness.db.reading() as uow:
            market = await uow.markets.get_one(1)
            summary = await export.summary(uow, market, 1)
            out = io.StringIO()
            await export.write_rankings(uow, market, out)
        assert market.winners == (0, 1)
        assert summary["winner"] == "Germany, Brazil"
        assert out.getvalue().count("\n") == 3


async def test_a_claim_of_several_is_corrected_to_one_and_back(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin resolve germany and brazil", "Germany and Brazil would be named to share the win"),
        (ADMIN, "press Confirm", "Germany and Brazil are named to share the win with the next tick"),
        ("tick", "2s", "Germany and Brazil share Cup.", "$85.00 to 2 holders"),
        (ADMIN, "/admin resolve germany", "!"),
        (ADMIN, "/admin correct brazil, germany", "!", "named already"),
        (ADMIN, "/admin correct brazil", "Brazil would be named the winner instead of Germany and Brazil"),
        (ADMIN, "press Confirm", "Brazil is named instead, with the next tick"),
        (
            "tick",
            "2s",
            "Corrected: Brazil wins Cup (named before: Germany and Brazil).",
            "No reason",
            "$50.00 to 1 holder",
        ),
        (
            ADMIN,
            "/admin correct germany, brazil",
            "Germany and Brazil would be named to share the win instead of Brazil",
        ),
        (ADMIN, "press Confirm", "Germany and Brazil are named instead, with the next tick"),
        ("tick", "2s", "Corrected: Germany and Brazil share Cup (named before: Brazil)."),
        ("tick", "10m", "share Cup in a dead heat", "$85.00 paid to 2 holders"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        assert (await harness.say(ADMIN, "/admin set dispute_window 10m")).ok
        await harness.tick()
        await _traded(harness)
        await perform(harness, rows)
        await _holds_together(harness)


async def test_no_timetable_names_several_winners(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        refused = await harness.say(ADMIN, "/admin schedule +1h for 5m winner germany, brazil")
        assert not refused.ok
        assert "named by hand when it has happened" in plain_text.text(refused)


async def _holds_together(harness: ChatHarness) -> None:
    """The books balance, and a check that runs it again finds the same."""
    async with harness.db.reading() as uow:
        assert (await uow.ledger.audit(1)).problems == ()
    assert isinstance((await verify(harness.db, 1))[-1], Verified)

"""A decision that can be put right, and one that cannot: what is said before Confirm, and who hears of a correction."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat.invocation import ChatKind
from tests.bot.harness import ADMIN, ChatHarness, chat_harness, running
from tests.scenarios.rows import Row, perform
from tests.scenarios.test_decisions import ADMINS, PARTS, known_admin, opened_with_a_window

FINAL: tuple[Row, ...] = (
    (
        ADMIN,
        "/admin eliminate brazil",
        "This is final: it cannot be corrected, only called off with the whole market",
        "Prices may move",
    ),
    (ADMIN, "press Confirm", "Everybody is told and paid then. It is final."),
    ("tick", "2s", "Brazil is out"),
    (ADMIN, "/admin correct brazil", "!", "nothing is claimed that could be corrected", "final"),
    (
        ADMIN,
        "/admin resolve germany",
        "This is final: everybody is paid at once, and it can be neither corrected nor called off",
        "`/admin set dispute 10m` before it leaves ten minutes",
    ),
    ("mia", "/admin resolve germany", "This is final", "You have a part in it"),
    (ADMIN, "press Confirm", "Everybody is told and paid then. It is final."),
    ("tick", "2s", "Germany wins Cup"),
    (ADMIN, "/admin correct germany", "!", "Cup is over"),
    (ADMIN, "/admin void", "!", "Cup is over"),
)


async def test_without_a_window_confirm_says_that_it_is_final_and_it_is(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, (*PARTS, *FINAL), ADMINS)


async def test_the_window_that_is_suggested_can_be_sent_and_is_what_the_next_look_says(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin resolve germany", "/admin set dispute 10m"),
        (ADMIN, "/admin set dispute 10m", "dispute off → 10m."),
        ("tick", "2s"),
        (ADMIN, "/admin resolve germany", "It can be corrected for 10 min from then: until 3 July 2014 06:56"),
        (ADMIN, "press Confirm", "name another with `/admin correct` before 3 July 2014 06:56"),
        (ADMIN, "press Confirm", "name another with `/admin correct` before 3 July 2014 06:56"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, rows, ADMINS)


CORRECTED: tuple[Row, ...] = (
    (ADMIN, "/admin resolve germany 1-0", "Germany would be named the winner"),
    (ADMIN, "press Confirm", "Germany is named the winner"),
    ("tick", "2s", "Germany wins Cup. 1-0."),
    (ADMIN, "/admin correct brazil", "Brazil would be named the winner instead of Germany"),
    (ADMIN, "press Confirm", "Brazil is named instead"),
    ("tick", "2s", "Corrected: Brazil wins Cup (named before: Germany). No reason was given.", "paid"),
    (ADMIN, "/admin correct germany the goal counts", "Germany would be named the winner instead of Brazil"),
    (ADMIN, "press Confirm", "Germany is named instead"),
    ("tick", "2s", "Corrected: Germany wins Cup (named before: Brazil). The goal counts."),
    (ADMIN, "/admin correct brazil offside", "Brazil would be named the winner instead of Germany"),
    (ADMIN, "press Confirm", "Brazil is named instead"),
    ("tick", "2s", "Corrected: Brazil wins Cup (named before: Germany). Offside."),
    ("tick", "10m", "Brazil wins Cup. Corrected: Offside."),
)


async def test_a_correction_reaches_everybody_whom_the_claim_reached_with_its_own_reason(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened_with_a_window(harness)
        await also_in(harness, "lounge")
        for who in ("ada", "zoe"):  # a member, and somebody who only watches
            assert (await harness.say(who, "/settings pings resolution on")).ok
        await perform(harness, CORRECTED, ADMINS)
        heads = [text.splitlines()[0] for text in harness.platform.texts("post", "lounge")]
        named = [head for head in heads if "wins Cup" in head]
        assert named == [
            "Germany wins Cup. 1-0.",
            "Corrected: Brazil wins Cup (named before: Germany). No reason was given.",
            "Corrected: Germany wins Cup (named before: Brazil). The goal counts.",
            "Corrected: Brazil wins Cup (named before: Germany). Offside.",
            "Brazil wins Cup. Corrected: Offside.",
        ]
        for who in ("ada", "zoe"):
            pings = [text.splitlines()[0] for text in harness.platform.texts("tell", who) if "wins Cup" in text]
            assert pings == named
        posts = [reply for how, _, _, reply in harness.platform.sent if how == "post"]
        mentioned = [
            reply.ping for reply in posts if "wins Cup" in str(reply.head[0]) or "Corrected" in str(reply.head)
        ]
        assert set(mentioned) <= {"resolution"}


async def also_in(harness: ChatHarness, chat: str) -> None:
    """The market is told of in another chat too."""
    async with harness.db.writing() as uow:
        other = await uow.chats.open("room", chat, ChatKind.ROOM.value, chat.title(), harness.now)
        await uow.markets.lock(1)
        await uow.chats.connect(1, other.id)
        await uow.commit()


@pytest.mark.parametrize("approved", [True, False], ids=["in-time", "too-late"])
async def test_a_proposed_correction_says_until_when_it_can_be_approved(tmp_path: Path, approved: bool) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin resolve germany", "named the winner"),
        (ADMIN, "press Confirm", "named the winner with the next tick"),
        ("tick", "2s", "Winnings are frozen"),
        ("mia", "/admin correct brazil", "instead of Germany", "It has to be approved before 3 July 2014"),
        ("mia", "press Confirm", "Proposed as number 1", "It has to be approved before 3 July 2014"),
        ("tick", "2s"),
        ("told pat", "", "Brazil named instead?", "It has to be approved before 3 July 2014 06:57"),
    )
    in_time: tuple[Row, ...] = (
        ("tick", "9m"),
        ("pat", "/admin approve 1", "instead of Germany", "can be corrected for 10 min from then"),
        ("pat", "press Confirm", "Brazil is named instead"),
        ("tick", "2s", "Corrected: Brazil wins Cup (named before: Germany)"),
        ("tick", "10m", "Brazil wins Cup"),
    )
    too_late: tuple[Row, ...] = (
        ("tick", "10m", "Germany wins Cup"),
        ("pat", "/admin approve 1", "!", "Cup is over"),
    )
    async with chat_harness(tmp_path) as harness:
        await opened_with_a_window(harness)
        await known_admin(harness, "pat")
        await perform(harness, (*PARTS, *rows, *(in_time if approved else too_late)), ADMINS)

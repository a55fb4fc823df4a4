"""Who is out of a round is declared first, can be corrected, and is paid when the window has passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.harness import ADMIN, chat_harness, running
from tests.scenarios.rows import Row, perform
from tests.scenarios.test_decisions import ADMINS, PARTS, known_admin, sound

CREATE = '/admin create Cup Germany, Brazil, "Costa Rica", Chile odds "40 30 20 10"'

WITH_WINDOW: tuple[Row, ...] = (
    (ADMIN, "/admin set round_window 25h", "!", "round"),
    (ADMIN, "/admin set round_window 10m", "10m"),
    ("tick", "2s"),
    ("ada", "/rules", "Who is out of a round is named first and paid for 10 min later"),
    ("ada", "/buy brazil no 100", "Buy Brazil NO"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("bob", "/buy germany no 40", "Buy Germany NO"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
)

DECLARED: tuple[Row, ...] = (
    (
        ADMIN,
        "/admin eliminate brazil 7-1",
        "Brazil would be declared out.",
        "$100.00 would be paid to 1 holder of NO, 10 min later; nobody is paid before",
        "Trading freezes with it until then, and no price moves",
        "What Brazil leaves goes to the three still in",
        "It can be corrected for 10 min from then: until 3 July 2014",
        "after that it is final",
    ),
    (
        ADMIN,
        "press Confirm",
        "Brazil is declared out with the next tick",
        "paid 10 min later, and nothing trades before",
        "name another with `/admin correct` before 3 July 2014",
    ),
    (
        "tick",
        "2s",
        "Brazil is declared out. 7-1.",
        "$100.00 goes to 1 holder of NO 3 July 2014",
        "Nobody is paid before",
        "Trading is frozen until then, and no price moves",
        "Is it wrong? Tell an admin before then.",
    ),
    ("ada", "/board", "Cup: Brazil is declared out, and not paid yet.", "The elimination is paid", "declared out"),
    (ADMIN, "/admin monitor", "Cup: Frozen", "The elimination is paid"),
    ("ada", "/buy germany yes 1", "!", "Who is out is named; trading is frozen until it is paid", "is paid"),
)

REFUSED: tuple[Row, ...] = (
    (ADMIN, "/admin eliminate chile", "!", "who is out waits to be paid", "/admin correct"),
    (ADMIN, "/admin resolve germany", "!", "who is out waits to be paid"),
    (ADMIN, "/admin resume", "!", "who is out waits to be paid"),
    (ADMIN, "/admin pause", "!", "who is out waits to be paid"),
    (ADMIN, "/admin freeze", "!", "who is out waits to be paid"),
    (ADMIN, "/admin correct brazil", "!", "just that is named already"),
    (ADMIN, "/admin correct brazil, germany, chile", "!", "at least two must stay in"),
    ("ada", "/admin correct germany", "!", "for this chat's admins"),
)

CORRECTED: tuple[Row, ...] = (
    ("tick", "5m"),
    (
        ADMIN,
        "/admin correct germany the scorers had it wrong",
        "Germany would be declared out instead of Brazil",
        "$40.00 would be paid to 1 holder of NO, 10 min from then",
        "Nobody has been paid for Brazil",
        "What Germany leaves goes to the three still in",
        "It can be corrected for 10 min from then",
    ),
    (ADMIN, "press Confirm", "Germany is named instead, with the next tick", "paid 10 min later"),
    (
        "tick",
        "2s",
        "Corrected: Germany is declared out (named before: Brazil). The scorers had it wrong.",
        "Nobody was paid for Brazil",
        "$40.00 goes to 1 holder of NO",
    ),
    ("tick", "9m"),
    ("bob", "/board", "Cup: Germany is declared out, and not paid yet."),
)

PAID: tuple[Row, ...] = (
    (
        "tick",
        "1m",
        "Germany is out. Corrected: The scorers had it wrong.",
        "$40.00 paid to 1 holder of NO",
        "Trading is open again",
    ),
    ("told bob", "", "You are paid $40.00"),
    ("ada", "/buy brazil yes 1", "Buy Brazil YES"),
    (ADMIN, "/admin correct brazil", "!", "nothing is claimed that could be corrected"),
)


async def test_a_round_is_declared_corrected_and_paid_once(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=CREATE)
        assert (await harness.say("zoe", "/settings pings elimination on")).ok
        await perform(harness, (*WITH_WINDOW, *DECLARED, *REFUSED, *CORRECTED, *PAID), ADMINS)
        pings = [text.splitlines()[0] for text in harness.platform.texts("tell", "zoe")]
        assert pings == [
            "Brazil is declared out. 7-1.",
            "Corrected: Germany is declared out (named before: Brazil). The scorers had it wrong.",
            "Germany is out. Corrected: The scorers had it wrong.",
        ]
        await sound(harness)


async def test_a_market_whose_round_is_declared_can_be_called_off(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin void", "The whole market would be called off"),
        (ADMIN, "press Confirm", "called off with the next tick"),
        ("tick", "2s", "Boss has called this market off"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=CREATE)
        await perform(harness, (*WITH_WINDOW, *DECLARED, *rows), ADMINS)
        await sound(harness)


async def test_what_a_round_asked_for_is_declared_too_and_takes_as_many_as_it_asked_for(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin schedule +30m for 10m out 2; +60m for 10m winner ask", "Nothing has changed yet"),
        (ADMIN, "press Confirm", "The timetable is set"),
        ("tick", "2s"),
        ("tick", "45m"),
        ("mia", "/admin eliminate brazil, chile", "Brazil and Chile would be declared out", "Trading stays shut"),
        ("mia", "press Confirm", "Brazil and Chile are declared out with the next tick"),
        ("tick", "2s", "Brazil and Chile are declared out."),
        ("ada", "/board", "Brazil, Chile are declared out", "Round 1 is paid"),
        (ADMIN, "/admin correct brazil", "!", "takes exactly two"),
        (ADMIN, "/admin correct brazil and germany", "Germany would be declared out instead of Brazil and Chile"),
        (ADMIN, "press Confirm", "Brazil and Germany are named instead"),
        ("tick", "2s", "Corrected: Brazil and Germany are declared out (named before: Brazil and Chile). No reason"),
        ("tick", "10m", "Brazil and Germany are out.", "paid to 2 holders of NO"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=CREATE)
        await perform(harness, (*PARTS, *WITH_WINDOW, *rows), ADMINS)
        await sound(harness)


@pytest.mark.parametrize("line", ["/admin eliminate brazil", "/admin correct chile"])
async def test_an_admin_with_a_part_declares_and_corrects_with_a_second_one(tmp_path: Path, line: str) -> None:
    declared: tuple[Row, ...] = (
        (ADMIN, "/admin eliminate brazil", "declared out"),
        (ADMIN, "press Confirm", "declared out with the next tick"),
        ("tick", "2s", "Brazil is declared out."),
    )
    correcting = "correct" in line
    rows: tuple[Row, ...] = (
        ("mia", line, "would be declared out", "You have a part in it (100 Germany YES)"),
        ("mia", "press Confirm", "Proposed as number 1", "has to be approved before" if correcting else ""),
        ("tick", "2s"),
        ("told pat", "", "Chile named instead?" if correcting else "Brazil out?", "A proposal waits"),
        ("pat", "/admin approve 1", "would be declared out", "Proposed by Mia", "can be corrected for 10 min"),
        ("pat", "press Confirm", "with the next tick", "paid 10 min later"),
        ("tick", "2s", "declared out"),
        ("tick", "10m", "Chile is out" if correcting else "Brazil is out"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=CREATE)
        await known_admin(harness, "pat")
        await perform(harness, (*PARTS, *WITH_WINDOW, *(declared if correcting else ()), *rows), ADMINS)
        await sound(harness)

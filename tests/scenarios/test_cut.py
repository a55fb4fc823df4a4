"""A market cut back to the moment when the result was known: before Confirm, for everybody concerned, and after."""

from __future__ import annotations

from pathlib import Path

from tests.bot.harness import ADMIN, chat_harness, running
from tests.scenarios.rows import Row, perform
from tests.scenarios.test_decisions import ADMINS

# The market starts at 06:46:47 on 3 July 2014. The result is known at 06:50; ada traded before, bob after it.
TRADED: tuple[Row, ...] = (
    ("ada", "/buy brazil yes 40", "Buy Brazil YES"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("ada", "/sell brazil yes 10 limit 45c", "10 wait in the book"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "5m"),
    ("bob", "/buy brazil yes 100", "Buy Brazil YES"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
)

PREVIEWED: tuple[Row, ...] = (
    ("ada", "/admin cut 06:50 the goal was known", "!", "for this chat's admins"),
    (ADMIN, "/admin cut 06:50 the goal was known", "!", "Cutting did not happen: trading is open; /admin freeze"),
    (ADMIN, "/admin freeze", "freezes"),
    ("tick", "2s", "Trading is frozen"),
    (ADMIN, "/admin cut tomorrow 06:50 the goal was known", "!", "still to come"),
    (ADMIN, "/admin cut 06:40 the goal was known", "!", "before trading began"),
    (ADMIN, "/admin cut 3s ago the goal was known", "!", "there is nothing to undo"),
    (
        ADMIN,
        "/admin cut 06:50 the goal was known",
        "Back to 3 July 2014 06:50 UTC: 1 order of 1 person would be undone.",
        "The reason, as everybody is told it: The goal was known.",
        "Trades since then: ",
    ),
)


async def test_what_a_cut_would_come_to_is_shown_in_numbers(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, (*TRADED, *PREVIEWED), ADMINS)
        print(harness)

"""Markets at their edges, as tables: who comes late, who only watches, nobody trades, everybody is level, two are left,
called off half way."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from tests.bot.harness import ADMIN, chat_harness
from tests.scenarios.rows import SET_UP, Row, perform

START: tuple[Row, ...] = (
    (ADMIN, '/admin create Cup A, B, C, D odds "40 30 20 10"', "Cup is drafted"),
    (ADMIN, "/admin set gas $0.01", "gas is now"),
    (ADMIN, "/admin schedule +10m for 5m out 1; +30m for 5m out 1; +1h for 5m winner ask", "Nothing has changed yet"),
    (ADMIN, "press Confirm", "The timetable is set"),
    (ADMIN, "/admin open", "open to join"),
    ("ada", "/join", "Welcome, Ada"),
    ("bob", "/join", "Welcome, Bob"),
    (ADMIN, "/admin start", "2 people"),
    (ADMIN, "press Confirm", "begins with the next tick"),
    ("tick", "2s", "open for trading"),
)
ROUND_1: tuple[Row, ...] = (
    ("tick", "10m", "Trading is frozen: round 1"),
    ("tick", "5m"),
    (ADMIN, "/admin eliminate d", "D would be out"),
    (ADMIN, "press Confirm", "goes out with the next tick"),
    ("tick", "2s", "D is out."),
)
ROUND_2: tuple[Row, ...] = (
    ("tick", "20m", "Trading is frozen: round 2"),
    ("tick", "5m"),
    (ADMIN, "/admin eliminate c", "C would be out"),
    (ADMIN, "press Confirm", "goes out with the next tick"),
    ("tick", "2s", "C is out."),
)
FINAL: tuple[Row, ...] = (("tick", "30m", "Trading has closed"), ("tick", "5m"))
A_WINS: tuple[Row, ...] = (
    (ADMIN, "/admin resolve a", "A would win"),
    (ADMIN, "press Confirm", "A wins with the next tick"),
)

LATE: tuple[Row, ...] = (
    ("zoe", "/buy a yes 5", "!", "no account in this market yet", "/join"),
    ("zoe", "/join Ada", "Welcome, Ada 2: $1,000.00"),  # a taken name is numbered, not refused
    ("zoe", "/buy a yes 5", "Buy A YES"),
    ("zoe", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("told zoe", "", "Filled: 5 A YES"),
    ("tick", "10m", "Trading is frozen: round 1"),
    ("yan", "/join", "Welcome, Yan: $1,000.00", "Trading is frozen just now"),
    ("yan", "/buy a yes 5", "!", "while a round is decided"),
    ("tick", "5m"),
    (ADMIN, "/admin eliminate d", "D would be out"),
    (ADMIN, "press Confirm", "goes out with the next tick"),
    ("tick", "2s", "D is out."),
    ("yan", "/join", "You are in, as Yan, with $1,000.00"),
    ("yan", "/buy d yes 5", "!", "D is out"),
    *ROUND_2,
    *FINAL,
    ("wen", "/join", "!", "nobody can join any more", "/board"),
    ("wen", "/board", "A leads at", "out in round 1"),
    ("wen", "/balance", "!", "no account"),
    *A_WINS,
    ("tick", "2s", "A wins Cup."),
    ("wen", "/join", "!"),
    ("wen", "/leaderboard", "Ada 2 won with"),
)

SPECTATOR: tuple[Row, ...] = (
    ("eve", "/settings", "Slippage"),
    ("eve", "/privacy", "Nothing is stored"),
    ("eve", "/board", "A leads at 40.0¢"),
    ("eve", "/book a", "Nobody waits in the book"),
    ("eve", "/depth a", "$1,000 of A YES"),
    ("eve", "/chart a", "A YES stands at"),
    ("eve", "/leaderboard", "Nobody has traded yet; everybody is level"),
    ("eve", "/tape", "Nothing has been traded yet"),
    ("eve", "/rules", "play money"),
    ("eve", "/help", "Looking on"),
    ("eve", "/markets", "no market yet", "/join"),
    ("eve", "/verify", "Everything adds up"),
    ("eve", "/quote a yes 10", "Buy A YES"),
    *(
        ("eve", line, "!", "no account in this market yet", "/join")
        for line in (
            "/balance",
            "/positions",
            "/orders",
            "/trades",
            "/cancel all",
            "/buy a yes 5",
            "/sell a yes 5",
            "/buy",
        )
    ),
    *(
        ("eve", line, "!", "for this chat's admins")
        for line in ("/admin monitor", "/admin void", "/admin grant eve $5000", "/admin log", "/admin export ledger")
    ),
    ("eve", "/forget", "Forget you"),
    ("eve", "press Confirm", "You are forgotten"),
    ("eve", "/privacy", "Nothing is stored"),
)

NOBODY: tuple[Row, ...] = (
    *ROUND_1,
    *ROUND_2,
    *FINAL,
    (ADMIN, "/admin resolve a", "Nobody holds a token that would be right"),
    (ADMIN, "press Confirm", "A wins with the next tick"),
    ("tick", "2s", "A wins Cup.", "Nobody held a token that was right", "nobody stands on the podium"),
    ("ada", "/leaderboard", "Nobody traded, so nobody won"),
    ("ada", "/trades", "You have not traded yet"),
    ("ada", "/positions", "you ended with $1,000.00"),
    (ADMIN, "/admin export trades", "0 rows"),
    (ADMIN, "/admin season", "No season"),
)

LEVEL: tuple[Row, ...] = (
    ("ada", "/buy a yes 10 limit 40c", "Buy A YES"),
    ("ada", "press Confirm", "Sent."),
    ("bob", "/buy a no 10 limit 60c", "Buy A NO"),
    ("bob", "press Confirm", "Sent."),
    ("cyd", "/join", "Welcome, Cyd"),
    ("tick", "2s"),
    ("ada", "/leaderboard", "Name"),
    (ADMIN, "/admin void", "called off"),
    (ADMIN, "press Confirm", "called off with the next tick"),
    ("tick", "2s", "Boss has called this market off"),
    ("ada", "/leaderboard", "This market was called off; nobody won.", "nobody has a place"),
    ("ada", "/balance", "You have $1,000.00 to spend"),
)

TWO_LEFT: tuple[Row, ...] = (
    ("ada", "/buy a yes $50", "Buy A YES"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    (ADMIN, "/admin eliminate b, c, d", "!", "at least two must stay in"),
    (ADMIN, "/admin eliminate c, d", "C and D would be out"),
    (ADMIN, "press Confirm", "go out with the next tick"),
    ("tick", "2s", "C and D are out.", "All YES together still cost"),
    (ADMIN, "/admin eliminate b", "!", "at least two must stay in", "/admin resolve"),
    (ADMIN, "/admin resolve c", "!", "out already"),
    ("ada", "/buy c yes 5", "!", "C is out"),
    (ADMIN, "/admin resolve b", "B would win"),
    (ADMIN, "press Confirm", "B wins with the next tick"),
    ("tick", "2s", "B wins Cup.", "1st Ada $949.99", "Nobody ended with more"),
    ("bob", "/leaderboard", "Nobody gained: Ada lost least, −5%", "1 person who did not trade has no place"),
    ("ada", "/sell a yes all", "!", "This market is over"),
)

VOID_LATE: tuple[Row, ...] = (
    ("ada", "/buy a yes 100", "Buy A YES"),
    ("ada", "press Confirm", "Sent."),
    ("bob", "/buy d no 50", "Buy D NO"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    *ROUND_1,
    ("told bob", "", "You are paid $50.00"),
    ("bob", "/buy c yes 30", "Buy C YES"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("ada", "/sell a yes 40", "Sell A YES"),
    ("ada", "press Confirm", "Sent."),
    ("ada", "/buy b yes 5 limit 1c", "Buy B YES"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    (ADMIN, "/admin void rained off", "as if the market had never been"),
    (ADMIN, "press Confirm", "called off with the next tick"),
    ("tick", "2s", "Boss has called this market off", "Rained off"),
    ("ada", "/balance", "You have $1,000.00 to spend"),
    ("bob", "/balance", "You have $1,000.00 to spend"),
    ("ada", "/leaderboard", "This market was called off; nobody won.", "nobody has a place"),
    ("ada", "/orders", "No order of yours waits"),
    (ADMIN, "/admin void", "!", "Cup is over"),
    (ADMIN, "/admin correct a", "!"),
    ("bob", "/positions", "you ended with $1,000.00"),
)


@pytest.mark.parametrize(
    "rows",
    [LATE, SPECTATOR, NOBODY, LEVEL, TWO_LEFT, VOID_LATE],
    ids=["late", "spectator", "nobody traded", "level", "two left", "void after an elimination"],
)
async def test_a_market_at_its_edges(tmp_path: Path, rows: tuple[Row, ...]) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, START)
        await perform(harness, rows)
        async with harness.db.reading() as uow:
            audit = await uow.ledger.audit(1)
            assert audit.ok


async def test_equals_share_a_step_and_the_first_place(tmp_path: Path) -> None:
    """Two who did the same by the same tick: one step on the podium, and nobody is said to have won alone."""
    rows: tuple[Row, ...] = (
        ("ada", "/buy a yes 10 limit 40c", "Buy A YES"),
        ("ada", "press Confirm", "Sent."),
        ("bob", "/buy a yes 10 limit 40c", "Buy A YES"),
        ("bob", "press Confirm", "Sent."),
        ("cyd", "/join", "Welcome"),
        ("tick", "2s"),
        ("cyd", "/buy a no $40", "Buy A NO"),
        ("cyd", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("ada", "/leaderboard", "Ada and Bob have lost least", "1st=  Ada", "1st=  Bob", "3rd  Cyd"),
        *A_WINS,
        ("tick", "2s", "🥇 Ada", "🥇 Bob", "shared"),
        ("cyd", "/leaderboard", "Ada and Bob won with"),
    )
    async with chat_harness(tmp_path) as harness:
        await perform(harness, START)
        await perform(harness, rows)


async def test_a_countdown_ends_with_what_it_counted_to_where_it_stands(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await harness.tick(26 * 60_000)
        posted = [(ref, plain_text.text(reply)) for how, _, ref, reply in harness.platform.sent if how == "post"]
        counting = [ref for ref, text in posted if "Round 1 freezes" in text]
        assert len(counting) == 1
        await harness.tick(5 * 60_000)
        edited = {ref: plain_text.text(reply) for how, _, ref, reply in harness.platform.sent if how == "edit"}
        assert "Round 1 froze 3 July 2014" in edited[counting[0]]
        assert "Trading is frozen: round 1 is being decided" in "\n".join(harness.platform.texts("post")[-3:])


async def test_a_freeze_nobody_counted_down_to_is_told_once(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await harness.tick(31 * 60_000)
        assert not any("froze " in text for how in ("post", "edit") for text in harness.platform.texts(how))

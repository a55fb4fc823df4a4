"""A whole market as a table, from its draft to its podium."""

from __future__ import annotations

from pathlib import Path

from tests.bot.harness import ADMIN, chat_harness
from tests.scenarios.rows import SET_UP, Row, perform

TRADE: tuple[Row, ...] = (
    (
        "ada",
        "/buy germany yes 100",
        "Buy Germany YES: spend about $51.26, get $100.00 if Germany wins.",
        "at worst $53.04",
    ),
    ("bob", "press Confirm of ada", "!", "That ticket is not yours"),
    ("ada", "press Confirm", "Sent. Buying 100 Germany YES for at most $53.04"),
    ("ada", "press Confirm", "Sent. Buying 100 Germany YES for at most $53.04"),
    ("tick", "2s"),
    ("told ada", "", "Filled: 100 Germany YES for $51.26", "You now hold 100"),
    ("ada", "/balance", "You have $948.74 to spend"),
    ("ada", "press Confirm", "Filled: 100 Germany YES for $51.26"),
    ("bob", "/buy costa rica no $200", "Buy Costa Rica NO: spend about $200.00 and $0.01 gas"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s", "Big trade"),
    ("told bob", "", "Filled: ", "Costa Rica NO"),
    ("bob", "/buy costa rica no $200", "Buy"),
    ("bob", "press Cancel", "Cancelled: nothing was ordered"),
    ("bob", "/sell germany yes all", "!", "You hold no Germany YES", "You hold 24", "Costa Rica NO"),
    ("ada", "/sell germany yes 150", "!", "You hold 100 Germany YES, not 150", "/sell germany yes all"),
    ("ada", "/sell germany yes half", "Sell Germany YES: get about $25"),
    ("ada", "press Confirm", "Selling 50 Germany YES for at least"),
    ("tick", "2s"),
    ("told ada", "", "Filled: sold 50 Germany YES", "You now hold 50"),
    ("ada", "/positions", "Germany YES"),
    ("eve", "/quote germany yes 10", "Nothing is ordered"),
    ("eve", "/tape", "Last trade: 50 Germany YES"),
)

ROUND: tuple[Row, ...] = (
    ("bob", "/buy brazil yes 10", "Buy Brazil YES"),
    (ADMIN, "/admin freeze goal check", "freezes with the next tick"),
    ("tick", "2s", "Trading is frozen by an admin"),
    ("bob", "press Confirm", "!", "Trading is frozen by an admin", "Nothing was ordered or charged"),
    ("ada", "/buy germany yes 1", "!", "Trading is frozen by an admin"),
    (ADMIN, "/admin freeze", "!", "trading is frozen already"),
    (ADMIN, "/admin resume", "goes on with the next tick"),
    ("tick", "2s", "Trading is open again"),
    ("bob", "/ticket confirm 5", "Sent."),
    ("tick", "25m", "Round 1 freezes"),
    ("tick", "5m", "Trading is frozen: round 1 is being decided", "The result is due"),
    ("ada", "/buy germany yes 1", "!", "while a round is decided", "Round 1 is decided"),
    (ADMIN, "/admin resume", "!", "a round is being decided"),
    ("tick", "10m"),
    ("told boss", "", "who is out in round 1? Name one", "/admin eliminate"),
    ("ada", "/buy germany yes 1", "!", "until an admin names the round's result"),
    (ADMIN, "/admin eliminate brazil, costa rica", "!", "this takes exactly one"),
    (ADMIN, "/admin eliminate brazil 7-1", "Brazil would be out", "Nobody holds NO", "final: it cannot be corrected"),
    (ADMIN, "press Confirm", "Brazil goes out with the next tick"),
    (ADMIN, "press Confirm", "Brazil goes out with the next tick"),
    ("tick", "2s", "Brazil is out. 7-1.", "goes to the two still in: Germany", "→", "All YES together", "open again"),
    ("ada", "/buy brazil yes 1", "!", "Brazil is out and no longer traded; still in: Germany and Costa Rica"),
)

END: tuple[Row, ...] = (
    (ADMIN, "/admin eliminate germany", "!", "at least two must stay in"),
    ("tick", "15m", "The final freezes"),
    ("tick", "10m", "Trading has closed: the final is being decided"),
    ("zoe", "/join", "!", "nobody can join any more"),
    ("tick", "5m"),
    ("told boss", "", "who has won the final?", "/admin resolve"),
    (ADMIN, "/admin eliminate germany", "!", "name its winner with /admin resolve"),
    (ADMIN, "/admin resolve germany 1-0", "Germany would win", "$294.16 would be paid to 2 holders"),
    (ADMIN, "press Confirm", "Germany wins with the next tick"),
    ("tick", "2s", "Germany wins Cup. 1-0", "🥇", "🥈", "[Leaderboard]"),
    ("told ada", "", "You are paid $50.00"),
    ("ada", "/buy germany yes 1", "!", "This market is over"),
    ("ada", "/positions", "This market is over; you ended with"),
    ("ada", "/leaderboard", "won with"),
    (ADMIN, "/admin freeze", "!", "Cup is over"),
    (ADMIN, "/admin set fee 1%", "!", "is over"),
    (ADMIN, '/admin create "Next Cup" A, B, C', "Next Cup is drafted"),
    ("ada", "/leaderboard", "won with"),
    (ADMIN, "/leaderboard", "won with"),
    ("ada", "/positions", "This market is over; you ended with"),
    ("ada", "/trades", "Germany YES"),
    ("zoe", "/board", "Cup"),
    ("zoe", "/buyy a", "!", "did you mean /buy"),
    ("zoe", "/alarm 2 30c", "!", "There is no command “/alarm”", "/help"),
    (ADMIN, "/admin open yesterday 20:00", "!", "“yesterday 20:00” has passed"),
    (ADMIN, "/admin open +1h", "!", "say in 1h", "/admin open in 1h"),
    (ADMIN, "/admin open now", "!", "A planned start lies ahead", "/admin start"),
    (ADMIN, "/admin schedule", "Next Cup"),
)


async def test_a_market_lives_from_draft_to_podium(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await perform(harness, TRADE)
        await perform(harness, ROUND)
        await perform(harness, END)
        async with harness.db.reading() as uow:
            assert (await uow.ledger.audit(1)).ok

"""Whole markets as tables: who says what, and what must be in the answer or in the chat.

A row is (who, line, words...). `!` before the words: the answer is a refusal, and nothing may have changed. Who `tick`
lets time pass (the line is how much) and looks at what the room was posted; `told NAME` looks at what she alone was
told last. A line `press LABEL` presses that button of the last answer.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.reply import Reply
from bot.grammar.times import span_ms
from tests.bot.harness import BOSS, Play, button, town

Row = tuple[str, ...]

SET_UP: tuple[Row, ...] = (
    ("ada", "/board", "!", "no market in this chat", "/admin create"),
    ("ada", "/join", "!", "no market in this chat"),
    ("ada", "/admin create", "!", "for this chat's admins"),
    (BOSS, "/admin create Cup Germany, Brazil", "!", "3 to 10 outcomes"),
    (BOSS, '/admin create Cup Germany, Brazil, "Costa Rica" odds "50 30 20"', "Cup is drafted", "Germany 50.0¢"),
    (BOSS, "/admin create Cup2 A, B, C", "!", "has a market already: Cup"),
    ("ada", "/board", "!", "no market in this chat"),
    (BOSS, "/admin set gas $0.01", "gas is now $0.01; it was $0"),
    (BOSS, "/admin set fee 6%", "!", "fee lies between 0 and 0.05"),
    (BOSS, "/admin start now", "!", "could not place “now”"),
    (BOSS, "/admin schedule +30m to +40m out 2 ; +1h for 5m winner ask", "!", "Round 1 leaves 1 in"),
    (BOSS, "/admin schedule +30m for 10m out 1; +1h for 5m winner ask", "Nothing has changed yet", "Round 1"),
    (BOSS, "press Confirm", "The timetable is set", "+30m to +40m out 1; +1h to +1h5m winner ask"),
    ("ada", "/join", "!", "no market in this chat"),
    (BOSS, "/admin open", "Cup is open to join"),
    ("tick", "1s", "the doors are open", "Germany, Brazil and Costa Rica"),
    ("ada", "/join", "Welcome, Ada: $1,000.00"),
    ("bob", "/join Bob the Great", "Welcome, Bob the Great"),
    ("ada", "/buy germany yes 100", "!", "Trading has not started yet"),
    ("eve", "/positions", "!", "no account in this market yet", "/join"),
    (BOSS, "/admin start", "2 people would get $1,000.00 each", "stakes $10,000"),
    ("ada", "press Confirm", "!", "for this chat's admins"),
    (BOSS, "press Confirm", "begins with the next tick"),
    ("tick", "2s", "Cup is open for trading", "2 people start"),
)

TRADE: tuple[Row, ...] = (
    (
        "ada",
        "/buy germany yes 100",
        "Buy Germany YES: spend about $51.26, get $100.00 if Germany wins.",
        "at worst $53.04",
    ),
    ("bob", "press Confirm", "!", "That ticket is not yours"),
    ("ada", "press Confirm", "Sent. Buying 100 Germany YES for at most $53.04"),
    ("ada", "press Confirm", "Sent. Buying 100 Germany YES for at most $53.04"),
    ("tick", "2s"),
    ("told ada", "", "Filled: 100 Germany YES for $51.26", "You now hold 100"),
    ("ada", "/balance", "You have $948.74 to spend"),
    ("ada", "press Confirm", "Filled: 100 Germany YES for $51.26"),
    ("bob", "/buy costa rica no $200", "Buy Costa Rica NO: spend about $200.01"),
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
    (BOSS, "/admin freeze goal check", "freezes with the next tick"),
    ("tick", "2s", "Trading is frozen by an admin"),
    ("bob", "press Confirm", "!", "Trading is frozen by an admin", "Nothing was ordered or charged"),
    ("ada", "/buy germany yes 1", "!", "Trading is frozen by an admin"),
    (BOSS, "/admin freeze", "!", "trading is frozen already"),
    (BOSS, "/admin resume", "goes on with the next tick"),
    ("tick", "2s", "Trading is open again"),
    ("bob", "/ticket confirm 5", "Sent."),
    ("tick", "25m", "Round 1 freezes"),
    ("tick", "5m", "Trading is frozen: round 1 is being decided", "The result is due"),
    ("ada", "/buy germany yes 1", "!", "while a round is decided", "Round 1 is decided"),
    (BOSS, "/admin resume", "!", "a round is being decided"),
    ("tick", "10m"),
    ("told boss", "", "who is out in round 1? Name one", "/admin eliminate"),
    ("ada", "/buy germany yes 1", "!", "until an admin names the round's result"),
    (BOSS, "/admin eliminate brazil, costa rica", "!", "this takes exactly one"),
    (BOSS, "/admin eliminate brazil 7-1", "Brazil would be out", "Nobody holds NO", "cannot be undone"),
    (BOSS, "press Confirm", "Brazil goes out with the next tick"),
    (BOSS, "press Confirm", "Brazil goes out with the next tick"),
    ("tick", "2s", "Brazil is out. 7-1.", "goes to the two still in: Germany", "→", "The sum of all YES", "open again"),
    ("ada", "/buy brazil yes 1", "!", "Brazil is out and no longer traded; still in: Germany and Costa Rica"),
)

END: tuple[Row, ...] = (
    (BOSS, "/admin eliminate germany", "!", "at least two must stay in"),
    ("tick", "15m", "The final freezes"),
    ("tick", "10m", "Trading has closed: the final is being decided"),
    ("zoe", "/join", "!", "nobody can join any more"),
    ("tick", "5m"),
    ("told boss", "", "who has won the final?", "/admin resolve"),
    (BOSS, "/admin eliminate germany", "!", "name its winner with /admin resolve"),
    (BOSS, "/admin resolve germany 1-0", "Germany would win", "$294.16 would be paid to 2 holders"),
    (BOSS, "press Confirm", "Germany wins with the next tick"),
    ("tick", "2s", "Germany wins Cup. 1-0", "🥇", "🥈", "/leaderboard"),
    ("told ada", "", "You are paid $50.00"),
    ("ada", "/buy germany yes 1", "!", "This market is over"),
    ("ada", "/positions", "This market is over; you ended with"),
    ("ada", "/leaderboard", "won with"),
    (BOSS, "/admin freeze", "!", "Cup is over"),
    (BOSS, "/admin set fee 1%", "!", "is over"),
    (BOSS, '/admin create "Next Cup" A, B, C', "Next Cup is drafted"),
)


async def perform(play: Play, rows: tuple[Row, ...]) -> None:
    """Play the rows one by one."""
    last: Reply | None = None
    for row in rows:
        who, line, *wanted = row
        where = f"{row}"
        if who == "tick":
            seen = len(play.chat.said)
            await play.tick(span_ms(line) or 0)
            posts = [plain_text.text(reply) for how, _, _, reply in play.chat.said[seen:] if how == "post"]
            holds("\n".join(posts), wanted, where)
        elif who.startswith("told "):
            holds(play.chat.texts("tell", who.removeprefix("told "))[-1], wanted, where)
        else:
            before = play.rows()
            text = button(last, line.removeprefix("press ")) if last and line.startswith("press ") else line
            reply = await play.say(who, text)
            refused = wanted[0] == "!"
            assert reply.ok is not refused, f"{where}: {plain_text.text(reply)}"
            holds(plain_text.text(reply), wanted[refused:], where)
            if refused:
                assert play.rows() == before, f"{where}: a refusal changed something"
            if reply.actions:
                last = reply


def holds(text: str, wanted: list[str], where: str) -> None:
    for words in wanted:
        assert words in text, f"{where}: {words!r} is not in\n{text}"


async def test_a_market_lives_from_draft_to_podium(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await perform(play, SET_UP)
        await perform(play, TRADE)
        await perform(play, ROUND)
        await perform(play, END)
        async with play.db.reading() as uow:
            assert (await uow.ledger.audit(1)).ok


async def test_a_void_gives_everybody_her_net_stake_back(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("ada", "/buy germany yes 100", "Buy"),
        ("ada", "press Confirm", "Sent."),
        ("tick", "2s"),
        (BOSS, "/admin void rained off", "The whole market would be called off", "$51.26 in all"),
        (BOSS, "press Confirm", "called off with the next tick"),
        ("tick", "2s", "This market is called off", "$51.26 in all"),
        ("told ada", "", "Cup was called off: $51.25 came back to you"),
        ("ada", "/balance", "You have $1,000.00 to spend"),
        ("ada", "/buy germany yes 100", "!", "This market is over"),
    )
    async with town(tmp_path) as play:
        await perform(play, SET_UP)
        await perform(play, rows)


@pytest.mark.parametrize("status", ["draft", "lobby"])
async def test_a_market_that_has_not_begun_can_be_called_off(tmp_path: Path, status: str) -> None:
    rows: tuple[Row, ...] = (
        (BOSS, "/admin void", "would be called off before it begins", "no money moves"),
        (BOSS, "press Confirm", "Cup is called off"),
        (BOSS, "/admin open", "!", "past its draft"),
        (BOSS, "/admin create Cup2 A, B, C", "Cup2 is drafted"),
    )
    opening: tuple[Row, ...] = ((BOSS, "/admin create Cup A, B, C", "drafted"),)
    if status == "lobby":
        opening = (*opening, (BOSS, "/admin open", "open to join"))
    async with town(tmp_path) as play:
        await perform(play, (*opening, *rows))

"""The course of a market by hand, row by row: begin, freeze, pause, resume, and calling it off, from every state."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from engine.state import Status
from tests.bot.harness import ADMIN, ChatHarness, chat_harness
from tests.scenarios.rows import SET_UP, Row, perform

START: tuple[Row, ...] = (
    (ADMIN, "/admin start", "!", "no market in this chat"),
    (ADMIN, "/admin freeze", "!", "no market in this chat"),
    (ADMIN, "/admin create Cup A, B, C", "Cup is drafted"),
    (ADMIN, "/admin freeze", "!", "Cup has not started"),
    (ADMIN, "/admin resume", "!", "Cup has not started"),
    (ADMIN, "/admin pause", "!", "Cup has not started"),
    (ADMIN, "/admin resolve a", "!", "Cup has not started"),
    (ADMIN, "/admin eliminate a", "!", "Cup has not started"),
    (ADMIN, "/admin start confirm=00000000", "Nobody has joined yet"),
    (ADMIN, "press Cancel", "Cup: Draft"),
    (ADMIN, "/admin start", "Trading in Cup would begin now", "stakes $10,000"),
    (ADMIN, "press Confirm", "begins with the next tick"),
    ("tick", "2s", "Cup is open for trading"),
    (ADMIN, "/admin start", "!", "Cup has started already"),
    (ADMIN, "/admin open", "!", "past its draft"),
    ("ada", "/join", "Welcome, Ada"),
)

PLANNED: tuple[Row, ...] = (
    (ADMIN, "/admin create Cup A, B, C", "Cup is drafted"),
    (ADMIN, "/admin open 2014-07-01 10:00", "!", "“2014-07-01 10:00” has passed: it was 1 July"),
    (ADMIN, "/admin open tomorrow 10:00 Europe/Berlin", "Trading starts by itself 4 July 2014 08:00 UTC"),
    (ADMIN, "/admin monitor", "Cup: Lobby", "Trading starts"),
    (ADMIN, "/admin schedule start in 1h; +1h for 5m winner ask", "“in 1h” is 3 July 2014 07:46 UTC"),
    (ADMIN, "press Confirm", "The timetable is set"),
    (ADMIN, "/admin monitor", "Trading starts"),
)

HALTS: tuple[Row, ...] = (
    (ADMIN, "/admin resume", "!", "trading is open already"),
    (ADMIN, "/admin pause back at nine", "pauses with the next tick"),
    ("tick", "2s", "paused"),
    (ADMIN, "/admin pause", "!", "trading is paused already"),
    ("ada", "/buy germany yes 1", "!", "paused"),
    ("ada", "/join", "You are in"),
    (ADMIN, "/admin resume", "goes on with the next tick"),
    ("tick", "2s", "Trading is open again"),
    (ADMIN, "/admin freeze red card", "freezes with the next tick"),
    (ADMIN, "/admin freeze red card", "freezes with the next tick"),
    ("tick", "2s", "Trading is frozen by an admin"),
    (ADMIN, "/admin freeze", "!", "trading is frozen already"),
    (ADMIN, "/admin resume", "goes on with the next tick"),
    ("tick", "2s", "Trading is open again"),
    ("ada", "/buy germany yes 1", "Buy Germany YES"),
)

VOID: tuple[Row, ...] = (
    ("ada", "/buy germany yes 100", "Buy Germany YES"),
    ("ada", "press Confirm", "Sent."),
    ("bob", "/buy costa rica no $200", "Buy Costa Rica NO"),
    ("bob", "press Confirm", "Sent."),
    ("cat", "/join", "Welcome, Cat"),
    ("tick", "2s"),
    ("bob", "/buy brazil yes 10 limit 10c", "wait"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("ada", "/sell germany yes 40", "Sell Germany YES"),
    ("ada", "press Confirm", "Selling"),
    ("tick", "2s"),
    (
        ADMIN,
        "/admin void rained off",
        "The whole market would be called off",
        "everybody would end with exactly what they were given",
        "$231.00 would come back",
        "cannot be undone",
    ),
    ("ada", "press Confirm of boss", "!", "for this chat's admins"),
    (ADMIN, "press Confirm", "called off with the next tick"),
    (ADMIN, "press Confirm", "called off with the next tick"),
    ("tick", "2s", "Boss has called this market off", "everybody ends with exactly what they were given"),
    ("told ada", "", "Cup was called off: $", "came back to you"),
    ("told bob", "", "Not filled: the market was called off", "$1.01 came back to you"),
    ("ada", "/balance", "You have $1,000.00 to spend"),
    ("bob", "/balance", "You have $1,000.00 to spend"),
    ("cat", "/balance", "You have $1,000.00 to spend"),
    ("ada", "/buy germany yes 100", "!", "This market is over"),
    ("bob", "/orders", "No order of yours waits", "returned"),
    (ADMIN, "/admin void", "!", "Cup is over"),
    (ADMIN, "/admin resume", "!", "Cup is over"),
    (ADMIN, "/admin monitor", "Cup: Voided"),
    (ADMIN, "/admin log", "Boss · void: rained off"),
    (ADMIN, "/admin create Next A, B, C", "Next is drafted"),
)


@pytest.mark.parametrize("rows", [START, PLANNED], ids=["start", "planned"])
async def test_a_market_begins_once_by_hand_or_by_its_plan(tmp_path: Path, rows: tuple[Row, ...]) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, rows)


async def test_a_market_stops_and_goes_on_by_hand(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await perform(harness, HALTS)


async def test_a_void_tells_everybody_what_came_back_and_the_books_agree(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await perform(harness, VOID)
        bob = harness.platform.texts("tell", "bob")
        assert any("Cup was called off: $" in text and "came back to you" in text for text in bob)
        assert not [
            text for text in harness.platform.texts("tell", "cat") if "called off" in text
        ]  # Cat had put nothing in
        async with harness.db.reading() as uow:
            assert (await uow.ledger.audit(1)).ok
            balances = await uow.ledger.balances(1)
            given = await uow.ledger.entries(1)
        told = sum(entry.amount for entry in given if entry.kind == "refund" and entry.account.startswith("user:"))
        assert told > 0
        assert {name: amount for name, amount in balances.items() if name.startswith("escrow:") and amount} == {}


@pytest.mark.parametrize("status", ["draft", "lobby"])
async def test_a_market_that_has_not_begun_can_be_called_off(tmp_path: Path, status: str) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin void", "would be called off before it begins", "no money moves"),
        (ADMIN, "press Confirm", "Cup is called off"),
        (ADMIN, "/admin open", "!", "past its draft"),
        (ADMIN, "/admin create Cup2 A, B, C", "Cup2 is drafted"),
    )
    opening: tuple[Row, ...] = ((ADMIN, "/admin create Cup A, B, C", "drafted"),)
    if status == "lobby":
        opening = (*opening, (ADMIN, "/admin open", "open to join"))
    async with chat_harness(tmp_path) as harness:
        await perform(harness, (*opening, *rows))


@pytest.mark.parametrize("state", ["frozen", "paused", "asked", "halted"])
async def test_a_market_is_called_off_from_every_state(tmp_path: Path, state: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await harness.confirmed("ada", "/buy germany yes 100")
        await harness.tick()
        await stop(harness, state)
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin void"), "Confirm")
        await harness.tick()
        async with harness.db.reading() as uow:
            assert (await uow.markets.get_one(1)).status is Status.VOIDED
        assert "came back to you" in harness.platform.texts("tell", "ada")[-1]
        assert "You have $1,000.00 to spend" in plain_text.text(await harness.say("ada", "/balance"))


async def stop(harness: ChatHarness, state: str) -> None:
    """Bring the market of SET_UP into that state."""
    if state in {"frozen", "paused"}:
        await harness.say(ADMIN, f"/admin {'freeze' if state == 'frozen' else 'pause'}")
        await harness.tick()
    elif state == "asked":
        await harness.tick(30 * 60_000)
        await harness.tick(10 * 60_000)
    else:
        async with harness.db.writing() as uow:
            await uow.markets.halt(1, "theorem: backing 5 short")
            await uow.commit()

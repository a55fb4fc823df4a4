"""Synthetic traders read tickets, positions and boards as they are really answered."""

from __future__ import annotations

from pathlib import Path

from bot.scenarios import observation
from bot.scenarios.observation import SeenAccount
from engine.units import MICRO
from tests.bot.harness import chat_harness, running


async def test_a_ticket_tells_its_price_all_in(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        ticket = observation.ticket(await harness.say("ada", "/buy germany yes 100"))
        assert ticket is not None
        assert (ticket.money, ticket.tokens, ticket.each) == (51_260_000, 100 * MICRO, 512_600)
        assert (ticket.confirm, ticket.cancel) == ("/ticket confirm 1", "/ticket cancel 1")
        await harness.say("ada", ticket.confirm)
        await harness.tick()
        sale = observation.ticket(await harness.say("ada", "/sell germany yes half"))
        assert sale is not None
        assert sale.tokens == 50 * MICRO
        assert 0 < sale.each < 512_600


async def test_what_is_no_ticket_is_not_taken_for_one(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for line in ("/buy germanx yes 1 2 3", "/quote germany yes $5", "/buy germany yes $999999", "/board", "hello"):
            assert observation.ticket(await harness.say("ada", line)) is None, line


async def test_positions_tell_cash_and_tokens(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        assert observation.account(await harness.say("ada", "/positions"), 3) == SeenAccount(
            cash=1_000 * MICRO, held=((0, 0),) * 3
        )
        await harness.confirmed("ada", "/buy germany yes 100")
        await harness.confirmed("ada", '/buy "costa rica" no 40')
        await harness.tick()
        account = observation.account(await harness.say("ada", "/positions"), 3)
        assert account is not None
        assert account.held == ((100 * MICRO, 0), (0, 0), (0, 40 * MICRO))
        async with harness.db.reading() as uow:
            member = await uow.members.get(1, 2)
        assert member is not None
        assert 0 <= member.available - account.cash < 10_000
        assert observation.account(await harness.say("stranger", "/positions"), 3) is None


async def test_the_board_is_found_in_its_answer(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        board = observation.board(await harness.say("ada", "/board"))
        assert board is not None
        assert (board.status, board.rows[0].name) == ("Open", "Germany")
        assert observation.board(await harness.say("ada", "/positions")) is None

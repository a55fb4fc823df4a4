"""A market that is called off: as if it had never been, in every figure, table, file and picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.reply import Board
from storage.verify import Verified, verify
from tests.bot.harness import ADMIN, chat_harness, opened, running
from tests.scenarios.rows import Row, perform

GIVEN = 1_000_000_000


@pytest.mark.parametrize("round_first", [False, True])
async def test_everybody_ends_with_what_they_were_given_and_the_house_with_its_stake(
    tmp_path: Path, *, round_first: bool
) -> None:
    """Bob has gained by Brazil's exit, and that goes back. The parts that are shown add up to the sum that is shown."""
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for who, line in (
            ("ada", "/buy germany yes $60"),
            ("ada", "/buy brazil yes 40"),
            ("bob", "/buy brazil no 90"),
            ("ada", "/buy costa yes 10 limit 0.05"),
        ):
            await harness.confirmed(who, line)
        await harness.tick()
        if round_first:
            await harness.press(ADMIN, await harness.say(ADMIN, "/admin eliminate brazil"), "Confirm")
            await harness.tick()
        preview = plain_text.text(await harness.say(ADMIN, "/admin void"))
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin void rain"), "Confirm")
        await harness.tick()
        post = next(text for text in harness.platform.texts("post") if "called this market off" in text)
        async with harness.db.reading() as uow:
            members = await uow.members.of(1)
            entries = [entry for entry in await uow.ledger.entries(1) if entry.ref == "void"]
            balances = await uow.ledger.balances(1)
            audit = await uow.ledger.audit(1)
        assert [(member.balance, member.escrow, member.net_pnl) for member in members] == [(GIVEN, 0, 0)] * 2
        people = [entry for entry in entries if entry.account.startswith("user:")]
        assert {entry.account for entry in people} == {f"user:{member.person}" for member in members}
        (house,) = (entry for entry in entries if entry.account == "house")
        assert house.amount == -sum(entry.amount for entry in people)
        assert (balances["house"], audit.problems) == (10_000_000_000, ())
        assert isinstance((await verify(harness.db, 1))[-1], Verified)
        behind = sum(entry.amount // 10_000 for entry in people if entry.amount > 0)
        shown = f"${behind // 100}.{behind % 100:02d}"
        assert f"{shown} would come back" in preview
        assert f"{shown} came back" in post
        assert "Boss has called this market off." in post
        assert "of gains went back from 1 person" in post or not round_first


async def test_nobody_is_out_in_a_market_that_never_was(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes $60")
        await harness.tick()
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin void"), "Confirm")
        await harness.tick()
        (board,) = (block for block in (await harness.say("ada", "/board")).blocks if isinstance(block, Board))
        async with harness.db.reading() as uow:
            last, before = list(reversed(await uow.ticks.series(1)))[:2]
        assert [(row.note, row.active) for row in board.rows] == [("", True)] * 3
        assert (last.yes, last.no) == (before.yes, before.no)


async def test_a_void_has_no_ranking_and_counts_in_no_season(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin season start Autumn", "Autumn"),
        (ADMIN, "/admin void", "would be called off"),
        (ADMIN, "press Confirm", "called off"),
        ("tick", "2s", "Boss has called this market off."),
        ("ada", "/leaderboard", "nobody has a place"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for _ in range(3):
            await harness.confirmed("ada", "/buy germany yes 5")
            await harness.tick()
        await perform(harness, rows)
        async with harness.db.reading() as uow:
            (season,) = await uow.seasons.of_chat(1)
            assert await uow.seasons.markets(season) == []


async def test_a_lobby_hears_who_called_it_off(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin void no time"), "Confirm")
        await harness.announcer.step()
        post = "\n".join(harness.platform.texts("post"))
        assert "Boss has called this market off." in post
        assert "No money had changed hands." in post

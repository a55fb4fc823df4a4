"""Timetables that surprise nobody: what people are told before, at and after each planned moment, row by row."""

from __future__ import annotations

from pathlib import Path

from tests.bot.harness import ADMIN, chat_harness
from tests.scenarios.rows import SET_UP, Row, perform

USED_UP: tuple[Row, ...] = (
    (ADMIN, "/admin eliminate costa rica", "Costa Rica would be out"),
    (ADMIN, "press Confirm", "goes out with the next tick"),
    ("tick", "2s", "Costa Rica is out"),
    (
        "tick",
        "30m",
        "Trading is frozen for round 1, which has nobody left to put out",
        "Trading opens again 3 July 2014",
    ),
    ("ada", "/buy germany yes 1", "!", "frozen"),
    (ADMIN, "/admin pause", "!", "a round is being decided"),
    (ADMIN, "/admin eliminate germany", "!", "at least two must stay in"),
    ("tick", "10m", "Round 1 is over: nobody was left to put out", "Trading is open again"),
    ("ada", "/buy germany yes 1", "Buy Germany YES"),
)


async def test_a_round_that_was_used_up_by_hand_freezes_all_the_same_and_ends_by_itself(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await perform(harness, USED_UP)


async def test_such_a_round_ends_sooner_by_a_resume(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        *USED_UP[:5],
        (ADMIN, "/admin resume", "goes on with the next tick"),
        ("tick", "2s", "Round 1 is over: nobody was left to put out", "Trading is open again"),
        ("ada", "/buy germany yes 1", "Buy Germany YES"),
    )
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await perform(harness, rows)

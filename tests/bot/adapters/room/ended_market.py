"""A market that two people have traded to its end, and what `/board` answered after each of its ticks."""

from __future__ import annotations

from typing import Any

from bot.adapters.room import render
from bot.chat.reply import Audience
from bot.market.standings import board_of
from bot.words import views as words
from storage.records import Market
from storage.unit_of_work import UnitOfWork
from tests.bot.adapters.room.harness import Browser, RoomHarness

ROUNDS = [
    {"freeze_at": 60_000, "decide_at": 70_000, "count": 1, "losers": [2]},
    {"freeze_at": 240_000, "decide_at": 250_000, "winner": 1},
]


async def board(uow: UnitOfWork, market: Market) -> Any:
    """What `/board` answers, as the page gets it: its sentence and its blocks."""
    reply = words.board(await board_of(uow, market, market.tick_ms or 0), Audience.CHAT)
    return {"head": render.line_to_json(reply.head), "blocks": [render.block_to_json(block) for block in reply.blocks]}


async def boards(harness: RoomHarness, shown: list[Any], after_ms: int = 2_000) -> None:
    """A tick, and what `/board` shows right after it."""
    await harness.tick(after_ms)
    async with harness.db.reading() as uow:
        market = await uow.markets.get_one(harness.market)
        assert market.tick == len(shown)
        shown.append(await board(uow, market))


async def bought(who: Browser, line: str) -> None:
    _, ticket = await who.say(line)
    confirm = next(action["text"] for action in ticket["reply"]["actions"] if action["label"].startswith("Confirm"))
    await who.press(confirm, ticket["id"])


async def played(harness: RoomHarness) -> tuple[Browser, Browser, list[Any]]:
    """Ada holds what wins, Zebediah talks and loses; a round, and the end."""
    async with harness.db.reading() as uow:
        shown = [await board(uow, await uow.markets.get_one(harness.market))]
    await boards(harness, shown)
    ada, zeb = await harness.person("Ada"), await harness.person("Zebediah")
    await boards(harness, shown)
    await zeb.say("hello from Zebediah")
    await bought(ada, "/buy ant yes 100")
    await boards(harness, shown)
    await ada.say("well done Zebediah")
    await bought(zeb, "/buy bee yes 50")
    await boards(harness, shown)
    await boards(harness, shown, 60_000)
    await boards(harness, shown, 20_000)
    await bought(ada, "/sell ant yes 40")
    await boards(harness, shown)
    await boards(harness, shown, 155_000)
    await boards(harness, shown, 20_000)
    return ada, zeb, shown

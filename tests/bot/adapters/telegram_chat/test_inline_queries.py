"""Whose `@bot germany` is answered, and how many; page after page. What the answers say: `tests/platform`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from telegram import Bot, InlineQuery, InlineQueryResultArticle, User

from bot.adapters.telegram_chat import inline_queries
from bot.adapters.telegram_chat.app_buttons import AppButtons
from bot.adapters.telegram_chat.inline_queries import AT_ONCE, InlineQueries
from bot.chat.rate_limits import PERSON
from storage.clock import ManualClock
from storage.database import Database
from tests.storage import worlds
from tests.storage.databases import migrated_file


class Answers:
    """In place of the client: keeps what was answered, which takes as long as it is told to."""

    def __init__(self) -> None:
        self.given: list[tuple[list[str], str]] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def answer_inline_query(
        self,
        *,
        results: list[InlineQueryResultArticle],
        next_offset: str,
        **_more: Any,  # whose answer it is, how long it is kept, timeouts
    ) -> bool:
        await self.may_go_on.wait()
        self.given.append(([result.id.partition("t")[0] for result in results], next_offset))
        return True


class Asked:
    """Inline queries of whoever asks, on a clock that stands still."""

    def __init__(self, db: Database) -> None:
        self.clock = ManualClock(worlds.START)
        self.answers = Answers()
        self._queries = InlineQueries(db, self.clock, AppButtons(None), "https://t.me/outcry_bot?start={}".format)

    async def ask(self, who: int = 1, *, offset: str = "") -> None:
        query = InlineQuery("1", User(who, "Dora", is_bot=False), "", offset)
        query.set_bot(cast("Bot", self.answers))
        await self._queries.handle(query)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    db = Database.open(migrated_file(tmp_path / "town.db"))
    yield db
    await db.close()


async def test_who_asks_faster_than_anybody_types_is_not_answered(db: Database) -> None:
    asked, most = Asked(db), PERSON[0]
    for _ in range(most.count + 3):
        await asked.ask()
    assert len(asked.answers.given) == most.count
    await asked.ask(who=2)
    assert len(asked.answers.given) == most.count + 1
    asked.clock.advance(most.window_ms)
    await asked.ask()
    assert len(asked.answers.given) == most.count + 2


async def test_so_many_are_answered_at_once_and_no_more(db: Database) -> None:
    asked = Asked(db)
    asked.answers.may_go_on.clear()
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(asked.ask(who)) for who in range(AT_ONCE + 3)]
        await asyncio.wait(waiting[AT_ONCE:])  # these are done: they are not answered
        asked.answers.may_go_on.set()
    assert len(asked.answers.given) == AT_ONCE
    await asked.ask()
    assert len(asked.answers.given) == AT_ONCE + 1


async def test_page_after_page_each_public_market_is_found_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inline_queries, "A_PAGE", 2)
    numbers = [(await worlds.started(db, people=1, chat=f"town {number}")).market for number in range(6)]
    async with db.writing() as uow:
        for number in numbers[:5]:
            await uow.markets.lock(number)
            await uow.watching.set_public(number, public=True)
        await uow.commit()
    asked, offset = Asked(db), ""
    for page in ((4, 3), (2, 1), (0,)):
        await asked.ask(offset=offset)
        found, offset = asked.answers.given[-1]
        assert found == [f"m{numbers[place]}" for place in page]
    assert offset == ""
    await asked.ask(offset="900")
    assert asked.answers.given[-1] == ([], "")
    for nonsense in ("-1", "x", "9" * 64):
        await asked.ask(offset=nonsense)
        assert asked.answers.given[-1][0] == [f"m{numbers[4]}", f"m{numbers[3]}"], nonsense

"""Charts that fail, hang or are cancelled hold up no notice, and a sender that dies is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.charts import pool, worker
from bot.charts.service import Charts
from bot.chat.chart_data import LeaderboardData
from bot.chat.pictures import Draw
from bot.chat.reply import Picture, Reply
from bot.notifications import delivery
from bot.notifications.announcer import Announcer
from bot.notifications.delivery import Delivery, DeliveryResult, OutgoingMessage
from storage.records import Notice, NoticeAudience
from tests.bot.charts import troubled
from tests.bot.harness import ChatHarness, chat_harness, running

POST = Notice(kind="paused", audience=NoticeAudience.CHAT, payload={"round": None, "at_ms": 0})


async def _cancelled(picture: Picture) -> bytes | None:
    raise asyncio.CancelledError


async def _fails(picture: Picture) -> bytes | None:
    raise ValueError("no")


async def _hangs(picture: Picture) -> bytes | None:
    await asyncio.Event().wait()
    return None


async def _posted(harness: ChatHarness) -> list[Reply]:
    return [reply for how, _, _, reply in harness.platform.sent if how == "post"]


@pytest.mark.parametrize("draw", [_cancelled, _fails, _hangs])
async def test_a_post_goes_without_its_chart_where_that_cannot_be_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draw: Draw
) -> None:
    monkeypatch.setattr(delivery, "DRAW_S", 0.01)
    picture = Picture(kind="prices", market=1, tick=1)
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.announcer.step()
        harness.platform.sent.clear()
        harness.announcer = Announcer(harness.db, harness.clock, {"room": harness.platform}, draw)
        monkeypatch.setattr("bot.notifications.phrasing.render_notice", _with_picture(picture))
        async with harness.db.writing() as uow:
            await uow.outbox.add_many(1, [POST], harness.now)
            await uow.commit()
        await harness.announcer.step()
        posts = await _posted(harness)
        assert len(posts) == 1
        assert not posts[0].files
        assert not any(isinstance(block, Picture) for block in posts[0].blocks)


def _with_picture(picture: Picture) -> Callable[..., Awaitable[Reply]]:
    async def render(*_: object) -> Reply:
        return Reply(head=(), blocks=(picture,))

    return render


async def test_a_sender_that_dies_is_logged_and_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    send, deaths = Delivery.send, [asyncio.CancelledError()]

    async def dies_once(self: Delivery, message: OutgoingMessage) -> DeliveryResult:
        if deaths:
            raise deaths.pop()
        return await send(self, message)

    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.announcer.step()
        harness.platform.sent.clear()
        monkeypatch.setattr(Delivery, "send", dies_once)
        async with harness.db.writing() as uow:
            await uow.outbox.add_many(1, [POST], harness.now)
            await uow.commit()
        await harness.announcer.step()
        harness.now += 2_000
        await harness.announcer.step()
        assert len(await _posted(harness)) == 1
        assert "the sender of room room ended" in caplog.text


async def test_a_process_that_hangs_and_a_drawing_that_raises_cost_their_own_posts_the_chart_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter(("hangs", "raises", "draws"))

    async def load(*_: object) -> LeaderboardData:
        return LeaderboardData(market=next(names), at_ms=0, rows=(), people=0)

    monkeypatch.setattr("bot.charts.service.load", load)
    monkeypatch.setattr(worker, "draw", troubled.draw)
    monkeypatch.setattr(worker, "warm_up", troubled.warm_up)
    monkeypatch.setattr(delivery, "DRAW_S", 60.0)
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.announcer.step()
        harness.platform.sent.clear()
        charts = Charts(harness.db)
        harness.announcer = Announcer(harness.db, harness.clock, {"room": harness.platform}, charts.announced)
        try:
            for tick in (1, 2, 3):
                monkeypatch.setattr(pool, "DRAW_S", 0.3 if tick == 1 else 60.0)
                rendered = _with_picture(Picture(kind="prices", market=1, tick=tick))
                monkeypatch.setattr("bot.notifications.phrasing.render_notice", rendered)
                async with harness.db.writing() as uow:
                    await uow.outbox.add_many(1, [POST], harness.now)
                    await uow.commit()
                await harness.announcer.step()
        finally:
            await charts.close()
        assert [[file.data for file in post.files] for post in await _posted(harness)] == [[], [], [troubled.PNG]]

"""Charts that fail, hang or are cancelled hold up no notice, and a sender that dies is replaced."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.charts import service
from bot.charts.service import Charts
from bot.chat.platform import Draw
from bot.chat.reply import Picture, Reply
from bot.notifications import delivery
from bot.notifications.announcer import Announcer
from bot.notifications.delivery import Delivery, DeliveryResult, OutgoingMessage
from storage.records import Notice, NoticeAudience
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


async def test_a_drawing_that_hangs_takes_none_of_those_behind_it_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "DRAW_TIMEOUT_S", 0.5)
    charts, release = Charts(processes=False), threading.Event()
    try:
        hanging = asyncio.create_task(charts._run(release.wait))
        await asyncio.sleep(0)
        monkeypatch.setattr(service, "DRAW_TIMEOUT_S", 60.0)
        behind = asyncio.create_task(charts._run(int, "7"))
        with pytest.raises(TimeoutError):
            await hanging
        assert await behind == 7
    finally:
        release.set()
        await charts.close()

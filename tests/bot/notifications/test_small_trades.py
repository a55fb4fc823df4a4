"""A chat is told what people come for: a small trade is a row of the room's feed and of a digest, never a post."""

from __future__ import annotations

from pathlib import Path

from bot.chat import plain_text
from bot.notifications import chat_notices
from bot.notifications.notice_context import NoticeContext
from tests.bot.harness import chat_harness, running

MINUTE = 60_000


async def test_a_small_trade_is_told_in_a_digest_and_nowhere_else_and_in_no_digest_where_trades_are_seen(
    tmp_path: Path,
) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        since = harness.now
        seen = len(harness.platform.sent)
        for who, line in (("ada", "/buy germany yes 10"), ("bob", "/buy brazil no 20"), ("ada", "/sell germany yes 5")):
            await harness.confirmed(who, line)
            await harness.tick()
        await harness.tick(11 * MINUTE)
        public = [(how, reply) for how, where, _, reply in harness.platform.sent[seen:] if where == "room"]
        assert {(how, reply.pin) for how, reply in public} <= {("edit", True), ("post", True)}
        async with harness.db.reading() as uow:
            market = await uow.markets.get_one(1)
            facts = {"since_ms": since, "after": 0, "until": market.trades, "volume": market.volume}
            told = {
                platform: await chat_notices.digest(
                    NoticeContext(
                        uow=uow,
                        market=market,
                        payload={**facts, "yes": [500_000, 300_000, 200_000], "before": [500_000, 300_000, 200_000]},
                        now_ms=harness.now,
                        platform=platform,
                    )
                )
                for platform in ("discord", "telegram", "room")
            }
        assert told["room"] is None
        for platform in ("discord", "telegram"):
            digest = told[platform]
            assert digest is not None
            assert "traded by 2 people in 3 trades" in plain_text.text(digest)

"""Candles are the prices and the trades of their span, whatever the span and wherever one looks."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.charts.price_history import History
from bot.market import candles as made
from bot.market.candles import Candle, candles
from engine.state import Side
from storage.records import TickRow
from tests.bot.adapters.room.api.programs import program
from tests.bot.adapters.room.harness import room_harness
from tests.storage import worlds

MINUTE = 60_000


def history(seed: int, count: int) -> tuple[History, list[TickRow]]:
    """Ticks at odd moments, prices and volumes at random."""
    dice, at, rows = random.Random(seed), worlds.START, []
    for tick in range(count):
        rows.append(
            TickRow(
                market=1,
                tick=tick,
                ts_ms=at,
                yes=(dice.randrange(10**6),),
                no=(dice.randrange(10**6),),
                volume=(dice.choice((0, dice.randrange(10**9))),),
                orders=0,
                trades=0,
                hash="",
                state_hash="",
            )
        )
        at += dice.choice((0, 1, 2_000, 59_999, MINUTE, 7 * MINUTE))
    kept = History(1)
    kept.add(rows)
    return kept, rows


def by_hand(rows: list[TickRow], span_ms: int) -> list[Candle]:
    """As one would with a pencil."""
    drawn: list[Candle] = []
    price = rows[0].yes[0]
    for start in sorted({row.ts_ms // span_ms for row in rows}):
        within = [row for row in rows if row.ts_ms // span_ms == start]
        prices = [price, *(row.yes[0] for row in within)]
        volume = sum(row.volume[0] for row in within)
        drawn.append(Candle(start * span_ms, price, max(prices), min(prices), prices[-1], volume))
        price = prices[-1]
    return drawn


@given(seed=st.integers(0, 10**6), count=st.integers(1, 60), cut=st.integers(0, 59), most=st.integers(1, 9))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_pages_of_candles_are_all_of_them_in_order(seed: int, count: int, cut: int, most: int) -> None:
    kept, rows = history(seed, count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made, "MOST", most)
        for span_ms in (MINUTE, 5 * MINUTE, 60 * MINUTE):
            shown = [row for row in rows if row.tick <= cut]
            wanted = by_hand(shown, span_ms)
            pages: list[Candle] = []
            since: int | None = 0
            while since is not None:
                page, since = candles(kept, cut, 0, Side.YES, span_ms, since, None)
                assert len(page) <= most
                pages += page
            assert pages == wanted
            latest, rest = candles(kept, cut, 0, Side.YES, span_ms, None, None)
            assert (latest, rest) == (wanted[-most:], None)
            until = shown[len(shown) // 2].ts_ms // span_ms * span_ms
            before, _ = candles(kept, cut, 0, Side.YES, span_ms, None, until)
            assert before == [candle for candle in wanted if candle.at_ms < until][-most:]


async def test_what_was_traded_is_the_volume_and_the_last_price_the_close(tmp_path: Path) -> None:
    dice = random.Random(4)
    async with room_harness(tmp_path) as harness:
        await harness.open_market()
        await harness.tick()
        async with program(harness) as robot:
            await harness.tick()
            for _ in range(6):
                order = {
                    "outcome": 0,
                    "side": dice.choice(("yes", "no")),
                    "action": "buy",
                    "amount": f"{dice.randrange(1, 9)}",
                }
                await robot.sent(order)
                await harness.tick(dice.choice((2_000, 70_000)))
            async with harness.db.reading() as uow:
                trades = await uow.trades.all(harness.market)
            for span in ("1m", "1d"):
                shown: dict[str, Any] = await robot.get(f"candles?outcome=0&span={span}")
                rows = shown["candles"]
                assert sum(row["volume"] for row in rows) == sum(trade.amount for trade in trades) > 0
                for row in rows:
                    within = [t.amount for t in trades if row["at"] <= t.ts_ms < row["at"] + shown["span_ms"]]
                    assert row["volume"] == sum(within)
                    assert row["low"] <= min(row["open"], row["close"]) <= max(row["open"], row["close"]) <= row["high"]
                assert rows[-1]["close"] == (await robot.get("prices"))["prices"][0]["yes"]
                assert [later["open"] for later in rows[1:]] == [row["close"] for row in rows[:-1]]
            for query in ("", "?outcome=9", "?outcome=0&side=up", "?outcome=0&span=2m", "?outcome=0&from=x"):
                assert (await robot.ask("GET", f"candles{query}"))[0] == 400, query

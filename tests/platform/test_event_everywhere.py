"""A whole event on Discord and on Telegram in real time, with a strict server in each platform's place."""

from __future__ import annotations

from pathlib import Path

from tests.bench.platforms_bench import play


async def test_an_event_of_twenty_stays_within_every_rate_and_tells_everybody_what_the_ledger_says(
    tmp_path: Path,
) -> None:
    figures = await play(tmp_path, members=10, seconds=3, burst=60)
    assert figures["errors"] == []
    assert figures["trades"]

"""`thinking…` is never left in public: what everybody reads stands there at once, and what takes longer is awaited by
its speaker alone, whatever happens to it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bot.adapters import answer_charts
from bot.adapters.discord_chat import interactions
from tests.platform.discord_harness import discord_harness, running
from tests.standins.discord_peer import Channel

FOR_ALL = ("board", "leaderboard", "chart", "verify")


@pytest.mark.parametrize("slow", [False, True], ids=["at once", "after a while"])
async def test_an_answer_for_everybody_is_public_and_nothing_else_of_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, slow: bool
) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        if slow:
            monkeypatch.setattr(interactions, "FORM_S", 0.0)
            monkeypatch.setattr(answer_charts, "WITH_ANSWER_S", 0.0)
        for line in FOR_ALL:
            before = {message.id for message in harness.channel.public}
            await harness.slash(ada, line)
            await harness.peer.until(partial(_has_more, harness.channel, before), 10.0, line)
        await harness.pass_time(60_000)
        await harness.slash(ada, "tape")
        soon = await harness.slash(ada, "tape")
        assert soon.ephemeral
        assert "one such answer a minute" in soon.text
        refused = await harness.slash(ada, "chart", outcome="Nowhere")
        assert refused.ephemeral
        assert "Nowhere" in refused.text
        harness.assert_sound()


def _has_more(channel: Channel, before: set[int]) -> bool:
    return any(message.id not in before for message in channel.public)

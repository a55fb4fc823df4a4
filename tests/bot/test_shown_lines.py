"""Whatever line the bot shows can be sent as it stands: all of a played event are collected and sent back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.reply import Reply
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness
from tests.bot.shown_lines import Listener

IN_2029 = 1_867_017_600_000  # 1 March, midnight UTC
WORDS = '"A, B", A, limit, yes, Z, out, B'
NUMBERS = "0, 1, 2, 3+, -5, 1.5, 24"
FORESEEN = re.compile(
    r"You hold no |.* is a draft that nobody sees yet|.* is over|Correcting did not happen|Nobody called “Bob the|"
    r"Round \d (has begun|has to freeze after)|You have no account in this market|This market is over|"
    r"\$[\d.]+ of .* would cost"
)
"""What an example or the next step may meet in a market as it stands: no mistake in the line."""

SETTING_UP = (
    "/admin set", "/admin set fee", "/admin set about", "/admin set odds 1 2", "/admin set nonsense", "/admin schedule",
    "/admin schedule soon", "/admin schedule +1h out 1", "/admin schedule edit", "/admin open soon",
)  # fmt: skip
RUNNING_IT = (
    "/admin monitor", "/admin users", "/admin log", "/admin channel", "/admin roles", "/admin season", "/admin graph",
    "/admin export", "/admin approve", "/admin start", "/admin eliminate 1", "/admin resolve", "/admin void",
    "/admin announce", "/admin", "/admin grant bob $5", "/admin grant nobody $5",
)  # fmt: skip
LOOKING_ON = (
    "/start", "/help", "/board", "/rules", "/markets", "/positions", "/orders", "/balance", "/trades", "/leaderboard",
    "/settings", "/privacy", "/tape", "/chart #2", "/book #3", "/depth #2",
)  # fmt: skip
TRADING = (
    "/buy", "/buy #1", "/buy #1 yess 10", "/buy #1 yes 10 5%", "/buy #1 yes 10 limit 5000c", "/buy #1 yes $100000",
    "/buy #1 yes 100000", "/buy #1 yes 10 limit 1c autofill", "/buy #1 yes 10 autofill", "/sell #1 yes 1000000",
    "/sell #2 no all", "/sell #1 yes half", "/sell #1 yes 10 limit 90c", "/sell", "/quote #1 yes 10",
    "/quote #2 yes 30 limit 20c", "/buy xyz yes 10", "/buy 4 yes 10", "/buy <outcome> yes 10", "/cancel 99",
    "/cancel x", "/ticket change 99", "/settings slippage", "buy #1 yes 10", "/bord", "/by #1 yes 10", "/help nothing",
)  # fmt: skip
HELP = tuple(
    f"/help {name}"
    for name in ("buy", "sell", "quote", "cancel", "book", "depth", "chart", "tape", "settings", "orders",
                 "admin eliminate", "admin resolve", "admin correct", "admin schedule", "admin set", "admin grant",
                 "admin create", "admin graph", "admin users", "admin open", "admin announce", "admin season")
)  # fmt: skip


class Event:
    """An event whose people send every line they are shown."""

    def __init__(self, harness: ChatHarness) -> None:
        self.harness, self.listener, self.heard = harness, Listener(harness), 0
        self.situation = "draft"

    async def say(self, who: str, *lines: str) -> None:
        for line in lines:
            await self._say(who, line)

    async def _say(self, who: str, line: str) -> Reply:
        reply = await self.harness.say(who, line)
        self.harness.now += 3_000
        await self.listener.hear(who, reply, self.situation)
        return reply

    async def confirm(self, who: str, line: str) -> None:
        asked = await self._say(who, line)
        assert any(action.label.startswith("Confirm") for action in asked.actions), plain_text.text(asked)
        await self._say(who, button(asked, "Confirm"))

    async def tick(self, situation: str, ahead_ms: int = 2_000) -> None:
        self.situation = situation
        await self.harness.tick(ahead_ms)
        sent, self.heard = self.harness.platform.sent[self.heard :], len(self.harness.platform.sent)
        for how, place, _, reply in sent:
            await self.listener.hear(place if how == "tell" else ADMIN, reply, situation)


async def played(event: Event, names: str) -> None:
    await event.say(ADMIN, *LOOKING_ON, "/admin create", "/admin create Cup A", f"/admin create Cup {names}")
    await event.say(ADMIN, f"/admin create Cup {names}", *SETTING_UP, *RUNNING_IT)
    await event.confirm(ADMIN, '/admin schedule +1h for 10m out "#2"; +2h for 10m out 2 ask; +3h winner ask')
    await event.say(ADMIN, "/admin set dispute 10m", "/admin set gas $0.01", "/admin open")
    event.situation = "lobby"
    await event.say("ada", "/join", "/buy #1 yes 10", *LOOKING_ON)
    await event.say("bob", "/join")
    await event.confirm(ADMIN, "/admin start")
    await event.tick("open")
    await event.say(ADMIN, *HELP, *SETTING_UP, *RUNNING_IT)
    await event.confirm("ada", "/buy #1 yes $20")
    await event.confirm("bob", "/buy #3 no 30")
    await event.confirm("ada", "/buy #3 yes 10 limit 5c")
    await event.tick("open")
    await event.say("ada", *LOOKING_ON, *TRADING)
    await event.say("eve", "/buy #1 yes 10", "/positions")
    await event.tick("round", 3_600_000)
    await event.say("ada", *LOOKING_ON[:8], *TRADING[:8])
    await event.tick("second round", 3_600_000)
    await event.say(ADMIN, "/board", "/admin monitor", "/admin schedule")
    await event.confirm(ADMIN, "/admin eliminate #5, #6")
    await event.tick("open")
    await event.tick("final", 4_000_000)
    await event.confirm(ADMIN, "/admin resolve #1")
    await event.tick("claimed")
    await event.say("ada", *LOOKING_ON[:8], *TRADING[:8])
    await event.confirm(ADMIN, "/admin correct #4 it was offside")
    await event.tick("claimed")
    await event.tick("over", 700_000)
    await event.say("ada", *LOOKING_ON, *TRADING[:12])
    await event.say(ADMIN, *RUNNING_IT)


@pytest.mark.parametrize("names", [WORDS, NUMBERS])
async def test_every_line_of_a_played_event_can_be_sent_as_it_stands(tmp_path: Path, names: str) -> None:
    async with chat_harness(tmp_path) as harness:
        harness.now = IN_2029
        event = Event(harness)
        await played(event, names)
        assert len(event.listener.read) > 300
        wrong = [problem for problem in event.listener.wrong if "is out and no longer traded" not in problem]
        assert not wrong, "\n".join(wrong)
        refused = {line: text for line, text in event.listener.refused.items() if not FORESEEN.match(text)}
        assert not refused, refused
        assert event.listener.dates
        assert min(event.listener.dates) >= "2029-03-01", "an example lies in the past"
        async with harness.db.reading() as uow:
            record = await uow.markets.get(1)
            state = await uow.markets.state(record) if record else None
        assert state is not None
        assert state.winners == (3,)


def test_no_example_date_of_a_manual_lies_in_the_past_for_years() -> None:
    root = Path(__file__).parents[2]
    manuals = [path for kind in ("py", "md", "toml") for path in root.glob(f"bot/**/*.{kind}")]
    manuals += [*root.glob("*.md"), root / ".env.example"]
    dated = {
        f"{path.relative_to(root)}: {date}"
        for path in manuals
        if path.name not in {"worldcup.py", "CHANGELOG.md"}
        for date in re.findall(r"\b20[2-9]\d-\d{2}-\d{2}\b", path.read_text(encoding="utf-8"))
        if date < "2029-03-01"
    }
    assert not dated

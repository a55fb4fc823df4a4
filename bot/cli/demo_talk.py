"""The talk of the demo's room: after each tick some of the crowd say what they make of it, greet who comes and answer
who speaks. Played headless nobody reads it, so there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from bot.adapters.room.message_log import TALK, MessageLog
from bot.adapters.room.platform import MAIN
from bot.chat.reply import Board
from bot.scenarios.chatter import Chatter
from bot.scenarios.happenings import Fact, Happenings, cents
from bot.scenarios.observation import CENT
from bot.scenarios.scenario import Scenario
from bot.scenarios.traders import Strategy, Trader
from bot.text.names import folded
from engine.events import OrderDone
from scheduler.tick import TickReport
from storage.records import Payload, RoomMessage

GAP, URGENT_GAP = 3, 1  # ticks between two lines
URGENT = 50  # the weight from which on a fact does not wait
LASTING = ("paid", "lost", "won")  # true later, too
KEPT_TICKS = 8
SOON = 3  # ticks before a freeze
WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


class DemoTalk:
    """`crowd` are the traders by their number."""

    def __init__(self, log: MessageLog, scenario: Scenario, crowd: Mapping[int, Trader], seed: int) -> None:
        self._log = log
        self._scenario = scenario
        self._crowd = crowd
        self._happenings = Happenings(scenario.names, {number: trader.name for number, trader in crowd.items()})
        self._chatter = Chatter(crowd, seed)
        self._lasting: list[tuple[int, Fact]] = []  # until which tick, and what
        self._seq: int | None = None
        self._quiet_since = 0  # the tick of the last line
        self._spoken_of = -1  # the round that was announced last
        self._forecast: tuple[int, ...] = ()
        self._newcomers: dict[int, str] = {}  # who has not traded yet

    async def after_tick(self, tick: int, report: TickReport, board: Board | None) -> None:
        """Say something about this tick, if there is something to say."""
        yes = {row.outcome: row.yes for row in board.rows if row.active} if board else {}
        facts = self._happenings.of_tick(report.events, report.fills, yes)
        newcomers = [*self._of_newcomers(await self._news(), yes)] if yes else []
        newcomers += self._first_trades(report)
        facts += [*self._ahead(tick, yes), *self._forecasts(tick, yes)] if yes else []
        self._lasting += [(tick + KEPT_TICKS, fact) for fact in facts if fact.kind in LASTING]
        self._lasting = [(until, fact) for until, fact in self._lasting if until >= tick]
        told = self._chatter.say(newcomers, 2)
        waiting = [*(fact for fact in facts if fact.kind not in LASTING), *(fact for _, fact in self._lasting)]
        waiting.sort(key=lambda fact: -fact.weight)
        gap = URGENT_GAP if waiting and waiting[0].weight >= URGENT else GAP
        if not told and tick - self._quiet_since >= gap:
            told = self._chatter.say(waiting, 1)
        for trader, text in told:
            self._quiet_since = tick
            await self._post(trader, text)

    async def at_the_end(self, most: int, pause_s: float) -> None:
        """What the end brought them, line by line."""
        for _ in range(most):
            told = self._chatter.say([fact for _, fact in self._lasting], 1)
            for trader, text in told:
                await asyncio.sleep(pause_s)
                await self._post(trader, text)

    def _first_trades(self, report: TickReport) -> list[Fact]:
        """Of people who have come: that they trade now; what and for how much is their own affair."""
        traded = {event.user for event in report.events if isinstance(event, OrderDone) and event.filled and event.buy}
        return [
            Fact(kind="first_trade", values={"who": self._newcomers.pop(number)})
            for number in [*self._newcomers]
            if number in traded
        ]

    async def _post(self, trader: Trader, text: str) -> None:
        number = next(number for number, each in self._crowd.items() if each is trader)
        body: Payload = {"say": text, "by": number}
        await self._log.append(MAIN, TALK, body, author=trader.name)

    async def _news(self) -> Sequence[RoomMessage]:
        """What others than the crowd have done in the room since the last tick."""
        page = await self._log.after(MAIN, self._seq, None)
        first, self._seq = self._seq is None, page.seq
        return [
            message
            for message in page.messages
            if message.channel == TALK and message.body.get("by") not in self._crowd and not first
        ]

    def _of_newcomers(self, messages: Sequence[RoomMessage], yes: Mapping[int, int]) -> Iterator[Fact]:
        leader = max(yes, key=lambda each: (yes[each], -each))
        for message in messages:
            values = {"who": message.author, "name": self._scenario.names[leader], "now": cents(yes[leader])}
            text = message.body.get("say")
            number = message.body.get("by")
            if message.body.get("note") == "joined" and isinstance(number, int):
                self._newcomers[number] = message.author
                yield Fact(kind="joined", values=values)
            elif isinstance(text, str):
                yield self._answer(text, values, yes)

    def _answer(self, text: str, values: dict[str, str], yes: Mapping[int, int]) -> Fact:
        said = folded(text)
        for outcome, price in yes.items():
            name = self._scenario.names[outcome]
            if folded(name) in said:
                return Fact(kind="asked_of", values={**values, "name": name, "now": cents(price)})
        return Fact(kind="asked" if "?" in text else "said", values=values)

    def _ahead(self, tick: int, yes: Mapping[int, int]) -> Iterator[Fact]:
        """The round that comes, once."""
        moments, steps = self._scenario.moments, self._scenario.steps
        coming = next((number for number, step in enumerate(steps) if step.freeze_ms > moments[tick]), None)
        if coming is None or coming == self._spoken_of or len(yes) < 2:
            return
        if steps[coming].freeze_ms - moments[tick] > SOON * self._scenario.tick_ms:
            return
        self._spoken_of = coming
        order = sorted(yes, key=lambda each: (-yes[each], each))
        first, second, last = order[0], order[1], order[-1]
        names = self._scenario.names
        if coming == len(steps) - 1:
            values = {"name": names[first], "now": cents(yes[first])}
            values |= {"second": names[second], "other": cents(yes[second])}
            yield Fact(kind="final", weight=55, values=values)
        else:
            count = len(steps[coming].out)
            values = {"count": WORDS.get(count, str(count)), "name": names[last], "now": cents(yes[last])}
            yield Fact(kind="round", weight=55, values=values)

    def _forecasts(self, tick: int, yes: Mapping[int, int]) -> Iterator[Fact]:
        """A forecast that has just come out, by somebody who follows them: where it differs most from the board."""
        chances = self._scenario.usable_forecast(self._scenario.moments[tick])
        known, self._forecast = self._forecast, chances
        readers = [number for number, trader in self._crowd.items() if trader.strategy is Strategy.INFORMED]
        if not known or known == chances or not readers:
            return
        outcome = max(yes, key=lambda each: (abs(chances[each] - yes[each]), -each))
        chance = (chances[outcome] + CENT // 2) // CENT
        if chance:
            values = {"name": self._scenario.names[outcome], "chance": f"{chance}%", "now": cents(yes[outcome])}
            yield Fact(kind="forecast", by=readers[tick % len(readers)], weight=40, values=values)

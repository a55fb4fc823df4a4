"""The crowd at work: people type lines and press buttons through the dispatcher, like anybody else.

A `Simulation` knows who does what when; whoever plays it owns the clock, moves it to each `Act` in turn, does the act,
and runs the market's ticks in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Board, Reply
from bot.dispatcher import Dispatcher
from bot.scenarios import chatter, observation, strategies
from bot.scenarios.observation import News, OwnAccount, SeenBoard, TradeIdea
from bot.scenarios.traders import Temper, Trader, dice
from bot.scenarios.worldcup import MICRO, Scenario, WorldCupRound
from bot.text.names import quoted

OPEN = "Open"
REMEMBERED = 24  # boards
EDGE_MS = 60_000  # nobody acts in the first and last minute of a tick
LATE = 250  # per mille: who still tries after trading has stopped
CARELESS = 2  # orders after which most people look again at what they have
ORGANISER, ONLOOKER = "organiser", "onlooker"

Speak = Callable[[Trader, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something somebody does at a moment (epoch ms)."""

    at_ms: int
    order: int
    do: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationChat:
    """The chat it happens in, as its platform names it."""

    platform: str
    chat: str
    title: str


STANDS = SimulationChat(platform="crowd", chat="stands", title="The stands")
"""Where the crowd sits: a chat of its own on a platform without readers, so that nothing is sent to nobody."""


@dataclass(slots=True)
class _Memory:
    """What somebody remembers of what she has: read after so many rounds, and the orders sent since; whether orders of
    hers may wait in the book."""

    own: OwnAccount
    round: int
    orders: int = 0
    waits: bool = False


class Simulation:
    """`people` trade `scenario` from the stands, the organiser speaks in `place`. `speak` puts a line of talk into it,
    where there is somebody to read it; `pinned` is the board that hangs there (without one the crowd asks for it)."""

    def __init__(
        self,
        scenario: Scenario,
        dispatcher: Dispatcher,
        people: Sequence[Trader],
        place: SimulationChat,
        seed: int,
        speak: Speak | None = None,
        pinned: Callable[[], Board | None] = lambda: None,
    ) -> None:
        self.scenario = scenario
        self.people = people
        self.counts: Counter[str] = Counter()
        self._dispatcher = dispatcher
        self._place = place
        self._seed = seed
        self._speak = speak
        self._pinned = pinned
        self._said = 0
        self._path: list[tuple[int, ...]] = []
        self._belief: tuple[int, ...] = ()
        self._since_round = 0
        self._gone: tuple[str, ...] = ()
        self._rounds = 0
        self._owns: dict[int, _Memory] = {}

    # -- talking to the bot

    async def type(self, who: str, name: str, text: str, *, admin: bool = False) -> Reply:
        """One typed line or pressed button."""
        self._said += 1
        place = self._place if admin else STANDS
        said = Invocation(
            text=text,
            platform=place.platform,
            person_ext=who,
            person_name=name,
            chat_ext=place.chat,
            chat_kind=ChatKind.ROOM,
            chat_title=place.title,
            is_admin=admin,
            request_id=f"stage-{self._said}",
        )
        reply = await self._dispatcher.run(said)
        self.counts["lines"] += 1
        self.counts["refusals"] += not reply.ok
        return reply

    async def order(self, text: str) -> Reply:
        """A line of the organiser; what asks again is confirmed. Raises RuntimeError where it is refused: the play
        cannot go on without its stage."""
        reply = await self.type(ORGANISER, "Organiser", text, admin=True)
        confirm = observation.confirm(reply)
        if reply.ok and confirm is not None:
            reply = await self.type(ORGANISER, "Organiser", confirm, admin=True)
        if not reply.ok:
            raise RuntimeError(f"{text}: {observation.text_of(reply.head)}")
        return reply

    async def gather(self) -> None:
        """Everybody joins in the lobby."""
        for person in self.people:
            await self.type(external(person), person.name, "/join")

    # -- one tick

    async def acts(self, tick: int) -> list[Act]:
        """What happens between the tick before and this one, in order."""
        before = self.scenario.start_ms + (tick - 1) * self.scenario.tick_ms
        found = self._decisions(before)
        news = self._news(before)
        draws = {person.number: dice(self._seed, tick, person.number) for person in self.people}
        awake = [person for person in self.people if strategies.stirs(person, news, draws[person.number])]
        if awake and not self.scenario.frozen(before):
            look = await self._look(news)
            if look is not None:
                for person in awake:
                    found += self._turn(person, look, tick, before, draws[person.number])
        return sorted(found, key=lambda act: (act.at_ms, act.order))

    def _news(self, now_ms: int) -> News:
        belief = self.scenario.known(now_ms)
        freezes = [step.freeze_ms for step in self.scenario.steps if step.freeze_ms > now_ms]
        news = News(
            belief=belief,
            fresh=belief != self._belief,
            since_round=self._since_round,
            to_freeze=(freezes[0] - now_ms) // self.scenario.tick_ms if freezes else REMEMBERED,
        )
        self._belief = belief
        self._since_round += 1
        return news

    async def _look(self, news: News) -> SeenBoard | None:
        """The board, the same for everybody who stirs in this tick; None while there is no trading."""
        board = self._pinned() or observation.board(await self.type(ONLOOKER, "Onlooker", "/board"))
        if board is None or board.status != OPEN:
            return None
        yes, no = [0] * len(self.scenario.names), [0] * len(self.scenario.names)
        for row in board.rows:
            yes[row.outcome], no[row.outcome] = (row.yes, row.no) if row.active else (0, 0)
        look = SeenBoard(yes=tuple(yes), no=tuple(no), path=tuple(self._path), news=news)
        self._path = [*self._path, look.yes][-REMEMBERED:]
        return look

    def _turn(self, person: Trader, look: SeenBoard, tick: int, before: int, draw: Random) -> list[Act]:
        """She trades at some moment of the tick, and may say something then. Too late, most people let it be."""
        at_ms = before + draw.randrange(EDGE_MS, self.scenario.tick_ms - EDGE_MS)
        remark = chatter.remark(person, look, self.scenario.names, self._gone, draw)
        if self.scenario.frozen(at_ms) and draw.randrange(1_000) >= LATE:
            return []

        async def turn() -> None:
            await self._trade(person, look, tick)
            if remark and self._speak:
                await self._speak(person, remark)

        return [Act(at_ms=at_ms, order=person.number, do=turn)]

    async def _trade(self, person: Trader, look: SeenBoard, tick: int) -> None:
        """Look at what one has, decide, take back what should not wait, ask for a ticket, read it, confirm or leave
        it."""
        own = await self._means(person)
        turn = dice("turn", self._seed, tick, person.number)
        for wish in strategies.decide(person, look, own, self.scenario.names, turn):
            if wish.line.startswith("/cancel"):
                self.counts["taken back"] += 1
                await self._line(person, wish.line)
                continue
            for line in (wish.line, wish.smaller):
                if line and await self._ask(person, wish, line):
                    break

    async def _means(self, person: Trader) -> OwnAccount:
        """What she has, from `/positions`; who does not count pennies looks again after a round or a few orders."""
        known = self._owns.get(person.number)
        patience = 0 if person.temper is Temper.INFORMED else CARELESS
        if known is None or known.round != self._rounds or known.orders > patience:
            count = len(self.scenario.names)
            own = observation.own(await self._line(person, "/positions"), count)
            own = own or OwnAccount(cash=0, held=((0, 0),) * count)
            waits = known is not None and known.waits
            known = self._owns[person.number] = _Memory(own=own, round=self._rounds, waits=waits)
        if known.waits:
            waiting = observation.waiting(await self._line(person, "/orders"))
            known.own, known.waits = replace(known.own, waiting=waiting), bool(waiting)
        return known.own

    async def _ask(self, person: Trader, wish: TradeIdea, line: str) -> bool:
        """Whether that settled it: ordered, or nothing more to try."""
        self.counts["asked"] += 1
        ticket = observation.ticket(await self._line(person, line))
        if ticket is None:
            return not wish.smaller
        buying = line.startswith("/buy")
        if wish.fair is not None and (ticket.each > wish.fair if buying else ticket.each < wish.fair):
            self.counts["thought better of"] += 1
            await self._line(person, ticket.cancel)
            return False
        self.counts["confirmed"] += 1
        known = self._owns[person.number]
        known.orders += 1
        known.waits = known.waits or " limit " in line
        await self._line(person, ticket.confirm)
        return True

    async def _line(self, person: Trader, text: str) -> Reply:
        return await self.type(external(person), person.name, text)

    # -- the rounds

    def _decisions(self, before: int) -> list[Act]:
        """The organiser names who is out when the result is known."""
        until = before + self.scenario.tick_ms
        return [
            Act(at_ms=step.decide_ms, order=-1, do=self._decision(step))
            for step in self.scenario.steps
            if before < step.decide_ms <= until
        ]

    def _decision(self, step: WorldCupRound) -> Callable[[], Awaitable[None]]:
        names = self.scenario.names
        final = step is self.scenario.steps[-1]

        async def decide() -> None:
            self._gone = tuple(names[outcome] for outcome in step.out)
            self._rounds += 1
            self._since_round = 0
            who = [names[self.scenario.winner]] if final else self._gone
            verb = "resolve" if final else "eliminate"
            await self.order(f'/admin {verb} {", ".join(map(quoted, who))} reason "{step.reason}"')

        return decide


def external(person: Trader) -> str:
    """Her name on the crowd's platform."""
    return f"{person.number}"


def weights(scenario: Scenario) -> tuple[int, ...]:
    """The start odds as whole numbers."""
    return tuple(int(one * MICRO) for one in scenario.odds)

"""Synthetic traders who type lines and press buttons through the dispatcher, like anybody else.

A `Simulation` plans who does what when; its caller owns the clock, moves it to each `ScheduledAction` in turn, runs
it, and runs the market's ticks in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Board, Reply
from bot.dispatcher import Dispatcher
from bot.scenarios import observation, set_pieces, strategies
from bot.scenarios.observation import PublicInfo, SeenAccount, SeenBoard, TradeIdea
from bot.scenarios.scenario import MICRO, Scenario, ScenarioRound
from bot.scenarios.traders import Strategy, Trader, seeded_random
from bot.text.outcome_names import typed_outcome

OPEN = "Open"
BOARDS_KEPT = 24  # boards
QUIET_EDGE = 42  # nobody acts in the first and the last of so many parts of a tick
LATE_PER_MILLE = 250  # per mille: who still tries after trading has stopped
FIRST_AGREED = 4  # the tick from which on people agree on trades
OUT_OF_DATE = -1  # no round
ORDERS_UNTIL_REREAD = 2  # orders after which most traders read their account again
ORGANISER, ONLOOKER = "organiser", "onlooker"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledAction:
    """Something somebody does at a moment (epoch ms)."""

    at_ms: int
    rank: int
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationChat:
    """The chat it happens in, as its platform names it."""

    platform: str
    chat: str
    title: str


CROWD_CHAT = SimulationChat(platform="crowd", chat="stands", title="The stands")
"""The traders' own chat, on a platform that nobody reads, so that nothing needs to be delivered to them."""


@dataclass(slots=True)
class _KnownAccount:
    """An account as its trader read it last: in which round, how many orders they have sent since, whether some may be
    in the book."""

    account: SeenAccount
    round: int
    orders: int = 0
    has_open_orders: bool = False


class Simulation:
    """`people` trade `scenario` from `CROWD_CHAT`, the organiser types in `chat`. `pinned_board` is the
    board pinned there (without one it is asked for by `/board`)."""

    def __init__(
        self,
        scenario: Scenario,
        dispatcher: Dispatcher,
        people: Sequence[Trader],
        chat: SimulationChat,
        seed: int,
        pinned_board: Callable[[], Board | None] = lambda: None,
    ) -> None:
        self.scenario = scenario
        self.people = people
        self._dispatcher = dispatcher
        self._chat = chat
        self._seed = seed
        self._pinned_board = pinned_board
        self._lines_sent = 0
        self._path: list[tuple[int, ...]] = []
        self._forecast: tuple[int, ...] = ()
        self._ticks_since_round = 0
        self._rounds = 0
        self._known_accounts: dict[int, _KnownAccount] = {}
        self._kinds = Counter[str]()  # of fills so far
        self._tried = Counter[str]()  # kinds that were agreed on

    # -- talking to the bot

    async def send_line(self, who: str, name: str, text: str, *, admin: bool = False) -> Reply:
        """One typed line or pressed button."""
        self._lines_sent += 1
        chat = self._chat if admin else CROWD_CHAT
        invocation = Invocation(
            text=text,
            platform=chat.platform,
            person_ext=who,
            person_name=name,
            chat_ext=chat.chat,
            chat_kind=ChatKind.ROOM,
            chat_title=chat.title,
            is_admin=admin,
            request_id=f"stage-{self._lines_sent}",
        )
        return await self._dispatcher.run(invocation)

    async def organiser_line(self, text: str) -> Reply:
        """A line of the organiser; what asks again is confirmed. Raises RuntimeError where it is refused: the
        simulation cannot go on without it."""
        reply = await self.send_line(ORGANISER, "Organiser", text, admin=True)
        confirm = observation.confirm(reply)
        if reply.ok and confirm is not None:
            reply = await self.send_line(ORGANISER, "Organiser", confirm, admin=True)
        if not reply.ok:
            raise RuntimeError(f"{text}: {observation.text_of(reply.head)}")
        return reply

    async def join_all(self) -> None:
        """Everybody joins in the lobby."""
        for trader in self.people:
            await self.send_line(external_id(trader), trader.name, "/join")

    # -- one tick

    async def actions(self, tick: int) -> list[ScheduledAction]:
        """What happens between the tick before and this one, in order."""
        before, until = self.scenario.moments[tick - 1 : tick + 1]
        actions = self._decisions(before, until)
        info = self._public_info(before)
        rngs = {trader.number: seeded_random(self._seed, tick, trader.number) for trader in self.people}
        awake = [trader for trader in self.people if strategies.acts_now(trader, info, rngs[trader.number])]
        kinds = set_pieces.missing(self._kinds, self._tried) if info.ticks_to_freeze > 1 else []
        if (awake or kinds) and not self.scenario.frozen(before):
            board = await self._read_board(info)
            if board is not None:
                for trader in awake:
                    actions += self._actions_of(trader, board, tick, before, rngs[trader.number])
                if kinds and tick >= FIRST_AGREED:
                    at_ms = before + self.scenario.tick_ms - self.scenario.tick_ms // QUIET_EDGE
                    actions.append(
                        ScheduledAction(at_ms=at_ms, rank=len(self.people), run=self._agreed(kinds[0], board))
                    )
        return sorted(actions, key=lambda action: (action.at_ms, action.rank))

    def _public_info(self, now_ms: int) -> PublicInfo:
        forecast = self.scenario.usable_forecast(now_ms)
        freezes = [step.freeze_ms for step in self.scenario.steps if step.freeze_ms > now_ms]
        info = PublicInfo(
            forecast=forecast,
            forecast_is_new=forecast != self._forecast,
            ticks_since_round=self._ticks_since_round,
            ticks_to_freeze=(freezes[0] - now_ms) // self.scenario.tick_ms if freezes else BOARDS_KEPT,
        )
        self._forecast = forecast
        self._ticks_since_round += 1
        return info

    async def _read_board(self, info: PublicInfo) -> SeenBoard | None:
        """The board, the same for everybody who acts in this tick; None while there is no trading."""
        pinned_board = self._pinned_board() or observation.board(await self.send_line(ONLOOKER, "Onlooker", "/board"))
        if pinned_board is None or pinned_board.status != OPEN:
            return None
        yes, no = [0] * len(self.scenario.names), [0] * len(self.scenario.names)
        for row in pinned_board.rows:
            yes[row.outcome], no[row.outcome] = (row.yes, row.no) if row.active else (0, 0)
        board = SeenBoard(yes=tuple(yes), no=tuple(no), path=tuple(self._path), info=info)
        self._path = [*self._path, board.yes][-BOARDS_KEPT:]
        return board

    def _actions_of(
        self, trader: Trader, board: SeenBoard, tick: int, before: int, rng: Random
    ) -> list[ScheduledAction]:
        """The trader trades at some moment of the tick; after a freeze most do not try."""
        edge = self.scenario.tick_ms // QUIET_EDGE
        at_ms = before + rng.randrange(edge, self.scenario.tick_ms - edge)
        if self.scenario.frozen(at_ms) and rng.randrange(1_000) >= LATE_PER_MILLE:
            return []

        async def act() -> None:
            await self._trade(trader, board, tick)

        return [ScheduledAction(at_ms=at_ms, rank=trader.number, run=act)]

    async def _trade(self, trader: Trader, board: SeenBoard, tick: int) -> None:
        """Read the account, decide, cancel stale orders, ask for a ticket, read it, confirm or cancel it."""
        account = await self._read_account(trader)
        rng = seeded_random("turn", self._seed, tick, trader.number)
        for idea in strategies.decide(trader, board, account, self.scenario.names, rng):
            if idea.line.startswith("/cancel"):
                await self._send_as(trader, idea.line)
                continue
            for line in (idea.line, idea.smaller_line):
                if line and await self._try_line(trader, idea, line):
                    break

    def traded(self, kinds: Iterable[str]) -> None:
        """Which kinds of fills a tick brought."""
        self._kinds.update(kinds)

    def _agreed(self, kind: str, board: SeenBoard) -> Callable[[], Awaitable[None]]:
        """A trade that some agree on, so that this kind of match happens too."""

        async def act() -> None:
            self._tried[kind] += 1
            people = sorted(self.people, key=lambda each: each.strategy not in set_pieces.LIMIT_TRADERS)
            accounts = {each.number: await self._last_account(each) for each in people}
            agreed = set_pieces.Agreement(board=board, people=people, accounts=accounts, names=self.scenario.names)
            for trader, line in set_pieces.lines(kind, agreed):
                await self._try_line(trader, TradeIdea(line=line), line)
                self._known_accounts[trader.number].round = OUT_OF_DATE

        return act

    async def _last_account(self, trader: Trader) -> SeenAccount:
        """The account as the trader read it last, unless an agreement has changed it since."""
        known = self._known_accounts.get(trader.number)
        return await self._read_account(trader) if known is None or known.round == OUT_OF_DATE else known.account

    async def _read_account(self, trader: Trader) -> SeenAccount:
        """The account from `/positions`; all but the informed read it again only after a round or a few orders."""
        known = self._known_accounts.get(trader.number)
        reread_after = 0 if trader.strategy is Strategy.INFORMED else ORDERS_UNTIL_REREAD
        if known is None or known.round != self._rounds or known.orders > reread_after:
            count = len(self.scenario.names)
            account = observation.account(await self._send_as(trader, "/positions"), count)
            account = account or SeenAccount(cash=0, held=((0, 0),) * count)
            may_have_orders = known is not None and known.has_open_orders
            known = self._known_accounts[trader.number] = _KnownAccount(
                account=account, round=self._rounds, has_open_orders=may_have_orders
            )
        if known.has_open_orders:
            open_orders = observation.open_orders(await self._send_as(trader, "/orders"))
            known.account, known.has_open_orders = replace(known.account, open_orders=open_orders), bool(open_orders)
        return known.account

    async def _try_line(self, trader: Trader, idea: TradeIdea, line: str) -> bool:
        """Whether the idea is done with: ordered, or nothing else to try."""
        ticket = observation.ticket(await self._send_as(trader, line))
        if ticket is None:
            return not idea.smaller_line
        buying = line.startswith("/buy")
        if idea.worst_price is not None and (
            ticket.each > idea.worst_price if buying else ticket.each < idea.worst_price
        ):
            await self._send_as(trader, ticket.cancel)
            return False
        known = self._known_accounts[trader.number]
        known.orders += 1
        known.has_open_orders = known.has_open_orders or " limit " in line
        await self._send_as(trader, ticket.confirm)
        return True

    async def _send_as(self, trader: Trader, text: str) -> Reply:
        return await self.send_line(external_id(trader), trader.name, text)

    # -- the rounds

    def _decisions(self, before: int, until: int) -> list[ScheduledAction]:
        """The organiser names who is out when the result is known."""
        return [
            ScheduledAction(at_ms=step.decide_ms, rank=-1, run=self._decision(step))
            for step in self.scenario.steps
            if before < step.decide_ms <= until
        ]

    def _decision(self, step: ScenarioRound) -> Callable[[], Awaitable[None]]:
        names = self.scenario.names
        final = step is self.scenario.steps[-1]

        async def decide() -> None:
            self._rounds += 1
            self._ticks_since_round = 0
            if not step.asked:
                return  # its timetable names them
            chosen = [self.scenario.winner] if final else step.out
            who = [typed_outcome(names, outcome) for outcome in chosen]
            verb = "resolve" if final else "eliminate"
            await self.organiser_line(f'/admin {verb} {", ".join(who)} reason "{step.reason}"')

        return decide


def external_id(trader: Trader) -> str:
    """The trader's id on the crowd's platform."""
    return f"{trader.number}"


def odds_weights(scenario: Scenario) -> tuple[int, ...]:
    """The start odds as whole numbers."""
    return tuple(int(share * MICRO) for share in scenario.odds)

"""A market that is over, as it was at each of its ticks: the board by the code of `/board`, trades, what somebody had.

Its states come from the engine, which has run it again (`storage.rerun`). A market that cannot be run again has its
rows: prices, trades, who went out and who won; what no row tells is left out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.chat.past_facts import Bought, HeldThen, OwnThen
from bot.chat.reply import Board, BoardRow
from bot.market.standings import BoardFacts, board_at, path_moments, prices_before_out
from bot.text.numbers import places, shown_price
from bot.words import theatre as words
from bot.words.shared import STATUS_WORDS, name_of
from bot.words.views import WINNER, out_note
from bot.words.wording import on_rules
from engine.quote import Quote, quote
from engine.state import MarketState, Side, Status
from engine.units import RULES
from storage.database import Database
from storage.rankings import worths
from storage.records import EventRow, Market, Member, TickRow, Wording
from storage.rerun import MOST_TICKS, Rerun
from storage.room_messages import Said
from storage.unit_of_work import UnitOfWork

POINTS = 1_500  # of the lines of prices that are sent at once
BOARDS_KEPT = 256
STATES_KEPT = 8
BUDGET = 50_000_000  # micro-dollars: what one may ask what it would have bought
TOLD = (
    "Frozen", "Paused", "Resumed", "RoundSkipped", "Eliminated", "Claimed", "Corrected", "Cut", "Resolved", "Voided",
)  # fmt: skip
"""Events that are marks on the line of time."""


@dataclass(slots=True, kw_only=True)
class Theatre:
    """market: as it ended; rows: its ticks, from 0 on; told: the marks, oldest first; risks: the house's worst loss
    after each tick, by its number; last_trades: the number of the last trade so far, by tick; wordings: what decided
    it; joined_ms: when those in it came; first_trades, amounts: as `Trades` has them; again: all ticks run again, None
    as long as they are not, or where they cannot be (`why` says it); said: by room, what was said in its time."""

    market: Market
    rows: Sequence[TickRow]
    told: Sequence[EventRow]
    risks: Mapping[int, int]
    last_trades: Sequence[int]
    wordings: Sequence[Wording]
    joined_ms: Sequence[int]
    first_trades: Sequence[tuple[int, int, int | None]]
    amounts: Sequence[tuple[int, int | None, int]]
    again: Rerun | None = None
    why: str = ""
    said: dict[str, Sequence[Said]] = field(default_factory=dict)
    _boards: OrderedDict[int, Board] = field(default_factory=OrderedDict)
    _states: OrderedDict[int, MarketState] = field(default_factory=OrderedDict)

    @property
    def last(self) -> int:
        return len(self.rows) - 1

    @property
    def ready(self) -> bool:
        """Whether its boards are there."""
        return self.again is not None or bool(self.why)

    def until_ms(self, tick: int) -> int | None:
        """When the next tick was: until then the market stood as this one left it."""
        return self.rows[tick + 1].ts_ms if tick < self.last else None

    def points(self) -> list[int]:
        """Ticks spread over all of them, the first and the last among them."""
        most = min(POINTS, len(self.rows))
        return sorted({self.last * point // max(most - 1, 1) for point in range(most)})

    def board(self, tick: int, names: Mapping[int, str]) -> Board:
        """The block `/board` showed right after that tick; `names` are of who wrote what decides it, as they are called
        now."""
        if tick not in self._boards:
            self._boards[tick] = self._board(tick)
        self._boards.move_to_end(tick)
        if len(self._boards) > BOARDS_KEPT:
            self._boards.popitem(last=False)
        at_ms = self.rows[tick].ts_ms
        written = [wording for wording in self.wordings if wording.ts_ms <= at_ms]
        return replace(self._boards[tick], now_ms=at_ms, decides=tuple(on_rules(written, names)))

    def _board(self, tick: int) -> Board:
        rounds = [event for event in self.told if event.type == "Eliminated" and event.tick <= tick]
        if self.again is None:
            return self._board_of_rows(tick, rounds)
        market, state = self.again.market_at(tick), self._state(tick)
        facts = BoardFacts(
            market=market,
            state=state,
            rounds=rounds,
            path=self._path(market),
            risk=self.risks.get(tick, 0),
            people=self.again.people_at(tick),
            traders=sum(account.trades > 0 for account in state.accounts.values()),
        )
        return board_at(facts)

    def _state(self, tick: int) -> MarketState:
        if self.again is None:
            raise LookupError(f"market {self.market.id} has not been run again")
        if tick not in self._states:
            self._states[tick] = self.again.state_at(tick)
        self._states.move_to_end(tick)
        if len(self._states) > STATES_KEPT:
            self._states.popitem(last=False)
        return self._states[tick]

    def _path(self, market: Market) -> list[TickRow]:
        """As `Ticks.at` gives it to a market whose last tick this one is."""
        moments = [row.ts_ms for row in self.rows[: market.tick + 1]]
        found = sorted({bisect_right(moments, at_ms) - 1 for at_ms in path_moments(market)})
        return [self.rows[at] for at in found if at >= 0]

    def _board_of_rows(self, tick: int, rounds: Sequence[EventRow]) -> Board:
        """What rows alone tell: no step, no change, nothing of what a sale brings."""
        row, params = self.rows[tick], self.market.params
        out = {number: _round_of(event) for event in rounds for number in _facts(event)["outcomes"]}
        ended = [event for event in self.told if event.type in {"Resolved", "Voided"} and event.tick <= tick]
        won = words.winners(ended[-1].payload) if ended and ended[-1].type == "Resolved" else ()
        prices = dict(enumerate(zip(row.yes, row.no, strict=True)))
        if ended and ended[-1].type == "Voided":  # nobody is out
            out, prices = {}, prices | prices_before_out(rounds)
        inside = [number for number in range(params.n_outcomes) if number not in out]
        inside.sort(key=lambda number: (number not in won, -shown_price(prices[number][0]), number))
        keys = [(number not in won, 0 if number in won else shown_price(prices[number][0])) for number in inside]
        in_place = dict(zip(inside, places(keys), strict=True))
        rows = [
            BoardRow(
                outcome=number,
                name=name_of(params, number),
                place=in_place.get(number, ""),
                yes=prices[number][0],
                no=prices[number][1],
                change=None,
                spark=(),
                active=number not in out,
                note=WINNER if number in won else out_note(out[number]) if number in out else "",
            )
            for number in (*inside, *reversed(out))
        ]
        at_ms = row.ts_ms
        return Board(
            title=self.market.title,
            status=STATUS_WORDS[self.market.status] if tick == self.last else "",
            rows=tuple(rows),
            volume=sum(amount for at, undone, amount in self.amounts if _held(tick, at, undone)),
            people=sum(joined_ms <= at_ms for joined_ms in self.joined_ms),
            traders=len({person for person, at, undone in self.first_trades if _held(tick, at, undone)}),
            now_ms=0,
            risk_now=max(0, self.risks.get(tick, 0)),
            risk_most=0 if tick == self.last else params.z,
        )

    # -- what somebody had

    def own(self, tick: int, member: Member) -> OwnThen | None:
        """What the account of `member` (as it is now) was at that tick; None where that cannot be told."""
        if self.again is None:
            return None
        status = self.again.market.status
        account = self.again.accounts.of(member.person, tick)
        if account is None:
            return OwnThen(status=status, joined=False)
        market, stake = self.again.market_at(tick), self.again.stakes.of(member.person, tick) or 0
        state = self.again.stood[tick].state
        worth = worths(state, market.params, [account.tokens], market.engine_ms(self.rows[tick].ts_ms))[0]
        row, held = self.rows[tick], list[HeldThen]()
        for outcome, pair in enumerate(account.tokens):
            for at, side in enumerate((Side.YES, Side.NO)):
                if pair[at]:
                    holding = HeldThen(
                        outcome=outcome,
                        side=side,
                        tokens=pair[at],
                        price=(row.yes, row.no)[at][outcome],
                        worth=worth[outcome][at],
                        pays=self._pays([(outcome, side, pair[at])]),
                        active=state.binaries[outcome].active,
                    )
                    held.append(holding)
        paid = self._pays([(holding.outcome, holding.side, holding.tokens) for holding in held])
        granted = (self.again.stakes.of(member.person, self.last) or 0) - stake
        return OwnThen(
            status=status,
            joined=True,
            cash=account.cash,
            aside=account.escrow,
            stake=stake,
            held=tuple(held),
            final=member.balance + member.escrow,
            if_kept=account.cash + account.escrow + paid + granted,
            undone_ms=self._undone_ms(tick),
        )

    def _pays(self, held: Sequence[tuple[int, Side, int]]) -> int:
        """What these tokens paid to who held all of them to the end, as the engine pays (`engine.resolution`): exact in
        sum, then floored."""
        winners = self.market.winners
        k = len(winners)
        if not k:
            return 0
        shares = 0
        for outcome, side, size in held:
            yes = 1 if outcome in winners else 0
            shares += size * (yes if side is Side.YES else k - yes)
        return shares // k

    def _undone_ms(self, tick: int) -> int | None:
        """Where a later cut goes back behind that tick: to which moment."""
        at_ms = self.rows[tick].ts_ms
        later = [event for event in self.told if event.type == "Cut" and event.tick > tick]
        moments = [self.market.epoch_ms(_facts(event)["moment_ms"]) for event in later]
        return min((moment_ms for moment_ms in moments if moment_ms < at_ms), default=None)

    def bought(self, tick: int, outcome: int, side: Side) -> Bought | None:
        """What `BUDGET` would have bought right after that tick, alone; None where that cannot be told."""
        if self.again is None:
            return None
        state, market = self._state(tick), self.again.market_at(tick)
        asked = Bought(
            outcome=outcome,
            side=side,
            budget=BUDGET,
            status=state.status,
            active=state.binaries[outcome].active,
        )
        if state.status is not Status.RUNNING or not asked.active:
            return asked
        at_ms = market.engine_ms(self.rows[tick].ts_ms)
        priced = quote(
            state, market.params, now_ms=at_ms, user=None, outcome=outcome, side=side, buy=True, spend=BUDGET
        )
        if not isinstance(priced, Quote):
            return asked
        called_off = self.market.status is Status.VOIDED
        pays = None if called_off else self._pays([(outcome, side, priced.size)])
        return replace(asked, tokens=priced.size, cost=priced.amount, gas=priced.gas, pays=pays)


def _held(tick: int, traded: int, undone: int | None) -> bool:
    """Whether what was traded in one tick, and undone in another, held after a tick."""
    return traded <= tick and (undone is None or undone > tick)


def _facts(event: EventRow) -> words.Facts:
    return event.payload


def _round_of(event: EventRow) -> int | None:
    number = event.payload["round"]
    return number if isinstance(number, int) else None


async def of_rows(db: Database, number: int) -> Theatre:
    """A market that is over, by its rows; whether it can be run again is not known yet, unless `why` says that it
    cannot. Raises LookupError for an unknown one."""
    async with db.reading(at_length=True) as uow:
        market = await uow.markets.get_one(number)
        rows = await uow.ticks.series(number)
        told = [event for kind in TOLD for event in await uow.events.of(number, kind)]
        return Theatre(
            market=market,
            rows=rows,
            told=sorted(told, key=lambda event: event.id),
            risks={row.tick: row.mm_risk for row in await uow.metrics.series(number)},
            last_trades=await _last_trades(uow, market),
            wordings=await uow.wordings.of(number),
            joined_ms=[member.joined_ms for member in await uow.members.of(number)],
            first_trades=await uow.trades.first_ticks(number),
            amounts=await uow.trades.amounts(number),
            why=_why(market),
        )


def _why(market: Market) -> str:
    if market.rules != RULES:
        return words.OLD_RULES
    return words.TOO_LONG if market.tick > MOST_TICKS else ""


async def _last_trades(uow: UnitOfWork, market: Market) -> list[int]:
    """The number of the last trade so far, by tick."""
    last = await uow.trades.last_of_ticks(market.id)
    numbers, highest = list[int](), 0
    for tick in range(market.tick + 1):
        highest = max(highest, last.get(tick, 0))
        numbers.append(highest)
    return numbers

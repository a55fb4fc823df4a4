"""What is told between ticks: reminders, a decision that is late, digests of a quiet market, the call before a freeze.

No market changes.
"""

from __future__ import annotations

from dataclasses import replace

from engine.events import RoundAsked
from engine.schedule import losers_left
from engine.state import MarketState
from scheduler import notices
from scheduler.pace import Pace
from scheduler.signals import MarketSnapshot, Memo, detect, overdue
from storage import questions
from storage.database import Database
from storage.markets import TICKING
from storage.records import Market, Notice


async def run_reminders(db: Database, number: int, now_ms: int, pace: Pace | None = None) -> int:
    """Tell what is due of one market; returns how many notices. Mostly nothing, and then nothing is written."""
    pace = pace or Pace()
    async with db.reading() as uow:
        market = await uow.markets.get(number)
        if market is None or market.status not in TICKING or market.outdated:
            return 0
        state = await uow.markets.state(market)
        latest = await uow.ticks.latest(number)
    if latest is None:
        return 0
    snapshot = MarketSnapshot(
        now_ms=now_ms,
        yes=latest.yes,
        active=state.active,
        volume=market.volume,
        trades=market.trades,
        ticked=False,
    )
    memo = Memo.read(market.memo)
    signal_notices, fresh = detect(market, memo, snapshot, pace)
    reminders, fresh = _remind(market, state, fresh, now_ms, pace)
    late, fresh = overdue(market, state, fresh, now_ms, pace)
    if fresh == memo:
        return 0
    async with db.writing() as uow:
        if (await uow.markets.lock(number)).memo != market.memo:
            return 0  # a tick came between and has told it
        await uow.markets.set_memo(number, fresh.to_json())
        if reminders and state.frozen_for is not None:
            asked = state.frozen_for
            await uow.outbox.replace(number, questions.ask_slot(asked), notices.asked_again(asked), now_ms)
        await uow.outbox.add_many(number, [*signal_notices, *reminders, *late], now_ms)
        await uow.commit()
    return len(signal_notices) + len(reminders) + len(late)


async def tell_of_rules(db: Database, number: int, now_ms: int) -> int:
    """Tell the admins of a market that was written by other rules what this version makes of it, once; returns how many
    notices. One that runs stands still; one that has not started asks where prices were to decide."""
    async with db.writing() as uow:
        market = await uow.markets.lock(number)
        memo = Memo.read(market.memo)
        if memo.rules_told or not (market.outdated or market.asks_now):
            return 0
        await uow.markets.set_memo(number, replace(memo, rules_told=True).to_json())
        notice = notices.outdated(market) if market.outdated else notices.asks_now(market)
        await uow.outbox.add(number, notice, now_ms)
        await uow.commit()
    return 1


def _remind(market: Market, state: MarketState, memo: Memo, now_ms: int, pace: Pace) -> tuple[list[Notice], Memo]:
    """Ask the admins again while a round waits for their word; the tick asked first. Counted from now on where they
    were asked at a time still to come: the clock was set back."""
    if not state.asked or state.frozen_for is None:
        return [], memo if memo.asked_ms == 0 else replace(memo, asked_ms=0)
    if memo.asked_ms == 0 or memo.asked_ms > now_ms:
        return [], replace(memo, asked_ms=now_ms)
    if now_ms - memo.asked_ms < pace.remind_ms:
        return [], memo
    planned = market.params.rounds[state.frozen_for]
    event = RoundAsked(
        round=state.frozen_for,
        at_ms=planned.decide_at,
        count=1 if planned.is_final else losers_left(state, market.params, state.frozen_for),
        final=planned.is_final,
    )
    return [notices.asked(market, event, 0, now_ms=now_ms, again=True)], replace(memo, asked_ms=now_ms)

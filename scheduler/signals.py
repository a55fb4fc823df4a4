"""What is told without an event: a new leader, a digest, the call before a freeze, a reminder. Pure.

`Memo` is what has been told so far; it lives in the market's row, so that a restart repeats nothing.

| kind | for | payload |
|---|---|---|
| lead_change | chats | outcome, yes, before (outcome, null where nobody led), before_yes |
| digest | chats (key `digest`) | since_ms, after, until (numbers of trades), volume, yes: [micro], before: [micro] |
| countdown | chats (slot `countdown:round`) | round, at_ms, decide_ms, final, takes: how many may go or null |
| overdue | chats | round, final, at_ms: when its decision was due |
| round_asked | admins | as in `scheduler.notices`, again: true |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from engine.schedule import rounds_ahead
from engine.state import MarketState, Status
from engine.units import CENT, MICRO
from scheduler.pace import Pace
from storage.records import Market, NextStep, Notice, NoticeAudience, Payload

LEAD = MICRO // 100  # a point
LEAD_TICKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Memo:
    """leader: as told last; rival: who leads now, since when and for how many ticks; digest_*: when the last digest was
    and what had traded by then; yes: prices then; countdown, asked_ms: the round called out, the last reminder;
    rules_told: that it was written by other rules, and what that means; overdue: the round and the time (epoch) of the
    last decision of which the chat was told that it is late."""

    leader: int | None = None
    rival: int | None = None
    rival_ticks: int = 0
    rival_ms: int = 0
    digest_ms: int | None = None
    digest_volume: int = 0
    digest_trades: int = 0
    yes: tuple[int, ...] = ()
    countdown: int | None = None
    asked_ms: int = 0
    rules_told: bool = False
    overdue: tuple[int, int] | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Memo:  # Any: JSON as json.loads types it
        overdue = stored.get("overdue")
        lists = {"yes": tuple(stored.get("yes", ())), "overdue": None if overdue is None else tuple(overdue)}
        return cls(**{**stored, **lists})

    def to_json(self) -> dict[str, Any]:  # Any: dataclasses.asdict is typed so
        return {**asdict(self), "yes": list(self.yes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSnapshot:
    """How a market stands at `now_ms`: YES prices, outcomes still in, what has traded so far and the number of its last
    trade; `ticked` in a tick, of which outcomes in `told` a big trade is told."""

    now_ms: int
    yes: tuple[int, ...]
    active: tuple[int, ...]
    volume: int
    trades: int
    ticked: bool
    told: Collection[int] = ()


def detect(market: Market, memo: Memo, snapshot: MarketSnapshot, pace: Pace) -> tuple[list[Notice], Memo]:
    """What is to be told now, and what is then remembered. `market` as it stands after the tick."""
    due: list[Notice] = []
    if market.status is Status.DISPUTED:  # trading is over, and who leads has been said
        return due, memo
    for step in (_lead, _digest, _countdown):
        step_notices, memo = step(market, memo, snapshot, pace)
        due += step_notices
    return due, memo


def _lead(market: Market, memo: Memo, snapshot: MarketSnapshot, pace: Pace) -> tuple[list[Notice], Memo]:
    """A new highest YES by at least a point for two ticks (or as long as two last); at once where a big trade of it is
    told, so that both are one post. An elimination tells its own."""
    ranked = sorted(snapshot.active, key=lambda i: (-snapshot.yes[i], i))
    if len(ranked) < 2:
        return [], memo
    top, second = ranked[:2]
    clear = snapshot.yes[top] - snapshot.yes[second] >= LEAD
    if memo.digest_ms is None or (memo.leader is not None and memo.leader not in snapshot.active):
        return [], replace(memo, leader=top if clear else None, rival=None, rival_ticks=0)
    if top == memo.leader or not clear:
        return [], replace(memo, rival=None, rival_ticks=0)
    same = memo.rival == top
    ticks = (memo.rival_ticks if same else 0) + snapshot.ticked
    since = min(memo.rival_ms, snapshot.now_ms) if same else snapshot.now_ms
    lasts = ticks >= LEAD_TICKS or snapshot.now_ms - since >= LEAD_TICKS * market.params.batch_interval_ms
    if not lasts and top not in snapshot.told:
        return [], replace(memo, rival=top, rival_ticks=ticks, rival_ms=since)
    payload: Payload = {
        "outcome": top,
        "yes": snapshot.yes[top],
        "before": memo.leader,
        "before_yes": None if memo.leader is None else snapshot.yes[memo.leader],
    }
    notice = Notice(kind="lead_change", audience=NoticeAudience.CHAT, payload=payload)
    return [notice], replace(memo, leader=top, rival=None, rival_ticks=0)


def _digest(market: Market, memo: Memo, snapshot: MarketSnapshot, pace: Pace) -> tuple[list[Notice], Memo]:
    """Every so often, if anything traded since the last one. Counted from now on where the last one is still to come:
    the clock was set back."""
    fresh = replace(
        memo, digest_ms=snapshot.now_ms, digest_volume=snapshot.volume, digest_trades=snapshot.trades, yes=snapshot.yes
    )
    if memo.digest_ms is None:
        return [], fresh
    if memo.digest_ms > snapshot.now_ms:
        return [], replace(memo, digest_ms=snapshot.now_ms)
    if snapshot.now_ms - memo.digest_ms < pace.digest_ms or market.over:
        return [], memo
    if snapshot.volume - memo.digest_volume < CENT:
        return [], fresh
    payload: Payload = {
        "since_ms": memo.digest_ms,
        "after": memo.digest_trades,
        "until": snapshot.trades,
        "volume": snapshot.volume - memo.digest_volume,
        "yes": list(snapshot.yes),
        "before": list(memo.yes),
    }
    return [Notice(kind="digest", audience=NoticeAudience.CHAT, payload=payload, key="digest")], fresh


def _countdown(market: Market, memo: Memo, snapshot: MarketSnapshot, pace: Pace) -> tuple[list[Notice], Memo]:
    """Once before each freeze; a freeze that is due already tells its own."""
    step = market.next_step
    if step is None or step.kind != "freeze" or step.round == memo.countdown or market.halted is not None:
        return [], memo
    ahead = step.at_ms - snapshot.now_ms
    if not 0 < ahead <= pace.countdown_ms:
        return [], memo
    payload = _coming(market, snapshot.active, step)
    notice = Notice(kind="countdown", audience=NoticeAudience.CHAT, payload=payload, slot=f"countdown:{step.round}")
    return [notice], replace(memo, countdown=step.round)


def _coming(market: Market, active: Sequence[int], step: NextStep) -> Payload:
    """The round that is about to freeze."""
    planned = None if step.round is None else market.params.rounds[step.round]
    ahead = () if planned is None or planned.is_final else rounds_ahead(active, market.params, step.round or 0)
    return {
        "round": step.round,
        "at_ms": step.at_ms,
        "decide_ms": None if planned is None else market.epoch_ms(planned.decide_at),
        "final": step.final,
        "takes": ahead[0].takes if ahead else None,
    }


def overdue(market: Market, state: MarketState, memo: Memo, now_ms: int, pace: Pace) -> tuple[list[Notice], Memo]:
    """Once a round and time: the decision that is asked for was due and has not come. A market that is halted takes
    none, and its admins know."""
    if not state.asked or state.frozen_for is None or market.halted is not None:
        return [], memo
    planned = market.params.rounds[state.frozen_for]
    due = (state.frozen_for, market.epoch_ms(planned.decide_at))
    if due == memo.overdue or now_ms - due[1] < pace.overdue_ms:
        return [], memo
    payload: Payload = {"round": state.frozen_for, "final": planned.is_final, "at_ms": due[1]}
    return [Notice(kind="overdue", audience=NoticeAudience.CHAT, payload=payload)], replace(memo, overdue=due)

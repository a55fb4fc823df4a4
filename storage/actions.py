"""Every intent that is not an order: joins while running, cancels, admin controls, retunes.

Decisions that wait for a second pair of eyes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, func, insert, select, update

from engine.state import Status
from storage.journal import Journal
from storage.journal_kinds import Kind
from storage.markets import Markets
from storage.records import (
    LASTING,
    ActionRow,
    ActionStatus,
    Approval,
    ApprovalStatus,
    Declined,
    OrderStatus,
    Payload,
)
from storage.schema import actions, approvals, orders, users
from storage.session import Repository, Session, clean

LIVE = (Status.RUNNING, Status.FROZEN, Status.PAUSED, Status.DISPUTED)


class Actions(Repository):
    def __init__(self, session: Session, markets: Markets, journal: Journal) -> None:
        super().__init__(session)
        self._markets, self._journal = markets, journal

    async def append(
        self, market: int, kind: str, payload: Payload, *, actor: int | None, request_id: str, now_ms: int
    ) -> ActionRow | Declined:
        """Queue an intent for the next tick; the same `request_id` returns the row that exists, `created` False.

        kind and payload: `join` {user, cash} (for a member; later ones are grants) · `cancel` {user, order: number or
        None} · `leave` {user} · `control` {kind: freeze | resume | pause | eliminate | resolve | correct | void | cut,
        outcomes: [..], moment: of a cut, engine time} · `retune` {values: {..}}, never before an order that waits
        already, however clocks differ. Declined(not_running) unless the
        market is RUNNING, FROZEN, PAUSED or DISPUTED; Declined(outdated) for all but a void where it runs by other
        rules; Declined(not_member)."""
        record = await self._markets.lock(market)
        earlier = await self.by_request(request_id)
        if earlier is not None:
            return earlier
        if record.status not in LIVE:
            return Declined(code="not_running")
        if record.outdated and (kind, payload.get("kind")) != ("control", "void"):
            return Declined(code="outdated")
        if kind == "join" and not await self._promise(market, payload):
            return Declined(code="not_member")
        accepted = record.engine_ms(record.market_ms(now_ms))
        if kind == "retune":  # what was accepted before it trades by the terms its worst cost was set aside by
            accepted = max(accepted, await self._session.number(_LAST_WAITING, {"market": market}))
        row = {
            "market": market,
            "number": await self._markets.next_number(record),
            "kind": kind,
            "payload": dict(payload),
            "actor": actor,
            "status": ActionStatus.PENDING.value,
            "reason": None,
            "request_id": request_id,
            "ts_ms": record.epoch_ms(accepted),
            "accepted_ms": accepted,
            "tick_id": None,
        }
        await self._session.run(insert(actions), row)
        return to_action(row)

    async def _promise(self, market: int, payload: Payload) -> bool:
        """Show the money of a join as coming; False where they are no member."""
        account = and_(users.c.market == market, users.c.user == payload["user"])
        done = await self._session.run(update(users).where(account).values(coming=users.c.coming + payload["cash"]))
        return done.rowcount == 1

    async def get(self, market: int, number: int) -> ActionRow | None:
        row = await self._session.row(select(actions).where(actions.c.market == market, actions.c.number == number))
        return None if row is None else to_action(row)

    async def many(self, market: int, numbers: Iterable[int]) -> Mapping[int, ActionRow]:
        """By number; unknown ones are left out."""
        condition = and_(actions.c.market == market, actions.c.number.in_(sorted(set(numbers))))
        return {row["number"]: to_action(row) for row in await self._session.rows(select(actions).where(condition))}

    async def by_request(self, request_id: str) -> ActionRow | None:
        """The action this request made, `created` False."""
        row = await self._session.row(select(actions).where(actions.c.request_id == request_id))
        return None if row is None else to_action(row, created=False)

    async def pending(self, market: int) -> list[ActionRow]:
        """Not yet run, in the order of the tick."""
        return [to_action(row) for row in await self._session.rows(_PENDING, {"market": market})]

    async def settle(self, market: int, number: int, status: ActionStatus) -> None:
        """Done or refused outside a tick (what revives a halted market)."""
        condition = and_(actions.c.market == market, actions.c.number == number)
        await self._session.run(update(actions).where(condition).values(status=status.value))
        row = await self._session.row(select(actions).where(condition))
        if row is not None:
            self._journal.record(Kind.SETTLED, row)

    async def of_tick(self, market: int, tick: int) -> list[ActionRow]:
        """Those it ran, in its order."""
        query = select(actions).where(actions.c.market == market, actions.c.tick_id == tick)
        rows = await self._session.rows(query.order_by(actions.c.accepted_ms, actions.c.number))
        return [to_action(row) for row in rows]


_PENDING = (  # built once: every tick asks it
    select(actions)
    .where(actions.c.market == bindparam("market"), actions.c.status == ActionStatus.PENDING.value)
    .order_by(actions.c.accepted_ms, actions.c.number)
)


_LAST_WAITING = select(func.max(orders.c.accepted_ms)).where(
    orders.c.market == bindparam("market"), orders.c.status == OrderStatus.PENDING.value
)


def to_action(row: RowMapping | dict[str, Any], *, created: bool = True) -> ActionRow:  # Any: a row as it was written
    return ActionRow(
        market=row["market"],
        number=row["number"],
        kind=row["kind"],
        payload=row["payload"],
        actor=row["actor"],
        status=ActionStatus(row["status"]),
        reason=row["reason"],
        request_id=row["request_id"],
        ts_ms=row["ts_ms"],
        accepted_ms=row["accepted_ms"],
        tick=row["tick_id"],
        created=created,
    )


class Approvals(Repository):
    def __init__(self, session: Session, markets: Markets, journal: Journal) -> None:
        super().__init__(session)
        self._markets, self._journal = markets, journal

    async def propose(
        self,
        market: int,
        kind: str,
        outcomes: Sequence[int],
        *,
        reason: str,
        code: str,
        proposer: int,
        now_ms: int,
        asked: Payload | None = None,
    ) -> Approval:
        """Write a proposal down; the same one of the same person that still waits is returned, `created` False. `code`
        stands for the moment of the market it was made at, `asked` is what no outcomes say."""
        await self._markets.lock(market)
        text, what = clean(reason, 1_000), dict(asked or {})
        for proposal in await self.waiting(market):
            same = (proposal.kind, proposal.outcomes, proposal.asked, proposal.reason, proposal.code, proposal.proposer)
            if same == (kind, tuple(outcomes), what, text, code, proposer):
                return proposal
        last = await self._session.number(select(func.max(approvals.c.number)).where(approvals.c.market == market))
        row = {
            "market": market,
            "number": last + 1,
            "kind": kind,
            "outcomes": list(outcomes),
            "asked": what,
            "reason": text,
            "code": code,
            "proposer": proposer,
            "status": ApprovalStatus.WAITING.value,
            "ts_ms": now_ms,
            "decided_by": None,
            "decided_ms": None,
        }
        await self._session.run(insert(approvals), row)
        self._journal.record(Kind.APPROVAL, row)
        return _approval(row, created=True)

    async def get(self, market: int, number: int) -> Approval | None:
        condition = and_(approvals.c.market == market, approvals.c.number == number)
        row = await self._session.row(select(approvals).where(condition))
        return None if row is None else _approval(row)

    async def waiting(self, market: int) -> list[Approval]:
        """Oldest first; whether the market has moved on since is the caller's to see."""
        condition = and_(approvals.c.market == market, approvals.c.status == ApprovalStatus.WAITING.value)
        query = select(approvals).where(condition).order_by(approvals.c.number)
        return [_approval(row) for row in await self._session.rows(query)]

    async def many(self, market: int, numbers: Iterable[int]) -> Mapping[int, Approval]:
        """By number; unknown ones are left out."""
        condition = and_(approvals.c.market == market, approvals.c.number.in_(sorted(set(numbers))))
        rows = await self._session.rows(select(approvals).where(condition))
        return {row["number"]: _approval(row) for row in rows}

    async def lapse(self, market: int, now_ms: int, *, over: bool) -> list[Approval]:
        """End those that wait because the market has moved on; returns them. Those that decide nothing stand unless it
        is `over`."""
        lapsed = [proposal for proposal in await self.waiting(market) if over or proposal.kind not in LASTING]
        for proposal in lapsed:
            one = and_(approvals.c.market == market, approvals.c.number == proposal.number)
            values = {"status": ApprovalStatus.LAPSED.value, "decided_ms": now_ms}
            await self._session.run(update(approvals).where(one).values(**values))
            await self._record(market, proposal.number)
        return lapsed

    async def settle(self, market: int, number: int, by: int, now_ms: int) -> bool:
        """Approved by somebody; False where somebody was first."""
        proposal = and_(approvals.c.market == market, approvals.c.number == number)
        values = {"status": ApprovalStatus.APPROVED.value, "decided_by": by, "decided_ms": now_ms}
        still = approvals.c.status == ApprovalStatus.WAITING.value
        settled = (await self._session.run(update(approvals).where(proposal, still).values(**values))).rowcount == 1
        if settled:
            await self._record(market, number)
        return settled

    async def decline(self, market: int, number: int, by: int, now_ms: int) -> bool:
        """Turned down by somebody, which ends it as a market that moves on does; False where it waits no more."""
        proposal = and_(approvals.c.market == market, approvals.c.number == number)
        values = {"status": ApprovalStatus.LAPSED.value, "decided_by": by, "decided_ms": now_ms}
        still = approvals.c.status == ApprovalStatus.WAITING.value
        declined = (await self._session.run(update(approvals).where(proposal, still).values(**values))).rowcount == 1
        if declined:
            await self._record(market, number)
        return declined

    async def _record(self, market: int, number: int) -> None:
        """As it stands now."""
        condition = and_(approvals.c.market == market, approvals.c.number == number)
        row = await self._session.row(select(approvals).where(condition))
        if row is not None:
            self._journal.record(Kind.APPROVAL, row)


def _approval(row: RowMapping | dict[str, Any], *, created: bool = False) -> Approval:  # Any: a row as it was written
    return Approval(
        market=row["market"],
        number=row["number"],
        kind=row["kind"],
        outcomes=tuple(row["outcomes"]),
        asked=row["asked"],
        reason=row["reason"],
        code=row["code"],
        proposer=row["proposer"],
        status=ApprovalStatus(row["status"]),
        ts_ms=row["ts_ms"],
        decided_by=row["decided_by"],
        decided_ms=row["decided_ms"],
        created=created,
    )

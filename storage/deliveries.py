"""How rows of the outbox are handed out and delivered: at least once, in order for each place.

A place is a (platform, target). Its rows leave in the order they were written; a row that waits for a retry holds
back those behind it, so that a fill never overtakes the one before it. What is urgent has an order of its own, and goes
before what is not.

Until when a row is leased and when it is tried again are moments of the wall's clock, which outlive a process and are
agreed on by several. One further ahead than it can have been meant is over: the clock was set back since.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from typing import TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    RowMapping,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
    update,
)

from storage.records import NoticeAudience, OutboxRow
from storage.schema import chats, message_refs, outbox
from storage.session import Repository, Session, clean, upsert
from storage.tickets import Tickets
from storage.waking import Topic
from storage.webhooks import PLATFORM

SlotPlace: TypeAlias = tuple[int, str, str, str]  # market, platform, external id of a chat or person, slot

URGENT = frozenset(
    {
        *("opened", "started", "frozen", "resumed", "paused", "eliminated", "claimed", "corrected", "resolved"),
        *("voided", "cut", "halted", "restored"),
    }
)
"""Kinds of notices that change what everybody may do, or say how it ended."""

STALE_BOARD_MS = 3_000  # a board that has waited so long goes first
LONGEST_RETRY_MS = 300_000  # no row is put off further
LEASES_AHEAD = 2  # lengths of a lease that one can reach ahead where two machines do not quite agree on the time


class Deliveries(Repository):
    def __init__(self, session: Session, tickets: Tickets) -> None:
        super().__init__(session)
        self._tickets = tickets

    async def claim(
        self, platforms: Collection[str], now_ms: int, lease_ms: int, n: int = 20, *, urgent: bool = False
    ) -> list[OutboxRow]:
        """Up to n due rows, with `urgent` those alone, nobody else's for `lease_ms`. Order is kept per place: of one
        chat or person only the oldest waiting row is handed out, keyed rows apart, those that answer a ticket and what
        is urgent each in an order of their own. What is urgent goes first, then a board that has waited for long."""
        bound = {
            "platforms": sorted(platforms),
            "now": now_ms,
            "latest": now_ms + LONGEST_RETRY_MS,
            "leased": now_ms + LEASES_AHEAD * lease_ms,
            "stale": now_ms - STALE_BOARD_MS,
            "most": n,
        }
        rows = await self._session.rows(_CLAIM_URGENT if urgent else _CLAIM, bound)
        return await self._lease(rows, now_ms + lease_ms)

    async def claim_with(
        self, first: OutboxRow, now_ms: int, lease_ms: int, n: int, kinds: Collection[str] = ()
    ) -> list[OutboxRow]:
        """Up to n rows that could leave in one message with `first`, which must be a new message itself. To a chat:
        those of these kinds that follow at once. To a person: what else waits to be said to them without replacing
        anything, and (to keep the order) nothing that stands behind something else."""
        in_chat = first.audience is NoticeAudience.CHAT
        bound = {"platform": first.platform, "target": first.target, "first": first.id, "most": 5 * n}
        rows = await self._session.rows(_BESIDE_IN_CHAT if in_chat else _BESIDE_IN_PRIVATE, bound)
        leased = {row["id"] for row in rows if now_ms < row["lease_ms"] <= now_ms + LEASES_AHEAD * lease_ms}
        chosen = _following(rows, first, kinds, leased) if in_chat else await self._private_beside(rows, first, leased)
        return await self._lease(await self._free(chosen[:n]), now_ms + lease_ms)

    async def _free(self, rows: Sequence[RowMapping]) -> list[RowMapping]:
        """The first of these, as far as nobody else has just taken one. Waits for nobody: they come in no order."""
        if self._session.dialect != "postgresql":
            return list(rows)
        free = await self._session.rows(_FREE, {"rows": [row["id"] for row in rows]})
        leases = {row["id"]: row["lease_ms"] for row in free}
        return list(takewhile(lambda row: leases.get(row["id"]) == row["lease_ms"], rows))

    async def hold(self, rows: Collection[OutboxRow]) -> None:
        """Lock these, to write down what became of them later in this unit."""
        await self._session.hold(outbox, _ROWS, {"rows": sorted({row.id for row in rows})})

    async def _private_beside(
        self, rows: Sequence[RowMapping], first: OutboxRow, leased: Collection[int]
    ) -> list[RowMapping]:
        in_order = await self._session.row(_UNKEYED, {"row": first.id}) is not None
        chosen: list[RowMapping] = []
        for row in rows:
            alone = row["ticket"] is not None or row["id"] in leased or row["market"] != first.market
            if row["key"] is None and (alone or not in_order):
                in_order = False
            elif not alone:
                chosen.append(row)
        stands = await self._stand(chosen)
        return [row for row in chosen if stands.get(row["id"], _NOWHERE)[1] is None]

    async def _lease(self, chosen: Sequence[RowMapping], until_ms: int) -> list[OutboxRow]:
        if chosen:
            await self._session.run(_LEASE, {"rows": [row["id"] for row in chosen], "until": until_ms})
        return await self._records(chosen)

    async def renew(self, rows: Collection[OutboxRow], until_ms: int) -> None:
        """Hold these longer: they are still on their way."""
        if rows:
            await self.hold(rows)
            await self._session.run(_RENEW, {"rows": [row.id for row in rows], "until": until_ms})

    async def release(self, platforms: Collection[str], *, but: Collection[int] = ()) -> None:
        """Nobody holds rows of these any more, `but` those: for who has just begun to send to them."""
        bound = {"platforms": sorted(platforms), "but": sorted(but)}
        await self._session.hold(outbox, _LEASED, bound)
        await self._session.run(_RELEASE, bound)

    async def _records(self, rows: Sequence[RowMapping]) -> list[OutboxRow]:
        """With where to edit: the ticket each answers, else what stands in its slot."""
        stands = await self._stand(rows)
        return [_record(row, *stands.get(row["id"], _NOWHERE)) for row in rows]

    async def _stand(self, rows: Sequence[RowMapping]) -> Mapping[int, tuple[str | None, str | None]]:
        """By row, the chat and the message it replaces: the ticket it answers, else what stands in its slot."""
        answering = [row for row in rows if row["ticket"] is not None]
        with_slot = [row for row in rows if row["slot"] is not None and row["market"] is not None]
        slotted = [row for row in with_slot if row["ticket"] is None]
        standing: dict[int, tuple[str | None, str | None]] = {}
        tickets = await self._tickets.many(row["ticket"] for row in answering) if answering else {}
        for row in answering:
            ticket = tickets.get(row["ticket"])
            if ticket is not None and ticket.platform == row["platform"]:
                standing[row["id"]] = ticket.chat_ext, ticket.ref
        refs = await self._refs({_place(row) for row in slotted})
        for row in slotted:
            standing[row["id"]] = row["target"], refs.get(_place(row))
        return standing

    async def _refs(self, places: Collection[SlotPlace]) -> Mapping[SlotPlace, str]:
        """Where the messages of these slots stand."""
        if not places:
            return {}
        rows = await self._session.rows(_REFS, {"places": sorted(places)})
        return {(row["market"], row["platform"], row["chat_ext"], row["slot"]): row["ref"] for row in rows}

    async def done(self, row: OutboxRow, ref: str | None, now_ms: int) -> None:
        """Delivered: the row goes, unless a newer payload arrived meanwhile; then that one is due. `ref` is where it
        stands now; with a slot it is remembered and handed out as `edit_ref` next time."""
        await self.done_many([(row, ref)], now_ms)

    async def done_many(self, arrived: Sequence[tuple[OutboxRow, str | None]], now_ms: int) -> None:
        """`done` for each, with three statements for all of them."""
        if not arrived:
            return
        await self.hold([row for row, _ in arrived])
        await self._session.run_many(_DELIVERED, [{"b_id": row.id, "b_revision": row.revision} for row, _ in arrived])
        await self._session.run(_NEWER, {"rows": [row.id for row, _ in arrived], "now": now_ms})
        standing = [
            _slot_row(row.market, row.platform, row.target, row.slot, ref)
            for row, ref in arrived
            if row.slot is not None and row.market is not None and ref is not None
        ]
        await self._session.run_many(_SET_REF[self._session.dialect], standing)

    async def retry(self, row: OutboxRow, at_ms: int, error: str, *, tried: bool = True) -> None:
        """Not delivered: due again at `at_ms`, which is at most `LONGEST_RETRY_MS` ahead. Not `tried`: it certainly has
        not arrived, so this attempt is none."""
        bound = {"row": row.id, "at": at_ms, "why": clean(error, 500), "untried": 0 if tried else 1}
        await self._session.run(_RETRY, bound)

    async def retry_now(self, platform: str, target: str, now_ms: int) -> None:
        """What waits for a retry there is due now: it can be reached again."""
        condition = and_(outbox.c.platform == platform, outbox.c.target == target, outbox.c.dropped.is_(False))
        await self._session.hold(outbox, condition)
        await self._session.run(update(outbox).where(condition, outbox.c.due_ms > now_ms).values(due_ms=now_ms))
        self._session.wakes(Topic.OUTBOX)

    async def discard(self, platforms: Collection[str]) -> None:
        """Throw away all that waits for these platforms."""
        await self._session.run(delete(outbox).where(outbox.c.platform.in_(sorted(platforms))))

    async def drop(self, row: OutboxRow, error: str) -> None:
        """Give up on a row that can never be delivered (blocked, chat gone); it is kept aside, not sent."""
        values = {"dropped": True, "key": None, "error": clean(error, 500)}
        await self._session.run(update(outbox).where(outbox.c.id == row.id).values(**values))

    async def dropped(self, platform: str, target: str, n: int = 100) -> list[OutboxRow]:
        """What was given up for one person, oldest first; `done` takes it away."""
        condition = and_(outbox.c.platform == platform, outbox.c.target == target, outbox.c.dropped.is_(True))
        private = outbox.c.audience != NoticeAudience.CHAT.value
        return await self._records(
            await self._session.rows(select(outbox).where(condition, private).order_by(outbox.c.id).limit(n))
        )

    async def has_dropped(self, platform: str, target: str) -> bool:
        """Whether `dropped` has anything."""
        return await self._session.row(_DROPPED, {"platform": platform, "target": target}) is not None

    async def next_due(self, platforms: Collection[str] | None = None) -> int | None:
        """When the next row that can be claimed is due, if any waits; for all platforms unless some are named."""
        if platforms is None:
            row = await self._session.row(_NEXT_DUE_ANYWHERE)
        else:
            row = await self._session.row(_NEXT_DUE, {"platforms": sorted(platforms)})
        return None if row is None else row["at"]

    async def expire(self, before_ms: int) -> None:
        """Announcements from before then to chats that cannot be reached are not kept for ever; the board is."""
        await self._session.hold(outbox, _EXPIRED, {"before": before_ms})
        await self._session.run(_EXPIRE, {"before": before_ms})

    async def ref(self, market: int, platform: str, chat_ext: str, slot: str) -> str | None:
        """Where the message of a slot (`board`) stands in a chat."""
        place = market, platform, chat_ext, slot
        return (await self._refs([place])).get(place)

    async def set_ref(self, market: int, platform: str, chat_ext: str, slot: str, ref: str | None) -> None:
        """None forgets it: the next message of the slot is posted anew."""
        if ref is None:
            await self._session.run(delete(message_refs).where(_slot(market, platform, chat_ext, slot)))
            return
        await self._session.run(_SET_REF[self._session.dialect], _slot_row(market, platform, chat_ext, slot, ref))


def to_lost_chat() -> ColumnElement[bool]:
    """Rows to a chat that put the bot out."""
    condition = and_(chats.c.platform == outbox.c.platform, chats.c.external_id == outbox.c.target)
    return exists().where(condition, chats.c.lost_why == "chat")


_URGENT = and_(
    outbox.c.audience == literal(NoticeAudience.CHAT.value, literal_execute=True),
    outbox.c.kind.in_([literal(kind, literal_execute=True) for kind in sorted(URGENT)]),
    outbox.c.platform != literal(PLATFORM, literal_execute=True),  # programs are told in order
)


def _next(ours: ColumnElement[bool]) -> ColumnElement[bool]:
    """Rows whose turn it is, by what else waits for their place. A chat that put the bot out gets none."""
    alive = and_(outbox.c.dropped.is_(False), ours)
    oldest = select(func.min(outbox.c.id)).where(alive, outbox.c.key.is_(None))
    own = outbox.c.ticket.is_(None)  # what takes a ticket's place need not wait for what is a message of its own
    first = outbox.c.id.in_(oldest.group_by(outbox.c.platform, outbox.c.target, own, _URGENT))
    reachable = or_(outbox.c.audience != NoticeAudience.CHAT.value, not_(to_lost_chat()))
    return and_(alive, or_(outbox.c.key.is_not(None), first), reachable)


# Statements of every round, built once.
_PLATFORMS = outbox.c.platform.in_(bindparam("platforms", expanding=True))
_ROWS = outbox.c.id.in_(bindparam("rows", expanding=True))
_NOW = bindparam("now", type_=BigInteger)
_STALE = and_(outbox.c.slot == "board", or_(outbox.c.created_ms <= bindparam("stale"), outbox.c.created_ms > _NOW))
_NEVER_PUT_OFF = outbox.c.due_ms == outbox.c.created_ms
_DUE = or_(outbox.c.due_ms <= _NOW, _NEVER_PUT_OFF, outbox.c.due_ms > bindparam("latest"))
_UNLEASED = or_(outbox.c.lease_ms <= _NOW, outbox.c.lease_ms > bindparam("leased"))
_CLAIM = (
    select(outbox)
    .where(_next(_PLATFORMS), _DUE, _UNLEASED)
    .order_by(case((_URGENT, 0), (_STALE, 1), else_=2), outbox.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIM_URGENT = _CLAIM.where(_URGENT)
_BESIDE = (
    select(outbox)
    .where(outbox.c.platform == bindparam("platform"), outbox.c.target == bindparam("target"))
    .where(outbox.c.id != bindparam("first"), outbox.c.dropped.is_(False))
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
_BESIDE_IN_CHAT = _BESIDE.where(outbox.c.audience == NoticeAudience.CHAT.value)
_BESIDE_IN_PRIVATE = _BESIDE.where(outbox.c.audience != NoticeAudience.CHAT.value)
_UNKEYED = select(outbox.c.id).where(outbox.c.id == bindparam("row"), outbox.c.key.is_(None))
_FREE = select(outbox.c.id, outbox.c.lease_ms).where(_ROWS).with_for_update(skip_locked=True)
_LEASE = update(outbox).where(_ROWS).values(lease_ms=bindparam("until"), attempts=outbox.c.attempts + 1)
_LEASED = and_(_PLATFORMS, outbox.c.lease_ms > 0, outbox.c.id.not_in(bindparam("but", expanding=True)))
_RELEASE = update(outbox).where(_LEASED).values(lease_ms=0)
_RENEW = update(outbox).where(_ROWS).values(lease_ms=bindparam("until"))
_NEWER = update(outbox).where(_ROWS).values(lease_ms=0, attempts=0, due_ms=bindparam("now"))
_RETRY = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(
        lease_ms=0,
        due_ms=bindparam("at"),
        error=bindparam("why"),
        attempts=outbox.c.attempts - bindparam("untried", type_=Integer),
    )
)
_MOMENT = case((outbox.c.lease_ms > outbox.c.due_ms, outbox.c.lease_ms), else_=outbox.c.due_ms)
_NEXT_DUE = select(func.min(_MOMENT).label("at")).where(_next(_PLATFORMS))
_NEXT_DUE_ANYWHERE = select(func.min(_MOMENT).label("at")).where(_next(true()))
_EXPIRED = and_(
    outbox.c.audience == NoticeAudience.CHAT.value,
    outbox.c.created_ms < bindparam("before"),
    outbox.c.slot.is_(None),
    to_lost_chat(),
)
_EXPIRE = delete(outbox).where(_EXPIRED)
_SLOT = (message_refs.c.market, message_refs.c.platform, message_refs.c.chat_ext, message_refs.c.slot)
_REFS = select(message_refs).where(tuple_(*_SLOT).in_(bindparam("places", expanding=True)))
_SET_REF = {
    dialect: upsert(dialect, message_refs, [column.name for column in _SLOT], message_refs.c.keys())
    for dialect in ("sqlite", "postgresql")
}
_NOWHERE = (None, None)
_DROPPED = (  # built once: every answer asks it
    select(outbox.c.id)
    .where(outbox.c.platform == bindparam("platform"), outbox.c.target == bindparam("target"))
    .where(outbox.c.dropped.is_(True), outbox.c.audience != NoticeAudience.CHAT.value)
    .limit(1)
)
_DELIVERED = delete(outbox).where(outbox.c.id == bindparam("b_id"), outbox.c.revision == bindparam("b_revision"))


def _record(row: RowMapping, edit_chat: str | None, edit_ref: str | None) -> OutboxRow:
    return OutboxRow(
        id=row["id"],
        market=row["market"],
        kind=row["kind"],
        audience=NoticeAudience(row["audience"]),
        platform=row["platform"],
        target=row["target"],
        person=row["person"],
        payload=row["payload"],
        slot=row["slot"],
        ticket=row["ticket"],
        edit_ref=edit_ref,
        edit_chat=edit_chat if edit_ref is not None else None,
        attempts=row["attempts"] + 1,
        revision=row["revision"],
        created_ms=row["created_ms"],
        due_ms=row["due_ms"],
    )


def _following(
    rows: Sequence[RowMapping], first: OutboxRow, kinds: Collection[str], leased: Collection[int]
) -> list[RowMapping]:
    chosen: list[RowMapping] = []
    for row in rows:
        if row["key"] is not None:
            continue
        if row["kind"] not in kinds or row["id"] in leased or row["market"] != first.market:
            break
        chosen.append(row)
    return chosen


def _slot(market: int, platform: str, chat_ext: str, slot: str) -> ColumnElement[bool]:
    condition = (message_refs.c.platform == platform, message_refs.c.chat_ext == chat_ext)
    return and_(message_refs.c.market == market, *condition, message_refs.c.slot == slot)


def _place(row: RowMapping) -> SlotPlace:
    return row["market"], row["platform"], row["target"], row["slot"]


def _slot_row(market: int, platform: str, chat_ext: str, slot: str, ref: str) -> Mapping[str, object]:
    return {"market": market, "platform": platform, "chat_ext": chat_ext, "slot": slot, "ref": ref}

"""How rows of the outbox are handed out and delivered: at least once, in order for each place.

A place is a (platform, target). Its rows leave in the order they were written; a row that waits for a retry holds
back those behind it, so that a fill never overtakes the one before it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    true,
    update,
)

from storage.records import NoticeAudience, OutboxRow
from storage.schema import chats, message_refs, outbox
from storage.session import Repository, Session, clean
from storage.tickets import Tickets

STALE_BOARD_MS = 3_000  # a board that has waited so long goes first


class Deliveries(Repository):
    def __init__(self, session: Session, tickets: Tickets) -> None:
        super().__init__(session)
        self._tickets = tickets

    async def claim(self, platforms: Collection[str], now_ms: int, lease_ms: int, n: int = 20) -> list[OutboxRow]:
        """Up to n due rows, nobody else's for `lease_ms`. Order is kept per place: of one chat or person only the
        oldest waiting row is handed out, keyed rows apart and those that answer a ticket in an order of their own. A
        board that has waited for long goes first."""
        free = and_(_next(platforms), outbox.c.due_ms <= now_ms, outbox.c.lease_ms <= now_ms)
        stale = and_(outbox.c.slot == "board", outbox.c.created_ms <= now_ms - STALE_BOARD_MS)
        query = select(outbox).where(free).order_by(case((stale, 0), else_=1), outbox.c.id).limit(n)
        return await self._lease(await self._session.rows(query.with_for_update(skip_locked=True)), now_ms + lease_ms)

    async def claim_with(
        self, first: OutboxRow, now_ms: int, lease_ms: int, n: int, kinds: Collection[str] = ()
    ) -> list[OutboxRow]:
        """Up to n rows that could leave in one message with `first`, which must be a new message itself. To a chat:
        those of these kinds that follow at once. To a person: what else waits to be said to them without replacing
        anything, and (to keep the order) nothing that stands behind something else."""
        condition = and_(outbox.c.platform == first.platform, outbox.c.target == first.target, outbox.c.id != first.id)
        public = first.audience is NoticeAudience.CHAT
        alike = (
            outbox.c.audience == NoticeAudience.CHAT.value if public else outbox.c.audience != NoticeAudience.CHAT.value
        )
        query = select(outbox).where(condition, alike, outbox.c.dropped.is_(False)).order_by(outbox.c.id).limit(5 * n)
        rows = await self._session.rows(query)
        chosen = _following(rows, first, kinds, now_ms) if public else await self._private_beside(rows, first, now_ms)
        return await self._lease(chosen[:n], now_ms + lease_ms)

    async def _private_beside(self, rows: Sequence[RowMapping], first: OutboxRow, now_ms: int) -> list[RowMapping]:
        unkeyed = select(func.count()).select_from(outbox).where(outbox.c.id == first.id, outbox.c.key.is_(None))
        in_order = await self._session.number(unkeyed) > 0
        chosen: list[RowMapping] = []
        for row in rows:
            alone = row["ticket"] is not None or row["lease_ms"] > now_ms or row["market"] != first.market
            if row["key"] is None and (alone or not in_order):
                in_order = False
            elif not alone:
                chosen.append(row)
        stands = await self._stand(chosen)
        return [row for row in chosen if stands.get(row["id"], _NOWHERE)[1] is None]

    async def _lease(self, chosen: Sequence[RowMapping], until_ms: int) -> list[OutboxRow]:
        if chosen:
            leased = {"lease_ms": until_ms, "attempts": outbox.c.attempts + 1}
            claimed = outbox.c.id.in_([row["id"] for row in chosen])
            await self._session.run(update(outbox).where(claimed).values(**leased))
        return await self._records(chosen)

    async def renew(self, rows: Collection[OutboxRow], until_ms: int) -> None:
        """Hold these longer: they are still on their way."""
        claimed = outbox.c.id.in_([row.id for row in rows])
        if rows:
            await self._session.run(update(outbox).where(claimed).values(lease_ms=until_ms))

    async def release(self) -> None:
        """Nobody holds anything: for a process that is alone and has just begun."""
        await self._session.run(update(outbox).where(outbox.c.lease_ms > 0).values(lease_ms=0))

    async def _records(self, rows: Sequence[RowMapping]) -> list[OutboxRow]:
        """With where to edit: the ticket each answers, else what stands in its slot."""
        stands = await self._stand(rows)
        return [_record(row, *stands.get(row["id"], _NOWHERE)) for row in rows]

    async def _stand(self, rows: Sequence[RowMapping]) -> Mapping[int, tuple[str | None, str | None]]:
        """By row, the chat and the message it replaces: the ticket it answers, else what stands in its slot."""
        answering = [row for row in rows if row["ticket"] is not None]
        slotted = [row for row in rows if row["ticket"] is None and row["slot"] is not None]
        standing: dict[int, tuple[str | None, str | None]] = {}
        tickets = await self._tickets.many(row["ticket"] for row in answering) if answering else {}
        for row in answering:
            ticket = tickets.get(row["ticket"])
            if ticket is not None and ticket.platform == row["platform"]:
                standing[row["id"]] = ticket.chat_ext, ticket.ref
        for row in slotted:
            if row["market"] is not None:
                ref = await self.ref(row["market"], row["platform"], row["target"], row["slot"])
                standing[row["id"]] = row["target"], ref
        return standing

    async def done(self, row: OutboxRow, ref: str | None, now_ms: int) -> None:
        """Delivered: the row goes, unless a newer payload arrived meanwhile; then that one is due. `ref` is where it
        stands now; with a slot it is remembered and handed out as `edit_ref` next time."""
        await self.done_many([(row, ref)], now_ms)

    async def done_many(self, arrived: Sequence[tuple[OutboxRow, str | None]], now_ms: int) -> None:
        """`done` for each, with two statements for all of them."""
        if not arrived:
            return
        await self._session.run_many(_DELIVERED, [{"b_id": row.id, "b_revision": row.revision} for row, _ in arrived])
        newer = outbox.c.id.in_([row.id for row, _ in arrived])
        await self._session.run(update(outbox).where(newer).values(lease_ms=0, attempts=0, due_ms=now_ms))
        for row, ref in arrived:
            if row.slot is not None and row.market is not None and ref is not None:
                await self.set_ref(row.market, row.platform, row.target, row.slot, ref)

    async def retry(self, row: OutboxRow, at_ms: int, error: str, *, tried: bool = True) -> None:
        """Not delivered: due again at `at_ms`. Not `tried`: it certainly has not arrived, so this attempt is none."""
        attempts = outbox.c.attempts - (0 if tried else 1)
        values = {"lease_ms": 0, "due_ms": at_ms, "error": clean(error, 500), "attempts": attempts}
        await self._session.run(update(outbox).where(outbox.c.id == row.id).values(**values))

    async def retry_now(self, platform: str, target: str, now_ms: int) -> None:
        """What waits for a retry there is due now: it can be reached again."""
        condition = and_(outbox.c.platform == platform, outbox.c.target == target, outbox.c.dropped.is_(False))
        await self._session.run(update(outbox).where(condition, outbox.c.due_ms > now_ms).values(due_ms=now_ms))
        self._session.after_commit(self._session.outbox_filled)

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
        moment = case((outbox.c.lease_ms > outbox.c.due_ms, outbox.c.lease_ms), else_=outbox.c.due_ms)
        row = await self._session.row(select(func.min(moment).label("at")).where(_next(platforms)))
        return None if row is None else row["at"]

    async def expire(self, before_ms: int) -> None:
        """Announcements from before then to chats that cannot be reached are not kept for ever; the board is."""
        old = and_(
            outbox.c.audience == NoticeAudience.CHAT.value, outbox.c.created_ms < before_ms, outbox.c.slot.is_(None)
        )
        await self._session.run(delete(outbox).where(old, to_lost_chat()))

    async def ref(self, market: int, platform: str, chat_ext: str, slot: str) -> str | None:
        """Where the message of a slot (`board`) stands in a chat."""
        row = await self._session.row(select(message_refs.c.ref).where(_slot(market, platform, chat_ext, slot)))
        return None if row is None else str(row["ref"])

    async def set_ref(self, market: int, platform: str, chat_ext: str, slot: str, ref: str | None) -> None:
        """None forgets it: the next message of the slot is posted anew."""
        if ref is None:
            await self._session.run(delete(message_refs).where(_slot(market, platform, chat_ext, slot)))
            return
        row = {"market": market, "platform": platform, "chat_ext": chat_ext, "slot": slot, "ref": ref}
        keys = ("market", "platform", "chat_ext", "slot")
        await self._session.upsert(message_refs, keys, row)


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


def _following(rows: Sequence[RowMapping], first: OutboxRow, kinds: Collection[str], now_ms: int) -> list[RowMapping]:
    chosen: list[RowMapping] = []
    for row in rows:
        if row["key"] is not None:
            continue
        if row["kind"] not in kinds or row["lease_ms"] > now_ms or row["market"] != first.market:
            break
        chosen.append(row)
    return chosen


def _next(platforms: Collection[str] | None) -> ColumnElement[bool]:
    """Rows whose turn it is, by what else waits for their place. A chat that put the bot out gets none."""
    alive = outbox.c.dropped.is_(False)
    oldest = select(func.min(outbox.c.id)).where(alive, outbox.c.key.is_(None))
    own = outbox.c.ticket.is_(None)  # what takes a ticket's place need not wait for what is a message of its own
    first = outbox.c.id.in_(oldest.group_by(outbox.c.platform, outbox.c.target, own))
    ours = true() if platforms is None else outbox.c.platform.in_(sorted(platforms))
    reachable = or_(outbox.c.audience != NoticeAudience.CHAT.value, not_(to_lost_chat()))
    return and_(alive, ours, or_(outbox.c.key.is_not(None), first), reachable)


def to_lost_chat() -> ColumnElement[bool]:
    """Rows to a chat that put the bot out."""
    condition = and_(chats.c.platform == outbox.c.platform, chats.c.external_id == outbox.c.target)
    return exists().where(condition, chats.c.lost_why == "chat")


def _slot(market: int, platform: str, chat_ext: str, slot: str) -> ColumnElement[bool]:
    condition = (message_refs.c.platform == platform, message_refs.c.chat_ext == chat_ext)
    return and_(message_refs.c.market == market, *condition, message_refs.c.slot == slot)

"""Proofs worked out from a database: heads, one order, one fill, that one head follows another, or that a restore lies
between them. Only reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import TypeVar

from sqlalchemy import ColumnElement, RowMapping, Table, and_, bindparam, func, or_, select

from storage.order_reading import to_order
from storage.proofs.checkpoints import Checkpoint
from storage.proofs.leaves import Leaf, fill_leaf, order_leaf, written
from storage.proofs.notes import Key
from storage.proofs.proof_files import ConsistencyProof, InclusionProof, RestoreProof
from storage.proofs.repository import known_secret, read_tiles
from storage.proofs.restores import Restore, restores_of
from storage.proofs.secret import Secret
from storage.proofs.tiles import Tiles, tiles_for
from storage.proofs.tree import Node, consistency_path, inclusion_path, leaf_hash, tree_root
from storage.records import Market
from storage.schema import config, orders, ticks, trades
from storage.session import Session

T = TypeVar("T")


class Unproved(StrEnum):
    """Why there is no proof."""

    NO_SUCH_ORDER = "no_such_order"
    NO_SUCH_FILL = "no_such_fill"
    WAITS = "waits"  # no tick has run it
    TOO_OLD = "too_old"  # its tick wrote no leaves: it ran before there were any
    DIFFERS = "differs"  # the row is not what its leaf was made of: `verify` names it
    NO_HEAD = "no_head"  # nothing has been written in that market
    OTHER_KEY = "other_key"  # a head that another database signed
    OTHER_ROOT = "other_root"  # a head this database signed, of a history it does not hold
    GONE = "gone"  # a head this database signed, of a history that ended when it was restored


async def public_key(session: Session) -> Key | None:
    """By which heads are signed; None before the first market of a database has started."""
    secret = await known_secret(session)
    return None if secret is None else secret.signing_key.key


async def signed_head(session: Session, market: int, tick: int) -> str | None:
    """The head of a tick, as it is posted; None where it wrote no leaves."""
    secret, row = await known_secret(session), await _tick(session, market, tick)
    if secret is None or row is None or not row["leaves"]:
        return None
    return _checkpoint(secret, market, row["leaves"], bytes.fromhex(row["root"])).signed(secret.signing_key)


async def newest_head(session: Session, market: int) -> str | None:
    """The signed head of all a market wrote: that of its last tick, or of a restore since; None where it has none."""
    secret, newest = await known_secret(session), await checkpoint_now(session, market)
    return None if secret is None or newest is None else newest.signed(secret.signing_key)


async def prove_order(session: Session, market: Market, number: int) -> InclusionProof | Unproved:
    """That an order is in the market's newest head, as it came and as it stood at the end of the tick that ran it."""
    here = and_(orders.c.market == market.id, orders.c.number == number)
    row = await session.row(select(orders).where(here))
    if row is None:
        return Unproved.NO_SUCH_ORDER
    if row["tick_id"] is None:
        return Unproved.WAITS
    if row["turn"] is None:
        return Unproved.TOO_OLD
    earlier = or_(
        orders.c.accepted_ms < row["accepted_ms"],
        and_(orders.c.accepted_ms == row["accepted_ms"], orders.c.number < number),
    )
    same_tick = and_(orders.c.market == market.id, orders.c.tick_id == row["tick_id"])
    before = await _count(session, orders, same_tick, earlier)
    return await _prove(session, market, row["tick_id"], before, order_leaf(to_order(row), row["turn"], market))


async def prove_fill(session: Session, market: Market, trade: int) -> InclusionProof | Unproved:
    """That one fill is in the market's newest head."""
    row = await session.row(select(trades).where(trades.c.market == market.id, trades.c.trade_id == trade))
    if row is None:
        return Unproved.NO_SUCH_FILL
    tick = row["tick_id"]
    before = await _count(session, orders, orders.c.market == market.id, orders.c.tick_id == tick)
    same_tick = and_(trades.c.market == market.id, trades.c.tick_id == tick)
    before += await _count(session, trades, same_tick, trades.c.trade_id < trade)
    return await _prove(session, market, tick, before, fill_leaf(dict(row)))


async def prove_heads(
    session: Session, market: int, one: Checkpoint, other: Checkpoint
) -> ConsistencyProof | RestoreProof | Unproved:
    """That the larger of two heads of a market begins with the smaller one, both of them held against the tree here;
    or, where the tree has only one of them, that the history of the other ended when this one was restored."""
    secret, newest = await known_secret(session), await checkpoint_now(session, market)
    if secret is None or newest is None:
        return Unproved.NO_HEAD
    if any(head.origin != newest.origin for head in (one, other)):
        return Unproved.OTHER_KEY
    earlier, later = sorted((one, other), key=lambda head: head.size)
    kept = [head for head in (earlier, later) if await _is_root(session, market, newest.size, head)]
    if len(kept) == 2:
        return await _joined(session, secret, earlier, later)
    lost = [head for head in (earlier, later) if head not in kept]
    restores = [
        restore for restore in await restores_of(session, market) if all(restore.size < head.size for head in lost)
    ]
    if not restores:
        return Unproved.OTHER_ROOT
    first = min(restores, key=lambda restore: restore.size)  # whichever the others ended by, it began with no less
    if not kept or kept[0].size <= first.size:
        return Unproved.GONE
    return await _prove_restore(session, secret, market, first, kept[0])


async def prove_lost(session: Session, market: int, proof: RestoreProof, lost: Checkpoint) -> RestoreProof | Unproved:
    """The same proof, and that the history which was lost began with what was kept; `session` reads a database that
    still holds it, as it was before the restore."""
    secret, newest = await known_secret(session), await checkpoint_now(session, market)
    if secret is None or newest is None:
        return Unproved.NO_HEAD
    content = json.loads(proof.leaf.leaf)["row"]
    begin = Checkpoint(origin=lost.origin, size=content["size"], root=bytes.fromhex(content["root"]))
    if lost.origin != newest.origin:
        return Unproved.OTHER_KEY
    if not all([await _is_root(session, market, newest.size, head) for head in (begin, lost)]):
        return Unproved.OTHER_ROOT
    return replace(proof, lost=await _joined(session, secret, begin, lost))


async def _prove_restore(
    session: Session, secret: Secret, market: int, restore: Restore, head: Checkpoint
) -> RestoreProof | Unproved:
    data = written(restore.leaf, secret, restore.stamp(market), restore.size)
    if await _worked_out(session, market, lambda node: node(0, restore.size)) != leaf_hash(data):
        return Unproved.DIFFERS
    path = await _worked_out(session, market, partial(inclusion_path, restore.size, head.size))
    note = head.signed(secret.signing_key)
    leaf = InclusionProof(leaf=data, index=restore.size, path=tuple(path), checkpoint=note)
    begin = Checkpoint(origin=head.origin, size=restore.size, root=bytes.fromhex(restore.root))
    return RestoreProof(leaf=leaf, kept=await _joined(session, secret, begin, head))


async def _joined(session: Session, secret: Secret, earlier: Checkpoint, later: Checkpoint) -> ConsistencyProof:
    """Of two heads that are known to be of the tree here."""
    assert later.market is not None, "a head of this database names its market"
    path = await _worked_out(session, later.market, partial(consistency_path, earlier.size, later.size))
    return ConsistencyProof(old=earlier.size, path=tuple(path), checkpoint=later.signed(secret.signing_key))


async def _is_root(session: Session, market: int, grown: int, head: Checkpoint) -> bool:
    """Whether the tree here, which has `grown` leaves, had this root at that size."""
    return head.size <= grown and await _worked_out(session, market, partial(tree_root, head.size)) == head.root


async def _prove(session: Session, market: Market, tick: int, before: int, leaf: Leaf) -> InclusionProof | Unproved:
    """`before`: leaves of the same tick that come first."""
    secret, newest = await known_secret(session), await checkpoint_now(session, market.id)
    wrote, earlier = await _tick(session, market.id, tick), await _tick(session, market.id, tick - 1)
    if secret is None or newest is None or wrote is None or earlier is None or not wrote["leaves"]:
        return Unproved.TOO_OLD
    restores = [restore for restore in await restores_of(session, market.id) if restore.tick == tick - 1]
    number = max([earlier["leaves"], *(restore.size + 1 for restore in restores)]) + before
    data = written(leaf, secret, dict(wrote), number)
    if await _worked_out(session, market.id, lambda node: node(0, number)) != leaf_hash(data):
        return Unproved.DIFFERS
    path = await _worked_out(session, market.id, partial(inclusion_path, number, newest.size))
    note = newest.signed(secret.signing_key)
    return InclusionProof(leaf=data, index=number, path=tuple(path), checkpoint=note)


async def _worked_out(session: Session, market: int, asked: Callable[[Node], T]) -> T:
    """`asked` of the nodes of a market's tree, by the few tiles that it reads."""
    tiles = await read_tiles(session, market, tiles_for(asked))
    return asked(Tiles(tiles=tiles).node)


async def _tick(session: Session, market: int, tick: int) -> RowMapping | None:
    return await session.row(_TICK, {"market": market, "tick": tick})


_TICK = select(ticks).where(ticks.c.market == bindparam("market"), ticks.c.tick_id == bindparam("tick"))


async def checkpoint_now(session: Session, market: int) -> Checkpoint | None:
    """Of all leaves; None where there are none."""
    secret = await known_secret(session)
    size = await session.number(select(config.c.leaves).where(config.c.market == market))
    if secret is None or not size:
        return None
    return _checkpoint(secret, market, size, await _worked_out(session, market, partial(tree_root, size)))


async def _count(session: Session, table: Table, *conditions: ColumnElement[bool]) -> int:
    return await session.number(select(func.count()).select_from(table).where(*conditions))


def _checkpoint(secret: Secret, market: int, size: int, root: bytes) -> Checkpoint:
    return Checkpoint.of_market(secret.signing_key.key, market, size, root)

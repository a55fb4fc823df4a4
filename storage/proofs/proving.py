"""Proofs worked out from a database: heads, one order, one fill, that one head follows another. Only reads."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import TypeVar

from sqlalchemy import ColumnElement, RowMapping, Table, and_, bindparam, func, or_, select

from storage.orders import to_order
from storage.proofs.checkpoints import Checkpoint
from storage.proofs.leaves import Leaf, fill_leaf, order_leaf, written
from storage.proofs.notes import Key
from storage.proofs.proof_files import ConsistencyProof, InclusionProof
from storage.proofs.repository import known_secret, read_tiles
from storage.proofs.secret import Secret
from storage.proofs.tiles import Tiles, tiles_for
from storage.proofs.tree import Node, consistency_path, inclusion_path, leaf_hash, tree_root
from storage.records import Market
from storage.schema import orders, ticks, trades
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


async def public_key(session: Session) -> Key | None:
    """By which heads are signed; None before the first market of a database has started."""
    secret = await known_secret(session)
    return None if secret is None else secret.signing_key.key


async def signed_head(session: Session, market: int, tick: int) -> str | None:
    """The head of a tick, as it is posted; None where it wrote no leaves."""
    secret, row = await known_secret(session), await _tick(session, market, tick)
    if secret is None or row is None or not row["leaves"]:
        return None
    return _checkpoint(secret, row).signed(secret.signing_key)


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


async def prove_heads(session: Session, market: int, one: Checkpoint, other: Checkpoint) -> ConsistencyProof | Unproved:
    """That the larger of two heads of a market begins with the smaller one, both of them held against the tree here."""
    secret = await known_secret(session)
    newest = await _newest(session, market)
    if secret is None or newest is None:
        return Unproved.NO_HEAD
    if any(head.origin != _checkpoint(secret, newest).origin for head in (one, other)):
        return Unproved.OTHER_KEY
    earlier, later = sorted((one, other), key=lambda head: head.size)
    if later.size > newest["leaves"]:
        return Unproved.OTHER_ROOT
    for head in (earlier, later):
        if await _worked_out(session, market, partial(tree_root, head.size)) != head.root:
            return Unproved.OTHER_ROOT
    path = await _worked_out(session, market, partial(consistency_path, earlier.size, later.size))
    return ConsistencyProof(old=earlier.size, path=tuple(path), checkpoint=later.signed(secret.signing_key))


async def _prove(session: Session, market: Market, tick: int, before: int, leaf: Leaf) -> InclusionProof | Unproved:
    """`before`: leaves of the same tick that come first."""
    secret, newest = await known_secret(session), await _newest(session, market.id)
    wrote, earlier = await _tick(session, market.id, tick), await _tick(session, market.id, tick - 1)
    if secret is None or newest is None or wrote is None or earlier is None or not wrote["leaves"]:
        return Unproved.TOO_OLD
    number = earlier["leaves"] + before
    data = written(leaf, secret, dict(wrote), number)
    size = newest["leaves"]
    if await _worked_out(session, market.id, lambda node: node(0, number)) != leaf_hash(data):
        return Unproved.DIFFERS
    path = await _worked_out(session, market.id, partial(inclusion_path, number, size))
    head = _checkpoint(secret, newest).signed(secret.signing_key)
    return InclusionProof(leaf=data, index=number, path=tuple(path), checkpoint=head)


async def _worked_out(session: Session, market: int, asked: Callable[[Node], T]) -> T:
    """`asked` of the nodes of a market's tree, by the few tiles that it reads."""
    tiles = await read_tiles(session, market, tiles_for(asked))
    return asked(Tiles(tiles=tiles).node)


async def _tick(session: Session, market: int, tick: int) -> RowMapping | None:
    return await session.row(_TICK, {"market": market, "tick": tick})


_TICK = select(ticks).where(ticks.c.market == bindparam("market"), ticks.c.tick_id == bindparam("tick"))


async def _newest(session: Session, market: int) -> RowMapping | None:
    here = select(ticks).where(ticks.c.market == market, ticks.c.leaves > 0)
    return await session.row(here.order_by(ticks.c.tick_id.desc()).limit(1))


async def _count(session: Session, table: Table, *conditions: ColumnElement[bool]) -> int:
    return await session.number(select(func.count()).select_from(table).where(*conditions))


def _checkpoint(secret: Secret, tick: RowMapping) -> Checkpoint:
    key = secret.signing_key.key
    return Checkpoint.of_market(key, tick["market"], tick["leaves"], bytes.fromhex(tick["root"]))

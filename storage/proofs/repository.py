"""The tree of each market and the database's secret, as they are stored: added to by a tick, read for proofs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import bindparam, insert, select, tuple_

from storage.proofs.leaves import Leaf, hashes
from storage.proofs.secret import SECRET_SIZE, Secret
from storage.proofs.tiles import TileKey, Tiles, last_tiles
from storage.schema import secrets, tiles
from storage.session import Session, upsert

_SEED = "seed"
_KEYS = ("market", "level", "number")


async def known_secret(session: Session) -> Secret | None:
    """The database's, where it has been drawn. Never for a log, an export or an answer."""
    cache = session.cache
    if cache.secret is not None:
        return cache.secret
    row = await session.row(select(secrets.c.value).where(secrets.c.name == _SEED))
    if row is None:
        return None
    secret = Secret(seed=row["value"])

    def keep() -> None:
        cache.secret = secret

    if session.snapshot:
        keep()
    else:  # it may have been drawn in this transaction, which may yet be rolled back
        session.after_commit(keep)
    return secret


async def secret_of(session: Session) -> Secret:
    """The database's, drawn at the first need of it. However many processes need it first, there is one."""
    secret = await known_secret(session)
    if secret is not None:
        return secret
    await session.serialise("first secret")
    secret = await known_secret(session)
    if secret is None:
        secret = Secret(seed=session.draw(SECRET_SIZE))
        await session.run(insert(secrets).values(name=_SEED, value=secret.seed))
    return secret


async def append(session: Session, stamp: Mapping[str, int], size: int, leaves: Sequence[Leaf]) -> tuple[int, str]:
    """Add the leaves of a tick to a market's tree of `size`; returns its size and root from then on. `stamp`: market,
    tick_id and ts_ms of the tick. Only for whoever holds the market's lock."""
    market, secret = stamp["market"], await secret_of(session)
    tree = Tiles(size, await read_tiles(session, market, last_tiles(size)))
    tree.append(hashes(leaves, secret, stamp, size))
    rows = [
        {"market": market, "level": level, "number": number, "hashes": tree[level, number]}
        for level, number in sorted(tree.changed)
    ]
    await session.run_many(upsert(session.dialect, tiles, _KEYS, (*_KEYS, "hashes")), rows)
    return tree.size, tree.root().hex()


async def read_tiles(session: Session, market: int, keys: Collection[TileKey]) -> dict[TileKey, bytes]:
    if not keys:
        return {}
    rows = await session.rows(_TILES, {"market": market, "keys": sorted(keys)})
    return {(row["level"], row["number"]): row["hashes"] for row in rows}


_TILES = select(tiles).where(
    tiles.c.market == bindparam("market"),
    tuple_(tiles.c.level, tiles.c.number).in_(bindparam("keys", expanding=True)),
)

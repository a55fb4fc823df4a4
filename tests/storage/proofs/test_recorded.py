"""The tree of a market is the one over its leaves at every tick; the secret is drawn once and stays in the database."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

from sqlalchemy import select

from storage.backups.making import backup
from storage.database import Database
from storage.proofs.checkpoints import Checkpoint
from storage.proofs.leaves import Leaf, written
from storage.proofs.proof_files import InclusionProof
from storage.proofs.repository import known_secret, secret_of
from storage.proofs.secret import Secret
from storage.proofs.tree import HASH_SIZE, leaf_hash
from storage.schema import secrets, ticks, tiles
from tests.storage.lives import born
from tests.storage.proofs import second

SEED = bytes(range(32))


async def drawn(db: Database) -> bytes:
    async with db.writing() as uow:
        secret = await secret_of(uow)
        await uow.commit()
    return secret.seed


async def stored(db: Database) -> list[bytes]:
    async with db.reading() as uow:
        return [row["value"] for row in await uow.rows(select(secrets))]


async def test_the_root_of_every_tick_is_that_of_the_leaves_so_far(db: Database) -> None:
    """Of two markets at once: their leaves do not mix."""
    lives = [await born(db, seed) for seed in (3, 4)]
    for life in lives:
        await life.play(4)
    for life in lives:
        async with db.reading() as uow:
            market = life.world.market
            here = select(tiles).where(tiles.c.market == market, tiles.c.level == 0).order_by(tiles.c.number)
            level = b"".join([row["hashes"] for row in await uow.rows(here)])
            heads = await uow.rows(select(ticks).where(ticks.c.market == market).order_by(ticks.c.tick_id))
        hashes = [level[at : at + HASH_SIZE] for at in range(0, len(level), HASH_SIZE)]
        assert len(heads) > 4
        assert heads[0]["leaves"] == 1
        assert heads[-1]["leaves"] == len(hashes) > 30
        assert [row["root"] for row in heads] == [_root(hashes[: row["leaves"]]).hex() for row in heads]


def _root(hashes: list[bytes]) -> bytes:
    """As `second.mth`, of leaves that are hashed already."""
    if len(hashes) == 1:
        return hashes[0]
    k = second.split(len(hashes))
    return second.parent(_root(hashes[:k]), _root(hashes[k:]))


def test_a_leaf_tells_its_kind_market_tick_time_row_and_salt_and_nothing_of_its_neighbours() -> None:
    secret, stamp = Secret(seed=SEED), {"market": 3, "tick_id": 7, "ts_ms": 1_000}
    leaf = Leaf("fill", {"trade_id": 5, "name": "Côte d'Ivoire"})
    text = written(leaf, secret, stamp, 41).decode()
    assert text == (
        '{"kind":"fill","market":3,"row":{"name":"Côte d\'Ivoire","trade_id":5},'
        f'"salt":"{secret.salt(3, 41)}","tick":7,"ts_ms":1000}}'
    )
    salts = {secret.salt(market, number) for market in range(1, 5) for number in range(50)}
    assert len(salts) == 200
    assert {len(salt) for salt in salts} == {32}
    assert Secret(seed=bytes(32)).salt(3, 41) != secret.salt(3, 41)
    assert second.mth((text.encode(),)) == leaf_hash(text.encode())


def test_the_longest_order_in_a_tree_of_a_million_leaves_is_proved_in_2_kb() -> None:
    """With a name as long as names may be, in letters of four bytes, and every field there is."""
    secret, size, much = Secret(seed=SEED), 2**20, 10**13
    row: dict[str, object] = dict.fromkeys(("size", "remaining", "amount", "fee", "rebate"), much)
    row |= {"limit": 55 * 10**10, "slippage": 5 * 10**10, "gas": 10_000, "outcome": 24}
    row |= {"number": 10**6, "user": 10**6, "accepted_ms": 10**12, "name": "𝔘" * 32, "side": "yes", "buy": True}
    leaf = Leaf("order", row | {"autofill": True, "status": "cancelled", "reason": "past_worst_price"})
    stamp = {"market": 10**4, "tick_id": 10**6, "ts_ms": 10**12}
    head = Checkpoint.of_market(secret.signing_key.key, 10**4, size, bytes(32)).signed(secret.signing_key)
    proof = InclusionProof(
        leaf=written(leaf, secret, stamp, size - 1), index=size - 1, path=(bytes(32),) * 20, checkpoint=head
    )
    assert len(proof.write().encode()) < second.MOST_BYTES


async def test_a_secret_is_drawn_once_however_many_ask(db: Database) -> None:
    assert await stored(db) == []
    seeds = await asyncio.gather(*(drawn(db) for _ in range(5)))
    assert seeds == [seeds[0]] * 5
    assert await stored(db) == [seeds[0]]
    assert len(seeds[0]) == 32


async def test_two_processes_make_one_key(database_url: str) -> None:
    """Each with its own connections and its own chance. On SQLite the second one may not write at all."""
    first = Database.open(database_url)
    await first.migrate()
    if first.is_sqlite:
        seed = await drawn(first)
        second_ = Database.open(database_url, read_only=True)
        async with second_.reading() as uow:
            known = await known_secret(uow)
        assert known is not None
        seeds = [seed, known.seed]
    else:
        second_ = Database.open(database_url)
        seeds = list(await asyncio.gather(*(drawn(db) for db in (first, second_) for _ in range(3))))
    assert await stored(first) == [seeds[0]]
    assert set(seeds) == {seeds[0]}
    await second_.close()
    await first.close()


async def test_a_secret_whose_transaction_is_rolled_back_is_forgotten(db: Database) -> None:
    """Else a process would go on signing with a key that no database has."""
    async with db.writing() as uow:
        lost = (await secret_of(uow)).seed
        assert (await secret_of(uow)).seed == lost
    kept = await drawn(db)
    assert kept != lost
    assert await stored(db) == [kept]


async def test_a_backup_keeps_the_key(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'outcry.db'}"
    db = Database.open(url)
    await db.migrate()
    seed = await drawn(db)
    await backup(url, tmp_path / "copy.db")
    await db.close()
    shutil.copyfile(tmp_path / "copy.db", tmp_path / "restored.db")
    restored = Database.open(f"sqlite:///{tmp_path / 'restored.db'}")
    assert await drawn(restored) == seed
    await restored.close()


def test_a_secret_is_not_shown() -> None:
    secret = Secret(seed=SEED)
    for text in (repr(secret), repr(secret.signing_key), str([secret]), json.dumps(secret.signing_key.key.vkey)):
        for shown in (SEED, secret.signing_key.seed):
            assert shown.hex() not in text
            assert repr(shown) not in text

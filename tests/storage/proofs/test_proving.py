"""Every order and fill of a market that saw everything has a proof, sound by a second implementation; heads join."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from storage.database import Database
from storage.proofs.checkpoints import Checkpoint, SignedCheckpoint
from storage.proofs.notes import SigningKey
from storage.proofs.proof_files import ConsistencyProof, InclusionProof
from storage.proofs.proving import Unproved, prove_fill, prove_heads, prove_order, public_key, signed_head
from storage.records import Market
from storage.schema import orders, trades
from storage.unit_of_work import UnitOfWork
from tests.storage.lives import Life, born
from tests.storage.proofs import second


@pytest.fixture
async def life(db: Database) -> Life:
    """Limits have rested and been met in later ticks."""
    life = await born(db, 4)
    await life.play(9)
    await life.order()
    return life


async def head_of(uow: UnitOfWork, market: int, tick: int) -> Checkpoint:
    note = await signed_head(uow, market, tick)
    assert note is not None
    signed = SignedCheckpoint.read(note)
    assert isinstance(signed, SignedCheckpoint)
    assert second.signed_by(note, signed.key.vkey)
    return signed.checkpoint


def held_against_second(text: str, head: Checkpoint) -> dict[str, object]:
    """The leaf of a proof that is checked by its text alone."""
    rows = text.split("\n")
    leaf = base64.b64decode(rows[1].removeprefix("extra "))
    index, gap = int(rows[2].removeprefix("index ")), rows.index("")
    path = [base64.b64decode(row) for row in rows[3:gap]]
    assert second.root_by_path(leaf, index, head.size, path) == head.root
    content = json.loads(leaf)
    assert isinstance(content, dict)
    return content


async def proof_of(uow: UnitOfWork, market: Market, number: int) -> InclusionProof:
    proof = await prove_order(uow, market, number)
    assert isinstance(proof, InclusionProof), (number, proof)
    return proof


async def test_every_order_that_ran_and_every_fill_has_a_sound_proof_under_2_kb(db: Database, life: Life) -> None:
    market = await life.market()
    async with db.reading() as uow:
        head = await head_of(uow, market.id, market.tick)
        ran = await uow.rows(select(orders).where(orders.c.tick_id.is_not(None)))
        later = 0
        for row in ran:
            text = (await proof_of(uow, market, row["number"])).write()
            assert len(text.encode()) < second.MOST_BYTES
            leaf = held_against_second(text, head)
            content = leaf["row"]
            assert isinstance(content, dict)
            told = (leaf["kind"], leaf["market"], leaf["tick"], content["number"], content["user"], content["size"])
            assert told == ("order", market.id, row["tick_id"], row["number"], row["user"], row["size"])
            later += content["remaining"] != row["remaining"]
        assert later, "no order was met after its own tick"
        for row in await uow.rows(select(trades)):
            proof = await prove_fill(uow, market, row["trade_id"])
            assert isinstance(proof, InclusionProof), (row["trade_id"], proof)
            content = held_against_second(proof.write(), head)["row"]
            assert isinstance(content, dict)
            columns = ("trade_id", "price", "size", "amount", "order")
            assert [content[name] for name in columns] == [row[name] for name in columns]


async def test_what_has_no_proof_is_told_apart(db: Database, life: Life) -> None:
    market = await life.market()
    async with db.writing() as uow:
        waits = await uow.rows(select(orders.c.number).where(orders.c.tick_id.is_(None)))
        assert await prove_order(uow, market, waits[0]["number"]) is Unproved.WAITS
        assert await prove_order(uow, market, 10_000) is Unproved.NO_SUCH_ORDER
        assert await prove_fill(uow, market, 10_000) is Unproved.NO_SUCH_FILL
        assert await signed_head(uow, market.id, 10_000) is None
        ran = (await uow.rows(select(orders.c.number).where(orders.c.tick_id.is_not(None)).limit(1)))[0]["number"]
        here = orders.c.number == ran
        await uow.markets.lock_all()
        await uow.run(update(orders).where(here).values(size=orders.c.size + 1))
        assert await prove_order(uow, market, ran) is Unproved.DIFFERS
        await uow.run(update(orders).where(here).values(turn=None))
        assert await prove_order(uow, market, ran) is Unproved.TOO_OLD


async def test_all_heads_of_a_market_join(db: Database, life: Life) -> None:
    market = await life.market()
    async with db.reading() as uow:
        heads = [await head_of(uow, market.id, tick) for tick in range(market.tick + 1)]
        for at, later in enumerate(heads):
            for earlier in heads[: at + 1]:
                for pair in ((earlier, later), (later, earlier)):
                    proof = await prove_heads(uow, market.id, *pair)
                    assert isinstance(proof, ConsistencyProof), proof
                    assert proof.check(earlier, later) is None


async def test_a_head_of_another_history_key_or_market_joins_nothing(db: Database, life: Life) -> None:
    market = await life.market()
    stranger = SigningKey.of_seed(bytes(32)).key
    async with db.reading() as uow:
        first, last = await head_of(uow, market.id, 3), await head_of(uow, market.id, market.tick)
        assert await public_key(uow) is not None
        for head, why in (
            (replace(first, root=last.root), Unproved.OTHER_ROOT),
            (replace(first, size=first.size - 1), Unproved.OTHER_ROOT),
            (replace(last, size=last.size + 1), Unproved.OTHER_ROOT),
            (replace(first, origin=f"{stranger.name}/{market.id}"), Unproved.OTHER_KEY),
            (replace(first, origin=f"{first.origin}0"), Unproved.OTHER_KEY),
        ):
            assert await prove_heads(uow, market.id, head, last) is why
            assert await prove_heads(uow, market.id, last, head) is why
        assert await prove_heads(uow, market.id + 1, first, last) is Unproved.NO_HEAD


async def test_a_database_without_a_market_has_no_head(db: Database) -> None:
    async with db.reading() as uow:
        assert await public_key(uow) is None
        assert await signed_head(uow, 1, 0) is None

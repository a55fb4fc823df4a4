"""The drill of the README: trade, back up, trade on, lose the database, restore; on SQLite and PostgreSQL, and across.

What a head says before and after, what people are told, and that they trade on.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import ColumnElement, insert, literal_column, select

from storage.backups.making import backup
from storage.backups.problems import BackupError
from storage.backups.restoring import Restored, restore
from storage.backups.signing import FAR
from storage.database import Database, DatabaseInUseError
from storage.entrances import RoomLink, give_room_link, look_at_room_link
from storage.keys import NewKey, Scope
from storage.leases import LEASE_MS
from storage.proofs.checking import Comparison, Relation, check_proof, compare_heads
from storage.proofs.checkpoints import SignedCheckpoint
from storage.proofs.proof_files import InclusionProof, RestoreProof
from storage.proofs.proving import Unproved, newest_head, prove_heads, prove_lost, prove_order
from storage.records import Identity
from storage.schema import audit_log, leases, orders, outbox, people, tickets
from storage.verify import Mismatch, Verified, verify
from tests.storage import databases
from tests.storage.lives import Life, born
from tests.storage.worlds import START

LATER = START + 86_400_000


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database.open(url)
    try:
        yield database
    finally:
        await database.close()


async def head_of(db: Database, market: int) -> SignedCheckpoint:
    async with db.reading() as uow:
        note = await newest_head(uow, market)
    assert note is not None
    signed = SignedCheckpoint.read(note)
    assert isinstance(signed, SignedCheckpoint)
    return signed


async def proved(db: Database, one: SignedCheckpoint, other: SignedCheckpoint) -> str | Unproved:
    async with db.reading() as uow:
        assert one.checkpoint.market is not None
        proof = await prove_heads(uow, one.checkpoint.market, one.checkpoint, other.checkpoint)
    return proof if isinstance(proof, Unproved) else proof.write()


async def compared(db: Database, one: SignedCheckpoint, other: SignedCheckpoint) -> Comparison:
    proof = await proved(db, one, other)
    assert not isinstance(proof, Unproved), proof
    comparison = compare_heads(one, other, proof)
    assert compare_heads(other, one, proof) == comparison
    return comparison


async def empty_place(url: str, folder: Path) -> str:
    """Where a new database may be, of the same kind."""
    if url.startswith("sqlite"):
        return f"sqlite:///{folder / 'again.db'}"
    return await databases.server_or_skip().create()


async def test_the_drill(db: Database, database_url: str, tmp_path: Path) -> None:
    life = await born(db, 4)
    await life.play(3)
    market, copy = life.world.market, tmp_path / "copy.db"
    before, tick = await head_of(db, market), (await life.market()).tick
    size = await backup(database_url, copy)
    assert (copy.stat().st_size, copy.stat().st_mode & 0o777) == (size, 0o600)
    await life.play(3)
    after = await head_of(db, market)
    assert after.checkpoint.size > before.checkpoint.size + 1

    place = await empty_place(database_url, tmp_path)
    restored = await restore(copy, place, LATER)
    assert [(row.market, row.tick, row.size) for row in restored.contents] == [(market, tick, before.checkpoint.size)]
    async with opened(place) as again:
        assert [type(result) for result in await verify(again)] == [Verified]
        sealed = await head_of(again, market)
        assert sealed.checkpoint.size == before.checkpoint.size + 1
        assert (await compared(again, before, sealed)).relation is Relation.FOLLOWS
        comparison = await compared(again, after, sealed)
        assert comparison.relation is Relation.SAID_RESTORED
        assert comparison.restored is not None
        told = (comparison.restored.tick, comparison.restored.ts_ms, comparison.restored.row["size"])
        assert told == (tick, LATER, before.checkpoint.size)
        assert await proved(again, before, after) is Unproved.GONE
        assert (await _with_lost(db, again, after, sealed)).relation is Relation.RESTORED
        await _trades_on(again, life)
        assert [type(result) for result in await verify(again)] == [Verified]
        latest = await head_of(again, market)
        assert (await compared(again, sealed, latest)).relation is Relation.FOLLOWS
        assert (await compared(again, after, latest)).relation is Relation.SAID_RESTORED
        await _proves_its_orders(again, life)


async def _with_lost(lost: Database, again: Database, one: SignedCheckpoint, other: SignedCheckpoint) -> Comparison:
    async with again.reading() as uow:
        proof = await prove_heads(uow, 1, one.checkpoint, other.checkpoint)
    assert isinstance(proof, RestoreProof)
    async with lost.reading() as uow:
        shown = await prove_lost(uow, 1, proof, one.checkpoint)
    assert isinstance(shown, RestoreProof)
    text = shown.write()
    assert RestoreProof.read(text) == shown
    for at in range(0, len(text), 17):  # no letter of it may be another
        other_letter = "A" if text[at] != "A" else "B"
        assert compare_heads(one, other, text[:at] + other_letter + text[at + 1 :]).relation is not Relation.RESTORED
    return compare_heads(one, other, text)


async def _trades_on(db: Database, life: Life) -> None:
    life.db, life.minute = db, 30
    for _ in range(3):
        await life.order()
    await life.tick()
    await life.play(2)


async def _proves_its_orders(db: Database, life: Life) -> None:
    """Also those of the first tick after the restore, whose leaves stand behind the restore's own."""
    market = await life.market()
    async with db.reading() as uow:
        for row in await uow.rows(select(orders.c.number).where(orders.c.tick_id.is_not(None))):
            proof = await prove_order(uow, market, row["number"])
            assert isinstance(proof, InclusionProof), (row["number"], proof)
            assert not isinstance(check_proof(proof.write()), str)


async def test_a_backup_of_either_database_comes_back_into_the_other(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    life = await born(db, 6)
    await life.play(2)
    await backup(database_url, tmp_path / "copy.db")
    sqlite = database_url.startswith("sqlite")
    place = await databases.server_or_skip().create() if sqlite else f"sqlite:///{tmp_path / 'again.db'}"
    await restore(tmp_path / "copy.db", place, LATER)
    async with opened(place) as again:
        assert [type(result) for result in await verify(again)] == [Verified]
        life.minute = 30
        await _trades_on(again, life)
        await life.newcomer()  # ids go on after those that came
        assert [type(result) for result in await verify(again)] == [Verified]
    await backup(place, tmp_path / "back.db")
    await restore(tmp_path / "back.db", f"sqlite:///{tmp_path / 'third.db'}", LATER + 1)
    async with opened(f"sqlite:///{tmp_path / 'third.db'}") as third:
        assert [type(result) for result in await verify(third)] == [Verified]


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    """A market on a file, and its backup, `copy.db`."""
    url = databases.migrated_file(tmp_path / "outcry.db")
    async with opened(url) as db:
        life = await born(db, 4)
        await life.play(2)
        await backup(url, tmp_path / "copy.db")
        yield life


async def again(folder: Path, name: str = "again", at_ms: int = LATER, *, file: str = "copy.db") -> str:
    url = f"sqlite:///{folder / f'{name}.db'}"
    await restore(folder / file, url, at_ms)
    return url


async def test_chats_and_admins_are_told_once_and_the_log_has_it(life: Life, tmp_path: Path) -> None:
    async with opened(await again(tmp_path)) as db, db.reading() as uow:
        notices = await uow.rows(select(outbox).where(outbox.c.kind == "restored").order_by(outbox.c.id))
        lines = await uow.rows(select(audit_log).where(audit_log.c.action == "restore"))
        market = await life.market()
    assert [(row["audience"], row["lease_ms"]) for row in notices] == [("chat", 0), ("admins", 0)]
    for row in notices:
        facts = row["payload"]
        assert (facts["tick"], facts["at_ms"]) == (market.tick, LATER)
        head = SignedCheckpoint.read(facts["head"])
        assert isinstance(head, SignedCheckpoint)
        assert head.checkpoint.size == facts["size"] + 1
    assert [(row["market"], row["actor"], row["ts_ms"]) for row in lines] == [(market.id, None, LATER)]


async def test_numbers_that_screens_may_still_show_are_not_given_again(life: Life, tmp_path: Path) -> None:
    """Of messages in the room (where a browser waits for what comes after the last one it had) and of tickets."""
    async with life.db.writing() as uow:
        first = await uow.room.append("room", "talk", {}, now_ms=START)
        member, draft = life.people[0], {"side": "yes"}
        values = {"market": 1, "person": member, "status": "open", "draft": draft, "reserve": 0, "terms": {}}
        ticket = await uow.add(tickets.insert(), {**values, "request_id": "t", "created_ms": START})
        await uow.commit()
    await backup(f"sqlite:///{tmp_path / 'outcry.db'}", tmp_path / "later.db")
    async with opened(await again(tmp_path, file="later.db")) as db, db.writing() as uow:
        message = await uow.room.append("room", "talk", {}, now_ms=LATER)
        assert await uow.add(tickets.insert(), {**values, "request_id": "u", "created_ms": LATER}) > ticket + FAR
        assert [shown.id for shown in await uow.room.since("room", 0, None)] == [first.id, message.id]
    assert message.seq > first.seq + FAR
    assert message.id > first.id + FAR


async def test_who_signed_out_since_is_not_signed_in_again_nor_by_a_link_they_used(life: Life, tmp_path: Path) -> None:
    async with life.db.writing() as uow:
        ann = await uow.people.identify("discord", "7", "Ann", START)
        identity = Identity(person=ann.id, platform="discord", external_id="7", name="Ann")
        await uow.sessions.open("hash", "room", identity, chat=None, now_ms=START, until_ms=LATER * 2)
        link = RoomLink(platform="discord", external_id="7", chat=None, market=None)
        await give_room_link(uow, "code", ann.id, link, START)
        await uow.commit()
    await backup(f"sqlite:///{tmp_path / 'outcry.db'}", tmp_path / "later.db")
    async with opened(await again(tmp_path, file="later.db")) as db, db.reading() as uow:
        assert await uow.sessions.find("hash", LATER) is None
        assert await look_at_room_link(uow, "code", START + 1) is None


async def test_no_key_is_good_again_that_was_revoked_since(life: Life, tmp_path: Path) -> None:
    async with life.db.writing() as uow:
        ann = await uow.people.identify("discord", "7", "Ann", START)
        wanted = NewKey(
            market=(await life.market()).id,
            person=ann.id,
            scope=Scope.READ,
            name="crane",
            allowance=None,
            platform="discord",
            external_id="7",
        )
        await uow.keys.make(wanted, "token", START)
        await uow.commit()
    await backup(f"sqlite:///{tmp_path / 'outcry.db'}", tmp_path / "later.db")
    async with opened(await again(tmp_path, file="later.db")) as db, db.reading() as uow:
        assert await uow.keys.find("token") is None


async def test_a_fork_is_not_hidden_by_a_restore(life: Life, tmp_path: Path) -> None:
    """Somebody goes on from an old copy by hand, writing another history with the same key, and restores from a backup
    of that. What it returned to is no beginning of what was posted: nothing says that it is."""
    await life.play(3)
    posted = await head_of(life.db, 1)
    shutil.copy(tmp_path / "copy.db", tmp_path / "fork.db")
    url = f"sqlite:///{tmp_path / 'fork.db'}"
    for name, minutes in (("short", 1), ("long", 9)):
        async with opened(url) as fork:
            other = replace(life, db=fork, rng=Random(name), minute=life.minute + 10, heads=[], _asked=1_000 * minutes)
            await other.play(minutes)
            assert await proved(fork, posted, await head_of(fork, 1)) is Unproved.OTHER_ROOT
        await backup(url, tmp_path / f"{name}-copy.db")
        async with opened(await again(tmp_path, name, file=f"{name}-copy.db")) as db:
            grown = await head_of(db, 1)
            if name == "long":  # it says that it returned to a size that was posted with another root
                assert grown.checkpoint.size > posted.checkpoint.size + 1
                assert await proved(db, posted, grown) is Unproved.OTHER_ROOT
                continue
            comparison = await compared(db, posted, grown)
            assert comparison.relation is Relation.SAID_RESTORED
            async with db.reading() as uow:
                proof = await prove_heads(uow, 1, posted.checkpoint, grown.checkpoint)
            assert isinstance(proof, RestoreProof)
            async with life.db.reading() as uow:
                assert await prove_lost(uow, 1, proof, posted.checkpoint) is Unproved.OTHER_ROOT


async def test_a_head_is_joined_by_the_proof_of_its_own_restore_alone(life: Life, tmp_path: Path) -> None:
    """Not by one of another head, nor by one whose parts were exchanged."""
    await life.play(2)
    lost = await head_of(life.db, 1)
    async with opened(await again(tmp_path)) as db:
        early = await head_of(db, 1)
        life.db, life.minute = db, 30
        await life.play(2)
        late = await head_of(db, 1)
        proofs = []
        for head in (early, late):
            async with db.reading() as uow:
                proofs.append(await prove_heads(uow, 1, lost.checkpoint, head.checkpoint))
    first, second = proofs
    assert isinstance(first, RestoreProof)
    assert isinstance(second, RestoreProof)
    mixed = (
        replace(first, kept=second.kept),
        replace(second, leaf=first.leaf),
        replace(first, lost=first.kept),
        second,
    )
    for proof in mixed:
        assert compare_heads(lost, early, proof.write()).relation in (Relation.BROKEN, Relation.FORKED)
    assert compare_heads(lost, early, first.write()).relation is Relation.SAID_RESTORED


async def test_a_restored_database_can_be_backed_up_and_restored_again_at_once(life: Life, tmp_path: Path) -> None:
    for number in range(3):
        url = await again(tmp_path, f"copy-{number}", LATER + number, file="copy.db" if not number else "next.db")
        (tmp_path / "next.db").unlink(missing_ok=True)
        await backup(url, tmp_path / "next.db")
    async with opened(url) as db:
        assert [type(result) for result in await verify(db)] == [Verified]
        assert (await head_of(db, 1)).checkpoint.size == (await head_of(life.db, 1)).checkpoint.size + 3
        assert (await compared(db, await head_of(life.db, 1), await head_of(db, 1))).relation is Relation.FOLLOWS


@pytest.mark.parametrize("change", ["size = 7", "root = 'ab'", "tick = 1"])
async def test_verify_finds_a_restore_that_is_not_what_it_says(life: Life, tmp_path: Path, change: str) -> None:
    """A record that was changed, with its journal made to agree; and one that was taken out."""
    url = await again(tmp_path)
    name, _, value = change.partition(" = ")
    with closing(sqlite3.connect(tmp_path / "again.db")) as file:
        file.execute(f"UPDATE journal SET content = json_set(content, '$.{name}', {value}) WHERE kind = 'restored'")
        file.commit()
    async with opened(url) as db:
        assert isinstance((await verify(db))[-1], Mismatch)


# -- what is refused changes nothing


async def test_a_database_that_holds_anything_is_left_alone_unless_told(life: Life, tmp_path: Path) -> None:
    url = await again(tmp_path)
    before = (tmp_path / "again.db").read_bytes()
    with pytest.raises(BackupError, match="holds a database already"):
        await restore(tmp_path / "copy.db", url, LATER)
    assert (tmp_path / "again.db").read_bytes() == before
    restored = await restore(tmp_path / "copy.db", url, LATER, force=True)
    assert restored.aside is not None
    assert restored.aside.read_bytes() == before
    assert restored.aside.stat().st_mode & 0o077 == 0


async def test_a_server_that_holds_anything_is_left_alone_unless_told(life: Life, tmp_path: Path) -> None:
    url = await databases.server_or_skip().create_migrated()
    await restore(tmp_path / "copy.db", url, LATER)
    async with opened(url) as db:
        person = await _new_person(db, "after")
    with pytest.raises(BackupError, match="holds a database already"):
        await restore(tmp_path / "copy.db", url, LATER)
    async with opened(url) as db, db.reading() as uow:
        assert await uow.number(select(people.c.id).where(people.c.id == person)) == person
    assert isinstance(await restore(tmp_path / "copy.db", url, LATER, force=True), Restored)
    async with opened(url) as db:
        assert [type(result) for result in await verify(db)] == [Verified]
        assert await _new_person(db, "again") == person  # what was lost is, and ids go on from what came


async def test_a_server_that_a_process_serves_is_left_alone_whatever_others_left_there(
    life: Life, tmp_path: Path
) -> None:
    url = await databases.server_or_skip().create_migrated()
    async with opened(url) as db:
        async with db.writing() as uow:
            unreadable: ColumnElement[str] = literal_column(f"'{'9' * 5_000}'")
            nobody = {"name": "process nobody", "holder": "nobody", "until_ms": 10**17, "state": unreadable}
            await uow.run(insert(leases).values(nobody))
            (serving,) = await uow.leases.take(["process ada"], "ada", LATER, lease_ms=2 * LEASE_MS - 1)
            await uow.commit()
        with pytest.raises(BackupError, match="is served by 1 process: stop them first"):
            await restore(tmp_path / "copy.db", url, LATER, force=True)
        async with db.writing() as uow:
            await uow.leases.give_up([serving.lease])
            await uow.commit()
        await backup(url, tmp_path / "of the server.db")
    assert isinstance(await restore(tmp_path / "copy.db", url, LATER, force=True), Restored)


async def _new_person(db: Database, name: str) -> int:
    async with db.writing() as uow:
        person = await uow.people.identify("room", name, name, LATER)
        await uow.commit()
    return person.id


async def test_a_database_that_somebody_uses_is_left_alone(life: Life, tmp_path: Path) -> None:
    with pytest.raises(DatabaseInUseError):
        await restore(tmp_path / "copy.db", f"sqlite:///{tmp_path / 'outcry.db'}", LATER, force=True)
    assert [type(result) for result in await verify(life.db)] == [Verified]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE config SET head = 'x'", "does not end with the tick"),
        ("UPDATE config SET leaves = leaves + 1", "tree of market 1"),
        ("UPDATE tiles SET hashes = zeroblob(length(hashes)) WHERE level = 0", "tree of market 1"),
        ("DELETE FROM tiles", "tree of market 1"),
        ("DELETE FROM journal WHERE number > 3", "journal of market"),
    ],
)
async def test_a_backup_that_is_not_sound_is_not_brought_back(
    life: Life, tmp_path: Path, statement: str, said: str
) -> None:
    del life
    with closing(sqlite3.connect(tmp_path / "copy.db")) as file:
        file.execute(statement)
        file.commit()
    with pytest.raises(BackupError, match=said):
        await again(tmp_path)
    assert not (tmp_path / "again.db").exists()
    with pytest.raises(BackupError, match=said):
        await backup(f"sqlite:///{tmp_path / 'copy.db'}", tmp_path / "second.db")
    assert not (tmp_path / "second.db").exists()

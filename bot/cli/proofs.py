"""`outcry prove` and `outcry check`: proofs written from a database, and checked without one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bot.cli.database import find_market, open_database, write_out
from bot.words import audit as words_audit
from bot.words import proofs as words
from storage.proofs.checking import Relation, check_proof, compare_heads
from storage.proofs.checkpoints import SignedCheckpoint
from storage.proofs.notes import Key, Problem
from storage.proofs.proof_files import HEADER, ConsistencyProof, InclusionProof, RestoreProof
from storage.proofs.proving import Unproved, prove_fill, prove_heads, prove_lost, prove_order
from storage.records import Market
from storage.unit_of_work import UnitOfWork
from storage.verify import UnreadableError, check_readable

HOLDS, FAILS, USAGE, UNREADABLE = 0, 1, 2, 3
_CODES = {
    **dict.fromkeys((Relation.SAME, Relation.FOLLOWS, Relation.RESTORED), HOLDS),
    **dict.fromkeys((Relation.NOT_PROVED, Relation.SAID_RESTORED, Relation.OTHER_MARKET), USAGE),
}
_CONVICT = (Unproved.DIFFERS, Unproved.OTHER_ROOT)


async def prove(
    url: str, what: Sequence[str], market: int | None, fill: int | None, out: str, lost: str | None = None
) -> int:
    """Write the proof of an order (`what` is its number), of one of its fills, or of two heads (`what` are files). 0; 1
    where the database is not what it signed; 2 for what there is no proof of; 3 where a file or it cannot be opened.
    `lost`: the address of a database that still holds what a restore gave up."""
    heads: list[SignedCheckpoint] = []
    if len(what) == 2:
        read = [_head(path, None) for path in what]
        wrong = [code for code in read if isinstance(code, int)]
        if wrong:
            return max(wrong)
        heads = [head for head in read if isinstance(head, SignedCheckpoint)]
    elif not (what[0].isascii() and what[0].isdigit() and len(what[0]) <= 12):
        print(words.usage(), file=sys.stderr)
        return USAGE
    async with open_database(url, read_only=True) as db:
        if db is None:
            return UNREADABLE
        try:
            await check_readable(db)
        except UnreadableError as error:
            print(words_audit.cannot_open(str(error)), file=sys.stderr)
            return UNREADABLE
        async with db.reading() as uow:
            record = await find_market(uow, heads[0].checkpoint.market if heads and market is None else market)
            if record is None:
                return USAGE
            number = 0 if heads else int(what[0])
            proof = await _proof(uow, record, number, fill, heads)
    if isinstance(proof, RestoreProof) and lost is not None:
        shown = await _with_lost(lost, record.id, proof, heads)
        if isinstance(shown, int):
            return shown
        proof = shown
    if isinstance(proof, Unproved):
        print(words.unproved(proof, number if fill is None else fill, record.id), file=sys.stderr)
        return FAILS if proof in _CONVICT else USAGE
    return write_out(proof.write().encode(), out)


async def _proof(
    uow: UnitOfWork, market: Market, number: int, fill: int | None, heads: Sequence[SignedCheckpoint]
) -> InclusionProof | ConsistencyProof | RestoreProof | Unproved:
    if heads:
        one, other = heads
        return await prove_heads(uow, market.id, one.checkpoint, other.checkpoint)
    return await prove_order(uow, market, number) if fill is None else await prove_fill(uow, market, fill)


async def _with_lost(
    url: str, market: int, proof: RestoreProof, heads: Sequence[SignedCheckpoint]
) -> RestoreProof | Unproved | int:
    """The proof with what the lost history shows; an exit code where its database cannot be opened."""
    lost = next(head.checkpoint for head in heads if head.note != proof.leaf.checkpoint)
    async with open_database(url, read_only=True) as db:
        if db is None:
            return UNREADABLE
        async with db.reading() as uow:
            return await prove_lost(uow, market, proof, lost)


def check(what: Sequence[str], vkey: str | None) -> int:
    """A proof; two heads; two heads and the proof that joins them. 0 it holds, 1 it does not, 2 nothing can be said of
    what was given, 3 a file cannot be opened."""
    key = None if vkey is None else Key.of_vkey(vkey) or Key.of_name(vkey.strip())
    if vkey is not None and key is None:
        print(words.bad_key(), file=sys.stderr)
        return USAGE
    return _check_proof(what[0], key) if len(what) == 1 else _check_heads(what, key)


def _check_proof(path: str, key: Key | None) -> int:
    text = _read(path)
    if text is None:
        return UNREADABLE
    leaf = check_proof(text, key)
    if not isinstance(leaf, Problem):
        print(*words.holds(leaf), words.signed(leaf.head, known=key is not None), sep="\n")
        return HOLDS
    head = SignedCheckpoint.read_post(text, key)
    if isinstance(head, SignedCheckpoint) and not text.startswith(HEADER):
        print(*words.only_a_head(head, path), words.signed(head, known=key is not None), sep="\n")
        return USAGE
    print(words.does_not_hold(leaf))
    return FAILS


def _check_heads(what: Sequence[str], key: Key | None) -> int:
    heads: list[SignedCheckpoint] = []
    for path in what[:2]:
        head = _head(path, key)
        if isinstance(head, int):
            return head
        heads.append(head)
    proof = _read(what[2]) if len(what) == 3 else None
    if len(what) == 3 and proof is None:
        return UNREADABLE
    comparison = compare_heads(heads[0], heads[1], proof)
    print(*words.compared(comparison, heads), sep="\n")
    if comparison.relation is not Relation.OTHER_KEY:
        print(words.signed(heads[0], known=key is not None))
    return _CODES.get(comparison.relation, FAILS)


def _head(path: str, key: Key | None) -> SignedCheckpoint | int:
    """The head that a file holds as it was pasted, or an exit code after a sentence on standard error."""
    text = _read(path)
    if text is None:
        return UNREADABLE
    head = SignedCheckpoint.read_post(text, key)
    if isinstance(head, SignedCheckpoint):
        return head
    print(words.not_a_head(path, head), file=sys.stderr)
    return USAGE if head not in (Problem.WRONG_SIGNATURE, Problem.NO_SIGNATURE) else FAILS


def _read(path: str) -> str | None:
    """Whatever is no UTF-8 in it is nothing that was signed."""
    try:
        return Path(path).read_bytes().decode("utf-8", "replace")
    except OSError as error:
        print(words.cannot_read(path, error.strerror or str(error)), file=sys.stderr)
        return None

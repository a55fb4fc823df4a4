"""What a proof or two heads say to somebody who has no database: read, checked, and named. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from storage.proofs.checkpoints import Checkpoint, SignedCheckpoint
from storage.proofs.leaves import FILL, ORDER, RESTORED
from storage.proofs.notes import Key, Problem
from storage.proofs.proof_files import RESTORED_HEADER, ConsistencyProof, InclusionProof, RestoreProof
from storage.proofs.tree import HASH_SIZE

_LATEST_MS = 253_402_300_800_000  # the year 10000
_LEAF = {"kind": str, "market": int, "tick": int, "ts_ms": int, "row": dict}
_ORDER = {
    **dict.fromkeys(("number", "user", "accepted_ms", "outcome", "size", "remaining", "amount", "fee", "gas"), int),
    **dict.fromkeys(("side", "status"), str),
    "buy": bool,
}
_FILL = {
    **dict.fromkeys(("trade_id", "outcome", "price", "size", "amount", "buy_fee", "sell_fee"), int),
    "side": str,
}
_RESTORED = {"size": int, "root": str}
_SHAPES: Mapping[str, Mapping[str, type]] = {ORDER: _ORDER, FILL: _FILL, RESTORED: _RESTORED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedLeaf:
    """A leaf that is in the tree of `head`. `row` of an order and of a fill has what their sentences need, and whatever
    else its market wrote; of another kind anything."""

    kind: str
    market: int
    tick: int
    ts_ms: int  # of the tick
    row: Mapping[str, Any]
    index: int
    head: SignedCheckpoint


def check_proof(text: str, key: Key | None = None) -> ProvedLeaf | Problem:
    """A proof file as it was read. `key`: the only one whose signature counts."""
    proof = InclusionProof.read(text)
    if isinstance(proof, Problem):
        return proof
    head = proof.check(key)
    if isinstance(head, Problem):
        return head
    try:
        leaf = json.loads(proof.leaf)
    except ValueError:
        return Problem.NOT_A_LEAF
    if not _is_leaf(leaf) or leaf["market"] != head.checkpoint.market:
        return Problem.NOT_A_LEAF
    told = {name: leaf[name] for name in ("kind", "market", "tick", "ts_ms", "row")}
    return ProvedLeaf(**told, index=proof.index, head=head)


class Relation(StrEnum):
    """What two signed heads say of each other."""

    SAME = "same"
    FOLLOWS = "follows"  # the later history begins with the earlier one
    RESTORED = "restored"  # one of them was restored from a backup, to a moment up to which they are the same
    SAID_RESTORED = "said_restored"  # the same, but that they were the same up to then is not shown
    FORKED = "forked"  # two roots of one size: two histories were signed
    BROKEN = "broken"  # the proof does not join them
    NOT_PROVED = "not_proved"  # of two sizes, and no proof at hand
    OTHER_MARKET = "other_market"
    OTHER_KEY = "other_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`restored`: the record of a restore, where that is what lies between them; it is in the tree of `later`."""

    relation: Relation
    restored: ProvedLeaf | None = None
    later: Checkpoint | None = None


def compare_heads(one: SignedCheckpoint, other: SignedCheckpoint, proof: str | None = None) -> Comparison:
    """Whichever of them is the earlier. `proof`: a consistency proof, or one of a restore, as it was read."""
    if one.key != other.key:
        return Comparison(relation=Relation.OTHER_KEY)
    if one.checkpoint.origin != other.checkpoint.origin:
        return Comparison(relation=Relation.OTHER_MARKET)
    earlier, later = sorted((one.checkpoint, other.checkpoint), key=lambda head: head.size)
    if (earlier.size, earlier.root) == (later.size, later.root):
        return Comparison(relation=Relation.SAME)
    if proof is not None and proof.startswith(RESTORED_HEADER):
        return _restored(one, other, proof)
    if earlier.size == later.size:
        return Comparison(relation=Relation.FORKED)
    if proof is None:
        return Comparison(relation=Relation.NOT_PROVED)
    read = ConsistencyProof.read(proof)
    if isinstance(read, Problem) or read.check(earlier, later) is not None:
        return Comparison(relation=Relation.BROKEN)
    return Comparison(relation=Relation.FOLLOWS)


def _restored(one: SignedCheckpoint, other: SignedCheckpoint, proof: str) -> Comparison:
    """What a proof of a restore says of two heads of one market. It joins them only where the record of the restore is
    in the history of one of them, that history begins with what it returned to, and the other had come further than
    that; and it shows that they have that beginning in common only by the history that was lost."""
    broken = Comparison(relation=Relation.FORKED if _same_size(one, other) else Relation.BROKEN)
    read = RestoreProof.read(proof)
    leaf = read if isinstance(read, Problem) else check_proof(read.leaf.write(), one.key)
    if isinstance(read, Problem) or isinstance(leaf, Problem) or leaf.kind != RESTORED:
        return broken
    later = leaf.head.checkpoint
    lost = next((head.checkpoint for head in (one, other) if head.checkpoint != later), None)
    root = _root(leaf.row["root"])
    if lost is None or later not in (one.checkpoint, other.checkpoint) or root is None:
        return broken
    kept = Checkpoint(origin=later.origin, size=leaf.index, root=root)
    if leaf.row["size"] != kept.size or lost.size <= kept.size or read.kept.check(kept, later) is not None:
        return broken
    if read.lost is None:
        return Comparison(relation=Relation.SAID_RESTORED, restored=leaf, later=later)
    if read.lost.check(kept, lost) is not None:
        return broken
    return Comparison(relation=Relation.RESTORED, restored=leaf, later=later)


def _same_size(one: SignedCheckpoint, other: SignedCheckpoint) -> bool:
    return one.checkpoint.size == other.checkpoint.size


def _root(digits: str) -> bytes | None:
    try:
        root = bytes.fromhex(digits)
    except ValueError:
        return None
    return root if len(root) == HASH_SIZE else None


def _is_leaf(leaf: object) -> bool:
    """Written as leaves are. Whoever has a key of their own can sign anything."""
    if not isinstance(leaf, dict) or not _has(
        leaf, {"kind": str, "market": int, "tick": int, "ts_ms": int, "row": dict}
    ):
        return False
    row = leaf["row"]
    moments = [leaf["ts_ms"], row.get("accepted_ms", 0)]
    return _has(row, _SHAPES.get(leaf["kind"], {})) and all(
        isinstance(moment, int) and 0 <= moment < _LATEST_MS for moment in moments
    )


def _has(values: Mapping[str, Any], shape: Mapping[str, type]) -> bool:
    return all(type(values.get(name)) is kind for name, kind in shape.items())

"""What a proof or two heads say to somebody who has no database: read, checked, and named. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from storage.proofs.checkpoints import SignedCheckpoint
from storage.proofs.leaves import FILL, ORDER
from storage.proofs.notes import Key, Problem
from storage.proofs.proof_files import ConsistencyProof, InclusionProof

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
_SHAPES: Mapping[str, Mapping[str, type]] = {ORDER: _ORDER, FILL: _FILL}


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
    FORKED = "forked"  # two roots of one size: two histories were signed
    BROKEN = "broken"  # the proof does not join them
    NOT_PROVED = "not_proved"  # of two sizes, and no proof at hand
    OTHER_MARKET = "other_market"
    OTHER_KEY = "other_key"


def compare_heads(one: SignedCheckpoint, other: SignedCheckpoint, proof: str | None = None) -> Relation:
    """Whichever of them is the earlier. `proof`: a consistency proof as it was read."""
    if one.key != other.key:
        return Relation.OTHER_KEY
    if one.checkpoint.origin != other.checkpoint.origin:
        return Relation.OTHER_MARKET
    earlier, later = sorted((one.checkpoint, other.checkpoint), key=lambda head: head.size)
    if earlier.size == later.size:
        return Relation.SAME if earlier.root == later.root else Relation.FORKED
    if proof is None:
        return Relation.NOT_PROVED
    read = ConsistencyProof.read(proof)
    if isinstance(read, Problem) or read.check(earlier, later) is not None:
        return Relation.BROKEN
    return Relation.FOLLOWS


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

"""Proofs as files: that a leaf is in a tree (C2SP tlog-proof), that one tree begins with another (the body of C2SP
tlog-witness `add-checkpoint`), and that a history was restored from a backup (two or three of the former). Pure.

A file has one spelling: what is not written as `write` writes it is refused, so that no byte of it can be changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.proofs.checkpoints import Checkpoint, SignedCheckpoint
from storage.proofs.notes import Key, Problem, from_base64, to_base64
from storage.proofs.tree import HASH_SIZE, is_consistent, leaf_hash, root_of_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
RESTORED_HEADER = "outcry restored"
_BETWEEN = "and\n"  # a line that no part has
_MOST_HASHES = 63
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """`leaf`, whole in the line `extra`, is number `index` (from 0) of the tree that the note `checkpoint` signs."""

    leaf: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    def write(self) -> str:
        rows = [HEADER, f"extra {to_base64(self.leaf)}", f"index {self.index}", *map(to_base64, self.path)]
        return "\n".join((*rows, "", self.checkpoint))

    @classmethod
    def read(cls, text: str) -> InclusionProof | Problem:
        above, _, note = text.partition("\n\n")
        header, *rows = above.split("\n")
        if header != HEADER or len(rows) < 2:
            return Problem.NOT_A_PROOF
        leaf = from_base64(rows[0].removeprefix("extra "))
        index = _number(rows[1], "index ")
        path = _hashes(rows[2:])
        if leaf is None or index is None or path is None:
            return Problem.NOT_A_PROOF
        proof = cls(leaf=leaf, index=index, path=path, checkpoint=note)
        return proof if proof.write() == text else Problem.NOT_A_PROOF

    def check(self, key: Key | None = None) -> SignedCheckpoint | Problem:
        """The checkpoint whose tree the leaf is in, its signature checked: see `SignedCheckpoint.read`."""
        signed = SignedCheckpoint.read(self.checkpoint, key)
        if isinstance(signed, Problem):
            return signed
        head = signed.checkpoint
        root = root_of_inclusion(leaf_hash(self.leaf), self.index, head.size, self.path)
        return signed if root == head.root else Problem.WRONG_PATH


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyProof:
    """The tree that `checkpoint`, a note, signs begins with one of `old` leaves."""

    old: int
    path: tuple[bytes, ...]
    checkpoint: str

    def write(self) -> str:
        return "\n".join((f"old {self.old}", *map(to_base64, self.path), "", self.checkpoint))

    @classmethod
    def read(cls, text: str) -> ConsistencyProof | Problem:
        above, _, note = text.partition("\n\n")
        first, *rows = above.split("\n")
        old, path = _number(first, "old "), _hashes(rows)
        if old is None or path is None:
            return Problem.NOT_A_PROOF
        proof = cls(old=old, path=path, checkpoint=note)
        return proof if proof.write() == text else Problem.NOT_A_PROOF

    def check(self, earlier: Checkpoint, later: Checkpoint) -> Problem | None:
        """None where it joins these two heads, whose signatures are known to hold."""
        signed = SignedCheckpoint.read(self.checkpoint)
        if isinstance(signed, Problem):
            return signed
        if signed.checkpoint != later or self.old != earlier.size:
            return Problem.WRONG_PATH
        joined = is_consistent(earlier.size, earlier.root, later.size, later.root, self.path)
        return None if joined and earlier.origin == later.origin else Problem.WRONG_PATH


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreProof:
    """A history was restored: `leaf` proves the record of that, `kept` that the history which goes on begins with what
    it returned to, and `lost`, where the history that ended was still at hand, that this one began with it too."""

    leaf: InclusionProof
    kept: ConsistencyProof
    lost: ConsistencyProof | None = None

    def write(self) -> str:
        parts = [part.write() for part in (self.leaf, self.kept, self.lost) if part is not None]
        return f"{RESTORED_HEADER}\n{_BETWEEN.join(parts)}"

    @classmethod
    def read(cls, text: str) -> RestoreProof | Problem:
        header, _, rest = text.partition("\n")
        first, *others = rest.split(f"\n{_BETWEEN}")
        parts = [f"{part}\n" for part in (first, *others[:-1])] + others[-1:]
        if header != RESTORED_HEADER or not 2 <= len(parts) <= 3:
            return Problem.NOT_A_PROOF
        leaf = InclusionProof.read(parts[0])
        kept, *lost = (ConsistencyProof.read(part) for part in parts[1:])
        if isinstance(leaf, Problem) or isinstance(kept, Problem):
            return Problem.NOT_A_PROOF
        if not lost:
            return cls(leaf=leaf, kept=kept)
        return Problem.NOT_A_PROOF if isinstance(lost[0], Problem) else cls(leaf=leaf, kept=kept, lost=lost[0])


def _number(row: str, word: str) -> int | None:
    digits = row.removeprefix(word)
    return int(digits) if row.startswith(word) and _NUMBER.fullmatch(digits) else None


def _hashes(rows: list[str]) -> tuple[bytes, ...] | None:
    hashes = [from_base64(row) for row in rows]
    whole = tuple(raw for raw in hashes if raw is not None and len(raw) == HASH_SIZE)
    return whole if len(whole) == len(rows) <= _MOST_HASHES else None

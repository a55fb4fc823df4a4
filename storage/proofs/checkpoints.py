"""Checkpoints (C2SP tlog-checkpoint): the size and root of a market's tree, signed. A posted head is one. Pure.

The origin is the key's name and the market's number: `outcry/KEY/3`. One key signs for all markets of a database, so
the name of the key is the origin without its end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.proofs.notes import DASH, Key, Note, Problem, SigningKey, from_base64, to_base64
from storage.proofs.tree import HASH_SIZE

_SIZE = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_MARKET = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
# what chats and mail put around a post, or make of its dash
_QUOTED = re.compile(r"^(?:-# |[\s>|])+")
_DASHED = re.compile(r"^(?:—|–|--?|\u2014) *(?=\S+ \S+$)")
_MARKS = "`*_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a note signs. `root` has 32 bytes."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def of_market(cls, key: Key, market: int, size: int, root: bytes) -> Checkpoint:
        return cls(origin=f"{key.name}/{market}", size=size, root=root)

    @classmethod
    def read(cls, text: str) -> Checkpoint | Problem:
        """From the text of a note. Lines after the third are not ours to write, and refused."""
        rows = text.split("\n")
        if len(rows) != 4 or rows[3] or not rows[0] or not _SIZE.fullmatch(rows[1]):
            return Problem.NOT_A_CHECKPOINT
        root = from_base64(rows[2])
        if root is None or len(root) != HASH_SIZE:
            return Problem.NOT_A_CHECKPOINT
        return cls(origin=rows[0], size=int(rows[1]), root=root)

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @property
    def market(self) -> int | None:
        """The market's number; None where the origin does not end in one."""
        number = self.origin.rpartition("/")[2]
        return int(number) if _MARKET.fullmatch(number) else None

    def signed(self, key: SigningKey) -> str:
        """The note to be posted."""
        return key.sign(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint whose signature holds. `note` is what it was read from, `key` whose signature was checked."""

    checkpoint: Checkpoint
    key: Key
    note: str

    @classmethod
    def read(cls, note: str, key: Key | None = None) -> SignedCheckpoint | Problem:
        """Checked by `key`, or without one by the key that its origin is named for: then it is for whoever reads it to
        know that key."""
        parsed = Note.read(note)
        if isinstance(parsed, Problem):
            return parsed
        checkpoint = Checkpoint.read(parsed.text)
        if isinstance(checkpoint, Problem):
            return checkpoint
        signer = key or Key.of_name(checkpoint.origin.rpartition("/")[0])
        if signer is None:
            return Problem.NO_SIGNATURE
        if checkpoint.market is None or checkpoint.origin != f"{signer.name}/{checkpoint.market}":
            return Problem.NO_SIGNATURE
        problem = parsed.check(signer)
        return problem or cls(checkpoint=checkpoint, key=signer, note=note)

    @classmethod
    def read_post(cls, post: str, key: Key | None = None) -> SignedCheckpoint | Problem:
        """From a post as it was pasted, whatever the chat put around it: words before and after, quotes, fences,
        blanks, CRLF, lost empty lines. What is signed is put together anew from the lines that matter."""
        rows = [row for line in post.splitlines() if (row := _bare(line))]
        problem: Problem = Problem.NOT_A_CHECKPOINT
        for at in range(3, len(rows)):
            if not _DASHED.match(rows[at]):
                continue
            signature = _DASHED.sub(DASH, rows[at])
            read = cls.read("\n".join((*rows[at - 3 : at], "", signature, "")), key)
            if isinstance(read, SignedCheckpoint):
                return read
            if read not in (Problem.NOT_A_NOTE, Problem.NOT_A_CHECKPOINT):
                problem = read
        return problem


def _bare(line: str) -> str:
    """Without what chats put at the edges of a line."""
    return _QUOTED.sub("", line.replace("\ufeff", "").replace("\u200b", "")).strip().strip(_MARKS).strip()

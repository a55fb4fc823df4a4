"""That a market was restored from a backup: a record of its journal and a leaf of its tree, so that no head signed
afterwards can be had without it.

The leaf stands where the tree had come to, after the leaves of the last tick that was kept and before those of the next
one. Its index is the size that the restore returned to. A head of the history that was lost joins no head of the one
that goes on; this leaf is what tells that from a fork.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, select

from storage.journal_kinds import Kind
from storage.proofs.leaves import RESTORED, Leaf
from storage.records import Payload
from storage.schema import journal
from storage.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """`tick`, `size`, `root` (hex digits) and `head` (the tick's hash): how the market stood that it returned to;
    `ts_ms`: when that was done, epoch."""

    tick: int
    size: int
    root: str
    head: str
    ts_ms: int

    @classmethod
    def read(cls, content: Payload) -> Restore:
        """Raises KeyError or TypeError for what is no such record."""
        return cls(**{name: content[name] for name in cls.__dataclass_fields__})  # type: ignore[arg-type]  # as recorded

    def to_json(self) -> Payload:
        return asdict(self)

    @property
    def leaf(self) -> Leaf:
        return Leaf(RESTORED, {"size": self.size, "root": self.root, "head": self.head})

    def stamp(self, market: int) -> Mapping[str, int]:
        return {"market": market, "tick_id": self.tick, "ts_ms": self.ts_ms}


async def restores_of(session: Session, market: int) -> list[Restore]:
    """Every restore that the history of a market as it stands has gone through, oldest first."""
    return [Restore.read(row["content"]) for row in await session.rows(_RESTORES, {"market": market})]


_RESTORES = (
    select(journal.c.content)
    .where(journal.c.market == bindparam("market"), journal.c.kind == Kind.RESTORED.value)
    .order_by(journal.c.number)
)

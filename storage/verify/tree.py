"""The tree over all a market wrote, grown again from the rows: so every head ever signed is checked with its tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from storage.proofs.leaves import Leaf, hashes
from storage.proofs.repository import known_secret
from storage.proofs.secret import Secret
from storage.proofs.tiles import Tiles
from storage.schema import tiles
from storage.unit_of_work import UnitOfWork
from storage.verify.compare import Check


class GrownTree:
    """Every tile of one market's tree, as far as the replay has come."""

    def __init__(self, check: Check, secret: Secret) -> None:
        self._check, self._secret = check, secret
        self._tiles = Tiles()
        self.root = ""  # so far

    @classmethod
    async def empty(cls, uow: UnitOfWork, check: Check) -> GrownTree:
        """Raises WrongRowError where the secret the salts follow from is gone."""
        with check.readable("secrets", "seed"):
            secret = await known_secret(uow)
        if secret is None:
            raise check.missing("secrets", "seed")
        return cls(check, secret)

    @property
    def size(self) -> int:
        return self._tiles.size

    def add(self, stamp: Mapping[str, int], leaves: Sequence[Leaf]) -> tuple[int, str]:
        """The leaves of the next tick, or of a restore; returns size and root from then on."""
        self._tiles.append(hashes(leaves, self._secret, stamp, self._tiles.size))
        self.root = self._tiles.root().hex()
        return self._tiles.size, self.root

    async def check_end(self, uow: UnitOfWork) -> None:
        """That the tiles are stored as they are here. Raises WrongRowError."""
        check, expected = self._check, self._tiles
        left = set(expected.changed)
        query = select(tiles).where(tiles.c.market == check.market).order_by(tiles.c.level, tiles.c.number)
        with check.readable("tiles", "any"):
            rows = await uow.rows(query)
        for row in rows:
            key, name = (row["level"], row["number"]), f"{row['level']}/{row['number']}"
            if key not in left:
                raise check.surplus("tiles", name)
            left.remove(key)
            if row["hashes"] != expected[key]:
                raise check.wrong("tiles", name, "hashes", expected[key].hex(), row["hashes"].hex())
        for level, number in sorted(left):
            raise check.missing("tiles", f"{level}/{number}")

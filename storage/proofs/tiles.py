"""How the hashes of a tree are kept: in tiles, as transparency logs do, so that a tick changes few rows and a proof
reads few. Pure.

Tile (level, number) holds the nodes of height HEIGHT * level from number * WIDTH on, up to WIDTH of them, one hash
after the other: leaves at level 0, roots of complete tiles of the level below above it. Every other node is worked out
from one tile, and only the last tile of a level is ever added to. Source: C2SP tlog-tiles, which has 256 where this has
64, since every tick writes the last tile of a level anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from storage.proofs.tree import HASH_SIZE, node_hash, tree_root

TileKey: TypeAlias = tuple[int, int]  # level, number

HEIGHT = 6
WIDTH = 1 << HEIGHT
_NOTHING = bytes(HASH_SIZE)


class Tiles:
    """A tree of `size` leaves, by those of its tiles that are at hand: all, or what `last_tiles`, `tiles_for` name."""

    def __init__(self, size: int = 0, tiles: Mapping[TileKey, bytes] | None = None) -> None:
        self.size = size
        self.changed: set[TileKey] = set()  # tiles that were added to
        self._tiles = dict(tiles or {})

    def __getitem__(self, key: TileKey) -> bytes:
        return self._tiles[key]

    def append(self, leaves: Sequence[bytes]) -> None:
        """Add leaves by their hashes. Needs the last tile of each level."""
        self._extend(0, self.size, leaves)
        self.size += len(leaves)

    def root(self) -> bytes:
        return tree_root(self.size, self.node)

    def node(self, level: int, index: int) -> bytes:
        """Raises KeyError where its tile is not at hand, IndexError where the tree has not grown so far."""
        key, start, count = _place(level, index)
        tile = self._tiles[key]
        if len(tile) < (start + count) * HASH_SIZE:
            raise IndexError(f"node {index} of level {level} is not complete")
        return _fold(_hashes(tile)[start : start + count])

    def _extend(self, level: int, count: int, nodes: Sequence[bytes]) -> None:
        """Add nodes to a level that has `count` of them, and the roots of the tiles they fill to the one above."""
        at, full = 0, list[bytes]()
        while at < len(nodes):
            number, used = divmod(count + at, WIDTH)
            fresh = nodes[at : at + WIDTH - used]
            key = (level, number)
            self._tiles[key] = (self._tiles[key] if used else b"") + b"".join(fresh)
            self.changed.add(key)
            at += len(fresh)
            if used + len(fresh) == WIDTH:
                full.append(_fold(_hashes(self._tiles[key])))
        if full:
            self._extend(level + 1, count // WIDTH, full)


def last_tiles(size: int) -> list[TileKey]:
    """The tile of each level that the next leaf may be added to, where it has begun; a root needs no others."""
    keys, level, count = list[TileKey](), 0, size
    while count:
        if count % WIDTH:
            keys.append((level, count // WIDTH))
        level, count = level + 1, count // WIDTH
    return keys


def tiles_for(asked: Callable[[Callable[[int, int], bytes]], object]) -> set[TileKey]:
    """The tiles that a root or a proof reads; `asked` works it out with the nodes it is given."""
    keys = set[TileKey]()

    def note(level: int, index: int) -> bytes:
        keys.add(_place(level, index)[0])
        return _NOTHING

    asked(note)
    return keys


def _place(level: int, index: int) -> tuple[TileKey, int, int]:
    """(the tile a node is worked out from, the first of its hashes, how many)."""
    tile_level, height = divmod(level, HEIGHT)
    number, start = divmod(index << height, WIDTH)
    return (tile_level, number), start, 1 << height


def _hashes(tile: bytes) -> list[bytes]:
    return [tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE)]


def _fold(nodes: list[bytes]) -> bytes:
    """The root of a complete subtree."""
    while len(nodes) > 1:
        nodes = [node_hash(nodes[at], nodes[at + 1]) for at in range(0, len(nodes), 2)]
    return nodes[0]

"""The Merkle tree of RFC 6962: hashes, roots, inclusion and consistency proofs. Pure.

A node at (level, index) is the root of the complete subtree over the leaves from index * 2^level on, 2^level of them;
a leaf is a node of level 0. Whoever has the nodes (`Node`) can be asked for any root and any proof; whoever has a proof
needs none of them. Source: RFC 6962, sections 2.1 to 2.1.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

Node: TypeAlias = Callable[[int, int], bytes]  # (level, index) -> its hash; complete subtrees only

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 || leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(size: int, node: Node) -> bytes:
    """MTH of the first `size` leaves."""
    return _range_root(0, size, node) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]): the leaf's sibling first. Raises ValueError where there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} among {size}")
    start, stop = 0, size
    path = list[bytes]()
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(_range_root(middle, stop, node))
            stop = middle
        else:
            path.append(_range_root(start, middle, node))
            start = middle
    return path[::-1]


def consistency_path(first: int, second: int, node: Node) -> list[bytes]:
    """PROOF(first, D[second]); empty for equal sizes and for `first` 0. Raises ValueError where `first` is larger."""
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} leaves does not begin with one of {first}")
    start, stop = 0, second
    path = list[bytes]()
    while 0 < first < stop:
        middle = start + _split(stop - start)
        if first <= middle:
            path.append(_range_root(middle, stop, node))
            stop = middle
        else:
            path.append(_range_root(start, middle, node))
            start = middle
    if start > 0 and first > 0:  # else the root of the first tree is known to whoever checks
        path.append(_range_root(start, stop, node))
    return path[::-1]


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf's hash and its path lead to; None where the path cannot be one of that leaf."""
    if not 0 <= index < size:
        return None
    root, last, rest = leaf, size - 1, list(path)
    while last > 0:
        if index & 1 or index < last:  # else it is the last of its row, alone, and goes up as it is
            if not rest:
                return None
            sibling = rest.pop(0)
            root = node_hash(sibling, root) if index & 1 else node_hash(root, sibling)
        index, last = index >> 1, last >> 1
    return None if rest else root


def is_consistent(first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of `second` leaves begins with that of `first`, as the path says."""
    if first == second:
        return first_root == second_root and not path
    if not 0 <= first < second:
        return False
    if first == 0:
        return first_root == EMPTY_ROOT and not path
    rest = list(path)
    index, last = first - 1, second - 1  # the last leaf of each
    while index & 1:
        index, last = index >> 1, last >> 1
    if index > 0:  # the first tree is no complete subtree of the second: its largest complete right edge is given
        if not rest:
            return False
        old = new = rest.pop(0)
    else:
        old = new = first_root
    while last > 0:
        if index & 1 or index < last:
            if not rest:
                return False
            sibling = rest.pop(0)
            if index & 1:
                old, new = node_hash(sibling, old), node_hash(sibling, new)
            else:
                new = node_hash(new, sibling)
        index, last = index >> 1, last >> 1
    return not rest and old == first_root and new == second_root


def _split(count: int) -> int:
    """The largest power of two below `count`, at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_root(start: int, stop: int, node: Node) -> bytes:
    """MTH(D[start:stop]) of a range that the recursion of the RFC comes to: it begins where a subtree of its size may.
    Its complete subtrees are folded from the right."""
    parts = list[bytes]()
    while start < stop:
        level = (stop - start).bit_length() - 1
        parts.append(node(level, start >> level))
        start += 1 << level
    root = parts.pop()
    while parts:
        root = node_hash(parts.pop(), root)
    return root

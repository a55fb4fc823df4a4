"""Roots and proofs are those of RFC 6962: by the vectors of Certificate Transparency, by a second implementation, and
for every pair of sizes."""

from __future__ import annotations

import hashlib

import pytest

from storage.proofs.tiles import HEIGHT, WIDTH, Tiles, last_tiles, tiles_for
from storage.proofs.tree import (
    EMPTY_ROOT,
    consistency_path,
    inclusion_path,
    is_consistent,
    leaf_hash,
    node_hash,
    root_of_inclusion,
    tree_root,
)
from tests.storage.proofs import second

MOST = 64
# the leaves, roots and nodes of Certificate Transparency's reference tests
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
L1, L4 = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
)
L2_3, L4_5, L6_7 = (
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
)
L4_7 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
INCLUSION = {(0, 1): [], (0, 8): [L1, L2_3, L4_7], (5, 8): [L4, L6_7, ROOTS[3]]}
CONSISTENCY = {(1, 1): [], (1, 8): [L1, L2_3, L4_7], (6, 8): [L4_5, L6_7, ROOTS[3]], (2, 5): [L2_3, L4]}


def grown(size: int) -> Tiles:
    tiles = Tiles()
    tiles.append([leaf_hash(leaf) for leaf in leaves(size)])
    return tiles


def leaves(size: int) -> tuple[bytes, ...]:
    return tuple(str(number).encode() for number in range(size))


def test_roots_and_proofs_are_those_of_certificate_transparency() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Tiles().root() == EMPTY_ROOT
    tiles = Tiles()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tiles.append([leaf_hash(leaf)])
        assert tiles.root().hex() == root
    for (index, size), path in INCLUSION.items():
        assert [one.hex() for one in inclusion_path(index, size, tiles.node)] == path
        found = root_of_inclusion(leaf_hash(LEAVES[index]), index, size, [bytes.fromhex(one) for one in path])
        assert found == bytes.fromhex(ROOTS[size - 1])
    for (first, later), path in CONSISTENCY.items():
        assert [one.hex() for one in consistency_path(first, later, tiles.node)] == path


def test_every_root_and_inclusion_proof_up_to_64_leaves_is_that_of_a_second_implementation() -> None:
    tiles = grown(MOST)
    for size in range(1, MOST + 1):
        data = leaves(size)
        root = tree_root(size, tiles.node)
        assert root == second.mth(data)
        for index in range(size):
            path = inclusion_path(index, size, tiles.node)
            assert path == second.path(index, data)
            assert root_of_inclusion(leaf_hash(data[index]), index, size, path) == root
            assert second.root_by_path(data[index], index, size, path) == root


def test_every_pair_of_trees_up_to_64_leaves_is_consistent_and_no_other_root_is() -> None:
    tiles = grown(MOST)
    roots = [tree_root(size, tiles.node) for size in range(MOST + 1)]
    wrong = hashlib.sha256(b"another history").digest()
    for later in range(1, MOST + 1):
        for first in range(later + 1):
            path = consistency_path(first, later, tiles.node)
            if first:
                assert path == second.proof(first, leaves(later))
            assert is_consistent(first, roots[first], later, roots[later], path)
            assert not is_consistent(first, wrong, later, roots[later], path), (first, later)
            assert not is_consistent(first, roots[first], later, wrong, path) or first == 0, (first, later)
            assert not is_consistent(first, roots[first], later, roots[later], [*path, wrong]), (first, later)
            if path:
                assert not is_consistent(first, roots[first], later, roots[later], path[:-1]), (first, later)
                assert not is_consistent(first, roots[first], later, roots[later], path[1:]), (first, later)
            if first < later:
                assert not is_consistent(later, roots[later], first, roots[first], path), (first, later)


def test_a_path_leads_nowhere_for_another_leaf_place_or_size() -> None:
    tiles, size, index = grown(50), 50, 17
    leaf, path = leaf_hash(leaves(size)[index]), inclusion_path(index, size, tiles.node)
    assert root_of_inclusion(leaf, index, size, path) == tiles.root()
    assert root_of_inclusion(leaf_hash(b"other"), index, size, path) != tiles.root()
    for other in range(-1, size + 2):
        assert other == index or root_of_inclusion(leaf, other, size, path) != tiles.root(), other
    for other in (0, 1, 17, 18, 31, 32, 65, 4096):
        assert root_of_inclusion(leaf, index, other, path) != tiles.root(), other
    for wrong in ([], path[:-1], path[1:], [*path, path[0]], path[::-1]):
        assert root_of_inclusion(leaf, index, size, wrong) != tiles.root()


def test_a_node_is_no_leaf() -> None:
    """Leaves and nodes are hashed differently, so that two children cannot be passed off as a leaf."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert node_hash(left, right) != leaf_hash(left + right)


SIZES = [1, 5, WIDTH - 1, WIDTH, WIDTH + 1, 3 * WIDTH, WIDTH**2 - 1, WIDTH**2, WIDTH**2 + 1, WIDTH**2 + 77]


def test_a_tree_grows_from_its_last_tiles_alone() -> None:
    """However its leaves are parted into ticks: the same tiles, and no other tile is read."""
    hashes = [leaf_hash(leaf) for leaf in leaves(SIZES[-1])]
    whole, stored = Tiles(), dict[tuple[int, int], bytes]()
    whole.append(hashes)
    before = 0
    for size in SIZES:
        tick = Tiles(before, {key: stored[key] for key in last_tiles(before)})
        tick.append(hashes[before:size])
        assert tick.root() == tree_root(size, whole.node)
        stored |= {key: tick[key] for key in tick.changed}
        assert Tiles(size, {key: stored[key] for key in last_tiles(size)}).root() == tick.root()
        before = size
    assert stored == {key: whole[key] for key in whole.changed}


@pytest.mark.parametrize("size", SIZES)
def test_a_proof_reads_few_tiles(size: int) -> None:
    whole = grown(size)
    for index in (0, size // 2, size - 1):
        needed = tiles_for(lambda node, index=index: inclusion_path(index, size, node))  # type: ignore[misc]
        assert len(needed) <= 2 * (2 + (size.bit_length() - 1) // HEIGHT)
        few = Tiles(size, {key: whole[key] for key in needed})
        assert inclusion_path(index, size, few.node) == inclusion_path(index, size, whole.node)
    first = max(1, size // 3)
    needed = tiles_for(lambda node: consistency_path(first, size, node))
    few = Tiles(size, {key: whole[key] for key in needed})
    path = consistency_path(first, size, few.node)
    assert is_consistent(first, tree_root(first, whole.node), size, whole.root(), path)


def test_a_subtree_that_is_not_complete_is_no_node() -> None:
    with pytest.raises(IndexError):
        grown(5).node(0, 5)
    with pytest.raises(IndexError):
        grown(5).node(2, 1)
    with pytest.raises(ValueError, match="no leaf 5 among 5"):
        inclusion_path(5, 5, grown(5).node)
    with pytest.raises(ValueError, match="does not begin"):
        consistency_path(6, 5, grown(5).node)

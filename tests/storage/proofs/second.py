"""RFC 6962 and signed notes written a second time, from the texts and not from the product: as recursive definitions,
with every leaf at hand. Slow and plain; what the product says is held against it."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST_BYTES = 2_000  # of a proof


@functools.cache
def mth(leaves: tuple[bytes, ...]) -> bytes:
    """Section 2.1: the Merkle Tree Hash of a list of leaves."""
    n = len(leaves)
    if n == 0:
        return hashlib.sha256(b"").digest()
    if n == 1:
        return hashlib.sha256(bytes([0]) + leaves[0]).digest()
    k = split(n)
    return parent(mth(leaves[:k]), mth(leaves[k:]))


def parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(bytes([1]) + left + right).digest()


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, leaves: tuple[bytes, ...]) -> list[bytes]:
    """Section 2.1.1: PATH(m, D[n])."""
    n = len(leaves)
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: tuple[bytes, ...]) -> list[bytes]:
    """Section 2.1.2: PROOF(m, D[n])."""
    return subproof(m, leaves, True)


def subproof(m: int, leaves: tuple[bytes, ...], whole: bool) -> list[bytes]:
    n = len(leaves)
    if m == n:
        return [] if whole else [mth(leaves)]
    k = split(n)
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def root_by_path(leaf: bytes, m: int, n: int, hashes: Sequence[bytes]) -> bytes:
    """What PATH(m, D[n]) leads to, by the same recursion. Raises IndexError where it has too few hashes, ValueError
    where it has too many."""
    rest = list(hashes)

    def climb(m: int, n: int) -> bytes:
        if n == 1:
            return hashlib.sha256(bytes([0]) + leaf).digest()
        k = split(n)
        if m < k:
            left = climb(m, k)
            return hashlib.sha256(bytes([1]) + left + rest.pop(0)).digest()
        right = climb(m - k, n - k)
        return hashlib.sha256(bytes([1]) + rest.pop(0) + right).digest()

    root = climb(m, n)
    if rest:
        raise ValueError("more hashes than the path has")
    return root


def signed_by(note: str, vkey: str) -> bool:
    """Whether a signed note is signed by the key, each written as C2SP signed-note and its tools have it."""
    name, ident, encoded = vkey.split("+", 2)
    algorithm, public = base64.b64decode(encoded)[:1], base64.b64decode(encoded)[1:]
    assert algorithm == b"\x01"
    assert ident == hashlib.sha256(name.encode() + b"\n" + algorithm + public).hexdigest()[:8]
    text, lines = note[: note.rindex("\n\n") + 1], note[note.rindex("\n\n") + 2 :]
    for line in lines.splitlines():
        dash, signer, signature = line.split(" ")
        raw = base64.b64decode(signature)
        if dash == "\N{EM DASH}" and signer == name and raw[:4].hex() == ident:
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())
            except InvalidSignature:
                return False
            return True
    return False

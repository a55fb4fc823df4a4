"""Signed notes (C2SP signed-note): a text, an empty line, and lines that sign it by Ed25519. Pure.

A key is named for itself: `outcry/` and its 32 bytes in base64url. So a note shows by what key it is signed, and
whoever compares that key with one that was posted needs nothing else; `Key.vkey` is the form other tools take.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
KEY_SIZE = 32
NAME_PREFIX = "outcry/"
DASH = "— "
_MOST_SIGNATURES = 16
_ID_SIZE = 4
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SPACE_OR_PLUS = re.compile(r"[\s+]")


class Problem(StrEnum):
    """Why something is not what it says it is."""

    NOT_A_NOTE = "not_a_note"
    NOT_A_CHECKPOINT = "not_a_checkpoint"
    NOT_A_PROOF = "not_a_proof"
    NOT_A_LEAF = "not_a_leaf"
    NO_SIGNATURE = "no_signature"  # by the key it is held against
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_PATH = "wrong_path"  # does not lead to the root


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A public key; `public` is its 32 bytes (RFC 8032)."""

    name: str
    public: bytes

    @classmethod
    def named_for_itself(cls, public: bytes) -> Key:
        return cls(name=f"{NAME_PREFIX}{base64.urlsafe_b64encode(public).decode().rstrip('=')}", public=public)

    @classmethod
    def of_name(cls, name: str) -> Key | None:
        """The key that is named for itself; None for any other name."""
        text = name.removeprefix(NAME_PREFIX)
        try:
            public = base64.urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}")
        except (ValueError, binascii.Error):
            return None
        key = cls.named_for_itself(public)
        return key if len(public) == KEY_SIZE and key.name == name else None

    @classmethod
    def of_vkey(cls, vkey: str) -> Key | None:
        """From `name+id+base64`; None where it is none, or of another kind of signature."""
        name, _, rest = vkey.strip().partition("+")
        ident, _, encoded = rest.partition("+")
        raw = from_base64(encoded)
        if not _is_name(name) or raw is None or raw[:1] != ED25519 or len(raw) != 1 + KEY_SIZE:
            return None
        key = cls(name=name, public=raw[1:])
        return key if ident.lower() == key.id.hex() else None

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:_ID_SIZE]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(ED25519 + self.public)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The private half, and never in a log: `seed` is not shown."""

    key: Key
    seed: bytes = field(repr=False)

    @classmethod
    def of_seed(cls, seed: bytes) -> SigningKey:
        """From 32 bytes nobody else has."""
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        return cls(key=Key.named_for_itself(public), seed=seed)

    def sign(self, text: str) -> str:
        """The note. Equal texts give equal notes: Ed25519 draws nothing."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"{text}\n{DASH}{self.key.name} {to_base64(self.key.id + signature)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """`text` ends in a newline, which is signed with it."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def read(cls, note: str) -> Note | Problem:
        text, gap, lines = note.rpartition("\n\n")
        rows = lines.split("\n")
        if not gap or not text or rows[-1] or not 1 < len(rows) <= 1 + _MOST_SIGNATURES or _CONTROL.search(note):
            return Problem.NOT_A_NOTE
        signatures = [_signature(row) for row in rows[:-1]]
        read = tuple(signature for signature in signatures if signature is not None)
        return cls(text=f"{text}\n", signatures=read) if len(read) == len(signatures) else Problem.NOT_A_NOTE

    def check(self, key: Key) -> Problem | None:
        """None where `key` has signed it. Signatures of others are passed over, a wrong one of `key` is not."""
        own = [signature for signature in self.signatures if (signature.name, signature.key_id) == (key.name, key.id)]
        if not own:
            return Problem.NO_SIGNATURE
        try:
            public = Ed25519PublicKey.from_public_bytes(key.public)
            for signature in own:
                public.verify(signature.signature, self.text.encode())
        except (InvalidSignature, ValueError):
            return Problem.WRONG_SIGNATURE
        return None


def to_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def from_base64(text: str) -> bytes | None:
    """None for anything but the one spelling of some bytes."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if to_base64(raw) == text else None


def _signature(row: str) -> Signature | None:
    name, _, encoded = row.removeprefix(DASH).partition(" ")
    raw = from_base64(encoded)
    if not row.startswith(DASH) or not _is_name(name) or raw is None or len(raw) <= _ID_SIZE:
        return None
    return Signature(name=name, key_id=raw[:_ID_SIZE], signature=raw[_ID_SIZE:])


def _is_name(name: str) -> bool:
    return bool(name) and not _SPACE_OR_PLUS.search(name)

"""The one secret of a database, and what follows from it: the key that signs its heads, the salts of its leaves, the
secrets of its webhooks. Pure.

Salts are worked out and not stored. Whoever has a proof knows the salt of its leaf and of no other; whoever has the
database can check every leaf. A leaf names people by number alone, so that forgetting a name leaves it as it is.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from functools import cached_property

from storage.proofs.notes import SigningKey

SECRET_SIZE = 32
_SALT_SIZE = 16


@dataclass(frozen=True, kw_only=True)
class Secret:
    """`seed`: 32 bytes drawn when the database needed them first."""

    seed: bytes = field(repr=False)

    @cached_property
    def signing_key(self) -> SigningKey:
        return SigningKey.of_seed(self._derived(b"outcry: the key that signs heads"))

    def salt(self, market: int, number: int) -> str:
        """Of leaf `number` of a market, as hex digits."""
        return hmac.digest(self._salt_key, b"%d/%d" % (market, number), "sha256")[:_SALT_SIZE].hex()

    @cached_property
    def _salt_key(self) -> bytes:
        return self._derived(b"outcry: salts of leaves")

    def of_webhook(self, number: int, created_ms: int, url: str) -> str:
        """By which who is sent a market's news knows that it is ours, as hex digits. See `storage.webhooks`."""
        key = self._derived(b"outcry: secrets of webhooks")
        return hmac.digest(key, b"%d/%d/%b" % (number, created_ms, url.encode()), "sha256").hex()

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.digest(self.seed, purpose, "sha256")

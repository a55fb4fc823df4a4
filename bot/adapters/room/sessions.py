"""Who is at the other end: a random token in a cookie names a person, another cookie that she came by the admin link.

Storage knows the token's SHA-256 only, as the person's id on the platform `room`: a copy of the database opens no
session.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from storage.database import Database
from storage.records import Person

LIFE_S = 400 * 86_400  # the longest that browsers keep a cookie
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One browser. `ext` is her id on the platform, "" before she has a session; `person` None until she has a name."""

    token: str = ""
    ext: str = ""
    person: Person | None = None
    admin: bool = False


def new_token() -> str:
    return secrets.token_urlsafe(32)


def external_id(token: str) -> str:
    return hashlib.sha256(b"outcry room\0" + token.encode()).hexdigest()


def _bytes(given: str) -> bytes:
    """A header or cookie as it came, whatever bytes it was of."""
    return given.encode("utf-8", "surrogatepass")


class Sessions:
    def __init__(self, db: Database, admin_token: str) -> None:
        self._db = db
        self._admin_token = admin_token.encode()

    async def visitor(self, token: str, proof: str) -> Visitor:
        """Who these cookies say she is. A malformed or unknown token is a stranger's."""
        if not TOKEN.fullmatch(token):
            return Visitor()
        ext = external_id(token)
        return Visitor(token=token, ext=ext, person=await self._find(ext), admin=self._proves(token, proof))

    async def name(self, token: str, name: str, now_ms: int) -> Person:
        """Make the acquaintance of this token's person."""
        ext = external_id(token)
        async with self._db.writing() as uow:
            person = await uow.people.identify("room", ext, name, now_ms)
            await uow.commit()
        return person

    def opens(self, given: str) -> bool:
        """Whether this is the admin link's token; takes the same time whatever was given."""
        return hmac.compare_digest(_bytes(given), self._admin_token)

    def proof(self, token: str) -> str:
        """What the admin cookie of this session holds: good for no other session and no other admin token."""
        return hmac.new(self._admin_token, b"admin of the room\0" + token.encode(), hashlib.sha256).hexdigest()

    def _proves(self, token: str, proof: str) -> bool:
        return hmac.compare_digest(_bytes(proof), self.proof(token).encode())

    async def _find(self, ext: str) -> Person | None:
        """Asked anew each time: she may have become one with somebody else, or have been forgotten."""
        async with self._db.reading() as uow:
            return await uow.people.find("room", ext)

"""The cookies a browser keeps of a room.

They are named after the room's database: all processes that serve it know them, whichever port each listens on, and two
rooms on one machine do not share them, since browsers send cookies to every port of a host.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from aiohttp import web

LIFE_S = 400 * 86_400  # the longest that browsers keep a cookie
_HOST = (
    "__Host-"  # browsers take a cookie called so from this very host alone, over https, and from no other of its domain
)


@dataclass(frozen=True, slots=True)
class Cookies:
    """`port` is the one we listen on: cookies of versions before this one were named after it. `secure`: browsers send
    them over https alone."""

    room: str = ""
    port: int = 0
    secure: bool = False

    @classmethod
    def of(cls, secret: bytes, port: int, *, secure: bool) -> Cookies:
        """`secret`: the room's; nothing of it can be learnt from the names."""
        return cls(hmac.new(secret, b"outcry: name of cookies", hashlib.sha256).hexdigest()[:12], port, secure)

    def get(self, request: web.Request, name: str) -> str:
        """ "" where there is none."""
        return next((value for known in self._names(name) if (value := request.cookies.get(known))), "")

    def set(self, response: web.Response, name: str, value: str, life_s: int = LIFE_S) -> None:
        response.set_cookie(
            self._name(name), value, max_age=life_s, path="/", secure=self.secure, httponly=True, samesite="Lax"
        )

    def renew(self, request: web.Request, response: web.Response, name: str, value: str) -> None:
        """Under today's name, where the browser has it under another."""
        if value and request.cookies.get(self._name(name)) != value:
            self.set(response, name, value)

    def delete(self, request: web.Request, response: web.Response, name: str) -> None:
        """Under whichever name the browser has it."""
        for known in self._names(name):
            if known in request.cookies:
                secure = known.startswith(_HOST)
                response.set_cookie(known, "", max_age=0, path="/", secure=secure, httponly=True, samesite="Lax")

    def _name(self, name: str) -> str:
        return self._names(name)[0]

    def _names(self, name: str) -> tuple[str, ...]:
        """Today's, then those of versions before this one."""
        plain = f"outcry_{name}_{self.room}"
        before = (f"outcry_{name}_{self.port}",)
        return (f"{_HOST}{plain}", plain, *before) if self.secure else (plain, *before)

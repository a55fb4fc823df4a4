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
        before = request.cookies.get(f"outcry_{name}_{self.port}", "")
        return request.cookies.get(self._name(name), before)

    def set(self, response: web.Response, name: str, value: str) -> None:
        response.set_cookie(
            self._name(name), value, max_age=LIFE_S, path="/", secure=self.secure, httponly=True, samesite="Lax"
        )

    def renew(self, request: web.Request, response: web.Response, name: str, value: str) -> None:
        """Under today's name, where the browser has it under another."""
        if value and request.cookies.get(self._name(name)) != value:
            self.set(response, name, value)

    def _name(self, name: str) -> str:
        return f"outcry_{name}_{self.room}"

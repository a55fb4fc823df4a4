"""A Mini App as Telegram opens it: what Telegram signs for the bot, and its page's requests."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

from bot.adapters.room.init_data import signature
from bot.chat.rights import CannotAskError, Standing
from tests.bot.adapters.room.harness import Browser, RoomHarness, request_id

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
GROUP = "-1001"


def signed(person: int = 4711, name: str = "Ada", *, age_s: int = 0, token: str = TOKEN, **more: str) -> str:
    """`initData` of somebody who has opened it so long ago; `more` are further fields."""
    user = json.dumps({"id": person, "first_name": name})
    fields = {"auth_date": str(int(time.time()) - age_s), "user": user, "query_id": request_id(), **more}
    return urlencode({**fields, "hash": signature(fields, token)})


class TelegramChats:
    """Who is what in Telegram's chats, or that it cannot be asked."""

    def __init__(self) -> None:
        self.says: dict[tuple[str, str], Standing] = {}
        self.silent = False

    async def admins(self, chat_ext: str) -> None:
        """Lists nobody."""

    async def standing(self, chat_ext: str, person_ext: str) -> Standing:
        if self.silent:
            raise CannotAskError("telegram")
        return self.says.get((chat_ext, person_ext), Standing.STRANGER)


class App:
    """One opening of the Mini App: no cookies, a token in its memory."""

    def __init__(self, room: RoomHarness) -> None:
        self._browser = room.browser()
        self._browser.headers["Origin"] = room.url.rstrip("/")
        self.token = ""

    @property
    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def open(self, init_data: str, *, request: str | None = None, **more: str) -> tuple[int, Any]:
        """Signs in; keeps the token where there is one."""
        payload = {"init_data": init_data, "request": request or request_id(), **more}
        status, answer = await self._browser.post("app/api/session", payload)
        self.token = answer.get("token", "")
        assert not list(self._browser.jar)
        return status, answer

    async def get(self, path: str) -> tuple[int, Any]:
        answer = await self._browser.get(f"app/{path}", **self._bearer)
        assert "Set-Cookie" not in answer.headers
        return answer.status, await answer.json()

    async def say(self, text: str, market: int | None = None) -> tuple[int, Any]:
        payload = {"text": text, "request": request_id(), "market": market, "again": False}
        return await self._browser.post("app/api/say", payload, **self._bearer)

    @property
    def browser(self) -> Browser:
        return self._browser

"""A room's API, asked with a key: JSON in, JSON out, and what is refused as the room says it."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar

TIMEOUT_S = 30.0
LONGEST_ANSWER = 4_000_000  # bytes


class ApiError(Exception):
    """The room's sentence and the name of the reason; `retry_s` where it says when to try again."""

    def __init__(self, sentence: str, code: str, retry_s: str = "") -> None:
        super().__init__(f"{sentence} ({code}{f', try again in {retry_s} s' if retry_s else ''})")
        self.code = code


def keeps_keys_secret(url: str) -> bool:
    """Whether a key may be sent there: over https, or to this machine."""
    address = urlsplit(url)
    if address.scheme == "https":
        return bool(address.hostname)
    try:
        return address.scheme == "http" and ipaddress.ip_address(address.hostname or "").is_loopback
    except ValueError:
        return address.scheme == "http" and address.hostname == "localhost"


class ApiClient:
    """`url`: of the room, without a path. No redirect is followed: the key goes nowhere else."""

    def __init__(self, url: str, key: str) -> None:
        self._base = f"{url.rstrip('/')}/api/v1/"
        self._key = key
        self._session: ClientSession | None = None

    async def __aenter__(self) -> ApiClient:
        self._session = ClientSession(
            headers={"Authorization": f"Bearer {self._key}"},
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=TIMEOUT_S),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, **query: object) -> Any:  # Any: JSON, here and below
        return await self._ask("GET", path, query=query)

    async def post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Any:
        return await self._ask("POST", path, body=body, headers=headers or {})

    async def delete(self, path: str) -> Any:
        return await self._ask("DELETE", path)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        if self._session is None:
            raise RuntimeError("open the client first: async with")
        given = {name: str(value) for name, value in (query or {}).items() if value is not None}
        try:
            async with self._session.request(
                method, self._base + path, params=given, json=body, headers=headers, allow_redirects=False
            ) as answer:
                payload = _read(await answer.content.read(LONGEST_ANSWER))
                if answer.status == 200:
                    return payload
                refusal = payload if isinstance(payload, dict) else {}
                sentence = str(refusal.get("error") or f"The room answered {answer.status}.")
                code = str(refusal.get("code") or f"http_{answer.status}")
                raise ApiError(sentence, code, answer.headers.get("Retry-After", ""))
        except (ClientError, TimeoutError) as error:
            raise ApiError(f"The room cannot be reached at {self._base} now.", "unreachable") from error


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None

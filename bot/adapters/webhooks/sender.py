"""One POST to an address that somebody we do not know gave us, and nothing more than that.

The name is looked up once, every address it leads to is checked, and only to these is a connection made: what the name
leads to a moment later plays no part. No redirect is followed, no cookie kept, no proxy of the environment used, and of
the answer nothing is read beyond its head.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import (
    AddrInfoType,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientError,
    ClientOSError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.text.global_addresses import is_global

TIMEOUT_S = 5.0
LOOK_UPS = 4  # names looked up side by side: a name server that never answers holds up no other part of the bot

LookUp: TypeAlias = Callable[[str, int], Awaitable[list[str]]]  # host, port -> addresses


class NotAllowedError(OSError):
    """The address a connection would be made to is none that news is sent to."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why nothing arrived, for admins, without the address; `after_ms`: when the other side asks to be tried again."""

    reason: str
    after_ms: int = 0


class Sender:
    """`allowed` is asked of every address before a connection to it; `look_up` and `context` are the system's unless
    given."""

    def __init__(
        self,
        *,
        allowed: Callable[[str], bool] = is_global,
        look_up: LookUp | None = None,
        context: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._allowed = allowed
        self._threads = ThreadPoolExecutor(LOOK_UPS, thread_name_prefix="webhook names")
        self._look_up = look_up or self._ask_system
        self._context = context
        self._timeout_s = timeout_s
        self._session: ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Failure | None:
        """None: it was taken. Never raises but for cancellation."""
        if self._session is None:
            self._session = self._open()
        try:
            async with self._session.post(
                URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as answer:
                status, retry_after = answer.status, answer.headers.get("Retry-After", "")
                answer.close()
        except TimeoutError:
            return Failure(f"no answer within {self._timeout_s:g} seconds")
        except (ClientError, OSError, ValueError) as error:
            return Failure(_why(error))
        return _judged(status, retry_after)

    def _open(self) -> ClientSession:
        connector = TCPConnector(
            resolver=_CheckedNames(self._look_up, self._allowed),
            socket_factory=self._socket,
            use_dns_cache=False,
            ssl=self._context or ssl.create_default_context(),
            force_close=True,
        )
        return ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=self._timeout_s),
            auto_decompress=False,
            headers={"User-Agent": "Outcry", "Accept": "*/*"},
        )

    def _socket(self, address: AddrInfoType) -> socket.socket:
        """Every connection begins here, also to an address that was written where a name could be."""
        family, kind, protocol, _, where = address
        if not self._allowed(str(where[0])):
            raise NotAllowedError
        return socket.socket(family, kind, protocol)

    async def _ask_system(self, host: str, port: int) -> list[str]:
        asked = asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(row[4][0]) for row in await asked]


class _CheckedNames(AbstractResolver):
    """A name of which one address is not allowed is refused whole: it is somebody's try."""

    def __init__(self, look_up: LookUp, allowed: Callable[[str], bool]) -> None:
        self._look_up, self._allowed = look_up, allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = list(dict.fromkeys(await self._look_up(host, port)))
        if not addresses or not all(map(self._allowed, addresses)):
            raise NotAllowedError
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        return


def _why(error: Exception) -> str:
    """In words without the address. That a name leads into a network of its own is not told apart from one that leads
    nowhere: nobody is to map a network by asking us."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, NotAllowedError):
            return "its name leads nowhere that news is sent to"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, ClientConnectorDNSError | InvalidURL):  # no name at all: `127.1`
        return "its name leads nowhere that news is sent to"
    if isinstance(error, ClientConnectorCertificateError | ClientSSLError):
        return "its certificate is not valid, or it does not speak TLS"
    return "no connection could be made" if isinstance(error, ClientOSError) else "its answer could not be read"


def _judged(status: int, retry_after: str) -> Failure | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return Failure(f"it answered {status}, a redirect, and none is followed")
    seconds = int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 7 else 0
    return Failure(f"it answered {status}", seconds * 1_000)

"""What somebody is in a chat of another platform at this moment, asked of that platform.

For those who act from elsewhere: by a session, a Mini App or a key they are who they were in a chat, and may do there
what that chat's platform says now, not what it said when they came.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Protocol, TypeVar, runtime_checkable

log = logging.getLogger(__name__)

ASK_S = 3.0
KEPT_MS = 35_000  # with what a platform remembers (10 s) and until a page looks again (10 s): a minute in all
REMEMBERED = 20_000


class Standing(IntEnum):
    """What somebody is in a chat; more includes less."""

    STRANGER = 0
    MEMBER = 1
    ADMIN = 2


class CannotAskError(Exception):
    """What they are there cannot be found out now: what hangs on it is refused, and nothing is known of them."""

    def __init__(self, platform: str) -> None:
        super().__init__(f"{platform} cannot be asked")
        self.platform = platform


class ChatRights(Protocol):
    """One platform that can be asked; by its own requests alone, whether or not this process serves its chats."""

    async def standing(self, chat_ext: str, person_ext: str) -> Standing:
        """As the platform says now. Raises CannotAskError where it does not answer, refuses to say, or has been asked
        too often. Who or what is not there is a stranger."""
        ...

    async def admins(self, chat_ext: str) -> Sequence[tuple[str, str]] | None:
        """The people who administer a chat, id and name; None where the platform lists nobody, and each has to be asked
        about. Raises as `standing` does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Another channel (a topic) of the server (the group) a chat is in: its id there, what people call it, and what the
    bot lacks to post there, as people read it on their platform."""

    ext: str
    name: str
    lacks: tuple[str, ...] = ()


@runtime_checkable
class ChatChannels(Protocol):
    """A platform whose chats have others beside them."""

    async def channel(self, chat_ext: str, typed: str) -> Channel | None:
        """The one meant, in the same server or group; None where there is none such. Raises CannotAskError."""
        ...


T = TypeVar("T")
_Asked = tuple[str, str, str]  # platform, chat, person


class Rights:
    """Asks the platforms. An answer is good for `KEPT_MS` from when it was asked for; a failure is not kept."""

    def __init__(self, by_platform: Mapping[str, ChatRights], monotonic_ms: Callable[[], int]) -> None:
        self._by_platform = by_platform
        self._monotonic_ms = monotonic_ms
        self._answers: OrderedDict[_Asked, tuple[int, Standing]] = OrderedDict()
        self._asking: dict[_Asked, asyncio.Task[Standing]] = {}

    async def standing(self, platform: str, chat_ext: str, person_ext: str, *, anew: bool = False) -> Standing:
        """What this identity of the platform is in that chat of it; `anew`: whatever was answered before. Raises
        CannotAskError, after `ASK_S` at most."""
        asked = (platform, chat_ext, person_ext)
        at_ms, answer = self._answers.get(asked, (0, None))
        if answer is not None and not anew and self._monotonic_ms() - at_ms < KEPT_MS:
            return answer
        asking = self._asking.get(asked)
        if asking is None:
            asking = self._asking[asked] = asyncio.create_task(self._ask(asked))
            asking.add_done_callback(partial(self._done, asked))
        return await asyncio.shield(asking)  # others may be waiting for it too

    async def channel(self, platform: str, chat_ext: str, typed: str) -> Channel | None:
        """What `ChatChannels` says of it. Raises CannotAskError, also where a platform has nothing of the kind."""
        channels = self._by_platform.get(platform)
        if not isinstance(channels, ChatChannels):
            raise CannotAskError(platform)
        try:
            async with asyncio.timeout(ASK_S):
                return await channels.channel(chat_ext, typed)
        except TimeoutError as error:
            raise CannotAskError(platform) from error

    def asks(self, platform: str) -> bool:
        """Whether this platform can be asked at all."""
        return platform in self._by_platform

    async def admins(self, platform: str, chat_ext: str) -> Sequence[tuple[str, str]] | None:
        """The people who administer a chat of it, id and name, asked anew; None where it lists nobody. Raises
        CannotAskError, after `ASK_S` at most."""
        return await self._answer(platform, lambda chat_rights: chat_rights.admins(chat_ext))

    async def _ask(self, asked: _Asked) -> Standing:
        platform, chat_ext, person_ext = asked
        at_ms = self._monotonic_ms()
        answer = await self._answer(platform, lambda chat_rights: chat_rights.standing(chat_ext, person_ext))
        self._answers[asked] = (at_ms, answer)
        self._answers.move_to_end(asked)
        while len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        return answer

    async def _answer(self, platform: str, ask: Callable[[ChatRights], Awaitable[T]]) -> T:
        chat_rights = self._by_platform.get(platform)
        if chat_rights is None:
            raise CannotAskError(platform)
        try:
            async with asyncio.timeout(ASK_S):
                return await ask(chat_rights)
        except CannotAskError:
            raise
        except TimeoutError as error:
            raise CannotAskError(platform) from error
        except Exception as error:  # whatever stands in the platform's place: what it says means nothing
            log.exception("%s gave an answer that cannot be read", platform)
            raise CannotAskError(platform) from error

    def _done(self, asked: _Asked, asking: asyncio.Task[Standing]) -> None:
        del self._asking[asked]
        if not asking.cancelled():
            asking.exception()  # nobody may be waiting any more; whoever is hears of it


UNASKED = Rights({}, lambda: 0)  # where no platform can be asked

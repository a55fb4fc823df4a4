"""What is being done at the moment, so that a stop can wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar


class Busy:
    """Counts what is under way."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def __enter__(self) -> None:
        self._count += 1
        self._idle.clear()

    def __exit__(self, *_: object) -> None:
        self._count -= 1
        if self._count == 0:
            self._idle.set()

    async def idle(self, seconds: float) -> bool:
        """Whether all of it has ended within so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True


class _Counts(Protocol):
    @property
    def busy(self) -> Busy: ...


Self_ = TypeVar("Self_", bound=_Counts)
Args = ParamSpec("Args")
Result = TypeVar("Result")
Method = Callable[Concatenate[Self_, Args], Coroutine[Any, Any, Result]]  # Any: what a coroutine yields


def counted(method: Method[Self_, Args, Result]) -> Method[Self_, Args, Result]:
    """A method that is waited for."""

    @wraps(method)
    async def run(self: Self_, /, *args: Args.args, **kwargs: Args.kwargs) -> Result:
        with self.busy:
            return await method(self, *args, **kwargs)

    return run

"""Marks the methods that a stop waits for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from storage.in_flight import InFlight


class _HasBusy(Protocol):
    @property
    def busy(self) -> InFlight: ...


Self_ = TypeVar("Self_", bound=_HasBusy)
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

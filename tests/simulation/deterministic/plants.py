"""Bugs that the simulation must find: each takes one precaution of the program away, for as long as it is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from unittest import mock

from storage.orders import Orders
from storage.records import Declined, OrderRow


@dataclass(frozen=True, slots=True)
class Plant:
    """`seed` is one that finds it."""

    about: str
    seed: int
    applied: Callable[[], AbstractContextManager[object]]


@contextmanager
def _request_ignored() -> Iterator[None]:
    append, numbers = Orders.append, count(1)

    async def anew(self: Orders, *args: Any, request_id: str, **kwargs: Any) -> OrderRow | Declined:
        return await append(self, *args, request_id=f"{request_id}-{next(numbers)}", **kwargs)

    with mock.patch.object(Orders, "append", anew):
        yield


PLANTS = {
    "request-ignored": Plant("a request that comes again is another order", 1, _request_ignored),
}

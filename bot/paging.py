"""Long lists a page at a time. The number of a page counts from 1; one past the end is the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from bot.grammar.types import WholeNumber

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PageArg = Annotated[
    int, WholeNumber("page", high=10_000, about="which page of a long list, counted from 1", named=True)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T_co]):
    """`rows` of page `number` out of `pages`; `total` rows in all."""

    rows: tuple[T_co, ...]
    number: int
    pages: int
    total: int


def window(total: int, number: int, size: int) -> tuple[int, int, int]:
    """(the page that is shown, how many pages there are, how many rows come before it)."""
    pages = max(1, -(-total // size))
    shown = min(max(1, number), pages)
    return shown, pages, (shown - 1) * size


def cut(rows: Sequence[T], number: int, size: int) -> Page[T]:
    """One page of a list that is in memory."""
    shown, pages, before = window(len(rows), number, size)
    return Page(rows=tuple(rows[before : before + size]), number=shown, pages=pages, total=len(rows))

"""What an elimination by hand leaves to the rounds to come: some of those they were to take, or nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.chat.reply import Line, Stamp, line
from bot.words.shared import count


def used_up(rounds: Iterable[Sequence[int]], when: str = "then") -> list[Line]:
    """Of each round (its number, its freeze (epoch), how many it took and how many it takes `when`), in order."""
    return [_left(*used, when=when) for used in rounds]


def _left(number: int, freezes: int, took: int, takes: int, *, when: str) -> Line:
    name = f"Round {number + 1}"
    if takes:
        planned = f", {count(took)} were to go) {when} has {count(takes)} left to take."
        return line(f"{name} (", Stamp(freezes), planned)
    return line(f"{name} {when} has nobody left to take: it still freezes ", Stamp(freezes), " and ends by itself.")


def in_short(rounds: Iterable[Sequence[int]]) -> str:
    """For the log, of [number, took, takes] each: `round 2 takes one, not two; round 3 nobody`."""
    return "; ".join(
        f"round {number + 1} takes {count(takes) if takes else 'nobody'}, not {count(took)}"
        for number, took, takes in rounds
    )

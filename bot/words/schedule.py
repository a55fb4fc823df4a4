"""What is said about timetables: mistakes in one, and one read back before it takes effect."""

from __future__ import annotations

from bot.words.usage import said

GRAMMAR = (
    "start 2026-12-01 18:00; 2026-12-01 19:00 to 19:30 out 2; 2026-12-01 20:00 for 30m out 1 lowest; "
    "2026-12-01 21:00 to 22:00 winner ask"
)


def too_many_rounds(found: int, most: int) -> str:
    return f"That timetable has {found} parts; {most} rounds are the most."


def no_rounds() -> str:
    return "The timetable needs at least the final, such as +2h for 10m winner ask."


def not_a_round(text: str) -> str:
    return f"{said(text)} is not a round; say when it freezes, when it is decided and who goes: +1h for 5m out 2."


def not_an_offset(text: str) -> str:
    return f"{said(text)} is not a span of time; say it as 30m, 2h or 1d."


def clock_after_offset(text: str) -> str:
    return f"{said(text)} after a time counted from the start is not clear; say for 30m or to +2h."


def not_a_way(how: str) -> str:
    return f"{said(how)} is not a way to choose who goes; say ask, lowest, or name them."

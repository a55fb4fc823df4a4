"""The steps that set a draft up, in the order in which they are taken, wherever they are shown: in a chat as the next
buttons, on the page of a market's admins as its rail."""

from __future__ import annotations

from storage.records import Market
from storage.unit_of_work import UnitOfWork

WORDING, TIMETABLE, OPEN = "wording", "timetable", "open"
STEPS = (WORDING, TIMETABLE, OPEN)


def is_timetable_set(record: Market) -> bool:
    """Whether somebody has set one."""
    return record.start_ms is not None or bool(record.draft.get("schedule")) or not record.draft


def steps_left(record: Market, *, worded: bool) -> tuple[str, ...]:
    """What is still to be done with a draft, the present step first; the last one can always be taken."""
    done = {WORDING: worded, TIMETABLE: is_timetable_set(record), OPEN: False}
    return tuple(step for step in STEPS if not done[step])


async def left_of(uow: UnitOfWork, record: Market) -> tuple[str, ...]:
    """The same, with what decides looked up."""
    return steps_left(record, worded=bool(await uow.wordings.of(record.id)))

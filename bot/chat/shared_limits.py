"""How often something may be tried that guards money or secrets: counted in the database, for all processes together.

Limits that spare a machine (lines, streams, charts, exports) are counted by each process for itself (`rate_limits`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from bot.chat.rate_limits import Limit
from storage.unit_of_work import UnitOfWork


class Tried(StrEnum):
    CODE = "code"  # wrong codes of `/link` and `/admin channel`, a person
    ADMIN_LINK = "admin link"  # wrong tokens of the room's admin link, a member or a stranger's network
    JOIN = "join"  # strangers who get a name in the room, a network
    ROOM_LINK = "room link"  # links of /room that are no good, a member or a stranger's network


LIMITS: Mapping[Tried, tuple[Limit, ...]] = {
    Tried.CODE: (Limit(5, 600_000),),
    Tried.ADMIN_LINK: (Limit(10, 600_000),),
    Tried.ROOM_LINK: (Limit(10, 600_000),),
    Tried.JOIN: (Limit(100, 60_000), Limit(400, 3_600_000)),
}


async def wait(uow: UnitOfWork, tried: Tried, whose: str, now_ms: int) -> int:
    """Milliseconds until they may try once more; 0: now."""
    waits = [await uow.attempts.wait(tried, whose, limit.count, limit.window_ms, now_ms) for limit in LIMITS[tried]]
    return max(waits)


async def turn(uow: UnitOfWork, tried: Tried, whose: str, now_ms: int) -> int:
    """The same, as the first thing in a writing unit that then judges what they try: of two tries that come at once,
    wherever, the second is judged when the first is counted. A wrong one is counted by `uow.attempts.add`."""
    await uow.attempts.hold(tried, whose)
    return await wait(uow, tried, whose, now_ms)

"""How the program ends: all that was started is asked to end, and what does not is left behind.

Whoever started us may kill us five seconds after SIGTERM, so nothing is waited for longer. Nothing is lost by that:
what is durable is in the database, and a transaction that is open is rolled back, as after a crash.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

log = logging.getLogger(__name__)

ENDING_S = 4.5  # from the signal; then the process is gone, whatever still hangs
WORK_S = 2.2  # of it for the tick under way and the messages on their way
PARTS_S = 1.2  # for all that serves
LAST_S = 0.4  # to give back what others may have; the rest is the database's

End: TypeAlias = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Endings:
    """By name, how each is asked to end: `work` first, then the `parts` it needs, then what was held for them is given
    to other processes (`last`)."""

    work: dict[str, End] = field(default_factory=dict)
    parts: dict[str, End] = field(default_factory=dict)
    last: dict[str, End] = field(default_factory=dict)

    async def end(self) -> None:
        """Ask all of them."""
        await end_in_time(self.work, WORK_S)
        await end_in_time(self.parts, PARTS_S)
        await end_in_time(self.last, LAST_S)


async def end_in_time(ends: Mapping[str, End], seconds: float) -> None:
    """Ask all of these to end, side by side; what fails or hangs is logged by its name and keeps nobody else."""
    ending = {asyncio.ensure_future(end()): name for name, end in ends.items()}
    if not ending:
        return
    ended, hanging = await asyncio.wait(ending, timeout=seconds)
    for task in hanging:
        log.warning("%s did not end within %s s and is left behind", ending[task], seconds)
        task.cancel()
    for task in ended:
        if not task.cancelled() and task.exception() is not None:
            log.error("%s did not end well", ending[task], exc_info=task.exception())


def gone_in_time(seconds: float = ENDING_S) -> None:
    """See to it that this process is gone by then, with status 0: a thread that waits for a locked database would hold
    up its end for as long as that is locked."""
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()

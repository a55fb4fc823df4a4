"""How often people are told things, in milliseconds. The demo plays days in minutes and sets its own."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """digest: at most one in this time, if anything traded; countdown: how long before a freeze it is called out;
    remind: how often admins are asked again for a round's outcome; late: from when on a step counts as late;
    overdue: how long a decision is waited for after its time before the chat is told."""

    digest_ms: int = 10 * MINUTE
    countdown_ms: int = 5 * MINUTE
    remind_ms: int = 10 * MINUTE
    late_ms: int = 10_000
    overdue_ms: int = MINUTE

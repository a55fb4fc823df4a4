"""Where an announcement belongs: pinned, in the stream, or beside it; and which kind of event it is to who wants word.

Posts people come for stay in the channel; what only fills the time between them goes beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.chat.reply import Audience, Reply

ASIDE = frozenset({"digest", "round_skipped"})

PINGED: Mapping[str, str] = {
    "opened": "opening",
    "started": "opening",
    "countdown": "freeze",
    "eliminated": "elimination",
    "claimed": "resolution",
    "resolved": "resolution",
    "lead_change": "lead",
    "big_trade": "trade",
}
"""Kinds of notices to the kinds of events of `storage.preferences.PINGS`. A freeze is called out before it comes."""


def placed(kind: str, reply: Reply) -> Reply:
    """A notice's reply with how it is placed."""
    if reply.audience is not Audience.CHAT:
        return reply
    return replace(reply, pin=kind == "board", aside=kind in ASIDE, ping=PINGED.get(kind))

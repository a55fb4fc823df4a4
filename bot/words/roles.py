"""Roles of a Discord server: whose holders are admins here, and which one is mentioned for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.chat.reply import Reply, Tone, code, line
from bot.text.names import clean
from bot.words.shared import listed, say
from storage.chats import ChatSettings

PING_KINDS: Mapping[str, str] = {
    "opening": "trading opens",
    "freeze": "a freeze is near",
    "elimination": "somebody is out",
    "resolution": "there is a winner",
    "lead": "somebody takes the lead",
    "trade": "there is a big trade",
}
"""For which kinds of events (`storage.preferences.PINGS`) a role can be mentioned."""


def not_a_role(text: str) -> str:
    return f"“{clean(text, 40)}” is not a role; mention it as @role, give its number, or say none."


def not_kinds(wrong: Sequence[str]) -> str:
    return (
        f"{listed([f'“{clean(one, 20)}”' for one in wrong])} is no kind of event; there are {listed(list(PING_KINDS))}."
    )


def shown(settings: ChatSettings, *, changed: bool) -> Reply:
    kinds = listed([PING_KINDS[one] for one in settings.ping_kinds], "or")
    rows = [
        line(
            f"Admins here: holders of role {settings.admin_role}, beside those who manage the server."
            if settings.admin_role
            else "Admins here: those who manage the server; no role besides."
        ),
        line(
            f"Mentioned: role {settings.ping_role}, when {kinds}."
            if settings.ping_role and settings.ping_kinds
            else f"Mentioned: role {settings.ping_role}, once you say for what (kinds)."
            if settings.ping_role
            else "Nobody is mentioned."
        ),
        line(code("/admin roles admin @role ping @role kinds elimination, lead"), " changes it; none takes it away."),
    ]
    head = "The roles of this channel are set." if changed else "The roles of this channel."
    return say(head, blocks=rows, tone=Tone.GOOD if changed else Tone.NEUTRAL)

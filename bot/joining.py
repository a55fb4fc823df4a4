"""Several things to say to one person, where every message counts against a budget, are said in one; so are trades and
leads a chat is late to hear of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.notifications.delivery import Message
from bot.words import reach as words
from storage.records import Audience, OutboxRow

MOST = 9  # joined to the first
IN_CHATS = frozenset({"big_trade", "lead_change"})  # of which one message can tell several


def joinable(row: OutboxRow) -> bool:
    """A new private message that answers no ticket (whatever is to change later must stand alone); in a chat, a line
    or two of chatter."""
    if row.audience is Audience.CHAT:
        return row.kind in IN_CHATS
    return row.ticket is None and row.edit_ref is None


def joined(messages: Sequence[Message], tight: Callable[[OutboxRow], bool]) -> list[Message]:
    """The messages in order, those to one person joined to her first; nothing is left out."""
    found: list[Message] = []
    places: dict[tuple[str, str, bool], int] = {}
    groups: dict[int, list[Message]] = {}
    for message in messages:
        row = message.row
        if not (joinable(row) and tight(row)):
            found.append(message)
            continue
        place = (row.platform, row.target, row.audience is Audience.CHAT)
        at = places.get(place)
        if at is None or len(groups[at]) > MOST:
            places[place] = at = len(found)
            groups[at] = []
            found.append(message)
        groups[at].append(message)
    for at, group in groups.items():
        if len(group) > 1:
            found[at] = _one(group)
    return found


def _one(group: Sequence[Message]) -> Message:
    group = sorted(group, key=lambda one: one.row.id)
    first = group[0]
    replies = [one.reply for one in group]
    public = first.row.audience is Audience.CHAT
    return Message(
        row=first.row,
        reply=words.together_in_chat(replies) if public else words.together(replies),
        joined=tuple(one.row for one in group[1:]),
        mention_in=first.mention_in,
    )

"""What an admin has to say to everybody, shown to her first."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.reply import Action, Reply, Tone, bold, code, line
from bot.text.names import clean
from bot.words.announcements import to_chat
from bot.words.chats import where
from bot.words.shared import listed, no, plural, say
from storage.records import Chat, Market


def preview(text: str, chats: Sequence[Chat], again: str, person: int | None) -> Reply:
    """As it would stand in each chat."""
    return say(
        f"This would be posted in {plural(len(chats), 'chat')}:",
        blocks=(line(bold(clean(text, 1_000))), line(f"Where: {listed([where(one) for one in chats])}.")),
        actions=(
            Action(label="Confirm and post", text=again, person=person, primary=True),
            Action(label="Cancel", text="/admin monitor", person=person),
        ),
        tone=Tone.WAIT,
    )


def posted(chats: int) -> Reply:
    """A second press says the same."""
    return say(f"Posted in {plural(chats, 'chat')}.", tone=Tone.GOOD)


def nothing_to_post() -> Reply:
    return no("That announcement is not there any more.", blocks=(line("Write it again: ", code("/admin announce")),))


def still_a_draft(market: Market) -> Reply:
    return no(
        f"{clean(market.title)} is a draft that nobody sees yet.",
        blocks=(line(code("/admin open"), " opens it; then you can announce."),),
    )


def announcement(market: Market, text: str) -> Reply:
    """In the chats."""
    return to_chat(clean(text, 1_000), blocks=(line(f"From the admins of {clean(market.title)}."),), tone=Tone.NEUTRAL)

"""Which posts go to another channel of the same server, or to a topic of the same group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.reply import Entity, Line, Reply, Span, Tone, bold, code, line, mention
from bot.text.names import clean
from bot.words.shared import listed, no, say
from storage.chats import ChatSettings

ROUTES: Mapping[str, str] = {
    "announcements": "Openings, freezes, leads and large trades",
    "digests": "Digests",
    "results": "Eliminations, claims and the winner",
}
"""What can go to another channel, and what is meant by it."""


PLATFORM_NAMES = {"discord": "Discord", "telegram": "Telegram", "room": "the room"}


def listed_routes(settings: ChatSettings) -> list[Line]:
    """Where else something of this chat goes, and how small news comes."""
    rows = [line(f"· {ROUTES[name]} go to ", channel_link(settings.routes[name]), ".") for name in ROUTES
            if name in settings.routes]  # fmt: skip
    loud = "Small news (digests, leads, large trades) comes with a sound: "
    quiet_ = "Small news (digests, leads, large trades) comes without a sound: "
    rows.append(
        line(quiet_, code("/admin channel silent off"), " lets it be heard.")
        if settings.silent
        else line(loud, code("/admin channel silent on"), " ends that.")
    )
    return rows


def channel_link(ext: str) -> Span:
    """A channel by its platform's id, as its adapter shows it."""
    topic = ext.partition(":")[2]
    return bold(f"topic {topic}") if topic else mention(Entity.CHANNEL, ext)


def which_channel(route: str, platform: str) -> Reply:
    """To who named none."""
    how = {
        "telegram": ("Give the topic by its link (Copy Link on a message in it): ", "https://t.me/c/1234567890/7"),
        "discord": ("Choose the channel in the option to, or mention it: ", "#results"),
    }.get(platform)
    if how is None:
        return no("Here is no other channel to send it to.")
    return no(
        f"Please say which channel. {ROUTES[route]} come here now, unless you said otherwise before.",
        blocks=(line(how[0], bold(how[1])), line(code(f"/admin channel {route} off"), " brings them back here.")),
    )


def no_such_channel(platform: str) -> Reply:
    what = "topic of this group" if platform == "telegram" else "channel of this server that I could post in"
    return no(f"That is no {what}; nothing was changed.")


def may_not_post(name: str, lacks: Sequence[str]) -> Reply:
    return no(
        f"I may not post in {clean(name) or 'that channel'}; nothing was changed.",
        blocks=(line(f"What I lack there: {listed(list(lacks))}. Give me that, then say it again."),),
    )


def cannot_look(platform: str) -> Reply:
    return no(
        f"{PLATFORM_NAMES.get(platform, platform)} does not say right now whether I may post there.",
        blocks=(line("Nothing was changed; say it again in a minute."),),
    )


def routed(route: str, ext: str) -> Reply:
    return say(
        f"{ROUTES[route]} go to ", channel_link(ext), " from now on.",
        blocks=(line("The board stays here. ", code(f"/admin channel {route} off"), " brings them back."),),
        tone=Tone.GOOD,
    )  # fmt: skip


def unrouted(route: str) -> Reply:
    return say(f"{ROUTES[route]} come here from now on.", tone=Tone.GOOD)


def silenced(*, silent: bool) -> Reply:
    if silent:
        return say("Small news (digests, leads, large trades) comes without a sound from now on.", tone=Tone.GOOD)
    return say("Small news (digests, leads, large trades) comes with a sound from now on.", tone=Tone.GOOD)


def on_or_off(word: str) -> Reply:
    return no(
        "Please say on or off.",
        blocks=(line(code(f"/admin channel {word} on")), line(code(f"/admin channel {word} off"))),
    )


def route_lost(title: str, facts: Mapping[str, Any]) -> Reply:
    """To the admins of a market, once."""
    what = listed([ROUTES[name][:1].lower() + ROUTES[name][1:] for name in facts["routes"] if name in ROUTES])
    detail, again = clean(str(facts["detail"])), f"/admin channel {next(iter(facts['routes']), 'results')}"
    head = f"{clean(title)}: the channel for {what} takes no post of mine any more"
    why = f": I lack {detail} there" if detail else ""
    return Reply(
        head=line(f"{head}{why}."),
        blocks=(line(f"They stand in {clean(str(facts['title'])) or 'the chat itself'} again. ", code(again),
                     " and a channel sends them elsewhere."),),
        tone=Tone.BAD,
    )  # fmt: skip

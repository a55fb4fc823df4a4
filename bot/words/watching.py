"""A market that whoever has its link may watch: what that shows of whom, to its admins, its chats and its members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.reply import Action, Board, Line, Reply, Stamp, Tone, bold, code, line
from bot.text.names import clean
from bot.text.numbers import price
from bot.words.announcements import to_chat
from bot.words.shared import ahead_on, listed, no, people, say
from bot.words.views import WINNER
from bot.words.wording import paragraphs
from engine.state import Status
from storage.records import Market, Wording

_AHEAD = 3
HIDDEN = "a member"
"""Instead of the name of who has not chosen to be named."""
_NAMES = "Members' names stay hidden unless they choose otherwise; the chat, its name and drafts are never shown."
_NAME_ON, _NAME_OFF = "/settings name on", "/settings name off"


# -- for admins


def asked(market: Market) -> Reply:
    """`/admin set public` alone."""
    now = "on: whoever has its link can watch it" if market.public else "off: only its members and its chats see it"
    other = f"/admin set public {'off' if market.public else 'on'}"
    label = "Let nobody watch" if market.public else "Let others watch"
    return say(
        f"public says whether strangers may watch {clean(market.title)}; it is {now}.",
        blocks=(line("To change it: ", code(other)),),
        actions=(Action(label=f"{label} …" if not market.public else label, text=other),),
    )


def not_a_switch(value: str) -> Reply:
    return no(
        f"public is on or off, not “{clean(value, 40)}”.",
        blocks=(line("Nothing was changed. ", code("/admin set public on"), " tries again."),),
    )


def preview(market: Market, members: int, address: str | None, again: str, person: int | None, *, stale: bool) -> Reply:
    """What would become visible, before it does. `members` are told; `address` of the room, if it has a public one."""
    rows = [
        line("Anybody who has or guesses the link would see its title, outcomes, prices, chart and announcements, ",
             "reasons given with them, what decides it, who is ahead and by how much, and how it ends."),
        line(_NAMES),
        line(_told(members)),
        *(_where(market, address) if address is None else ()),
    ]  # fmt: skip
    head = f"Let strangers watch {clean(market.title)}?"
    return say(
        f"Something has changed since. {head}" if stale else head,
        blocks=tuple(rows),
        actions=(
            Action(label="Confirm: let them watch", text=again, person=person, primary=True),
            Action(label="Cancel", text="/admin set public", person=person),
        ),
    )


def _told(members: int) -> str:
    if not members:
        return "Its chats are told; who joins later is told as they join."
    who = "Its one member is" if members == 1 else f"Its {members} members are"
    return f"{who} told once, in private, and its chats; who joins later is told as they join."


def turned_on(market: Market, address: str | None) -> Reply:
    when = "once its doors are open" if market.status is Status.DRAFT else "from now on"
    return say(
        f"{clean(market.title)} is public: whoever has the link can watch it {when}.",
        blocks=(*_where(market, address), line(code("/admin set public off"), " ends that at once.")),
        actions=_links(market, address),
        tone=Tone.GOOD,
    )


def turned_off(market: Market) -> Reply:
    return say(
        f"{clean(market.title)} is not public any more: whoever watched it sees nothing from now on.",
        blocks=(line("Pictures that chats or other sites took of it before stay there."),),
        tone=Tone.GOOD,
    )


def already(market: Market, address: str | None) -> Reply:
    if not market.public:
        return say(
            f"{clean(market.title)} is not public, as before.",
            blocks=(line(code("/admin set public on"), " shows what making it public means."),),
        )
    return say(
        f"{clean(market.title)} is public already.",
        blocks=(*_where(market, address), line(code("/admin set public off"), " ends that at once.")),
        actions=_links(market, address),
    )


def watch_path(market: int) -> str:
    return f"/watch/{market}"


def overlay_path(market: int) -> str:
    return f"/overlay/{market}"


def _links(market: Market, address: str | None) -> tuple[Action, ...]:
    if address is None:
        return ()
    return (
        Action(label="Watch page", url=f"{address}{watch_path(market.id)}"),
        Action(label="Overlay for a stream", url=f"{address}{overlay_path(market.id)}"),
    )


def _where(market: Market, address: str | None) -> list[Line]:
    if address is not None:
        return [line("The overlay is a browser source of 1920 by 1080; both links are below.")]
    number = market.id
    return [
        line(f"The page is at watch/{number}, an overlay for a stream at overlay/{number}, behind the room's address."),
        line("The room has no public address, so they open on its own machine alone: whoever runs the bot sets ",
             code("OUTCRY_PUBLIC_URL"), "."),
    ]  # fmt: skip


# -- for chats and members


def is_told_in_chats(market: Market) -> bool:
    """A draft is nobody's news."""
    return market.status is not Status.DRAFT


def told_in_chat(market: Market, facts: Mapping[str, Any]) -> Reply:
    """`on`, and the `address` of the room where it has a public one."""
    title = clean(market.title)
    if not facts["on"]:
        return to_chat(f"{title} is not public any more: nobody can watch it from outside.")
    rows = [line(_NAMES), line(code(_NAME_ON), " shows yours.")]
    head = f"{title} is public now: whoever has the link can watch it."
    return to_chat(head, blocks=rows, actions=_links(market, facts.get("address"))[:1])


def told_in_private(market: Market, person: int | None, *, named: bool) -> Reply:
    """Each member, once."""
    shown = "Your name shows there, as you chose." if named else f"Your name does not show: you are “{HIDDEN}” there."
    return Reply(
        head=line(f"{clean(market.title)} is public now: whoever has the link can watch it."),
        blocks=(line("They see prices, announcements and who is ahead, never the chat. ", bold(shown)),),
        actions=(
            Action(label="Show my name", text=_NAME_ON, person=person),
            Action(label="Keep it hidden", text=_NAME_OFF, person=person),
        ),
    )


def told_joining(*, named: bool) -> Line:
    """With the welcome to a public market."""
    if named:
        return line("Whoever has this market's link can watch it, and your name shows there; ", code(_NAME_OFF),
                    " hides it.")  # fmt: skip
    return line("Whoever has this market's link can watch it; your name does not show there unless you say ",
                code(_NAME_ON), ".")  # fmt: skip


# -- for who watches

WATCH = "Watch it live"
OPEN_BOT = "Open the bot"


def card(shown: Board) -> Reply:
    """A public market as somebody shares it in any chat: who leads or has won, below it the board."""
    title, winners = clean(shown.title), _winners(shown)
    if winners:
        head = f"{listed(winners)} {'wins' if len(winners) == 1 else 'share'} {title}."
    elif any(row.active for row in shown.rows):
        head = f"{ahead_on(shown)} in {title}."
    else:
        head = f"{title}: {shown.status}."
    return Reply(head=line(head), blocks=(shown,))


def in_a_line(shown: Board) -> str:
    """Who leads, at what, or who has won."""
    ahead = [(row.name, price(row.yes)) for row in shown.rows if row.active][:_AHEAD]
    return described(shown.status, ahead, _winners(shown), shown.people)


def _winners(shown: Board) -> list[str]:
    return [clean(row.name) for row in shown.rows if row.note == WINNER]


def decides(wordings: Sequence[Wording]) -> list[Line]:
    """What decides it, as its admins wrote it and by nobody's name."""
    rows: list[Line] = []
    for wording in wordings:
        begins = "Added " if wording.number > 1 else "What decides, written "
        rows.append(line(bold(begins), Stamp(wording.ts_ms), bold(":")))
        rows += paragraphs(wording.text)
    return rows


def described(status: str, ahead: Sequence[tuple[str, str]], winners: Sequence[str], members: int) -> str:
    """A market in a sentence, for the preview of its link: who leads, at what."""
    if winners:
        return f"{listed(winners)} {'wins' if len(winners) == 1 else 'share the win'}. {people(members)} played."
    first = ", ".join(f"{clean(name)} {price}" for name, price in ahead)
    return f"{status}{f': {first}' if first else ''}. {people(members)} in. Play money, live."

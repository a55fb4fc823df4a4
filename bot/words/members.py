"""Who may be called what, who is barred or kept out of ranks: what an admin and the member themselves are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.chat.reply import Action, Entity, Line, Reply, Tone, code, line, mention
from bot.text.names import clean, quoted_name
from bot.text.numbers import Cut, money
from bot.words.admin import buttons
from bot.words.shared import listed, no, plural, say
from storage.records import Market, Member, OrderRow, OrderStatus

CHANGES: Mapping[str, str] = {
    "rename": "another name, wherever it is shown",
    "bar": "no more buying; what they hold stays theirs",
    "unbar": "they may buy again",
    "unranked": "they trade on without a place",
    "ranked": "they have a place again",
}
"""What `/admin users NAME …` does to one."""

# -- who is meant


def picked() -> str:
    """Of the option in which one is picked from a platform's own list."""
    return "the member, picked from the list; or type a name instead"


def one_member_please() -> str:
    return "You picked somebody and typed a name as well; give one of the two."


def not_in_the_market(number: str, *, to_admin: bool) -> Reply:
    """Of somebody a platform knows by this number."""
    who = code("/admin users" if to_admin else "/leaderboard")
    return no(
        mention(Entity.PERSON, number),
        " does not take part in this market.",
        blocks=(line(who, " lists who does."),),
    )


def nobody_called(wanted: str) -> Reply:
    """To somebody who is no admin."""
    return no(
        f"Nobody in this market is called “{clean(wanted)}”.",
        blocks=(line(code("/leaderboard"), " lists who is ahead; a name with spaces goes in quotes."),),
    )


# -- names

_TAKEN_FOR = {
    "house": "“{name}” would be taken for the bot or the house (“{like}”).",
    "admin": "“{name}” would be taken for {like}, who runs this chat.",
    "alike": "“{name}” would be taken for {like}, who is here already.",
    "taken": "Another member is called “{name}” already.",
}


def taken_for(why: str, name: str, like: str) -> str:
    """Why nobody is called so; `why` is the code of `bot.market.member_names.NameRefused`."""
    return _TAKEN_FOR[why].format(name=clean(name), like=clean(like))


def name_refused(why: str, name: str, like: str, instead: str) -> Reply:
    """To who wants to join under it, or already is in and wants to be called so."""
    again = f"/join {quoted_name(clean(instead))}"
    return Reply(
        head=line(taken_for(why, name, like)),
        blocks=(line("Take another name, as in ", code(again)),),
        actions=(Action(label=f"Join as {clean(instead)}", text=again, primary=True),),
        tone=Tone.BAD,
        ok=False,
    )


def room_name_refused(why: str, name: str, like: str, instead: str) -> str:
    """At the room's door."""
    return f"{taken_for(why, name, like)} Take another one, such as {clean(instead)}."


# -- barred


def barred(reason: str | None) -> Reply:
    """To who is barred and wants to buy or to join."""
    why = f": {clean(reason).rstrip('.')}" if reason else ""
    return Reply(
        head=line(f"An admin has barred you from this market{why}."),
        blocks=(
            line("What you hold stays yours: ", code("/positions"), " shows it, and it is paid if it is right."),
            line("You can sell with ", code("/sell"), " and take orders back with ", code("/cancel all")),
        ),
        code="barred",
        tone=Tone.BAD,
        ok=False,
    )


# -- what an admin typed


def no_such_change(text: str) -> str:
    known = listed(["rename NAME", *list(CHANGES)[1:]], "or")
    return (
        f"“{clean(text, 60)}” is nothing that can be done to a member: {known}. A name of several words goes in quotes."
    )


def rename_to_what() -> str:
    return "Say the new name, as in rename Ada Lovelace."


def name_too_long(size: int, most: int) -> str:
    return f"A name has at most {most} characters, and this one has {size}."


def reason_too_long(size: int, most: int) -> str:
    return f"A reason has at most {most} characters, and this one has {size}."


def _line(member: Member, change: str) -> str:
    return f"/admin users #{member.person} {change}"


def _undo(label: str, member: Member, change: str, person: int | None) -> tuple[Action, ...]:
    return (Action(label=label, text=_line(member, change), person=person),)


_ALREADY: Mapping[str, tuple[str, str]] = {
    "rename": ("is called so already", ""),
    "bar": ("is barred already", "unbar"),
    "unbar": ("is not barred", "bar"),
    "unranked": ("is out of the ranks already", "ranked"),
    "ranked": ("is ranked already", "unranked"),
}


def already(change: str, member: Member) -> Reply:
    state, other = _ALREADY[change]
    rest = (
        line(code(_line(member, other)), f": {CHANGES[other]}.") if other else line(code("/admin users"), " has all.")
    )
    return no(f"{clean(member.name)} {state}.", blocks=(rest,))


def rename_refused(why: str, name: str, like: str, instead: str, member: Member, person: int | None) -> Reply:
    again = _line(member, f"rename {clean(instead)}")
    return Reply(
        head=line(taken_for(why, name, like)),
        blocks=(line("Another name would do, as in ", code(again)),),
        actions=(Action(label=f"Rename to {clean(instead)}", text=again, person=person),),
        tone=Tone.BAD,
        ok=False,
    )


def renamed(member: Member, name: str, person: int | None) -> Reply:
    before, now = clean(member.name), clean(name)
    return say(
        f"{before} is {now} from now on.",
        blocks=(line("On the leaderboard, in files and in the room; they are told, and it stands in the log."),),
        actions=_undo(f"Undo: {before} again", member, f"rename {before}", person),
        tone=Tone.GOOD,
    )


def bar_preview(
    member: Member, reason: str, waiting: Sequence[OrderRow], code_: str, person: int | None, *, stale: bool
) -> Reply:
    rows = [line("Something changed since the last look; here is how it stands now.")] if stale else []
    rows += _orders_back(waiting)
    held = sum(yes + no_ for yes, no_ in member.tokens)
    kept = (
        f"{money(member.available, Cut.DOWN)} and every token they hold" if held else money(member.available, Cut.DOWN)
    )
    rows += [
        line(f"They keep {kept}; they may sell, and are paid for what is right."),
        line("They are told in private, and it stands in the log. ", code(_line(member, "unbar")), " takes it back."),
    ]
    if not reason:
        rows.append(line("They read no reason; ", code(_line(member, "bar floods the chat")), " would give them one."))
    again = _line(member, " ".join(part for part in ("bar", reason, f"confirm={code_}") if part))
    return say(
        f"{clean(member.name)} could not buy any more in this market.",
        blocks=rows,
        actions=buttons("Confirm the bar", again, person),
        tone=Tone.WAIT,
    )


def _orders_back(waiting: Sequence[OrderRow]) -> list[Line]:
    if not waiting:
        return [line("No order of theirs waits.")]
    back = sum(order.escrow if order.status is OrderStatus.RESTING else order.reserve for order in waiting)
    what = f"{plural(len(waiting), 'order')} of theirs would come back"
    return [line(f"{what}, and {money(back, Cut.DOWN)} with {'it' if len(waiting) == 1 else 'them'}.")]


_CHANGED: Mapping[str, tuple[str, str, str]] = {
    "bar": ("is barred: they can sell and cancel, not buy", "Undo: let them buy", "unbar"),
    "unbar": ("may buy again", "Undo: bar them", "bar"),
    "unranked": ("is out of the ranks, the podium and the season", "Undo: rank them", "ranked"),
    "ranked": ("is ranked again", "Undo: out of the ranks", "unranked"),
}


def changed(change: str, member: Member, person: int | None) -> Reply:
    head, label, other = _CHANGED[change]
    return say(
        f"{clean(member.name)} {head}.",
        blocks=(line("They are told in private, and it stands in the log."),),
        actions=_undo(label, member, other, person),
        tone=Tone.GOOD,
    )


# -- what the member is told


def told(market: Market, change: str, text: str) -> Reply:
    """In private, with the reason and what they can still do."""
    title = clean(market.title)
    why = f": {clean(text).rstrip('.')}" if text else ""
    heads: Mapping[str, str] = {
        "rename": f"An admin has renamed you: in {title} you are {clean(text)}.",
        "bar": f"An admin has barred you from {title}{why}.",
        "unbar": f"You may buy again in {title}{why}.",
        "unranked": f"An admin keeps you out of the ranks of {title}{why}.",
        "ranked": f"You are ranked again in {title}{why}.",
    }
    return say(heads[change], blocks=_still(change), tone=Tone.COLD if change in {"bar", "unranked"} else Tone.NEUTRAL)


def _still(change: str) -> tuple[Line, ...]:
    if change == "bar":
        return (
            line("Your orders come back. What you hold stays yours, and is paid if it is right."),
            line(code("/positions"), " shows it, ", code("/sell"), " sells it; buying is closed to you."),
        )
    if change == "unranked":
        return (
            line("You trade on as before, without a place, a podium or points. ", code("/balance"), " shows yours."),
        )
    if change == "rename":
        return (line("That is what others see now; ", code("/leaderboard"), " shows it."),)
    return (line(code("/board"), " shows where the market stands."),)

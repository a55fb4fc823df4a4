"""Who may be called what, who is barred or kept out of ranks: what an admin and the member themselves are told."""

from __future__ import annotations

from bot.chat.reply import Action, Reply, Tone, code, line
from bot.text.names import clean, quoted

# -- names

_TAKEN_FOR = {
    "house": "“{name}” would be taken for the bot or the house (“{like}”).",
    "admin": "“{name}” would be taken for {like}, who runs this chat.",
    "alike": "“{name}” would be taken for {like}, who is here already.",
}


def taken_for(why: str, name: str, like: str) -> str:
    """Why nobody is called so; `why` is the code of `bot.market.member_names.NameRefused`."""
    return _TAKEN_FOR[why].format(name=clean(name), like=clean(like))


def name_refused(why: str, name: str, like: str, instead: str) -> Reply:
    """To who wants to join under it, or already is in and wants to be called so."""
    again = f"/join {quoted(clean(instead))}"
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
        tone=Tone.BAD,
        ok=False,
    )

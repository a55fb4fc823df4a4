"""The way from a chat into the room as oneself: a private link, and an end to what it opened."""

from __future__ import annotations

from bot.chat.reply import Action, Reply, Tone, code, line
from bot.text.numbers import span
from bot.words.shared import no, plural, say


def link_given(url: str, life_ms: int, app: str) -> Reply:
    """The address stands behind the button alone: nobody copies it by mistake, and no preview fetches it. On Telegram
    the room can be opened there, too, about `app`."""
    return say(
        f"This link opens the room as you, once and within {span(life_ms)}.",
        blocks=(
            line("Opening it spends nothing: the page asks first. Whoever has it can become you there, so keep it."),
            line(code("/room out"), " signs you out in every browser."),
        ),
        actions=(
            Action(label="Open the room", url=url, primary=True),
            Action(label="Open it in Telegram", app=app),
            Action(label="Sign out everywhere", text="/room out"),
        ),
        tone=Tone.WAIT,
    )


def here_already(*, linked: bool) -> Reply:
    if linked:
        return say(
            "You are in the room already, as who you are in your chat.",
            blocks=(line(code("/room out"), " signs you out, in this browser and in every other one."),),
        )
    return say(
        "You are in the room already.",
        blocks=(
            line("In your chat on Discord or Telegram ", code("/room"), " gives a link that opens it as yourself."),
        ),
    )


def nameless() -> Reply:
    return no(
        "Somebody anonymous has no link: nobody could tell whom it opens the room as.",
        blocks=(line("Say ", code("/room"), " under your own name, here or in our private chat."),),
    )


def no_address(*, admin: bool) -> Reply:
    if admin:
        return no(
            "The room has no public address, so no link can lead to it.",
            blocks=(
                line("Whoever runs the bot sets OUTCRY_PUBLIC_URL to the https address of a proxy in front of it."),
                line("All there is in the room can be said here too: ", code("/help"), "."),
            ),
        )
    return no(
        "The room cannot be reached from outside yet.",
        blocks=(line("All there is in it can be said here too: ", code("/help"), "."),),
    )


def signed_out(ended: int) -> Reply:
    if not ended:
        return say(
            "You were signed in nowhere, and no link of yours is good any more.",
            blocks=(line(code("/room"), " gives a new one."),),
        )
    return say(
        f"You are signed out: {plural(ended, 'session')} ended.",
        blocks=(line("No link of yours is good any more. ", code("/room"), " gives a new one."),),
        tone=Tone.GOOD,
    )


# -- what the page of a link is told


def link_no_good() -> str:
    return "This link is no good any more: it was used, ran out, or a newer one took its place. Say /room in your chat."


def too_many_links(wait_ms: int) -> str:
    return (
        f"Too many links that are no good came from where you are. Wait {span(wait_ms)}, then say /room in your chat."
    )


def not_signed_in() -> str:
    return "This browser came in by no link, so there is nothing to sign out of."

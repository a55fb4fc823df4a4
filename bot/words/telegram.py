"""What only Telegram's adapter says: about private chats, links and questions in turn. All else comes from the shared
words."""

from __future__ import annotations

from bot.chat.reply import Field, Form, Line, Reply, Span, Tone, bold, code, line, quiet
from bot.text.names import clean
from bot.words import tour
from bot.words.shared import INVITE

OPEN = "Open our chat"
OPEN_APP = "Open the room"  # beside the line one types in
TYPE = "Type your own"
BACK = "‹ Back"
CANCEL = "Cancel"
CLOSE = "Close"
ONE_MOMENT = "One moment…"
"""What an answer in a group that one member sees begins as: it gives nothing away, should others see it."""
EARLIER = "‹"
LATER = "›"

# -- its profile, where its owner wrote none: at most 64, 512 and 120 signs

NAME = "Outcry"
DESCRIPTION = f"""{INVITE}

Everybody in the chat gets the same play money, buys what they believe in and sells what they do not. Prices show at \
any moment what the chat thinks; the winner's tokens pay $1 each.

Press Start, or add me to a group: an admin says /admin_create there, and everybody joins by a button. Play money \
only: never for sale, never redeemable."""
SHORT_DESCRIPTION = "Let your group trade on who wins, for play money. Press Start, or add me to a group."


def first_words() -> Reply:
    """Said once in a group the bot was added to."""
    return Reply(
        head=line("Hello! I hold markets on who wins, for play money."),
        blocks=(
            line("An admin begins with ", code("/admin create"), "; then everybody joins by a button."),
            line("What is yours alone I tell you in our private chat: open it once and press Start."),
        ),
        actions=(tour.begin(),),
    )


# -- what cannot be said in a group


def toast_in_private() -> str:
    return "The answer is in our private chat."


def toast_given_up() -> str:
    return "Stopped; nothing was done."


def start_first(name: str) -> Reply:
    """A stub in a group for somebody the bot may not write to yet."""
    return Reply(
        head=line(Span(_name(name)), ", I answer you in private."),
        blocks=(line("Open our chat and press Start: it goes on right there."),),
    )


def nameless(*, ok: bool) -> Reply:
    """A stub for anonymous admins and channels, whom nothing can be told in private."""
    head = "Done." if ok else "That was not done."
    return Reply(
        head=line(head, " The rest is not for everybody, and somebody anonymous has no private chat with me."),
        blocks=(line("Go on under your own name in our chat; I check there that you are an admin here."),),
        tone=Tone.NEUTRAL,
        ok=ok,
    )


def news() -> Reply:
    """The last resort for somebody who cannot be written to: gives nothing away. Their name stands below it."""
    return Reply(head=line("There is news for somebody I cannot write to. Open our chat and press Start to read it."))


def news_for(name: str) -> str:
    return _name(name)


def _name(name: str) -> str:
    return clean(name, 40) or "You there"


# -- buttons and links


def stale_button() -> str:
    return "This button is too old to know what it was for. Send the command again."


def stale_link() -> Line:
    return line("That link leads nowhere (any more), so we begin here.")


def not_in_that_chat() -> Reply:
    """A button or link that speaks of a group, pressed by somebody who is not in it (any more)."""
    return Reply(
        head=line("That belongs to a chat you are not in (any more), so nothing was done."),
        blocks=(line(code("/markets"), " lists what you are in."),),
        tone=Tone.BAD,
        ok=False,
    )


def nameless_name(title: str) -> str:
    """As whom anonymous admins and channels act."""
    return f"{clean(title, 40) or 'Chat'} admins"


def again() -> str:
    return "Start over"


def only_text() -> Reply:
    return Reply(head=line("I read text only."), blocks=(line("Try ", code("/help"), "."),), tone=Tone.BAD, ok=False)


# -- questions in turn


_ASKED = {"outcome": "which outcome", "side": "which side", "amount": "what amount", "order": "which order"}


def _asked(field: Field) -> str:
    """What is to be said, as a question without its mark."""
    return _ASKED.get(field.name, clean(field.label).lower())


def question(form: Form, field: Field, reply: Reply) -> Reply:
    """One question of a form, with what has been said so far."""
    head = reply.head if reply.ok else line(f"{clean(form.title)}: {_asked(field)}?")
    rows: list[Line] = [line(bold(f"{clean(field.label)}?"))] if reply.ok else []
    so_far = _so_far(form, field)
    if so_far:
        rows.append(line("So far: ", code(so_far)))
    if field.hint and not field.choices:
        rows.append(line(quiet(clean(field.hint))))
    if reply.ok:
        rows += [block for block in reply.blocks if isinstance(block, tuple)]
    rows += _by_name(form, field)
    return Reply(head=head, blocks=tuple(rows), tone=Tone.WAIT)


def _so_far(form: Form, field: Field) -> str:
    if form.command.startswith("ticket "):
        return ""
    given = [asked.value for asked in form.fields if asked.required and asked.value and asked is not field]
    typed = [form.command, *given]
    return f"/{' '.join(typed)}" if len(typed) > 1 or len(form.command.split()) > _bare(form.command) else ""


def _bare(command: str) -> int:
    """How many words of it are the command's name."""
    return 2 if command.startswith(("admin ", "ticket ", "order ")) else 1


def _by_name(form: Form, field: Field) -> list[Line]:
    names = [other.name for other in form.fields if not other.required]
    if not names or any(other.value for other in form.fields):
        return []
    listed = ", ".join(names[:6])
    name = " ".join(form.command.split()[: _bare(form.command)])
    return [line(quiet(f"More, by name in one line: {listed}. "), code(f"/help {name}"), quiet(" tells how."))]


def type_it(form: Form, field: Field, about: Line = (), trouble: Line = ()) -> Reply:
    """The question whose answer is typed as a reply to it. `about`: what the form is about, where it says so;
    `trouble`: what was wrong with the last answer."""
    asked = line(bold(f"{clean(form.title)}: {_asked(field)}?"))
    rows: list[Line] = []
    if about or trouble:
        rows.append(line(bold(f"{clean(field.label)}?")))
    so_far = _so_far(form, field)
    if so_far:
        rows.append(line("So far: ", code(so_far)))
    if field.hint and not trouble:
        rows.append(line(quiet(clean(field.hint))))
    return Reply(head=trouble or about or asked, blocks=tuple(rows), tone=Tone.BAD if trouble else Tone.NEUTRAL)


REPLY_HERE = "Reply to this message."
"""Carries the link that keeps the place."""


def placeholder(field: Field) -> str:
    """What stands in the empty input line."""
    return clean(field.hint, 60) or clean(field.label, 60)


def changed() -> Reply:
    """Left of a ticket whose numbers were typed anew."""
    return Reply(head=line("Changed: the new ticket is below."))


def given_up() -> Reply:
    return Reply(head=line("Stopped; nothing was done."), blocks=(line(INVITE, " ", code("/help"), " has it all."),))

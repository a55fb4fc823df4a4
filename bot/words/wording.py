"""What decides a market, as its admins wrote it: read back, asked for, added to; and what is said where nothing is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.chat.reply import Action, Field, Form, Line, Reply, Stamp, Tone, bold, code, line
from bot.text.names import LONGEST_WORDING, clean, clean_lines
from bot.words.announcements import to_chat
from bot.words.shared import no, people, say
from engine.state import Status
from storage.records import Market, Wording

SHORT, SHORT_LINES = 320, 6
"""Characters and lines of it that stand on a ticket; `/rules` has all."""

SENSIBLE = (
    "The official result decides. If the event is called off, so is this market. If several tie, they share the win."
)
"""Offered where nothing is written: it can be sent as it stands."""

_WHAT = "what counts as winning, which source says so, and what happens if it is called off or tied"


# -- as it is read


def paragraphs(text: str, most: int = LONGEST_WORDING) -> list[Line]:
    """Somebody's text, a line each; `most` characters of it."""
    return [line(row) for row in clean_lines(text, most).split("\n") if row]


def on_rules(wordings: Sequence[Wording], names: Mapping[int, str]) -> list[Line]:
    """All of it, each text with its day and who wrote it."""
    if not wordings:
        return [line(bold("What decides: "), "nothing is written on that here. Ask an admin before you trade.")]
    rows: list[Line] = []
    for wording in wordings:
        begins = "Added " if wording.number > 1 else "What decides, written "
        rows.append(line(bold(begins), Stamp(wording.ts_ms), bold(f" by {_who(wording, names)}:")))
        rows += paragraphs(wording.text)
    return rows


def on_ticket(unread: Sequence[Wording]) -> list[Line]:
    """What somebody has not read yet, before they buy: short, with where the rest stands."""
    text = "\n".join(wording.text for wording in unread)
    every, shown = paragraphs(text, len(text)), paragraphs(text, SHORT)[:SHORT_LINES]
    begin = "What decides: " if unread[0].number == 1 else "Added to what decides: "
    rows = [(bold(begin), *shown[0]), *shown[1:]]
    return rows if shown == every else [*rows, line(code("/rules"), " has all of it.")]


def announced(wordings: Sequence[Wording]) -> list[Line]:
    """With the opening of the doors: the first text, and that there is more; nothing where nothing is written."""
    if not wordings:
        return []
    first, *rest = paragraphs(wordings[0].text)
    rows = [(bold("What decides: "), *first), *rest]
    return rows if len(wordings) == 1 else [*rows, line("The rules have what was added to it.")]


def _who(wording: Wording, names: Mapping[int, str]) -> str:
    return clean(names.get(wording.actor, "")) or "an admin who was erased"


# -- for admins


def nothing_yet() -> Line:
    missing = "nothing is written on what decides: what counts, which source, what if it is called off or tied. "
    return line(bold("Careful: "), missing, code("/admin set about"), " writes it down.")


def without(reply: Reply) -> Reply:
    """The opening or the start of a market of which nothing is written: the warning before its last line."""
    blocks = (*reply.blocks[:-1], nothing_yet(), *reply.blocks[-1:])
    return replace(reply, blocks=blocks, actions=(*reply.actions, write_it()))


def write_it() -> Action:
    return Action(label="What decides …", text="/admin set about", asks=True)


def ask(market: Market, wordings: Sequence[Wording]) -> Reply:
    """What is written, and a field for it: to replace it before the start, to add to it afterwards."""
    title, begun = clean(market.title), market.start_ms is not None
    rows = on_ticket(wordings) if wordings else []
    if wordings and begun:
        rows.append(line("Trading has begun: this stays as it is and can only be added to. Whoever trades is told."))
    else:
        rows.append(line(f"Write {_WHAT}. Once trading has begun it can only be added to."))
    if not wordings:
        rows.append(line("In one line: ", code(f"/admin set about {SENSIBLE}")))
    field = Field(
        name="value",
        label="To be added" if wordings and begun else "What decides",
        kind="paragraph",
        value="" if begun else "\n\n".join(wording.text for wording in wordings),
        hint="what counts, the source, if it is called off, if it is tied",
        most=LONGEST_WORDING,
    )
    submit = "Show it first" if begun else "Write it down"
    form = Form(title="What decides", command="admin set about", fields=(field,), submit=submit)
    head = f"What decides {title} is written down." if wordings else f"Nothing is written on what decides {title}."
    return say(head, blocks=rows, form=form)


def was_set(market: Market, wording: Wording | None, steps: Sequence[Action] = ()) -> Reply:
    """Before the start; `steps`: buttons of what is to be done next with a draft."""
    title = clean(market.title)
    if wording is None:
        return say(
            f"Nothing is written on what decides {title} any more.", blocks=(nothing_yet(),), actions=(write_it(),)
        )
    told = " The chat is told." if market.status is Status.LOBBY else ""
    rows = [
        *paragraphs(wording.text),
        line(f"It stands on /rules, on everybody's first ticket and in the post of the opening.{told}"),
        line("Until trading begins ", code("/admin set about"), " changes it; after that it can only be added to."),
    ]
    return say(f"What decides {title} is written down.", blocks=rows, actions=steps, tone=Tone.GOOD)


def set_already(market: Market) -> Reply:
    return say(
        f"What decides {clean(market.title)} says just that already.", blocks=(line(code("/rules"), " shows it."),)
    )


def begun_meanwhile() -> Reply:
    return no(
        "Trading has begun meanwhile, so what decides can only be added to.",
        blocks=(line("Nothing was changed. ", code("/admin set about"), " adds to it."),),
    )


def cannot_be_taken_back() -> Reply:
    return no(
        "What decides is written down for good once trading has begun; it can only be added to.",
        blocks=(
            line("Nothing was changed. ", code("/rules"), " shows it, ", code("/admin set about"), " adds to it."),
        ),
    )


def addition_preview(
    market: Market, text: str, holders: int, again: str, person: int | None, *, first: bool, rows: Sequence[Line] = ()
) -> Reply:
    """To be added after the start; `first`: nothing was written. `rows`: why it would be a proposal."""
    verb = "written as" if first else "added to"
    head = f"This would be {verb} what decides {clean(market.title)}:"
    told = f" and {people(holders, 'holder', 'holders')} of tokens or orders in private" if holders else ""
    lasting = line(f"The chat is told{told}. It cannot be changed or taken back.")
    confirm = Action(
        label="Confirm the proposal" if rows else "Confirm and tell all", text=again, person=person, danger=True
    )
    cancel = Action(label="Cancel", text="/admin monitor", person=person)
    return say(head, blocks=(*paragraphs(text), lasting, *rows), actions=(confirm, cancel), tone=Tone.WAIT)


def nothing_to_confirm() -> Reply:
    return no("That text is not there any more.", blocks=(line("Write it again: ", code("/admin set about")),))


def added(market: Market) -> Reply:
    """A second press says the same."""
    return say(f"It is written down with what decides {clean(market.title)}; everybody is told.", tone=Tone.GOOD)


# -- told


def told_in_chat(market: Market, wording: Wording, who: str) -> Reply:
    """It was written, changed before the start, or added to."""
    verb = "added to" if wording.number > 1 else "written"
    head = f"{clean(who) or 'An admin'} has {verb} what decides {clean(market.title)}:"
    return to_chat(head, blocks=paragraphs(wording.text), actions=(Action(label="Rules", text="/rules"),))


def told_taken_back(market: Market) -> Reply:
    """Before the start."""
    head = f"What was written on what decides {clean(market.title)} is taken back; nothing is written now."
    return to_chat(head, blocks=(line("Ask an admin before you trade."),))


def told_in_private(market: Market, wording: Wording, who: str) -> Reply:
    """To who holds tokens or has orders waiting."""
    reply = told_in_chat(market, wording, who)
    rows = (
        *reply.blocks,
        line("You have a part in it. ", code("/positions"), " shows it, ", code("/rules"), " has all that is written."),
    )
    return say(*reply.head, blocks=rows)

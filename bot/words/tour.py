"""One minute for who runs a market: four steps, a screen each, and the button that begins one."""

from __future__ import annotations

from bot.chat.reply import Action, Line, Reply, code, line
from bot.words.shared import INVITE, say

STEPS: tuple[tuple[str, tuple[Line, ...]], ...] = (
    (
        "What it is: a market on who wins, for play money.",
        (
            line(INVITE),
            line("Everybody gets the same to begin with and buys YES or NO of an outcome; a token pays $1 if right."),
            line("The price is what the chat thinks: 41¢ is a chance of about 41 %."),
        ),
    ),
    (
        "Setting it up takes two answers: a title and the outcomes.",
        (
            line(code("/admin create"), " asks for them and shows a draft that only admins see."),
            line("Then write what decides and when rounds are, or leave that for later."),
            line(code("/admin open"), " lets people join, ", code("/admin start"), " begins trading."),
        ),
    ),
    (
        "While it runs you say what happened, I do the rest.",
        (
            line("The board stays pinned, and I post freezes, eliminations and the winner."),
            line(
                code("/admin freeze"), " stops trading before a result; ", code("/admin eliminate"), " says who is out."
            ),
            line("What cannot be taken back shows first, in numbers, what it would do."),
        ),
    ),
    (
        "You are not alone, and nothing is hidden.",
        (
            line("Who holds a part in the market does not decide alone: another admin approves it."),
            line(code("/admin log"), " shows who did what; ", code("/verify"), " checks that no row was changed."),
            line(code("/admin monitor"), " is where to look in the meantime."),
        ),
    ),
)


def step(number: int, person: int | None, *, may_create: bool) -> Reply:
    """`number` counts from 1; one past the end is the last."""
    number = min(max(1, number), len(STEPS))
    title, rows = STEPS[number - 1]
    actions = []
    if number > 1:
        actions.append(Action(label="Back", text=f"/tour {number - 1}", person=person))
    if number < len(STEPS):
        actions.append(Action(label="Next", text=f"/tour {number + 1}", person=person, primary=True))
    elif may_create:
        actions.append(Action(label="Create a market", text="/admin create", person=person, primary=True, asks=True))
    return say(f"{number} of {len(STEPS)} · {title}", blocks=rows, actions=actions)


def begin() -> Action:
    return Action(label="One-minute tour", text="/tour 1")

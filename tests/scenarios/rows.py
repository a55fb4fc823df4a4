"""Scenarios as tables of rows: who says what, and what must be in the answer or in the chat.

A row is (who, line, words...). `!` before the words: the answer is a refusal, and nothing may have changed. Who `tick`
lets time pass (the line is how much) and looks at what the room was posted; `told NAME` looks at what that person alone
was told last. Who `sweep` lets time pass without a tick, with what is told between ticks; without words nothing was
posted. A line `press LABEL` presses that button of the last answer of theirs that had buttons; `press LABEL of
NAME` one of somebody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.chat import plain_text
from bot.chat.reply import Reply
from bot.grammar.times import span_ms
from tests.bot.harness import ADMIN, ChatHarness, button

Row = tuple[str, ...]

# a draft becomes a running market of three outcomes with ada and bob in it
SET_UP: tuple[Row, ...] = (
    ("ada", "/board", "!", "no market in this chat", "/admin create"),
    ("ada", "/join", "!", "no market in this chat"),
    ("ada", "/admin create", "!", "for this chat's admins"),
    (ADMIN, "/admin create Cup Germany,", "!", "2 to 25 outcomes"),
    (ADMIN, '/admin create Cup Germany, Brazil, "Costa Rica" odds "50 30 20"', "Cup is drafted", "Germany 50.0¢"),
    (ADMIN, "/admin create Cup2 A, B, C", "!", "has a market already: Cup"),
    ("ada", "/board", "!", "no market in this chat"),
    (ADMIN, "/admin set gas $0.01", "gas is now $0.01; it was $0"),
    (ADMIN, "/admin set fee 6%", "!", "fee lies between 0 and 0.05"),
    (ADMIN, "/admin start now", "!", "could not place “now”"),
    (ADMIN, "/admin schedule +30m to +40m out 2 ; +1h for 5m winner ask", "!", "Round 1 leaves 1 in"),
    (ADMIN, "/admin schedule +30m for 10m out 1; +1h for 5m winner ask", "Nothing has changed yet", "Round 1"),
    (ADMIN, "press Confirm", "The timetable is set", "+30m to +40m out 1; +1h to +1h5m winner ask"),
    ("ada", "/join", "!", "no market in this chat"),
    (ADMIN, "/admin open", "Cup is open to join"),
    ("tick", "1s", "the doors are open", "Germany, Brazil and Costa Rica"),
    ("ada", "/join", "Welcome, Ada: $1,000.00"),
    ("bob", "/join Bob the Great", "Welcome, Bob the Great"),
    ("ada", "/buy germany yes 100", "!", "Trading has not started yet"),
    ("eve", "/positions", "!", "no account in this market yet", "/join"),
    (ADMIN, "/admin start", "2 people would get $1,000.00 each", "stakes $10,000"),
    ("ada", "press Confirm of boss", "!", "for this chat's admins"),
    (ADMIN, "press Confirm", "begins with the next tick"),
    ("tick", "2s", "Cup is open for trading", "2 people start"),
)


async def perform(harness: ChatHarness, rows: Sequence[Row], admins: Collection[str] = (ADMIN,)) -> None:
    """Play the rows one by one."""
    told: dict[str, list[Reply]] = {}  # with buttons, by person
    for row in rows:
        who, line, *words = row
        where = f"{row}"
        if who in {"tick", "sweep"}:
            seen = len(harness.platform.sent)
            await (harness.tick if who == "tick" else harness.sweep)(span_ms(line) or 0)
            posts = [plain_text.text(reply) for how, _, _, reply in harness.platform.sent[seen:] if how == "post"]
            holds("\n".join(posts), words, where)
            assert who == "tick" or words or not posts, f"{where}: {posts}"
        elif who.startswith("told "):
            holds(harness.platform.texts("tell", who.removeprefix("told "))[-1], words, where)
        else:
            before = harness.rows()
            reply = await harness.say(who, _spoken(who, line, told), admin=who in admins)
            refused = words[0] == "!"
            assert reply.ok is not refused, f"{where}: {plain_text.text(reply)}"
            holds(plain_text.text(reply), words[refused:], where)
            if refused:
                assert harness.rows() == before, f"{where}: a refusal changed something"
            if reply.actions:
                told.setdefault(who, []).append(reply)


def _spoken(who: str, line: str, told: dict[str, list[Reply]]) -> str:
    """The line itself, or the one behind the button it presses: of the last reply that has it."""
    if not line.startswith("press "):
        return line
    label, of, owner = line.removeprefix("press ").rpartition(" of ")
    owner, label = (owner, label) if of else (who, line.removeprefix("press "))
    having = [reply for reply in told[owner] if any(action.label.startswith(label) for action in reply.actions)]
    return button((having or told[owner])[-1], label)


def holds(text: str, words: Sequence[str], where: str) -> None:
    """All of the words are in the text."""
    for word in words:
        assert word in text, f"{where}: {word!r} is not in\n{text}"

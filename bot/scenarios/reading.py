"""Reading what the bot says, as a person would: the sums on a ticket, the rows of a table, the rows of the board."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.reply import Board, Line, Reply, Span, Table
from bot.scenarios.crowd import NO, YES, Own

MICRO = 10**6
MONEY = re.compile(r"\$([\d,]+)(?:\.(\d{1,6}))?")
TOKENS = re.compile(r"([\d,]+)(?:\.(\d{1,6}))? tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a ticket says it costs or brings all in (micro-dollars), for how many tokens, and its two buttons' lines."""

    money: int
    tokens: int
    confirm: str
    cancel: str

    @property
    def each(self) -> int:
        """Micro-dollars a token."""
        return self.money * MICRO // max(1, self.tokens)


def text_of(row: Line) -> str:
    """The words of a line; moments are left out."""
    return "".join(part.text for part in row if isinstance(part, Span))


def ticket(reply: Reply) -> Ticket | None:
    """A ticket's figures; None where the answer is none."""
    buttons = {action.label.split()[0]: action.text for action in reply.actions}
    sums = MONEY.findall(text_of(reply.head))
    if not reply.ok or not sums or "Confirm" not in buttons or "Cancel" not in buttons:
        return None
    rows = [text_of(block) for block in reply.blocks if isinstance(block, tuple)]
    found = next((match for row in rows if (match := TOKENS.search(row))), None)
    if found is None:
        return None
    return Ticket(
        money=_millionths(*sums[0]),
        tokens=_millionths(found[1], found[2] or ""),
        confirm=buttons["Confirm"],
        cancel=buttons["Cancel"],
    )


def own(reply: Reply, outcomes: int) -> Own | None:
    """What `/positions` says she has; None where it was refused."""
    if not reply.ok:
        return None
    table = next((block for block in reply.blocks if isinstance(block, Table)), None)
    lines = [reply.head, *(block for block in reply.blocks if isinstance(block, tuple))]
    sums = [each for row in lines for each in MONEY.findall(text_of(row))]
    held = [[0, 0] for _ in range(outcomes)]
    for cells in table.rows if table else ():
        outcome = next((part.outcome for part in cells[0] if isinstance(part, Span) and part.outcome is not None), None)
        side = text_of(cells[0]).split()[-1].casefold()
        if outcome is not None and side in (YES, NO):
            whole, _, rest = text_of(cells[1]).partition(".")
            held[outcome][0 if side == YES else 1] = _millionths(whole, rest)
    # without tokens the one sum is her cash; with them the first is their worth and the second her cash
    cash = sums[1 if table else 0] if len(sums) > (1 if table else 0) else ("0", "")
    return Own(cash=_millionths(*cash), held=tuple((yes, no) for yes, no in held))


def board(reply: Reply) -> Board | None:
    """The board in an answer or an announcement."""
    return next((block for block in reply.blocks if isinstance(block, Board)), None)


def _millionths(whole: str, rest: str) -> int:
    return int(whole.replace(",", "")) * MICRO + int(rest.ljust(6, "0")[:6] or 0)

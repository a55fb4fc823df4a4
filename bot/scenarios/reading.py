"""Reading what the bot says, as a person would: the sums on a ticket, the rows of a table, the rows of the board."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.chat.reply import Board, Line, Reply, Span, Table
from bot.scenarios.observation import NO, YES, Own, Waiting

MICRO = 10**6
CENT = 10_000
MONEY = re.compile(r"\$([\d,]+)(?:\.(\d{1,6}))?")
TOKENS = re.compile(r"([\d,]+)(?:\.(\d{1,6}))? tokens")
SIZES = re.compile(r"([\d,]+)(?:\.(\d{1,6}))?")
CENTS = re.compile(r" (yes|no) at (\d+)(?:\.(\d{1,4}))?¢$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a ticket says it costs or brings all in (micro-dollars), for how many tokens, and its two buttons' lines.
    One with a limit tells no number of tokens (0): its limit says what each costs."""

    money: int
    tokens: int
    confirm: str
    cancel: str

    @property
    def each(self) -> int:
        """Micro-dollars a token."""
        return self.money * MICRO // max(1, self.tokens)


def confirm(reply: Reply) -> str | None:
    """The line behind the button that confirms, where the reply asks for it."""
    return next((one.text for one in reply.actions if one.label.startswith("Confirm")), None)


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
    return Ticket(
        money=_millionths(*sums[0]),
        tokens=_millionths(found[1], found[2] or "") if found else 0,
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
            held[outcome][0 if side == YES else 1] = _free(text_of(cells[1]))
    # without tokens the one sum is her cash; with them the first is their worth and the second her cash
    cash = sums[1 if table else 0] if len(sums) > (1 if table else 0) else ("0", "")
    return Own(cash=_millionths(*cash), held=tuple((yes, no) for yes, no in held))


def waiting(reply: Reply) -> tuple[Waiting, ...]:
    """The orders in the book that `/orders` lists."""
    found: list[Waiting] = []
    for table in (block for block in reply.blocks if isinstance(block, Table)):
        if not any(column.title == "Left" for column in table.columns):
            continue
        for number, what, _, state, *_ in table.rows:
            outcome = next((part.outcome for part in what if isinstance(part, Span) and part.outcome is not None), None)
            words = text_of(what)
            limit = CENTS.search(words)
            if outcome is None or limit is None or not text_of(state).startswith("in the book"):
                continue
            found.append(
                Waiting(
                    number=int(text_of(number)),
                    outcome=outcome,
                    side=limit[1].casefold(),
                    buy=words.startswith("Buy"),
                    limit=int(limit[2]) * CENT + int((limit[3] or "").ljust(4, "0")),
                )
            )
    return tuple(found)


def board(reply: Reply) -> Board | None:
    """The board in an answer or an announcement."""
    return next((block for block in reply.blocks if isinstance(block, Board)), None)


def _free(cell: str) -> int:
    """Tokens she can sell: `140`, or `140 (40 for sale)` where some are in the book already."""
    sizes = [_millionths(whole, rest) for whole, rest in SIZES.findall(cell)]
    return sizes[0] - sum(sizes[1:])


def _millionths(whole: str, rest: str) -> int:
    return int(whole.replace(",", "")) * MICRO + int(rest.ljust(6, "0")[:6] or 0)

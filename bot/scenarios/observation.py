"""What a person sees and has, what she makes of it, and how she puts what she wants into a line. Integers throughout.

Prices and money are micro-dollars, tokens millionths.

Reading what the bot says, as a person would: the sums on a ticket, the rows of a table, the rows of the board.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from bot.chat.reply import Board, Line, Reply, Span, Table
from bot.scenarios.traders import Trader

MICRO = 10**6
DOLLAR = MICRO
CENT = 10_000
LEAST_SPEND = 2 * DOLLAR
MOST_SPEND = 95 * DOLLAR
OUTSIDER = 30 * CENT  # a YES below it is a dream
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is in the air before anybody looks at the board: the latest fair forecast, whether it is new, how many ticks
    ago trading resumed, and in how many it stops."""

    belief: tuple[int, ...]
    fresh: bool
    since_round: int
    to_freeze: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBoard:
    """The board as anybody sees it: `yes` and `no` by outcome, 0 for one that is out; `path` the YES of boards seen
    before, oldest first."""

    yes: tuple[int, ...]
    no: tuple[int, ...]
    path: tuple[tuple[int, ...], ...]
    news: News

    @property
    def live(self) -> list[int]:
        return [outcome for outcome, price in enumerate(self.yes) if price]

    def price(self, outcome: int, side: str) -> int:
        return (self.yes if side == YES else self.no)[outcome]

    def change(self, outcome: int, ticks: int) -> int:
        """How far YES moved in that many ticks, as far back as anybody remembers."""
        if not self.path:
            return 0
        before = self.path[-min(ticks, len(self.path))][outcome]
        return self.yes[outcome] - before if before else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenOrder:
    """An order of hers in the book, by its number."""

    number: int
    outcome: int
    side: str
    buy: bool
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """What one person has: cash she can spend, tokens (yes, no) by outcome, orders in the book."""

    cash: int
    held: tuple[tuple[int, int], ...]
    waiting: tuple[SeenOrder, ...] = ()

    def tokens(self, outcome: int, side: str) -> int:
        return self.held[outcome][0 if side == YES else 1]

    def waits(self, outcome: int, side: str) -> bool:
        return any((one.outcome, one.side) == (outcome, side) for one in self.waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeIdea:
    """A line to type. `fair` is the most a token may cost all in (bought) or the least it must bring (sold); None: she
    takes what comes. `smaller` is what she types instead when there was no ticket, or one that was too dear."""

    line: str
    fair: int | None = None
    smaller: str = ""


def view(person: Trader, look: SeenBoard) -> tuple[int, ...]:
    """Her own chances by outcome, summing to a million: the forecast without those who are out, weighed by trust."""
    weighed = [
        chance * trust if price else 0
        for chance, trust, price in zip(look.news.belief, person.trust, look.yes, strict=True)
    ]
    total = sum(weighed)
    if total == 0:
        return tuple(MICRO // len(look.live) if price else 0 for price in look.yes)
    return tuple(one * MICRO // total for one in weighed)


def worth(chances: Sequence[int], outcome: int, side: str) -> int:
    """What a token should be worth to who holds these chances."""
    return chances[outcome] if side == YES else MICRO - chances[outcome]


# -- as people type it


def bounded(spend: int) -> int:
    return max(LEAST_SPEND, min(spend, MOST_SPEND))


def dollars(spend: int) -> str:
    """Whole dollars, from ten on in fives."""
    whole = max(1, spend // DOLLAR)
    return f"${whole // 5 * 5 if whole > 10 else whole}"


def with_slippage(line: str, person: Trader) -> str:
    return f"{line} slippage {person.slippage}" if person.slippage else line


def below(price: int) -> int:
    """The whole cent at or below a price, for a limit."""
    return max(1, min(price // CENT, 99))


def above(price: int) -> int:
    """The whole cent above a price."""
    return max(1, min(price // CENT + 1, 99))


def typed(names: Sequence[str], outcome: int, dice: Random) -> str:
    """How somebody names an outcome in a hurry: its number, its name, or the beginning of it that is no other's."""
    name = names[outcome].lower()
    manner = dice.randrange(4)
    if manner == 0:
        return str(outcome + 1)
    if manner == 1:
        return name
    for size in range(3, len(name)):
        if sum(other.lower().startswith(name[:size]) for other in names) == 1 and name[size - 1] != " ":
            return name[:size]
    return name


MONEY = re.compile(r"\$([\d,]+)(?:\.(\d{1,6}))?")
TOKENS = re.compile(r"([\d,]+)(?:\.(\d{1,6}))? tokens")
SIZES = re.compile(r"([\d,]+)(?:\.(\d{1,6}))?")
CENTS = re.compile(r" (yes|no) at (\d+)(?:\.(\d{1,4}))?¢$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTicket:
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


def ticket(reply: Reply) -> SeenTicket | None:
    """A ticket's figures; None where the answer is none."""
    buttons = {action.label.split()[0]: action.text for action in reply.actions}
    sums = MONEY.findall(text_of(reply.head))
    if not reply.ok or not sums or "Confirm" not in buttons or "Cancel" not in buttons:
        return None
    rows = [text_of(block) for block in reply.blocks if isinstance(block, tuple)]
    found = next((match for row in rows if (match := TOKENS.search(row))), None)
    return SeenTicket(
        money=_millionths(*sums[0]),
        tokens=_millionths(found[1], found[2] or "") if found else 0,
        confirm=buttons["Confirm"],
        cancel=buttons["Cancel"],
    )


def own(reply: Reply, outcomes: int) -> OwnAccount | None:
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
    return OwnAccount(cash=_millionths(*cash), held=tuple((yes, no) for yes, no in held))


def waiting(reply: Reply) -> tuple[SeenOrder, ...]:
    """The orders in the book that `/orders` lists."""
    found: list[SeenOrder] = []
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
                SeenOrder(
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

"""What a synthetic trader knows: read from the bot's own answers, as a person reads them. And how they type a line.

Integers throughout: prices and money are micro-dollars, tokens millionths, chances millionths.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from bot.chat.reply import Board, Line, Reply, Span, Table
from bot.scenarios.traders import Trader
from bot.text.outcome_names import outcome_number, typed_outcome

MICRO = 10**6
DOLLAR = MICRO
CENT = 10_000
LEAST_SPEND = 2 * DOLLAR
MOST_SPEND = 95 * DOLLAR
OUTSIDER = 30 * CENT  # a YES below it is a long shot
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicInfo:
    """What everybody knows without the board: the latest usable forecast, whether it is new, how many ticks ago
    trading resumed, and in how many it stops."""

    forecast: tuple[int, ...]
    forecast_is_new: bool
    ticks_since_round: int
    ticks_to_freeze: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBoard:
    """The board as anybody sees it: `yes` and `no` by outcome, 0 for one that is out; `path` the YES of boards seen
    before, oldest first."""

    yes: tuple[int, ...]
    no: tuple[int, ...]
    path: tuple[tuple[int, ...], ...]
    info: PublicInfo

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
    """An order of the trader's in the book, by its number."""

    number: int
    outcome: int
    side: str
    buy: bool
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAccount:
    """What a trader has: cash to spend, tokens (yes, no) by outcome, orders in the book."""

    cash: int
    held: tuple[tuple[int, int], ...]
    open_orders: tuple[SeenOrder, ...] = ()

    def tokens(self, outcome: int, side: str) -> int:
        return self.held[outcome][0 if side == YES else 1]

    def has_open_order(self, outcome: int, side: str) -> bool:
        return any((order.outcome, order.side) == (outcome, side) for order in self.open_orders)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeIdea:
    """A line to type. `worst_price` is the most a token may cost all in (bought) or the least it must bring (sold);
    None: any price will do. `smaller_line` is typed instead when there was no ticket, or one that was too dear."""

    line: str
    worst_price: int | None = None
    smaller_line: str = ""


def estimated_chances(trader: Trader, board: SeenBoard) -> tuple[int, ...]:
    """The trader's own chances by outcome, summing to about a million: the forecast of those still in, weighted."""
    weighed = [
        chance * trust if price else 0
        for chance, trust, price in zip(board.info.forecast, trader.forecast_weights, board.yes, strict=True)
    ]
    total = sum(weighed)
    if total == 0:
        return tuple(MICRO // len(board.live) if price else 0 for price in board.yes)
    return tuple(weight * MICRO // total for weight in weighed)


def fair_value(chances: Sequence[int], outcome: int, side: str) -> int:
    """What a token is worth by these chances, micro-dollars."""
    return chances[outcome] if side == YES else MICRO - chances[outcome]


# -- as people type it


def bounded_spend(spend: int) -> int:
    return max(LEAST_SPEND, min(spend, MOST_SPEND))


def whole_dollars(spend: int) -> str:
    """Whole dollars, from ten on in fives."""
    whole = max(1, spend // DOLLAR)
    return f"${whole // 5 * 5 if whole > 10 else whole}"


def with_slippage(line: str, trader: Trader) -> str:
    return f"{line} slippage {trader.slippage}" if trader.slippage else line


def cent_below(price: int) -> int:
    """The whole cent at or below a price, for a limit."""
    return max(1, min(price // CENT, 99))


def cent_above(price: int) -> int:
    """The whole cent above a price."""
    return max(1, min(price // CENT + 1, 99))


def typed_name(names: Sequence[str], outcome: int, rng: Random) -> str:
    """How somebody names an outcome in a hurry: its number, its name, or the beginning of it that is no other's."""
    name, manner = names[outcome].lower(), rng.randrange(4)
    if not PLAIN.fullmatch(name):
        return outcome_number(names, outcome) if manner == 0 else typed_outcome(names, outcome)
    if manner == 0:
        return outcome_number(names, outcome)
    if manner == 1:
        return typed_outcome(names, outcome).lower()
    for size in range(3, len(name)):
        if sum(other.lower().startswith(name[:size]) for other in names) == 1 and name[size - 1] != " ":
            return name[:size]
    return name


PLAIN = re.compile(r"[a-z]{3,}( [a-z]{3,})*")  # a name whose beginning can stand for it

MONEY = re.compile(r"\$([\d,]+)(?:\.(\d{1,6}))?")
TOKENS = re.compile(r"([\d,]+)(?:\.(\d{1,6}))? tokens at")
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
    return next((action.text for action in reply.actions if action.label.startswith("Confirm")), None)


def text_of(row: Line) -> str:
    """The words of a line; moments are left out."""
    return "".join(part.text for part in row if isinstance(part, Span))


def _own_words(row: Line) -> str:
    """The bot's words alone: an outcome may be called anything."""
    return "".join(part.text for part in row if isinstance(part, Span) and part.outcome is None)


def ticket(reply: Reply) -> SeenTicket | None:
    """A ticket's figures; None where the answer is none."""
    buttons = {action.label.split()[0]: action.text for action in reply.actions}
    sums = MONEY.findall(_own_words(reply.head))
    if not reply.ok or not sums or "Confirm" not in buttons or "Cancel" not in buttons:
        return None
    rows = [text_of(block) for block in reply.blocks if isinstance(block, tuple)]
    size = next((match for row in rows if (match := TOKENS.search(row))), None)
    return SeenTicket(
        money=_millionths(*sums[0]),
        tokens=_millionths(size[1], size[2] or "") if size else 0,
        confirm=buttons["Confirm"],
        cancel=buttons["Cancel"],
    )


def account(reply: Reply, outcomes: int) -> SeenAccount | None:
    """What `/positions` shows, without open orders; None where it was refused."""
    if not reply.ok:
        return None
    table = next((block for block in reply.blocks if isinstance(block, Table)), None)
    lines = [reply.head, *(block for block in reply.blocks if isinstance(block, tuple))]
    sums = [each for row in lines for each in MONEY.findall(_own_words(row))]
    held = [[0, 0] for _ in range(outcomes)]
    for cells in table.rows if table else ():
        outcome = next((part.outcome for part in cells[0] if isinstance(part, Span) and part.outcome is not None), None)
        side = text_of(cells[0]).split()[-1].casefold()
        if outcome is not None and side in (YES, NO):
            held[outcome][0 if side == YES else 1] = _free(text_of(cells[1]))
    # without tokens the one sum is cash; with them the first is their worth and the second cash
    cash = sums[1 if table else 0] if len(sums) > (1 if table else 0) else ("0", "")
    return SeenAccount(cash=_millionths(*cash), held=tuple((yes, no) for yes, no in held))


def open_orders(reply: Reply) -> tuple[SeenOrder, ...]:
    """The orders in the book that `/orders` lists."""
    orders: list[SeenOrder] = []
    for table in (block for block in reply.blocks if isinstance(block, Table)):
        if not any(column.title == "Left" for column in table.columns):
            continue
        for number, what, _, state, *_ in table.rows:
            outcome = next((part.outcome for part in what if isinstance(part, Span) and part.outcome is not None), None)
            words = text_of(what)
            limit = CENTS.search(words)
            if outcome is None or limit is None or not text_of(state).startswith("in the book"):
                continue
            orders.append(
                SeenOrder(
                    number=int(text_of(number)),
                    outcome=outcome,
                    side=limit[1].casefold(),
                    buy=words.startswith("Buy"),
                    limit=int(limit[2]) * CENT + int((limit[3] or "").ljust(4, "0")),
                )
            )
    return tuple(orders)


def board(reply: Reply) -> Board | None:
    """The board in an answer or an announcement."""
    return next((block for block in reply.blocks if isinstance(block, Board)), None)


def _free(cell: str) -> int:
    """Tokens that can be sold: `140`, or `140 (40 for sale)` where some are in the book already."""
    sizes = [_millionths(whole, rest) for whole, rest in SIZES.findall(cell)]
    return sizes[0] - sum(sizes[1:])


def _millionths(whole: str, rest: str) -> int:
    return int(whole.replace(",", "")) * MICRO + int(rest.ljust(6, "0")[:6] or 0)

"""What a person sees and has, what she makes of it, and how she puts what she wants into a line. Integers throughout.

Prices and money are micro-dollars, tokens millionths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from bot.scenarios.traders import Person

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
class Look:
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
class Waiting:
    """An order of hers in the book, by its number."""

    number: int
    outcome: int
    side: str
    buy: bool
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What one person has: cash she can spend, tokens (yes, no) by outcome, orders in the book."""

    cash: int
    held: tuple[tuple[int, int], ...]
    waiting: tuple[Waiting, ...] = ()

    def tokens(self, outcome: int, side: str) -> int:
        return self.held[outcome][0 if side == YES else 1]

    def waits(self, outcome: int, side: str) -> bool:
        return any((one.outcome, one.side) == (outcome, side) for one in self.waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A line to type. `fair` is the most a token may cost all in (bought) or the least it must bring (sold); None: she
    takes what comes. `smaller` is what she types instead when there was no ticket, or one that was too dear."""

    line: str
    fair: int | None = None
    smaller: str = ""


def view(person: Person, look: Look) -> tuple[int, ...]:
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


def with_slippage(line: str, person: Person) -> str:
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

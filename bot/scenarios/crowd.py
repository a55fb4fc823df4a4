"""How the crowd decides: pure functions of what a person sees, what she holds and her own dice. Integers throughout.

Prices and money are micro-dollars, tokens millionths. The answer is a `Wish`: the line she types, and the price at
which she still presses Confirm once she has read the ticket.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from bot.scenarios.people import Person, Temper

MICRO = 10**6
DOLLAR = MICRO
LEAST_SPEND = 2 * DOLLAR
MOST_SPEND = 95 * DOLLAR
FEE = 10_000  # what a trade costs beside its impact, about a cent a token
DEAR = 800_000  # where even a fan thinks twice
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

    def change(self, outcome: int, ticks: int) -> int:
        """How far YES moved in that many ticks, as far back as anybody remembers."""
        if not self.path:
            return 0
        before = self.path[-min(ticks, len(self.path))][outcome]
        return self.yes[outcome] - before if before else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What one person has: cash she can spend, and tokens (yes, no) by outcome."""

    cash: int
    held: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A line to type. `fair` is the most a token may cost all in (bought) or the least it must bring (sold); None: she
    takes what comes. `smaller` is what she types instead when there was no ticket, or one that was too dear."""

    line: str
    fair: int | None = None
    smaller: str = ""


def stirs(person: Person, news: News, dice: Random) -> bool:
    """Whether she does anything this tick: more after news, after a round and before a freeze."""
    pace = person.pace
    if news.since_round < 4:
        pace *= 3
    if news.to_freeze < 3:
        pace *= 2
    if news.fresh and person.temper is Temper.INFORMED:
        pace *= 4
    return dice.randrange(1_000) < pace


def decide(person: Person, look: Look, own: Own, names: Sequence[str], dice: Random) -> Wish | None:
    """What she wants to do, if anything."""
    if not look.live:
        return None
    if person.temper is Temper.INFORMED:
        return _informed(person, look, own, names, dice)
    if person.temper is Temper.CHASER:
        return _chaser(person, look, own, names, dice)
    return _fan(person, look, own, names, dice)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bargain:
    gain: int  # per token, before fee and impact
    outcome: int
    side: str
    buy: bool
    worth: int
    price: int


def _bargains(look: Look, own: Own, chances: Sequence[int]) -> Iterator[_Bargain]:
    """Every trade that looks good at the board's prices."""
    for outcome in look.live:
        for side, price, worth in (
            (YES, look.yes[outcome], chances[outcome]),
            (NO, look.no[outcome], MICRO - chances[outcome]),
        ):
            held = own.held[outcome][0 if side == YES else 1]
            if worth > price:
                yield _Bargain(gain=worth - price, outcome=outcome, side=side, buy=True, worth=worth, price=price)
            elif held > MICRO:
                yield _Bargain(gain=price - worth, outcome=outcome, side=side, buy=False, worth=worth, price=price)


def _informed(person: Person, look: Look, own: Own, names: Sequence[str], dice: Random) -> Wish | None:
    """The best bargain beyond her margin; the size by Kelly's rule, cut to a third and to her habits."""
    chances = view(person, look)
    good = [one for one in _bargains(look, own, chances) if one.gain > person.margin + FEE]
    good = [one for one in good if not one.buy or own.cash > 2 * LEAST_SPEND]
    if not good:
        return None
    best = max(good, key=lambda one: (one.gain * MICRO // max(one.price, 50_000), -one.outcome, one.side))
    if not best.buy:
        line = f"/sell {_typed(names, best.outcome, dice)} {best.side} {dice.choice(('half', 'half', 'all'))}"
        return Wish(line=line, fair=best.worth + person.margin // 2)
    kelly = own.cash * best.gain // max(1, MICRO - best.price) // 3
    spend = _bounded(min(kelly, own.cash * person.stake // 1_000))
    start = f"/buy {_typed(names, best.outcome, dice)} {best.side}"
    return Wish(
        line=_with_slippage(f"{start} {_dollars(spend)}", person),
        fair=best.worth - person.margin // 2,
        smaller=_with_slippage(f"{start} {_dollars(_bounded(spend // 3))}", person),
    )


def _chaser(person: Person, look: Look, own: Own, names: Sequence[str], dice: Random) -> Wish | None:
    """Out of what falls or has stalled, into what rises; when nothing moves, now and then into whoever leads."""
    moves = {outcome: look.change(outcome, person.span) for outcome in look.live}
    owned = [outcome for outcome in look.live if own.held[outcome][0] > MICRO]
    weakest = min(owned, key=lambda each: (moves[each], each), default=None)
    if weakest is not None and moves[weakest] < -person.margin // 3:
        return Wish(line=f"/sell {_typed(names, weakest, dice)} yes {dice.choice(('half', 'half', 'all'))}")
    if weakest is not None and moves[weakest] < person.margin // 4 and dice.randrange(2):
        return Wish(line=f"/sell {_typed(names, weakest, dice)} yes half")  # it has stalled: take the profit
    if own.cash < 2 * LEAST_SPEND:
        return _raise_cash(own, look, names, dice)
    spend = _bounded(own.cash * person.stake // 1_000)
    rising = max(moves, key=lambda each: (moves[each], -each))
    falling = min(moves, key=lambda each: (moves[each], each))
    if moves[falling] < -person.margin and dice.randrange(3) == 0:
        return Wish(line=_with_slippage(f"/buy {_typed(names, falling, dice)} no {_dollars(spend)}", person))
    if moves[rising] > person.margin // 2:
        return Wish(line=_with_slippage(f"/buy {_typed(names, rising, dice)} yes {_dollars(spend)}", person))
    if dice.randrange(2):
        best = sorted(look.live, key=lambda each: (-look.yes[each], each))
        pick = dice.choice(best[: max(2, len(best) // 2)])
        return Wish(line=f"/buy {_typed(names, pick, dice)} yes {_dollars(_bounded(spend // 2))}")
    return None


def _fan(person: Person, look: Look, own: Own, names: Sequence[str], dice: Random) -> Wish | None:
    """Her favourite most of the time, a whim now and then; sometimes a slip of the tongue or too big a dream."""
    favourite = person.favourite if look.yes[person.favourite] else dice.choice(look.live)
    whim = dice.choice(look.live)
    spend = _dollars(_bounded(own.cash * person.stake // 1_000))
    mood = dice.randrange(100)
    if mood < 4:
        return Wish(line=f"/buy {names[favourite].lower()[:-1]}x yes {spend}")  # a slip of the finger
    if mood < 7:
        return Wish(line=f"/buy {_typed(names, favourite, dice)} yes {_dollars(own.cash * 3)}")
    if mood < 12:
        return Wish(line=f"/quote {_typed(names, favourite, dice)} yes {spend}")
    if mood < 34 or own.cash < 2 * LEAST_SPEND:
        return _raise_cash(own, look, names, dice)
    if mood < 64:
        return Wish(line=_with_slippage(f"/buy {_typed(names, favourite, dice)} yes {spend}", person), fair=DEAR)
    if mood < 86:
        start = f"/buy {_typed(names, whim, dice)} yes"
        return Wish(line=f"{start} {dice.choice((20, 40, 50, 100))}", fair=DEAR, smaller=f"{start} 10 slippage 20%")
    return Wish(line=_with_slippage(f"/buy {_typed(names, whim, dice)} no {spend}", person), fair=990_000)


def _raise_cash(own: Own, look: Look, names: Sequence[str], dice: Random) -> Wish | None:
    """Sell half of something, or nothing where there is nothing."""
    owned = [
        (outcome, side)
        for outcome in look.live
        for side, tokens in zip((YES, NO), own.held[outcome], strict=True)
        if tokens > MICRO
    ]
    if not owned:
        return None
    outcome, side = dice.choice(owned)
    return Wish(line=f"/sell {_typed(names, outcome, dice)} {side} half")


def _bounded(spend: int) -> int:
    return max(LEAST_SPEND, min(spend, MOST_SPEND))


def _dollars(spend: int) -> str:
    """As people type it: whole dollars, from ten on in fives."""
    whole = max(1, spend // DOLLAR)
    return f"${whole // 5 * 5 if whole > 10 else whole}"


def _with_slippage(line: str, person: Person) -> str:
    return f"{line} slippage {person.slippage}" if person.slippage else line


def _typed(names: Sequence[str], outcome: int, dice: Random) -> str:
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

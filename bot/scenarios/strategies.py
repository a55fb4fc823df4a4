"""How the crowd decides: pure functions of what a person sees, what she has and her own dice.

The answer is one `TradeIdea` or a few: the lines she types, and the price at which she still presses Confirm once they
have read the ticket. Those who trade at the price are here; those who leave orders in the book in `limit_orders`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from bot.scenarios import limit_orders
from bot.scenarios.observation import (
    CENT,
    LEAST_SPEND,
    MICRO,
    NO,
    OUTSIDER,
    YES,
    News,
    OwnAccount,
    SeenBoard,
    TradeIdea,
    above,
    below,
    bounded,
    dollars,
    typed,
    view,
    with_slippage,
)
from bot.scenarios.observation import worth as worth_of
from bot.scenarios.traders import Temper, Trader

FEE = 10_000  # what a trade costs beside its impact, about a cent a token
NERVES = 6  # ticks before a freeze in which nobody likes to hold an outsider
DEAR = 800_000  # where even a fan thinks twice


def stirs(person: Trader, news: News, dice: Random) -> bool:
    """Whether she does anything this tick: more after news, after a round and before a freeze."""
    pace = person.pace
    if news.since_round < 4:
        pace *= 3
    if news.to_freeze < 3:
        pace *= 2
    if news.fresh and person.temper is Temper.INFORMED:
        pace *= 4
    return dice.randrange(1_000) < pace


def decide(
    person: Trader, look: SeenBoard, own: OwnAccount, names: Sequence[str], dice: Random
) -> tuple[TradeIdea, ...]:
    """What she wants to do, if anything: first take back what should not wait any longer, then trade."""
    if not look.live:
        return ()
    back = limit_orders.stale(person, look, own)
    kept = limit_orders.without(own, back)
    return (*limit_orders.taken_back(own, back), *_trades(person, look, kept, names, dice))


def _trades(
    person: Trader, look: SeenBoard, own: OwnAccount, names: Sequence[str], dice: Random
) -> tuple[TradeIdea, ...]:
    match person.temper:
        case Temper.DEALER:
            return limit_orders.dealer(person, look, own, names, dice)
        case Temper.HUNTER:
            found = limit_orders.hunter(person, look, own, names, dice)
        case Temper.SCEPTIC:
            return limit_orders.sceptic(person, look, own, names, dice)
        case Temper.INFORMED:
            found = _informed(person, look, own, names, dice)
        case Temper.CHASER:
            found = _chaser(person, look, own, names, dice)
        case Temper.FAN:
            found = _fan(person, look, own, names, dice)
    return () if found is None else (found,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bargain:
    gain: int  # per token, before fee and impact
    outcome: int
    side: str
    buy: bool
    worth: int
    price: int


def _bargains(look: SeenBoard, own: OwnAccount, chances: Sequence[int]) -> Iterator[_Bargain]:
    """Every trade that looks good at the board's prices."""
    for outcome in look.live:
        for side in (YES, NO):
            price, worth = look.price(outcome, side), worth_of(chances, outcome, side)
            if worth > price:
                yield _Bargain(gain=worth - price, outcome=outcome, side=side, buy=True, worth=worth, price=price)
            elif own.tokens(outcome, side) > MICRO:
                yield _Bargain(gain=price - worth, outcome=outcome, side=side, buy=False, worth=worth, price=price)


def _informed(person: Trader, look: SeenBoard, own: OwnAccount, names: Sequence[str], dice: Random) -> TradeIdea | None:
    """The best bargain beyond her margin; the size by Kelly's rule, cut to a third and to her habits. The patient name
    a limit at which fee and margin are paid, and let the rest wait."""
    chances = view(person, look)
    good = [one for one in _bargains(look, own, chances) if one.gain > person.margin + FEE]
    good = [one for one in good if not one.buy or own.cash > 2 * LEAST_SPEND]
    if not good:
        return None
    best = max(good, key=lambda one: (one.gain * MICRO // max(one.price, 50_000), -one.outcome, one.side))
    name = typed(names, best.outcome, dice)
    if not best.buy:
        line = f"/sell {name} {best.side} {dice.choice(('half', 'half', 'all'))}"
        return TradeIdea(line=line, fair=best.worth + person.margin // 2)
    kelly = own.cash * best.gain // max(1, MICRO - best.price) // 3
    spend = bounded(min(kelly, own.cash * person.stake // 1_000))
    start = f"/buy {name} {best.side}"
    if person.careful and not own.waits(best.outcome, best.side):
        most = below(best.worth - person.margin // 2 - FEE)
        if most * CENT > best.price:
            return TradeIdea(line=f"{start} {dollars(spend)} limit {most}c")
    return TradeIdea(
        line=with_slippage(f"{start} {dollars(spend)}", person),
        fair=best.worth - person.margin // 2,
        smaller=with_slippage(f"{start} {dollars(bounded(spend // 3))}", person),
    )


def _chaser(person: Trader, look: SeenBoard, own: OwnAccount, names: Sequence[str], dice: Random) -> TradeIdea | None:
    """Out of what falls or has stalled, into what rises; when nothing moves, now and then into whoever leads."""
    moves = {outcome: look.change(outcome, person.span) for outcome in look.live}
    owned = [outcome for outcome in look.live if own.tokens(outcome, YES) > MICRO]
    weakest = min(owned, key=lambda each: (moves[each], each), default=None)
    if weakest is not None and moves[weakest] < -person.margin // 3:
        return TradeIdea(line=f"/sell {typed(names, weakest, dice)} yes {dice.choice(('half', 'half', 'all'))}")
    if weakest is not None and moves[weakest] < person.margin // 4 and dice.randrange(2):
        return TradeIdea(line=f"/sell {typed(names, weakest, dice)} yes half")  # it has stalled: take the profit
    if own.cash < 2 * LEAST_SPEND:
        return _raise_cash(person, own, look, names, dice)
    spend = bounded(own.cash * person.stake // 1_000)
    rising = max(moves, key=lambda each: (moves[each], -each))
    falling = min(moves, key=lambda each: (moves[each], each))
    if moves[falling] < -person.margin and dice.randrange(3) == 0:
        return TradeIdea(line=with_slippage(f"/buy {typed(names, falling, dice)} no {dollars(spend)}", person))
    if moves[rising] > person.margin // 2:
        start = f"/buy {typed(names, rising, dice)} yes {dollars(spend)}"
        if person.careful and not own.waits(rising, YES):
            return TradeIdea(line=f"{start} limit {above(look.yes[rising] + CENT)}c{limit_orders.autofill(person)}")
        return TradeIdea(line=with_slippage(start, person))
    if dice.randrange(2):
        best = sorted(look.live, key=lambda each: (-look.yes[each], each))
        pick = dice.choice(best[: max(2, len(best) // 2)])
        return TradeIdea(line=f"/buy {typed(names, pick, dice)} yes {dollars(bounded(spend // 2))}")
    return None


def _fan(person: Trader, look: SeenBoard, own: OwnAccount, names: Sequence[str], dice: Random) -> TradeIdea | None:
    """Her favourite most of the time, a whim now and then; sometimes a slip of the tongue or too big a dream."""
    favourite = person.favourite if look.yes[person.favourite] else dice.choice(look.live)
    whim = dice.choice(look.live)
    spend = dollars(bounded(own.cash * person.stake // 1_000))
    mood = dice.randrange(100)
    nervous = [each for each in look.live if look.yes[each] < OUTSIDER and own.tokens(each, YES) > MICRO]
    if nervous and look.news.to_freeze < NERVES and mood >= 30:
        return TradeIdea(line=f"/sell {typed(names, dice.choice(nervous), dice)} yes {dice.choice(('half', 'all'))}")
    if mood < 4:
        return TradeIdea(line=f"/buy {names[favourite].lower()[:-1]}x yes {spend}")  # a slip of the finger
    if mood < 7:
        return TradeIdea(line=f"/buy {typed(names, favourite, dice)} yes {dollars(own.cash * 3)}")
    if mood < 12:
        return TradeIdea(line=f"/quote {typed(names, favourite, dice)} yes {spend}")
    if mood < 40 or own.cash < 2 * LEAST_SPEND:
        return _raise_cash(person, own, look, names, dice)
    if mood < 62:
        return _back(person, favourite, look, own, names, spend, dice)
    if mood < 86:
        whim = dice.choice([each for each in look.live if look.yes[each] < OUTSIDER] or [whim])
        start = f"/buy {typed(names, whim, dice)} yes"
        return TradeIdea(line=f"{start} {dice.choice((10, 20, 30, 50))}", fair=DEAR, smaller=f"{start} 10 slippage 20%")
    return TradeIdea(line=with_slippage(f"/buy {typed(names, whim, dice)} no {spend}", person), fair=990_000)


def _back(
    person: Trader, outcome: int, look: SeenBoard, own: OwnAccount, names: Sequence[str], spend: str, dice: Random
) -> TradeIdea | None:
    """Buy her favourite; the careful pay no more than the next whole cent and let the rest wait for it."""
    start = f"/buy {typed(names, outcome, dice)} yes {spend}"
    if person.careful and not own.waits(outcome, YES):
        return TradeIdea(
            line=f"{start} limit {min(above(look.yes[outcome]), DEAR // CENT)}c{limit_orders.autofill(person)}"
        )
    return TradeIdea(line=with_slippage(start, person), fair=DEAR)


def _raise_cash(
    person: Trader, own: OwnAccount, look: SeenBoard, names: Sequence[str], dice: Random
) -> TradeIdea | None:
    """Sell half of something, or nothing where there is nothing. The careful ask for the next whole cent."""
    owned = [(outcome, side) for outcome in look.live for side in (YES, NO) if own.tokens(outcome, side) > MICRO]
    if not owned:
        return None
    outcome, side = dice.choice(owned)
    line = f"/sell {typed(names, outcome, dice)} {side} {dice.choice(('half', 'all'))}"
    if person.careful and not own.waits(outcome, side):
        return TradeIdea(line=f"{line} limit {above(look.price(outcome, side))}c")
    return TradeIdea(line=line)

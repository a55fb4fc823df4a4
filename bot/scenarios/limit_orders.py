"""Those who leave orders in the book, and when they take them back.

Nobody is told of anybody else's order: a YES bid meets a NO bid because two people hold opposite views and both name
whole cents near the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from bot.scenarios.observation import (
    CENT,
    LEAST_SPEND,
    MICRO,
    NO,
    OUTSIDER,
    YES,
    OwnAccount,
    SeenBoard,
    SeenOrder,
    TradeIdea,
    above,
    below,
    bounded,
    dollars,
    typed,
    view,
    worth,
)
from bot.scenarios.traders import Temper, Trader

WORTH_SELLING = 4 * MICRO  # tokens
GONE = 5 * CENT  # an order so far from the price waits for nothing
MOST_WAITING = 4  # orders; whoever has more lets them wait
NUDGE = 2 * CENT  # how far a dealer leans towards what she believes


def stale(person: Trader, look: SeenBoard, own: OwnAccount) -> tuple[SeenOrder, ...]:
    """Orders of hers that should not wait any longer: the price has left them behind, or what she knows has changed."""
    news = look.news
    if person.temper is Temper.INFORMED:
        chances = view(person, look)
        if news.fresh or news.to_freeze < 3 or news.since_round == 0:
            return own.waiting
        return tuple(one for one in own.waiting if one.limit > worth(chances, one.outcome, one.side))
    if person.temper is Temper.DEALER and news.to_freeze < 3:
        return own.waiting  # she does not stand in the way of a result
    far = 2 * person.gap + CENT if person.temper is Temper.DEALER else GONE
    return tuple(one for one in own.waiting if abs(look.price(one.outcome, one.side) - one.limit) > far)


def taken_back(own: OwnAccount, back: Sequence[SeenOrder]) -> tuple[TradeIdea, ...]:
    """The lines for it."""
    if len(back) > 1 and len(back) == len(own.waiting):
        return (TradeIdea(line="/cancel all"),)
    return tuple(TradeIdea(line=f"/cancel {one.number}") for one in back)


def without(own: OwnAccount, back: Sequence[SeenOrder]) -> OwnAccount:
    return replace(own, waiting=tuple(one for one in own.waiting if one not in back)) if back else own


def autofill(person: Trader) -> str:
    return " autofill" if person.autofill else ""


def dealer(
    person: Trader, look: SeenBoard, own: OwnAccount, names: Sequence[str], dice: Random
) -> tuple[TradeIdea, ...]:
    """Both sides of one outcome, a gap away from where she sees the price: she sells what she has, else bids."""
    by_price = sorted(look.live, key=lambda each: (-look.yes[each], each))
    outcome = dice.choice((*by_price[:3], *look.live))
    chances = view(person, look)
    sides = [side for side in (YES, NO) if not own.waits(outcome, side)]
    if look.news.to_freeze < 3:
        return _flat(look, own, names, dice)
    if len(own.waiting) > MOST_WAITING:
        return ()
    spend = dollars(bounded(own.cash * person.stake // 2_000))
    found: list[TradeIdea] = []
    for side in sides:
        price = look.price(outcome, side)
        lean = (worth(chances, outcome, side) - price) // 4
        seen = price + max(-NUDGE, min(lean, NUDGE))
        name = typed(names, outcome, dice)
        if own.tokens(outcome, side) > WORTH_SELLING:
            limit = max(above(price), above(seen + person.gap))
            found.append(TradeIdea(line=f"/sell {name} {side} half limit {limit}c"))
        elif own.cash > 4 * LEAST_SPEND:
            limit = min(below(price), below(seen - person.gap))
            found.append(TradeIdea(line=f"/buy {name} {side} {spend} limit {limit}c{autofill(person)}"))
    return tuple(found)


def _flat(look: SeenBoard, own: OwnAccount, names: Sequence[str], dice: Random) -> tuple[TradeIdea, ...]:
    """Before a result a dealer lets go of what she holds, the largest first."""
    held = [(own.tokens(each, side), each, side) for each in look.live for side in (YES, NO)]
    most = [one for one in sorted(held, reverse=True) if one[0] > WORTH_SELLING][:2]
    return tuple(TradeIdea(line=f"/sell {typed(names, outcome, dice)} {side} all") for _, outcome, side in most)


def hunter(person: Trader, look: SeenBoard, own: OwnAccount, names: Sequence[str], dice: Random) -> TradeIdea | None:
    """A bid a few cents below what is cheap already; an offer above what she has when it is dear."""
    chances = view(person, look)
    dear = [
        (look.price(outcome, side) - worth(chances, outcome, side), outcome, side)
        for outcome in look.live
        for side in (YES, NO)
        if own.tokens(outcome, side) > WORTH_SELLING and not own.waits(outcome, side)
    ]
    if dear and (max(dear)[0] > 0 or dice.randrange(3) == 0):
        _, outcome, side = max(dear)
        limit = above(look.price(outcome, side) + dice.randrange(2) * CENT)
        return TradeIdea(line=f"/sell {typed(names, outcome, dice)} {side} half limit {limit}c{autofill(person)}")
    if len(own.waiting) >= MOST_WAITING or own.cash < 4 * LEAST_SPEND:
        return None
    cheap = [
        (worth(chances, outcome, side) - look.price(outcome, side), outcome, side)
        for outcome in look.live
        for side in (YES, NO)
        if not own.waits(outcome, side)
    ]
    if not cheap:
        return None
    gain, outcome, side = max(cheap)
    if gain < -CENT:
        return None
    limit = below(look.price(outcome, side) - dice.randrange(3) * CENT)
    spend = dollars(bounded(own.cash * person.stake // 1_000))
    return TradeIdea(line=f"/buy {typed(names, outcome, dice)} {side} {spend} limit {limit}c{autofill(person)}")


def sceptic(
    person: Trader, look: SeenBoard, own: OwnAccount, names: Sequence[str], dice: Random
) -> tuple[TradeIdea, ...]:
    """A NO bid against what everybody buys or against an outsider; an offer of NO at the next cent once she has it."""
    found: list[TradeIdea] = []
    held = [each for each in look.live if own.tokens(each, NO) > WORTH_SELLING and not own.waits(each, NO)]
    if held:
        outcome = dice.choice(held)
        part = dice.choice(("half", "all"))
        line = f"/sell {typed(names, outcome, dice)} no {part} limit {above(look.no[outcome])}c"
        found.append(TradeIdea(line=line + autofill(person)))
    chances = view(person, look)
    hot = [each for each in look.live if not own.waits(each, NO) and each not in held]
    if not hot or len(own.waiting) >= MOST_WAITING or own.cash < 4 * LEAST_SPEND:
        return tuple(found)
    outcome = max(hot, key=lambda each: (look.yes[each] - chances[each] + look.change(each, person.span), -each))
    outsiders = [each for each in hot if 5 * CENT < look.yes[each] < OUTSIDER]
    if outsiders and dice.randrange(2):
        outcome = dice.choice(outsiders)
    price = look.no[outcome]
    limit = above(price) if dice.randrange(2) else below(price)
    spend = dollars(bounded(own.cash * person.stake // 1_000))
    found.append(TradeIdea(line=f"/buy {typed(names, outcome, dice)} no {spend} limit {limit}c{autofill(person)}"))
    return tuple(found)

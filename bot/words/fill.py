"""How a fill came about, part by part: from the book, from another member, from the house, by auto-fill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.text.numbers import price, tokens
from bot.words.shared import side_word
from engine.state import Side
from storage.records import OrderDraft, TradeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """All fills of one kind: tokens, and money before fees; `waited` where they met the order in the book."""

    kind: str
    size: int
    amount: int
    waited: bool

    @property
    def price(self) -> int:
        return self.amount * 10**6 // self.size if self.size else 0


def legs_of(trades: Iterable[TradeRow], number: int) -> list[Leg]:
    """The fills of an order by kind, in the order they first came."""
    found: dict[tuple[str, bool], Leg] = {}
    for one in trades:
        key = (one.kind, one.resting == number)
        so_far = found.get(key)
        size, amount = (so_far.size, so_far.amount) if so_far else (0, 0)
        found[key] = Leg(kind=one.kind, size=size + one.size, amount=amount + one.amount, waited=key[1])
    return list(found.values())


def sources(sizes: Mapping[str, int], draft: OrderDraft) -> str:
    """`40 from the book, 60 from the house`: of a ticket, which knows no prices by part."""
    return ", ".join(f"{tokens(size)} {source(kind, draft, waited=False)}" for kind, size in sizes.items())


def parts(legs: Iterable[Leg], draft: OrderDraft) -> str:
    """`40 from the book at 50.0¢, 60 from the house at 50.8¢`."""
    return ", ".join(
        f"{tokens(leg.size)} {source(leg.kind, draft, waited=leg.waited)} at {price(leg.price)}" for leg in legs
    )


def source(kind: str, draft: OrderDraft, *, waited: bool) -> str:
    """Where tokens of one kind of fill came from, or went to."""
    way = "from" if draft.buy else "to"
    other = side_word(Side.NO if draft.side is Side.YES else Side.YES)
    if kind == "direct":
        return f"{way} another member" if waited else f"{way} the book"
    return {
        "mint": f"matched with a buyer of {other}",
        "merge": f"matched with a seller of {other}",
        "swap": f"swapped with a {'seller' if draft.buy else 'buyer'} of {other}",
        "autofill": "by auto-fill",
        "sweep": f"{way} the house as its price passed your limit",
    }.get(kind, f"{way} the house")

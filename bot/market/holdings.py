"""What one member holds, token by token."""

from __future__ import annotations

from collections.abc import Mapping

from bot.chat.facts import Holding
from engine.state import MarketState, Side, price_micro
from storage.rankings import Tokens
from storage.records import Market, Member


def holdings_of(
    record: Market, state: MarketState, member: Member, worth: Tokens, paid: Mapping[tuple[int, Side], int]
) -> list[Holding]:
    """What can still be right, dearest first; `worth` as `worth_of` has it, `paid` as `Trades.paid`."""
    rows = [
        Holding(
            outcome=number,
            side=side,
            size=size,
            price=price_micro(state, record.params, number, side),
            worth=worth[number][side is Side.NO],
            for_sale=state.resting.tied_of(member.person, number, side),
            paid=paid.get((number, side), 0),
        )
        for number, pair in enumerate(member.tokens)
        for side, size in zip((Side.YES, Side.NO), pair, strict=True)
        if size and state.binaries[number].active
    ]
    return sorted(rows, key=lambda holding: (-holding.worth, holding.outcome))

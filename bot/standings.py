"""Who is ahead: cash and what the tokens are worth at the prices of the last tick."""

from __future__ import annotations

from collections.abc import Iterable

from bot.words_look import Standing
from engine.state import MarketState, Side, price_micro
from storage.records import Market, Member


def standings(market: Market, state: MarketState, members: Iterable[Member]) -> list[Standing]:
    """Best first; equal totals share a rank, the one who joined earlier stands first."""
    prices = [
        (price_micro(state, market.params, i, Side.YES), price_micro(state, market.params, i, Side.NO))
        if binary.active
        else (0, 0)
        for i, binary in enumerate(state.binaries)
    ]
    totals = [(member.balance + member.coming + _worth(member, prices), member) for member in members]
    totals.sort(key=lambda one: (-one[0], one[1].joined_ms, one[1].person))
    found: list[Standing] = []
    for place, (total, member) in enumerate(totals, 1):
        rank = found[-1].rank if found and found[-1].total == total else place
        found.append(
            Standing(
                rank=rank,
                person=member.person,
                name=member.name,
                total=total,
                stake=member.stake + member.coming,
                trades=member.trade_count,
            )
        )
    return found


def _worth(member: Member, prices: list[tuple[int, int]]) -> int:
    held = zip(member.tokens, prices, strict=False)
    return sum((yes * yes_price + no * no_price) // 10**6 for (yes, no), (yes_price, no_price) in held)

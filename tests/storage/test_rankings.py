"""Who stands where: by gain over stake, tokens counted at the last prices."""

from __future__ import annotations

from engine.units import MICRO
from storage.rankings import standings, worth
from storage.records import Member, TickRow
from tests.storage.worlds import START


def member(person: int, balance: int, *, stake: int = 1_000, tokens: tuple[tuple[int, int], ...] = ()) -> Member:
    return Member(
        market=1, person=person, name=f"P{person}", joined_ms=person, funded=True, balance=balance * MICRO, coming=0,
        reserved=0, stake=stake * MICRO, net_pnl=0, trade_count=0, volume=0, fees=0, gas=0, tokens=tokens,
    )  # fmt: skip


def test_equal_shares_share_a_rank_and_who_came_first_stands_first() -> None:
    ranked = standings([member(3, 1_100), member(1, 900), member(2, 2_200, stake=2_000)], None)
    assert [(row.rank, row.person) for row in ranked] == [(1, 2), (1, 3), (3, 1)]


def test_tokens_count_at_the_prices_of_the_last_tick() -> None:
    latest = TickRow(
        market=1, tick=1, ts_ms=START, yes=(600_000, 0), no=(450_000, 1_000_000), volume=(0, 0), orders=0, trades=0,
        hash="", state_hash="",
    )  # fmt: skip
    holder = member(1, 500, tokens=((10 * MICRO, 0), (7 * MICRO, 3 * MICRO)))
    assert worth(holder, latest) == (500 + 6 + 3) * MICRO

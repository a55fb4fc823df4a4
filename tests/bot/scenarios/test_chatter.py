"""The crowd speaks of what happened, names who did it, and never says the same again."""

from __future__ import annotations

from string import Formatter

import pytest

from bot.scenarios.chatter import LINES, Chatter
from bot.scenarios.happenings import Fact, Happenings, cents
from bot.scenarios.traders import make_traders
from engine.events import Eliminated, Fill, OrderDone, Paid, Resolved
from engine.state import Side
from engine.units import MICRO

NAMES = ("Brazil", "Germany", "France")
PEOPLE = {7: "Mara", 8: "Olu"}
CROWD = dict(enumerate(make_traders(10, 1, (5, 3, 2)), 7))
VALUES = {
    key: key.upper()
    for key in ("name", "size", "each", "money", "side", "limit", "before", "now", "mover", "second", "other")
} | {"count": "two", "chance": "24%", "who": "Lena"}


def fill(buyer: int | None, seller: int | None, outcome: int, side: Side, size: int, amount: int) -> Fill:
    return Fill(
        order="1", kind="maker", outcome=outcome, side=side, buyer=buyer, seller=seller, size=size * MICRO,
        price=amount * MICRO // size, amount=amount * MICRO,
    )  # fmt: skip


def done(user: int, outcome: int, side: Side, filled: int, amount: int, *, buy: bool = True) -> OrderDone:
    return OrderDone(
        order="1", user=user, outcome=outcome, side=side, buy=buy, status="filled", size=filled * MICRO,
        filled=filled * MICRO, amount=amount * MICRO,
    )  # fmt: skip


def eliminated(outcome: int) -> Eliminated:
    return Eliminated(
        round=0, at_ms=1, outcomes=(outcome,), prices_before=(), prices_after=(), holders_no=1, paid=1, freed=0,
        handed=0, withheld=0, sum_before=0, sum_after=0,
    )  # fmt: skip


def told(facts: list[Fact], kind: str) -> list[tuple[int | None, dict[str, str]]]:
    return [(fact.by, dict(fact.values)) for fact in facts if fact.kind == kind]


def test_a_trade_and_the_price_it_moved_are_told_with_who_did_it() -> None:
    happenings = Happenings(NAMES, PEOPLE)
    happenings.of_tick([], [], {0: 400_000, 1: 300_000, 2: 200_000})
    facts = happenings.of_tick(
        [done(7, 1, Side.YES, 150, 50), done(99, 2, Side.YES, 150, 50)],
        [fill(7, None, 1, Side.YES, 150, 50), fill(99, None, 2, Side.YES, 150, 50)],
        {0: 400_000, 1: 320_000, 2: 220_000},
    )
    assert told(facts, "bought_yes") == [(7, {"name": "Germany", "size": "150", "money": "$50", "each": "33¢"})]
    assert told(facts, "up_by") == [(None, {"name": "Germany", "before": "30¢", "now": "32¢", "mover": "Mara"})]
    assert told(facts, "up") == [(None, {"name": "France", "before": "20¢", "now": "22¢"})]  # who it was is not told


def test_an_elimination_is_told_by_whom_it_paid_and_whom_it_cost() -> None:
    happenings = Happenings(NAMES, PEOPLE)
    yes = {0: 400_000, 1: 300_000, 2: 200_000}
    happenings.of_tick([], [fill(7, None, 2, Side.YES, 100, 20), fill(8, None, 2, Side.NO, 50, 40)], yes)
    paid = Paid(user=8, amount=50 * MICRO, outcome=2, side=Side.NO, tokens=50 * MICRO)
    facts = happenings.of_tick([eliminated(2), paid], [], {0: 400_000, 1: 300_000})
    assert told(facts, "paid") == [(8, {"name": "France", "money": "$50"})]
    assert told(facts, "lost") == [(7, {"name": "France", "size": "100", "money": "$20"})]
    won = Paid(user=7, amount=90 * MICRO, outcome=0, side=Side.YES, tokens=90 * MICRO)
    end = Resolved(round=1, at_ms=2, winners=(0,), paid=1, holders=1, prices_before=())
    assert told(happenings.of_tick([end, won], [], {}), "won") == [(7, {"name": "Brazil", "money": "$90"})]


def test_a_new_leader_is_told_whether_it_passed_the_other_or_that_is_out() -> None:
    happenings = Happenings(NAMES, PEOPLE)
    happenings.of_tick([], [], {0: 310_000, 1: 300_000, 2: 200_000})
    passed = happenings.of_tick([], [], {0: 300_000, 1: 310_000, 2: 200_000})
    assert told(passed, "leads") == [(None, {"name": "Germany", "now": "31¢", "second": "Brazil", "other": "30¢"})]
    assert told(happenings.of_tick([], [], {0: 500_000, 2: 400_000}), "inherits") == [
        (None, {"name": "Brazil", "now": "50¢"})
    ]


@pytest.mark.parametrize("kind", sorted(set(LINES) - {"opinion"}))
def test_every_line_can_be_said_once_of_a_fact_and_each_only_once(kind: str) -> None:
    chatter, lines = Chatter(CROWD, 1), list[str]()
    for number in range(40):
        fact = Fact(kind=kind, by=7 + number % 10, values={**VALUES, "name": f"N{number}"})
        lines += [text for _, text in chatter.say([fact], 1)]
    assert len(lines) == len(set(lines)) >= len(LINES[kind])
    assert all(len(line) <= 100 and "{" not in line and not line.startswith("/") for line in lines)
    for template in LINES[kind]:
        assert {key for _, key, _, _ in Formatter().parse(template) if key} <= {*VALUES, "opinion"}


def test_nobody_says_i_for_another_nor_speaks_all_the_time() -> None:
    chatter = Chatter(CROWD, 1)
    facts = [Fact(kind="paid", by=7, values={"name": f"N{number}", "money": "$5"}) for number in range(3)]
    assert [trader.number for trader, _ in chatter.say(facts, 3)] == [0]
    assert chatter.say([Fact(kind="paid", by=99, values={"name": "X", "money": "$5"})], 1) == []
    mover = [Fact(kind="up_by", of=8, values={**VALUES, "name": f"N{number}"}) for number in range(30)]
    assert 1 not in {trader.number for fact in mover for trader, _ in chatter.say([fact], 1)}


def test_prices_are_said_in_whole_cents() -> None:
    assert [cents(price) for price in (4_000, 5_000, 314_999, 315_000)] == ["less than a cent", "1¢", "31¢", "32¢"]

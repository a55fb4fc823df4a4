"""What is told without an event, as tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.state import Status
from engine.units import MICRO, RULES
from scheduler.pace import Pace
from scheduler.signals import MarketSnapshot, Memo, detect
from storage.records import Market, NextStep, Notice
from tests.storage.worlds import MINUTE, START, params

PACE = Pace()
POINT = MICRO // 100


def market(**changes: object) -> Market:
    found = Market(
        id=1,
        chat_id=1,
        title="Zoo",
        status=Status.RUNNING,
        params=params(),
        draft={},
        creator=1,
        created_ms=START,
        planned_start_ms=None,
        start_ms=START,
        tick=5,
        tick_ms=START,
        head="",
        halted=None,
        memo={},
        next_step=None,
        intents=0,
        volume=0,
        trades=0,
        winners=(),
        asks_now=(),
        rules=RULES,
        ended_ms=None,
    )
    return replace(found, **changes)  # type: ignore[arg-type]  # fields by name, as the table has them


def facts(
    at_ms: int, *points: int, active: tuple[int, ...] = (0, 1, 2), trades: int = 0, ticked: bool = True
) -> MarketSnapshot:
    """YES prices in tenths of a point."""
    yes = tuple(point * POINT // 10 for point in points)
    return MarketSnapshot(now_ms=at_ms, yes=yes, active=active, volume=trades * MICRO, trades=trades, ticked=ticked)


LEADS = [
    # what it shows, (prices in tenths of a point, tick or sweep, ms after) ..., (leader, before) told at the end
    ("two ticks", [((400, 300, 300), True, 0), ((400, 411, 300), True, 1), ((400, 411, 300), True, 2)], (1, 0)),
    ("one tick is not enough", [((400, 300, 300), True, 0), ((400, 411, 300), True, 1)], None),
    ("less than a point", [((400, 300, 300), True, 0), ((400, 409, 300), True, 1), ((400, 409, 300), True, 2)], None),
    ("back again", [((400, 300, 300), True, 0), ((400, 411, 300), True, 1), ((411, 400, 300), True, 2)], None),
    (
        "another rival begins anew",
        [((400, 300, 300), True, 0), ((400, 411, 300), True, 1), ((400, 411, 422), True, 2)],
        None,
    ),
    (
        "quiet for two intervals",
        [((400, 300, 300), True, 0), ((400, 411, 300), True, 1), ((400, 411, 300), False, 4_001)],
        (1, 0),
    ),
    ("nobody led", [((333, 333, 333), True, 0), ((333, 350, 333), True, 1), ((333, 350, 333), True, 2)], (1, None)),
    ("the first leader is no news", [((333, 350, 333), True, 0), ((333, 350, 333), True, 1)], None),
]


@pytest.mark.parametrize(("shows", "steps", "told"), LEADS, ids=[row[0] for row in LEADS])
def test_a_new_leader_is_told_after_two_ticks_a_point_ahead(
    shows: str, steps: list[tuple[tuple[int, ...], bool, int]], told: tuple[int, int | None] | None
) -> None:
    memo = Memo()
    found: list[Notice] = []
    for prices, ticked, after in steps:
        found, memo = detect(market(), memo, facts(START + after, *prices, ticked=ticked), PACE)
    leads = [(notice.payload["outcome"], notice.payload["before"]) for notice in found if notice.kind == "lead_change"]
    assert leads == ([told] if told else [])


def test_a_leader_who_is_eliminated_is_replaced_without_a_word() -> None:
    _, memo = detect(market(), Memo(), facts(START, 500, 300, 200), PACE)
    for _ in range(3):
        found, memo = detect(market(), memo, facts(START + 1, 0, 600, 400, active=(1, 2)), PACE)
        assert found == []
    assert memo.leader == 1


DIGESTS = [
    # minutes after the first tick, trades so far, digests told
    (9, 5, 0),
    (10, 5, 1),
    (11, 6, 0),
    (20, 6, 1),
    (31, 6, 0),  # nothing traded: the next ten minutes begin
    (40, 7, 0),
    (41, 7, 1),
]


def test_a_digest_comes_at_most_every_ten_minutes_and_only_if_anything_traded() -> None:
    _, memo = detect(market(), Memo(), facts(START, 400, 300, 300), PACE)
    for minutes, trades, count in DIGESTS:
        now = facts(START + minutes * MINUTE, 400, 300, 300, trades=trades)
        found, memo = detect(market(), memo, now, PACE)
        assert len([notice for notice in found if notice.kind == "digest"]) == count, minutes


def test_a_digest_counts_from_the_last_one() -> None:
    _, memo = detect(market(), Memo(), facts(START, 400, 300, 300), PACE)
    _, memo = detect(market(), memo, facts(START + 10 * MINUTE, 410, 300, 290, trades=5), PACE)
    (digest,), _ = detect(market(), memo, facts(START + 20 * MINUTE, 420, 300, 280, trades=7), PACE)
    assert (digest.payload["after"], digest.payload["until"], digest.payload["volume"]) == (5, 7, 2 * MICRO)
    assert digest.payload["before"] == [410 * POINT // 10, 300 * POINT // 10, 290 * POINT // 10]
    assert digest.key == "digest"


def test_less_than_a_cent_makes_no_digest() -> None:
    _, memo = detect(market(), Memo(), facts(START, 400, 300, 300), PACE)
    dust = replace(facts(START + 10 * MINUTE, 400, 300, 300, trades=1), volume=9_999)
    assert detect(market(), memo, dust, PACE)[0] == []


def test_a_freeze_is_called_out_once() -> None:
    step = NextStep(kind="freeze", at_ms=START + 10 * MINUTE, round=0, final=False)
    memo, told = Memo(), list[int]()
    for minutes in range(12):
        found, memo = detect(market(next_step=step), memo, facts(START + minutes * MINUTE, 400, 300, 300), PACE)
        told += [minutes for notice in found if notice.kind == "countdown"]
    assert told == [5]


def test_what_is_remembered_survives_its_json() -> None:
    memo = Memo(leader=1, rival=2, rival_ticks=1, rival_ms=5, digest_ms=7, yes=(1, 2), countdown=0, asked_ms=9)
    assert Memo.read(memo.to_json()) == memo
    assert Memo.read({}) == Memo()

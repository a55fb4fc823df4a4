"""What a season counts: rules of the points, and a whole season spoken through the room."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import plain_text
from bot.chat.facts import LEAST_TRADES
from bot.market.standings import PLACES, Score, board_of, scores, table
from storage.rankings import Ranked
from tests.bot.harness import ADMIN, CREATE, ChatHarness, chat_harness, opened, running

STAKE = 1_000_000_000


def ranked(*results: tuple[str, int, int]) -> list[Ranked]:
    """(name, gain in whole percent, trades) each."""
    return [
        Ranked(
            rank=0,
            person=number,
            name=name,
            stake=STAKE,
            final=STAKE + STAKE * gain // 100,
            trades=trades,
            volume=0,
            fees=0,
            gas=0,
        )
        for number, (name, gain, trades) in enumerate(results, 1)
    ]


# results of one market -> (name, rank, tenths of points)
SCORES = [
    ("nobody", [], []),
    ("too few trades", [("a", 90, 2), ("b", 10, 3)], [("b", 1, 260)]),
    ("places and gains", [("a", 40, 3), ("b", 9, 3), ("c", -50, 9)], [("a", 1, 290), ("b", 2, 189), ("c", 3, 150)]),
    (
        "a tie at the top shares 25 and 18",
        [("a", 5, 3), ("b", 5, 3), ("c", 0, 3)],
        [("a", 1, 220), ("b", 1, 220), ("c", 3, 150)],
    ),
    (
        "three share 25, 18 and 15",
        [("a", 0, 3), ("b", 0, 3), ("c", 0, 3)],
        [("a", 1, 193), ("b", 1, 193), ("c", 1, 193)],
    ),
    ("a gain beyond 250 % is worth no more", [("a", 900, 3)], [("a", 1, 500)]),
]


@pytest.mark.parametrize(("results", "wanted"), [row[1:] for row in SCORES], ids=[row[0] for row in SCORES])
def test_the_points_of_one_market(results: list[tuple[str, int, int]], wanted: list[tuple[str, int, int]]) -> None:
    assert [(score.name, score.rank, score.points) for score in scores(ranked(*results))] == wanted


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-100, 400), st.integers(0, 6)), max_size=15))
def test_who_gained_more_never_has_fewer_points_and_no_point_is_made_of_nothing(
    results: list[tuple[str, int, int]],
) -> None:
    scored = scores(ranked(*results))
    assert len(scored) == sum(trades >= LEAST_TRADES for _, _, trades in results)
    for better, worse in pairwise(scored):
        assert better.share >= worse.share
        assert better.points >= worse.points
        assert (better.share == worse.share) == (better.rank == worse.rank)
        assert (better.share == worse.share) <= (better.points == worse.points)
    assert sum(score.points - min(250, max(0, int(score.share * 100))) for score in scored) <= sum(PLACES)


def test_wins_break_ties_of_points_and_equal_ones_share_a_place() -> None:
    def one(person: int, rank: int, points: int, gain: int = 10) -> Score:
        return Score(person=person, name=f"p{person}", rank=rank, share=Fraction(gain, 100), points=points)

    markets = [[one(1, 1, 200), one(2, 2, 100), one(3, 3, 50)], [one(2, 2, 100), one(3, 3, 150), one(4, 1, 200)]]
    places = [(row.rank, row.person, row.points, row.wins) for row in table(markets)]
    assert places == [(1, 1, 200, 1), (1, 4, 200, 1), (3, 2, 200, 0), (3, 3, 200, 0)]
    assert [row.wins for row in table([[one(1, 1, 250, gain=-2)]])] == [0], "who lost least has won nothing"


def test_two_accounts_of_one_person_count_together() -> None:
    def one(person: int, points: int) -> Score:
        return Score(person=person, name=f"p{person}", rank=2, share=Fraction(0), points=points)

    rows = table([[one(1, 100)], [one(2, 50)]], {2: 1})
    assert [(row.person, row.points, row.markets, row.name) for row in rows] == [(1, 150, 2, "p2")]


async def play_market(harness: ChatHarness, number: int, winner: str) -> None:
    """Ada and Bob trade three times each, then the market ends."""
    for who, outcome in (("ada", "germany"), ("bob", "brazil")):
        for _ in range(LEAST_TRADES):
            await harness.confirmed(who, f"/buy {outcome} yes 50")
            await harness.tick(market=number)
    preview = await harness.say(ADMIN, f"/admin resolve {winner}")
    await harness.press(ADMIN, preview, "Confirm")
    await harness.tick(market=number)


async def test_a_whole_season(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        refused = await harness.say("ada", "/admin season start")
        assert not refused.ok
        assert "No season is on" in plain_text.text(await harness.say("ada", "/leaderboard season"))
        assert not (await harness.say(ADMIN, "/admin season end")).ok
        begun = await harness.say(ADMIN, "/admin season start Spring *2027*")
        assert "Spring *2027* begins" in plain_text.text(begun)
        assert "is still on" in plain_text.text(await harness.say(ADMIN, "/admin season start Autumn"))
        assert "no market has ended yet" in plain_text.text(await harness.say("eve", "/leaderboard season"))

        await play_market(harness, 1, "germany")
        text = plain_text.text(await harness.say("eve", "/leaderboard season"))
        assert "Ada leads Spring *2027* with" in text
        assert "1 market so far: Cup." in text

        await opened(harness, create=CREATE.replace("Cup", "Plate"))
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")
        await harness.tick(market=2)
        preview = await harness.say(ADMIN, "/admin season end")
        assert "Plate has not ended: it would count for the next season." in plain_text.text(preview)
        await play_market(harness, 2, "brazil")
        stale = await harness.press(ADMIN, preview, "Confirm")
        assert "if it ends now" in plain_text.text(stale), "the preview of before the market's end ends nothing"
        before = harness.rows()
        foreign = await harness.press("ada", stale, "Confirm")
        assert not foreign.ok
        assert harness.rows() == before
        ended = plain_text.text(await harness.press(ADMIN, stale, "Confirm"))
        assert "win Spring *2027* with" in ended or "wins Spring *2027* with" in ended
        assert "1st" in ended
        assert not (await harness.say(ADMIN, "/admin season end")).ok

        await harness.say(ADMIN, "/admin season start")
        fame = plain_text.text(await harness.say("eve", "/leaderboard season"))
        assert "Season 2 is on" in fame
        assert "Hall of fame" in fame
        assert "Spring *2027*: " in fame


async def test_a_market_called_off_and_one_of_another_chat_count_nowhere(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, "/admin season start Spring")
        await running(harness)
        for _ in range(LEAST_TRADES):
            await harness.confirmed("ada", "/buy germany yes 50")
            await harness.tick()
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin void"), "Confirm")
        await harness.tick()
        assert "no market has ended yet" in plain_text.text(await harness.say("ada", "/leaderboard season"))
        assert "No season is on" in plain_text.text(await harness.say("ada", "/leaderboard season", chat="elsewhere"))


async def test_the_board_of_a_market_that_was_called_off_has_the_last_prices_of_who_was_out_too(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin eliminate brazil"), "Confirm")
        await harness.tick()
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin void"), "Confirm")
        await harness.tick()
        async with harness.db.reading() as uow:
            board = await board_of(uow, await uow.markets.get_one(1), harness.clock.now_ms())
        assert board.status == "Voided"
        for row in board.rows:
            assert row.active
            assert row.yes > 0
            assert row.no > 0
            assert all(row.spark)

"""Places read as places, equals share them, and nobody leads who looks level or has lost."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.facts import SeasonStanding
from bot.chat.reply import Audience, Board, BoardRow
from bot.text.numbers import places, price
from bot.words import seasons, views
from engine.units import MICRO
from storage.rankings import Ranked
from storage.seasons import Season
from tests.bot.harness import ADMIN, chat_harness, running

GIVEN = 1_000 * MICRO


def ranked(*rows: tuple[int | None, str, int]) -> list[Ranked]:
    """(rank, name, gain in dollars) each."""
    return [
        Ranked(
            rank=rank, person=number, name=name, stake=GIVEN, final=GIVEN + gain * MICRO,
            trades=0 if rank is None else 3, volume=0, fees=0, gas=0,
        )
        for number, (rank, name, gain) in enumerate(rows, 1)
    ]  # fmt: skip


def leaderboard(*rows: tuple[int | None, str, int], over: bool = False, shown: int = 15) -> list[str]:
    reply = views.leaderboard(ranked(*rows), shown, over=over, audience=Audience.CHAT, called_off=False)
    return plain_text.text(reply).splitlines()


# rows (rank, name, gain), whether the market is over -> the sentence
HEADS = [
    ([(1, "Ada", 540), (2, "Bob", -3)], False, "Ada leads with +54%: $1,540.00."),
    ([(1, "Ada", 540), (2, "Bob", -3)], True, "Ada won with +54%: $1,540.00."),
    ([(1, "Ada", 5), (1, "Bob", 5)], False, "Ada and Bob lead with +0.5%."),
    ([(1, "Ada", 5), (1, "Bob", 5), (1, "Cy", 5)], True, "3 people won with +0.5%."),
    ([(1, "Ada", -20)], False, "Nobody has gained: Ada has lost least, −2%."),
    ([(1, "Ada", -20), (None, "Bob", 0)], True, "Nobody gained: Ada lost least, −2%."),
    ([(1, "Ada", 0), (1, "Bob", 0)], False, "Nobody has gained: Ada and Bob have what they were given."),
    ([(None, "Ada", 0)], False, "Nobody has traded yet; everybody is level."),
    ([(None, "Ada", 0)], True, "Nobody traded, so nobody won."),
]


@pytest.mark.parametrize(("rows", "over", "says"), HEADS)
def test_the_leaderboard_says_who_leads_by_what_it_shows(
    rows: list[tuple[int | None, str, int]], over: bool, says: str
) -> None:
    assert leaderboard(*rows, over=over)[0] == says


def test_ties_share_a_place_also_with_those_cut_off_and_who_has_not_traded_has_none() -> None:
    rows = leaderboard((1, "Ada", 9), (2, "Bob", 5), (2, "Cy", 5), (2, "Di", 5), (None, "Eve", 0), shown=3)
    assert rows[1:] == [
        "      Name   Gain      Worth  Trades",
        " 1st  Ada   +0.9%  $1,009.00       3",
        "2nd=  Bob   +0.5%  $1,005.00       3",
        "2nd=  Cy    +0.5%  $1,005.00       3",
        "and 1 more",
        "1 person who has not traded has no place.",
    ]


def board(*yes: int, active: tuple[bool, ...] | None = None) -> str:
    """The sentence above a board with these YES prices, dearest first, in micro-dollars."""
    names = ("Germany", "Brazil", "Chile", "Peru", "Togo")
    written = places([price(micro) for micro in yes])
    rows = tuple(
        BoardRow(outcome=i, place=place, name=names[i], yes=micro, no=0, change=None, spark=(), active=True)
        for i, (micro, place) in enumerate(zip(yes, written, strict=True))
    )
    shown = Board(title="Cup", status="Open", rows=rows, volume=0, people=2, traders=0, now_ms=0)
    return plain_text.line_text(views.board(shown, Audience.CHAT).head)


@pytest.mark.parametrize(
    ("yes", "says"),
    [
        ((500_000, 300_000, 200_000), "Cup: Germany leads at 50.0¢."),
        ((500_000, 499_600, 200_000), "Cup: Germany and Brazil are level at 50.0¢."),
        ((333_333, 333_333, 333_334), "Cup: all are level at 33.3¢."),
        ((500_000, 500_000), "Cup: Germany and Brazil are level at 50.0¢."),
        ((240_000, 240_000, 240_000, 240_000, 40_000), "Cup: 4 outcomes are level at 24.0¢."),
    ],
)
def test_level_prices_have_no_leader(yes: tuple[int, ...], says: str) -> None:
    assert board(*yes) == says


def test_a_season_writes_places() -> None:
    def standing(rank: int, name: str, tenths: int) -> SeasonStanding:
        return SeasonStanding(rank=rank, person=rank, name=name, points=tenths, markets=1, wins=0, best=Fraction(1, 10))

    rows = [standing(1, "Ada", 260), standing(2, "Bob", 190), standing(2, "Cy", 190), standing(4, "Di", 10)]
    season = Season(id=1, chat=1, number=1, title="Spring", start_ms=0, end_ms=None)
    text = plain_text.text(seasons.standings(season, [], rows, Audience.CHAT))
    assert re.findall(r"^ *(\d\S+)  (\w+)", text, re.MULTILINE) == [
        ("1st", "Ada"), ("2nd=", "Bob"), ("2nd=", "Cy"), ("4th", "Di"),
    ]  # fmt: skip
    ended = plain_text.text(seasons.ended(season, [], rows)).splitlines()
    assert [line.split()[0] for line in ended[1:4]] == ["1st", "2nd=", "2nd="]


async def test_a_number_stands_where_a_command_takes_it(tmp_path: Path) -> None:
    """On no board, ranking or list does a row's number look like an outcome's or a person's."""
    async with chat_harness(tmp_path) as harness:
        await running(harness, create='/admin create Cup Germany, Brazil, "Costa Rica" odds "20 30 50"')
        await harness.confirmed("ada", "/buy 3 yes 100")
        await harness.tick()
        rows = plain_text.text(await harness.say("eve", "/board")).splitlines()
        assert [row.split()[0] for row in rows if "¢" in row and not row.startswith("Cup")] == ["1st", "2nd", "3rd"]
        assert rows[0].startswith("Cup: Costa Rica leads at"), "what /buy 3 buys"
        users = plain_text.text(await harness.say(ADMIN, "/admin users"))
        (number,) = re.findall(r"^1st +#(\d+) +Ada ", users, re.MULTILINE)
        assert re.search(r"^ +#\d+ +Bob ", users, re.MULTILINE), "who has not traded has no place"
        preview = plain_text.text(await harness.say(ADMIN, f"/admin grant #{number} $50"))
        assert preview.startswith("Ada would get $50.00.")

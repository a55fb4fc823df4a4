"""A timetable is typed, shown and read back the same."""

from __future__ import annotations

import pytest

from bot.market.timetable import Timetable, of_params, read, render, without_prices
from engine.params import build_params
from engine.terms import MarketParams

NOW = 1_404_370_000_000
NAMES = ("Germany", "Brazil", "Costa Rica", "France")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("+2h winner", "+2h winner ask"),
        ("+1h out 1; +2h winner germany", "+1h out 1; +2h winner Germany"),
        ("+1h for 5m out 1; +2h winner", "+1h to +1h5m out 1; +2h winner ask"),
        ("round 1: +1h to +90m out costa rica, france\nround 2: +3h winner ask", None),
        ("start 2014-07-03 09:40; 2014-07-04 16:00 to 22:05 out 2; 2014-07-13 19:00 to 21:40 winner ask", None),
        ("2014-07-04 23:00 until 01:00 out 1; +9d for 1h winner", None),
        (
            "2014-07-04 18:00 Europe/Berlin to 19:30 out 1; sat 8pm europe/berlin for 1h winner",
            "2014-07-04 16:00 to 2014-07-04 17:30 out 1; 2014-07-05 18:00 to 2014-07-05 19:00 winner ask",
        ),
        ("start in 10m; +1h winner", "start 2014-07-03 06:56:40; +1h winner ask"),
    ],
)
def test_what_is_shown_reads_back_the_same(typed: str, shown: str | None) -> None:
    table = read(typed, NAMES, NOW)
    assert isinstance(table, Timetable), table
    line = render(table, NAMES)
    assert shown is None or line == shown
    assert read(line, NAMES, NOW) == table


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", ["at least the final"]),
        ("out 1", ["is not a round"]),
        ("+1h out nobody; soon winner; start never", ["no outcome “nobody”", "“soon” is not a time", "“never”"]),
        ("+1h for ever out 1", ["“ever” is not a span"]),
        ("+1h to 22:00 out 1", ["counted from the start is not clear"]),
        ("+1h to 8 p.m. out 1", ["counted from the start is not clear"]),
        ("+400d winner", ["longer than a year"]),
        ("2500-01-01 10:00 winner", ["too far away"]),
        ("+1h out 1 quickly", ["not a way to choose"]),
        ("+1h out 1 lowest", ["Prices cannot decide who goes"]),
        ("+1h out 2 lowest price", ["Prices cannot decide who goes"]),
        ("+1h out germany, ger", ["named twice"]),
        (";".join(["+1h out 1"] * 26), ["24 rounds are the most"]),
    ],
)
def test_every_mistake_is_told_at_once(typed: str, words: list[str]) -> None:
    mistakes = read(typed, NAMES, NOW)
    assert isinstance(mistakes, tuple)
    assert len(mistakes) == len(words)
    for mistake, word in zip(mistakes, words, strict=True):
        assert word in mistake.sentence


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        (
            "+1h out 1; 2014-10-26 02:30 Europe/Berlin to 03:30 out 1; +500h winner",
            (
                "+1h out 1; 2014-10-26 02:30 UTC+2 to 03:30 Europe/Berlin out 1; +500h winner",
                "+1h out 1; 2014-10-26 02:30 UTC+1 to 03:30 Europe/Berlin out 1; +500h winner",
            ),
        ),
        (
            "2014-10-26 01:30 Europe/Berlin to 02:30 winner ask",
            (
                "2014-10-26 01:30 Europe/Berlin to 2014-10-26 02:30 UTC+2 winner ask",
                "2014-10-26 01:30 Europe/Berlin to 2014-10-26 02:30 UTC+1 winner ask",
            ),
        ),
        (
            "start fri 20:00 CST; +1h winner",
            (
                "start fri 20:00 America/Chicago; +1h winner",
                "start fri 20:00 Asia/Shanghai; +1h winner",
                "start fri 20:00 America/Havana; +1h winner",
            ),
        ),
        (
            "fri midnight for 1h winner france",
            ("2014-07-04 00:00 for 1h winner france", "2014-07-04 24:00 for 1h winner france"),
        ),
    ],
)
def test_a_time_that_can_be_read_in_two_ways_is_asked_back_as_whole_timetables(
    typed: str, choices: tuple[str, ...]
) -> None:
    mistakes = read(typed, NAMES, NOW)
    assert isinstance(mistakes, tuple)
    assert [mistake.choices for mistake in mistakes] == [choices]
    for choice in choices:
        assert isinstance(read(choice, NAMES, NOW), Timetable)


def test_rounds_reach_the_engine_and_come_back() -> None:
    start = NOW + 1_000
    table = read("+1h for 5m out 1; 2014-07-04 16:00 to 22:05 out france; +3d winner germany", NAMES, NOW)
    assert isinstance(table, Timetable)
    params = build_params({"outcome_names": list(NAMES), "rounds": table.rounds(start)})
    assert isinstance(params, MarketParams)
    assert [round_.freeze_at for round_ in params.rounds] == [3_600_000, 1_404_489_600_000 - start, 3 * 86_400_000]
    assert params.rounds[1].losers == (3,)
    assert params.rounds[2].winner == 0
    again = of_params(params, start)
    assert [entry.freeze.epoch(start) for entry in table.entries] == [entry.freeze.ms for entry in again]


def test_a_timetable_keeps_its_moments_as_they_were_said() -> None:
    table = read("start in 2h; fri 20:00 Europe/Berlin to 21:00 out 1; +3d for 1h winner", NAMES, NOW)
    assert isinstance(table, Timetable)
    assert [(when.said, when.zone) for when in table.moments()] == [
        ("in 2h", ""),
        ("fri 20:00 Europe/Berlin", "Europe/Berlin"),
        ("21:00", "Europe/Berlin"),
    ]


@pytest.mark.parametrize(
    "who", ["1 lowest", "2 lowest_price", "1 lowest price", "lowest", "the lowest price", "by price", "cheapest"]
)
def test_prices_never_decide_who_goes_and_the_sentence_says_why(who: str) -> None:
    mistakes = read(f"+1h for 5m out {who}; +2h winner ask", NAMES, NOW)
    assert isinstance(mistakes, tuple)
    assert "whoever holds NO would push a price down and be paid for it" in mistakes[0].sentence


def test_an_outcome_may_be_called_as_a_rule_was() -> None:
    table = read("+1h out lowest; +2h winner ask", ("Lowest", "Highest", "Middle"), NOW)
    assert isinstance(table, Timetable), table
    assert table.entries[0].losers == (0,)


def test_a_timetable_kept_by_older_rules_asks_where_prices_were_to_decide() -> None:
    kept = 'start 2014-07-03 09:40; +1h to +1h1m out 1 lowest; +2h out 12 lowest; +3h out "1 lowest"; +4h winner ask'
    wanted = 'start 2014-07-03 09:40; +1h to +1h1m out 1; +2h out 12; +3h out "1 lowest"; +4h winner ask'
    assert without_prices(kept) == wanted


@pytest.mark.parametrize("who", ["germany, brazil", "germany and brazil"])
def test_a_timetable_names_one_winner(who: str) -> None:
    mistakes = read(f"+2h winner {who}", NAMES, NOW)
    assert isinstance(mistakes, tuple)
    assert "A timetable names one winner, or ask" in mistakes[0].sentence


def test_a_timetable_has_room_for_twenty_five_who_go_one_by_one() -> None:
    names = tuple(f"Driver {chr(65 + i)}" for i in range(25))
    table = read("; ".join([*(f"+{i}h out 1" for i in range(1, 24)), "+24h winner ask"]), names, NOW)
    assert isinstance(table, Timetable), table
    assert isinstance(build_params({"outcome_names": list(names), "rounds": table.rounds(NOW)}), MarketParams)

"""An event in a file: read as the chat would have it, and every mistake told at once with its line."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest

from bot.chat.facts import When
from bot.grammar.times import FARTHEST
from bot.market.draft import build
from bot.market.event_file import EventFile, read, read_when
from bot.text.toml_lines import lines_of
from bot.words import event_file as words_event_file
from bot.words import times as words_times
from engine.lint import lint
from engine.params import Round, build_params
from engine.units import RATE
from tests.paths import EXAMPLE_EVENT

NOW = int(datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()) * 1_000
START = int(datetime(2026, 12, 1, 17, tzinfo=UTC).timestamp()) * 1_000
HOUR = 3_600_000

HEAD = 'title = "Cup"\noutcomes = ["Ada", "Bo", "Cleo", "Dan"]\n'
FINAL = '[[rounds]]\ndecide_at = "9h"\nwinner = "ask"\n'


def event(text: str) -> EventFile:
    file = read(text, NOW)
    assert isinstance(file, EventFile), file
    return file


def mistakes(text: str) -> list[tuple[int | None, str]]:
    wrong = read(text, NOW)
    assert not isinstance(wrong, EventFile)
    return [(mistake.line, mistake.sentence) for mistake in wrong]


def test_the_example_is_read_and_has_nothing_to_warn_of() -> None:
    file = event(EXAMPLE_EVENT.read_text(encoding="utf-8"))
    assert file.params.outcome_names == ("Ada", "Bo", "Cleo", "Dan")
    assert [step.decide_at // 60_000 for step in file.params.rounds] == [150, 26 * 60 + 30, 51 * 60]
    assert (file.start_ms, file.opened, lint(file.params)) == (None, False, ())
    assert file.about.startswith("The crosstable on the kitchen wall after the last round decides.\nIf the cup is")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("3", "about is a text in quotes"),
        ('""', "The text has no letters in it"),
        (f'"{"a" * 1_501}"', "The text has 1501 characters; please stay within 1500."),
    ],
)
def test_what_decides_is_a_text_that_fits(value: str, why: str) -> None:
    ((line, sentence),) = mistakes(f"{HEAD}about = {value}\n")
    assert line == 3
    assert why in sentence


def test_title_and_outcomes_are_enough() -> None:
    file = event(HEAD)
    assert file.params == build_params({"outcome_names": ["Ada", "Bo", "Cleo", "Dan"]})
    assert (file.title, file.start_ms, file.opened) == ("Cup", None, False)
    assert file.draft.timetable == ""


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        ('preset = "fair"', {"preset": "fair"}),
        ('fee = "2%"\ngas_fee = 0.05', {"fee": "0.02", "gas_fee": "0.05"}),
        ("kappa = 1e-6", {"kappa": "0.000001"}),
        ("mu_start = 2\nmu_end = 0.5", {"mu_start": 2, "mu_end": "0.5"}),
        ("zeta = 0.123456789012", {"zeta": "0.123456789012"}),
        ("band = 0.15", {"band": "0.15"}),
        ('preset = "fair"\nband = false', {"preset": "fair", "band": None}),
        ("af_enabled = false\ncm_enabled = true", {"af_enabled": False}),
        ("odds = [0.4, 0.3, 0.2, 0.1]", {"odds": ["0.4", "0.3", "0.2", "0.1"]}),
        ("odds = [4, 3, 2, 1]", {"odds": ["0.4", "0.3", "0.2", "0.1"]}),
        ('odds = "1 1 1 3"', {"odds": [Fraction(1, 6)] * 3 + [Fraction(1, 2)]}),
        ("z = 2_500\nl0 = 1000", {"z": 2500, "l0": 1000}),
        ('start = "classic"\nfloor_enabled = false', {"start": "classic", "floor_enabled": "off"}),
        ("batch_interval_ms = 5000\nstarting_balance = 250", {"batch_interval_ms": 5000, "starting_balance": 250}),
        ('tick = "5s"\nbalance = "$250"\nstake = 900', {"batch_interval_ms": 5000, "starting_balance": 250, "z": 900}),
        ('duration = "3d"\ninterpolation = "reset"', {"duration": 72 * HOUR, "interpolation": "reset"}),
        ('dispute = "10m"', {"dispute_window": 600_000}),
        ('dispute_window = "off"', {"dispute_window": "off"}),
        ("n_outcomes = 4", {}),
        ('"renormalise" = "clamp"   # quoted keys are keys', {"renormalise": "clamp"}),
    ],
)
def test_every_term_is_set_by_its_name(lines: str, values: dict[str, object]) -> None:
    file = event(HEAD + lines)
    assert file.params == build_params({"outcome_names": ["Ada", "Bo", "Cleo", "Dan"], **values})
    assert build(file.draft, file.draft.assumed_start_ms) == file.params
    assert build_params(file.values) == file.params


def test_a_number_of_outcomes_alone_names_them() -> None:
    file = event('title = "Cup"\nn_outcomes = 5\n[[rounds]]\ndecide_at = "1h"\nwinner = "Outcome 5"')
    assert file.params.outcome_names[4] == "Outcome 5"
    assert file.params.rounds[0].winner == 4


def test_rounds_are_spans_after_the_start_or_moments_and_name_outcomes() -> None:
    file = event(
        HEAD
        + 'start_at = "2026-12-01 18:00 Europe/Berlin"\nopen = true\n'
        + '[[rounds]]\nfreeze_at = "1h"\ndecide_at = "1h 10m"\nlosers = ["dan"]\n'
        + '[[rounds]]\nfreeze_at = 2026-12-01T20:00:00Z\ndecide_at = "2026-12-01 21:30 +01:00"\n'
        + 'losers = "ask"\n'
        + '[[rounds]]\ndecide_at = 14_400_000\nwinner = "Bo"\n'
    )
    assert (file.start_ms, file.opened) == (START, True)
    assert file.params.rounds == (
        Round(freeze_at=HOUR, decide_at=HOUR + 600_000, count=1, losers=(3,)),
        Round(freeze_at=3 * HOUR, decide_at=3 * HOUR + 1_800_000, count=1, losers="ask"),
        Round(freeze_at=4 * HOUR, decide_at=4 * HOUR, count=1, winner=1),
    )
    assert file.params.mr_enabled
    assert file.draft.timetable == (
        "+1h to +1h10m out #4; 2026-12-01 20:00 to 2026-12-01 20:30 out 1 ask; +4h winner #2"
    )
    assert build(file.draft, START) == file.params


def test_moments_of_a_market_that_starts_by_hand_count_from_the_reading() -> None:
    file = event(HEAD + '[[rounds]]\ndecide_at = "2026-11-01 15:00 UTC"\nwinner = "ask"\n')
    assert file.start_ms is None
    assert (file.draft.assumed_start_ms, file.params.rounds[0].decide_at) == (NOW, 3 * HOUR)
    assert file.draft.timetable == "2026-11-01 15:00 winner ask"


@pytest.mark.parametrize("loser", ["Rock and Roll", "out", "3", "10m", "winner ask"])
def test_names_that_a_typed_timetable_would_misread_are_kept_by_number(loser: str) -> None:
    text = f'title = "Cup"\noutcomes = ["Ada", "Bo", "Cleo", "{loser}", "Eve"]\n'
    rounds = f'[[rounds]]\ndecide_at = "1h"\nlosers = ["{loser}", "Ada"]\n' + FINAL
    file = event(text + rounds)
    assert file.params.rounds[0].losers == (3, 0)
    assert build(file.draft, NOW) == file.params


@pytest.mark.parametrize(
    ("losers", "indices"),
    [
        ('["1"]', (1,)),
        ('"1"', (1,)),
        ("[1]", (1,)),
        ('["#1", 2]', (0, 2)),
        ('"Ada and Bo"', (0, 3)),
        ('"#4"', (3,)),
        ('"1, 2"', (1, 2)),
    ],
)
def test_names_that_are_numbers_go_before_numbers_in_a_file_too(losers: str, indices: tuple[int, ...]) -> None:
    text = 'title = "Cup"\noutcomes = ["Ada", "1", "2", "Bo", "Cy"]\n'
    file = event(text + f"[[rounds]]\ndecide_at = '1h'\nlosers = {losers}\n" + FINAL)
    assert file.params.rounds[0].losers == indices
    assert build(file.draft, NOW) == file.params


def test_a_plain_number_is_refused_in_a_file_where_a_name_could_be_meant() -> None:
    text = 'title = "Cup"\noutcomes = ["Ada", "1", "2", "Bo"]\n' + "[[rounds]]\ndecide_at = '1h'\nlosers = [4]\n"
    ((line, sentence),) = mistakes(text + FINAL)
    assert line == 5
    assert sentence.endswith("so a number is typed with #; there are #1 Ada, #2 1, #3 2 and #4 Bo.")


WHEN: tuple[tuple[object, When | str], ...] = (
    ("2h", When(2 * HOUR, relative=True)),
    ("+1d 2h", When(26 * HOUR, relative=True)),
    (0, When(0, relative=True)),
    (90_000, When(90_000, relative=True)),
    (60, words_event_file.not_whole_seconds("60")),
    ("1500ms", words_event_file.not_whole_seconds("1500ms")),
    ("2026-12-01 18:00 Europe/Berlin", When(START)),
    ("2026-12-01T17:00:00Z", When(START)),
    ("2026-12-01 19:00:00 +02:00", When(START)),
    (datetime(2026, 12, 1, 17, tzinfo=UTC), When(START)),
    ("2026-12-01 18:00", words_event_file.no_zone("2026-12-01 18:00")),
    (datetime(2026, 12, 1, 17), words_event_file.no_zone("2026-12-01 17:00:00")),  # noqa: DTZ001  # the mistake itself
    ((datetime(2026, 12, 1, tzinfo=UTC)).date(), words_event_file.not_a_time("2026-12-01")),
    ("18:00 Europe/Berlin", words_event_file.not_a_time("18:00 Europe/Berlin")),
    ("tomorrow", words_event_file.not_a_time("tomorrow")),
    ("soon", words_event_file.not_a_time("soon")),
    (True, words_event_file.not_a_time("True")),
    (["2h"], words_event_file.not_a_time("['2h']")),
    ("1969-12-31 23:59 UTC", words_times.long_passed("1969-12-31 23:59 UTC")),
    (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), words_times.long_passed("0001-01-01 00:00:00+14:00")),
    ("6000-12-31 23:59 -12:00", words_times.too_far("6000-12-31 23:59 -12:00", NOW + FARTHEST)),
    (datetime(9999, 12, 31, 23, tzinfo=UTC), words_times.too_far("9999-12-31 23:00:00+00:00", NOW + FARTHEST)),
    ("2026-01-31 18:00 Z", words_times.has_passed("2026-01-31 18:00 Z", 1_769_882_400_000, NOW)),
    (400 * 24 * HOUR, words_times.span_too_long(str(400 * 24 * HOUR))),
)


@pytest.mark.parametrize(("said", "when"), WHEN)
def test_a_time_is_a_span_or_a_moment_with_its_zone(said: object, when: When | str) -> None:
    assert read_when(said, NOW) == when


def test_a_zone_nobody_knows_and_an_hour_that_clocks_skip_are_told() -> None:
    assert "no time zone “Mars/Base”" in str(read_when("2026-12-01 18:00 Mars/Base", NOW))
    assert "does not exist" in str(read_when("2027-03-28 02:30 Europe/Berlin", NOW))
    assert "say UTC+2 for the first" in str(read_when("2027-10-31 02:30 Europe/Berlin", NOW))
    assert isinstance(read_when("2027-03-28 03:30 Europe/Berlin", NOW), When)


def test_all_mistakes_are_told_together_each_with_its_line() -> None:
    wrong = mistakes(
        'title = ""\n'
        'outcomes = ["Ada", "B; c", "áda", "A very long name that no board could ever show"]\n'
        "fee = 0.2\n"
        "bonus = 3\n"
        "start_at = 2026-12-01T18:00:00\n"
        "mu = 20\n"
        "open = 1\n"
        "\n"
        "[[rounds]]\n"
        'decide_at = "soon"\n'
        'losers = "Zed"\n'
        "\n"
        "[[rounds]]\n"
        "freeze_at = 60\n"
        "gas_fee = 3\n"
    )
    expected = {
        1: ["needs a title"],
        2: ["a semicolon or a quote", "reads like one of the outcomes", "has 46 characters; 32 are the most"],
        3: ["fee lies between 0 and 0.05; 0.2 does not"],
        4: ["no setting “bonus”"],
        5: ["names no zone"],
        6: ["mu lies between 0.1 and 10; 20 does not"],
        7: ["open is true"],
        9: ["have no final"],
        10: ["“soon” is no time"],
        11: ["no outcome “Zed”"],
        13: ["Round 2 does not say when it is decided"],
        14: ["“60” is not in whole seconds"],
        15: ["Round 2 has no “gas_fee”"],
    }
    assert {line for line, _ in wrong} == set(expected)
    assert len(wrong) == sum(len(parts) for parts in expected.values())
    for line, parts in expected.items():
        for part in parts:
            assert any(at == line and part in sentence for at, sentence in wrong), part


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("title: Cup", 1, "This line is no TOML"),
        (HEAD + 'fee = 0.01\nz = "', 4, "This line is no TOML"),
        (HEAD + "[[rounds", 3, "This line is no TOML"),
        (HEAD + "fee = 0.01\nfee = 0.02", 4, "written a second time"),
        ("", None, "needs a title"),
        ('title = "Cup"', None, "needs its outcomes"),
        ('title = "Cup"\noutcomes = ["A"]', 2, "2 to 25 outcomes; you named 1"),
        ('title = "Cup"\noutcomes = 3', 2, "2 to 25 outcomes"),
        ('title = "Cup"\noutcomes = ["A", "", "B"]', 2, "Outcome 2 has no name"),
        (HEAD + "n_outcomes = 5", 2, "5 to 5 outcomes"),
        (HEAD + "fea = 0.01", 3, "Did you mean fee?"),
        (HEAD + "fee = true", 3, "fee needs a number, and “on” is none"),
        (HEAD + "fee = nan", 3, "fee needs a number"),
        (HEAD + "[fee]\na = 1", 3, "fee needs a number"),
        (HEAD + "z = 0", 3, "stake of 0"),
        (HEAD + "zeta_start = 0.4", 3, "zeta_start lies between 0 and"),
        (HEAD + "odds = [0.9, 0.1, 0.1]", 3, "3 odds for 4 outcomes"),
        (HEAD + 'odds = [0.9, 0.1, 0.1, "x"]', 3, "needs a number"),
        (HEAD + "mr_enabled = false\n[[rounds]]\ndecide_at='1h'\n" + FINAL, 4, "need mr_enabled on"),
        (HEAD + 'start_at = "2h"', 3, "start_at is a date and a time with a zone"),
        (HEAD + "rounds = 3", 3, "begins with [[rounds]]"),
        (HEAD + "[rounds]\ndecide_at = '2h'", 3, "begins with [[rounds]]"),
        (HEAD + "rounds = [{decide_at = '2h', winner = 'Zed'}]", 3, "no outcome “Zed”"),
        (HEAD + "[[rounds]]\ndecide_at = '1h'", 3, "have no final"),
        (HEAD + FINAL + FINAL, 3, "the final comes last"),
        (HEAD + "[[rounds]]\ndecide_at = '1h'\nlosers = ['Bo']\ncount = 2\n" + FINAL, 3, "leave count out"),
        (HEAD + "[[rounds]]\ndecide_at = '1h'\ncount = 'some'\n" + FINAL, 3, "needs a number"),
        (HEAD + "[[rounds]]\ndecide_at = '1h'\ncount = 3\n" + FINAL, 3, "Round 1 leaves 1 in"),
        (HEAD + "[[rounds]]\ndecide_at = '10h'\n" + FINAL, 5, "The final has to freeze after the round before"),
        (HEAD + "[[rounds]]\nfreeze_at = '2h'\ndecide_at = '1h'\n" + FINAL, 3, "Round 1 has to freeze"),
        (HEAD + "[[rounds]]\ndecide_at = '1h'\nlosers = ['Bo', 'Bo']\n" + FINAL, 3, "Round 1 names outcome 2"),
        (
            HEAD + "[[rounds]]\ndecide_at = '2026-10-31 12:00 UTC'\n" + FINAL,
            4,
            "has passed: it was 31 October 2026 12:00",
        ),
        (
            'start_at = "2026-12-01 18:00 UTC"\n' + HEAD + "[[rounds]]\ndecide_at = '2026-12-01 12:00 UTC'\n" + FINAL,
            4,
            "comes before the market starts",
        ),
        (HEAD + FINAL + "fee = 0.02", 6, "stands above the first [[rounds]]"),
    ],
)
def test_each_mistake_names_its_line_and_what_to_do(text: str, line: int | None, words: str) -> None:
    wrong = mistakes(text)
    assert any(at == line and words in sentence for at, sentence in wrong), wrong
    assert all(re.fullmatch(r"[A-Za-z“].*[.?!]", sentence) for _, sentence in wrong)


def test_the_lines_of_keys_are_found_as_they_stand() -> None:
    text = "a = 1\n\n [[rounds]] # one\n x = [\n  'b = 2',\n ]\n[[rounds]]\n\"x\" = 1\n[other]\nx=2"
    expected = {"a": 1, "rounds": 3, "rounds.1": 3, "rounds.1.x": 4, "rounds.2": 7, "rounds.2.x": 8, "other": 9}
    assert lines_of(text) == {**expected, "other.x": 10}


PIECES = (
    *("title", "=", '"', "[", "]", "{", "}", "rounds", "\n", "[[rounds]]\n", "decide_at = ", "'1h'\n", "odds", "1e999"),
    *("outcomes = ['a','b','c']\n", "title = 'x'\n", "winner = 'ask'\n", "losers = ", "-1", "start_at = ", "true\n"),
    *("2026-12-01T18:00:00Z\n", "0001-01-01T00:00:00Z\n", "count = ", "99999999999999999999\n", "\x00", "é", "'"),
)


def test_what_cannot_be_a_file_of_ours_is_a_mistake_and_never_an_exception() -> None:
    rng = random.Random(9)
    for _ in range(1_500):
        file = read("".join(rng.choice(PIECES) for _ in range(rng.randint(1, 14))), NOW)
        assert isinstance(file, EventFile) or file


def test_the_share_of_a_weight_is_exact() -> None:
    file = event('title = "Cup"\noutcomes = ["A", "B", "C"]\nodds = [1, 1, 1]')
    assert file.params.odds == (RATE // 3,) * 3


@pytest.mark.parametrize("losers", ['"lowest_price"', '"lowest price"', '"Lowest"', '"cheapest"', '["lowest_price"]'])
def test_a_round_decided_by_prices_is_refused_in_its_line_with_the_reason(losers: str) -> None:
    text = HEAD + f'[[rounds]]\ndecide_at = "1h"\nlosers = {losers}\n' + FINAL
    ((line, sentence),) = mistakes(text)
    assert line is not None
    assert "holds NO would push a price down and be paid for it" in sentence


def test_several_winners_are_not_for_a_file_to_name() -> None:
    text = HEAD + '[[rounds]]\ndecide_at = "1h"\nwinner = ["Ada", "Bo"]\n'
    ((_, sentence),) = mistakes(text)
    assert "named by hand when it has happened" in sentence


@pytest.mark.parametrize("number", [2, 25])
def test_two_to_twenty_five_can_stand_in_a_file(number: int) -> None:
    names = [f"Driver {chr(65 + i)}" for i in range(number)]
    assert event(f"title = 'Grid'\noutcomes = {names}\n").params.outcome_names == tuple(names)

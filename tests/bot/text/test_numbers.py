"""Numbers as people read them, at and past each edge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import numbers
from bot.text.numbers import Cut

CENT = 10_000


@pytest.mark.parametrize(
    ("micro", "cut", "shown"),
    [
        (0, Cut.NEAREST, "$0.00"),
        (51_140_000, Cut.NEAREST, "$51.14"),
        (51_144_999, Cut.NEAREST, "$51.14"),
        (51_145_000, Cut.NEAREST, "$51.15"),
        (51_140_001, Cut.UP, "$51.15"),
        (51_149_999, Cut.DOWN, "$51.14"),
        (1_240_000_000, Cut.NEAREST, "$1,240.00"),
        (4_000, Cut.NEAREST, "$0.00"),
        (5_000, Cut.NEAREST, "$0.01"),
        (9_999, Cut.DOWN, "$0.00"),
        (1, Cut.UP, "$0.01"),
        (CENT, Cut.NEAREST, "$0.01"),
        (-3_200_000, Cut.NEAREST, "−$3.20"),
        (-1, Cut.NEAREST, "$0.00"),
        (-1, Cut.DOWN, "−$0.01"),
        (-3_205_000, Cut.DOWN, "−$3.21"),
        (-9_999, Cut.UP, "$0.00"),
    ],
)
def test_money_is_shown_to_the_cent_and_cut_where_told(micro: int, cut: Cut, shown: str) -> None:
    assert numbers.money(micro, cut) == shown


@pytest.mark.parametrize(
    ("micro", "shown"),
    [(10_000, "$0.01"), (100_000, "$0.10"), (4_500, "$0.0045"), (10**9, "$1,000.00"), (1, "$0.000001")],
)
def test_a_markets_own_terms_keep_all_their_digits(micro: int, shown: str) -> None:
    assert numbers.exact_money(micro) == shown


# what is one amount, in every place it was told differently -> how it reads
ONE_AMOUNT = [
    ("a podium and a leaderboard", 608_459_999, "$608.45"),
    ("what a ticket promises and what is paid", 355_339_999, "$355.33"),
    ("what came back in public and in private", 39_996_000, "$39.99"),
    ("what tokens pay", 333_459_000, "$333.45"),
]


@pytest.mark.parametrize(("micro", "shown"), [row[1:] for row in ONE_AMOUNT], ids=[row[0] for row in ONE_AMOUNT])
def test_what_somebody_gets_or_has_is_rounded_down_wherever_it_is_told(micro: int, shown: str) -> None:
    assert numbers.money(micro) == shown
    assert f"${numbers.tokens(micro)}" == shown, "a token pays a dollar"


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=8), st.sampled_from((Cut.UP, Cut.DOWN, Cut.NEAREST)))
def test_parts_add_up_to_their_sum_as_it_is_shown_and_none_is_a_cent_off(parts: list[int], cut: Cut) -> None:
    shown = numbers.split(parts, cut=cut)
    assert numbers.money(sum(shown)) == numbers.money(sum(parts), cut)
    assert all(part % CENT == 0 and abs(part - exact) < CENT for part, exact in zip(shown, parts, strict=True))


def test_what_is_missing_goes_to_the_part_that_lost_most() -> None:
    assert numbers.split([116_854_000, 83_146_000]) == [116_850_000, 83_150_000]
    assert numbers.split([116_855_000, 83_145_000]) == [116_860_000, 83_140_000], "the first of equals"
    assert numbers.split([333_333_334] * 3) == [333_340_000, 333_330_000, 333_330_000]
    assert numbers.split([4_000, 5_000], cut=Cut.UP) == [0, 10_000]


def test_tokens_of_an_order_in_two_parts_add_up_to_it() -> None:
    filled, rest = numbers.split([116_854_321, 83_145_679])
    assert (numbers.tokens(filled), numbers.tokens(rest)) == ("116.85", "83.15")


@pytest.mark.parametrize(
    ("final", "stake", "shown"),
    [
        (1_540_200_000, 1_000_000_000, ("+$540.20", "+54.02%")),
        (608_459_999, 1_000_000_000, ("−$391.55", "−39.16%")),
        (1_000_009_999, 1_000_000_000, ("$0.00", "0%")),
        (999_999_999, 1_000_000_000, ("−$0.01", "0%")),
        (0, 0, ("$0.00", "0%")),
    ],
)
def test_a_gain_is_what_two_shown_amounts_differ_by(final: int, stake: int, shown: tuple[str, str]) -> None:
    assert numbers.gain(final, stake) == shown


@pytest.mark.parametrize(
    ("number", "tied", "shown"),
    [
        (1, False, "1st"),
        (2, True, "2nd="),
        (3, False, "3rd"),
        (4, False, "4th"),
        (11, False, "11th"),
        (12, True, "12th="),
        (13, False, "13th"),
        (21, False, "21st"),
        (102, False, "102nd"),
        (111, False, "111th"),
    ],
)
def test_a_place_is_written_as_a_place(number: int, tied: bool, shown: str) -> None:
    assert numbers.ordinal(number, tied=tied) == shown


def test_equals_share_a_place_and_the_next_counts_them() -> None:
    assert numbers.places([9, 7, 7, 5]) == ["1st", "2nd=", "2nd=", "4th"]
    assert numbers.places([3, 3, 3]) == ["1st="] * 3
    assert numbers.places([]) == []


@pytest.mark.parametrize(
    ("micro", "shown"),
    [(0, "$0"), (48_740_000, "$48.74"), (99_994_999, "$99.99"), (1_240_400_000, "$1,240"), (10**10, "$10,000")],
)
def test_figures_one_glances_at_are_whole_dollars_from_a_hundred_on(micro: int, shown: str) -> None:
    assert numbers.round_money(micro) == shown


@pytest.mark.parametrize(
    ("micro", "shown"),
    [(506_000, "50.6¢"), (505_499, "50.5¢"), (505_500, "50.6¢"), (0, "0.0¢"), (10**6, "100.0¢"), (-2_000, "−0.2¢")],
)
def test_prices_are_tenths_of_a_cent(micro: int, shown: str) -> None:
    assert numbers.price(micro) == shown


@pytest.mark.parametrize(
    ("micro", "shown"), [(4_000, "+0.4¢"), (-2_000, "−0.2¢"), (0, "±0.0¢"), (499, "±0.0¢"), (-499, "±0.0¢")]
)
def test_a_change_has_a_sign_unless_it_is_none(micro: int, shown: str) -> None:
    assert numbers.price_change(micro) == shown


@pytest.mark.parametrize(
    ("micro", "shown", "typed"),
    [
        (100_000_000, "100", "100"),
        (97_849_999, "97.84", "97.849999"),
        (1_250_500_000, "1,250.5", "1250.5"),
        (123, "0.000123", "0.000123"),
        (0, "0", "0"),
    ],
)
def test_holdings_are_cut_down_when_shown_and_exact_when_typed(micro: int, shown: str, typed: str) -> None:
    assert numbers.tokens(micro) == shown
    assert numbers.typed_tokens(micro) == typed


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "0 s"),
        (1, "1 s"),
        (59_000, "59 s"),
        (60_000, "1 min"),
        (90_000, "1 min 30 s"),
        (3_600_000, "1 h"),
        (3_601_000, "1 h"),
        (5_400_000, "1 h 30 min"),
        (86_400_000, "24 h"),
        (172_799_000, "47 h 59 min"),
        (172_800_000, "2 d"),
        (273_600_000, "3 d 4 h"),
        (-5, "0 s"),
    ],
)
def test_spans_show_the_units_that_matter(ms: int, shown: str) -> None:
    assert numbers.span(ms) == shown


def test_moments_are_utc_and_read_back() -> None:
    assert numbers.moment(1_404_489_600_000) == "4 July 2014 16:00 UTC"
    assert numbers.typed_moment(1_404_489_600_000) == "2014-07-04 16:00"
    assert numbers.typed_span(5_445_000) == "1h30m45s"


@pytest.mark.parametrize(
    ("part", "of", "shown"), [(125, 1000, "+12.5%"), (-125, 1000, "-12.5%"), (0, 1000, "0%"), (5, 0, "0%")]
)
def test_gains_are_signed_shares(part: int, of: int, shown: str) -> None:
    assert numbers.signed_percent(part, of).replace("−", "-") == shown

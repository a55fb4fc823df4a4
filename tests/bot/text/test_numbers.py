"""Numbers as people read them, at and past each edge."""

from __future__ import annotations

import pytest

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
        (4_000, Cut.NEAREST, "$0.004"),
        (1, Cut.DOWN, "$0.000001"),
        (CENT, Cut.NEAREST, "$0.01"),
        (-3_200_000, Cut.NEAREST, "−$3.20"),
        (-1, Cut.NEAREST, "−$0.000001"),
    ],
)
def test_money_is_shown_to_the_cent_and_cut_where_told(micro: int, cut: Cut, shown: str) -> None:
    assert numbers.money(micro, cut) == shown


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

"""A text is as wide as a terminal shows it."""

from __future__ import annotations

import pytest

from bot.text.columns import beginning, cut, width


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("Germany", 7),
        ("日本", 4),
        ("e\u0301", 1),  # a mark sits on its letter
        ("👍", 2),
        ("👍🏽", 2),  # a tone of skin
        ("👨\u200d👩\u200d👧\u200d👦", 2),  # a family: four signs and three joiners, one picture
        ("Ada 👩\u200d🚀", 6),
        ("🇩🇪", 2),  # two letters that pair into a flag
        ("❤", 1),
        ("❤\ufe0f", 2),  # the selector makes a picture of it
        ("▁▂█", 3),
        ("50.1¢", 5),
        ("a\tb\n", 2),  # controls take no room
    ],
)
def test_a_text_takes_the_columns_a_terminal_gives_it(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("Germany", 7, "Germany"),
        ("Germany", 3, "Ger"),
        ("ab🇩🇪", 3, "ab"),
        ("👨\u200d👩\u200d👧\u200d👦x", 7, "👨\u200d👩\u200d👧\u200d👦"),
        ("👨\u200d👩\u200d👧\u200d👦x", 2, "👨\u200d"),  # nothing whole fits: something is better than nothing
        ("ae\u0301", 2, "a"),
    ],
)
def test_the_beginning_of_a_text_holds_whole_signs(text: str, most: int, kept: str) -> None:
    assert beginning(text, most) == kept


def test_a_cut_text_fits_its_columns_and_ends_on_a_whole_sign() -> None:
    assert cut("🇩🇪🇧🇷🇮🇹", 5) == "🇩🇪🇧🇷…"
    assert cut("Ada 👩\u200d🚀 Lovelace", 6) == "Ada…"

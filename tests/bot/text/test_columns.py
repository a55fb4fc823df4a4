"""A text is as wide as a terminal shows it."""

from __future__ import annotations

import pytest

from bot.text.columns import width


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

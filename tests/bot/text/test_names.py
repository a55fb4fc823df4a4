"""Names from chat are hostile until cleaned."""

from __future__ import annotations

import pytest

from bot.text.names import clean, folded


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ada", "Ada"),
        ("  Ada \t Lovelace\n", "Ada Lovelace"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("a\u200bb\u2066c\ufeff", "abc"),
        ("nul\x00\x1b[31m", "nul[31m"),
        ("Ζ\u0301\u0301\u0301\u0301\u0301\u0301x", "Ζ\u0301\u0301\u0301x"),
        ("日本 한국", "日本 한국"),
        ("@everyone <b>", "@everyone <b>"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\ud800lone", "lone"),
        ("\u202e", ""),
        ("\u200d \ufe0f \u200d", ""),  # a name of nothing but joiners and spaces
        ("Ada \u200d", "Ada"),
        ("\u3164\u115f\u2800", ""),  # letters that print nothing
        ("Ada\u3164", "Ada"),
        ("e" + "\u0301\u0301\u0301\u200b" * 9, "\u00e9\u0301\u0301\u0301"),  # no tower of towers
        ("A\u034f\ufe00d\u180ba\U000e0100", "Ada"),
        ("x" * 300, "x" * 199 + "…"),
        ("x" * 198 + "🇩🇪🇧🇷", "x" * 198 + "…"),  # a flag is two letters, and never one
        ("x" * 196 + "👩\u200d👩\u200d👧", "x" * 196 + "…"),
        ("x" * 198 + "👍🏽👍🏽", "x" * 198 + "…"),
    ],
)
def test_control_and_direction_signs_go_and_the_rest_stays(typed: str, kept: str) -> None:
    assert clean(typed) == kept


def test_cleaning_is_quick_however_long_the_text() -> None:
    assert len(clean("\u0301" * 1_000_000)) <= 200


@pytest.mark.parametrize(
    ("name", "other"), [("Côte d'Ivoire", "cote divoire"), ("ＡＢＣ", "abc"), ("Straße", "STRASSE")]
)
def test_spellings_of_one_name_fold_together(name: str, other: str) -> None:
    assert folded(name) == folded(other)

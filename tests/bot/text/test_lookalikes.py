"""Names that look alike are one name, whatever they are written with; names that do not are two."""

from __future__ import annotations

import pytest

from bot.text.lookalikes import taken_for


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Аda", "Ada"),  # Cyrillic
        ("Αda", "Ada"),  # Greek
        ("ꓮda", "Ada"),  # Lisu
        ("ALIСE", "alice"),  # a Cyrillic letter that has a small form
        ("AIice", "Alice"),  # a large i for a small l
        ("0scar", "oscar"),
        ("Bоb 1", "Bob l"),
        ("modem", "modern"),
        ("vvill", "will"),
        ("𝓐𝓭𝓪", "Ada"),
        ("Adaǃ", "Ada!"),
        ("A d a", "Ada"),
        ("Мария", "Mapия"),
    ],
)
def test_what_looks_alike_is_taken_for_each_other(name: str, other: str) -> None:
    assert taken_for(name, ["Zoe", other]) == other
    assert taken_for(other, ["Zoe", name]) == name


@pytest.mark.parametrize(
    ("name", "other"),
    [("Ada", "Ida"), ("Ali", "All"), ("ALL", "ALI"), ("Eli", "Ell"), ("Bob 1", "Bob 2"), ("ローマ", "ロマ"),
     ("😀", "😁"),
     ("Ада", "Ada"), ("Mira", "Мира"), ("Trader 11", "Trader 12")],
)  # fmt: skip
def test_what_looks_different_is_not(name: str, other: str) -> None:
    assert taken_for(name, [other]) is None

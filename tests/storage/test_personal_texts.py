"""A name is taken out of a text where it stands as a word of its own, and nowhere else."""

from __future__ import annotations

import pytest

from storage.personal_texts import without
from storage.records import Json


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("Ann asked.", "Member 7 asked."),
        ("Anna asked Ann: Ann's right", "Anna asked Member 7: Member 7's right"),
        ("Ann Lee and Ann", "Member 7 and Member 7"),
        ("ann", "ann"),
        (
            {"name": "Ann", "user": 7, "list": ["Ann", None]},
            {"name": "Member 7", "user": 7, "list": ["Member 7", None]},
        ),
        (["C++ (Ann)", True], ["Member 7 (Member 7)", True]),
    ],
)
def test_a_name_is_taken_out_as_a_word_of_its_own(value: Json, left: Json) -> None:
    assert without(value, ["Ann", "Ann Lee", "C++"], "Member 7") == left


def test_without_names_a_text_stays_as_it_is() -> None:
    assert without({"a": "b"}, [], "Member 7") == {"a": "b"}

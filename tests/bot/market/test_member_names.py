"""Nobody is called what would be taken for a member, an admin, the bot or the house; everybody is offered a name."""

from __future__ import annotations

import pytest

from bot.market.member_names import NameRefused, fitting_name

MEMBERS, ADMINS, BOTS = ("Ada", "Bob the Great"), ("Boss",), ("CupBot",)


def _name(wanted: str) -> str | NameRefused:
    return fitting_name(wanted, members=MEMBERS, admins=ADMINS, bot_names=BOTS)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Eve", "Eve"),
        ("ADA", "ADA 2"),  # there may be two of a name
        ("y" * 99, "y" * 31 + "…"),
        ("\u202e", "Trader"),
        ("Badminton", "Badminton"),
        ("Dr House", "Dr House"),
        ("House of Cards", "House of Cards"),
        ("Cup", "Cup"),
        ("Modern", "Modern"),
    ],
)
def test_a_name_of_ones_own_is_taken_and_a_shared_one_numbered(wanted: str, name: str) -> None:
    assert _name(wanted) == name


@pytest.mark.parametrize(
    ("wanted", "code", "like", "instead"),
    [
        ("Аda", "alike", "Ada", "Аda 2"),  # Cyrillic
        ("Bоb the Great", "alike", "Bob the Great", "Bоb the Great 2"),
        ("Boss", "admin", "Boss", "Boss 2"),
        ("BОSS", "admin", "Boss", "BОSS 2"),
        ("Outcry", "house", "Outcry", "Trader"),
        ("0utcry", "house", "Outcry", "Trader"),
        ("Out cry", "house", "Outcry", "Trader"),
        ("Outcry Support", "house", "Outcry", "Support"),
        ("Admin", "house", "Admin", "Trader"),
        ("аdmіn 7", "house", "Admin", "Trader"),
        ("Adm1n", "house", "Admin", "Trader"),
        ("AdminBob", "house", "Admin", "Trader"),
        ("Admin Ada", "house", "Admin", "Ada 2"),
        ("the house", "house", "the house", "Trader"),
        ("The Hоuse 2", "house", "the house", "Trader"),
        ("CUPB0T", "house", "CupBot", "Trader"),
    ],
)
def test_a_name_that_pretends_is_refused_and_another_offered(wanted: str, code: str, like: str, instead: str) -> None:
    assert _name(wanted) == NameRefused(code=code, like=like, instead=instead)
    assert _name(instead) == instead

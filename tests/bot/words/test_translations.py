"""What commands and options are for is said in every language, of what they are today, and in the length menus take."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import pytest

from bot.adapters.discord_chat import limits
from bot.adapters.discord_chat.command_options import options_of
from bot.commands import COMMANDS
from bot.words import translations

LISTED = {command.name: command for command in COMMANDS if not command.hidden}
SHORT = 40
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
AS_TYPED = re.compile(r"/[a-z]+|\$\d+(?:,\d+)*|#\d+|\d+\.\d+|\d+[%cmhdsk]")  # says the same in every language


@pytest.fixture(scope="module")
def file() -> Mapping[str, Any]:
    """As it is packaged; Any: TOML."""
    text = resources.files("bot.words").joinpath("translations.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def entry_of(file: Mapping[str, Any], command: str, name: str) -> dict[str, str]:
    options = file["commands"][command].get("options", {})
    entry: dict[str, str] = options.get(name) or file["shared_options"][name]
    return entry


def declared(file: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Where a text stands, the text as it is declared, and what the file says of it."""
    for name, command in LISTED.items():
        yield name, command.summary, file["commands"][name]
        for option in options_of(command):
            yield f"{name} {option.name}", option.about, entry_of(file, name, option.name)


def test_every_listed_command_and_option_is_in_the_file_and_nothing_else_is(file: Mapping[str, Any]) -> None:
    assert file.keys() == {"commands", "shared_options"}
    assert file["commands"].keys() == LISTED.keys()
    shared = set()
    for name, command in LISTED.items():
        own = file["commands"][name].get("options", {}).keys()
        options = {option.name for option in options_of(command)}
        assert own <= options, name
        assert options - own <= file["shared_options"].keys(), name
        shared |= options - own
    assert file["shared_options"].keys() == shared


def test_a_translation_is_of_the_text_that_stands_in_the_declaration_today(file: Mapping[str, Any]) -> None:
    """What fails here has changed its English: its five translations have to follow."""
    old = {where: text for where, text, entry in declared(file) if entry[translations.ENGLISH] != text}
    assert old == {}


def test_every_text_stands_in_every_language_and_fits(file: Mapping[str, Any]) -> None:
    for where, text, entry in declared(file):
        assert entry.keys() - {"short", "options"} == {translations.ENGLISH, *translations.LANGUAGES}, where
        for language in translations.LANGUAGES:
            said = entry[language]
            assert said == said.strip(), (where, language)
            assert said != text, (where, language)
            assert 1 <= limits.size(said) <= limits.DESCRIPTION, (where, language)
            assert set(AS_TYPED.findall(text)) == set(AS_TYPED.findall(said)), (where, language)
            assert text.endswith(".") == said.endswith((".", "。")), (where, language)
        assert JAPANESE.search(entry["ja"]), where


def test_a_short_text_for_each_command_fits_into_forty_characters(file: Mapping[str, Any]) -> None:
    for name in LISTED:
        short = translations.short(name)
        assert short == file["commands"][name]["short"]
        assert short.keys() == {translations.ENGLISH, *translations.LANGUAGES}, name
        for language, said in short.items():
            assert said == said.strip(), (name, language)
            assert 1 <= limits.size(said) <= SHORT, (name, language)
            assert not said.endswith("."), (name, language)
            assert language == translations.ENGLISH or said != short[translations.ENGLISH], (name, language)


def test_an_option_is_told_in_the_commands_own_words_before_those_that_commands_share() -> None:
    shared, own = translations.option("buy", "amount"), translations.option("sell", "amount")
    assert shared == translations.option("quote", "amount") != own
    assert shared.keys() == own.keys() == set(translations.LANGUAGES)


def test_what_is_in_no_menu_has_no_translation() -> None:
    assert translations.summary("ticket confirm") == translations.short("ticket confirm") == {}
    assert translations.option("buy", "colour") == {}

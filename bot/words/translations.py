"""What commands and their options are for, in other languages, for the menus that platforms show while one types.

All of it stands in `translations.toml`, each text beside the English one that it says; tests hold the file complete.
The names of commands and options, and what the bot answers, are English everywhere: who translates those begins here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

ENGLISH = "en"
LANGUAGES = ("de", "es", "fr", "pt", "ja")  # pt: as in Brazil; es: as it is understood on both sides of the ocean

Texts = Mapping[str, str]  # language -> text


def summary(command: str) -> Texts:
    """What it does, of `admin create`, in each of `LANGUAGES`; empty for a command that has none."""
    return _translated(_commands().get(command, {}))


def short(command: str) -> Texts:
    """What it does in 40 characters at most, in English and each of `LANGUAGES`; empty for a command that has none."""
    return dict(_commands().get(command, {}).get("short", {}))


def option(command: str, name: str) -> Texts:
    """What an option of a command means, in each of `LANGUAGES`: the command's own words, else those that all commands
    with such an option share."""
    own = _commands().get(command, {}).get("options", {})
    return _translated(own.get(name) or _file()["shared_options"].get(name, {}))


def _translated(texts: Mapping[str, Any]) -> Texts:
    return {language: texts[language] for language in LANGUAGES if language in texts}


def _commands() -> Mapping[str, Any]:
    commands: Mapping[str, Any] = _file()["commands"]
    return commands


@cache
def _file() -> Mapping[str, Any]:
    """The file as it stands; Any: TOML."""
    return tomllib.loads(resources.files(__package__).joinpath("translations.toml").read_text(encoding="utf-8"))

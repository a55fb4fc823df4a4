"""The settings of Discord: checked at the start, in sentences that repeat no secret."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, load
from tests.bot.test_app import answered

__all__ = ["answered"]

NOWHERE = Path("no-such-file")
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4OQ.Gabcde.made-up-for-a-test"


@pytest.mark.parametrize(
    ("ids", "shards"),
    [("0", (0,)), ("0,1,2", (0, 1, 2)), ("4-6", (4, 5, 6)), ("2, 0-1", (0, 1, 2))],
)
def test_shards_are_listed_or_spanned(ids: str, shards: tuple[int, ...]) -> None:
    settings = load({"DISCORD_SHARD_IDS": ids, "DISCORD_SHARD_COUNT": "8"}, NOWHERE)
    assert isinstance(settings, Settings)
    assert (settings.discord_shard_ids, settings.discord_shard_count) == (shards, 8)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCORD_TOKEN", "Bot " + TOKEN),
        ("DISCORD_API_BASE", "discord.com/api/v10"),
        ("DISCORD_GATEWAY_URL", "https://gateway.discord.gg"),
        ("DISCORD_SHARD_IDS", "3-1"),
        ("DISCORD_SHARD_IDS", "first"),
        ("DISCORD_SHARD_COUNT", "0"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(name: str, value: str) -> None:
    errors = load({name: value}, NOWHERE)
    assert isinstance(errors, list)
    [error] = errors
    assert isinstance(error, SettingsError)
    assert error.name == name
    assert TOKEN not in error.sentence


def test_the_token_is_a_secret() -> None:
    settings = load({"DISCORD_TOKEN": TOKEN}, NOWHERE)
    assert isinstance(settings, Settings)
    assert TOKEN not in repr(settings)
    assert TOKEN in settings.secrets()


@pytest.mark.parametrize(
    ("token", "code", "sentence"),
    [
        (TOKEN, 0, "client_id=1234567890123456789&scope=bot+applications.commands&permissions="),
        ("", 2, "DISCORD_TOKEN is not set"),
        ("no-token", 2, "DISCORD_TOKEN is no bot's token"),
    ],
)
def test_the_link_is_printed_without_connecting(
    answered: Callable[..., tuple[int, str, str]], token: str, code: int, sentence: str
) -> None:
    ended, out, err = answered("invite", DISCORD_TOKEN=token)
    assert ended == code
    assert sentence in (out if code == 0 else err)
    assert len((out + err).splitlines()) == 1

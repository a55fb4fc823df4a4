"""Settings: the environment wins, mistakes are told together, secrets are never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.__main__ import main
from bot.settings import Settings, load, unknown

NOWHERE = Path("no-such-file")


def test_defaults_need_nothing() -> None:
    assert load({}, NOWHERE) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("OUTCRY_ROOM_PORT=9000\nOUTCRY_LOG=json\n", encoding="utf-8")
    settings = load({"OUTCRY_ROOM_PORT": "9001"}, file)
    assert isinstance(settings, Settings)
    assert (settings.room_port, settings.log) == (9001, "json")


def test_an_empty_value_means_the_default() -> None:
    assert load({"OUTCRY_ROOM_PORT": "", "OUTCRY_ADMIN_TOKEN": ""}, NOWHERE) == Settings()


def test_proxies_are_addresses_and_networks_in_one_line() -> None:
    settings = load({"OUTCRY_TRUSTED_PROXIES": "127.0.0.1, 10.1.2.3/8 ::1"}, NOWHERE)
    assert isinstance(settings, Settings)
    assert [str(network) for network in settings.trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
    errors = load({"OUTCRY_TRUSTED_PROXIES": "127.0.0.1, proxy.example.org"}, NOWHERE)
    assert isinstance(errors, list)
    assert errors[0].sentence.startswith("OUTCRY_TRUSTED_PROXIES must be addresses or networks")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://Outcry.example.org/", "https://outcry.example.org"),
        ("https://outcry.example.org:443", "https://outcry.example.org"),
        ("https://outcry.example.org:8443", "https://outcry.example.org:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
        ("http://outcry.example.org", None),
        ("outcry.example.org", None),
        ("https://outcry.example.org/room", None),
        ("https://outcry.example.org?admin=x", None),
        ("https://me:secret@outcry.example.org", None),
        ("https://outcry.example.org:port", None),
        ("https://", None),
    ],
)
def test_the_public_address_is_an_origin_as_browsers_spell_it(given: str, read: str | None) -> None:
    settings = load({"OUTCRY_PUBLIC_URL": given}, NOWHERE)
    if read is None:
        assert isinstance(settings, list)
        assert settings[0].sentence.startswith("OUTCRY_PUBLIC_URL must be the https address")
        assert "secret" not in settings[0].sentence
    else:
        assert isinstance(settings, Settings)
        assert settings.public_url == read


def test_all_mistakes_are_told_together() -> None:
    errors = load({"OUTCRY_ROOM_PORT": "many", "OUTCRY_TICK_MS": "1", "DATABASE_URL": "mysql://x"}, NOWHERE)
    assert isinstance(errors, list)
    assert [error.name for error in errors] == ["DATABASE_URL", "OUTCRY_ROOM_PORT", "OUTCRY_TICK_MS"]


def test_a_secret_is_neither_repeated_in_a_mistake_nor_shown_by_repr() -> None:
    errors = load({"OUTCRY_ADMIN_TOKEN": "tooshort"}, NOWHERE)
    assert isinstance(errors, list)
    assert "tooshort" not in errors[0].sentence
    assert "long-enough-secret" not in repr(load({"OUTCRY_ADMIN_TOKEN": "long-enough-secret"}, NOWHERE))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("OUTCRY_ROM", "OUTCRY_ROOM"),
        ("OUTCRY_PORT", "OUTCRY_ROOM_PORT"),
        ("OUTCRYROOM_HOST", "OUTCRY_ROOM_HOST"),
        ("outcry_room", "OUTCRY_ROOM"),
        ("OUTCRY_TICKMS", "OUTCRY_TICK_MS"),
        ("OUTCRY_TOKEN", "OUTCRY_ADMIN_TOKEN"),
        ("OUTCRY_LOGGING", "OUTCRY_LOG"),
        ("OUTCRY_DATABASE_URL", "DATABASE_URL"),
        ("OUTCRY_DISCORD_TOKEN", "DISCORD_TOKEN"),
        ("OUTCRY_FOO", None),
    ],
)
def test_a_variable_that_means_us_and_is_no_setting_is_told_with_the_one_it_may_be_meant_for(
    name: str, meant: str | None
) -> None:
    [sentence] = unknown(
        {name: "secret of it", "OUTCRY_ROOM": "on", "PATH": "/bin", "OUTCRY_REQUIRE": "fonts"}, NOWHERE
    )
    assert sentence.startswith(f"{name} is no setting")
    assert sentence.endswith(f"Did you mean {meant}?" if meant else ".env.example lists the settings there are.")
    assert "secret" not in sentence


def test_a_misspelt_setting_is_told_from_the_file_too_once_and_moves_no_terminal(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("OUTCRY_ROM=off\nSOMETHING=else\n", encoding="utf-8")
    sentences = unknown({"OUTCRY_ROM": "off", "OUTCRY\x1b[2J": "x"}, file)
    assert [sentence.split(" is no")[0] for sentence in sentences] == ["OUTCRY??2J", f"OUTCRY_ROM in {file}"]


def test_every_command_tells_of_unknown_settings_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTCRY_TOKEN", "a-secret-of-somebody")
    assert main(["lint", "--preset", "hype", "-n", "4"]) in (0, 1)
    assert capsys.readouterr().err.splitlines()[0] == (
        "OUTCRY_TOKEN is no setting of Outcry and is ignored. Did you mean OUTCRY_ADMIN_TOKEN?"
    )


@pytest.mark.parametrize("content", [b"OUTCRY_LOG=\xff\xfe\n", None])
def test_a_file_of_settings_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / ".env"
    if content is None:
        file.symlink_to("/proc/self/mem")  # which nobody can read from its beginning, whoever they are
    else:
        file.write_bytes(content)
    errors = load({}, file)
    assert isinstance(errors, list)
    assert [error.sentence.split(" (")[0] for error in errors] == [f"{file} cannot be read"]
    assert unknown({}, file) == []

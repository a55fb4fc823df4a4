"""Settings: the environment wins, mistakes are told together, secrets are never repeated."""

from __future__ import annotations

from pathlib import Path

from bot.settings import Settings, load

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


def test_all_mistakes_are_told_together() -> None:
    errors = load({"OUTCRY_ROOM_PORT": "many", "OUTCRY_TICK_MS": "1", "DATABASE_URL": "mysql://x"}, NOWHERE)
    assert isinstance(errors, list)
    assert [error.name for error in errors] == ["DATABASE_URL", "OUTCRY_ROOM_PORT", "OUTCRY_TICK_MS"]


def test_a_secret_is_neither_repeated_in_a_mistake_nor_shown_by_repr() -> None:
    errors = load({"OUTCRY_ADMIN_TOKEN": "tooshort"}, NOWHERE)
    assert isinstance(errors, list)
    assert "tooshort" not in errors[0].sentence
    assert "long-enough-secret" not in repr(load({"OUTCRY_ADMIN_TOKEN": "long-enough-secret"}, NOWHERE))

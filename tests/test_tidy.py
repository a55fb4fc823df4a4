"""Rules of the house that a reader should be able to rely on, read from the source itself."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT

PACKAGES = ("engine", "storage", "scheduler", "bot")

# who may import whom: an arrow not listed here is refused
MAY_IMPORT = {
    "engine": {"engine"},
    "storage": {"storage", "engine"},
    "scheduler": {"scheduler", "storage", "engine"},
    "bot": {"bot", "storage", "engine"},
}
# the files that put the parts together: the only ones of the bot that know the scheduler
COMPOSERS = {"bot/__main__.py", "bot/app.py", "bot/cli/demo.py", "bot/scenarios/rehearsal.py"}
# each of these libraries is known in one place
ONE_PLACE = {
    "sqlalchemy": ("storage/",),
    "alembic": ("storage/",),
    "aiosqlite": ("storage/",),
    "asyncpg": ("storage/",),
    "apscheduler": ("scheduler/jobs.py",),
    "matplotlib": ("bot/charting/", "bot/charts/"),
    "aiohttp": ("bot/adapters/room/", "bot/adapters/telegram_chat/webhook.py"),
    "discord": ("bot/adapters/discord_chat/",),
    "telegram": ("bot/adapters/telegram_chat/",),
    "dotenv": ("bot/settings.py",),
}
ENGINE_OUTSIDE = {"numpy"}
# written in halves, so that this file does not find itself
UNFINISHED = (("TO", "DO"), ("FIX", "ME"), ("mark.", "skip"), ("mark.", "xfail"), ("raise Not", "Implemented"))


def sources(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every absolute module a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.lineno, node.module or ""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_in_one_direction(package: str) -> None:
    wrong = [
        f"{name(path)}:{number} imports {module}"
        for path in sources(package)
        for number, module in imports(path)
        if (top := module.split(".")[0]) in PACKAGES
        and top not in MAY_IMPORT[package]
        and not (top == "scheduler" and name(path) in COMPOSERS)
    ]
    assert not wrong


def test_each_outside_library_is_known_in_one_place() -> None:
    wrong = [
        f"{name(path)}:{number} imports {module}"
        for path in sources(*PACKAGES)
        for number, module in imports(path)
        if (places := ONE_PLACE.get(module.split(".")[0])) and not name(path).startswith(places)
    ]
    assert not wrong


def test_the_engine_imports_only_the_standard_library_and_numpy() -> None:
    import sys

    allowed = sys.stdlib_module_names | ENGINE_OUTSIDE | {"engine"}
    wrong = [
        f"{name(path)}:{number} imports {module}"
        for path in sources("engine")
        for number, module in imports(path)
        if module.split(".")[0] not in allowed
    ]
    assert not wrong


def test_the_engine_knows_no_clock_no_chance_and_no_files() -> None:
    forbidden = {"time", "datetime", "random", "os", "pathlib", "logging", "asyncio", "secrets", "uuid", "io"}
    wrong = [
        f"{name(path)}:{number} imports {module}"
        for path in sources("engine")
        for number, module in imports(path)
        if module.split(".")[0] in forbidden
    ]
    assert not wrong


def test_the_shared_command_layer_knows_no_adapter() -> None:
    wrong = [
        f"{name(path)}:{number} imports {module}"
        for path in sources("bot/commands")
        for number, module in imports(path)
        if module.startswith("bot.adapters")
    ]
    assert not wrong


def test_every_module_says_what_it_is() -> None:
    wrong = [
        name(path)
        for path in sources(*PACKAGES)
        if path.name != "__init__.py" and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not wrong


def test_nothing_unfinished_and_no_test_is_switched_off() -> None:
    marks = tuple("".join(halves) for halves in UNFINISHED)
    wrong = [
        f"{name(path)}:{number}: {mark}"
        for path in sources(*PACKAGES, "tests")
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for mark in marks
        if mark in text
    ]
    assert not wrong


def test_no_file_names_a_download_address_or_a_place_on_one_machine() -> None:
    marks = ("files.python" + "hosted", "/ro" + "ot/", "/home" + "/", "--index" + "-url", "simple" + "/pip")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    wrong = [
        f"{file}: {mark}"
        for file in tracked
        if (ROOT / file).is_file() and not file.endswith((".png", ".csv", ".ico"))
        for mark in marks
        if mark in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert not wrong


def test_settings_and_their_example_name_the_same_variables() -> None:
    from bot.settings import VARIABLES

    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert [text.split("=")[0] for text in lines if text and not text.startswith("#")] == list(VARIABLES)

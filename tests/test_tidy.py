"""Rules of the house that a reader should be able to rely on, read from the source itself."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bot.commands import declared_in
from tests import house, unused
from tests.paths import ROOT

PACKAGES = ("engine", "storage", "scheduler", "bot")

# each of these libraries is known in one place
ONE_PLACE = {
    "sqlalchemy": ("storage/",),
    "alembic": ("storage/",),
    "aiosqlite": ("storage/",),
    "asyncpg": ("storage/",),
    "apscheduler": ("scheduler/jobs.py",),
    "matplotlib": ("bot/charts/",),
    "aiohttp": (
        "bot/adapters/discord_chat/library_patches.py",
        "bot/adapters/http_server.py",
        "bot/adapters/room/",
        "bot/adapters/telegram_chat/webhook.py",
        "bot/adapters/webhooks/",
        "bot/cli/api_client.py",
        "bot/health/",
    ),
    "discord": ("bot/adapters/discord_chat/",),
    "telegram": ("bot/adapters/telegram_chat/",),
    "prometheus_client": ("bot/health/metrics.py",),
    "dotenv": ("bot/settings.py",),
    "mcp": ("bot/cli/mcp.py",),
    "wcwidth": ("bot/text/columns.py",),
}
ENGINE_OUTSIDE = {"numpy"}
# entry points, and what the next step needs: what holdings would sell for, the sizes that a ticket offers
NOBODY_IMPORTS = {"bot.__main__", "bot.cli.manual", "engine.curves", "engine.suggest"}
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


def floors() -> str:
    """Which floor each folder stands on, the ground last; what one line names stands beside each other."""
    rows = [f"{height:3}  {' · '.join(rooms)}" for height, rooms in enumerate(house.FLOORS)]
    return "\n".join(["an import leads to a lower floor or stays in its folder:", *reversed(rows)])


@cache
def own_graph() -> house.Graph:
    """Who imports whom here: read once for all who ask."""
    return house.graph()


def test_a_file_imports_from_lower_floors_or_its_own_folder_only() -> None:
    wrong = [str(arrow) for arrow in house.arrows_upward(own_graph())]
    assert not wrong, "\n".join([*wrong, "", floors()])


def test_no_file_leads_back_to_itself() -> None:
    circles = [", ".join(circle) for circle in house.circles(own_graph())]
    assert not circles, "\n".join(f"each of these leads back to itself over the others: {circle}" for circle in circles)


def test_sentences_declare_no_facts_and_import_no_behaviour() -> None:
    """Facts are declared in `bot/chat/facts.py`; of engine and storage a sentence knows types and constants only."""
    wrong = [
        f"{name(path)}:{node.lineno} declares {node.name}"
        for path in sources("bot/words")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    wrong += [
        f"{name(path)}:{node.lineno} imports {node.module}.{alias.name}"
        for path in sources("bot/words")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"engine", "storage"}
        for alias in node.names
        if not alias.name[0].isupper()
    ]
    assert not wrong, "\n".join(wrong)


def test_every_file_is_imported_by_another() -> None:
    """Save entry points, migrations and the modules that `bot.commands` gathers its commands from."""
    files = {module: path for module, path in house.sources().items() if "migrations" not in path.parts}
    wrong = [
        module
        for module in unused.files_nobody_imports(own_graph(), files)
        if module not in NOBODY_IMPORTS and not (module.startswith("bot.commands.") and declared_in(module))
    ]
    assert not wrong, "\n".join(f"{module} is imported by nothing: use it or delete it" for module in wrong)


def test_no_public_name_is_there_for_tests_alone() -> None:
    files = {module: path for module, path in house.sources().items() if "migrations" not in path.parts}
    wrong = [
        f"{name(files[module])}:{line} {found}: no file of the product uses it; delete it or move it to the tests"
        for module, found, line in unused.names_nobody_uses(files)
        if module not in NOBODY_IMPORTS
    ]
    assert not wrong, "\n".join(wrong)


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
        if (ROOT / file).is_file() and not file.endswith((".png", ".webp", ".csv", ".ico", ".gz"))
        for mark in marks
        if mark in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert not wrong


def test_settings_and_their_example_name_the_same_variables() -> None:
    from bot.settings import VARIABLES

    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert [text.split("=")[0] for text in lines if text and not text.startswith("#")] == list(VARIABLES)

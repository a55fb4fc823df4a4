"""The figures of the house are what they say they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import house
from tests.paths import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A house of five files: a circle of two, and an import from above inside a function."""
    files = {
        "engine/__init__.py": "",
        "engine/amm.py": "def price():\n    return 1\n",
        "bot/words/tickets.py": "from bot.words import shared\nfrom engine.amm import price\n",
        "bot/words/shared.py": "if TYPE_CHECKING:\n    import bot.words.tickets\n",
        "bot/text/numbers.py": "def money():\n    from bot.words.shared import line\n\n    return line\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_a_circle_is_found_though_one_of_its_imports_is_for_a_type(checkout: Path) -> None:
    assert house.circles(house.graph(checkout)) == [["bot.words.shared", "bot.words.tickets"]]


def test_an_arrow_upward_is_found_wherever_it_stands_in_a_file(checkout: Path) -> None:
    upward = house.arrows_upward(house.graph(checkout))
    assert [str(arrow) for arrow in upward] == ["bot.text.numbers imports bot.words.shared"]


def test_the_scheduler_is_known_only_where_the_parts_are_put_together() -> None:
    imports = {"bot.app": frozenset({"scheduler.jobs"}), "bot.commands.trade": frozenset({"scheduler.tick"})}
    assert [arrow.importer for arrow in house.arrows_upward(imports)] == ["bot.commands.trade"]


def test_a_checkout_without_these_floors_is_measured_all_the_same(checkout: Path) -> None:
    (checkout / "bot" / "dispatch.py").write_text("def run():\n    pass\n", encoding="utf-8")
    figures = dict(house.figures(checkout))
    assert figures["modules flat in bot/"] == "1"
    assert figures["arrows upward"] == "not told: 1 file(s) on no floor"
    assert figures["lines per function"].startswith("median 2, p95 ")
    assert figures["lines per function"].endswith(", most 4 (bot/text/numbers.py:1 money)")


def test_every_file_of_the_product_lies_on_a_floor() -> None:
    assert house.without_floor(house.sources()) == []


@pytest.fixture(scope="module")
def walks() -> dict[str, list[str]]:
    return house.walks()


def test_an_order_and_an_elimination_are_followed_from_the_chat_to_the_chat(walks: dict[str, list[str]]) -> None:
    for name, command in (("order", "bot/commands/trade.py"), ("elimination", "bot/commands/admin_decide.py")):
        stations = ["bot/adapters/discord_chat/slash_commands.py", "bot/dispatcher.py", command, "scheduler/tick.py"]
        stations += ["storage/saving.py", "scheduler/notices.py", "bot/notifications/announcer.py"]
        assert [file for file in walks[name] if file in stations] == stations
    assert "engine/impact.py" in walks["order"]
    assert "engine/resolution.py" in walks["elimination"]


@pytest.mark.parametrize("name", ["order", "elimination"])
def test_the_way_that_the_map_tells_is_the_way_that_is_taken(name: str, walks: dict[str, list[str]]) -> None:
    page = ROOT / "bot" / "README.md"
    told = page.read_text(encoding="utf-8").split(f"## The way of one {name}\n")[1].split("\n## ")[0]
    steps = re.findall(r"\]\((\S+\.py)\)", told)
    assert len(steps) > 10
    files = {(page.parent / step).resolve().relative_to(ROOT).as_posix() for step in steps}
    assert sorted(files - set(walks[name])) == []

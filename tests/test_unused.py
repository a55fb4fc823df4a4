"""What nothing uses is found, and what something uses is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import house, unused


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    files = {
        "engine/__init__.py": "",
        "engine/amm.py": """
            import functools
            LIMIT = 3
            SPARE = 4
            def price(): return LIMIT
            def cost(): return cost()
            def _hidden(): return 1
            @functools.cache
            def table(): return 1
            @command("buy")
            def buy(): return 1
            class Curve: pass
        """,
        "engine/quote.py": "from engine import amm\n\ndef quote():\n    return f'{amm.price()}'\n",
        "bot/app.py": "from engine.quote import quote as ask\nfrom engine.amm import Curve\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.splitlines()
        path.write_text("\n".join(line.removeprefix(" " * 12) for line in lines), encoding="utf-8")
    return tmp_path


def test_a_file_that_no_other_imports_is_found(checkout: Path) -> None:
    assert unused.files_nobody_imports(house.graph(checkout), house.sources(checkout)) == ["bot.app"]


def test_a_public_name_that_no_file_uses_is_found_even_where_it_calls_itself(checkout: Path) -> None:
    names = [name for _, name, _ in unused.names_nobody_uses(house.sources(checkout))]
    assert names == ["SPARE", "cost", "table"]

"""The room's files: what they may contain, and the palette they are painted with."""

from __future__ import annotations

import gzip
import re

import pytest

from bot.adapters.room import assets
from bot.text.palette import DARK, LIGHT, MARKS

FILES = assets.load()
TEXTS = {name: asset.data.decode() for name, asset in FILES.items()}
SCRIPTS = sorted(name for name in FILES if name.endswith(".js"))
PAGES = sorted(name for name in FILES if name.endswith(".html"))
IMPORT = re.compile(r'^import .*"\./(\w+\.js)"', re.MULTILINE)


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_comes_from_elsewhere(name: str) -> None:
    elsewhere = re.findall(r"https?://[^\s\"')]+", TEXTS[name])
    assert [message for message in elsewhere if message != "http://www.w3.org/2000/svg"] == []


def loaded_by(page: str) -> set[str]:
    """The page itself and all that it asks for before anybody does anything."""
    return {page, *re.findall(r'(?:src|href)="/static/([\w.-]+)"', TEXTS[page])}


def test_the_rooms_page_is_under_150_kb_packed_and_what_else_there_is_under_60() -> None:
    packed = {name: len(asset.packed) for name, asset in FILES.items()}
    first = loaded_by("index.html")
    assert sum(packed[name] for name in first) < 150_000
    assert sum(size for name, size in packed.items() if name not in first) < 60_000
    assert all(gzip.decompress(asset.packed) == asset.data for asset in FILES.values())


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_at_once_for_all_modules_its_script_imports(page: str) -> None:
    loaded = loaded_by(page)
    assert {imported for name in loaded & set(SCRIPTS) for imported in IMPORT.findall(TEXTS[name])} <= loaded


def test_every_script_is_of_a_page_or_imported_once_it_is_needed() -> None:
    reached = {name for text in TEXTS.values() for name in re.findall(r'import\("\./(\w+\.js)"\)', text)}
    while further := {imported for name in reached for imported in IMPORT.findall(TEXTS[name])} - reached:
        reached |= further
    assert set(SCRIPTS) <= reached.union(*(loaded_by(page) for page in PAGES))


@pytest.mark.parametrize("name", SCRIPTS)
def test_text_never_becomes_markup_or_code(name: str) -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", TEXTS[name])


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_says_what_it_is_and_leaves_no_global(name: str) -> None:
    assert TEXTS[name].startswith("// ")
    globals_ = re.findall(r"\b(?:window|globalThis|self)\.(\w+) *=[^=]", TEXTS[name])
    assert globals_ == (
        ["Telegram", "TelegramGameProxy"] if name == "telegram.js" else []
    )  # Telegram's apps call these


def test_the_page_has_no_inline_code_or_style_and_every_file_it_names_exists() -> None:
    page = TEXTS["index.html"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page)
    named = re.findall(r"/static/([\w.-]+)", page)
    assert named
    assert set(named) <= set(FILES)
    for name in SCRIPTS:
        assert {f"{other}.js" for other in re.findall(r'from "\./(\w+)\.js"', TEXTS[name])} <= set(FILES)


def test_no_two_style_sheets_give_one_name_to_two_animations() -> None:
    sheets = [TEXTS[name] for name in FILES if name.endswith(".css")]
    names = [name for sheet in sheets for name in re.findall(r"@keyframes ([\w-]+)", sheet)]
    assert names
    assert len(names) == len(set(names))  # the later one would run in place of both


def test_no_two_style_sheets_say_how_one_class_looks_by_itself() -> None:
    sheet_of: dict[str, str] = {}
    for name in sorted(name for name in FILES if name.endswith(".css")):
        sheet = re.sub(r"/\*.*?\*/", "", TEXTS[name], flags=re.DOTALL)
        for rule in re.findall(r"([^{};]+)\{", sheet):
            for selector in re.split(r",(?![^(]*\))", rule):
                bare = re.fullmatch(r"\s*\.([\w-]+)(\[[^\]]*\]|::?[\w-]+(\([^()]*\))?)*\s*", selector)
                if bare:  # one of another sheet would be struck by it unseen
                    assert sheet_of.setdefault(bare[1], name) == name, f".{bare[1]} in {sheet_of[bare[1]]} and {name}"
    assert len(sheet_of) > 50


def test_the_style_sheet_has_every_colour_of_the_palette() -> None:
    dark, light, *rest = TEXTS["palette.css"].splitlines()
    assert not rest
    for text, theme in ((dark, DARK), (light, LIGHT)):
        assert all(f"--o{index}:{code}" in text for index, code in enumerate(theme.outcomes))
        assert f"--on-accent:{theme.on_accent}" in text
    sheets = "".join(TEXTS[name] for name in FILES if name.endswith(".css") and name != "palette.css")
    used = set(re.findall(r"var\(--([\w-]+)", sheets))
    set_by_scripts = {name for script in SCRIPTS for name in re.findall(r'"--([\w-]+)"', TEXTS[script])}
    own = set(re.findall(r"--([\w-]+):", sheets)) | set_by_scripts
    assert used - own <= set(re.findall(r"--([\w-]+):", dark))


def test_the_page_knows_the_marks_of_the_palette() -> None:
    assert "const MARKS = [" + ", ".join(f'"{mark}"' for mark in MARKS) + "];" in TEXTS["board.js"]
    for mark in MARKS[1:]:
        assert f'.chip[data-mark="{mark}"]' in TEXTS["room.css"]
        assert f'[data-mark="{mark}"] .spark' in TEXTS["board.css"]

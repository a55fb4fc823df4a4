"""Each folder's README is its manual: it names every file, and all that it names is there."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.house import FLOORS, PACKAGES
from tests.paths import ROOT

FOLDERS = (*PACKAGES, "tests", ".github", "deploy")
TOLD_ABOVE = ("bot/adapters/room/static", "storage/migrations/versions")  # in the manual of the folder they lie in
HISTORY = "CHANGELOG.md"  # may name what is no more
NOT_OURS = ("discord.py", "FILE.toml")  # a library; what the reader brings

LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
FILE = re.compile(r"[\w*./-]+\.(?:py|js|css|toml|html)(?!\.?\w)")
MODULE = re.compile(r"python -m ((?:bot|tests|engine|storage|scheduler)(?:\.\w+)*)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


FILES = sorted(
    [path for path in ROOT.iterdir() if path.is_file()]
    + [
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
)
PAGES = [name(path) for path in FILES if path.suffix == ".md"]


def manual_of(path: Path) -> Path:
    """The README that has to name a file: its own folder's. What tests are made with may be named further up."""
    folder = path.parent
    if name(folder) in TOLD_ABOVE:
        folder = folder.parent
    while name(folder).startswith("tests/") and not (folder / "README.md").exists():
        folder = folder.parent
    return folder / "README.md"


def to_be_named(path: Path) -> bool:
    """Scripts and modules; an `__init__.py` if it does something. A test's name says what it proves."""
    if path.suffix != ".py":
        return path.suffix == ".js"
    if path.name == "__init__.py":
        return any(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    return not (name(path).startswith("tests/") and path.name.startswith(("test_", "conftest")))


NAMED: dict[str, list[str]] = {}
for file in FILES:
    if to_be_named(file):
        NAMED.setdefault(name(manual_of(file)), []).append(file.name)


def exists(written: str, folder: Path) -> bool:
    """From the README's folder or from the root; a bare name or a pattern anywhere below the folder."""
    below = name(folder) + "/" if folder != ROOT else ""
    return (folder / written).is_file() or any(
        fnmatch(name(path), written) or (name(path).startswith(below) and path.match(written)) for path in FILES
    )


@pytest.mark.parametrize("manual", sorted(NAMED))
def test_a_folders_manual_names_every_file_in_it(manual: str) -> None:
    assert (ROOT / manual).exists(), f"{manual} is missing"
    named = {Path(found).name for found in FILE.findall((ROOT / manual).read_text(encoding="utf-8"))}
    missing = [file for file in NAMED[manual] if file not in named]
    assert not missing, f"{manual} does not name {', '.join(missing)}"


@pytest.mark.parametrize("page", [page for page in PAGES if page != HISTORY])
def test_every_file_that_a_page_names_exists(page: str) -> None:
    text = LINK.sub(r"\2", (ROOT / page).read_text(encoding="utf-8"))
    modules = [found.replace(".", "/") for found in MODULE.findall(text)]
    missing = [
        found for found in FILE.findall(text) if found not in NOT_OURS and not exists(found, (ROOT / page).parent)
    ]
    missing += [
        found for found in modules if not any((ROOT / f"{found}{end}").exists() for end in (".py", "/__main__.py"))
    ]
    assert not missing, f"{page} names {', '.join(missing)}, which is not there"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_repository_leads_somewhere(page: str) -> None:
    text = FENCED.sub("", (ROOT / page).read_text(encoding="utf-8"))
    wrong = [link for _, link in LINK.findall(text) if not link.startswith("http") and not leads(link, ROOT / page)]
    assert not wrong, f"{page} leads to {', '.join(wrong)}"


def leads(link: str, page: Path) -> bool:
    """Whether the file is there, and the heading where one is named."""
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_front_page_leads_to_every_manual() -> None:
    met: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        met.add(page)
        links = {(page.parent / link).resolve() for _, link in LINK.findall(page.read_text(encoding="utf-8"))}
        ahead += [link for link in links if link.suffix == ".md" and link.exists() and link not in met]
    assert [page for page in PAGES if ROOT / page not in met] == []


def test_the_picture_of_the_floors_is_the_one_that_is_held() -> None:
    text = (ROOT / "bot" / "README.md").read_text(encoding="utf-8")
    drawn = re.findall(r'^ +\w+\["([^"]+)"\]$', text, re.MULTILINE)
    assert [tuple(label.split(" · ")) for label in reversed(drawn)] == list(FLOORS)


def test_sections_and_rulings_that_the_code_cites_are_on_the_page_of_the_rules() -> None:
    rules = (ROOT / "engine" / "RULES.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^## (\d+)\.", rules, re.MULTILINE))
    rulings = set(re.findall(r"^(\d+)\. ", rules.partition("\n## 11.")[2], re.MULTILINE))
    code = "".join(path.read_text(encoding="utf-8") for path in FILES if path.suffix == ".py")
    cited = set(re.findall(r"ENGINE sections? (\d+)", code))
    ruled = set(re.findall(r"ENGINE (?:rulings? |11\.)(\d+)", code))
    assert cited
    assert ruled
    assert (cited - sections, ruled - rulings) == (set(), set())

"""The house in figures: `python -m tests.house [--root DIR] [--walks]`.

Files, circles, arrows upward and lengths are read from the source; the two walks, one order and one elimination on
Discord, are run for real (see `tests.walks`). `--root` measures another checkout, so that a before and an after can be
set side by side; one without these floors says so.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "engine", "storage", "scheduler")

# from the ground up; what stands beside each other on a floor knows nothing of each other
FLOORS: tuple[tuple[str, ...], ...] = (
    ("engine",),
    ("storage",),
    ("scheduler",),
    ("bot.text", "bot.ending", "bot.logs", "bot.settings"),
    ("bot.chat",),
    ("bot.words",),
    ("bot.grammar", "bot.charts"),
    ("bot.market",),
    ("bot.commands", "bot.notifications"),
    ("bot.dispatcher",),
    ("bot.adapters",),
    (
        *("bot.adapters.discord_chat", "bot.adapters.room", "bot.adapters.telegram_chat", "bot.adapters.webhooks"),
        "bot.scenarios",
    ),
    ("bot.cli", "bot.health"),
    ("bot.app",),
    ("bot.__main__",),
)
# what owns time is known only where the parts are put together
KNOW_SCHEDULER = ("scheduler", "bot.scenarios", "bot.cli", "bot.app", "bot.__main__")

LABEL = 34  # columns
SHOWN = 6  # a circle of more files is not listed

Graph = Mapping[str, frozenset[str]]  # module -> the product's modules it imports


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """An import that the floors do not allow."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


def sources(root: Path = ROOT) -> dict[str, Path]:
    """Every file of the product by its module's name; a package has its own."""
    paths = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return {_module(path.relative_to(root)): path for path in paths}


def _module(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def graph(root: Path = ROOT) -> Graph:
    """Who imports whom, wherever in the file and for whatever purpose: an import for a type alone counts."""
    files = sources(root)
    return {module: frozenset(_imported(path, files)) - {module} for module, path in files.items()}


def _imported(path: Path, files: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:  # a module of the package, or a name in it
                member = f"{node.module}.{alias.name}"
                if member in files:
                    yield member
                elif node.module in files:
                    yield node.module


def circles(imports: Graph) -> list[list[str]]:
    """Files of which each leads back to itself over the others, largest circle first: the strongly connected
    components of more than one file (Tarjan 1972)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_path: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        open_path.append(module)
        for other in sorted(imports[module]):
            if other not in order:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in open_path:
                lowest[module] = min(lowest[module], order[other])
        if lowest[module] == order[module]:
            at = open_path.index(module)
            circle = sorted(open_path[at:])
            del open_path[at:]
            if len(circle) > 1:
                found.append(circle)

    for module in sorted(imports):
        if module not in order:
            visit(module)
    return sorted(found, key=len, reverse=True)


def room(module: str) -> str | None:
    """The longest name on the floors that the module has or lies under: `bot.words.tickets` lies in `bot.words`."""
    rooms = {name for floor in FLOORS for name in floor}
    parts = module.split(".")
    return next((name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in rooms), None)


def without_floor(modules: Iterable[str]) -> list[str]:
    """Modules that lie on no floor; the bare package `bot` is the house itself."""
    return [module for module in modules if module != "bot" and room(module) is None]


def arrows_upward(imports: Graph) -> list[Arrow]:
    """Imports from the same floor's other rooms or from above, and of the scheduler by who may not know it."""
    height = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    return [
        Arrow(importer=module, imported=other)
        for module, others in sorted(imports.items())
        for other in sorted(others)
        if (here := room(module)) and (there := room(other)) and here != there
        if height[there] >= height[here] or (there == "scheduler" and here not in KNOW_SCHEDULER)
    ]


def file_lines(root: Path = ROOT) -> dict[str, int]:
    """Lines by file; an empty `__init__.py` says nothing about anything and is left out."""
    lengths = {
        path.relative_to(root).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(root).values()
    }
    return {name: lines for name, lines in lengths.items() if lines > 0}


def function_lines(root: Path = ROOT) -> dict[str, int]:
    """Lines by function, from `def` to its last line, docstring included, decorators not."""
    return {
        f"{path.relative_to(root).as_posix()}:{node.lineno} {node.name}": (node.end_lineno or node.lineno)
        - node.lineno
        + 1
        for path in sources(root).values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def spread(lengths: Mapping[str, int]) -> str:
    """Median, 95th percentile and most, with who has the most."""
    longest = max(lengths, key=lambda name: lengths[name])
    p95 = quantiles(lengths.values(), n=20)[-1]
    return f"median {median(lengths.values()):.0f}, p95 {p95:.0f}, most {lengths[longest]} ({longest})"


def walks(root: Path = ROOT) -> dict[str, list[str]]:
    """The files each walk enters, in the order in which it first enters them. Runs in a process of its own, with the
    checkout at `root` and its own stand-in for Discord."""
    command = [sys.executable, "-P", str(Path(__file__).with_name("walks.py")), str(root)]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"the walks could not be run in {root}:\n{ran.stderr[-2_000:]}")
    recorded: dict[str, list[str]] = json.loads(ran.stdout)
    return recorded


def figures(root: Path) -> Iterator[tuple[str, str]]:
    """What is measured by reading, as label and value."""
    files = sources(root)
    imports = graph(root)
    rings = circles(imports)
    homeless = without_floor(files)
    counts = [f"{package} {sum(name.split('.')[0] == package for name in files)}" for package in PACKAGES]
    yield "modules flat in bot/", str(len(list((root / "bot").glob("*.py"))))
    yield ".py files", f"{len(files)} ({', '.join(counts)})"
    sizes = ", ".join(str(len(ring)) for ring in rings)
    yield "circles of files", f"{len(rings)}" + (f" (of {sizes} files)" if rings else "")
    yield from (("", " · ".join(ring)) for ring in rings if len(ring) <= SHOWN)
    upward = arrows_upward(imports)
    yield "arrows upward", f"not told: {len(homeless)} file(s) on no floor" if homeless else str(len(upward))
    if not homeless:
        yield from (("", str(arrow)) for arrow in upward)
    yield "lines per file", spread(file_lines(root))
    yield "lines per function", spread(function_lines(root))


def main() -> None:
    """Print the figures, and with `--walks` every file of the two walks."""
    parser = argparse.ArgumentParser(prog="python -m tests.house", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to measure (this one)")
    parser.add_argument("--walks", action="store_true", help="list the files of the two walks")
    options = parser.parse_args()
    root = options.root.resolve()
    for label, value in figures(root):
        print(f"{label:{LABEL}}{value}", flush=True)
    recorded = walks(root)
    for name, entered in recorded.items():
        print(f"{f'files entered by one {name}':{LABEL}}{len(entered)}")
    for name, entered in recorded.items() if options.walks else ():
        print(f"\none {name}")
        print("\n".join(f"{number:4} {file}" for number, file in enumerate(entered, 1)))


if __name__ == "__main__":
    main()

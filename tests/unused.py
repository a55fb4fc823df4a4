"""What nothing in the product uses: files that nobody imports, and public names that at most tests know.

After tigerbeetle's `src/tidy.zig`, which finds dead files the same way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from tests import house

# that work by standing there, whatever is put upon them
PLAIN_DECORATORS = {"dataclass", "cache", "lru_cache", "contextmanager", "asynccontextmanager", "final"}

Name = tuple[str, str]  # module and name


@dataclass(frozen=True, slots=True)
class Uses:
    """What one file defines for others, and what it uses of others and of its own."""

    defined: Mapping[str, int]  # public names by line
    used: Set[Name] = field(default_factory=set)


def files_nobody_imports(imports: house.Graph, files: Mapping[str, Path]) -> list[str]:
    """Modules that no other imports, packages left out."""
    imported = {module for others in imports.values() for module in others}
    return sorted(m for m, path in files.items() if path.name != "__init__.py" and m not in imported)


def names_nobody_uses(files: Mapping[str, Path]) -> list[tuple[str, str, int]]:
    """(module, name, line) of public functions, classes and constants that no file of the product uses, their own
    included. What a decorator may have taken in (`@command`) counts as used."""
    by_module = {module: _uses(module, path, files) for module, path in files.items()}
    used = {name for uses in by_module.values() for name in uses.used}
    return [
        (module, name, line)
        for module, uses in by_module.items()
        for name, line in uses.defined.items()
        if (module, name) not in used
    ]


def _uses(module: str, path: Path, files: Mapping[str, Path]) -> Uses:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = dict(_public(tree))
    imported = dict(_imported(tree, files))
    used: set[Name] = {name for name in imported.values() if name[1]}
    for owner, node in _walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id != owner:
            used.add((module, node.id))
        elif isinstance(node, ast.Attribute) and (dotted := _dotted(node.value)) is not None:
            package, _ = imported.get(dotted, (dotted, ""))
            used.add((package, node.attr))
    return Uses(defined, used)


def _public(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [] if any(_called(d) not in PLAIN_DECORATORS for d in node.decorator_list) else [node.name]
        elif isinstance(node, ast.Assign):
            names = [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            names = []
        yield from ((name, node.lineno) for name in names if not name.startswith("_"))


def _imported(tree: ast.Module, files: Mapping[str, Path]) -> Iterator[tuple[str, Name]]:
    """What each imported name stands for: (module, "") for a whole module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, (alias.name, "")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                member = f"{node.module}.{alias.name}"
                yield alias.asname or alias.name, ((member, "") if member in files else (node.module, alias.name))


def _walk(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Every node, with the name of the definition at the top it stands in: what only calls itself is used by nobody."""
    for top in tree.body:
        owner = top.name if isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else ""
        yield from ((owner, node) for node in ast.walk(top))


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)) is not None:
        return f"{before}.{node.attr}"
    return None


def _called(node: ast.expr) -> str:
    """The last word of a decorator: `dataclass` of `@dataclass(frozen=True)`."""
    while isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""

"""What writing something down as JSON asks of every value and every dataclass; a tick asks it ten thousand times."""

from __future__ import annotations

from dataclasses import fields

AS_THEY_ARE = frozenset({int, str, bool, type(None)})  # most of what is written down

_known: dict[type, tuple[str, ...]] = {}


def names_of(kind: type) -> tuple[str, ...]:
    """Of a dataclass's fields, in order."""
    if kind not in _known:
        _known[kind] = tuple(part.name for part in fields(kind))
    return _known[kind]

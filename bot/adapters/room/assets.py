"""The room's pages: a handful of files read once at the start, and the palette as a style sheet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from importlib.resources import files

from bot.text.palette import DARK, LIGHT, Theme

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    data: bytes
    content_type: str
    etag: str


def load() -> dict[str, Asset]:
    """Every file of `static/` by name, and `palette.css`."""
    assets = {
        file.name: _asset(file.name, file.read_bytes())
        for file in files("bot.adapters.room").joinpath("static").iterdir()
        if file.name.rpartition(".")[2] in TYPES
    }
    assets["palette.css"] = _asset("palette.css", palette().encode())
    return assets


def palette() -> str:
    """`bot.text.palette` as CSS variables: dark for everybody, light where the page says so (`theme.js` decides)."""
    dark = f":root{{color-scheme:dark;{_variables(DARK)}}}"
    light = f':root[data-theme="light"]{{color-scheme:light;{_variables(LIGHT)}}}'
    return f"{dark}\n{light}\n"


def _variables(theme: Theme) -> str:
    plain = [field.name for field in fields(theme) if field.name not in {"name", "outcomes"}]
    named = [f"--{name.replace('_', '-')}:{getattr(theme, name)}" for name in plain]
    outcomes = [f"--o{index}:{code}" for index, code in enumerate(theme.outcomes)]
    return ";".join([*named, *outcomes])


def _asset(name: str, data: bytes) -> Asset:
    return Asset(data, TYPES[name.rpartition(".")[2]], hashlib.sha256(data).hexdigest()[:24])

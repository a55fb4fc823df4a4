"""The room's pages: a handful of files read once at the start, and the palette as a style sheet."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from importlib.resources import files

from aiohttp import web

from bot.text.palette import DARK, LIGHT, Theme

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

NOT_AT_ALL = re.compile(r"q=0(\.0*)?")  # of a coding a browser names to refuse it
MODULES = b"<!-- modules -->"  # where the page names them
CLASSIC = "theme.js"  # a script that runs before the first paint, no module


@dataclass(frozen=True, slots=True)
class Asset:
    """`packed` is `data` as gzip."""

    data: bytes
    packed: bytes
    content_type: str
    etag: str

    def response(self, request: web.Request) -> web.Response:
        """Nothing where the browser has it, packed where the browser can unpack it."""
        packed = takes_gzip(request)
        headers = {
            "ETag": f'"{self.etag}{"-gzip" if packed else ""}"',
            "Cache-Control": "no-cache",
            "Content-Type": self.content_type,
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        if packed:
            return web.Response(body=self.packed, headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=self.data, headers=headers)


def takes_gzip(request: web.Request) -> bool:
    """Whether who asks says that they can unpack it."""
    offered = request.headers.get("Accept-Encoding", "").lower().replace(" ", "").split(",")
    codings = [coding.partition(";") for coding in offered]
    return any(name == "gzip" and not NOT_AT_ALL.fullmatch(weight) for name, _, weight in codings)


def load() -> dict[str, Asset]:
    """Every file of `static/` by name, and `palette.css`."""
    texts = {
        file.name: file.read_bytes()
        for file in files("bot.adapters.room").joinpath("static").iterdir()
        if file.name.rpartition(".")[2] in TYPES
    }
    texts["palette.css"] = palette().encode()
    texts["index.html"] = texts["index.html"].replace(MODULES, _preloads(texts))
    return {name: _asset(name, data) for name, data in texts.items()}


def _preloads(names: Iterable[str]) -> bytes:
    """All modules at once, or a browser would find one only after it has read another."""
    modules = sorted(name for name in names if name.endswith(".js") and name != CLASSIC)
    return "\n".join(f'<link rel="modulepreload" href="/static/{name}">' for name in modules).encode()


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
    etag = hashlib.sha256(data).hexdigest()[:24]
    return Asset(data, gzip.compress(data, 9, mtime=0), TYPES[name.rpartition(".")[2]], etag)

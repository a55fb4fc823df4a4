"""The room's pages: a handful of files read once at the start, and the palette as a style sheet."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
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
_ENTRY = re.compile(rb'<(?:script type="module" src|link rel="modulepreload" href)="/static/(\w+\.js)">')
_MAIN = b'<script type="module" src="/static/main.js"></script>'
_ORIGINS = b'<meta name="telegram-origins" content="">'
_APP = b"""<meta name="telegram-origins" content="">
<link rel="stylesheet" href="/static/app.css">
<script type="module" src="/static/mini_app.js"></script>
<link rel="modulepreload" href="/static/main.js">
<link rel="modulepreload" href="/static/telegram_buttons.js">"""
_IMPORT = re.compile(rb'(?:from|^import) "\./(\w+\.js)"', re.MULTILINE)


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
    """Every file of `static/` by name, `palette.css` and `app.html`."""
    texts = {
        file.name: file.read_bytes()
        for file in files("bot.adapters.room").joinpath("static").iterdir()
        if file.name.rpartition(".")[2] in TYPES
    }
    texts["palette.css"] = palette().encode()
    texts["app.html"] = texts["index.html"].replace(_MAIN, _APP).replace(b"/theme.js", b"/app_theme.js")
    for page in [name for name in texts if name.endswith(".html")]:
        texts[page] = texts[page].replace(MODULES, _preloads(texts, page))
    return {name: _asset(name, data) for name, data in texts.items()}


def app_page(page: Asset, origins: str) -> Asset:
    """`app.html`, which is the room's page as a Mini App, for these origins of pages around it."""
    line = _ORIGINS.replace(b'""', f'"{origins}"'.encode())
    return _asset("app.html", page.data.replace(_ORIGINS, line))


def _preloads(texts: Mapping[str, bytes], page: str) -> bytes:
    """All modules of a page at once, or a browser would find one only after it has read another."""
    modules = sorted(modules_of(texts, page))
    return "\n".join(f'<link rel="modulepreload" href="/static/{name}">' for name in modules).encode()


def modules_of(texts: Mapping[str, bytes], page: str) -> set[str]:
    """What the page's script imports and all of those import; not what is imported once somebody needs it."""
    modules, waiting = set[str](), [name.decode() for name in _ENTRY.findall(texts[page])]
    while waiting:
        name = waiting.pop()
        if name not in modules:
            modules.add(name)
            waiting += [imported.decode() for imported in _IMPORT.findall(texts[name])]
    return modules


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

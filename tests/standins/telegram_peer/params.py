"""The parameters of one request: form fields, JSON or multipart, read by type and checked for strangers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web

from .errors import Json, bad

NEWEST = (10, 3)  # of the Bot API


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    name: str
    data: bytes = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Params:
    """`given` as decoded; `read` grows with what a method asked for, so that what nobody reads is found. `version` is
    the server's: what came later it does not know."""

    given: Json
    files: dict[str, Upload] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    version: tuple[int, int] = NEWEST

    def has(self, name: str) -> bool:
        self.read.add(name)
        return self.given.get(name) not in (None, "")

    def text(self, name: str, default: str = "") -> str:
        self.read.add(name)
        value = self.given.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        self.read.add(name)
        value = self.given.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad(f'parameter "{name}" must be of type Integer') from None

    def flag(self, name: str) -> bool:
        self.read.add(name)
        return str(self.given.get(name, "")).lower() in ("true", "yes", "1")

    def json(self, name: str, what: str) -> object:
        """A JSON parameter, whether it came as JSON or as text; None if it is not there."""
        self.read.add(name)
        value = self.given.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad(f"can't parse {what} JSON object") from None

    def mapping(self, name: str, what: str) -> Json | None:
        value = self.json(name, what)
        if value is None or isinstance(value, dict):
            return value
        raise bad(f"can't parse {what}: object expected")

    def array(self, name: str, what: str) -> list[Json] | None:
        value = self.json(name, what)
        if value is None:
            return None
        if not isinstance(value, list):
            raise bad(f"can't parse {what}: expected an Array")
        return value

    def upload(self, name: str) -> Upload | str | None:
        """A file: uploaded under its own name or by `attach://`, else the file id or address that was given."""
        self.read.add(name)
        if name in self.files:
            return self.files[name]
        return self.attached(self.given.get(name))

    def attached(self, value: object) -> Upload | str | None:
        if not isinstance(value, str) or not value:
            return None
        if not value.startswith("attach://"):
            return value
        name = value.removeprefix("attach://")
        if name not in self.files:
            raise bad(f"file part {name!r} is missing")
        self.read.add(name)
        return self.files[name]

    def strangers(self) -> list[str]:
        return sorted((set(self.given) | set(self.files)) - self.read)


async def read_params(request: web.Request) -> Params:
    given: Json = dict(request.query)
    files: dict[str, Upload] = {}
    match request.content_type:
        case "application/json":
            body = await request.read()
            try:
                given |= json.loads(body) if body else {}
            except ValueError:
                raise bad("can't parse JSON object") from None
        case "application/x-www-form-urlencoded":
            form = await request.post()
            given |= {name: str(value) for name, value in form.items()}
        case "multipart/form-data":
            async for part in await request.multipart():
                assert isinstance(part, BodyPartReader)
                name = part.name or ""
                data = bytes(await part.read(decode=False))
                if part.filename is not None:
                    files[name] = Upload(name=part.filename, data=data)
                else:
                    given[name] = data.decode()
    _check_utf8(given)
    return Params(given=given, files=files)


def _check_utf8(value: object) -> None:
    """Lone surrogates can come in JSON escapes only."""
    match value:
        case str():
            if any(0xD800 <= ord(char) < 0xE000 for char in value):
                raise bad("strings must be encoded in UTF-8")
        case dict():
            for part in value.values():
                _check_utf8(part)
        case list():
            for part in value:
                _check_utf8(part)

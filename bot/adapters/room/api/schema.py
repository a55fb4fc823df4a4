"""Words to write the shapes of JSON with, as OpenAPI 3.1 has them."""

from __future__ import annotations

from storage.records import Json

Schema = dict[str, Json]


def integer(about: str, *, least: int | None = None, example: int | None = None) -> Schema:
    schema: Schema = {"type": "integer", "description": about}
    if least is not None:
        schema["minimum"] = least
    return schema if example is None else {**schema, "examples": [example]}


def money(about: str, *, example: int | None = None) -> Schema:
    return integer(f"{about} In millionths of a dollar.", example=example)


def tokens(about: str, *, example: int | None = None) -> Schema:
    return integer(f"{about} In millionths of a token.", least=0, example=example)


def moment(about: str) -> Schema:
    return integer(f"{about} Milliseconds since 1970, UTC.", least=0, example=1_800_000_002_000)


def text(about: str, *, example: str | None = None, among: tuple[str, ...] = ()) -> Schema:
    schema: Schema = {"type": "string", "description": about}
    if among:
        schema["enum"] = list(among)
    return schema if example is None else {**schema, "examples": [example]}


def yes_no(about: str) -> Schema:
    return {"type": "boolean", "description": about}


def array(items: Schema, about: str = "") -> Schema:
    return {"type": "array", "items": items, **({"description": about} if about else {})}


def table(about: str) -> Schema:
    """Of any shape: what a page draws and a program hardly needs."""
    return {"type": "object", "description": about}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def shape(about: str, optional: tuple[str, ...] = (), /, **fields: Schema) -> Schema:
    """An object that has all of these but the optional ones. A name that is a word of Python ends in `_`."""
    properties = {name.rstrip("_"): schema for name, schema in fields.items()}
    return {
        "type": "object",
        "description": about,
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
    }

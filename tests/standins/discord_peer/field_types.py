"""The type of each field, wherever it stands: what has another one is refused before any rule looks at it."""

from __future__ import annotations

from .errors import FormErrors, Path
from .json_values import Json

# field -> its type, null apart; OBJECTS are lists of objects
LIST, OBJECTS, OBJECT, TEXT, NUMBER, SNOWFLAKE, SCALAR = (
    "list",
    "objects",
    "object",
    "text",
    "number",
    "snowflake",
    "scalar",
)
KINDS = {
    **dict.fromkeys(("embeds", "fields", "components", "options", "choices", "items", "attachments"), OBJECTS),
    **dict.fromkeys(("parse", "users", "roles", "contexts", "integration_types", "channel_types"), LIST),
    **dict.fromkeys(("footer", "author", "image", "thumbnail", "media", "file", "emoji"), OBJECT),
    **dict.fromkeys(("component", "accessory", "allowed_mentions", "message_reference"), OBJECT),
    **dict.fromkeys(("name_localizations", "description_localizations"), OBJECT),
    **dict.fromkeys(
        ("content", "title", "description", "name", "label", "placeholder", "custom_id", "url", "text"), TEXT
    ),
    **dict.fromkeys(("type", "style", "flags", "color", "accent_color", "spacing"), NUMBER),
    **dict.fromkeys(("min_length", "max_length", "min_values", "max_values", "min_value", "max_value"), NUMBER),
    **dict.fromkeys(("id", "sku_id", "message_id", "nonce", "default_member_permissions"), SNOWFLAKE),
    "value": SCALAR,
}
TYPES: dict[str, tuple[type, ...]] = {
    LIST: (list,),
    OBJECTS: (list,),
    OBJECT: (dict,),
    TEXT: (str,),
    NUMBER: (int, float),
    SNOWFLAKE: (int, str),
    SCALAR: (str, int, float, bool),
}
CODES = {
    LIST: ("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType."),
    OBJECTS: ("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType."),
    OBJECT: ("DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType"),
    TEXT: ("STRING_TYPE_CONVERT", "Could not interpret value as string."),
    NUMBER: ("NUMBER_TYPE_COERCE", "Value is not a number."),
    SNOWFLAKE: ("NUMBER_TYPE_COERCE", "Value is not snowflake."),
    SCALAR: ("SCALAR_TYPE_CONVERT", "Value is neither text nor number."),
}


def check(body: Json) -> None:
    """Refuse a body in which a field has another type than its name promises."""
    form = FormErrors()
    _object(form, (), body)
    form.done()


def _object(form: FormErrors, path: Path, one: Json) -> None:
    for key, value in one.items():
        kind = KINDS.get(key)
        if value is None or kind is None:
            continue
        if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != SCALAR):
            form.wrong((*path, key), *CODES[kind])
        elif isinstance(value, dict):
            _object(form, (*path, key), value)
        elif isinstance(value, list):
            _items(form, (*path, key), value, objects=kind == OBJECTS)


def _items(form: FormErrors, path: Path, items: list[object], *, objects: bool) -> None:
    for index, item in enumerate(items):
        if isinstance(item, dict):
            _object(form, (*path, index), item)
        if isinstance(item, dict) != objects or isinstance(item, list):
            form.wrong((*path, index), *CODES[OBJECT if objects else TEXT])

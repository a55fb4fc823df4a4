"""What a person reads and can press in a message: text, buttons and menus out of content, embeds and components."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .json_values import Json

if TYPE_CHECKING:
    from .world import Message

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = (
    1,
    2,
    3,
    4,
    9,
    10,
    11,
    12,
    13,
    14,
    17,
    18,
)
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 19, 21, 22, 23
ENTITY_SELECTS = (USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
SELECTS = (STRING_SELECT, *ENTITY_SELECTS)
# https://docs.discord.com/developers/reference#message-formatting-formats
COMMAND_LINK = re.compile(r"</([^\s:>]+(?: [^\s:>]+){0,2}):(\d+)>")
LINK_BUTTON, PREMIUM_BUTTON = 5, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    label: str
    custom_id: str
    style: int
    disabled: bool
    url: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    kind: int
    custom_id: str
    placeholder: str
    options: tuple[tuple[str, str], ...]  # (value, label)
    chosen: tuple[str, ...]
    least: int
    most: int
    disabled: bool
    id: int = 0


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component, parents first, in the order they are shown."""
    for one in components:
        yield one
        yield from walk(one.get("components") or [])
        for key in ("accessory", "component"):
            if isinstance(one.get(key), dict):
                yield from walk([one[key]])


def text_of(content: str, embeds: list[Json], components: list[Json]) -> str:
    parts = [content]
    for embed in embeds:
        parts += [(embed.get("author") or {}).get("name", ""), embed.get("title") or "", embed.get("description") or ""]
        for one in embed.get("fields") or []:
            parts += [one.get("name", ""), one.get("value", "")]
        parts.append((embed.get("footer") or {}).get("text", ""))
    for one in walk(components):
        if one["type"] == TEXT:
            parts.append(one["content"])
        if one["type"] == GALLERY:
            parts += [item.get("description") or "" for item in one["items"]]
        if one["type"] == THUMBNAIL:
            parts.append(one.get("description") or "")
    return "\n".join(part for part in parts if part)


def command_links(text: str) -> list[tuple[str, str]]:
    """Names of commands that can be clicked, with the ids they carry."""
    return [(found[1], found[2]) for found in COMMAND_LINK.finditer(text)]


def _label(button: Json) -> str:
    emoji = (button.get("emoji") or {}).get("name") or ""
    return " ".join(part for part in (emoji, button.get("label") or "") if part)


def buttons_of(components: list[Json]) -> list[Button]:
    return [
        Button(
            label=_label(one),
            custom_id=one.get("custom_id") or "",
            style=one["style"],
            disabled=bool(one.get("disabled")),
            url=one.get("url") or "",
            id=one.get("id") or 0,
        )
        for one in walk(components)
        if one["type"] == BUTTON
    ]


def selects_of(components: list[Json]) -> list[Select]:
    return [select_of(one) for one in walk(components) if one["type"] in SELECTS]


def select_of(one: Json) -> Select:
    options = one.get("options") or []
    return Select(
        kind=one["type"],
        custom_id=one["custom_id"],
        placeholder=one.get("placeholder") or "",
        options=tuple((option["value"], option["label"]) for option in options),
        chosen=tuple(option["value"] for option in options if option.get("default")),
        least=one.get("min_values", 1),
        most=one.get("max_values", 1),
        disabled=bool(one.get("disabled")),
        id=one.get("id") or 0,
    )


def the_button(components: list[Json], label: str) -> Button:
    """The one that is called so (label, with or without its emoji, or custom id)."""
    found = [one for one in buttons_of(components) if one.custom_id == label or one.label == label]
    found = found or [one for one in buttons_of(components) if label and one.label.endswith(f" {label}")]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} buttons {label!r} among {[one.label for one in buttons_of(components)]}")
    return found[0]


def matcher(look: str | Callable[[Message], object]) -> Callable[[Message], object]:
    """A text is looked for in what a message says, once it is no longer loading; a function asks as it likes."""
    if callable(look):
        return look
    text = look
    return lambda message: text in message.text and not message.loading

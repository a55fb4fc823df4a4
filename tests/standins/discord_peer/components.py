"""The rules of components in messages: five rows of five (the first kind), or forty nested ones (the second, v2)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .errors import FormErrors, Path
from .json_values import Json, is_snowflake
from .message_view import (
    BUTTON,
    CHANNEL_SELECT,
    CONTAINER,
    FILE,
    GALLERY,
    LINK_BUTTON,
    PREMIUM_BUTTON,
    ROW,
    SECTION,
    SELECTS,
    SEPARATOR,
    STRING_SELECT,
    TEXT,
    THUMBNAIL,
    walk,
)

MOST_ROWS, MOST_IN_A_ROW, MOST_COMPONENTS, MOST_TEXT = 5, 5, 40, 4000
CHANNEL_KINDS = (0, 2, 4, 5, 10, 11, 12, 13, 15, 16)
TOP_LEVEL = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER)
IN_A_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)


class ComponentRules:
    """One check of one message's components. `files` are the names `attachment://` may refer to."""

    def __init__(self, form: FormErrors, files: Iterable[str]) -> None:
        self.form = form
        self.files = set(files)

    def rows(self, path: Path, given: object) -> None:
        """Components without the v2 flag: action rows alone."""
        for index, row in enumerate(self.form.items(path, given, 0, MOST_ROWS)):
            if self.form.one_of((*path, index, "type"), row.get("type"), (ROW,)):
                self._row((*path, index), row)
        self._unique(path, given)

    def layout(self, path: Path, given: object) -> None:
        """Components of a message with the v2 flag."""
        for index, one in enumerate(self.form.items(path, given, 1, MOST_COMPONENTS)):
            self._one((*path, index), one, TOP_LEVEL)
        known = _all(given)
        if len(known) > MOST_COMPONENTS:
            told = f"The maximum number of components ({MOST_COMPONENTS}) was exceeded, with {len(known)}."
            self.form.wrong(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", told)
        written = sum(len(str(one.get("content", ""))) for one in known if one.get("type") == TEXT)
        if written > MOST_TEXT:
            told = f"The displayable text size ({written}) exceeds the maximum of {MOST_TEXT}."
            self.form.wrong(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", told)
        self._unique(path, given)

    def _one(self, path: Path, one: Json, allowed: tuple[int, ...]) -> None:
        if not self.form.one_of((*path, "type"), one.get("type"), allowed):
            return
        rule = {
            ROW: self._row,
            SECTION: self._section,
            TEXT: self._text,
            GALLERY: self._gallery,
            FILE: self._file,
            SEPARATOR: self._separator,
            CONTAINER: self._container,
            THUMBNAIL: self._thumbnail,
            BUTTON: self.button,
        }[one["type"]]
        rule(path, one)

    def _row(self, path: Path, row: Json) -> None:
        inside = self.form.items((*path, "components"), row.get("components"), 1, MOST_IN_A_ROW)
        selects = [one for one in inside if one.get("type") in SELECTS]
        if selects and len(inside) > 1:
            told = "An action row holds up to five buttons or a single select."
            self.form.wrong((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", told)
        for index, one in enumerate(inside):
            where = (*path, "components", index)
            if self.form.one_of((*where, "type"), one.get("type"), (BUTTON, *SELECTS)):
                self.button(where, one) if one["type"] == BUTTON else self.select(where, one)

    def button(self, path: Path, one: Json) -> None:
        form = self.form
        form.one_of((*path, "style"), one.get("style"), (1, 2, 3, 4, 5, 6))
        form.text((*path, "label"), one.get("label"), 0, 80)
        form.flag((*path, "disabled"), one.get("disabled"))
        if one.get("style") == LINK_BUTTON:
            form.text((*path, "url"), one.get("url"), 1, 512)
            self._address((*path, "url"), one.get("url"), ("http://", "https://", "discord://"))
            self._not_with((*path, "custom_id"), one, "custom_id", "a link button")
        elif one.get("style") == PREMIUM_BUTTON:
            form.text((*path, "sku_id"), one.get("sku_id"), 1, 20)
        else:
            form.text((*path, "custom_id"), one.get("custom_id"), 1, 100)
            self._not_with((*path, "url"), one, "url", "a button that acts")
        if one.get("style") != PREMIUM_BUTTON and not one.get("label") and not one.get("emoji"):
            form.wrong(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button has a label or an emoji.")
        self._emoji((*path, "emoji"), one.get("emoji"))

    def select(self, path: Path, one: Json, *, in_modal: bool = False) -> None:
        form = self.form
        form.text((*path, "custom_id"), one.get("custom_id"), 1, 100)
        form.text((*path, "placeholder"), one.get("placeholder"), 0, 150)
        if one["type"] == STRING_SELECT:
            self.options((*path, "options"), one.get("options"), 1, 25)
        elif one.get("options"):
            form.wrong((*path, "options"), "COMPONENT_EXCLUSIVE_FIELDS", "Only a string select has options.")
        self._channel_types(path, one)
        least, most = one.get("min_values", 1), one.get("max_values", 1)
        if not form.number((*path, "min_values"), least, 0, 25) or not form.number((*path, "max_values"), most, 1, 25):
            return
        if least > most:
            form.wrong((*path, "min_values"), "NUMBER_TYPE_MAX", "min_values is above max_values.")
        options = one.get("options")
        if one["type"] == STRING_SELECT and isinstance(options, list):
            if options and most > len(options):
                form.wrong((*path, "max_values"), "NUMBER_TYPE_MAX", "max_values is above the number of options.")
            if sum(bool(option.get("default")) for option in options if isinstance(option, dict)) > most:
                form.wrong((*path, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULTS", "More defaults than max_values.")
        if in_modal and one.get("required", True) and least < 1:
            form.wrong((*path, "min_values"), "NUMBER_TYPE_MIN", "min_values is at least 1 where it is required.")

    def _channel_types(self, path: Path, one: Json) -> None:
        kinds = one.get("channel_types")
        if kinds is not None and one["type"] != CHANNEL_SELECT:
            told = "Only a channel select names kinds of channels."
            self.form.wrong((*path, "channel_types"), "COMPONENT_EXCLUSIVE_FIELDS", told)
        elif kinds is not None:
            for index, kind in enumerate(kinds):
                self.form.one_of((*path, "channel_types", index), kind, CHANNEL_KINDS)

    def options(self, path: Path, given: object, least: int, most: int) -> None:
        """Options of a select, a radio group or a checkbox group."""
        seen: set[str] = set()
        for index, option in enumerate(self.form.items(path, given, least, most)):
            where = (*path, index)
            self.form.text((*where, "label"), option.get("label"), 1, 100)
            self.form.text((*where, "value"), option.get("value"), 1, 100)
            self.form.text((*where, "description"), option.get("description"), 0, 100)
            self._emoji((*where, "emoji"), option.get("emoji"))
            if option.get("value") in seen:
                told = "The specified option value is already used"
                self.form.wrong((*where, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", told)
            seen.add(str(option.get("value")))

    def _section(self, path: Path, one: Json) -> None:
        for index, child in enumerate(self.form.items((*path, "components"), one.get("components"), 1, 3)):
            self._one((*path, "components", index), child, (TEXT,))
        accessory = one.get("accessory")
        if not isinstance(accessory, dict):
            self.form.required((*path, "accessory"))
        else:
            self._one((*path, "accessory"), accessory, (BUTTON, THUMBNAIL))

    def _text(self, path: Path, one: Json) -> None:
        self.form.text((*path, "content"), one.get("content"), 1, MOST_TEXT)

    def _gallery(self, path: Path, one: Json) -> None:
        for index, item in enumerate(self.form.items((*path, "items"), one.get("items"), 1, 10)):
            self._thumbnail((*path, "items", index), item)

    def _thumbnail(self, path: Path, one: Json) -> None:
        self._media((*path, "media"), one.get("media"))
        self.form.text((*path, "description"), one.get("description"), 0, 1024)
        self.form.flag((*path, "spoiler"), one.get("spoiler"))

    def _file(self, path: Path, one: Json) -> None:
        self._media((*path, "file"), one.get("file"), ("attachment://",))

    def _separator(self, path: Path, one: Json) -> None:
        self.form.flag((*path, "divider"), one.get("divider"))
        self.form.one_of((*path, "spacing"), one.get("spacing", 1), (1, 2))

    def _container(self, path: Path, one: Json) -> None:
        for index, child in enumerate(self.form.items((*path, "components"), one.get("components"), 1, 40)):
            self._one((*path, "components", index), child, IN_A_CONTAINER)
        if one.get("accent_color") is not None:
            self.form.number((*path, "accent_color"), one["accent_color"], 0, 0xFFFFFF)
        self.form.flag((*path, "spoiler"), one.get("spoiler"))

    def _media(
        self, path: Path, media: object, schemes: tuple[str, ...] = ("http://", "https://", "attachment://")
    ) -> None:
        if not isinstance(media, dict):
            self.form.required(path)
            return
        if self.form.text((*path, "url"), media.get("url"), 1, 2048):
            self._address((*path, "url"), media["url"], schemes)
            self.refers((*path, "url"), media["url"])

    def refers(self, path: Path, url: str) -> None:
        """An `attachment://` address names a file of the message."""
        name = url.removeprefix("attachment://")
        if name != url and name not in self.files:
            told = f"The referenced attachment '{name}' was not found"
            self.form.wrong(path, "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", told)

    def _address(self, path: Path, url: object, schemes: tuple[str, ...]) -> None:
        if isinstance(url, str) and not url.startswith(schemes):
            told = f'Scheme "{url.split(":")[0]}" is not supported. Scheme must be one of {schemes}.'
            self.form.wrong(path, "URL_TYPE_INVALID_SCHEME", told)

    def _emoji(self, path: Path, emoji: object) -> None:
        if emoji is None:
            return
        if not isinstance(emoji, dict):
            self.form.wrong(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            return
        name, own = emoji.get("name"), emoji.get("id")
        if own is not None and not is_snowflake(own):
            self.form.wrong((*path, "id"), "NUMBER_TYPE_COERCE", f'Value "{own}" is not snowflake.')
        elif own is None and (not isinstance(name, str) or not name or re.search(r"[A-Za-z\s]", name)):
            self.form.wrong((*path, "name"), "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji")

    def _not_with(self, path: Path, one: Json, key: str, kind: str) -> None:
        if one.get(key) is not None:
            self.form.wrong(path, "BUTTON_COMPONENT_EXCLUSIVE_FIELDS", f"{kind} has no {key}")

    def _unique(self, path: Path, given: object) -> None:
        self.unique(path, _all(given))

    def unique(self, path: Path, components: list[Json]) -> None:
        """No custom id and no component id twice."""
        for key, code in (("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"), ("id", "COMPONENT_ID_DUPLICATED")):
            used: set[object] = set()
            for one in components:
                value = one.get(key)
                if value and value in used:
                    self.form.wrong(path, code, f"Component {key} {value!r} cannot be duplicated")
                used.add(value)


def _all(given: object) -> list[Json]:
    """Every component there is, or none where they cannot be walked."""
    return list(walk(given)) if isinstance(given, list) and _walkable(given) else []


def _walkable(given: object) -> bool:
    """Whether every level is a list of objects, so that it can be walked at all."""
    if not isinstance(given, list):
        return False
    for one in given:
        if not isinstance(one, dict):
            return False
        for key in ("accessory", "component"):
            if one.get(key) is not None and not _walkable([one[key]]):
                return False
        if one.get("components") is not None and not _walkable(one["components"]):
            return False
    return True


def numbered(components: list[Json]) -> list[Json]:
    """The components as Discord keeps them: everyone with an id of its own, counted from 1."""
    used = {one["id"] for one in walk(components) if one.get("id")}
    free = iter(number for number in range(1, 1000) if number not in used)
    for one in walk(components):
        if not one.get("id"):
            one["id"] = next(free)
    return components

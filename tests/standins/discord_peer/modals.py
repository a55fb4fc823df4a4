"""The rules of a modal: what a bot may ask for, and what a person may answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import field_types
from .components import ComponentRules, numbered
from .errors import FormErrors, Path
from .json_values import Json
from .message_view import (
    CHECKBOX,
    CHECKBOX_GROUP,
    FILE_UPLOAD,
    LABEL,
    RADIO_GROUP,
    ROW,
    SELECTS,
    TEXT,
    TEXT_INPUT,
    walk,
)

if TYPE_CHECKING:
    from .interaction import Interaction

IN_A_LABEL = (TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalField:
    label: str
    custom_id: str
    kind: int
    required: bool
    options: tuple[tuple[str, str], ...]  # (value, label)
    value: object  # what stands in it already: a text, a list of values, or whether it is ticked
    least: int
    most: int
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modal:
    """A form on a person's screen."""

    title: str
    custom_id: str
    components: list[Json]
    asked: Interaction

    @property
    def text(self) -> str:
        """What is written on it."""
        parts = [self.title]
        for one in walk(self.components):
            parts += [
                str(one.get(key) or "") for key in ("label", "description", "content") if one["type"] in {LABEL, TEXT}
            ]
        return "\n".join(part for part in parts if part)

    @property
    def fields(self) -> list[ModalField]:
        found = []
        for top in self.components:
            inside = top.get("component") or (top.get("components") or [None])[0]
            if inside is not None:
                found.append(_field(top, inside))
        return found

    def field(self, name: str) -> ModalField:
        """By its label or its custom id."""
        found = [one for one in self.fields if name in {one.label, one.custom_id}]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} fields {name!r} among {[one.label for one in self.fields]}")
        return found[0]


def _field(top: Json, inside: Json) -> ModalField:
    kind = inside["type"]
    options = tuple((one["value"], one["label"]) for one in inside.get("options") or [])
    chosen = [one["value"] for one in inside.get("options") or [] if one.get("default")]
    required = inside.get("required", True) and kind != CHECKBOX
    value: object = chosen
    least, most = inside.get("min_values", 1 if required else 0), inside.get("max_values", 1)
    if kind == TEXT_INPUT:
        value = inside.get("value") or ""
        least, most = inside.get("min_length") or 0, inside.get("max_length") or 4000
    elif kind == CHECKBOX:
        value = bool(inside.get("default"))
    elif kind == CHECKBOX_GROUP:
        most = inside.get("max_values", len(options))
    return ModalField(
        label=top.get("label") or inside.get("label") or "",
        custom_id=inside["custom_id"],
        kind=kind,
        required=required,
        options=options,
        value=value,
        least=least,
        most=most,
        about=top.get("description") or "",
    )


def check(data: Json, asked: Interaction) -> Modal:
    """A modal that Discord would show; otherwise 50035."""
    field_types.check(data)
    form = FormErrors()
    form.text(("data", "custom_id"), data.get("custom_id"), 1, 100)
    form.text(("data", "title"), data.get("title"), 1, 45)
    rules = ComponentRules(form, ())
    inside: list[Json] = []
    for index, one in enumerate(form.items(("data", "components"), data.get("components"), 1, 5)):
        path: Path = ("data", "components", index)
        if not form.one_of((*path, "type"), one.get("type"), (LABEL, ROW, TEXT)):
            continue
        if one["type"] == LABEL:
            inside += _label(form, rules, path, one)
        elif one["type"] == ROW:
            inside += _row(form, rules, path, one)
        else:
            form.text((*path, "content"), one.get("content"), 1, 4000)
    rules.unique(("data", "components"), inside)
    form.done()
    return Modal(title=data["title"], custom_id=data["custom_id"], components=numbered(data["components"]), asked=asked)


def _label(form: FormErrors, rules: ComponentRules, path: Path, one: Json) -> list[Json]:
    form.text((*path, "label"), one.get("label"), 1, 45)
    form.text((*path, "description"), one.get("description"), 0, 100)
    inside = one.get("component")
    if not isinstance(inside, dict):
        form.required((*path, "component"))
        return []
    where = (*path, "component")
    if form.one_of((*where, "type"), inside.get("type"), IN_A_LABEL):
        _input(form, rules, where, inside)
    return [inside]


def _row(form: FormErrors, rules: ComponentRules, path: Path, one: Json) -> list[Json]:
    """The older way: a row with one text input that carries its own label."""
    inside = form.items((*path, "components"), one.get("components"), 1, 1)
    for index, child in enumerate(inside):
        where = (*path, "components", index)
        if form.one_of((*where, "type"), child.get("type"), (TEXT_INPUT,)):
            form.text((*where, "label"), child.get("label"), 1, 45)
            _input(form, rules, where, child)
    return inside


def _input(form: FormErrors, rules: ComponentRules, path: Path, one: Json) -> None:
    kind = one["type"]
    if one.get("disabled"):
        form.wrong((*path, "disabled"), "MODAL_COMPONENT_DISABLED", "Components in a modal cannot be disabled")
    if kind in SELECTS:
        rules.select(path, one, in_modal=True)
        return
    form.text((*path, "custom_id"), one.get("custom_id"), 1, 100)
    form.flag((*path, "required"), one.get("required"))
    if kind == TEXT_INPUT:
        _text_input(form, path, one)
    elif kind == RADIO_GROUP:
        rules.options((*path, "options"), one.get("options"), 2, 10)
    elif kind == CHECKBOX_GROUP:
        rules.options((*path, "options"), one.get("options"), 1, 10)


def _text_input(form: FormErrors, path: Path, one: Json) -> None:
    form.one_of((*path, "style"), one.get("style"), (1, 2))
    form.text((*path, "placeholder"), one.get("placeholder"), 0, 100)
    form.text((*path, "value"), one.get("value"), 0, 4000)
    for key, least in (("min_length", 0), ("max_length", 1)):
        if one.get(key) is not None:
            form.number((*path, key), one[key], least, 4000)
    low, high = one.get("min_length") or 0, one.get("max_length") or 4000
    if isinstance(low, int) and isinstance(high, int) and low > high:
        form.wrong((*path, "min_length"), "NUMBER_TYPE_MAX", "min_length is above max_length.")
    value = one.get("value")
    if isinstance(value, str) and value and not low <= len(value) <= high:
        form.wrong((*path, "value"), "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")


def answer(one: ModalField, given: object) -> Json:
    """The part of a submission that says what was entered; AssertionError where the client would not allow it."""
    said = f"{one.label!r} with {given!r}"
    if one.kind == TEXT_INPUT:
        text = str(given if given is not None else "")
        assert text or not one.required, f"required: {said}"
        assert not text or one.least <= len(text) <= one.most, f"{one.least} to {one.most} characters: {said}"
        return {"value": text}
    if one.kind == CHECKBOX:
        return {"value": bool(given)}
    values = list(given) if isinstance(given, list | tuple | set) else [given] if given else []
    if one.options:
        known: dict[object, str] = {label: value for value, label in one.options}
        known |= {value: value for value, _ in one.options}
        assert all(item in known for item in values), f"no such option: {said}, there are {one.options}"
        values = [known[item] for item in values]
    if one.kind == RADIO_GROUP:
        assert len(values) == 1 or (not values and not one.required), f"one of them: {said}"
        return {"value": values[0] if values else None}
    assert one.least <= len(values) <= one.most or (not values and not one.required), f"how many: {said}"
    return {"values": values}

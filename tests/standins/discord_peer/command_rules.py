"""The rules of slash commands as they are registered."""

from __future__ import annotations

import unicodedata

from . import field_types
from .errors import FormErrors, Path
from .json_values import Json

SUB_COMMAND, SUB_COMMAND_GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(
    1, 12
)
MOST_COMMANDS, MOST_SIZE = 100, 8000
CHAT_INPUT, USER_MENU = 1, 2
MOST_MENUS = 15  # of each kind: https://docs.discord.com/developers/interactions/application-commands
_LOCALES = """
id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi th zh-CN ja zh-TW ko
"""
LOCALES = tuple(sorted(_LOCALES.split()))  # https://docs.discord.com/developers/reference#locales


def check_all(commands: object, *, in_guild: bool, for_users: bool) -> list[Json]:
    """A bulk overwrite's body as it will be kept, or 50035. At most 100 slash commands, 15 of each menu kind.
    `for_users`: whether people can install the application for themselves, and so commands may be for them."""
    form = FormErrors()
    if not isinstance(commands, list):
        form.wrong((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType.")
    form.done()
    assert isinstance(commands, list)
    field_types.check({"options": commands})
    seen: set[tuple[object, object]] = set()
    for index, one in enumerate(form.items((), commands, 0, MOST_COMMANDS + 30)):
        _command(form, (index,), one, in_guild=in_guild)
        if 1 in (one.get("integration_types") or ()) and not for_users:
            told = "The application cannot be installed by users"
            form.wrong((index, "integration_types"), "APPLICATION_COMMAND_INTEGRATION_TYPE_UNSUPPORTED", told)
        key = (one.get("type", CHAT_INPUT), one.get("name"))
        if key in seen:
            told = "Application command names must be unique"
            form.wrong((index, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", told)
        seen.add(key)
    form.done()
    return [_kept(one) for one in commands]


def _kept(one: Json) -> Json:
    return {
        "type": one.get("type") or CHAT_INPUT,
        "name": one["name"],
        "description": one.get("description") or "",
        "name_localizations": one.get("name_localizations"),
        "description_localizations": one.get("description_localizations"),
        "options": one.get("options") or [],
        "default_member_permissions": one.get("default_member_permissions"),
        "dm_permission": one.get("dm_permission", True),
        "contexts": one.get("contexts"),
        "integration_types": one.get("integration_types") or [0],
        "nsfw": bool(one.get("nsfw")),
    }


def _command(form: FormErrors, path: Path, one: Json, *, in_guild: bool) -> None:
    kind = one.get("type") or CHAT_INPUT
    if not form.one_of((*path, "type"), kind, (1, 2, 3)):
        return
    if kind == CHAT_INPUT:
        name_rule(form, (*path, "name"), one.get("name"))
        form.text((*path, "description"), one.get("description"), 1, 100)
        _localizations(form, path, one, "description", 100)
        _options(form, (*path, "options"), one.get("options"), depth=0)
        size = size_of(one)
        if size > MOST_SIZE:
            told = f"Command exceeds maximum size ({MOST_SIZE}), it has {size}"
            form.wrong(path, "APPLICATION_COMMAND_TOO_LARGE", told)
    else:
        form.text((*path, "name"), one.get("name"), 1, 32)
        if one.get("options") or one.get("description"):
            told = "Context menu commands cannot have options or a description"
            form.wrong(path, "APPLICATION_COMMAND_CONTEXT_MENU", told)
    _localizations(form, path, one, "name", 32)
    _where_and_who(form, path, one, in_guild=in_guild)


def _localizations(form: FormErrors, path: Path, one: Json, field: str, most: int) -> None:
    """A field in other languages: each one Discord has, and as long as the field may be."""
    key = f"{field}_localizations"
    for locale, text in (one.get(key) or {}).items():
        if form.one_of((*path, key, locale), locale, LOCALES):
            form.text((*path, key, locale), text, 1, most)


def _where_and_who(form: FormErrors, path: Path, one: Json, *, in_guild: bool) -> None:
    rights = one.get("default_member_permissions")
    if rights is not None and not (isinstance(rights, str | int) and str(rights).isdecimal()):
        form.wrong((*path, "default_member_permissions"), "NUMBER_TYPE_COERCE", f'Value "{rights}" is not a bit set.')
    for key, allowed in (("contexts", (0, 1, 2)), ("integration_types", (0, 1))):
        given = one.get(key)
        if given is None:
            continue
        if in_guild:
            told = f"{key} is only for global commands"
            form.wrong((*path, key), "APPLICATION_COMMAND_GUILD_ONLY_FIELD", told)
        if not isinstance(given, list) or not given:
            form.wrong((*path, key), "BASE_TYPE_BAD_LENGTH", "Must be 1 or more in length.")
            continue
        for index, item in enumerate(given):
            form.one_of((*path, key, index), item, allowed)
        if len(set(given)) != len(given):
            form.wrong((*path, key), "SET_TYPE_ALREADY_CONTAINS_VALUE", "Must not contain a value twice.")


def _options(form: FormErrors, path: Path, given: object, *, depth: int) -> None:
    options = form.items(path, given, 0, 25)
    kinds = {one.get("type") in {SUB_COMMAND, SUB_COMMAND_GROUP} for one in options}
    if len(kinds) == 2:
        told = "Sub-commands and options cannot be mixed"
        form.wrong(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", told)
    seen: set[object] = set()
    optional_seen = False
    for index, one in enumerate(options):
        where = (*path, index)
        name_rule(form, (*where, "name"), one.get("name"))
        form.text((*where, "description"), one.get("description"), 1, 100)
        _localizations(form, where, one, "description", 100)
        _localizations(form, where, one, "name", 32)
        form.one_of((*where, "type"), one.get("type"), tuple(range(1, 12)))
        if one.get("name") in seen:
            form.wrong((*where, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE", "Option names must be unique")
        seen.add(one.get("name"))
        if one.get("required") and optional_seen:
            told = "Required options must be placed before non-required options"
            form.wrong(where, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", told)
        optional_seen = optional_seen or not one.get("required")
        _option(form, where, one, depth)


def _option(form: FormErrors, path: Path, one: Json, depth: int) -> None:
    kind = one.get("type")
    if kind == SUB_COMMAND_GROUP:
        inside = one.get("options") or []
        if depth > 0 or not inside or any(item.get("type") != SUB_COMMAND for item in inside if isinstance(item, dict)):
            told = "A group stands at the top and holds sub-commands"
            form.wrong(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", told)
        _options(form, (*path, "options"), inside, depth=depth + 1)
    elif kind == SUB_COMMAND:
        if depth > 1 or any(
            (item or {}).get("type") in {SUB_COMMAND, SUB_COMMAND_GROUP} for item in one.get("options") or []
        ):
            told = "A sub-command holds options alone"
            form.wrong(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", told)
        _options(form, (*path, "options"), one.get("options"), depth=depth + 1)
    else:
        if one.get("options"):
            form.wrong((*path, "options"), "BASE_TYPE_MAX_LENGTH", "Must be 0 or fewer in length.")
        _value_rules(form, path, one)


def _value_rules(form: FormErrors, path: Path, one: Json) -> None:
    kind = one.get("type")
    choices = form.items((*path, "choices"), one.get("choices"), 0, 25)
    if choices and one.get("autocomplete"):
        told = "autocomplete may not be true where there are choices"
        form.wrong((*path, "autocomplete"), "APPLICATION_COMMAND_AUTOCOMPLETE_WITH_CHOICES", told)
    if (choices or one.get("autocomplete")) and kind not in {STRING, INTEGER, NUMBER}:
        told = "Only text and number options have choices or autocomplete"
        form.wrong(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", told)
    check_choices(form, (*path, "choices"), choices, kind)
    if one.get("channel_types") is not None:
        if kind != CHANNEL:
            told = "channel_types does not go with this type"
            form.wrong((*path, "channel_types"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", told)
        for index, item in enumerate(one["channel_types"]):
            form.one_of((*path, "channel_types", index), item, (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16))
    for key, fitting, least, most in (
        ("min_length", {STRING}, 0, 6000),
        ("max_length", {STRING}, 1, 6000),
        ("min_value", {INTEGER, NUMBER}, -(2**53), 2**53),
        ("max_value", {INTEGER, NUMBER}, -(2**53), 2**53),
    ):
        if one.get(key) is None:
            continue
        if kind not in fitting:
            form.wrong((*path, key), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", f"{key} does not go with this type")
        form.number((*path, key), one[key], least, most, whole=kind != NUMBER)


def check_choices(form: FormErrors, path: Path, choices: list[Json], kind: object) -> None:
    """Choices of an option, or of an autocomplete answer: names and texts of 1 to 100 characters, names once each."""
    seen: set[object] = set()
    for index, one in enumerate(choices):
        where = (*path, index)
        form.text((*where, "name"), one.get("name"), 1, 100)
        _localizations(form, where, one, "name", 100)
        value = one.get("value")
        if kind == STRING:
            form.text((*where, "value"), value, 1, 100)
        else:
            form.number((*where, "value"), value, -(2**53), 2**53, whole=kind == INTEGER)
        if one.get("name") in seen:
            told = "Option choice names must be unique"
            form.wrong((*where, "name"), "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATE", told)
        seen.add(one.get("name"))


def name_rule(form: FormErrors, path: Path, name: object) -> None:
    """1 to 32 letters, digits, hyphens, underscores or apostrophes, in lower case where there is one."""
    if not form.text(path, name, 1, 32):
        return
    assert isinstance(name, str)
    if name != name.lower() or not all(map(_may_stand_in_a_name, name)):
        form.wrong(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _may_stand_in_a_name(letter: str) -> bool:
    kind = unicodedata.category(letter)[0]
    return letter in "-_'" or kind in "LN" or unicodedata.name(letter, "").startswith(("DEVANAGARI", "THAI"))


def size_of(one: Json) -> int:
    """Characters of names, descriptions and values, of the command and all that is in it; of a text in several
    languages the longest counts (https://docs.discord.com/developers/interactions/application-commands#slash-commands)."""
    size = _longest(one, "name") + _longest(one, "description")
    for choice in one.get("choices") or []:
        size += _longest(choice, "name") + len(str(choice.get("value") or ""))
    return size + sum(size_of(option) for option in one.get("options") or [] if isinstance(option, dict))


def _longest(one: Json, field: str) -> int:
    texts = [one.get(field), *(one.get(f"{field}_localizations") or {}).values()]
    return max(len(str(text or "")) for text in texts)

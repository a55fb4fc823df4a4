"""What a person's client offers and lets them type: registered commands, their options and who may use them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import api_objects
from .command_rules import (
    BOOLEAN,
    CHANNEL,
    CHAT_INPUT,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    SUB_COMMAND,
    SUB_COMMAND_GROUP,
    USER,
    USER_MENU,
)
from .json_values import Json
from .message_view import command_links
from .permissions import Permission, permissions_in

if TYPE_CHECKING:
    from .person import Person
    from .world import Channel, Message


class NotOfferedError(AssertionError):
    """Their client does not have this command, or does not let them use it here."""


def _registered(person: Person, channel: Channel, kind: int = CHAT_INPUT) -> list[Json]:
    """Commands of this guild come before global ones of the same name; who has installed the bot for themselves has
    those for users wherever they are."""
    world = channel.world
    own = world.commands.get(channel.guild.id, []) if channel.guild and channel.guild.has_bot else []
    names = {one["name"] for one in own}
    here = channel.recipient is not None or (channel.guild is not None and channel.guild.has_bot)
    installs = {0} if here else set()
    installs |= {1} if person.user.has_app else set()
    everywhere = [
        one
        for one in world.commands.get(None, [])
        if one["name"] not in names and installs & set(one["integration_types"])
    ]
    return [one for one in [*own, *everywhere] if one["type"] == kind]


def _why_not(person: Person, channel: Channel, command: Json) -> str:
    """Why their client hides a command here; empty where it does not."""
    contexts = command["contexts"]
    if channel.people:
        return "" if contexts is not None and 2 in contexts else "it is not for conversations of others"
    if channel.guild is None:
        hidden = "guild_id" in command or (contexts is not None and 1 not in contexts)
        return "it is not for direct messages" if hidden or (contexts is None and not command["dm_permission"]) else ""
    if contexts is not None and 0 not in contexts:
        return "it is not for servers"
    rights = permissions_in(channel, person.user)
    if not rights & Permission.VIEW_CHANNEL or not rights & Permission.USE_APPLICATION_COMMANDS:
        return "they may not use commands here"
    needed = command["default_member_permissions"]
    if not channel.guild.has_bot:  # a server's permissions are of what the server has installed
        return ""
    if needed is None or rights & Permission.ADMINISTRATOR:
        return ""
    wanted = int(needed)
    return "" if wanted and rights & wanted == wanted else f"it needs the permissions {wanted}"


def offered(person: Person, channel: Channel) -> list[str]:
    """`buy`, `admin create`, ... in the order they were registered."""
    lines: list[str] = []
    for command in _registered(person, channel):
        if not _why_not(person, channel, command):
            lines += _lines(command["name"], command["options"])
    return lines


def _lines(name: str, options: list[Json]) -> list[str]:
    inside = [one for one in options if one["type"] in {SUB_COMMAND, SUB_COMMAND_GROUP}]
    if not inside:
        return [name]
    return [line for one in inside for line in _lines(f"{name} {one['name']}", one.get("options") or [])]


def menu_of(person: Person, channel: Channel) -> list[str]:
    """What their client offers in the menu of somebody."""
    return [one["name"] for one in _registered(person, channel, USER_MENU) if not _why_not(person, channel, one)]


def chosen_from_menu(person: Person, channel: Channel, name: str, whom: Person) -> Json:
    """The interaction data of an entry in somebody's menu."""
    if name not in menu_of(person, channel):
        raise NotOfferedError(f"{name!r} is not offered to {person.user.name}, only {menu_of(person, channel)}")
    [command] = [one for one in _registered(person, channel, USER_MENU) if one["name"] == name]
    data: Json = {"id": command["id"], "name": name, "type": USER_MENU, "target_id": str(whom.id)}
    return data | {"resolved": resolved(channel, [whom])}


def dead_links(text: str, channel: Channel) -> list[str]:
    """Names of commands in a text that no client can turn into commands: their id is of no registered command here, or
    of another one."""
    registered = [*channel.world.commands.get(None, [])]
    registered += channel.world.commands.get(channel.guild.id, []) if channel.guild is not None else []
    slash = [command for command in registered if command["type"] == CHAT_INPUT]
    known = {(line, command["id"]) for command in slash for line in _lines(command["name"], command["options"])}
    return [f"/{line}" for line, command_id in command_links(text) if (line, command_id) not in known]


def clicked(person: Person, message: Message, line: str) -> None:
    """They click the name of a command in a text: their client has it, and it is one they may use here."""
    links = [link for link in command_links(message.text) if link[0] == line]
    assert links, f"/{line} cannot be clicked in {message}"
    assert f"/{line}" not in dead_links(message.text, message.channel), f"/{line} has an id of no such command"
    if line not in offered(person, message.channel):
        raise NotOfferedError(f"/{line} is clicked and not offered to {person.user.name}")


def typed(
    person: Person,
    channel: Channel,
    line: str,
    given: dict[str, object],
    *,
    focused: str | None = None,
    value: str | float = "",
) -> Json:
    """The interaction data of a typed line; with `focused` it is half typed, for autocomplete."""
    name, *path = line.split()
    command = next((one for one in _registered(person, channel) if one["name"] == name), None)
    if command is None:
        raise NotOfferedError(f"/{name} is not registered here, only {offered(person, channel)}")
    why = _why_not(person, channel, command)
    if why:
        raise NotOfferedError(f"/{name} is not offered to {person.user.name}: {why}")
    options, nested = command["options"], []
    for step in path:
        found = next((one for one in options if one["name"] == step and one["type"] <= SUB_COMMAND_GROUP), None)
        if found is None:
            raise NotOfferedError(f"/{line}: there is no {step!r} under {[one['name'] for one in options]}")
        nested.append(found)
        options = found.get("options") or []
    if any(one["type"] <= SUB_COMMAND_GROUP for one in options):
        raise NotOfferedError(f"/{line} is a group: {offered(person, channel)}")
    values, named = _values(line, options, given, focused, value)
    for step in reversed(nested):
        values = [{"name": step["name"], "type": step["type"], "options": values}]
    data: Json = {"id": command["id"], "name": name, "type": CHAT_INPUT, "options": values}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    if named:
        data["resolved"] = resolved(channel, named)
    return data


def _values(
    line: str, options: list[Json], given: dict[str, object], focused: str | None, value: str | float
) -> tuple[list[Json], list[object]]:
    known = {one["name"]: one for one in options}
    strangers = set(given) - set(known) | ({focused} - set(known) if focused else set())
    if strangers:
        raise NotOfferedError(f"/{line} has no {sorted(map(str, strangers))}, only {list(known)}")
    shown: list[Json] = []
    named: list[object] = []
    for name, option in known.items():
        if name == focused:
            assert option.get("autocomplete"), f"/{line} {name} completes nothing"
            shown.append({"name": name, "type": option["type"], "value": value, "focused": True})
        elif name in given:
            one = given[name]
            if option["type"] in {USER, CHANNEL, ROLE, MENTIONABLE}:
                named.append(one)
            shown.append({"name": name, "type": option["type"], "value": _value(line, option, one)})
        elif option.get("required") and focused is None:
            raise NotOfferedError(f"/{line} wants {name}")
    return shown, named


def _value(line: str, option: Json, given: object) -> object:
    """A value as the client sends it; AssertionError where it would not accept it."""
    kind, told = option["type"], f"/{line} {option['name']}: {given!r}"
    if kind in {USER, CHANNEL, ROLE, MENTIONABLE}:
        _is_of(option, given, told)
        return id_of(given)
    kinds: dict[int, type | tuple[type, ...]] = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: (int, float)}
    assert isinstance(given, kinds[kind]), f"{told} is not of its type"
    assert kind == BOOLEAN or not isinstance(given, bool), f"{told} is not of its type"
    choices = option.get("choices") or []
    if choices:
        by_name = {one["name"]: one["value"] for one in choices} | {one["value"]: one["value"] for one in choices}
        assert given in by_name, f"{told} is not among {list(by_name)}"
        return by_name[given]
    if isinstance(given, str):
        least, most = option.get("min_length"), option.get("max_length")
        assert (least or 0) <= len(given) <= (most or 6000), f"{told} has the wrong length"
    elif isinstance(given, int | float):
        least, most = option.get("min_value"), option.get("max_value")
        assert least is None or given >= least, f"{told} is below {least}"
        assert most is None or given <= most, f"{told} is above {most}"
    return given


def _is_of(option: Json, given: object, told: str) -> None:
    """Their client lists it for this option."""
    from .person import Person
    from .world import Channel, Role

    fitting: dict[int, tuple[type, ...]] = {
        USER: (Person,),
        ROLE: (Role,),
        CHANNEL: (Channel,),
        MENTIONABLE: (Person, Role),
    }
    assert isinstance(given, fitting[option["type"]]), f"{told} is not of its type"
    if isinstance(given, Channel) and option.get("channel_types"):
        assert given.kind in option["channel_types"], f"{told} is none of the channels to choose from"


def id_of(one: object) -> str:
    """Of a person, a role or a channel."""
    own = getattr(one, "id", None)
    assert isinstance(own, int), f"{one!r} is neither a person nor a role nor a channel"
    return str(own)


def resolved(channel: Channel, named: Sequence[object]) -> Json:
    """What an interaction tells of the people, roles and channels it names."""
    from .person import Person
    from .world import Channel, Role

    shown: Json = {}
    for one in named:
        if isinstance(one, Role):
            shown.setdefault("roles", {})[str(one.id)] = api_objects.role(one)
        elif isinstance(one, Channel):
            there = api_objects.channel(one)
            shown.setdefault("channels", {})[str(one.id)] = there | {
                "permissions": str(int(permissions_in(one, channel.world.bot)))
            }
        elif isinstance(one, Person):
            shown.setdefault("users", {})[str(one.id)] = api_objects.user(one.user)
            if channel.guild is not None:
                member = api_objects.member(channel.guild.members[one.id], whole=False)
                member["permissions"] = str(int(permissions_in(channel, one.user)))
                shown.setdefault("members", {})[str(one.id)] = member
    return shown

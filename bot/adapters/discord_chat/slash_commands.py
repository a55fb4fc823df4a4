"""Slash commands, made from the one declaration: groups, options, choices, autocompletion, where they may be used."""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any

import discord
import discord.http
from discord import app_commands

from bot.adapters.discord_chat import NAME, limits
from bot.chat.invocation import ParseContext
from bot.grammar.command import Command, Param
from bot.grammar.types import CONFIRM, ArgumentType, WholeNumber
from storage.database import Database

log = logging.getLogger(__name__)

ADMIN = "admin"  # this group is shown to those who manage the server, unless its admins decide otherwise

CommandPayload = dict[str, Any]  # Any: JSON as Discord takes it
RunCommand = Callable[[discord.Interaction, Command, dict[str, str]], Awaitable[None]]
Complete = Callable[[discord.Interaction, Command, str, str], Awaitable[list[app_commands.Choice[str]]]]

_ANYWHERE = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
_SERVERS = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
_INSTALLED = app_commands.AppInstallationType(guild=True, user=False)
_MANAGE = discord.Permissions(manage_guild=True)


def shown(commands: Iterable[Command]) -> list[Command]:
    """Those Discord lists: not what stands behind buttons, nor what other platforms have alone."""
    return [one for one in commands if not one.hidden and NAME in one.rule.platforms]


def build(
    tree: app_commands.CommandTree[discord.AutoShardedClient],
    commands: Sequence[Command],
    run: RunCommand,
    complete: Complete,
) -> None:
    """Add every command to the tree; `admin create` goes into the group `admin`."""
    groups: dict[str, app_commands.Group] = {}
    for one in shown(commands):
        head, _, tail = one.name.partition(" ")
        if not tail:
            where = _ANYWHERE if one.personal else _SERVERS
            tree.add_command(_command(one, one.name, run, complete, where))
            continue
        if head not in groups:
            groups[head] = app_commands.Group(
                name=head,
                description=_described(f"{head.capitalize()}: {_names(commands, head)}"),
                allowed_contexts=_SERVERS,
                allowed_installs=_INSTALLED,
                default_permissions=_MANAGE if head == ADMIN else None,
            )
            tree.add_command(groups[head])
        groups[head].add_command(_command(one, tail.replace(" ", "_"), run, complete, None))


def _names(commands: Sequence[Command], head: str) -> str:
    return ", ".join(one.name.partition(" ")[2] for one in shown(commands) if one.name.startswith(f"{head} "))


def _described(text: str) -> str:
    return limits.filled(text, limits.DESCRIPTION, limits.ELLIPSIS)


def _command(
    one: Command, name: str, run: RunCommand, complete: Complete, where: app_commands.AppCommandContext | None
) -> app_commands.Command[Any, ..., None]:  # Any: it is bound to no group object
    params = sorted((param for param in one.params if param.kind is not CONFIRM), key=lambda param: not param.required)

    async def callback(interaction: discord.Interaction, **said: str | int | bool | None) -> None:
        await run(interaction, one, {key: _typed(value) for key, value in said.items() if value is not None})

    signature = [inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    vars(callback)["__signature__"] = inspect.Signature([*signature, *(_parameter(param) for param in params)])
    described = {param.name: _described(param.about or param.kind.about or param.name) for param in params}
    decorated: Any = callback  # Any: the library's decorators hang attributes on the function
    if described:
        decorated = app_commands.describe(**described)(decorated)
    static = {param.name: _choices(param) for param in params}
    chosen = {key: value for key, value in static.items() if value}
    if chosen:
        decorated = app_commands.choices(**chosen)(decorated)
    completed = {
        param.name: _completer(one, param.name, complete)
        for param in params
        if not static[param.name] and _option(param) is str and _suggests(param.kind)
    }
    if completed:
        decorated = app_commands.autocomplete(**completed)(decorated)
    contexts: dict[str, Any] = {} if where is None else {"allowed_contexts": where, "allowed_installs": _INSTALLED}
    return app_commands.Command(name=name, description=_described(one.summary), callback=decorated, **contexts)


def _typed(value: str | int | bool) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _option(param: Param) -> object:
    """The type of the option Discord asks for."""
    kind = param.kind
    if kind.flag:
        return bool
    if isinstance(kind, WholeNumber):
        return app_commands.Range[int, kind.low, kind.high]
    return str


def _parameter(param: Param) -> inspect.Parameter:
    hint: Any = _option(param)  # Any: a type made at run time
    if param.required:
        return inspect.Parameter(param.name, inspect.Parameter.KEYWORD_ONLY, annotation=hint)
    return inspect.Parameter(param.name, inspect.Parameter.KEYWORD_ONLY, annotation=hint | None, default=None)


def _choices(param: Param) -> list[app_commands.Choice[str]]:
    """All there is to choose from, where that is always the same and fits."""
    if not param.kind.closed or param.kind.of_market or _option(param) is not str:
        return []
    hints = param.kind.suggest("", ParseContext(now_ms=0))
    if not 1 <= len(hints) <= limits.OPTIONS or any(limits.size(hint.value) > limits.OPTION for hint in hints):
        return []
    return [choice(hint.value, hint.about) for hint in hints]


def choice(value: str, about: str) -> app_commands.Choice[str]:
    """`Germany: YES 50.1¢`; the value must fit (100 units), its explanation is cut."""
    name = value.strip('"')
    shown = limits.filled(f"{name}: {about}" if about else name, limits.OPTION, value)
    return app_commands.Choice(name=shown, value=value)


def _suggests(kind: ArgumentType[object]) -> bool:
    return type(kind).suggest is not ArgumentType.suggest


def _completer(
    one: Command, name: str, complete: Complete
) -> Callable[[discord.Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]:
    async def suggestions(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await complete(interaction, one, name, current)

    return suggestions


async def register(
    http: discord.http.HTTPClient,
    application_id: int,
    db: Database,
    tree: app_commands.CommandTree[discord.AutoShardedClient],
) -> None:
    """Tell Discord the commands, where they have changed since the last time."""
    registered = payload(tree)
    digest, fact = fingerprint(registered), f"discord:commands:{application_id}"
    async with db.reading() as uow:
        if await uow.facts.get(fact) == digest:
            return
    try:
        await http.bulk_upsert_global_commands(application_id, registered)
    except (discord.HTTPException, discord.RateLimited, OSError) as error:
        log.error("the commands could not be registered: %s", error)
        return
    async with db.writing() as uow:
        await uow.facts.put(fact, digest)
        await uow.commit()
    log.info("%d commands registered with Discord", len(registered))


def payload(tree: app_commands.CommandTree[discord.AutoShardedClient]) -> list[CommandPayload]:
    """What is registered with Discord."""
    return [one.to_dict(tree) for one in tree.get_commands()]


def fingerprint(registered: Sequence[CommandPayload]) -> str:
    return hashlib.sha256(json.dumps(registered, sort_keys=True).encode()).hexdigest()


def length(one: CommandPayload) -> int:
    """Units of text that count towards the limit of one command: names, descriptions and values of all in it."""
    own = sum(limits.size(str(one.get(key, ""))) for key in ("name", "description", "value") if key in one)
    inner = [*one.get("options", ()), *one.get("choices", ())]
    return own + sum(length(part) for part in inner)

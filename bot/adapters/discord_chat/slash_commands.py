"""Slash commands, made from the one declaration: groups, options, choices, autocompletion, where they may be used."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat import NAME, limits
from bot.chat.invocation import ParseContext
from bot.grammar.command import Command, Param
from bot.grammar.types import CONFIRM, ArgumentType, WholeNumber
from bot.words import translations

ADMIN = "admin"  # this group is shown to those who manage the server, unless its admins decide otherwise

CommandPayload = dict[str, Any]  # Any: JSON as Discord takes it
RunCommand = Callable[[discord.Interaction, Command, dict[str, str]], Awaitable[None]]
Complete = Callable[[discord.Interaction, Command, str, str], Awaitable[list[app_commands.Choice[str]]]]

_ANYWHERE = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
_SERVERS = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
_INSTALLED = app_commands.AppInstallationType(guild=True, user=False)
# https://docs.discord.com/developers/reference#locales
_LOCALES = {"de": ("de",), "es": ("es-ES", "es-419"), "fr": ("fr",), "pt": ("pt-BR",), "ja": ("ja",)}
SUBCOMMAND = discord.AppCommandOptionType.subcommand.value
_MANAGE = discord.Permissions(manage_guild=True)


def listed(commands: Iterable[Command]) -> list[Command]:
    """Those Discord lists: not what stands behind buttons, nor what other platforms have alone."""
    return [command for command in commands if not command.hidden and NAME in command.rule.platforms]


def build(
    tree: app_commands.CommandTree[discord.AutoShardedClient],
    commands: Sequence[Command],
    run: RunCommand,
    complete: Complete,
) -> None:
    """Add every command to the tree; `admin create` goes into the group `admin`."""
    groups: dict[str, app_commands.Group] = {}
    for command in listed(commands):
        head, _, tail = command.name.partition(" ")
        if not tail:
            where = _ANYWHERE if command.personal else _SERVERS
            tree.add_command(_app_command(command, command.name, run, complete, where))
            continue
        if head not in groups:
            groups[head] = app_commands.Group(
                name=head,
                description=_description(f"{head.capitalize()}: {_subcommand_names(commands, head)}"),
                allowed_contexts=_SERVERS,
                allowed_installs=_INSTALLED,
                default_permissions=_MANAGE if head == ADMIN else None,
            )
            tree.add_command(groups[head])
        groups[head].add_command(_app_command(command, tail.replace(" ", "_"), run, complete, None))


def _subcommand_names(commands: Sequence[Command], head: str) -> str:
    return ", ".join(
        command.name.partition(" ")[2] for command in listed(commands) if command.name.startswith(f"{head} ")
    )


def _description(text: str) -> str:
    return limits.cut_or(text, limits.DESCRIPTION, limits.ELLIPSIS)


def _app_command(
    command: Command, name: str, run: RunCommand, complete: Complete, where: app_commands.AppCommandContext | None
) -> app_commands.Command[Any, ..., None]:  # Any: it is bound to no group object
    params = sorted(
        (param for param in command.params if param.kind is not CONFIRM), key=lambda param: not param.required
    )

    async def callback(interaction: discord.Interaction, **options: str | int | bool | None) -> None:
        await run(interaction, command, {key: _as_text(value) for key, value in options.items() if value is not None})

    signature = [inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    vars(callback)["__signature__"] = inspect.Signature(
        [*signature, *(_parameter(param, required=_is_required(command, param)) for param in params)]
    )
    descriptions = {param.name: _description(param.about or param.kind.about or param.name) for param in params}
    decorated: Any = callback  # Any: the library's decorators hang attributes on the function
    if descriptions:
        decorated = app_commands.describe(**descriptions)(decorated)
    choices_by_name = {param.name: _choices(param) for param in params}
    choices = {key: value for key, value in choices_by_name.items() if value}
    if choices:
        decorated = app_commands.choices(**choices)(decorated)
    autocompleted = {
        param.name: _autocomplete(command, param.name, complete)
        for param in params
        if not choices_by_name[param.name] and _option_type(param) is str and _suggests(param.kind)
    }
    if autocompleted:
        decorated = app_commands.autocomplete(**autocompleted)(decorated)
    contexts: dict[str, Any] = {} if where is None else {"allowed_contexts": where, "allowed_installs": _INSTALLED}
    return app_commands.Command(name=name, description=_description(command.summary), callback=decorated, **contexts)


def _as_text(value: str | int | bool) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _option_type(param: Param) -> object:
    """The type of the option Discord asks for."""
    kind = param.kind
    if kind.flag:
        return bool
    if isinstance(kind, WholeNumber):
        return app_commands.Range[int, kind.low, kind.high]
    return str


def _is_required(command: Command, param: Param) -> bool:
    """Not what a form asks for where it is left out."""
    return param.required and param.name not in command.may_ask


def _parameter(param: Param, *, required: bool) -> inspect.Parameter:
    hint: Any = _option_type(param)  # Any: a type made at run time
    if required:
        return inspect.Parameter(param.name, inspect.Parameter.KEYWORD_ONLY, annotation=hint)
    return inspect.Parameter(param.name, inspect.Parameter.KEYWORD_ONLY, annotation=hint | None, default=None)


def _choices(param: Param) -> list[app_commands.Choice[str]]:
    """All there is to choose from, where that is always the same and fits."""
    if not param.kind.closed or param.kind.of_market or _option_type(param) is not str:
        return []
    hints = param.kind.suggest("", ParseContext(now_ms=0))
    if not 1 <= len(hints) <= limits.OPTIONS or any(limits.size(hint.value) > limits.OPTION for hint in hints):
        return []
    return [choice(hint.value, hint.about) for hint in hints]


def choice(value: str, about: str) -> app_commands.Choice[str]:
    """`Germany: YES 50.1¢`; the value must fit (100 units), its explanation is cut."""
    name = value.strip('"')
    label = limits.cut_or(f"{name}: {about}" if about else name, limits.OPTION, value)
    return app_commands.Choice(name=label, value=value)


def _suggests(kind: ArgumentType[object]) -> bool:
    return type(kind).suggest is not ArgumentType.suggest


def _autocomplete(
    command: Command, name: str, complete: Complete
) -> Callable[[discord.Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]:
    async def suggestions(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await complete(interaction, command, name, current)

    return suggestions


def payload(tree: app_commands.CommandTree[discord.AutoShardedClient]) -> list[CommandPayload]:
    """What is registered with Discord."""
    registered = [tree_command.to_dict(tree) for tree_command in tree.get_commands()]
    for command in registered:
        _localise(command, str(command["name"]))
    return registered


def _localise(command: CommandPayload, name: str) -> None:
    """Put what a command and its options are for beside the English of it, in each language there is."""
    command["description_localizations"] = _by_locale(translations.summary(name))
    for option in command["options"]:
        if option["type"] == SUBCOMMAND:
            _localise(option, f"{name} {option['name']}")
        else:
            option["description_localizations"] = _by_locale(translations.option(name, option["name"]))


def _by_locale(texts: translations.Texts) -> dict[str, str]:
    return {locale: text for language, text in texts.items() for locale in _LOCALES[language]}

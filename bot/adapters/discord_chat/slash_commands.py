"""Slash commands, made from the one declaration: groups, where and by whom they may be used, in which languages."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat import NAME, limits
from bot.adapters.discord_chat.command_options import Completed, Option, arguments, options_of
from bot.chat.permissions import Role
from bot.grammar.command import Command
from bot.words import translations

ADMIN = "admin"  # this group is shown to those who manage the server, unless its admins decide otherwise

CommandPayload = dict[str, Any]  # Any: JSON as Discord takes it
RunCommand = Callable[[discord.Interaction, Command, dict[str, str]], Awaitable[None]]
RunMenu = Callable[[discord.Interaction, Command, dict[str, str], str], Awaitable[None]]
Complete = Callable[[discord.Interaction, Command, str, dict[str, str]], Awaitable[list[Completed]]]

_SERVERS = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
_WHERE_BOT_IS = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
_ANYWHERE = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
_BY_SERVERS = app_commands.AppInstallationType(guild=True, user=False)
_BY_ANYBODY = app_commands.AppInstallationType(guild=True, user=True)
# https://docs.discord.com/developers/reference#locales
_LOCALES = {"de": ("de",), "es": ("es-ES", "es-419"), "fr": ("fr",), "pt": ("pt-BR",), "ja": ("ja",)}
_SLASH = discord.AppCommandType.chat_input.value
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
    *,
    for_users: bool,
) -> None:
    """Add every command to the tree; `admin create` goes into the group `admin`. Those of admins are for servers and
    the bot's own conversations: a market is run from there, too, and each line asks for their rights. `for_users`:
    people may install the bot for themselves; all others work then wherever they are.
    Source: https://docs.discord.com/developers/interactions/application-commands#contexts"""
    where, installed = (_ANYWHERE, _BY_ANYBODY) if for_users else (_WHERE_BOT_IS, _BY_SERVERS)
    groups: dict[str, app_commands.Group] = {}
    for command in listed(commands):
        head, _, tail = command.name.partition(" ")
        if not tail:
            contexts = {"allowed_contexts": where, "allowed_installs": installed}
            tree.add_command(_app_command(command, command.name, run, complete, contexts))
            continue
        if head not in groups:
            groups[head] = app_commands.Group(
                name=head,
                description=_description(f"{head.capitalize()}: {_subcommand_names(commands, head)}"),
                allowed_contexts=_WHERE_BOT_IS,
                allowed_installs=_BY_SERVERS,
                default_permissions=_MANAGE if head == ADMIN else None,
            )
            tree.add_command(groups[head])
        groups[head].add_command(_app_command(command, tail.replace(" ", "_"), run, complete, {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """What stands in somebody's own menu: a command, said of them as its `argument`. One that `asks` answers with a
    dialog. Those of admins' commands are shown as the command is."""

    name: str
    command: str
    argument: str
    asks: bool = False


MENUS = (
    Menu(name="Place and profit", command="leaderboard", argument="member"),
    Menu(name="Grant play money…", command="admin grant", argument="member", asks=True),
    Menu(name="Log of this member", command="admin log", argument="member"),
)


def build_menus(
    tree: app_commands.CommandTree[discord.AutoShardedClient],
    commands: Sequence[Command],
    run: RunMenu,
    *,
    for_users: bool,
) -> None:
    """Add what can be said of somebody by their own menu. Source:
    https://docs.discord.com/developers/interactions/application-commands#user-commands"""
    by_name = {command.name: command for command in listed(commands)}
    for menu in MENUS:
        command = by_name.get(menu.command)
        if command is None:
            continue
        of_admins = command.rule.role is Role.ADMIN
        added = app_commands.ContextMenu(
            name=menu.name,
            callback=_menu_callback(menu, command, run),
            allowed_contexts=_SERVERS if of_admins else _ANYWHERE if for_users else _WHERE_BOT_IS,
            allowed_installs=_BY_ANYBODY if for_users and not of_admins else _BY_SERVERS,
        )
        added.default_permissions = _MANAGE if of_admins else None
        tree.add_command(added)


def _menu_callback(
    menu: Menu, command: Command, run: RunMenu
) -> Callable[[discord.Interaction, discord.User], Coroutine[Any, Any, None]]:
    async def callback(interaction: discord.Interaction, user: discord.User) -> None:
        await run(interaction, command, {menu.argument: user.mention}, user.display_name if menu.asks else "")

    return callback


def _subcommand_names(commands: Sequence[Command], head: str) -> str:
    return ", ".join(
        command.name.partition(" ")[2] for command in listed(commands) if command.name.startswith(f"{head} ")
    )


def _description(text: str) -> str:
    return limits.cut_or(text, limits.DESCRIPTION, limits.ELLIPSIS)


def _app_command(
    command: Command, name: str, run: RunCommand, complete: Complete, contexts: Mapping[str, Any]
) -> app_commands.Command[Any, ..., None]:  # Any: it is bound to no group object
    options = options_of(command)

    async def callback(interaction: discord.Interaction, **given: object) -> None:
        await run(interaction, command, arguments(command, given))

    signature = [inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    vars(callback)["__signature__"] = inspect.Signature([*signature, *map(_parameter, options)])
    decorated: Any = callback  # Any: the library's decorators hang attributes on the function
    if options:
        decorated = app_commands.describe(**{option.name: _description(option.about) for option in options})(decorated)
    choices = {option.name: option.choices for option in options if option.choices}
    if choices:
        decorated = app_commands.choices(**choices)(decorated)
    completed = {option.name: _autocomplete(command, option, complete) for option in options if option.completes}
    if completed:
        decorated = app_commands.autocomplete(**completed)(decorated)
    return app_commands.Command(name=name, description=_description(command.summary), callback=decorated, **contexts)


def _parameter(option: Option) -> inspect.Parameter:
    hint: Any = option.annotation  # Any: a type made at run time
    if option.required:
        return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, annotation=hint)
    return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, annotation=hint | None, default=None)


def _autocomplete(
    command: Command, option: Option, complete: Complete
) -> Callable[[discord.Interaction, str | int], Coroutine[Any, Any, list[Completed]]]:
    async def suggestions(interaction: discord.Interaction, current: str | int) -> list[Completed]:
        others = arguments(command, dict(iter(interaction.namespace)))
        return await complete(interaction, command, option.param.name, others | {option.param.name: str(current)})

    return suggestions


def payload(tree: app_commands.CommandTree[discord.AutoShardedClient]) -> list[CommandPayload]:
    """What is registered with Discord."""
    registered = [tree_command.to_dict(tree) for tree_command in tree.get_commands()]
    for command in registered:
        if command["type"] == _SLASH:
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

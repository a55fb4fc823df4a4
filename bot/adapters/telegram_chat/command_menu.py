"""The command menus, made from the one declaration: one for private chats, one for groups, one for their admins,
one for wherever else Telegram asks for one, each in every language there is a short text in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
)

from bot.adapters.telegram_chat import registered
from bot.adapters.telegram_chat.limits import cut
from bot.adapters.telegram_chat.markup import shown, spelled
from bot.chat.invocation import ChatKind
from bot.chat.permissions import Role
from bot.grammar.command import Command
from bot.words import translations
from storage.database import Database

MOST_COMMANDS = 100
_NAME = 32
_DESCRIPTION = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """What is offered where, to those whose Telegram speaks `language`; "": to everybody else."""

    scope: BotCommandScope
    language: str
    commands: Sequence[BotCommand]


def menus(commands: Sequence[Command], platform: str) -> list[Menu]:
    """All of them. Who may do it is checked when it is done."""

    def commands_for(chat: ChatKind, language: str, *, admin: bool) -> list[BotCommand]:
        shown_here = [
            command
            for command in commands
            if not command.hidden
            and (admin or command.rule.role is not Role.ADMIN)
            and command.rule.missing(member=True, admin=admin, chat=chat, platform=platform) is None
        ]
        in_group = chat is ChatKind.GROUP
        offered = [bot_command(command, language, unseen=in_group and is_personal(command)) for command in shown_here]
        return offered[:MOST_COMMANDS]

    places = (
        (BotCommandScopeDefault(), ChatKind.GROUP, False),
        (BotCommandScopeAllPrivateChats(), ChatKind.PRIVATE, False),
        (BotCommandScopeAllGroupChats(), ChatKind.GROUP, False),
        (BotCommandScopeAllChatAdministrators(), ChatKind.GROUP, True),
    )
    return [
        Menu(scope=scope, language=language, commands=commands_for(chat, language, admin=admin))
        for scope, chat, admin in places
        for language in ("", *translations.LANGUAGES)
    ]


def is_personal(command: Command) -> bool:
    """Whether in a group nobody else need see that it was said: the answer is for its speaker alone."""
    return not command.for_all and command.rule.role is not Role.ADMIN


def bot_command(command: Command, language: str = "", *, unseen: bool = False) -> BotCommand:
    """`admin create` is spelled `admin_create`, and what it does is said in 40 characters: a phone shows no more.
    `unseen`: since Bot API 10.2 others in a group do not see it said;
    older servers leave that out (https://core.telegram.org/bots/api#botcommand)."""
    short = translations.short(command.name).get(language or translations.ENGLISH, command.summary)
    description = cut(spelled(shown(short)).strip() or command.name, _DESCRIPTION)
    api_kwargs = {"is_ephemeral": True} if unseen else None
    return BotCommand(command.name.replace(" ", "_")[:_NAME], description, api_kwargs=api_kwargs)


async def register(bot: Bot, db: Database, commands: Sequence[Command], platform: str) -> bool:
    """Tell Telegram the menus where they have changed since the last time; whether they had."""
    wanted = menus(commands, platform)
    menus_as_text = [
        (menu.scope.type, menu.language, [(one.command, one.description, *one.api_kwargs) for one in menu.commands])
        for menu in wanted
    ]
    digest = hashlib.sha256(repr(menus_as_text).encode()).hexdigest()

    async def tell() -> None:
        for menu in wanted:
            await bot.set_my_commands(menu.commands, scope=menu.scope, language_code=menu.language or None)

    return await registered.register(db, f"{platform} commands {bot.id}", digest, tell)

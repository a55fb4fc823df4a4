"""The command menus, made from the one declaration: one for private chats, one for groups, one for their admins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
)

from bot.adapters.telegram_chat import registered
from bot.adapters.telegram_chat.limits import cut
from bot.adapters.telegram_chat.markup import shown, spelled
from bot.chat.invocation import ChatKind
from bot.chat.permissions import Role
from bot.grammar.command import Command
from storage.database import Database

MOST_COMMANDS = 100
_NAME = 32
_DESCRIPTION = 256


def menus(commands: Sequence[Command], platform: str) -> list[tuple[BotCommandScope, list[BotCommand]]]:
    """What is offered where. Who may do it is checked when it is done."""

    def commands_for(chat: ChatKind, *, admin: bool) -> list[BotCommand]:
        shown_here = [
            command
            for command in commands
            if not command.hidden
            and (admin or command.rule.role is not Role.ADMIN)
            and command.rule.missing(member=True, admin=admin, chat=chat, platform=platform) is None
        ]
        in_group = chat is ChatKind.GROUP
        return [bot_command(command, unseen=in_group and is_personal(command)) for command in shown_here][
            :MOST_COMMANDS
        ]

    return [
        (BotCommandScopeAllPrivateChats(), commands_for(ChatKind.PRIVATE, admin=False)),
        (BotCommandScopeAllGroupChats(), commands_for(ChatKind.GROUP, admin=False)),
        (BotCommandScopeAllChatAdministrators(), commands_for(ChatKind.GROUP, admin=True)),
    ]


def is_personal(command: Command) -> bool:
    """Whether in a group nobody else need see that it was said: the answer is for its speaker alone."""
    return not command.for_all and command.rule.role is not Role.ADMIN


def bot_command(command: Command, *, unseen: bool = False) -> BotCommand:
    """`admin create` is spelled `admin_create`. `unseen`: since Bot API 10.2 others in a group do not see it said;
    older servers leave that out (https://core.telegram.org/bots/api#botcommand)."""
    description = cut(spelled(shown(command.summary)).strip() or command.name, _DESCRIPTION)
    api_kwargs = {"is_ephemeral": True} if unseen else None
    return BotCommand(command.name.replace(" ", "_")[:_NAME], description, api_kwargs=api_kwargs)


async def register(bot: Bot, db: Database, commands: Sequence[Command], platform: str) -> bool:
    """Tell Telegram the menus where they have changed since the last time; whether they had."""
    wanted = menus(commands, platform)
    menus_as_text = [
        (scope.type, [(command.command, command.description, *command.api_kwargs) for command in offered])
        for scope, offered in wanted
    ]
    digest = hashlib.sha256(repr(menus_as_text).encode()).hexdigest()

    async def tell() -> None:
        for scope, offered in wanted:
            await bot.set_my_commands(offered, scope=scope)

    return await registered.register(db, f"{platform} commands {bot.id}", digest, tell)

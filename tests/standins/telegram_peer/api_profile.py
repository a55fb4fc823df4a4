"""What the bot says about itself: getMe, its commands per scope and language, its names and descriptions."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from .access import check_read, the_chat
from .chats import CHANNEL_RIGHTS, GROUP_RIGHTS, RIGHTS
from .ephemeral import SINCE as EPHEMERAL_SINCE
from .errors import Json, bad
from .keyboards import check_web_app
from .params import Params
from .registry import method

if TYPE_CHECKING:
    from .server import TelegramPeer

MOST_COMMANDS = 100
NAME = re.compile(r"[a-z0-9_]{1,32}")
LANGUAGE = re.compile(r"(?:[a-z]{2})?")
GENERAL = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
OF_CHAT = ("chat", "chat_administrators", "chat_member")


@method("getMe")
async def get_me(peer: TelegramPeer, params: Params) -> object:
    return peer.world.bot.json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": not peer.world.privacy,
        "supports_inline_queries": peer.world.inline,
        "can_connect_to_business": False,
        "has_main_web_app": peer.world.main_web_app,
    }


def _check_language(params: Params) -> str:
    language = params.text("language_code")
    if not LANGUAGE.fullmatch(language):
        raise bad("LANG_CODE_INVALID")
    return language


def _scope(peer: TelegramPeer, params: Params) -> tuple[str, str]:
    """(scope, language): the key commands are kept under; a chat's scope carries its number, a member's both."""
    language = _check_language(params)
    given = params.mapping("scope", "BotCommandScope") or {"type": "default"}
    kind = given.get("type")
    if kind in GENERAL:
        return str(kind), language
    if kind not in OF_CHAT:
        raise bad("can't parse BotCommandScope: unsupported type specified")
    inner = Params(given=given)
    chat = the_chat(peer.world, inner)
    check_read(peer.world, chat)
    if chat.type == "channel":
        raise bad("can't change commands in channel chats")
    if kind != "chat" and chat.type == "private":
        raise bad("can't use specified scope in private chats")
    name = f"{kind}:{chat.id}"
    return (f"{name}:{inner.integer('user_id')}" if kind == "chat_member" else name), language


@method("setMyCommands")
async def set_my_commands(peer: TelegramPeer, params: Params) -> object:
    commands = params.array("commands", "commands")
    if commands is None:
        raise bad("commands are not specified")
    if len(commands) > MOST_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        _check(command)
    if params.version >= EPHEMERAL_SINCE:
        unseen = frozenset(one["command"].removeprefix("/") for one in commands if one.get("is_ephemeral"))
        peer.world.ephemeral_commands[_scope(peer, params)] = unseen
    peer.commands[_scope(peer, params)] = [(one["command"].removeprefix("/"), one["description"]) for one in commands]
    return True


def _check(command: Json) -> None:
    name, description = command.get("command"), command.get("description")
    if not isinstance(name, str) or not isinstance(description, str):
        raise bad("can't parse BotCommand")
    if not NAME.fullmatch(name.removeprefix("/")):
        raise bad("BOT_COMMAND_INVALID")
    if not 1 <= len(description.strip()) <= 256:
        raise bad("BOT_COMMAND_DESCRIPTION_INVALID")


@method("getMyCommands")
async def get_my_commands(peer: TelegramPeer, params: Params) -> object:
    found = peer.commands.get(_scope(peer, params), [])
    return [{"command": name, "description": description} for name, description in found]


@method("deleteMyCommands")
async def delete_my_commands(peer: TelegramPeer, params: Params) -> object:
    peer.commands.pop(_scope(peer, params), None)
    return True


# name on the wire, its parameter, the longest it may be, the version it came with
ABOUT = (
    ("Name", "name", 64, (6, 7)),
    ("Description", "description", 512, (6, 6)),
    ("ShortDescription", "short_description", 120, (6, 6)),
)


def _setter(word: str, longest: int) -> Callable[[TelegramPeer, Params], Awaitable[object]]:
    async def put(peer: TelegramPeer, params: Params) -> object:
        _check_language(params)
        if len(params.text(word).encode("utf-16-le")) // 2 > longest:
            raise bad(f"{word.upper()}_TOO_LONG")
        peer.about[word, params.text("language_code")] = params.text(word)
        return True

    return put


def _getter(word: str) -> Callable[[TelegramPeer, Params], Awaitable[object]]:
    async def get(peer: TelegramPeer, params: Params) -> object:
        _check_language(params)
        return {word: peer.about.get((word, params.text("language_code")), "")}

    return get


for _name, _word, _longest, _since in ABOUT:
    method(f"setMy{_name}", _since)(_setter(_word, _longest))
    method(f"getMy{_name}", _since)(_getter(_word))


@method("setMyDefaultAdministratorRights", (6, 0))
async def set_my_default_administrator_rights(peer: TelegramPeer, params: Params) -> object:
    rights = params.mapping("rights", "ChatAdministratorRights") or {}
    if any(not isinstance(value, bool) for value in rights.values()):
        raise bad("can't parse ChatAdministratorRights")
    channels = params.flag("for_channels")
    peer.default_rights[channels] = {name for name in _rights_of(channels) if rights.get(name)}
    return True


@method("getMyDefaultAdministratorRights", (6, 0))
async def get_my_default_administrator_rights(peer: TelegramPeer, params: Params) -> object:
    channels = params.flag("for_channels")
    return {name: name in peer.default_rights[channels] for name in ("is_anonymous", *_rights_of(channels))}


def _rights_of(channels: bool) -> tuple[str, ...]:
    """What an admin may be allowed there; the server leaves the others out."""
    return RIGHTS + (CHANNEL_RIGHTS if channels else GROUP_RIGHTS)


@method("setChatMenuButton")
async def set_chat_menu_button(peer: TelegramPeer, params: Params) -> object:
    place = _menu_place(peer, params)
    button = params.mapping("menu_button", "menu button") or {"type": "default"}
    match button.get("type"):
        case "commands" | "default" as kind:
            peer.menu_buttons[place] = {"type": kind}
        case "web_app":
            text = button.get("text")
            if not isinstance(text, str) or not text.strip():
                raise bad("menu button text must be non-empty")
            url = check_web_app(button.get("web_app"), "menu button")
            peer.menu_buttons[place] = {"type": "web_app", "text": text, "web_app": {"url": url}}
        case _:
            raise bad("can't parse menu button: unsupported type specified")
    return True


@method("getChatMenuButton")
async def get_chat_menu_button(peer: TelegramPeer, params: Params) -> object:
    """That of one chat, else what holds for all."""
    place = _menu_place(peer, params)
    return peer.menu_buttons.get(place) or peer.menu_buttons.get(None) or {"type": "commands"}


def _menu_place(peer: TelegramPeer, params: Params) -> int | None:
    """The private chat that is meant; None: all of them."""
    if not params.has("chat_id"):
        return None
    chat = the_chat(peer.world, params)
    if chat.type != "private":
        raise bad("chat not found")
    return chat.id

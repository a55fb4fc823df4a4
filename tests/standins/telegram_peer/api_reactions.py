"""setMessageReaction: an emoji of the bot's on a message (core.telegram.org/bots/api#setmessagereaction)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .access import check_edit, the_chat
from .chats import Chat
from .errors import Json, bad
from .params import Params
from .registry import method

if TYPE_CHECKING:
    from .server import TelegramPeer

# core.telegram.org/bots/api#reactiontypeemoji
_EMOJI = """
👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡
🥱 🥴 😍 🐳 ❤️‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈
😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿
🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂️ 🤷 🤷‍♀️ 😡
"""
EMOJI = frozenset(_EMOJI.split())


@method("setMessageReaction", since=(7, 0))
async def set_message_reaction(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    check_edit(peer.world, chat)
    message = chat.message(params.integer("message_id"))
    if message is None:
        raise bad("message to react not found")
    if params.has("is_big") and params.text("is_big").lower() not in ("true", "false"):
        peer.complain("setMessageReaction: is_big is true or false")
    given = params.array("reaction", "reaction types") or []
    if len(given) > 1:
        raise bad("REACTIONS_TOO_MANY")  # bots have one a message, as all without Premium
    emoji = _allowed(chat, given[0]) if given else ""
    if message.service:
        raise bad("REACTION_INVALID")
    if chat.member(peer.world.bot).muted:
        raise bad("not enough rights to react to the message")
    message.reaction = emoji
    peer.world.changes.notify()
    return True


def _allowed(chat: Chat, reaction: Json) -> str:
    """Custom emoji must stand on the message already or be allowed by the chat, and none are here; paid ones are not
    for bots."""
    kind, emoji = reaction.get("type"), reaction.get("emoji", "")
    if kind not in ("emoji", "custom_emoji", "paid"):
        raise bad("invalid reaction type specified")
    here = EMOJI if chat.available_reactions is None else EMOJI & chat.available_reactions
    if kind != "emoji" or emoji not in here:
        raise bad("REACTION_INVALID")
    return str(emoji)

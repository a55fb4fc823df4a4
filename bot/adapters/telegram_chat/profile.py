"""What people read of the bot before they start it, and the rights proposed to whoever adds it: told to Telegram where
it has none yet, so that what the bot's owner wrote stays. Limits: core.telegram.org/bots/api#setmyname and the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from telegram import Bot, ChatAdministratorRights

from bot.adapters.telegram_chat import registered
from bot.words import telegram as words
from storage.database import Database

PINS = "can_pin_messages"  # the one right that is asked for in a group
_IN_GROUPS = ("can_manage_chat", PINS)
_IN_CHANNELS = ("can_manage_chat", "can_post_messages", "can_edit_messages")  # to edit is to pin as well


async def register_name(bot: Bot, db: Database) -> bool:
    """Its name; whether Telegram was told anything (so with the others)."""

    async def present() -> str:
        return (await bot.get_my_name()).name

    return await _text(bot, db, "name", words.NAME, present, lambda: bot.set_my_name(words.NAME))


async def register_description(bot: Bot, db: Database) -> bool:
    """What stands in a private chat that is still empty."""

    async def present() -> str:
        return (await bot.get_my_description()).description

    text = words.DESCRIPTION
    return await _text(bot, db, "description", text, present, lambda: bot.set_my_description(text))


async def register_short_description(bot: Bot, db: Database) -> bool:
    """What stands on its profile, and beside a link to it."""

    async def present() -> str:
        return (await bot.get_my_short_description()).short_description

    text = words.SHORT_DESCRIPTION
    return await _text(bot, db, "short description", text, present, lambda: bot.set_my_short_description(text))


async def register_group_rights(bot: Bot, db: Database) -> bool:
    """The rights proposed where somebody adds it to a group as an admin."""
    return await _rights(bot, db, _IN_GROUPS, for_channels=False)


async def register_channel_rights(bot: Bot, db: Database) -> bool:
    """Likewise to a channel."""
    return await _rights(bot, db, _IN_CHANNELS, for_channels=True)


async def _text(
    bot: Bot,
    db: Database,
    what: str,
    text: str,
    present: Callable[[], Awaitable[str]],
    put: Callable[[], Awaitable[object]],
) -> bool:
    async def tell() -> None:
        if not await present():
            await put()

    return await registered.register(db, f"telegram {what} {bot.id}", text, tell)


async def _rights(bot: Bot, db: Database, names: tuple[str, ...], *, for_channels: bool) -> bool:
    async def tell() -> None:
        try:
            present = await bot.get_my_default_administrator_rights(for_channels)
        except TypeError:  # a server that tells less of them than the library insists on: they stay as they are
            return
        if not any(present.to_dict().values()):
            none = ChatAdministratorRights.no_rights().to_dict()
            rights = ChatAdministratorRights(**{**none, **dict.fromkeys(names, True)})
            await bot.set_my_default_administrator_rights(rights, for_channels)

    where = "channels" if for_channels else "groups"
    return await registered.register(db, f"telegram rights in {where} {bot.id}", " ".join(names), tell)


FACTS = (
    register_name,
    register_description,
    register_short_description,
    register_group_rights,
    register_channel_rights,
)
"""All of it, one fact each: that one of them is refused keeps none of the others."""

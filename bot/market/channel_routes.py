"""Which channel of the same server (topic of the same group) a kind of post goes to: `/admin channel results #news`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bot.chat.reply import Reply
from bot.chat.rights import CannotAskError
from bot.market.context import Context
from bot.words import channel_routes as words
from storage.chats import ChatSettings

_ON, _OFF = frozenset({"on", "yes", "true"}), frozenset({"off", "none", "here", "no", "false"})


async def route(ctx: Context, name: str, to: str | None) -> Reply:
    """Whether the bot may post there is looked at before anything is changed."""
    platform, typed = ctx.invocation.platform, (to or "").strip()
    chat_ext = ctx.invocation.chat_ext
    if ctx.chat is not None:  # of who speaks in private, the chat whose admin they are
        platform, chat_ext = ctx.chat.platform, ctx.chat.external_id
    if not typed:
        return words.which_channel(name, platform)
    if typed.casefold() in _OFF:
        await _set(ctx, name, partial(_routed, name, None))
        return words.unrouted(name)
    try:
        channel = await ctx.rights.channel(platform, chat_ext, typed)
    except CannotAskError:
        return words.cannot_look(platform)
    if channel is None:
        return words.no_such_channel(platform)
    if channel.lacks:
        return words.may_not_post(channel.name, channel.lacks)
    here = channel.ext == chat_ext
    await _set(ctx, name, partial(_routed, name, None if here else channel.ext))
    return words.unrouted(name) if here else words.routed(name, channel.ext)


async def silence(ctx: Context, typed: str | None) -> Reply:
    """Whether small news comes without a sound."""
    word = (typed or "").strip().casefold()
    if word not in _ON | _OFF:
        return words.on_or_off("silent")
    await _set(ctx, "silent", partial(replace, silent=word in _ON))
    return words.silenced(silent=word in _ON)


def _routed(name: str, ext: str | None, before: ChatSettings) -> ChatSettings:
    others = {other: channel for other, channel in before.routes.items() if other != name}
    return replace(before, routes=others if ext is None else {**others, name: ext})


async def _set(ctx: Context, name: str, change: Callable[[ChatSettings], ChatSettings]) -> None:
    """Written down where it changes something; said twice it is done once."""
    async with ctx.db.writing() as uow:
        person, chat = await ctx.known(uow)
        before = await uow.chats.settings(chat.id)
        after = change(before)
        if after == before:
            return
        await uow.chats.set_settings(chat.id, after)
        await uow.audit.append(
            action="channel", actor=person.id, chat=chat.id, now_ms=ctx.now_ms,
            before={name: _said(before, name)}, after={name: _said(after, name)},
        )  # fmt: skip
        await uow.commit()


def _said(settings: ChatSettings, name: str) -> str:
    if name == "silent":
        return "on" if settings.silent else "off"
    return settings.routes.get(name, "here")

"""The requests of Bot API 10.2 and 10.3 about messages in a group that one member sees; the library has none of them.

https://core.telegram.org/bots/api#ephemeral-messages-and-commands: any bot may send one within 15 seconds of the
member's press (`callback_query_id`) or of their own ephemeral command (`reply_parameters`), an administrator at any
time. It has no `message_id` but an `ephemeral_message_id`, is changed by methods of its own, and need not arrive.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from telegram import Bot, InlineKeyboardMarkup, Message
from telegram.constants import ParseMode

from bot.adapters.telegram_chat.message_refs import EphemeralRef

NO_PREVIEW = {"is_disabled": True}


class EphemeralForm(StrEnum):
    """How a send method is told who alone is to see a message, by the version it came with: one object, or a parameter
    each. A server of one version ignores the other's, and posts for everybody."""

    OBJECT = "10.3"
    PARAMETERS = "10.2"


async def send_ephemeral(
    bot: Bot,
    chat: int,
    text: str,
    form: EphemeralForm,
    *,
    person: int,
    query_id: str = "",
    replaces: bool = False,
    topic: int | None = None,
    answers: int | None = None,
) -> tuple[int | None, int]:
    """(its `ephemeral_message_id`, None where it is no such message; its `message_id`). `query_id` is of the press it
    answers, `answers` the `ephemeral_message_id` of their own command. `replaces`: it is shown in place of the public
    message whose button was pressed, in its topic; only in the form of 10.3."""
    receiver: dict[str, Any] = {"receiver_user_id": person}  # Any: as JSON has it
    if query_id:
        receiver["callback_query_id"] = query_id
    if replaces:
        receiver["replace_callback_query_message"] = True
    sent = {"ephemeral_message_parameters": receiver} if form is EphemeralForm.OBJECT else receiver
    if answers is not None:
        sent = {**sent, "reply_parameters": {"ephemeral_message_id": answers}}
    message: Message = await bot.send_message(
        chat, text, message_thread_id=None if replaces else topic, api_kwargs=sent
    )
    ephemeral_id = message.api_kwargs.get("ephemeral_message_id")
    return ephemeral_id if isinstance(ephemeral_id, int) else None, message.message_id


async def edit_ephemeral(
    bot: Bot, ref: EphemeralRef, text: str, mode: ParseMode | None, markup: InlineKeyboardMarkup | None
) -> object:
    """https://core.telegram.org/bots/api#editephemeralmessagetext"""
    changed = {**_named(ref), "text": text, "link_preview_options": NO_PREVIEW}
    changed |= {} if mode is None else {"parse_mode": mode.value}
    changed |= {} if markup is None else {"reply_markup": markup}
    return await bot.do_api_request("editEphemeralMessageText", api_kwargs=changed)


async def delete_ephemeral(bot: Bot, ref: EphemeralRef) -> object:
    """https://core.telegram.org/bots/api#deleteephemeralmessage"""
    return await bot.do_api_request("deleteEphemeralMessage", api_kwargs=_named(ref))


def _named(ref: EphemeralRef) -> dict[str, Any]:
    return {"chat_id": ref.chat, "receiver_user_id": ref.person, "ephemeral_message_id": ref.message}

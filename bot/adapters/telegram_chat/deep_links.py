"""Deep links: a message in a group that gives nothing away, and a link to where it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.adapters.telegram_chat.chats import ChatAddress
from bot.adapters.telegram_chat.incoming import IncomingUpdate
from bot.adapters.telegram_chat.keyboards import KeyboardButton
from bot.adapters.telegram_chat.message_refs import Ref
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.throttle import Throttle
from bot.chat.buttons import Buttons
from bot.chat.platform import Unreachable, UnreachableError
from bot.chat.reply import Reply
from bot.words import telegram as words

EDIT_MS = 600_000  # a message with a link is edited rather than sent again for so long


@dataclass(slots=True)
class _LinkMessage:
    ref: str
    payload: str
    at_ms: int


class DeepLinks:
    """Messages with a link into the private chat: one a person and chat. `link` makes a deep link of a payload."""

    def __init__(
        self,
        sender: Sender,
        buttons: Buttons,
        throttle: Throttle,
        monotonic_ms: Callable[[], int],
        link: Callable[[str], str],
    ) -> None:
        self._sender = sender
        self._buttons = buttons
        self._throttle = throttle
        self._monotonic_ms = monotonic_ms
        self._link = link
        self._sent: dict[tuple[str, str], _LinkMessage] = {}

    async def link_to(self, incoming: IncomingUpdate, line: str, made_for: int | None) -> str:
        """A link that runs this line for whoever follows it, as if it were said here."""
        return self._link(await self._buttons.keep(line, made_for, incoming.address.ext))

    async def send_link(
        self, incoming: IncomingUpdate, text: Reply, line: str, made_for: int | None, *, anew: bool = False
    ) -> None:
        """Edit the message with the person's link in this chat, or send one; with `anew` delete it and send one."""
        payload = await self._buttons.keep(line, made_for, incoming.address.ext)
        keyboard = ((KeyboardButton(label=words.OPEN, url=self._link(payload)),),)
        where, now = (incoming.address.ext, incoming.person_ext), self._monotonic_ms()
        if anew:
            await self.delete(incoming.person_ext, incoming.address.ext)
        link_message = self._sent.get(where)
        if link_message is not None and now - link_message.at_ms < EDIT_MS:
            if link_message.payload == payload:
                return
            try:
                await self._throttle.send(
                    incoming.address,
                    lambda: self._sender.edit(incoming.address, link_message.ref, text, keyboard, counted=1),
                )
                self._sent[where] = _LinkMessage(link_message.ref, payload, now)
                return
            except UnreachableError as error:
                if error.why is not Unreachable.MESSAGE:
                    raise
        ref = await self._throttle.send(
            incoming.address,
            lambda: self._sender.send(
                incoming.address, text, keyboard, reply_to=incoming.message_id, silent=True, counted=1
            ),
        )
        self._sent[where] = _LinkMessage(ref, payload, now)

    async def delete(self, person_ext: str, chat_ext: str) -> None:
        """Somebody has followed their link: the message with it has done its work."""
        link_message, address = self._sent.pop((chat_ext, person_ext), None), ChatAddress.of(chat_ext)
        ref = Ref.of(link_message.ref) if link_message else None
        if ref is not None and address is not None:
            await self._sender.delete(address, ref.message)

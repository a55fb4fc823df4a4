"""A few words in a group that give nothing away, and a link to where it goes on."""

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

FRESH_MS = 600_000  # a stub is changed rather than said again for so long


@dataclass(slots=True)
class _Stub:
    ref: str
    key: str
    at_ms: int


class DeepLinks:
    """One a person and chat. `link` makes a deep link of a payload."""

    def __init__(
        self,
        post: Sender,
        buttons: Buttons,
        patience: Throttle,
        clock: Callable[[], int],
        link: Callable[[str], str],
    ) -> None:
        self._post = post
        self._buttons = buttons
        self._patience = patience
        self._clock = clock
        self._link = link
        self._shown: dict[tuple[str, str], _Stub] = {}

    async def link_to(self, who: IncomingUpdate, line: str, made_for: int | None) -> str:
        """A link that runs this line for whoever follows it, as if it were said here."""
        return self._link(await self._buttons.keep(line, made_for, who.place.ext))

    async def show(
        self, who: IncomingUpdate, text: Reply, line: str, made_for: int | None, *, anew: bool = False
    ) -> None:
        """Her stub here is changed, or with `anew` taken away and said again."""
        key = await self._buttons.keep(line, made_for, who.place.ext)
        keys = ((KeyboardButton(label=words.OPEN, url=self._link(key)),),)
        name, now = (who.place.ext, who.person_ext), self._clock()
        if anew:
            await self.take_away(who.person_ext, who.place.ext)
        last = self._shown.get(name)
        if last is not None and now - last.at_ms < FRESH_MS:
            if last.key == key:
                return
            try:
                await self._patience.send(
                    who.place, lambda: self._post.edit(who.place, last.ref, text, keys, counted=1)
                )
                self._shown[name] = _Stub(last.ref, key, now)
                return
            except UnreachableError as error:
                if error.why is not Unreachable.MESSAGE:
                    raise
        ref = await self._patience.send(
            who.place, lambda: self._post.send(who.place, text, keys, to=who.message, silent=True, counted=1)
        )
        self._shown[name] = _Stub(ref, key, now)

    async def take_away(self, person_ext: str, chat_ext: str) -> None:
        """She has followed the link: its stub has done its work."""
        last, place = self._shown.pop((chat_ext, person_ext), None), ChatAddress.of(chat_ext)
        at = Ref.of(last.ref) if last else None
        if at is not None and place is not None:
            await self._post.delete(place, at.message)

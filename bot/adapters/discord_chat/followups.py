"""Private news as a follow-up of what a person did last: for a quarter of an hour that reaches them where they are, and
opens no conversation, of which Discord allows about ten a minute.

Held in memory and nowhere else: a token is a secret, and after a restart there is the direct message.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import discord

from bot.adapters.discord_chat.message_refs import Answered, Tokens
from bot.adapters.discord_chat.render import NO_MENTIONS
from bot.chat.rate_limits import Limit, Windows

LIFE_MS = 14 * 60_000  # of the token's 15 minutes
CHANNEL = Limit(30, 60_000, spare=6)  # follow-ups in one channel, by observation; the spare ones are for answers
SHUT_MS = 60_000
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpToken:
    """An interaction that has been answered; `channel` is where it was, a thread too."""

    token: str
    channel: str
    until_ms: int


class FollowUps:
    """`clock` gives epoch milliseconds. Chats are those of `place_of`, so that nobody hears of a market elsewhere."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._ways: OrderedDict[tuple[str, str], FollowUpToken] = OrderedDict()  # by person and chat
        self._used = Windows((CHANNEL,))
        self._shut: dict[str, int] = {}

    def answered(self, interaction: discord.Interaction, chat_ext: str) -> None:
        """Not before the answer stands: the first follow-up of one that is "thinking" would be taken for it."""
        if interaction.guild_id is None or interaction.channel_id is None:
            return
        if interaction.is_user_integration() and not interaction.is_guild_integration():
            return  # five follow-ups and no more, and answers need them
        until = int(interaction.created_at.timestamp() * 1000) + LIFE_MS
        who = (str(interaction.user.id), chat_ext)
        known = self._ways.get(who)
        if known is not None and known.until_ms > until:
            return
        self._ways[who] = FollowUpToken(token=interaction.token, channel=str(interaction.channel_id), until_ms=until)
        self._ways.move_to_end(who)
        if len(self._ways) > REMEMBERED:
            self._ways.popitem(last=False)

    def way(self, person_ext: str, chat_ext: str | None) -> FollowUpToken | None:
        """To this person in this chat, if there is one now that leaves room for answers."""
        found = self._ways.get((person_ext, chat_ext or ""))
        if found is None:
            return None
        now = self._clock()
        if found.until_ms <= now:
            del self._ways[person_ext, chat_ext or ""]
            return None
        full = self._used.wait(found.channel, now, spare=True) > 0 or self._shut.get(found.channel, 0) > now
        return None if full else found

    def used(self, channel: str) -> None:
        """One follow-up is on its way, whoever sends it."""
        self._used.use(channel, self._clock())

    def refused(self, person_ext: str, chat_ext: str | None) -> None:
        """This token is good no more."""
        self._ways.pop((person_ext, chat_ext or ""), None)

    def shut(self, channel: str) -> None:
        """The channel takes no more for a while."""
        now = self._clock()
        self._shut = {one: until for one, until in self._shut.items() if until > now} | {channel: now + SHUT_MS}


async def send(
    client: discord.Client, way: FollowUpToken, view: discord.ui.LayoutView, files: list[discord.File]
) -> int:
    """Number of the message, which she alone sees."""
    hook = discord.Webhook.partial(client.application_id or 0, way.token, client=client)
    hook.type = discord.WebhookType.application  # as that of an interaction is
    sent = await hook.send(view=view, files=files, ephemeral=True, allowed_mentions=NO_MENTIONS, wait=True)
    return sent.id


def ref(way: FollowUpToken, message: int, tokens: Tokens) -> str:
    """By which it can be changed as long as this process runs."""
    return str(Answered(message=message, until_ms=way.until_ms, key=tokens.hold(way.token)))

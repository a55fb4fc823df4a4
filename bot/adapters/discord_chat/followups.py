"""Private news as a follow-up of what a person did last: for a quarter of an hour that reaches them where they are, and
opens no conversation, of which Discord allows about ten a minute.

Held in memory and nowhere else: a token is a secret, and after a restart there is the direct message.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import discord

from bot.adapters.discord_chat.message_refs import Answered, Tokens
from bot.adapters.discord_chat.render import NO_MENTIONS
from bot.chat.rate_limits import Limit, Urgency, Windows
from storage.clock import Clock

LIFETIME_MS = 14 * 60_000  # of the token's 15 minutes
CHANNEL_LIMIT = Limit(30, 60_000, spare=6)  # follow-ups in one channel, by observation; the spare ones are for answers
PAUSE_MS = 60_000
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpToken:
    """An interaction that has been answered; `channel` is where it was, a thread too."""

    token: str
    channel: str
    until_ms: int


class FollowUps:
    """Chats are those of `address_of`, so that nobody hears of a market elsewhere."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: OrderedDict[tuple[str, str], FollowUpToken] = OrderedDict()  # by person and chat
        self._windows = Windows((CHANNEL_LIMIT,))
        self._paused_until: dict[str, int] = {}

    def remember(self, interaction: discord.Interaction, chat_ext: str) -> None:
        """Not before the answer stands: the first follow-up of one that is "thinking" would be taken for it."""
        if interaction.guild_id is None or interaction.channel_id is None:
            return
        if interaction.is_user_integration() and not interaction.is_guild_integration():
            return  # five follow-ups and no more, and answers need them
        until = int(interaction.created_at.timestamp() * 1000) + LIFETIME_MS
        key = (str(interaction.user.id), chat_ext)
        previous = self._tokens.get(key)
        if previous is not None and previous.until_ms > until:
            return
        self._tokens[key] = FollowUpToken(token=interaction.token, channel=str(interaction.channel_id), until_ms=until)
        self._tokens.move_to_end(key)
        if len(self._tokens) > REMEMBERED:
            self._tokens.popitem(last=False)

    def token_for(self, person_ext: str, chat_ext: str | None) -> FollowUpToken | None:
        """To this person in this chat, if there is one now that leaves room for answers."""
        follow_up = self._tokens.get((person_ext, chat_ext or ""))
        if follow_up is None:
            return None
        if follow_up.until_ms <= self._clock.now_ms():
            del self._tokens[person_ext, chat_ext or ""]
            return None
        now = self._clock.monotonic_ms()
        full = (
            self._windows.wait(follow_up.channel, now, Urgency.NOTICE) > 0
            or self._paused_until.get(follow_up.channel, 0) > now
        )
        return None if full else follow_up

    def count(self, channel: str) -> None:
        """One follow-up is on its way, whoever sends it."""
        self._windows.use(channel, self._clock.monotonic_ms())

    def forget(self, person_ext: str, chat_ext: str | None) -> None:
        """This token is good no more."""
        self._tokens.pop((person_ext, chat_ext or ""), None)

    def pause(self, channel: str) -> None:
        """The channel takes no more for a while."""
        now = self._clock.monotonic_ms()
        self._paused_until = {paused: until for paused, until in self._paused_until.items() if until > now} | {
            channel: now + PAUSE_MS
        }


async def send_follow_up(
    client: discord.Client, follow_up: FollowUpToken, view: discord.ui.LayoutView, files: list[discord.File]
) -> int:
    """Number of the message, which the person alone sees."""
    webhook = discord.Webhook.partial(client.application_id or 0, follow_up.token, client=client)
    webhook.type = discord.WebhookType.application  # as that of an interaction is
    sent = await webhook.send(view=view, files=files, ephemeral=True, allowed_mentions=NO_MENTIONS, wait=True)
    return sent.id


def follow_up_ref(follow_up: FollowUpToken, message: int, tokens: Tokens) -> str:
    """By which it can be changed as long as this process runs."""
    return str(Answered(message=message, until_ms=follow_up.until_ms, key=tokens.remember(follow_up.token)))

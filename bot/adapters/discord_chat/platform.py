"""The announcer's way into Discord: posts, edits, private news, the pinned board, the thread beside a market."""

from __future__ import annotations

import asyncio
import logging
import secrets

import discord

from bot.adapters.discord_chat import NAME, errors, followups, library_patches, message_refs
from bot.adapters.discord_chat.edits import MessageEdits
from bot.adapters.discord_chat.followups import FollowUps
from bot.adapters.discord_chat.guilds import fetch_channel
from bot.adapters.discord_chat.permissions import ChannelRoles, missing_permissions
from bot.adapters.discord_chat.registration import CommandIds
from bot.adapters.discord_chat.render import NO_MENTIONS, RenderedMessage, render
from bot.adapters.discord_chat.shards import Shards
from bot.adapters.discord_chat.threads import Threads
from bot.chat.buttons import Buttons
from bot.chat.platform import ADMINS, RetryLaterError, Unreachable, UnreachableError
from bot.chat.reply import Reply
from bot.notifications.pinned_boards import PinnedBoards
from bot.words import discord as words
from storage.clock import Clock
from storage.database import Database

log = logging.getLogger(__name__)

AWAY_MS = 5_000  # between two looks whether the connection is back
FOLLOW_UP_S = 10.0  # the library waits as long as Discord tells it to; there is another way
OUTAGE_MS = 30_000  # a server that Discord itself cannot reach


class DiscordPlatform:
    """Implements `bot.chat.platform.Platform`. `client` is whoever is logged in at the moment, if anybody is."""

    def __init__(
        self,
        db: Database,
        buttons: Buttons,
        command_ids: CommandIds,
        tokens: message_refs.Tokens,
        roles: ChannelRoles,
        edits: MessageEdits,
        follow_ups: FollowUps,
        shards: Shards,
        clock: Clock,
    ) -> None:
        self._db = db
        self._buttons = buttons
        self._command_ids = command_ids
        self._tokens = tokens
        self._roles = roles
        self._edits = edits
        self._follow_ups = follow_ups
        self._shards = shards
        self._clock = clock
        self._pinned = PinnedBoards(db, NAME, clock.now_ms)
        self._threads = Threads(db, clock.monotonic_ms)
        self._dm_lock = asyncio.Lock()
        self.client: discord.Client | None = None

    @property
    def name(self) -> str:
        return NAME

    async def _rendered(
        self,
        reply: Reply,
        *,
        mention: int | None = None,
    ) -> RenderedMessage:
        clickable = await self._command_ids.known()
        return await render(reply, self._buttons, clickable=clickable, mention=mention)

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        """Post anew: into the chat, or into the market's thread where it belongs aside and there can be one."""
        async with errors.translating_errors():
            client, channel = self._channel(reply.route or chat_ext)
            message = await self._rendered(reply, mention=await self._mention(chat_ext, reply))
            if reply.aside and not reply.route:
                sent = await self._threads.send(client, channel, lambda there: self._send(there, message, nonce))
                if sent is not None:
                    return str(sent)
            try:
                ref = await self._send(channel, message, nonce)
            except discord.Forbidden as error:
                raise await self._forbidden(client, channel.id, error) from error
            if reply.pin:
                await self._pin(chat_ext, channel, ref)
            return str(ref)

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        async with errors.translating_errors():
            client, _ = self._channel(chat_ext)
            posted = message_refs.parse_ref(ref)
            if not isinstance(posted, message_refs.Posted):
                raise UnreachableError
            try:
                await self._edit_message(client, posted, await self._rendered(reply))
            except discord.Forbidden as error:
                raise await self._forbidden(client, posted.channel, error) from error
            except discord.NotFound as error:
                if str(posted.channel) != chat_ext:  # a channel beside it is gone, and not the chat
                    raise UnreachableError(Unreachable.MESSAGE) from error
                raise

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        """Their ticket becomes its fill while Discord lets it; else it is a follow-up of what they did last in the
        market's chat; else a direct message; else a mention where they are, that gives nothing away."""
        async with errors.translating_errors():
            client = self._client()
            message = await self._rendered(reply)
            ticket_ref = message_refs.parse_ref(edit_ref) if edit_ref else None
            if (
                ticket_ref is not None
                and edit_ref is not None
                and await self._edit_in_place(client, ticket_ref, message)
            ):
                return edit_ref
            follow_up_ref = await self._send_follow_up(client, person_ext, chat_ext, message)
            if follow_up_ref is not None:
                return follow_up_ref
            try:
                return str(await self._send_direct(client, person_ext, message, nonce))
            except discord.HTTPException as error:
                translated = errors.translate(error)
                if (
                    not isinstance(translated, UnreachableError)
                    or chat_ext is None
                    or _is_private(chat_ext, person_ext)
                ):
                    raise
            return str(await self._send_pointer(client, person_ext, chat_ext, nonce))

    # -- ways to send

    def _client(self) -> discord.Client:
        if self.client is None or self.client.is_closed() or self.client.application_id is None:
            raise RetryLaterError(AWAY_MS, overall=True)
        wait = library_patches.global_rate_limit.wait_ms()
        if wait > 0:
            raise RetryLaterError(wait, overall=True)
        return self.client

    def _channel(self, chat_ext: str) -> tuple[discord.Client, discord.PartialMessageable]:
        client = self._client()
        if not (chat_ext.isascii() and chat_ext.isdigit()):
            raise UnreachableError(Unreachable.CHAT)
        known = client.get_channel(int(chat_ext))
        guild = getattr(known, "guild", None)
        if guild is not None and guild.unavailable:
            raise RetryLaterError(OUTAGE_MS)
        return client, client.get_partial_messageable(int(chat_ext), guild_id=guild.id if guild is not None else None)

    async def _send(
        self, channel: discord.abc.Messageable, message: RenderedMessage, nonce: str
    ) -> message_refs.Posted:
        sent = await channel.send(
            view=message.view,
            files=message.files(),
            nonce=nonce or secrets.token_hex(10),
            allowed_mentions=message.mentions,
            silent=message.silent,
        )
        return message_refs.Posted(channel=sent.channel.id, message=sent.id)

    async def _edit_message(self, client: discord.Client, ref: message_refs.Posted, message: RenderedMessage) -> None:
        message_to_edit = client.get_partial_messageable(ref.channel).get_partial_message(ref.message)
        await message_to_edit.edit(view=message.view, attachments=message.files(), allowed_mentions=NO_MENTIONS)

    async def _edit_in_place(
        self, client: discord.Client, ref: message_refs.Posted | message_refs.Answered, message: RenderedMessage
    ) -> bool:
        """Replace the ticket with the news; False where that message can be changed no more."""
        try:
            async with self._edits.notifying(ref.message):
                if isinstance(ref, message_refs.Posted):
                    await self._edit_message(client, ref, message)
                    return True
                token = await self._tokens.get(ref.key) if ref.until_ms > self._clock.now_ms() else None
                if token is None:
                    return False
                webhook = discord.Webhook.partial(client.application_id or 0, token, client=client)
                await webhook.edit_message(
                    ref.message, view=message.view, attachments=message.files(), allowed_mentions=NO_MENTIONS
                )
        except discord.HTTPException as error:
            if isinstance(errors.translate(error), UnreachableError):
                return False
            raise
        return True

    async def _send_follow_up(
        self, client: discord.Client, person_ext: str, chat_ext: str | None, message: RenderedMessage
    ) -> str | None:
        """The ref of the follow-up that was sent; None where it must go another way."""
        follow_up = self._follow_ups.token_for(person_ext, chat_ext)
        if follow_up is None:
            return None
        self._follow_ups.count(follow_up.channel)
        try:
            async with asyncio.timeout(FOLLOW_UP_S):
                sent = await followups.send_follow_up(client, follow_up, message.view, message.files())
        except discord.HTTPException as error:
            if error.status == 429:
                self._follow_ups.pause(follow_up.channel)
            elif isinstance(errors.translate(error), UnreachableError):
                self._follow_ups.forget(person_ext, chat_ext)
            else:
                raise
            return None
        except TimeoutError:  # the next try goes another way
            self._follow_ups.pause(follow_up.channel)
            raise
        return followups.follow_up_ref(follow_up, sent, self._tokens)

    async def _send_direct(
        self, client: discord.Client, person_ext: str, message: RenderedMessage, nonce: str
    ) -> message_refs.Posted:
        try:
            async with self._dm_lock:  # one at a time: the library sees each answer's rate before it asks for the next
                channel = await client.create_dm(discord.Object(int(person_ext)))
        except discord.RateLimited as error:
            if library_patches.global_rate_limit.wait_ms() > 0:
                raise
            raise RetryLaterError(int(error.retry_after * 1000) + 1, alone=True) from error
        return await self._send(channel, message, nonce)

    async def _send_pointer(
        self, client: discord.Client, person_ext: str, chat_ext: str, nonce: str
    ) -> message_refs.Posted:
        """The last resort: a mention in the chat that says where to look, and nothing else."""
        person = discord.Object(int(person_ext))
        text = f"<@{person.id}> {words.look_there()}"
        view = discord.ui.LayoutView(timeout=None)
        view.add_item(discord.ui.TextDisplay(text))
        view.stop()
        channel = client.get_partial_messageable(int(chat_ext))
        mentions = discord.AllowedMentions(everyone=False, roles=False, users=[person], replied_user=False)
        sent = await channel.send(view=view, allowed_mentions=mentions, nonce=nonce or secrets.token_hex(10))
        return message_refs.Posted(channel=channel.id, message=sent.id)

    async def _pin(self, chat_ext: str, channel: discord.PartialMessageable, ref: message_refs.Posted) -> None:
        """In the place of the board that was pinned before; it works unpinned too."""
        try:
            await channel.get_partial_message(ref.message).pin()
            previous = await self._pinned.pinned(str(channel.id), str(ref.message))
            if previous is not None:
                await channel.get_partial_message(int(previous)).unpin()
        except discord.NotFound:
            log.debug("the board that was pinned in channel %s is gone", channel.id)
        except discord.Forbidden as error:
            log.info("the board in channel %s is not pinned: %s", channel.id, error)
            await self._pinned.refused(chat_ext, str(channel.id))
        except (discord.HTTPException, discord.RateLimited) as error:
            log.warning("the board in channel %s could not be pinned: %s", channel.id, error)

    async def _forbidden(
        self, client: discord.Client, channel_id: int, error: discord.Forbidden
    ) -> UnreachableError | RetryLaterError:
        """Which permission is missing; or, where we know all servers and this channel is in none, that we were
        removed."""
        channel: object = client.get_channel(channel_id)
        if error.code == errors.MISSING_ACCESS and self._shards.complete and channel is None:
            return UnreachableError(Unreachable.CHAT)
        translated = errors.translate(error)
        if not isinstance(translated, UnreachableError) or translated.why is not Unreachable.FORBIDDEN:
            return translated
        if channel is None:  # of a shard that another process has
            channel = await fetch_channel(client, channel_id)
        return UnreachableError(Unreachable.FORBIDDEN, missing_permissions(channel) or translated.detail)

    async def _mention(self, chat_ext: str, reply: Reply) -> int | None:
        """The role this chat has asked to be told of such events, or that of its admins."""
        if reply.ping is None:
            return None
        settings = await self._roles.get(chat_ext)
        if settings is not None and reply.ping == ADMINS:
            role = settings.admin_role or ""
            return int(role) if role.isdigit() else None
        if settings is None or not settings.ping_role or reply.ping not in settings.ping_kinds:
            return None
        return int(settings.ping_role) if settings.ping_role.isdigit() else None


def _is_private(chat_ext: str, person_ext: str) -> bool:
    """Whether the chat is no place for a mention at all."""
    return not chat_ext.isdigit() or chat_ext == person_ext

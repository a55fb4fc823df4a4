"""Acknowledging what somebody did, and putting the answer where it belongs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from functools import partial

import discord

from bot.adapters.answer_charts import AnswerCharts
from bot.adapters.discord_chat import errors, message_refs
from bot.adapters.discord_chat.edits import MessageEdits, OvertakenAnswers
from bot.adapters.discord_chat.followups import FollowUps
from bot.adapters.discord_chat.incoming import IncomingInteraction
from bot.adapters.discord_chat.permissions import is_read_by_others
from bot.adapters.discord_chat.registration import CommandIds
from bot.adapters.discord_chat.render import NO_MENTIONS, RenderedMessage, render
from bot.chat.buttons import Buttons
from bot.chat.invocation import ChatKind
from bot.chat.pictures import Draw
from bot.chat.platform import RetryLaterError, UnreachableError
from bot.chat.reply import Audience, Reply
from bot.dispatcher import Dispatcher
from bot.words import answer_charts as words
from storage.key_value import KeptLine

log = logging.getLogger(__name__)

RETRIES_S = (0.5, 2.0, 5.0, 15.0)  # between tries to deliver an answer: somebody is waiting for it

GONE = {errors.UNKNOWN_MESSAGE, errors.UNKNOWN_WEBHOOK, errors.EXPIRED_TOKEN}
UPDATES = "updates"  # of an interaction: how it was acknowledged


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedAnswer:
    """What is sent; with what `drawing` comes to it will be `charted`."""

    reply: Reply
    charted: Reply
    drawing: asyncio.Task[Reply | None] | None = None


class DiscordResponder:
    def __init__(
        self,
        dispatcher: Dispatcher,
        buttons: Buttons,
        command_ids: CommandIds,
        tokens: message_refs.Tokens,
        edits: MessageEdits,
        follow_ups: FollowUps,
        overtaken: OvertakenAnswers,
        draw: Draw,
    ) -> None:
        self._dispatcher = dispatcher
        self._overtaken = overtaken
        self._buttons = buttons
        self._command_ids = command_ids
        self._tokens = tokens
        self._edits = edits
        self._follow_ups = follow_ups
        self.charts = AnswerCharts(draw)

    async def acknowledge(self, interaction: discord.Interaction, *, update: bool = False) -> bool:
        """`update`: the message that was pressed stays until it is changed; else "thinking" until there is one, for its
        speaker alone: whatever happens to us, others see no word that never comes. False where nothing is to be done:
        Discord did not take it, or another process has answered already."""
        private = is_read_by_others(interaction)
        interaction.extras[UPDATES] = update
        for tries_left in (1, 0):
            try:
                await interaction.response.defer(ephemeral=private and not update, thinking=not update)
            except discord.HTTPException as error:
                if error.code == errors.ANSWERED_ALREADY:  # the word of it was lost, or another process did
                    return await self._awaits_answer(interaction, update=update)
                log.warning("interaction %s could not be acknowledged: %s", interaction.id, error.text or error.status)
                return False
            except discord.InteractionResponded:
                return False
            except (KeyError, TypeError, AttributeError):  # acknowledged with no body, as some servers do
                return True
            except Exception as error:  # a lost line, of which the library passes on many kinds
                if not tries_left:
                    log.warning("interaction %s could not be acknowledged: %r", interaction.id, error)
            else:
                return True
        return False

    async def _awaits_answer(self, interaction: discord.Interaction, *, update: bool) -> bool:
        """Of one that was acknowledged already, by this process or by one that ended before it could answer."""
        try:
            standing = await interaction.original_response()
        except discord.HTTPException as error:
            return error.code not in GONE  # deleted: the answer stands elsewhere
        except (OSError, TimeoutError):
            return True
        if not update:
            return standing.flags.loading
        pressed = interaction.message
        return pressed is None or standing.edited_at == pressed.edited_at

    async def prepare(self, reply: Reply) -> PreparedAnswer:
        """With its charts, or without those that take long."""
        shown, drawing = await self.charts.with_charts(reply)
        return PreparedAnswer(reply=shown, charted=reply, drawing=drawing)

    async def respond(self, incoming: IncomingInteraction, reply: Reply) -> None:
        """Put the answer where it belongs, and tell storage where a ticket stands; charts that take long follow."""
        await self.deliver(incoming, await self.prepare(reply))

    async def deliver(self, incoming: IncomingInteraction, answer: PreparedAnswer, *, for_all: bool = False) -> None:
        """`for_all`: everybody here reads it where its audience says so."""
        reply = answer.reply
        for wait in RETRIES_S:
            try:
                async with errors.translating_errors():
                    sent = await self._send_answer(incoming, reply, for_all=for_all)
                break
            except RetryLaterError:
                await asyncio.sleep(wait)
            except UnreachableError as error:
                log.warning("the answer to interaction %s was not delivered: %s", incoming.interaction.id, error)
                await self._stop_thinking(incoming.interaction)
                return
        else:
            log.error("the answer to interaction %s was given up", incoming.interaction.id)
            await self._stop_thinking(incoming.interaction)
            return
        if incoming.decides and await self._overtaken.may_be(reply):
            await self._respond_anew(incoming, reply)
        if sent is not None and answer.drawing is not None:
            self.charts.follow(answer.drawing, partial(self._show_charts, sent, answer.charted))
        if not incoming.address.visited:  # five follow-ups are all there may be
            self._follow_ups.remember(incoming.interaction, incoming.address.chat_ext)
        if sent is not None and (reply.ticket is not None or reply.awaits is not None):
            ref, lines = self._ref_of(incoming, sent)
            await self._dispatcher.placed(reply, incoming.invocation, ref, lines=lines)

    async def _stop_thinking(self, interaction: discord.Interaction) -> None:
        """Nothing more comes: then nothing says that something does."""
        if interaction.extras.get(UPDATES, False):
            return
        try:
            async with errors.translating_errors():
                await interaction.delete_original_response()
        except (RetryLaterError, UnreachableError) as error:
            log.info("the answer to interaction %s is still awaited: %s", interaction.id, error)

    async def _respond_anew(self, incoming: IncomingInteraction, reply: Reply) -> None:
        """What would be answered to the same now, where that is something else."""
        current = await self._dispatcher.run(incoming.invocation)
        if current == reply or current.ticket is None:
            return
        try:
            async with errors.translating_errors():
                await self._send_answer(incoming, current, for_all=False)
        except (RetryLaterError, UnreachableError) as error:
            log.warning("the answer to interaction %s stands over its fill: %s", incoming.interaction.id, error)

    async def _send_answer(
        self, incoming: IncomingInteraction, reply: Reply, *, for_all: bool
    ) -> discord.Message | None:
        """The message that answers; None where something newer stands there."""
        interaction = incoming.interaction
        alone = reply.audience is Audience.PRIVATE
        message = await self._rendered(reply)
        if UPDATES not in interaction.extras:  # nothing has been acknowledged
            return await self._send_first(interaction, message, alone=alone or interaction.guild_id is None)
        if for_all and not alone:  # "thinking" stands for one alone, and so would what takes its place
            with contextlib.suppress(discord.NotFound):
                await interaction.delete_original_response()
            return await self._send_follow_up(incoming, message, alone=False)
        updates = interaction.extras.get(UPDATES, False)
        if not updates or self._replaces_message(incoming, reply):
            pressed = interaction.message.id if updates and interaction.message is not None else None
            async with self._edits.answering(pressed) as is_overtaken:
                if is_overtaken:  # its fill came first
                    return None
                return await interaction.edit_original_response(
                    view=message.view, attachments=message.files(), allowed_mentions=NO_MENTIONS
                )
        return await self._send_follow_up(incoming, message)

    async def _send_first(
        self, interaction: discord.Interaction, message: RenderedMessage, *, alone: bool
    ) -> discord.Message | None:
        """The answer at once, which is its acknowledgement too; None where it stands already, or its message is not
        told."""
        try:
            response = await interaction.response.send_message(
                view=message.view,
                files=message.files(),
                ephemeral=alone and is_read_by_others(interaction),
                allowed_mentions=NO_MENTIONS,
            )
        except discord.HTTPException as error:
            if error.code == errors.ANSWERED_ALREADY:  # the word of it was lost, or another process did
                return None
            raise
        except (KeyError, TypeError, AttributeError):  # taken with no body, as some servers do
            return None
        sent = response.resource
        return sent if isinstance(sent, discord.Message) else None

    async def _show_charts(self, sent: discord.Message, reply: Reply, drawn: Reply | None) -> None:
        """In the answer that stands without them."""
        message = await self._rendered(drawn or words.chart_missing(reply))
        async with errors.translating_errors():
            await sent.edit(view=message.view, attachments=message.files(), allowed_mentions=NO_MENTIONS)

    async def _rendered(self, reply: Reply) -> RenderedMessage:
        return await render(reply, self._buttons, clickable=await self._command_ids.known())

    def _replaces_message(self, incoming: IncomingInteraction, reply: Reply) -> bool:
        """A ticket gives way to what became of it, a question to what was decided; a refusal leaves both standing."""
        return incoming.decides and (reply.ok or reply.ticket is not None) and reply.audience is Audience.PRIVATE

    async def _send_follow_up(
        self, incoming: IncomingInteraction, message: RenderedMessage, *, alone: bool = True
    ) -> discord.Message:
        """A message of its own, after the answer proper."""
        self._follow_ups.count(str(incoming.interaction.channel_id))
        return await incoming.interaction.followup.send(
            view=message.view,
            files=message.files(),
            ephemeral=alone and is_read_by_others(incoming.interaction),
            allowed_mentions=NO_MENTIONS,
            wait=True,
        )

    def _ref_of(self, incoming: IncomingInteraction, sent: discord.Message) -> tuple[str, dict[str, KeptLine]]:
        """In private a message of the bot like any other; where others read along only the interaction's token can
        change it, which is written down along with the ref."""
        if incoming.address.kind is ChatKind.PRIVATE and not incoming.address.visited:
            return str(message_refs.Posted(channel=int(incoming.address.chat_ext), message=sent.id)), {}
        until = int(incoming.interaction.created_at.timestamp() * 1000) + message_refs.SAFE_MS
        token = incoming.interaction.token
        key = self._tokens.remember(token)
        ref = message_refs.Answered(message=sent.id, until_ms=until, key=key)
        return str(ref), {key: message_refs.stored_token(token, incoming.invocation.person_ext)}

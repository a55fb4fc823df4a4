"""Takes what people do on Discord (slash commands, presses, dialogs), hands it to the dispatcher, places the answer.

Acknowledge first: Discord waits three seconds and no longer. Only a dialog must be the first answer itself; what leads
to one is run at once, and acknowledged the usual way if it takes too long. Where the acknowledgement fails nothing is
done: Discord has told the person that it did not work, and then it must not have worked.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat import errors, forms, limits, presses, refs
from bot.adapters.discord_chat.busy import Busy, counted
from bot.adapters.discord_chat.layout import Message, dressed
from bot.adapters.discord_chat.places import Place, Rules, place_of
from bot.adapters.discord_chat.presses import Kind
from bot.adapters.discord_chat.sending import NOBODY, Edits
from bot.adapters.discord_chat.slash import NAME, choice
from bot.buttons import Buttons
from bot.command import Command
from bot.dispatch import Dispatcher
from bot.drawing import Draw, drawn
from bot.invocation import ChatKind, Invocation
from bot.platform import RetryLaterError, UnreachableError
from bot.reply import Action, Audience, Form, Reply
from bot.words import discord as words

log = logging.getLogger(__name__)

PUBLIC = frozenset({"board", "book", "chart", "depth", "leaderboard", "tape", "verify"})
"""Commands whose answers everybody may read: Discord wants to know before there is an answer."""
MAY_ASK: Mapping[str, frozenset[str]] = {
    "admin create": frozenset({"title", "outcomes"}),
    "admin set": frozenset({"value"}),
}
"""Commands that answer with a form although nothing that must be said is missing, as long as they lack these."""

FORM_S = 1.8  # for a form to be ready; the rest of the three seconds is the network's
COMPLETE_S = 0.8
AGAIN_S = (0.5, 2.0, 5.0, 15.0)  # between tries to deliver an answer: she is waiting for it
REMEMBERED = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """One interaction, read."""

    interaction: discord.Interaction
    place: Place
    said: Invocation
    decides: bool = False  # the answer takes the place of the message that was pressed


class Desk:
    """`clock` gives epoch milliseconds; `draw` a chart's PNG."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        buttons: Buttons,
        tokens: refs.Tokens,
        rules: Rules,
        edits: Edits,
        draw: Draw,
    ) -> None:
        self.busy = Busy()
        self._dispatcher = dispatcher
        self._buttons = buttons
        self._tokens = tokens
        self._rules = rules
        self._edits = edits
        self._draw = draw
        self._seen: OrderedDict[int, None] = OrderedDict()

    # -- the three ways in

    @counted
    async def slash(self, interaction: discord.Interaction, command: Command, args: Mapping[str, str]) -> None:
        """A slash command with its options."""
        if self._heard_before(interaction):
            return
        if not MAY_ASK.get(command.name, frozenset()) <= args.keys():
            heard = await self._read(interaction, command=command.name, args=args)
            await self._ask(heard)
            return
        public = command.name in PUBLIC and interaction.guild_id is not None
        if not await self._acknowledge(interaction, public=public):
            return
        heard = await self._read(interaction, command=command.name, args=args)
        await self._answer(heard, await self._run(heard), public=public)

    @counted
    async def component(self, interaction: discord.Interaction) -> None:
        """A button or a menu of ours; its id says what it stands for."""
        if self._heard_before(interaction):
            return
        data: Mapping[str, Any] = interaction.data or {}  # Any: JSON as Discord sends it
        chosen = data.get("values") or ()
        found = presses.read(str(chosen[0] if chosen else data.get("custom_id", "")))
        kind, packed = found or (Kind.PLAIN, "")
        if not kind.asks and not await self._acknowledge(interaction, update=self._own(interaction)):
            return
        pressed = await self._buttons.unpack(packed)
        if pressed is None:
            if not kind.asks or await self._acknowledge(interaction, update=self._own(interaction)):
                await self._say(interaction, words.stale())
            return
        heard = await self._read(interaction, text=pressed.line, made_for=pressed.made_for, decides=kind.decides)
        if kind.asks:
            await self._ask(heard)
        else:
            await self._answer(heard, await self._run(heard))

    @counted
    async def submitted(self, interaction: discord.Interaction) -> None:
        """A dialog, filled in."""
        if self._heard_before(interaction):
            return
        data: Mapping[str, Any] = interaction.data or {}  # Any: JSON as Discord sends it
        found = presses.read(str(data.get("custom_id", "")))
        if not await self._acknowledge(interaction, update=self._own(interaction)):
            return
        pressed = await self._buttons.unpack(found[1]) if found else None
        if found is None or pressed is None:
            await self._say(interaction, words.stale())
            return
        heard = await self._read(
            interaction,
            command=pressed.line.removeprefix("/"),
            args=forms.answers(data),
            made_for=pressed.made_for,
            decides=found[0].decides,
        )
        await self._answer(heard, await self._run(heard))

    @counted
    async def complete(
        self, interaction: discord.Interaction, command: Command, focus: str, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Values for one option; nothing rather than something too late."""
        try:
            async with asyncio.timeout(COMPLETE_S):
                heard = await self._read(interaction, command=command.name, args={focus: typed})
                found = await self._dispatcher.complete_argument(heard.said, focus)
        except TimeoutError:
            return []
        fitting = [one for one in found if one.value.strip() and limits.size(one.value) <= limits.OPTION]
        return [choice(one.value, one.hint) for one in fitting[: limits.OPTIONS]]

    @counted
    async def outdated(self, interaction: discord.Interaction) -> None:
        """A command that is registered no more."""
        if not self._heard_before(interaction) and await self._acknowledge(interaction):
            await self._say(interaction, words.changed_commands())

    # -- steps

    def _heard_before(self, interaction: discord.Interaction) -> bool:
        """A gateway that resumes may say things twice."""
        if interaction.id in self._seen:
            return True
        self._seen[interaction.id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return False

    def _own(self, interaction: discord.Interaction) -> bool:
        """Whether the message pressed is hers alone, so that it can be changed."""
        if interaction.message is None:
            return False
        return interaction.message.flags.ephemeral or interaction.guild_id is None

    async def _acknowledge(
        self, interaction: discord.Interaction, *, public: bool = False, update: bool = False
    ) -> bool:
        """`update`: the message that was pressed stays until it is changed; else "thinking" until there is one."""
        private = not public and interaction.guild_id is not None
        for tries_left in (1, 0):
            try:
                await interaction.response.defer(ephemeral=private and not update, thinking=not update)
            except discord.HTTPException as error:
                if error.code == errors.ANSWERED_ALREADY:  # by ourselves: the word of it was lost
                    return True
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

    async def _read(
        self,
        interaction: discord.Interaction,
        *,
        text: str = "",
        command: str = "",
        args: Mapping[str, str] | None = None,
        made_for: int | None = None,
        decides: bool = False,
    ) -> _Heard:
        place = place_of(interaction)
        said = Invocation(
            text=text,
            command=command,
            args=dict(args or {}),
            platform=NAME,
            person_ext=str(interaction.user.id),
            person_name=interaction.user.display_name,
            chat_ext=place.chat_ext,
            chat_kind=place.kind,
            chat_title=place.title,
            is_admin=await self._rules.is_admin(interaction, place.chat_ext),
            made_for=made_for,
            request_id=str(interaction.id),
        )
        return _Heard(interaction=interaction, place=place, said=said, decides=decides)

    async def _run(self, heard: _Heard) -> Reply:
        message = heard.interaction.message
        if heard.decides and message is not None:
            self._edits.begun(message.id)
        return await self._dispatcher.run(heard.said)

    async def _ask(self, heard: _Heard) -> None:
        """Run it at once: a form is shown as a dialog, which must be the first answer. Slow ones are acknowledged."""
        running = asyncio.ensure_future(self._run(heard))
        done, _ = await asyncio.wait({running}, timeout=FORM_S)
        reply = running.result() if done else None
        if reply is not None and reply.form is not None and await self._opened(heard, reply, reply.form):
            return
        if await self._acknowledge(heard.interaction, update=self._own(heard.interaction)):
            await self._answer(heard, await running)

    async def _opened(self, heard: _Heard, reply: Reply, form: Form) -> bool:
        """Show the dialog. False where it cannot be shown and something else must be answered."""
        kind = Kind.of(asks=False, decides=heard.decides)
        owner = next((action.person for action in reply.actions if action.person is not None), heard.said.made_for)
        asked = Action(label=form.submit, text=f"/{form.command}", person=owner)
        ident = await presses.packed(asked, self._buttons, kind)
        try:
            await heard.interaction.response.send_modal(forms.modal(form, ident))
        except discord.HTTPException as error:
            log.warning("a dialog could not be shown: %s", error)
            return False
        except (KeyError, TypeError, AttributeError):  # shown; see `_acknowledge`
            return True
        return True

    async def _answer(self, heard: _Heard, reply: Reply, *, public: bool = False) -> None:
        """Put the answer where it belongs, and tell storage where a ticket stands."""
        for wait in AGAIN_S:
            try:
                async with errors.told():
                    sent = await self._place(heard, reply, public=public)
                break
            except RetryLaterError:
                await asyncio.sleep(wait)
            except UnreachableError as error:
                log.warning("the answer to interaction %s was not delivered: %s", heard.interaction.id, error)
                return
        else:
            log.error("the answer to interaction %s was given up", heard.interaction.id)
            return
        if sent is not None and reply.ticket is not None:
            await self._dispatcher.placed(reply, heard.said, await self._ref(heard, sent))

    async def _place(self, heard: _Heard, reply: Reply, *, public: bool) -> discord.Message | None:
        """The message that answers; None where something newer stands there."""
        interaction = heard.interaction
        message = await dressed(await drawn(reply, self._draw), self._buttons)
        own = self._own(interaction)
        if public and reply.audience is Audience.PRIVATE:  # "thinking" stands in public, this must not
            with contextlib.suppress(discord.NotFound):
                await interaction.delete_original_response()
            return await self._follow(heard, message)
        if not own or self._replaces(heard, reply):
            pressed = interaction.message.id if own and interaction.message is not None else None
            async with self._edits.of(pressed) as overtaken:
                if overtaken:  # its fill came first
                    return None
                return await interaction.edit_original_response(
                    view=message.view, attachments=message.files(), allowed_mentions=NOBODY
                )
        return await self._follow(heard, message)

    def _replaces(self, heard: _Heard, reply: Reply) -> bool:
        """A ticket gives way to what became of it, a question to what was decided; a refusal leaves both standing."""
        return heard.decides and (reply.ok or reply.ticket is not None) and reply.audience is Audience.PRIVATE

    async def _follow(self, heard: _Heard, message: Message) -> discord.Message:
        """A message of its own, after the answer proper."""
        return await heard.interaction.followup.send(
            view=message.view,
            files=message.files(),
            ephemeral=heard.interaction.guild_id is not None,
            allowed_mentions=NOBODY,
            wait=True,
        )

    async def _say(self, interaction: discord.Interaction, reply: Reply) -> None:
        heard = await self._read(interaction)
        await self._answer(heard, reply)

    async def _ref(self, heard: _Heard, sent: discord.Message) -> str:
        """In private a message of the bot like any other; in a server only the interaction's token can change it."""
        if heard.place.kind is ChatKind.PRIVATE:
            return str(refs.Posted(channel=int(heard.place.chat_ext), message=sent.id))
        until = int(heard.interaction.created_at.timestamp() * 1000) + refs.SAFE_MS
        key = await self._tokens.keep(heard.interaction.token)
        return str(refs.Answered(message=sent.id, until_ms=until, key=key))

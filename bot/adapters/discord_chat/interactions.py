"""Takes what people do on Discord (slash commands, presses, dialogs), hands it to the dispatcher, places the answer.

Acknowledge first: Discord waits three seconds and no longer. Only a dialog must be the first answer itself; what leads
to one is run at once, and acknowledged the usual way if it takes too long. Where the acknowledgement fails nothing is
done: Discord has told the person that it did not work, and then it must not have worked.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat import NAME, components, forms, limits, message_refs
from bot.adapters.discord_chat.components import ComponentKind
from bot.adapters.discord_chat.edits import Edits
from bot.adapters.discord_chat.followups import FollowUps
from bot.adapters.discord_chat.in_flight import counted
from bot.adapters.discord_chat.incoming import IncomingInteraction, own
from bot.adapters.discord_chat.permissions import Rules, place_of
from bot.adapters.discord_chat.responses import DiscordResponder
from bot.adapters.discord_chat.slash_commands import choice
from bot.chat.buttons import Buttons
from bot.chat.invocation import Invocation
from bot.chat.platform import Draw
from bot.chat.reply import Action, Form, Reply
from bot.dispatcher import Dispatcher
from bot.grammar.command import Command
from bot.words import discord as words
from storage.in_flight import InFlight

log = logging.getLogger(__name__)

FORM_S = 1.8  # for a form to be ready; the rest of the three seconds is the network's
COMPLETE_S = 0.8
REMEMBERED = 5_000


class Interactions:
    """`draw` makes a chart's PNG."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        buttons: Buttons,
        tokens: message_refs.Tokens,
        rules: Rules,
        edits: Edits,
        followups: FollowUps,
        draw: Draw,
    ) -> None:
        self._answers = DiscordResponder(dispatcher, buttons, tokens, edits, followups, draw)
        self.busy = InFlight()
        self._dispatcher = dispatcher
        self._buttons = buttons
        self._rules = rules
        self._edits = edits
        self._seen: OrderedDict[int, None] = OrderedDict()

    # -- the three ways in

    @counted
    async def slash(self, interaction: discord.Interaction, command: Command, args: Mapping[str, str]) -> None:
        """A slash command with its options."""
        if self._heard_before(interaction):
            return
        if not command.may_ask <= args.keys():
            heard = await self._read(interaction, command=command.name, args=args)
            await self._ask(heard)
            return
        public = command.public and interaction.guild_id is not None
        if not await self._answers.acknowledge(interaction, public=public):
            return
        heard = await self._read(interaction, command=command.name, args=args)
        await self._answers.deliver(heard, await self._run(heard), public=public)

    @counted
    async def component(self, interaction: discord.Interaction) -> None:
        """A button or a menu of ours; its id says what it stands for."""
        if self._heard_before(interaction):
            return
        data: Mapping[str, Any] = interaction.data or {}  # Any: JSON as Discord sends it
        chosen = data.get("values") or ()
        found = components.read(str(chosen[0] if chosen else data.get("custom_id", "")))
        kind, packed = found or (ComponentKind.PLAIN, "")
        if not kind.asks and not await self._answers.acknowledge(interaction, update=own(interaction)):
            return
        pressed = await self._buttons.unpack(packed)
        if pressed is None:
            if not kind.asks or await self._answers.acknowledge(interaction, update=own(interaction)):
                await self._say(interaction, words.stale())
            return
        heard = await self._read(interaction, text=pressed.line, made_for=pressed.made_for, decides=kind.decides)
        if kind.asks:
            await self._ask(heard)
        else:
            await self._answers.deliver(heard, await self._run(heard))

    @counted
    async def submitted(self, interaction: discord.Interaction) -> None:
        """A dialog, filled in."""
        if self._heard_before(interaction):
            return
        data: Mapping[str, Any] = interaction.data or {}  # Any: JSON as Discord sends it
        found = components.read(str(data.get("custom_id", "")))
        if not await self._answers.acknowledge(interaction, update=own(interaction)):
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
        await self._answers.deliver(heard, await self._run(heard))

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
        if not self._heard_before(interaction) and await self._answers.acknowledge(interaction):
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

    async def _read(
        self,
        interaction: discord.Interaction,
        *,
        text: str = "",
        command: str = "",
        args: Mapping[str, str] | None = None,
        made_for: int | None = None,
        decides: bool = False,
    ) -> IncomingInteraction:
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
        return IncomingInteraction(interaction=interaction, place=place, said=said, decides=decides)

    async def _run(self, heard: IncomingInteraction) -> Reply:
        message = heard.interaction.message
        if heard.decides and message is not None:
            self._edits.begun(message.id)
        return await self._dispatcher.run(heard.said)

    async def _ask(self, heard: IncomingInteraction) -> None:
        """Run it at once: a form is shown as a dialog, which must be the first answer. Slow ones are acknowledged."""
        running = asyncio.ensure_future(self._run(heard))
        done, _ = await asyncio.wait({running}, timeout=FORM_S)
        reply = running.result() if done else None
        if reply is not None and reply.form is not None and await self._opened(heard, reply, reply.form):
            return
        if await self._answers.acknowledge(heard.interaction, update=own(heard.interaction)):
            await self._answers.deliver(heard, await running)

    async def _opened(self, heard: IncomingInteraction, reply: Reply, form: Form) -> bool:
        """Show the dialog. False where it cannot be shown and something else must be answered."""
        kind = ComponentKind.of(asks=False, decides=heard.decides)
        owner = next((action.person for action in reply.actions if action.person is not None), heard.said.made_for)
        asked = Action(label=form.submit, text=f"/{form.command}", person=owner)
        ident = await components.packed(asked, self._buttons, kind)
        try:
            await heard.interaction.response.send_modal(forms.modal(form, ident))
        except discord.HTTPException as error:
            log.warning("a dialog could not be shown: %s", error)
            return False
        except (KeyError, TypeError, AttributeError):  # shown; see `_acknowledge`
            return True
        return True

    async def _say(self, interaction: discord.Interaction, reply: Reply) -> None:
        heard = await self._read(interaction)
        await self._answers.deliver(heard, reply)

"""Takes what people do on Discord (slash commands, presses, dialogs), hands it to the dispatcher, places the answer.

Acknowledge first: Discord waits three seconds and no longer. Only a dialog must be the first answer itself; what leads
to one is run at once, and acknowledged the usual way if it takes too long. Where the acknowledgement fails nothing is
done: Discord has told the person that it did not work, and then it must not have worked.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any

import discord

from bot.adapters.discord_chat import NAME, components, forms, limits, message_refs, onboarding
from bot.adapters.discord_chat.command_options import Completed, completed
from bot.adapters.discord_chat.components import ComponentKind
from bot.adapters.discord_chat.edits import MessageEdits, OvertakenAnswers
from bot.adapters.discord_chat.followups import FollowUps
from bot.adapters.discord_chat.in_flight import counted
from bot.adapters.discord_chat.incoming import IncomingInteraction, replaces_message
from bot.adapters.discord_chat.onboarding import Onboarding
from bot.adapters.discord_chat.permissions import ChannelRoles, address_of, is_visited
from bot.adapters.discord_chat.registration import CommandIds
from bot.adapters.discord_chat.responses import DiscordResponder, PreparedAnswer
from bot.chat.buttons import Buttons
from bot.chat.invocation import Invocation
from bot.chat.pictures import Draw
from bot.chat.reply import Action, Form, Reply
from bot.dispatcher import Dispatcher
from bot.grammar.command import Command
from bot.words import discord as words
from bot.words import usage as words_usage
from storage.in_flight import InFlight
from storage.trouble import TroubleError

log = logging.getLogger(__name__)

FORM_S = 1.8  # for a form to be ready; the rest of the three seconds is the network's
COMPLETE_S = 0.8
REMEMBERED = 5_000


Handle = Callable[["Interactions", discord.Interaction], Coroutine[Any, Any, None]]


def telling_trouble(handle: Handle) -> Handle:
    """Trouble with the database that is met before the dispatcher is asked is answered as the dispatcher would."""

    @wraps(handle)
    async def run(self: Interactions, interaction: discord.Interaction, /) -> None:
        try:
            await handle(self, interaction)
        except TroubleError as error:
            await self.answer_trouble(interaction, error)

    return run


class Interactions:
    """`draw` makes a chart's PNG."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        buttons: Buttons,
        command_ids: CommandIds,
        tokens: message_refs.Tokens,
        roles: ChannelRoles,
        edits: MessageEdits,
        follow_ups: FollowUps,
        overtaken: OvertakenAnswers,
        draw: Draw,
    ) -> None:
        self._responder = DiscordResponder(dispatcher, buttons, command_ids, tokens, edits, follow_ups, overtaken, draw)
        self._onboarding = Onboarding(buttons, command_ids)
        self.busy = InFlight()
        self._dispatcher = dispatcher
        self._buttons = buttons
        self._roles = roles
        self._edits = edits
        self._seen: OrderedDict[int, None] = OrderedDict()

    # -- the kinds of interactions

    async def close(self) -> None:
        """No chart follows its answer any more."""
        await self._responder.charts.close()

    @counted
    async def handle_command(self, interaction: discord.Interaction, command: Command, args: Mapping[str, str]) -> None:
        """A slash command with its options."""
        if self._is_duplicate(interaction):
            return
        if not command.may_ask <= args.keys():
            incoming = await self._incoming(interaction, command=command.name, args=args)
            await self._run_with_form(incoming)
            return
        if command.for_all and interaction.guild_id is not None and not is_visited(interaction):
            await self._answer_for_all(interaction, command, args)
            return
        if not await self._responder.acknowledge(interaction):
            return
        incoming = await self._incoming(interaction, command=command.name, args=args)
        await self._responder.respond(incoming, await self._run(incoming))

    @counted
    async def handle_menu(
        self, interaction: discord.Interaction, command: Command, args: Mapping[str, str], asked_of: str
    ) -> None:
        """Of somebody's own menu: what is said there is answered to who chose it. `asked_of`: whose name stands over
        the dialog that asks for the rest."""
        if self._is_duplicate(interaction):
            return
        if asked_of:
            incoming = await self._incoming(interaction, command=command.name, args=args)
            await self._run_with_form(incoming, title=words.dialog_of(command.name, asked_of))
        elif await self._responder.acknowledge(interaction):
            incoming = await self._incoming(interaction, command=command.name, args=args)
            await self._responder.respond(incoming, await self._run(incoming))

    @counted
    @telling_trouble
    async def handle_component(self, interaction: discord.Interaction) -> None:
        """A button or a menu of ours; its id says what it stands for."""
        if self._is_duplicate(interaction):
            return
        data: Mapping[str, Any] = interaction.data or {}  # Any: JSON as Discord sends it
        values = data.get("values") or ()
        if data.get("custom_id") == onboarding.WHERE:
            await self._choose_channel(interaction, str(values[0]) if values else "")
            return
        parsed = components.parse_custom_id(str(values[0] if values else data.get("custom_id", "")))
        kind, data_of_button = parsed or (ComponentKind.PLAIN, "")
        update = replaces_message(interaction, decides=kind.decides)
        if not kind.asks and not await self._responder.acknowledge(interaction, update=update):
            return
        pressed = await self._buttons.unpack(data_of_button)
        if pressed is None:
            if not kind.asks or await self._responder.acknowledge(interaction, update=update):
                await self._respond(interaction, words.stale())
            return
        incoming = await self._incoming(interaction, text=pressed.line, made_for=pressed.made_for, decides=kind.decides)
        if kind.asks:
            await self._run_with_form(incoming)
        else:
            await self._responder.respond(incoming, await self._run(incoming))

    async def _choose_channel(self, interaction: discord.Interaction, number: str) -> None:
        """The answer to what a server is asked first."""
        if not await self._responder.acknowledge(interaction):
            return
        incoming = await self._incoming(interaction)
        reply = words.only_managers_choose()
        if incoming.invocation.is_admin:
            reply = await self._onboarding.move(interaction, number)
        await self._responder.respond(incoming, reply)

    @counted
    @telling_trouble
    async def handle_modal(self, interaction: discord.Interaction) -> None:
        """A dialog, filled in."""
        if self._is_duplicate(interaction):
            return
        data: Mapping[str, Any] = interaction.data or {}  # Any: JSON as Discord sends it
        parsed = components.parse_custom_id(str(data.get("custom_id", "")))
        update = replaces_message(interaction, decides=parsed is not None and parsed[0].decides)
        if not await self._responder.acknowledge(interaction, update=update):
            return
        pressed = await self._buttons.unpack(parsed[1]) if parsed else None
        if parsed is None or pressed is None:
            await self._respond(interaction, words.stale())
            return
        incoming = await self._incoming(
            interaction,
            command=pressed.line.removeprefix("/"),
            args=forms.modal_arguments(data),
            made_for=pressed.made_for,
            decides=parsed[0].decides,
        )
        await self._responder.respond(incoming, await self._run(incoming))

    @counted
    async def complete(
        self, interaction: discord.Interaction, command: Command, focus: str, typed: Mapping[str, str]
    ) -> list[Completed]:
        """Values for one argument, with what has been typed of it and said of the others; nothing rather than something
        too late."""
        try:
            async with asyncio.timeout(COMPLETE_S):
                incoming = await self._incoming(interaction, command=command.name, args=typed)
                suggestions = await self._dispatcher.complete_argument(incoming.invocation, focus)
        except TimeoutError:
            return []
        fitting = [
            suggestion
            for suggestion in suggestions
            if suggestion.value.strip() and limits.size(suggestion.value) <= limits.OPTION
        ]
        shown = fitting[: limits.OPTIONS]
        return [completed(command, focus, suggestion.value, suggestion.hint) for suggestion in shown]

    @counted
    async def handle_outdated(self, interaction: discord.Interaction) -> None:
        """A command that is registered no more."""
        if not self._is_duplicate(interaction) and await self._responder.acknowledge(interaction):
            await self._respond(interaction, words.changed_commands())

    async def _answer_for_all(
        self, interaction: discord.Interaction, command: Command, args: Mapping[str, str]
    ) -> None:
        """What everybody reads stands there at once; what takes longer is awaited by its speaker alone. Such commands
        change nothing, so they may run before they are acknowledged."""
        working = asyncio.ensure_future(self._prepared(interaction, command, args))
        done, _ = await asyncio.wait({working}, timeout=FORM_S)
        if done or await self._responder.acknowledge(interaction):
            incoming, answer = await working
            await self._responder.deliver(incoming, answer, for_all=True)

    async def _prepared(
        self, interaction: discord.Interaction, command: Command, args: Mapping[str, str]
    ) -> tuple[IncomingInteraction, PreparedAnswer]:
        incoming = await self._incoming(interaction, command=command.name, args=args, alone=False)
        return incoming, await self._responder.prepare(await self._run(incoming))

    # -- steps

    def _is_duplicate(self, interaction: discord.Interaction) -> bool:
        """A gateway that resumes may say things twice."""
        if interaction.id in self._seen:
            return True
        self._seen[interaction.id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return False

    async def _incoming(
        self,
        interaction: discord.Interaction,
        *,
        text: str = "",
        command: str = "",
        args: Mapping[str, str] | None = None,
        made_for: int | None = None,
        decides: bool = False,
        alone: bool = True,
    ) -> IncomingInteraction:
        """`alone`: where others read along, the answer is for who asked; see `_answer_for_all`."""
        address = address_of(interaction)
        invocation = Invocation(
            text=text,
            command=command,
            args=dict(args or {}),
            platform=NAME,
            person_ext=str(interaction.user.id),
            person_name=interaction.user.display_name,
            chat_ext=address.chat_ext,
            chat_kind=address.kind,
            chat_title=address.title,
            is_admin=await self._roles.is_admin(interaction, address.chat_ext),
            visited=address.visited,
            alone=alone,
            made_for=made_for,
            bot_names=_bot_names(interaction),
            request_id=str(interaction.id),
        )
        return IncomingInteraction(interaction=interaction, address=address, invocation=invocation, decides=decides)

    async def _run(self, incoming: IncomingInteraction) -> Reply:
        message = incoming.interaction.message
        if incoming.decides and message is not None:
            self._edits.begin(message.id)
        return await self._dispatcher.run(incoming.invocation)

    async def _run_with_form(self, incoming: IncomingInteraction, *, title: str = "") -> None:
        """Run it at once: a form is shown as a dialog, which must be the first answer. Slow ones are acknowledged.
        `title`: over the dialog, which asks for nothing that is said already."""
        running = asyncio.ensure_future(self._run(incoming))
        done, _ = await asyncio.wait({running}, timeout=FORM_S)
        reply = running.result() if done else None
        if reply is not None and reply.form is not None:
            form = replace(reply.form, title=title, said=()) if title else reply.form
            if await self._open_modal(incoming, reply, form):
                return
        update = replaces_message(incoming.interaction, decides=incoming.decides)
        if await self._responder.acknowledge(incoming.interaction, update=update):
            await self._responder.respond(incoming, await running)

    async def _open_modal(self, incoming: IncomingInteraction, reply: Reply, form: Form) -> bool:
        """Show the dialog. False where it cannot be shown and something else must be answered."""
        kind = ComponentKind.of(asks=False, decides=incoming.decides)
        owner = next(
            (action.person for action in reply.actions if action.person is not None), incoming.invocation.made_for
        )
        dialog = forms.dialog_of(form)
        action = Action(label=form.submit, text=dialog.line, person=owner)
        custom_id = await components.custom_id_of(action, self._buttons, kind)
        try:
            await incoming.interaction.response.send_modal(forms.modal_of(dialog, custom_id))
        except discord.HTTPException as error:
            log.warning("a dialog could not be shown: %s", error)
            return False
        except (KeyError, TypeError, AttributeError):  # shown; see `_acknowledge`
            return True
        return True

    async def answer_trouble(self, interaction: discord.Interaction, error: TroubleError) -> None:
        if interaction.response.is_done() or await self._responder.acknowledge(interaction):
            await self._respond(interaction, words_usage.database_trouble(error))

    async def _respond(self, interaction: discord.Interaction, reply: Reply) -> None:
        incoming = await self._incoming(interaction)
        await self._responder.respond(incoming, reply)


def _bot_names(interaction: discord.Interaction) -> tuple[str, ...]:
    """What the bot is called, on its account and in the server."""
    user, here = interaction.client.user, interaction.guild.me if interaction.guild is not None else None
    return tuple({member.display_name for member in (user, here) if member is not None})

"""Help, made from the declarations themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from bot.chat.facts import HelpEntry, Hint
from bot.chat.invocation import ChatKind, ParseContext
from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.command import Command, command
from bot.grammar.examples import examples_here
from bot.grammar.types import NumberArg, Text, nearest
from bot.market.context import Context, MarketView, Snapshot, parse_context_of
from bot.market.visibility import is_named_admins_commands
from bot.words import tour as words_tour
from bot.words import usage as words_usage
from bot.words import views as words_views


@dataclass(frozen=True, slots=True)
class CommandName(Text):
    """The name of a command, or the beginning of several."""

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        """Those whose name has what was typed at the beginning of a word."""
        from bot.commands import COMMANDS  # gathered from this module, too

        start = " ".join(partial.casefold().lstrip("/").replace("_", " ").split())
        named = [known for known in COMMANDS if not known.hidden and f" {known.name}".find(f" {start}") >= 0]
        return [Hint(known.name, known.summary) for known in named]


CommandArg = Annotated[str, CommandName("command", 40, about="the command to explain")]


@command("help", role=Role.ANYONE, any_rules=True, examples=("/help", "/help buy"))
async def help_(
    ctx: Context, *, market: MarketView | None, snapshot: Snapshot, command: CommandArg | None = None
) -> Reply:
    """See what you can say here, or all about one command.

    command: the one to explain
    """
    runs = await is_named_admins_commands(snapshot.uow, ctx.invocation)
    usable = list(_usable(ctx, admin=runs))
    if command is None:
        reply = _all(usable, _first(ctx, market))
        return replace(reply, actions=(*reply.actions, words_tour.begin())) if runs else reply
    name = " ".join(command.casefold().lstrip("/").replace("_", " ").split())
    exact = [candidate for candidate in usable if candidate.name == name]
    if exact:
        context = parse_context_of(market, ctx.now_ms, selling=exact[0].selling)
        return words_views.help_one(replace(_entry(exact[0]), examples=tuple(examples_here(exact[0], context))))
    group = [candidate for candidate in usable if candidate.name.startswith(f"{name} ")]
    if group:
        return words_views.help_all([(f"/{name}", [_entry(candidate) for candidate in group])], f"/{group[0].name}")
    near = nearest(name, [candidate.name for candidate in usable])
    return words_usage.unknown_command(name, [f"help {near}"] if near else [], "")


@command("start", role=Role.ANYONE, any_rules=True, hidden=True)
async def start_here(ctx: Context, *, market: MarketView | None, payload: CommandArg | None = None) -> Reply:
    """Begin: what this is and what to do first.

    payload: what a link carried, if anything
    """
    joined = market is not None and market.member is not None
    alone = market is None and ctx.invocation.chat_kind is ChatKind.PRIVATE
    return words_views.greeting(_first(ctx, market), joined=joined, alone=alone)


@command("tour", role=Role.ANYONE, any_rules=True, hidden=True)
async def tour(ctx: Context, *, number: NumberArg = 1) -> Reply:
    """See in a minute how a market is run, a step a screen.

    number: which step, counted from 1
    """
    in_group = ctx.invocation.chat_kind is not ChatKind.PRIVATE
    return words_tour.step(number, ctx.person_id, may_create=in_group and ctx.invocation.is_admin)


def _first(ctx: Context, market: MarketView | None) -> str:
    """The one command to begin with."""
    if market is None and ctx.invocation.is_admin and ctx.invocation.chat_kind is not ChatKind.PRIVATE:
        return "/admin create"
    return "/join" if market is None or market.member is None else "/board"


def _usable(ctx: Context, *, admin: bool) -> Iterable[Command]:
    """What this person could say, here or elsewhere."""
    shown = (command for command in ctx.commands if not command.hidden)
    return (command for command in shown if command.rule.offered(admin=admin, platform=ctx.invocation.platform))


def _all(usable: list[Command], first: str) -> Reply:
    groups = [
        (title, [_entry(command) for command in usable if command.help_under is role])
        for role, title in ((Role.MEMBER, "Taking part"), (Role.ANYONE, "Looking on"))
    ]
    runs = any(command.help_under is Role.ADMIN for command in usable)
    return words_views.help_all(groups, first, runs=runs)


def _entry(command: Command) -> HelpEntry:
    return HelpEntry(
        name=command.name,
        usage=command.usage,
        summary=command.summary,
        details=command.details,
        arguments=tuple((param.name, param.about, param.required) for param in command.typed),
        examples=command.examples,
    )

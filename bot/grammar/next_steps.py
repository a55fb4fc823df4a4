"""Buttons for the lines an answer suggests: who reads one alone need not type what stands there.

One rule for every platform. A line with arguments is offered as it stands; a bare name is called as its command is.
What an admin's line would do at once is left to be typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.chat.invocation import in_market, read_market
from bot.chat.permissions import Role
from bot.chat.reply import Action, Audience, Reply, lines_in_code
from bot.grammar.command import Command
from bot.grammar.lookup import find
from bot.words.shared import first_upper

MOST = 3  # of them below one answer
SHOWS_FIRST = frozenset(
    {
        "admin eliminate",
        "admin resolve",
        "admin correct",
        "admin approve",
        "admin void",
        "admin grant",
        "admin schedule",
    }
)
"""An admin's commands that show what they would do, and do it when that is confirmed."""

LOOKS = frozenset(
    {"admin start", "admin create", "admin set", "admin monitor", "admin log", "admin users", "admin channel"}
)
"""Those that by their bare name show, or ask, and do nothing."""


def with_next_steps(reply: Reply, commands: Mapping[str, Command]) -> Reply:
    """The reply, with buttons for lines it suggests and has none for: those with arguments, and bare names where it has
    no buttons of its own; up to three. Nothing is added to what a whole chat reads, and to what is shown once."""
    if reply.examples or reply.secret or reply.audience is Audience.CHAT:
        return reply
    carried = {read_market(action.text)[1] for action in reply.actions}
    whole: list[Action] = []
    bare: list[Action] = []
    for text in lines_in_code(reply):
        command, rest = find(text, commands)
        if command is None or command.hidden or text in carried or "<" in rest or not _is_offered(command, rest):
            continue
        if rest:
            whole.append(Action(label=text, text=text))
        else:
            bare.append(_by_name(command))
    if reply.actions or reply.form is not None:
        bare = []
    added = [*whole, *bare][:MOST]
    return replace(reply, actions=(*reply.actions, *added)) if added else reply


def of_market(reply: Reply, market: int, commands: Mapping[str, Command]) -> Reply:
    """For what one reads in private: its buttons are about this market, whichever the reader used last."""

    def about(action: Action) -> Action:
        named, text = read_market(action.text)
        command, _ = find(text, commands)
        speaks = command is not None and command.speaks_of_market and command.rule.role is not Role.OWNER
        return replace(action, text=in_market(market, text)) if speaks and named is None else action

    return replace(reply, actions=tuple(map(about, reply.actions)))


def _is_offered(command: Command, rest: str) -> bool:
    if command.rule.role is not Role.ADMIN or command.name in SHOWS_FIRST:
        return True
    return not rest and command.name in LOOKS


def _by_name(command: Command) -> Action:
    asks = any(param.required for param in command.params)
    return Action(label=first_upper(command.name.removeprefix("admin ")), text=f"/{command.name}", asks=asks)

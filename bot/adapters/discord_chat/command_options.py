"""The options of a slash command, made from its arguments: pickers, choices, completion; what was given, as text.

An argument that names a member has two: picked from Discord's list, or typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat import limits
from bot.chat.invocation import ParseContext
from bot.chat.reply import Entity
from bot.grammar.command import Command, Param
from bot.grammar.members import mentioned_person
from bot.grammar.types import CONFIRM, ArgumentType, WholeNumber
from bot.words import members as words

Completed = app_commands.Choice[str | int | float]  # as the library has what completes one option or another
PICKED, TYPED = "member", "name"  # the two options of an argument that names a member


class _Channel(app_commands.Transformer):
    """One in which a bot can post; its number is all that is asked, so that the server need not be known."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        return [kinds.text, kinds.news, kinds.news_thread, kinds.public_thread, kinds.private_thread]

    async def transform(self, interaction: discord.Interaction, value: Any, /) -> Any:  # Any: as the library has it
        return value


_PICKERS: Mapping[Entity, object] = {
    Entity.ROLE: discord.Role,
    Entity.CHANNEL: app_commands.Transform[app_commands.AppCommandChannel, _Channel],
    Entity.PERSON: discord.User,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option; `param` is the argument that its value goes to."""

    name: str
    param: Param
    about: str
    kind: object  # as the library takes it for an annotation
    required: bool
    is_text: bool

    @property
    def annotation(self) -> object:
        """With the lengths a client holds them to."""
        if not self.is_text or self.choices:
            return self.kind
        return app_commands.Range[str, 1, min(self.param.kind.most, limits.INPUT)]

    @property
    def choices(self) -> list[app_commands.Choice[str]]:
        """All there is to choose from, where that is always the same and fits."""
        kind = self.param.kind
        if not kind.closed or kind.of_market or not self.is_text:
            return []
        hints = kind.suggest("", ParseContext(now_ms=0))
        if not 1 <= len(hints) <= limits.OPTIONS or any(limits.size(hint.value) > limits.OPTION for hint in hints):
            return []
        return [choice(hint.value, hint.about) for hint in hints]

    @property
    def completes(self) -> bool:
        """Whether values are suggested while it is typed."""
        suggests = type(self.param.kind).suggest is not ArgumentType.suggest
        counted = isinstance(self.param.kind, WholeNumber)
        return (self.is_text or counted) and suggests and not self.choices


def options_of(command: Command) -> list[Option]:
    """What must be said comes first, as Discord wants it."""
    options = [option for param in command.params if param.kind is not CONFIRM for option in _options(command, param)]
    return sorted(options, key=lambda option: not option.required)


def _options(command: Command, param: Param) -> list[Option]:
    about = param.about or param.kind.about or param.name
    if param.kind.entity is Entity.PERSON:
        return [
            Option(
                name=PICKED,
                param=param,
                about=words.picked(),
                kind=_PICKERS[Entity.PERSON],
                required=False,
                is_text=False,
            ),
            Option(name=TYPED, param=param, about=about, kind=str, required=False, is_text=True),
        ]
    required = param.required and param.name not in command.may_ask  # not what a form asks for where it is left out
    kind = _kind(param.kind)
    return [
        Option(name=param.name, param=param, about=about, kind=kind, required=required, is_text=kind is str),
    ]


def option_name(param: Param, text: str) -> str:
    """The option in which such a text is typed or picked."""
    if param.kind.entity is not Entity.PERSON:
        return param.name
    return TYPED if mentioned_person(text) is None else PICKED


def _kind(kind: ArgumentType[object]) -> object:
    if kind.flag:
        return bool
    if isinstance(kind, WholeNumber):
        return app_commands.Range[int, kind.low, kind.high]
    return str if kind.entity is None else _PICKERS[kind.entity]


def arguments(command: Command, given: Mapping[str, Any]) -> dict[str, str]:  # Any: values as the library has them
    """The options that were given, as arguments in text. Who was picked and typed as well is both, for the argument to
    refuse."""
    texts: dict[str, str] = {}
    for option in options_of(command):
        value = given.get(option.name)
        if value is not None:
            before = texts.get(option.param.name)
            texts[option.param.name] = _as_text(value) if before is None else f"{before} {_as_text(value)}"
    return texts


def _as_text(value: Any) -> str:  # Any: as above
    match value:
        case bool():
            return "yes" if value else "no"
        case discord.Role():
            return "@everyone" if value.is_default() else value.mention
        case discord.User() | discord.Member() | app_commands.AppCommandChannel():
            return str(value.mention)
        case _:
            return str(value)


def choice(value: str, about: str) -> app_commands.Choice[str]:
    """`Germany: YES 50.1¢`; the value must fit (100 units), its explanation is cut."""
    return app_commands.Choice(name=_label(value, about), value=value)


def completed(command: Command, argument: str, value: str, about: str) -> Completed:
    """The same as its option takes it: of a whole number the number."""
    param = command.param(argument)
    is_number = param is not None and isinstance(param.kind, WholeNumber)
    return app_commands.Choice(name=_label(value, about), value=int(value) if is_number else value)


def _label(value: str, about: str) -> str:
    name = value.strip('"')
    return limits.cut_or(f"{name}: {about}" if about else name, limits.OPTION, value)

"""Roles of a platform's own, as an admin picks, mentions or numbers them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from bot.chat.invocation import ParseContext
from bot.chat.reply import Entity
from bot.grammar.types import ArgumentType, Wrong
from bot.words import arguments as words

NONE = frozenset({"none", "off", "no"})
_NUMBER = re.compile(r"\d{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RoleType(ArgumentType[str]):
    """A platform's number of a role; empty for none."""

    about: str = "a role, as @role or its number; none takes it away"
    named: bool = True

    shape = "@role"
    entity = Entity.ROLE

    def parse(self, text: str, context: ParseContext) -> str | Wrong:
        typed = text.strip()
        if typed.casefold() in NONE:
            return ""
        if typed.casefold() == "@everyone":
            return Wrong(words.everyone_is_no_role())
        number = typed.removeprefix("<@&").removesuffix(">")
        return number if _NUMBER.fullmatch(number) else Wrong(words.not_a_role(text))


RoleArg = Annotated[str, RoleType()]

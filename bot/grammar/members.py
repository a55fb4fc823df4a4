"""A member as an admin types them, and what an admin changes about one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat.facts import Hint
from bot.chat.invocation import ParseContext
from bot.chat.reply import Entity
from bot.grammar.types import ArgumentType, Text, Wrong
from bot.text.names import LONGEST_NAME, clean, folded, quoted_name
from bot.words import members as words
from storage.records import Member

MOST_SUGGESTED = 25
LONGEST_REASON = 120
RENAME = "rename"
_MENTION = re.compile(r"<@!?(\d{1,20})>", re.ASCII)
_QUOTES = (('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"))


@dataclass(frozen=True, slots=True)
class Who(Text):
    """A member of the market; of several with one name each by their number. On Discord also a mention of them."""

    of_people = True
    entity = Entity.PERSON

    def parse(self, text: str, context: ParseContext) -> str | Wrong:
        if _MENTION.search(text) and mentioned_person(text) is None:  # picked and typed as well
            return Wrong(words.one_member_please(), whole=True)
        return super(Who, self).parse(text, context)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        start, alike = folded(partial), Counter(folded(name) for name in context.people.values())
        hints = [
            Hint(f"#{number}" if alike[folded(name)] > 1 or name.startswith("#") else quoted_name(name), clean(name))
            for number, name in context.people.items()
            if folded(name).startswith(start) or partial.strip() == f"#{number}"
        ]
        return sorted(hints, key=lambda hint: (folded(hint.about), hint.value))[:MOST_SUGGESTED]


def mentioned_person(text: str) -> str | None:
    """Their number on the platform, of a text that is a mention of them."""
    mention = _MENTION.fullmatch(text.strip())
    return mention[1] if mention else None


def matching(members: Sequence[Member], typed: str) -> list[Member]:
    """By number, else by the whole name, else by the beginning of it; a name may have an @ before it."""
    fitting = _matching(members, typed)
    return fitting or (_matching(members, typed.strip()[1:]) if typed.strip().startswith("@") else [])


def _matching(members: Sequence[Member], typed: str) -> list[Member]:
    place = typed.strip().removeprefix("#")
    if typed.strip().startswith("#") and place.isascii() and place.isdigit():
        return [member for member in members if str(member.person) == place]
    wanted = folded(typed)
    exact = [member for member in members if folded(member.name) == wanted]
    return exact or [member for member in members if wanted and folded(member.name).startswith(wanted)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """kind: one of `bot.words.members.CHANGES`. `text` is the new name, else the reason, which may be empty."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change(ArgumentType[MemberChange]):
    """`rename Ada Lovelace`, `bar spam in every order`, `unranked works for the house`."""

    about: str = "what to change: rename NAME, bar, unbar, unranked or ranked, a reason behind it"
    words: int = 0

    shape = "rename Ada"
    most = 200

    def parse(self, text: str, context: ParseContext) -> MemberChange | Wrong:
        kind, _, rest = clean(text, LONGEST_REASON * 2).partition(" ")
        kind = kind.casefold()
        if kind not in words.CHANGES:
            return Wrong(words.no_such_change(text))
        rest = _unquoted(rest.strip())
        if kind == RENAME:
            if not rest:
                return Wrong(words.rename_to_what())
            if len(rest) > LONGEST_NAME:
                return Wrong(words.name_too_long(len(rest), LONGEST_NAME), f"{RENAME} {clean(rest, LONGEST_NAME)}")
        elif len(rest) > LONGEST_REASON:
            return Wrong(words.reason_too_long(len(rest), LONGEST_REASON), f"{kind} {clean(rest, LONGEST_REASON)}")
        return MemberChange(kind=kind, text=rest)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        start = partial.strip().casefold()
        return [Hint(kind, about) for kind, about in words.CHANGES.items() if kind.startswith(start)]


def _unquoted(text: str) -> str:
    for opening, closing in _QUOTES:
        if len(text) > 1 and text[0] == opening and text[-1] == closing:
            return text[1:-1].strip()
    return text


WhomArg = Annotated[str, Who("name", 80, about="a part of a name; whom to change: in quotes, or #12", words=1)]
MemberArg = Annotated[str, Who("member", 80, about="who: a name, its beginning, or a number such as #12", words=1)]
ChangeArg = Annotated[MemberChange, Change()]

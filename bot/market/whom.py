"""Whom an admin means: a member by name or number, or one that a platform knows."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.reply import Reply
from bot.grammar.members import matching, mentioned_person
from bot.words import decisions as words_decisions
from bot.words import members as words
from storage.records import Member
from storage.unit_of_work import UnitOfWork


async def fitting(uow: UnitOfWork, platform: str, members: Sequence[Member], typed: str) -> list[Member]:
    """The members that may be meant: one whom the platform's mention names, else those called so."""
    number = mentioned_person(typed)
    if number is None:
        return matching(members, typed)
    person = await uow.people.find(platform, number)
    return [member for member in members if person is not None and member.person == person.id]


def not_one(typed: str, found: Sequence[Member], nobody: Reply | None = None, *, to_admin: bool = True) -> Reply:
    """Why it is not clear who is meant; `nobody`: what is said where nobody is called so."""
    number = mentioned_person(typed)
    if number is not None:
        return words.not_in_the_market(number, to_admin=to_admin)
    if found:
        return words_decisions.several_members(typed, found)
    if nobody is not None:
        return nobody
    return words_decisions.no_such_member(typed) if to_admin else words.nobody_called(typed)

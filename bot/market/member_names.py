"""What somebody may be called in a market: a name nobody takes for another member, an admin, the bot or the house."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from bot.text.columns import beginning
from bot.text.lookalikes import skeletons, taken_for
from bot.text.names import LONGEST_NAME, clean, folded
from storage.records import Market
from storage.unit_of_work import UnitOfWork

NOBODY = "Trader"  # for who has no name of their own
_OURS = ("outcry", "admin", "admins", "administrator", "moderator")  # in no part of a name
_OURS_ALONE = ("house", "the house", "bot", "the bot", "mod")  # as the whole of one
_WORD = re.compile(r"[^\W\d_]+\d*[^\W\d_]*")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")  # AdminBob


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRefused:
    """code: house (a word for the house or the bot) | admin | alike (another member). `like` is whom or what it would
    be taken for, `instead` a name that would do."""

    code: str
    like: str
    instead: str


async def name_for(
    uow: UnitOfWork, market: Market, person: int, wanted: str, bot_names: Sequence[str] = ()
) -> str | NameRefused:
    """The name a person gets who wants this one: it, or with a number behind it where another member has just it."""
    own = await uow.people.all_ids(person)
    members = [name for number, name in (await uow.members.names(market.id)).items() if number not in own]
    admins = [
        admin
        for chat in await uow.chats.of_market(market.id)
        for admin in await uow.chats.admins(chat.id)
        if admin not in own
    ]
    names = await uow.people.names(admins)
    return fitting_name(wanted, members=members, admins=list(names.values()), bot_names=bot_names)


def fitting_name(
    wanted: str, *, members: Iterable[str], admins: Iterable[str] = (), bot_names: Sequence[str] = ()
) -> str | NameRefused:
    """The same, of names. Two members may well be called alike, and are told apart by a number; whoever only looks like
    another pretends."""
    members, admins = list(members), list(admins)

    def free(name: str) -> bool:
        return house_word(name, bot_names) is None and taken_for(name, (*admins, *members)) is None

    base = clean(wanted, LONGEST_NAME) or NOBODY
    ours = house_word(base, bot_names)
    if ours is not None:
        return NameRefused(code="house", like=ours, instead=_numbered(_without_house(base, bot_names), free))
    admin = taken_for(base, admins)
    if admin is not None:
        return NameRefused(code="admin", like=admin, instead=_numbered(base, free))
    if folded(base) not in {folded(name) for name in members}:
        member = taken_for(base, members)
        if member is not None:
            return NameRefused(code="alike", like=member, instead=_numbered(base, free))
    return _numbered(base, free)


def house_word(name: str, bot_names: Sequence[str] = ()) -> str | None:
    """What of the house or the bot a name claims to be, numbers behind it set aside."""
    words = [word for part in _WORD.findall(clean(name)) for word in _HUMP.split(part)]
    for ours in _OURS:
        if any(_same(word, ours) for word in words) or _same("".join(name.split()), ours):
            return ours.title()
    return next((ours for ours in (*_OURS_ALONE, *bot_names) if _same(name, ours)), None)


def _without_house(name: str, bot_names: Sequence[str]) -> str:
    """What is left of a name that claims to be the house's; `NOBODY` where that is no name."""
    rest = [word for word in name.split() if word.casefold() != "the" and house_word(word, bot_names) is None]
    named = any(sign.isalpha() for word in rest for sign in word) and house_word(" ".join(rest), bot_names) is None
    return " ".join(rest) if named else NOBODY


def _same(word: str, ours: str) -> bool:
    """Whether the one looks like the other; here an i may be written 1."""
    shapes, wanted = (
        {skeleton.replace("1", "i") for skeleton in skeletons(text.rstrip("0123456789 ") or text)}
        for text in (word, ours)
    )
    return bool(shapes & wanted)


def _numbered(base: str, free: Callable[[str], bool]) -> str:
    """The name itself if it is free, else the first number that makes it so."""
    if free(base):
        return base
    for number in count(2):
        tail = f" {number}"
        name = beginning(base, LONGEST_NAME - len(tail)) + tail
        if free(name):
            return name
    raise AssertionError("there are numbers without end")

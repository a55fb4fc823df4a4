"""One table of who may say what where. The dispatcher checks it for every line, button and dialog; tests walk it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.chat.invocation import ChatKind

PLATFORMS = frozenset({"room", "discord", "telegram"})


class Role(StrEnum):
    """Who: anybody, spectators too; somebody with an account in this market; the one a ticket was made for or whose
    order it is, whatever market the chat holds now (the handler knows them and checks first of all); an admin of this
    chat, as its platform vouches at this moment."""

    ANYONE = "anyone"
    MEMBER = "member"
    OWNER = "owner"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Rule:
    role: Role
    chats: frozenset[ChatKind]
    platforms: frozenset[str] = PLATFORMS


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The platform has no such thing; `platforms` have."""

    platforms: frozenset[str]


EVERYWHERE = frozenset(ChatKind)
SHARED = frozenset({ChatKind.GROUP, ChatKind.ROOM})  # where a platform can say who is an admin

_ANYONE = Rule(Role.ANYONE, EVERYWHERE)
_MEMBER = Rule(Role.MEMBER, EVERYWHERE)
_OWNER = Rule(Role.OWNER, EVERYWHERE)
_ADMIN = Rule(Role.ADMIN, SHARED)

TABLE: Mapping[str, Rule] = {
    "start": _ANYONE,
    "help": _ANYONE,
    "join": _ANYONE,
    "board": _ANYONE,
    "chart": _ANYONE,
    "leaderboard": _ANYONE,
    "tape": _ANYONE,
    "verify": _ANYONE,
    "rules": _ANYONE,
    "quote": _ANYONE,
    "markets": _ANYONE,
    "settings": _ANYONE,
    "settings ask": _ANYONE,
    "link": _ANYONE,
    "privacy": _ANYONE,
    "forget": _ANYONE,
    "book": _ANYONE,
    "depth": _ANYONE,
    "buy": _MEMBER,
    "sell": _MEMBER,
    "ticket confirm": _OWNER,
    "ticket cancel": _OWNER,
    "ticket change": _OWNER,
    "cancel": _MEMBER,
    "order cancel": _OWNER,
    "positions": _MEMBER,
    "balance": _MEMBER,
    "orders": _MEMBER,
    "trades": _MEMBER,
    "admin create": _ADMIN,
    "admin set": _ADMIN,
    "admin schedule": _ADMIN,
    "admin open": _ADMIN,
    "admin start": _ADMIN,
    "admin freeze": _ADMIN,
    "admin resume": _ADMIN,
    "admin pause": _ADMIN,
    "admin eliminate": _ADMIN,
    "admin resolve": _ADMIN,
    "admin void": _ADMIN,
    "admin correct": _ADMIN,
    "admin approve": _ADMIN,
    "admin grant": _ADMIN,
    "admin monitor": _ADMIN,
    "admin users": _ADMIN,
    "admin announce": _ADMIN,
    "admin post": _ADMIN,
    "admin channel": _ADMIN,
    "admin roles": Rule(Role.ADMIN, SHARED, frozenset({"discord"})),
    "admin log": _ADMIN,
    "admin export": _ADMIN,
    "admin graph": _ADMIN,
    "admin season": _ADMIN,
    "admin rehearse": _ADMIN,
}


def offered(command: str, *, admin: bool, platform: str) -> bool:
    """Whether it may be named to somebody: said here, in another chat of this platform or after `/join`, it works."""
    rule = TABLE[command]
    there = platform in rule.platforms or platform not in PLATFORMS
    return there and (admin or rule.role is not Role.ADMIN)


def allowed(
    command: str, *, member: bool, admin: bool, chat: ChatKind, platform: str
) -> Role | ChatKind | Elsewhere | None:
    """None where it is allowed; else what is missing: the role, the kind of chat this one is not good for, or the
    platforms that have it."""
    rule = TABLE[command]
    if platform in PLATFORMS and platform not in rule.platforms:  # a platform of tests and demos has them all
        return Elsewhere(rule.platforms)
    if chat not in rule.chats:
        return chat
    if rule.role is Role.ADMIN and not admin:
        return Role.ADMIN
    if rule.role is Role.MEMBER and not member:
        return Role.MEMBER
    return None

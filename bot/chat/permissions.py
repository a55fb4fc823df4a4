"""Who may say what where. A command declares its rule; the dispatcher checks it for every line, button and dialog."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.chat.invocation import ChatKind
from storage.keys import Scope

PLATFORMS = frozenset({"room", "discord", "telegram"})


class Role(StrEnum):
    """Who: anybody, spectators too; somebody with an account in this market; the one a ticket was made for or whose
    order it is, whatever market the chat holds now (the handler knows them and checks first of all); an admin of this
    chat, as its platform vouches at this moment; in private, of a chat of the market the line is about."""

    ANYONE = "anyone"
    MEMBER = "member"
    OWNER = "owner"
    ADMIN = "admin"


EVERYWHERE = frozenset(ChatKind)
SHARED = frozenset({ChatKind.GROUP, ChatKind.ROOM})  # for what is about the chat itself in which it is said


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may say a command, in which kinds of chats, on which platforms. `by_key`: the keys by which a program may say
    it for its maker, whose role it takes all the same; none: it is for people."""

    role: Role
    chats: frozenset[ChatKind] = EVERYWHERE
    platforms: frozenset[str] = PLATFORMS
    by_key: frozenset[Scope] = frozenset()

    def offered(self, *, admin: bool, platform: str) -> bool:
        """Whether it may be named to somebody: said here, in another chat of this platform or after `/join`, it
        works."""
        return self._on(platform) and (admin or self.role is not Role.ADMIN)

    def missing(
        self, *, member: bool, admin: bool, chat: ChatKind, platform: str, key: Scope | None = None
    ) -> Missing | None:
        """None where it is allowed; else what is missing: the role, the kind of chat this one is not good for, the
        platforms that have it, or the keys that do, where a program says it by another `key`."""
        if key is not None and key not in self.by_key:
            return OtherKey(self.by_key)
        if not self._on(platform):
            return Elsewhere(self.platforms)
        if chat not in self.chats:
            return chat
        if self.role is Role.ADMIN and not admin:
            return Role.ADMIN
        if self.role is Role.MEMBER and not member:
            return Role.MEMBER
        return None

    def _on(self, platform: str) -> bool:
        return platform in self.platforms or platform not in PLATFORMS  # a platform of tests and demos has them all


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The platform has no such thing; `platforms` have."""

    platforms: frozenset[str]


@dataclass(frozen=True, slots=True)
class OtherKey:
    """A program cannot say it by this key, but by those of these scopes; none: it is for people."""

    scopes: frozenset[Scope]


Missing: TypeAlias = "Role | ChatKind | Elsewhere | OtherKey"

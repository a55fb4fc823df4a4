"""The port to a chat platform. An adapter implements it; the announcer speaks through it and decides all the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias, runtime_checkable

from bot.chat.reply import Reply

ADMINS = "admins"
"""What `Reply.ping` says where the role is to be mentioned whose holders are this chat's admins."""


class RetryLaterError(Exception):
    """The platform asked for patience (a 429, a 5xx, a lost line): nothing arrived, try again after `after_ms`.

    It stops this chat alone; `overall` says that it was meant for all we send (Discord's global limit, a lost line),
    `alone` that it was meant for this message: others may reach the same person another way (in their ticket's place).
    `reason`: what went wrong, where admins can do something about it.
    """

    def __init__(self, after_ms: int, *, overall: bool = False, alone: bool = False, reason: str = "") -> None:
        super().__init__(f"retry after {after_ms} ms{' (all chats)' if overall else ''}")
        self.reason = reason
        self.after_ms = after_ms
        self.overall = overall
        self.alone = alone


class Unreachable(StrEnum):
    """Why something cannot be reached, by which the announcer knows what to do about it."""

    MESSAGE = "message"  # the message to edit is gone: post anew
    CHAT = "chat"  # the chat is gone, or the bot was put out of it: nothing reaches it until the bot is asked back
    FORBIDDEN = "forbidden"  # the chat is there, but a permission is missing: an admin can mend it
    PERSON = "person"  # they blocked the bot, never started it, or take no direct messages


class UnreachableError(Exception):
    """The chat, the message or the person cannot be reached any more; `detail` names what is missing, where the
    platform says so (`Attach Files`)."""

    def __init__(self, why: Unreachable = Unreachable.MESSAGE, detail: str = "") -> None:
        super().__init__(f"{why.value} out of reach{': ' if detail else ''}{detail}")
        self.why = why
        self.detail = detail


class Platform(Protocol):
    """`chat_ext` and `person_ext` are the platform's own ids; a `ref` is whatever it needs to find a message again.

    Every method raises `RetryLaterError` or `UnreachableError` and nothing else. An edit to what is shown already is
    success.

    `nonce` (20 characters) is the same whenever the same notice is sent again, because nobody knows whether it arrived:
    a platform that can tell duplicates by it (Discord) drops them and returns the ref of the one that stands.
    """

    @property
    def name(self) -> str: ...

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        """Post anew and return the message's ref."""
        ...

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        """Replace what a message of ours says; `UnreachableError` where it is gone (the announcer then posts anew)."""
        ...

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        """Say it to one person alone: by replacing their message `edit_ref` where that still works, else by a new one.
        `chat_ext` is a chat they can be mentioned in as a last resort, with words that give nothing away."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """A `tell` (`private`, to a person), an `edit` (with `edit_ref`) or a `post`, as data."""

    target: str
    reply: Reply
    private: bool = False
    edit_ref: str | None = None
    chat_ext: str | None = None
    nonce: str = ""


SendResult: TypeAlias = str | RetryLaterError | UnreachableError


@runtime_checkable
class BatchPlatform(Platform, Protocol):
    """One to which many messages at once cost little more than one. It shows charts by itself: none are attached."""

    async def send_many(self, requests: Sequence[SendRequest]) -> Sequence[SendResult]:
        """All of them, in order: for each where it stands now, or why it does not. Raises where none of them was
        sent."""
        ...

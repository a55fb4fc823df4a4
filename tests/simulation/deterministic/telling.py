"""What was to be told, what was shown, what of it twice: the outbox as the database remembers it, beside the chats.

A row of the outbox is known by its number, when it was written and its kind: numbers come back once rows are gone.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.simulation.deterministic.chat_server import WITH_NONCE, Message, Shown

if TYPE_CHECKING:
    from tests.simulation.deterministic.world import World

RowKey: TypeAlias = tuple[int, int, str]  # number, written at, kind
MONEY = frozenset({"order", "given_back", "granted", "paid", "refunded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A row that was committed to the outbox once, as it was at last."""

    key: RowKey
    market: int
    person: int | None
    payload: dict[str, Any]
    keyed: bool
    slotted: bool


@dataclass(frozen=True, slots=True)
class Post:
    """A new message that told a row."""

    message: Message
    shown: Shown


class Telling:
    def __init__(self, world: World, raw: sqlite3.Connection) -> None:
        self.told: dict[RowKey, Told] = {}
        for row in raw.execute("SELECT id, created_ms, kind, market, person, payload, key, slot FROM told"):
            key = (row[0], row[1], row[2])
            self.told[key] = Told(
                key=key,
                market=row[3],
                person=row[4],
                payload=json.loads(row[5]),
                keyed=row[6] is not None,
                slotted=row[7] is not None,
            )
        aside = raw.execute("SELECT id, created_ms, kind, ticket FROM aside").fetchall()
        self.laid_aside = {(row[0], row[1], row[2]) for row in aside}
        self.tickets_laid_aside = {row[3] for row in aside}  # which are told with an answer, later
        self.shown: set[RowKey] = set()
        self.posts: dict[tuple[int, int, str, int], list[Post]] = defaultdict(list)  # by row and revision
        self.messages = {
            (server.name, ref): message for server in world.servers.values() for ref, message in server.messages.items()
        }
        for message in self.messages.values():
            for number, shown in enumerate(message.versions):
                for row in shown.rows:
                    key = (row.id, row.created_ms, row.kind)
                    self.shown.add(key)
                    if number == 0:
                        self.posts[*key, row.revision].append(Post(message, shown))

    def money(self) -> Iterator[Told]:
        return (told for told in self.told.values() if told.key[2] in MONEY)

    def repeated_for_nothing(self) -> Iterator[tuple[RowKey, list[Post]]]:
        """What stands in two messages though the platform could have told them apart, or nobody had reason to send it
        twice: its answer arrived, and who got it lived on and could write it down. What became newer in between is
        another message to any platform (its nonce is another)."""
        for (number, at_ms, kind, _), posts in self.posts.items():
            for post in posts[:-1]:
                sender = post.shown.process
                unsure = post.shown.lost or sender.dead or sender.troubles > 0
                if post.message.ref[0] in {name[0] for name in WITH_NONCE} or not unsure:
                    yield (number, at_ms, kind), posts
                    break

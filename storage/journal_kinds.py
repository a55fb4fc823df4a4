"""What the journal records: one catalogue of the facts outside the engine, and the table each of them stands in. Pure.

A fact that stands in a table is recorded as the row is, key and fields; the latest record of a key is what the row must
be. What stands in no table (`POSTED`, `NOTICES`, `RESTORED`, `FORGOTTEN`) is recorded as content alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import RowMapping, Table

from storage.records import Payload
from storage.schema import (
    actions,
    announcements,
    approvals,
    audit_log,
    chat_settings,
    chats,
    config,
    links,
    people,
    seasons,
    users,
    wordings,
)

Row: TypeAlias = Mapping[str, Any] | RowMapping  # every column has its own type
SHARED = 0
"""The journal of what belongs to no market; markets count from 1."""
GONE = "gone"
"""The field of a record that says: this row is no more."""


class Kind(StrEnum):
    """Of a market, unless said otherwise."""

    MARKET = "market"  # title, home, creator, when it is to start, why it stands still
    STATUS = "status"  # a status that no tick gave it: before the start, and closed after the end
    WORDING = "wording"  # what decides it, in its admins' words
    MEMBER = "member"  # the name they trade under, whether they are barred or unranked
    ANNOUNCED = "announced"  # a chat it speaks in
    APPROVAL = "approval"  # a proposal and what became of it
    AUDIT = "audit"  # a line of the audit log; of a market or of none
    POSTED = "posted"  # a head that was handed out in an announcement
    NOTICES = "notices"  # digests of the messages that began to wait; of a market or of none
    RESTORED = "restored"  # from a backup: to which tick and size of its tree, and when
    ADOPTED = "adopted"  # where a market stood that had begun before there was a journal
    SETTLED = "settled"  # an action that ended without a tick
    PERSON = "person"  # of no market: a name, and whom they were merged into
    LINK = "link"  # of no market: an identity on a platform and whose it is
    CHAT = "chat"  # of no market: which chat of a platform it is
    CHAT_SETTINGS = "chat_settings"  # of no market: roles and pings
    SEASON = "season"  # of no market
    FORGOTTEN = "forgotten"  # of no market: which records gave up their content


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """How the rows of a table are recorded.

    key: columns that name a row beside its market; fields: the other columns that are kept; subject: the column a
    record is found by (`Journal.forget`), `key` itself unless it would tell who somebody is; shared: of no market;
    salted: names or free text are among them, which nobody may guess from the commitment.
    """

    table: Table
    key: tuple[str, ...]
    fields: tuple[str, ...]
    subject: str | None = None
    shared: bool = False
    salted: bool = True

    def market_of(self, row: Row) -> int | None:
        return None if self.shared else row["market"]

    def subject_of(self, row: Row) -> str:
        if self.subject is not None:
            return str(row[self.subject])
        return "/".join(str(row[name]) for name in self.key)

    def content_of(self, row: Row) -> Payload:
        return {name: row[name] for name in (*self.key, *self.fields)}


TABLES: Mapping[Kind, Recorded] = {
    Kind.MARKET: Recorded(
        table=config, key=(), fields=("title", "chat", "creator", "created_ms", "planned_start_ms", "halted")
    ),
    Kind.WORDING: Recorded(table=wordings, key=("number",), fields=("text", "actor", "ts_ms")),
    Kind.MEMBER: Recorded(table=users, key=("user",), fields=("display_name", "joined_ms", "barred", "unranked")),
    Kind.ANNOUNCED: Recorded(table=announcements, key=("chat",), fields=(), salted=False),
    Kind.SETTLED: Recorded(table=actions, key=("number",), fields=("kind", "payload", "actor", "status"), salted=False),
    Kind.APPROVAL: Recorded(
        table=approvals,
        key=("number",),
        fields=(
            "kind",
            "outcomes",
            "asked",
            "reason",
            "code",
            "proposer",
            "status",
            "ts_ms",
            "decided_by",
            "decided_ms",
        ),
    ),
    Kind.AUDIT: Recorded(
        table=audit_log, key=("id",), fields=("chat", "actor", "action", "reason", "before", "after", "ts_ms")
    ),
    Kind.PERSON: Recorded(table=people, shared=True, key=("id",), fields=("name", "merged_into")),
    Kind.LINK: Recorded(
        table=links, shared=True, key=("platform", "external_id"), fields=("person",), subject="person"
    ),
    Kind.CHAT: Recorded(table=chats, shared=True, key=("id",), fields=("platform", "external_id", "kind")),
    Kind.CHAT_SETTINGS: Recorded(
        table=chat_settings, shared=True, key=("chat",), fields=("admin_role", "ping_role", "ping_kinds"), salted=False
    ),
    Kind.SEASON: Recorded(
        table=seasons, shared=True, key=("id",), fields=("chat", "number", "title", "start_ms", "end_ms")
    ),
}

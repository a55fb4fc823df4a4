"""What a check does not look at, by subject: declared once, said to people (`bot.words.coverage`), held by a test.

Every other column either follows from the inputs of the ticks or is recorded in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_TICKETS = ("id", "market", "person", "status", "draft", "reserve", "terms", "order", "platform", "chat_ext", "ref")
_OUTBOX = (
    "id",
    "slot",
    "ticket",
    "key",
    "attempts",
    "revision",
    "created_ms",
    "due_ms",
    "lease_ms",
    "error",
    "dropped",
)

NOT_COVERED: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "notes": {
            "config": ("draft", "memo", "public", "keys"),
            "ticks": ("took_us",),
            "facts": ("name", "value"),
            "counters": ("name", "value"),
            "lines": ("key", "line", "person", "chat_ext", "created_ms"),
            "leases": ("name", "holder", "epoch", "until_ms", "state"),
            "attempts": ("id", "key", "at_ms"),
            "upgrades": ("version", "compatible_from", "program"),
            "codes": ("hash", "kind", "person", "market", "created_ms", "expires_ms", "used_ms", "about"),
        },
        "requests": {
            "orders": ("request_id", "ticket", "key"),
            "actions": ("request_id",),
            "tickets": (*_TICKETS, "request_id", "created_ms"),
        },
        "platforms": {
            "telegram_inbox": ("update_id", "person", "payload", "received_ms"),
            "people": ("created_ms", "market"),
            "links": ("name", "seen_ms"),
            "chats": ("title", "created_ms", "lost_ms", "lost_why"),
            "chat_admins": ("chat", "person", "seen_ms"),
        },
        "settings": {
            "chat_settings": ("routes", "silent"),
            "preferences": ("person", "slippage", "confirm", "autofill", "quiet", "named"),
            "pings": ("person", "chat", "kind"),
            "alerts": ("id", "market", "user", "outcome", "side", "price", "above", "ts_ms"),
        },
        "messages": {
            "outbox": (*_OUTBOX, "dropped"),
            "message_refs": ("market", "platform", "chat_ext", "slot", "ref"),
            "room_messages": (
                *("id", "seq", "room", "channel", "person", "author", "body", "ts_ms", "edited_ms", "request_id"),
            ),
        },
        "entrances": {
            "sessions": ("hash", "kind", "person", "platform", "external_id", "chat", "created_ms", "until_ms"),
            "keys": (
                *("id", "market", "person", "hash", "scope", "name", "allowance", "platform", "external_id", "chat"),
                *("created_ms", "used_ms", "revoked_ms", "settled"),
            ),
            "webhooks": ("id", "market", "chat", "creator", "url", "created_ms", "failing_ms", "ended_ms"),
        },
        "key": {"secrets": ("name", "value")},
    }
)

"""Texts with entities: lengths in UTF-16 units, what Telegram finds by itself, and the text as people see it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .errors import Json

# found in every text that was sent without the entity (Bot API, MessageEntity)
FOUND = (
    ("bot_command", re.compile(r"(?<![\w/<>@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?(?![\w/])")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z]\w{3,31}(?!\w)")),
    ("url", re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")),
)
# nothing is looked for inside these
OPAQUE = frozenset({"code", "pre", "text_link", "text_mention", "date_time", "custom_emoji"})


def units(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RichText:
    """A text after parsing. `complaints` are things the real server swallows though its documents forbid them."""

    text: str
    entities: tuple[Json, ...] = ()
    complaints: tuple[str, ...] = field(default=(), compare=False)

    def trimmed(self) -> RichText:
        """Without white space at the ends, as every message is kept."""
        text = self.text.rstrip()
        front = units(text) - units(text.lstrip())
        text = text.lstrip()
        kept = [moved for entity in self.entities if (moved := _moved(entity, -front, units(text)))]
        return RichText(text=text, entities=tuple(kept), complaints=self.complaints)

    def with_found(self) -> RichText:
        """With commands, mentions and addresses, none of them inside another opaque entity."""
        taken = [span(entity) for entity in self.entities if entity["type"] in OPAQUE]
        more: list[Json] = []
        for kind, pattern in FOUND:
            for match in pattern.finditer(self.text):
                start = units(self.text[: match.start()])
                end = start + units(match.group())
                if all(end <= first or start >= last for first, last in taken):
                    more.append({"type": kind, "offset": start, "length": end - start})
                    taken.append((start, end))
        entities = sorted((*self.entities, *more), key=lambda one: (one["offset"], -one["length"]))
        return RichText(text=self.text, entities=tuple(entities), complaints=self.complaints)

    def html(self) -> str:
        """The text as people see it, written in Telegram's tags (only what was asked for, not what was found)."""
        return render(self.text, self.entities)


def span(entity: Json) -> tuple[int, int]:
    return entity["offset"], entity["offset"] + entity["length"]


def _moved(entity: Json, by: int, end: int) -> Json | None:
    start, stop = span(entity)
    start, stop = max(0, start + by), min(end, stop + by)
    return {**entity, "offset": start, "length": stop - start} if stop > start else None


NAMES = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "spoiler": "tg-spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}


def _tags(entity: Json) -> tuple[str, str] | None:
    match entity["type"]:
        case "text_link":
            return f'<a href="{html.escape(entity["url"])}">', "</a>"
        case "text_mention":
            return f'<a href="tg://user?id={entity["user"]["id"]}">', "</a>"
        case "expandable_blockquote":
            return "<blockquote expandable>", "</blockquote>"
        case "custom_emoji":
            return f'<tg-emoji emoji-id="{entity["custom_emoji_id"]}">', "</tg-emoji>"
        case "date_time":
            form = f' format="{entity["date_time_format"]}"' if entity.get("date_time_format") else ""
            return f'<tg-time unix="{entity["unix_time"]}"{form}>', "</tg-time>"
        case "pre" if entity.get("language"):
            return f'<pre><code class="language-{entity["language"]}">', "</code></pre>"
        case kind if kind in NAMES:
            return f"<{NAMES[kind]}>", f"</{NAMES[kind]}>"
    return None


def render(text: str, entities: tuple[Json, ...]) -> str:
    opened: dict[int, list[str]] = {}
    closed: dict[int, list[str]] = {}
    for entity in sorted(entities, key=lambda one: (one["offset"], -one["length"])):
        if (tags := _tags(entity)) is not None:
            start, end = span(entity)
            opened.setdefault(start, []).append(tags[0])
            closed.setdefault(end, []).insert(0, tags[1])

    def pieces() -> Iterator[str]:
        at = 0
        for char in text:
            yield from closed.get(at, ())
            yield from opened.get(at, ())
            yield html.escape(char, quote=False)
            at += units(char)
        yield from closed.get(at, ())

    return "".join(pieces())

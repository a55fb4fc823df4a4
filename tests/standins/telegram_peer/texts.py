"""A text or caption from its parameters: parsed, trimmed, measured."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from .entities import RichText, units
from .errors import Json, bad
from .html_mode import parse_html
from .params import Params

if TYPE_CHECKING:
    from .server import TelegramPeer

# control characters become spaces, only the line feed stays; carriage returns vanish
CLEANED = {code: " " for code in range(32) if code != 10} | {13: None}
INVISIBLE = re.compile(r"[\s\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*")
LONGEST_TEXT, LONGEST_CAPTION, MOST_ENTITIES = 4096, 1024, 100


def read_text(peer: TelegramPeer, params: Params, *, too_long: str = "message is too long") -> RichText:
    rich = _read(peer, params, "text", "entities")
    if INVISIBLE.fullmatch(rich.text):
        raise bad("message text is empty")
    if units(rich.text) > LONGEST_TEXT:
        raise bad(too_long)
    return rich


def read_caption(peer: TelegramPeer, params: Params) -> RichText:
    rich = _read(peer, params, "caption", "caption_entities")
    if units(rich.text) > LONGEST_CAPTION:
        raise bad("message caption is too long")
    return rich


def _read(peer: TelegramPeer, params: Params, name: str, entities: str) -> RichText:
    source, given = params.text(name).translate(CLEANED), params.array(entities, "entities")
    match params.text("parse_mode").lower():
        case "":
            rich = RichText(text=source, entities=tuple(given or ()))
            _check_given(rich)
        case "html":
            if given:
                peer.complain(f"{entities} are ignored beside a parse_mode")
            rich = parse_html(source)
        case "markdown" | "markdownv2":
            raise AssertionError("this peer reads parse_mode=HTML only")
        case _:
            raise bad("unsupported parse_mode")
    if len(rich.entities) > MOST_ENTITIES:
        raise bad("ENTITIES_TOO_LONG")
    for complaint in rich.complaints:
        peer.complain(complaint)
    return _with_people(peer, rich.trimmed()).with_found()


def _check_given(rich: RichText) -> None:
    whole = units(rich.text)
    for entity in rich.entities:
        if entity["offset"] < 0 or entity["length"] <= 0 or entity["offset"] + entity["length"] > whole:
            raise bad(f"entity {entity['type']} ends beyond the text")


def _with_people(peer: TelegramPeer, rich: RichText) -> RichText:
    """Mentions by number become the person; of a stranger nothing is left."""
    kept: list[Json] = []
    for entity in rich.entities:
        if entity["type"] == "text_mention":
            person = peer.world.people.get(entity["user"]["id"])
            if person is None:
                peer.complain(f"mention of {entity['user']['id']}, whom nobody knows, was dropped")
                continue
            kept.append({**entity, "user": person.json()})
        else:
            kept.append(entity)
    return replace(rich, entities=tuple(kept))

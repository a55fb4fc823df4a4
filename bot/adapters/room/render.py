"""A `Reply` as JSON and back again as far as the room needs it: kept in `room_messages`, sent to browsers, drawn there.

Shapes (keys are short because the board travels with every tick):
part    `{"x": text, "s": style, "o": outcome}` or `{"at": epoch ms, "cd": countdown}`; style plain is left out
block   `{"t": "line" | "table" | "board" | "picture", ...}`
file    `{"name", "type", "size", "data": base64}`; `data` stays on the server, see `public`
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace

from bot.chat.reply import (
    Action,
    Attachment,
    Block,
    Board,
    BoardRow,
    Form,
    Line,
    Part,
    Picture,
    Reply,
    Stamp,
    Style,
    Table,
)
from storage.records import Json, Payload, RoomMessage


def render(reply: Reply) -> dict[str, Json]:
    """The whole reply; what is empty is left out."""
    body: dict[str, Json] = {"head": line(reply.head), "tone": reply.tone.value, "ok": reply.ok}
    if reply.blocks:
        body["blocks"] = [block(one) for one in reply.blocks]
    if reply.actions:
        body["actions"] = [_action(one) for one in reply.actions]
    if reply.form is not None:
        body["form"] = form(reply.form)
    if reply.files:
        body["files"] = [_file(one) for one in reply.files]
    if reply.ticket is not None:
        body["ticket"] = reply.ticket
    return body


def answer(message: RoomMessage, reply: Reply) -> Payload:
    """The body of a message that now says something else; what had been asked stays."""
    before = {key: message.body[key] for key in ("asked", "by") if key in message.body}
    return {**before, "reply": kept(reply)}


def kept(reply: Reply) -> dict[str, Json]:
    """As kept: without the charts the announcer has drawn and attached, one for each picture. The room draws those when
    they are looked at, in the reader's theme."""
    drawn = sum(isinstance(block, Picture) for block in reply.blocks)
    attached = reply.files[len(reply.files) - drawn :]
    if drawn and len(attached) == drawn and all(file.media_type == "image/png" for file in attached):
        reply = replace(reply, files=reply.files[:-drawn])
    return render(reply)


def shape(message: RoomMessage, viewer: int | None) -> dict[str, Json]:
    """A message as its viewer gets it: only her own buttons, no bytes of files, no request ids."""
    body = message.body
    shown: dict[str, Json] = {
        "id": message.id,
        "seq": message.seq,
        "channel": message.channel,
        "private": message.person is not None,
        "author": message.author,
        "mine": viewer is not None and body.get("by") == viewer,
        "at": message.ts_ms,
        "edited": message.edited_ms,
    }
    for key in ("asked", "say", "note"):
        if key in body:
            shown[key] = body[key]
    reply = body.get("reply")
    if isinstance(reply, dict):
        bare = dict(public(reply))
        actions = bare.get("actions")
        if isinstance(actions, list | tuple):
            bare["actions"] = [one for one in actions if isinstance(one, dict) and one.get("person") in (None, viewer)]
        shown["reply"] = bare
    return shown


def line(parts: Line) -> list[Json]:
    return [_part(part) for part in parts]


def block(one: Block) -> dict[str, Json]:
    match one:
        case Table():
            return _table(one)
        case Board():
            return _board(one)
        case Picture():
            return _picture(one)
        case _:
            return {"t": "line", "parts": line(one)}


def picture(body: Payload, index: int) -> Picture | None:
    """The chart in a kept reply at that place among its blocks; None where there is none."""
    blocks = body.get("blocks")
    if not isinstance(blocks, list | tuple) or not 0 <= index < len(blocks):
        return None
    kept = blocks[index]
    if not isinstance(kept, Mapping) or kept.get("t") != "picture":
        return None
    return Picture(
        kind=_text(kept.get("kind")),
        market=_number(kept.get("market")) or 0,
        tick=_number(kept.get("tick")) or 0,
        outcome=_number(kept.get("outcome")),
        span_ms=_number(kept.get("span")),
        alt=_text(kept.get("alt")),
    )


def attachment(body: Payload, index: int) -> Attachment | None:
    """The file in a kept reply at that place; None where there is none."""
    files = body.get("files")
    if not isinstance(files, list | tuple) or not 0 <= index < len(files):
        return None
    kept = files[index]
    if not isinstance(kept, Mapping):
        return None
    data = base64.b64decode(_text(kept.get("data")))
    return Attachment(name=_text(kept.get("name")), data=data, media_type=_text(kept.get("type")))


def public(body: Payload) -> Payload:
    """A kept reply as browsers get it: without the bytes of its files, which have an address of their own."""
    files = body.get("files")
    if not isinstance(files, list | tuple):
        return body
    bare: list[Json] = [
        {key: value for key, value in one.items() if key != "data"} for one in files if isinstance(one, dict)
    ]
    return {**body, "files": bare}


def _part(part: Part) -> Json:
    if isinstance(part, Stamp):
        return {"at": part.at_ms, "cd": part.countdown}
    shown: dict[str, Json] = {"x": part.text}
    if part.style is not Style.PLAIN:
        shown["s"] = part.style.value
    if part.outcome is not None:
        shown["o"] = part.outcome
    return shown


def _table(table: Table) -> dict[str, Json]:
    return {
        "t": "table",
        "cols": [{"x": column.title, "n": column.numeric} for column in table.columns],
        "rows": [[line(cell) for cell in row] for row in table.rows],
        "more": line(table.more),
    }


def _board(board: Board) -> dict[str, Json]:
    return {
        "t": "board",
        "title": board.title,
        "status": board.status,
        "rows": [_board_row(row) for row in board.rows],
        "volume": board.volume,
        "people": board.people,
        "now": board.now_ms,
        "step": board.next_step,
        "step_ms": board.next_step_ms,
        "risk": board.risk_now,
        "most": board.risk_most,
    }


def _board_row(row: BoardRow) -> dict[str, Json]:
    return {
        "o": row.outcome,
        "name": row.name,
        "yes": row.yes,
        "no": row.no,
        "change": row.change,
        "spark": list(row.spark),
        "in": row.active,
        "note": row.note,
    }


def _picture(chart: Picture) -> dict[str, Json]:
    return {
        "t": "picture",
        "kind": chart.kind,
        "market": chart.market,
        "tick": chart.tick,
        "outcome": chart.outcome,
        "span": chart.span_ms,
        "alt": chart.alt,
    }


def _action(action: Action) -> dict[str, Json]:
    shown: dict[str, Json] = {"label": action.label, "text": action.text}
    if action.person is not None:
        shown["person"] = action.person
    if action.primary:
        shown["primary"] = True
    if action.danger:
        shown["danger"] = True
    return shown


def form(asked: Form) -> dict[str, Json]:
    return {
        "title": asked.title,
        "command": asked.command,
        "submit": asked.submit,
        "fields": [
            {
                "name": field.name,
                "label": field.label,
                "kind": field.kind,
                "choices": [[value, label] for value, label in field.choices],
                "suggestions": [[value, label] for value, label in field.suggestions],
                "value": field.value,
                "required": field.required,
                "hint": field.hint,
            }
            for field in asked.fields
        ],
    }


def _file(kept: Attachment) -> dict[str, Json]:
    data = base64.b64encode(kept.data).decode("ascii")
    return {"name": kept.name, "type": kept.media_type, "size": len(kept.data), "data": data}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

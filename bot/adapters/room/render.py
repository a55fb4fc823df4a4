"""A `Reply` as JSON and back again as far as the room needs it: kept in `room_messages`, sent to browsers, drawn there.

Shapes (keys are short because the board travels with every tick):
part    `{"x": text, "s": style, "o": outcome}` or `{"at": epoch ms, "cd": countdown}`; style plain is left out
block   `{"t": "line" | "table" | "board" | "picture" | "code" | "folded", ...}`
file    `{"name", "type", "size", "data": base64}`; `data` stays on the server, see `without_file_data`
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
    CodeBlock,
    Folded,
    Form,
    Line,
    Part,
    Picture,
    Reply,
    Stamp,
    Style,
    Table,
    without_apps,
)
from storage.records import Json, Payload, RoomMessage


def render(reply: Reply) -> dict[str, Json]:
    """The whole reply; what is empty is left out."""
    body: dict[str, Json] = {"head": line_to_json(reply.head), "tone": reply.tone.value, "ok": reply.ok}
    if reply.blocks:
        body["blocks"] = [block_to_json(item) for item in reply.blocks]
    actions = without_apps(reply.actions)
    if actions:
        body["actions"] = [_action_to_json(action) for action in actions]
    if reply.form is not None:
        body["form"] = form_to_json(reply.form)
    if reply.files:
        body["files"] = [_file_to_json(item) for item in reply.files]
    if reply.ticket is not None:
        body["ticket"] = reply.ticket
    return body


def replacement_body(message: RoomMessage, reply: Reply) -> Payload:
    """The body of a message that now says something else; what had been asked stays."""
    before = {key: message.body[key] for key in ("asked", "by") if key in message.body}
    return {**before, "reply": stored_reply(reply)}


def stored_reply(reply: Reply) -> dict[str, Json]:
    """As kept: without the charts the announcer has drawn and attached, one for each picture. The room draws those when
    they are looked at, in the reader's theme."""
    drawn = sum(isinstance(block_to_json, Picture) for block_to_json in reply.blocks)
    attached = reply.files[len(reply.files) - drawn :]
    if drawn and len(attached) == drawn and all(file.media_type == "image/png" for file in attached):
        reply = replace(reply, files=reply.files[:-drawn])
    return render(reply)


def visible_to(message: RoomMessage, viewer: int | None) -> dict[str, Json]:
    """A message as its viewer gets it: only their own buttons, no bytes of files, no request ids."""
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
        body_shown = dict(without_file_data(reply))
        actions = body_shown.get("actions")
        if isinstance(actions, list | tuple):
            body_shown["actions"] = [
                action for action in actions if isinstance(action, dict) and action.get("person") in (None, viewer)
            ]
        shown["reply"] = body_shown
    return shown


def line_to_json(parts: Line) -> list[Json]:
    return [_part_to_json(part) for part in parts]


def block_to_json(content: Block) -> dict[str, Json]:
    match content:
        case Table():
            return _table_to_json(content)
        case Board():
            return board_to_json(content)
        case Picture():
            return _picture_to_json(content)
        case CodeBlock():
            return {"t": "code", "text": content.text}
        case Folded():
            rows: list[Json] = [line_to_json(row) for row in content.lines]
            return {"t": "folded", "title": line_to_json(content.title), "lines": rows}
        case _:
            return {"t": "line", "parts": line_to_json(content)}


def picture_at(body: Payload, index: int) -> Picture | None:
    """The chart in a kept reply at that place among its blocks; None where there is none."""
    blocks = body.get("blocks")
    if not isinstance(blocks, list | tuple) or not 0 <= index < len(blocks):
        return None
    stored = blocks[index]
    if not isinstance(stored, Mapping) or stored.get("t") != "picture":
        return None
    return Picture(
        kind=_text(stored.get("kind")),
        market=_number(stored.get("market")) or 0,
        tick=_number(stored.get("tick")) or 0,
        outcome=_number(stored.get("outcome")),
        span_ms=_number(stored.get("span")),
        alt=_text(stored.get("alt")),
    )


def attachment_at(body: Payload, index: int) -> Attachment | None:
    """The file in a kept reply at that place; None where there is none."""
    files = body.get("files")
    if not isinstance(files, list | tuple) or not 0 <= index < len(files):
        return None
    stored = files[index]
    if not isinstance(stored, Mapping):
        return None
    data = base64.b64decode(_text(stored.get("data")))
    return Attachment(name=_text(stored.get("name")), data=data, media_type=_text(stored.get("type")))


def without_file_data(body: Payload) -> Payload:
    """A kept reply as browsers get it: without the bytes of its files, which have an address of their own."""
    files = body.get("files")
    if not isinstance(files, list | tuple):
        return body
    files_shown: list[Json] = [
        {key: value for key, value in file.items() if key != "data"} for file in files if isinstance(file, dict)
    ]
    return {**body, "files": files_shown}


def _part_to_json(part: Part) -> Json:
    if isinstance(part, Stamp):
        return {"at": part.at_ms, "cd": part.countdown}
    shown: dict[str, Json] = {"x": part.text}
    if part.style is not Style.PLAIN:
        shown["s"] = part.style.value
    if part.outcome is not None:
        shown["o"] = part.outcome
    return shown


def _table_to_json(table: Table) -> dict[str, Json]:
    return {
        "t": "table",
        "cols": [{"x": column.title, "n": column.numeric} for column in table.columns],
        "rows": [[line_to_json(cell) for cell in row] for row in table.rows],
        "more": line_to_json(table.more),
    }


def board_to_json(board: Board) -> dict[str, Json]:
    return {
        "t": "board",
        "title": board.title,
        "status": board.status,
        "rows": [_board_row_to_json(row) for row in board.rows],
        "volume": board.volume,
        "people": board.people,
        "traders": board.traders,
        "now": board.now_ms,
        "step": board.next_step,
        "step_ms": board.next_step_ms,
        "risk": board.risk_now,
        "most": board.risk_most,
        "awaits": line_to_json(board.awaits),
        "decides": [line_to_json(row) for row in board.decides],
    }


def _board_row_to_json(row: BoardRow) -> dict[str, Json]:
    return {
        "outcome": row.outcome,
        "place": row.place,
        "name": row.name,
        "yes": row.yes,
        "no": row.no,
        "change": row.change,
        "spark": list(row.spark),
        "active": row.active,
        "note": row.note,
    }


def _picture_to_json(chart: Picture) -> dict[str, Json]:
    return {
        "t": "picture",
        "kind": chart.kind,
        "market": chart.market,
        "tick": chart.tick,
        "outcome": chart.outcome,
        "span": chart.span_ms,
        "alt": chart.alt,
    }


def _action_to_json(action: Action) -> dict[str, Json]:
    shown: dict[str, Json] = {"label": action.label, "text": action.text}
    if action.url is not None:
        shown["url"] = action.url
    if action.person is not None:
        shown["person"] = action.person
    if action.primary:
        shown["primary"] = True
    if action.danger:
        shown["danger"] = True
    if action.disabled:
        shown["disabled"] = True
    if action.copy is not None:
        shown["copy"] = action.copy
    return shown


def form_to_json(form: Form) -> dict[str, Json]:
    return {
        "title": form.title,
        "command": form.command,
        "submit": form.submit,
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
                "most": field.most,
                "several": field.several,
            }
            for field in form.fields
        ],
    }


def _file_to_json(attachment: Attachment) -> dict[str, Json]:
    data = base64.b64encode(attachment.data).decode("ascii")
    return {"name": attachment.name, "type": attachment.media_type, "size": len(attachment.data), "data": data}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

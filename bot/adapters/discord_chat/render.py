"""From a `Reply` to a message as Discord takes it (components v2): one container with a coloured edge.

Whatever the reply holds, the result is within every limit of `limits`; what had to be cut is said.

The board in Discord's markdown: prices large, everything else small, those who are out struck through below.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import discord
from discord import ui

from bot.adapters.discord_chat import limits, markup
from bot.adapters.discord_chat.components import ComponentIds, offered
from bot.chat.buttons import Buttons
from bot.chat.plain_text import out_together, spark, traded
from bot.chat.reply import (
    Action,
    Attachment,
    Audience,
    Board,
    BoardRow,
    CodeBlock,
    Folded,
    Picture,
    Reply,
    Span,
    Stamp,
    Table,
    Tone,
    without_apps,
    without_copies,
)
from bot.text.columns import width
from bot.text.numbers import price, price_change, round_money
from bot.text.palette import DARK, colour
from bot.words import discord as words

NO_MENTIONS = discord.AllowedMentions.none()
MOST_LARGE_ROWS = 5  # so many outcomes still fit a phone's screen as headings
MOST_FULL_ROWS = 10  # of more each has one line, so that 25 with the longest names fit a message


def board_rows(board: Board) -> list[str]:
    """Lines of text, best outcome first."""
    active = [row for row in board.rows if row.active]
    lines = [f"-# {markup.escaped(board.status)}"] if board.status.strip() else []
    for row in active:
        lines += _board_row(row, large=len(active) <= MOST_LARGE_ROWS, full=len(active) <= MOST_FULL_ROWS)
    for note, names in out_together(board, MOST_FULL_ROWS):
        lines.append(f"-# {', '.join(f'~~{markup.escaped(name)}~~' for name in names)} {markup.escaped(note)}")
    return lines


def board_figures(board: Board) -> list[str]:
    """What stands below the prices."""
    lines = []
    if board.next_step and board.next_step_ms is not None:
        at = f"{markup.stamp(Stamp(board.next_step_ms, True))} ({markup.stamp(Stamp(board.next_step_ms))})"
        lines.append(f"{markup.escaped(board.next_step)} {at}.")
    if board.risk_most:
        most, now = round_money(board.risk_most), round_money(board.risk_now)
        lines.append(f"**House risks at most {most}; right now {now}.**")
    lines.append(f"-# {traded(board)}")
    return lines


def _board_row(row: BoardRow, *, large: bool, full: bool) -> list[str]:
    head = f"{row.place} · {markup.escaped(row.name)}  {price(row.yes)}"
    change = price_change(row.change) if row.change else ""
    if not full:
        return [
            " · ".join(
                part for part in (f"**{head}**", f"NO {price(row.no)}", change, markup.escaped(row.note)) if part
            )
        ]
    details = [
        f"NO {price(row.no)}",
        f"{change} this round" if change else "",
        markup.escaped(row.note) or spark(row.spark),
    ]
    return [f"### {head}" if large else f"**{head}**", f"-# {' · '.join(part for part in details if part)}"]


LONGEST_HEADING = 80  # columns of a headline in large letters: two lines on a phone
STANDING_STILL = frozenset({"Frozen", "Paused", "Halted"})
_ROOM_FOR_CUTS = 200  # units of text kept free for saying what was cut
_TONE_COLOURS = {
    Tone.GOOD: DARK.good,
    Tone.BAD: DARK.bad,
    Tone.WAIT: DARK.wait,
    Tone.COLD: DARK.cold,
    Tone.LOUD: DARK.loud,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedMessage:
    """Can be sent more than once; `files` are made for each sending."""

    view: ui.LayoutView
    attachments: tuple[Attachment, ...]
    mentions: discord.AllowedMentions = NO_MENTIONS

    def files(self) -> list[discord.File]:
        return [discord.File(io.BytesIO(attachment.data), filename=attachment.name) for attachment in self.attachments]


async def render(reply: Reply, buttons: Buttons, *, mention: int | None = None, alone: bool = False) -> RenderedMessage:
    """The message of a reply whose charts have been drawn (`bot.chat.platform.drawn`). `mention`: a role; `alone`: one
    person reads it, and the lines it suggests are buttons as well."""
    actions = (*without_copies(without_apps(reply.actions)), *(offered(reply) if alone else ()))
    if reply.form is not None:  # it could not be opened at once
        opener = Action(label=words.fill_in(reply.form.submit), text=f"/{reply.form.command}", primary=True, asks=True)
        actions = (opener, *actions)
    component_ids = await ComponentIds.of(actions, buttons, decides=reply.ticket is not None)
    return _layout(reply, component_ids, mention)


def accent_colour(reply: Reply) -> int | None:
    """The edge's colour: of the tone, of a board that stands still, else of the outcome the sentence is about."""
    code = _TONE_COLOURS.get(reply.tone)
    if any(isinstance(block, Board) and block.status in STANDING_STILL for block in reply.blocks):
        code = DARK.cold
    if code is None:
        outcomes = [part.outcome for part in reply.head if isinstance(part, Span) and part.outcome is not None]
        code = colour(outcomes[0]) if outcomes else None
    return int(code.removeprefix("#"), 16) if code else None


@dataclass(slots=True)
class _Sections:
    """Text in sections, within the budget of one message."""

    left: int = limits.TEXT - _ROOM_FOR_CUTS
    sections: list[list[str]] = field(default_factory=lambda: [[]])
    cut: bool = False

    def add(self, row: str) -> None:
        """A line; the first that does not fit is cut where it is plain text, and all that follow are dropped."""
        need = limits.size(row) + 1
        if row.startswith(markup.CODE_ROW):
            need += 8  # the fences, at worst around this row alone
        if self.cut or need > self.left:
            self.cut = True
            return
        self.left -= need
        self.sections[-1].append(row)

    def break_code_block(self) -> None:
        """What follows is no part of the code block before it."""
        if self.sections[-1] and self.sections[-1][-1].startswith(markup.CODE_ROW):
            self.add("")

    def new_section(self) -> None:
        if self.sections[-1]:
            self.sections.append([])

    def texts(self) -> list[str]:
        return [text for section in self.sections if (text := markup.join(section).strip())]


def _layout(reply: Reply, component_ids: ComponentIds, mention: int | None) -> RenderedMessage:
    files, left_out = _attachments(reply)
    sections = _Sections()
    sections.add(_head(reply))
    for block in reply.blocks:
        if isinstance(block, Board):
            sections.new_section()
            _add(sections, board_rows(block))
            sections.new_section()
            _add(sections, board_figures(block))
            sections.new_section()
        elif isinstance(block, Table):
            sections.break_code_block()
            _add(sections, markup.table(block))
        elif isinstance(block, CodeBlock):
            sections.break_code_block()
            _add(sections, [markup.code_row(row) for row in block.text.splitlines()])
        elif isinstance(block, Folded):
            _add(sections, [markup.line(block.title), *map(markup.small, block.lines)])
        elif not isinstance(block, Picture):
            sections.add(markup.line(block))
    notes = [*([markup.line(words.cut_short())] if sections.cut else []), *left_out]
    if component_ids.left_out:
        notes.append(markup.line(words.buttons_left_out(component_ids.left_out)))
    container: ui.Container[ui.LayoutView] = ui.Container(accent_colour=accent_colour(reply))
    for index, text in enumerate([*sections.texts(), *(["\n".join(notes)] if notes else [])]):
        if index and not (notes and index == len(sections.texts())):
            container.add_item(ui.Separator(visible=True))
        container.add_item(ui.TextDisplay(text))
    _add_files(container, reply, files)
    for row in component_ids.rows():
        container.add_item(row)
    view = ui.LayoutView(timeout=None)
    if mention is not None:
        view.add_item(ui.TextDisplay(f"<@&{mention}>"))
    view.add_item(container)
    view.stop()  # presses come in by `Interactions.handle_component`: the library need not remember each message
    roles = [discord.Object(mention)] if mention is not None else []
    mentions = discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False)
    return RenderedMessage(view=view, attachments=tuple(files), mentions=mentions if roles else NO_MENTIONS)


def _head(reply: Reply) -> str:
    loud = reply.audience is Audience.CHAT and reply.tone in {Tone.LOUD, Tone.GOOD, Tone.COLD}
    plain = "".join(part.text for part in reply.head if isinstance(part, Span))
    text = markup.headline(reply.head, loud=loud and width(plain) <= LONGEST_HEADING)
    most = limits.TEXT // 2
    if limits.size(text) > most:  # no sentence of ours is; plain, as cutting markup would leave half of it
        text = limits.cut(markup.escaped(plain), most)
        text = text.rstrip(f"\\{limits.ELLIPSIS}") + limits.ELLIPSIS
    return text or words.nothing_to_say()


def _add(text: _Sections, lines: Sequence[str]) -> None:
    for line in lines:
        text.add(line)


def _attachments(reply: Reply) -> tuple[list[Attachment], list[str]]:
    """The files that may go along, each under a name of its own, and what is said of the others."""
    attachments: list[Attachment] = []
    notes: list[str] = []
    for index, attachment in enumerate(reply.files):
        if len(attachment.data) > limits.FILE_BYTES:
            note = words.file_too_large(attachment.name, len(attachment.data), limits.FILE_BYTES)
            notes.append(limits.cut(markup.line(note), _ROOM_FOR_CUTS // 2))
        elif len(attachments) == limits.FILES:
            notes.append(markup.line(words.files_left_out(len(reply.files) - index)))
            break
        else:
            names = {other.name for other in attachments}
            name = re.sub(r"[^A-Za-z0-9._-]+", "_", attachment.name)[-60:] or "file"
            attachments.append(Attachment(name=name if name not in names else f"{index}-{name}", data=attachment.data,
                                    media_type=attachment.media_type))  # fmt: skip
    return attachments, notes[:2]


def _add_files(container: ui.Container[ui.LayoutView], reply: Reply, files: Sequence[Attachment]) -> None:
    """Charts in a gallery, with what they show in words for who cannot see them; other files as files."""
    alts = [block.alt for block in reply.blocks if isinstance(block, Picture)]
    pictures = [file for file in files if file.media_type.startswith("image/")]
    if pictures:
        gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
        texts = alts[-len(pictures) :] if len(alts) >= len(pictures) else alts
        for index, file in enumerate(pictures[: limits.GALLERY]):
            alt = limits.cut(texts[index], limits.ALT) if index < len(texts) and texts[index] else file.name
            gallery.add_item(media=f"attachment://{file.name}", description=alt)
        container.add_item(gallery)
    for file in files:
        if not file.media_type.startswith("image/"):
            container.add_item(ui.File(f"attachment://{file.name}"))

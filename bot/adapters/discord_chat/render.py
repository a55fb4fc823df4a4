"""From a `Reply` to a message as Discord takes it (components v2): one container with a coloured edge.

Whatever the reply holds, the result is within every limit of `limits`; what had to be cut is said.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import discord
from discord import ui

from bot.adapters.discord_chat import boards, limits, markup
from bot.adapters.discord_chat.components import ComponentIds, Item, Taps
from bot.adapters.discord_chat.layout import ROOM_FOR_CUTS, Sections, count, place
from bot.chat.buttons import Buttons
from bot.chat.reply import (
    Action,
    Attachment,
    Audience,
    Board,
    CodeBlock,
    Folded,
    Picture,
    Reply,
    Span,
    Table,
    Tone,
    without_apps,
    without_copies,
)
from bot.text.columns import width
from bot.text.palette import DARK, colour
from bot.words import discord as words

NO_IDS: Mapping[str, str] = {}
NO_MENTIONS = discord.AllowedMentions.none()
LONGEST_HEADING = 80  # columns of a headline in large letters: two lines on a phone
STANDING_STILL = frozenset({"Frozen", "Paused", "Halted"})
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
    silent: bool = False

    def files(self) -> list[discord.File]:
        return [discord.File(io.BytesIO(attachment.data), filename=attachment.name) for attachment in self.attachments]


async def render(
    reply: Reply,
    buttons: Buttons,
    *,
    clickable: Mapping[str, str] = NO_IDS,
    mention: int | None = None,
) -> RenderedMessage:
    """The message of a reply whose charts have been drawn (`bot.chat.platform.drawn`). `clickable`: ids of commands by
    their names; `mention`: a role."""
    actions = without_copies(without_apps(reply.actions))
    if reply.form is not None:  # it could not be opened at once
        opener = Action(label=words.fill_in(reply.form.submit), text=f"/{reply.form.command}", primary=True, asks=True)
        actions = (opener, *actions)
    component_ids = await ComponentIds.of(actions, buttons, decides=reply.ticket is not None)
    taps = await Taps.of([row for block in reply.blocks if isinstance(block, Board) for row in block.rows], buttons)
    return _layout(reply, _sections(reply, taps, clickable), component_ids, taps, mention)


def accent_colour(reply: Reply) -> int | None:
    """The edge's colour: of the tone, of a board that stands still, else of the outcome the sentence is about."""
    code = _TONE_COLOURS.get(reply.tone)
    if any(isinstance(block, Board) and block.status in STANDING_STILL for block in reply.blocks):
        code = DARK.cold
    if code is None:
        outcomes = [part.outcome for part in reply.head if isinstance(part, Span) and part.outcome is not None]
        code = colour(outcomes[0]) if outcomes else None
    return int(code.removeprefix("#"), 16) if code else None


def _layout(
    reply: Reply, sections: Sections, component_ids: ComponentIds, taps: Taps, mention: int | None
) -> RenderedMessage:
    files, left_out = _attachments(reply)
    notes = [*([markup.line(words.cut_short())] if sections.cut else []), *left_out]
    if component_ids.left_out:
        notes.append(markup.line(words.buttons_left_out(component_ids.left_out)))
    below: list[Item] = [ui.TextDisplay("\n".join(notes))] if notes else []
    below += [*_files(reply, files), *component_ids.rows()]
    container: ui.Container[ui.LayoutView] = ui.Container(accent_colour=accent_colour(reply))
    room = limits.COMPONENTS - 1 - (mention is not None) - count(below)
    for item in [*place(sections.shown(), taps, room), *below]:
        container.add_item(item)
    view = ui.LayoutView(timeout=None)
    if mention is not None:
        view.add_item(ui.TextDisplay(f"<@&{mention}>"))
    view.add_item(container)
    view.stop()  # presses come in by `Interactions.handle_component`: the library need not remember each message
    mentions = NO_MENTIONS
    if mention is not None:
        roles = [discord.Object(mention)]
        mentions = discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False)
    silent = reply.silent and mention is None  # who asked to be called wants to hear it
    return RenderedMessage(view=view, attachments=tuple(files), mentions=mentions, silent=silent)


def _sections(reply: Reply, taps: Taps, clickable: Mapping[str, str]) -> Sections:
    sections = Sections(clickable=clickable)
    sections.add(_head(reply))
    for block in reply.blocks:
        if isinstance(block, Board):
            _add_board(sections, block, taps)
        elif isinstance(block, Table):
            sections.break_code_block()
            sections.add_all(markup.table(block))
        elif isinstance(block, CodeBlock):
            sections.break_code_block()
            sections.add_all([markup.code_row(row) for row in block.text.splitlines()])
        elif isinstance(block, Folded):
            shown = markup.small if block.small else markup.line
            sections.add_all([markup.line(block.title), *map(shown, block.lines)])
        elif not isinstance(block, Picture):
            sections.add(markup.line(block))
    return sections


def _add_board(sections: Sections, board: Board, taps: Taps) -> None:
    sections.new_section()
    sections.add_all(boards.status_rows(board))
    for row, lines in boards.active_rows(board):
        sections.new_section(tap=taps.take(row), apart=False)
        sections.add_all(lines)
    sections.new_section(apart=False)
    sections.add_all(boards.out_rows(board))
    sections.new_section()
    sections.add_all(boards.figures(board))
    sections.new_section()


def _head(reply: Reply) -> str:
    loud = reply.audience is Audience.CHAT and reply.tone in {Tone.LOUD, Tone.GOOD, Tone.COLD}
    plain = "".join(part.text for part in reply.head if isinstance(part, Span))
    text = markup.headline(reply.head, loud=loud and width(plain) <= LONGEST_HEADING)
    most = limits.TEXT // 2
    if limits.size(text) > most:  # no sentence of ours is; plain, as cutting markup would leave half of it
        text = limits.cut(markup.escaped(plain), most)
        text = text.rstrip(f"\\{limits.ELLIPSIS}") + limits.ELLIPSIS
    return text or words.nothing_to_say()


def _attachments(reply: Reply) -> tuple[list[Attachment], list[str]]:
    """The files that may go along, each under a name of its own, and what is said of the others."""
    attachments: list[Attachment] = []
    notes: list[str] = []
    for index, attachment in enumerate(reply.files):
        if len(attachment.data) > limits.FILE_BYTES:
            note = words.file_too_large(attachment.name, len(attachment.data), limits.FILE_BYTES)
            notes.append(limits.cut(markup.line(note), ROOM_FOR_CUTS // 2))
        elif len(attachments) == limits.FILES:
            notes.append(markup.line(words.files_left_out(len(reply.files) - index)))
            break
        else:
            names = {other.name for other in attachments}
            name = re.sub(r"[^A-Za-z0-9._-]+", "_", attachment.name)[-60:] or "file"
            attachments.append(Attachment(name=name if name not in names else f"{index}-{name}", data=attachment.data,
                                    media_type=attachment.media_type))  # fmt: skip
    return attachments, notes[:2]


def _files(reply: Reply, files: Sequence[Attachment]) -> list[Item]:
    """Charts in a gallery, with what they show in words for who cannot see them; other files as files."""
    items: list[Item] = []
    alts = [block.alt for block in reply.blocks if isinstance(block, Picture)]
    pictures = [file for file in files if file.media_type.startswith("image/")]
    if pictures:
        gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
        texts = alts[-len(pictures) :] if len(alts) >= len(pictures) else alts
        for index, file in enumerate(pictures[: limits.GALLERY]):
            alt = limits.cut(texts[index], limits.ALT) if index < len(texts) and texts[index] else file.name
            gallery.add_item(media=f"attachment://{file.name}", description=alt)
        items.append(gallery)
    return items + [ui.File(f"attachment://{file.name}") for file in files if not file.media_type.startswith("image/")]

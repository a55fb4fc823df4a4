"""From spans to Discord's markdown. Whatever a person wrote is shown as they wrote it and does nothing.

A command as it is typed on Discord: every option by its name, so that what is copied can be pasted and sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from bot.adapters.discord_chat.command_options import option_name
from bot.chat import plain_text
from bot.chat.reply import Column, Entity, Line, Span, Stamp, Style, Table
from bot.commands import COMMANDS
from bot.grammar.command import Command, Param
from bot.text.columns import width

_WORD = re.compile(r'(?:"[^"]*"|[^\s"])+|\S+')
_IN_QUOTES = re.compile(r'"([^"]*)"')
_TEMPLATE = re.compile(r"[<\[|]")  # what is still to be said stands in such brackets: nothing to paste
_COMMANDS = {command.name: command for command in COMMANDS if not command.hidden}


def spelled(text: str) -> str:
    """`/buy germany yes $50` as `/buy outcome:germany side:yes amount:$50`; anything else as it is."""
    if not text.startswith("/") or _TEMPLATE.search(text):
        return text
    words = [str(word) for word in _WORD.findall(text[1:])]
    for size in (2, 1):
        command = _COMMANDS.get(" ".join(words[:size]))
        if command is not None:
            options = _options(command, words[size:])
            return text if options is None else " ".join([f"/{command.name}", *options])
    return text


def _options(command: Command, words: list[str]) -> list[str] | None:
    """None where it is not clear which word is what."""
    unused = {param.name: param for param in command.typed}
    options = []
    while words:
        name, equals, value = words[0].partition("=")
        param = unused.get(name)
        if param is not None:
            words = [value, *words[1:]] if equals else words[1:]
        else:
            param = next((other for other in unused.values() if not other.kind.named), None)
        if param is None:
            return None
        del unused[param.name]
        count = _value_words(param, words, unused)
        value = " ".join(words[:count]) or ("yes" if param.kind.flag else "")
        words = words[count:]
        if not value:
            return None
        inside = None if param.kind.keeps_quotes else _IN_QUOTES.fullmatch(value)
        options.append(f"{option_name(param, value)}:{inside[1] if inside else value}")
    return options


def _value_words(param: Param, words: list[str], unused: dict[str, Param]) -> int:
    """How many of the words are its value: up to the next option's name, as many as it takes. Where another value may
    follow it is one word, quoted if it has spaces, or a list with commas."""
    end = next((index for index, word in enumerate(words) if word in unused), len(words))
    if param.kind.words != 1 and any(not other.kind.named for other in unused.values()):
        return min(end, next((index for index, word in enumerate(words, 1) if not word.endswith(",")), end))
    return min(end, param.kind.words or end)


PHONE_COLUMNS = 36  # columns of a code block that a phone shows without breaking the line

CODE_ROW = "\x00"  # no text can hold one
_ZERO_WIDTH = "\u200b"  # a space of no width: breaks mentions and links where a backslash would be seen
_SPECIAL = re.compile(r"([\\`*_~|\[\]<>])")
_LINKS = re.compile(r"://|(?i:discord(?=(?:app)?\.(?:gg|com|me|io)\b))")
_BARE_NAME = re.compile(r"`/([a-z]+(?: [a-z]+)?)`")
_MENTIONS = {Entity.ROLE: "@&", Entity.CHANNEL: "#", Entity.PERSON: "@"}
_LEADING = re.compile(r"^(\s*\d*)((?<=\d)[.)](?=\s)|(?<!\d)(?:-?#{1,3}|[+-])(?=\s))")  # lists, headings
_EMOJI_PARTS = {"\u200d", "\ufe0f"}  # what emoji are made of
_LATEST_S = 8_640_000_000_000  # seconds; more than that no client can show


def escaped(text: str) -> str:
    """One line of inert text: no markup, mentions, links, invitations, control or direction signs."""
    return _without_links(_SPECIAL.sub(r"\\\1", _one_line(text)))


def escaped_code(text: str) -> str:
    """What stands between backticks, where nothing can be escaped."""
    return _without_links(_one_line(text).replace("`", "'"))


def _one_line(text: str) -> str:
    return "".join(sign if _is_harmless(sign) else " " if sign.isspace() else "" for sign in text)


def _without_links(text: str) -> str:
    """What Discord looks for wherever it stands: mentions, links, invitations."""
    text = _LINKS.sub(lambda match: f"{match[0][:1]}{_ZERO_WIDTH}{match[0][1:]}", text)
    return text.replace("@", f"@{_ZERO_WIDTH}")


def _is_harmless(sign: str) -> bool:
    return (
        unicodedata.category(sign)[0] != "C" and unicodedata.category(sign) not in {"Zl", "Zp"}
    ) or sign in _EMOJI_PARTS


def clickable(row: str, ids: Mapping[str, str]) -> str:
    """A line in which a command's bare name can be clicked: a name in code that nothing follows. What people wrote has
    no such marks left. Source: https://docs.discord.com/developers/reference#message-formatting"""
    if not ids or row.startswith(CODE_ROW):
        return row
    return _BARE_NAME.sub(lambda bare: f"</{bare[1]}:{ids[bare[1]]}>" if bare[1] in ids else bare[0], row)


def stamp(at: Stamp) -> str:
    """A moment in the reader's own zone."""
    seconds = min(max(at.at_ms // 1000, -_LATEST_S), _LATEST_S)
    return f"<t:{seconds}:{'R' if at.countdown else 'f'}>"


def line(parts: Line) -> str:
    """One line with its styles; small where all of it is quiet, but for what can be typed."""
    shown = [part for part in parts if not isinstance(part, Span) or part.text]
    text = styled(shown)
    if shown and isinstance(shown[0], Span) and shown[0].style in {Style.PLAIN, Style.QUIET}:
        text = _LEADING.sub(r"\1\\\2", text)
    spans = [part for part in shown if isinstance(part, Span) and part.text.strip()]
    if spans and spans[0].style is Style.QUIET and all(span.style in {Style.QUIET, Style.CODE} for span in spans):
        return f"-# {text.strip()}"
    return text


def small(parts: Line) -> str:
    """One line in small print; "" stays empty."""
    text = line(parts).removeprefix("-# ").strip()
    return f"-# {text}" if text else ""


def headline(parts: Line, *, loud: bool = False) -> str:
    """The sentence that matters: bold, or a heading."""
    text = styled([_without_bold(part) if isinstance(part, Span) else part for part in parts]).strip()
    if not text:
        return ""
    return f"## {text}" if loud else f"**{text}**"


def _without_bold(part: Span) -> Span:
    """Inside a bold sentence nothing else is."""
    return part if part.style in {Style.CODE, Style.STRIKE} or part.mention else Span(part.text)


def styled(parts: Sequence[Span | Stamp]) -> str:
    """Text with its styles, to stand within a line."""
    return "".join(stamp(part) if isinstance(part, Stamp) else _span(part) for part in _merged(parts))


def _merged(parts: Sequence[Span | Stamp]) -> list[Span | Stamp]:
    """Neighbours of one style become one span: `**a****b**` would not be bold."""
    merged: list[Span | Stamp] = []
    for part in parts:
        last = merged[-1] if merged else None
        if (
            isinstance(part, Span)
            and isinstance(last, Span)
            and last.style is part.style
            and not (last.mention or part.mention)
        ):
            merged[-1] = Span(last.text + part.text, part.style)
        else:
            merged.append(part)
    return merged


def _span(part: Span) -> str:
    if part.mention is not None:
        return f"<{_MENTIONS[part.mention.entity]}{part.mention.number}>"
    if part.style is Style.CODE:
        inside = escaped_code(spelled(part.text)).strip()
        return f"`{inside}`" if inside else ""
    text = escaped(part.text)
    mark = {Style.BOLD: "**", Style.STRIKE: "~~"}.get(part.style)
    if mark is None or not text.strip():
        return text
    inner = text.strip()
    start = text[: len(text) - len(text.lstrip())]
    return f"{start}{mark}{inner}{mark}{text[len(start) + len(inner) :]}"


def table(shown: Table) -> list[str]:
    """Rows of text: one aligned block where a phone can show it whole, else a list with what each number is."""
    lines = [code_row(row) for row in _code_block(shown)] or [_list_row(shown, row) for row in shown.rows]
    return [*lines, line(shown.more)] if shown.more else lines


def _code_block(shown: Table) -> list[str]:
    """Aligned columns under their titles; none where they are too wide, or have moments (a block cannot show those)."""
    if any(isinstance(part, Stamp) for row in shown.rows for cell in row for part in cell):
        return []
    cells = [[column.title for column in shown.columns]]
    cells += [[plain_text.line_text(cell) for cell in row] for row in shown.rows]
    widths = [max(width(row[column]) for row in cells) for column in range(len(shown.columns))]
    for gap in ("  ", " "):
        if sum(widths) + len(gap) * (len(widths) - 1) <= PHONE_COLUMNS:
            return [gap.join(_padded(row, shown, widths)) for row in cells]
    return []


def _padded(row: Sequence[str], shown: Table, widths: Sequence[int]) -> list[str]:
    return [plain_text.padded(cell, widths[i], right=shown.columns[i].numeric) for i, cell in enumerate(row)]


def code_row(row: str) -> str:
    """A row that belongs into a code block: `join` puts the fences around neighbours, so that cutting keeps them."""
    return CODE_ROW + (escaped_code(row).rstrip() or " ")


def _list_row(shown: Table, row: tuple[Line, ...]) -> str:
    first, *rest = row
    cells = [_cell(column, cell) for column, cell in zip(shown.columns[1:], rest, strict=False)]
    head = styled(first)
    if head.strip() and "**" not in head and not head.startswith("<t:"):
        head = f"**{head.strip()}**"
    return " · ".join(cell for cell in (head, *cells) if cell.strip())


def _cell(column: Column, cell: Line) -> str:
    """A number with what it is; words say it themselves."""
    text = styled(cell).strip()
    word = escaped(column.title).lower() if column.numeric else ""
    return f"{word} {text}" if text and word else text


def join(rows: Iterable[str]) -> str:
    """Lines of a message; neighbouring rows of a code block share its fences."""
    lines: list[str] = []
    inside = False
    for row in rows:
        fenced = row.startswith(CODE_ROW)
        if fenced != inside:
            lines.append("```")
            inside = fenced
        lines.append(row.removeprefix(CODE_ROW))
    if inside:
        lines.append("```")
    return "\n".join(lines)

"""From spans to Discord's markdown. Whatever a person wrote is shown as she wrote it and does nothing.

A command as it is typed on Discord: every option by its name, so that what is copied can be pasted and sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from bot.chat import plain_text
from bot.chat.reply import Column, Line, Span, Stamp, Style, Table
from bot.commands import COMMANDS
from bot.grammar.command import Command, Param
from bot.text.columns import width

_WORD = re.compile(r'"[^"]*"|\S+')
_TEMPLATE = re.compile(r"[<\[|]")  # what is still to be said stands in such brackets: nothing to paste
_BY_NAME = {one.name: one for one in COMMANDS if not one.hidden}


def spelled(text: str) -> str:
    """`/buy germany yes $50` as `/buy outcome:germany side:yes amount:$50`; anything else as it is."""
    if not text.startswith("/") or _TEMPLATE.search(text):
        return text
    words = [str(one) for one in _WORD.findall(text[1:])]
    for size in (2, 1):
        found = _BY_NAME.get(" ".join(words[:size]))
        if found is not None:
            options = _options(found, words[size:])
            return text if options is None else " ".join([f"/{found.name}", *options])
    return text


def _options(command: Command, words: list[str]) -> list[str] | None:
    """None where it is not clear which word is what."""
    left = {param.name: param for param in command.typed}
    found = []
    while words:
        param = left.get(words[0])
        if param is not None:
            words = words[1:]
        else:
            param = next((one for one in left.values() if not one.kind.named), None)
        if param is None:
            return None
        del left[param.name]
        size = _size(param, words, left)
        value = " ".join(words[:size]) or ("yes" if param.kind.flag else "")
        words = words[size:]
        if not value:
            return None
        found.append(f"{param.name}:{value.strip(chr(34))}")
    return found


def _size(param: Param, words: list[str], left: dict[str, Param]) -> int:
    """How many of the words are its value: up to the next option's name, as many as it takes. Where another value may
    follow it is one word, quoted if it has spaces, or a list with commas."""
    until = next((place for place, word in enumerate(words) if word in left), len(words))
    if param.kind.words != 1 and any(not one.kind.named for one in left.values()):
        return min(until, next((place for place, word in enumerate(words, 1) if not word.endswith(",")), until))
    return min(until, param.kind.words or until)


PHONE = 36  # columns of a code block that a phone shows without breaking the line

FENCED = "\x00"  # no text can hold one
_NOTHING = "\u200b"  # a space of no width: breaks mentions and links where a backslash would be seen
_SPECIAL = re.compile(r"([\\`*_~|\[\]<>])")
_LINKS = re.compile(r"://|(?i:discord(?=(?:app)?\.(?:gg|com|me|io)\b))")
_LEADING = re.compile(r"^(\s*\d*)((?<=\d)[.)](?=\s)|(?<!\d)(?:-?#{1,3}|[+-])(?=\s))")  # lists, headings
_KEPT = {"\u200d", "\ufe0f"}  # what emoji are made of
_LATEST = 8_640_000_000_000  # seconds; more than that no client can show


def escaped(text: str) -> str:
    """One line of inert text: no markup, mentions, links, invitations, control or direction signs."""
    return _broken(_SPECIAL.sub(r"\\\1", _flat(text)))


def in_code(text: str) -> str:
    """What stands between backticks, where nothing can be escaped."""
    return _broken(_flat(text).replace("`", "'"))


def _flat(text: str) -> str:
    return "".join(sign if _harmless(sign) else " " if sign.isspace() else "" for sign in text)


def _broken(text: str) -> str:
    """What Discord looks for wherever it stands: mentions, links, invitations."""
    text = _LINKS.sub(lambda found: f"{found[0][:1]}{_NOTHING}{found[0][1:]}", text)
    return text.replace("@", f"@{_NOTHING}")


def _harmless(sign: str) -> bool:
    return (unicodedata.category(sign)[0] != "C" and unicodedata.category(sign) not in {"Zl", "Zp"}) or sign in _KEPT


def stamp(at: Stamp) -> str:
    """A moment in the reader's own zone."""
    seconds = min(max(at.at_ms // 1000, -_LATEST), _LATEST)
    return f"<t:{seconds}:{'R' if at.countdown else 'f'}>"


def line(parts: Line) -> str:
    """One line with its styles; small where all of it is quiet."""
    shown = [part for part in parts if not isinstance(part, Span) or part.text]
    text = inline(shown)
    if shown and isinstance(shown[0], Span) and shown[0].style in {Style.PLAIN, Style.QUIET}:
        text = _LEADING.sub(r"\1\\\2", text)
    spans = [part for part in shown if isinstance(part, Span) and part.text.strip()]
    if spans and all(one.style is Style.QUIET for one in spans):
        return f"-# {text.strip()}"
    return text


def headline(parts: Line, *, loud: bool = False) -> str:
    """The sentence that matters: bold, or a heading."""
    text = inline([_plain(part) if isinstance(part, Span) else part for part in parts]).strip()
    if not text:
        return ""
    return f"## {text}" if loud else f"**{text}**"


def _plain(part: Span) -> Span:
    """Inside a bold sentence nothing else is."""
    return part if part.style in {Style.CODE, Style.STRIKE} else Span(part.text)


def inline(parts: Sequence[Span | Stamp]) -> str:
    """Text with its styles, to stand within a line."""
    return "".join(stamp(part) if isinstance(part, Stamp) else _span(part) for part in _merged(parts))


def _merged(parts: Sequence[Span | Stamp]) -> list[Span | Stamp]:
    """Neighbours of one style become one span: `**a****b**` would not be bold."""
    found: list[Span | Stamp] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, Span) and isinstance(last, Span) and last.style is part.style:
            found[-1] = Span(last.text + part.text, part.style)
        else:
            found.append(part)
    return found


def _span(part: Span) -> str:
    if part.style is Style.CODE:
        inside = in_code(spelled(part.text)).strip()
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
    found = [code_row(row) for row in _block(shown)] or [_listed(shown, row) for row in shown.rows]
    return [*found, line(shown.more)] if shown.more else found


def _block(shown: Table) -> list[str]:
    """Aligned columns under their titles; none where they are too wide, or have moments (a block cannot show those)."""
    if any(isinstance(part, Stamp) for row in shown.rows for cell in row for part in cell):
        return []
    cells = [[column.title for column in shown.columns]]
    cells += [[plain_text.line_text(cell) for cell in row] for row in shown.rows]
    widths = [max(width(row[place]) for row in cells) for place in range(len(shown.columns))]
    for gap in ("  ", " "):
        if sum(widths) + len(gap) * (len(widths) - 1) <= PHONE:
            return [gap.join(_padded(row, shown, widths)) for row in cells]
    return []


def _padded(row: Sequence[str], shown: Table, widths: Sequence[int]) -> list[str]:
    return [plain_text.padded(cell, widths[i], right=shown.columns[i].numeric) for i, cell in enumerate(row)]


def code_row(row: str) -> str:
    """A row that belongs into a code block: `join` puts the fences around neighbours, so that cutting keeps them."""
    return FENCED + (in_code(row).rstrip() or " ")


def _listed(shown: Table, row: tuple[Line, ...]) -> str:
    first, *rest = row
    cells = [_cell(column, cell) for column, cell in zip(shown.columns[1:], rest, strict=False)]
    head = inline(first)
    if head.strip() and "**" not in head and not head.startswith("<t:"):
        head = f"**{head.strip()}**"
    return " · ".join(cell for cell in (head, *cells) if cell.strip())


def _cell(column: Column, cell: Line) -> str:
    """A number with what it is; words say it themselves."""
    text = inline(cell).strip()
    word = escaped(column.title).lower() if column.numeric else ""
    return f"{word} {text}" if text and word else text


def join(rows: Iterable[str]) -> str:
    """Lines of a message; neighbouring rows of a code block share its fences."""
    found: list[str] = []
    inside = False
    for row in rows:
        fenced = row.startswith(FENCED)
        if fenced != inside:
            found.append("```")
            inside = fenced
        found.append(row.removeprefix(FENCED))
    if inside:
        found.append("```")
    return "\n".join(found)

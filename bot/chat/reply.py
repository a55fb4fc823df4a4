"""What the bot says, as data. Handlers and the announcer return a `Reply`; only an adapter knows a chat's markup.

Text is never markup: a line is a tuple of spans, and whoever renders it escapes every span for its own platform.

Long lists a page at a time. The number of a page counts from 1; one past the end is the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar


class Style(StrEnum):
    PLAIN = "plain"
    BOLD = "bold"
    QUIET = "quiet"
    STRIKE = "strike"
    CODE = "code"  # a command the reader can type (the room and Telegram make it tappable)


class Entity(StrEnum):
    """What a platform keeps under numbers of its own and shows by name."""

    ROLE = "role"
    CHANNEL = "channel"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Mention:
    """One of them, by its number there."""

    entity: Entity
    number: str


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style; `outcome` (counted from 0) gives it that outcome's colour where there are colours.
    A platform that can show by name what it is a `mention` of does, in the place of `text`; nobody is called by it."""

    text: str
    style: Style = Style.PLAIN
    outcome: int | None = None
    mention: Mention | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment, UTC epoch milliseconds; shown in the reader's zone, or as a countdown where `countdown` is set."""

    at_ms: int
    countdown: bool = False


Part = Span | Stamp
Line = tuple[Part, ...]


def line(*parts: str | Part) -> Line:
    """A line of text: plain strings become plain spans."""
    return tuple(Span(part) if isinstance(part, str) else part for part in parts)


def bold(text: str, outcome: int | None = None) -> Span:
    return Span(text, Style.BOLD, outcome)


def mention(entity: Entity, number: str) -> Span:
    """`role 123` where it is not shown by name."""
    return Span(f"{entity.value} {number}", mention=Mention(entity, number))


def quiet(text: str) -> Span:
    return Span(text, Style.QUIET)


def code(text: str) -> Span:
    return Span(text, Style.CODE)


class Tone(StrEnum):
    """The colour of a message's edge."""

    NEUTRAL = "neutral"
    GOOD = "good"  # filled, opened, resolved
    BAD = "bad"  # refused
    WAIT = "wait"  # ticket, queued
    COLD = "cold"  # freeze
    LOUD = "loud"  # elimination, podium


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    title: str
    numeric: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[Line, ...], ...]
    more: Line = ()  # what was cut, and how to see it


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button: a command with its arguments filled in, `text` being exactly the line a person could have typed; or a
    link to `url`, which says nothing. A link that lets somebody in stands in private replies alone. With `copy` it puts
    that text into the clipboard and says nothing; where no button can, it is left out: the text stands in the reply as
    well. `disabled`: it is shown and cannot be pressed; where it could be all the same, it is left out.

    Telegram alone has two more: with `app` it opens the room as a Mini App, about a market (`m7`) or ("") none; with
    `adds_bot` one picks a group that the bot is added to."""

    label: str
    text: str = ""
    url: str | None = None
    app: str | None = None
    adds_bot: bool = False
    person: int | None = None  # only they may press it
    primary: bool = False
    danger: bool = False
    asks: bool = False  # what follows is a form: `text` lacks arguments
    disabled: bool = False
    copy: str | None = None
    breaks: bool = False  # a new row of buttons begins with it
    settles: bool = False  # it answers the question it stands below, whatever its line (see `bot.chat.buttons`)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One outcome on the board. Prices in millionths of a dollar; `spark` the YES price path, oldest first."""

    outcome: int
    name: str
    place: str  # "1st", "2nd="; empty for who is out
    yes: int
    no: int
    change: int | None  # of YES since the last round, millionths of a dollar
    spark: tuple[int, ...]
    active: bool
    note: str = ""  # why it is out, or "winner"
    sale_yes: int | None = None  # what a YES sold now brings, where the pot floor keeps part of it
    sale_no: int | None = None
    tap: Action | None = None  # its one tap, where a platform has buttons beside a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The market at a glance; adapters that can draw do, the others print `bot.chat.plain_text.board_lines`."""

    title: str
    status: str  # the word people see: Lobby, Open, Frozen, Paused, Resolved, Voided
    rows: tuple[BoardRow, ...]  # best first, those who are out last
    volume: int  # micro-dollars traded
    people: int  # who are in it
    traders: int  # who have traded
    now_ms: int
    next_step: str = ""  # "Round 2 freezes"
    next_step_ms: int | None = None
    risk_now: int = 0  # micro-dollars the house would lose at worst right now, never below 0
    risk_most: int = 0  # Z
    awaits: Line = ()  # the decision an admin is asked for, and when it was due
    decides: tuple[Line, ...] = ()  # what decides, for who has room for it beside the prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart to be drawn and attached: `kind` is a function of `bot.charts`, `market` and `tick` say of what."""

    kind: str  # prices | outcome | maker | leaderboard | volume | card | preview
    market: int
    tick: int
    outcome: int | None = None
    span_ms: int | None = None
    alt: str = ""
    version: str = ""  # of what else it shows, where more than a tick changes it


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBlock:
    """Lines that are copied out as they stand: nothing in them is shortened, styled or linked."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Lines one opens below their title, where a chat can fold them; where it cannot they stand open, `small` ones in
    small print."""

    title: Line
    lines: tuple[Line, ...]
    small: bool = False


Block = Line | Table | Board | Picture | CodeBlock | Folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    name: str
    label: str
    kind: str = "text"  # text | paragraph (several lines) | choice | flag
    choices: tuple[tuple[str, str], ...] = ()  # (value, label)
    value: str = ""
    required: bool = True
    hint: str = ""
    suggestions: tuple[tuple[str, str], ...] = ()  # (value, label): a text's likely values, to tap
    most: int = 2_000  # characters of what is typed
    several: bool = False  # of its suggestions more than one can be taken, with commas between
    preset: str = ""  # what its asker has set for themselves: it stands there where all fields are seen at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Asked in a dialog, or question by question; the answer is `command` with the fields as its named arguments.
    `command` carries what has been said already (`buy germany`), so that `name=value` of each answer can follow it.
    `said` has the same as fields, for a dialog in which it can still be changed: such a field's value replaces it."""

    title: str
    command: str
    fields: tuple[Field, ...]
    submit: str
    said: tuple[Field, ...] = ()


class Audience(StrEnum):
    PRIVATE = "private"  # its owner alone
    CHAT = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    name: str
    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Something of this market that will be told to the same person in the same place: `slot` is that of its notice."""

    market: int
    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What an announcement tells, for programs: its kind in the outbox, the market, the last tick when it happened,
    the moment. `facts` are whole numbers, texts and lists and maps of them; outcomes count from 1 as people count."""

    kind: str
    market: int
    title: str
    tick: int
    at_ms: int
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One message. `head` is the sentence that matters, shown first and bold; `ok` is False where it is a refusal.

    How it is placed among others is the announcer's to say and a platform's to do as well as it can: `pin` keeps it at
    the top (the board), `aside` belongs beside the stream of announcements (a market's thread), `ping` names the kind
    of event for which this chat may have asked to be mentioned.

    `settled` is False where it does not say what became of a request: the same request is not told it again, but run.
    `secret`: it shows something for this once, and whoever shows it keeps it nowhere.
    `code` is what a program goes by where it is a refusal, such as `no_cash`; "" where there is no closer name.
    """

    head: Line
    blocks: tuple[Block, ...] = ()
    actions: tuple[Action, ...] = ()
    form: Form | None = None
    files: tuple[Attachment, ...] = ()
    audience: Audience = Audience.PRIVATE
    tone: Tone = Tone.NEUTRAL
    ok: bool = True
    code: str = ""
    ticket: int | None = None  # the adapter tells storage where it put this ticket, so that its fill can replace it
    silent: bool = False  # small news: it comes without a sound
    route: str = ""  # the platform's id of another channel of the same server or group, where it goes instead
    awaits: Awaited | None = None  # likewise, so that what is to come can take its place
    pin: bool = False
    aside: bool = False
    ping: str | None = None
    settled: bool = True
    secret: bool = False
    news: News | None = None  # for a platform of programs
    then: str = ""  # what its reader wanted all along, a line that is answered in the same message
    examples: bool = False  # its lines in code only show how a command is typed: no button offers them


def without_apps(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The buttons of every platform but Telegram."""
    return tuple(action for action in actions if action.app is None and not action.adds_bot)


def without_copies(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The buttons where none can put a text into the clipboard."""
    return tuple(action for action in actions if action.copy is None)


def lines_in_code(reply: Reply) -> list[str]:
    """The lines a reply shows that a reader can send, each once."""
    rows = [reply.head]
    for block in reply.blocks:
        if isinstance(block, Table):
            rows += [block.more, *(cell for row in block.rows for cell in row)]
        elif isinstance(block, Folded):
            rows += [block.title, *block.lines]
        elif isinstance(block, tuple):
            rows.append(block)
    spans = [part for row in rows for part in row if isinstance(part, Span) and part.style is Style.CODE]
    return list(dict.fromkeys(span.text for span in spans if span.text.startswith("/")))


T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T_co]):
    """`rows` of page `number` out of `pages`; `total` rows in all."""

    rows: tuple[T_co, ...]
    number: int
    pages: int
    total: int


def window(total: int, number: int, size: int) -> tuple[int, int, int]:
    """(the page that is shown, how many pages there are, how many rows come before it)."""
    pages = max(1, -(-total // size))
    shown = min(max(1, number), pages)
    return shown, pages, (shown - 1) * size


def cut(rows: Sequence[T], number: int, size: int) -> Page[T]:
    """One page of a list that is in memory."""
    shown, pages, before = window(len(rows), number, size)
    return Page(rows=tuple(rows[before : before + size]), number=shown, pages=pages, total=len(rows))

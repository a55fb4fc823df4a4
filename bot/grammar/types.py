"""Types of the arguments people type. Parse, bounds, error and suggestions of a value live in one type.

`parse` takes the text of one argument and returns the value in the engine's units or a `Wrong`; it never raises and
never looks anything up outside its `ParseContext`. Sentences come from `bot.words.arguments`.

Dangerous commands ask again: the preview's button is the same line with a code of exactly what was shown.

If anything the preview rests on has changed by then the code does not fit, and a new preview is shown instead.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Annotated, Generic, TypeVar

from bot.chat.facts import Hint
from bot.chat.invocation import Listing, ParseContext
from bot.chat.reply import Entity
from bot.text.names import MOST_LINES, clean, clean_lines, folded, quoted
from bot.text.numbers import MICRO, RATE
from bot.words import arguments as words

T_co = TypeVar("T_co", covariant=True)

LONGEST_VALUE = 2_000
MOST_MONEY = 1_000_000_000 * MICRO  # a billion dollars; far below what a column holds
_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)?(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a text is not a value: one sentence, and what to type instead where that is clear; `choices` where it is one
    of several. `whole`: all of the text was meant for such a value, and not a part of it for another argument."""

    sentence: str
    instead: str | None = None
    choices: tuple[str, ...] = ()
    whole: bool = False


class ArgumentType(ABC, Generic[T_co]):
    """`shape` is the value as help shows it. `words` is how many words it may take unquoted; 0 means all that are left.
    A `named` one is only ever given by name (`slippage 5%`), so that it cannot be mistaken for a neighbour; of a `flag`
    the name alone means yes. One `of_market` can be read only where there is a market. Of a `closed` one `suggest("")`
    gives every value there is. For one `of_people` the context holds the members' names while values are suggested,
    for one with a `listing` what is listed there, for one `of_settings` the values of settings. The sign `never`
    belongs to what follows, so that words with one are taken for a value of this type at the very last. `most` is how
    many signs may be typed, where a platform counts them. `entity` is what of the platform's own a value is a number
    of: where a platform has a list of those to pick from, it is picked. One that `keeps_quotes` reads its text with
    the quotes it was typed in; before and after one of `joints`, a sign or a word, its value goes on."""

    shape = "text"
    about = ""
    words = 1
    named = False
    flag = False
    of_market = False
    closed = False
    of_people = False
    of_settings = False
    listing: Listing | None = None
    entity: Entity | None = None
    most = 100
    never = ""
    keeps_quotes = False
    joints: tuple[str, ...] = ()

    @abstractmethod
    def parse(self, text: str, context: ParseContext) -> T_co | Wrong:
        """The value, or what is wrong with the text."""

    def typed(self, text: str) -> str:
        """How a text that was read is typed in a whole line."""
        return text if self.words == 1 or self.keeps_quotes else quoted(text)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        """Values that fit what has been typed so far, most likely first."""
        return ()


def plain(text: str) -> str:
    """One spelling for many: full-width signs and every script's digits become those of ASCII, in lower case."""
    flat = unicodedata.normalize("NFKC", text).strip().casefold()
    if flat.isascii():
        return flat
    return "".join(str(unicodedata.digit(sign)) if unicodedata.category(sign) == "Nd" else sign for sign in flat)


def number(text: str) -> Decimal | None:
    """`100`, `1,240.50`, `.5`, `2k`, `1.5m`; None where it is no number of at most 30 digits. A point is always the
    decimal point, a comma only ever sets thousands apart."""
    flat = plain(text)
    scale = {"k": 1_000, "m": 1_000_000}.get(flat[-1:], 1)
    digits = flat if scale == 1 else flat[:-1]
    match = _NUMBER.fullmatch(digits)
    if not digits or len(digits) > 30 or match is None or digits == ".":
        return None
    try:
        return Decimal(digits.replace(",", "")) * scale
    except InvalidOperation:
        return None


def _micro(value: Decimal) -> int:
    return int(value * MICRO)


def nearest(text: str, names: Sequence[str]) -> str | None:
    """The name a person most likely meant, or None."""
    by_fold = {folded(name): name for name in names}
    near = get_close_matches(folded(text), list(by_fold), n=1, cutoff=0.6)
    return by_fold[near[0]] if near else None


@dataclass(frozen=True, slots=True)
class Rate(ArgumentType[int]):
    """A share of one in 10^-12: `5%` or `0.05`, between the bounds."""

    what: str = "rate"
    low: int = 0
    high: int = RATE
    usual: tuple[str, ...] = ("1%", "5%", "10%", "25%")
    about: str = "a share, such as 5% or 0.05"
    named: bool = True

    shape = "5%"

    def parse(self, text: str, context: ParseContext) -> int | Wrong:
        typed = text.strip()
        percent = typed.endswith("%")
        value = number(typed.rstrip("%"))
        if value is None:
            return Wrong(words.not_a_rate(self.what, text))
        rate = int(value * RATE / 100) if percent else int(value * RATE)
        if self.low <= rate <= self.high and (percent or rate <= RATE):  # a bare 5 is 5%, hardly 500%
            return rate
        as_percent = int(value * RATE / 100)
        instead = f"{typed}%" if not percent and self.low <= as_percent <= self.high else None
        return Wrong(words.rate_out_of_bounds(self.what, text, self.low, self.high, instead), instead)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        return [Hint(value) for value in self.usual if value.startswith(partial.strip())]


@dataclass(frozen=True, slots=True)
class Money(ArgumentType[int]):
    """Micro-dollars: `$50`, `1,240.50`, `2k`."""

    what: str = "amount"
    low: int = 0
    high: int = MOST_MONEY
    about: str = "money, such as $50 or 2k"
    named: bool = False

    shape = "$100"

    def parse(self, text: str, context: ParseContext) -> int | Wrong:
        value = number(text.strip().strip("$"))
        if value is None:
            return Wrong(words.not_money(self.what, text))
        micro = _micro(value)
        if not self.low <= micro <= self.high:
            return Wrong(words.money_out_of_bounds(self.what, text, self.low, self.high))
        return micro


@dataclass(frozen=True, slots=True)
class Text(ArgumentType[str]):
    """Free text of one line, cleaned of control and direction signs."""

    what: str = "text"
    most: int = 200
    about: str = "free text"
    words: int = 0
    named: bool = False

    shape = "text"

    def parse(self, text: str, context: ParseContext) -> str | Wrong:
        cleaned = clean(text, LONGEST_VALUE)
        if not cleaned:
            return Wrong(words.empty_text(self.what))
        if len(cleaned) > self.most:
            return Wrong(words.text_too_long(self.what, len(cleaned), self.most), quoted(clean(cleaned, self.most)))
        return cleaned


@dataclass(frozen=True, slots=True)
class Paragraphs(Text):
    """Free text of several lines, each cleaned."""

    def parse(self, text: str, context: ParseContext) -> str | Wrong:
        cleaned = clean_lines(text, LONGEST_VALUE)
        if not cleaned:
            return Wrong(words.empty_text(self.what))
        if len(cleaned) > self.most:
            return Wrong(words.text_too_long(self.what, len(cleaned), self.most))
        rows = cleaned.count("\n") + 1
        return Wrong(words.too_many_lines(self.what, rows, MOST_LINES)) if rows > MOST_LINES else cleaned


@dataclass(frozen=True, slots=True)
class Choice(ArgumentType[str]):
    """One of a few words; an unambiguous beginning is enough. `choices` gives each word's meaning."""

    what: str
    choices: Callable[[], Mapping[str, str]]
    about: str = ""
    named: bool = False
    words: int = 1
    shape: str = "word"
    closed: bool = True

    def parse(self, text: str, context: ParseContext) -> str | Wrong:
        typed = " ".join(text.casefold().replace("_", " ").lstrip("/").split())
        every = self.choices()
        by_word = {word.replace("_", " "): word for word in every}
        if typed in by_word:
            return by_word[typed]
        starting = [word for flat, word in by_word.items() if typed and flat.startswith(typed)]
        if len(starting) == 1:
            return starting[0]
        near = get_close_matches(typed, list(by_word), n=1, cutoff=0.6)
        instead = by_word[near[0]] if near else None
        return Wrong(words.not_a_choice(self.what, text, starting or list(every), instead), instead)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        start = partial.strip().casefold()
        return [Hint(word, about) for word, about in self.choices().items() if word.startswith(start)]


@dataclass(frozen=True, slots=True)
class WholeNumber(ArgumentType[int]):
    what: str = "number"
    low: int = 1
    high: int = 10**12
    about: str = "a whole number"
    named: bool = False

    shape = "number"

    def parse(self, text: str, context: ParseContext) -> int | Wrong:
        typed = text.strip().removeprefix("#")
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 15 and self.low <= int(typed) <= self.high):
            return Wrong(words.not_whole(self.what, text, self.low, self.high))
        return int(typed)


NumberArg = Annotated[int, WholeNumber()]
PageArg = Annotated[
    int, WholeNumber("page", high=10_000, about="which page of a long list, counted from 1", named=True)
]
ReasonArg = Annotated[str, Text("reason", 120, about="why, as it is told with it; may be left out")]
CONFIRM = Text("code", 12, about="the code of the preview, which its button carries", words=1, named=True)
ConfirmArg = Annotated[str, CONFIRM]


def code_of(*facts: object) -> str:
    """Eight letters that stand for these facts."""
    return hashlib.sha256("\x1f".join(str(fact) for fact in facts).encode()).hexdigest()[:8]

"""Kinds of values people type. A kind is parse + bounds + error + suggestions in one type.

`parse` takes the text of one argument and returns the value in the engine's units or a `Wrong`; it never raises and
never looks anything up outside its `Scene`. Sentences come from `words_input`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Annotated, Generic, TypeVar

from bot import words_input as words
from bot.money import MICRO, RATE
from bot.names import clean, folded
from bot.scene import Scene
from engine.state import Side

T_co = TypeVar("T_co", covariant=True)

LONGEST_VALUE = 2_000
MOST_TOKENS = 1_000_000_000 * MICRO  # a billion; far below what a column holds
_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)?(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a text is not a value: one sentence, and what to type instead where that is clear."""

    sentence: str
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """A value one could type, and what it means."""

    value: str
    about: str = ""


class Kind(Generic[T_co]):
    """`shape` is the value as help shows it. `words` is how many words it may take unquoted; 0 means all that are left.
    A `named` one is only ever given by name (`slippage 5%`), so that it cannot be mistaken for a neighbour. One
    `of_market` can be read only where there is a market."""

    shape = "text"
    about = ""
    words = 1
    named = False
    of_market = False

    def parse(self, text: str, scene: Scene) -> T_co | Wrong:
        raise NotImplementedError

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        """Values that fit what has been typed so far, most likely first."""
        return ()


def number(text: str) -> Decimal | None:
    """`100`, `1,240.50`, `.5`, `2k`, `1.5m`; None where it is no number of at most 30 digits."""
    flat = unicodedata.normalize("NFKC", text).strip().casefold()
    scale = {"k": 1_000, "m": 1_000_000}.get(flat[-1:], 1)
    digits = flat if scale == 1 else flat[:-1]
    found = _NUMBER.fullmatch(digits)
    if not digits or len(digits) > 30 or found is None or digits == ".":
        return None
    try:
        return Decimal(digits.replace(",", "")) * scale
    except InvalidOperation:
        return None


def _micro(value: Decimal) -> int:
    return int(value * MICRO)


@dataclass(frozen=True, slots=True)
class Outcome(Kind[int]):
    """One outcome, counted from 0: typed as its number (from 1), its name or the unambiguous beginning of it."""

    active_only: bool = True

    shape = "outcome"
    about = "which one: its number, its name or the beginning of it"
    words = 12
    of_market = True

    def parse(self, text: str, scene: Scene) -> int | Wrong:
        if not scene.outcomes:
            return Wrong(words.no_market_no_outcomes())
        found = _matches(text, scene)
        if self.active_only and len(found) > 1:
            found = [one for one in found if scene.is_active(one)] or found
        if len(found) > 1:
            names = [scene.outcomes[one] for one in found]
            return Wrong(words.ambiguous_outcome(text, names))
        if not found:
            near = nearest(text, [name for i, name in enumerate(scene.outcomes) if self._fits(i, scene)])
            return Wrong(words.unknown_outcome(text, near, scene.outcomes), quoted(near) if near else None)
        if not self._fits(found[0], scene):
            still_in = [name for i, name in enumerate(scene.outcomes) if scene.is_active(i)]
            return Wrong(words.outcome_is_out(scene.outcomes[found[0]], still_in))
        return found[0]

    def _fits(self, outcome: int, scene: Scene) -> bool:
        return scene.is_active(outcome) or not self.active_only

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        start = folded(partial) if partial.strip() else ""
        fitting = [i for i in range(len(scene.outcomes)) if self._fits(i, scene)]
        if scene.selling:
            fitting.sort(key=lambda i: i not in scene.held)
        shown = [i for i in fitting if start in folded(scene.outcomes[i]) or partial.strip() == str(i + 1)]
        shown.sort(key=lambda i: not folded(scene.outcomes[i]).startswith(start))
        return [Hint(quoted(scene.outcomes[i]), words.outcome_hint(i, scene)) for i in shown]


def _matches(text: str, scene: Scene) -> list[int]:
    """Exact name first, then number, then beginnings of the name, then beginnings of a word in it."""
    wanted = folded(text)
    names = [folded(name) for name in scene.outcomes]
    exact = [i for i, name in enumerate(names) if name == wanted]
    if exact or not wanted:
        return exact
    place = text.strip().removeprefix("#")
    if place.isascii() and place.isdigit() and len(place) < 4:
        return [int(place) - 1] if 1 <= int(place) <= len(names) else []
    starting = [i for i, name in enumerate(names) if name.startswith(wanted)]
    if starting:
        return starting
    return [i for i, name in enumerate(scene.outcomes) if any(folded(w).startswith(wanted) for w in name.split()[1:])]


def nearest(text: str, names: Sequence[str]) -> str | None:
    """The name a person most likely meant, or None."""
    by_fold = {folded(name): name for name in names}
    found = get_close_matches(folded(text), list(by_fold), n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def quoted(name: str) -> str:
    """A name as it is typed: in quotes where it has spaces or a sign the grammar uses."""
    return f'"{name}"' if re.search(r"[\s=,;]", name) else name


@dataclass(frozen=True, slots=True)
class Outcomes(Kind[tuple[int, ...]]):
    """Several outcomes of this market, in the order typed, separated by commas or `and`."""

    shape = "outcome, outcome"
    about = "one or several, separated by commas"
    words = 40
    of_market = True

    def parse(self, text: str, scene: Scene) -> tuple[int, ...] | Wrong:
        found: list[int] = []
        for part in re.split(r",|\band\b", text):
            if not part.strip():
                continue
            one = Outcome().parse(part.strip().strip('"'), scene)
            if isinstance(one, Wrong):
                return Wrong(one.sentence)
            if one in found:
                return Wrong(words.named_twice(scene.outcomes[one]))
            found.append(one)
        return tuple(found) if found else Wrong(words.no_outcome_named())

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        before, comma, last = partial.rpartition(",")
        return [
            Hint(f"{before}{comma}{' ' if comma else ''}{hint.value}", hint.about)
            for hint in Outcome().suggest(last, scene)
        ]


@dataclass(frozen=True, slots=True)
class YesNo(Kind[Side]):
    """A side of an outcome."""

    shape = "yes|no"
    about = "yes pays $1 a token if it wins, no if it does not"

    def parse(self, text: str, scene: Scene) -> Side | Wrong:
        said = text.strip().casefold()
        if said in {"yes", "y"}:
            return Side.YES
        if said in {"no", "n"}:
            return Side.NO
        near = nearest(said, ["yes", "no"])
        return Wrong(words.not_a_side(text), near)

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        both = (Hint("yes", words.yes_hint()), Hint("no", words.no_hint()))
        return [one for one in both if one.value.startswith(partial.strip().casefold())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Exactly one is set: tokens in millionths, money to spend in micro-dollars, or a share (10^-12) of all one has."""

    tokens: int | None = None
    spend: int | None = None
    share: int | None = None


@dataclass(frozen=True, slots=True)
class AmountKind(Kind[Amount]):
    shape = "amount"
    about = "100 tokens, $50 of spending, all, half or 25%"

    def parse(self, text: str, scene: Scene) -> Amount | Wrong:
        said = unicodedata.normalize("NFKC", text).strip().casefold()
        if said in {"all", "max", "everything"}:
            return Amount(share=RATE)
        if said == "half":
            return Amount(share=RATE // 2)
        if said.endswith("%"):
            return self._share(text, said)
        dollars = said.startswith("$") or said.endswith("$")
        value = number(said.strip("$"))
        if value is None:
            return Wrong(words.not_an_amount(text, selling=scene.selling))
        size = _micro(value)
        if size <= 0:
            return Wrong(words.amount_not_positive(text))
        if size > MOST_TOKENS:
            return Wrong(words.amount_too_big(text, MOST_TOKENS))
        if dollars and scene.selling:
            return Wrong(words.selling_takes_tokens())
        return Amount(spend=size) if dollars else Amount(tokens=size)

    def _share(self, text: str, said: str) -> Amount | Wrong:
        part = number(said[:-1])
        if part is None or not 0 < part <= 100:
            return Wrong(words.share_out_of_bounds(text), "100%" if part is not None and part > 100 else None)
        return (
            Amount(share=int(part * RATE / 100)) if int(part * RATE / 100) else Wrong(words.share_out_of_bounds(text))
        )

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        usual = ("all", "half", "25%", "10", "100") if scene.selling else ("100", "$50", "25%", "half", "all")
        return [
            Hint(one, words.amount_hint(one, selling=scene.selling)) for one in usual if one.startswith(partial.strip())
        ]


@dataclass(frozen=True, slots=True)
class Rate(Kind[int]):
    """A share of one in 10^-12: `5%` or `0.05`, between the bounds."""

    what: str = "rate"
    low: int = 0
    high: int = RATE
    usual: tuple[str, ...] = ("1%", "5%", "10%", "25%")
    about: str = "a share, such as 5% or 0.05"
    named: bool = True

    shape = "5%"

    def parse(self, text: str, scene: Scene) -> int | Wrong:
        said = text.strip()
        percent = said.endswith("%")
        value = number(said.rstrip("%"))
        if value is None:
            return Wrong(words.not_a_rate(self.what, text))
        rate = int(value * RATE / 100) if percent else int(value * RATE)
        if self.low <= rate <= self.high and (percent or rate <= RATE):  # a bare 5 is 5%, hardly 500%
            return rate
        as_percent = int(value * RATE / 100)
        instead = f"{said}%" if not percent and self.low <= as_percent <= self.high else None
        return Wrong(words.rate_out_of_bounds(self.what, text, self.low, self.high, instead), instead)

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        return [Hint(one) for one in self.usual if one.startswith(partial.strip())]


@dataclass(frozen=True, slots=True)
class Money(Kind[int]):
    """Micro-dollars: `$50`, `1,240.50`, `2k`."""

    what: str = "amount"
    low: int = 0
    high: int = MOST_TOKENS
    about: str = "money, such as $50 or 2k"
    named: bool = False

    shape = "$100"

    def parse(self, text: str, scene: Scene) -> int | Wrong:
        value = number(text.strip().strip("$"))
        if value is None:
            return Wrong(words.not_money(self.what, text))
        micro = _micro(value)
        if not self.low <= micro <= self.high:
            return Wrong(words.money_out_of_bounds(self.what, text, self.low, self.high))
        return micro


@dataclass(frozen=True, slots=True)
class Text(Kind[str]):
    """Free text of one line, cleaned of control and direction signs."""

    what: str = "text"
    most: int = 200
    about: str = "free text"
    words: int = 0
    named: bool = False

    shape = "text"

    def parse(self, text: str, scene: Scene) -> str | Wrong:
        said = clean(text, LONGEST_VALUE)
        if not said:
            return Wrong(words.empty_text(self.what))
        if len(said) > self.most:
            return Wrong(words.text_too_long(self.what, len(said), self.most), quoted(clean(said, self.most)))
        return said


@dataclass(frozen=True, slots=True)
class Choice(Kind[str]):
    """One of a few words; an unambiguous beginning is enough. `choices` gives each word's meaning."""

    what: str
    choices: Callable[[], Mapping[str, str]]
    about: str = ""
    named: bool = False
    words: int = 1
    shape: str = "word"

    def parse(self, text: str, scene: Scene) -> str | Wrong:
        said = " ".join(text.casefold().replace("_", " ").lstrip("/").split())
        every = self.choices()
        by_word = {word.replace("_", " "): word for word in every}
        if said in by_word:
            return by_word[said]
        starting = [word for flat, word in by_word.items() if said and flat.startswith(said)]
        if len(starting) == 1:
            return starting[0]
        near = get_close_matches(said, list(by_word), n=1, cutoff=0.6)
        instead = by_word[near[0]] if near else None
        return Wrong(words.not_a_choice(self.what, text, starting or list(every), instead), instead)

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        start = partial.strip().casefold()
        return [Hint(word, about) for word, about in self.choices().items() if word.startswith(start)]


@dataclass(frozen=True, slots=True)
class WholeNumber(Kind[int]):
    what: str = "number"
    low: int = 1
    high: int = 10**12
    about: str = "a whole number"
    named: bool = False

    shape = "number"

    def parse(self, text: str, scene: Scene) -> int | Wrong:
        said = text.strip().removeprefix("#")
        if not (said.isascii() and said.isdigit() and len(said) <= 15 and self.low <= int(said) <= self.high):
            return Wrong(words.not_whole(self.what, text, self.low, self.high))
        return int(said)


OutcomeArg = Annotated[int, Outcome()]
AnyOutcomeArg = Annotated[int, Outcome(active_only=False)]
OutcomesArg = Annotated[tuple[int, ...], Outcomes()]
SideArg = Annotated[Side, YesNo()]
AmountArg = Annotated[Amount, AmountKind()]
SlippageArg = Annotated[
    int, Rate("slippage", high=10 * RATE, about="how far the price may run before nothing happens, such as 5%")
]
NumberArg = Annotated[int, WholeNumber()]

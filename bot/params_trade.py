"""Kinds of values that speak of a market: outcomes, sides, amounts. Like those of `bot.params` in all else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.money import MICRO, RATE
from bot.names import folded
from bot.params import Hint, Kind, Rate, Wrong, nearest, number, quoted
from bot.scene import Scene
from bot.words import input as words
from engine.state import Side

MOST_TOKENS = 1_000_000_000 * MICRO  # a billion; far below what a column holds


@dataclass(frozen=True, slots=True)
class Outcome(Kind[int]):
    """One outcome, counted from 0: typed as its number (from 1), its name or the unambiguous beginning of it."""

    active_only: bool = True

    shape = "outcome"
    about = "which one: its number, its name or the beginning of it"
    words = 12
    of_market = True
    closed = True

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
    closed = True

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
        size = int(value * MICRO)
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


OutcomeArg = Annotated[int, Outcome()]


AnyOutcomeArg = Annotated[int, Outcome(active_only=False)]


OutcomesArg = Annotated[tuple[int, ...], Outcomes()]


SideArg = Annotated[Side, YesNo()]


AmountArg = Annotated[Amount, AmountKind()]


SlippageArg = Annotated[
    int, Rate("slippage", high=10 * RATE, about="how far the price may run before nothing happens, such as 5%")
]

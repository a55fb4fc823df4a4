"""Types of arguments that name outcomes: one, or several in a list; each read by one rule, wherever it is typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, cast

from bot.chat.facts import Hint
from bot.chat.invocation import ParseContext
from bot.grammar.types import LONGEST_VALUE, ArgumentType, Wrong
from bot.text.names import LONGEST_NAME, folded, quoted_name
from bot.text.outcome_names import NUMBERED, misread_by_number, outcome_key, split_names, typed_outcome
from bot.words import arguments as words

LONGEST = 3 * LONGEST_NAME  # no name is so long, quotes and all: what is, need not be compared with any


@dataclass(frozen=True, slots=True)
class OutcomeType(ArgumentType[int]):
    """One outcome, counted from 0: typed as its name, its number (from 1) or the unambiguous beginning of
    its name. A number that a name could mean as well is no number; `#2` always is."""

    active_only: bool = True

    shape = "outcome"
    about = "which one: its name, the beginning of it, or its number such as #2"
    words = 12
    of_market = True
    closed = True

    def parse(self, text: str, context: ParseContext) -> int | Wrong:
        names = context.outcomes
        if not names:
            return Wrong(words.no_market_no_outcomes())
        if len(text) > LONGEST:
            return Wrong(words.unknown_outcome(text, None, names, plain=not misread_by_number(names)))
        matching = _matches(_unquoted(text), names)
        if self.active_only and len(matching) > 1:
            matching = [outcome for outcome in matching if context.is_active(outcome)] or matching
        if len(matching) > 1:
            return Wrong(words.ambiguous_outcome(text, [typed_outcome(names, outcome) for outcome in matching]))
        if not matching:
            return self._unknown(text, context)
        if not self._fits(matching[0], context):
            still_in = [name for i, name in enumerate(names) if context.is_active(i)]
            return Wrong(words.outcome_is_out(names[matching[0]], still_in))
        return matching[0]

    def _unknown(self, text: str, context: ParseContext) -> Wrong:
        """The nearest name, but not where a number was meant."""
        names = context.outcomes
        near = None
        if not _unquoted(text).removeprefix("#").isdecimal():
            keys = {outcome_key(name): i for i, name in enumerate(names) if self._fits(i, context)}
            near = next(iter(get_close_matches(outcome_key(text), list(keys), n=1, cutoff=0.6)), None)
        typed = typed_outcome(names, keys[near]) if near is not None else None
        return Wrong(words.unknown_outcome(text, typed, names, plain=not misread_by_number(names)), typed)

    def _fits(self, outcome: int, context: ParseContext) -> bool:
        return context.is_active(outcome) or not self.active_only

    def typed(self, text: str) -> str:
        return text if text.isdigit() else quoted_name(text)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        typed, names = _unquoted(partial), context.outcomes
        start = folded(typed) if typed else ""
        fitting = [i for i in range(len(names)) if self._fits(i, context)]
        if context.selling:
            fitting.sort(key=lambda i: -_worth(i, context))
        shown = [i for i in fitting if start in folded(names[i]) or i == _numbered(typed, names)]
        shown.sort(key=lambda i: not folded(names[i]).startswith(start))
        return [Hint(typed_outcome(names, i), words.outcome_hint(i, context)) for i in shown]


def _worth(outcome: int, context: ParseContext) -> int:
    """Of what the speaker holds of it; 0 where that is nothing."""
    held = context.held.get(outcome)
    if held is None:
        return 0
    yes, no = context.prices[outcome] if outcome < len(context.prices) else (0, 0)
    return max(1, held.yes * yes + held.no * no)


def _unquoted(text: str) -> str:
    """Whole or half quotes taken off."""
    return text.strip().strip('"“”„«»').strip()


def named(text: str, names: Sequence[str]) -> int | None:
    """The outcome, from 0, of exactly this name; case, accents and most punctuation do not count."""
    key = outcome_key(_unquoted(text))
    return next((i for i, name in enumerate(names) if _unquoted(text) and outcome_key(name) == key), None)


def _matches(typed: str, names: Sequence[str]) -> list[int]:
    """`#2` is the number; else exact name first, then number, then beginnings of the name, then of a word in it."""
    number, exact = _numbered(typed, names), named(typed, names)
    if not typed or NUMBERED.fullmatch(typed):
        return [] if number is None else [number]
    if exact is not None or number is not None:
        return [exact if exact is not None else cast("int", number)]
    key, wanted = outcome_key(typed), folded(typed)
    starting = [i for i, name in enumerate(names) if outcome_key(name).startswith(key)]
    starting = starting or [i for i, name in enumerate(names) if folded(name).startswith(wanted)]
    return starting or [
        i for i, name in enumerate(names) if any(folded(w).startswith(wanted) for w in name.split()[1:])
    ]


def _numbered(typed: str, names: Sequence[str]) -> int | None:
    """The outcome, from 0, that a number means; None where there is none, or where a name could be meant."""
    digits = typed.removeprefix("#").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 4 and 1 <= int(digits) <= len(names)):
        return None
    return None if digits == typed and misread_by_number(names) else int(digits) - 1


@dataclass(frozen=True, slots=True)
class OutcomesType(ArgumentType[tuple[int, ...]]):
    """Several outcomes of this market, in the order typed, separated by commas or `and`. What could be one outcome of
    that name or several is asked back; in quotes or by number it is clear."""

    active_only: bool = True

    shape = "outcome, outcome"
    most = LONGEST_VALUE
    about = "one or several, separated by commas"
    words = 40
    of_market = True
    keeps_quotes = True
    joints = (",", "and")

    def parse(self, text: str, context: ParseContext) -> tuple[int, ...] | Wrong:
        found = self._read(text, context)
        wrong = next((outcome for outcome in found if isinstance(outcome, Wrong)), None)
        if wrong is not None:
            return Wrong(wrong.sentence)
        outcomes = tuple(outcome for outcome in found if isinstance(outcome, int))
        for place, outcome in enumerate(outcomes):
            if outcome in outcomes[:place]:
                return Wrong(words.named_twice(context.outcomes[outcome]))
        return outcomes or Wrong(words.no_outcome_named())

    def _read(self, text: str, context: ParseContext) -> list[int | Wrong]:
        """What stands between commas; an `and` divides it too."""
        parts = split_names(text)
        bare = len(parts) > 1 and not any(quotes for _, quotes in parts)
        whole = named(text, context.outcomes) if bare else None
        if whole is not None:
            return self._one_or_several(text, whole, [part for part, _ in parts], context)
        return [outcome for part, quotes in parts for outcome in self._part(part, quotes, context)]

    def _part(self, part: str, quotes: bool, context: ParseContext) -> list[int | Wrong]:
        whole = self._outcome(part, context)
        if quotes:
            inner = split_names(part)
            return [self._outcome(name, context) for name, _ in inner] if isinstance(whole, Wrong) else [whole]
        several = [name for name in re.split(r"\band\b", part, flags=re.IGNORECASE) if name.strip()]
        if isinstance(whole, Wrong):
            return [self._outcome(name, context) for name in several] if len(several) > 1 else [whole]
        return self._one_or_several(part, whole, several, context)

    def _one_or_several(
        self, text: str, whole: int, several: Sequence[str], context: ParseContext
    ) -> list[int | Wrong]:
        each = [self._outcome(name, context) for name in several]
        numbers = [f"#{outcome + 1}" for outcome in each if isinstance(outcome, int)]
        if whole in each or len(numbers) < len(each):
            return [self._outcome(f"#{whole + 1}", context)]
        return [Wrong(words.one_or_several(text, f"#{whole + 1}", ", ".join(numbers)))]

    def _outcome(self, part: str, context: ParseContext) -> int | Wrong:
        return OutcomeType(active_only=self.active_only).parse(part, context)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        """Of those still in: who is out is read where it is typed, for a sentence that says so, and never offered."""
        before, comma, last = partial.rpartition(",")
        return [
            Hint(f"{before}{comma}{' ' if comma else ''}{hint.value}", hint.about)
            for hint in OutcomeType().suggest(last, context)
        ]


OutcomeArg = Annotated[int, OutcomeType()]


AnyOutcomeArg = Annotated[int, OutcomeType(active_only=False)]


OutcomesArg = Annotated[tuple[int, ...], OutcomesType()]
WinnersArg = Annotated[tuple[int, ...], OutcomesType(active_only=False)]

"""From what an admin typed to a market's parameters: a draft keeps the words, and is built anew at every change.

A draft is `{"values": {name: text}, "schedule": text, "assumed_start_ms": ms}`; names are those of ENGINE section 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

from bot.chat.invocation import ParseContext
from bot.grammar.types import LONGEST_VALUE, ArgumentType, Text, Wrong, number
from bot.market import timetable as schedule
from bot.text.names import LONGEST_NAME, clean
from bot.text.outcome_names import NUMBERED, joined_names, outcome_key, split_names
from bot.words.arguments import (
    no_name_before_comma,
    not_enough_names,
    outcome_like_a_number,
    outcome_name_taken,
    sign_in_name,
    title_without_commas,
)
from engine.lint import LintWarning, lint
from engine.params import build_params
from engine.terms import FEWEST_OUTCOMES, MOST_OUTCOMES, MarketParams, Problem
from storage.records import Json, Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`values` as typed, `timetable` as typed (empty where there is none yet); `assumed_start_ms` is what moments of
    the timetable were counted from while the real start is not known."""

    values: Mapping[str, str]
    timetable: str = ""
    assumed_start_ms: int = 0

    def to_json(self) -> dict[str, Json]:
        values: dict[str, Json] = dict(self.values)
        return {"values": values, "schedule": self.timetable, "assumed_start_ms": self.assumed_start_ms}


def draft_of(market: Market) -> Draft:
    """The draft of a market. One made without (by a file, by a test) starts from its names."""
    kept = market.draft
    values = kept.get("values")
    if not isinstance(values, Mapping):
        return Draft(values={"outcome_names": joined_names(market.params.outcome_names)})
    return Draft(
        values={name: str(value) for name, value in values.items()},
        timetable=schedule.without_prices(str(kept.get("schedule", ""))),
        assumed_start_ms=int(str(kept.get("assumed_start_ms", 0))),
    )


def with_value(draft: Draft, name: str, value: str) -> Draft:
    """A value changed. A name for both ends replaces what either end was; another number of outcomes evens the odds."""
    kept = {key: old for key, old in draft.values.items() if key not in {f"{name}_start", f"{name}_end"}}
    if name == "outcome_names" and len(split_names(value)) != len(split_names(kept.get("outcome_names", ""))):
        kept.pop("odds", None)
    return replace(draft, values={**kept, name: value})


def build(draft: Draft, start_ms: int) -> MarketParams | tuple[Problem, ...]:
    """The parameters of a draft whose start is, or is assumed to be, at `start_ms`."""
    values: dict[str, object] = dict(draft.values)
    names = [name for name, _ in split_names(draft.values.get("outcome_names", ""))]
    if names:
        values["outcome_names"] = names
    if "odds" in values:
        values["odds"] = even_odds(draft.values["odds"])
    if draft.timetable:
        table = schedule.read(draft.timetable, names, start_ms)
        if not isinstance(table, schedule.Timetable):
            return (Problem(field="rounds", code="not_a_list", detail={"value": draft.timetable[:60]}),)
        values["rounds"] = table.rounds(start_ms)
        values.setdefault("mr_enabled", "on" if len(table.entries) > 1 else "off")
    return build_params(values)


def even_odds(text: str) -> object:
    """Weights such as `5 3 2` or `50%, 30%, 20%` as shares of their sum, exact; what is none stays as it was typed."""
    weights = [number(part.strip("%¢c")) for part in text.replace(",", " ").split()]
    if not weights or any(weight is None or weight <= 0 for weight in weights):
        return text
    exact = [Fraction(weight) for weight in weights if weight is not None]
    return cast("object", [weight / sum(exact) for weight in exact])


@dataclass(frozen=True, slots=True)
class Title(ArgumentType[str]):
    """A market's name. Without commas, so that it can stand before a list of outcomes."""

    about: str = "the market's name, in quotes if it has spaces"

    shape = "title"
    words = 0
    never = ","

    def parse(self, text: str, context: ParseContext) -> str | Wrong:
        if "," in text:
            return Wrong(title_without_commas())
        return Text("title", 80).parse(text.rstrip(": "), context)


@dataclass(frozen=True, slots=True)
class Names(ArgumentType[tuple[str, ...]]):
    """The outcomes of a new market, separated by commas."""

    about: str = "who can win: 2 to 25 names with commas between"

    shape = "A, B, C"
    most = LONGEST_VALUE
    words = 0
    keeps_quotes = True

    def parse(self, text: str, context: ParseContext) -> tuple[str, ...] | Wrong:
        if text.lstrip().startswith(","):  # what stands before it went to another argument
            return Wrong(no_name_before_comma())
        parts = split_names(text)
        if len(parts) == 1 and parts[0][1]:  # the whole list in quotes
            parts = split_names(parts[0][0])
        names = tuple(name for name in (clean(part.strip('"'), LONGEST_NAME) for part, _ in parts) if name)
        if not FEWEST_OUTCOMES <= len(names) <= MOST_OUTCOMES:
            return Wrong(not_enough_names(len(names), FEWEST_OUTCOMES, MOST_OUTCOMES))
        wrong = wrong_names(names)
        return Wrong(wrong[0]) if wrong else names


def wrong_names(names: Sequence[str]) -> list[str]:
    """What is wrong with names that no outcome may have beside those before it: nobody could name it in a line."""
    keys = [outcome_key(name) for name in names]
    wrong = []
    for place, name in enumerate(names):
        if re.search(r'[;"“”„«»]', name):
            wrong.append(sign_in_name(name))
        elif NUMBERED.fullmatch(name):
            wrong.append(outcome_like_a_number(name))
        elif name and keys[place] in keys[:place]:
            wrong.append(outcome_name_taken(name))
    return wrong


def warnings(params: MarketParams, *, since: MarketParams | None = None) -> list[LintWarning]:
    """What is dangerous in these parameters; after a change only what it brought: what was so with the parameters
    `since` has been said."""
    before = () if since is None else lint(since)
    return [warning for warning in lint(params) if warning not in before]

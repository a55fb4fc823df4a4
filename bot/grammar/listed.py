"""Types of what is chosen from what there is at the moment: one of a list by its number, the value of a setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat.facts import Hint
from bot.chat.invocation import Listing, ParseContext
from bot.grammar.types import Paragraphs, WholeNumber


@dataclass(frozen=True, slots=True)
class ListedNumber(WholeNumber):
    """The number of something listed; another is read as well, for a sentence that says so."""

    listing: Listing | None = None

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        start = partial.strip().removeprefix("#")
        listed = () if self.listing is None else context.listed.get(self.listing, ())
        return [hint for hint in listed if hint.value.startswith(start)]


@dataclass(frozen=True, slots=True)
class SettingValue(Paragraphs):
    """The value of the setting that the argument `setting` names."""

    of_settings = True

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        values, start = context.settings.get(str(context.values.get("setting")), ()), partial.strip().casefold()
        return [hint for hint in values if hint.value.casefold().startswith(start)]


OwnOrderArg = Annotated[int, ListedNumber("order's number", listing=Listing.ORDERS)]
OwnMarketArg = Annotated[int, ListedNumber(listing=Listing.MARKETS)]
ProposalArg = Annotated[int, ListedNumber(listing=Listing.PROPOSALS)]

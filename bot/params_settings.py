"""Kinds of values that `/settings` takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.grammar.book import Flag
from bot.grammar.types import Hint, Kind, Rate, Wrong
from bot.scene import Scene
from bot.text.numbers import RATE
from bot.words import settings as words
from bot.words import usage as words_usage

_ON, _OFF = frozenset({"on", "yes", "true"}), frozenset({"off", "no", "none", "false"})
_USUAL = frozenset({"usual", "default", "off", "none"})


@dataclass(frozen=True, slots=True)
class Switch(Flag):
    """On or off, as settings are spelled; its name alone says neither."""

    flag: bool = False

    shape = "on|off"
    closed = True

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        return [Hint(one) for one in ("on", "off") if one.startswith(partial.strip().casefold())]


@dataclass(frozen=True, slots=True)
class Slippage:
    """A rate, or None for the bot's own way."""

    rate: int | None


@dataclass(frozen=True, slots=True)
class SlippageKind(Kind[Slippage]):
    """Like the slippage of an order, and `usual` to set none."""

    about: str = "how far a price may run where an order does not say, such as 3%; usual takes it back"
    named: bool = True

    shape = "3%"

    def parse(self, text: str, scene: Scene) -> Slippage | Wrong:
        if text.strip().casefold() in _USUAL:
            return Slippage(None)
        rate = Rate("slippage", high=10 * RATE).parse(text, scene)
        return rate if isinstance(rate, Wrong) else Slippage(rate)

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        rows = (Hint("usual", words.usual_slippage()), Hint("1%"), Hint("3%"), Hint("10%"))
        return [one for one in rows if one.value.startswith(partial.strip().casefold())]


@dataclass(frozen=True, slots=True)
class Turned:
    """These kinds, on or off."""

    kinds: tuple[str, ...]
    on: bool


@dataclass(frozen=True, slots=True)
class KindsKind(Kind[Turned]):
    """`fills off`, `elimination, resolution on`, `all off`; on where neither is said."""

    what: str
    choices: Callable[[], Mapping[str, str]]
    about: str = ""
    named: bool = True
    words: int = 10
    shape: str = "kinds on|off"

    def parse(self, text: str, scene: Scene) -> Turned | Wrong:
        said = [one for one in re.split(r"[\s,;&+]+|\band\b", text.casefold()) if one]
        on = True
        if said and said[-1] in _ON | _OFF:
            on = said.pop() in _ON
        every = tuple(self.choices())
        if not said:
            return Wrong(words.no_kind(self.what, every))
        found: list[str] = []
        for one in said:
            if one in {"all", "everything"}:
                found += every
                continue
            fitting = [kind for kind in every if kind.startswith(one.removesuffix("s")) or one.startswith(kind)]
            if len(fitting) != 1 and one not in words.FILLING:
                return Wrong(words_usage.not_a_choice(self.what, one, fitting or every, None))
            found += fitting[:1]
        return (
            Turned(tuple(kind for kind in every if kind in found), on)
            if found
            else Wrong(words.no_kind(self.what, every))
        )

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        start = " ".join(partial.casefold().split())
        rows = [Hint(f"{kind} {way}", about) for kind, about in self.choices().items() for way in ("on", "off")]
        rows += [Hint("all on"), Hint("all off")]
        return [one for one in rows if one.value.startswith(start)]


SlippageSetting = Annotated[Slippage, SlippageKind()]


ConfirmSetting = Annotated[bool, Switch(about="a ticket with Confirm before every order (on), or orders at once (off)")]


AutofillSetting = Annotated[bool, Switch(about="whether orders with a limit let auto-fill fill them, too")]


NoticesSetting = Annotated[
    Turned, KindsKind("notice", words.notice_kinds, about="what you are told in private: fills, cancels, payouts")
]


PingsSetting = Annotated[
    Turned,
    KindsKind(
        "ping", words.ping_kinds, about="events of this chat you want to be told of in private, such as elimination"
    ),
]

"""Names that could be taken for one another: Unicode's confusables (UTS 39), as `confusable_homoglyphs` carries them.

A skeleton stands for all names that look alike: each sign becomes the one its lookalikes are listed under, so that
`Аda` with a Cyrillic letter is `Ada`, `rn` is `m`, `vv` is `w`, and 0 and O, 1, l and I are one. Compared are the name
as it is and in small letters, since some signs look alike in one case only.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources

from bot.text.names import clean, folded

_SAME_DIGIT = {"l": "1", "O": "0", "o": "0"}  # what lookalikes of 1 and 0 are listed under: letters that have a case
_DIRECTION = "\u200e"  # stands around signs of scripts written from the right


def taken_for(name: str, others: Iterable[str]) -> str | None:
    """The first of the others that the name could be taken for, or is but for case, accents and spaces."""
    fold, shapes = folded(name), skeletons(name)
    return next((other for other in others if folded(other) == fold or shapes & skeletons(other)), None)


@lru_cache(maxsize=4_096)
def skeletons(name: str) -> frozenset[str]:
    """Two names with one in common look alike."""
    shown = clean(name)
    return frozenset({_skeleton(shown), _skeleton(shown.casefold())})


def _skeleton(text: str) -> str:
    listed_under = _listed_under()
    shapes = (listed_under.get(sign, sign) for sign in unicodedata.normalize("NFKD", text))
    letters = (_SAME_DIGIT.get(sign, sign) for shape in shapes for sign in shape if _counts(sign))
    return "".join(letters).casefold().replace("vv", "w") or text.casefold()


def _counts(sign: str) -> bool:
    """Letters, digits and symbols; a mark, a space and a sign of punctuation beside them change no name."""
    return unicodedata.category(sign)[0] in "LNS"


@cache
def _listed_under() -> dict[str, str]:
    """By sign, what it looks like; without those that are only themselves. Read once, at the first name."""
    file = resources.files("confusable_homoglyphs").joinpath("confusables.json")
    alike: dict[str, list[str]] = {
        sign.strip(_DIRECTION): [other["c"].strip(_DIRECTION) for other in others]
        for sign, others in json.loads(file.read_text(encoding="utf-8")).items()
    }
    return {sign: _hub(sign, alike) for sign in alike if len(sign) == 1 and _hub(sign, alike) != sign}


def _hub(sign: str, alike: dict[str, list[str]]) -> str:
    """Of a sign and its lookalikes the one that has most of them: the rest are listed as its lookalikes alone."""
    return max((sign, *alike[sign]), key=lambda other: (len(alike.get(other, ())), other))

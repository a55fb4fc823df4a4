"""Dangerous commands ask again: the preview's button is the same line with a code of exactly what was shown.

If anything the preview rests on has changed by then the code does not fit, and a new preview is shown instead.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

from bot.grammar.types import Text

CONFIRM = Text("code", 12, about="the code of the preview", words=1, named=True)
ConfirmArg = Annotated[str, CONFIRM]


def code_of(*facts: object) -> str:
    """Eight letters that stand for these facts."""
    return hashlib.sha256("\x1f".join(str(fact) for fact in facts).encode()).hexdigest()[:8]

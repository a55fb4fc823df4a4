"""`outcry verify`: every market run again from its first tick, and every row that came of it compared."""

from __future__ import annotations

import re
import sys
import time

from bot.cli.database import opened
from bot.market.background_verify import to_json
from bot.words import audit as words
from storage.verify import Mismatch, UnreadableError, Verified, verify

OK, WRONG, USAGE, UNREADABLE = 0, 1, 2, 3
HEAD = re.compile(r"[0-9a-f]{16,64}")
SHOWN_EVERY_S = 0.2


async def run(url: str, market: int | None, head: str | None, *, as_json: bool) -> int:
    """0 all is well, 1 the first wrong row, 2 a market or hash that cannot be, 3 cannot open. Never writes."""
    wanted = head.lower() if head is not None else None
    if wanted is not None and not HEAD.fullmatch(wanted):
        print(words.bad_head(), file=sys.stderr)
        return USAGE
    async with opened(url, read_only=True) as db:
        if db is None:
            return UNREADABLE
        meter = Meter(shown=sys.stderr.isatty() and not as_json)
        try:
            found = await verify(db, market, wanted, meter)
        except LookupError:
            print(words.no_such_market(market or 0), file=sys.stderr)
            return USAGE
        except UnreadableError as error:
            print(words.cannot_open(str(error)), file=sys.stderr)
            return UNREADABLE
        finally:
            meter.clear()
    _tell(found, as_json=as_json)
    return WRONG if any(isinstance(one, Mismatch) for one in found) else OK


class Meter:
    """How far it has come, on one line of a terminal."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._last = 0.0
        self._width = 0

    def __call__(self, market: int, done: int, of: int) -> None:
        now = time.monotonic()
        if self._shown and now - self._last >= SHOWN_EVERY_S:
            text = words.progress(market, done, of)
            print(f"\r{text:<{self._width}}", end="", file=sys.stderr, flush=True)
            self._last, self._width = now, len(text)

    def clear(self) -> None:
        if self._width:
            print(f"\r{'':<{self._width}}\r", end="", file=sys.stderr, flush=True)


def _tell(found: list[Verified | Mismatch], *, as_json: bool) -> None:
    if as_json:
        print(to_json(found))
        return
    if not found:
        print(words.no_market_at_all(), file=sys.stderr)
    for one in found:
        if isinstance(one, Verified):
            print(words.ok(one))
        else:
            print(words.fail(one))
            if not one.chained:
                print(words.unchained(one), file=sys.stderr)

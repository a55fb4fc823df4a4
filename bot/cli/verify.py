"""`outcry verify`: every market run again from its first tick, and every row that came of it compared."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from bot.cli.database import open_database
from bot.cli.progress import ProgressLine, ProgressShares
from bot.market.background_verify import to_json
from bot.words import audit as words
from bot.words import coverage
from storage.proofs.checkpoints import SignedCheckpoint
from storage.proofs.proving import public_key
from storage.verify import Mismatch, Result, Skipped, UnreadableError, verify

OK, WRONG, USAGE, UNREADABLE = 0, 1, 2, 3
HEAD = re.compile(r"[0-9a-f]{16,64}")
SHOWN_EVERY_S = 0.2


async def run(url: str, market: int | None, head: str | None, *, as_json: bool, tell: bool = False) -> int:
    """0 all is well, or of older rules and skipped; 1 the first wrong row, 2 a market or hash that cannot be, 3 cannot
    open. Never writes. `tell`: how far it is, to a process that waits."""
    expected = _hash_of(head) if head is not None else None
    if head is not None and expected is None:
        print(words.bad_head(), file=sys.stderr)
        return USAGE
    async with open_database(url, read_only=True) as db:
        if db is None:
            return UNREADABLE
        progress = ProgressLine(sys.stderr, quiet=as_json, every_s=SHOWN_EVERY_S)
        shares = ProgressShares(sys.stderr, silent=not tell)

        def on_progress(number: int, done: int, of: int) -> None:
            progress.show(words.progress(number, done, of))
            shares.show(done / max(1, of))

        try:
            results = await verify(db, market, expected, on_progress)
        except LookupError:
            print(words.no_such_market(market or 0), file=sys.stderr)
            return USAGE
        except UnreadableError as error:
            print(words.cannot_open(str(error)), file=sys.stderr)
            return UNREADABLE
        finally:
            progress.clear()
        async with db.reading() as uow:
            key = await public_key(uow)
    _print(results, as_json=as_json, head=head, expected=expected)
    if key is not None and not as_json:
        print(words.signed_by(key.vkey), file=sys.stderr)
    return WRONG if any(isinstance(result, Mismatch) for result in results) else OK


def _hash_of(head: str) -> str | None:
    """A hash as it is, or the root of the posted head that a file holds; None for neither."""
    if HEAD.fullmatch(head.lower()):
        return head.lower()
    try:
        signed = SignedCheckpoint.read_post(Path(head).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return signed.checkpoint.root.hex() if isinstance(signed, SignedCheckpoint) else None


def _print(results: list[Result], *, as_json: bool, head: str | None, expected: str | None) -> None:
    """`expected` is the hash or root that `head` means."""
    if as_json:
        print(to_json(results))
        return
    if not results:
        print(words.no_market_at_all(), file=sys.stderr)
    for result in results:
        if isinstance(result, Skipped):
            print(words.skip(result))
            print(words.of_older_rules(result), file=sys.stderr)
        elif isinstance(result, Mismatch):
            print(words.fail(result))
            if not result.chained:
                print(words.unchained(result), file=sys.stderr)
        else:
            print(words.ok(result))
            if result.held is not None and head is not None:
                print(words.head_found(result.held, None if HEAD.fullmatch(head.lower()) else expected))
            if result.restored_ms is not None:
                print(words.was_restored(result), file=sys.stderr)
            if result.forgotten:
                print(coverage.forgotten_records(result.market, result.forgotten))
    if results and not any(isinstance(result, Mismatch) for result in results):
        print(coverage.listed())

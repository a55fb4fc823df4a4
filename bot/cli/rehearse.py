"""`outcry rehearse`: an event's file, or the terms of a market in a chat, played before its time."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from bot.chat import rehearsal_result
from bot.chat.rehearsal_result import RehearsalResult
from bot.cli import lint
from bot.cli.progress import ProgressLine, ProgressShares, bar
from bot.market.event_file import EventFile
from bot.scenarios.rehearsal import rehearse
from bot.words import terminal as words
from engine.params import params_from_json
from engine.terms import MarketParams

IN_ORDER, FAILED, INVALID = 0, 1, 2


def rehearse_file(path: Path, now_ms: int, *, traders: int, seed: int, as_json: bool) -> int:
    """0 in order, 1 a check failed, 2 a file that cannot be used."""
    event = lint.read_event(path, now_ms)
    if not isinstance(event, EventFile):
        lint.print_mistakes(event, str(path))
        return INVALID
    return _rehearse(event.title, event.params, traders, seed, as_json=as_json)


def rehearse_terms(path: Path, seed: int, *, as_json: bool, tell: bool) -> int:
    """The same for terms another process wrote down: title, params, people; which is told how far it is."""
    terms = json.loads(path.read_text(encoding="utf-8"))
    return _rehearse(
        str(terms["title"]), params_from_json(terms["params"]), int(terms["people"]), seed, as_json=as_json, tell=tell
    )


def _rehearse(title: str, params: MarketParams, traders: int, seed: int, *, as_json: bool, tell: bool = False) -> int:
    if not as_json:
        print(words.rehearsing(title, traders), flush=True)
    progress = ProgressLine(sys.stdout, quiet=as_json)
    shares = ProgressShares(sys.stderr, silent=not tell)

    def on_progress(share: float) -> None:
        progress.show(f"{bar(share)}{share:>5.0%}")
        shares.show(share)

    with tempfile.TemporaryDirectory(prefix="outcry-rehearsal-") as folder:
        result = asyncio.run(
            rehearse(
                Path(folder),
                title,
                params,
                people=traders,
                seed=seed,
                on_progress=on_progress,
            )
        )
    progress.keep()
    if as_json:
        print(rehearsal_result.to_json(result))
    else:
        _print(result, params)
    return IN_ORDER if result.in_order else FAILED


def _print(result: RehearsalResult, params: MarketParams) -> None:
    print(*words.terminal(result), sep="\n")
    for warning in lint.warning_lines(params):
        print(warning)

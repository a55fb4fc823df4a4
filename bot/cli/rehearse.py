"""`outcry rehearse`: an event's file, or the terms of a market in a chat, played before its time."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bot.chat import rehearsal_result
from bot.chat.rehearsal_result import RehearsalResult
from bot.cli import lint
from bot.market.event_file import EventFile
from bot.scenarios.rehearsal import rehearse
from bot.words import terminal as words
from engine.params import params_from_json
from engine.terms import MarketParams

IN_ORDER, FAILED, INVALID = 0, 1, 2
BAR = 28


def rehearse_file(path: Path, now_ms: int, *, people: int, seed: int, as_json: bool) -> int:
    """0 in order, 1 a check failed, 2 a file that cannot be used."""
    event = lint.read_event(path, now_ms)
    if not isinstance(event, EventFile):
        lint.print_mistakes(event, str(path))
        return INVALID
    return _told(event.title, event.params, people, seed, as_json=as_json)


def rehearse_terms(path: Path, seed: int, *, as_json: bool) -> int:
    """The same for terms another process wrote down: title, params, people."""
    terms = json.loads(path.read_text(encoding="utf-8"))
    return _told(str(terms["title"]), params_from_json(terms["params"]), int(terms["people"]), seed, as_json=as_json)


def _told(title: str, params: MarketParams, people: int, seed: int, *, as_json: bool) -> int:
    if not as_json:
        print(words.rehearsing(title, people), flush=True)
    show = _progress(as_json)
    with tempfile.TemporaryDirectory(prefix="outcry-rehearsal-") as folder:
        played = rehearse(Path(folder), title, params, people=people, seed=seed, on_progress=show)
        found = asyncio.run(played)
    if as_json:
        print(rehearsal_result.to_json(found))
    else:
        _print(found, params)
    return IN_ORDER if found.in_order else FAILED


def _print(found: RehearsalResult, params: MarketParams) -> None:
    print(*words.terminal(found), sep="\n")
    for warning in lint.warnings_told(params):
        print(warning)


def _progress(quiet: bool) -> Callable[[float], None]:
    """A bar on a terminal, nothing where there is none: it takes half a minute."""
    moving = sys.stdout.isatty() and not quiet

    def show(share: float) -> None:
        if moving:
            full = round(share * BAR)
            print(f"\r[{'#' * full}{'.' * (BAR - full)}] {share:>4.0%}", end="\n" if share == 1 else "", flush=True)

    return show

"""`outcry lint`: what would happen in a market, before it does. And how a command reads an event's file."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.market import event_file
from bot.market.event_file import EventFile
from bot.text.toml_lines import Mistake
from bot.words import event_file as words_event_file
from engine.lint import lint
from engine.params import MarketParams, build_params

CLEAN, WARNED, INVALID = 0, 1, 2


def lint_file(path: Path, now_ms: int, *, as_json: bool) -> int:
    """0 clean, 1 warnings, 2 invalid. Moments in a file that does not say when it starts are counted from `now_ms`."""
    event = read_event(path, now_ms)
    if isinstance(event, EventFile):
        return _told(event.params, event.title, as_json)
    return _refused(event, str(path), as_json)


def lint_preset(preset: str, outcomes: int, stake: str | None, *, as_json: bool) -> int:
    """The same for a preset with so many outcomes and, if given, another stake (dollars)."""
    values = {"preset": preset, "n_outcomes": outcomes, **({} if stake is None else {"z": stake})}
    params = build_params(values)
    if isinstance(params, MarketParams):
        return _told(params, preset, as_json)
    return _refused([Mistake(line=None, sentence=words_event_file.problem(one)) for one in params], preset, as_json)


def read_event(path: Path, now_ms: int) -> EventFile | Sequence[Mistake]:
    """The event in a file, or all that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError:
        return [Mistake(line=None, sentence=words_event_file.no_such_file())]
    except UnicodeDecodeError:
        return [Mistake(line=None, sentence=words_event_file.not_text())]
    return event_file.read(text, now_ms)


def print_mistakes(found: Sequence[Mistake], file: str) -> None:
    """On standard error, one a line."""
    for one in found:
        print(words_event_file.mistake(file, one), file=sys.stderr)


def warnings_told(params: MarketParams) -> list[str]:
    """`WARN code: sentence`, one each."""
    return [f"WARN {one.code}: {words_event_file.sentence(one, params)}" for one in lint(params)]


def _told(params: MarketParams, title: str, as_json: bool) -> int:
    found = lint(params)
    if as_json:
        warnings = [
            {"code": one.code, "numbers": dict(one.numbers), "sentence": words_event_file.sentence(one, params)}
            for one in found
        ]
        _print_json(warnings=warnings, problems=[])
    elif found:
        print(*warnings_told(params), sep="\n")
    else:
        print(words_event_file.nothing_to_warn_of(title, params.n_outcomes))
    return WARNED if found else CLEAN


def _refused(found: Sequence[Mistake], file: str, as_json: bool) -> int:
    if as_json:
        _print_json(warnings=[], problems=[{"line": one.line, "sentence": one.sentence} for one in found])
    else:
        print_mistakes(found, file)
    return INVALID


def _print_json(*, warnings: Sequence[object], problems: Sequence[object]) -> None:
    found = {"clean": not warnings and not problems, "warnings": warnings, "problems": problems}
    print(json.dumps(found, indent=2, ensure_ascii=False))

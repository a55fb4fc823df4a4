"""`outcry lint`: what would happen in a market, before it does. And how a command reads an event's file."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.market.event_file import EventFile, read
from bot.text.toml_lines import Mistake
from bot.words import event_file as words
from engine.lint import lint
from engine.params import MarketParams, build_params

CLEAN, WARNED, INVALID = 0, 1, 2


def lint_file(path: Path, now_ms: int, *, as_json: bool) -> int:
    """0 clean, 1 warnings, 2 invalid. Moments in a file that does not say when it starts are counted from `now_ms`."""
    event = read_event(path, now_ms)
    if isinstance(event, EventFile):
        return _print_warnings(event.params, event.title, as_json)
    return _print_invalid(event, str(path), as_json)


def lint_preset(preset: str, outcomes: int, stake: str | None, *, as_json: bool) -> int:
    """The same for a preset with so many outcomes and, if given, another stake (dollars)."""
    values = {"preset": preset, "n_outcomes": outcomes, **({} if stake is None else {"z": stake})}
    params = build_params(values)
    if isinstance(params, MarketParams):
        return _print_warnings(params, preset, as_json)
    return _print_invalid([Mistake(line=None, sentence=words.problem(problem)) for problem in params], preset, as_json)


def read_event(path: Path, now_ms: int) -> EventFile | Sequence[Mistake]:
    """The event in a file, or all that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError:
        return [Mistake(line=None, sentence=words.no_such_file())]
    except UnicodeDecodeError:
        return [Mistake(line=None, sentence=words.not_text())]
    return read(text, now_ms)


def print_mistakes(mistakes: Sequence[Mistake], file: str) -> None:
    """On standard error, one a line."""
    for mistake in mistakes:
        print(words.mistake(file, mistake), file=sys.stderr)


def warning_lines(params: MarketParams) -> list[str]:
    """`WARN code: sentence`, one each."""
    return [f"WARN {warning.code}: {words.sentence(warning, params)}" for warning in lint(params)]


def _print_warnings(params: MarketParams, title: str, as_json: bool) -> int:
    warnings = lint(params)
    if as_json:
        rows = [
            {"code": warning.code, "numbers": dict(warning.numbers), "sentence": words.sentence(warning, params)}
            for warning in warnings
        ]
        _print_json(warnings=rows, problems=[])
    elif warnings:
        print(*warning_lines(params), sep="\n")
    else:
        print(words.nothing_to_warn_of(title, params.n_outcomes))
    return WARNED if warnings else CLEAN


def _print_invalid(mistakes: Sequence[Mistake], file: str, as_json: bool) -> int:
    if as_json:
        _print_json(
            warnings=[], problems=[{"line": mistake.line, "sentence": mistake.sentence} for mistake in mistakes]
        )
    else:
        print_mistakes(mistakes, file)
    return INVALID


def _print_json(*, warnings: Sequence[object], problems: Sequence[object]) -> None:
    result = {"clean": not warnings and not problems, "warnings": warnings, "problems": problems}
    print(json.dumps(result, indent=2, ensure_ascii=False))

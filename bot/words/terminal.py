"""What `outcry demo` prints."""

from __future__ import annotations

from pathlib import Path

from bot.text.numbers import moment, round_money
from bot.words.shared import plural

BAR = 28


def room(url: str) -> str:
    return f"room: {url}"


def admin(url: str) -> str:
    return f"admin: {url}"


def holds_a_database(folder: Path) -> str:
    return f"{folder} holds the database of an earlier demo: add --force to replace it, or choose another --out DIR."


def not_a_folder(folder: Path) -> str:
    return f"{folder} cannot be used as a folder: choose another --out DIR."


def port_taken(host: str, port: int, why: str) -> str:
    return f"The room cannot listen on {host}:{port} ({why}): choose another --port, or 0 for any free one."


def halted(why: str) -> str:
    return f"The market stands still, a check failed: {why}"


def playing(title: str, people: int, minutes: float | None) -> str:
    pace = "as fast as it goes" if minutes is None else f"in about {minutes:g} minutes"
    return f"Playing {title} with {plural(people, 'trader')}, {pace}."


def progress(share: float, at_ms: int, fills: int) -> str:
    """`  40%  8 July 2014 21:04 UTC  312 fills`."""
    return f"{share:>5.0%}  {moment(at_ms)}  {plural(fills, 'fill')}"


def bar(share: float, at_ms: int, fills: int) -> str:
    full = round(share * BAR)
    return f"[{'#' * full}{'.' * (BAR - full)}]{progress(share, at_ms, fills)}"


def ended(winner: str | None, fills: int, volume: int, result: int, stake: int) -> str:
    who = f"{winner} won" if winner else "The market ended without a winner"
    house = (
        f"the house gave {round_money(-result)} of its {round_money(stake)} to the crowd"
        if result < 0
        else f"the house ended {round_money(result)} ahead"
    )
    return f"{who}. {plural(fills, 'fill')}, {round_money(volume)} traded; {house}."


def written(folder: Path, seconds: float) -> str:
    return f"Files are in {folder} ({seconds:.1f} s)."


def serving_on() -> str:
    return "The room stays open; Ctrl-C ends it."

"""What `outcry demo` prints, and what a rehearsal found, in a chat and on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.chat.rate_limits import ALLOWANCES
from bot.chat.rehearsal_result import Busiest, RehearsalResult
from bot.chat.reply import Awaited, Line, Reply, Tone, code, line, quiet
from bot.text.names import clean
from bot.text.numbers import moment, money, round_money, span
from bot.words.shared import no, percent_of, plural, say


def room(url: str) -> str:
    return f"room: {url}"


def admin(url: str) -> str:
    return f"admin: {url}"


def holds_a_database(folder: Path) -> str:
    return f"{folder} holds the database of an earlier demo: add --force to replace it, or choose another --out DIR."


def not_a_folder(folder: Path) -> str:
    return f"{folder} cannot be used as a folder: choose another --out DIR."


def port_taken(host: str, port: int, why: str) -> str:
    return f"The room cannot listen on {host}:{port} ({why}): choose another --host or --port (0: any free one)."


def halted(why: str) -> str:
    return f"The market stands still, a check failed: {why}"


def playing(title: str, people: int, minutes: float | None) -> str:
    pace = "as fast as it goes" if minutes is None else f"in about {minutes:g} minutes"
    return f"Playing {title} with {plural(people, 'trader')}, {pace}."


def programs_too() -> str:
    return "A program plays too, by a key: say /apikey trade $200 in the room, then see deploy/examples/README.md."


def progress(share: float, at_ms: int, fills: int) -> str:
    """`  40%  8 July 2014 21:04 UTC  312 fills`."""
    return f"{share:>5.0%}  {moment(at_ms)}  {plural(fills, 'fill')}"


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


MINUTE_MS = 60_000


REHEARSED = "rehearsed"
"""The notice of what a rehearsal came to, and its slot."""


def under_way(market: int, per_mille: int = 0) -> Reply:
    """It takes longer than an answer should wait; what it comes to takes the place of this."""
    so_far = f": {percent_of(per_mille)} of it is played" if per_mille else ""
    return say(
        f"The rehearsal is under way{so_far}.",
        blocks=(line("The market itself stays as it is. The result comes here by itself, and so does a failure."),),
        tone=Tone.WAIT,
        awaits=Awaited(market=market, slot=REHEARSED),
    )


def could_not() -> Reply:
    return no(
        "The rehearsal failed and did not come to an end; the market stays as it is.",
        blocks=(line("Whoever runs the bot finds why in its log; ", code("/admin rehearse"), " tries again."),),
    )


def rehearsed_often(wait_ms: int) -> Reply:
    return no(
        f"You have begun several rehearsals just now; the next one can begin in {span(wait_ms)}.",
        blocks=(line(code("/admin rehearse"), " shows the last result again where nothing was changed since."),),
    )


def already_begun() -> Reply:
    return no(
        "A market is rehearsed before it starts; this one has begun.",
        blocks=(line(code("/admin monitor"), " shows how it runs."),),
    )


def result(result_: RehearsalResult, warnings: Sequence[str]) -> Reply:
    """For the admin who asked."""
    rows: list[Line] = [line(line_) for line_ in details(result_)]
    rows += [line(f"Careful: {warning}") for warning in warnings]
    rows.append(line(quiet("Synthetic people, the real engine, the platforms' own limits. Nothing has changed here.")))
    return Reply(
        head=line(head(result_)),
        blocks=tuple(rows),
        tone=Tone.GOOD if result_.in_order else Tone.BAD,
        ok=result_.in_order,
    )


def head(result: RehearsalResult) -> str:
    """`Rehearsed: the house risked at most $1,240 of its $10,000, and every check passed.`"""
    if result.halted is not None:
        return f"The rehearsal stopped: a check failed ({clean(result.halted)})."
    checks = "and every check passed" if result.in_order else "but the books do not balance"
    risked = f"the house risked at most {round_money(result.worst_risk)} of its {round_money(result.stake)}"
    return f"Rehearsed: {risked}, {checks}."


def details(result: RehearsalResult) -> list[str]:
    """A sentence a row."""
    rows = [
        f"{plural(result.people, 'trader')}, {plural(result.rounds, 'round')}: {plural(result.orders, 'order')}, "
        f"{plural(result.fills, 'fill')}, {result.refused:,} refused, in {plural(result.ticks, 'tick')}.",
    ]
    if result.worst_risk:
        when = span(result.worst_after_ms) if result.worst_after_ms else "right"
        rows[-1] += f" The risk was highest {when} after the start."
    if result.winner is not None:
        rows.append(f"{clean(result.winner)} won this time, and the house {_house(result.house_result)}.")
    rows += [_chat(busiest) for busiest in result.busiest]
    rows.append(
        f"No notice waited longer than {span(max(1_000, result.longest_wait_ms))}."
        if result.longest_wait_ms >= 1_000
        else "No notice had to wait."
    )
    rows.append(f"A tick took {_ms(result.tick_us)} as a rule and {_ms(result.slowest_tick_us)} at most.")
    return rows


def _house(result: int) -> str:
    if result < 0:
        return f"gave {money(-result)} to the traders"
    return f"kept {money(result)}" if result else "came out even"


def _chat(busiest: Busiest) -> str:
    """`Telegram: at most 12 messages a minute in the group, of 20 it allows; 3 to one person.`"""
    allowance = ALLOWANCES[busiest.platform]
    most = min(limit.count * max(1, MINUTE_MS // limit.window_ms) for limit in (*allowance.chat, *allowance.group))
    return (
        f"{busiest.platform.capitalize()}: at most {plural(busiest.messages, 'message')} a minute in the chat, of "
        f"{most} it allows, and {busiest.private} to one person."
    )


def _ms(us: int) -> str:
    return f"{us / 1_000:.0f} ms" if us >= 10_000 else f"{us / 1_000:.1f} ms"


# -- on a terminal


def rehearsing(title: str, people: int) -> str:
    return f"Rehearsing {title} with {plural(people, 'trader')}."


def terminal(result: RehearsalResult) -> list[str]:
    return [head(result), *(f"  {detail}" for detail in details(result))]

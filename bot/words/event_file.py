"""What is said about an event written in a file, and about the commands that read one."""

from __future__ import annotations

from bot.text.names import clean
from bot.text.numbers import moment
from bot.text.toml_lines import Mistake
from bot.words.setup import problem as problem_in_chat
from bot.words.usage import said
from engine.state import Status
from engine.terms import Problem
from storage.records import Market

# -- mistakes


def mistake(file: str, found: Mistake) -> str:
    """`cup.toml:12: fee lies between 0 and 0.05; 0.2 does not.`"""
    place = file if found.line is None else f"{file}:{found.line}"
    return f"{place}: {found.sentence}"


def not_toml() -> str:
    return "This line is no TOML. One reads name = value, with texts in quotes and lists in square brackets."


def written_twice() -> str:
    return "This is written a second time; keep one of the two."


def no_such_key(key: str, near: str | None) -> str:
    return f"There is no setting {said(key)}.{f' Did you mean {near}?' if near else ''}"


def no_such_key_in_round(number: int, key: str) -> str:
    return (
        f"Round {number} has no {said(key)}: freeze_at, decide_at, count, losers and winner are what it can have. "
        "What belongs to the event stands above the first [[rounds]]."
    )


def no_title() -> str:
    return 'The event needs a title, such as title = "Office chess cup".'


def too_long(text: str, most: int) -> str:
    return f"{said(text)} has {len(text)} characters; {most} are the most."


def sign_in_name(name: str) -> str:
    return f"{said(name)} has a comma, a semicolon or a quote in it, which the chat could not tell from its own."


def named_twice(name: str) -> str:
    return f"{said(name)} reads like one of the outcomes before it; every outcome needs a name of its own."


def names_like_numbers() -> str:
    return "A name that is a number of another outcome would be mistaken for it; please use other names."


def open_is_true_or_false() -> str:
    return "open is true (people can join at once) or false (it stays a draft)."


def start_is_a_moment() -> str:
    return "start_at is a date and a time with a zone, such as 2026-12-01 18:00 Europe/Berlin; left out, you start it."


def not_a_time(text: str) -> str:
    return f"{said(text)} is no time: say 2h10m after the start, or 2026-12-01 18:00 Europe/Berlin."


def no_zone(text: str) -> str:
    return f"{said(text)} names no zone: add one, such as Europe/Berlin, +01:00 or Z."


def not_whole_seconds(text: str) -> str:
    return f"{said(text)} is not in whole seconds; a number alone counts milliseconds, so better say 90s, 30m or 2h."


def rounds_are_tables() -> str:
    return "Each round is a table of its own that begins with [[rounds]]."


def round_without_time(number: int) -> str:
    return f"Round {number} does not say when it is decided; give it a decide_at."


def before_the_start(number: int) -> str:
    return f"Round {number} comes before the market starts."


def problem(found: Problem) -> str:
    """A refused value; where the chat would speak of its commands, the file's own words."""
    number = found.detail.get("round", "")
    sentences = {
        "missing": 'The event needs its outcomes: outcomes = ["Ada", "Bo", "Cleo"], 3 to 10 of them.',
        "no_final": 'The rounds have no final; end them with one that has winner = "ask".',
        "round_named": f"Round {number} names more or fewer losers than its count; leave count out.",
        "no_such_outcome": f"There is no outcome “{clean(str(found.detail.get('value', '')))}”"
        f"{f' for round {number} to name' if number else ''}.",
    }
    return sentences.get(found.code) or problem_in_chat(found)


# -- reading one from the command line


def no_such_file() -> str:
    return "There is no such file that can be read. bot/scenarios/example.toml is one to start from."


def not_text() -> str:
    return "This is no text in UTF-8; an event is a TOML file."


def nothing_to_warn_of(title: str, outcomes: int) -> str:
    return f"{title}: {outcomes} outcomes, nothing to warn of."


def start_has_passed() -> str:
    return "start_at has passed; choose a later one, or leave it out and start by hand."


def room_title() -> str:
    return "The room"


def organiser() -> str:
    return "The organiser"


def room_has_a_market(market: Market) -> str:
    return (
        f"The room has a market already: {clean(market.title)} (market {market.id}). One at a time: "
        "/admin void in the room calls it off, /admin monitor shows it."
    )


def created(market: Market) -> list[str]:
    """The number first, then what to do next."""
    title = clean(market.title)
    if market.status is Status.DRAFT:
        return [
            f"Created market {market.id}: {title} is drafted in the room; nobody sees it yet.",
            "Next: outcry run; in the room /admin set and /admin schedule change it, /admin open lets people join.",
        ]
    start = market.planned_start_ms
    begins = "/admin start in the room begins trading" if start is None else f"trading starts {moment(start)}"
    return [
        f"Created market {market.id}: {title} is open to join in the room.",
        f"Next: outcry run; people /join, and {begins}.",
    ]

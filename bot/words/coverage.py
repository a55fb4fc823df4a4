"""What a check covers and what it does not, in plain words: the same for whoever asks on a terminal or in a chat."""

from __future__ import annotations

from bot.chat.reply import Line, code, line, quiet
from bot.words.shared import plural
from storage.verify.coverage import NOT_COVERED

COVERED = (
    "every order, trade, price, balance, payout and entry of the ledger: run again from the first tick",
    "who asked for what, names, titles, what decides a market, chats, links, seasons, proposals and the log: as they "
    "were recorded when they came about",
    "messages that wait to be sent, and every head that was posted",
)
LIMITS = (
    "what came after the newest head you hold: whoever has the database could write it anew, hashes and all",
    "the terms of a market that has not started",
)
_SUBJECTS = {
    "notes": "the bot's own notes: drafts, reminders, one-use codes, lines behind buttons, how long a tick took, "
    "whether a market can be watched",
    "requests": "the platforms' ids of requests, and offers that nobody confirmed",
    "platforms": "what platforms say of chats and people: titles, who is an admin there, when they were seen",
    "settings": "everybody's own settings, pings and alerts",
    "messages": "where a message stands, which one it replaces, whether and how often it was sent; what people said in "
    "the room",
    "entrances": "who is signed in where, keys of programs and the addresses that are sent the news",
    "key": "the key that signs heads: a signature tells whose it is",
}


def left_out() -> tuple[str, ...]:
    """What a check does not cover, the weightiest first."""
    return (*LIMITS, *(_SUBJECTS[subject] for subject in NOT_COVERED))


def listed() -> str:
    """Below the results of a check on a terminal."""
    return "\n".join([f"covered: {what}" for what in COVERED] + [f"not covered: {what}" for what in left_out()])


def forgotten_records(market: int, count: int) -> str:
    return f"forgotten market={market} records={count}: names and texts deleted at somebody's wish; the chain holds"


def in_the_chat(forgotten: int) -> tuple[Line, ...]:
    """Below the result of a check in a chat."""
    rows = (
        line(
            "Names, titles, what decides it, proposals, the log and messages that wait to be sent are what was "
            "recorded when they came about."
        ),
        line(
            quiet(
                "Not covered: what came after the newest head you hold, people's own settings, what platforms say of "
                "chats and people, and what was said in the room. "
            ),
            code("outcry verify"),
            quiet(" lists all of it."),
        ),
    )
    if not forgotten:
        return rows
    return (*rows, line(f"Forgotten: {plural(forgotten, 'record')} lost their names and texts at somebody's wish."))

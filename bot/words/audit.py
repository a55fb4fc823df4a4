"""What is said about the audit: the head that seals a history, what a check found, how `outcry verify` puts it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence

from bot.chat.facts import HeadNow
from bot.chat.reply import (
    Action,
    Audience,
    Awaited,
    Block,
    CodeBlock,
    Folded,
    Reply,
    Stamp,
    Tone,
    bold,
    code,
    line,
    quiet,
)
from bot.text.numbers import moment as minute
from bot.words import coverage
from bot.words.shared import no, percent_of, plural, say, try_again
from engine.units import RULES as RULES_HERE
from storage.verify import Mismatch, Result, Skipped, Verified

SHOWN = 16
"""Hex digits of a head that people copy: enough that nobody finds another history with the same ones."""

_BARE = re.compile(r"[\w.:/+-]+", re.ASCII)
_LONGEST = 200

JOURNAL = ("journal", "shared_journal")
RULES = "rules"
"""The field of a mismatch that is none: another version's rules made the market."""

CHECKED = "checked"
"""The notice of what a check found, and its slot."""

# -- in the chat

CHECK = Action(label="Check it", text="/verify")
"""Stands below what is `sealed`."""


def sealed(head: str) -> Folded:
    """Below what is decided, in small print: the signed head, whole, so that it can be kept and held against a later
    one."""
    says = line(quiet("This signed head seals all up to here."))
    return Folded(title=says, lines=tuple(line(code(row)) for row in head.splitlines() if row), small=True)


def not_begun() -> Reply:
    return say("There is nothing to check before trading begins.", blocks=(line(code("/board"), " has the market."),))


def checked(found: Result | None, at_ms: int, head: HeadNow, audience: Audience, *, running: bool = False) -> Reply:
    """What a check came to; None: it failed."""
    if found is None:
        return could_not_check(head)
    if isinstance(found, Mismatch):
        return not_in_order(found, at_ms, audience)
    if isinstance(found, Skipped):
        return skipped(found, head, audience)
    return in_order(found, at_ms, head, audience, running=running)


def in_order(verified: Verified, at_ms: int, head: HeadNow, audience: Audience, *, running: bool) -> Reply:
    """A check has run every tick again."""
    rows: list[Block] = [
        line(
            f"Checked up to tick {verified.ticks:,}, ",
            Stamp(at_ms),
            f": {plural(verified.orders, 'order')}, and every fill, price, balance and payout that came of them.",
        ),
        line("A newer check is under way; what it finds comes to you by itself.") if running else (),
        _heads_before(verified),
        *coverage.in_the_chat(verified.forgotten),
        *_head_now(head),
    ]
    return say(
        bold("Everything adds up."),
        " The market was run again from its first tick and every row is what it must be.",
        blocks=[row for row in rows if row],
        audience=audience,
        tone=Tone.GOOD,
    )


def _heads_before(verified: Verified) -> Block:
    if verified.restored_ms is None:
        return line(quiet("The heads posted before are of the same history; a changed past would not have them."))
    return line(
        quiet("It was restored from a backup, "),
        Stamp(verified.restored_ms),
        quiet(": heads posted for what was lost then are of no history any more, all others are of this one."),
    )


def skipped(result: Skipped, head: HeadNow, audience: Audience) -> Reply:
    """A check cannot be had here; nobody says that all is well."""
    return say(
        of_older_rules(result),
        blocks=(
            line("Whoever runs this bot can check it with the version of Outcry it was made by."),
            *_head_now(head),
        ),
        audience=audience,
    )


def checking(market: int, per_mille: int = 0) -> Reply:
    """Only to who asked: what it finds takes the place of this."""
    so_far = f" {percent_of(per_mille)} of it is done." if per_mille else ""
    return say(
        f"The market is being run again from its first tick, every order of it.{so_far}",
        blocks=(line("What the check finds comes here by itself."),),
        tone=Tone.WAIT,
        awaits=Awaited(market=market, slot=CHECKED),
    )


def not_in_order(mismatch: Mismatch, at_ms: int, audience: Audience) -> Reply:
    """Which table and when; the values may be somebody's own affair and stay with whoever has the database."""
    if mismatch.field == RULES:
        return Reply(
            head=line(other_rules(mismatch)),
            blocks=(line("Whoever runs this bot can check it with the version of Outcry it was made by."),),
            audience=audience,
            tone=Tone.BAD,
        )
    rows = (
        line(f"It is in the table {mismatch.table}, at tick {mismatch.tick:,}; checked ", Stamp(at_ms), "."),
        line("Tell an admin. Whoever runs this bot sees the whole row with ", code("outcry verify"), "."),
    )
    return Reply(
        head=line(bold("Something does not add up."), " A stored row is not what the market's history gives."),
        blocks=rows,
        audience=audience,
        tone=Tone.BAD,
    )


def could_not_check(head: HeadNow) -> Reply:
    return no(
        "The check could not be run just now. Try again in a minute.",
        blocks=(line("Whoever runs this bot finds the reason in its log."), *_head_now(head)),
        actions=(try_again("/verify"),),
    )


def _head_now(head: HeadNow) -> Sequence[Block]:
    """Whole, and last: it is there to be copied."""
    rows: list[Block] = [line("The head now, for who wants to hold it against another:"), CodeBlock(text=head.text)]
    if head.vkey is not None:
        rows.append(line(quiet("It is signed by the key "), code(head.vkey), quiet(", the same for all heads here.")))
    return rows


# -- on the terminal


def ok(verified: Verified) -> str:
    """`ok market=1 ticks=360 head=b31b…`"""
    return f"ok market={verified.market} ticks={verified.ticks} head={verified.head or '-'}"


def was_restored(verified: Verified) -> str:
    return (
        f"Market {verified.market} was restored from a backup, {minute(verified.restored_ms or 0)}: a head that was "
        "posted for what was lost then is not in its chain. outcry prove HEAD HEAD, with a head from after it, shows "
        "that."
    )


def head_found(tick: int, root: str | None) -> str:
    """`root`, in hex, of a head that was posted; None where the hash of a tick was given."""
    if root is None:
        return f"The head you gave was found: it is the hash of tick {tick:,}."
    base64 = b64encode(bytes.fromhex(root)).decode()
    return (
        f"The posted head was found, at tick {tick:,}: its third line, {base64}, is {root} in hex, the root of all "
        "written so far. head= above is another thing, the hash of the last tick."
    )


def fail(mismatch: Mismatch) -> str:
    """`FAIL market=1 tick=4 table=trades id=7 field=price expected=500000 found=510000`"""
    parts = {
        "market": mismatch.market or "any",
        "tick": mismatch.tick,
        "table": mismatch.table,
        "id": mismatch.id,
        "field": mismatch.field,
        "expected": _value(mismatch.expected),
        "found": _value(mismatch.found),
    }
    return "FAIL " + " ".join(f"{name}={value}" for name, value in parts.items())


def skip(result: Skipped) -> str:
    """`SKIP market=1 rules=1`"""
    return f"SKIP market={result.market} rules={result.rules}"


def of_older_rules(result: Skipped) -> str:
    return (
        f"Market {result.market} was played by rules {result.rules}, and this version plays by rules {RULES_HERE}: "
        "it was not checked."
    )


def _value(value: object) -> str:
    """A word as it is, all else as JSON in ASCII: what somebody wrote into a table cannot steer a terminal."""
    if isinstance(value, str) and _BARE.fullmatch(value):
        text = value
    else:
        text = json.dumps(value, separators=(",", ":"), sort_keys=True, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def other_rules(mismatch: Mismatch) -> str:
    made, here = mismatch.found, mismatch.expected
    return f"This market was made by rules {made}, and this is rules {here}: it cannot be checked here."


def unchained(mismatch: Mismatch) -> str:
    if mismatch.field == RULES:
        return f"{other_rules(mismatch)} Use the version of Outcry it was made by."
    if mismatch.field in JOURNAL and mismatch.found is None:
        return f"Tick {mismatch.tick} was written before names and decisions were recorded: it cannot be checked here."
    return (
        f"The hash of tick {mismatch.tick} does not confirm it: what was asked for in that tick was changed, or the "
        "hash itself."
    )


def no_market_at_all() -> str:
    return "There is no market yet: nothing to verify."


def no_such_market(number: int) -> str:
    return f"There is no market {number} in this database."


def bad_head() -> str:
    return f"--head takes a hash, {SHOWN} to 64 hex digits, or a file with a head as it was posted."


def signed_by(vkey: str) -> str:
    return f"Heads of this database are signed by the key {vkey}"


def cannot_open(reason: str) -> str:
    return f"The database cannot be read: {reason}. If it is an older one, `outcry migrate` brings it up to date."


def progress(market: int, done: int, of: int) -> str:
    return f"market {market}: tick {done:,} of {of:,}"

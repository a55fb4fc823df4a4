"""Addresses that are sent a market's news: given, listed, refused, given up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.chat.reply import Audience, CodeBlock, Reply, Tone, bold, code, line
from bot.text.global_addresses import UrlProblem
from bot.text.names import clean
from bot.text.numbers import span
from bot.words.shared import no, plural, say
from storage.records import Market

_ADD = "/admin channel webhook https://hooks.example.org/outcry"
_PROBLEMS = {
    UrlProblem.NOT_A_URL: "That is no address that news could be sent to.",
    UrlProblem.NOT_HTTPS: "News is sent by https only.",
    UrlProblem.PORT: "News is sent to port 443, or to one from 1024 to 65535.",
    UrlProblem.ADDRESS: "That address leads into a network of somebody's own, where no news is sent.",
}


def given(market: Market, number: int, host: str, secret: str) -> Reply:
    return Reply(
        head=line(f"News of {clean(market.title)} goes to {clean(host)} from now on (webhook {number})."),
        blocks=(
            line("Each message is signed with this secret, which is shown this once:"),
            CodeBlock(text=secret),
            line("A first message is on its way; ", code("/admin channel webhook"), " says if it does not arrive."),
            line(code(f"/admin channel webhook off {number}"), " ends it."),
        ),
        tone=Tone.GOOD,
        secret=True,
    )


def given_before(number: int) -> Reply:
    return say(
        f"Webhook {number} was set up a moment ago, and its secret was shown then.",
        blocks=(
            line("It did not reach you? ", code(f"/admin channel webhook off {number}"), ", then set it up again."),
        ),
    )


def listing(market: Market, rows: Sequence[tuple[int, str, int | None, str]], now_ms: int) -> Reply:
    """`rows`: number, host, since when nothing arrives, why."""
    if not rows:
        return say(
            f"No webhook is sent the news of {clean(market.title)}.",
            blocks=(line(code(_ADD), " sets one up: opening, freezes, eliminations and the result, signed."),),
        )
    shown = [
        line("· ", bold(f"{number}"), f": {clean(host)}{_failing(since_ms, why, now_ms)}")
        for number, host, since_ms, why in rows
    ]
    last = rows[-1][0]
    return say(
        f"{clean(market.title)} sends its news to {plural(len(rows), 'webhook')}.",
        blocks=(*shown, line(code(f"/admin channel webhook off {last}"), f" ends number {last}.")),
    )


def _failing(since_ms: int | None, why: str, now_ms: int) -> str:
    if since_ms is None:
        return ""
    return f", nothing has arrived for {span(now_ms - since_ms)}{f' ({clean(why)})' if why else ''}"


def refused(problem: UrlProblem) -> Reply:
    return no(_PROBLEMS[problem], blocks=(line("Nothing was changed. For example: ", code(_ADD)),))


def too_many(most: int, number: int) -> Reply:
    return no(
        f"A market has at most {plural(most, 'webhook')}.",
        blocks=(line(code(f"/admin channel webhook off {number}"), " ends the oldest one."),),
    )


def not_there(typed: str) -> Reply:
    return no(
        f"There is no webhook {clean(typed)} of this market.",
        blocks=(line(code("/admin channel webhook"), " lists them."),),
    )


def ended(number: int, host: str) -> Reply:
    return say(f"Webhook {number} to {clean(host)} is sent nothing any more.", tone=Tone.GOOD)


def hello(market: Market) -> Reply:
    """The first message to a webhook."""
    return Reply(head=line(f"News of {clean(market.title)} arrives here from now on."), audience=Audience.CHAT)


def given_up(market: Market, facts: Any, now_ms: int) -> Reply:  # Any: JSON
    """To the admins, once."""
    host, lasted = clean(str(facts["host"])), span(now_ms - int(facts["since_ms"]))
    return Reply(
        head=line(
            f"{clean(market.title)}: webhook {facts['webhook']} to {host} is ended; nothing arrived for {lasted}."
        ),
        blocks=(line("Set it up again when it listens: ", code(_ADD), " with its address."),),
        tone=Tone.BAD,
    )

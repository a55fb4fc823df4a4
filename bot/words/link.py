"""Joining one's identities on several platforms into one person."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.reply import Reply, Tone, bold, code, line
from bot.text.names import clean
from bot.text.numbers import Cut, money, span
from bot.words.shared import listed, no, say
from storage.records import Identity, Market

_PLATFORMS = {"discord": "Discord", "telegram": "Telegram", "room": "the room"}


def platform_name(platform: str) -> str:
    return _PLATFORMS.get(platform, clean(platform))


def code_given(made: str, life_ms: int) -> Reply:
    return say(
        "Your code is ",
        bold(made),
        f", good once and for {span(life_ms)}.",
        blocks=(
            line("Say ", code(f"/link {made}"), " with your other account, on Discord, on Telegram or in the room."),
            line(
                "Both are one person from then on, and that cannot be undone. Whoever has the code can become you "
                "here: show it to nobody."
            ),
        ),
        tone=Tone.WAIT,
    )


def bad_code() -> Reply:
    return no(
        "That code does not work: it was used, ran out, was replaced by a newer one, or never was.",
        blocks=(line(code("/link"), " on your other account gives a new one."),),
    )


def too_many(wait_ms: int) -> Reply:
    return no(
        f"Too many codes that do not work; the next try is in {span(wait_ms)}.",
        blocks=(
            line("Nothing was changed. Copy the code from your other account, where ", code("/link"), " shows it."),
        ),
    )


def own_code() -> Reply:
    return no(
        "That is your own code: it joins this account with another one.",
        blocks=(line("Say it with your other account, within its time."),),
    )


def both_used(market: Market) -> Reply:
    return no(
        f"These accounts cannot become one: both have been used in {clean(market.title)}.",
        blocks=(line("Nothing was changed. One person has one balance in a market; both accounts stay as they are."),),
    )


def linked(identities: Sequence[Identity], markets: Sequence[Market], closed: Sequence[tuple[Market, int]]) -> Reply:
    """To the one who used the code."""
    places = listed(list(dict.fromkeys(platform_name(one.platform) for one in identities)))
    blocks = [line(_closed(market, cash)) for market, cash in closed]
    if markets:
        titles = listed([clean(one.title) for one in markets])
        blocks.append(line(f"What you have in {titles} is yours on each of them. ", code("/markets"), " chooses one."))
    else:
        blocks.append(line("Whatever you join is yours on each of them. ", code("/help"), " has all you can say."))
    return say(f"You are one person now, on {places}.", blocks=blocks, tone=Tone.GOOD)


def told(platform: str, closed: Sequence[tuple[Market, int]]) -> Reply:
    """To the one whose code it was."""
    blocks = [line(_closed(market, cash)) for market, cash in closed]
    blocks.append(line(code("/privacy"), " lists what belongs to you. If this was not you, tell an admin."))
    return say(
        f"Your code was used: you are one person with your account on {platform_name(platform)} now.", blocks=blocks
    )


def _closed(market: Market, cash: int) -> str:
    back = f", its {money(cash, Cut.DOWN)} went back" if cash else ""
    return f"One of your two accounts in {clean(market.title)} had not been used and is closed{back}."

"""Prices that somebody asked to be told of: set, listed, cancelled; passed, or gone with what they were of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from bot.chat.reply import Action, Block, Column, Line, Part, Reply, Stamp, Table, Tone, code, line
from bot.text.names import clean
from bot.text.numbers import asked_price, price, typed_price
from bot.text.outcome_names import typed_outcome
from bot.words.arguments import echo
from bot.words.shared import listed, no, outcome, plural, say, side_word, token_name
from engine.state import Side, Status
from engine.terms import MarketParams
from storage.alerts import MOST, Alert
from storage.records import Market

# -- what is typed


def not_a_price(text: str) -> str:
    return f"{echo(text)} is not a price; say it in cents, such as 50c, or no 40c for the price of NO."


def price_out_of_bounds(text: str, low: int, high: int) -> str:
    return f"{echo(text)} is not a price to wait for: between {typed_price(low)} and {typed_price(high)}."


def price_off_tenths(text: str, near: int) -> str:
    return f"{echo(text)} is finer than prices are shown, in tenths of a cent; the nearest is {typed_price(near)}."


def price_hint(at: int, now: int) -> str:
    return f"when it {'rises' if at > now else 'falls'} there from {price(now)}"


def alert_line(params: MarketParams, number: int, side: Side, asked: int) -> str:
    """The line that sets it."""
    name = typed_outcome(params.outcome_names, number).lower()
    return f"/alert {name} {'no ' if side is Side.NO else ''}{typed_price(asked)}"


# -- setting and taking back


def waiting(market: Market, alerts: Sequence[tuple[Alert, int]], owner: int | None, example: str) -> Reply:
    """Each with where its price is now, and a button that cancels it."""
    if not alerts:
        rest = line("Try ", code(example), ": you are told once, in private, when the price is passed.")
        return say("You are not waiting for any price.", blocks=(rest,))
    params = market.params
    columns = (Column(title="What"), Column(title="Tell me at", numeric=True), Column(title="Now", numeric=True))
    rows = tuple(
        (
            _token(params, alert.outcome, alert.side),
            line(f"{asked_price(alert.price)} {'↑' if alert.above else '↓'}"),
            line(price(now)),
        )
        for alert, now in alerts
    )
    return say(
        f"You are waiting for {plural(len(alerts), 'price')} in {clean(market.title)}.",
        blocks=(Table(columns=columns, rows=rows), line("You are told once of each, in private, when it is passed.")),
        actions=[_cancel(params, alert, owner) for alert, _ in alerts],
    )


def _token(params: MarketParams, number: int, side: Side) -> Line:
    """`Germany`, `Germany NO`."""
    return line(outcome(params, number), *([f" {side_word(side)}"] if side is Side.NO else ()))


def _named(params: MarketParams, number: int, side: Side) -> str:
    name = token_name(params, number, side)
    return name if side is Side.NO else name.removesuffix(f" {side_word(side)}")


def cancel_line(number: int) -> str:
    """It means this alert, whatever market the chat holds by then."""
    return f"/alert cancel {number}"


def _cancel(params: MarketParams, alert: Alert, owner: int | None, label: str = "") -> Action:
    what = f"{_named(params, alert.outcome, alert.side)} {asked_price(alert.price)}"
    return Action(label=label or f"Cancel {what}", text=cancel_line(alert.id), person=owner)


def which_outcome(example: str) -> Reply:
    return no("Which outcome's price?", blocks=(line("Say its name before the price: ", code(example)),))


def which_price(params: MarketParams, number: int, now: int, prices: Sequence[int], owner: int | None) -> Reply:
    """Which of these, for one they named."""
    actions = [
        Action(label=asked_price(at), text=alert_line(params, number, Side.YES, at), person=owner) for at in prices
    ]
    return say(
        *_token(params, number, Side.YES),
        f" is at {price(now)}. Which price shall I tell you of?",
        blocks=(line("Or type any other: ", code(alert_line(params, number, Side.YES, prices[0]))),),
        actions=actions,
    )


def is_set(params: MarketParams, alert: Alert, now: int, owner: int | None) -> Reply:
    return say(
        "You are told once, in private, when ",
        *_token(params, alert.outcome, alert.side),
        f" {'rises' if alert.above else 'falls'} to {asked_price(alert.price)}.",
        blocks=(line(f"Now it is at {price(now)}. ", code("/alert"), " lists what you are waiting for."),),
        actions=(_cancel(params, alert, owner, "Cancel"),),
        tone=Tone.GOOD,
    )


def there_already(params: MarketParams, number: int, side: Side, now: int, nearest: Sequence[int]) -> Reply:
    """It stands where they want to be told that it is."""
    lines: list[Part | str] = []
    for at in nearest:
        lines += [" or " if lines else "Say another price: ", code(alert_line(params, number, side, at))]
    return no(*_token(params, number, side), f" is at {price(now)} now: nothing to wait for.", blocks=(line(*lines),))


def too_many() -> Reply:
    return no(
        f"You are waiting for {MOST} prices already, the most there can be.",
        blocks=(line("Cancel one first: ", code("/alert"), " lists them."),),
    )


def cannot_pass(status: Status) -> Reply | None:
    """Why no price can be passed in a market that stands so; None: it can."""
    look = line(code("/board"), " shows the prices.")
    if status in (Status.DRAFT, Status.LOBBY):
        return no("Trading has not started, so no price can be passed yet.", blocks=(look,))
    if status is Status.DISPUTED:
        return no("A winner is named: trading is over, and no price will be passed any more.", blocks=(look,))
    if status in (Status.RESOLVED, Status.CLOSED, Status.VOIDED):
        rest = line(code("/leaderboard"), " shows how it ended.")
        return no("This market is over, and no price will be passed any more.", blocks=(rest,))
    return None


def is_out(params: MarketParams, number: int) -> Reply:
    rest = line(code("/board"), " shows who is still in.")
    return no(outcome(params, number), " is out and has no price any more.", blocks=(rest,))


def cancelled(params: MarketParams, alerts: Sequence[Alert]) -> Reply:
    what = listed([f"{_named(params, alert.outcome, alert.side)} at {asked_price(alert.price)}" for alert in alerts])
    return say(f"Cancelled: you are not told of {what}.", blocks=(line(code("/alert"), " lists what is left."),))


def none_of(params: MarketParams, number: int) -> Reply:
    return no("You are not waiting for any price of ", outcome(params, number), ".", blocks=(_see,))


def not_waiting() -> Reply:
    """A button of an alert that has been told, is gone, or is somebody else's."""
    return no("You are not waiting for that price (any more).", blocks=(_see,))


_see = line(code("/alert"), " lists what you are waiting for.")

# -- told


def trade_actions(params: MarketParams, number: int, side: Side, owner: int | None, *, sells: bool) -> list[Action]:
    """Lines that ask how much; `sells`: they hold some."""
    token = f"{typed_outcome(params.outcome_names, number).lower()} {side.value}"
    actions = [Action(label="Buy", text=f"/buy {token}", person=owner, primary=True, asks=True)]
    return [*actions, Action(label="Sell", text=f"/sell {token}", person=owner, asks=True)] if sells else actions


def told(
    market: Market,
    facts: Mapping[str, Any],
    now: Mapping[tuple[int, Side], int],
    actions: Sequence[Action],
    *,
    late: bool,
) -> Reply:
    """`facts` as in `scheduler.alerts`; `now`: where prices are as this is read, of outcomes still in; `late`: so long
    after that it says when."""
    params = market.params
    rows = [
        *(_passed(params, list(prices), now) for _, prices in groupby(facts["passed"], key=lambda row: row[:2])),
        *(_gone(market, number, list(prices)) for number, prices in groupby(facts["gone"], key=lambda row: row[0])),
    ]
    blocks: list[Block] = [*rows[1:]]
    if late:
        blocks.append(line("That was ", Stamp(int(facts["at_ms"])), "."))
    return say(*rows[0], blocks=blocks, actions=actions, tone=Tone.GOOD if facts["passed"] else Tone.NEUTRAL)


def _passed(params: MarketParams, rows: Sequence[Sequence[Any]], now: Mapping[tuple[int, Side], int]) -> Line:
    """`Germany passed 50¢: it is at 51.3¢.` One token, one price or several."""
    number, side, _, _, then = rows[0]
    prices = listed([asked_price(row[2]) for row in rows])
    verb = "reached" if len(rows) == 1 and rows[0][2] == then else "passed"
    here = now.get((number, Side(side)))
    if here == then:
        where = f"it is at {price(then)}."
    else:
        where = f"it was at {price(then)} then, and is {'out' if here is None else f'at {price(here)}'} now."
    return line(*_token(params, number, Side(side)), f" {verb} {prices}: {where}")


def _gone(market: Market, number: int, rows: Sequence[Sequence[Any]]) -> Line:
    """`Germany is out; your alert at 50¢ is gone.`"""
    at = listed([f"{'NO ' if row[1] == Side.NO.value else ''}{asked_price(row[2])}" for row in rows])
    yours = f"your alert{'' if len(rows) == 1 else 's'} at {at} {'is' if len(rows) == 1 else 'are'} gone."
    who = outcome(market.params, number)
    if market.status is Status.VOIDED:
        return line("The market is called off; ", yours.replace(" at ", " for ", 1).replace(at, f"{who.text} {at}"))
    return line(who, " has won; " if number in market.winners else " is out; ", yours)

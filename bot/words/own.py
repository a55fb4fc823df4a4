"""One's own affairs: joining, holdings, balance, trades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.money import Cut, money, price, signed_money, signed_percent, tokens
from bot.names import clean
from bot.reply import Column, Reply, Stamp, Table, code, line, quiet
from bot.words.shared import dotted, name_of, no, outcome, plural, say, side_word
from engine.state import Side, Status
from engine.terms import MarketParams
from storage.records import Market, Member, TradeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Tokens of one side of one outcome, the price of one now, and how many of them wait in the book to be sold."""

    outcome: int
    side: Side
    size: int
    price: int
    for_sale: int = 0

    @property
    def worth(self) -> int:
        return self.size * self.price // 10**6


def joined(member: Member, market: Market, *, again: bool) -> Reply:
    """A new account, or the one there was."""
    name = clean(member.name)
    balance = money(member.available, Cut.DOWN)
    if market.over:
        rest = line(code("/leaderboard"), " shows how everybody did.")
        return say(f"This market is over; you ended with {balance}.", blocks=(rest,))
    if again:
        head = f"You are in, as {name}, with {balance} to spend."
    else:
        head = f"Welcome, {name}: {balance} of play money is yours in {clean(market.title)}."
    if market.status is Status.LOBBY:
        rest = line(
            "Trading has not started; ", code("/board"), " shows the starting prices, ", code("/rules"), " the rules."
        )
    elif not member.funded:
        rest = line("It is in your account with the next tick. Then try ", code(first_buy(market.params)))
    else:
        rest = line("Try ", code(first_buy(market.params)), " or look at ", code("/board"))
    return say(head, blocks=(rest,))


def first_buy(params: MarketParams) -> str:
    name = name_of(params, 0).lower()
    return f'/buy "{name}" yes $50' if " " in name else f"/buy {name} yes $50"


def cannot_join(code_: str) -> Reply:
    if code_ == "too_late":
        return no(
            "The final is being decided; nobody can join any more.",
            blocks=(line(code("/board"), " shows how it ends."),),
        )
    return no("This market does not take anybody in now.", blocks=(line(code("/board"), " shows where it stands."),))


def positions(params: MarketParams, holdings: Sequence[Holding], member: Member, *, over: bool) -> Reply:
    """What she holds: worth now, and if right."""
    if not holdings and over:
        return say(
            f"This market is over; you ended with {money(member.balance, Cut.DOWN)}.",
            blocks=(line(code("/leaderboard"), " shows how everybody did."),),
        )
    if not holdings:
        return say(
            "You hold no tokens yet.",
            blocks=(line(f"You have {money(member.available, Cut.DOWN)} to spend. Try ", code(first_buy(params))),),
        )
    worth = sum(holding.worth for holding in holdings)
    rows = tuple(
        (
            line(outcome(params, one.outcome), f" {side_word(one.side)}"),
            line(tokens(one.size), f" ({tokens(one.for_sale)} for sale)" if one.for_sale else ""),
            line(price(one.price)),
            line(money(one.worth, Cut.DOWN)),
            line(money(one.size, Cut.DOWN)),
        )
        for one in holdings
    )
    columns = (
        Column(title="Token"),
        Column(title="Held", numeric=True),
        Column(title="Price", numeric=True),
        Column(title="Worth", numeric=True),
        Column(title="If right", numeric=True),
    )
    return say(
        f"Your tokens are worth {money(worth, Cut.DOWN)} now; {money(member.available, Cut.DOWN)} is left to spend.",
        blocks=(
            Table(columns=columns, rows=rows),
            line(code(f"/sell {_typed(params, holdings[0])} half"), " sells some."),
        ),
    )


def _typed(params: MarketParams, holding: Holding) -> str:
    name = name_of(params, holding.outcome).lower()
    return f'"{name}" {holding.side.value}' if " " in name else f"{name} {holding.side.value}"


def balance(member: Member, worth: int) -> Reply:
    """What she can spend, and how she stands against what she was given."""
    total = member.balance + member.coming + member.escrow + worth
    given = member.stake + member.coming
    gain = total - given
    rows = [
        line(
            dotted(
                [
                    f"{money(member.reserved)} set aside for orders on their way" if member.reserved else "",
                    f"{money(member.escrow)} set aside for orders in the book" if member.escrow else "",
                    f"{money(member.coming)} of it arrives with the next tick" if member.coming else "",
                    f"tokens worth {money(worth, Cut.DOWN)}" if worth else "",
                ]
            )
        ),
        line(
            f"In all {money(total, Cut.DOWN)}, {signed_money(gain)} ({signed_percent(gain, given)}) on the "
            f"{money(given)} you were given."
        ),
    ]
    spent = dotted(
        [f"fees {money(member.fees)}" if member.fees else "", f"gas {money(member.gas)}" if member.gas else ""]
    )
    if spent:
        rows.append(line(quiet(f"Paid so far: {spent}.")))
    return say(f"You have {money(member.available, Cut.DOWN)} to spend.", blocks=rows)


def trades(params: MarketParams, found: Sequence[TradeRow], person: int) -> Reply:
    """Her own, newest first."""
    if not found:
        return say("You have not traded yet.", blocks=(line("Try ", code(first_buy(params))),))
    rows = tuple(
        (
            line(Stamp(one.ts_ms)),
            line(
                "Bought " if one.buyer == person else "Sold ", outcome(params, one.outcome), f" {side_word(one.side)}"
            ),
            line(tokens(one.size)),
            line(price(one.price)),
            line(money(one.amount + one.buy_fee if one.buyer == person else one.amount - one.kept - one.sell_fee)),
        )
        for one in found
    )
    columns = (
        Column(title="When"),
        Column(title="What"),
        Column(title="Tokens", numeric=True),
        Column(title="Price", numeric=True),
        Column(title="Money", numeric=True),
    )
    return say(f"Your last {plural(len(found), 'trade')}.", blocks=(Table(columns=columns, rows=rows),))

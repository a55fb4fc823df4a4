"""The words of a ticket, each explained in one place: said on somebody's first ticket in a market, in the help of the
commands that ask for them, and in the rules."""

from __future__ import annotations

from collections.abc import Collection

from bot.chat.reply import Line, line, quiet
from bot.text.numbers import exact_money

GAS = "Gas is what handing in an order costs, whether it is filled or not"
SLIPPAGE = "Slippage is how far the price may run against you until your order's turn comes"
WORST_PRICE = (
    "The worst price is the price of the ticket with slippage and fee: past it nothing happens, and only gas is charged"
)


def on_first_ticket(gas: int, *, limit: bool) -> list[Line]:
    """What of it stands on this ticket; an order with a limit has no slippage."""
    words = [] if limit else [WORST_PRICE, SLIPPAGE]
    if gas:
        words.append(f"{GAS}, here {exact_money(gas)}")
    return [line(quiet(f"{word}.")) for word in words]


def in_help(params: Collection[str]) -> list[Line]:
    """Below a command that takes these arguments."""
    return [line(f"{word}.") for word in (SLIPPAGE, WORST_PRICE, GAS)] if "slippage" in params else []


def in_rules(gas: int | None) -> str:
    """`gas` of the market that is asked about; None: of any."""
    words = [SLIPPAGE, WORST_PRICE, *([GAS] if gas or gas is None else [])]
    return f"{'. '.join(words)}."

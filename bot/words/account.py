"""One's own affairs: joining, holdings, balance, trades."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.facts import Holding
from bot.chat.reply import Action, Column, Line, Reply, Stamp, Table, code, line, quiet
from bot.text.names import clean
from bot.text.numbers import Cut, gain, money, price, shown_money, signed_money, split, tokens
from bot.text.outcome_names import typed_outcome
from bot.words.shared import dotted, no, outcome, own_amount, plural, program, say, side_word, trade_columns
from engine.state import Status
from engine.terms import MarketParams
from storage.records import Market, Member, TradeRow


def joined(member: Member, market: Market, active: Sequence[int], *, again: bool) -> Reply:
    """A new account, or the one there was."""
    name = clean(member.name)
    balance = money(member.available)
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
    elif market.status is Status.RUNNING:
        return _begins(member, market, active, head)
    else:
        rest = line("Trading is frozen just now; ", code("/board"), " shows where it stands and what comes next.")
    return say(head, blocks=(rest,))


def _begins(member: Member, market: Market, active: Sequence[int], head: str) -> Reply:
    """Who joins while there is trading: what to buy first, as a line and as a button that types it."""
    first, chosen = first_buy(market.params, active, member.available), active[0] if active else 0
    name = clean(market.params.outcome_names[chosen])
    rows = [line("Who do you believe in? A token pays $1 if it is right. Begin with ", code(first))]
    if not member.funded:
        rows.append(line("Your money is in your account with the next tick."))
    rows.append(line(code("/board"), " has every price, ", code("/help"), " all the rest."))
    buy = Action(label=f"Buy {name} YES", text=first, person=member.person, primary=True)
    return say(head, blocks=tuple(rows), actions=(buy,))


def first_buy(params: MarketParams, active: Sequence[int] = (), spendable: int | None = None) -> str:
    """A line to begin with: an outcome that is still in, and no more than the member has."""
    name = typed_outcome(params.outcome_names, active[0] if active else 0).lower()
    have = params.starting_balance if spendable is None else spendable
    dollars = next((spend for spend in _FIRST_SPENDS if spend * 10**6 + params.gas_fee <= have), None)
    return f"/buy {name} yes {'half' if dollars is None else f'${dollars}'}"


_FIRST_SPENDS = (50, 20, 10, 5, 1)


def begin(market: Market, active: Sequence[int], spendable: int) -> Line:
    """What follows "you have none yet": one command to begin with, as the market stands."""
    if market.over or market.status is Status.DISPUTED:
        return line(code("/leaderboard"), " shows how everybody did.")
    if market.status is Status.RUNNING and spendable > 0 and not market.outdated:
        return line(f"You have {money(spendable)} to spend. Try ", code(first_buy(market.params, active, spendable)))
    return line(code("/board"), " shows the prices and when trading opens.")


def cannot_join(code_: str) -> Reply:
    if code_ == "too_late":
        return no(
            "The final is being decided; nobody can join any more.",
            blocks=(line(code("/board"), " shows how it ends."),),
        )
    return no("This market does not take anybody in now.", blocks=(line(code("/board"), " shows where it stands."),))


def positions(market: Market, holdings: Sequence[Holding], member: Member, rest: Line) -> Reply:
    """What a member holds: what selling each now, alone, to the house would bring, what it pays if right, and what it
    has brought so far; `rest` for who holds nothing."""
    params = market.params
    if not holdings and market.over:
        return say(f"This market is over; you ended with {money(member.balance)}.", blocks=(rest,))
    if not holdings:
        return say("You hold no tokens yet.", blocks=(rest,))
    worth = sum(holding.worth for holding in holdings)
    rows = tuple(
        (
            line(outcome(params, held.outcome), f" {side_word(held.side)}"),
            line(tokens(held.size), f" ({tokens(held.for_sale)} for sale)" if held.for_sale else ""),
            line(price(held.price)),
            line(money(held.worth)),
            line(money(held.size)),
            line(signed_money(held.profit)),
        )
        for held in holdings
    )
    columns = (
        Column(title="Token"),
        Column(title="Held", numeric=True),
        Column(title="Price", numeric=True),
        Column(title="Worth", numeric=True),
        Column(title="If right", numeric=True),
        Column(title="Profit", numeric=True),
    )
    return say(
        f"Your tokens are worth {money(worth)} now; {money(member.available)} is left to spend.",
        blocks=(
            Table(columns=columns, rows=rows),
            line(_in_all(member, worth)),
            _next(market, holdings[0]),
        ),
    )


def _next(market: Market, first: Holding) -> Line:
    """What can be done with them as the market stands."""
    if market.status is Status.RUNNING and not market.halted and not market.outdated:
        return line(code(f"/sell {_typed(market.params, first)} half"), " sells some.")
    if market.status is Status.DISPUTED:
        return line("A winner is named; what is right is paid when it stands. ", code("/board"), " shows when.")
    return line("Nothing trades just now; ", code("/board"), " shows what comes next.")


def _typed(params: MarketParams, holding: Holding) -> str:
    return f"{typed_outcome(params.outcome_names, holding.outcome).lower()} {holding.side.value}"


def _in_all(member: Member, worth: int) -> str:
    """Everything a member has, against what they were given."""
    total = member.cash + worth
    amount, share = gain(total, member.given)
    return f"In all {money(total)}, {amount} ({share}) on the {money(member.given)} you were given."


def balance(member: Member, worth: int) -> Reply:
    """What a member can spend, and how they stand against what they were given."""
    set_aside = shown_money(member.cash) - shown_money(member.available)  # so that all that is shown adds up
    reserved, escrow = split((member.reserved, member.escrow), set_aside)
    aside = dotted(
        [
            f"{money(reserved)} set aside for orders on their way" if reserved else "",
            f"{money(escrow)} set aside for orders in the book" if escrow else "",
            f"{money(member.coming)} of it arrives with the next tick" if member.coming else "",
            f"tokens worth {money(worth)}" if worth else "",
        ]
    )
    rows = [line(f"Besides: {aside}.")] if aside else []
    rows.append(line(_in_all(member, worth)))
    fees, gas = split((member.fees, member.gas), cut=Cut.UP)
    spent = dotted([f"fees {money(fees)}" if fees else "", f"gas {money(gas)}" if gas else ""])
    if spent:
        rows.append(line(quiet(f"Paid so far: {spent}.")))
    return say(f"You have {money(member.available)} to spend.", blocks=[*rows, *_limits(member)])


def _limits(member: Member) -> list[Line]:
    """What an admin has closed to them."""
    rows = []
    if member.barred is not None:
        why = f": {clean(member.barred).rstrip('.')}" if member.barred else ""
        rows.append(line(f"An admin has barred you{why}. You can sell what you hold, not buy."))
    if member.unranked:
        rows.append(line("An admin keeps you out of the ranks: no place, podium or points."))
    return rows


def trades(params: MarketParams, trades_: Sequence[TradeRow], person: int, rest: Line) -> Reply:
    """A member's own, newest first; `rest` for who has none."""
    if not trades_:
        return say("You have not traded yet.", blocks=(rest,))
    rows = tuple(
        (
            line(Stamp(trade.ts_ms)),
            line(
                "Bought " if trade.buyer == person else "Sold ",
                outcome(params, trade.outcome),
                f" {side_word(trade.side)}",
                *program(by_key=trade.by_key),
            ),
            line(tokens(trade.size)),
            line(price(trade.price)),
            line(money(own_amount(trade, person), Cut.UP if trade.buyer == person else Cut.DOWN)),
        )
        for trade in trades_
    )
    return say(
        "Your one trade." if len(trades_) == 1 else f"Your last {plural(len(trades_), 'trade')}.",
        blocks=(Table(columns=trade_columns("Before gas" if params.gas_fee else "Money"), rows=rows),),
    )

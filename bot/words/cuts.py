"""A market cut back to the moment when a result was known: what it would come to, and what everybody hears of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.facts import CutFigures, CutPreview
from bot.chat.reply import Action, Block, Line, Part, Reply, Span, Stamp, Tone, bold, code, line
from bot.text.names import clean
from bot.text.numbers import Cut, limit_price, money, price, round_money, shown_price, signed_money, tokens
from bot.words.admin import buttons
from bot.words.announcements import round_name, sentence, to_chat
from bot.words.audit import CHECK, sealed
from bot.words.proposals import deadline, proposed_by, second_eyes
from bot.words.shared import (
    BALANCE,
    BOARD,
    POSITIONS,
    first_upper,
    listed,
    no,
    outcome,
    people,
    plural,
    say,
    token_name,
    try_again,
)
from engine.state import Side
from engine.terms import MarketParams
from storage.records import Market, OrderRow

Facts = Mapping[str, Any]  # a payload; its shape is in the table of scheduler.cut_notices

_MANY = 6  # orders of somebody's that are told one by one


# -- before it


def preview(shown: CutPreview) -> Reply:
    """In numbers, before Confirm; nobody is named."""
    figures, params = shown.figures, shown.record.params
    rows: list[Line] = []
    if shown.stale:
        rows.append(line("Something changed since the last look; here is how it stands now."))
    if shown.proposal is not None:
        rows.append(proposed_by(shown.proposal, shown.proposer, shown.now_ms))
    rows += [
        line(f"The reason, as everybody is told it: {first_upper(sentence(shown.reason))}"),
        *_numbers(params, figures),
    ]
    rows.append(line(_shut(figures), " A cut is final: what it undoes cannot be brought back."))
    label = "Confirm the cut"
    if shown.part:
        rows += [*second_eyes(params, shown.part, shown.others), deadline(shown.record, "cut")]
        label = "Confirm the proposal"
    undone = f"{plural(figures.orders, 'order')} of {people(figures.owners)} would be undone"
    head = line("Back to ", Stamp(figures.moment_ms), f": {undone}.")
    kept = tuple(row for row in rows if row)
    return Reply(head=head, blocks=kept, actions=buttons(label, shown.again, shown.person), tone=Tone.WAIT)


def _numbers(params: MarketParams, figures: CutFigures) -> list[Line]:
    trades, volume = map("{:,}".format, figures.trades), map(round_money, figures.volume)
    has = "has" if figures.people == 1 else "have"
    rows = [
        line(f"Trades since then: {_from_to(*trades)}; traded in them: {_from_to(*volume)}."),
        line(f"It changes what {people(figures.people)} {has}: {_moved(figures)}."),
    ]
    again, gone = figures.waiting
    if again or gone:
        rows.append(line(f"{plural(again, 'order')} would wait in the book again, {gone:,} would leave it."))
    rows.append(_prices(params, figures.prices))
    rows.append(
        line(
            f"The house's profit: {_from_to(*map(signed_money, figures.profit))}; "
            f"at risk {_from_to(*map(round_money, figures.risk))}."
        )
    )
    if figures.until_ms is not None:
        rows.append(line("What is named now stays named; its window begins anew, until ", Stamp(figures.until_ms), "."))
    return rows


def _moved(figures: CutFigures) -> str:
    """Of money and tokens, what comes back to people and what goes back from them; nobody's own is told."""
    (returned, gainers), (taken, losers), most = figures.returned, figures.taken, figures.most
    parts = []
    if gainers:
        one = f" (at most {money(most[0])} to one)" if gainers > 1 else ""
        parts.append(f"{money(returned)} to spend would come back to {people(gainers)}{one}")
    if losers:
        one = f" (at most {money(most[1], Cut.UP)} from one)" if losers > 1 else ""
        parts.append(f"{money(taken, Cut.UP)} to spend would go back from {people(losers)}{one}")
    back, away = figures.tokens
    parts += [f"{tokens(away)} tokens would go back"] if away else []
    parts += [f"{tokens(back)} tokens would come back"] if back else []
    return listed(parts) if parts else "only orders in the book"


def _from_to(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _prices(params: MarketParams, prices: Sequence[Sequence[int]]) -> Line:
    """`YES: Germany 61.0¢ → 50.0¢, Brazil 20.1¢ → 30.0¢.`"""
    moved = [row for row in prices if shown_price(int(row[1])) != shown_price(int(row[2]))]
    if not moved:
        return line("YES of every outcome stays where it is.")
    parts: list[Part] = [Span("YES: ")]
    for place, (number, before, after) in enumerate(moved):
        parts += [Span(", ")] if place else []
        parts += [outcome(params, int(number)), Span(f" {price(int(before))} → {price(int(after))}")]
    return (*parts, Span("."))


def under_way(market: Market, again: str, person: int | None) -> Reply:
    """A long market is played again, and who asks comes back for it."""
    return say(
        f"{plural(market.tick, 'tick')} of {clean(market.title)} are being played again; nothing has changed yet.",
        blocks=(line("You are told when it is ready; or press the button, or send ", code(again), " again."),),
        actions=(Action(label="Show the numbers", text=again, person=person, primary=True),),
        tone=Tone.WAIT,
    )


def ready(again: str) -> Reply:
    """To one who waited for the numbers."""
    return say(
        "What the cut would come to is worked out.",
        blocks=(line(code(again), " in the market's chat shows the numbers; nothing has changed yet."),),
        actions=(Action(label="Show the numbers", text=again, primary=True),),
    )


def could_not(again: str) -> Reply:
    return no(
        "What it would come to could not be worked out; nothing changed.",
        blocks=(line(code(again), " tries again. If it fails again, whoever runs the bot finds why in its log."),),
        actions=(try_again(again),),
    )


def moved_on(again: str) -> Reply:
    return no(
        "The market has moved on while it was being worked out; nothing changed.",
        blocks=(line(code(again), " works it out as it stands now."),),
        actions=(try_again(again),),
    )


def nothing_to_undo(at_ms: int) -> Reply:
    reply = no("", blocks=(line("Nothing changed. ", code("/tape"), " shows when the last trades were."),))
    head = line("No order that did anything came after ", Stamp(at_ms), ", so there is nothing to undo.")
    return Reply(head=head, blocks=reply.blocks, tone=reply.tone, ok=reply.ok)


def halted() -> Reply:
    return no(
        "This market is halted, so it cannot be cut: a check failed, and it does not tick.",
        blocks=(line(code("/admin resume"), " tries it again first."),),
    )


def decided(figures: CutFigures) -> Reply:
    """Confirmed; a second press says the same."""
    return Reply(
        head=line("The market is cut back to ", Stamp(figures.moment_ms), " with the next tick."),
        blocks=(
            line("Everybody concerned is told then, each what became of theirs, and the chat is told the reason."),
            _next(figures),
        ),
        tone=Tone.GOOD,
    )


def _shut(figures: CutFigures) -> str:
    """What keeps trading shut after the cut."""
    if figures.final:
        return "Trading does not open again." if figures.until_ms is not None else _until_over(None, final=True)
    if figures.until_ms is not None:
        return "Trading stays shut until it is paid."
    return "Trading stays shut until you open it." if figures.round is None else _until_over(figures.round, final=False)


def _until_over(number: int | None, *, final: bool) -> str:
    if final:
        return "Trading stays shut: the decision on the final comes next."
    return f"Trading stays shut until {round_name(number)} is over."


def _next(figures: CutFigures) -> Line:
    """What is to be done after the cut."""
    if figures.until_ms is not None:
        return line(_shut(figures), " ", code("/admin correct"), " and who names another until then.")
    if figures.final:
        return line("The decision on the final is next: ", code("/admin resolve"), " and who.")
    if figures.round is not None and figures.takes:
        return line(f"The decision on {round_name(figures.round)} is next: ", code("/admin eliminate"), " and who.")
    return line(code("/admin resume"), " opens trading again.")


# -- after it


def cut(market: Market, facts: Facts, reason: str, who: str) -> Reply:
    """To the chat: the moment, the reason, sums; nobody is named but who decided it."""
    why = f" {first_upper(sentence(reason))}" if reason else ""
    orders, concerned = int(facts["orders"]), int(facts["people"])
    rows: list[Line | Block] = [
        line(
            f"It is as if no order had come after that: {plural(orders, 'order')} {'is' if orders == 1 else 'are'} "
            f"undone, with all that followed from {'it' if orders == 1 else 'them'}. {people(concerned)} "
            f"{'is' if concerned == 1 else 'are'} told in private what it means for them."
        ),
        _prices(market.params, facts["prices"]),
    ]
    if facts["until_ms"] is not None:
        until = Stamp(int(facts["until_ms"]), countdown=True)
        rows.append(line("What is named now stays named, and is paid ", until, " if it stands."))
    else:
        number, final = facts.get("round"), bool(facts.get("final"))
        shut = "Trading is still shut; the chat hears when it opens again."
        rows.append(line(shut if number is None else _until_over(int(number), final=final)))
    rows += [line(f"Decided by {clean(who)}.")] if who else []
    rows.append(sealed(facts["head"]))
    head: list[str | Part] = [bold("Back to "), Stamp(int(facts["moment_ms"])), f": every later order is undone.{why}"]
    return to_chat(*head, blocks=rows, actions=(BOARD, CHECK), tone=Tone.LOUD)


def own(market: Market, facts: Facts, orders: Mapping[int, OrderRow], reason: str) -> Reply:
    """To one whom it concerns: what became of their orders, money and tokens before and after."""
    params = market.params
    undone = [orders[number] for number in facts["undone"] if number in orders]
    what = f"{plural(len(undone), 'order')} of yours {'is' if len(undone) == 1 else 'are'} undone"
    rows: list[Line] = [line(first_upper(sentence(reason)))] if reason else []
    rows += _each(params, undone, "Undone: ")
    again = [orders[number] for number in facts["again"] if number in orders]
    rows += _each(params, again, "Waits in the book again: ")
    rows += _each(params, [orders[number] for number in facts["gone"] if number in orders], "Left the book: ")
    before, after = facts["cash"]
    rows.append(line(f"You had {money(before, Cut.DOWN)} to spend, now {money(after, Cut.DOWN)}."))
    for number, side, held, holds in facts["tokens"]:
        rows.append(line(f"{token_name(params, int(number), Side(side))}: {tokens(held)} before, {tokens(holds)} now."))
    rows.append(line(code("/balance"), " and ", code("/positions"), " show where you stand."))
    head: list[str | Part] = [f"{clean(market.title)} went back to ", Stamp(int(facts["moment_ms"]))]
    tail = f": {what}." if undone else ": somebody's later order that met yours is undone."
    return Reply(head=line(*head, tail), blocks=tuple(rows), actions=(BALANCE, POSITIONS))


def _each(params: MarketParams, orders: Sequence[OrderRow], word: str) -> list[Line]:
    shown = [line(f"{word}order {order.number}, {_order(params, order)}.") for order in orders[:_MANY]]
    more = len(orders) - _MANY
    return [*shown, line(f"And {more:,} more.")] if more > 0 else shown


def _order(params: MarketParams, order: OrderRow) -> str:
    """`buy 100 Germany YES`, `sell 40 Germany YES at 90¢`, `buy Germany YES for $50.00`."""
    draft = order.draft
    what = token_name(params, draft.outcome, draft.side)
    verb = "buy" if draft.buy else "sell"
    if draft.spend is not None:
        return f"{verb} {what} for {money(draft.spend)}"
    at = f" at {limit_price(draft.limit)}" if draft.limit is not None else ""
    return f"{verb} {tokens(draft.size)} {what}{at}"


def undone(market: Market, order: OrderRow) -> Reply:
    """The receipt of an order that never was."""
    return no(
        f"Undone: {_order(market.params, order)}.",
        blocks=(
            line(f"{clean(market.title)} went back to a moment before this order; nothing of it holds."),
            line("Its gas came back."),
            line(code("/balance"), " and ", code("/positions"), " show where you stand."),
        ),
        actions=(BALANCE, POSITIONS),
        ticket=order.ticket,
    )

"""Changing a ticket: the numbers it asks for, and what the new ticket says has become of the old one's."""

from __future__ import annotations

from bot.chat.facts import PricedOrder
from bot.chat.reply import Field, Form, Line, Reply, bold, code, line
from bot.text.names import clean
from bot.text.numbers import Cut, limit_price, money, percent, typed_limit
from bot.words.shared import dotted, say, token_name
from engine.terms import MarketParams
from storage.records import OrderDraft


def change_form(number: int, before: PricedOrder) -> Reply:
    """Change asks for the numbers of a ticket, filled in: those that its owner chose."""
    draft, params, amount = before.draft, before.params, before.asked.typed()
    what = f"{'Buy' if draft.buy else 'Sell'} {token_name(params, draft.outcome, draft.side)}"
    usual = "40, all, half or 25%" if not draft.buy else "100 tokens, $50, half or 25%"
    first = Field(name="amount", label="Amount", value=amount, hint=usual)
    if draft.limit is None:
        own = percent(before.slippage) if before.own_slippage else ""
        hint = "how far the price may run, such as 5%"
        fields: tuple[Field, ...] = (
            first,
            Field(name="slippage", label="Slippage", value=own, hint=hint, required=False),
        )
        tail = f" slippage {own}" if own else ""
    else:
        fields = (first, *_limit_fields(draft, draft.limit, params))
        tail = f" limit {typed_limit(draft.limit)}"
    form = Form(title=clean(what, 45), command=f"ticket change {number}", fields=fields, submit="New ticket")
    return say(
        f"Change this ticket: {what}.",
        blocks=(line("Or in one line: ", code(f"/ticket change {number} {amount}{tail}")),),
        form=form,
    )


def _limit_fields(draft: OrderDraft, limit: int, params: MarketParams) -> tuple[Field, ...]:
    """What Change asks for beside the amount."""
    fields = [Field(name="limit", label="Limit", value=typed_limit(limit), hint="a price such as 55c", required=False)]
    if params.af_enabled:
        choices = (("yes", "yes"), ("no", "no"))
        value = "yes" if draft.autofill else "no"
        fields.append(
            Field(name="autofill", label="Auto-fill", kind="choice", choices=choices, value=value, required=False)
        )
    return tuple(fields)


def changes(before: PricedOrder, after: PricedOrder) -> Line:
    """Each number of the ticket that is another on the new one, as it was and as it is."""
    pairs = [
        ("amount", before.asked.typed(), after.asked.typed()),
        ("limit", _limit(before), _limit(after)),
        ("slippage", _slippage(before), _slippage(after)),
        ("auto-fill", _autofill(before), _autofill(after)),
    ]
    chosen = [f"{name} {then} → {now}" for name, then, now in pairs if then != now]
    bound, cut = ("at worst", Cut.UP) if after.draft.buy else ("at least", Cut.DOWN)
    then, now = money(before.most, cut), money(after.most, cut)
    priced = [f"{bound} {then} → {now}"] if then != now else []
    if not chosen:
        moved = f", but prices have moved: {priced[0]}" if priced else ""
        return line(bold("Changed: "), f"none of its numbers{moved}.")
    return line(bold("Changed: "), f"{dotted([*chosen, *priced])}.")


def _limit(priced: PricedOrder) -> str:
    return "none" if priced.draft.limit is None else limit_price(priced.draft.limit)


def _slippage(priced: PricedOrder) -> str:
    """What was allowed, chosen or not; a limit needs none."""
    return "none" if priced.draft.limit is not None else percent(priced.slippage)


def _autofill(priced: PricedOrder) -> str:
    return "on" if priced.draft.autofill else "off"

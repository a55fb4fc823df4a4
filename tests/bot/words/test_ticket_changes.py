"""What a changed ticket says was changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat import plain_text
from bot.chat.facts import Amount, PricedOrder
from bot.text.numbers import MICRO, RATE
from bot.words.ticket_changes import changes
from engine.quote import Quote
from engine.state import Side
from storage.records import OrderDraft
from tests.storage import worlds

QUOTE = Quote(
    size=100 * MICRO,
    unsold=0,
    amount=50 * MICRO,
    fee=0,
    gas=10_000,
    average=RATE // 2,
    price_before=RATE // 2,
    price_after=RATE // 2,
    worst_price=RATE // 2,
    worst_amount=50 * MICRO,
    parts={},
    moves=(),
    payout_if_right=100 * MICRO,
    largest_sensible=0,
)
DRAFT = OrderDraft(outcome=0, side=Side.YES, buy=True, size=100 * MICRO)
TICKET = PricedOrder(
    params=worlds.params(),
    draft=DRAFT,
    quote=QUOTE,
    asked=Amount(tokens=100 * MICRO),
    slippage=RATE // 20,
    most=52_500_000,
)
LIMITED = replace(TICKET, draft=replace(DRAFT, limit=RATE * 55 // 100), slippage=0)
SALE = replace(TICKET, draft=replace(DRAFT, buy=False), asked=Amount(share=RATE), most=47_512_345)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (TICKET, replace(TICKET, asked=Amount(spend=20 * MICRO)), "Changed: amount 100 → $20."),
        (
            TICKET,
            replace(TICKET, asked=Amount(tokens=50 * MICRO), most=26_250_001),
            "Changed: amount 100 → 50 · at worst $52.50 → $26.26.",
        ),
        (TICKET, replace(TICKET, slippage=RATE // 50, own_slippage=True), "Changed: slippage 5% → 2%."),
        (TICKET, LIMITED, "Changed: limit none → 55¢ · slippage 5% → none."),
        (
            LIMITED,
            replace(LIMITED, draft=replace(LIMITED.draft, limit=RATE // 2, autofill=True)),
            "Changed: limit 55¢ → 50¢ · auto-fill off → on.",
        ),
        (
            SALE,
            replace(SALE, asked=Amount(share=RATE // 2), most=23_756_172),
            "Changed: amount all → half · at least $47.51 → $23.75.",
        ),
        (TICKET, TICKET, "Changed: none of its numbers."),
        (
            TICKET,
            replace(TICKET, most=53 * MICRO),
            "Changed: none of its numbers, but prices have moved: at worst $52.50 → $53.00.",
        ),
    ],
)
def test_each_number_that_is_another_is_told_as_it_was_and_as_it_is(
    before: PricedOrder, after: PricedOrder, said: str
) -> None:
    assert plain_text.line_text(changes(before, after)) == said

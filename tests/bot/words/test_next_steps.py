"""What one person is told of their order or their money can be read alone: it names its market, and what to do next is
a press away, the very line its text shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.chat import plain_text
from bot.chat.facts import Amount, Leg, OrderReceipt
from bot.chat.reply import Reply, lines_in_code
from bot.words import announcements, cuts, receipts, refusals
from engine.events import Reason
from engine.state import Side
from engine.units import MICRO
from storage.records import BARRED, HALTED, OrderDraft, OrderRow, OrderStatus
from tests.bot.words.test_all_words import DRAFT, PARAMS, failed_for
from tests.scheduler.test_signals import market

SALE = replace(DRAFT, buy=False)
PAID = {"total": MICRO, "paid": [[0, "yes", MICRO, MICRO]]}
CUT = {"moment_ms": 0, "undone": [], "again": [], "gone": [], "cash": [0, MICRO], "tokens": []}
SELL_ALL = '/sell "costa rica" yes all'


def steps(reply: Reply) -> list[str]:
    return [action.text for action in reply.actions]


def order(status: OrderStatus, draft: OrderDraft = DRAFT, **changes: object) -> OrderRow:
    made = OrderRow(
        market=1, number=5, person=1, draft=draft, status=status, reserve=0, remaining=0, amount=MICRO, fee=0, gas=0,
        rebate=0, reason=None, detail={}, request_id="r", ts_ms=0, accepted_ms=0, tick=1, ticket=None,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]  # each is a field's own


def receipt(row: OrderRow, *, held: int = MICRO, traded: bool = True) -> OrderReceipt:
    legs = [Leg(kind="maker", size=row.done, amount=MICRO, waited=False)] if row.done else []
    return OrderReceipt(
        params=PARAMS, title="World Cup", order=row, legs=legs, held=held, worth=0, owner=1, traded=traded
    )


@pytest.mark.parametrize("have", [0, MICRO])
@pytest.mark.parametrize("draft", [DRAFT, SALE])
@pytest.mark.parametrize("reason", [*Reason, BARRED, HALTED])
def test_why_an_order_failed_has_what_mends_it_below(reason: str, draft: OrderDraft, have: int) -> None:
    failed = replace(failed_for(reason, {"have": have, "need": 2 * MICRO}), draft=draft, title="World Cup")
    told = refusals.not_filled(failed, None)
    assert steps(told) == lines_in_code(told)
    assert len(told.actions) == 1
    assert " in World Cup." in plain_text.text(told)
    asked = refusals.no_ticket(reason, failed.detail, PARAMS, draft, Amount(tokens=draft.size))
    assert steps(asked) == lines_in_code(asked)
    assert "World Cup" not in plain_text.text(asked), "it stands where it was asked"


def test_what_is_held_is_offered_for_sale_where_too_much_was_asked() -> None:
    def of(have: int) -> list[str]:
        failed = replace(failed_for(Reason.NO_TOKENS, {"have": have, "need": 2 * MICRO}), draft=SALE)
        return steps(refusals.not_filled(failed, None))

    assert of(MICRO) == [SELL_ALL]
    assert of(0) == ["/positions"]
    assert steps(refusals.holds_fewer(PARAMS, 2, Side.YES, MICRO, 2 * MICRO)) == [SELL_ALL]


@pytest.mark.parametrize(
    ("held", "traded", "offered"),
    [
        (MICRO, True, [SELL_ALL, "/positions"]),
        (0, True, ["/positions"]),
        (MICRO, False, ["/positions"]),  # its outcome is out, or all is over
    ],
)
def test_a_fill_can_be_sold_again_while_it_is_held_and_traded(held: int, traded: bool, offered: list[str]) -> None:
    limited = replace(DRAFT, limit=MICRO // 2)
    half = {"remaining": DRAFT.size // 2, "rest_fee": 0}
    filled = receipts.filled(receipt(order(OrderStatus.FILLED), held=held, traded=traded))
    waits = receipts.in_book(receipt(order(OrderStatus.RESTING, limited, **half), held=held, traded=traded), MICRO // 2)
    ended = receipts.given_back(
        receipt(order(OrderStatus.CANCELLED, limited, **half), held=held, traded=traded), "it is.", "/buy"
    )
    assert steps(filled) == steps(ended) == offered
    assert steps(waits) == ["/order cancel 1 5", *offered]
    for reply in (filled, waits, ended):
        assert plain_text.text(reply).count(" in World Cup") == 1
        assert len(reply.actions) <= 3
        assert {action.person for action in reply.actions} <= {1, None}


def test_an_order_that_came_back_whole_can_be_asked_again_if_its_owner_took_it_back() -> None:
    row = order(OrderStatus.CANCELLED, replace(DRAFT, limit=MICRO // 2), remaining=DRAFT.size, rest_fee=0)
    mine = receipts.given_back(receipt(row), "order 5 is cancelled.", "/buy x")
    theirs = receipts.given_back(receipt(replace(row, reason="released")), "it is over.", "/buy x")
    together = receipts.given_back_together(PARAMS, "World Cup", [(row, "it is.")])
    assert [steps(mine), steps(theirs), steps(together)] == [["/buy x"], ["/balance"], ["/orders", "/balance"]]
    for reply in (mine, theirs, together, receipts.in_book(receipt(row), MICRO // 2)):
        assert plain_text.text(reply).count(" in World Cup") == 1


@pytest.mark.parametrize(
    ("told", "offered"),
    [
        (announcements.paid(market(), PAID), ["/balance", "/leaderboard"]),
        (announcements.refunded(market(), {"amount": MICRO}), ["/balance", "/trades"]),
        (announcements.granted(market(), {"cash": MICRO}), ["/balance", "/board"]),
        (cuts.own(market(), CUT, {}, ""), ["/balance", "/positions"]),
        (cuts.undone(market(), order(OrderStatus.CUT)), ["/balance", "/positions"]),
    ],
)
def test_what_comes_and_goes_names_its_market_and_shows_where_one_stands(told: Reply, offered: list[str]) -> None:
    assert steps(told) == offered
    assert set(lines_in_code(told)) <= set(offered)
    assert "Zoo" in plain_text.text(told)


@pytest.mark.parametrize("told", [cuts.could_not, cuts.moved_on])
def test_numbers_that_could_not_be_shown_are_asked_for_again_by_a_press(told: Callable[[str], Reply]) -> None:
    assert steps(told("/admin cut 10m wrong")) == ["/admin cut 10m wrong"]

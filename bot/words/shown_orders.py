"""An order whose price was shown beside it and that is sent in one press: why it is asked about once more."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.facts import PricedOrder
from bot.chat.reply import Reply, code, line
from bot.words.refusals import ticket_line
from bot.words.shared import no
from bot.words.tickets import shown
from bot.words.wording import on_ticket
from storage.records import Wording


def show_first() -> Reply:
    """At market without the price that was shown."""
    return no(
        "An order is sent here only with the price that was shown for it.",
        blocks=(line("Nothing was ordered. Ask for its price first, or ", code("/help buy"), " says how to type it."),),
        code="no_worst_price",
    )


def asked_before() -> Reply:
    """Its request asked for another order, which was not sent."""
    return no(
        "This request asked for another order before.",
        blocks=(line("Nothing was ordered. Ask for the price again, and send the order with a request of its own."),),
        code="other_order",
    )


def only_loses(priced: PricedOrder) -> Reply:
    """It could still win when it was shown."""
    _, rows = shown(priced)
    return no(
        "Not sent: the price has moved, and this order can only lose now.",
        blocks=(*rows, line("Nothing was ordered. ", code(ticket_line(priced)), " asks anew.")),
        code="only_loses",
    )


def read_first(unread: Sequence[Wording]) -> Reply:
    """Written since the price was shown."""
    return no(
        "Not sent: something was written on what decides this market.",
        blocks=(*on_ticket(unread), line("Nothing was ordered. Read it, then confirm again.")),
        code="read_first",
    )

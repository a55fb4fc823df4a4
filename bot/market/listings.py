"""What is offered while a number or a setting's value is typed: one's orders and markets, proposals, settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.chat.facts import ALIASES, Hint
from bot.chat.invocation import Listing
from bot.grammar.command import Command
from bot.market.context import MarketView
from bot.market.involvement import still_valid
from bot.market.settings_table import SETTINGS, setting
from bot.market.visibility import own_markets
from bot.text.names import clean
from bot.words import keys as words_keys
from bot.words import orders as words_orders
from bot.words import proposals as words_proposals
from bot.words import setup as words
from bot.words.views import status_word
from storage.records import OrderStatus, Person
from storage.unit_of_work import UnitOfWork

_MOST = 25


async def listed(
    uow: UnitOfWork, command: Command, market: MarketView | None, person: Person | None
) -> dict[Listing, Sequence[Hint]]:
    """Of what the command's arguments are numbers of."""
    wanted = {param.kind.listing for param in command.params}
    found: dict[Listing, Sequence[Hint]] = {}
    if Listing.MARKETS in wanted and person is not None:
        own = await own_markets(uow, person.id)
        found[Listing.MARKETS] = [
            Hint(str(record.id), f"{clean(record.title)}, {status_word(record)}") for record in own
        ]
    if Listing.ORDERS in wanted and market is not None and market.member is not None:
        rows = await uow.orders.of(market.id, market.member.person, n=_MOST)
        ran = [order for order in rows if order.status is not OrderStatus.PENDING]
        found[Listing.ORDERS] = [
            Hint(str(order.number), words_orders.hint(market.record.params, order)) for order in ran
        ]
    if Listing.PROPOSALS in wanted and market is not None:
        standing = [one for one in await uow.approvals.waiting(market.id) if still_valid(one, market.state)]
        found[Listing.PROPOSALS] = [
            Hint(str(one.number), words_proposals.what(market.record.params, one)) for one in standing
        ]
    return found


def settings_of(market: MarketView) -> Mapping[str, Sequence[Hint]]:
    """How each of the market's settings stands and what else it can be, by every name it has."""
    record = market.record
    known = [setting(record.params, name) for name in SETTINGS]
    values = {one.name: _values(one.value, one.choices) for one in known}
    values["title"] = _values(record.title, ())
    values["keys"] = _values(record.keys, tuple(words_keys.SWITCH))
    values["public"] = _values("on" if record.public else "off", ("on", "off"))
    return values | {alias: values[name] for alias, name in ALIASES.items()}


def _values(now: str, choices: Sequence[str]) -> list[Hint]:
    own = [Hint(now, words.as_it_is())] if now else []
    return [*own, *(Hint(choice) for choice in choices if choice != now)]

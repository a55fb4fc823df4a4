"""What the notices of one round ask storage for, read with a few statements for all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from storage.rankings import Tokens, worths_of
from storage.records import OutboxRow
from storage.unit_of_work import UnitOfWork


async def read_ahead(uow: UnitOfWork, rows: Sequence[OutboxRow]) -> Mapping[int, Mapping[int, Tokens]]:
    """What the private ones among these ask for, with a statement for all of them instead of several for each. Returns
    what the holdings of those whose orders are told are worth, by market and person."""
    worths: dict[int, Mapping[int, Tokens]] = {}
    orders: dict[int, set[int]] = {}  # numbers by market
    people = {row.person for row in rows if row.person is not None and row.ticket is None}
    for row in rows:
        number = row.payload.get("order") if row.kind == "order" else None
        if isinstance(number, int) and row.market is not None:
            orders.setdefault(row.market, set()).add(number)
    for market, numbers in orders.items():
        owners = {order.person for order in await uow.orders.prefetch(market, numbers)}
        await uow.members.prefetch(market, owners)
        await uow.trades.prefetch(market, numbers)
        await uow.people.prefetch(owners)
        worths[market] = await _worths(uow, market, owners)
    await uow.preferences.prefetch(people)
    return worths


async def _worths(uow: UnitOfWork, market: int, owners: Collection[int]) -> Mapping[int, Tokens]:
    record = await uow.markets.get_one(market)
    accounts = [await uow.members.account(market, person) for person in owners]
    members = [member for member in accounts if member is not None]
    if not members:
        return {}
    values = worths_of(record, await uow.markets.state(record), members)
    return {member.person: tokens for member, tokens in zip(members, values, strict=True)}

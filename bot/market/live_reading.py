"""One market that is looked at, and the accounts in it that are, read on from what was known before.

The row of the market and the orders that wait are read each time, more only where that has moved. What everybody is
told of a market is one object for all; accounts are made of those alone that somebody looks at, together, and anew only
where the market or something of their own has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bot.market.leaderboard import Standing, standing_of
from bot.market.market_facts import Account, MarketFacts, account_of, market_facts
from engine.state import MarketState, Side, Status
from storage.alerts import Alert
from storage.kept_figures import Version
from storage.rankings import worths_of
from storage.records import Market, Member, OrderRow
from storage.unit_of_work import UnitOfWork

_T = TypeVar("_T", OrderRow, Alert)
TURN = 25  # accounts, a few milliseconds, after which others have their turn in the loop

_Paid = Mapping[tuple[int, Side], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMarket:
    """As it was read last. `numbers`: under which number a person's account stands, None: they have none; `pending`
    the orders that wait for their tick, by account, `alerts` likewise of those looked at; `paid`: what was paid for an
    account's tokens, and the account of which that is true."""

    record: Market
    version: Version
    state: MarketState
    facts: MarketFacts
    standing: Standing
    pending: Mapping[int, tuple[OrderRow, ...]] = field(default_factory=dict)
    alerts: Mapping[int, tuple[Alert, ...]] = field(default_factory=dict)
    numbers: Mapping[int, int | None] = field(default_factory=dict)  # by person
    accounts: Mapping[int, Account] = field(default_factory=dict)  # by person
    paid: Mapping[int, tuple[Member, _Paid]] = field(default_factory=dict)  # by account


async def read_market(
    uow: UnitOfWork, market: int, people: Collection[int], before: LiveMarket | None
) -> LiveMarket | None:
    """As it is now, with the accounts of these people; None where there is none of this number."""
    record = await uow.markets.get(market)
    if record is None:
        return None
    version = await uow.figures.version(record)
    if before is not None and before.version == version:
        now, anew = replace(before, record=record), False
    else:
        now, anew = await _read_anew(uow, record, version, before), True
    now = replace(now, pending=await _pending(uow, record), numbers=await _numbers(uow, now, people))
    own = [number for person in people if (number := now.numbers[person]) is not None]
    now = replace(now, alerts=await uow.alerts.of_many(market, own))
    stale = [
        person
        for person in people
        if anew
        or before is None
        or person not in before.accounts
        or _moved(now.numbers[person], before.pending, now.pending)
        or _moved(now.numbers[person], before.alerts, now.alerts)
    ]
    made = await _accounts(uow, now, stale)
    return replace(made, accounts={person: made.accounts[person] for person in people})


async def _read_anew(uow: UnitOfWork, record: Market, version: Version, before: LiveMarket | None) -> LiveMarket:
    """Its rows have changed; what is equal stays the same object."""
    facts, standing = await market_facts(uow, record), await standing_of(uow, record)
    now = LiveMarket(
        record=record, version=version, state=await uow.markets.state(record), facts=facts, standing=standing
    )
    if before is None:
        return now
    members = standing.members
    return replace(
        now,
        facts=before.facts if before.facts == facts else facts,
        accounts=before.accounts,
        paid=before.paid,
        numbers={
            person: number
            for person, number in before.numbers.items()
            if number in members or (number is None and person not in members)
        },
    )


async def _pending(uow: UnitOfWork, record: Market) -> Mapping[int, tuple[OrderRow, ...]]:
    waiting: dict[int, tuple[OrderRow, ...]] = {}
    if record.status is Status.RUNNING:
        for order in await uow.orders.pending(record.id):
            waiting[order.person] = (*waiting.get(order.person, ()), order)
    return waiting


def _moved(number: int | None, before: Mapping[int, tuple[_T, ...]], now: Mapping[int, tuple[_T, ...]]) -> bool:
    return number is not None and before.get(number) != now.get(number)


async def _numbers(uow: UnitOfWork, market: LiveMarket, people: Collection[int]) -> Mapping[int, int | None]:
    """Asked where it is not known yet."""
    numbers = dict(market.numbers)
    for person in people:
        if person not in numbers:
            member = await uow.members.get(market.record.id, person)
            numbers[person] = None if member is None else member.person
    return numbers


async def _accounts(uow: UnitOfWork, market: LiveMarket, people: Collection[int]) -> LiveMarket:
    """With the accounts of these people made anew; who stands as before keeps the same object."""
    members = [market.standing.members.get(market.numbers[person] or 0) for person in people]
    joined = [member for member in members if member is not None]
    worths = worths_of(market.record, market.state, joined)
    worth = dict(zip((member.person for member in joined), worths, strict=True))
    paid = await _paid(uow, market, joined)
    accounts = dict(market.accounts)
    for made, (person, member) in enumerate(zip(people, members, strict=True), 1):
        if made % TURN == 0:
            await asyncio.sleep(0)
        number = 0 if member is None else member.person
        account = account_of(
            market.record,
            market.state,
            market.standing,
            member,
            worth.get(number, ()),
            paid[number][1] if number in paid else {},
            market.pending.get(number, ()),
            market.alerts.get(number, ()),
        )
        if person not in accounts or replace(account, tick=accounts[person].tick) != accounts[person]:
            accounts[person] = account
    return replace(market, accounts=accounts, paid=paid)


async def _paid(uow: UnitOfWork, market: LiveMarket, members: Collection[Member]) -> Mapping[int, tuple[Member, _Paid]]:
    """What was paid for the tokens of those who hold any: asked anew only of those whose account has moved."""
    asked = {
        member.person: member
        for member in members
        if any(map(any, member.tokens))
        and (member.person not in market.paid or not _same_account(market.paid[member.person][0], member))
    }
    if not asked:
        return market.paid
    paid = await uow.trades.paid_by(market.record.id, sorted(asked))
    return {**market.paid, **{number: (member, paid.get(number, {})) for number, member in asked.items()}}


def _same_account(before: Member, now: Member) -> bool:
    """Whether no trade, and nothing that came back of one, lies between the two."""
    return all(
        getattr(before, name) == getattr(now, name)
        for name in ("balance", "escrow", "net_pnl", "trade_count", "volume", "fees", "tokens")
    )

"""When two people become one, and how a person is forgotten; `storage.personal_data` has the rows.

Orders, trades, the ledger and the audit chain know accounts by number and are never rewritten: whose number it is now
is asked in one place, `People.primary_id` and `People.all_ids`. What names a person goes, what counts stays under a
number.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.market import membership
from storage.records import Declined, Market, Member
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """`other` is `person` from now on. `closed`: markets in which one of two accounts was not used and goes, with the
    micro-dollars that go back to the bank; `markets`: all that are theirs now."""

    person: int
    other: int
    closed: tuple[tuple[Market, int], ...]
    markets: tuple[Market, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDeclined:
    """code: same | both_used (in `market`); nothing was changed."""

    code: str
    market: Market | None = None


async def link(uow: UnitOfWork, person: int, other: int, now_ms: int) -> Linked | LinkDeclined:
    """Make `other` one with `person`. Where both have an account in a market, the unused one is closed: in a lobby at
    once, in a running market with the next tick. A market that is over keeps both in its books; the used one is
    theirs. Everything or nothing: the caller must not commit a LinkDeclined."""
    await uow.personal_data.hold(person, other)
    person, other = await uow.people.primary_id(person), await uow.people.primary_id(other)
    if person == other:
        return LinkDeclined(code="same")
    leaving: list[tuple[Market, Member]] = []
    shared = await uow.personal_data.shared_markets(person, other)
    written = {*shared, *await uow.personal_data.markets_naming(other)}
    told_in = [market.id for who in (person, other) for market in (await uow.markets.of_person(who))[:1]]
    for market_id in sorted({*written, *told_in}):
        market = await uow.markets.lock(market_id)
        if market_id not in shared:
            continue
        unused = await _unused(uow, market_id, person, other)
        if unused is None:
            return LinkDeclined(code="both_used", market=market)
        leaving.append((market, unused))
    await uow.personal_data.hold_messages(other)
    closed: list[tuple[Market, int]] = []
    for market, member in leaving:
        await _carry_over(uow, market, member, other if member.person == person else person)
        cash = await _close(uow, market, member, person, now_ms)
        if isinstance(cash, LinkDeclined):
            return cash
        if cash is not None:
            closed.append((market, cash))
    await uow.personal_data.merge(person, other)
    await uow.audit.append(action="link", actor=person, now_ms=now_ms, after={"person": person, "with": other})
    markets = await uow.markets.of_person(person)
    return Linked(person=person, other=other, closed=tuple(closed), markets=tuple(markets))


async def _unused(uow: UnitOfWork, market: int, person: int, other: int) -> Member | None:
    """The account to close, the other's if neither was used; None where both were."""
    for candidate in (other, person):
        member = await uow.members.get_one(market, candidate)
        if not await uow.members.was_used(market, member.person):
            return member
    return None


async def _carry_over(uow: UnitOfWork, market: Market, closing: Member, other: int) -> None:
    """Who is barred or unranked stays so under the account that is left, and has the alerts of both."""
    left = await uow.members.get_one(market.id, other)
    await uow.alerts.move(market.id, closing.person, left.person)
    if closing.barred is not None and left.barred is None:
        await uow.members.set_barred(market.id, left.person, closing.barred)
    if closing.unranked:
        await uow.members.set_unranked(market.id, left.person, unranked=True)


async def _close(uow: UnitOfWork, market: Market, member: Member, actor: int, now_ms: int) -> int | LinkDeclined | None:
    """Micro-dollars that go back; None in a market that is over."""
    await uow.tickets.cancel_open(market.id, member.person)
    request_id = f"link:{market.id}:{member.person}:{now_ms}"
    left = await membership.leave(uow, market.id, member.person, request_id, now_ms, actor)
    if not isinstance(left, Declined):
        return left.cash
    over = left.code in {"not_running", "disputed"}
    return None if over else LinkDeclined(code="both_used", market=market)


async def forget(uow: UnitOfWork, person: int, now_ms: int, *, chat: int | None = None) -> None:
    """Everything that names them goes: see `PersonalData.erase`. Their accounts and their numbers stay; who they were
    is a stranger from here on. `chat` is the private chat they are in now. Their orders are the caller's to cancel."""
    await uow.personal_data.hold_all(person, chat=chat)
    person = await uow.people.primary_id(person)
    await uow.personal_data.erase(person, chat=chat)
    await uow.audit.append(action="forget", actor=person, now_ms=now_ms)

"""Who may join a market and who may leave it; `storage.members` has the rows."""

from __future__ import annotations

from dataclasses import dataclass

from engine.state import Status
from storage.records import Declined, Market, Member
from storage.unit_of_work import UnitOfWork

JOINABLE = (Status.LOBBY, Status.RUNNING, Status.FROZEN, Status.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """An account that is closed (`action` None) or will be by the next tick. `cash` goes back to the bank."""

    market: int
    person: int
    cash: int
    action: int | None


async def join(uow: UnitOfWork, market_id: int, person: int, name: str, now_ms: int) -> Member | Declined:
    """Take part under a name (`name` empty: the person's own). In a lobby the account is funded at the start, in a
    running market by the next tick; both show as `coming`. Repeating it returns the same account, renamed.
    Declined(barred) for who has been barred from it, Declined(not_running) in DRAFT and after the end,
    Declined(too_late) after the last freeze."""
    await uow.people.lock(person)  # nobody links them to another meanwhile: they might end with two accounts
    person = await uow.people.primary_id(person)
    await uow.markets.use(person, market_id)
    market = await uow.markets.lock(market_id)
    member = await uow.members.get(market.id, person)
    if member is not None and member.barred is not None:
        return Declined(code="barred")
    if member is not None:
        if name and name != member.name:
            await uow.members.rename(market.id, member.person, name)
        return await uow.members.get_one(market.id, person)
    if market.status not in JOINABLE:
        return Declined(code="not_running")
    if market.outdated:
        return Declined(code="outdated")
    if market.start_ms is not None and market.engine_ms(market.market_ms(now_ms)) >= market.params.rounds[-1].freeze_at:
        return Declined(code="too_late")
    await uow.members.add(market.id, person, name, now_ms)
    if market.status is not Status.LOBBY:
        await _grant_start(uow, market, person, now_ms)
    return await uow.members.get_one(market.id, person)


async def _grant_start(uow: UnitOfWork, market: Market, person: int, now_ms: int) -> None:
    """The starting balance, with the next tick."""
    payload = {"user": person, "cash": market.params.starting_balance}
    request_id = f"join:{market.id}:{person}"
    if await uow.actions.by_request(request_id) is not None:  # they left and come back
        request_id = f"{request_id}:{now_ms}"
    await uow.actions.append(market.id, "join", payload, actor=person, request_id=request_id, now_ms=now_ms)


async def leave(
    uow: UnitOfWork, market_id: int, person: int, request_id: str, now_ms: int, actor: int | None
) -> Departure | Declined:
    """Close an account that was never used; its money goes back to the bank. In a lobby the row goes at once, in a
    running market with the next tick (which looks again). The same `request_id` returns the same departure.
    Declined(not_member | not_running | disputed | has_traded | has_orders | has_paid), and nothing is stored."""
    market = await uow.markets.lock(market_id)
    earlier = await uow.actions.by_request(request_id)
    if earlier is not None:
        return Departure(market=market.id, person=person, cash=0, action=earlier.number)
    member = await uow.members.account(market.id, person)
    if member is None:
        return Declined(code="not_member")
    code = _kept_because(market, member)
    if code is not None:
        return Declined(code=code)
    if market.status is Status.LOBBY:
        await uow.members.remove(market.id, person)
        return Departure(market=market.id, person=person, cash=0, action=None)
    if await uow.members.has_open_order(market.id, person):
        return Declined(code="has_orders")
    action = await uow.actions.append(
        market.id, "leave", {"user": person}, actor=actor, request_id=request_id, now_ms=now_ms
    )
    if isinstance(action, Declined):
        return action
    return Departure(market=market.id, person=person, cash=member.balance + member.coming, action=action.number)


def _kept_because(market: Market, member: Member) -> str | None:
    """Why this account cannot be closed; the engine's reasons, as far as rows tell."""
    if market.status not in JOINABLE:
        return "disputed" if market.status is Status.DISPUTED else "not_running"
    if member.trade_count:
        return "has_traded"
    return "has_paid" if member.net_pnl else None

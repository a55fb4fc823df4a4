"""Being told when a price is passed: asked for, looked at, taken back."""

from __future__ import annotations

from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.grammar.outcomes import OutcomeArg
from bot.grammar.prices import PriceArg, round_prices
from bot.grammar.types import NumberArg
from bot.market.context import Context, MarketView, Participant
from bot.words import alerts as words
from engine.state import Side, price_micro
from engine.units import whole_tenths
from storage.alerts import MOST, Alert
from storage.records import Market
from storage.unit_of_work import UnitOfWork


def _over(market: MarketView) -> Reply | None:
    """Nothing waits in a market that is over."""
    return words.cannot_pass(market.status) if market.record.over else None


@command(
    "alert",
    role=Role.MEMBER,
    ready=_over,
    examples=("/alert germany 50c", "/alert brazil no 40c", "/alert germany off", "/alert"),
)
async def alert(
    ctx: Context,
    *,
    market: MarketView,
    participant: Participant,
    outcome: OutcomeArg | None = None,
    price: PriceArg | None = None,
) -> Reply:
    """Be told once when a price is passed.

    In private, up or down, whichever way it has to go; the price counts as the board shows it after a tick. Alone it
    lists what you are waiting for, with a button to cancel each. An alert ends with its outcome or its market, and you
    are told that, too.
    """
    person = participant.member.person
    if outcome is None:
        return await _waiting(ctx, market, person) if price is None else words.which_outcome(_example(market))
    if price is None:
        now = whole_tenths(market.price(outcome, Side.YES))
        return words.cannot_pass(market.status) or words.which_price(
            market.record.params, outcome, now, round_prices(now), ctx.person_id
        )
    async with ctx.db.writing() as uow:
        if price.price is None:
            reply = await _take_back(uow, market.record, person, outcome)
        else:
            reply = await _set(ctx, uow, market.id, person, outcome, price.side, price.price)
        await uow.commit()
    return reply


@command("alert cancel", role=Role.OWNER, hidden=True)
async def cancel(ctx: Context, *, number: NumberArg) -> Reply:
    """Take back an alert of one market, whichever the chat holds now.

    number: the alert's
    """
    async with ctx.db.writing() as uow:
        own = await _own(ctx, uow, number)
        if own is None:
            return words.not_waiting()
        market = await uow.markets.lock(own.market)
        if await uow.alerts.get(number) is None:  # a tick told it meanwhile
            return words.not_waiting()
        await uow.alerts.remove(market.id, [own.id])
        await uow.commit()
    return words.cancelled(market.params, [own])


async def _own(ctx: Context, uow: UnitOfWork, number: int) -> Alert | None:
    kept = await uow.alerts.get(number)
    if kept is None or ctx.person is None:
        return None
    return kept if kept.person in await uow.people.all_ids(ctx.person.id) else None


def _example(market: MarketView) -> str:
    """A line that would set one, of an outcome still in."""
    number = next(iter(market.active()), 0)
    now = whole_tenths(market.price(number, Side.YES))
    return words.alert_line(market.record.params, number, Side.YES, round_prices(now)[0])


async def _waiting(ctx: Context, market: MarketView, person: int) -> Reply:
    async with ctx.db.reading() as uow:
        alerts = await uow.alerts.of(market.id, person)
    rows = [(alert, whole_tenths(market.price(alert.outcome, alert.side))) for alert in alerts]
    return words.waiting(market.record, rows, ctx.person_id, _example(market))


async def _set(ctx: Context, uow: UnitOfWork, number: int, person: int, outcome: int, side: Side, price: int) -> Reply:
    """At the price there is now that no tick can come between. Asked for twice it is there once."""
    market = await uow.markets.lock(number)
    state = await uow.markets.state(market)
    closed = words.cannot_pass(market.status)
    if closed is not None:
        return closed
    if not state.binaries[outcome].active:
        return words.is_out(market.params, outcome)
    now = whole_tenths(price_micro(state, market.params, outcome, side))
    if price == now:
        return words.there_already(market.params, outcome, side, now, _beside(now))
    alerts = await uow.alerts.of(market.id, person)
    known = next((row for row in alerts if (row.outcome, row.side, row.price) == (outcome, side, price)), None)
    if known is None and len(alerts) >= MOST:
        return words.too_many()
    if known is None:
        above = price > now
        at_ms = market.market_ms(ctx.now_ms)
        known = await uow.alerts.add(market.id, person, outcome, side, price, above=above, now_ms=at_ms)
    return words.is_set(market.params, known, now, ctx.person_id)


def _beside(now: int) -> list[int]:
    """The nearest round prices below and above."""
    every = round_prices(now)
    return [*[at for at in every if at < now][:1], *[at for at in every if at > now][:1]]


async def _take_back(uow: UnitOfWork, market: Market, person: int, outcome: int) -> Reply:
    await uow.markets.lock(market.id)
    alerts = [row for row in await uow.alerts.of(market.id, person) if row.outcome == outcome]
    if not alerts:
        return words.none_of(market.params, outcome)
    await uow.alerts.remove(market.id, [row.id for row in alerts])
    return words.cancelled(market.params, alerts)

"""From what a person asks for to a priced order: sizes, the worst price that is promised, what they can afford."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.chat.facts import MOST_SLIPPAGE_ASKED, Amount, PricedOrder, SizeOffer, gain_if_right
from bot.chat.reply import Reply
from bot.grammar.trading import OrderArgs
from bot.market.context import MarketView
from bot.market.pricing import MOST_SLIPPAGE, USUAL_SLIPPAGE, Pricing, needed_slippage
from bot.text.numbers import CENT, MICRO, RATE
from bot.words import refusals as words
from bot.words.usage import outdated
from bot.words.views import step_words
from engine.events import Reason
from engine.quote import Quote, Refused
from engine.resting_book import escrowed
from engine.state import MarketState, Side, Status
from engine.terms import MarketParams
from engine.working_copy import gets
from storage.people import Preferences
from storage.records import Market, Member, OrderDraft


def closed_for_trading(view: MarketView) -> Reply | None:
    """Why there can be no order now, or None."""
    return closed(view.record, view.state)


def closed(record: Market, state: MarketState) -> Reply | None:
    """The same from the rows."""
    if record.outdated:
        return outdated(record)
    if record.status is Status.RUNNING and record.halted is None:
        return None
    step = record.next_step
    if record.halted is not None:
        why = "halted"
    elif record.status in {Status.DRAFT, Status.LOBBY}:
        why = "lobby"
    elif record.status is Status.FROZEN:
        why = "asked" if state.asked else "frozen" if state.frozen_for is None else "round"
        why = "claimed" if state.claim is not None else why
    else:
        why = {Status.PAUSED: "paused", Status.DISPUTED: "disputed"}.get(record.status, "over")
    until_known = step is not None and why in {"lobby", "round", "claimed", "disputed"}
    return words.cannot_trade(why, step_words(step) if step else "", step.at_ms if step and until_known else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What of an order at market was shown before it is sent: the worst price a token, all in (a rate), and how many
    tokens at most."""

    worst_price: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order as it was asked for; `slippage` and `limit` are rates."""

    outcome: int
    side: Side
    buy: bool
    amount: Amount
    slippage: int | None = None
    limit: int | None = None
    autofill: bool | None = None  # None: not said
    strict: bool = False  # no more slippage than the usual, however much the order moves the price by itself
    shown: Shown | None = None  # it trades within this or not at all


def _with_preferences(request: OrderRequest, habits: Preferences, view: MarketView) -> OrderRequest:
    """With what the person has set where the line says nothing. Who is not asked again before an order is not
    given more slippage than they know of."""
    limited = request.limit is not None
    slippage = habits.slippage if request.slippage is None and not limited else request.slippage
    autofill = request.autofill
    if autofill is None:
        autofill = habits.autofill and limited and view.record.params.af_enabled
    return replace(request, slippage=slippage, autofill=autofill, strict=not habits.confirm)


def request_of(order: OrderArgs, settings: Preferences, view: MarketView, *, buy: bool) -> OrderRequest:
    """What the line says, and what the person has set for themselves where it says nothing."""
    request = OrderRequest(
        outcome=order.outcome,
        side=order.side,
        buy=buy,
        amount=order.amount,
        slippage=order.slippage,
        limit=order.limit,
        autofill=order.autofill,
    )
    return _with_preferences(request, settings, view)


def price_order(view: MarketView, request: OrderRequest, member: Member | None) -> PricedOrder | Reply:
    """Price an order, or say why it cannot be. With no `member` (a spectator's `/quote`) nobody's means count."""
    params, amount = view.record.params, request.amount
    asked = OrderDraft(
        outcome=request.outcome,
        side=request.side,
        buy=request.buy,
        size=amount.tokens or 0,
        limit=request.limit,
        autofill=bool(request.autofill) and params.af_enabled,
    )
    wanted = _at_odds(view, request, asked) or _wanted(view, request, member)
    if isinstance(wanted, Reply):
        return wanted
    if request.limit is None:
        return _at_market(view, replace(asked, spend=wanted.spend), request, wanted, member)
    return _limited(view, asked, request, wanted, member)


@dataclass(frozen=True, slots=True)
class _Size:
    """Tokens, or money to spend."""

    tokens: int | None
    spend: int | None


def _wanted(view: MarketView, request: OrderRequest, member: Member | None) -> _Size | Reply:
    """What the amount comes to: a share of what they can spend, the gas of a later order left to them, or of the
    tokens they can sell. Nobody sells what they do not have."""
    amount, gas = request.amount, view.record.params.gas_fee
    size, spend = amount.tokens, amount.spend
    if amount.share is not None:
        if member is None:
            return words.share_of_nothing()
        if request.buy:
            spend = max(0, member.available - 2 * gas) * amount.share // RATE
            if spend == 0:
                return words.no_balance(max(0, member.available), gas)
        else:
            size = tokens_free(view, member, request.outcome, request.side) * amount.share // RATE
    if not request.buy and member is not None:
        return _lacking(view, member, request.outcome, request.side, size or 0) or _Size(size, None)
    return _Size(size, spend)


def _at_odds(view: MarketView, request: OrderRequest, asked: OrderDraft) -> Reply | None:
    """What contradicts itself: a limit is the worst price already, and only what waits can be filled by auto-fill."""
    params, typed = view.record.params, request.amount.typed()
    if request.limit is not None and request.slippage is not None:
        return words.limit_and_slippage(params, asked, typed)
    if request.autofill and request.limit is None:
        tick = params.tick_size
        now = view.price(request.outcome, request.side) * (RATE // MICRO) // tick * tick
        limit = min(max(now, tick), RATE - tick)
        return words.autofill_needs_limit(params, replace(asked, limit=limit, autofill=True), typed)
    return None


def _at_market(
    view: MarketView, asked: OrderDraft, request: OrderRequest, size: _Size, member: Member | None
) -> PricedOrder | Reply:
    """Quote it. An order that moves the price further than the usual slippage by itself gets as much as it needs on
    top, up to the most that is chosen for anybody, unless a slippage was asked for: then that is the answer."""
    params, amount = view.record.params, request.amount
    if size.spend is not None and member is not None and size.spend + params.gas_fee > member.available:
        return _too_poor(params, asked, amount, size.spend + params.gas_fee, member)
    market = Pricing(view=view, asked=asked, user=_user(member))
    cut = amount.share is not None and asked.buy and request.shown is None
    stopped = _stop_at_winning(market, size) if cut else None
    if stopped is not None:
        size, market = stopped, replace(market, asked=replace(asked, spend=stopped.spend))
    slip = request.slippage if request.slippage is not None else USUAL_SLIPPAGE
    if request.shown is not None:
        shown = market.quote(size.tokens or request.shown.size, size.spend, None, request.shown.worst_price)
        if isinstance(shown, Refused):
            return _refused(shown, view, asked, amount, member)
        return _within_means(market, shown, request, slip, member, stopped=False)
    priced = market.quote(size.tokens, size.spend, slip)
    if isinstance(priced, Refused) and priced.reason is Reason.PAST_WORST_PRICE:
        free = market.quote(size.tokens, size.spend, None)
        if isinstance(free, Refused):
            return words.no_ticket(free.reason, free.detail, params, asked, amount)
        wide = needed_slippage(params, asked.buy, free)
        if request.slippage is None and not request.strict:
            slip = min(wide, MOST_SLIPPAGE)
            priced = market.quote(size.tokens, size.spend, slip)
        if isinstance(priced, Refused):
            room = request.slippage is None and not request.strict
            offer = SizeOffer(
                fits=market.fitting(free.size, slip, amount, room=room),
                allowed=slip,
                chosen_for="owner" if request.slippage is not None else "unasked" if request.strict else "anybody",
                needed=wide if wide <= MOST_SLIPPAGE_ASKED else None,
            )
            return words.slippage_too_small(params, asked, amount, free, offer)
    if isinstance(priced, Refused):
        return _refused(priced, view, asked, amount, member)
    return _within_means(market, priced, request, slip, member, stopped=stopped is not None)


def _user(member: Member | None) -> int | None:
    """Whose cash and tokens count; nobody's before they are funded."""
    return member.person if member is not None and member.funded else None


def _stop_at_winning(market: Pricing, size: _Size) -> _Size | None:
    """A share of what they have, cut to the largest buy that can still win; None where it is no larger, or none can."""
    free = market.quote(size.tokens, size.spend, None)
    if isinstance(free, Refused) or gain_if_right(free, None) > 0:
        return None
    winning = market.winning(free.size)
    best = market.quote(winning, None, None) if winning is not None and winning < free.size else None
    return _Size(winning, best.amount) if isinstance(best, Quote) else None


def _refused(refused: Refused, view: MarketView, asked: OrderDraft, amount: Amount, member: Member | None) -> Reply:
    if refused.reason is Reason.NO_CASH and member is not None:
        return _too_poor(view.record.params, asked, amount, refused.detail["need"] + view.record.params.gas_fee, member)
    return words.no_ticket(refused.reason, refused.detail, view.record.params, asked, amount)


def _too_poor(params: MarketParams, draft: OrderDraft, asked: Amount, need: int, member: Member) -> Reply:
    return words.too_poor(params, draft, asked, need, max(0, member.available), member.reserved, member.escrow)


def _limited(
    view: MarketView, asked: OrderDraft, request: OrderRequest, size: _Size, member: Member | None
) -> PricedOrder | Reply:
    """Quote an order with a limit. A buy has to be able to pay its limit and the largest fee for all of it at once."""
    params, amount = view.record.params, request.amount
    market = Pricing(view=view, asked=asked, user=_user(member))
    priced = market.quote(size.tokens, size.spend, None)
    draft = asked
    if isinstance(priced, Quote):
        draft = replace(asked, size=priced.size + priced.unsold + priced.rests)
    elif member is None or priced.reason not in {Reason.NO_CASH, Reason.NO_CASH_FOR_GAS}:
        return words.no_ticket(priced.reason, priced.detail, params, asked, amount)
    need = max(escrow_needed(params, draft), size.spend or 0)
    if member is not None and need + params.gas_fee > member.available:
        return _too_poor(params, draft, amount, need + params.gas_fee, member)
    if isinstance(priced, Refused):
        return words.no_ticket(priced.reason, priced.detail, params, asked, amount)
    if draft.size == 0:
        return words.no_ticket(Reason.SIZE_ZERO, {}, params, asked, amount)
    order = PricedOrder(
        params=params,
        draft=draft,
        quote=priced,
        asked=amount,
        slippage=0,
        most=worst_amount(params, draft),
        no_autofill=bool(request.autofill) and not asked.autofill,
    )
    return _with_winning(market, order)


def _with_winning(market: Pricing, order: PricedOrder) -> PricedOrder:
    """Beside a buy that can only lose, what can still win."""
    if not (order.draft.buy and order.only_loses):
        return order
    return replace(order, winning=market.winning_amount(order.quote, order.asked))


def escrow_needed(params: MarketParams, draft: OrderDraft) -> int:
    """What a buy with a limit must be able to pay before it trades: limit and largest fee on all of it; gas out."""
    if not draft.buy or draft.limit is None:
        return 0
    return escrowed(draft.limit, max(params.fee, params.match_fee), draft.size)


def worst_amount(params: MarketParams, draft: OrderDraft) -> int:
    """The most all of a buy can cost, or the least all of a sale can bring: its promise, gas in; micro-dollars."""
    gas = params.gas_fee
    if draft.limit is None:
        worst = (draft.worst_price or 0) * draft.size
        most = -(-worst // RATE)
        if draft.spend is not None:
            most = min(most, draft.spend)
        return most + gas if draft.buy else worst // RATE - gas
    if draft.buy:
        return escrow_needed(params, draft) + gas
    amount, fee = gets(draft.limit, draft.size, max(params.fee, params.match_fee))
    return amount - fee - gas


def tokens_held(member: Member, outcome: int, side: Side) -> int:
    """Tokens the member holds."""
    if outcome >= len(member.tokens):
        return 0
    yes, no = member.tokens[outcome]
    return yes if side is Side.YES else no


def tokens_free(view: MarketView, member: Member, outcome: int, side: Side) -> int:
    """Tokens the member holds and has not put up for sale in the book."""
    return tokens_held(member, outcome, side) - view.state.resting.tied_of(member.person, outcome, side)


def _lacking(view: MarketView, member: Member, outcome: int, side: Side, size: int) -> Reply | None:
    have, params = tokens_held(member, outcome, side), view.record.params
    free = tokens_free(view, member, outcome, side)
    if have == 0:
        return words.holds_none(params, outcome, side, words.holdings(params, member.tokens))
    if free == 0:
        return words.all_for_sale(params, outcome, side, have)
    return words.holds_fewer(params, outcome, side, have, size, have - free) if size > free else None


def _within_means(
    market: Pricing, quote_: Quote, request: OrderRequest, slip: int, member: Member | None, *, stopped: bool
) -> PricedOrder | Reply:
    """Fix the worst price. One that the buyer could not pay is lowered to all they have; one that was chosen for them
    never reaches what a token pays."""
    params, gas, asked, size = market.view.record.params, quote_.gas, market.asked, quote_.size
    worst, promised, capped = quote_.worst_price, quote_.worst_amount, False
    if worst is None or promised is None:  # a slippage is always given above
        raise AssertionError("a quote with a slippage has a worst price")
    if asked.buy and request.slippage is None and request.shown is None:
        highest = (size // CENT * CENT - CENT - gas) * RATE // size
        worst = min(worst, max(quote_.average, highest))
        promised = worst * size // RATE
    if asked.buy and member is not None:
        free = member.available - gas
        if quote_.amount > free:
            return _too_poor(params, asked, request.amount, quote_.amount + gas, member)
        if asked.spend is None and promised > free:
            worst, promised, capped = -(-free * RATE // size), free, True
    if asked.spend is not None:
        promised = min(promised, asked.spend)
    priced = PricedOrder(
        params=params,
        draft=replace(asked, size=size + quote_.unsold, worst_price=worst),
        quote=quote_,
        asked=request.amount,
        slippage=slip,
        own_slippage=request.slippage is not None,
        most=promised + gas if asked.buy else promised - gas,
        capped=capped,
        stopped=stopped,
        equivalent=market.equivalent(size),
    )
    return _with_winning(market, priced)

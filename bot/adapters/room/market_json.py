"""A market and an account in it as JSON: what the page draws, and the beginning of the documented API.

Money, tokens and prices are integers in millionths, moments epoch milliseconds, rates and shares millionths of the
whole. Outcomes are numbered from 0 (`outcome`). The figures are those of `/board`, `/tape`, `/positions`, `/balance`,
`/orders` and `/leaderboard`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.adapters.room.render import board_to_json, line_to_json
from bot.chat import plain_text
from bot.chat.facts import Holding
from bot.chat.reply import Reply
from bot.market.leaderboard import SHOWN, Standing
from bot.market.market_facts import Account, MarketFacts, OwnOrder
from bot.market.market_list import ListedMarket, MarketList
from bot.market.moments import Moment
from bot.text.names import clean
from bot.text.numbers import shown_price, shown_share
from bot.words.alerts import cancel_line
from bot.words.shared import name_of, own_amount
from engine.terms import MarketParams
from engine.units import whole_cents
from storage.alerts import Alert
from storage.records import Json, TradeRow

_RATE = 10**6  # rates of the engine are finer: 10^-12


def market_to_json(facts: MarketFacts, *, own_room: bool) -> dict[str, Json]:
    """The event `market`: the board, and what else everybody may know. `sum` is of the YES prices of those still in, as
    they are shown."""
    board = board_to_json(facts.board)
    for apart in ("t", "now"):
        del board[apart]
    return {
        **board,
        "title": clean(facts.board.title),
        "market": facts.market,
        "tick": facts.tick,
        "at": facts.tick_at_ms,
        "tick_ms": facts.params.batch_interval_ms,
        "state": facts.status.value.lower(),
        "halted": facts.halted,
        "sum": sum(shown_price(row.yes) for row in facts.board.rows if row.active),
        "gas": facts.params.gas_fee,
        "fee": facts.params.fee // _RATE,
        "step_size": facts.params.tick_size // _RATE,
        "where": clean(facts.where),
        "own_room": own_room,
        "tape": [trade_to_json(trade) for trade in facts.tape],
        "moments": [moment_to_json(moment) for moment in facts.moments],
    }


def moment_to_json(moment: Moment) -> dict[str, Json]:
    """With the facts of its kind: see `bot.market.moments`."""
    return {
        **moment.facts,
        "id": moment.id,
        "kind": moment.kind,
        "tick": moment.tick,
        "at": moment.at_ms,
        "text": plain_text.line_text(moment.head),
        "head": line_to_json(moment.head),
        "lines": [line_to_json(line) for line in moment.lines],
    }


def trade_to_json(trade: TradeRow) -> dict[str, Json]:
    """`buy` null: two people met, and one bought what the other sold. `by_key`: a program's order did it."""
    return {
        "id": trade.id,
        "at": trade.ts_ms,
        "outcome": trade.outcome,
        "side": trade.side.value,
        "buy": False if trade.buyer is None else True if trade.seller is None else None,
        "size": trade.size,
        "price": trade.price,
        "amount": trade.amount,
        "by_key": trade.by_key,
    }


def account_to_json(account: Account, params: MarketParams) -> dict[str, Json]:
    """The event `account`. `cash` is what can be spent, `aside` what is set aside for orders, `worth` what all tokens
    would sell for, `total` all together; `profit` and `profit_share` are of whole cents, as people are told them."""
    member, worth = account.member, account.worth
    if member is None:
        return {"market": account.market, "tick": account.tick, "joined": False, "of": account.of} | _NOBODY
    total, given = member.cash + worth, member.given
    profit = whole_cents(total) - whole_cents(given)
    return {
        "market": account.market,
        "tick": account.tick,
        "joined": True,
        "name": clean(member.name),
        "funded": member.funded,
        "barred": member.barred is not None,
        "unranked": member.unranked,
        "cash": member.available,
        "aside": member.cash - member.available,
        "worth": worth,
        "total": total,
        "stake": given,
        "profit": profit,
        "profit_share": shown_share(profit, whole_cents(given)),
        "rank": account.ranked.rank if account.ranked else None,
        "of": account.of,
        "place": account.place,
        "holdings": [_holding_to_json(holding, params) for holding in account.holdings],
        "orders": [_order_to_json(order, account.market, params) for order in account.orders],
        "alerts": [_alert_to_json(alert, params) for alert in account.alerts],
        "ended": _ended(account),
    }


_NOBODY: dict[str, Json] = {
    "name": None,
    "funded": False,
    "barred": False,
    "unranked": False,
    "cash": 0,
    "aside": 0,
    "worth": 0,
    "total": 0,
    "stake": 0,
    "profit": 0,
    "profit_share": 0,
    "rank": None,
    "place": "",
    "holdings": [],
    "orders": [],
    "alerts": [],
    "ended": None,
}


def _holding_to_json(holding: Holding, params: MarketParams) -> dict[str, Json]:
    """`free` can be sold; the others of `tokens` wait in the book to be. `if_right`: what they pay."""
    return {
        "outcome": holding.outcome,
        "name": name_of(params, holding.outcome),
        "side": holding.side.value,
        "tokens": holding.size,
        "free": holding.size - holding.for_sale,
        "price": holding.price,
        "worth": holding.worth,
        "if_right": holding.size,
        "profit": holding.profit,
        "active": True,
    }


def _order_to_json(order: OwnOrder, market: int, params: MarketParams) -> dict[str, Json]:
    """`cancel` is the line that takes it back, whichever market the page shows by then."""
    return {
        "id": order.number,
        "outcome": order.outcome,
        "name": name_of(params, order.outcome),
        "side": order.side.value,
        "buy": order.buy,
        "rest": order.rest,
        "size": order.size,
        "limit": None if order.limit is None else order.limit // _RATE,
        "spend": order.spend,
        "autofill": order.autofill,
        "pending": order.pending,
        "aside": order.aside,
        "cancel": f"/order cancel {market} {order.number}",
    }


def _alert_to_json(alert: Alert, params: MarketParams) -> dict[str, Json]:
    """Told once at `price` or `above` it, else at it or below."""
    return {
        "id": alert.id,
        "outcome": alert.outcome,
        "name": name_of(params, alert.outcome),
        "side": alert.side.value,
        "price": alert.price,
        "above": alert.above,
        "cancel": cancel_line(alert.id),
    }


def _ended(account: Account) -> Json:
    """How the market went for them, once it is over."""
    ranked = account.ranked
    if not account.over or ranked is None:
        return None
    gain = whole_cents(ranked.final) - whole_cents(ranked.stake)
    return {
        "rank": ranked.rank,
        "of": account.of,
        "place": account.place,
        "stake": ranked.stake,
        "final": ranked.final,
        "gain": gain,
        "gain_share": shown_share(gain, whole_cents(ranked.stake)),
    }


def trades_to_json(trades: Sequence[TradeRow], person: int) -> list[Json]:
    """A member's own, as `/trades` has them: `amount` is what they paid or got, before gas."""
    return [
        {
            "at": trade.ts_ms,
            "tick": trade.tick,
            "outcome": trade.outcome,
            "side": trade.side.value,
            "buy": trade.buyer == person,
            "size": trade.size,
            "price": trade.price,
            "amount": own_amount(trade, person),
            "by_key": trade.by_key,
        }
        for trade in trades
    ]


def leaderboard_to_json(standing: Standing, reply: Reply, own: int | None) -> dict[str, Json]:
    """The places `/leaderboard` shows, and the row of the account numbered `own` in any case."""
    ranked = [row for row in standing.ranked if row.rank is not None]
    rows = [row for at, row in enumerate(ranked) if at < SHOWN or row.person == own]
    return {
        "head": line_to_json(reply.head),
        "rows": [
            {
                "place": standing.places[row.person],
                "rank": row.rank,
                "name": clean(row.name),
                "gain": whole_cents(row.final) - whole_cents(row.stake),
                "gain_share": shown_share(whole_cents(row.final) - whole_cents(row.stake), whole_cents(row.stake)),
                "worth": row.final,
                "trades": row.trades,
                "own": row.person == own,
            }
            for row in rows
        ],
        "of": standing.of,
        "without_place": sum(row.rank is None and not row.trades for row in standing.ranked),
        "unranked": sum(row.unranked and row.trades > 0 for row in standing.ranked),
    }


def list_to_json(markets: MarketList) -> dict[str, Json]:
    return {
        "markets": [_listed_to_json(market) for market in markets.markets],
        "total": {"profit": markets.profit, "markets": markets.joined},
        "may_create": markets.may_create,
    }


def _listed_to_json(market: ListedMarket) -> dict[str, Json]:
    board = market.board
    return {
        "market": market.record.id,
        "title": clean(board.title),
        "where": clean(market.where),
        "status": board.status,
        "state": market.record.status.value.lower(),
        "own_room": market.own_room,
        "may_run": market.may_run,
        "member": market.member,
        "step": board.next_step,
        "step_ms": board.next_step_ms,
        "volume": board.volume,
        "people": board.people,
        "leaders": [{"outcome": row.outcome, "name": row.name, "yes": row.yes} for row in market.leaders],
        "profit": market.profit,
        "rank": market.rank,
        "of": market.of,
    }

"""The shapes of one's own account, of quotes and of orders."""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapters.room.api.schema import (
    Schema,
    array,
    integer,
    moment,
    money,
    or_null,
    ref,
    shape,
    table,
    text,
    tokens,
    yes_no,
)
from storage.records import OrderStatus

_OUTCOME = integer("The outcome, counted from 0 in the market's order.", least=0, example=0)
_SIDE = text("Which token.", among=("yes", "no"))
_ACTION = text("Buy, or sell what you hold.", among=("buy", "sell"))
_LINE = array(table("A part of it."), "A sentence in parts, as the page lays it out.")
_BLOCKS = array(table("A line, table or picture."), "What else is said, as the page lays it out.")
_ASKED: dict[str, Schema] = {
    "outcome": integer("The outcome, counted from 0 in the market's order.", least=0, example=0),
    "side": text("Which token: `yes` or `no`.", example="yes"),
    "action": _ACTION,
    "amount": text(
        "How much, as it is typed in the chat: `100` (tokens), `$50` (to spend, fee in), `half`, `25%` or `all` of "
        "what you can spend or sell.",
        example="10",
    ),
    "limit": or_null(
        text("Pay no more, or take no less, than this a token, and wait in the book for it: `0.55` or `55c`.")
    ),
    "slippage": or_null(
        text(
            "At market: how far the price may run before your order's turn, such as `2%`. Left out: what you have set "
            "with /settings, else 5%, and for an order that moves the price further by itself as much as it needs, up "
            "to 25%; a quote's `slippage` says which."
        )
    ),
    "autofill": or_null(yes_no("With a limit: whether trades on other outcomes may fill it.")),
}
_STANDING = text(
    "`pending`: waits for the next tick. `resting`: in the book, whole or in part. `filled`. `partly`: some of it "
    "traded, the rest is gone. `refused`: nothing traded, see `reason`. `cancelled`. `cut`: undone, it never was.",
    among=tuple(status.value for status in OrderStatus),
)
_ORDER: dict[str, Schema] = {
    "id": integer("Its number in the market.", example=12),
    "market": integer("The market's number."),
    "outcome": _OUTCOME,
    "name": text("What the outcome is called."),
    "side": _SIDE,
    "action": _ACTION,
    "type": text("`limit`: it waits in the book for its price.", among=("market", "limit")),
    "status": _STANDING,
    "open": yes_no("Whether anything of it can still happen."),
    "size": tokens("How many it is for; of a purchase by money, how many its price was shown for."),
    "spend": or_null(money("Of a purchase by money, the most it may cost; gas comes on top.")),
    "limit": or_null(money("The worst price it waits for.")),
    "autofill": yes_no("Whether trades on other outcomes may fill it."),
    "filled": tokens("How many have traded."),
    "remaining": tokens("How many still wait."),
    "average": or_null(money("What one token cost or brought, fees in; null while nothing has traded.")),
    "amount": money("All it has paid, or brought, so far: fees in, gas out."),
    "fee": money("The fees in that."),
    "gas": money("What handing it in took."),
    "rebate": money("What came back out of auto-fills."),
    "set_aside": money("What is set aside for it while it waits."),
    "reason": or_null(text("Why it was refused or given back, such as `past_worst_price`.")),
    "at": moment("When it was accepted."),
    "tick": or_null(integer("The tick that ran it; null: none has yet.")),
    "by_key": yes_no("Whether a program sent it."),
}
_SENTENCE = text("What became of it, in words, as its owner is told in the chat.")

SCHEMAS: Mapping[str, Schema] = {
    "Account": shape(
        "How you stand in a market.",
        market=integer("The market's number."),
        tick=integer("Since which tick it has stood so."),
        joined=yes_no("Whether you have an account; without one all else is empty."),
        name=or_null(text("What you are called.")),
        funded=yes_no("Whether you have your play money yet: it comes with the first tick."),
        barred=yes_no("Whether an admin has barred you from buying."),
        unranked=yes_no("Whether you take no place."),
        cash=money("What you can spend now.", example=985_000_000),
        aside=money("What is set aside for orders."),
        worth=money("What all your tokens would sell for now."),
        total=money("Cash, set aside and worth together."),
        stake=money("What you were given."),
        profit=money("`total` less `stake`, of whole cents."),
        profit_share=integer("The same in millionths of the stake."),
        rank=or_null(integer("Your place.")),
        of=integer("Of how many."),
        place=text("The same in words."),
        holdings=array(ref("Holding"), "The tokens you hold."),
        orders=array(ref("WaitingOrder"), "Your orders that wait, newest first."),
        alerts=array(table("A price you asked to be told of.")),
        ended=or_null(table("How the market went for you, once it is over.")),
    ),
    "Holding": shape(
        "Tokens of one kind.",
        outcome=_OUTCOME,
        name=text("What the outcome is called."),
        side=_SIDE,
        tokens=tokens("How many."),
        free=tokens("Those you can sell: the others wait in the book to be sold."),
        price=money("The board's price of one."),
        worth=money("What all of them would sell for now."),
        if_right=money("What they pay if you are right."),
        profit=money("What they would sell for, less what you paid."),
        active=yes_no("Whether the outcome is still in."),
    ),
    "WaitingOrder": shape(
        "An order that waits, in short; `account/orders` has all of it.",
        id=integer("Its number."),
        outcome=_OUTCOME,
        name=text("What the outcome is called."),
        side=_SIDE,
        buy=yes_no("Whether it buys."),
        rest=tokens("How many have not traded."),
        size=tokens("How many it is for."),
        limit=or_null(money("The price it waits for.")),
        spend=or_null(money("What it may cost, where it was asked for by money.")),
        autofill=yes_no("Whether trades on other outcomes may fill it."),
        pending=yes_no("Whether it waits for the next tick; else it is in the book."),
        aside=money("What is set aside for it."),
        cancel=text("The line in the chat that takes it back."),
    ),
    "OwnTrade": shape(
        "A trade of yours.",
        at=moment("When."),
        tick=integer("In which tick."),
        outcome=_OUTCOME,
        side=_SIDE,
        buy=yes_no("Whether you bought."),
        size=tokens("How many."),
        price=money("The price of one, before fees."),
        amount=money("What you paid or got, fees in, gas out."),
        by_key=yes_no("Whether a program of yours did it."),
    ),
    "OrderRequest": shape(
        "An order as it is asked for. What a quote's `order` holds can be sent as it stands.",
        ("limit", "slippage", "autofill", "worst", "read", "loses", "request", "again"),
        **_ASKED,
        worst=or_null(
            shape(
                "At market, from a quote: it trades within this or not at all. Left out, the price is worked out when "
                "the order arrives, within the slippage.",
                price=integer("The worst price of a token, all in, in 10^-12 dollars.", least=0),
                size=integer("For so many millionths of a token.", least=0),
            )
        ),
        read=integer(
            "From a quote: up to when you have read what decides the market, milliseconds since 1970. An order is "
            "refused (`read_first`) where something was written later.",
            least=0,
        ),
        loses=yes_no("From a quote: you were told that this order can only lose, and want it all the same."),
        request=text("A page's name for this request, instead of the header Idempotency-Key."),
        again=yes_no("A page has sent it before."),
    ),
    "QuoteRequest": shape("An order to be priced.", ("limit", "slippage", "autofill"), **_ASKED),
    "Quote": shape(
        "What an order would do now. Nothing is ordered.",
        ("spend", "get"),
        ok={"const": True, "description": "There is a price."},
        tick=integer("As of which tick."),
        spend=money("Buying: what it would cost, gas in."),
        get=money("Selling: what it would bring, gas off."),
        if_right=or_null(money("Buying: what it pays if you are right.")),
        size=tokens("How many would trade at once."),
        rests=tokens("How many would wait in the book."),
        escrow=money("What would be set aside for those."),
        unsold=tokens("Selling: how many the house has no room for."),
        average=money("What one would cost or bring on average, before the fee."),
        now=money("The board's price now."),
        after=money("The board's price after it."),
        fee=money("The fees in it."),
        gas=money("What handing it in takes."),
        worst=money("The most it can cost, or the least it can bring, gas in."),
        fewest=or_null(tokens("Of a purchase by money, the fewest tokens it can get.")),
        limit=or_null(text("The limit, as it is typed.")),
        slippage=or_null(text("The slippage it is priced with.")),
        autofill=yes_no("Whether trades on other outcomes may fill it."),
        may_autofill=yes_no("Whether this market has that at all."),
        moves=array(
            shape(
                "How an outcome's prices would move.",
                outcome=_OUTCOME,
                yes=array(money("Before, after.")),
                no=array(money("Before, after.")),
            )
        ),
        only_loses=yes_no("Whether it costs more than it can ever pay."),
        head=_LINE,
        notes=_BLOCKS,
        unread=_BLOCKS,
        offers=array(table("Another order, one press away on the page.")),
        largest=ref("Largest"),
        cash=or_null(money("What you can spend.")),
        free=or_null(tokens("How many of these tokens you can sell.")),
        line=text("The same as a line in the chat."),
        order=ref("OrderRequest"),
    ),
    "NoQuote": shape(
        "Why there is no price.",
        ok={"const": False, "description": "There is none."},
        sentence=_LINE,
        text=text("The same as one text.", example="You hold no Ant YES."),
        code=text("The same for programs.", example="no_tokens"),
        notes=_BLOCKS,
        offers=array(table("Another order, one press away on the page.")),
        largest=or_null(ref("Largest")),
        cash=or_null(money("What you can spend.")),
        free=or_null(tokens("How many of these tokens you can sell.")),
    ),
    "Largest": shape(
        "The largest order of this kind that makes sense.",
        tokens=or_null(tokens("So many tokens.")),
        spend=or_null(money("For so much.")),
    ),
    "Order": shape("An order and how it stands.", **_ORDER),
    "OrderTold": shape("An order, how it stands, and what is said of it.", **_ORDER, sentence=_SENTENCE),
    "OrderWithFills": shape(
        "An order, what is said of it, and what filled it.",
        **_ORDER,
        sentence=_SENTENCE,
        fills=array(
            shape(
                "A part of it that traded.",
                trade=integer("The trade's number."),
                tick=integer("In which tick."),
                at=moment("When."),
                size=tokens("How many."),
                price=money("The price of one, before fees."),
                amount=money("All together, before fees."),
                fee=money("Your fee."),
                kind=text("With whom: `maker` is the house."),
            ),
            "Oldest first.",
        ),
    ),
    "Sent": shape(
        "An order was sent, or what became of the one sent before under the same name.",
        order=or_null(ref("OrderTold")),
        message=or_null(table("To a page: what stands in its conversation, also where `order` is null: why not.")),
    ),
    "TakenBack": shape(
        "An order was taken back. One in the book leaves it with the next tick: until then it is `resting`.",
        order=ref("OrderTold"),
        sentence=text("What happened, in words."),
    ),
    "AllTakenBack": shape(
        "All that waited was taken back; by a key, what that key had sent.",
        cancelled=array(integer("An order."), "Gone at once: no tick had run them."),
        leaving=array(integer("An order."), "They leave the book with the next tick."),
        sentence=text("What happened, in words."),
    ),
}

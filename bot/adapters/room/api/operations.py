"""Every address below `/api/v1`: what it is for, what it takes, what it answers.

A test holds these equal to the routes, both ways. What a page's admins use is told in short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.adapters.room.api.schema import Schema, array, integer, moment, ref, shape, table, text, yes_no
from bot.adapters.room.market_charts import SPANS
from bot.market.candles import SPANS as CANDLES
from storage.records import Json

MARKET = "/api/v1/markets/{market}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`answer` None: server-sent events. `takes`: the body, `query` and `headers` by name, those of `needed` cannot be
    left out; `refused`: statuses beyond those that every address has. `named`: somebody has to be signed in; `writes`:
    it changes something."""

    name: str
    about: str
    more: str = ""
    group: str
    answer: Schema | None
    takes: Schema | None = None
    query: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, Schema] = field(default_factory=dict)
    needed: Sequence[str] = ()
    refused: Sequence[int] = ()
    named: bool = False
    example: Mapping[str, Json] | None = None


_OUTCOME = integer("The outcome, counted from 0.", least=0)
_IDEMPOTENCY = text(
    "A name you make up for this order: up to 64 letters, digits and `. _ ~ : -`. The same name is the same order, "
    "however often it is sent: send it again when no answer came. Another body under it is refused (`other_order`). "
    "Programs must send it.",
    example="follower-2031",
)
_SINCE = integer("The last tick you saw: all after it follow. A header `Last-Event-ID` says the same.", least=0)

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", "/api/v1/openapi.json"): Operation(
        name="file", about="This file.", group="The file", answer=table("OpenAPI 3.1.")
    ),
    ("GET", "/api/v1/markets"): Operation(
        name="listMarkets", about="The markets you may see.", group="Market", answer=ref("Markets")
    ),
    ("GET", MARKET): Operation(
        name="getMarket",
        about="A market: its board, its latest trades and moments.",
        more="`prices` is cheaper where you need no more than that.",
        group="Market",
        answer=ref("Market"),
    ),
    ("GET", f"{MARKET}/prices"): Operation(
        name="getPrices",
        about="All prices as of the last tick.",
        more="They change with a tick, so it is no use to ask more often than every `tick_ms`; `stream` tells you.",
        group="Market",
        answer=ref("Prices"),
    ),
    ("GET", f"{MARKET}/candles"): Operation(
        name="getCandles",
        about="How the price of one token moved: open, high, low, close, volume.",
        more="The price is the board's, after each tick. Without `from` these are the latest 500; with it the first "
        "500 from there on, and `next` says where to go on.",
        group="Market",
        answer=ref("Candles"),
        query={
            "outcome": _OUTCOME,
            "side": text("Which token; `yes` where it is left out.", among=("yes", "no")),
            "span": text("Their length; `5m` where it is left out.", among=tuple(CANDLES)),
            "from": moment("The first candle is the one that holds this moment."),
            "to": moment("Only candles that begin before it."),
        },
        needed=("outcome",),
        refused=(400,),
    ),
    ("GET", f"{MARKET}/chart"): Operation(
        name="getChart",
        about="The steps of all prices, with freezes, rounds and exits.",
        group="Market",
        answer=ref("Chart"),
        query={"span": text("How far back; `all` where it is left out.", among=tuple(SPANS))},
        refused=(400,),
    ),
    ("GET", f"{MARKET}/outcomes/{{outcome}}"): Operation(
        name="getOutcome",
        about="One outcome: its chart, depth, order book and trades.",
        group="Market",
        answer=ref("OutcomeFacts"),
        query={"span": text("How far back its chart goes.", among=tuple(SPANS))},
        refused=(400,),
    ),
    ("GET", f"{MARKET}/tape"): Operation(
        name="getTape",
        about="The latest trades, newest first: 30, or fewer.",
        group="Market",
        answer=array(ref("Trade")),
        query={"outcome": _OUTCOME, "before": integer("Only trades numbered below this.", least=0)},
        refused=(400,),
    ),
    ("GET", f"{MARKET}/leaderboard"): Operation(
        name="getLeaderboard", about="Who is ahead.", group="Market", answer=ref("Leaderboard")
    ),
    ("GET", f"{MARKET}/stream"): Operation(
        name="streamTicks",
        about="Every tick as it happens: prices, trades, moments, your own orders.",
        more="Server-sent events. `event: tick` with `id:` its number and data as in the schema Tick; first the latest "
        "one, or with `Last-Event-ID` (or `since`) every one after that. Who has missed more than 1,000, or names a "
        "tick that is still to come, gets `event: reset` (schema Reset) and goes on from there. Lines that begin with "
        "`:` keep the connection open. It ends with your rights to see the market, and when the room restarts: connect "
        "again with the last id. At most 4 at a time.",
        group="Market",
        answer=None,
        query={"since": _SINCE},
        refused=(400, 503),
    ),
    ("GET", f"{MARKET}/account"): Operation(
        name="getAccount",
        about="What you have in a market: cash, tokens, orders that wait, your place.",
        group="Account",
        answer=ref("Account"),
        named=True,
    ),
    ("GET", f"{MARKET}/account/trades"): Operation(
        name="listOwnTrades",
        about="Your latest 200 trades, newest first.",
        group="Account",
        answer=array(ref("OwnTrade")),
        named=True,
    ),
    ("GET", f"{MARKET}/account/orders"): Operation(
        name="listOrders",
        about="Your orders, newest first: 50 at a time.",
        group="Account",
        answer=array(ref("Order")),
        query={
            "open": yes_no("Only those that still wait."),
            "before": integer("Only orders numbered below this.", least=0),
        },
        refused=(400,),
        named=True,
    ),
    ("GET", f"{MARKET}/account/orders/{{order}}"): Operation(
        name="getOrder",
        about="What became of an order of yours.",
        group="Account",
        answer=ref("OrderWithFills"),
        named=True,
    ),
    ("GET", f"{MARKET}/moments/{{moment}}/mine"): Operation(
        name="getOwnPayout",
        about="What an elimination or the end paid you.",
        group="Account",
        answer=shape("What it paid.", moment=text("Which moment."), paid=integer("Millionths of a dollar.")),
        named=True,
    ),
    ("POST", f"{MARKET}/quote"): Operation(
        name="quote",
        about="What an order would cost and do: a dry run, nothing is ordered.",
        more="Answers 200 also where there is no price: `ok` is false then, and `text` and `code` say why. Send the "
        "`order` of the answer to `orders` to trade within what it shows or not at all. Takes a key that may trade.",
        group="Trading",
        answer={"oneOf": [ref("Quote"), ref("NoQuote")]},
        takes=ref("QuoteRequest"),
        refused=(400, 403, 408, 413, 415),
        example={"outcome": 0, "side": "yes", "action": "buy", "amount": "10"},
    ),
    ("POST", f"{MARKET}/orders"): Operation(
        name="sendOrder",
        about="Send an order. It runs with the next tick.",
        more="The answer has the order while it is `pending`; `account/orders/{order}` or the stream tell what became "
        "of it. At market it trades within its `worst` price or not at all; without one the price is worked out when "
        "it arrives, within the slippage. 422: the market, or the key's allowance, does not allow it, and nothing "
        "was ordered; `code` says why: `no_cash`, `no_tokens`, `slippage`, `past_worst_price`, `frozen`, `paused`, "
        "`not_running`, `over`, `barred`, `only_loses`, `read_first`, `allowance`, `keys_off`, `cannot_read` and "
        "others. Takes a key that may trade.",
        group="Trading",
        answer=ref("Sent"),
        takes=ref("OrderRequest"),
        headers={"Idempotency-Key": _IDEMPOTENCY},
        refused=(400, 403, 408, 409, 413, 415, 422, 503),
        named=True,
        example={"outcome": 0, "side": "yes", "action": "buy", "amount": "10", "slippage": "2%"},
    ),
    ("DELETE", f"{MARKET}/orders/{{order}}"): Operation(
        name="cancelOrder",
        about="Take back an order of yours that waits.",
        more="One that no tick has run goes at once, one in the book with the next tick; what may fill until then is "
        "filled. 409 `not_open`: nothing of it waits any more. A key takes back only what it has sent itself.",
        group="Trading",
        answer=ref("TakenBack"),
        refused=(403, 409, 422, 503),
        named=True,
    ),
    ("DELETE", f"{MARKET}/orders"): Operation(
        name="cancelAllOrders",
        about="Take back all your orders that wait; by a key, all that it has sent.",
        group="Trading",
        answer=ref("AllTakenBack"),
        refused=(403, 422, 503),
        named=True,
    ),
    ("GET", f"{MARKET}/theatre"): Operation(
        name="getTheatre",
        about="A market that is over: prices at up to 1,500 of its ticks.",
        group="Afterwards",
        answer=table("Columns `ticks`, `times`, `yes`; `marks`: what happened when; `winners`."),
        refused=(409, 503),
    ),
    ("GET", f"{MARKET}/theatre/{{tick}}"): Operation(
        name="getTheatreTick",
        about="A market that is over, as one of its ticks left it.",
        group="Afterwards",
        answer=table("The board, trades, what was said in this room, what you had."),
        refused=(409, 503),
    ),
    ("GET", f"{MARKET}/theatre/{{tick}}/bought"): Operation(
        name="getWhatItWouldHaveCome",
        about="What $50 of an outcome, bought then, came to.",
        group="Afterwards",
        answer=shape("What it came to.", says=array(table("A part of the sentence."))),
        query={"outcome": _OUTCOME, "side": text("Which token.", among=("yes", "no"))},
        needed=("outcome", "side"),
        refused=(400, 409, 503),
    ),
    ("GET", f"{MARKET}/run"): Operation(
        name="getRun",
        about="For a market's admins: how far it is, what waits for them, its terms.",
        group="Admins",
        answer=table("What the page of its admins shows."),
        refused=(403,),
        named=True,
    ),
    ("GET", f"{MARKET}/run/members"): Operation(
        name="listMembers",
        about="For a market's admins: who is in it.",
        group="Admins",
        answer=table("A page of them."),
        query={"name": text("Part of a name."), "page": integer("Counted from 1.", least=1)},
        refused=(403,),
        named=True,
    ),
    ("POST", f"{MARKET}/run"): Operation(
        name="run",
        about="Run a market by an admin's key: for a stream deck or a bracket program.",
        more="Their rights are asked anew each time, and who has a part in the market only proposes. `start`, "
        "`eliminate`, `resolve` and `correct` answer `preview` first, with what they would do, and a `confirm`: send "
        "the same with it and it is done. `proposed`: another admin has to approve it in the chat. Takes a key that "
        "may run.",
        group="Admins",
        answer=ref("RunAnswer"),
        takes=ref("RunRequest"),
        headers={"Idempotency-Key": text("The same name is the same request, however often it is sent.")},
        refused=(400, 403, 408, 409, 413, 415, 422),
        named=True,
        example={"action": "freeze", "reason": "red card"},
    ),
    ("POST", f"{MARKET}/run/check"): Operation(
        name="checkTerms",
        about="For a market's admins: what is wrong with a timetable or a setting before it is sent.",
        group="Admins",
        answer=table("What is wrong, and what is meant."),
        takes=table("`parts`: the rounds of a timetable; or `setting` and `value`."),
        refused=(400, 403, 408, 413, 415),
        named=True,
    ),
    ("POST", "/api/v1/run/check"): Operation(
        name="checkNewTerms",
        about="For admins: what is wrong with the terms of a market that is still to be made.",
        group="Admins",
        answer=table("What is wrong, and the presets there are."),
        takes=table("`values` by name."),
        refused=(400, 403, 408, 413, 415),
        named=True,
    ),
}

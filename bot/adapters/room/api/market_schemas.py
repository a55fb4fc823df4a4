"""The shapes of what everybody may know of a market."""

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
from bot.market.candles import SPANS
from engine.state import Status

STATES = tuple(status.value.lower() for status in Status)
_OUTCOME = integer("The outcome, counted from 0 in the market's order.", least=0, example=0)
_YES = money(
    "What a YES token costs by the board, before fee; it pays 1,000,000 if this outcome wins.", example=344_828
)
_NO = money("What a NO token costs by the board, before fee; it pays 1,000,000 if this outcome does not win.")
_SIDE = text("Which token: `yes` pays a dollar if the outcome wins, `no` if it does not.", among=("yes", "no"))
_STATE = text(
    "`lobby`: trading has not begun. `running`: orders are taken. `frozen`: a round is decided. `paused`: an admin "
    "says so. `disputed`: a winner is named and not yet paid. `resolved`, `closed`: paid. `voided`: called off.",
    among=STATES,
)
_LINE = array(
    table("Text `x`, in a style `s`, of the outcome `o`; or a moment `at`, as a countdown where `cd`."),
    "A sentence in parts, as the page lays it out.",
)
_MAKER_BUYS: Schema = {
    "type": ["boolean", "null"],
    "description": "`true`: a member bought it from the house. `false`: a member sold it to the house. `null`: two "
    "members met.",
}

SCHEMAS: Mapping[str, Schema] = {
    "Error": shape(
        "Why nothing was done.",
        error=text("For people: what happened and what to do next.", example="You hold no Ant YES."),
        code=text("For programs: always the same for the same reason.", example="no_tokens"),
    ),
    "Price": shape(
        "The price of one outcome.",
        outcome=_OUTCOME,
        name=text("What it is called.", example="Germany"),
        active=yes_no("Whether it is still in. One that is out is not traded: YES is 0, NO 1,000,000."),
        yes=_YES,
        no=_NO,
    ),
    "Prices": shape(
        "All prices as of the last tick.",
        market=integer("The market's number."),
        tick=integer("The last tick, counted from 1; 0 before the first."),
        at=or_null(moment("When that was.")),
        state=_STATE,
        halted=yes_no("Whether it stands still because something is wrong; money is safe."),
        prices=array(ref("Price"), "In the order of the outcomes."),
    ),
    "Candle": shape(
        "One span of time.",
        at=moment("Where the span begins: a multiple of its length."),
        open=money("The price that held when the span began."),
        high=money("The highest price in it."),
        low=money("The lowest price in it."),
        close=money("The price when it ended."),
        volume=money("What was traded in this outcome, YES and NO together, before fees."),
    ),
    "Candles": shape(
        "Candles of one token, oldest first.",
        market=integer("The market's number."),
        tick=integer("The tick up to which they are complete."),
        outcome=_OUTCOME,
        side=_SIDE,
        span=text("Their length.", among=tuple(SPANS)),
        span_ms=integer("The same in milliseconds."),
        candles=array(ref("Candle"), "At most 500. A span in which no tick ran is left out: nothing moved in it."),
        next=or_null(moment("Ask again with `from` set to this for the following ones; null: there are none.")),
    ),
    "Trade": shape(
        "One trade: what one order did with one token in one tick.",
        id=integer("Its number; newer ones have higher numbers."),
        at=moment("When."),
        outcome=_OUTCOME,
        side=_SIDE,
        buy=_MAKER_BUYS,
        size=tokens("How many.", example=50_000_000),
        price=money("The average price of one token, before fees."),
        amount=money("All together, before fees."),
        by_key=yes_no("Whether a program's order did it."),
    ),
    "Moment": shape(
        "Something that happened in the event. Beside these fields it has the figures of its kind.",
        id=text("Always the same for the same moment; `countdown-2` for one still to come.", example="17"),
        kind=text(
            "What happened.",
            among=(
                "countdown", "started", "frozen", "skipped", "resumed", "paused", "eliminated", "claimed", "corrected",
                "resolved", "voided",
            ),
        ),
        tick=integer("In which tick."),
        at=moment("When; of a countdown, when it will be."),
        text=text("The announcement's sentence.", example="Trading is frozen for Round 1."),
        head=_LINE,
        lines=array(_LINE, "What else the announcement says."),
    ),
    "Row": shape(
        "An outcome on the board.",
        outcome=_OUTCOME,
        place=text("Its place by price, as it is shown."),
        name=text("What it is called."),
        yes=_YES,
        no=_NO,
        change=or_null(money("How far YES moved since the last round; null: not known.")),
        spark=array(integer("A price."), "YES at some moments, oldest first: for a small picture."),
        active=yes_no("Whether it is still in."),
        note=text("`out`, `winner` … as the board says it; empty for one that is in."),
    ),
    "Market": shape(
        "A market as everybody sees it.",
        title=text("What it is about."),
        market=integer("Its number."),
        tick=integer("The last tick."),
        at=or_null(moment("When that was.")),
        tick_ms=integer("How many milliseconds lie between ticks while it runs."),
        state=_STATE,
        status=text("The same in words."),
        halted=yes_no("Whether it stands still because something is wrong."),
        rows=array(ref("Row"), "The board, best first."),
        sum=money("All YES prices of those still in, as they are shown, together."),
        volume=money("What has been traded so far."),
        people=integer("How many have an account."),
        traders=or_null(integer("How many have traded.")),
        step=or_null(text("What comes next by the timetable.")),
        step_ms=or_null(moment("When.")),
        risk=or_null(money("What the house can lose now.")),
        most=or_null(money("The most it can ever lose.")),
        gas=money("What each order takes, whatever becomes of it.", example=10_000),
        fee=integer("What trading takes, in millionths of what is traded.", example=10_000),
        step_size=money("Limits are multiples of this.", example=10_000),
        where=text("The chat it belongs to."),
        own_room=yes_no("Whether that is this room."),
        awaits=_LINE,
        decides=array(_LINE, "What decides it, in its admins' words."),
        tape=array(ref("Trade"), "The latest trades, newest first."),
        moments=array(ref("Moment"), "The latest ones, oldest first, and the freeze that comes next."),
    ),
    "Listed": shape(
        "A market at a glance.",
        market=integer("Its number."),
        title=text("What it is about."),
        where=text("The chat it belongs to."),
        status=text("How it stands, in words."),
        state=_STATE,
        own_room=yes_no("Whether it is this room's."),
        member=yes_no("Whether you have an account in it."),
        may_run=yes_no("Whether you may be one of its admins: the page offers what they do."),
        step=or_null(text("What comes next.")),
        step_ms=or_null(moment("When.")),
        volume=money("What has been traded."),
        people=integer("How many have an account."),
        leaders=array(
            shape("A leading outcome.", outcome=_OUTCOME, name=text("Its name."), yes=_YES), "The first three."
        ),
        profit=or_null(money("Your profit in it.")),
        rank=or_null(integer("Your place in it.")),
        of=integer("Of how many."),
    ),
    "Markets": shape(
        "The markets you may see; by a key, its market alone.",
        markets=array(ref("Listed")),
        total=shape("Of all together.", profit=money("Your profit."), markets=integer("In so many markets.")),
        may_create=yes_no("Whether you could make one here."),
    ),
    "Chart": shape(
        "The steps of all prices, column by column: the price of outcome i at `times[j]` is `yes[i][j]`.",
        market=integer("The market's number."),
        tick=integer("As of which tick."),
        names=array(text("A name."), "Of the outcomes."),
        times=array(moment("When."), "Of each step."),
        ticks=array(integer("A tick."), "Of each step."),
        yes=array(array({"type": ["integer", "null"]}), "By outcome; null since it is out."),
        volume=array(money("Traded up to this step, since the one before.")),
        freezes=array(array(moment("From, until."))),
        rounds=array(table("`at`, `name`, and the outcomes that went `out`.")),
        exits=array(table("An `outcome`, and `at` which moment it went out.")),
        winners=array(integer("An outcome.")),
        called_off=yes_no("Whether the market was called off."),
        thinned=yes_no("Whether steps are left out because there are very many."),
    ),
    "OutcomeFacts": shape(
        "One outcome: its chart, depth, book and trades.",
        market=integer("The market's number."),
        tick=integer("As of which tick."),
        outcome=_OUTCOME,
        name=text("What it is called."),
        active=yes_no("Whether it is still in."),
        yes=_YES,
        no=_NO,
        series=or_null(table("Columns `ticks`, `times`, `yes`, `no`, `volume`.")),
        volume=money("What has been traded in it."),
        book={
            "type": "object",
            "description": "Orders that wait, by token `yes` and `no`: `buys` and `sells`, best first, each "
            "[price in millionths of a dollar, millionths of a token].",
            "additionalProperties": shape(
                "One token's.",
                sells=array(array(integer("Price, then tokens.")), "Offers to sell."),
                buys=array(array(integer("Price, then tokens.")), "Offers to buy."),
            ),
        },
        trades=array(ref("Trade"), "Its latest, newest first."),
        depth=or_null(table("By token, what trades of some sizes would do to its price; null while nobody can trade.")),
    ),
    "Leaderboard": shape(
        "Who is ahead.",
        head=_LINE,
        rows=array(
            shape(
                "Somebody.",
                place=text("As it is shown, such as `2nd=`."),
                rank=integer("In figures."),
                name=text("What they are called."),
                gain=money("What they are up."),
                gain_share=integer("The same in millionths of what they were given."),
                worth=money("All they have."),
                trades=integer("How often they have traded."),
                own=yes_no("Whether that is you."),
            ),
            "The first, and your own.",
        ),
        of=integer("How many have a place."),
        without_place=integer("How many have not traded."),
        unranked=integer("How many take no place."),
    ),
    "RunRequest": shape(
        "What an admin's program does.",
        ("outcomes", "reason", "at", "confirm"),
        action=text(
            "What to do.",
            among=("open", "start", "freeze", "pause", "resume", "eliminate", "resolve", "correct"),
        ),
        outcomes=array(_OUTCOME, "`eliminate`: who is out. `resolve`, `correct`: who is named."),
        reason=text("Why, for everybody and the log."),
        at=text("`open`: when it starts, as it is typed in the chat, such as `in 30m`."),
        confirm=text("What the preview answered: it is done if nothing has changed since."),
    ),
    "RunAnswer": shape(
        "What came of it.",
        state=text("`preview`: nothing is done yet.", among=("preview", "proposed", "done")),
        confirm=or_null(text("Of a preview: send the same with this.")),
        sentence=text("What happened, or would happen, in words."),
    ),
    "Tick": shape(
        "The data of an event `tick` of the stream.",
        market=integer("The market's number."),
        tick=integer("Which tick; also the event's id."),
        at=moment("When."),
        prices=array(shape("After it.", outcome=_OUTCOME, yes=_YES, no=_NO)),
        trades=array(ref("Trade"), "Of this tick, oldest first."),
        moments=array(ref("Moment"), "Of this tick."),
        yours=array(ref("Order"), "Your orders that ran, traded or left the book in it, as they stand now."),
    ),
    "Reset": shape(
        "The data of an event `reset` of the stream: more ticks were missed than can be told one by one. Read the "
        "market and your orders anew.",
        market=integer("The market's number."),
        tick=integer("From which tick the stream goes on."),
        at=or_null(moment("When that was.")),
    ),
}  # fmt: skip

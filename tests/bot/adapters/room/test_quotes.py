"""A ticket as a sheet, over HTTP: what it shows is what happens, and one press is one order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.room import limits
from bot.adapters.room.limits import Counted
from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Reply
from engine.state import Side, price_micro
from storage.records import OrderRow, OrderStatus, Payload
from tests.bot.adapters.room.harness import Browser, RoomHarness, Shown, head, request_id, room_harness
from tests.storage import worlds

Order = dict[str, Any]  # as it travels: JSON


@pytest.fixture
async def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RoomHarness]:
    """A market of Ant, Bee and Cat that runs, in a room where nobody is told to slow down."""
    free = dict.fromkeys((Counted.QUOTE, Counted.STRANGERS_QUOTE, Counted.LINE), ())
    monkeypatch.setattr(limits, "LIMITS", {**limits.LIMITS, **free})
    monkeypatch.setattr("bot.dispatcher.PERSON", ())
    async with room_harness(tmp_path) as harness:
        await harness.open_market()
        await harness.tick()
        yield harness


def asked(amount: str = "$50", **other: Any) -> Order:
    return {"outcome": 0, "side": "yes", "action": "buy", "amount": amount, **other}


async def quote(visitor: Browser, order: Order, market: int = 1) -> Order:
    status, shown = await visitor.post(f"api/v1/markets/{market}/quote", order)
    assert status == 200, shown
    return dict(shown)


async def send(visitor: Browser, order: Order, request: str | None = None, *, again: bool = False) -> Shown:
    payload = {**order, "request": request or request_id(), "again": again}
    status, answer = await visitor.post("api/v1/markets/1/orders", payload)
    assert status == 200, answer
    return dict(answer["message"])


async def confirm(visitor: Browser, order: Order) -> Shown:
    """Quoted and sent."""
    shown = await quote(visitor, order)
    assert shown["ok"], shown
    return await send(visitor, shown["order"])


async def message_of(visitor: Browser, number: int) -> Shown:
    """As it stands now."""
    (message,) = [message for message in await visitor.messages() if message["id"] == number]
    return message


async def orders(harness: RoomHarness) -> list[OrderRow]:
    async with harness.db.reading() as uow:
        return [row for person in (1, 2, 3) for row in await uow.orders.of(1, person)]


def said(parts: list[Mapping[str, str]]) -> str:
    return "".join(part.get("x", "") for part in parts)


def told(shown: Order) -> str:
    """All the words of a quote."""
    notes = [block["parts"] for block in (*shown.get("unread", ()), *shown["notes"]) if block["t"] == "line"]
    return " | ".join(said(line) for line in [shown["head"] if shown["ok"] else shown["sentence"], *notes])


QUOTED: tuple[tuple[Order, str], ...] = (
    (asked(), "Buy Ant YES: spend about $50.00 and $0.01 gas, get about $139.37 if Ant wins."),
    (asked("100"), "Buy Ant YES: spend about $35.61, get $100.00 if Ant wins."),
    (asked("half"), "Buy Ant YES: spend about $482.80 and $0.01 gas, get about $1,136.03 if Ant wins."),
    (asked("25%", outcome=2, side="no"), "Buy Cat NO: spend about $241.40 and $0.01 gas"),
    (asked("100", limit="30c"), "Buy Ant YES at 30¢ or less: spend at most $30.31, get $100.00 if Ant wins."),
    (asked("$20", limit="50c", autofill=True), "Buy Ant YES at 50¢ or less: spend about $13.94, get $39.60"),
    (asked("0.01"), "Buy Ant YES: spend about $0.02, get $0.01 if Ant wins. | This order can only lose"),
    (asked(action="sell", amount="40"), "Sell Ant YES: get about $13.55."),
    (asked(action="sell", amount="all"), "Sell Ant YES: get about $33.49."),
    (asked(action="sell", amount="half", limit="90c"), "Sell Ant YES at 90¢ or more: get at least $44.54"),
)
TOO_MUCH: tuple[tuple[Order, str], ...] = (
    (asked("all"), "$965.58 of Ant YES would cost 47.2¢ a token on average before the fee; the price is 34.5¢ now."),
    (asked("300", slippage="1%"), "300 Ant YES would cost 36.7¢ a token on average before the fee"),
)
"""For the slippage: whoever sends them with a worst price of their own has allowed it."""

REFUSED: tuple[tuple[Order, str], ...] = (
    (asked("5000"), "It would cost $3,062.20 and you have $965.59."),
    (asked(action="sell", amount="1000"), "You hold 100 Ant YES, not 1,000."),
    (asked(action="sell", amount="1", outcome=1), "You hold no Bee YES."),
    (asked(limit="50c", slippage="5%"), "An order with a limit needs no slippage"),
    (asked(autofill=True), "Auto-fill is for orders that wait in the book"),
    (asked(action="sell", amount="$5"), "Selling goes by tokens, not dollars"),
    (asked(""), "Please add the amount"),
    (asked("lots"), "“lots” is not an amount"),
    (asked("1,5"), "“1,5” has a comma where I expect a point"),
    (asked("-3"), "“-3” is not an amount"),
    (asked("0"), "“0” is too little"),
    (asked("9" * 40), f"“{'9' * 40}” is not an amount"),
    (asked("\ud800"), "“?” is not an amount"),
    (asked("50\n\u202e$"), "“"),
    (asked(side="maybe"), "“maybe” is not a side"),
    (asked(side=""), "Please add the side"),
    (asked(limit="55.123c"), "“55.123c” is not on this market's price steps of 1¢"),
    (asked(slippage="-1%"), "“-1%” will not do"),
    (asked(slippage="2000%"), "“2000%” is not a possible slippage"),
)


async def test_a_quote_says_what_the_line_would_and_nothing_wrong_can_be_sent(harness: RoomHarness) -> None:
    ada = await harness.person("Ada")
    await confirm(ada, asked("100"))
    await harness.tick()
    before = await orders(harness)
    for order, words in QUOTED:
        shown = await quote(ada, order)
        assert shown["ok"], (order, shown)
        assert told(shown).startswith(words), (order, told(shown))
        assert shown["largest"]["tokens"] > 0
    for order, words in (*TOO_MUCH, *REFUSED):
        shown = await quote(ada, order)
        assert not shown["ok"], (order, shown)
        assert told(shown).startswith(words), (order, told(shown))
    for order, _ in REFUSED:
        message = await send(ada, {**order, "worst": {"price": 10**12, "size": 10**9}})
        assert not message["reply"]["ok"], (order, message)
    assert await orders(harness) == before


async def test_what_is_offered_instead_is_an_order_that_stands(harness: RoomHarness) -> None:
    ada = await harness.person("Ada")
    for order, label in (
        (asked("all"), "Buy $"),
        (asked("300", slippage="1%"), "Allow "),
        (asked("0.01"), "Buy 0.04 tokens instead"),
        (asked(limit="55.123c"), "Limit 55c"),
        (asked(limit="50c", slippage="5%"), "Without slippage"),
    ):
        shown = await quote(ada, order)
        offer = next(dict(one) for one in shown["offers"] if one["label"].startswith(label))
        offer.pop("label")
        instead = await quote(ada, offer)
        assert instead["ok"], (order, instead)
        assert not instead["only_loses"]


BROKEN: tuple[object, ...] = (
    [],
    {},
    {**asked(), "action": "hold"},
    {**asked(), "action": None},
    {**asked(), "outcome": "0"},
    {**asked(), "outcome": True},
    {**asked(), "outcome": -1},
    {**asked(), "outcome": 9},
    {**asked(), "outcome": 10**30},
    {**asked(), "amount": 50},
    {**asked(), "amount": "9" * 201},
    {**asked(), "side": ["yes"]},
    {**asked(), "autofill": "yes"},
    {**asked(), "limit": 0.55},
)
BROKEN_ORDERS: tuple[Order, ...] = (
    {**asked(), "worst": "1"},
    {**asked(), "worst": {"price": 1.5, "size": 1}},
    {**asked(), "worst": {"price": -1, "size": 1}},
    {**asked(), "worst": {"price": 10**15, "size": 1}},
    {**asked(), "worst": {"price": 1, "size": 1}, "read": "now"},
)


async def test_what_is_no_order_is_told_so_and_is_not_done(harness: RoomHarness) -> None:
    ada = await harness.person("Ada")
    for body in BROKEN:
        for path in ("quote", "orders"):
            status, answer = await ada.post(f"api/v1/markets/1/{path}", body)
            assert status == 400, (path, body, answer)
            assert answer["error"]
    for order in BROKEN_ORDERS:
        status, answer = await ada.post("api/v1/markets/1/orders", {**order, "request": request_id()})
        assert (status, answer["error"][:16]) == (400, "That is no order"), order
    shown = await quote(ada, asked())
    assert (await ada.post("api/v1/markets/1/orders", shown["order"]))[0] == 400  # without a request
    bare = await send(ada, {**shown["order"], "worst": None})
    assert head(bare) == "An order is sent here only with the price that was shown for it."
    for path in ("quote", "orders"):
        assert (await ada.post(f"api/v1/markets/2/{path}", {**asked(), "request": request_id()}))[0] == 404
    assert not await orders(harness)


async def test_what_is_shown_is_what_happens_to_the_millionth(harness: RoomHarness) -> None:
    """Random orders of every kind, one after the other, and nothing moves between a quote and its order."""
    rng = random.Random("shown")
    people = [await harness.person(name) for name in ("Ada", "Bob")]
    await harness.tick()
    filled = rested = 0
    for _ in range(60):
        who, buy = rng.choice(people), rng.random() < 0.6
        amounts = ("$3.21", "$47", "17", "123.456789", "half", "25%", "all") if buy else ("3", "half", "all", "7.5%")
        order = asked(rng.choice(amounts), outcome=rng.randrange(3), side=rng.choice(("yes", "no")))
        order["action"] = "buy" if buy else "sell"
        if rng.random() < 0.3:
            order |= {"limit": f"{rng.randrange(20, 80)}c", "autofill": rng.random() < 0.5}
        elif rng.random() < 0.2:
            order["slippage"] = rng.choice(("1%", "8%", "60%"))
        shown = await quote(who, order)
        if not shown["ok"]:
            continue
        message = await send(who, shown["order"])
        assert message["reply"]["ok"], (order, message)
        await harness.tick(after_ms=0)  # pools grow with time, too
        async with harness.db.reading() as uow:
            ticket = await uow.tickets.get(message["reply"]["ticket"])
            row = await uow.orders.get(1, ticket.order or 0) if ticket else None
            market, state = await uow.markets.get(1), await uow.markets.state(1)
        assert row is not None
        assert market is not None
        assert row.status in {OrderStatus.FILLED, OrderStatus.RESTING}, (order, row)
        total = row.amount + row.gas if buy else row.amount - row.gas
        assert (row.done, total, row.fee, row.gas) == (
            shown["size"], shown["spend" if buy else "get"], shown["fee"], shown["gas"]
        ), (order, shown, row)  # fmt: skip
        assert (row.remaining if row.status is OrderStatus.RESTING else 0) == shown["rests"]
        assert row.escrow == shown["escrow"]
        if row.done and not order.get("autofill") and not shown["rests"]:
            for move in shown["moves"]:
                prices = [price_micro(state, market.params, move["outcome"], side) for side in Side]
                assert [move["yes"][1], move["no"][1]] == prices, (order, move)
        await harness.tick()
        filled, rested = filled + (row.done > 0), rested + (row.status is OrderStatus.RESTING)
    assert (filled > 25, rested > 3) == (True, True), (filled, rested)


async def test_one_press_is_one_order_however_often_it_is_sent(harness: RoomHarness) -> None:
    ada, request = await harness.person("Ada"), request_id()
    shown = await quote(ada, asked("$500"))
    answers = await asyncio.gather(*(send(ada, shown["order"], request, again=at > 0) for at in range(6)))
    assert {answer["id"] for answer in answers} == {answers[0]["id"]}
    assert head(answers[0]) == "Sent. Buying Ant YES for at most $500.00 and $0.01 gas."
    await harness.tick()
    elsewhere = await harness.dispatcher.run(  # the answer was lost, and another process has to look what became of it
        Invocation(
            command="ticket buy",
            args={"outcome": "#1", "side": "yes", "amount": "$500", "worst": "1", "most": "1"},
            platform="room",
            person_ext=await ext_of(harness, "Ada"),
            person_name="Ada",
            chat_ext="room",
            chat_kind=ChatKind.ROOM,
            request_id=f"room:{(await ext_of(harness, 'Ada'))[:16]}:{request}",
            is_retry=True,
        )
    )
    assert plain_text.text(elsewhere).startswith("Filled: ")
    (order,) = await orders(harness)
    assert order.status is OrderStatus.FILLED
    message = await message_of(ada, answers[0]["id"])
    assert head(message).startswith("Filled: ")
    assert message["asked"] == "/buy ant yes $500"


async def test_a_press_confirms_no_other_order_than_the_one_it_sends(harness: RoomHarness) -> None:
    """Whatever its request was used for before: another line's ticket, one that was cancelled, another order."""
    ada, ext = await harness.person("Ada"), await ext_of(harness, "Ada")
    await harness.tick()
    worst = (await quote(ada, asked("5")))["order"]["worst"]
    args = {"outcome": "#1", "side": "yes", "amount": "5", "worst": str(worst["price"]), "most": str(worst["size"])}

    async def run(request: str, text: str = "", **args: str) -> Reply:
        command = "ticket buy" if args else ""
        invocation = Invocation(
            text=text,
            command=command,
            args=args,
            platform="room",
            person_ext=ext,
            person_name="Ada",
            chat_ext="room",
            chat_kind=ChatKind.ROOM,
            request_id=request,
        )
        return await harness.dispatcher.run(invocation)

    ticket = await run("a", "/buy bee yes 200")
    cancelled = await run("b", "/buy ant yes 5")
    await run("c", next(action.text for action in cancelled.actions if action.label == "Cancel"))
    for request in ("a", "b"):
        reply = await run(request, **args)
        assert plain_text.text(reply).startswith("This request asked for another order before."), request
    assert not await orders(harness)
    assert (await run("d", next(action.text for action in ticket.actions if action.label == "Confirm"))).ok
    assert (await run("e", **args)).ok
    await harness.tick()
    again = await run("e", **{**args, "outcome": "#2"})
    assert plain_text.text(again).startswith("Filled: 5 Ant YES"), "one order a request"
    assert sorted((row.draft.outcome, row.draft.size) for row in await orders(harness)) == [
        (0, 5_000_000), (1, 200_000_000)
    ]  # fmt: skip


async def ext_of(harness: RoomHarness, name: str) -> str:
    async with harness.db.reading() as uow:
        (identity,) = [
            identity
            for person in range(1, 9)
            for identity in await uow.people.identities(person)
            if identity.name == name
        ]
    return identity.external_id


@pytest.mark.parametrize(
    ("order", "meanwhile", "sent", "ends"),
    [
        (asked("100"), asked("40"), True, "Filled: 100 Ant YES for $"),
        (asked("100"), asked("$300"), False, "Ant YES would cost "),
        (asked("$40"), asked("$300"), False, "Ant YES would cost "),
        (asked("$40", slippage="90%"), asked("$300"), True, "Filled: "),
        (asked("100"), asked("$300", side="no"), True, "Filled: 100 Ant YES for $"),
        (asked("100", limit="45c"), asked("$300"), True, "In the book: buying 100 Ant YES at 45¢ or less."),
        (asked("50", action="sell"), asked("all", action="sell"), False, "Ant YES would bring "),
        (asked("half", action="sell"), asked("$20", outcome=2), True, "Filled: sold 50 Ant YES for $"),
    ],
)
async def test_what_has_moved_runs_within_what_was_shown_or_is_refused_whole(
    harness: RoomHarness, order: Order, meanwhile: Order, sent: bool, ends: str
) -> None:
    ada, bob = await harness.person("Ada"), await harness.person("Bob")
    await confirm(ada, asked("100"))
    await confirm(bob, asked("300"))
    await harness.tick()
    shown = await quote(ada, order)
    await confirm(bob, meanwhile)
    await harness.tick()
    before = await orders(harness)
    message = await send(ada, shown["order"])
    await harness.tick()
    assert message["reply"]["ok"] is sent, message
    after = await orders(harness)
    assert len(after) - len(before) == sent
    if not sent:
        assert head(message).startswith(ends)
        assert "ticket" not in message["reply"]
        assert (await quote(ada, order))["ok"]  # at the price now
        return
    message = await message_of(ada, message["id"])
    assert head(message).startswith(ends), head(message)
    (row,) = [row for row in after if row not in before]
    if order["action"] == "buy":
        assert row.amount + row.gas + row.escrow <= shown["worst"]
    else:
        assert row.amount - row.gas >= shown["worst"]


async def test_nobody_orders_what_they_may_not(harness: RoomHarness) -> None:
    stranger, ada, bob = harness.browser(), await harness.person("Ada"), await harness.person("Bob")
    shown = await quote(stranger, asked("$10"))
    assert (shown["ok"], shown["cash"], shown["free"]) == (True, None, None)
    assert told(await quote(stranger, asked("half"))).startswith("A share of what?")
    assert (await stranger.post("api/v1/markets/1/orders", {**shown["order"], "request": request_id()}))[0] == 401

    sent = await confirm(ada, asked("$10"))  # who has just come is not funded yet
    await harness.tick()
    assert head(await message_of(ada, sent["id"])).startswith("Filled: ")
    shown = await quote(bob, asked("$10"))
    async with harness.db.writing() as uow:
        member = await uow.members.get(1, 3)
        assert member is not None
        await uow.markets.lock(1)
        await uow.members.set_barred(1, member.person, "rude")
        await uow.commit()
    for words in (told(await quote(bob, asked("$10"))), head(await send(bob, shown["order"]))):
        assert "barred" in words
    assert len(await orders(harness)) == 1


@pytest.mark.parametrize(
    ("control", "words"),
    [
        ("pause", "Trading is paused by an admin."),
        ("freeze", "Trading is frozen"),
        ("resolve", "This market is over"),
        ("void", "This market is over"),
    ],
)
async def test_where_trading_is_shut_there_is_neither_a_price_nor_an_order(
    harness: RoomHarness, control: str, words: str
) -> None:
    ada = await harness.person("Ada")
    await harness.tick()
    shown = await quote(ada, asked())
    async with harness.db.writing() as uow:
        body: Payload = {"kind": control, "outcomes": [0] if control == "resolve" else []}
        await uow.actions.append(1, "control", body, actor=1, request_id="c", now_ms=harness.clock.now_ms())
        await uow.commit()
    await harness.tick()
    assert told(await quote(ada, asked())).startswith(words)
    assert head(await send(ada, shown["order"])).startswith(words)
    assert not await orders(harness)


async def test_in_the_lobby_there_is_no_price_yet(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as harness:
        await worlds.lobby(harness.db, people=1, chat="room")
        ada = await harness.person("Ada")
        assert told(await quote(ada, asked())).startswith("Trading has not started yet.")
        message = await send(ada, asked(worst={"price": 10**12, "size": 10**9}))
        assert head(message) == "Trading has not started yet."
        assert not await orders(harness)


async def test_what_can_only_lose_is_sent_only_by_who_was_shown_that(harness: RoomHarness) -> None:
    ada = await harness.person("Ada")
    shown = await quote(ada, asked("0.01"))
    assert shown["only_loses"]
    refused = await send(ada, {**shown["order"], "loses": False})
    assert head(refused).startswith("Not sent: the price has moved, and this order can only lose now.")
    assert not await orders(harness)
    assert (await send(ada, shown["order"]))["reply"]["ok"]


async def test_what_decides_is_read_before_anything_is_sent(harness: RoomHarness) -> None:
    ada = await harness.person("Ada")
    before = await quote(ada, asked("$5"))
    assert before["unread"] == []
    harness.clock.advance(1_000)
    async with harness.db.writing() as uow:
        await uow.wordings.add(1, "The keeper's list decides.", actor=1, now_ms=harness.clock.now_ms())
        await uow.commit()
    refused = await send(ada, before["order"])
    assert head(refused) == "Not sent: something was written on what decides this market."
    shown = await quote(ada, asked("$5"))
    assert "What decides: The keeper's list decides." in told(shown)
    harness.clock.advance(1_000)
    assert (await send(ada, shown["order"]))["reply"]["ok"]
    assert (await quote(ada, asked("$5")))["unread"] == []

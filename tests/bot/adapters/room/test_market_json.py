"""The figures of the page are those of the commands, whatever has become of the market and of the account."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.room.market_json import account_to_json, leaderboard_to_json, market_to_json, trades_to_json
from bot.adapters.room.render import board_to_json
from bot.chat import plain_text
from bot.chat.reply import Audience, Board, Reply, Table
from bot.market.leaderboard import leaderboard_reply, standing_of
from bot.market.live_markets import LiveMarkets
from bot.text.numbers import Cut, limit_price, money, other_tokens, percent, price, signed_money, tokens
from engine.units import RATE
from tests.bot.harness import ADMIN, ChatHarness, chat_harness
from tests.scenarios.rows import Row, perform

PEOPLE = ("ada", "bob", "cleo", "eve", "nobody")

LOBBY: tuple[Row, ...] = (
    (ADMIN, '/admin create Cup Germany, Brazil, "Costa Rica", Italy odds "40 30 20 10"', ""),
    (ADMIN, "/admin set gas $0.01", ""),
    (ADMIN, "/admin set dispute 10m", ""),
    (ADMIN, "/admin open", ""),
    *((who, "/join", "") for who in ("ada", "bob", "cleo")),
)
STARTED: tuple[Row, ...] = ((ADMIN, "/admin start", ""), (ADMIN, "press Confirm", ""))
TRADED: tuple[Row, ...] = (
    ("tick", "2s"),
    ("ada", "/buy germany yes $50", ""),
    ("ada", "press Confirm", ""),
    ("bob", "/buy brazil yes 30 limit 20c", ""),
    ("bob", "press Confirm", ""),
    ("bob", "/buy italy no 20", ""),
    ("bob", "press Confirm", ""),
    ("cleo", "/buy brazil no 12.5", ""),
    ("cleo", "press Confirm", ""),
)
RESTING: tuple[Row, ...] = (
    ("tick", "2s"),
    ("ada", "/sell germany yes half limit 90c", ""),
    ("ada", "press Confirm", ""),
    ("eve", "/join", ""),
    (ADMIN, "/admin users cleo unranked", ""),
    (ADMIN, "/admin users bob bar floods the chat", ""),
)
FROZEN: tuple[Row, ...] = (
    ("tick", "5m"),
    ("eve", "/buy germany no 40", ""),
    ("eve", "press Confirm", ""),
    ("tick", "2s"),
    (ADMIN, "/admin freeze", ""),
    ("tick", "2s"),
)
CUT: tuple[Row, ...] = (
    (ADMIN, "/admin cut 06:50 the goal was known", ""),
    (ADMIN, "press Confirm", ""),
    ("tick", "2s"),
    (ADMIN, "/admin resume", ""),
    ("tick", "2s"),
)
ELIMINATED: tuple[Row, ...] = (
    ("ada", "/cancel all", ""),
    (ADMIN, "/admin grant eve $50 won the raffle", ""),
    (ADMIN, "press Confirm", ""),
    (ADMIN, "/admin eliminate brazil", ""),
    (ADMIN, "press Confirm", ""),
    ("tick", "2s"),
    ("eve", "/buy germany yes 3", ""),
    ("eve", "press Confirm", ""),
)
NAMED: tuple[Row, ...] = (
    ("tick", "2s"),
    (ADMIN, "/admin resolve germany", ""),
    (ADMIN, "press Confirm", ""),
    ("tick", "2s"),
)
PAID: tuple[Row, ...] = (("tick", "11m"),)
CALLED_OFF: tuple[Row, ...] = ((ADMIN, "/admin void", ""), (ADMIN, "press Confirm", ""), ("tick", "2s"))
LIVES: dict[str, Sequence[tuple[str, tuple[Row, ...]]]] = {
    "paid out": (
        ("lobby", LOBBY),
        ("running", STARTED),
        ("running", TRADED),
        ("running", RESTING),
        ("frozen", FROZEN),
        ("running", CUT),
        ("running", ELIMINATED),
        ("disputed", NAMED),
        ("closed", PAID),
    ),
    "called off": (("lobby", LOBBY), ("running", (*STARTED, *TRADED, ("tick", "2s"))), ("voided", CALLED_OFF)),
}


def table(reply: Reply, at: int = 0) -> list[list[str]]:
    """The cells of one of its tables, as they are read; none where there is no such table."""
    tables = [block for block in reply.blocks if isinstance(block, Table)]
    return [[plain_text.line_text(cell) for cell in row] for row in tables[at].rows] if len(tables) > at else []


def share(millionths: int) -> str:
    return f"{'+' if millionths > 0 else ''}{percent(millionths * 10**6)}"


def waits(order: dict[str, Any]) -> list[str]:
    """As `/orders` says it: number, what, what is left."""
    at = "" if order["limit"] is None else f" at {limit_price(order['limit'] * RATE // 10**6)}"
    left = tokens(other_tokens(order["size"], order["size"] - order["rest"]))
    if order["spend"] is not None:
        left = money(order["spend"], Cut.UP)
    what = f"{'Buy' if order['buy'] else 'Sell'} {order['name']} {order['side'].upper()}{at}"
    state = "next tick" if order["pending"] else "in the book"
    return [str(order["id"]), what, left, state]


async def the_same(harness: ChatHarness, live: LiveMarkets, who: str, where: str) -> None:
    async with harness.db.reading() as uow:
        person = await uow.people.find("room", who)
        record = await uow.markets.get_one(1)
        member = await uow.members.get(1, person.id) if person else None
        trades = await uow.trades.of_person(1, member.person, n=15) if member else []
        standing, head = await standing_of(uow, record), await leaderboard_reply(uow, record, Audience.CHAT)
    facts = await live.facts(1)
    assert facts is not None
    market: dict[str, Any] = market_to_json(facts, own_room=True)
    replies = {
        line: await harness.say(who, line)
        for line in ("/board", "/tape", "/positions", "/balance", "/orders", "/trades", "/leaderboard")
    }
    board = next(block for block in replies["/board"].blocks if isinstance(block, Board))
    shown = {key: value for key, value in board_to_json(board).items() if key not in {"t", "now"}}
    assert {key: market[key] for key in shown} == shown, where
    assert [[tokens(trade["size"]), price(trade["price"])] for trade in market["tape"][:15]] == [
        row[2:4] for row in table(replies["/tape"])
    ], where
    ranking: dict[str, Any] = leaderboard_to_json(standing, head, member.person if member else None)
    assert [
        [row["place"], row["name"], share(row["gain_share"]), money(row["worth"]), f"{row['trades']:,}"]
        for row in ranking["rows"]
    ] == table(replies["/leaderboard"]), where
    account = await live.account(1, person.id) if person else None
    if person is None or member is None or account is None:
        assert account is None or not account_to_json(account, facts.params)["joined"], where
        return
    own: dict[str, Any] = account_to_json(account, facts.params)
    text = {line: plain_text.text(reply) for line, reply in replies.items()}
    assert f"You have {money(own['cash'])} to spend." in text["/balance"], where
    in_all = f"In all {money(own['total'])}, {signed_money(own['profit'])} ({share(own['profit_share'])}) on the "
    assert f"{in_all}{money(own['stake'])} you were given." in text["/balance"], where
    assert ("barred you" in text["/balance"]) == own["barred"], where
    assert [
        [
            f"{holding['name']} {holding['side'].upper()}",
            price(holding["price"]),
            money(holding["worth"]),
            money(holding["if_right"]),
            signed_money(holding["profit"]),
        ]
        for holding in own["holdings"]
    ] == [[row[0], *row[2:]] for row in table(replies["/positions"])], where
    waiting = table(replies["/orders"]) if own["orders"] else []
    assert [waits(order) for order in own["orders"]] == [[row[0], row[1], row[2], row[3]] for row in waiting], where
    assert [order["cancel"] for order in own["orders"]] == [
        action.text for action in replies["/orders"].actions[: len(own["orders"])]
    ], where
    bought: list[Any] = trades_to_json(trades, member.person)
    assert [[tokens(trade["size"]), price(trade["price"])] for trade in bought] == [
        row[2:4] for row in table(replies["/trades"])
    ], where
    place = next((row for row in ranking["rows"] if row["own"]), None)
    assert (own["rank"], own["place"]) == ((place["rank"], place["place"]) if place else (None, "")), where
    assert own["of"] == ranking["of"], where
    ended = own["ended"]
    assert (ended is not None) == record.over, where
    if ended is not None:
        assert (ended["final"], ended["rank"], ended["gain"]) == (own["total"], own["rank"], own["profit"]), where


@pytest.mark.parametrize("life", LIVES)
async def test_the_page_shows_the_figures_of_the_commands(tmp_path: Path, life: str) -> None:
    async with chat_harness(tmp_path) as harness:
        live = LiveMarkets(harness.db, lambda: harness.now)
        for number, (state, rows) in enumerate(LIVES[life]):
            await perform(harness, rows)
            facts = await live.facts(1)
            assert facts is not None
            assert facts.status.value.lower() == state, number
            for who in PEOPLE:
                await the_same(harness, live, who, f"{who} at {number} ({state})")

"""What must hold once nothing goes wrong any more and everything has come to rest.

Each rule is a function whose docstring is the rule: it looks at the database and at all that was shown, and returns
what breaks it, "" where nothing does. Money notices are worked out anew from what the ticks did, not from the outbox.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.units import CENT
from storage.database import Database
from storage.records import intent_number
from storage.verify import Mismatch, verify
from tests.scheduler.replay import replay
from tests.simulation.deterministic import storage
from tests.simulation.deterministic.telling import Telling
from tests.simulation.deterministic.world import WAITING

if TYPE_CHECKING:
    from tests.simulation.deterministic.process import Process
    from tests.simulation.deterministic.world import World


@dataclass(frozen=True, slots=True)
class End:
    """What rules look at."""

    world: World
    db: Database
    raw: sqlite3.Connection
    telling: Telling

    def rows(self, sql: str) -> list[Any]:  # Any: rows as SQLite gives them
        return self.raw.execute(sql).fetchall()


Rule: TypeAlias = Callable[[End], Awaitable[str]]


async def first_broken(world: World, inspector: Process) -> str:
    """The first rule that does not hold and what breaks it."""
    db = Database.open(world.url, simulated=partial(storage.connect, inspector))
    with closing(sqlite3.connect(f"file:{world.path}?mode=ro", uri=True)) as raw:
        end = End(world, db, raw, Telling(world, raw))
        world.counts["orders"] = end.rows("SELECT count(*) FROM orders")[0][0]
        for rule in RULES:
            broken = await rule(end)
            if broken:
                return f"{(rule.__doc__ or '').strip().rstrip('.')}: {broken}"
    return ""


async def nothing_unexpected(end: End) -> str:
    """The program calls nothing an error."""
    return end.world.errors[0] if end.world.errors else ""


async def all_at_rest(end: End) -> str:
    """What was accepted runs, what waits to be told leaves."""
    if not end.rows(WAITING)[0][0]:
        return ""
    left = end.rows("SELECT id, kind, platform, target, due_ms, lease_ms, error FROM outbox WHERE NOT dropped LIMIT 3")
    left += end.rows("SELECT market, number, status FROM orders WHERE status = 'pending' LIMIT 3")
    left += end.rows("SELECT market, number, kind, status FROM actions WHERE status = 'pending' LIMIT 3")
    return str(left or end.rows("SELECT market, status, next_kind, next_ms FROM config"))


async def books_balance(end: End) -> str:
    """The ledger adds up to nothing and is what the engine says."""
    async with end.db.reading() as uow:
        for market in await uow.markets.all():
            audit = await uow.ledger.audit(market.id)
            if not audit.ok:
                return f"market {market.id}: {audit.problems}"
    return ""


async def one_order_a_ticket(end: End) -> str:
    """Whoever was told of an order has exactly one, and no ticket has two."""
    orders = Counter(ticket for (ticket,) in end.rows("SELECT ticket FROM orders WHERE ticket IS NOT NULL"))
    doubled = [ticket for ticket, count in orders.items() if count > 1]
    if doubled:
        return f"tickets {doubled} have two orders"
    lost = sorted(end.world.taken - orders.keys())
    return f"tickets {lost} have none" if lost else ""


async def orders_add_up(end: End) -> str:
    """An order's trades are what it says it traded."""
    stored = "SELECT market, number, size, remaining, status FROM orders WHERE status NOT IN ('pending', 'cut')"
    async with end.db.reading() as uow:
        for market, number, size, remaining, status in end.rows(stored):
            traded = sum(trade.size for trade in await uow.trades.of_order(market, number))
            if size - remaining != traded:
                return f"order {number} of market {market}: {status}, {size} - {remaining}, traded {traded}"
    return ""


async def told_in_the_tick(end: End) -> str:
    """What a tick did with somebody's money is to be told them, by the tick itself, once."""
    expected: Counter[tuple[int, str, int, int]] = Counter()  # market, kind, person, what
    for market, tick, kind, text in end.rows("SELECT market, tick_id, type, payload FROM events"):
        event = json.loads(text)
        if kind == "OrderDone":
            expected[market, "order", event["user"], intent_number(event["order"])] += 1
        elif kind == "Joined" and not event["first"]:
            expected[market, "granted", event["user"], event["cash"]] += 1
        elif kind == "Voided":
            for person, amount in event["amounts"]:
                expected[market, "refunded", person, amount] += int(abs(amount) >= CENT)
        elif kind == "Paid":
            expected[market, "paid", event["user"], -tick] += event["amount"]
    for what, amount in list(expected.items()):
        if what[1] == "paid":  # all that a tick paid somebody is one notice
            del expected[what]
            expected[*what[:3], amount] += int(amount >= CENT)
    told: Counter[tuple[int, str, int, int]] = Counter()
    for row in end.telling.money():
        kind = row.key[2]
        if kind == "given_back" or (kind == "order" and "tick" in row.payload) or row.person is None:
            continue
        amount = row.payload[{"order": "order", "granted": "cash", "paid": "total", "refunded": "amount"}[kind]]
        told[row.market, kind, row.person, amount] += 1
    missing = [what for what, count in expected.items() if told[what] < count]
    return f"nobody was to tell of {missing[:3]}" if missing else ""


async def every_notice_shown(end: End) -> str:
    """A notice of money leaves the outbox when it has been shown."""
    for row in end.telling.money():
        if row.key not in end.telling.shown and row.key not in end.telling.laid_aside and not row.slotted:
            return f"{row.key} to person {row.person}: {row.payload}"
    return ""


async def told_later(end: End) -> str:
    """What could not be told somebody is told with an answer of theirs."""
    left = end.rows("SELECT id, kind, platform, target FROM outbox WHERE dropped AND audience <> 'chat' LIMIT 3")
    return str(left) if left else ""


async def shown_once(end: End) -> str:
    """A notice of money stands in one message; in a second only where the first was not answered and nothing tells them
    apart."""
    for key, posts in end.telling.repeated_for_nothing():
        if key in end.telling.told and key[2] in ("order", "given_back", "granted", "paid", "refunded"):
            places = [f"{post.message.ref} by {post.shown.process.name} at {post.shown.at_us}" for post in posts]
            return f"{key} stands in {places}: {posts[0].shown.text!r}"
    return ""


async def tickets_tell_the_end(end: End) -> str:
    """What became of a ticket's order stands in its message at last, or in one of its own where that was late."""
    texts: dict[int, list[str]] = defaultdict(list)
    for message in end.telling.messages.values():
        for ticket in {shown.ticket for shown in message.versions if shown.ticket is not None}:
            texts[ticket].append(message.text)
    aside = end.telling.tickets_laid_aside
    sql = "SELECT ticket, number, status FROM orders WHERE ticket IS NOT NULL AND status <> 'pending'"
    for ticket, number, status in end.rows(sql):
        if ticket not in aside and all(text.startswith("Sent.") or "[Confirm" in text for text in texts[ticket]):
            return f"ticket {ticket}, order {number} {status}: {texts[ticket]}"
    return ""


async def within_z(end: End) -> str:
    """The house never stands to lose more than Z."""
    async with end.db.reading() as uow:
        for market in await uow.markets.all():
            worst = end.rows(f"SELECT max(mm_risk) FROM metrics WHERE market = {market.id}")[0][0]
            if worst is not None and worst > market.params.z:
                return f"market {market.id}: {worst} of {market.params.z}"
    for market_id, house in end.rows("SELECT market, sum(amount) FROM ledger WHERE account = 'house' GROUP BY market"):
        if house < 0:
            return f"market {market_id}: the house has {house}"
    return ""


async def told_the_truth(end: End) -> str:
    """Whoever is told that nothing was changed has no order of it."""
    return end.world.lies[0] if end.world.lies else ""


async def nothing_set_aside(end: End) -> str:
    """Only an order that waits for its tick has money set aside."""
    left = end.rows("SELECT market, number, status, reserve FROM orders WHERE status <> 'pending' AND reserve <> 0")
    return str(left[0]) if left else ""


async def one_ticks(end: End) -> str:
    """A market is ticked by the process that holds its lease, one in each epoch, and epochs never go back."""
    before: dict[int, tuple[str, int]] = {}
    for market, tick, process, holder, epoch in end.rows("SELECT * FROM ticked ORDER BY market, tick"):
        if process != holder:
            return f"tick {tick} of market {market} is by {process}, epoch {epoch} is {holder}'s"
        last, last_epoch = before.get(market, (process, epoch))
        if epoch < last_epoch or (epoch == last_epoch and process != last):
            return f"tick {tick} of market {market} is by {process} in epoch {epoch}, after {last} in {last_epoch}"
        before[market] = process, epoch
        end.world.counts["failovers"] += int(process != last)
    return ""


async def verifies(end: End) -> str:
    """`verify` finds no row that is otherwise than it must be, and a replay ends in the same state."""
    results = await verify(end.db)
    cut = {market for (market,) in end.rows("SELECT market FROM events WHERE type = 'Cut'")}  # which `replay` cannot do
    wrong = [result for result in results if isinstance(result, Mismatch)]
    if wrong:
        return str(wrong[0])
    for result in results:
        if not isinstance(result, Mismatch) and result.ticks and result.market not in cut:
            await replay(end.db, result.market)
    return ""


RULES: tuple[Rule, ...] = (
    nothing_unexpected,
    all_at_rest,
    books_balance,
    one_order_a_ticket,
    orders_add_up,
    told_in_the_tick,
    every_notice_shown,
    told_later,
    shown_once,
    tickets_tell_the_end,
    within_z,
    told_the_truth,
    nothing_set_aside,
    one_ticks,
    verifies,
)

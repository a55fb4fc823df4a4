"""What a ticket promises: dollars stay dollars, what can only lose is not sold silently, the pot floor has a name."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.reply import Reply, Span, Style
from bot.market.ticket_terms import price_ticket
from bot.text.numbers import CENT, MICRO, RATE
from storage.records import Market, OrderRow, OrderStatus, Ticket
from tests.bot.harness import ADMIN, ChatHarness, chat_harness, running
from tests.scenarios.rows import Row, perform

GAS = CENT
LIKELY = '/admin create Cup Germany, Brazil, "Costa Rica" odds "90 5 5" balance 20000'
EVEN = '/admin create Cup Germany, Brazil, "Costa Rica"'


def paid(amount: str) -> tuple[Row, ...]:
    """A budget on every screen between the line and the fill, and after a refusal."""
    return (
        (
            "ada",
            f"/buy germany yes {amount}",
            f"Buy Germany YES: spend about {amount} and $0.01 gas, get about $",
            "[Confirm]",
        ),
        ("ada", "press Change", f"`/ticket change 1 {amount}`"),
        (
            "ada",
            "/ticket change 1 slippage 8%",
            f"spend about {amount} and $0.01 gas",
            f"never more than {amount} and the gas",
        ),
        ("ada", "press Cancel", f"`/buy germany yes {amount} slippage 8%` asks anew"),
        ("ada", "press Confirm", "!", f"`/buy germany yes {amount} slippage 8%` makes a new one"),
        ("ada", f"/buy germany yes {amount} slippage 8%", f"spend about {amount} and $0.01 gas"),
        ("bob", "/buy germany yes $300", "spend about $300.00"),
        ("bob", "press Confirm", "Sent. Buying Germany YES for at most $300.00 and $0.01 gas."),
        ("ada", "press Confirm", f"Sent. Buying Germany YES for at most {amount} and $0.01 gas."),
        ("ada", "/orders", amount),
        ("tick", "2s"),
        ("told ada", "", "Not filled: Germany YES would have cost ", "The board said 50.0¢ when you asked and says 5"),
        ("told ada", "", "nothing else changed in Cup.", f"`/buy germany yes {amount} slippage 8%` asks anew"),
        ("ada", f"/buy germany yes {amount} slippage 8%", f"spend about {amount} and $0.01 gas"),
        ("ada", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("told ada", "", "Filled: ", f" Germany YES for {amount} and $0.01 gas."),
    )


@pytest.mark.parametrize("amount", ["$20.05", "$0.35", "$125.25"])
async def test_dollars_stay_dollars_from_the_line_to_the_fill_and_after_a_refusal(tmp_path: Path, amount: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, paid(amount))
        assert "your limit" not in "".join(harness.platform.texts("tell", "ada"))


async def test_a_budget_is_never_overdrawn_and_a_fill_is_its_ticket_when_nothing_moved(tmp_path: Path) -> None:
    rng, untouched = random.Random(11), 0
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=EVEN + " balance 5000", people=("ada", "bob", "cid"))
        await harness.confirmed("cid", "/buy germany no 60 limit 60c")
        for _ in range(12):
            orders = []
            for who in ("ada", "bob"):
                outcome, side = rng.choice(("germany", "brazil", '"costa rica"')), rng.choice(("yes", "no"))
                cents = rng.choice((rng.randint(5, 200), rng.randint(200, 9_000)))
                wide = " slippage 60%" if cents > 4_000 else ""
                line = f"/buy {outcome} {side} ${cents // 100}.{cents % 100:02d}{wide}"
                orders.append((await harness.confirmed(who, line), cents * CENT))
            await harness.tick()
            for place, (sent, spend) in enumerate(orders):
                order, ticket, market = await _sent(harness, sent)
                offered = price_ticket(ticket, market.params).quote
                assert order.draft.spend == spend
                assert order.amount <= spend
                assert order.gas == GAS
                if place == 0:  # the first of its tick finds the prices of its ticket
                    assert (order.status, order.done) == ("filled", offered.size)
                    assert abs(order.amount - offered.amount) < 10  # the market's terms go with the time, a little
                    untouched += 1
                assert order.done <= offered.size
        assert untouched == 12


async def _sent(harness: ChatHarness, reply: Reply) -> tuple[OrderRow, Ticket, Market]:
    async with harness.db.reading() as uow:
        ticket = await uow.tickets.get(reply.ticket or 0)
        assert ticket is not None
        order = await uow.orders.get(ticket.market, ticket.order or 0)
        market = await uow.markets.get(ticket.market)
    assert order is not None
    assert market is not None
    return order, ticket, market


async def _offered(harness: ChatHarness, reply: Reply) -> tuple[int, int]:
    """(all it costs, gas in; what it pays if right) of a ticket, micro-dollars."""
    async with harness.db.reading() as uow:
        ticket = await uow.tickets.get(reply.ticket or 0)
        assert ticket is not None
        market = await uow.markets.get_one(ticket.market)
    priced = price_ticket(ticket, market.params)
    return priced.total, priced.quote.payout_if_right


ONLY_LOSES: tuple[Row, ...] = (
    ("ada", "/buy germany yes 1500", "Buy Germany YES: spend about $1,4", "at worst $1,499.99", "[Confirm] [Change]"),
    ("ada", "/buy germany yes 4000 slippage 40%", "This order can only lose: it costs $4,4", "and pays $4,000.00"),
    ("ada", "press Confirm", "Sent. Buying 4,000 Germany YES"),
    ("bob", "/buy germany yes $4000", "This order can only lose: it costs $4,000.01, gas in, and pays $3,"),
    ("bob", "/settings confirm off", "Orders go out at once"),
    ("bob", "/buy germany yes 4000 slippage 40%", "This order can only lose", "[Confirm as asked]"),
    (
        "bob",
        "/buy germany yes 0.01",
        "This order can only lose: it costs $0.02, gas in, and pays $0.01",
        "are the least that",
    ),
    ("bob", "/buy germany yes 0.01 limit 90c", "This order can only lose", "are the least that can win"),
)


async def test_an_order_that_can_only_lose_says_so_and_is_the_second_button(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=LIKELY)
        await perform(harness, ONLY_LOSES)
        await harness.tick()
        assert "Filled: 4,000 Germany YES" in harness.platform.texts("tell", "ada")[-1]


@pytest.mark.parametrize(
    "line", ["/buy germany yes 4000 slippage 40%", "/buy germany yes $4000", "/buy brazil no $2000"]
)
async def test_the_first_button_is_the_largest_order_that_still_wins(tmp_path: Path, line: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=LIKELY)
        reply = await harness.say("ada", line)
        assert [action.label.split()[0] for action in reply.actions][:4] == ["Buy", "Confirm", "Change", "Cancel"]
        winning = await harness.say("ada", reply.actions[0].text)
        assert winning.actions[0].label == "Confirm"
        cost, pays = await _offered(harness, winning)
        assert CENT <= pays - cost < 3 * CENT
        more = -(-pays // MICRO) + 3
        worse = await harness.say("ada", f"{' '.join(line.split()[:3])} {more} slippage 40%")
        assert "This order can only lose" in plain_text.text(worse)


async def test_all_and_half_stop_where_they_could_only_lose_and_leave_the_gas_of_a_later_order(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=LIKELY)
        for amount in ("all", "half"):
            ticket = await harness.say("ada", f"/buy germany yes {amount}")
            assert "It stops there: a larger order could only lose." in plain_text.text(ticket)
            cost, pays = await _offered(harness, ticket)
            assert CENT <= pays - cost < 3 * CENT
    (tmp_path / "two").mkdir()
    async with chat_harness(tmp_path / "two") as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes all")
        await harness.tick()
        async with harness.db.reading() as uow:
            member = await uow.members.get(1, 2)
        assert member is not None
        assert GAS <= member.balance < GAS + CENT


TOO_FAR: tuple[Row, ...] = (
    ("ada", "/buy costa rica yes $60", "spend about $60.00", "[Confirm]"),
    (
        "ada",
        "/buy costa rica yes $800",
        "!",
        "$800.00 of Costa Rica YES would cost ",
        "the price is 20.0¢ now",
        "No more than 25% of slippage is chosen for anybody, which allows at most 25.0¢",
        "[Allow ",
    ),
    ("ada", "press Buy $", "Buy Costa Rica YES: spend about $1", "slippage 25%", "[Confirm]"),
    ("ada", "press Change", "/ticket change "),
    ("ada", "/buy costa rica yes $800", "!", "is the most that fits"),
    ("ada", "press Allow", "Buy Costa Rica YES: spend about $800.00", "[Confirm]"),
    ("ada", "/buy costa rica yes all", "!", "$999.98 of Costa Rica YES", "is the most that fits"),
    ("ada", "/buy costa rica yes 900 slippage 3%", "!", "Slippage 3% allows at most 20.6¢", "is the most that fits"),
    ("ada", "press Buy", "Buy Costa Rica YES", "[Confirm]"),
    ("ada", "/settings confirm off", "Orders go out at once"),
    ("ada", "/buy costa rica yes $800", "!", "Without a ticket no more than 5% of slippage is chosen for you"),
)


async def test_no_slippage_above_a_quarter_is_chosen_and_the_size_that_fits_is_a_button(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, TOO_FAR)


async def test_a_slippage_that_nobody_chose_is_not_carried_into_other_numbers(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        wide = await harness.say("ada", "/buy costa rica yes $120")
        asked = await harness.press("ada", wide, "Change")
        assert asked.form is not None
        assert [(field.name, field.value) for field in asked.form.fields] == [("amount", "$120"), ("slippage", "")]
        small = await harness.say("ada", f"/ticket change {wide.ticket} $5")
        own = await harness.say("ada", "/buy costa rica yes $5 slippage 9%")
        kept = await harness.say("ada", f"/ticket change {own.ticket} $6")
        async with harness.db.reading() as uow:
            tickets = await uow.tickets.many([wide.ticket or 0, small.ticket or 0, kept.ticket or 0])
            market = await uow.markets.get_one(1)
        slippages = [
            price_ticket(ticket, market.params).slippage * 100 // RATE for _, ticket in sorted(tickets.items())
        ]
        assert 5 < slippages[0] <= 25
        assert slippages[1:] == [5, 9]


TWO_LEFT: tuple[Row, ...] = (
    (ADMIN, "/admin eliminate costa rica", "Costa Rica would be out"),
    (ADMIN, "press Confirm", "Costa Rica goes out with the next tick"),
    ("tick", "2s", "Costa Rica is out"),
    ("ada", "/buy germany yes 50", "Buy Germany YES"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    (
        "ada",
        "/buy germany yes 100",
        "With two left, Brazil NO pays exactly when Germany YES does: 100 Brazil NO cost $",
        "[Brazil NO instead]",
    ),
    ("ada", "press Brazil NO", "Buy Brazil NO: spend about $", "get $100.00 if Brazil does not win"),
    (
        "ada",
        "/buy germany yes $30",
        "With two left, Brazil NO pays exactly when Germany YES does",
        "[Brazil NO instead]",
    ),
    ("ada", "press Brazil NO", "Buy Brazil NO: spend about $30.00 and $0.01 gas"),
    ("ada", "/quote germany yes 100", "100 Brazil NO cost $", "100 Germany YES $"),
    (
        "ada",
        "/quote brazil no 100",
        "With two left, Germany YES pays exactly when Brazil NO does",
        "100 Germany YES cost $",
    ),
)


async def test_with_two_left_the_ticket_names_the_cheaper_way_and_a_quote_shows_both(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=EVEN)
        await perform(harness, TWO_LEFT)
        dear = plain_text.text(await harness.say("ada", "/buy brazil no 100"))
        assert "With two left" not in dear


async def test_a_duel_has_two_left_from_its_start(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("ada", "/buy germany yes 50", "Buy Germany YES"),
        ("ada", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("bob", "/buy germany yes 100", "Brazil NO pays exactly when Germany YES does", "[Brazil NO instead]"),
        ("bob", "press Brazil NO", "Buy Brazil NO: spend about $"),
        ("bob", "/quote brazil no $20", "Germany YES pays exactly when Brazil NO does"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, create="/admin create Duel Germany, Brazil")
        await perform(harness, rows)


FLOORED: tuple[Row, ...] = (
    ("ada", "/buy germany yes $150", "Buy"),
    ("ada", "press Confirm", "Sent."),
    ("bob", "/buy germany yes $150", "Buy"),
    ("bob", "press Confirm", "Sent."),
    ("cid", "/buy brazil yes $150", "Buy"),
    ("cid", "press Confirm", "Sent."),
    ("tick", "2s"),
    (ADMIN, "/admin eliminate costa rica", "Costa Rica would be out"),
    (ADMIN, "press Confirm", "goes out with the next tick"),
    ("tick", "2s", "Costa Rica is out"),
    ("ada", "/board", "A sale brings less than the price now", "Germany YES 50.", "Brazil YES 50."),
    (
        "ada",
        "/sell germany yes 50",
        "The pot floor keeps $",
        "the worst price counts from this order's own average",
        "[Confirm]",
    ),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("told ada", "", "Filled: sold 50 Germany YES"),
    ("ada", "/sell germany yes all", "The pot floor keeps $", "[Confirm]"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("told ada", "", "Filled: sold "),
)


async def test_where_the_pot_floor_binds_the_ticket_names_it_and_the_sale_fills(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=EVEN, people=("ada", "bob", "cid"))
        await perform(harness, FLOORED)


REFUSED = [
    "/buy germany yes 100000",
    "/buy germany yes $2000",
    "/buy germany yes 100000 limit 45c",
    "/buy costa rica yes $800",
    "/buy costa rica yes all",
    "/buy costa rica yes half slippage 1%",
    "/buy germany yes 500 slippage 1%",
    "/buy germany yes 0.000001 slippage 0%",
    "/buy germany yes $0.000001",
    "/buy germany yes 10 limit 45c slippage 5%",
    "/buy germany yes 10 autofill",
    "/sell germany yes 10",
    "/sell brazil yes 500",
    "/quote germany yes half",
    "/ticket confirm 99",
]


async def test_every_line_that_a_refusal_suggests_can_be_sent_as_it_stands(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("bob", "/buy brazil yes 20")
        await harness.tick()
        for line in REFUSED:
            who = "bob" if "brazil" in line else "ada"
            reply = await harness.say(who, line)
            assert not reply.ok, line
            suggested = [*_lines(reply), *(action.text for action in reply.actions)]
            assert suggested, line
            for again in suggested:
                answer = await harness.say(who, again)
                unfit = re.search("please say|is not a|no such command", plain_text.text(answer))
                assert answer.ok or not unfit, f"{line}: {again}: {plain_text.text(answer)}"
                assert answer.ok or "all" in again, f"{line}: {again}: {plain_text.text(answer)}"


def _lines(reply: Reply) -> list[str]:
    """The lines that a reply tells to send."""
    parts = [part for block in reply.blocks if isinstance(block, tuple) for part in block]
    return [part.text for part in parts if isinstance(part, Span) and part.style is Style.CODE]


async def test_what_was_refused_in_the_tick_can_be_asked_anew_with_what_is_left(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        sent = await harness.confirmed("ada", "/buy germany yes all slippage 30%")
        second = await harness.confirmed("bob", "/buy germany yes all slippage 30%")
        await harness.tick()
        first, last = [(await _sent(harness, reply))[0] for reply in (sent, second)]
        assert (first.status, last.status) == (OrderStatus.FILLED, OrderStatus.REFUSED)
        told = harness.platform.texts("tell", "bob")[-1]
        assert "`/buy germany yes all slippage 30%` asks anew, at the price now." in told
        assert (await harness.say("bob", "/buy germany yes all slippage 30%")).ok


async def test_the_words_of_a_ticket_are_explained_on_the_first_one_in_help_and_in_the_rules(tmp_path: Path) -> None:
    worst, slippage, gas = "The worst price is", "Slippage is how far", "Gas is what handing in an order costs"
    rows: tuple[Row, ...] = (
        ("ada", "/buy germany yes 10", worst, slippage, f"{gas}, whether it is filled or not, here $0.01."),
        ("bob", "/buy germany yes 10 limit 40c", gas),
        ("ada", "/help buy", worst, slippage, gas),
        ("ada", "/rules", worst, slippage, gas),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, rows)
        for who in ("ada", "bob"):
            again = plain_text.text(await harness.say(who, "/buy germany yes 10"))
            assert worst not in again
            assert gas not in again


async def test_a_ticket_offers_the_amounts_alone_that_can_be_paid_or_sold_and_a_press_is_a_change(
    tmp_path: Path,
) -> None:
    """Of $30: no $50. Of 40 tokens: half and all of them, no dollars. Never the amount the ticket has already."""
    async with chat_harness(tmp_path) as harness:
        await running(harness, create='/admin create Cup Germany, Brazil, "Costa Rica" balance 30')
        ticket = await harness.say("ada", "/buy germany yes $10")
        assert _quick(ticket) == ["Half", "All"]
        half = await harness.press("ada", ticket, "Half")
        assert half.ticket != ticket.ticket
        assert _quick(half) == ["$10", "All"]
        assert "amount $10 → half" in plain_text.text(half)
        await harness.press("ada", await harness.press("ada", half, "$10"), "Confirm")
        await harness.tick()
        assert _quick(await harness.say("ada", "/sell germany yes 1")) == ["Half", "All"]
        assert _quick(await harness.say("ada", "/sell germany yes all")) == ["Half"]


def _quick(ticket: Reply) -> list[str]:
    return [action.label for action in ticket.actions if action.text.startswith("/ticket change ") and not action.asks]

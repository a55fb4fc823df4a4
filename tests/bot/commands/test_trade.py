"""One ticket, one order, one charge; nothing is silently re-quoted; every refusal leaves everything as it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.chat import plain_text
from bot.chat.reply import Tone
from bot.text.numbers import CENT
from storage.records import TicketStatus
from tests.bot.harness import ADMIN, button, chat_harness, opened, running


async def test_the_designs_own_example_reads_well(tmp_path: Path) -> None:
    """3 outcomes, outcome 1, YES, market, 100 tokens, slippage 0.05, gas $0.01, price 0.50: about $51 all in."""
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.say("ada", "/buy 1 yes 1")  # the first one explains its words
        ticket = await harness.say("ada", "/buy 1 yes 100 slippage 0.05")
        assert plain_text.text(ticket).splitlines() == [
            "Buy Germany YES: spend about $51.26, get $100.00 if Germany wins.",
            "100 tokens at 50.7¢ on average (now 50.0¢, after 51.3¢) · fee $0.51 · gas $0.01 · at worst $53.04, "
            "else nothing happens",
            "[Confirm] [Change] [Cancel] [$10] [$50] [Half] [All]",
        ]
        assert ticket.tone is Tone.WAIT
        assert [(action.text, action.person) for action in ticket.actions[:3]] == [
            (f"/ticket {deed} 2", 2) for deed in ("confirm", "change", "cancel")
        ]


async def test_two_presses_however_they_arrive_are_one_order(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        ticket = await harness.say("ada", "/buy germany yes 100")
        line = button(ticket, "Confirm")
        first, second = await asyncio.gather(harness.say("ada", line), harness.say("ada", line))
        again = await harness.say("ada", line, request="r-again")
        redelivered = await harness.say("ada", line, request="r-again")
        assert first == second == again == redelivered
        assert "Sent." in plain_text.text(first)
        async with harness.db.reading() as uow:
            assert len(await uow.orders.pending(1)) == 1
            member = await uow.members.get(1, 2)
            assert member is not None
            assert member.reserved == 53_035_000  # 53.025 at worst and a cent of gas
        await harness.tick()
        done = await harness.say("ada", line)
        assert "Filled: 100 Germany YES" in plain_text.text(done)
        await harness.tick()
        async with harness.db.reading() as uow:
            member = await uow.members.get(1, 2)
            assert member is not None
            assert (member.reserved, member.trade_count) == (0, 1)
            assert (await uow.ledger.audit(1)).ok


async def test_the_same_request_twice_is_the_same_ticket(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        first = await harness.say("ada", "/buy germany yes 100", request="same")
        await harness.confirmed("bob", "/buy germany yes 200")
        await harness.tick()
        assert await harness.say("ada", "/buy germany yes 100", request="same") == first


async def test_only_its_owner_can_press_a_ticket_and_strangers_learn_nothing(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        ticket = await harness.say("ada", "/buy germany yes 100")
        before = harness.rows()
        for who in ("bob", "stranger", ADMIN):
            for deed in ("confirm", "cancel", "change"):
                reply = await harness.say(who, f"/ticket {deed} {ticket.ticket}")
                missing = await harness.say(who, f"/ticket {deed} 99")
                assert reply == missing
                assert not reply.ok
        assert harness.rows() == before


REFUSED = [
    ("/buy germany yes 100000", "would cost"),
    ("/buy germany yes $2000", "would cost"),
    ("/buy germany yes 0", "too little"),
    ("/buy nobody yes 10", "no outcome “nobody”"),
    ("/sell germany yes 10", "You hold no Germany YES"),
    ("/sell germany yes $10", "Selling goes by tokens"),
    ("/buy germany yes 500 slippage 1%", "Slippage 1% allows at most 50.5¢"),
    ("/buy germany yes 0.000001 slippage 0%", "Slippage 0% allows at most 50.0¢"),
    ("/quote germany yes half", "A share of what?"),
    ("/ticket confirm 99", "not yours"),
    ("/ticket confirm x", "“x” will not do: the number is a whole number"),
    ("/ticket", "/ticket"),
]


async def test_a_refusal_says_why_and_changes_nothing(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        before = harness.rows()
        for line, words in REFUSED:
            reply = await harness.say("ada", line)
            assert not reply.ok, line
            assert words in plain_text.text(reply), line
            assert harness.rows() == before, line


async def test_an_order_that_moves_the_price_itself_gets_room_for_it_unless_told_otherwise(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        ticket = await harness.say("ada", "/buy costa rica yes $125")
        assert "An order of this size moves the price by itself: slippage 25%." in plain_text.text(ticket)
        told = await harness.say("ada", "/buy costa rica yes $125 slippage 5%")
        assert "Slippage 5% allows at most 21.0¢." in plain_text.text(told)
        assert (await harness.press("ada", told, "Allow")).ticket


async def test_all_they_have_is_the_most_an_order_can_cost(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        ticket = await harness.say("ada", "/buy germany yes all slippage 30%")
        assert "never more than $999.98 and the gas; at worst " in plain_text.text(ticket)
        assert (await harness.press("ada", ticket, "Confirm")).ok
        before = harness.rows()
        spent = plain_text.text(await harness.say("ada", "/buy germany yes all"))
        assert "You have $0.01; an order takes $0.01 of gas, and so does the next one." in spent
        refused = await harness.say("ada", "/buy germany yes 10")
        assert "is set aside for orders on their way" in plain_text.text(refused)
        assert harness.rows() == before
        await harness.tick()
        assert "Filled: " in harness.platform.texts("tell", "ada")[-1]
        async with harness.db.reading() as uow:
            member = await uow.members.get(1, 2)
        assert member is not None
        assert CENT <= member.balance < 2 * CENT


async def test_tokens_that_cost_all_they_have_at_worst_say_so(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        ticket = await harness.say("ada", "/buy germany yes 1600 slippage 30%")
        assert "at worst $1,000.00, which is all you have, else nothing happens" in plain_text.text(ticket)


async def test_two_tickets_cannot_spend_the_same_money(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        one, two = await harness.say("ada", "/buy germany yes $600"), await harness.say("ada", "/buy brazil no $600")
        assert (await harness.press("ada", one, "Confirm")).ok
        before = harness.rows()
        refused = await harness.press("ada", two, "Confirm")
        assert "This order may cost" in plain_text.text(refused)
        assert "Nothing was ordered" in plain_text.text(refused)
        assert harness.rows() == before


async def test_what_was_confirmed_runs_within_its_worst_price_or_not_at_all(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        ticket = await harness.say("ada", "/buy germany yes 100 slippage 2%")
        await harness.confirmed("bob", "/buy germany yes $900")
        assert (await harness.press("ada", ticket, "Confirm")).ok
        await harness.tick()
        told = harness.platform.texts("tell", "ada")[-1]
        assert told.startswith("Not filled: Germany YES would have cost 6")
        assert "a token on average before the fee, more than the 51.0¢ its ticket allowed." in told
        assert "The board said 50.0¢ when you asked and says 6" in told
        assert "Gas $0.01; nothing else changed in Cup." in told
        assert "`/buy germany yes 100 slippage 2%` asks anew, at the price now." in told
        assert plain_text.text(await harness.press("ada", ticket, "Confirm")) == told
        balance = await harness.say("ada", "/balance")
        assert "You have $999.99 to spend." in plain_text.text(balance)


async def test_change_asks_for_the_numbers_and_makes_a_new_ticket(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        ticket = await harness.say("ada", "/buy germany yes $50")
        asked = await harness.press("ada", ticket, "Change")
        assert asked.form is not None
        assert [(one.name, one.value) for one in asked.form.fields] == [("amount", "$50"), ("slippage", "")]
        fresh = await harness.say("ada", command=asked.form.command, args={"amount": "10", "slippage": "7%"})
        assert "10 tokens at" in plain_text.text(fresh)
        changed = plain_text.text(fresh).splitlines()[1]
        assert changed.startswith("Changed: amount $50 → 10 · slippage 5% → 7% · at worst $50.01 → $")
        assert fresh.ticket not in {None, ticket.ticket}
        before = harness.rows()
        assert "the newer one counts" in plain_text.text(await harness.press("ada", ticket, "Confirm"))
        assert "the newer one counts" in plain_text.text(await harness.press("ada", ticket, "Cancel"))
        assert harness.rows() == before
        async with harness.db.reading() as uow:
            old = await uow.tickets.get(ticket.ticket or 0)
            assert old is not None
            assert old.status is TicketStatus.REPLACED
        wrong = await harness.say("ada", command=asked.form.command, args={"amount": "lots"})
        assert "is not an amount" in plain_text.text(wrong)


async def test_cancel_throws_a_ticket_away_for_good(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        ticket = await harness.say("ada", "/buy germany yes 50")
        cancelled = await harness.press("ada", ticket, "Cancel")
        assert "Cancelled: nothing was ordered." in plain_text.text(cancelled)
        assert await harness.press("ada", ticket, "Cancel") == cancelled
        before = harness.rows()
        refused = await harness.press("ada", ticket, "Confirm")
        assert not refused.ok
        assert "was cancelled" in plain_text.text(refused)
        assert harness.rows() == before
        kept = await harness.say("ada", "/buy germany yes 50")
        await harness.press("ada", kept, "Confirm")
        assert "Too late" in plain_text.text(await harness.press("ada", kept, "Cancel"))


async def test_a_ticket_works_after_the_chat_has_moved_on_to_another_market(tmp_path: Path) -> None:
    """A press on an old button speaks of its own market."""
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        ticket = await harness.say("ada", "/buy germany yes 50")
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin void"), "Confirm")
        await harness.tick()
        await opened(harness, create="/admin create Next A, B, C", people=())
        before = harness.rows()
        assert "This market is over" in plain_text.text(await harness.press("ada", ticket, "Confirm"))
        assert harness.rows() == before


async def test_who_joins_late_can_trade_at_once(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        welcome = await harness.say("eve", "/join")
        assert "in your account with the next tick" in plain_text.text(welcome)
        first = await harness.press("eve", welcome, "Buy Germany YES")  # two taps to a first trade
        assert (await harness.press("eve", first, "Confirm")).ok
        await harness.tick()
        assert "Filled: " in harness.platform.texts("tell", "eve")[-1]
        assert (await harness.confirmed("eve", "/buy germany yes 10")).ok
        await harness.tick()
        assert "Filled: 10 Germany YES" in harness.platform.texts("tell", "eve")[-1]

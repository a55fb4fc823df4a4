"""One ticket, one order, one charge; nothing is silently re-quoted; every refusal leaves everything as it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.chat import plain_text
from bot.chat.reply import Tone
from bot.text.numbers import MICRO
from storage.records import TicketStatus
from tests.bot.harness import BOSS, button, opened, running, town


async def test_the_designs_own_example_reads_well(tmp_path: Path) -> None:
    """3 outcomes, outcome 1, YES, market, 100 tokens, slippage 0.05, gas $0.01, price 0.50: about $51 all in."""
    async with town(tmp_path) as play:
        await running(play)
        ticket = await play.say("ada", "/buy 1 yes 100 slippage 0.05")
        assert plain_text.text(ticket).splitlines() == [
            "Buy Germany YES: spend about $51.26, get $100.00 if Germany wins.",
            "100 tokens at 50.7¢ on average (now 50.0¢, after 51.3¢) · fee $0.51 · gas $0.01 · at worst $53.04, "
            "else nothing happens",
            "[Confirm] [Change] [Cancel]",
        ]
        assert ticket.tone is Tone.WAIT
        assert [(action.text, action.person) for action in ticket.actions] == [
            (f"/ticket {deed} 1", 2) for deed in ("confirm", "change", "cancel")
        ]


async def test_two_presses_however_they_arrive_are_one_order(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        ticket = await play.say("ada", "/buy germany yes 100")
        line = button(ticket, "Confirm")
        first, second = await asyncio.gather(play.say("ada", line), play.say("ada", line))
        again = await play.say("ada", line, request="r-again")
        redelivered = await play.say("ada", line, request="r-again")
        assert first == second == again == redelivered
        assert "Sent." in plain_text.text(first)
        async with play.db.reading() as uow:
            assert len(await uow.orders.pending(1)) == 1
            member = await uow.members.get(1, 2)
            assert member is not None
            assert member.reserved == 53_035_000  # 53.025 at worst and a cent of gas
        await play.tick()
        done = await play.say("ada", line)
        assert "Filled: 100 Germany YES" in plain_text.text(done)
        await play.tick()
        async with play.db.reading() as uow:
            member = await uow.members.get(1, 2)
            assert member is not None
            assert (member.reserved, member.trade_count) == (0, 1)
            assert (await uow.ledger.audit(1)).ok


async def test_the_same_request_twice_is_the_same_ticket(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        first = await play.say("ada", "/buy germany yes 100", request="same")
        await play.confirmed("bob", "/buy germany yes 200")
        await play.tick()
        assert await play.say("ada", "/buy germany yes 100", request="same") == first


async def test_only_its_owner_can_press_a_ticket_and_strangers_learn_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        ticket = await play.say("ada", "/buy germany yes 100")
        before = play.rows()
        for who in ("bob", "stranger", BOSS):
            for deed in ("confirm", "cancel", "change"):
                reply = await play.say(who, f"/ticket {deed} {ticket.ticket}")
                missing = await play.say(who, f"/ticket {deed} 99")
                assert reply == missing
                assert not reply.ok
        assert play.rows() == before


REFUSED = [
    ("/buy germany yes 100000", "would cost"),
    ("/buy germany yes $2000", "would cost"),
    ("/buy germany yes 0", "too little"),
    ("/buy nobody yes 10", "no outcome “nobody”"),
    ("/sell germany yes 10", "You hold no Germany YES"),
    ("/sell germany yes $10", "Selling goes by tokens"),
    ("/buy germany yes 500 slippage 1%", "With slippage 1% a token may cost at most 51.0¢"),
    ("/buy germany yes 0.000001 slippage 0%", "a token may cost at most"),
    ("/quote germany yes half", "A share of what?"),
    ("/ticket confirm 99", "not yours"),
    ("/ticket confirm x", "is not a number"),
    ("/ticket", "/ticket"),
]


async def test_a_refusal_says_why_and_changes_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play, people=("ada",))
        before = play.rows()
        for line, words in REFUSED:
            reply = await play.say("ada", line)
            assert not reply.ok, line
            assert words in plain_text.text(reply), line
            assert play.rows() == before, line


async def test_an_order_that_moves_the_price_itself_gets_room_for_it_unless_told_otherwise(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        ticket = await play.say("ada", "/buy costa rica yes $500")
        assert "An order of this size moves the price by itself" in plain_text.text(ticket)
        told = await play.say("ada", "/buy costa rica yes $500 slippage 5%")
        assert "With slippage 5%" in plain_text.text(told)
        assert (await play.press("ada", told, "Allow")).ticket


async def test_all_they_have_is_the_most_an_order_can_cost(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play, people=("ada",))
        ticket = await play.say("ada", "/buy germany yes all")
        assert "at worst $1,000.00, which is all you have, else nothing happens" in plain_text.text(ticket)
        assert (await play.press("ada", ticket, "Confirm")).ok
        before = play.rows()
        assert "used up" in plain_text.text(await play.say("ada", "/buy germany yes all"))
        refused = await play.say("ada", "/buy germany yes 10")
        assert "is set aside for orders on their way" in plain_text.text(refused)
        assert play.rows() == before
        await play.tick()
        assert "Filled: " in play.chat.texts("tell", "ada")[-1]
        async with play.db.reading() as uow:
            member = await uow.members.get(1, 2)
        assert member is not None
        assert 0 <= member.balance < MICRO


async def test_two_tickets_cannot_spend_the_same_money(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play, people=("ada",))
        one, two = await play.say("ada", "/buy germany yes $700"), await play.say("ada", "/buy brazil yes $700")
        assert (await play.press("ada", one, "Confirm")).ok
        before = play.rows()
        refused = await play.press("ada", two, "Confirm")
        assert "This order may cost" in plain_text.text(refused)
        assert "Nothing was ordered" in plain_text.text(refused)
        assert play.rows() == before


async def test_what_was_confirmed_runs_within_its_worst_price_or_not_at_all(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        ticket = await play.say("ada", "/buy germany yes 100 slippage 2%")
        await play.confirmed("bob", "/buy germany yes $900")
        assert (await play.press("ada", ticket, "Confirm")).ok
        await play.tick()
        told = play.chat.texts("tell", "ada")[-1]
        assert told.startswith("Not filled: the price ran past your limit of 51.5¢ (it would have been")
        assert "Gas $0.01; nothing else changed." in told
        assert "`/buy germany yes 100 slippage 10%` tries again." in told
        assert plain_text.text(await play.press("ada", ticket, "Confirm")) == told
        balance = await play.say("ada", "/balance")
        assert "You have $999.99 to spend." in plain_text.text(balance)


async def test_change_asks_for_the_numbers_and_makes_a_new_ticket(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play, people=("ada",))
        ticket = await play.say("ada", "/buy germany yes $50")
        asked = await play.press("ada", ticket, "Change")
        assert asked.form is not None
        assert [(one.name, one.value) for one in asked.form.fields] == [("amount", "$50"), ("slippage", "5%")]
        fresh = await play.say("ada", command=asked.form.command, args={"amount": "10", "slippage": "7%"})
        assert "10 tokens at" in plain_text.text(fresh)
        assert fresh.ticket not in {None, ticket.ticket}
        before = play.rows()
        assert "the newer one counts" in plain_text.text(await play.press("ada", ticket, "Confirm"))
        assert "the newer one counts" in plain_text.text(await play.press("ada", ticket, "Cancel"))
        assert play.rows() == before
        async with play.db.reading() as uow:
            old = await uow.tickets.get(ticket.ticket or 0)
            assert old is not None
            assert old.status is TicketStatus.REPLACED
        wrong = await play.say("ada", command=asked.form.command, args={"amount": "lots"})
        assert "is not an amount" in plain_text.text(wrong)


async def test_cancel_throws_a_ticket_away_for_good(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play, people=("ada",))
        ticket = await play.say("ada", "/buy germany yes 50")
        cancelled = await play.press("ada", ticket, "Cancel")
        assert "Cancelled: nothing was ordered." in plain_text.text(cancelled)
        assert await play.press("ada", ticket, "Cancel") == cancelled
        before = play.rows()
        refused = await play.press("ada", ticket, "Confirm")
        assert not refused.ok
        assert "was cancelled" in plain_text.text(refused)
        assert play.rows() == before
        kept = await play.say("ada", "/buy germany yes 50")
        await play.press("ada", kept, "Confirm")
        assert "Too late" in plain_text.text(await play.press("ada", kept, "Cancel"))


async def test_a_ticket_works_after_the_chat_has_moved_on_to_another_market(tmp_path: Path) -> None:
    """A press on an old button speaks of its own market."""
    async with town(tmp_path) as play:
        await running(play, people=("ada",))
        ticket = await play.say("ada", "/buy germany yes 50")
        await play.press(BOSS, await play.say(BOSS, "/admin void"), "Confirm")
        await play.tick()
        await opened(play, create="/admin create Next A, B, C", people=())
        before = play.rows()
        assert "This market is over" in plain_text.text(await play.press("ada", ticket, "Confirm"))
        assert play.rows() == before


async def test_who_joins_late_can_trade_at_once(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        assert "in your account with the next tick" in plain_text.text(await play.say("eve", "/join"))
        assert (await play.confirmed("eve", "/buy germany yes 10")).ok
        await play.tick()
        assert "Filled: 10 Germany YES" in play.chat.texts("tell", "eve")[-1]

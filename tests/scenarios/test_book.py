"""Orders that wait: who says what, what rests, who meets it, what comes back."""

from __future__ import annotations

from pathlib import Path

from bot.chat import plain_text
from engine.state import Side
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness, running
from tests.scenarios.rows import Row, perform

EVEN = '/admin create Cup Germany, Brazil, "Costa Rica" odds "50 30 20"'
CLOSE = '/admin create Cup Germany, Brazil, "Costa Rica" odds "50 30.05 19.95"'
PEOPLE = ("ada", "bob", "cat")

RESTS: tuple[Row, ...] = (
    (
        "ada",
        "/buy germany yes 100 limit 45c",
        "Buy Germany YES at 45¢ or less: spend at most $45.46, get $100.00 if Germany wins.",
        "Nothing trades at once: the price is 50.0¢ now.",
        "100 wait in the book at 45¢; $45.45 is set aside until they fill or you cancel.",
        "Gas $0.01 · at worst $45.46 for all of it",
        "Auto-fill is off",
    ),
    ("ada", "press Confirm", "Sent. Buying 100 Germany YES at 45¢ or less, for at most $45.46."),
    ("ada", "/orders", "1 order of yours waits, $45.46 set aside", "next tick"),
    ("tick", "2s"),
    ("told ada", "", "In the book: buying 100 Germany YES at 45¢ or less.", "$45.45 is set aside", "[Cancel]"),
    ("ada", "/ticket confirm 1", "In the book: buying 100 Germany YES at 45¢ or less."),
    ("ada", "/orders", "1 order of yours waits, $45.45 set aside", "in the book", "[Cancel 4]"),
    ("ada", "/balance", "You have $954.54 to spend", "$45.45 set aside for orders in the book", "In all $999.99"),
    ("ada", "/leaderboard", "Nobody has traded yet"),
    ("eve", "/book germany", "100 tokens wait in the book of Germany", "45¢     100"),
    ("ada", "/book germany", "100 yours"),
)


async def test_a_limit_the_price_has_not_reached_rests_and_sets_its_money_aside(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, RESTS)
        members = plain_text.text(await harness.say(ADMIN, "/admin users"))
        assert "$999.99" in members  # what is set aside is still Ada's
        async with harness.db.reading() as uow:
            assert (await uow.ledger.balances(1))["escrow:2"] == 45_450_000
        await sound(harness)


CANCELLED: tuple[Row, ...] = (
    ("ada", "/orders", "[Cancel 4]"),
    ("bob", "press Cancel of ada", "!", "You have no order 4"),
    ("bob", "/cancel 4", "!", "You have no order 4"),
    ("bob", "/cancel 99", "!", "You have no order 99"),
    ("bob", "/cancel all", "!", "No order of yours waits"),
    ("ada", "press Cancel", "Asked to cancel order 4 (100 Germany YES); with the next tick.", "$45.45 comes back"),
    ("ada", "press Cancel", "Asked to cancel order 4 (100 Germany YES); with the next tick.", "$45.45 comes back"),
    ("tick", "2s"),
    ("told ada", "", "Not filled: order 4 is cancelled. $45.45 came back to you in Cup.", "limit 45c` asks anew"),
    ("ada", "press Cancel", "!", "Order 4 is cancelled already"),
    ("ada", "/cancel 4", "!", "Order 4 is cancelled already"),
    ("ada", "/balance", "You have $999.99 to spend"),
    ("ada", "/orders", "No order of yours waits", "cancelled"),
)


async def test_a_cancel_gives_everything_back_and_its_button_is_its_owners_alone(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, (*RESTS, *CANCELLED))
        assert len([text for text in harness.platform.texts("tell", "ada") if "cancelled" in text]) == 1
        async with harness.db.reading() as uow:
            assert not (await uow.ledger.balances(1)).get("escrow:2", 0)
        await sound(harness)


async def test_an_order_that_has_not_run_is_taken_back_at_once(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("ada", "/buy germany yes 100 limit 45c", "at 45¢"),
        ("ada", "press Confirm", "Sent."),
        ("ada", "/buy brazil yes 100", "Brazil"),
        ("ada", "press Confirm", "Sent."),
        ("ada", "/cancel 4", "Cancelled before it ran: order 4 (100 Germany YES).", "Nothing was ordered or charged"),
        ("ada", "/cancel 4", "Cancelled before it ran: order 4 (100 Germany YES)."),
        ("ada", "/cancel all", "Cancelled before it ran: order 5 (100 Brazil YES)."),
        ("tick", "2s"),
        ("ada", "/balance", "You have $1,000.00 to spend"),
        ("ada", "/ticket confirm 1", "!", "Not filled: you took this order back before it ran."),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, rows)
        await sound(harness)


MEET: tuple[Row, ...] = (
    ("bob", "/buy germany yes 200", "Buy"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("ada", "/buy germany yes 200 limit 52c", "Nothing trades at once", "wait in the book at 52¢"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
)

PART: tuple[Row, ...] = (
    *MEET,
    ("bob", "/sell germany yes 120", "to the house", "to the book"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    (
        "told bob",
        "",
        "Filled: sold 120 Germany YES for $61.",
        "78.66 to the book at 52.0¢, 41.34 to the house at 52.2¢.",
    ),
    (
        "told ada",
        "",
        "Filled in part: 78.66 of 200 Germany YES for $40.92.",
        "78.66 from another member at 52.0¢.",
        "The other 121.34 wait at 52¢; $63.73 is set aside until they fill or you cancel (order 5).",
        "[Cancel the rest]",
    ),
    ("ada", "/orders", "121.34 of 200", "$63.73", "[Cancel 5]"),
)


async def test_a_resting_order_is_filled_in_parts_while_its_owner_is_away_and_told(tmp_path: Path) -> None:
    """One message that grows with each part; the end is a new one."""
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, PART)
        last = _told(harness, "ada")[-1][0]
        await harness.confirmed("bob", "/sell germany yes 50")
        await harness.tick()
        ref, text = _told(harness, "ada")[-1]
        assert ref == last
        assert "Filled in part: 128.66 of 200" in text
        assert "Just now: 50 from another member at 52.0¢." in text
        assert (await harness.say("ada", "/cancel 5")).ok
        await harness.tick()
        ref, text = _told(harness, "ada")[-1]
        assert ref != last
        assert "Filled in part: 128.66 of 200" in text
        assert "Order 5 is cancelled. $37.47 came back to you." in text
        await sound(harness)


async def test_parts_nobody_could_be_told_of_are_told_together_and_none_is_lost(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, MEET)
        seen = len(_told(harness, "ada"))
        harness.platform.broken = [RuntimeError("away")] * 100
        for size in (60, 50, 40):
            await harness.confirmed("bob", f"/sell germany yes {size}")
            await harness.tick()
        harness.platform.broken = []
        harness.now += 600_000
        await harness.announcer.step()
        (_, text), *more = _told(harness, "ada")[seen:]
        assert not more
        assert "Filled in part: 108.66 of 200 Germany YES" in text
        assert "108.66 from another member at 52.0¢." in text
        await sound(harness)


def _told(harness: ChatHarness, who: str) -> list[tuple[str, str]]:
    """What a person was told, and in which message."""
    return [
        (ref, plain_text.text(reply))
        for how, where, ref, reply in harness.platform.sent
        if (how, where) == ("tell", who)
    ]


async def test_two_buyers_of_opposite_sides_are_matched_and_the_house_takes_no_part(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("ada", "/buy germany yes 100 limit 49c", "wait in the book"),
        ("ada", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("bob", "/buy germany no $600", "matched with a buyer of YES"),
        ("bob", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("told bob", "", "Filled: ", "matched with a buyer of YES at", "from the house at"),
        ("told ada", "", "Filled: 100 Germany YES for $49.26", "100 matched with a buyer of NO at 49.0¢."),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, rows)
        await sound(harness)


async def test_nobody_trades_with_themselves(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("ada", "/buy germany yes 50", "Buy"),
        ("ada", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("ada", "/sell germany yes all limit 52c", "Sell Germany YES at 52¢ or more", "50 wait in the book at 52¢"),
        ("ada", "press Confirm", "Sent. Selling 50 Germany YES at 52¢ or more, for at least $25.73"),
        ("tick", "2s"),
        ("ada", "/positions", "Germany YES", "50 (50 for sale)"),
        ("ada", "/sell germany yes 10", "!", "All your 50 Germany YES are for sale in the book already"),
        ("ada", "/buy germany yes 400 limit 52c", "wait in the book at 52¢"),
        ("ada", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("ada", "/book germany", "52¢  50 yours", "Wanted"),
        ("ada", "/sell germany yes all limit 60c", "Sell"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, rows)
        async with harness.db.reading() as uow:
            trades = await uow.trades.all(1)
        assert {(one.buyer, one.seller) for one in trades} == {(2, None)}
        await sound(harness)


async def test_auto_fill_fills_what_trades_on_others_bring_to_the_limit_and_says_what_came_back(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("ada", "/buy brazil yes 20 limit 30c autofill", "Auto-fill is on: trades on other outcomes"),
        ("ada", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("told ada", "", "In the book", "20 wait at 30¢, auto-fill on"),
        ("bob", "/buy germany yes $500", "Buy"),
        ("bob", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("told ada", "", "Brazil YES for $", "by auto-fill at 30.0¢"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=CLOSE, people=PEOPLE)
        await perform(harness, rows)
        async with harness.db.reading() as uow:
            kinds = {one.kind for one in await uow.trades.all(1)}
        assert "autofill" in kinds
        await sound(harness)


async def test_without_opting_in_the_sweep_fills_instead(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("ada", "/buy brazil yes 20 limit 30c", "Auto-fill is off"),
        ("ada", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("bob", "/buy germany yes $500", "Buy"),
        ("bob", "press Confirm", "Sent."),
        ("tick", "2s"),
        ("told ada", "", "Filled", "Brazil YES", "from the house as its price passed your limit"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=CLOSE, people=PEOPLE)
        await perform(harness, rows)
        await sound(harness)


async def test_cancelling_works_while_trading_is_frozen_and_ordering_does_not(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("ada", "/buy germany yes 100 limit 45c", "Buy"),
        ("ada", "press Confirm", "Sent."),
        ("ada", "/buy brazil yes 10 limit 20c", "Buy"),
        ("ada", "press Confirm", "Sent."),
        ("tick", "2s"),
        (ADMIN, "/admin freeze", "freezes with the next tick"),
        ("tick", "2s", "Trading is frozen"),
        ("ada", "/buy germany yes 1 limit 45c", "!", "Trading is frozen"),
        ("ada", "/depth germany", "!", "Trading is frozen"),
        ("ada", "/book germany", "100 yours"),
        ("ada", "/orders", "2 orders of yours wait", "[Cancel all]"),
        ("ada", "press Cancel all", "Asked to cancel order 5 (10 Brazil YES) and order 4 (100 Germany YES)"),
        ("ada", "press Cancel all", "Asked to cancel"),
        ("tick", "2s"),
        ("told ada", "", "2 orders are cancelled. $47.47 came back"),
        ("ada", "press Cancel all", "!", "No order of yours waits"),
        ("ada", "/balance", "You have $999.98 to spend"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, rows)
        assert not [text for text in harness.platform.texts("tell", "ada") if "left the book" in text]
        await sound(harness)


async def test_a_cancel_that_comes_too_late_says_so(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await harness.confirmed("ada", "/buy germany yes 20 limit 49c")
        await harness.tick()
        await harness.confirmed("bob", "/buy germany no $600")  # takes it in the tick in which ada asks to cancel it
        assert (await harness.say("ada", "/cancel 4")).ok
        await harness.tick()
        told = harness.platform.texts("tell", "ada")
        assert any("Filled: 20 Germany YES" in text for text in told)
        assert any("Order 4 had left the book before it could be cancelled" in text for text in told)
        before = harness.rows()
        late = await harness.say("ada", "/cancel 4")
        assert not late.ok
        assert "Order 4 is filled already" in plain_text.text(late)
        assert harness.rows() == before
        await sound(harness)


async def test_a_button_means_the_order_it_was_made_for_whatever_market_the_chat_holds_now(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        await harness.confirmed("ada", "/buy germany yes 100 limit 45c")
        await harness.tick()
        old = button(await harness.say("ada", "/orders"), "Cancel")
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin void"), "Confirm")
        await harness.tick()
        assert any(
            "the market was called off, and order 2 is returned" in one for one in harness.platform.texts("tell", "ada")
        )
        await running(harness, create="/admin create Next A, B, C", people=("ada",))
        before = harness.rows()
        stale = await harness.say("ada", old)
        assert not stale.ok
        assert "Order 2 was returned already" in plain_text.text(stale)
        assert harness.rows() == before


async def test_a_round_returns_what_waits_for_who_leaves(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("ada", "/buy brazil yes 100 limit 20c", "Buy"),
        ("ada", "press Confirm", "Sent."),
        ("ada", "/buy germany yes 10 limit 20c", "Buy"),
        ("ada", "press Confirm", "Sent."),
        ("tick", "2s"),
        (ADMIN, "/admin eliminate brazil", "Brazil would be out"),
        (ADMIN, "press Confirm", "Brazil goes out with the next tick"),
        ("tick", "2s", "Brazil is out"),
        ("told ada", "", "Not filled: Brazil is out, and order 4 is returned. $20.20 came back to you in Cup."),
        ("ada", "/cancel 4", "!", "Order 4 was returned already"),
        (ADMIN, "/admin resolve germany", "Germany would win"),
        (ADMIN, "press Confirm", "Germany wins with the next tick"),
        ("tick", "2s", "Germany wins"),
        ("told ada", "", "Not filled: trading is over, and order 5 is returned. $2.02 came back to you in Cup."),
        ("ada", "/balance", "You have $999.98 to spend"),
        ("ada", "/orders", "returned"),
        ("ada", "/book germany", "!", "This market is over"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await perform(harness, rows)
        await sound(harness)


CANNOT_WAIT = [
    ("/buy germany yes 100 limit 0", "between 1c and 99c"),
    ("/buy germany yes 100 limit $1", "between 1c and 99c"),
    ("/buy germany yes 100 limit 100c", "between 1c and 99c"),
    ("/buy germany yes 100 limit 55.5c", "steps of 1¢; the nearest are 55c and 56c"),
    ("/sell germany yes 100 limit 0.555", "the nearest are 55c and 56c"),
    ("/buy germany yes 100 limit 55", "did you mean 55c?"),
    ("/buy germany yes 100 limit cheap", "say it as 0.55 or 55c"),
    ("/buy germany yes 100 limit -5c", "say it as 0.55 or 55c"),
    ("/buy germany yes 100 limit 45c slippage 5%", "needs no slippage"),
    ("/buy germany yes 100 autofill", "`/buy germany yes 100 limit 50c autofill`"),
    ("/buy germany yes 100000 limit 45c", "would cost $45,450.01 and you have $1,000.00"),
    ("/buy germany yes $2000 limit 45c", "and you have $1,000.00"),
    ("/buy germany yes $0.000001 limit 45c", "less than a millionth of a token"),
    ("/sell germany yes 10 limit 60c", "You hold no Germany YES"),
    ("/cancel", "please say the order"),
    ("/cancel seven", "is not an order's number"),
    ("/order cancel 9 1", "You have no order 1"),
    ("/order cancel 9 all", "No order of yours waits"),
    ("/book", "please say the outcome"),
    ("/depth france", "no outcome “france”"),
]


async def test_what_cannot_wait_is_refused_with_a_sentence_and_nothing_changes(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        before = harness.rows()
        for line, words in CANNOT_WAIT:
            reply = await harness.say("ada", line)
            assert not reply.ok, line
            assert words in plain_text.text(reply), line
            assert harness.rows() == before, line


async def test_all_they_have_can_wait_and_two_orders_cannot_set_the_same_money_aside(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        one = await harness.say("ada", "/buy germany yes all limit 45c")
        two = await harness.say("ada", "/buy brazil yes $900 limit 25c")
        assert (await harness.press("ada", one, "Confirm")).ok
        before = harness.rows()
        refused = await harness.press("ada", two, "Confirm")
        assert "This order may cost" in plain_text.text(refused)
        assert harness.rows() == before
        await harness.tick()
        poor = plain_text.text(await harness.say("ada", "/buy brazil yes 100 limit 25c"))
        assert "$999.98 for orders in the book" in poor
        async with harness.db.reading() as uow:
            member = await uow.members.get(1, 2)
        assert member is not None
        assert 10_000 <= member.balance < 10_010  # the gas of one later order is left
        await sound(harness)


async def test_change_of_a_limit_ticket_asks_for_its_limit_and_keeps_the_rest(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        ticket = await harness.say("ada", "/buy germany yes $50 limit 45c autofill")
        asked = await harness.press("ada", ticket, "Change")
        assert asked.form is not None
        shown = [(one.name, one.value) for one in asked.form.fields]
        assert shown == [("amount", "$50"), ("limit", "45c"), ("autofill", "yes")]
        fresh = await harness.say("ada", command=asked.form.command, args={"amount": "10", "limit": "44c"})
        assert "Buy Germany YES at 44¢ or less" in plain_text.text(fresh)
        assert "Auto-fill is on" in plain_text.text(fresh)
        off = await harness.say("ada", f"/ticket change {fresh.ticket} autofill no")
        assert "10 wait in the book at 44¢" in plain_text.text(off)
        assert "Auto-fill is off" in plain_text.text(off)


async def test_a_market_without_matching_or_auto_fill_says_so(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        for line in (EVEN, "/admin set cm_enabled no", "/admin set af_enabled no", "/admin open"):
            assert (await harness.say(ADMIN, line)).ok
        await harness.say("ada", "/join")
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")
        await harness.tick()
        ticket = plain_text.text(await harness.say("ada", "/buy germany yes 10 limit 45c autofill"))
        assert "This market has no auto-fill; the order waits without it." in ticket
        assert "orders meet only orders of the same token" in ticket
        rules = plain_text.text(await harness.say("ada", "/rules"))
        assert "only those of the same token" in rules
        assert "There is no auto-fill here" in rules


async def test_a_quote_with_a_limit_says_what_would_wait_and_orders_nothing(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        await harness.say("eve", "/board")
        before = harness.rows()
        text = plain_text.text(await harness.say("eve", "/quote germany yes 500 limit 52c autofill"))
        assert "At once 158.66 of 500" in text
        assert "wait in the book at 52¢" in text
        assert "Nothing is ordered. To trade it: `/buy germany yes 500 limit 52c autofill`" in text
        assert harness.rows() == before


async def test_depth_shows_what_sizes_would_do_and_nobody_sells_what_nobody_holds(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        await harness.confirmed("ada", "/buy germany yes 100")
        await harness.tick()
        await harness.say("eve", "/board")
        before = harness.rows()
        rows = plain_text.text(await harness.say("eve", "/depth germany")).splitlines()
        assert rows[0].startswith("$1,000 of Germany YES would lift it from 51.")
        ten, hundred = (next(row for row in rows if row.startswith(start)) for start in ("$10.00", "  $100"))
        assert "–" not in ten
        assert hundred.endswith("–      –")
        assert harness.rows() == before


async def sound(harness: ChatHarness) -> None:
    """Every cent is in its place, and what rests is what is tied up."""
    async with harness.db.reading() as uow:
        assert (await uow.ledger.audit(1)).ok
        state = await uow.markets.state(1)
        for person, account in state.accounts.items():
            assert account.escrow == sum(one.escrow for one in state.resting.of(person))
            for outcome, pair in enumerate(account.tokens):
                for side, held in zip((Side.YES, Side.NO), pair, strict=True):
                    assert 0 <= state.resting.tied_of(person, outcome, side) <= held

"""A market cut back to the moment when the result was known: before Confirm, for everybody concerned, and after."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.chat import plain_text
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.market.background_cut import BackgroundCuts
from tests.bot.harness import ADMIN, HANG_S, chat_harness, running
from tests.scenarios.rows import SET_UP, Row, perform
from tests.scenarios.test_decisions import ADMINS, known_admin, sound

# The market starts at 06:46 on 3 July 2014. The result is known at 06:50: ada traded before it, bob after it.
TRADED: tuple[Row, ...] = (
    ("ada", "/buy brazil yes 40", "Buy Brazil YES"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("ada", "/sell brazil yes 10 limit 31c", "10 wait in the book"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "5m"),
    ("bob", "/buy brazil yes 100", "Buy Brazil YES"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("told ada", "", "Filled: sold 10 Brazil YES"),
)
KNOWN = "/admin cut 06:50 the goal was known"
SHOWN = ("Back to 3 July 2014 06:50 UTC: 1 order of 1 person would be undone.",)
FROZEN: tuple[Row, ...] = ((ADMIN, "/admin freeze", "freezes"), ("tick", "2s", "Trading is frozen"))

REFUSED: tuple[Row, ...] = (
    ("ada", KNOWN, "!", "for this chat's admins"),
    (ADMIN, KNOWN, "!", "Cutting did not happen: trading is open; /admin freeze stops it."),
    *FROZEN,
    (ADMIN, "/admin cut", "!", "the moment"),
    (ADMIN, "/admin cut 06:50", "!", "the reason"),
    (ADMIN, "/admin cut tomorrow 06:50 the goal was known", "!", "still to come"),
    (ADMIN, "/admin cut 2500-01-01 06:50 the goal was known", "!", "still to come"),
    (
        ADMIN,
        "/admin cut 06:40 the goal was known",
        "!",
        "trading began only 3 July 2014 06:46 UTC",
        "The earliest moment",
    ),
    (ADMIN, "/admin cut 3s ago the goal was known", "!", "No order that did anything came after", "nothing to undo"),
    (ADMIN, "/admin cut now the goal was known", "!", "nothing to undo"),
)

PREVIEWED: tuple[Row, ...] = (
    (
        ADMIN,
        KNOWN,
        *SHOWN,
        "The reason, as everybody is told it: The goal was known.",
        "Trades since then: 2 → 0; traded in them: $",
        "It changes what 2 people have: $",
        "$31.64 to spend would come back to 1 person",
        "100 tokens would go back",
        "10 tokens would come back",
        "1 order would wait in the book again, 0 would leave it.",
        "YES: Brazil 3",
        "The house's profit: ",
        "at risk $",
        "Trading stays shut until you open it. A cut is final",
    ),
)

CONFIRMED: tuple[Row, ...] = (
    (ADMIN, "press Confirm", "The market is cut back to 3 July 2014 06:50 UTC with the next tick"),
    (ADMIN, "press Confirm", "The market is cut back to 3 July 2014 06:50 UTC with the next tick"),
    (
        "tick",
        "2s",
        "Back to 3 July 2014 06:50 UTC: every later order is undone. The goal was known.",
        "1 order is undone, with all that followed from it. 2 people are told in private",
        "Trading is still shut",
        "Decided by Boss.",
    ),
    (
        "told bob",
        "",
        "Cup went back to 3 July 2014 06:50 UTC: 1 order of yours is undone.",
        "The goal was known.",
        "Undone: order 5, buy 100 Brazil YES.",
        "You had $968.36 to spend, now $1,000.00.",
        "Brazil YES: 100 before, 0 now.",
    ),
    (
        "told ada",
        "",
        "somebody's later order that met yours is undone.",
        "Waits in the book again: order 4, sell 10 Brazil YES at 31¢.",
        "Brazil YES: 30 before, 40 now.",
    ),
)

AFTER: tuple[Row, ...] = (
    ("bob", "/balance", "You have $1,000.00 to spend"),
    ("bob", "/trades", "You have not traded yet"),
    ("bob", "/orders", "undone"),
    ("bob", "/receipt 5", "The proof of your order 5", "A cut has undone this order since: nothing of it holds."),
    ("bob", "/cancel 5", "!", "is undone: the market went back"),
    ("ada", "/orders", "in the book"),
    ("ada", "/positions", "Brazil YES", "40"),
    ("ada", "/tape", "Last trade: 40 Brazil YES"),
    (ADMIN, KNOWN, "!", "nothing to undo"),
    (
        ADMIN,
        "/admin log 2",
        "cut: the goal was known",
        "1 order",
        "YES of Brazil 3",
        "¢ → ",
        "the house’s profit $",
        "at risk $",
    ),
    (ADMIN, "/admin resume", "goes on"),
    ("tick", "2s", "Trading is open again"),
)


async def test_a_cut_is_shown_confirmed_and_told_to_everybody_concerned(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, (*TRADED, *REFUSED, *PREVIEWED, *CONFIRMED, *AFTER), ADMINS)
        receipts = [text for text in harness.platform.texts("tell", "bob") if text.startswith("Undone: buy 100")]
        assert len(receipts) <= 1, "the ticket becomes its end, once"
        public = "\n".join(harness.platform.texts("post"))
        assert "Bob" not in public.replace("Bobby", "")
        async with harness.db.reading() as uow:
            (logged,) = [row for row in await uow.audit.of(1) if row.action == "cut"]
        assert logged.reason == "the goal was known"
        assert (logged.after["orders"], logged.after["people"], logged.before["trades"]) == (1, 2, 2)
        assert logged.before["profit"] != logged.after["profit"]
        await sound(harness)


async def test_a_paused_market_is_cut_and_what_came_at_the_very_moment_stays(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, TRADED[:-1], ADMINS)
        await perform(harness, ((ADMIN, "/admin pause", "pauses"), ("tick", "2s")), ADMINS)
        async with harness.db.reading() as uow:
            order = await uow.orders.get(1, 5)
        assert order is not None
        at_s = order.ts_ms // 1_000
        for second, undone in ((at_s, 0), (at_s - 1, 1)):
            clock = f"2014-07-03 06:{second // 60 % 60:02}:{second % 60:02}"
            reply = await harness.say(ADMIN, f"/admin cut {clock} known")
            assert reply.ok is bool(undone), plain_text.text(reply)
        await sound(harness)


async def test_a_cancel_that_changes_no_number_of_the_preview_does_not_bring_it_back(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("bob", "/buy germany yes 10 limit 20c", "10 wait in the book"),
        ("bob", "press Confirm", "Sent."),
        ("tick", "5m"),
        ("ada", "/buy germany yes 10 limit 30c", "10 wait in the book"),
        ("ada", "press Confirm", "Sent."),
        ("tick", "2s"),
        *FROZEN,
        (
            ADMIN,
            KNOWN,
            "1 order of 1 person would be undone",
            "0 orders would wait in the book again, 1 would leave it",
        ),
        ("bob", "/cancel all", "Asked to cancel"),
        ("tick", "2s"),
        (ADMIN, "press Confirm", "with the next tick"),
        ("tick", "2s", "every later order is undone"),
        ("told ada", "", "Undone: order", "You had $996.96 to spend, now $1,000.00"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, rows, ADMINS)
        await sound(harness)


async def test_a_preview_whose_numbers_have_changed_is_shown_anew(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        *TRADED,
        ("bob", "/buy germany yes 10 limit 20c", "10 wait in the book"),
        ("bob", "press Confirm", "Sent."),
        ("tick", "2s"),
        *FROZEN,
        (
            ADMIN,
            KNOWN,
            "2 orders of 1 person would be undone",
            "1 order would wait in the book again, 1 would leave it",
        ),
        ("bob", "/cancel all", "Asked to cancel"),
        ("tick", "2s"),
        (
            ADMIN,
            "press Confirm",
            "Something changed since the last look",
            "1 order would wait in the book again, 0 would",
        ),
        (ADMIN, "press Confirm", "with the next tick"),
        ("tick", "2s", "every later order is undone"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, rows, ADMINS)
        await sound(harness)


CLAIMED: tuple[Row, ...] = (
    (ADMIN, "/admin set dispute 10m", "dispute off → 10m"),
    ("tick", "2s"),
    (ADMIN, "/admin resolve brazil 2-1", "Brazil would be named the winner"),
    (ADMIN, "press Confirm", "named the winner"),
    ("tick", "2s", "Brazil wins Cup. 2-1.", "paid 3 July 2014 07:02"),
    ("tick", "5m"),
    (
        ADMIN,
        KNOWN,
        *SHOWN,
        "What is named now stays named; its window begins anew, until 3 July 2014 07:07 UTC",
        "Trading does not open again. A cut is final",
    ),
    (ADMIN, "press Confirm", "with the next tick"),
    ("tick", "2s", "every later order is undone", "What is named now stays named, and is paid 3 July 2014 07:07"),
    ("tick", "5m"),
    ("ada", "/board", "Brazil is named the winner, and not paid yet"),
    (ADMIN, "/admin schedule", "Final: decided, and not paid yet."),
    ("tick", "5m", "Brazil wins Cup. 2-1.", "$40.00 paid to 1 holder"),
    (ADMIN, KNOWN, "!", "Cup is over"),
)


async def test_a_cut_while_a_winner_is_named_begins_the_window_anew(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, (*TRADED, *CLAIMED), ADMINS)
        await sound(harness)


ROUND_BEING_DECIDED: tuple[Row, ...] = (
    (ADMIN, "/admin schedule round 1 07:00 to 07:05 out 1", "would be the timetable"),
    (ADMIN, "press Confirm", "The timetable is set"),
    ("tick", "10m", "Trading is frozen: round 1 is being decided"),
    (ADMIN, KNOWN, *SHOWN, "Trading stays shut until round 1 is over. A cut is final"),
    (ADMIN, "press Confirm", "with the next tick", "The decision on round 1 is next: `/admin eliminate` and who."),
    ("tick", "2s", "every later order is undone", "Trading stays shut until round 1 is over."),
)


async def test_while_a_round_is_decided_a_cut_leaves_its_decision_next(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, (*SET_UP, *TRADED), ADMINS)
        await perform(harness, ROUND_BEING_DECIDED, ADMINS)
        await sound(harness)


async def test_no_cut_goes_back_past_a_round_that_was_paid(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        *TRADED,
        (ADMIN, '/admin eliminate "costa rica"', "Costa Rica would be out"),
        (ADMIN, "press Confirm", "Costa Rica goes out"),
        ("tick", "2s", "Costa Rica is out"),
        ("bob", "/buy germany yes 20", "Buy Germany YES"),
        ("bob", "press Confirm", "Sent."),
        ("tick", "1m"),
        *FROZEN,
        (ADMIN, KNOWN, "!", "a round has been paid since, 3 July 2014 06:", "The earliest moment it can go back to"),
        (ADMIN, "/admin cut 1m ago the goal was known", "!", "nothing to undo"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, rows, ADMINS)
        async with harness.db.reading() as uow:
            state = await uow.markets.state(await uow.markets.get_one(1))
            decided = await uow.markets.get_one(1)
        at_s = decided.epoch_ms(state.last_decision_ms) // 1_000
        for second, wanted in ((at_s, "a round has been paid since"), (at_s + 1, "1 order of 1 person")):
            clock = f"2014-07-03 06:{second // 60 % 60:02}:{second % 60:02}"
            assert wanted in plain_text.text(await harness.say(ADMIN, f"/admin cut {clock} known"))


PROPOSED: tuple[Row, ...] = (
    ("mia", "/join", "Welcome, Mia"),
    ("tick", "2s"),
    ("mia", "/buy germany yes 10", "Buy Germany YES"),
    ("mia", "press Confirm", "Sent."),
    *TRADED,
    *FROZEN,
    ("mia", KNOWN, *SHOWN, "You have a part in it (10 Germany YES)", "another admin who has no part"),
    ("mia", "press Confirm", "Proposed as number 1: back to 3 July 2014 06:50 UTC. Nothing happens yet"),
    ("mia", "press Confirm", "Proposed as number 1"),
    ("tick", "2s"),
    ("told pat", "", "Cup: back to 3 July 2014 06:50 UTC? A proposal waits", "Proposed by Mia", "the goal was known"),
    ("mia", "/admin approve 1", "!", "your own proposal"),
    ("pat", "/admin approve 1", *SHOWN, "Proposed by Mia", "The goal was known", "A cut is final"),
    ("pat", "press Confirm", "The market is cut back to 3 July 2014 06:50 UTC with the next tick"),
    ("pat", "press Confirm", ""),
    ("tick", "2s", "every later order is undone. The goal was known.", "Decided by Pat."),
    (ADMIN, "/admin approve 1", "!", "approved already"),
)


async def test_an_admin_with_a_part_cuts_only_with_a_second_one(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await known_admin(harness, "pat")
        await perform(harness, PROPOSED, ADMINS)
        async with harness.db.reading() as uow:
            (logged,) = [row for row in await uow.audit.of(1) if row.action == "cut"]
            mia = await uow.people.find("room", "mia")
        assert mia is not None
        assert (logged.before["approval"], logged.before["proposer"]) == (1, mia.id)
        await sound(harness)


async def test_who_has_no_name_does_not_cut(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, (*TRADED, *FROZEN), ADMINS)
        reply = await harness.say(ADMIN, KNOWN, nameless=True)
        assert "takes an admin with a name" in plain_text.text(reply)


async def test_who_waits_longer_than_a_moment_is_told_when_the_numbers_are_ready(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        cutter = BackgroundCuts(harness.db, lambda: harness.now, patience_s=0)
        harness.dispatcher = Dispatcher(harness.db, harness.clock, COMMANDS, cutter=cutter)
        await running(harness)
        await perform(harness, (*TRADED, *FROZEN), ADMINS)
        waits = plain_text.text(await harness.say(ADMIN, KNOWN))
        assert "ticks of Cup are being played again; nothing has changed yet" in waits
        async with asyncio.timeout(HANG_S):
            while not (ready := [text for text in harness.platform.texts("tell", ADMIN) if "is worked out" in text]):
                await asyncio.sleep(0)
                await harness.announcer.step()
        assert "`/admin cut 2014-07-03 06:50 the goal was known`" in ready[0]
        await perform(harness, ((ADMIN, KNOWN, *SHOWN),), ADMINS)
        await cutter.close()

"""Decisions of admins as tables: a second pair of eyes, the dispute window, grants."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from storage.verify import Verified, verify
from tests.bot.harness import ADMIN, ChatHarness, chat_harness, running
from tests.scenarios.rows import Row, holds, perform

ADMINS = (ADMIN, "mia", "pat")
"""Mia takes part in the market, Pat does not; Boss may."""


async def known_admin(harness: ChatHarness, who: str) -> None:
    """The platform has vouched for them."""
    async with harness.db.writing() as uow:
        person = await uow.people.identify("room", who, who.title(), harness.now)
        chat = await uow.chats.find("room", "room")
        assert chat is not None
        await uow.chats.set_admin(chat.id, person.id, admin=True, now_ms=harness.now)
        await uow.commit()


async def sound(harness: ChatHarness) -> None:
    """The books hold, and the market replays to what is stored."""
    async with harness.db.reading() as uow:
        assert (await uow.ledger.audit(1)).ok
    found = await verify(harness.db)
    assert all(isinstance(one, Verified) for one in found), found


WINDOW = (
    (ADMIN, "/admin set dispute 10m", "dispute off → 10m."),
    (ADMIN, "/admin set dispute 31d", "!", "dispute lies between 0 and"),
)

TRADED: tuple[Row, ...] = (
    ("ada", "/buy germany yes 100", "Buy Germany YES"),
    ("ada", "press Confirm", "Sent."),
    ("bob", "/buy brazil yes 50", "Buy Brazil YES"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("bob", "/buy costa rica yes 10 limit 5c", "10 wait in the book"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
)

CLAIMED: tuple[Row, ...] = (
    (ADMIN, "/admin correct brazil", "!", "nothing is claimed that could be corrected"),
    (
        ADMIN,
        "/admin resolve germany 1-0",
        "Germany would be named the winner",
        "$100.00 would be paid to 1 holder of tokens that are right, 10 min later",
        "can be corrected for 10 min from then: until 3 July 2014",
        "after that it is final",
    ),
    (ADMIN, "press Confirm", "Germany is named the winner with the next tick", "paid 10 min later", "before 3 July"),
    (
        "tick",
        "2s",
        "Germany wins Cup. 1-0.",
        "Winnings are frozen: $100.00 to 1 holder",
        "Tell an admin",
        "signed head",
    ),
    ("told bob", "", "Not filled: trading is over, and order", "$0.51 came back"),
    ("ada", "/board", "Cup: Germany is named the winner, and not paid yet.", "The winner is paid", "named winner"),
    ("ada", "/rules", "Whoever is named the winner is paid 10 min later"),
    ("ada", "/buy germany yes 1", "!", "A winner is named; trading is over", "The winner is paid"),
    ("zoe", "/join", "!"),
    (ADMIN, "/admin freeze", "!", "a winner is named", "/admin correct"),
    (ADMIN, "/admin resume", "!", "a winner is named"),
    (ADMIN, "/admin eliminate brazil", "!", "a winner is named"),
    (ADMIN, "/admin resolve brazil", "!", "a winner is named"),
    (ADMIN, "/admin grant ada $5", "!", "a winner is named"),
    (ADMIN, "/admin correct germany", "!", "just that is named already"),
    ("ada", "/admin correct brazil", "!", "for this chat's admins"),
)


async def test_a_named_winner_is_corrected_and_then_paid(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("tick", "5m"),
        (
            ADMIN,
            "/admin correct brazil the goal was offside",
            "Brazil would be named the winner instead of Germany",
            "$50.00 would be paid to 1 holder of tokens that are right, 10 min from then",
            "Nobody has been paid for Germany",
        ),
        (ADMIN, "press Confirm", "Brazil is named instead, with the next tick", "paid 10 min later"),
        (ADMIN, "press Confirm", "Brazil is named instead, with the next tick"),
        (
            "tick",
            "2s",
            "Corrected: Brazil wins Cup (named before: Germany). The goal was offside.",
            "Nobody was paid for Germany, so nothing has to come back",
            "$50.00 to 1 holder",
        ),
        (ADMIN, "press Confirm", "!", "just that is named already"),
        ("tick", "9m"),
        ("ada", "/balance", "You have $948.74 to spend"),
        ("tick", "1m", "Brazil wins Cup. Corrected: The goal was offside.", "$50.00 paid to 1 holder", "🥇"),
        ("told bob", "", "You are paid $50.00"),
        (ADMIN, "/admin correct germany", "!", "Cup is over"),
        (ADMIN, "/admin void", "!", "Cup is over"),
        ("ada", "/buy germany yes 1", "!", "This market is over"),
        ("ada", "/leaderboard", "won with"),
        (ADMIN, '/admin create "Next Cup" A, B, C', "Next Cup is drafted"),
    )
    async with chat_harness(tmp_path) as harness:
        await opened_with_a_window(harness)
        await perform(harness, (*TRADED, *CLAIMED, *rows), ADMINS)
        async with harness.db.reading() as uow:
            market = await uow.markets.get_one(1)
            assert (market.status.value, market.winners, market.next_step) == ("CLOSED", (1,), None)
            deeds = [(row.action, row.reason) for row in await uow.audit.of(1)][:2]
        assert deeds == [("correct", "the goal was offside"), ("resolve", "1-0")]
        await sound(harness)


async def opened_with_a_window(harness: ChatHarness) -> None:
    await running(harness)
    for who, line, *wanted in WINDOW:
        reply = await harness.say(who, line)
        assert reply.ok is (wanted[0] != "!"), plain_text.text(reply)
        holds(plain_text.text(reply), wanted[wanted[0] == "!" :], line)
    await harness.tick()


async def test_a_market_whose_winner_is_named_can_be_called_off(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin void wrong teams", "The whole market would be called off"),
        (ADMIN, "press Confirm", "called off with the next tick"),
        ("tick", "2s", "Boss has called this market off"),
        ("told ada", "", "Cup was called off: $51.25 came back to you"),
        ("tick", "20m"),
        ("ada", "/balance", "You have $1,000.00 to spend"),
    )
    async with chat_harness(tmp_path) as harness:
        await opened_with_a_window(harness)
        await perform(harness, (*TRADED, *CLAIMED, *rows), ADMINS)
        await sound(harness)


async def test_a_winner_the_final_asked_for_is_claimed_too(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin schedule +30m for 10m winner ask", "Nothing has changed yet"),
        (ADMIN, "press Confirm", "The timetable is set"),
        ("tick", "2s"),
        ("tick", "45m"),
        (ADMIN, "/admin resolve germany", "Germany would be named the winner"),
        (ADMIN, "press Confirm", "named the winner with the next tick"),
        ("tick", "2s", "Winnings are frozen"),
        ("tick", "10m", "Germany wins Cup", "$100.00 paid"),
    )
    async with chat_harness(tmp_path) as harness:
        await opened_with_a_window(harness)
        await perform(harness, (*TRADED, *rows), ADMINS)
        await sound(harness)


# -- separation of duties

PARTS: tuple[Row, ...] = (
    ("mia", "/join", "Welcome, Mia"),
    ("tick", "2s"),
    ("mia", "/buy germany yes 100", "Buy Germany YES"),
    ("mia", "press Confirm", "Sent."),
    ("tick", "2s"),
)

PROPOSED: tuple[Row, ...] = (
    ("mia", "/admin approve", "Nothing waits for approval"),
    (
        "mia",
        "/admin eliminate brazil 7-1",
        "Brazil would be out",
        "You have a part in it (100 Germany YES), and no round asks for this now",
        "another admin who has no part in the market approves it",
    ),
    ("mia", "press Confirm", "Proposed as number 1: Brazil out. Nothing happens yet", "/admin approve 1"),
    ("mia", "press Confirm", "Proposed as number 1: Brazil out"),
    ("tick", "2s"),
    ("ada", "/board", "Cup: Germany leads", "Brazil"),
    ("told pat", "", "Cup: Brazil out? A proposal waits", "Proposed by Mia", "7-1", "/admin approve 1"),
    ("mia", "/admin approve", "One proposal waits for approval", "1. Brazil out.", "Proposed by Mia", "7-1"),
    ("mia", "/admin approve 1", "!", "your own proposal", "another admin"),
    ("mia", "/admin approve 2", "!", "no proposal 2"),
)


async def test_another_admin_approves_what_one_with_a_part_decides_unasked(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("pat", "/admin approve 1", "Brazil would be out", "Proposed by Mia", "7-1", "final: it cannot be corrected"),
        ("mia", "/admin approve 1", "!", "your own proposal"),
        ("pat", "press Confirm", "Brazil goes out with the next tick"),
        ("pat", "press Confirm", "Brazil goes out with the next tick"),
        ("tick", "2s", "Brazil is out. 7-1."),
        ("pat", "press Confirm", "Brazil goes out with the next tick"),
        (ADMIN, "/admin approve 1", "!", "Proposal 1 (Brazil out) is approved already"),
        ("pat", "/admin approve", "Nothing waits for approval"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await known_admin(harness, "pat")
        await perform(harness, (*PARTS, *PROPOSED, *rows), ADMINS)
        assert len([text for text in harness.platform.texts("tell", "pat") if "A proposal waits" in text]) == 1
        async with harness.db.reading() as uow:
            log = [row for row in await uow.audit.of(1) if row.action in ("propose", "eliminate")]
            mia, pat = [(await uow.people.find("room", who)) for who in ("mia", "pat")]
        assert mia is not None
        assert pat is not None
        done, asked = log
        assert (done.actor, done.reason, done.before["proposer"], done.before["approval"]) == (pat.id, "7-1", mia.id, 1)
        assert (asked.actor, asked.reason, asked.after["outcomes"], asked.after["approval"]) == (mia.id, "7-1", [1], 1)
        assert {**done.after, "intent": None} == {"kind": "eliminate", "outcomes": [1], "intent": None}
        await sound(harness)


async def test_an_admin_with_a_part_cannot_approve_until_they_have_none(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/join", "Welcome, Boss"),
        ("tick", "2s"),
        (ADMIN, "/buy brazil no 10 limit 5c", "10 wait in the book"),
        (ADMIN, "press Confirm", "Sent."),
        (ADMIN, "/admin approve 1", "!", "You have a part in this market (1 order that waits)", "Another admin can"),
        ("tick", "2s"),
        (ADMIN, "/admin approve 1", "!", "You have a part in this market (1 order that waits)"),
        (ADMIN, "/cancel all", "Asked to cancel"),
        ("tick", "2s"),
        (ADMIN, "/admin approve 1", "Brazil would be out"),
        (ADMIN, "press Confirm", "Brazil goes out"),
        ("tick", "2s", "Brazil is out"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await known_admin(harness, "pat")
        await perform(harness, (*PARTS, *PROPOSED, *rows), ADMINS)
        await sound(harness)


async def test_a_part_under_another_of_their_numbers_counts(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await known_admin(harness, "pat")
        await perform(harness, (*PARTS, *PROPOSED), ADMINS)
        async with harness.db.reading() as uow:
            ada, pat = [await uow.people.find("room", who) for who in ("ada", "pat")]
        assert ada is not None
        assert pat is not None
        with closing(sqlite3.connect(str(harness.db.url.database))) as db:
            db.execute("update people set merged_into = ? where id = ?", (pat.id, ada.id))
            db.commit()
        rows: tuple[Row, ...] = (
            ("pat", "/admin approve 1", "Brazil would be out"),
            ("pat", "/buy costa rica yes 10", "Buy Costa Rica YES"),
            ("pat", "press Confirm", "Sent."),
            ("tick", "2s"),
            ("pat", "/admin approve 1", "!", "You have a part in this market (10 Costa Rica YES)"),
        )
        await perform(harness, rows, ADMINS)
        async with harness.db.reading() as uow:
            member = await uow.members.account(1, ada.id)
        assert member is not None
        assert member.tokens[2][0] == 10_000_000  # Pat's, under the number they joined with


async def test_a_proposal_lapses_when_the_market_moves_on(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("pat", "/admin approve 1", "Brazil would be out"),
        (ADMIN, "/admin eliminate costa rica", "Costa Rica would be out"),
        (ADMIN, "press Confirm", "Costa Rica goes out"),
        ("tick", "2s", "Costa Rica is out"),
        ("pat", "press Confirm", "!", "Proposal 1 has lapsed", "It was: Brazil out"),
        ("pat", "/admin approve 1", "!", "Proposal 1 has lapsed"),
        ("pat", "/admin approve", "Nothing waits"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await known_admin(harness, "pat")
        await perform(harness, (*PARTS, *PROPOSED[:-4], *rows), ADMINS)


async def test_a_stale_look_at_a_proposal_is_shown_anew(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("pat", "/admin approve 1", "Brazil would be out"),
        (ADMIN, "/admin freeze", "freezes"),
        ("tick", "2s"),
        ("pat", "press Confirm", "Something changed since the last look", "Brazil would be out"),
        ("pat", "press Confirm", "Brazil goes out with the next tick"),
        ("tick", "2s", "Brazil is out"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await known_admin(harness, "pat")
        await perform(harness, (*PARTS, *PROPOSED, *rows), ADMINS)


async def test_what_a_round_asks_for_needs_no_second_admin(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin schedule +30m for 10m out 1; +60m for 10m winner ask", "Nothing has changed yet"),
        (ADMIN, "press Confirm", "The timetable is set"),
        ("tick", "2s"),
        ("tick", "30m"),
        ("mia", "/admin eliminate brazil", "Brazil would be out", "You have a part in it"),
        ("tick", "11m"),
        ("mia", "/admin resolve germany", "Germany would win", "You have a part in it"),
        ("mia", "/admin eliminate brazil", "Brazil would be out", "final: it cannot be corrected"),
        ("mia", "press Confirm", "Brazil goes out with the next tick"),
        ("tick", "2s", "Brazil is out"),
        ("tick", "30m"),
        ("mia", "/admin resolve germany", "Germany would win"),
        ("mia", "press Confirm", "Germany wins with the next tick"),
        ("tick", "2s", "Germany wins Cup"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, (*PARTS, *rows), ADMINS)
        assert not [text for text in harness.platform.texts("tell", "pat") if "A proposal waits" in text]


@pytest.mark.parametrize("waits", [True, False], ids=["an-order-that-waits", "tokens-of-who-is-in"])
async def test_with_nobody_else_the_sentence_says_who_could(tmp_path: Path, waits: bool) -> None:
    order = "/buy germany yes 10 limit 20c" if waits else "/buy germany yes 10"
    rows: tuple[Row, ...] = (
        (ADMIN, "/join", "Welcome, Boss"),
        ("tick", "2s"),
        (ADMIN, order),
        (ADMIN, "press Confirm", "Sent."),
        ("tick", "2s"),
        (
            ADMIN,
            "/admin resolve germany",
            "Germany would win",
            "1 order that waits" if waits else "10 Germany YES",
            "Nobody known here could right now. Make somebody without a part in it admin",
            "/admin void",
        ),
        (ADMIN, "press Confirm", "Proposed as number 1: Germany the winner", "Nobody known here could"),
        ("tick", "2s"),
        ("pat", "/admin approve 1", "Germany would win", "Proposed by Boss"),
        ("pat", "press Confirm", "Germany wins with the next tick"),
        ("tick", "2s", "Germany wins Cup"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, tuple((*row, "") for row in rows), ADMINS)


async def test_an_admin_with_a_part_plans_no_decision_for_themselves(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin schedule +30m for 10m out 1; +60m for 10m winner ask", "Nothing has changed yet"),
        (ADMIN, "press Confirm", "The timetable is set"),
        ("tick", "2s"),
        ("mia", "/admin schedule +2m for 1m out 1; +60m for 10m winner ask", "!", "you can only postpone"),
        ("mia", "/admin schedule +30m for 10m out brazil; +60m for 10m winner ask", "!", "you can only postpone"),
        ("mia", "/admin schedule +30m for 10m out 1; +60m for 10m winner germany", "!", "you can only postpone"),
        ("mia", "/admin schedule +60m for 10m winner ask", "!", "You have a part in this market (100 Germany YES)"),
        ("mia", "/admin schedule +35m for 10m out 1; +70m for 10m winner ask", "Nothing has changed yet"),
        ("mia", "press Confirm", "The timetable is set"),
        ("pat", "/admin schedule +5m for 1m out brazil; +70m for 10m winner ask", "Nothing has changed yet"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, (*PARTS, *rows), ADMINS)


async def test_a_void_needs_no_second_admin(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        ("mia", "/admin void", "The whole market would be called off"),
        ("mia", "press Confirm", "called off with the next tick"),
    )
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, (*PARTS, *rows), ADMINS)


async def test_a_correction_by_an_admin_with_a_part_is_a_proposal(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, "/admin resolve germany", "named the winner"),
        (ADMIN, "press Confirm", "named the winner with the next tick"),
        ("tick", "2s", "Winnings are frozen"),
        ("mia", "/admin correct brazil", "Brazil would be named the winner instead", "You have a part in it"),
        ("mia", "press Confirm", "Proposed as number 1: Brazil named instead"),
        ("tick", "2s"),
        ("told pat", "", "Brazil named instead? A proposal waits"),
        ("pat", "/admin approve 1", "instead of Germany", "Proposed by Mia", "without a reason"),
        ("pat", "press Confirm", "Brazil is named instead"),
        ("tick", "2s", "Corrected: Brazil wins Cup"),
        ("tick", "10m", "Brazil wins Cup"),
    )
    async with chat_harness(tmp_path) as harness:
        await opened_with_a_window(harness)
        await known_admin(harness, "pat")
        await perform(harness, (*PARTS, *rows), ADMINS)
        await sound(harness)


# -- grants

GRANTS: tuple[Row, ...] = (
    ("ada", "/admin grant ada $50", "!", "for this chat's admins"),
    (ADMIN, "/admin grant carol $50", "!", "Nobody called “carol”"),
    (ADMIN, "/admin grant bo $50", "!", "“bo” could be Bob the Great (#3) or Boris (#4)", "#3"),
    (ADMIN, "/admin grant ada nothing", "!"),
    (ADMIN, "/admin grant ada $0", "!"),
    (
        ADMIN,
        '/admin grant "bob the" $50 for the drawing',
        "Bob the Great would get $50.00",
        "Free now $1,000.00, then $1,050.00",
        "Given so far $1,000.00, then $1,050.00",
    ),
    (ADMIN, "press Confirm", "Bob the Great gets $50.00 with the next tick"),
    (ADMIN, "press Confirm", "Bob the Great gets $50.00 with the next tick"),
    ("tick", "2s"),
    ("told bob", "", "An admin gave you $50.00 in Cup. For the drawing."),
    ("bob", "/balance", "You have $1,050.00 to spend"),
    (ADMIN, "/admin grant #3 $50", "Given so far $1,050.00, then $1,100.00"),
    (ADMIN, "/admin grant #99 $50", "!", "Nobody called “#99”"),
)


async def test_a_grant_reaches_one_member_once_and_is_logged(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        for who, name in (("bob", "Bob the Great"), ("boris", "")):
            assert (await harness.say(who, f"/join {name}".strip())).ok
        await harness.tick()
        await perform(harness, GRANTS, ADMINS)
        async with harness.db.reading() as uow:
            log = [row for row in await uow.audit.of(1) if row.action == "grant"]
            bob = await uow.members.get(1, 3)
        assert bob is not None
        assert (bob.balance, bob.stake) == (1_050_000_000, 1_050_000_000)
        (row,) = log
        assert (row.reason, row.before["given"], row.after["given"]) == ("for the drawing", 10**9, 1_050_000_000)
        await sound(harness)


async def test_nobody_is_granted_anything_before_the_start(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, "/admin create Cup A, B, C")
        await perform(
            harness,
            ((ADMIN, "/admin grant ada $50", "!", "Cup has not started", "only while it runs", "set balance"),),
            ADMINS,
        )
        assert "only while it runs" in plain_text.text(await harness.say(ADMIN, "/admin grant nobody atall"))


# -- selling twice, cancelling all

TWICE: tuple[Row, ...] = (
    ("ada", "/sell germany yes 100", "Sell Germany YES"),
    ("ada", "press Confirm", "Sent."),
    ("ada", "/sell germany yes 60", "Sell Germany YES"),
    (
        "ada",
        "press Confirm",
        "!",
        "You are selling 100 Germany YES already, with the next tick; none of your Germany YES are left",
        "Nothing was ordered or charged",
    ),
    ("tick", "2s"),
    ("told ada", "", "Filled: sold 100 Germany YES"),
    ("bob", "/sell brazil yes 30", "Sell Brazil YES"),
    ("bob", "press Confirm", "Sent."),
    ("bob", "/sell brazil yes 30", "Sell Brazil YES"),
    ("bob", "press Confirm", "!", "20 of your Brazil YES are left to sell", "/sell brazil yes 20"),
    ("bob", "/sell brazil yes 20", "Sell Brazil YES"),
    ("bob", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("bob", "/positions", "You hold no tokens"),
)


async def test_tokens_on_their_way_to_the_tick_are_not_sold_twice(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, (*TRADED[:5], *TWICE), ADMINS)
        async with harness.db.reading() as uow:
            ada = await uow.members.get(1, 2)
        assert ada is not None
        assert ada.gas == 20_000  # one buy, one sale
        await sound(harness)


CANCEL_ALL: tuple[Row, ...] = (
    ("ada", "/buy brazil yes 10 limit 5c", "10 wait in the book"),
    ("ada", "press Confirm", "Sent."),
    ("ada", "/buy germany yes 10 limit 10c", "10 wait in the book"),
    ("ada", "press Confirm", "Sent."),
    ("ada", "/sell germany yes 40 limit 90c", "40 wait in the book"),
    ("ada", "press Confirm", "Sent."),
    ("tick", "2s"),
    ("ada", "/cancel all", "Asked to cancel"),
    ("tick", "2s"),
    (
        "told ada",
        "",
        "Not filled: 3 orders are cancelled. $1.52 and 40 Germany YES came back in Cup.",
        "Order 5: buy 10 Brazil YES at 5¢.",
        "Order 7: sell 40 Germany YES at 90¢.",
    ),
)


async def test_all_taken_back_at_once_is_one_answer_in_the_place_of_the_first_word(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 1500 limit 49c")
        await harness.confirmed("ada", "/buy brazil yes 10 limit 5c")
        await harness.tick()
        await harness.confirmed("bob", "/buy germany no $500")
        await harness.tick()  # the first of them trades in part
        asked = await harness.say("ada", "/cancel all")
        assert asked.awaits is not None
        place = Invocation(platform="room", person_ext="ada", person_name="Ada", chat_ext="room",
                           chat_kind=ChatKind.ROOM, request_id="placed")  # fmt: skip
        await harness.dispatcher.placed(asked, place, "message 9")
        before = len(harness.platform.sent)
        await harness.tick()
        told = [
            (ref, plain_text.text(reply)) for how, who, ref, reply in harness.platform.sent[before:] if who == "ada"
        ]
        assert len(told) == 1, told
        ref, text = told[0]
        assert ref == "message 9"
        assert text.startswith("2 orders are cancelled. $")
        assert "had traded." in text
        await sound(harness)


async def test_who_wants_no_word_of_cancels_gets_none_of_many_either(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, TRADED[:5], ADMINS)
        assert (await harness.say("ada", "/settings notices cancels off")).ok
        seen = len(harness.platform.texts("tell", "ada"))
        await perform(harness, CANCEL_ALL[:-1], ADMINS)
        assert not [text for text in harness.platform.texts("tell", "ada")[seen:] if "cancelled" in text]


async def test_cancelling_everything_is_told_in_one_message(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await perform(harness, TRADED[:5], ADMINS)
        seen = len(harness.platform.texts("tell", "ada"))
        await perform(harness, CANCEL_ALL, ADMINS)
        said = [text for text in harness.platform.texts("tell", "ada")[seen:] if "cancelled" in text]
        assert len(said) == 1
        await sound(harness)

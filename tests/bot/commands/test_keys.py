"""`/apikey` and what programs do by the keys it gives: shown once, within their allowance, marked, and ended."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Audience, Reply
from bot.market.receipts import receipt
from engine.units import MICRO
from storage.keys import Scope
from storage.records import Identity, OrderRow
from tests.bot.harness import ADMIN, CREATE, ChatHarness, button, chat_harness, running

TOKEN = re.compile(r"outcry_[\w-]{43}")

LINES = [
    # who types what, and how the answer begins
    ("ada", "/apikey", "You have no key in Cup."),
    ("ada", "/apikey trade", "A key that trades needs an allowance."),
    ("ada", "/apikey trade nothing", "“nothing” is not a sum of money for the allowance"),
    ("ada", "/apikey trade $0", "allowance"),
    ("ada", "/apikey read $5", "A key to read cannot spend anything, so it has no allowance."),
    ("ada", "/apikey write", "“write” is not a known scope"),
    ("ada", "/apikey run", "/apikey run is for this chat's admins"),
    ("eve", "/apikey trade $5", "You have no account in this market"),
    ("eve", "/apikey", "You have no key in Cup."),
    ("ada", "/apikey revoke 7", "You have no key with number 7."),
    (ADMIN, "/admin set keys", "Keys are on: programs trade here, each trade marked."),
    (ADMIN, "/admin set keys sometimes", "sometimes is nothing that keys can be."),
    (ADMIN, "/admin set keys on", "Keys are on already"),
]


async def test_every_way_to_ask_is_answered_in_private_and_a_refusal_keeps_nothing(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for who, text, begins in LINES:
            harness.now += 5_000
            before = harness.rows()
            reply = await harness.say(who, text)
            assert begins in plain_text.text(reply), plain_text.text(reply)
            assert reply.audience is Audience.PRIVATE
            assert not reply.secret
            if who == "ada":
                assert harness.rows() == before, text


async def given(harness: ChatHarness, who: str, line: str) -> tuple[int, str]:
    """(number, token) of a key."""
    reply = await harness.say(who, line)
    text = plain_text.text(reply)
    token = TOKEN.search(text)
    assert token is not None, text
    assert reply.secret
    assert reply.audience is Audience.PRIVATE
    assert token[0] not in harness.rows()
    async with harness.db.reading() as uow:
        key = await uow.keys.find(token[0])
    assert key is not None
    return key.id, token[0]


async def program(harness: ChatHarness, key: int, line: str) -> Reply:
    """What a program says, through the dispatcher."""
    harness.clock.advance(1_000)
    async with harness.db.reading() as uow:
        row = await uow.keys.get(key)
        assert row is not None
        person = await uow.people.find(row.platform, row.external_id)
    assert person is not None
    identity = Identity(person=person.id, platform=row.platform, external_id=row.external_id, name=person.name)
    return await harness.dispatcher.run(
        Invocation(
            text=line,
            platform="room",
            person_ext=f"key {key}",
            person_name=person.name,
            chat_ext="room",
            chat_kind=ChatKind.ROOM,
            market=row.market,
            key=key,
            came_as=identity,
            request_id=f"program-{harness.now}",
        )
    )


async def orders(harness: ChatHarness, who: str = "ada") -> list[OrderRow]:
    """Theirs, oldest first."""
    async with harness.db.reading() as uow:
        person = await uow.people.find("room", who)
        assert person is not None
        return (await uow.orders.of(1, person.id))[::-1]


BUY = "/ticket buy germany yes 10 worst 990000000000 most 10000000"
SELL = "/ticket sell germany yes {} limit 5c"


async def test_a_program_trades_within_its_allowance_and_with_what_it_bought(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 50")
        await harness.tick()
        key, _ = await given(harness, "ada", "/apikey trade $10 name crane")
        told = len(harness.platform.sent)
        assert (await program(harness, key, BUY)).ok
        too_much = await program(harness, key, BUY)
        assert (too_much.ok, too_much.code) == (False, "allowance")
        assert "$0.0" in plain_text.text(too_much)
        await harness.tick()
        not_its = await program(harness, key, SELL.format(11))
        assert (not_its.code, "has 10 Germany YES" in plain_text.text(not_its)) == ("not_its_tokens", True)
        assert (await program(harness, key, SELL.format(10))).ok
        await harness.tick()
        assert [(order.key, order.draft.buy, order.done // MICRO) for order in await orders(harness)] == [
            (None, True, 50),
            (key, True, 10),
            (key, False, 10),
        ]
        assert not harness.platform.texts("tell", "ada")[told:], "what a program does is told to the program"
        listed = plain_text.text(await harness.say("ada", "/apikey"))
        assert "crane" in listed
        assert "of $10" in listed


async def test_a_program_takes_back_its_own_orders_alone_and_a_revoked_key_leaves_none(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 5 limit 20c")
        key, _ = await given(harness, "ada", "/apikey trade $10")
        other, _ = await given(harness, "ada", "/apikey trade $10")
        await harness.tick()
        for maker in (key, key, other):
            assert (await program(harness, maker, "/ticket buy brazil yes 5 limit 10c")).ok
        await harness.tick()
        assert (await program(harness, key, "/ticket buy brazil yes 5 limit 9c")).ok
        by_hand, first, second, others, pending = await orders(harness)
        assert (await program(harness, key, f"/order cancel 1 {by_hand.number}")).code == "not_its_order"
        assert (await program(harness, key, f"/cancel {others.number}")).code == "not_its_order"
        assert (await program(harness, key, f"/order cancel 1 {first.number}")).ok
        await harness.tick()
        revoked = await harness.say("ada", button(await harness.say("ada", "/apikey"), "Revoke"))
        assert "is revoked" in plain_text.text(revoked)
        assert "2 orders" in plain_text.text(revoked)
        await harness.tick()
        status = {order.number: order.status.value for order in await orders(harness)}
        assert status[by_hand.number] == status[others.number] == "resting"
        assert {status[order.number] for order in (first, second, pending)} <= {"cancelled", "filled"}
        assert (await program(harness, key, "/ticket buy brazil yes 5 limit 9c")).code == "unknown_key"
        assert (await program(harness, other, "/cancel all")).ok
        await harness.tick()
        assert [order.status.value for order in await orders(harness)].count("resting") == 1


async def test_an_admin_says_whether_programs_trade_here_and_the_chat_is_told(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        key, _ = await given(harness, "ada", "/apikey trade $10")
        assert (await harness.press(ADMIN, await harness.say(ADMIN, "/admin set keys"), "Off")).ok
        await harness.announcer.step()
        assert any("may not trade here any more" in text for text in harness.platform.texts("post"))
        assert (await program(harness, key, BUY)).code == "keys_off"
        assert "are off in this market" in plain_text.text(await harness.say("ada", "/apikey"))
        assert (await harness.say(ADMIN, "/admin set keys hidden")).ok
        assert (await program(harness, key, BUY)).ok
        assert "keys off → hidden" in plain_text.text(await harness.say(ADMIN, "/admin log"))
        async with harness.db.reading() as uow:
            assert (await uow.markets.get_one(1)).keys == "hidden"


async def test_nobody_has_more_keys_than_they_can_look_after_and_a_request_shows_one_once(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for _ in range(5):
            await given(harness, "ada", "/apikey read")
        full = await harness.say("ada", "/apikey read")
        assert "You have 5 keys in this market" in plain_text.text(full)
        first = Invocation(
            text="/apikey trade $5",
            platform="room",
            person_ext="bob",
            person_name="Bob",
            chat_ext="room",
            chat_kind=ChatKind.ROOM,
            request_id="same",
        )
        assert (await harness.dispatcher.run(first)).secret
        again = await harness.dispatcher.run(replace(first, is_retry=True))
        assert "is not shown again" in plain_text.text(again)
        async with harness.db.reading() as uow:
            bob = await uow.people.find("room", "bob")
            assert bob is not None
            assert [key.scope for key in await uow.keys.of(1, [bob.id])] == [Scope.TRADE]


async def test_what_a_program_trades_is_marked_and_shown_to_nobody_else_where_it_is_hidden(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=f"{CREATE} z 1000")
        await harness.confirmed("bob", "/buy germany yes 20")
        await harness.tick()
        key, _ = await given(harness, "ada", "/apikey trade $400")
        big = "/ticket buy germany yes 200 worst 990000000000 most 200000000"
        assert (await program(harness, key, big)).ok
        await harness.tick()
        tape, own, orders_of = [
            plain_text.text(await harness.say("ada", line)) for line in ("/tape", "/trades", "/orders")
        ]
        assert [row.count("· program") for row in (tape, own, orders_of)] == [1, 1, 1]
        assert any("200" in text for text in harness.platform.texts("post") if "Germany" in text)
        assert (await harness.say(ADMIN, "/admin set keys hidden")).ok
        told = len(harness.platform.texts("post"))
        assert (await program(harness, key, big.replace("200", "199"))).ok
        await harness.tick()
        tape, own = [plain_text.text(await harness.say("ada", line)) for line in ("/tape", "/trades")]
        assert ("program" in tape, "Last trade: 20 Germany YES" in tape) == (False, True)
        assert own.count("· program") == 2
        assert not [text for text in harness.platform.texts("post")[told:] if "199" in text]
        async with harness.db.reading() as uow:
            market = await uow.markets.get_one(1)
            assert market.trades == 3, "volume counts everything"
            number = (await orders(harness))[-1].number
            shown = await receipt(uow, (await orders(harness))[-1], market)
        assert f"A program sent it, by key {key}." in plain_text.text(shown), number

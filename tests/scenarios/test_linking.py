"""One person on two platforms: a code from one, said on the other; what is refused, closed, and theirs from then on."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.invocation import ChatKind
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness, opened, running
from tests.scenarios.elsewhere import code_in, there

PEOPLE = ("ada", "bob")


async def second_market(harness: ChatHarness) -> None:
    """Market 2 runs in a Telegram group, and Tam is in it."""
    for line in ("/admin create Pub X, Y, Z", "/admin set gas $0.01", "/admin open"):
        assert (await harness.say(ADMIN, line, chat="pub", kind=ChatKind.GROUP)).ok
    async with harness.db.writing() as uow:
        here = await uow.chats.open("telegram", "-100", "group", "Pub on Telegram", harness.now)
        await uow.markets.lock(2)
        await uow.chats.connect(2, here.id)
        await uow.commit()
    assert (await there(harness, "tam", "/join", chat="-100", kind=ChatKind.GROUP)).ok
    preview = await harness.say(ADMIN, "/admin start", chat="pub", kind=ChatKind.GROUP)
    assert (await harness.say(ADMIN, button(preview, "Confirm"), chat="pub", kind=ChatKind.GROUP)).ok
    await harness.tick(market=2)


async def joined(harness: ChatHarness, who: str = "ada", other: str = "tam") -> str:
    """`who` of the room takes a code, `other` of Telegram says it; the answer."""
    made = code_in(await harness.say(who, "/link"))
    reply = await there(harness, other, f"/link {made}")
    assert reply.ok, plain_text.text(reply)
    return plain_text.text(reply)


async def starts(harness: ChatHarness, market: int, *numbers: int) -> list[int]:
    """What these numbers were given in a market, ledger entries that gave and took back together."""
    async with harness.db.reading() as uow:
        entries = await uow.ledger.entries(market)
    return [
        sum(one.amount for one in entries if one.account == f"user:{n}" and one.kind in {"grant", "return"})
        for n in numbers
    ]


async def test_accounts_in_different_markets_are_theirs_on_both_platforms(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await second_market(harness)
        ticket = await there(harness, "tam", "/buy x yes 10")
        assert ticket.ok, plain_text.text(ticket)
        text = await joined(harness)
        assert "You are one person now, on Telegram and the room." in text
        assert "What you have in Pub and Cup is yours" in text
        async with harness.db.reading() as uow:
            ada, tam = await uow.people.find("room", "ada"), await uow.people.find("telegram", "tam")
            assert ada is not None
            assert ada == tam
            number = await uow.members.get(2, ada.id)
            assert number is not None
            assert number.person != ada.id
            owner = number.person
        old = button(ticket, "Confirm")
        sent = await there(harness, "tam", old, made_for=owner)
        assert "Sent. Buying 10 X YES" in plain_text.text(sent)
        stranger = await there(harness, "bob", old, platform="room", made_for=owner)
        assert "made for somebody else" in plain_text.text(stranger)
        await harness.tick(market=2)
        assert "Pub" in plain_text.text(await harness.say("ada", "/markets"))
        assert (await harness.say("ada", "/markets 2", chat="ada", kind=ChatKind.PRIVATE)).ok
        own = plain_text.text(await harness.say("ada", "/positions", chat="ada", kind=ChatKind.PRIVATE))
        assert "X YES" in own
        assert "10" in own
        fresh = await harness.say("ada", "/buy y yes 5 limit 10c", chat="ada", kind=ChatKind.PRIVATE)
        assert all(action.person == ada.id for action in fresh.actions)
        assert (await harness.say("ada", button(fresh, "Confirm"), chat="ada", kind=ChatKind.PRIVATE)).ok
        await harness.tick(market=2)
        shown = await harness.say("ada", "/orders", chat="ada", kind=ChatKind.PRIVATE)
        assert [action.person for action in shown.actions] == [ada.id]
        assert (await there(harness, "tam", shown.actions[0].text, made_for=ada.id)).ok
        await harness.tick(market=2)
        async with harness.db.reading() as uow:
            for market in (1, 2):
                assert (await uow.ledger.audit(market)).ok


async def test_of_two_accounts_in_a_lobby_the_unused_one_is_closed_and_never_funded(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness, people=PEOPLE)
        await there(harness, "tam", "/join", platform="telegram", chat="room", kind=ChatKind.PRIVATE)
        async with harness.db.writing() as uow:
            here = await uow.chats.open("telegram", "-100", "group", "Cup on Telegram", harness.now)
            await uow.markets.lock(1)
            await uow.chats.connect(1, here.id)
            await uow.commit()
        assert (await there(harness, "tam", "/join", chat="-100", kind=ChatKind.GROUP)).ok
        text = await joined(harness)
        assert "One of your two accounts in Cup had not been used and is closed." in text
        preview = await harness.say(ADMIN, "/admin start")
        assert "2 people would get $1,000.00 each" in plain_text.text(preview)
        await harness.press(ADMIN, preview, "Confirm")
        await harness.tick()
        again = await there(harness, "tam", "/join", chat="-100", kind=ChatKind.GROUP)
        assert "You are in, as Ada, with $1,000.00" in plain_text.text(again)
        async with harness.db.reading() as uow:
            assert len(await uow.members.of(1)) == 2
            assert (await uow.ledger.audit(1)).ok


@pytest.mark.parametrize("trader", ["ada", "tam", "nobody"])
async def test_of_two_accounts_in_a_running_market_the_unused_one_goes_with_the_next_tick(
    tmp_path: Path, trader: str
) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await _tam_in_cup(harness)
        if trader == "ada":
            await harness.confirmed("ada", "/buy germany yes 10")
        if trader == "tam":
            ticket = await there(harness, "tam", "/buy germany yes 10")
            assert (await there(harness, "tam", button(ticket, "Confirm"))).ok
        stale = await (
            there(harness, "tam", "/buy brazil yes 5") if trader != "tam" else harness.say("ada", "/buy brazil yes 5")
        )
        await harness.tick()
        text = await joined(harness)
        assert "One of your two accounts in Cup had not been used and is closed, its $1,000.00 went back." in text
        late = await harness.say("ada", button(stale, "Confirm"))
        assert "was cancelled" in plain_text.text(late)
        before = plain_text.text(await harness.say("ada", "/balance"))
        await harness.tick()
        assert plain_text.text(await harness.say("ada", "/balance")) == before
        assert plain_text.text(await there(harness, "tam", "/balance")) == before
        async with harness.db.reading() as uow:
            ada = await uow.people.find("room", "ada")
            assert ada is not None
            selves = await uow.people.all_ids(ada.id)
            assert [one.person for one in await uow.members.of(1) if one.person in selves] == [
                selves[1] if trader == "tam" else selves[0]
            ]
            assert (await uow.ledger.audit(1)).ok
        assert sorted(await starts(harness, 1, *selves)) == [0, 1_000_000_000]
        assert (await there(harness, "tam", "/join", chat="-100", kind=ChatKind.GROUP)).ok
        await harness.tick()
        assert sorted(await starts(harness, 1, *selves)) == [0, 1_000_000_000]


async def test_two_used_accounts_in_one_market_never_become_one(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await _tam_in_cup(harness)
        await harness.confirmed("ada", "/buy germany yes 10")
        ticket = await there(harness, "tam", "/buy brazil yes 10 limit 5c")
        assert (await there(harness, "tam", button(ticket, "Confirm"))).ok
        for _ in range(2):  # while the orders wait for the tick, and after it
            made = code_in(await harness.say("ada", "/link"))
            before = harness.rows()
            refused = await there(harness, "tam", f"/link {made}")
            assert not refused.ok
            assert "both have been used in Cup" in plain_text.text(refused)
            assert harness.rows() == before
            await harness.tick()


async def test_codes_work_once_in_time_for_somebody_else_and_only_the_newest(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        first = code_in(await harness.say("ada", "/link"))
        assert len(first.replace("-", "")) == 8
        assert not set(first) & set("0O1IL")
        newest = code_in(await harness.say("ada", "/link"))
        before = harness.rows()
        assert first not in before
        assert newest.replace("-", "") not in before
        for who, line, words in (
            ("tam", f"/link {first}", "does not work"),
            ("ada", f"/link {newest}", "That is your own code"),
        ):
            reply = await (there(harness, who, line) if who == "tam" else harness.say(who, line))
            assert not reply.ok
            assert words in plain_text.text(reply)
            assert harness.rows() == before
        spaced = newest.replace("-", " ").lower()
        assert (await there(harness, "tam", f"/link {spaced}")).ok
        before = harness.rows()
        used = await there(harness, "zoe", f"/link {newest}")
        assert "does not work" in plain_text.text(used)
        old = code_in(await harness.say("bob", "/link"))
        harness.now += 10 * 60_000
        before = harness.rows()
        late = await there(harness, "zoe", f"/link {old}")
        assert "does not work" in plain_text.text(late)
        assert harness.rows() == before
        twice = code_in(await harness.say("ada", "/link"))
        again = await there(harness, "tam", f"/link {twice}")
        assert "That is your own code" in plain_text.text(again)


async def test_who_guesses_codes_is_told_to_wait_and_others_are_not(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        made = code_in(await harness.say("ada", "/link"))
        for number in range(5):
            assert "does not work" in plain_text.text(await there(harness, "tam", f"/link AAAA-AAA{number}"))
        before = harness.rows()
        stopped = await there(harness, "tam", f"/link {made}")
        assert not stopped.ok
        assert "the next try is in 9 min" in plain_text.text(stopped)
        assert harness.rows() == before
        harness.now += 1_000
        assert (await there(harness, "tim", f"/link {made}")).ok
        harness.now += 600_000
        fresh = code_in(await harness.say("bob", "/link"))
        assert (await there(harness, "tam", f"/link {fresh}")).ok


async def test_both_sides_hear_of_it_and_settings_pings_and_rights_go_along(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=PEOPLE)
        await there(harness, "tam", "/settings slippage 2%")
        await there(harness, "tam", "/settings pings trade on", chat="-7", kind=ChatKind.GROUP)
        await harness.say("ada", "/settings pings lead on")
        await joined(harness)
        await harness.announcer.step()
        told = harness.platform.texts("tell", "ada")[-1]
        assert "Your code was used: you are one person with your account on Telegram now." in told
        shown = plain_text.text(await harness.say("ada", "/settings"))
        assert "[Slippage: 2%]" in shown
        assert "You have pings for 1 more chat" in shown
        private = plain_text.text(await there(harness, "tam", "/privacy"))
        assert "Telegram" in private
        assert "the room" in private
        assert "slippage 2%" in private


async def _tam_in_cup(harness: ChatHarness) -> None:
    """Tam joins the market of the room from a Telegram group in which it is announced, too."""
    async with harness.db.writing() as uow:
        here = await uow.chats.open("telegram", "-100", "group", "Cup on Telegram", harness.now)
        await uow.markets.lock(1)
        await uow.chats.connect(1, here.id)
        await uow.commit()
    assert (await there(harness, "tam", "/join", chat="-100", kind=ChatKind.GROUP)).ok
    await harness.tick()

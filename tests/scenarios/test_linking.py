"""One person on two platforms: a code from one, said on the other; what is refused, closed, and theirs from then on."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.invocation import ChatKind
from tests.bot.harness import BOSS, Play, button, opened, running, town
from tests.scenarios.elsewhere import code_in, there

PEOPLE = ("ada", "bob")


async def second_market(play: Play) -> None:
    """Market 2 runs in a Telegram group, and Tam is in it."""
    for line in ("/admin create Pub X, Y, Z", "/admin set gas $0.01", "/admin open"):
        assert (await play.say(BOSS, line, chat="pub", kind=ChatKind.GROUP)).ok
    async with play.db.writing() as uow:
        here = await uow.chats.open("telegram", "-100", "group", "Pub on Telegram", play.now)
        await uow.chats.connect(2, here.id)
        await uow.commit()
    assert (await there(play, "tam", "/join", chat="-100", kind=ChatKind.GROUP)).ok
    preview = await play.say(BOSS, "/admin start", chat="pub", kind=ChatKind.GROUP)
    assert (await play.say(BOSS, button(preview, "Confirm"), chat="pub", kind=ChatKind.GROUP)).ok
    await play.tick(market=2)


async def joined(play: Play, who: str = "ada", other: str = "tam") -> str:
    """`who` of the room takes a code, `other` of Telegram says it; the answer."""
    made = code_in(await play.say(who, "/link"))
    reply = await there(play, other, f"/link {made}")
    assert reply.ok, plain_text.text(reply)
    return plain_text.text(reply)


async def starts(play: Play, market: int, *numbers: int) -> list[int]:
    """What these numbers were given in a market, ledger entries that gave and took back together."""
    async with play.db.reading() as uow:
        entries = await uow.ledger.entries(market)
    return [
        sum(one.amount for one in entries if one.account == f"user:{n}" and one.kind in {"grant", "return"})
        for n in numbers
    ]


async def test_accounts_in_different_markets_are_theirs_on_both_platforms(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play, people=PEOPLE)
        await second_market(play)
        ticket = await there(play, "tam", "/buy x yes 10")
        assert ticket.ok, plain_text.text(ticket)
        text = await joined(play)
        assert "You are one person now, on Telegram and the room." in text
        assert "What you have in Pub and Cup is yours" in text
        async with play.db.reading() as uow:
            ada, tam = await uow.people.find("room", "ada"), await uow.people.find("telegram", "tam")
            assert ada is not None
            assert ada == tam
            number = await uow.members.get(2, ada.id)
            assert number is not None
            assert number.person != ada.id
            owner = number.person
        old = button(ticket, "Confirm")
        sent = await there(play, "tam", old, made_for=owner)
        assert "Sent. Buying 10 X YES" in plain_text.text(sent)
        stranger = await there(play, "bob", old, platform="room", made_for=owner)
        assert "made for somebody else" in plain_text.text(stranger)
        await play.tick(market=2)
        assert "Pub" in plain_text.text(await play.say("ada", "/markets"))
        assert (await play.say("ada", "/markets 2", chat="ada", kind=ChatKind.PRIVATE)).ok
        own = plain_text.text(await play.say("ada", "/positions", chat="ada", kind=ChatKind.PRIVATE))
        assert "X YES" in own
        assert "10" in own
        fresh = await play.say("ada", "/buy y yes 5 limit 10c", chat="ada", kind=ChatKind.PRIVATE)
        assert all(action.person == ada.id for action in fresh.actions)
        assert (await play.say("ada", button(fresh, "Confirm"), chat="ada", kind=ChatKind.PRIVATE)).ok
        await play.tick(market=2)
        shown = await play.say("ada", "/orders", chat="ada", kind=ChatKind.PRIVATE)
        assert [action.person for action in shown.actions] == [ada.id]
        assert (await there(play, "tam", shown.actions[0].text, made_for=ada.id)).ok
        await play.tick(market=2)
        async with play.db.reading() as uow:
            for market in (1, 2):
                assert (await uow.ledger.audit(market)).ok


async def test_of_two_accounts_in_a_lobby_the_unused_one_is_closed_and_never_funded(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await opened(play, people=PEOPLE)
        await there(play, "tam", "/join", platform="telegram", chat="room", kind=ChatKind.PRIVATE)
        async with play.db.writing() as uow:
            here = await uow.chats.open("telegram", "-100", "group", "Cup on Telegram", play.now)
            await uow.chats.connect(1, here.id)
            await uow.commit()
        assert (await there(play, "tam", "/join", chat="-100", kind=ChatKind.GROUP)).ok
        text = await joined(play)
        assert "One of your two accounts in Cup had not been used and is closed." in text
        preview = await play.say(BOSS, "/admin start")
        assert "2 people would get $1,000.00 each" in plain_text.text(preview)
        await play.press(BOSS, preview, "Confirm")
        await play.tick()
        again = await there(play, "tam", "/join", chat="-100", kind=ChatKind.GROUP)
        assert "You are in, as Ada, with $1,000.00" in plain_text.text(again)
        async with play.db.reading() as uow:
            assert len(await uow.members.of(1)) == 2
            assert (await uow.ledger.audit(1)).ok


@pytest.mark.parametrize("trader", ["ada", "tam", "nobody"])
async def test_of_two_accounts_in_a_running_market_the_unused_one_goes_with_the_next_tick(
    tmp_path: Path, trader: str
) -> None:
    async with town(tmp_path) as play:
        await running(play, people=PEOPLE)
        await _tam_in_cup(play)
        if trader == "ada":
            await play.confirmed("ada", "/buy germany yes 10")
        if trader == "tam":
            ticket = await there(play, "tam", "/buy germany yes 10")
            assert (await there(play, "tam", button(ticket, "Confirm"))).ok
        stale = await (
            there(play, "tam", "/buy brazil yes 5") if trader != "tam" else play.say("ada", "/buy brazil yes 5")
        )
        await play.tick()
        text = await joined(play)
        assert "One of your two accounts in Cup had not been used and is closed, its $1,000.00 went back." in text
        late = await play.say("ada", button(stale, "Confirm"))
        assert "was cancelled" in plain_text.text(late)
        before = plain_text.text(await play.say("ada", "/balance"))
        await play.tick()
        assert plain_text.text(await play.say("ada", "/balance")) == before
        assert plain_text.text(await there(play, "tam", "/balance")) == before
        async with play.db.reading() as uow:
            ada = await uow.people.find("room", "ada")
            assert ada is not None
            selves = await uow.people.all_ids(ada.id)
            assert [one.person for one in await uow.members.of(1) if one.person in selves] == [
                selves[1] if trader == "tam" else selves[0]
            ]
            assert (await uow.ledger.audit(1)).ok
        assert sorted(await starts(play, 1, *selves)) == [0, 1_000_000_000]
        assert (await there(play, "tam", "/join", chat="-100", kind=ChatKind.GROUP)).ok
        await play.tick()
        assert sorted(await starts(play, 1, *selves)) == [0, 1_000_000_000]


async def test_two_used_accounts_in_one_market_never_become_one(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play, people=PEOPLE)
        await _tam_in_cup(play)
        await play.confirmed("ada", "/buy germany yes 10")
        ticket = await there(play, "tam", "/buy brazil yes 10 limit 5c")
        assert (await there(play, "tam", button(ticket, "Confirm"))).ok
        for _ in range(2):  # while the orders wait for the tick, and after it
            made = code_in(await play.say("ada", "/link"))
            before = play.rows()
            refused = await there(play, "tam", f"/link {made}")
            assert not refused.ok
            assert "both have been used in Cup" in plain_text.text(refused)
            assert play.rows() == before
            await play.tick()


async def test_codes_work_once_in_time_for_somebody_else_and_only_the_newest(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play, people=PEOPLE)
        first = code_in(await play.say("ada", "/link"))
        assert len(first.replace("-", "")) == 8
        assert not set(first) & set("0O1IL")
        newest = code_in(await play.say("ada", "/link"))
        before = play.rows()
        assert first not in before
        assert newest.replace("-", "") not in before
        for who, line, words in (
            ("tam", f"/link {first}", "does not work"),
            ("ada", f"/link {newest}", "That is your own code"),
        ):
            reply = await (there(play, who, line) if who == "tam" else play.say(who, line))
            assert not reply.ok
            assert words in plain_text.text(reply)
            assert play.rows() == before
        spaced = newest.replace("-", " ").lower()
        assert (await there(play, "tam", f"/link {spaced}")).ok
        before = play.rows()
        used = await there(play, "zoe", f"/link {newest}")
        assert "does not work" in plain_text.text(used)
        old = code_in(await play.say("bob", "/link"))
        play.now += 10 * 60_000
        before = play.rows()
        late = await there(play, "zoe", f"/link {old}")
        assert "does not work" in plain_text.text(late)
        assert play.rows() == before
        twice = code_in(await play.say("ada", "/link"))
        again = await there(play, "tam", f"/link {twice}")
        assert "That is your own code" in plain_text.text(again)


async def test_who_guesses_codes_is_told_to_wait_and_others_are_not(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play, people=PEOPLE)
        made = code_in(await play.say("ada", "/link"))
        for number in range(5):
            assert "does not work" in plain_text.text(await there(play, "tam", f"/link AAAA-AAA{number}"))
        before = play.rows()
        stopped = await there(play, "tam", f"/link {made}")
        assert not stopped.ok
        assert "the next try is in 9 min" in plain_text.text(stopped)
        assert play.rows() == before
        play.now += 1_000
        assert (await there(play, "tim", f"/link {made}")).ok
        play.now += 600_000
        fresh = code_in(await play.say("bob", "/link"))
        assert (await there(play, "tam", f"/link {fresh}")).ok


async def test_both_sides_hear_of_it_and_settings_pings_and_rights_go_along(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play, people=PEOPLE)
        await there(play, "tam", "/settings slippage 2%")
        await there(play, "tam", "/settings pings trade on", chat="-7", kind=ChatKind.GROUP)
        await play.say("ada", "/settings pings lead on")
        await joined(play)
        await play.announcer.step()
        told = play.chat.texts("tell", "ada")[-1]
        assert "Your code was used: you are one person with your account on Telegram now." in told
        shown = plain_text.text(await play.say("ada", "/settings"))
        assert "[Slippage: 2%]" in shown
        assert "You have pings for 1 more chat" in shown
        private = plain_text.text(await there(play, "tam", "/privacy"))
        assert "Telegram" in private
        assert "the room" in private
        assert "slippage 2%" in private


async def _tam_in_cup(play: Play) -> None:
    """Tam joins the market of the room from a Telegram group in which it is announced, too."""
    async with play.db.writing() as uow:
        here = await uow.chats.open("telegram", "-100", "group", "Cup on Telegram", play.now)
        await uow.chats.connect(1, here.id)
        await uow.commit()
    assert (await there(play, "tam", "/join", chat="-100", kind=ChatKind.GROUP)).ok
    await play.tick()

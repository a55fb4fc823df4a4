"""Whole events on Telegram: the real bot, the real python-telegram-bot client, the peer in Telegram's place."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.platform.telegram_harness import TelegramHarness, asks_to_confirm, settled, telegram_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[TelegramHarness]:
    async with telegram_harness(tmp_path) as harness:
        yield harness
        assert harness.peer.complaints == []


async def test_a_member_buys_in_private_and_the_fill_replaces_her_ticket(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/buy germany yes $50")
    ticket = await harness.ben.chat.expect("spend about")
    assert ticket.labels == ["Confirm", "Change", "Cancel", "$10", "Half", "All"]
    await harness.press(harness.ben, ticket, "Confirm")
    await harness.tick()
    filled = await harness.ben.chat.expect("Filled")
    assert filled is ticket
    assert harness.peer.refused() == []


# -- the guided way


async def test_who_types_only_buy_is_led_to_a_ticket_in_one_message(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/buy")
    question = await harness.ben.chat.expect("outcome?")
    await harness.press(harness.ben, question, "Brazil")
    await harness.ben.chat.expect("side?")
    await harness.press(harness.ben, question, "Back")
    await harness.ben.chat.expect("outcome?")
    await harness.press(harness.ben, question, "Germany")
    await harness.ben.chat.expect("side?")
    await harness.press(harness.ben, question, "yes")
    asked = await harness.ben.chat.expect("amount?")
    assert "Type your own" in asked.labels
    await harness.press(harness.ben, question, "$50")
    ticket = await harness.ben.chat.expect("spend about")
    assert ticket is question
    await harness.press(harness.ben, ticket, "Confirm")
    await harness.tick()
    assert "Filled" in ticket.text
    assert harness.peer.refused() == []


async def test_an_amount_can_be_typed_and_a_slip_is_asked_again(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/buy germany yes")
    question = await harness.ben.chat.expect("amount?")
    await harness.press(harness.ben, question, "Type your own")
    asked = await harness.ben.chat.expect("Reply to this message")
    assert asked.markup is not None
    assert asked.markup["force_reply"]
    await harness.say(harness.ben, "plenty", reply_to=asked)
    again = await harness.ben.chat.expect("is not an amount")
    await harness.say(harness.ben, "37", reply_to=again)
    ticket = await harness.ben.chat.expect("spend about")
    assert "37 tokens" in ticket.text
    assert question.deleted


async def test_a_typed_answer_is_understood_after_a_restart(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/buy germany yes")
    await harness.press(harness.ben, await harness.ben.chat.expect("amount?"), "Type your own")
    asked = await harness.ben.chat.expect("Reply to this message")
    await harness.restart()
    await harness.say(harness.ben, "37", reply_to=asked)
    await harness.ben.chat.expect("spend about")


async def test_stopping_half_way_leaves_nothing(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/sell")
    question = await harness.ben.chat.expect("outcome?")
    await harness.press(harness.ben, question, "Cancel")
    assert await harness.ben.chat.expect("nothing was done") is question
    assert question.labels == []


async def test_change_asks_for_the_amount_and_makes_a_new_ticket(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/buy germany yes $50")
    ticket = await harness.ben.chat.expect("spend about")
    await harness.press(harness.ben, ticket, "Change")
    asked = await harness.ben.chat.expect("Reply to this message")
    assert "Change this ticket" in asked.text
    await harness.say(harness.ben, "12", reply_to=asked)
    changed = await harness.ben.chat.expect("12 tokens")
    assert changed.labels == ["Confirm", "Change", "Cancel", "$10", "$50", "Half", "All"]
    await harness.peer.until(lambda: "Changed" in ticket.text and not ticket.labels)


async def test_a_market_is_created_by_questions_in_turn_though_they_are_answered_in_private(
    harness: TelegramHarness,
) -> None:
    await harness.say(harness.ada, "/admin_create", harness.group)
    asked = await harness.ada.chat.expect("Title?")
    await harness.say(harness.ada, 'The "Big" Cup', reply_to=asked)
    asked = await harness.ada.chat.expect("Outcomes?")
    await harness.say(harness.ada, 'Germany, "Costa Rica", <b>Brazil</b> & co', reply_to=asked)
    drafted = await harness.ada.chat.expect("is drafted")
    await harness.press(harness.ada, drafted, "Open the doors")
    await harness.ada.chat.expect("open to join")
    await harness.say(harness.ben, "/join", harness.group)
    await harness.ben.chat.expect("Welcome")


# -- groups and private chats


async def test_what_is_hers_goes_to_the_private_chat_and_the_group_hears_nothing(harness: TelegramHarness) -> None:
    await harness.running()
    before = len(harness.group.of_bot())
    await harness.say(harness.ben, "/buy germany yes $50", harness.group)
    await harness.ben.chat.expect("spend about")
    await harness.say(harness.ben, "/positions", harness.group)
    await harness.ben.chat.expect("hold")
    await harness.say(harness.ben, "/room", harness.group)
    link = (await harness.ben.chat.expect("opens the room as you")).button("Open the room")
    assert (link.url or "").startswith("https://outcry.example.org/enter#")
    assert len(harness.group.of_bot()) == before


async def test_who_has_not_started_the_bot_follows_a_link_that_goes_on_right_there(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.cleo, "/join", harness.group)
    stub = await harness.group.expect("Cleo, I answer you in private")
    await harness.cleo.follow(stub, "Open our chat")
    await harness.cleo.chat.expect("You are in, as Cleo")
    await harness.peer.until(lambda: stub.deleted)


async def test_a_link_made_for_a_ticket_resumes_the_ticket_in_that_groups_market(harness: TelegramHarness) -> None:
    await harness.running()
    other = harness.peer.world.supergroup("Others", harness.ada, harness.cleo)
    await harness.say(harness.ada, "/admin_create Race A, B, C", other)
    await harness.ada.chat.expect("Race is drafted")
    await harness.say(harness.cleo, "/join", harness.group)
    stub = await harness.group.expect("Cleo, I answer you in private")
    await harness.say(harness.cleo, "/buy germany yes $50", harness.group)
    await harness.peer.until(lambda: len(stub.versions) == 1)
    assert len([message for message in harness.group.of_bot() if "Cleo" in message.text]) == 1
    await harness.cleo.follow(stub, "Open our chat")
    ticket = await harness.cleo.chat.expect("spend about")
    await harness.press(harness.cleo, ticket, "Confirm")
    await harness.tick()
    assert "Filled" in ticket.text


async def test_a_link_shows_what_was_done_and_does_not_do_it_again(harness: TelegramHarness) -> None:
    await harness.running()
    for line in ("/join", "/settings confirm off", "/buy germany yes 10"):
        await harness.say(harness.cleo, line, harness.group)
        await harness.peer.until(lambda: not harness.peer.world.update_queue.pending)
    stub = await harness.group.expect("Cleo, I answer you in private")
    await harness.peer.until(lambda: len(stub.versions) == 2)
    url = stub.button("Open our chat").url
    assert url is not None
    await harness.tick()
    for _ in range(2):
        harness.clock.advance(3)
        await harness.cleo.open(url)
    await harness.cleo.chat.expect("10 Germany YES")
    await harness.tick()
    async with harness.db.reading() as uow:
        assert len(await uow.trades.all(harness.market)) == 1
    await harness.ben.open(url)  # somebody else who finds it speaks for herself
    await harness.ben.chat.expect("spend about")


async def test_a_button_in_the_group_opens_the_private_chat_of_who_has_not_started_the_bot(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path, version=(10, 1)) as harness:
        await harness.running()
        board = harness.group.pinned
        assert board is not None
        tap = await harness.press(harness.cleo, board, "Positions")
        answer = await tap.answered()
        assert answer.alert  # Cleo has no account: said to them alone, above the button
        await harness.say(harness.cleo, "/join", harness.group)
        await harness.group.expect("Cleo, I answer you in private")
        tap = await harness.press(harness.cleo, board, "Positions")
        url = (await tap.answered()).url
        assert url is not None
        await harness.cleo.open(url)
        await harness.cleo.chat.expect("You hold no tokens")


async def test_an_unknown_payload_and_every_bare_command_are_answered(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.ben.start("nonsense_that_nobody_made")
    await harness.ben.chat.expect("leads nowhere")
    for command in harness.dispatcher.commands:
        harness.clock.advance(30)
        asked = await harness.ben.send(harness.ben.chat, f"/{command.name.replace(' ', '_')}")
        await harness.ben.chat.expect(lambda message: bool(message.text), after=asked)
    assert harness.peer.refused() == []


async def test_only_what_is_meant_for_us_is_answered(harness: TelegramHarness) -> None:
    await harness.running()
    before = len(harness.group.of_bot())
    for text in ("/board@other_bot", "hello there", "board"):
        await harness.say(harness.ada, text, harness.group)
    await harness.ada.edit(await harness.say(harness.ada, "/boar@other_bot", harness.group), "/board")
    await harness.say(harness.ada, "/board@Outcry_Bot", harness.group)
    await harness.peer.until(lambda: len(harness.group.of_bot()) > before)
    assert len(harness.group.of_bot()) == before + 1


# -- buttons


async def test_a_press_delivered_twice_is_one_order(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/buy germany yes 10")
    ticket = await harness.ben.chat.expect("spend about")
    await harness.press(harness.ben, ticket, "Confirm", twice=True)
    await harness.tick()
    await harness.tick()
    await harness.ben.chat.expect("Filled")
    async with harness.db.reading() as uow:
        assert len(await uow.trades.all(harness.market)) == 1
    assert harness.peer.refused() == []


async def test_a_button_made_for_somebody_else_is_refused_above_it(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/buy germany yes 10")
    ticket = await harness.ben.chat.expect("spend about")
    data = ticket.button("Confirm")
    planted = await harness.group.expect("Cup")
    harness.clock.advance(3)
    tap = await harness.ada.tap(planted, data)
    assert "somebody else" in (await tap.answered()).text
    await harness.tick()
    assert "spend about" in ticket.text


async def test_a_stale_button_says_so(harness: TelegramHarness) -> None:
    await harness.running()
    board = harness.group.pinned
    assert board is not None
    for data in ("-|#0123456789abcdef012345", "gibberish"):
        harness.clock.advance(3)
        tap = await harness.ada.tap(board, replace(board.button("Chart"), data=data))
        assert "too old" in (await tap.answered()).text


async def test_open_tickets_survive_a_restart(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/buy germany yes 10")
    ticket = await harness.ben.chat.expect("spend about")
    await harness.restart()
    await harness.press(harness.ben, ticket, "Confirm")
    await harness.tick()
    assert "Filled" in ticket.text


# -- admins, topics, channels


async def test_rights_end_when_telegram_says_so(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.group.promote(harness.peer.world.bot)  # only then Telegram tells of others
    await harness.group.promote(harness.ben)
    await harness.say(harness.ben, "/admin_freeze", harness.group)
    await harness.ben.expect(harness.group, "freezes with the next tick")
    asked = len(harness.peer.called("getChatMember"))
    await harness.say(harness.ben, "/admin_monitor", harness.group)
    await harness.ben.expect(harness.group, "Outbox")
    assert len(harness.peer.called("getChatMember")) == asked
    await harness.group.demote(harness.ben)
    await harness.say(harness.ben, "/admin_resume", harness.group)
    await harness.ben.expect(harness.group, "for this chat's admins")


async def test_an_anonymous_admin_acts_for_the_chat_and_is_told_nothing_in_public(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.group.promote(harness.ben, anonymous=True)
    await harness.say(harness.ben, "/admin_freeze", harness.group)
    stub = await harness.group.expect("Done.")
    await harness.tick()
    await harness.group.expect("frozen by an admin")
    await harness.ben.follow(stub, "Open our chat")
    await harness.ben.chat.expect("Cup")
    await harness.say(harness.ben, "/buy germany yes 10", harness.group)
    await harness.group.expect("That was not done")
    assert stub.deleted
    assert "spend" not in "".join(message.text for message in harness.group.of_bot())


async def test_a_dangerous_deed_of_an_anonymous_admin_is_confirmed_under_her_own_name(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.group.promote(harness.ben, anonymous=True)
    await harness.say(harness.ben, "/admin_void", harness.group)
    stub = await harness.group.expect("under your own name")
    await harness.ben.follow(stub, "Open our chat")
    preview = await harness.ben.chat.expect(lambda message: any("Confirm" in label for label in message.labels))
    await harness.press(harness.ben, preview, "Confirm")
    await harness.tick()
    await harness.group.expect("called off")


async def test_an_anonymous_admin_decides_nothing_unasked(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.group.promote(harness.ben, anonymous=True)
    refused = None
    for line in ("/admin_eliminate brazil", "/admin_approve 1"):
        await harness.say(harness.ben, line, harness.group)
        refused = await harness.group.expect("takes an admin with a name", after=refused)
        assert refused.labels == ["Under my own name"], line
    await harness.say(harness.ben, "/admin_resolve germany", harness.group)
    refused = await harness.group.expect("takes an admin with a name", after=refused)
    await harness.press(harness.ben, refused, "Under my own name")
    await harness.ben.expect(harness.group, lambda message: any("Confirm" in label for label in message.labels))


async def test_a_stranger_cannot_speak_of_a_group_she_is_not_in(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.cleo, "/join", harness.group)
    url = (await harness.group.expect("Cleo, I answer")).button("Open our chat").url
    assert url is not None
    dora = harness.peer.world.user("Dora")
    harness.clock.advance(3)
    await dora.open(url)
    await dora.chat.expect("a chat you are not in")


async def test_each_topic_is_a_chat_of_its_own(harness: TelegramHarness) -> None:
    forum = harness.peer.world.supergroup("Forum", harness.ada, harness.ben, forum=True)
    topic = forum.topic("Markets")
    await harness.running(forum, topic=topic)
    assert {message.topic for message in forum.of_bot()} == {topic}
    await harness.say(harness.ben, "/board", forum, topic=topic)
    await harness.peer.until(lambda: forum.of_bot()[-1].reply_to is not None)
    assert forum.of_bot()[-1].topic == topic
    assert forum.pinned is not None
    assert forum.pinned.topic == topic
    await harness.say(harness.ben, "/rules", forum)
    await harness.ben.chat.expect("play money")
    await harness.say(harness.ada, "/admin_create Second A, B, C", forum)  # the general topic has none yet
    await harness.ada.chat.expect("Second is drafted")


async def test_a_channel_is_run_by_its_admins_and_announced_in(harness: TelegramHarness) -> None:
    channel = harness.peer.world.channel("News", harness.ada, harness.ben)
    await harness.say(harness.ada, "/admin_create Cup Germany, Brazil, Italy", channel)
    stub = await channel.expect("Done.")
    await harness.ada.follow(stub, "Open our chat")
    await harness.ada.chat.expect("Cup")
    await harness.say(harness.ada, "/admin_open", channel)
    await harness.peer.until(lambda: stub.deleted and channel.last.text.startswith("Done."))
    await harness.tick()
    opened = await channel.expect("the doors are open")
    assert channel.pinned is not None
    await harness.press(harness.ben, opened, "Join")  # whoever reads it joins by the button, and is answered
    await harness.ben.chat.expect("Welcome")
    assert harness.peer.unanswered() == []
    dora = harness.peer.world.user("Dora")  # has never begun with the bot
    await channel.add(dora)
    link = (await (await harness.press(dora, opened, "Join")).answered()).url
    assert link is not None
    await dora.open(link)
    await dora.chat.expect("You are in, as Dora")
    for said in ("/admin_start", "/admin_freeze", "/admin_resume", "/admin_eliminate italy", "/admin_resolve germany"):
        if said == "/admin_freeze":
            ticket = await harness.say_and_expect(harness.ben, "/buy germany yes $500", asks_to_confirm)
            await harness.press(harness.ben, ticket, "Confirm")
            await harness.tick(10)
        preview = await harness.say_and_expect(harness.ada, said, "")
        if any("Confirm" in label for label in preview.labels):
            await harness.press(harness.ada, preview, "Confirm")
        await harness.tick(10)
    await channel.expect("wins Cup")
    for word in ("is open for trading", "frozen by an admin", "open again", "is out"):
        assert any(word in message.text for message in channel.of_bot()), word
    said_there = [message.text for message in channel.of_bot() if re.search(r"(^|\s)/[a-z]", message.text)]
    assert said_there == [], "nobody can say anything in a channel"


# -- what changes around us


async def test_a_group_that_moves_is_followed(harness: TelegramHarness) -> None:
    small = harness.peer.world.group("Small", harness.ada, harness.ben)
    await harness.running(small)
    large = await small.migrate()
    await harness.say(harness.ben, "/board", large)
    await large.expect("leads at")
    await harness.say(harness.ben, "/buy germany yes $200", large)
    await harness.press(harness.ben, await harness.ben.chat.expect("spend about"), "Confirm")
    for _ in range(4):
        await harness.tick(10)
    board = await large.expect("$198 traded")
    assert board.pinned


async def test_a_move_is_noticed_by_the_first_post_that_is_refused(harness: TelegramHarness) -> None:
    small = harness.peer.world.group("Small", harness.ada, harness.ben)
    await harness.running(small)
    await harness.say(harness.ada, "/admin_freeze", small)
    await harness.ada.chat.expect("freezes with the next tick")
    harness.peer.world.update_queue.allow(["callback_query"])  # nobody tells us
    large = await small.migrate()
    await harness.tick()
    await large.expect("frozen by an admin")


async def test_who_blocked_the_bot_costs_nobody_else_anything(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/buy germany yes 10")
    await harness.press(harness.ben, await harness.ben.chat.expect("spend about"), "Confirm")
    await harness.ben.chat.expect("next tick")
    await harness.ben.block()
    await harness.tick()
    await harness.group.expect("There is news for somebody I cannot write to")
    assert "10" not in harness.group.of_bot()[-1].text
    async with harness.db.reading() as uow:
        assert len(await uow.trades.all(harness.market)) == 1


async def test_put_out_and_asked_back_it_says_where_to_begin(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.group.kick_bot()
    await harness.peer.until(lambda: not harness.peer.world.update_queue.pending)
    await harness.say(harness.ben, "/buy germany yes 10")
    await harness.press(harness.ben, await harness.ben.chat.expect("spend about"), "Confirm")
    await harness.tick(10)
    await harness.ben.chat.expect("Filled")
    await harness.group.add_bot(harness.ada)
    await harness.group.expect("Hello!")
    await harness.say(harness.ben, "/board", harness.group)
    await harness.group.expect("leads at")


async def test_a_topic_is_served_again_after_the_bot_was_asked_back(harness: TelegramHarness) -> None:
    forum = harness.peer.world.supergroup("Forum", harness.ada, harness.ben, forum=True)
    topic = forum.topic("Markets")
    await harness.running(forum, topic=topic)
    await forum.kick_bot()
    await harness.peer.until(lambda: not harness.peer.world.update_queue.pending)
    await buy_ten(harness)
    await harness.tick(10)
    async with harness.db.reading() as uow:
        assert [chat.external_id for chat in await uow.chats.lost()] == [f"{forum.id}:{topic}"]
    before = len(forum.of_bot(topic))
    await forum.add_bot(harness.ada)
    await forum.expect("Hello!")
    await harness.tick(10)
    await harness.tick(10)
    assert len(forum.of_bot(topic)) > before
    async with harness.db.reading() as uow:
        assert await uow.chats.lost() == []


async def buy_ten(harness: TelegramHarness) -> None:
    ticket = await harness.say_and_expect(harness.ben, "/buy germany yes 10", asks_to_confirm)
    await harness.press(harness.ben, ticket, "Confirm")
    await harness.ben.chat.expect(settled(ticket))


async def test_menus_are_registered_once_for_each_kind_of_chat(harness: TelegramHarness) -> None:
    await harness.told("telegram commands")
    scopes = {scope for scope, _ in harness.peer.commands}
    assert scopes == {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
    names = {scope: {name for name, _ in commands} for (scope, _), commands in harness.peer.commands.items()}
    assert "admin_create" in names["all_chat_administrators"]
    assert not any(name.startswith("admin") for name in names["all_group_chats"] | names["all_private_chats"])
    assert {"buy", "board"} <= names["all_private_chats"]
    calls = len(harness.peer.called("setMyCommands"))
    await harness.restart()
    await harness.say(harness.ben, "/help")
    await harness.ben.chat.expect("/buy")
    assert len(harness.peer.called("setMyCommands")) == calls

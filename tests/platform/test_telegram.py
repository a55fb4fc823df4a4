"""Whole events on Telegram: the real bot, the real python-telegram-bot client, the peer in Telegram's place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.platform.telegram_harness import Town, a_town, asks_to_confirm, settled


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(tmp_path) as town:
        yield town
        assert town.peer.complaints == []


async def test_a_member_buys_in_private_and_the_fill_replaces_her_ticket(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy germany yes $50")
    ticket = await town.ben.chat.expect("spend about")
    assert ticket.labels == ["Confirm", "Change", "Cancel"]
    await town.press(town.ben, ticket, "Confirm")
    await town.tick()
    filled = await town.ben.chat.expect("Filled")
    assert filled is ticket
    assert town.peer.refused() == []


# -- the guided way


async def test_who_types_only_buy_is_led_to_a_ticket_in_one_message(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy")
    question = await town.ben.chat.expect("outcome?")
    await town.press(town.ben, question, "Brazil")
    await town.ben.chat.expect("side?")
    await town.press(town.ben, question, "Back")
    await town.ben.chat.expect("outcome?")
    await town.press(town.ben, question, "Germany")
    await town.ben.chat.expect("side?")
    await town.press(town.ben, question, "yes")
    asked = await town.ben.chat.expect("amount?")
    assert "Type your own" in asked.labels
    await town.press(town.ben, question, "$50")
    ticket = await town.ben.chat.expect("spend about")
    assert ticket is question
    await town.press(town.ben, ticket, "Confirm")
    await town.tick()
    assert "Filled" in ticket.text
    assert town.peer.refused() == []


async def test_an_amount_can_be_typed_and_a_slip_is_asked_again(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy germany yes")
    question = await town.ben.chat.expect("amount?")
    await town.press(town.ben, question, "Type your own")
    asked = await town.ben.chat.expect("Reply to this message")
    assert asked.markup is not None
    assert asked.markup["force_reply"]
    await town.say(town.ben, "plenty", reply_to=asked)
    again = await town.ben.chat.expect("is not an amount")
    await town.say(town.ben, "37", reply_to=again)
    ticket = await town.ben.chat.expect("spend about")
    assert "37 tokens" in ticket.text
    assert question.deleted


async def test_a_typed_answer_is_understood_after_a_restart(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy germany yes")
    await town.press(town.ben, await town.ben.chat.expect("amount?"), "Type your own")
    asked = await town.ben.chat.expect("Reply to this message")
    await town.restart()
    await town.say(town.ben, "37", reply_to=asked)
    await town.ben.chat.expect("spend about")


async def test_stopping_half_way_leaves_nothing(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/sell")
    question = await town.ben.chat.expect("outcome?")
    await town.press(town.ben, question, "Cancel")
    assert await town.ben.chat.expect("nothing was done") is question
    assert question.labels == []


async def test_change_asks_for_the_amount_and_makes_a_new_ticket(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy germany yes $50")
    ticket = await town.ben.chat.expect("spend about")
    await town.press(town.ben, ticket, "Change")
    asked = await town.ben.chat.expect("Reply to this message")
    assert "Change this ticket" in asked.text
    await town.say(town.ben, "12", reply_to=asked)
    changed = await town.ben.chat.expect("12 tokens")
    assert changed.labels == ["Confirm", "Change", "Cancel"]
    await town.peer.until(lambda: "Changed" in ticket.text and not ticket.labels)


async def test_a_market_is_created_by_questions_in_turn_though_they_are_answered_in_private(town: Town) -> None:
    await town.say(town.ada, "/admin_create", town.group)
    asked = await town.ada.chat.expect("Title?")
    await town.say(town.ada, 'The "Big" Cup', reply_to=asked)
    asked = await town.ada.chat.expect("Outcomes?")
    await town.say(town.ada, 'Germany, "Costa Rica", <b>Brazil</b> & co', reply_to=asked)
    drafted = await town.ada.chat.expect("is drafted")
    await town.press(town.ada, drafted, "Open the doors")
    await town.ada.chat.expect("open to join")
    await town.say(town.ben, "/join", town.group)
    await town.ben.chat.expect("Welcome")


# -- groups and private chats


async def test_what_is_hers_goes_to_the_private_chat_and_the_group_hears_nothing(town: Town) -> None:
    await town.running()
    before = len(town.group.of_bot())
    await town.say(town.ben, "/buy germany yes $50", town.group)
    await town.ben.chat.expect("spend about")
    await town.say(town.ben, "/positions", town.group)
    await town.ben.chat.expect("hold")
    assert len(town.group.of_bot()) == before


async def test_who_has_not_started_the_bot_follows_a_link_that_goes_on_right_there(town: Town) -> None:
    await town.running()
    await town.say(town.cleo, "/join", town.group)
    stub = await town.group.expect("Cleo, I answer you in private")
    await town.cleo.follow(stub, "Open our chat")
    await town.cleo.chat.expect("You are in, as Cleo")
    await town.peer.until(lambda: stub.deleted)


async def test_a_link_made_for_a_ticket_resumes_the_ticket_in_that_groups_market(town: Town) -> None:
    await town.running()
    other = town.peer.world.supergroup("Others", town.ada, town.cleo)
    await town.say(town.ada, "/admin_create Race A, B, C", other)
    await town.ada.chat.expect("Race is drafted")
    await town.say(town.cleo, "/join", town.group)
    stub = await town.group.expect("Cleo, I answer you in private")
    await town.say(town.cleo, "/buy germany yes $50", town.group)
    await town.peer.until(lambda: len(stub.versions) == 1)
    assert len([one for one in town.group.of_bot() if "Cleo" in one.text]) == 1
    await town.cleo.follow(stub, "Open our chat")
    ticket = await town.cleo.chat.expect("spend about")
    await town.press(town.cleo, ticket, "Confirm")
    await town.tick()
    assert "Filled" in ticket.text


async def test_a_link_shows_what_was_done_and_does_not_do_it_again(town: Town) -> None:
    await town.running()
    for line in ("/join", "/settings confirm off", "/buy germany yes 10"):
        await town.say(town.cleo, line, town.group)
        await town.peer.until(lambda: not town.peer.world.update_queue.pending)
    stub = await town.group.expect("Cleo, I answer you in private")
    await town.peer.until(lambda: len(stub.versions) == 2)
    url = stub.button("Open our chat").url
    assert url is not None
    await town.tick()
    for _ in range(2):
        town.clock.advance(3)
        await town.cleo.open(url)
    await town.cleo.chat.expect("10 Germany YES")
    await town.tick()
    async with town.db.reading() as uow:
        assert len(await uow.trades.all(town.market)) == 1
    await town.ben.open(url)  # somebody else who finds it speaks for herself
    await town.ben.chat.expect("spend about")


async def test_a_button_in_the_group_opens_the_private_chat_of_who_has_not_started_the_bot(town: Town) -> None:
    await town.running()
    board = town.group.pinned
    assert board is not None
    tap = await town.press(town.cleo, board, "Positions")
    answer = await tap.answered()
    assert answer.alert  # she has no account: said to her alone, above the button
    await town.say(town.cleo, "/join", town.group)
    await town.group.expect("Cleo, I answer you in private")
    tap = await town.press(town.cleo, board, "Positions")
    url = (await tap.answered()).url
    assert url is not None
    await town.cleo.open(url)
    await town.cleo.chat.expect("You hold no tokens")


async def test_an_unknown_payload_and_every_bare_command_are_answered(town: Town) -> None:
    await town.running()
    await town.ben.start("nonsense_that_nobody_made")
    await town.ben.chat.expect("leads nowhere")
    for command in town.dispatcher.commands:
        town.clock.advance(30)
        asked = await town.ben.send(town.ben.chat, f"/{command.name.replace(' ', '_')}")
        await town.ben.chat.expect(lambda message: bool(message.text), after=asked)
    assert town.peer.refused() == []


async def test_only_what_is_meant_for_us_is_answered(town: Town) -> None:
    await town.running()
    before = len(town.group.of_bot())
    for text in ("/board@other_bot", "hello there", "board"):
        await town.say(town.ada, text, town.group)
    await town.ada.edit(await town.say(town.ada, "/boar@other_bot", town.group), "/board")
    await town.say(town.ada, "/board@Outcry_Bot", town.group)
    await town.peer.until(lambda: len(town.group.of_bot()) > before)
    assert len(town.group.of_bot()) == before + 1


# -- buttons


async def test_a_press_delivered_twice_is_one_order(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy germany yes 10")
    ticket = await town.ben.chat.expect("spend about")
    await town.press(town.ben, ticket, "Confirm", twice=True)
    await town.tick()
    await town.tick()
    await town.ben.chat.expect("Filled")
    async with town.db.reading() as uow:
        assert len(await uow.trades.all(town.market)) == 1
    assert town.peer.refused() == []


async def test_a_button_made_for_somebody_else_is_refused_above_it(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy germany yes 10")
    ticket = await town.ben.chat.expect("spend about")
    data = ticket.button("Confirm")
    planted = await town.group.expect("Cup")
    town.clock.advance(3)
    tap = await town.ada.tap(planted, data)
    assert "somebody else" in (await tap.answered()).text
    await town.tick()
    assert "spend about" in ticket.text


async def test_a_stale_button_says_so(town: Town) -> None:
    await town.running()
    board = town.group.pinned
    assert board is not None
    for data in ("-|#0123456789abcdef012345", "gibberish"):
        town.clock.advance(3)
        tap = await town.ada.tap(board, replace(board.button("Chart"), data=data))
        assert "too old" in (await tap.answered()).text


async def test_open_tickets_survive_a_restart(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy germany yes 10")
    ticket = await town.ben.chat.expect("spend about")
    await town.restart()
    await town.press(town.ben, ticket, "Confirm")
    await town.tick()
    assert "Filled" in ticket.text


# -- admins, topics, channels


async def test_rights_end_when_telegram_says_so(town: Town) -> None:
    await town.running()
    await town.group.promote(town.peer.world.bot)  # only then Telegram tells of others
    await town.group.promote(town.ben)
    await town.say(town.ben, "/admin_freeze", town.group)
    await town.ben.chat.expect("freezes with the next tick")
    asked = len(town.peer.called("getChatMember"))
    await town.say(town.ben, "/admin_monitor", town.group)
    await town.peer.until(lambda: len(town.ben.chat.of_bot()) > 2)
    assert len(town.peer.called("getChatMember")) == asked
    await town.group.demote(town.ben)
    await town.say(town.ben, "/admin_resume", town.group)
    await town.ben.chat.expect("for this chat's admins")


async def test_an_anonymous_admin_acts_for_the_chat_and_is_told_nothing_in_public(town: Town) -> None:
    await town.running()
    await town.group.promote(town.ben, anonymous=True)
    await town.say(town.ben, "/admin_freeze", town.group)
    stub = await town.group.expect("Done.")
    await town.tick()
    await town.group.expect("frozen by an admin")
    await town.ben.follow(stub, "Open our chat")
    await town.ben.chat.expect("Cup")
    await town.say(town.ben, "/buy germany yes 10", town.group)
    await town.group.expect("That was not done")
    assert stub.deleted
    assert "spend" not in "".join(one.text for one in town.group.of_bot())


async def test_a_dangerous_deed_of_an_anonymous_admin_is_confirmed_under_her_own_name(town: Town) -> None:
    await town.running()
    await town.group.promote(town.ben, anonymous=True)
    await town.say(town.ben, "/admin_void", town.group)
    stub = await town.group.expect("under your own name")
    await town.ben.follow(stub, "Open our chat")
    preview = await town.ben.chat.expect(lambda message: any("Confirm" in one for one in message.labels))
    await town.press(town.ben, preview, "Confirm")
    await town.tick()
    await town.group.expect("called off")


async def test_an_anonymous_admin_decides_nothing_unasked(town: Town) -> None:
    await town.running()
    await town.group.promote(town.ben, anonymous=True)
    refused = None
    for said in ("/admin_eliminate brazil", "/admin_approve 1"):
        await town.say(town.ben, said, town.group)
        refused = await town.group.expect("takes an admin with a name", after=refused)
        assert refused.labels == ["Under my own name"], said
    await town.say(town.ben, "/admin_resolve germany", town.group)
    refused = await town.group.expect("takes an admin with a name", after=refused)
    await town.press(town.ben, refused, "Under my own name")
    await town.ben.chat.expect(lambda message: any("Confirm" in one for one in message.labels))


async def test_a_stranger_cannot_speak_of_a_group_she_is_not_in(town: Town) -> None:
    await town.running()
    await town.say(town.cleo, "/join", town.group)
    url = (await town.group.expect("Cleo, I answer")).button("Open our chat").url
    assert url is not None
    dora = town.peer.world.user("Dora")
    town.clock.advance(3)
    await dora.open(url)
    await dora.chat.expect("a chat you are not in")


async def test_each_topic_is_a_chat_of_its_own(town: Town) -> None:
    forum = town.peer.world.supergroup("Forum", town.ada, town.ben, forum=True)
    topic = forum.topic("Markets")
    await town.running(forum, topic=topic)
    assert {one.topic for one in forum.of_bot()} == {topic}
    await town.say(town.ben, "/board", forum, topic=topic)
    await town.peer.until(lambda: forum.of_bot()[-1].reply_to is not None)
    assert forum.of_bot()[-1].topic == topic
    assert forum.pinned is not None
    assert forum.pinned.topic == topic
    await town.say(town.ben, "/rules", forum)
    await town.ben.chat.expect("play money")
    await town.say(town.ada, "/admin_create Second A, B, C", forum)  # the general topic has none yet
    await town.ada.chat.expect("Second is drafted")


async def test_a_channel_is_run_by_its_admins_and_announced_in(town: Town) -> None:
    channel = town.peer.world.channel("News", town.ada)
    await town.say(town.ada, "/admin_create Cup Germany, Brazil, Italy", channel)
    stub = await channel.expect("Done.")
    await town.ada.follow(stub, "Open our chat")
    await town.ada.chat.expect("Cup")
    await town.say(town.ada, "/admin_open", channel)
    await town.peer.until(lambda: stub.deleted and channel.last.text.startswith("Done."))
    await town.tick()
    await channel.expect("the doors are open")
    assert channel.pinned is not None


# -- what changes around us


async def test_a_group_that_moves_is_followed(town: Town) -> None:
    small = town.peer.world.group("Small", town.ada, town.ben)
    await town.running(small)
    large = await small.migrate()
    await town.say(town.ben, "/board", large)
    await large.expect("leads at")
    await town.say(town.ben, "/buy germany yes $200", large)
    await town.press(town.ben, await town.ben.chat.expect("spend about"), "Confirm")
    for _ in range(4):
        await town.tick(10)
    board = await large.expect("$198 traded")
    assert board.pinned


async def test_a_move_is_noticed_by_the_first_post_that_is_refused(town: Town) -> None:
    small = town.peer.world.group("Small", town.ada, town.ben)
    await town.running(small)
    await town.say(town.ada, "/admin_freeze", small)
    await town.ada.chat.expect("freezes with the next tick")
    town.peer.world.update_queue.allow(["callback_query"])  # nobody tells us
    large = await small.migrate()
    await town.tick()
    await large.expect("frozen by an admin")


async def test_who_blocked_the_bot_costs_nobody_else_anything(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy germany yes 10")
    await town.press(town.ben, await town.ben.chat.expect("spend about"), "Confirm")
    await town.ben.chat.expect("next tick")
    await town.ben.block()
    await town.tick()
    await town.group.expect("There is news for somebody I cannot write to")
    assert "10" not in town.group.of_bot()[-1].text
    async with town.db.reading() as uow:
        assert len(await uow.trades.all(town.market)) == 1


async def test_put_out_and_asked_back_it_says_where_to_begin(town: Town) -> None:
    await town.running()
    await town.group.kick_bot()
    await town.peer.until(lambda: not town.peer.world.update_queue.pending)
    await town.say(town.ben, "/buy germany yes 10")
    await town.press(town.ben, await town.ben.chat.expect("spend about"), "Confirm")
    await town.tick(10)
    await town.ben.chat.expect("Filled")
    await town.group.add_bot(town.ada)
    await town.group.expect("Hello!")
    await town.say(town.ben, "/board", town.group)
    await town.group.expect("leads at")


async def test_a_topic_is_served_again_after_the_bot_was_asked_back(town: Town) -> None:
    forum = town.peer.world.supergroup("Forum", town.ada, town.ben, forum=True)
    topic = forum.topic("Markets")
    await town.running(forum, topic=topic)
    await forum.kick_bot()
    await town.peer.until(lambda: not town.peer.world.update_queue.pending)
    await buy_ten(town)
    await town.tick(10)
    async with town.db.reading() as uow:
        assert [one.external_id for one in await uow.chats.lost()] == [f"{forum.id}:{topic}"]
    before = len(forum.of_bot(topic))
    await forum.add_bot(town.ada)
    await forum.expect("Hello!")
    await town.tick(10)
    await town.tick(10)
    assert len(forum.of_bot(topic)) > before
    async with town.db.reading() as uow:
        assert await uow.chats.lost() == []


async def buy_ten(town: Town) -> None:
    ticket = await town.told(town.ben, "/buy germany yes 10", asks_to_confirm)
    await town.press(town.ben, ticket, "Confirm")
    await town.ben.chat.expect(settled(ticket))


async def test_menus_are_registered_once_for_each_kind_of_chat(town: Town) -> None:
    scopes = {scope for scope, _ in town.peer.commands}
    assert scopes == {"all_private_chats", "all_group_chats", "all_chat_administrators"}
    names = {scope: {name for name, _ in said} for (scope, _), said in town.peer.commands.items()}
    assert "admin_create" in names["all_chat_administrators"]
    assert not any(name.startswith("admin") for name in names["all_group_chats"] | names["all_private_chats"])
    assert {"buy", "board"} <= names["all_private_chats"]
    calls = len(town.peer.called("setMyCommands"))
    await town.restart()
    await town.say(town.ben, "/help")
    await town.ben.chat.expect("/buy")
    assert len(town.peer.called("setMyCommands")) == calls

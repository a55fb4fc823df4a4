"""The Telegram peer's world: who may write where, who is told what, against the real client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ChatAction, ChatMemberStatus
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from tests.standins.telegram_peer import Chat
from tests.standins.tests.telegram_harness import Town, a_town, keyboard, png, refused


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with a_town() as town:
        yield town


async def told(bot: Bot, *kinds: str) -> list[Update]:
    """What the bot has not yet been told, of these kinds only if any is named; it is confirmed at once."""
    updates = list(await bot.get_updates(timeout=0, allowed_updates=kinds or None))
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1, timeout=0)
    return updates


# private chats


async def test_a_bot_may_write_only_to_who_has_written_first(town: Town) -> None:
    with refused(Forbidden, "bot can't initiate conversation with a user"):
        await town.bot.send_message(town.ben.id, "hello")
    with refused(BadRequest, "chat not found"):
        await town.bot.send_message(123, "hello")
    with refused(BadRequest, "chat not found"):
        await town.bot.send_message("@nobody_here", "hello")
    assert town.ben.chat.messages == []
    await town.ben.start("m7")
    await town.bot.send_message(town.ben.id, "hello")
    assert [message.text for message in town.ben.chat.messages] == ["/start m7", "hello"]


async def test_a_blocked_bot_is_told_so_and_cannot_write_until_it_is_unblocked(town: Town) -> None:
    sent = await town.bot.send_message(town.ada.id, "hello")
    await town.ada.block()
    for attempt in (
        town.bot.send_message(town.ada.id, "again"),
        town.bot.edit_message_text("changed", town.ada.id, sent.message_id),
    ):
        with refused(Forbidden, "bot was blocked by the user"):
            await attempt
    await town.ada.start()
    await town.bot.send_message(town.ada.id, "back")
    changes = [one.my_chat_member for one in await told(town.bot) if one.my_chat_member]
    assert [(one.old_chat_member.status, one.new_chat_member.status) for one in changes] == [
        ("member", "kicked"),
        ("kicked", "member"),
    ]


async def test_a_deleted_account_cannot_be_written_to(town: Town) -> None:
    await town.ada.vanish()
    with refused(Forbidden, "user is deactivated"):
        await town.bot.send_message(town.ada.id, "hello")


async def test_a_deep_link_leads_into_the_private_chat_with_its_payload(town: Town) -> None:
    await town.bot.send_message(town.group.id, "Private", reply_markup=link("https://t.me/outcry_bot?start=t-5_x"))
    await town.ben.follow(town.group.last, "Go")
    update = (await told(town.bot))[-1]
    assert update.message
    assert (update.message.chat.type, update.message.text) == ("private", "/start t-5_x")
    await town.bot.send_message(town.ben.id, "there you are")
    for wrong in ("x" * 65, "a b", ""):
        with pytest.raises(AssertionError):
            await town.ben.start(wrong)


def link(url: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Go", url=url)]])


# groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """How a chat is lost, and what each attempt to write is answered then."""

    kind: str
    lose: Callable[[Town, Chat], Awaitable[object]]
    error: type[TelegramError]
    said: str


LOSSES = (
    Loss(kind="group", lose=lambda town, chat: chat.kick_bot(town.ada), error=Forbidden,
         said="bot was kicked from the group chat"),
    Loss(kind="supergroup", lose=lambda town, chat: chat.kick_bot(town.ada), error=Forbidden,
         said="bot was kicked from the supergroup chat"),
    Loss(kind="channel", lose=lambda town, chat: chat.kick_bot(town.ada), error=Forbidden,
         said="bot was kicked from the channel chat"),
    Loss(kind="group", lose=lambda town, chat: town.bot.leave_chat(chat.id), error=Forbidden,
         said="bot is not a member of the group chat"),
    Loss(kind="supergroup", lose=lambda town, chat: town.bot.leave_chat(chat.id), error=Forbidden,
         said="bot is not a member of the supergroup chat"),
    Loss(kind="group", lose=lambda _, chat: chat.deactivate(), error=Forbidden, said="the group chat was deleted"),
    Loss(kind="supergroup", lose=lambda town, chat: chat.mute(town.peer.world.bot), error=BadRequest,
         said="not enough rights to send text messages to the chat"),
    Loss(kind="channel", lose=lambda town, chat: chat.demote(town.peer.world.bot), error=BadRequest,
         said="need administrator rights in the channel chat"),
)  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: f"{loss.kind}: {loss.said}")
async def test_a_lost_chat_says_how_it_was_lost(town: Town, loss: Loss) -> None:
    world = town.peer.world
    made = {"group": world.group, "supergroup": world.supergroup, "channel": world.channel}[loss.kind]
    chat: Chat = made("Lost", town.ada)
    await town.bot.send_message(chat.id, "hello")
    await loss.lose(town, chat)
    with refused(loss.error, loss.said):
        await town.bot.send_message(chat.id, "again")
    assert [one.text for one in chat.of_bot()] == ["hello"]


async def test_a_bot_that_was_never_in_a_chat_cannot_write_there(town: Town) -> None:
    for chat, kind in (
        (town.peer.world.group("A", town.ada, bot=False), "group"),
        (town.peer.world.supergroup("B", town.ada, bot=False), "supergroup"),
        (town.peer.world.channel("C", town.ada, bot=False), "channel"),
    ):
        with refused(Forbidden, f"bot is not a member of the {kind} chat"):
            await town.bot.send_message(chat.id, "hello")


async def test_a_bot_is_told_when_it_is_added_promoted_and_kicked(town: Town) -> None:
    chat = town.peer.world.supergroup("New", town.ada, bot=False)
    bot = town.peer.world.bot
    await chat.add_bot(town.ada)
    await chat.promote(bot, "can_pin_messages")
    await chat.kick_bot(town.ada)
    updates = await told(town.bot)
    changes = [one.my_chat_member for one in updates if one.my_chat_member]
    assert [one.new_chat_member.status for one in changes] == ["member", "administrator", "kicked"]
    assert changes[0].from_user.id == town.ada.id
    services = [one.message for one in updates if one.message]
    assert [bool(one.new_chat_members) for one in services] == [True, False]
    assert services[1].left_chat_member
    assert services[1].left_chat_member.id == bot.id


async def test_a_group_that_became_a_supergroup_refuses_with_its_new_id(town: Town) -> None:
    old = town.peer.world.group("Old", town.ada, town.ben)
    sent = await town.bot.send_message(old.id, "board")
    new = await old.migrate(town.ada)
    for attempt in (
        lambda: town.bot.send_message(old.id, "x"),
        lambda: town.bot.edit_message_text("x", old.id, sent.message_id),
        lambda: town.bot.pin_chat_message(old.id, sent.message_id),
        lambda: town.bot.get_chat_member(old.id, town.ada.id),
    ):
        with pytest.raises(ChatMigrated) as caught:
            await attempt()
        assert caught.value.new_chat_id == new.id
    await town.bot.send_message(new.id, "hello")
    updates = await told(town.bot)
    services = [one.message for one in updates if one.message]
    joined = [one.my_chat_member for one in updates if one.my_chat_member]
    assert [(one.chat.id, one.new_chat_member.status) for one in joined] == [(new.id, "member")]
    assert [(one.chat.id, one.migrate_to_chat_id, one.migrate_from_chat_id) for one in services] == [
        (old.id, new.id, None),
        (new.id, None, old.id),
    ]


# text, reply to, what privacy mode lets through
SAID = (
    ("hello", None, False),
    ("/buy 1", None, True),
    ("/buy@outcry_bot 1", None, True),
    ("/buy@Outcry_Bot 1", None, True),
    ("/buy@other_bot 1", None, False),
    ("please /buy 1", None, False),
    ("@outcry_bot buy", None, False),
    ("50", "bot", True),
    ("50", "ada", False),
    ("50", "command", True),
)


@pytest.mark.parametrize(("text", "reply", "seen"), SAID)
async def test_privacy_mode_shows_commands_and_replies_only(
    town: Town, text: str, reply: str | None, seen: bool
) -> None:
    await town.bot.send_message(town.group.id, "how much?")
    about = {"bot": town.group.last, "ada": await town.ada.send(town.group, "hm")}
    about["command"] = await town.ada.send(town.group, "/odds")
    await told(town.bot)
    await town.ben.send(town.group, text, reply_to=about[reply] if reply else None)
    assert [one.message.text for one in await told(town.bot) if one.message] == ([text] if seen else [])


@pytest.mark.parametrize("how", ["privacy off", "administrator"])
async def test_without_privacy_or_as_administrator_a_bot_sees_all(town: Town, how: str) -> None:
    if how == "administrator":
        await town.group.promote(town.peer.world.bot)
    else:
        town.peer.world.privacy = False
    for text, *_ in SAID:
        await town.ben.send(town.group, text)
    assert [one.message.text for one in await told(town.bot) if one.message] == [text for text, *_ in SAID]


async def test_unaddressed_commands_go_to_the_bot_that_spoke_last(town: Town) -> None:
    town.group.last_bot = "other_bot"
    await town.ben.send(town.group, "/buy 1")
    await town.ben.send(town.group, "/buy@outcry_bot 2")
    assert [one.message.text for one in await told(town.bot) if one.message] == ["/buy@outcry_bot 2"]
    await town.bot.send_message(town.group.id, "mine again")
    await town.ben.send(town.group, "/buy 3")
    assert [one.message.text for one in await told(town.bot) if one.message] == ["/buy 3"]


# members


async def test_members_are_what_they_are(town: Town) -> None:
    carl = town.peer.world.user("Carl")
    await town.group.promote(town.ben, "can_pin_messages", title="Teller")
    found = [await town.bot.get_chat_member(town.group.id, one.id) for one in (town.ada, town.ben, carl)]
    assert [one.status for one in found] == [
        ChatMemberStatus.OWNER,
        ChatMemberStatus.ADMINISTRATOR,
        ChatMemberStatus.LEFT,
    ]
    admins = await town.bot.get_chat_administrators(town.group.id)
    assert {one.user.id for one in admins} == {town.ada.id, town.ben.id}
    await town.group.demote(town.ben)
    assert (await town.bot.get_chat_member(town.group.id, town.ben.id)).status == ChatMemberStatus.MEMBER
    with refused(BadRequest, "user not found"):
        await town.bot.get_chat_member(town.group.id, 1)
    with refused(BadRequest, "there are no administrators in the private chat"):
        await town.bot.get_chat_administrators(town.ada.id)


async def test_changes_of_members_are_told_to_an_administrator_that_asks_for_them(town: Town) -> None:
    async def changed() -> list[str]:
        found = [one.chat_member for one in await told(town.bot, "chat_member", "message") if one.chat_member]
        return [one.new_chat_member.status for one in found]

    await changed()
    await town.group.promote(town.ben)
    assert await changed() == []
    await town.group.promote(town.peer.world.bot)
    await town.group.demote(town.ben)
    await town.group.kick(town.ben, town.ada)
    assert await changed() == ["member", "kicked"]
    await told(town.bot, "message")
    await town.group.add(town.ben)
    assert await changed() == []


async def test_an_anonymous_administrator_writes_as_the_group_and_taps_as_herself(town: Town) -> None:
    await town.group.promote(town.ben, anonymous=True, title="Teller")
    await town.ben.send(town.group, "/open@outcry_bot x")
    await town.bot.send_message(town.group.id, "sure?", reply_markup=keyboard("Yes"))
    await town.ben.tap(town.group.last, "Yes")
    command, tap = await told(town.bot)
    assert command.message
    assert command.message.from_user
    assert command.message.sender_chat
    assert command.message.from_user.id == 1087968824
    assert command.message.from_user.username == "GroupAnonymousBot"
    assert command.message.sender_chat.id == town.group.id
    assert command.message.author_signature == "Teller"
    assert tap.callback_query
    assert tap.callback_query.from_user.id == town.ben.id


# channels and topics


async def test_channel_posts_come_from_the_channel(town: Town) -> None:
    channel = town.peer.world.channel("News", town.ada, username="outcry_news")
    sent = await town.bot.send_message("@outcry_news", "opened")
    assert sent.sender_chat
    assert (sent.from_user, sent.sender_chat.id) == (None, channel.id)
    await town.ada.send(channel, "/markets")
    update = (await told(town.bot))[-1]
    assert update.channel_post
    assert (update.message, update.channel_post.text) == (None, "/markets")
    await town.bot.edit_message_text("closed", channel.id, sent.message_id)
    assert channel.of_bot()[-1].text == "closed"
    with pytest.raises(AssertionError):
        await town.ben.send(channel, "who am I")


async def test_a_topic_must_stand_and_be_open(town: Town) -> None:
    forum = town.peer.world.supergroup("Forum", town.ada, forum=True)
    topic, other = forum.topic("Trades"), forum.topic("Talk")
    sent = await town.bot.send_message(forum.id, "board", message_thread_id=topic)
    assert (sent.message_thread_id, sent.is_topic_message) == (topic, True)
    await town.bot.send_message(forum.id, "general")
    assert [one.text for one in forum.of_bot(topic)] == ["board"]
    for wrong in (1, 999):
        with refused(BadRequest, "message thread not found"):
            await town.bot.send_message(forum.id, "x", message_thread_id=wrong)
    with refused(BadRequest, "message thread not found"):
        await town.bot.send_message(town.group.id, "x", message_thread_id=topic)
    await forum.close_topic(topic)
    with refused(BadRequest, "TOPIC_CLOSED"):
        await town.bot.send_message(forum.id, "x", message_thread_id=topic)
    await forum.delete_topic(other)
    with refused(BadRequest, "message thread not found"):
        await town.bot.send_message(forum.id, "x", message_thread_id=other)


async def test_a_command_in_a_topic_names_it_and_a_reply_stays_in_it(town: Town) -> None:
    forum = town.peer.world.supergroup("Forum", town.ada, forum=True)
    topic = forum.topic("Trades")
    said = await town.ada.send(forum, "/odds", topic=topic)
    update = (await told(town.bot))[-1]
    assert update.message
    assert (update.message.message_thread_id, update.message.is_topic_message) == (topic, True)
    await town.bot.send_message(forum.id, "even", reply_to_message_id=said.id)
    assert forum.last.topic == topic


async def test_only_a_bot_with_the_right_opens_topics(town: Town) -> None:
    forum = town.peer.world.supergroup("Forum", town.ada, forum=True)
    with refused(BadRequest, "not enough rights to create a topic"):
        await town.bot.create_forum_topic(forum.id, "Market 7")
    await forum.promote(town.peer.world.bot, "can_manage_topics")
    topic = await town.bot.create_forum_topic(forum.id, "Market 7")
    await town.bot.send_message(forum.id, "hello", message_thread_id=topic.message_thread_id)
    await town.bot.close_forum_topic(forum.id, topic.message_thread_id)
    with refused(BadRequest, "the chat is not a forum"):
        await town.bot.create_forum_topic(town.group.id, "Market 7")
    for wrong in ("", "x" * 129):
        with refused(BadRequest, "TOPIC_TITLE"):
            await town.bot.create_forum_topic(forum.id, wrong)


# messages that stand


async def test_an_edit_replaces_text_and_keyboard(town: Town) -> None:
    sent = await town.bot.send_message(town.ada.id, "old", reply_markup=keyboard("A", "B"))
    town.clock.advance(60)
    edited = await town.bot.edit_message_text("new", town.ada.id, sent.message_id, reply_markup=keyboard("C"))
    assert not isinstance(edited, bool)
    assert edited.edit_date
    assert (town.ada.chat.last.text, town.ada.chat.last.labels) == ("new", ["C"])
    await town.bot.edit_message_text("newer", town.ada.id, sent.message_id)
    assert town.ada.chat.last.labels == []
    assert [one.text for one in town.ada.chat.last.versions] == ["old", "new"]


async def test_an_edit_that_changes_nothing_is_refused(town: Town) -> None:
    sent = await town.bot.send_message(town.ada.id, "<b>odds</b> ", parse_mode="HTML", reply_markup=keyboard("A"))
    here = (town.ada.id, sent.message_id)
    with refused(BadRequest, "message is not modified"):
        await town.bot.edit_message_text(" <b>odds</b>", *here, parse_mode="HTML", reply_markup=keyboard("A"))
    with refused(BadRequest, "message is not modified"):
        await town.bot.edit_message_reply_markup(*here, reply_markup=keyboard("A"))
    await town.bot.edit_message_text("odds", *here, reply_markup=keyboard("A"))
    await town.bot.edit_message_reply_markup(*here)
    assert town.ada.chat.last.buttons == []


async def test_only_own_messages_that_stand_can_be_edited(town: Town) -> None:
    said = await town.ada.send(town.group, "/odds")
    sent = await town.bot.send_message(town.group.id, "even")
    for number, text in ((said.id, "message can't be edited"), (999, "message to edit not found")):
        with refused(BadRequest, text):
            await town.bot.edit_message_text("x", town.group.id, number)
    await town.group.delete(town.group.last)
    with refused(BadRequest, "message to edit not found"):
        await town.bot.edit_message_text("x", town.group.id, sent.message_id)
    with refused(BadRequest, "message to be replied not found"):
        await town.bot.send_message(town.group.id, "x", reply_to_message_id=sent.message_id)
    await town.bot.send_message(
        town.group.id, "x", reply_to_message_id=sent.message_id, allow_sending_without_reply=True
    )


async def test_a_text_has_no_caption_and_a_photo_no_text_to_edit(town: Town) -> None:
    text = await town.bot.send_message(town.ada.id, "text")
    photo = await town.bot.send_photo(town.ada.id, png(), caption="caption")
    with refused(BadRequest, "there is no caption in the message to edit"):
        await town.bot.edit_message_caption(town.ada.id, text.message_id, caption="x")
    with refused(BadRequest, "there is no text in the message to edit"):
        await town.bot.edit_message_text("x", town.ada.id, photo.message_id)
    await town.bot.edit_message_caption(town.ada.id, photo.message_id, caption="new")
    assert town.ada.chat.last.text == "new"


async def test_deleting_needs_an_own_message_or_the_right(town: Town) -> None:
    said = await town.ada.send(town.group, "/odds")
    sent = await town.bot.send_message(town.group.id, "even")
    await town.bot.delete_message(town.group.id, sent.message_id)
    with refused(BadRequest, "message to delete not found"):
        await town.bot.delete_message(town.group.id, sent.message_id)
    with refused(BadRequest, "message can't be deleted"):
        await town.bot.delete_message(town.group.id, said.id)
    await town.group.promote(town.peer.world.bot, "can_delete_messages")
    await town.bot.delete_message(town.group.id, said.id)
    assert town.group.messages == []


async def test_an_old_message_can_be_edited_for_ever_and_deleted_for_48_hours(town: Town) -> None:
    sent = await town.bot.send_message(town.ada.id, "old")
    town.clock.advance(49 * 3600)
    await town.bot.edit_message_text("edited", town.ada.id, sent.message_id)
    with refused(BadRequest, "message can't be deleted for everyone"):
        await town.bot.delete_message(town.ada.id, sent.message_id)
    assert town.ada.chat.last.text == "edited"


async def test_pinning_needs_the_right_and_is_seen(town: Town) -> None:
    sent = await town.bot.send_message(town.group.id, "board")
    town.group.members_may_pin = False
    with refused(BadRequest, "not enough rights to manage pinned messages in the chat"):
        await town.bot.pin_chat_message(town.group.id, sent.message_id)
    assert town.group.pinned is None
    await town.group.promote(town.peer.world.bot, "can_pin_messages")
    await town.bot.pin_chat_message(town.group.id, sent.message_id, disable_notification=True)
    assert town.group.pinned
    assert (town.group.pinned.text, town.group.pinned.pinned) == ("board", True)
    found = await town.bot.get_chat(town.group.id)
    assert found.pinned_message
    assert found.pinned_message.message_id == sent.message_id
    services = [one.message for one in await told(town.bot) if one.message]
    assert services[-1].pinned_message
    with refused(BadRequest, "message to pin not found"):
        await town.bot.pin_chat_message(town.group.id, 999)
    await town.bot.unpin_chat_message(town.group.id, sent.message_id)
    with refused(BadRequest, "message to unpin not found"):
        await town.bot.unpin_chat_message(town.group.id)


async def test_a_chat_action_is_seen_and_a_wrong_one_refused(town: Town) -> None:
    await town.bot.send_chat_action(town.ada.id, ChatAction.TYPING)
    with refused(BadRequest, "wrong parameter action in request"):
        await town.bot.send_chat_action(town.ada.id, "dancing")
    assert town.ada.chat.actions == [("typing", None)]


async def test_an_edited_command_comes_as_an_edit(town: Town) -> None:
    said = await town.ada.send(town.ada.chat, "/buy 1")
    await town.ada.edit(said, "/buy 2")
    first, second = await told(town.bot)
    assert (first.message is not None, second.message) == (True, None)
    assert second.edited_message
    assert second.edited_message.text == "/buy 2"

"""The Telegram peer's world: who may write where, who is told what, against the real client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    ReactionType,
    ReactionTypeCustomEmoji,
    ReactionTypeEmoji,
    ReactionTypePaid,
    Update,
)
from telegram.constants import ChatAction, ChatMemberStatus
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from tests.standins.telegram_peer import Chat
from tests.standins.tests.telegram_harness import PeerHarness, keyboard, peer_harness, png, refused


@pytest.fixture
async def harness() -> AsyncIterator[PeerHarness]:
    async with peer_harness() as harness:
        yield harness


async def told(bot: Bot, *kinds: str) -> list[Update]:
    """What the bot has not yet been told, of these kinds only if any is named; it is confirmed at once."""
    updates = list(await bot.get_updates(timeout=0, allowed_updates=kinds or None))
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1, timeout=0)
    return updates


# private chats


async def test_a_bot_may_write_only_to_who_has_written_first(harness: PeerHarness) -> None:
    with refused(Forbidden, "bot can't initiate conversation with a user"):
        await harness.bot.send_message(harness.ben.id, "hello")
    with refused(BadRequest, "chat not found"):
        await harness.bot.send_message(123, "hello")
    with refused(BadRequest, "chat not found"):
        await harness.bot.send_message("@nobody_here", "hello")
    assert harness.ben.chat.messages == []
    await harness.ben.start("m7")
    await harness.bot.send_message(harness.ben.id, "hello")
    assert [message.text for message in harness.ben.chat.messages] == ["/start m7", "hello"]


async def test_a_blocked_bot_is_told_so_and_cannot_write_until_it_is_unblocked(harness: PeerHarness) -> None:
    sent = await harness.bot.send_message(harness.ada.id, "hello")
    await harness.ada.block()
    for attempt in (
        harness.bot.send_message(harness.ada.id, "again"),
        harness.bot.edit_message_text("changed", harness.ada.id, sent.message_id),
    ):
        with refused(Forbidden, "bot was blocked by the user"):
            await attempt
    await harness.ada.start()
    await harness.bot.send_message(harness.ada.id, "back")
    changes = [one.my_chat_member for one in await told(harness.bot) if one.my_chat_member]
    assert [(one.old_chat_member.status, one.new_chat_member.status) for one in changes] == [
        ("member", "kicked"),
        ("kicked", "member"),
    ]


async def test_a_deleted_account_cannot_be_written_to(harness: PeerHarness) -> None:
    await harness.ada.vanish()
    with refused(Forbidden, "user is deactivated"):
        await harness.bot.send_message(harness.ada.id, "hello")


async def test_a_deep_link_leads_into_the_private_chat_with_its_payload(harness: PeerHarness) -> None:
    await harness.bot.send_message(
        harness.group.id, "Private", reply_markup=link("https://t.me/outcry_bot?start=t-5_x")
    )
    await harness.ben.follow(harness.group.last, "Go")
    update = (await told(harness.bot))[-1]
    assert update.message
    assert (update.message.chat.type, update.message.text) == ("private", "/start t-5_x")
    await harness.bot.send_message(harness.ben.id, "there you are")
    for wrong in ("x" * 65, "a b", ""):
        with pytest.raises(AssertionError):
            await harness.ben.start(wrong)


def link(url: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Go", url=url)]])


# groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """How a chat is lost, and what each attempt to write is answered then."""

    kind: str
    lose: Callable[[PeerHarness, Chat], Awaitable[object]]
    error: type[TelegramError]
    said: str


LOSSES = (
    Loss(kind="group", lose=lambda harness, chat: chat.kick_bot(harness.ada), error=Forbidden,
         said="bot was kicked from the group chat"),
    Loss(kind="supergroup", lose=lambda harness, chat: chat.kick_bot(harness.ada), error=Forbidden,
         said="bot was kicked from the supergroup chat"),
    Loss(kind="channel", lose=lambda harness, chat: chat.kick_bot(harness.ada), error=Forbidden,
         said="bot was kicked from the channel chat"),
    Loss(kind="group", lose=lambda harness, chat: harness.bot.leave_chat(chat.id), error=Forbidden,
         said="bot is not a member of the group chat"),
    Loss(kind="supergroup", lose=lambda harness, chat: harness.bot.leave_chat(chat.id), error=Forbidden,
         said="bot is not a member of the supergroup chat"),
    Loss(kind="group", lose=lambda _, chat: chat.deactivate(), error=Forbidden, said="the group chat was deleted"),
    Loss(kind="supergroup", lose=lambda harness, chat: chat.mute(harness.peer.world.bot), error=BadRequest,
         said="not enough rights to send text messages to the chat"),
    Loss(kind="channel", lose=lambda harness, chat: chat.demote(harness.peer.world.bot), error=BadRequest,
         said="need administrator rights in the channel chat"),
)  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: f"{loss.kind}: {loss.said}")
async def test_a_lost_chat_says_how_it_was_lost(harness: PeerHarness, loss: Loss) -> None:
    world = harness.peer.world
    made = {"group": world.group, "supergroup": world.supergroup, "channel": world.channel}[loss.kind]
    chat: Chat = made("Lost", harness.ada)
    await harness.bot.send_message(chat.id, "hello")
    await loss.lose(harness, chat)
    with refused(loss.error, loss.said):
        await harness.bot.send_message(chat.id, "again")
    assert [one.text for one in chat.of_bot()] == ["hello"]


async def test_a_bot_that_was_never_in_a_chat_cannot_write_there(harness: PeerHarness) -> None:
    for chat, kind in (
        (harness.peer.world.group("A", harness.ada, bot=False), "group"),
        (harness.peer.world.supergroup("B", harness.ada, bot=False), "supergroup"),
        (harness.peer.world.channel("C", harness.ada, bot=False), "channel"),
    ):
        with refused(Forbidden, f"bot is not a member of the {kind} chat"):
            await harness.bot.send_message(chat.id, "hello")


async def test_a_bot_is_told_when_it_is_added_promoted_and_kicked(harness: PeerHarness) -> None:
    chat = harness.peer.world.supergroup("New", harness.ada, bot=False)
    bot = harness.peer.world.bot
    await chat.add_bot(harness.ada)
    await chat.promote(bot, "can_pin_messages")
    await chat.kick_bot(harness.ada)
    updates = await told(harness.bot)
    changes = [one.my_chat_member for one in updates if one.my_chat_member]
    assert [one.new_chat_member.status for one in changes] == ["member", "administrator", "kicked"]
    assert changes[0].from_user.id == harness.ada.id
    services = [one.message for one in updates if one.message]
    assert [bool(one.new_chat_members) for one in services] == [True, False]
    assert services[1].left_chat_member
    assert services[1].left_chat_member.id == bot.id


async def test_a_group_that_became_a_supergroup_refuses_with_its_new_id(harness: PeerHarness) -> None:
    old = harness.peer.world.group("Old", harness.ada, harness.ben)
    sent = await harness.bot.send_message(old.id, "board")
    new = await old.migrate(harness.ada)
    for attempt in (
        lambda: harness.bot.send_message(old.id, "x"),
        lambda: harness.bot.edit_message_text("x", old.id, sent.message_id),
        lambda: harness.bot.pin_chat_message(old.id, sent.message_id),
        lambda: harness.bot.get_chat_member(old.id, harness.ada.id),
    ):
        with pytest.raises(ChatMigrated) as caught:
            await attempt()
        assert caught.value.new_chat_id == new.id
    await harness.bot.send_message(new.id, "hello")
    updates = await told(harness.bot)
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
    harness: PeerHarness, text: str, reply: str | None, seen: bool
) -> None:
    await harness.bot.send_message(harness.group.id, "how much?")
    about = {"bot": harness.group.last, "ada": await harness.ada.send(harness.group, "hm")}
    about["command"] = await harness.ada.send(harness.group, "/odds")
    await told(harness.bot)
    await harness.ben.send(harness.group, text, reply_to=about[reply] if reply else None)
    assert [one.message.text for one in await told(harness.bot) if one.message] == ([text] if seen else [])


@pytest.mark.parametrize("how", ["privacy off", "administrator"])
async def test_without_privacy_or_as_administrator_a_bot_sees_all(harness: PeerHarness, how: str) -> None:
    if how == "administrator":
        await harness.group.promote(harness.peer.world.bot)
    else:
        harness.peer.world.privacy = False
    for text, *_ in SAID:
        await harness.ben.send(harness.group, text)
    assert [one.message.text for one in await told(harness.bot) if one.message] == [text for text, *_ in SAID]


async def test_unaddressed_commands_go_to_the_bot_that_spoke_last(harness: PeerHarness) -> None:
    harness.group.last_bot = "other_bot"
    await harness.ben.send(harness.group, "/buy 1")
    await harness.ben.send(harness.group, "/buy@outcry_bot 2")
    assert [one.message.text for one in await told(harness.bot) if one.message] == ["/buy@outcry_bot 2"]
    await harness.bot.send_message(harness.group.id, "mine again")
    await harness.ben.send(harness.group, "/buy 3")
    assert [one.message.text for one in await told(harness.bot) if one.message] == ["/buy 3"]


# members


async def test_members_are_what_they_are(harness: PeerHarness) -> None:
    carl = harness.peer.world.user("Carl")
    await harness.group.promote(harness.ben, "can_pin_messages", title="Teller")
    found = [await harness.bot.get_chat_member(harness.group.id, one.id) for one in (harness.ada, harness.ben, carl)]
    assert [one.status for one in found] == [
        ChatMemberStatus.OWNER,
        ChatMemberStatus.ADMINISTRATOR,
        ChatMemberStatus.LEFT,
    ]
    admins = await harness.bot.get_chat_administrators(harness.group.id)
    assert {one.user.id for one in admins} == {harness.ada.id, harness.ben.id}
    await harness.group.demote(harness.ben)
    assert (await harness.bot.get_chat_member(harness.group.id, harness.ben.id)).status == ChatMemberStatus.MEMBER
    with refused(BadRequest, "user not found"):
        await harness.bot.get_chat_member(harness.group.id, 1)
    with refused(BadRequest, "there are no administrators in the private chat"):
        await harness.bot.get_chat_administrators(harness.ada.id)


async def test_changes_of_members_are_told_to_an_administrator_that_asks_for_them(harness: PeerHarness) -> None:
    async def changed() -> list[str]:
        found = [one.chat_member for one in await told(harness.bot, "chat_member", "message") if one.chat_member]
        return [one.new_chat_member.status for one in found]

    await changed()
    await harness.group.promote(harness.ben)
    assert await changed() == []
    await harness.group.promote(harness.peer.world.bot)
    await harness.group.demote(harness.ben)
    await harness.group.kick(harness.ben, harness.ada)
    assert await changed() == ["member", "kicked"]
    await told(harness.bot, "message")
    await harness.group.add(harness.ben)
    assert await changed() == []


async def test_an_anonymous_administrator_writes_as_the_group_and_taps_as_herself(harness: PeerHarness) -> None:
    await harness.group.promote(harness.ben, anonymous=True, title="Teller")
    await harness.ben.send(harness.group, "/open@outcry_bot x")
    await harness.bot.send_message(harness.group.id, "sure?", reply_markup=keyboard("Yes"))
    await harness.ben.tap(harness.group.last, "Yes")
    command, tap = await told(harness.bot)
    assert command.message
    assert command.message.from_user
    assert command.message.sender_chat
    assert command.message.from_user.id == 1087968824
    assert command.message.from_user.username == "GroupAnonymousBot"
    assert command.message.sender_chat.id == harness.group.id
    assert command.message.author_signature == "Teller"
    assert tap.callback_query
    assert tap.callback_query.from_user.id == harness.ben.id


# channels and topics


async def test_channel_posts_come_from_the_channel(harness: PeerHarness) -> None:
    channel = harness.peer.world.channel("News", harness.ada, username="outcry_news")
    sent = await harness.bot.send_message("@outcry_news", "opened")
    assert sent.sender_chat
    assert (sent.from_user, sent.sender_chat.id) == (None, channel.id)
    await harness.ada.send(channel, "/markets")
    update = (await told(harness.bot))[-1]
    assert update.channel_post
    assert (update.message, update.channel_post.text) == (None, "/markets")
    await harness.bot.edit_message_text("closed", channel.id, sent.message_id)
    assert channel.of_bot()[-1].text == "closed"
    with pytest.raises(AssertionError):
        await harness.ben.send(channel, "who am I")


async def test_a_topic_must_stand_and_be_open(harness: PeerHarness) -> None:
    forum = harness.peer.world.supergroup("Forum", harness.ada, forum=True)
    topic, other = forum.topic("Trades"), forum.topic("Talk")
    sent = await harness.bot.send_message(forum.id, "board", message_thread_id=topic)
    assert (sent.message_thread_id, sent.is_topic_message) == (topic, True)
    await harness.bot.send_message(forum.id, "general")
    assert [one.text for one in forum.of_bot(topic)] == ["board"]
    for wrong in (1, 999):
        with refused(BadRequest, "message thread not found"):
            await harness.bot.send_message(forum.id, "x", message_thread_id=wrong)
    with refused(BadRequest, "message thread not found"):
        await harness.bot.send_message(harness.group.id, "x", message_thread_id=topic)
    await forum.close_topic(topic)
    with refused(BadRequest, "TOPIC_CLOSED"):
        await harness.bot.send_message(forum.id, "x", message_thread_id=topic)
    await forum.delete_topic(other)
    with refused(BadRequest, "message thread not found"):
        await harness.bot.send_message(forum.id, "x", message_thread_id=other)


async def test_a_command_in_a_topic_names_it_and_a_reply_stays_in_it(harness: PeerHarness) -> None:
    forum = harness.peer.world.supergroup("Forum", harness.ada, forum=True)
    topic = forum.topic("Trades")
    said = await harness.ada.send(forum, "/odds", topic=topic)
    update = (await told(harness.bot))[-1]
    assert update.message
    assert (update.message.message_thread_id, update.message.is_topic_message) == (topic, True)
    await harness.bot.send_message(forum.id, "even", reply_to_message_id=said.id)
    assert forum.last.topic == topic


async def test_only_a_bot_with_the_right_opens_topics(harness: PeerHarness) -> None:
    forum = harness.peer.world.supergroup("Forum", harness.ada, forum=True)
    with refused(BadRequest, "not enough rights to create a topic"):
        await harness.bot.create_forum_topic(forum.id, "Market 7")
    await forum.promote(harness.peer.world.bot, "can_manage_topics")
    topic = await harness.bot.create_forum_topic(forum.id, "Market 7")
    await harness.bot.send_message(forum.id, "hello", message_thread_id=topic.message_thread_id)
    await harness.bot.close_forum_topic(forum.id, topic.message_thread_id)
    with refused(BadRequest, "the chat is not a forum"):
        await harness.bot.create_forum_topic(harness.group.id, "Market 7")
    for wrong in ("", "x" * 129):
        with refused(BadRequest, "TOPIC_TITLE"):
            await harness.bot.create_forum_topic(forum.id, wrong)


# messages that stand


async def test_an_edit_replaces_text_and_keyboard(harness: PeerHarness) -> None:
    sent = await harness.bot.send_message(harness.ada.id, "old", reply_markup=keyboard("A", "B"))
    harness.clock.advance(60)
    edited = await harness.bot.edit_message_text("new", harness.ada.id, sent.message_id, reply_markup=keyboard("C"))
    assert not isinstance(edited, bool)
    assert edited.edit_date
    assert (harness.ada.chat.last.text, harness.ada.chat.last.labels) == ("new", ["C"])
    await harness.bot.edit_message_text("newer", harness.ada.id, sent.message_id)
    assert harness.ada.chat.last.labels == []
    assert [one.text for one in harness.ada.chat.last.versions] == ["old", "new"]


async def test_an_edit_that_changes_nothing_is_refused(harness: PeerHarness) -> None:
    sent = await harness.bot.send_message(harness.ada.id, "<b>odds</b> ", parse_mode="HTML", reply_markup=keyboard("A"))
    here = (harness.ada.id, sent.message_id)
    with refused(BadRequest, "message is not modified"):
        await harness.bot.edit_message_text(" <b>odds</b>", *here, parse_mode="HTML", reply_markup=keyboard("A"))
    with refused(BadRequest, "message is not modified"):
        await harness.bot.edit_message_reply_markup(*here, reply_markup=keyboard("A"))
    await harness.bot.edit_message_text("odds", *here, reply_markup=keyboard("A"))
    await harness.bot.edit_message_reply_markup(*here)
    assert harness.ada.chat.last.buttons == []


async def test_only_own_messages_that_stand_can_be_edited(harness: PeerHarness) -> None:
    said = await harness.ada.send(harness.group, "/odds")
    sent = await harness.bot.send_message(harness.group.id, "even")
    for number, text in ((said.id, "message can't be edited"), (999, "message to edit not found")):
        with refused(BadRequest, text):
            await harness.bot.edit_message_text("x", harness.group.id, number)
    await harness.group.delete(harness.group.last)
    with refused(BadRequest, "message to edit not found"):
        await harness.bot.edit_message_text("x", harness.group.id, sent.message_id)
    with refused(BadRequest, "message to be replied not found"):
        await harness.bot.send_message(harness.group.id, "x", reply_to_message_id=sent.message_id)
    await harness.bot.send_message(
        harness.group.id, "x", reply_to_message_id=sent.message_id, allow_sending_without_reply=True
    )


async def test_a_text_has_no_caption_and_a_photo_no_text_to_edit(harness: PeerHarness) -> None:
    text = await harness.bot.send_message(harness.ada.id, "text")
    photo = await harness.bot.send_photo(harness.ada.id, png(), caption="caption")
    with refused(BadRequest, "there is no caption in the message to edit"):
        await harness.bot.edit_message_caption(harness.ada.id, text.message_id, caption="x")
    with refused(BadRequest, "there is no text in the message to edit"):
        await harness.bot.edit_message_text("x", harness.ada.id, photo.message_id)
    await harness.bot.edit_message_caption(harness.ada.id, photo.message_id, caption="new")
    assert harness.ada.chat.last.text == "new"


async def test_deleting_needs_an_own_message_or_the_right(harness: PeerHarness) -> None:
    said = await harness.ada.send(harness.group, "/odds")
    sent = await harness.bot.send_message(harness.group.id, "even")
    await harness.bot.delete_message(harness.group.id, sent.message_id)
    with refused(BadRequest, "message to delete not found"):
        await harness.bot.delete_message(harness.group.id, sent.message_id)
    with refused(BadRequest, "message can't be deleted"):
        await harness.bot.delete_message(harness.group.id, said.id)
    await harness.group.promote(harness.peer.world.bot, "can_delete_messages")
    await harness.bot.delete_message(harness.group.id, said.id)
    assert harness.group.messages == []


async def test_an_old_message_can_be_edited_for_ever_and_deleted_for_48_hours(harness: PeerHarness) -> None:
    sent = await harness.bot.send_message(harness.ada.id, "old")
    harness.clock.advance(49 * 3600)
    await harness.bot.edit_message_text("edited", harness.ada.id, sent.message_id)
    with refused(BadRequest, "message can't be deleted for everyone"):
        await harness.bot.delete_message(harness.ada.id, sent.message_id)
    assert harness.ada.chat.last.text == "edited"


async def test_pinning_needs_the_right_and_is_seen(harness: PeerHarness) -> None:
    sent = await harness.bot.send_message(harness.group.id, "board")
    harness.group.members_may_pin = False
    with refused(BadRequest, "not enough rights to manage pinned messages in the chat"):
        await harness.bot.pin_chat_message(harness.group.id, sent.message_id)
    assert harness.group.pinned is None
    await harness.group.promote(harness.peer.world.bot, "can_pin_messages")
    await harness.bot.pin_chat_message(harness.group.id, sent.message_id, disable_notification=True)
    assert harness.group.pinned
    assert (harness.group.pinned.text, harness.group.pinned.pinned) == ("board", True)
    found = await harness.bot.get_chat(harness.group.id)
    assert found.pinned_message
    assert found.pinned_message.message_id == sent.message_id
    services = [one.message for one in await told(harness.bot) if one.message]
    assert services[-1].pinned_message
    with refused(BadRequest, "message to pin not found"):
        await harness.bot.pin_chat_message(harness.group.id, 999)
    await harness.bot.unpin_chat_message(harness.group.id, sent.message_id)
    with refused(BadRequest, "message to unpin not found"):
        await harness.bot.unpin_chat_message(harness.group.id)


async def test_a_chat_action_is_seen_and_a_wrong_one_refused(harness: PeerHarness) -> None:
    await harness.bot.send_chat_action(harness.ada.id, ChatAction.TYPING)
    with refused(BadRequest, "wrong parameter action in request"):
        await harness.bot.send_chat_action(harness.ada.id, "dancing")
    assert harness.ada.chat.actions == [("typing", None)]


async def test_a_reaction_stands_on_a_message_where_the_chat_allows_it(harness: PeerHarness) -> None:
    bot, group = harness.bot, harness.group
    said = await harness.ada.send(group, "/buy")
    await bot.set_message_reaction(group.id, said.id, "👀", is_big=True)
    assert said.reaction == "👀"
    for wrong, sentence in (
        (["👀", "👍"], "REACTIONS_TOO_MANY"),
        (ReactionTypeEmoji("🧮"), "REACTION_INVALID"),
        (ReactionTypeCustomEmoji("5368324170671202286"), "REACTION_INVALID"),
        (ReactionTypePaid(), "REACTION_INVALID"),
        (ReactionType("sound"), "invalid reaction type specified"),  # type: ignore[arg-type]
    ):
        with refused(BadRequest, sentence):
            await bot.set_message_reaction(group.id, said.id, wrong)
    with refused(BadRequest, "message to react not found"):
        await bot.set_message_reaction(group.id, 999, "👀")
    group.available_reactions = frozenset("👍")
    assert (await bot.get_chat(group.id)).available_reactions == (ReactionTypeEmoji("👍"),)
    with refused(BadRequest, "REACTION_INVALID"):
        await bot.set_message_reaction(group.id, said.id, "👀")
    assert said.reaction == "👀"
    await bot.set_message_reaction(group.id, said.id)
    assert said.reaction == ""
    await group.mute(harness.peer.world.bot)
    with refused(BadRequest, "not enough rights to react"):
        await bot.set_message_reaction(group.id, said.id, "👍")
    harness.peer.version = (6, 9)
    with refused(InvalidToken, "Not Found"):
        await bot.set_message_reaction(group.id, said.id, "👍")


async def test_an_edited_command_comes_as_an_edit(harness: PeerHarness) -> None:
    said = await harness.ada.send(harness.ada.chat, "/buy 1")
    await harness.ada.edit(said, "/buy 2")
    first, second = await told(harness.bot)
    assert (first.message is not None, second.message) == (True, None)
    assert second.edited_message
    assert second.edited_message.text == "/buy 2"

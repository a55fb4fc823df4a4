"""Which chat is meant, and whether the bot may read it, write to it or edit in it."""

from __future__ import annotations

from .chats import Chat, Message
from .errors import RefusedError, bad, forbidden
from .params import Params
from .people import User
from .world import World


def the_chat(world: World, params: Params, name: str = "chat_id") -> Chat:
    """The chat of `chat_id`: a number, or @username of a supergroup or channel."""
    given = params.text(name).strip()
    if not given:
        raise bad(f"{name} is empty")
    if given.startswith("@"):
        for chat in world.chats.values():
            if chat.username and chat.username.lower() == given[1:].lower():
                return chat
        raise bad("chat not found")
    try:
        number = int(given)
    except ValueError:
        raise bad("chat not found") from None
    if number in world.chats:
        return world.chats[number]
    if number in world.people:
        return world.private(world.people[number])
    raise bad("chat not found")


def check_read(world: World, chat: Chat) -> None:
    """The bot must be in a supergroup or channel that has no public name."""
    if chat.type in ("supergroup", "channel"):
        _check_member(world, chat, public=chat.username is not None)


def check_edit(world: World, chat: Chat) -> None:
    """What every change of a chat needs: not deactivated, not kicked, not left."""
    if chat.type == "private":
        _check_private(chat)
    elif chat.type == "group":
        if chat.deactivated and chat.migrated_to is not None:
            text = "group chat was upgraded to a supergroup chat"
            raise bad(text, migrate_to_chat_id=chat.migrated_to.id)
        if chat.deactivated:
            raise forbidden("the group chat was deleted")
        _check_member(world, chat, public=False)
    else:
        if chat.deactivated:
            raise bad("chat not found")
        _check_member(world, chat, public=False)


def _check_private(chat: Chat) -> None:
    person = chat.person
    assert person is not None
    if person.deleted:
        raise forbidden("user is deactivated")
    if person.is_bot:
        raise forbidden("bot can't send messages to bots")
    if chat.blocked:
        raise forbidden("bot was blocked by the user")
    if not chat.opened:
        raise forbidden("bot can't initiate conversation with a user")


def _check_member(world: World, chat: Chat, *, public: bool) -> None:
    member = chat.member(world.bot)
    if member.status == "kicked":
        raise forbidden(f"bot was kicked from the {chat.type} chat")
    if not member.present and not public:
        raise forbidden(f"bot is not a member of the {chat.type} chat")


def check_write(world: World, chat: Chat, what: str = "text messages") -> None:
    """What a new message needs: `what` names it in the refusal (text messages, photos, documents)."""
    check_edit(world, chat)
    member = chat.member(world.bot)
    if chat.type == "channel":
        if not member.may("can_post_messages"):
            raise bad("need administrator rights in the channel chat")
    elif chat.is_group and not member.admin and (member.muted or not chat.members_may_write):
        raise bad(f"not enough rights to send {what} to the chat")


def check_topic(chat: Chat, params: Params) -> int | None:
    """`message_thread_id`: a topic that stands and is open; None is the general one."""
    if not params.has("message_thread_id"):
        return None
    number = params.integer("message_thread_id")
    topic = chat.topics.get(number)
    if topic is None or topic.deleted:
        raise bad("message thread not found")
    if topic.closed and not chat.member(chat.world.bot).may("can_manage_topics"):
        raise bad("TOPIC_CLOSED")
    return number


def check_right(world: World, chat: Chat, right: str, refusal: str) -> None:
    if not chat.member(world.bot).may(right):
        raise bad(refusal)


def the_user(world: World, params: Params, refusal: str = "user not found") -> User:
    number = params.integer("user_id")
    if number not in world.people:
        raise RefusedError(400, f"Bad Request: {refusal}")
    return world.people[number]


def own_message(world: World, chat: Chat, number: int) -> Message:
    """A message of the bot that may be edited."""
    message = chat.message(number)
    if message is None:
        raise bad("message to edit not found")
    posted = chat.type == "channel" and chat.member(world.bot).may("can_edit_messages")
    if message.service or not (message.by_bot or posted):
        raise bad("message can't be edited")
    return message

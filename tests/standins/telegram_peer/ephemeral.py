"""Messages and commands in a group that one member sees, as Bot API 10.2 and 10.3 have them.

https://core.telegram.org/bots/api#ephemeral-messages-and-commands: any bot may send one within 15 seconds of a press
(`callback_query_id`) or of the member's own ephemeral command (`reply_parameters.ephemeral_message_id`), an
administrator at any time; delivery is not promised; they are edited and deleted by methods of their own. 10.3 has one
object (#ephemeralmessageparameters) in place of 10.2's parameters; what a server does not know it ignores, and posts in
public. The wording of refusals is not documented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .access import check_edit, the_chat
from .chats import Chat, File, Message
from .entities import RichText
from .errors import NOT_MODIFIED, STALE_QUERY, Json, bad
from .keyboards import read_markup
from .media import read_document, read_photo
from .params import Params, Upload
from .people import User
from .registry import method
from .texts import read_caption, read_text

if TYPE_CHECKING:
    from .server import TelegramPeer

SINCE, OBJECT_SINCE = (10, 2), (10, 3)
WITHIN = 15.0
OBJECT = "ephemeral_message_parameters"
FIELDS = frozenset({"receiver_user_id", "callback_query_id", "replace_callback_query_message"})


@dataclass(slots=True, kw_only=True)
class EphemeralFaults:
    """How many of the next ones go wrong: `unseen` are taken and shown to nobody (edits too); `public` are posted for
    all, without `ephemeral_message_id`."""

    unseen: int = 0
    public: int = 0

    def meets_unseen(self) -> bool:
        self.unseen, met = max(0, self.unseen - 1), self.unseen > 0
        return met

    def meets_public(self) -> bool:
        self.public, met = max(0, self.public - 1), self.public > 0
        return met


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who alone sees it, and the message it is shown in place of."""

    user: User
    replaces: Message | None = None


def read_receiver(peer: TelegramPeer, params: Params, chat: Chat, answered: Message | None) -> Receiver | None:
    """None: it is for everybody, because nothing says otherwise that this server understands."""
    given = _given(params)
    if not given:
        return None
    if peer.ephemeral.meets_public():
        return None
    inner = Params(given=given)
    if not chat.is_group:
        raise bad("BOT_NOT_ADMIN")  # what a private chat is answered, as those say who have tried
    user = peer.world.people.get(inner.integer("receiver_user_id"))
    if user is None or user.is_bot or not chat.member(user).present:
        raise bad("USER_NOT_PARTICIPANT")
    query = inner.text("callback_query_id")
    pressed = _pressed(peer, chat, user, query) if query else None
    if pressed is None and not _answers_own_command(peer, user, answered) and not chat.member(peer.world.bot).admin:
        raise bad("BOT_NOT_ADMIN")
    replaces = inner.flag("replace_callback_query_message")
    if replaces and (pressed is None or pressed.ephemeral_id is not None):
        raise bad("only a public message whose button was pressed can be replaced")
    return Receiver(user=user, replaces=pressed if replaces else None)


def _given(params: Params) -> Json:
    """The parameters this server understands, those of the other version being ignored without a word."""
    if params.version >= OBJECT_SINCE:
        params.read |= FIELDS
        given = params.mapping(OBJECT, "ephemeral message parameters") or {}
        if unknown := set(given) - FIELDS:
            raise bad(f"can't parse ephemeral message parameters: unknown fields {sorted(unknown)}")
        return given
    if params.version >= SINCE:
        params.read.add(OBJECT)
        names = [name for name in ("receiver_user_id", "callback_query_id") if params.has(name)]
        return {name: params.given[name] for name in names}
    return {}


def _pressed(peer: TelegramPeer, chat: Chat, user: User, query: str) -> Message:
    tap = peer.world.taps.get(query)
    if tap is None or tap.user is not user or tap.message.chat is not chat or peer.world.clock() - tap.at > WITHIN:
        raise bad(STALE_QUERY)
    return tap.message


def _answers_own_command(peer: TelegramPeer, user: User, answered: Message | None) -> bool:
    if answered is None or answered.ephemeral_id is None or answered.sender is not user:
        return False
    if peer.world.clock() - answered.date > WITHIN:
        raise bad("message to be replied not found")
    return True


def ephemeral_of(chat: Chat, number: int) -> Message | None:
    return next((one for one in chat.ephemerals if one.ephemeral_id == number and not one.deleted), None)


def _edited(peer: TelegramPeer, params: Params) -> Message:
    chat = the_chat(peer.world, params)
    check_edit(peer.world, chat)
    for name in ("receiver_user_id", "ephemeral_message_id"):
        if not params.has(name):
            raise bad(f"{name} is not specified")
    message = ephemeral_of(chat, params.integer("ephemeral_message_id"))
    receiver = params.integer("receiver_user_id")
    if message is None or not message.by_bot or message.receiver is None or message.receiver.id != receiver:
        raise bad("message to edit not found")
    return message


def _change(
    peer: TelegramPeer,
    message: Message,
    params: Params,
    rich: RichText,
    photo: File | None = None,
    document: File | None = None,
) -> bool:
    markup = read_markup(params, private=False)
    if markup and "inline_keyboard" not in markup:
        raise bad("inline keyboard expected")
    if (rich, markup, photo, document) == (message.rich, message.markup, message.photo_file, message.document_file):
        raise bad(NOT_MODIFIED)
    peer.limits.spend(message.chat.id)
    if peer.ephemeral.meets_unseen():
        return True
    message.versions.append(message.rich)
    message.rich, message.markup, message.edit_date = rich, markup, peer.world.now()
    message.photo_file, message.document_file = photo, document
    peer.world.changes.notify()
    return True


@method("editEphemeralMessageText", since=SINCE)
async def edit_ephemeral_message_text(peer: TelegramPeer, params: Params) -> object:
    message = _edited(peer, params)
    rich = read_text(peer, params, too_long="MESSAGE_TOO_LONG")
    if message.has_media:
        raise bad("there is no text in the message to edit")
    return _change(peer, message, params, rich)


@method("editEphemeralMessageCaption", since=SINCE)
async def edit_ephemeral_message_caption(peer: TelegramPeer, params: Params) -> object:
    message = _edited(peer, params)
    rich = read_caption(peer, params)
    if not message.has_media:
        raise bad("there is no caption in the message to edit")
    return _change(peer, message, params, rich, message.photo_file, message.document_file)


@method("editEphemeralMessageMedia", since=SINCE)
async def edit_ephemeral_message_media(peer: TelegramPeer, params: Params) -> object:
    message = _edited(peer, params)
    item = params.mapping("media", "InputMedia")
    if item is None:
        raise bad("media is not specified")
    given = params.attached(item.get("media"))
    if isinstance(given, Upload) and params.version < OBJECT_SINCE:
        raise bad("a new file can't be uploaded here")
    rich = read_caption(peer, Params(given=dict(item)))
    if item.get("type") == "photo":
        return _change(peer, message, params, rich, read_photo(peer, given))
    return _change(peer, message, params, rich, None, read_document(peer, given))


@method("editEphemeralMessageReplyMarkup", since=SINCE)
async def edit_ephemeral_message_reply_markup(peer: TelegramPeer, params: Params) -> object:
    message = _edited(peer, params)
    return _change(peer, message, params, message.rich, message.photo_file, message.document_file)


@method("deleteEphemeralMessage", since=SINCE)
async def delete_ephemeral_message(peer: TelegramPeer, params: Params) -> object:
    _edited(peer, params).deleted = True
    peer.world.changes.notify()
    return True

"""sendMessage, sendPhoto, sendDocument, sendMediaGroup, sendChatAction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .access import check_topic, check_write, the_chat
from .chats import Chat, File, Message
from .entities import RichText
from .ephemeral import SINCE, Receiver, ephemeral_of, read_receiver
from .errors import Json, bad
from .keyboards import read_markup
from .media import read_document, read_photo
from .params import Params
from .registry import method
from .texts import read_caption, read_text

if TYPE_CHECKING:
    from .server import TelegramPeer

ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a message goes: all that is not its content."""

    chat: Chat
    topic: int | None
    reply_to: Message | None
    markup: Json | None
    silent: bool
    receiver: Receiver | None = None


def read_destination(peer: TelegramPeer, params: Params, what: str) -> Destination:
    chat = the_chat(peer.world, params)
    check_write(peer.world, chat, what)
    topic = check_topic(chat, params)
    reply_to = _replied(chat, params)
    if topic is None and reply_to is not None:
        topic = reply_to.topic
    markup = read_markup(params, private=chat.type == "private")
    if chat.type == "channel" and markup and "inline_keyboard" not in markup:
        raise bad("reply keyboards are unallowed in channels")
    return Destination(
        chat=chat, topic=topic, reply_to=reply_to, markup=markup, silent=params.flag("disable_notification"),
        receiver=read_receiver(peer, params, chat, reply_to),
    )  # fmt: skip


def _replied(chat: Chat, params: Params) -> Message | None:
    given = params.mapping("reply_parameters", "reply parameters") or {}
    number = int(given.get("message_id", 0)) or params.integer("reply_to_message_id")
    lenient = bool(given.get("allow_sending_without_reply")) or params.flag("allow_sending_without_reply")
    if not number:
        ephemeral = int(given.get("ephemeral_message_id", 0)) if params.version >= SINCE else 0
        if ephemeral and (command := ephemeral_of(chat, ephemeral)) is not None:
            return command
        if ephemeral:
            raise bad("message to be replied not found")
        return None
    found = chat.message(number)
    if found is None and not lenient:
        raise bad("message to be replied not found")
    return found


def put(
    peer: TelegramPeer,
    to: Destination,
    rich: RichText,
    *,
    photo: File | None = None,
    document: File | None = None,
    album: str | None = None,
) -> Message:
    """The message appears in the chat."""
    channel = to.chat.type == "channel"
    alone = to.receiver is not None
    return peer.world.add(
        Message(
            chat=to.chat,
            id=0 if alone else peer.world.message_id(to.chat),
            date=peer.world.now(),
            sender=None if channel else peer.world.bot,
            sender_chat=to.chat if channel else None,
            rich=rich,
            photo_file=photo,
            document_file=document,
            markup=to.markup,
            topic=to.topic,
            reply_to=to.reply_to,
            album=album,
            silent=to.silent,
            by_bot=True,
            receiver=to.receiver.user if to.receiver else None,
            replaces=to.receiver.replaces if to.receiver else None,
            ephemeral_id=peer.world.ephemeral_id() if alone else None,
            unseen=alone and peer.ephemeral.meets_unseen(),
        )
    )


@method("sendMessage")
async def send_message(peer: TelegramPeer, params: Params) -> object:
    to = read_destination(peer, params, "text messages")
    rich = read_text(peer, params)
    peer.limits.spend(to.chat.id)
    return put(peer, to, rich).json()


@method("sendPhoto")
async def send_photo(peer: TelegramPeer, params: Params) -> object:
    to = read_destination(peer, params, "photos")
    rich = read_caption(peer, params)
    photo = read_photo(peer, params.upload("photo"))
    peer.limits.spend(to.chat.id)
    return put(peer, to, rich, photo=photo).json()


@method("sendDocument")
async def send_document(peer: TelegramPeer, params: Params) -> object:
    to = read_destination(peer, params, "documents")
    rich = read_caption(peer, params)
    document = read_document(peer, params.upload("document"))
    peer.limits.spend(to.chat.id)
    return put(peer, to, rich, document=document).json()


@method("sendMediaGroup")
async def send_media_group(peer: TelegramPeer, params: Params) -> object:
    to = read_destination(peer, params, "photos")
    items = params.array("media", "media")
    if items is None or len(items) < 2:
        raise bad("media group must include 2-10 items")
    if len(items) > 10:
        raise bad("too many messages to send as an album")
    if len({item.get("type") for item in items}) > 1:
        raise bad("can't use the media of the specified type in the album")
    read = [read_item(peer, params, item) for item in items]
    peer.limits.spend(to.chat.id, len(read))
    album = str(13_000_000_000_000_000 + len(peer.calls))
    sent = [put(peer, to, rich, photo=photo, document=document, album=album) for rich, photo, document in read]
    return [message.json() for message in sent]


def read_item(peer: TelegramPeer, params: Params, item: Json) -> tuple[RichText, File | None, File | None]:
    """InputMedia: its caption and its photo or document."""
    rich = read_caption(peer, Params(given=dict(item)))
    given = params.attached(item.get("media"))
    match item.get("type"):
        case "photo":
            return rich, read_photo(peer, given), None
        case "document":
            return rich, None, read_document(peer, given)
    raise bad(f"can't parse InputMedia: type {item.get('type')!r} is not spoken here")


@method("sendChatAction")
async def send_chat_action(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    check_write(peer.world, chat)
    topic = check_topic(chat, params)
    if params.text("action") not in ACTIONS:
        raise bad("wrong parameter action in request")
    chat.actions.append((params.text("action"), topic))
    peer.world.changes.notify()
    return True

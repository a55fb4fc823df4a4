"""The Telegram peer holds every limit of texts, keyboards, pictures and menus against the real client."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeChatMember,
    ChatAdministratorRights,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    MessageEntity,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, NetworkError

from tests.deep import DEEP
from tests.standins.telegram_peer import User
from tests.standins.telegram_peer.entities import span, units
from tests.standins.telegram_peer.errors import RefusedError
from tests.standins.telegram_peer.html_mode import parse_html
from tests.standins.tests.telegram_harness import PeerHarness, keyboard, peer_harness, png, refused

MEGABYTE = 1024 * 1024


@pytest.fixture
async def harness() -> AsyncIterator[PeerHarness]:
    async with peer_harness() as harness:
        yield harness


# source, what people see of it (written in tags again)
READ = (
    ("plain", "plain"),
    ("a &lt; b &amp;&quot; c &#8364; &#x20ac;", 'a &lt; b &amp;" c € €'),
    ("<b>b</b><strong>b</strong>", "<b>b</b><b>b</b>"),
    ("<i>a</i><em>b</em><u>c</u><ins>d</ins>", "<i>a</i><i>b</i><u>c</u><u>d</u>"),
    ("<s>a</s><strike>b</strike><del>c</del>", "<s>a</s><s>b</s><s>c</s>"),
    ('<span class="tg-spoiler">a</span>', "<tg-spoiler>a</tg-spoiler>"),
    ("<tg-spoiler>b</tg-spoiler>", "<tg-spoiler>b</tg-spoiler>"),
    ("<B>upper <I>case</i></B>", "<b>upper <i>case</i></b>"),
    ("<b>a <i>b <u>c</u></i></b>", "<b>a <i>b <u>c</u></i></b>"),
    ('<a href="https://example.org/?a=1&amp;b=2">x</a>', '<a href="https://example.org/?a=1&amp;b=2">x</a>'),
    ("<code>1 &lt; 2</code>", "<code>1 &lt; 2</code>"),
    ("<pre>x</pre>", "<pre>x</pre>"),
    ('<pre><code class="language-python">x</code></pre>', '<pre><code class="language-python">x</code></pre>'),
    ("<blockquote><b>a</b> b</blockquote>", "<blockquote><b>a</b> b</blockquote>"),
    ("<blockquote expandable>a</blockquote>", "<blockquote expandable>a</blockquote>"),
    ('<tg-time unix="16475319" format="wDT">at</tg-time>', '<tg-time unix="16475319" format="wDT">at</tg-time>'),
    ('<tg-time unix="16475319">soon</tg-time>', '<tg-time unix="16475319">soon</tg-time>'),
    ('<tg-emoji emoji-id="536832417">👍</tg-emoji>', '<tg-emoji emoji-id="536832417">👍</tg-emoji>'),
    ("  <b> trimmed </b>\n", "<b>trimmed</b>"),
    ("😀<b>after two units</b>", "😀<b>after two units</b>"),
    ("<b></b>nothing in it", "nothing in it"),
    ("<b>short end</>", "<b>short end</b>"),
)  # fmt: skip


@pytest.mark.parametrize(("source", "seen"), READ)
async def test_telegrams_own_tags_are_read(harness: PeerHarness, source: str, seen: str) -> None:
    await harness.bot.send_message(harness.ada.id, source, parse_mode=ParseMode.HTML)
    assert harness.ada.chat.last.html == seen
    assert harness.peer.complaints == []


UNREAD = (
    ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
    ("a<br>b", 'Unsupported start tag "br" at byte offset 1'),
    ("é <p>x</p>", 'Unsupported start tag "p" at byte offset 3'),
    ("5 <6", "Unclosed start tag at byte offset 2"),
    ("5 < 6", 'Unsupported start tag "" at byte offset 2'),
    ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ("x</b>", "Unexpected end tag at byte offset 1"),
    ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
    ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ("<b", "Unclosed start tag at byte offset 0"),
    ('<a href="x', 'Unclosed start tag'),
    ("Ben & Jerry", 'Unescaped character "&" at byte offset 4'),
    ("a &nbsp; b", 'Unescaped character "&" at byte offset 2'),
    ("5 > 4", 'Unescaped character ">" at byte offset 2'),
    ("<span>x</span>", 'Tag "span" must have class "tg-spoiler"'),
    ("<a>x</a>", 'Tag "a" must have an attribute "href"'),
    ('<b class="x">x</b>', 'Unsupported attribute "class" of the tag "b"'),
    ("<b><code>x</code></b>", 'Entity "code" can\'t be part of "b"'),
    ("<code><b>x</b></code>", 'Entity "b" can\'t be part of "code"'),
    ("<blockquote>a<blockquote>b</blockquote></blockquote>", "Nested block quotations"),
    ('<a href="https://a.org"><a href="https://b.org">x</a></a>', 'Entity "a" can\'t be part of "a"'),
    ('<code class="language-python">x</code>', 'class without a language of a "pre"'),
    ('<tg-time format="r">x</tg-time>', 'must have a valid attribute "unix"'),
    ('<tg-time unix="1" format="rt">x</tg-time>', 'invalid attribute "format"'),
    ("&#xD800;", "invalid Unicode characters"),
)  # fmt: skip


@pytest.mark.parametrize(("source", "said"), UNREAD)
async def test_all_other_html_is_refused(harness: PeerHarness, source: str, said: str) -> None:
    with refused(BadRequest, "can't parse entities: ", said):
        await harness.bot.send_message(harness.ada.id, source, parse_mode=ParseMode.HTML)
    assert harness.ada.chat.messages == []


@given(st.text())
@settings(max_examples=500 if DEEP else 70, deadline=None)
def test_whatever_is_escaped_is_seen_as_it_was(text: str) -> None:
    assert parse_html(html.escape(text)).text == text
    assert parse_html(f"<b>{html.escape(text)}</b>").text == text


TAGS = [f"<{slash}{tag}>" for tag in ("b", "i", "code", "pre", "blockquote") for slash in ("", "/")]
PIECES = st.sampled_from(
    [*TAGS, '<a href="https://a.org">', "</a>", "x", "😀", "&amp;", "&lt;", " ", "\n", "<", ">", "&"]
)


@given(st.lists(PIECES, max_size=12).map("".join))
@settings(max_examples=500 if DEEP else 100, deadline=None)
def test_what_is_seen_can_be_sent_again(source: str) -> None:
    try:
        rich = parse_html(source)
    except RefusedError:
        return
    assert parse_html(rich.html()) == rich
    assert all(0 <= start < end <= units(rich.text) for start, end in map(span, rich.entities))


LENGTHS = (
    ("x" * 4096, True),
    ("x" * 4097, False),
    ("😀" * 2048, True),  # two UTF-16 units each
    ("😀" * 2048 + "x", False),
    ("<b>" + "&amp;" * 4096 + "</b>", True),  # counted after parsing
    ("<b>" + "&amp;" * 4097 + "</b>", False),
)


@pytest.mark.parametrize(("source", "fits"), LENGTHS)
async def test_a_text_has_at_most_4096_utf16_units_after_parsing(harness: PeerHarness, source: str, fits: bool) -> None:
    if fits:
        sent = await harness.bot.send_message(harness.ada.id, source, parse_mode=ParseMode.HTML)
        assert harness.ada.chat.last.id == sent.message_id
        return
    with refused(BadRequest, "message is too long"):
        await harness.bot.send_message(harness.ada.id, source, parse_mode=ParseMode.HTML)
    short = await harness.bot.send_message(harness.ada.id, "short")
    with refused(BadRequest, "MESSAGE_TOO_LONG"):
        await harness.bot.edit_message_text(source, harness.ada.id, short.message_id, parse_mode=ParseMode.HTML)
    assert [message.text for message in harness.ada.chat.messages] == ["short"]


@pytest.mark.parametrize(("source", "fits"), [("x" * 1024, True), ("x" * 1025, False), ("😀" * 513, False)])
async def test_a_caption_has_at_most_1024_utf16_units(harness: PeerHarness, source: str, fits: bool) -> None:
    if fits:
        await harness.bot.send_photo(harness.ada.id, png(), caption=source)
        assert harness.ada.chat.last.text == source
        return
    with refused(BadRequest, "message caption is too long"):
        await harness.bot.send_photo(harness.ada.id, png(), caption=source)
    assert harness.ada.chat.messages == []


@pytest.mark.parametrize(("count", "fits"), [(100, True), (101, False)])
async def test_a_text_has_at_most_100_entities(harness: PeerHarness, count: int, fits: bool) -> None:
    source = "<b>x</b> " * count
    if fits:
        await harness.bot.send_message(harness.ada.id, source, parse_mode=ParseMode.HTML)
        return
    with refused(BadRequest, "ENTITIES_TOO_LONG"):
        await harness.bot.send_message(harness.ada.id, source, parse_mode=ParseMode.HTML)


@pytest.mark.parametrize("source", ["", "  \n ", "<b></b>", "<b> </b>", "\u200b\u2060", "\0"])
async def test_an_empty_text_is_refused(harness: PeerHarness, source: str) -> None:
    with refused(BadRequest, "message text is empty"):
        await harness.bot.send_message(harness.ada.id, source, parse_mode=ParseMode.HTML)


async def test_control_characters_are_not_kept(harness: PeerHarness) -> None:
    sent = await harness.bot.send_message(harness.ada.id, "a\r\nb\tc\0d")
    assert sent.text == "a\nb c d"
    with refused(BadRequest, "message is not modified"):
        await harness.bot.edit_message_text("a\nb\0c\td", harness.ada.id, sent.message_id)


async def test_entities_may_be_given_instead_of_tags(harness: PeerHarness) -> None:
    await harness.bot.send_message(harness.ada.id, "odds", entities=[MessageEntity("bold", 0, 4)])
    assert harness.ada.chat.last.html == "<b>odds</b>"
    with refused(BadRequest, "ends beyond the text"):
        await harness.bot.send_message(harness.ada.id, "odds", entities=[MessageEntity("bold", 0, 5)])


async def test_commands_and_addresses_are_found_in_every_text(harness: PeerHarness) -> None:
    sent = await harness.bot.send_message(harness.ada.id, "try /buy@outcry_bot or https://example.org/a. <b>x</b>")
    assert [(one.type, sent.parse_entity(one)) for one in sent.entities] == [
        ("bot_command", "/buy@outcry_bot"),
        ("url", "https://example.org/a"),
    ]


async def test_a_link_that_leads_nowhere_is_complained_of(harness: PeerHarness) -> None:
    await harness.bot.send_message(harness.ada.id, '<a href="localhost">x</a>', parse_mode=ParseMode.HTML)
    assert harness.ada.chat.last.html == "x"
    assert len(harness.peer.complaints) == 1


async def test_a_mention_by_number_becomes_the_person(harness: PeerHarness) -> None:
    link = f'<a href="tg://user?id={harness.ben.id}">Ben</a>'
    sent = await harness.bot.send_message(harness.ada.id, link, parse_mode=ParseMode.HTML)
    assert sent.entities[0].user
    assert sent.entities[0].user.first_name == "Ben"


def button(**fields: object) -> InlineKeyboardButton:
    return InlineKeyboardButton("Go", api_kwargs=dict(fields))


BUTTONS = (
    (InlineKeyboardButton("Go", callback_data="x" * 64), None),
    (InlineKeyboardButton("Go", callback_data="x" * 65), "BUTTON_DATA_INVALID"),
    (InlineKeyboardButton("Go", callback_data="é" * 32), None),
    (InlineKeyboardButton("Go", callback_data="é" * 33), "BUTTON_DATA_INVALID"),
    (InlineKeyboardButton("Go", callback_data=""), "BUTTON_DATA_INVALID"),
    (InlineKeyboardButton(" ", callback_data="x"), "BUTTON_TEXT_INVALID"),
    (InlineKeyboardButton("Go"), "Text buttons are unallowed in the inline keyboard"),
    (InlineKeyboardButton("Go", url="https://t.me/outcry_bot?start=m7"), None),
    (InlineKeyboardButton("Go", url="tg://user?id=5"), None),
    (InlineKeyboardButton("Go", url="http://localhost/x"), "button URL 'http://localhost/x' is invalid"),
    (InlineKeyboardButton("Go", url="ftp://example.org"), "is invalid: Wrong HTTP URL"),
    (InlineKeyboardButton("Go", url="not an address"), "is invalid: Wrong HTTP URL"),
    (InlineKeyboardButton("Go", url="https://a.org", callback_data="x"), "a button does one thing"),
    (button(callback_data="x", colour="red"), "unknown fields"),
    (button(callback_data="x", style="success"), None),
    (button(callback_data="x", style="loud"), "invalid button style"),
    (button(copy_text={"text": "x" * 256}), None),
    (button(copy_text={"text": "x" * 257}), "BUTTON_COPY_TEXT_INVALID"),
    (button(disabled={}), None),
    (button(disabled={"why": "over"}), "must be an empty Object"),
    (button(disabled={}, callback_data="x"), "a button does one thing"),
)  # fmt: skip


@pytest.mark.parametrize(("one", "said"), BUTTONS)
async def test_a_button_does_one_valid_thing(harness: PeerHarness, one: InlineKeyboardButton, said: str | None) -> None:
    markup = InlineKeyboardMarkup([[one]])
    if said is None:
        await harness.bot.send_message(harness.ada.id, "press", reply_markup=markup)
        assert harness.ada.chat.last.labels == ["Go"]
        return
    with refused(BadRequest, said):
        await harness.bot.send_message(harness.ada.id, "press", reply_markup=markup)
    assert harness.ada.chat.messages == []


async def test_an_older_server_does_not_see_what_it_does_not_know(harness: PeerHarness) -> None:
    harness.peer.version = (9, 3)
    markup = InlineKeyboardMarkup([[button(callback_data="x", style="loud", disabled={})]])
    await harness.bot.send_message(harness.ada.id, "press", reply_markup=markup)
    assert harness.ada.chat.last.button("Go").raw == {"text": "Go", "callback_data": "x"}
    with refused(BadRequest, "Text buttons are unallowed"):
        await harness.bot.send_message(
            harness.ada.id, "press", reply_markup=InlineKeyboardMarkup([[button(disabled={})]])
        )


@pytest.mark.parametrize(("rows", "wide", "fits"), [(12, 8, True), (1, 9, False), (20, 5, True), (21, 5, False)])
async def test_a_keyboard_has_at_most_100_buttons_and_8_a_row(
    harness: PeerHarness, rows: int, wide: int, fits: bool
) -> None:
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="x")] * wide] * rows)
    if fits:
        await harness.bot.send_message(harness.ada.id, "press", reply_markup=markup)
        return
    with refused(BadRequest, "reply markup is too long"):
        await harness.bot.send_message(harness.ada.id, "press", reply_markup=markup)


async def test_a_question_that_asks_for_a_reply_has_a_short_placeholder(harness: PeerHarness) -> None:
    asking = ForceReply(selective=True, input_field_placeholder="x" * 64)
    await harness.bot.send_message(harness.group.id, "Amount?", reply_markup=asking)
    with refused(BadRequest, "input field placeholder is too long"):
        await harness.bot.send_message(harness.group.id, "x", reply_markup=ForceReply(input_field_placeholder="x" * 65))
    assert (harness.group.last.text, harness.group.last.buttons) == ("Amount?", [])


PHOTOS = (
    (png(800, 400), None),
    (png(weight=10 * MEGABYTE - len(png())), None),
    (png(weight=10 * MEGABYTE - len(png()) + 1), "file of size 10485761 bytes is too big for a photo"),
    (b"no picture", "IMAGE_PROCESS_FAILED"),
    (png(9000, 1001), "PHOTO_INVALID_DIMENSIONS"),
    (png(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
)


@pytest.mark.parametrize(("data", "said"), PHOTOS)
async def test_a_photo_is_a_picture_of_at_most_10_megabytes(
    harness: PeerHarness, data: bytes, said: str | None
) -> None:
    if said is None:
        sent = await harness.bot.send_photo(harness.ada.id, data, caption="<b>odds</b>", parse_mode=ParseMode.HTML)
        assert harness.ada.chat.last.photo == data
        assert (sent.caption, sent.photo[0].file_size) == ("odds", len(data))
        return
    with refused(BadRequest, said):
        await harness.bot.send_photo(harness.ada.id, data)
    assert harness.ada.chat.messages == []


async def test_an_empty_file_and_one_over_50_megabytes_are_refused(harness: PeerHarness) -> None:
    with refused(BadRequest, "file must be non-empty"):
        await harness.bot.send_document(harness.ada.id, b"")
    with refused(NetworkError, "Request Entity Too Large"):
        await harness.bot.send_document(harness.ada.id, bytes(50 * MEGABYTE + 1))


async def test_a_file_comes_back_by_its_id_and_is_sent_again_by_it(harness: PeerHarness) -> None:
    sent = await harness.bot.send_photo(harness.ada.id, png(9, 9))
    file_id = sent.photo[-1].file_id
    again = await harness.bot.send_photo(harness.ada.id, file_id)
    assert again.photo[-1].file_id == file_id
    found = await harness.bot.get_file(file_id)
    assert bytes(await found.download_as_bytearray()) == png(9, 9)
    with refused(BadRequest, "wrong file identifier"):
        await harness.bot.send_photo(harness.ada.id, "no-such-file")
    with refused(BadRequest, "wrong file_id"):
        await harness.bot.get_file("no-such-file")


async def test_an_album_has_2_to_10_of_one_kind(harness: PeerHarness) -> None:
    photos = [InputMediaPhoto(png(10, 10 + count), caption=str(count)) for count in range(11)]
    sent = await harness.bot.send_media_group(harness.ada.id, photos[:3])
    assert len({one.media_group_id for one in sent}) == 1
    assert [one.text for one in harness.ada.chat.messages] == ["0", "1", "2"]
    for wrong, said in ((photos[:1], "2-10 items"), (photos, "too many messages to send as an album")):
        with refused(BadRequest, said):
            await harness.bot.send_media_group(harness.ada.id, wrong)
    with refused(BadRequest, "can't use the media"):
        await harness.bot.send_media_group(harness.ada.id, [photos[0], InputMediaDocument(b"x")])


async def test_a_message_may_get_another_picture_or_its_first_one(harness: PeerHarness) -> None:
    photo = await harness.bot.send_photo(harness.ada.id, png(1, 1), caption="a", reply_markup=keyboard("Go"))
    text = await harness.bot.send_message(harness.ada.id, "text")
    for sent in (photo, text):
        await harness.bot.edit_message_media(InputMediaPhoto(png(2, 2), caption="b"), harness.ada.id, sent.message_id)
    assert [(one.photo, one.text, one.labels) for one in harness.ada.chat.messages] == [(png(2, 2), "b", [])] * 2


COMMANDS = (
    ([BotCommand("a" * 32, "x" * 256)] * 100, None),
    ([BotCommand("a", "x")] * 101, "BOT_COMMANDS_TOO_MUCH"),
    ([BotCommand("a" * 33, "x")], "BOT_COMMAND_INVALID"),
    ([BotCommand("", "x")], "BOT_COMMAND_INVALID"),
    ([BotCommand("Buy", "x")], "BOT_COMMAND_INVALID"),
    ([BotCommand("buy-it", "x")], "BOT_COMMAND_INVALID"),
    ([BotCommand("buy", "")], "BOT_COMMAND_DESCRIPTION_INVALID"),
    ([BotCommand("buy", "x" * 257)], "BOT_COMMAND_DESCRIPTION_INVALID"),
)


@pytest.mark.parametrize(("commands", "said"), COMMANDS)
async def test_a_menu_holds_100_short_commands(
    harness: PeerHarness, commands: list[BotCommand], said: str | None
) -> None:
    if said is None:
        await harness.bot.set_my_commands(commands)
        assert list(await harness.bot.get_my_commands()) == commands
        return
    with refused(BadRequest, said):
        await harness.bot.set_my_commands(commands)
    assert harness.peer.commands == {}


async def test_menus_are_kept_per_scope_and_language(harness: PeerHarness) -> None:
    bot: Bot = harness.bot
    groups, here = BotCommandScopeAllGroupChats(), BotCommandScopeChat(harness.group.id)
    await bot.set_my_commands([("buy", "Buy")])
    await bot.set_my_commands([("buy", "Kaufen")], language_code="de")
    await bot.set_my_commands([("market", "Markets")], scope=groups)
    await bot.set_my_commands([("open", "Open")], scope=here)
    await bot.set_my_commands([("own", "Own")], scope=BotCommandScopeChatMember(harness.group.id, harness.ada.id))
    assert [one.description for one in await bot.get_my_commands(language_code="de")] == ["Kaufen"]
    assert [one.command for one in await bot.get_my_commands(scope=groups)] == ["market"]
    await bot.delete_my_commands(scope=groups)
    assert await bot.get_my_commands(scope=groups) == ()
    assert sorted(scope for scope, _ in harness.peer.commands) == [
        f"chat:{harness.group.id}",
        f"chat_member:{harness.group.id}:{harness.ada.id}",
        "default",
        "default",
    ]
    with refused(BadRequest, "chat not found"):
        await bot.set_my_commands([("a", "b")], scope=BotCommandScopeChat(-999))
    with refused(BadRequest, "LANG_CODE_INVALID"):
        await bot.set_my_commands([("a", "b")], language_code="german")


async def test_names_and_descriptions_are_kept_within_their_lengths(harness: PeerHarness) -> None:
    await harness.bot.set_my_description("A prediction game")
    assert (await harness.bot.get_my_description()).description == "A prediction game"
    with refused(BadRequest, "DESCRIPTION_TOO_LONG"):
        await harness.bot.set_my_description("x" * 513)
    with refused(BadRequest, "SHORT_DESCRIPTION_TOO_LONG"):
        await harness.bot.set_my_short_description("x" * 121)
    with refused(BadRequest, "NAME_TOO_LONG"):
        await harness.bot.set_my_name("x" * 65)
    with refused(BadRequest, "LANG_CODE_INVALID"):
        await harness.bot.set_my_name("Outcry", language_code="german")
    assert (await harness.bot.get_my_name()).name == ""


async def test_the_rights_proposed_are_kept_for_groups_and_for_channels(harness: PeerHarness) -> None:
    none = ChatAdministratorRights.no_rights().to_dict()
    await harness.bot.set_my_default_administrator_rights(
        ChatAdministratorRights(**{**none, "can_pin_messages": True, "can_post_messages": True})
    )
    assert harness.peer.default_rights == {False: {"can_pin_messages"}, True: set()}
    assert (await harness.bot.get_my_default_administrator_rights()).can_pin_messages
    assert not (await harness.bot.get_my_default_administrator_rights(for_channels=True)).can_post_messages


async def tapped(harness: PeerHarness, person: User | None = None) -> str:
    """The id of a fresh callback query."""
    sent = await harness.bot.send_message(harness.ada.id, "press", reply_markup=keyboard("Go"))
    message = harness.ada.chat.message(sent.message_id)
    assert message
    return (await (person or harness.ada).tap(message, "Go")).id


async def test_a_tap_is_answered_once_within_15_seconds_with_up_to_200_characters(harness: PeerHarness) -> None:
    stale = "query is too old and response timeout expired or query ID is invalid"
    first = await tapped(harness)
    with refused(BadRequest, "MESSAGE_TOO_LONG"):
        await harness.bot.answer_callback_query(first, "x" * 201)
    await harness.bot.answer_callback_query(first, "x" * 200, show_alert=True)
    with refused(BadRequest, stale):
        await harness.bot.answer_callback_query(first)
    late, later = await tapped(harness), await tapped(harness)
    harness.clock.advance(15)
    await harness.bot.answer_callback_query(late)
    harness.clock.advance(0.001)
    for query in (later, "12345"):
        with refused(BadRequest, stale):
            await harness.bot.answer_callback_query(query)
    answer = harness.peer.world.taps[first].answer
    assert answer
    assert (answer.text, answer.alert) == ("x" * 200, True)

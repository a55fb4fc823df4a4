"""The small parts of Telegram's adapter: what a button carries, steps of a question, addresses, menus, refusals."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.adapters.telegram_chat import command_menu, forms, keyboards
from bot.adapters.telegram_chat.app_buttons import AppButtons
from bot.adapters.telegram_chat.chats import ChatAddress
from bot.adapters.telegram_chat.errors import is_markup_error, is_unchanged, translate
from bot.adapters.telegram_chat.forms import FormStep, read_step
from bot.adapters.telegram_chat.incoming import own_command
from bot.adapters.telegram_chat.keyboards import KeyboardButton, parse_callback_data
from bot.adapters.telegram_chat.message_refs import Ref, parse_ref
from bot.adapters.telegram_chat.poller import ALLOWED_UPDATES
from bot.chat.buttons import Buttons
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.reply import Field, Form, Reply, line
from bot.commands import COMMANDS
from storage.database import Database
from tests.storage.databases import migrated_file

FAR = "-1009999999999:2147483647"  # the longest id of a topic


@pytest.fixture
async def buttons(tmp_path: Path) -> AsyncIterator[Buttons]:
    db = Database.open(migrated_file(tmp_path / "lines.db"))
    yield Buttons(db, lambda: 1)
    await db.close()


@pytest.mark.parametrize("group_ext", [None, "-100123", FAR])
@pytest.mark.parametrize(
    ("form_action", "takes_place"),
    [(None, False), (None, True), ("", False), ("t", False), ("x", False), ("12", False)],
)
@pytest.mark.parametrize("text", ["/board", "/buy " + "wide 漢 " * 40])
async def test_a_button_carries_all_it_needs_in_64_bytes(
    buttons: Buttons, group_ext: str | None, form_action: str | None, takes_place: bool, text: str
) -> None:
    key = KeyboardButton(
        label="x",
        line=text,
        person=999_999_999,
        form_action=form_action,
        group_ext=group_ext,
        takes_place=takes_place,
    )
    shown = await keyboards.inline_keyboard(((key,),), buttons, AppButtons(None), private=True)
    assert shown is not None
    data = str(shown.inline_keyboard[0][0].callback_data)
    assert len(data.encode()) <= 64
    callback_data = parse_callback_data(data)
    assert callback_data is not None
    assert (callback_data.group_ext, callback_data.form_action) == (group_ext, form_action)
    assert callback_data.takes_place == takes_place
    pressed = await buttons.unpack(callback_data.data)
    assert pressed is not None
    assert (pressed.line, pressed.made_for) == (text, 999_999_999)


@given(st.text(max_size=64))
def test_nothing_a_stranger_makes_up_is_more_than_a_line(data: str) -> None:
    callback_data = parse_callback_data(data)
    assert callback_data is None or re.match(r"(-|\d+)\|.", callback_data.data, re.DOTALL)


names = st.text("abcdefgh_", min_size=1, max_size=8)


@given(
    st.dictionaries(names, st.text(min_size=1, max_size=30), max_size=4),
    names,
    st.sampled_from(["", "7", "e:-1001:5:77:1700000000000"]),
)
def test_a_step_kept_is_the_step_again(args: dict[str, str], asks: str, replaces: str) -> None:
    step = FormStep(command="admin create", args=args, asks=asks, replaces=replaces)
    assert read_step(step.line()) == step
    assert step.answered("x").args == {**args, asks: "x"}


def test_a_step_of_plain_values_is_a_line_anybody_could_type() -> None:
    assert FormStep(command="buy", args={"outcome": '"Costa Rica"', "side": "yes"}).line() == (
        '/buy outcome="Costa Rica" side=yes'
    )
    assert FormStep(command="admin create", args={"title": "World Cup"}).line() == '/admin create title="World Cup"'
    assert FormStep(command="admin create", args={"title": 'The "Cup"'}).line().startswith("?{")
    assert read_step("?{broken") is None
    assert read_step("/board") is None


OUTCOMES = tuple((f"o{number}", f"Outcome {number}") for number in range(23))
FORM = Form(
    title="Buy",
    command="buy",
    fields=(
        Field(name="outcome", label="Outcome", kind="choice", choices=OUTCOMES),
        Field(name="limit", label="Limit", required=False),
    ),
    submit="Go",
)


@pytest.mark.parametrize(
    ("page", "first", "count", "turns"), [(0, "0", 10, "›"), (1, "10", 10, "‹›"), (2, "20", 3, "‹")]
)
def test_many_choices_are_paged(page: int, first: str, count: int, turns: str) -> None:
    asked = forms.question_of(FORM, Reply(head=line("?"), ok=False), "-1001", page=page)
    assert asked is not None
    keys = [key for row in asked.keyboard for key in row]
    shown = [key for key in keys if key.label.startswith("Outcome")]
    assert (shown[0].label, len(shown)) == (f"Outcome {first}", count)
    assert "".join(key.label for key in keys if key.label in "‹›") == turns
    assert {key.group_ext for key in keys} == {"-1001"}


@pytest.mark.parametrize(
    ("command", "back"),
    [
        ("buy germany", "/buy"),
        ('buy "Costa Rica" yes', '/buy "Costa Rica"'),
        ("buy germany slippage 5%", "/buy germany"),
        ("buy", None),
        ("admin set", None),
        ("admin set fee", "/admin set"),
    ],
)
def test_back_takes_the_last_answer_away(command: str, back: str | None) -> None:
    form = Form(title="Buy", command=command, fields=FORM.fields, submit="Go")
    asked = forms.question_of(form, Reply(head=line("?"), ok=False), None)
    assert asked is not None
    back_lines = [key.line for row in asked.keyboard for key in row if "Back" in key.label]
    assert back_lines == ([] if back is None else [back])


@pytest.mark.parametrize(
    ("text", "line_"),
    [
        ("/buy germany yes 5", "/buy germany yes 5"),
        ("/buy@Outcry_Bot germany", "/buy germany"),
        ("/buy@other_bot germany", None),
        ("/buy@", "/buy@"),
        ("buy", None),
        ("/", "/"),
    ],
)
def test_only_our_own_commands_are_ours(text: str, line_: str | None) -> None:
    assert own_command(text, "outcry_bot") == line_


@pytest.mark.parametrize("ext", ["5000000001", "-4000001", "-1001234567890", "-1001234567890:77"])
def test_a_place_is_its_id(ext: str) -> None:
    address = ChatAddress.of(ext)
    assert address is not None
    assert address.ext == ext
    assert address.private is (not ext.startswith("-"))


@pytest.mark.parametrize("ext", ["", "0", "chat:-100", "-100:0", "-100:x", "１", "room"])
def test_what_is_no_chat_of_telegram_is_no_place(ext: str) -> None:
    assert ChatAddress.of(ext) is None


def test_a_ref_says_whether_its_text_is_a_caption() -> None:
    assert str(Ref(5, caption=True)) == "5p"
    assert Ref.of("5p") == Ref(5, caption=True)
    assert Ref.of("5") == Ref(5)
    assert Ref.of("m5") is None


@pytest.mark.parametrize(
    ("error", "private", "why"),
    [
        (Forbidden("Forbidden: bot was blocked by the user"), True, Unreachable.PERSON),
        (Forbidden("Forbidden: bot can't initiate conversation with a user"), True, Unreachable.PERSON),
        (Forbidden("Forbidden: bot was kicked from the supergroup chat"), False, Unreachable.CHAT),
        (BadRequest("Chat not found"), False, Unreachable.CHAT),
        (BadRequest("Chat not found"), True, Unreachable.PERSON),
        (BadRequest("Message to edit not found"), False, Unreachable.MESSAGE),
        (BadRequest("Message can't be edited"), False, Unreachable.MESSAGE),
        (BadRequest("Not enough rights to send photos to the chat"), False, Unreachable.FORBIDDEN),
        (BadRequest("Need administrator rights in the channel chat"), False, Unreachable.FORBIDDEN),
        (BadRequest("Topic_closed"), False, Unreachable.FORBIDDEN),
        (BadRequest("Message thread not found"), False, Unreachable.CHAT),
        (InvalidToken("Not Found: method not found"), False, Unreachable.MESSAGE),
    ],
)
def test_a_refusal_says_what_is_out_of_reach(error: TelegramError, private: bool, why: Unreachable) -> None:
    translated = translate(error, private=private)
    assert isinstance(translated, UnreachableError)
    assert translated.why is why


@pytest.mark.parametrize(
    ("error", "after_ms", "overall"),
    [
        (RetryAfter(timedelta(seconds=7)), 7_000, False),
        (TimedOut(), 2_000, False),
        (NetworkError("bad gateway"), 2_000, False),
        (ChatMigrated(-100), 2_000, False),
        (InvalidToken("Unauthorized"), 10_000, True),
        (Conflict("other getUpdates"), 10_000, True),
    ],
)
def test_what_may_pass_is_tried_later(error: TelegramError, after_ms: int, overall: bool) -> None:
    translated = translate(error, private=False)
    assert isinstance(translated, RetryLaterError)
    assert (translated.after_ms, translated.overall) == (after_ms, overall)


def test_an_edit_that_changes_nothing_and_a_tag_nobody_knows_are_told_apart() -> None:
    assert is_unchanged(BadRequest("Message is not modified: specified new message content is the same"))
    assert is_markup_error(BadRequest("Can't parse entities: unsupported start tag"))
    assert not is_unchanged(BadRequest("Chat not found"))


def test_menus_name_every_command_where_it_can_be_said() -> None:
    menus = command_menu.menus(COMMANDS, "telegram")
    assert {menu.language for menu in menus} == {"", "de", "es", "fr", "pt", "ja"}
    elsewhere, private, groups, admins = (menu.commands for menu in menus if not menu.language)
    for menu in (one.commands for one in menus):
        assert len(menu) <= 100
        assert all(re.fullmatch(r"[a-z0-9_]{1,32}", message.command) for message in menu)
        assert all(1 <= len(message.description) <= 40 for message in menu)
        assert len({message.command for message in menu}) == len(menu)
    assert elsewhere == groups, "wherever else Telegram asks for a menu"
    assert {group.command for group in groups} < {person.command for person in admins}
    assert "admin_create" in {person.command for person in admins} - {message.command for message in private}
    assert "start" not in {message.command for message in private}


def test_telegram_is_asked_for_all_that_is_read() -> None:
    assert {"message", "channel_post", "callback_query", "my_chat_member", "chat_member"} == set(ALLOWED_UPDATES)


def test_a_text_of_several_lines_is_the_next_message_and_keeps_its_lines() -> None:
    asked = Field(name="value", label="What decides", kind="paragraph", hint="what counts", most=1_500)
    form = Form(title="What decides", command="admin set about", fields=(asked,), submit="Write it down")
    question = forms.question_of(form, Reply(head=line("Nothing is written yet."), form=form), None)
    assert question is not None
    assert question.typed
    kept = read_step(question.step.line())
    assert kept is not None
    assert kept.answered('one\n\n"two" x=3').args == {"value": 'one\n\n"two" x=3'}


@pytest.mark.parametrize("ref", ["5", "5p", "e:-1001:5:77:1700000000000", "e:-1001:5:77:0:123", "e:-1001:5:77:0:123p"])
def test_where_a_message_stands_is_found_again_from_its_text(ref: str) -> None:
    assert str(parse_ref(ref)) == ref


@pytest.mark.parametrize("ref", ["", "0", "-5", "x", "e:1001:5:77:0", "e:-1001:5:77", "e:-1001:5:0:0", "e:-1:5:77:0:x"])
def test_what_is_no_ref_of_telegram_stands_nowhere(ref: str) -> None:
    assert parse_ref(ref) is None

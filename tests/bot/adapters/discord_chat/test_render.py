"""Whatever the bot says and whoever wrote the words in it: a message on Discord is within every limit and does nothing
by itself."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bot.adapters.discord_chat import forms, limits, markup
from bot.adapters.discord_chat.render import RenderedMessage, accent_colour, render
from bot.chat.buttons import Buttons
from bot.chat.invocation import ChatKind
from bot.chat.reply import (
    Action,
    Attachment,
    Audience,
    Block,
    Board,
    Column,
    Field,
    Form,
    Reply,
    Span,
    Stamp,
    Style,
    Table,
    Tone,
    bold,
    code,
    line,
    quiet,
)
from bot.commands import COMMANDS
from bot.text.palette import DARK
from storage.database import Database
from tests.bot.adapters.samples import Samples, board_of
from tests.bot.harness import ADMIN, chat_harness
from tests.deep import DEEP
from tests.storage.databases import migrated_file

MOST_COMPONENTS = 40  # of one message, nested ones included: what Discord takes

Json = Mapping[str, Any]  # Any: as it is sent
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking a whole reply takes minutes and says little more
BUTTON, SELECT, SECTION, DISPLAY, GALLERY, FILE, CONTAINER = 2, 3, 9, 10, 12, 13, 17

NASTY = (
    "@everyone",
    "<@123456789012345678>",
    "<@&123456789012345678>",
    "https://discord.gg/abcdef",
    "discord.gg/abc",
    "**b** __u__ ~~s~~ ||p|| `c` ```\nblock\n```",
    "[click](https://evil.example)",
    "# heading\n> quote\n- list\n1. one",
    "\u202egnp.exe\u2066",
    "a\\",
    "🇩🇪👩‍👩‍👧",
    "x" * 300,
    "😀" * 150,
    "-# small",
    "<t:0:R>",
)

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=60), st.just(""))
samples = Samples(
    texts=texts,
    moments=st.integers(-(10**18), 10**18),
    money=st.integers(-(10**12), 10**12),
    next_step_ms=st.integers(0, 10**14),
)
actions = st.builds(
    Action,
    label=texts,
    text=texts.map(lambda text: f"/buy {text}"),
    person=st.none() | st.integers(1, 2**62),
    primary=st.booleans(),
    danger=st.booleans(),
    asks=st.booleans(),
)
fields = st.builds(
    Field,
    name=st.text("abcdefghij_", min_size=1, max_size=120),
    label=texts,
    kind=st.sampled_from(["text", "choice", "flag"]),
    choices=st.lists(st.tuples(texts, texts), max_size=30, unique_by=lambda message: message[0]).map(tuple),
    value=texts,
    required=st.booleans(),
    hint=texts,
    suggestions=st.lists(st.tuples(texts, texts), max_size=6).map(tuple),
)
form_list = st.builds(
    Form,
    title=texts,
    command=texts.map(lambda text: f"buy {text}"),
    fields=st.lists(fields, min_size=1, max_size=9, unique_by=lambda message: message.name[:100]).map(tuple),
    submit=texts,
)


def tapped(board: Board) -> Board:
    """With a tap on each row."""
    rows = [replace(row, tap=Action(label="Buy", text=f"/buy #{row.outcome + 1}", asks=True)) for row in board.rows]
    return replace(board, rows=tuple(rows))


replies = st.builds(
    Reply,
    head=samples.lines(),
    blocks=st.lists(
        samples.lines() | samples.tables() | samples.boards() | samples.boards().map(tapped) | samples.pictures(),
        max_size=5,
    ).map(tuple),
    actions=st.lists(actions, max_size=14).map(tuple),
    form=st.none() | form_list,
    files=st.lists(samples.attachments(), max_size=13).map(tuple),
    audience=st.sampled_from(Audience),
    tone=st.sampled_from(Tone),
    ticket=st.none() | st.just(5),
)


FROZEN = Board(title="Cup", status="Frozen", rows=(), volume=0, people=0, traders=0, now_ms=0)


FOUR = tuple(Action(label=name, text=f"/{name.lower()}") for name in ("Buy", "Sell", "Chart", "Positions"))


@pytest.fixture
async def buttons(tmp_path: Path) -> AsyncIterator[Buttons]:
    db = Database.open(migrated_file(tmp_path / "buttons.db"))
    yield Buttons(db, lambda: 0)
    await db.close()


def walked(components: list[Json]) -> list[Json]:
    found: list[Json] = []
    for component in components:
        found.append(component)
        nested = [component[key] for key in ("component", "accessory") if component.get(key)]
        found += walked([*component.get("components", ()), *nested])
    return found


def holds(message: RenderedMessage) -> list[Json]:
    """Every limit of a message; returns its components, nested ones included."""
    shape: list[Json] = list(map(dict, message.view.to_components()))  # type: ignore[no-untyped-call] # the library's
    parts = walked(shape)
    assert 1 <= len(parts) <= MOST_COMPONENTS
    shown = [part["content"] for part in parts if part["type"] == DISPLAY]
    assert all(text.strip() for text in shown)
    assert sum(limits.size(text) for text in shown) <= limits.TEXT
    idents = [part["custom_id"] for part in parts if "custom_id" in part]
    assert len(set(idents)) == len(idents)
    assert all(1 <= limits.size(ident) <= limits.CUSTOM_ID for ident in idents)
    for part in parts:
        if part["type"] == BUTTON:
            assert 1 <= limits.size(part["label"]) <= limits.LABEL
        if part["type"] == SELECT:
            options = part["options"]
            assert 1 <= len(options) <= limits.OPTIONS
            assert len({option["value"] for option in options}) == len(options)
            for option in options:
                assert 1 <= limits.size(option["label"]) <= limits.OPTION
                assert 1 <= limits.size(option["value"]) <= limits.OPTION
        if part["type"] == 1:
            assert 1 <= len(part["components"]) <= limits.ROW
        if part["type"] == GALLERY:
            assert 1 <= len(part["items"]) <= limits.GALLERY
            assert all(limits.size(item.get("description") or "") <= limits.ALT for item in part["items"])
    names = [attachment.name for attachment in message.attachments]
    assert len(names) <= limits.FILES
    assert len(set(names)) == len(names)
    assert all(len(attachment.data) <= limits.FILE_BYTES for attachment in message.attachments)
    linked = [item["media"]["url"] for part in parts if part["type"] == GALLERY for item in part["items"]]
    linked += [part["file"]["url"] for part in parts if part["type"] == FILE]
    assert sorted(linked) == sorted(f"attachment://{name}" for name in names)
    return parts


def _displays(message: RenderedMessage) -> list[str]:
    return [component["content"] for component in holds(message) if component["type"] == DISPLAY]


def harmless(text: str) -> None:
    """Outside code, nothing a person wrote is a mention, a link or markup."""
    assert not re.search(r"@(?!\u200b)", text)
    assert "://" not in text
    assert not re.search(r"discord(app)?\.(gg|com)/", text, re.IGNORECASE)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f]", text)


@settings(
    max_examples=500 if DEEP else 50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    phases=QUICK,
    report_multiple_bugs=False,
)
@given(reply=replies)
async def test_any_reply_is_within_every_limit(buttons: Buttons, reply: Reply) -> None:
    parts = holds(await render(reply, buttons))
    for part in parts:
        if part["type"] == DISPLAY:
            harmless(part["content"])


@pytest.mark.parametrize(("count", "out"), [(2, 0), (5, 0), (10, 0), (10, 8), (25, 0), (25, 12), (25, 23)])
async def test_a_board_of_2_to_25_outcomes_is_whole_with_the_longest_names(
    buttons: Buttons, count: int, out: int
) -> None:
    actions = (Action(label="Buy", text="/buy", primary=True, asks=True), Action(label="Chart", text="/chart"))
    board = board_of(count, out)
    text = "\n".join(_displays(await render(Reply(head=line("Cup"), blocks=(board,), actions=actions), buttons)))
    assert all(f" {row.outcome}" in text for row in board.rows)
    assert text.count("NO ") == count - out
    assert text.count("~~") == 2 * out
    assert "House risks" in text
    assert "more than" not in text


async def test_a_board_of_more_than_ten_takes_a_line_an_outcome(buttons: Buttons) -> None:
    lengths = {}
    for count in (5, 10, 25):
        rows = _displays(await render(Reply(head=line("Cup"), blocks=(board_of(count),)), buttons))[1]
        lengths[count] = len(rows.splitlines())
    assert lengths == {5: 11, 10: 21, 25: 26}


@pytest.mark.parametrize(
    ("count", "out", "beside", "in_menu"),
    [(2, 0, 2, 0), (10, 0, 10, 0), (10, 4, 6, 0), (11, 0, 0, 11), (25, 15, 10, 0)],
)
async def test_each_outcome_that_is_in_has_a_tap_beside_it_up_to_ten_and_a_menu_beyond(
    buttons: Buttons, count: int, out: int, beside: int, in_menu: int
) -> None:
    parts = holds(await render(Reply(head=line("Cup"), blocks=(tapped(board_of(count, out)),), actions=FOUR), buttons))
    sections = [part for part in parts if part["type"] == SECTION]
    assert [part["accessory"]["label"] for part in sections] == ["Buy"] * beside
    options = [option for part in parts if part["type"] == SELECT for option in part["options"]]
    assert len(options) == in_menu
    carried = [*(part["accessory"]["custom_id"] for part in sections), *(option["value"] for option in options)]
    assert carried == [f"a-|/buy #{row.outcome + 1}" for row in board_of(count, out).rows if row.active]


async def test_taps_are_a_menu_where_what_else_stands_on_the_board_leaves_no_room_beside_the_rows(
    buttons: Buttons,
) -> None:
    files = tuple(Attachment(name=f"{n}.csv", data=b"x", media_type="text/csv") for n in range(9))
    crowded = Reply(head=line("Cup"), blocks=(tapped(board_of(10)),), actions=FOUR, files=files)
    parts = holds(await render(crowded, buttons, mention=7))
    assert [len(part["options"]) for part in parts if part["type"] == SELECT] == [10]


async def test_a_menu_offers_25_outcomes_with_the_longest_names(buttons: Buttons) -> None:
    actions = tuple(Action(label=row.name, text=f"/buy {row.outcome + 1}", asks=True) for row in board_of(25).rows)
    parts = holds(await render(Reply(head=line("Which?"), actions=actions), buttons))
    (menu,) = [part for part in parts if part["type"] == SELECT]
    assert [option["label"] for option in menu["options"]] == [action.label for action in actions]


@settings(max_examples=500 if DEEP else 50, deadline=None, phases=QUICK)
@given(form=form_list)
def test_any_form_is_within_every_limit_of_a_modal(form: Form) -> None:
    shown = forms.modal_of(forms.dialog_of(form), "x" * 100).to_dict()
    assert 1 <= limits.size(shown["title"]) <= limits.MODAL_TITLE
    assert 1 <= len(shown["components"]) <= limits.MODAL_ROWS
    idents = []
    for label in shown["components"]:
        assert label["type"] == 18
        assert 1 <= limits.size(label["label"]) <= limits.MODAL_LABEL
        assert limits.size(label.get("description") or "") <= limits.MODAL_DESCRIPTION
        inside: Json = label["component"]
        idents.append(inside["custom_id"])
        assert limits.size(inside["custom_id"]) <= limits.CUSTOM_ID
        if inside["type"] == 4:
            assert limits.size(inside.get("value") or "") <= limits.INPUT
            assert limits.size(inside.get("placeholder") or "") <= limits.PLACEHOLDER_INPUT
        for option in inside.get("options", ()):
            assert 1 <= limits.size(option["label"]) <= limits.OPTION
            assert 1 <= limits.size(option["value"]) <= limits.OPTION
        if inside["type"] == SELECT:
            assert len(inside["options"]) <= limits.OPTIONS
            assert sum(bool(option.get("default")) for option in inside["options"]) <= 1
    assert len(set(idents)) == len(idents)


def test_a_text_of_several_lines_is_asked_in_a_paragraph_and_comes_back_with_its_lines() -> None:
    asked = Field(name="value", label="What decides", kind="paragraph", value="one\ntwo", most=1_500)
    form = Form(title="What decides", command="admin set about", fields=(asked,), submit="Write it down")
    (label,) = forms.modal_of(forms.dialog_of(form), "x").to_dict()["components"]
    box: Json = label["component"]
    assert (box["style"], box["max_length"], box["value"]) == (2, 1_500, "one\ntwo")
    submitted = {"components": [{**label, "component": {**box, "value": "one\n\nthree"}}]}
    assert forms.modal_arguments(submitted) == {"value": "one\n\nthree"}


@given(text=st.one_of(st.sampled_from(NASTY), st.text()))
@example("a_b*c")
@example("@here")
def test_escaped_text_reads_as_it_was_written_and_does_nothing(text: str) -> None:
    shown = markup.escaped(text)
    harmless(shown)
    assert "\n" not in shown
    bare = re.sub(r"\\([\\`*_~|\[\]<>])", "", shown)
    assert not re.search(r"[`*_~|\[\]<>]", bare)


@pytest.mark.parametrize(
    ("spans_in", "shown"),
    [
        (line("plain ", bold("Germany"), " 50.1¢"), "plain **Germany** 50.1¢"),
        (line(bold("a"), bold("b")), "**ab**"),
        (line(bold(" a "), "b"), " **a** b"),
        (line(quiet("small print")), "-# small print"),
        (line("more: ", quiet("aside")), "more: aside"),
        (line(code("/buy germany yes 100")), "`/buy outcome:germany side:yes amount:100`"),
        (
            line(code('/buy "Costa Rica" yes $50 limit 15c autofill')),
            "`/buy outcome:Costa Rica side:yes amount:$50 limit:15c autofill:yes`",
        ),
        (line(code("/admin create Cup A, B, C preset fair")), "`/admin create title:Cup outcomes:A, B, C preset:fair`"),
        (line(code("/admin resolve 4 after extra time")), "`/admin resolve winner:4 reason:after extra time`"),
        (line(code("/buy germany yes <amount>")), "`/buy germany yes <amount>`"),
        (line(code("+1d winner ask")), "`+1d winner ask`"),
        (line(code("a`b")), "`a'b`"),
        (line("- no list"), "\\- no list"),
        (line("1. no list"), "1\\. no list"),
        (line("1.5 tokens"), "1.5 tokens"),
        (line("-# no small print"), "\\-# no small print"),
        (line("# no heading"), "\\# no heading"),
        (line(Stamp(1_404_370_000_000, countdown=True)), "<t:1404370000:R>"),
        (line(Stamp(1_404_370_000_000)), "<t:1404370000:f>"),
        (line(Span("out", Style.STRIKE)), "~~out~~"),
        (line("**bold?**"), "\\*\\*bold?\\*\\*"),
        (line("mail@x.y"), "mail@\u200bx.y"),
        (line("see https://x.y"), "see https:\u200b//x.y"),
    ],
)
def test_a_line_is_shown_so(spans_in: tuple[Span | Stamp, ...], shown: str) -> None:
    assert markup.line(spans_in) == shown


def test_a_table_a_phone_can_show_is_an_aligned_block() -> None:
    table = Table(
        columns=(Column(title="Outcome"), Column(title="YES", numeric=True)),
        rows=((line("Germany"), line("50.1¢")), (line("Brazil"), line("5.1¢"))),
        more=line("and 3 more"),
    )
    assert markup.join(markup.table(table)) == "```\nOutcome    YES\nGermany  50.1¢\nBrazil    5.1¢\n```\nand 3 more"


async def test_two_tables_are_two_blocks(buttons: Buttons) -> None:
    table = Table(columns=(Column(title="A"),), rows=((line("1"),),))
    [text] = _displays(await render(Reply(head=line("x"), blocks=(table, table)), buttons))
    assert text == "**x**\n```\nA\n1\n```\n\n```\nA\n1\n```"


def test_a_table_that_just_fits_has_narrow_gaps() -> None:
    table = Table(columns=(Column(title="a" * 17), Column(title="b" * 18)), rows=((line("1"), line("2")),))
    assert markup.join(markup.table(table)).splitlines()[1] == f"{'a' * 17} {'b' * 18}"


def test_a_wide_table_becomes_a_list_that_says_what_each_number_is() -> None:
    table = Table(
        columns=(Column(title="What"), Column(title="Tokens", numeric=True), Column(title="Money", numeric=True)),
        rows=((line("Bought Bosnia and Herzegovina YES"), line("97.84"), line("$51.09")),),
    )
    assert markup.table(table) == ["**Bought Bosnia and Herzegovina YES** · tokens 97.84 · money $51.09"]


def test_moments_in_a_table_are_in_the_readers_zone() -> None:
    table = Table(columns=(Column(title="When"), Column(title="What")), rows=((line(Stamp(5_000)), line("x")),))
    assert markup.table(table) == ["<t:5:f> · x"]


@pytest.mark.parametrize(
    ("reply", "colour"),
    [
        (Reply(head=line("x"), tone=Tone.GOOD), DARK.good),
        (Reply(head=line("x"), tone=Tone.LOUD), DARK.loud),
        (Reply(head=line(bold("Brazil", 1), " leads")), DARK.outcomes[1]),
        (Reply(head=line(bold("Brazil", 1), " leads"), blocks=(FROZEN,)), DARK.cold),
    ],
)
def test_the_edge_has_the_colour_of_the_tone_else_of_the_outcome(reply: Reply, colour: str) -> None:
    assert accent_colour(reply) == int(colour[1:], 16)


@pytest.mark.parametrize("huge", ["x" * 9_000, "😀" * 5_000, "*" * 9_000, "@" * 9_000])
async def test_texts_of_any_length_fit_wherever_they_stand(buttons: Buttons, huge: str) -> None:
    table = Table(columns=(Column(title=huge), Column(title=huge)), rows=((line(huge), line(huge)),), more=line(huge))
    choices = tuple(Action(label=huge, text=f"/{number} {huge}") for number in range(40))
    shapes: list[tuple[Block, ...]] = [(line(huge),), (table,), (line("short"), line(huge), table)]
    for blocks in shapes:
        for head in (huge, "short"):
            reply = Reply(head=line(head, bold(head), Stamp(0)), blocks=blocks, actions=choices)
            holds(await render(reply, buttons))


async def test_what_is_cut_is_said(buttons: Buttons) -> None:
    rows = tuple(line(f"row {number}: {'x' * 90}") for number in range(100))
    [text, note] = [
        component["content"]
        for component in holds(await render(Reply(head=line("Much."), blocks=rows), buttons))
        if component["type"] == DISPLAY
    ]
    assert text.startswith("**Much.**\nrow 0")
    assert "more than a message can hold" in note


async def test_a_code_block_that_is_cut_is_still_closed(buttons: Buttons) -> None:
    rows = tuple((line(f"name {number}"), line("1")) for number in range(400))
    table = Table(columns=(Column(title="N"), Column(title="V")), rows=rows)
    text = next(
        component["content"]
        for component in holds(await render(Reply(head=line("Much."), blocks=(table,)), buttons))
        if component["type"] == DISPLAY
    )
    assert text.count("```") == 2


async def test_help_is_whole_with_every_name_clickable(tmp_path: Path, buttons: Buttons) -> None:
    ids = {command.name: "1" * 19 for command in COMMANDS}
    async with chat_harness(tmp_path) as harness:
        for line_ in ("/help", "/help admin", *(f"/help {command.name}" for command in COMMANDS if not command.hidden)):
            help_ = await harness.say(ADMIN, line_, platform="discord", kind=ChatKind.GROUP)
            harness.now += 3_000
            rendered: Any = await render(help_, buttons, clickable=ids)  # Any: the library has no types here
            shown = str(rendered.view.to_components())
            assert "more than a message can hold" not in shown, line_
            assert "For example" in shown or "More on one: " in shown, line_


async def test_more_than_ten_choices_become_a_menu(buttons: Buttons) -> None:
    choices = tuple(Action(label=f"Cancel {number}", text=f"/order cancel 1 {number}") for number in range(30))
    parts = holds(await render(Reply(head=line("Orders."), actions=choices), buttons))
    [menu] = [part for part in parts if part["type"] == SELECT]
    assert [option["label"] for option in menu["options"]] == [f"Cancel {number}" for number in range(25)]
    assert any("5 more choices" in part.get("content", "") for part in parts)


async def test_a_file_too_large_is_left_out_and_that_is_said(buttons: Buttons) -> None:
    big = Attachment(name="trades.csv", data=bytes(limits.FILE_BYTES + 1), media_type="text/csv")
    message = await render(Reply(head=line("Here."), files=(big,)), buttons)
    assert message.attachments == ()
    assert any("trades.csv is too large" in component.get("content", "") for component in holds(message))


def test_a_form_with_more_fields_than_discord_shows_says_how_the_rest_is_given() -> None:
    made = Form(
        title="Buy",
        command="buy germany",
        fields=tuple(Field(name=f"f{n}", label=f"F{n}", required=n == 6, hint="hint") for n in range(7)),
        submit="Go",
    )
    shown = forms.modal_of(forms.dialog_of(made), "x").to_dict()["components"]
    assert [label["label"] for label in shown] == ["F6", "F0", "F1", "F2", "F3"]
    assert shown[-1]["description"] == "hint. More, by typing /buy: f4, f5"


def test_answers_are_read_from_labels_and_from_rows() -> None:
    data = {
        "components": [
            {"type": 18, "component": {"type": 3, "custom_id": "outcome", "values": ["Germany"]}},
            {"type": 18, "component": {"type": 21, "custom_id": "side", "value": "yes"}},
            {"type": 18, "component": {"type": 23, "custom_id": "autofill", "value": False}},
            {"type": 18, "component": {"type": 4, "custom_id": "limit", "value": " "}},
            {"type": 1, "components": [{"type": 4, "custom_id": "amount", "value": "$50"}]},
            {"type": 18, "component": {"type": 21, "custom_id": "none", "value": None}},
        ]
    }
    assert forms.modal_arguments(data) == {"outcome": "Germany", "side": "yes", "autofill": "no", "amount": "$50"}

"""Lines that are folded, texts to copy, buttons that cannot be pressed: each platform shows them as well as it can."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from discord.ui import Button, Select, TextDisplay

from bot.adapters.discord_chat.render import render as render_discord
from bot.adapters.room.render import block_to_json
from bot.adapters.room.render import render as render_room
from bot.adapters.telegram_chat.render import render as render_telegram
from bot.chat import plain_text
from bot.chat.buttons import Buttons
from bot.chat.reply import Action, Folded, Reply, bold, code, line, lines_in_code
from storage.database import Database
from tests.standins.telegram_peer.html_mode import parse_html
from tests.storage.databases import migrated_file

RULES = Folded(
    title=line("The rules"), lines=(line("A <token> pays ", bold("$1"), "."), (), line("See ", code("/rules"), "."))
)
REPLY = Reply(head=line("Help."), blocks=(line("Before."), RULES, line("After.")))
COPY = Action(label="Copy the code", copy="ABCD-1234")
OVER = Action(label="Expired", text="/ticket confirm 5", disabled=True)
BOARD = Action(label="Board", text="/board")
OFFERS = Reply(head=line("Your code is ABCD-1234."), actions=(COPY, OVER, BOARD))


def test_as_plain_text_folded_lines_stand_open_and_no_button_copies() -> None:
    assert plain_text.text(REPLY).splitlines() == [
        "Help.",
        "Before.",
        "The rules",
        "A <token> pays $1.",
        "",
        "See `/rules`.",
        "After.",
    ]
    assert plain_text.sentences(REPLY) == "Help. Before. The rules A <token> pays $1. See `/rules`. After."
    assert lines_in_code(REPLY) == ["/rules"]
    assert plain_text.text(OFFERS).splitlines()[-1] == "[Expired] [Board]"


def test_in_the_room_they_open_and_the_buttons_say_what_they_are() -> None:
    assert block_to_json(RULES) == {
        "t": "folded",
        "title": [{"x": "The rules"}],
        "lines": [
            [{"x": "A <token> pays "}, {"x": "$1", "s": "bold"}, {"x": "."}],
            [],
            [{"x": "See "}, {"x": "/rules", "s": "code"}, {"x": "."}],
        ],
    }
    assert render_room(OFFERS)["actions"] == [
        {"label": "Copy the code", "text": "", "copy": "ABCD-1234"},
        {"label": "Expired", "text": "/ticket confirm 5", "disabled": True},
        {"label": "Board", "text": "/board"},
    ]


def test_on_telegram_they_are_a_quote_that_opens() -> None:
    (page,) = render_telegram(REPLY, 0).pages
    read = parse_html(page.html)
    (quote,) = [entity for entity in read.entities if entity["type"] == "expandable_blockquote"]
    assert read.text[quote["offset"] :][: quote["length"]] == "The rules\nA <token> pays $1.\n\nSee /rules."
    assert read.text == page.plain


def test_on_telegram_a_quote_longer_than_a_message_is_a_quote_in_each() -> None:
    rows = tuple(line(bold(f"{number}"), " x" * 60) for number in range(100))
    rendered = render_telegram(Reply(head=line("Help."), blocks=(Folded(title=line("All"), lines=rows),)), 0)
    texts = [parse_html(page.html) for page in rendered.pages]
    assert len(texts) > 2
    for text in texts:
        assert len(text.text) <= 4_096
        assert len(text.entities) <= 90
        assert [entity["type"] for entity in text.entities].count("expandable_blockquote") == 1
    assert "\n".join(text.text for text in texts).splitlines() == [
        "Help.",
        "All",
        *(f"{n}{' x' * 60}" for n in range(100)),
    ]


async def test_on_discord_they_are_small_print_and_what_is_over_cannot_be_pressed(tmp_path: Path) -> None:
    db = Database.open(migrated_file(tmp_path / "buttons.db"))
    buttons = Buttons(db, lambda: 0)
    shown = await render_discord(
        Reply(head=line("Help."), blocks=(replace(RULES, small=True), line("After."))), buttons
    )
    offers = await render_discord(OFFERS, buttons)
    many = tuple(Action(label=f"Board {number}", text=f"/board {number}") for number in range(12))
    menu = await render_discord(Reply(head=line("Many."), actions=(OVER, *many)), buttons)
    await db.close()
    (text,) = [part.content for part in shown.view.walk_children() if isinstance(part, TextDisplay)]
    assert text.splitlines()[1:] == ["The rules", "-# A \\<token\\> pays **$1**.", "", "-# See `/rules`.", "After."]
    pressable = [(part.label, part.disabled) for part in offers.view.walk_children() if isinstance(part, Button)]
    assert pressable == [("Expired", True), ("Board", False)]
    (select,) = [part for part in menu.view.walk_children() if isinstance(part, Select)]
    assert [option.label for option in select.options] == [action.label for action in many]

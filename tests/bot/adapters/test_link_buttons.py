"""A button that leads elsewhere is a link on every platform, beside those that say something."""

from __future__ import annotations

from pathlib import Path

from discord import ui

from bot.adapters.discord_chat.render import render as render_discord
from bot.adapters.room.render import render as render_room
from bot.adapters.telegram_chat.app_buttons import AppButtons
from bot.adapters.telegram_chat.keyboards import inline_keyboard, rows_of_actions
from bot.chat.buttons import Buttons
from bot.chat.reply import Action, Reply, line
from storage.database import Database
from tests.storage.databases import migrated_file

URL = "https://outcry.example/enter#" + "x" * 43
LINK = Action(label="Open the room", url=URL, primary=True)
SAYS = Action(label="Board", text="/board")


def _buttons(tmp_path: Path) -> tuple[Database, Buttons]:
    db = Database.open(migrated_file(tmp_path / "links.db"))
    return db, Buttons(db, lambda: 0)


async def test_on_discord_it_is_a_link_among_rows_and_menus(tmp_path: Path) -> None:
    db, buttons = _buttons(tmp_path)
    many = tuple(Action(label=f"Board {number}", text=f"/board {number}") for number in range(12))
    for others in ((SAYS,), many, ()):  # in rows, in a menu, alone
        message = await render_discord(Reply(head=line("The room."), actions=(LINK, *others)), buttons)
        shown = [part for part in message.view.walk_children() if isinstance(part, ui.Button | ui.Select)]
        links = [part for part in shown if isinstance(part, ui.Button) and part.url is not None]
        assert [(part.label, part.url, part.custom_id) for part in links] == [("Open the room", URL, None)]
        assert len(shown) - 1 == min(len(others), 1)
    await db.close()


async def test_on_telegram_it_is_a_link_beside_a_button_with_a_line(tmp_path: Path) -> None:
    db, buttons = _buttons(tmp_path)
    keyboard = await inline_keyboard(rows_of_actions((LINK, SAYS), "-100"), buttons, AppButtons(None), private=True)
    assert keyboard is not None
    link, says = (button for row in keyboard.inline_keyboard for button in row)
    assert (link.text, link.url, link.callback_data) == ("Open the room", URL, None)
    assert (says.url, says.callback_data) == (None, "@-100~-|/board")
    await db.close()


def test_in_the_room_it_has_its_address_and_no_line() -> None:
    assert render_room(Reply(head=line("The room."), actions=(LINK, SAYS)))["actions"] == [
        {"label": "Open the room", "text": "", "url": URL, "primary": True},
        {"label": "Board", "text": "/board"},
    ]

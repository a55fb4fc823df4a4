"""Buttons that open the room as a Mini App: in a private chat as one, in a group a link that does, beside the line one
types in the menu button. https://core.telegram.org/bots/webapps#launching-mini-apps"""

from __future__ import annotations

from dataclasses import dataclass

from telegram import Bot, InlineKeyboardButton, MenuButtonDefault, MenuButtonWebApp, WebAppInfo

from bot.adapters.telegram_chat import registered
from bot.adapters.telegram_chat.profile import PINS
from bot.words import telegram as words
from storage.database import Database


@dataclass(slots=True)
class AppButtons:
    """`public_url` is the room's https address, None where it has none. What the bot is called, and whether @BotFather
    was told of its main Mini App, is known once Telegram has taken the token: `bot` says it."""

    public_url: str | None
    username: str = ""
    has_main_app: bool = False

    def know(self, bot: Bot) -> None:
        self.username = bot.username
        self.has_main_app = bool(bot.bot.has_main_web_app)

    def button(self, label: str, start: str, *, private: bool) -> InlineKeyboardButton | None:
        """Opens it about `start` (`m7`: a market); None where nothing here can."""
        if self.public_url is None:
            return None
        if private:
            return InlineKeyboardButton(label, web_app=WebAppInfo(self._address(start)))
        if not self.has_main_app:
            return None
        return InlineKeyboardButton(label, url=f"https://t.me/{self.username}?startapp={start}")

    def group_link(self) -> str:
        """Where one picks a group to add the bot to, as an admin who may pin; "" while its name is not known.
        https://core.telegram.org/api/links#groupchannel-bot-links"""
        right = PINS.removeprefix("can_")
        return f"https://t.me/{self.username}?startgroup&admin={right}" if self.username else ""

    def _address(self, start: str = "") -> str:
        return f"{self.public_url}/app/" + (f"?tgWebAppStartParam={start}" if start else "")

    async def register(self, bot: Bot, db: Database) -> bool:
        """Tell Telegram of the menu button where it has changed since the last time; whether it had. One that somebody
        else has set stays while we never had one."""
        address = "" if self.public_url is None else self._address()
        menu_button = MenuButtonWebApp(words.OPEN_APP, WebAppInfo(address)) if address else MenuButtonDefault()
        return await registered.register(
            db, f"telegram menu button {bot.id}", address, lambda: bot.set_chat_menu_button(menu_button=menu_button)
        )

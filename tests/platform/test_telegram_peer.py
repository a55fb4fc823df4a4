"""The Telegram peer against the real python-telegram-bot client: correct traffic works, each limit is held."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden
from telegram.ext import ApplicationBuilder, CallbackQueryHandler, CommandHandler, ContextTypes
from telegram.request import HTTPXRequest

from tests.platform.telegram_peer import Chat, ManualClock, Peer, User

Handler = Callable[[Update, ContextTypes.DEFAULT_TYPE], Awaitable[None]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def peer(clock: ManualClock) -> AsyncIterator[Peer]:
    async with Peer(clock=clock) as peer:
        yield peer


def client(peer: Peer, token: str | None = None) -> Bot:
    return Bot(
        token or peer.token,
        base_url=peer.base_url,
        base_file_url=peer.file_url,
        request=HTTPXRequest(connection_pool_size=16),
        get_updates_request=HTTPXRequest(connection_pool_size=2),
    )


@pytest.fixture
async def bot(peer: Peer) -> AsyncIterator[Bot]:
    async with client(peer) as bot:
        yield bot


@pytest.fixture
def ada(peer: Peer) -> User:
    """Somebody who has started the bot."""
    ada = peer.world.user("Ada")
    ada.chat.opened = True
    return ada


@pytest.fixture
def group(peer: Peer, ada: User) -> Chat:
    return peer.world.supergroup("Traders", ada, peer.world.user("Ben"))


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=label.lower())] for label in labels])


@asynccontextmanager
async def running(peer: Peer) -> AsyncIterator[None]:
    """A bot that polls: /buy shows a ticket, Confirm turns it into a receipt."""

    async def buy(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert isinstance(update.effective_message, Message)
        said = " ".join(context.args or ())
        await update.effective_message.reply_text(f"Ticket: {said}", reply_markup=keyboard("Confirm", "Cancel"))

    async def press(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer("Done")
        await update.callback_query.edit_message_text("Bought")

    builder = ApplicationBuilder().token(peer.token).base_url(peer.base_url).base_file_url(peer.file_url)
    app = builder.job_queue(None).build()
    app.add_handler(CommandHandler("buy", buy))
    app.add_handler(CallbackQueryHandler(press))
    async with app:
        await app.start()
        assert app.updater is not None
        await app.updater.start_polling(poll_interval=0.0, timeout=2)
        yield
        await app.updater.stop()
        await app.stop()


async def test_a_polling_bot_answers_a_command_and_a_tap(peer: Peer) -> None:
    ada = peer.world.user("Ada")
    async with running(peer):
        await ada.send(ada.chat, "/buy germany yes $50")
        ticket = await ada.chat.expect("Ticket: germany yes $50")
        assert ticket.labels == ["Confirm", "Cancel"]
        tap = await ada.tap(ticket, "Confirm")
        assert (await tap.answered()).text == "Done"
        receipt = await ada.chat.expect("Bought")
    assert receipt is ticket
    assert receipt.buttons == []
    assert peer.complaints == []


async def test_who_never_started_the_bot_cannot_be_written_to(peer: Peer, bot: Bot) -> None:
    ben = peer.world.user("Ben")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(ben.id, "hello")
    await ben.start("m7")
    assert (await bot.send_message(ben.id, "hello")).text == "hello"


async def test_html_reaches_people_as_they_see_it(bot: Bot, ada: User) -> None:
    await bot.send_message(ada.id, "<b>Odds</b> &lt;50", parse_mode=ParseMode.HTML)
    assert ada.chat.last.text == "Odds <50"
    assert ada.chat.last.html == "<b>Odds</b> &lt;50"


async def test_a_callback_data_has_at_most_64_bytes(bot: Bot, ada: User) -> None:
    for data, fits in (("x" * 64, True), ("x" * 65, False), ("é" * 32, True), ("é" * 33, False)):
        markup = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data=data)]])
        if fits:
            await bot.send_message(ada.id, "press", reply_markup=markup)
        else:
            with pytest.raises(BadRequest, match="Button_data_invalid"):
                await bot.send_message(ada.id, "press", reply_markup=markup)

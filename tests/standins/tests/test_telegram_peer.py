"""The Telegram peer and the real python-telegram-bot client: polls, webhooks, taps, and what people see of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, FormData, web
from telegram import Message, Update
from telegram.error import BadRequest, Conflict, TelegramError
from telegram.ext import ApplicationBuilder, CallbackQueryHandler, CommandHandler, ContextTypes

from tests.standins.telegram_peer import TelegramPeer, wall_clock
from tests.standins.tests.telegram_harness import Town, a_town, client, keyboard, png, refused


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with a_town() as town:
        yield town


async def buy(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert isinstance(update.effective_message, Message)
    ticket = f"Ticket: {' '.join(context.args or ())}"
    await update.effective_message.reply_text(ticket, reply_markup=keyboard("Confirm", "Cancel"))


async def press(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.callback_query is not None
    await update.callback_query.answer("Done")
    await update.callback_query.edit_message_text("Bought")


@asynccontextmanager
async def polling(peer: TelegramPeer, complain: Callable[[TelegramError], None] | None = None) -> AsyncIterator[None]:
    """A bot that polls: /buy shows a ticket, a press of its button turns it into a receipt."""
    builder = ApplicationBuilder().token(peer.token).base_url(peer.base_url).base_file_url(peer.file_url)
    app = builder.job_queue(None).build()
    app.add_handler(CommandHandler("buy", buy))
    app.add_handler(CallbackQueryHandler(press))
    async with app:
        await app.start()
        assert app.updater is not None
        await app.updater.start_polling(poll_interval=0.01, timeout=2, error_callback=complain)
        yield
        await app.updater.stop()
        await app.stop()


async def test_a_polling_bot_answers_a_command_and_a_tap(town: Town) -> None:
    ada = town.ada
    async with polling(town.peer):
        await ada.send(ada.chat, "/buy germany yes $50")
        ticket = await ada.chat.expect("Ticket: germany yes $50")
        assert ticket.labels == ["Confirm", "Cancel"]
        tap = await ada.tap(ticket, "Confirm")
        assert (await tap.answered()).text == "Done"
        receipt = await ada.chat.expect("Bought")
    assert receipt is ticket
    assert (receipt.buttons, receipt.pinned) == ([], False)
    assert (town.peer.complaints, town.peer.refused()) == ([], [])


async def test_one_press_can_come_twice_under_two_update_ids(town: Town) -> None:
    async with polling(town.peer):
        await town.ada.send(town.group, "/buy@outcry_bot")
        ticket = await town.group.expect("Ticket")
        tap = await town.ada.tap(ticket, "Confirm", twice=True)
        await town.group.expect("Bought")
        await town.peer.until(lambda: len(town.peer.called("answerCallbackQuery")) == 2)
    made = [one for one in town.peer.world.update_queue.everything if "callback_query" in one]
    assert [one["callback_query"]["id"] for one in made] == [tap.id, tap.id]
    assert made[0]["update_id"] != made[1]["update_id"]
    assert [one.code for one in town.peer.called("answerCallbackQuery")] == [200, 400]


async def test_the_peer_lives_by_the_wall_clock_if_no_other_is_given() -> None:
    async with TelegramPeer() as peer, client(peer) as bot:
        ada = peer.world.user("Ada")
        await ada.start()
        before = int(wall_clock())
        sent = await bot.send_message(ada.id, "hello")
        assert sent.date.timestamp() >= before


# updates


async def test_updates_stay_until_an_offset_confirms_them(town: Town) -> None:
    for number in range(3):
        await town.ada.send(town.ada.chat, f"/odds {number}")
    first = await town.bot.get_updates(timeout=0, limit=2)
    again = await town.bot.get_updates(timeout=0)
    assert [one.update_id for one in again[:2]] == [one.update_id for one in first]
    assert len(again) == 3
    rest = await town.bot.get_updates(offset=again[1].update_id + 1, timeout=0)
    assert [one.message.text for one in rest if one.message] == ["/odds 2"]
    last = await town.bot.get_updates(offset=-1, timeout=0)
    assert [one.update_id for one in last] == [again[2].update_id]
    with refused(BadRequest, "limit"):
        await town.bot.get_updates(limit=101)


async def test_only_the_kinds_asked_for_come_and_it_is_remembered(town: Town) -> None:
    await town.bot.get_updates(timeout=0, allowed_updates=["message"])
    await town.bot.get_updates(timeout=0)
    await town.ada.start()
    await town.ada.block()
    updates = await town.bot.get_updates(timeout=0)
    assert [one.my_chat_member for one in updates] == [None]
    await town.bot.get_updates(timeout=0, allowed_updates=[])
    await town.ada.unblock()
    assert (await town.bot.get_updates(timeout=0))[-1].my_chat_member


async def test_a_long_poll_ends_as_soon_as_something_happens(town: Town) -> None:
    poll = asyncio.create_task(town.bot.get_updates(timeout=20))
    await town.peer.until(lambda: town.peer.poll is not None)
    await town.ada.send(town.ada.chat, "/odds")
    assert len(await poll) == 1


async def test_a_second_poller_ends_the_first_with_a_conflict(town: Town) -> None:
    complaints: list[TelegramError] = []
    async with client(town.peer) as other, polling(town.peer, complaints.append):
        await town.peer.until(lambda: town.peer.poll is not None)
        await other.get_updates(timeout=0)
        await town.peer.until(lambda: any(one.code == 409 for one in town.peer.calls))
        await town.ada.send(town.ada.chat, "/buy 1")
        await town.ada.chat.expect("Ticket: 1")
    assert [type(one) for one in complaints] == [Conflict]
    assert "terminated by other getUpdates request" in str(complaints[0])


# webhooks


class Receiver:
    """A web address that takes updates; `answers` are the codes of the next answers, then 200."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.bodies: list[dict[str, Any]] = []  # updates as JSON
        self.secrets: list[str | None] = []
        self.reply: dict[str, Any] | None = None
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        self.bodies.append(await request.json())
        status = self.answers.pop(0) if self.answers else 200
        return web.json_response(self.reply or {}, status=status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


async def test_a_webhook_gets_each_update_with_its_secret_until_it_takes_it(town: Town, receiver: Receiver) -> None:
    receiver.answers = [500, 403]
    await town.bot.set_webhook(receiver.url, secret_token="s-3_cret", allowed_updates=["message"])
    await town.ada.start("a")
    await town.ada.start("b")
    await town.peer.until(lambda: town.peer.world.update_queue.pending == [])
    texts = [body["message"]["text"] for body in receiver.bodies]
    assert texts == ["/start a", "/start a", "/start a", "/start b"]
    assert set(receiver.secrets) == {"s-3_cret"}
    info = await town.bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == (receiver.url, 0)
    assert info.last_error_message == "Wrong response from the webhook: 403"


async def test_a_webhook_may_answer_with_a_method(town: Town, receiver: Receiver) -> None:
    receiver.reply = {"method": "sendMessage", "chat_id": town.ada.id, "text": "taken"}
    await town.bot.set_webhook(receiver.url)
    await town.ada.start()
    await town.ada.chat.expect("taken")


async def test_polls_and_a_webhook_exclude_one_another(town: Town, receiver: Receiver) -> None:
    poll = asyncio.create_task(town.bot.get_updates(timeout=20))
    await town.peer.until(lambda: town.peer.poll is not None)
    await town.bot.set_webhook(receiver.url)
    with refused(Conflict, "terminated by setWebhook request"):
        await poll
    with refused(Conflict, "can't use getUpdates method while webhook is active"):
        await town.bot.get_updates(timeout=0)
    await town.ada.start()
    await town.peer.until(lambda: len(receiver.bodies) == 1)
    await town.bot.delete_webhook()
    await town.ada.start("x")
    (update,) = await town.bot.get_updates(timeout=0)
    assert update.message
    assert update.message.text == "/start x"
    await town.bot.delete_webhook(drop_pending_updates=True)
    assert await town.bot.get_updates(timeout=0) == ()


HOOKS = (
    ("http://example.org/hook", "", "An HTTPS URL must be provided"),
    ("https://example.org:9000/hook", "", "only on ports 80, 88, 443 or 8443"),
    ("example.org", "", "invalid webhook URL"),
    ("https://example.org/hook", "no spaces", "secret token contains unallowed characters"),
    ("https://example.org/hook", "x" * 257, "secret token is too long"),
)


@pytest.mark.parametrize(("url", "secret", "said"), HOOKS)
async def test_a_webhooks_address_and_secret_are_checked(town: Town, url: str, secret: str, said: str) -> None:
    town.peer.local = False
    with refused(BadRequest, said):
        await town.bot.set_webhook(url, secret_token=secret)
    assert town.peer.hook is None


# requests


async def test_parameters_come_as_query_form_json_and_multipart(town: Town) -> None:
    address = f"{town.peer.base_url}{town.peer.token}"
    form = FormData({"chat_id": str(town.ada.id), "photo": "attach://one"})
    form.add_field("one", png(), filename="a.png", content_type="image/png")
    async with ClientSession() as session:
        for made in (
            session.get(f"{address}/sendMessage", params={"chat_id": town.ada.id, "text": "query"}),
            session.post(f"{address}/SENDMESSAGE", data={"chat_id": town.ada.id, "text": "form"}),
            session.post(f"{address}/sendMessage", json={"chat_id": town.ada.id, "text": "json"}),
            session.post(f"{address}/sendPhoto", data=form),
        ):
            async with made as response:
                assert (response.status, (await response.json())["ok"]) == (200, True)
        async with session.post(f"{address}/sendMessage", json={"chat_id": town.ada.id, "text": "\ud83d"}) as response:
            assert "strings must be encoded in UTF-8" in (await response.json())["description"]
        async with session.get(f"{address}/sendNothing") as response:
            assert await response.json() == {
                "ok": False,
                "error_code": 404,
                "description": "Not Found: method not found",
            }
    assert [one.text for one in town.ada.chat.messages] == ["query", "form", "json", ""]


async def test_every_request_is_recorded_and_strangers_among_its_parameters_are_named(town: Town) -> None:
    town.clock.advance(5)
    await town.bot.send_message(town.ada.id, "a", reply_markup=keyboard("Go"), api_kwargs={"colour": "red"})
    (call,) = town.peer.called("sendMessage")
    assert (call.chat_id, call.at, call.code, call.params["text"]) == (town.ada.id, town.clock(), 200, "a")
    assert json.loads(call.params["reply_markup"])["inline_keyboard"][0][0]["callback_data"] == "go"
    assert town.peer.complaints == ["sendMessage: nobody reads the parameter 'colour'"]
    with refused(BadRequest, "message text is empty"):
        await town.bot.send_message(town.ada.id, " ")
    assert [one.description for one in town.peer.refused()] == ["Bad Request: message text is empty"]


# what people see and do


async def test_people_wait_for_messages_and_edits(town: Town) -> None:
    async def later() -> None:
        sent = await town.bot.send_message(town.group.id, "board: 40 %")
        await town.bot.edit_message_text("board: 45 %", town.group.id, sent.message_id)

    task = asyncio.create_task(later())
    board = await town.group.expect("45 %")
    assert board.id == (await town.group.expect(lambda message: message.edit_date is not None)).id
    await task
    with pytest.raises(AssertionError, match="45 %"):
        await town.group.expect("50 %", within=0.001)
    with pytest.raises(AssertionError):
        await town.group.expect("45 %", after=board, within=0.001)


async def test_people_press_only_what_they_see(town: Town) -> None:
    await town.bot.send_message(town.group.id, "sure?", reply_markup=keyboard("Yes"))
    await town.bot.send_message(town.ada.id, "ticket", reply_markup=keyboard("Confirm"))
    stranger = town.peer.world.user("Carl")
    for person, message, label in (
        (town.ada, town.group.last, "No"),
        (stranger, town.group.last, "Yes"),
        (town.ben, town.ada.chat.last, "Confirm"),
    ):
        with pytest.raises(AssertionError):
            await person.tap(message, label)
    old = town.group.last.button("Yes")
    await town.bot.edit_message_text("closed", town.group.id, town.group.last.id)
    late = await town.ben.tap(town.group.last, old)
    assert town.peer.unanswered() == [late]
    assert late.data == "yes"
    with pytest.raises(AssertionError, match="was not answered"):
        await late.answered(within=0.001)


async def test_a_chat_shows_what_stands_on_the_screen(town: Town) -> None:
    await town.ada.send(town.group, "/odds")
    sent = await town.bot.send_message(town.group.id, "even", reply_markup=keyboard("Buy", "Sell"))
    await town.bot.pin_chat_message(town.group.id, sent.message_id)
    await town.bot.send_photo(town.group.id, png(), caption="chart")
    assert town.group.screen().splitlines() == [
        "Ada: /odds",
        "📌 Outcry: even",
        "    [Buy] [Sell]",
        "Outcry: pinned_message",
        "Outcry: [photo] chart",
    ]

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
from tests.standins.tests.telegram_harness import PeerHarness, client, keyboard, peer_harness, png, refused


@pytest.fixture
async def harness() -> AsyncIterator[PeerHarness]:
    async with peer_harness() as harness:
        yield harness


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


async def test_a_polling_bot_answers_a_command_and_a_tap(harness: PeerHarness) -> None:
    ada = harness.ada
    async with polling(harness.peer):
        await ada.send(ada.chat, "/buy germany yes $50")
        ticket = await ada.chat.expect("Ticket: germany yes $50")
        assert ticket.labels == ["Confirm", "Cancel"]
        tap = await ada.tap(ticket, "Confirm")
        assert (await tap.answered()).text == "Done"
        receipt = await ada.chat.expect("Bought")
    assert receipt is ticket
    assert (receipt.buttons, receipt.pinned) == ([], False)
    assert (harness.peer.complaints, harness.peer.refused()) == ([], [])


async def test_one_press_can_come_twice_under_two_update_ids(harness: PeerHarness) -> None:
    async with polling(harness.peer):
        await harness.ada.send(harness.group, "/buy@outcry_bot")
        ticket = await harness.group.expect("Ticket")
        tap = await harness.ada.tap(ticket, "Confirm", twice=True)
        await harness.group.expect("Bought")
        await harness.peer.until(lambda: len(harness.peer.called("answerCallbackQuery")) == 2)
    made = [one for one in harness.peer.world.update_queue.everything if "callback_query" in one]
    assert [one["callback_query"]["id"] for one in made] == [tap.id, tap.id]
    assert made[0]["update_id"] != made[1]["update_id"]
    assert [one.code for one in harness.peer.called("answerCallbackQuery")] == [200, 400]


async def test_the_peer_lives_by_the_wall_clock_if_no_other_is_given() -> None:
    async with TelegramPeer() as peer, client(peer) as bot:
        ada = peer.world.user("Ada")
        await ada.start()
        before = int(wall_clock())
        sent = await bot.send_message(ada.id, "hello")
        assert sent.date.timestamp() >= before


# updates


async def test_updates_stay_until_an_offset_confirms_them(harness: PeerHarness) -> None:
    for number in range(3):
        await harness.ada.send(harness.ada.chat, f"/odds {number}")
    first = await harness.bot.get_updates(timeout=0, limit=2)
    again = await harness.bot.get_updates(timeout=0)
    assert [one.update_id for one in again[:2]] == [one.update_id for one in first]
    assert len(again) == 3
    rest = await harness.bot.get_updates(offset=again[1].update_id + 1, timeout=0)
    assert [one.message.text for one in rest if one.message] == ["/odds 2"]
    last = await harness.bot.get_updates(offset=-1, timeout=0)
    assert [one.update_id for one in last] == [again[2].update_id]
    with refused(BadRequest, "limit"):
        await harness.bot.get_updates(limit=101)


async def test_only_the_kinds_asked_for_come_and_it_is_remembered(harness: PeerHarness) -> None:
    await harness.bot.get_updates(timeout=0, allowed_updates=["message"])
    await harness.bot.get_updates(timeout=0)
    await harness.ada.start()
    await harness.ada.block()
    updates = await harness.bot.get_updates(timeout=0)
    assert [one.my_chat_member for one in updates] == [None]
    await harness.bot.get_updates(timeout=0, allowed_updates=[])
    await harness.ada.unblock()
    assert (await harness.bot.get_updates(timeout=0))[-1].my_chat_member


async def test_a_long_poll_ends_as_soon_as_something_happens(harness: PeerHarness) -> None:
    poll = asyncio.create_task(harness.bot.get_updates(timeout=20))
    await harness.peer.until(lambda: harness.peer.poll is not None)
    await harness.ada.send(harness.ada.chat, "/odds")
    assert len(await poll) == 1


async def test_a_second_poller_ends_the_first_with_a_conflict(harness: PeerHarness) -> None:
    complaints: list[TelegramError] = []
    async with client(harness.peer) as other, polling(harness.peer, complaints.append):
        await harness.peer.until(lambda: harness.peer.poll is not None)
        await other.get_updates(timeout=0)
        await harness.peer.until(lambda: any(one.code == 409 for one in harness.peer.calls))
        await harness.ada.send(harness.ada.chat, "/buy 1")
        await harness.ada.chat.expect("Ticket: 1")
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


async def test_a_webhook_gets_each_update_with_its_secret_until_it_takes_it(
    harness: PeerHarness, receiver: Receiver
) -> None:
    receiver.answers = [500, 403]
    await harness.bot.set_webhook(receiver.url, secret_token="s-3_cret", allowed_updates=["message"])
    await harness.ada.start("a")
    await harness.ada.start("b")
    await harness.peer.until(lambda: harness.peer.world.update_queue.pending == [])
    texts = [body["message"]["text"] for body in receiver.bodies]
    assert texts == ["/start a", "/start a", "/start a", "/start b"]
    assert set(receiver.secrets) == {"s-3_cret"}
    info = await harness.bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == (receiver.url, 0)
    assert info.last_error_message == "Wrong response from the webhook: 403"


async def test_a_webhook_may_answer_with_a_method(harness: PeerHarness, receiver: Receiver) -> None:
    receiver.reply = {"method": "sendMessage", "chat_id": harness.ada.id, "text": "taken"}
    await harness.bot.set_webhook(receiver.url)
    await harness.ada.start()
    await harness.ada.chat.expect("taken")


async def test_polls_and_a_webhook_exclude_one_another(harness: PeerHarness, receiver: Receiver) -> None:
    poll = asyncio.create_task(harness.bot.get_updates(timeout=20))
    await harness.peer.until(lambda: harness.peer.poll is not None)
    await harness.bot.set_webhook(receiver.url)
    with refused(Conflict, "terminated by setWebhook request"):
        await poll
    with refused(Conflict, "can't use getUpdates method while webhook is active"):
        await harness.bot.get_updates(timeout=0)
    await harness.ada.start()
    await harness.peer.until(lambda: len(receiver.bodies) == 1)
    await harness.bot.delete_webhook()
    await harness.ada.start("x")
    (update,) = await harness.bot.get_updates(timeout=0)
    assert update.message
    assert update.message.text == "/start x"
    await harness.bot.delete_webhook(drop_pending_updates=True)
    assert await harness.bot.get_updates(timeout=0) == ()


HOOKS = (
    ("http://example.org/hook", "", "An HTTPS URL must be provided"),
    ("https://example.org:9000/hook", "", "only on ports 80, 88, 443 or 8443"),
    ("example.org", "", "invalid webhook URL"),
    ("https://example.org/hook", "no spaces", "secret token contains unallowed characters"),
    ("https://example.org/hook", "x" * 257, "secret token is too long"),
)


@pytest.mark.parametrize(("url", "secret", "said"), HOOKS)
async def test_a_webhooks_address_and_secret_are_checked(
    harness: PeerHarness, url: str, secret: str, said: str
) -> None:
    harness.peer.local = False
    with refused(BadRequest, said):
        await harness.bot.set_webhook(url, secret_token=secret)
    assert harness.peer.hook is None


# requests


async def test_parameters_come_as_query_form_json_and_multipart(harness: PeerHarness) -> None:
    address = f"{harness.peer.base_url}{harness.peer.token}"
    form = FormData({"chat_id": str(harness.ada.id), "photo": "attach://one"})
    form.add_field("one", png(), filename="a.png", content_type="image/png")
    async with ClientSession() as session:
        for made in (
            session.get(f"{address}/sendMessage", params={"chat_id": harness.ada.id, "text": "query"}),
            session.post(f"{address}/SENDMESSAGE", data={"chat_id": harness.ada.id, "text": "form"}),
            session.post(f"{address}/sendMessage", json={"chat_id": harness.ada.id, "text": "json"}),
            session.post(f"{address}/sendPhoto", data=form),
        ):
            async with made as response:
                assert (response.status, (await response.json())["ok"]) == (200, True)
        async with session.post(
            f"{address}/sendMessage", json={"chat_id": harness.ada.id, "text": "\ud83d"}
        ) as response:
            assert "strings must be encoded in UTF-8" in (await response.json())["description"]
        async with session.get(f"{address}/sendNothing") as response:
            assert await response.json() == {
                "ok": False,
                "error_code": 404,
                "description": "Not Found: method not found",
            }
    assert [one.text for one in harness.ada.chat.messages] == ["query", "form", "json", ""]


async def test_every_request_is_recorded_and_strangers_among_its_parameters_are_named(harness: PeerHarness) -> None:
    harness.clock.advance(5)
    await harness.bot.send_message(harness.ada.id, "a", reply_markup=keyboard("Go"), api_kwargs={"colour": "red"})
    (call,) = harness.peer.called("sendMessage")
    assert (call.chat_id, call.at, call.code, call.params["text"]) == (harness.ada.id, harness.clock(), 200, "a")
    assert json.loads(call.params["reply_markup"])["inline_keyboard"][0][0]["callback_data"] == "go"
    assert harness.peer.complaints == ["sendMessage: nobody reads the parameter 'colour'"]
    with refused(BadRequest, "message text is empty"):
        await harness.bot.send_message(harness.ada.id, " ")
    assert [one.description for one in harness.peer.refused()] == ["Bad Request: message text is empty"]


# what people see and do


async def test_people_wait_for_messages_and_edits(harness: PeerHarness) -> None:
    async def later() -> None:
        sent = await harness.bot.send_message(harness.group.id, "board: 40 %")
        await harness.bot.edit_message_text("board: 45 %", harness.group.id, sent.message_id)

    task = asyncio.create_task(later())
    board = await harness.group.expect("45 %")
    assert board.id == (await harness.group.expect(lambda message: message.edit_date is not None)).id
    await task
    with pytest.raises(AssertionError, match="45 %"):
        await harness.group.expect("50 %", within=0.001)
    with pytest.raises(AssertionError):
        await harness.group.expect("45 %", after=board, within=0.001)


async def test_people_press_only_what_they_see(harness: PeerHarness) -> None:
    await harness.bot.send_message(harness.group.id, "sure?", reply_markup=keyboard("Yes"))
    await harness.bot.send_message(harness.ada.id, "ticket", reply_markup=keyboard("Confirm"))
    stranger = harness.peer.world.user("Carl")
    for person, message, label in (
        (harness.ada, harness.group.last, "No"),
        (stranger, harness.group.last, "Yes"),
        (harness.ben, harness.ada.chat.last, "Confirm"),
    ):
        with pytest.raises(AssertionError):
            await person.tap(message, label)
    old = harness.group.last.button("Yes")
    await harness.bot.edit_message_text("closed", harness.group.id, harness.group.last.id)
    late = await harness.ben.tap(harness.group.last, old)
    assert harness.peer.unanswered() == [late]
    assert late.data == "yes"
    with pytest.raises(AssertionError, match="was not answered"):
        await late.answered(within=0.001)


async def test_a_chat_shows_what_stands_on_the_screen(harness: PeerHarness) -> None:
    await harness.ada.send(harness.group, "/odds")
    sent = await harness.bot.send_message(harness.group.id, "even", reply_markup=keyboard("Buy", "Sell"))
    await harness.bot.pin_chat_message(harness.group.id, sent.message_id)
    await harness.bot.send_photo(harness.group.id, png(), caption="chart")
    assert harness.group.screen().splitlines() == [
        "Ada: /odds",
        "📌 Outcry: even",
        "    [Buy] [Sell]",
        "Outcry: pinned_message",
        "Outcry: [photo] chart",
    ]

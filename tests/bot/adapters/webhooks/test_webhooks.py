"""News of an event reaches a program as it reaches the chats: signed, in order, at least once, and nothing of anybody's
own with it. The signature is checked by the code that the README gives to receivers."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.webhooks.platform import WebhookPlatform
from bot.adapters.webhooks.sender import Sender
from bot.chat import plain_text
from bot.chat.reply import CodeBlock, Reply
from bot.notifications.announcer import Announcer
from bot.notifications.webhook_state import GIVEN_UP_MS
from storage.deliveries import LONGEST_RETRY_MS
from tests.bot.adapters.webhooks.receiver import Receiver, receiving
from tests.bot.adapters.webhooks.test_sender import Names, global_or_here
from tests.bot.harness import ADMIN, ChatHarness, chat_harness, opened, running
from tests.paths import ROOT

PATH = "/outcry/T0K3N-of-the-receiver?key=S3CR3T-of-the-receiver"
OUTAGE = ["503 Later", "500 Oops", "429 Slow down\r\nRetry-After: 20"]


@asynccontextmanager
async def at_a_receiver(folder: Path) -> AsyncIterator[tuple[ChatHarness, Receiver]]:
    """A chat whose announcer sends to webhooks too, and a receiver."""
    async with receiving(folder) as (receiver, trusted), chat_harness(folder) as harness:
        sender = Sender(allowed=global_or_here, look_up=Names(["127.0.0.1"]), context=trusted, timeout_s=60.0)
        webhooks = WebhookPlatform(harness.db, harness.clock, sender)
        harness.announcer = Announcer(harness.db, harness.clock, {"room": harness.platform, webhooks.name: webhooks})
        try:
            yield harness, receiver
        finally:
            await webhooks.close()


async def set_up(harness: ChatHarness, receiver: Receiver, path: str = PATH) -> str:
    """Its secret."""
    reply = await harness.say(ADMIN, f"/admin channel webhook {receiver.url(path)}")
    assert reply.ok, plain_text.text(reply)
    return secret_in(reply)


def secret_in(reply: Reply) -> str:
    return next(block.text for block in reply.blocks if isinstance(block, CodeBlock))


def is_ours() -> Callable[[str, str, bytes, int], bool]:
    """As the README gives it to receivers."""
    page = (ROOT / "bot/adapters/webhooks/README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {}
    exec(code.group(1), names)  # our own page
    check: Callable[[str, str, bytes, int], bool] = names["is_ours"]
    return check


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in receiver.received]


def kinds(receiver: Receiver) -> list[str]:
    return [str(message["kind"]) for message in told(receiver)]


async def to_the_end(harness: ChatHarness) -> None:
    """Trades, a freeze by hand, an elimination, a result, its payment."""
    await harness.confirmed("ada", "/buy germany yes $500")
    await harness.tick()
    for line in ("/admin pause rain", "/admin resume"):
        assert (await harness.say(ADMIN, line)).ok
        await harness.tick()
    for line in ('/admin eliminate "Costa Rica" lost', "/admin resolve germany won"):
        preview = await harness.say(ADMIN, line)
        assert (await harness.press(ADMIN, preview, "Confirm")).ok, plain_text.text(preview)
        await harness.tick()
    await harness.tick(24 * 3_600_000)


async def test_an_event_is_told_as_the_chats_hear_it_signed_and_in_order(tmp_path: Path) -> None:
    async with at_a_receiver(tmp_path) as (harness, receiver):
        await opened(harness)
        secret = await set_up(harness, receiver)
        preview = await harness.say(ADMIN, "/admin start")
        assert (await harness.press(ADMIN, preview, "Confirm")).ok
        await harness.tick()
        await to_the_end(harness)
        check, now_s = is_ours(), harness.now // 1_000
        assert kinds(receiver)[:4] == ["webhook_added", "started", "paused", "resumed"]
        assert [kind for kind in kinds(receiver) if kind in {"eliminated", "resolved"}] == ["eliminated", "resolved"]
        assert not {"big_trade", "board", "order", "paid"} & set(kinds(receiver))
        posts = harness.platform.texts("post")
        for request, message in zip(receiver.received, told(receiver), strict=True):
            sent_s = int(request.headers["outcry-signature"].split(",")[0].removeprefix("t="))
            assert check(secret, request.headers["outcry-signature"], request.body, sent_s)
            assert not check(secret, request.headers["outcry-signature"], request.body + b" ", sent_s)
            assert not check(secret[::-1], request.headers["outcry-signature"], request.body, sent_s)
            assert not check(secret, request.headers["outcry-signature"], request.body, sent_s + 400)
            assert sent_s <= now_s
            assert message["id"] == request.headers["outcry-id"]
            assert (message["market"], message["title"], request.path) == (1, "Cup", PATH)
            if message["kind"] not in {"webhook_added", "resumed"}:
                assert any(same_words(message["text"], post) for post in posts), message["text"]
        assert len({message["id"] for message in told(receiver)}) == len(receiver.received)
        eliminated = next(message for message in told(receiver) if message["kind"] == "eliminated")
        assert eliminated["facts"]["outcomes"] == [{"outcome": 2, "name": "Costa Rica"}]
        assert [price["outcome"] for price in eliminated["facts"]["prices"]] == [0, 1]
        assert next(m for m in told(receiver) if m["kind"] == "resolved")["facts"]["winners"][0]["name"] == "Germany"
        ticks = [message["tick"] for message in told(receiver)]
        assert ticks == sorted(ticks)


def same_words(text: str, post: str) -> bool:
    """A post of the chat without what a program is not given: buttons and pictures."""
    shown = [row for row in post.splitlines() if not row.startswith("[")]
    return text.splitlines() == shown


async def test_nothing_of_anybodys_own_is_sent(tmp_path: Path) -> None:
    """A market that is called off pays everybody back: who got what is between them and the bot."""
    async with at_a_receiver(tmp_path) as (harness, receiver):
        await running(harness)
        await set_up(harness, receiver)
        await harness.confirmed("ada", "/buy germany yes $50")
        await harness.tick()
        preview = await harness.say(ADMIN, "/admin void rain")
        assert (await harness.press(ADMIN, preview, "Confirm")).ok, plain_text.text(preview)
        await harness.tick()
        voided = told(receiver)[-1]
        assert (voided["kind"], set(voided["facts"])) == ("voided", {"head"})
        assert not re.search(r"ada|bob", json.dumps(told(receiver)), re.IGNORECASE)


async def test_what_does_not_arrive_is_sent_again_in_order_until_it_does(tmp_path: Path) -> None:
    async with at_a_receiver(tmp_path) as (harness, receiver):
        await running(harness)
        await set_up(harness, receiver)
        receiver.answers = [*OUTAGE, "200 OK"]
        harness.line_ms = 0
        await harness.announcer.step()
        for line in ("/admin pause rain", "/admin resume", "/admin pause again"):
            await harness.say(ADMIN, line)
            await harness.tick(100)
        assert kinds(receiver) == ["webhook_added"]  # those behind it wait
        shown = plain_text.text(await harness.say(ADMIN, "/admin channel webhook"))
        assert "nothing has arrived for" in shown
        assert "(it answered 503)" in shown
        for ahead_ms in (2_000, 4_000):
            harness.now += ahead_ms
            await harness.announcer.step()
        assert kinds(receiver) == ["webhook_added"] * 3
        harness.now += 19_000  # it asked for 20 s
        await harness.announcer.step()
        assert kinds(receiver) == ["webhook_added"] * 3
        harness.now += 2_000
        await harness.announcer.step()
        assert kinds(receiver) == [*["webhook_added"] * 4, "paused", "resumed", "paused"]
        assert len({request.headers["outcry-id"] for request in receiver.received[:4]}) == 1
        assert len({request.body for request in receiver.received[:4]}) == 1
        assert "nothing has arrived" not in plain_text.text(await harness.say(ADMIN, "/admin channel webhook"))


async def test_one_that_is_out_of_reach_for_days_is_ended_and_its_admins_are_told_once(tmp_path: Path) -> None:
    async with at_a_receiver(tmp_path) as (harness, receiver):
        await running(harness)
        await set_up(harness, receiver)
        receiver.answers = ["500 Oops"]
        await harness.announcer.step()
        harness.now += GIVEN_UP_MS - 1
        await harness.announcer.step()
        harness.platform.sent.clear()
        await harness.say(ADMIN, "/admin pause rain")
        for _ in range(6):  # it slept through those days: it tries before it gives up
            await harness.tick(LONGEST_RETRY_MS)
        tries = len(receiver.received)
        assert tries == 5
        await harness.tick(GIVEN_UP_MS)
        assert len(receiver.received) == tries
        ended = [text for text in harness.platform.texts("tell", ADMIN) if "webhook 1" in text]
        assert len(ended) == 1
        assert "is ended; nothing arrived for" in ended[0]
        assert "hooks.example.org" in ended[0]
        assert plain_text.text(await harness.say(ADMIN, "/admin channel webhook")).startswith("No webhook")


async def test_what_is_taken_back_is_sent_nothing_more(tmp_path: Path) -> None:
    async with at_a_receiver(tmp_path) as (harness, receiver):
        await running(harness)
        await set_up(harness, receiver)
        await harness.announcer.step()
        await harness.say(ADMIN, "/admin pause rain")
        assert (await harness.say(ADMIN, "/admin channel webhook off 1")).ok
        assert (await harness.say(ADMIN, "/admin channel webhook off 1")).ok  # the same once more
        await harness.tick()
        assert kinds(receiver) == ["webhook_added"]


async def test_addresses_and_secrets_reach_no_log_no_list_and_no_member(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with at_a_receiver(tmp_path) as (harness, receiver):
        await running(harness)
        again = await harness.say(ADMIN, f"/admin channel webhook {receiver.url(PATH)}", request="once")
        secret = secret_in(again)
        assert again.secret  # no chat keeps it
        repeated = plain_text.text(
            await harness.say(ADMIN, f"/admin channel webhook {receiver.url(PATH)}", request="once")
        )
        receiver.answers = ["500 Oops"]
        for _ in range(3):
            await harness.tick(60_000)
        lists = [plain_text.text(await harness.say(ADMIN, line)) for line in ("/admin channel webhook", "/admin log")]
        assert "hooks.example.org" in lists[0]
        assert "hooks.example.org" in lists[1]
        others = [plain_text.text(reply) for _, _, _, reply in harness.platform.sent]
        row = next(line for line in harness.rows().splitlines() if line.startswith("webhooks "))
        assert "S3CR3T" in row  # kept where it is needed, and nowhere else
        elsewhere = harness.rows().replace(row, "")
        for text in (*lists, *others, repeated, caplog.text, elsewhere):
            assert not re.search(rf"T0K3N|S3CR3T|{secret}", text)
        assert secret not in row


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("http://hooks.example.org/", "News is sent by https only."),
        ("https://hooks.example.org:22/", "News is sent to port 443, or to one from 1024 to 65535."),
        ("https://localhost:8443/", "That address leads into a network of somebody's own"),
        ("https://[::ffff:10.0.0.1]/", "That address leads into a network of somebody's own"),
        ("hooks.example.org", "That is no address that news could be sent to."),
        ("off 7", "There is no webhook 7 of this market."),
        ("off everything", "There is no webhook everything of this market."),
    ],
)
async def test_what_cannot_be_a_webhook_changes_nothing(tmp_path: Path, line: str, refusal: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.say(ADMIN, "/admin channel webhook")
        before = harness.rows()
        reply = await harness.say(ADMIN, f"/admin channel webhook {line}")
        assert not reply.ok
        assert plain_text.text(reply).startswith(refusal)
        assert harness.rows() == before


async def test_a_market_has_five_and_only_its_admins_set_them_up(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        url = "https://hooks.example.org/{}"
        assert not (await harness.say("ada", f"/admin channel webhook {url.format(0)}")).ok
        secrets = {
            secret_in(await harness.say(ADMIN, f"/admin channel webhook {url.format(number)}")) for number in range(5)
        }
        assert len(secrets) == 5
        refused = await harness.say(ADMIN, f"/admin channel webhook {url.format(6)}")
        assert plain_text.text(refused).startswith("A market has at most 5 webhooks.")


async def test_who_is_forgotten_leaves_no_address_behind(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.say(ADMIN, "/admin channel webhook https://hooks.example.org/of-mine")
        assert "Webhooks: 1 address you gave" in plain_text.text(await harness.say(ADMIN, "/privacy"))
        preview = await harness.say(ADMIN, "/forget")
        assert (await harness.press(ADMIN, preview, "Confirm")).ok, plain_text.text(preview)
        assert "of-mine" not in harness.rows()
        async with harness.db.reading() as uow:
            assert await uow.webhooks.of_market(1) == []

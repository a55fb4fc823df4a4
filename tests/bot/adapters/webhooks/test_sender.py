"""News is sent to addresses of everybody's internet, over checked TLS, and to nothing a name is bent to; nothing the
other side does costs more than a few seconds."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.adapters.webhooks.sender import Failure, Sender
from bot.text.global_addresses import is_global
from tests.bot.adapters.webhooks.receiver import Receiver, read_request, receiving

NOWHERE = Failure("its name leads nowhere that news is sent to")
UNREADABLE = Failure("its answer could not be read")
HERE = "127.0.0.1"


def global_or_here(address: str) -> bool:
    """As if 127.0.0.1 were an address of everybody's internet."""
    return address == HERE or is_global(address)


class Names:
    """A name server: what each question is answered, the last answer for good."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = [list(answer) for answer in answers]
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def sending(
    context: ssl.SSLContext, names: Names | None = None, *, timeout_s: float = 60.0
) -> AsyncIterator[Sender]:
    sender = Sender(allowed=global_or_here, look_up=names or Names([HERE]), context=context, timeout_s=timeout_s)
    try:
        yield sender
    finally:
        await sender.close()


async def posted(sender: Sender, url: str) -> Failure | None:
    return await sender.post(url, b"{}", {"Content-Type": "application/json"})


async def test_what_is_sent_arrives_as_it_is_and_no_cookie_is_kept(tmp_path: Path) -> None:
    async with receiving(tmp_path) as (receiver, trusted), sending(trusted) as sender:
        for _ in range(2):
            assert await sender.post(receiver.url("/a%20b?c=%2Fd"), b'{"a":1}', {"X-Y": "z"}) is None
        assert [request.path for request in receiver.received] == ["/a%20b?c=%2Fd"] * 2
        first, second = receiver.received
        assert (first.body, first.headers["x-y"], first.headers["user-agent"]) == (b'{"a":1}', "z", "Outcry")
        assert "cookie" not in second.headers


@pytest.mark.parametrize(
    "addresses",
    [
        *(["127.0.0.2"], ["10.0.0.1"], ["169.254.169.254"], ["::1"], ["fe80::1%lo"], ["::ffff:127.0.0.2"]),
        *(["64:ff9b::10.0.0.1"], ["2002:7f00:1::"], ["0.0.0.0"], ["100.64.0.1"], ["224.0.0.1"], []),
        *(["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["127.0.0.1", "::1"]),  # one of two is enough
    ],
)
async def test_a_name_that_leads_into_a_network_of_its_own_is_sent_nothing(
    tmp_path: Path, addresses: list[str]
) -> None:
    async with receiving(tmp_path) as (receiver, trusted), sending(trusted, Names(addresses)) as sender:
        assert await posted(sender, receiver.url()) == NOWHERE
        assert receiver.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "10.0.0.1"])
async def test_an_address_in_the_place_of_a_name_is_checked_too(tmp_path: Path, host: str) -> None:
    names = Names([HERE])
    async with receiving(tmp_path) as (receiver, trusted), sending(trusted, names) as sender:
        assert await posted(sender, receiver.url(host=host)) == NOWHERE
        assert (receiver.connections, names.asked) == (0, [])


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "localhost."])
async def test_the_systems_own_names_for_this_machine_are_refused(tmp_path: Path, host: str) -> None:
    async with receiving(tmp_path) as (receiver, trusted):
        sender = Sender(context=trusted, timeout_s=60.0)
        try:
            assert await posted(sender, receiver.url(host=host)) == NOWHERE
        finally:
            await sender.close()
        assert receiver.connections == 0


async def test_a_name_that_changes_its_answer_is_asked_once_and_the_checked_answer_is_used(tmp_path: Path) -> None:
    names = Names([HERE], ["127.0.0.2"], [HERE])
    async with receiving(tmp_path) as (receiver, trusted), sending(trusted, names) as sender:
        results = [await posted(sender, receiver.url()) for _ in range(3)]
        assert results == [None, NOWHERE, None]
        assert len(names.asked) == 3  # once a message
        assert receiver.connections == 2


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
async def test_no_redirect_is_followed(tmp_path: Path, status: str) -> None:
    async with receiving(tmp_path) as (receiver, trusted), sending(trusted) as sender:
        receiver.answers = [f"{status}\r\nLocation: {receiver.url('/second')}"]
        failure = await posted(sender, receiver.url("/first"))
        assert failure == Failure(f"it answered {status[:3]}, a redirect, and none is followed")
        assert [request.path for request in receiver.received] == ["/first"]


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("204 No Content", None),
        ("500 Oops", Failure("it answered 500")),
        ("410 Gone", Failure("it answered 410")),
        ("429 Slow down\r\nRetry-After: 30", Failure("it answered 429", 30_000)),
        ("503 Later\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT", Failure("it answered 503")),
        ("503 Later\r\nRetry-After: 99999999999999", Failure("it answered 503")),
    ],
)
async def test_an_answer_that_is_no_yes_is_a_failure(tmp_path: Path, answer: str, failure: Failure | None) -> None:
    async with receiving(tmp_path) as (receiver, trusted), sending(trusted) as sender:
        receiver.answers = [answer]
        assert await posted(sender, receiver.url()) == failure


@pytest.mark.parametrize(
    ("name", "days", "knows_root"),
    [("other.example.org", 1, True), ("hooks.example.org", -1, True), ("hooks.example.org", 1, False)],
)
async def test_a_certificate_of_another_name_run_out_or_of_nobody_known_is_refused(
    tmp_path: Path, name: str, days: int, knows_root: bool
) -> None:
    async with receiving(tmp_path, name=name, days=days) as (receiver, trusted):
        async with sending(trusted if knows_root else ssl.create_default_context()) as sender:
            assert await posted(sender, receiver.url()) == Failure(
                "its certificate is not valid, or it does not speak TLS"
            )
        assert receiver.received == []


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    await reader.read()  # until the other side hangs up


async def keeps_promising(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0)


@pytest.mark.parametrize("raw", [never, keeps_promising])
async def test_an_answer_that_does_not_come_is_waited_for_only_so_long(tmp_path: Path, raw: object) -> None:
    async with receiving(tmp_path) as (receiver, trusted), sending(trusted, timeout_s=0.2) as sender:
        receiver.raw = raw  # type: ignore[assignment]
        assert await posted(sender, receiver.url()) == Failure("no answer within 0.2 seconds")


async def test_an_answer_without_end_is_not_read(tmp_path: Path) -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in itertools.count():
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    async with receiving(tmp_path) as (receiver, trusted), sending(trusted) as sender:
        receiver.raw = endless
        assert await posted(sender, receiver.url()) is None
        await receiver.ended.wait()
        assert sent < 16_000_000  # what fits into the buffers on the way


@pytest.mark.parametrize(
    "piece", [b"X-A: " + b"x" * 8_000 + b"\r\n", b"x" * 65_536, b"X-A: b\r\n" * 8_000], ids=["long", "one", "many"]
)
async def test_a_head_without_end_is_refused(tmp_path: Path, piece: bytes) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for _ in itertools.count():
            writer.write(piece)
            await writer.drain()

    async with receiving(tmp_path) as (receiver, trusted), sending(trusted) as sender:
        receiver.raw = endless
        assert await posted(sender, receiver.url()) == UNREADABLE
        await receiver.ended.wait()


async def test_who_speaks_no_http_or_listens_nowhere_is_told_apart(tmp_path: Path) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        await writer.drain()

    async with receiving(tmp_path) as (receiver, trusted), sending(trusted) as sender:
        receiver.raw = nonsense
        assert await posted(sender, receiver.url()) == UNREADABLE
    async with sending(trusted) as sender:
        assert await posted(sender, receiver.url()) == Failure("no connection could be made")


async def test_a_name_server_that_never_answers_holds_up_only_so_long(tmp_path: Path) -> None:
    async def silent(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        raise AssertionError

    sender = Sender(look_up=silent, timeout_s=0.05)
    try:
        assert await posted(sender, Receiver(port=443).url()) == Failure("no answer within 0.05 seconds")
    finally:
        await sender.close()

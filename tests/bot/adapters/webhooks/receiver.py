"""A receiver of webhooks: a real HTTPS server on this machine with a certificate made for it, and what it was sent."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "hooks.example.org"
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: dict[str, str]  # names in small letters
    body: bytes


@dataclass
class Receiver:
    """`answers`: what each request is answered, the last one for good. `raw` takes a connection over instead."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    answers: list[str] = field(default_factory=lambda: ["200 OK\r\nSet-Cookie: a=b"])
    connections: int = 0
    raw: Raw | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # a connection was

    def url(self, path: str = "/outcry", host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await (self.raw or self._answer)(reader, writer)
        finally:
            self.ended.set()
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        self.received.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()


async def read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *rows = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rows)}
    return Received(first.split()[1], headers, await reader.readexactly(int(headers["content-length"])))


@asynccontextmanager
async def receiving(folder: Path, *, name: str = HOST, days: int = 1) -> AsyncIterator[tuple[Receiver, ssl.SSLContext]]:
    """The server, and what trusts the one that signed its certificate. `days`: until that runs out."""
    trusted, served = _certificates(folder, name, days)
    receiver = Receiver()
    tasks: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await receiver.take(reader, writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=served)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver, trusted
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def _certificates(folder: Path, name: str, days: int) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    signer, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("A root of this test", signer, "A root of this test", signer, days=2, ca=True)
    leaf = _certificate(name, own, "A root of this test", signer, days=days, ca=False)
    pem = folder / "served.pem"
    pem.write_bytes(
        own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(serialization.Encoding.PEM)
    )
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem)
    return ssl.create_default_context(cadata=root.public_bytes(serialization.Encoding.PEM).decode()), served


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    days: int,
    ca: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return built.sign(signer, hashes.SHA256())

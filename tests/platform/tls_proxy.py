"""A small proxy with TLS in front of a room: a certificate of its own, streams passed on as they come.

It speaks for who connects (`X-Forwarded-For`) and passes on the Host it was asked for, as the proxies of `deploy/` do.
"""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"})


def certificate(name: str, folder: Path) -> ssl.SSLContext:
    """For a server of this name, signed by nobody but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


class TlsProxy:
    """`upstream` is where the room listens, known once it does; `url` is what people open."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.url = f"https://{name}:{port}"
        self.upstream = ""
        self.seen: list[str] = []  # the addresses that were asked for, as a proxy logs them
        self._http: ClientSession | None = None

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(f"{request.path_qs} {request.headers.get('Referer', '')}")
        headers = {key: value for key, value in request.headers.items() if key.lower() not in HOP_BY_HOP}
        headers["X-Forwarded-For"] = request.remote or ""
        assert self._http is not None
        async with self._http.request(
            request.method,
            f"{self.upstream}{request.path_qs}",
            headers=headers,
            data=await request.read(),
            allow_redirects=False,
        ) as answer:
            kept = [(key, value) for key, value in answer.headers.items() if key.lower() not in HOP_BY_HOP]
            response = web.StreamResponse(status=answer.status)
            response.headers.extend(kept)
            await response.prepare(request)
            with suppress(ConnectionError, ClientError):  # either end has gone: so does the other
                async for piece in answer.content.iter_any():
                    await response.write(piece)
            return response


@asynccontextmanager
async def tls_proxy(name: str, folder: Path) -> AsyncIterator[TlsProxy]:
    async def pass_on(request: web.Request) -> web.StreamResponse:
        return await proxy.pass_on(request)

    app = web.Application(client_max_size=2**20)
    app.router.add_route("*", "/{tail:.*}", pass_on)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate(name, folder))
    await site.start()
    proxy = TlsProxy(name, runner.addresses[0][1])
    proxy._http = ClientSession(timeout=ClientTimeout(total=None))
    try:
        yield proxy
    finally:
        await proxy._http.close()
        await runner.cleanup()

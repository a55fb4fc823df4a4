"""Pointing discord.py at the peer, for tests that bring a client of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from .server import DiscordPeer


@contextmanager
def pointed_at(peer: DiscordPeer) -> Iterator[None]:
    """discord.py keeps both addresses in class attributes: they are put back afterwards."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = peer.api, yarl.URL(peer.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@asynccontextmanager
async def running(client: discord.Client, peer: DiscordPeer, *, shards: int = 1) -> AsyncIterator[None]:
    """The client logged in and on the gateway with so many shards; closed in the end."""
    with pointed_at(peer):
        task = asyncio.create_task(client.start(peer.token))
        task.add_done_callback(lambda _: peer.changes.notify())
        try:
            what = f"{shards} shards on the gateway"
            await peer.until(lambda: task.done() or len(peer.gateway.live()) >= shards, 10.0, what)
            if task.done():
                task.result()
            yield
        finally:
            await client.close()
            await asyncio.gather(task, return_exceptions=True)

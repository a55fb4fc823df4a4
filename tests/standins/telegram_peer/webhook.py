"""Updates pushed to the bot: one POST each, in order, again until it is answered with a 2xx."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from .errors import Json

if TYPE_CHECKING:
    from .server import TelegramPeer

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PAUSE = 0.01  # seconds of wall clock before the next try; the real server waits longer and longer


@dataclass(slots=True, kw_only=True, eq=False)
class Webhook:
    url: str
    secret: str
    connections: int
    tries: int = 0
    delivered: int = 0
    last_error: str = ""
    last_error_date: int = 0


async def push(peer: TelegramPeer, hook: Webhook) -> None:
    """Delivers until the hook is replaced (then this task is cancelled)."""
    update_queue = peer.world.update_queue
    headers = {HEADER: hook.secret} if hook.secret else {}
    async with aiohttp.ClientSession(headers=headers) as session:
        while True:
            update = await _next(peer)
            try:
                async with session.post(hook.url, json=update) as response:
                    hook.tries += 1
                    body, status = await response.read(), response.status
            except aiohttp.ClientError as error:
                status, body = 0, repr(error).encode()
            if 200 <= status < 300:
                hook.delivered += 1
                update_queue.confirm(update["update_id"] + 1)
                await _call_in_answer(peer, body)
                peer.world.changes.notify()
            else:
                hook.last_error = f"Wrong response from the webhook: {status}" if status else "Connection refused"
                hook.last_error_date = peer.world.now()
                peer.world.changes.notify()
                await asyncio.sleep(PAUSE)


async def _next(peer: TelegramPeer) -> Json:
    while True:
        try:
            return await peer.world.changes.until(lambda: next(iter(peer.world.update_queue.pending), None), 3600)
        except TimeoutError:
            continue


async def _call_in_answer(peer: TelegramPeer, body: bytes) -> None:
    """A webhook may answer with a method call."""
    import json

    try:
        call = json.loads(body)
    except ValueError:
        return
    if isinstance(call, dict) and "method" in call:
        name = call.pop("method")
        await peer.perform(name, call)

"""Starts one stand-in platform on loopback, with a small world in it, and serves until Ctrl-C.

`python -m tests.standins discord` or `telegram`. Time runs as on the wall, and the platform's rate limits are on.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .discord_peer import Clock, DiscordPeer, Permission
from .telegram_peer import TelegramPeer


@asynccontextmanager
async def discord_server() -> AsyncIterator[list[str]]:
    """The lines that say how to reach it."""
    async with DiscordPeer(clock=Clock(speed=1)) as peer:
        peer.limits.on()
        guild = peer.guild("Traders", owner="ada")
        channel = guild.text("market")
        guild.member("ben", guild.role("host", Permission.MANAGE_GUILD))
        yield [
            f"DISCORD_API_BASE={peer.api}",
            f"DISCORD_GATEWAY_URL={peer.gateway_url}",
            f"DISCORD_TOKEN={peer.token}",
            f"guild {guild.id} Traders, channel {channel.id} market",
        ]


@asynccontextmanager
async def telegram_server() -> AsyncIterator[list[str]]:
    """The lines that say how to reach it."""
    async with TelegramPeer() as peer:
        ada = peer.world.user("Ada")
        await ada.start()
        group = peer.world.supergroup("Traders", ada, peer.world.user("Ben"))
        yield [
            f"TELEGRAM_API_BASE={peer.base_url}",
            f"TELEGRAM_FILE_BASE={peer.file_url}",
            f"TELEGRAM_TOKEN={peer.token}",
            f"chat {group.id} Traders, chat {ada.chat.id} Ada",
        ]


SERVERS = {"discord": discord_server, "telegram": telegram_server}


async def serve(platform: str) -> None:
    """Until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: there Ctrl-C is a KeyboardInterrupt
            loop.add_signal_handler(number, stopped.set)
    async with SERVERS[platform]() as lines:
        print(*lines, "serving until Ctrl-C", sep="\n", flush=True)
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.standins", description=__doc__)
    parser.add_argument("platform", choices=SERVERS)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args().platform))


if __name__ == "__main__":
    main()

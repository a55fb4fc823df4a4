"""`outcry mcp`: a room's API as tools for an agent, over standard input and output (Model Context Protocol, by the
official SDK).

What an order would do is asked first: `place_order` takes only what a `quote` of the same session gave.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from bot.cli.api_client import ApiClient, ApiError, keeps_keys_secret

JSON: TypeAlias = dict[str, Any]  # Any: JSON as the API gives it
MOST_QUOTES = 100  # remembered, to be sent

INSTRUCTIONS = """
Outcry is a prediction market that a community plays in its own chat, with play money: nothing here is worth or costs
anything. Outcomes are numbered from 0; exactly one wins. A YES token pays $1 if its outcome wins, a NO token if it does
not. Prices, money and tokens are whole numbers in millionths: 430000 is 43 cents, 1000000 tokens are one token.
Your key is good for one market, sees what its maker sees, and can cost them at most its allowance.
To trade: ask for a `quote`, look at what it would do, then give its `order` to `place_order` as it stands. It runs at
the market's next tick, within what the quote showed or not at all; `orders` tells what became of it.
""".strip()

READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
TRADES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)


def run(url: str, key: str | None, key_file: Path | None) -> int:
    """Until standard input ends. 2 and a sentence where there is no key, or it would be sent in the open."""
    if key_file is not None:
        try:
            key = key_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return _wrong(f"The key cannot be read from {key_file}.")
    if not key:
        return _wrong("There is no key: ask the bot for one with `/apikey trade $200`, then set OUTCRY_API_KEY.")
    if not key.isascii() or any(sign.isspace() for sign in key):
        return _wrong("That is no key: it is one word that begins with outcry_.")
    if not keeps_keys_secret(url):
        return _wrong("A key is sent over https, or to a room on this machine: --url https://outcry.example.org")
    import anyio

    anyio.run(_serve, url, key)
    return 0


def _wrong(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


async def _serve(url: str, key: str) -> None:
    async with ApiClient(url, key) as api:
        await server_of(api).run_stdio_async()


def server_of(api: ApiClient) -> MCPServer[Any]:
    """With all its tools."""
    server: MCPServer[Any] = MCPServer(
        "outcry", title="Outcry", instructions=INSTRUCTIONS, version=version("outcry"), log_level="WARNING"
    )
    tools = Tools(api)
    for look in (tools.markets, tools.market, tools.prices, tools.book, tools.tape, tools.account, tools.orders):
        server.add_tool(look, annotations=READS)
    server.add_tool(tools.quote, annotations=READS)
    for change in (tools.place_order, tools.cancel_order):
        server.add_tool(change, annotations=TRADES)
    return server


class Tools:
    """Each is a request or two; its docstring is what an agent reads."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._quoted: list[tuple[int, object]] = []  # market and order, as quotes gave them

    async def markets(self) -> JSON:
        """The markets you can see, with their numbers and how far each is."""
        return await _object(self._api.get("markets"))

    async def market(self, market: int) -> JSON:
        """All that everybody may know of one market: outcomes, prices, timetable, what has happened."""
        return await _object(self._api.get(f"markets/{market}"))

    async def prices(self, market: int) -> JSON:
        """The price of YES and NO of each outcome after the last tick."""
        return await _object(self._api.get(f"markets/{market}/prices"))

    async def book(self, market: int, outcome: int) -> JSON:
        """What waits to be bought and sold of one outcome, and how its price moves with size."""
        return await _object(self._api.get(f"markets/{market}/outcomes/{outcome}"))

    async def tape(self, market: int, outcome: int | None = None) -> JSON:
        """The latest trades, newest first, of one outcome or of all."""
        return {"trades": await _asked(self._api.get(f"markets/{market}/tape", outcome=outcome))}

    async def account(self, market: int) -> JSON:
        """Your maker's own account: cash, what they hold, what they would get for it."""
        return await _object(self._api.get(f"markets/{market}/account"))

    async def orders(self, market: int, open_only: bool = False) -> JSON:
        """Orders of the account, newest first, and what became of each; `open_only`: those that still wait."""
        query = {"open": "true"} if open_only else {}
        return {"orders": await _asked(self._api.get(f"markets/{market}/account/orders", **query))}

    async def quote(
        self,
        market: int,
        outcome: int,
        side: Literal["yes", "no"],
        action: Literal["buy", "sell"],
        amount: str,
        limit: str | None = None,
        slippage: str | None = None,
    ) -> JSON:
        """What an order would do if it ran now; nothing is done. `amount`: money to spend ("$20"), or tokens ("20", and
        "all" of a sale). `limit`: a price ("43c") at which what does not trade waits in the book. `slippage`: how much
        worse the average may get ("5%"). The answer's `order` is what `place_order` takes."""
        wanted = {"outcome": outcome, "side": side, "action": action, "amount": amount}
        given = {"limit": limit, "slippage": slippage}
        body = wanted | {name: value for name, value in given.items() if value is not None}
        quoted = await _object(self._api.post(f"markets/{market}/quote", body))
        if quoted.get("ok") and quoted.get("order") is not None:
            self._quoted = [*self._quoted, (market, quoted["order"])][-MOST_QUOTES:]
        return quoted

    async def place_order(self, market: int, order: JSON, idempotency_key: str) -> JSON:
        """Send the `order` that a quote of this session gave, unchanged. `idempotency_key`: a name of your own for it
        (letters and digits); the same name again is the same order, so repeat it when you do not know whether it
        arrived, and take another for another order."""
        if (market, order) not in self._quoted:
            raise ToolError("Ask for a quote first, and send its `order` as it stands.")
        headers = {"Idempotency-Key": idempotency_key}
        return await _object(self._api.post(f"markets/{market}/orders", order, headers))

    async def cancel_order(self, market: int, order: int) -> JSON:
        """Take back what still waits of an order of this key, by its `id`."""
        return await _object(self._api.delete(f"markets/{market}/orders/{order}"))


async def _asked(answer: Awaitable[Any]) -> Any:
    """The room's refusals as an agent reads them."""
    try:
        return await answer
    except ApiError as error:
        raise ToolError(str(error)) from error


async def _object(answer: Awaitable[Any]) -> JSON:
    payload = await _asked(answer)
    if not isinstance(payload, dict):
        raise ToolError("The room's answer could not be read.")
    return payload

"""Follows the prices of a market and buys $5 of whatever falls four cents below its average of the last eight ticks."""

import asyncio
import json
import os
from statistics import mean

from aiohttp import ClientSession, ClientTimeout


async def main(url: str, key: str) -> None:
    past: dict[int, list[int]] = {}
    async with ClientSession(url, headers={"Authorization": f"Bearer {key}"}, timeout=ClientTimeout(None)) as room:
        async with room.get("/api/v1/markets") as answer:
            market = f"/api/v1/markets/{(await answer.json())['markets'][0]['market']}"
        async with room.get(f"{market}/stream") as stream:
            async for line in stream.content:
                tick = json.loads(line[5:]) if line.startswith(b"data:") else {}
                for price in tick.get("prices", []):
                    seen = past.setdefault(price["outcome"], [])
                    if len(seen) == 8 and 0 < price["yes"] < mean(seen) - 40_000:
                        order = {"outcome": price["outcome"], "side": "yes", "action": "buy", "amount": "$5"}
                        once = {"Idempotency-Key": f"{tick['tick']}-{price['outcome']}"}
                        async with room.post(f"{market}/orders", json=order, headers=once) as answer:
                            print(await answer.text(), flush=True)
                    past[price["outcome"]] = [*seen, price["yes"]][-8:]


if __name__ == "__main__":
    asyncio.run(main(os.environ.get("ROOM", "http://127.0.0.1:8080"), os.environ["OUTCRY_API_KEY"]))

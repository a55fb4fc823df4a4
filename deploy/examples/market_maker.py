"""Makes a market in the two leading outcomes: bids for YES and for NO three cents below their prices, and follows them.

Who sells it both sides for less than a dollar gives it the difference: one of the two pays a dollar. What it may lose
meanwhile is bounded by its key's allowance, whatever it does; when that is used up it only waits.
"""

import asyncio
import os
import secrets

from aiohttp import ClientSession, ClientTimeout

EDGE = 30_000  # millionths of a dollar below the price
AMOUNT = "$4"  # a bid
PAUSE_S = 6.0  # a key may send ten orders and cancels in ten seconds; a round here is five


async def bid(room: ClientSession, market: str, outcome: int, side: str, price: int) -> str:
    """Whether it was taken, or the name of the reason against it."""
    limit = f"{(price - EDGE) // 10_000}c"
    order = {"outcome": outcome, "side": side, "action": "buy", "amount": AMOUNT, "limit": limit}
    async with room.post(f"{market}/orders", json=order, headers={"Idempotency-Key": secrets.token_hex(16)}) as answer:
        return str((await answer.json()).get("code", "taken"))


async def quote(room: ClientSession, market: str, last: dict[int, int]) -> dict[int, int]:
    """Where prices have moved, the old bids go and new ones come. Returns the prices that are bid around."""
    async with room.get(f"{market}/prices") as answer:
        shown = await answer.json()
    if answer.status != 200:  # too often, or the room is away for a moment
        return last
    leading = sorted((row for row in shown["prices"] if row["active"]), key=lambda row: -row["yes"])[:2]
    prices = {row["outcome"]: row["yes"] for row in leading}
    moved = prices.keys() != last.keys() or any(abs(prices[o] - last[o]) >= 10_000 for o in prices)
    if shown["state"] != "running" or not moved:
        return last
    async with room.delete(f"{market}/orders"):
        pass
    for row in leading:
        for side in ("yes", "no"):
            if row[side] > 2 * EDGE and await bid(room, market, row["outcome"], side, row[side]) == "allowance":
                print("the allowance is used up: no new bids until something of it comes back", flush=True)
                return prices
    return prices


async def main(url: str, key: str) -> None:
    last: dict[int, int] = {}
    headers = {"Authorization": f"Bearer {key}"}
    async with ClientSession(url, headers=headers, timeout=ClientTimeout(total=10)) as room:
        async with room.get("/api/v1/markets") as answer:
            market = f"/api/v1/markets/{(await answer.json())['markets'][0]['market']}"
        while True:
            last = await quote(room, market, last)
            await asyncio.sleep(PAUSE_S)


if __name__ == "__main__":
    asyncio.run(main(os.environ.get("ROOM", "http://127.0.0.1:8080"), os.environ["OUTCRY_API_KEY"]))

"""The page is told of a market's moments, and everybody what they paid them alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bot.adapters.room.harness import Browser, room_harness


async def _get(visitor: Browser, path: str) -> tuple[int, Any]:
    answer = await visitor.get(path)
    return answer.status, await answer.json() if answer.status == 200 else None


async def test_an_elimination_is_told_to_all_and_what_it_paid_to_each_alone(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as harness:
        await harness.open_market()
        ada, bob, stranger = await harness.person("Ada"), await harness.person("Bob"), harness.browser()
        for visitor in (ada, bob):
            await visitor.say("/join")
        await harness.tick()
        await ada.say("/settings confirm off")
        await ada.say("/buy bee no $20")
        await harness.tick()
        await harness.admin("/admin eliminate bee")
        await harness.tick()
        base = f"api/v1/markets/{harness.market}"
        status, market = await _get(stranger, base)
        assert status == 200
        out = next(moment for moment in market["moments"] if moment["kind"] == "eliminated")
        assert "".join(part["x"] for part in out["head"]).startswith("Bee is out.")
        assert (out["outcomes"], out["holders"]) == ([1], 1)
        assert [outcome for outcome, _, _ in out["prices"]] in ([0, 2], [2, 0])
        mine = f"{base}/moments/{out['id']}/mine"
        assert await _get(ada, mine) == (200, {"moment": out["id"], "paid": out["paid"]})
        assert await _get(bob, mine) == (200, {"moment": out["id"], "paid": 0})
        assert (await _get(stranger, mine))[0] == 401
        assert (await _get(ada, f"{base}/moments/99999/mine"))[0] == 404
        assert (await _get(ada, f"api/v1/markets/99999/moments/{out['id']}/mine"))[0] == 404

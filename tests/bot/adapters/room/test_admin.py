"""An admin in the room gets files and charts that nobody else can fetch."""

from __future__ import annotations

from pathlib import Path

from tests.bot.adapters.room.harness import ADMIN, PNG, Browser, Shown, room_harness


async def test_an_export_and_a_graph_are_the_admins_alone(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as harness:
        await harness.open_market()
        await harness.tick()
        boss, bob = harness.browser(), await harness.person("Bob")
        await boss.get(f"?admin={ADMIN}")
        await boss.join("Boss")
        file = await said(boss, "/admin export ledger")
        assert file["reply"]["files"][0]["name"] == "ledger-1.csv"
        assert "data" not in file["reply"]["files"][0]
        answer = await boss.get(f"file/{file['id']}/0")
        assert answer.content_type == "text/csv"
        assert (await answer.read()).startswith(b"entry_id,tick_id,ts_ms,account,amount_micro,kind,ref\n")
        chart = await said(boss, "/admin graph volume")
        drawn = await boss.get(f"chart/{chart['id']}/0")
        assert (await drawn.read()).startswith(PNG + b"volume 1")
        assert not (await said(bob, "/admin export ledger"))["reply"]["ok"]
        for path in (f"file/{file['id']}/0", f"chart/{chart['id']}/0"):
            assert (await bob.get(path)).status == 404
        assert not {file["id"], chart["id"]} & {message["id"] for message in await bob.messages()}


async def said(who: Browser, line: str) -> Shown:
    status, answer = await who.say(line)
    assert status == 200
    shown: Shown = answer
    return shown

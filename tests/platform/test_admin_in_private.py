"""An admin decides and runs a market from their private chat, on the real clients."""

from __future__ import annotations

from pathlib import Path

from tests.platform.telegram_harness import asks_to_confirm, settled, telegram_harness


async def test_on_telegram_a_second_admin_decides_in_private(tmp_path: Path) -> None:
    """Cleo has started the bot and never spoken in the group: Telegram names them as its admin."""
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        ada, cleo = harness.ada, harness.cleo
        cleo.chat.opened = True
        await harness.group.promote(cleo)
        ticket = await harness.say_and_expect(ada, "/buy germany yes $50", asks_to_confirm)
        await harness.press(ada, ticket, "Confirm")
        await harness.tick()
        preview = await harness.say_and_expect(ada, "/admin_eliminate brazil", asks_to_confirm, harness.group)
        await harness.press(ada, preview, "Confirm")
        await harness.dispatcher.approvers.settled()
        await harness.announcer.step()
        question = await cleo.chat.expect("A proposal waits for a second admin")
        await harness.press(cleo, question, "Approve Brazil out")
        preview = await cleo.chat.expect(asks_to_confirm)
        await harness.press(cleo, preview, "Confirm")
        await harness.tick()
        await cleo.chat.expect(settled(question))
        assert "Decided by Cleo: Brazil out, approved." in question.text
        await harness.group.expect("Brazil is out")
        await harness.say_and_expect(cleo, "/admin_pause rain", "About Cup, in Traders (Telegram group).")
        await harness.tick()
        await harness.group.expect("Rain.")
        await harness.group.demote(cleo)
        await harness.say_and_expect(cleo, "/admin_resume", "no chat of it on Telegram has you as one now")

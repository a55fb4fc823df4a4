"""An admin decides and runs a market from their private chat, on the real clients."""

from __future__ import annotations

from pathlib import Path

from tests.platform.discord_harness import discord_harness, running
from tests.platform.telegram_harness import asks_to_confirm, settled, telegram_harness
from tests.standins.discord_peer.permissions import Permission


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


async def test_on_discord_a_second_admin_decides_in_private(tmp_path: Path) -> None:
    """Dan is in the market and holds its admins' role: asked about by their name alone. What stands in the channel
    mentions the role and gives nothing away."""
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        boss, deputies = harness.admin, harness.guild.role("deputies", Permission(0))
        dan = harness.guild.member("dan", deputies)
        await harness.slash(boss, "admin roles", admin=deputies)
        for person in (boss, dan):
            await harness.slash(person, "join")
        await harness.tick()
        ticket = await harness.slash(boss, "buy", outcome="germany", side="yes", amount="$50")
        await harness.press(boss, ticket.reply, "Confirm")
        await harness.tick()
        await harness.pass_time(1_000_000)  # what follows an answer of theirs stands in the channel, for them alone
        preview = await harness.slash(boss, "admin eliminate", outcomes="brazil")
        await harness.press(boss, preview.reply, "Confirm")
        assert harness.dispatcher is not None
        await harness.dispatcher.approvers.settled()
        await harness.announce()
        (question,) = dan.dm.messages.values()
        assert [button.label for button in question.buttons] == ["Approve Brazil out", "Not this"]
        wanted = list(harness.channel.messages.values())[-1]
        assert str(deputies.id) in wanted.text
        assert "Brazil" not in wanted.text
        preview = await harness.press(dan, question, "Approve")
        await harness.press(dan, preview.reply, "Confirm")
        await harness.tick()
        assert "Decided by Dan: Brazil out, approved." in question.text
        assert not question.buttons
        assert "waits no more" in wanted.text
        paused = await dan.slash(dan.dm, "admin pause")
        assert "About Cup, in Traders #market (Discord channel)." in paused.text
        await harness.tick()
        assert "Trading is paused by an admin." in dan.reads(harness.channel)
        harness.assert_sound()

"""Many people on Discord at once, and Discord saying no to everything for a while."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.platform.discord_harness import DiscordHarness, discord_harness, running
from tests.standins.discord_peer import Interaction, Person

OUTCOMES = ("Germany", "Brazil", "Costa Rica")


async def bought(harness: DiscordHarness, who: Person, number: int) -> Interaction:
    asked = await harness.slash(who, "buy", outcome=OUTCOMES[number % 3], side="yes", amount=f"${5 + number}")
    await harness.press(who, asked.reply, "Confirm")
    return asked


async def answered(interaction: Interaction) -> None:
    await interaction.changes.until(lambda: interaction.settled, 120.0, lambda: f"an answer to {interaction}")


async def test_a_whole_event_with_twenty_members_keeps_to_the_channels_limits(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        people = await running(harness, *(f"p{number}" for number in range(20)))
        tickets = []
        for number, who in enumerate(people):
            tickets.append(await bought(harness, who, number))
            await harness.tick(1_000)
        for _ in range(10):
            await harness.tick()
        assert all("Filled" in ticket.reply.text for ticket in tickets)
        preview = await harness.slash(harness.admin, "admin eliminate", outcomes="Costa Rica", reason="2-1")
        await harness.press(harness.admin, preview.reply, "Confirm")
        for _ in range(5):
            await harness.tick(10_000)
        preview = await harness.slash(harness.admin, "admin resolve", winner="Germany", reason="1-0")
        await harness.press(harness.admin, preview.reply, "Confirm")
        for _ in range(10):
            await harness.tick()
        texts = [message.text for message in harness.channel.public]
        for text in ("is open for trading", "Costa Rica is out.", "Germany wins"):
            assert len([message for message in texts if text in message.split("\n")[0]]) == 1, text
        assert harness.peer.request_log.most_in_a_window(harness.channel.id) <= 5
        assert len(harness.channel.pinned) == 1
        harness.assert_sound()


async def test_a_storm_of_429s_delays_and_doubles_nothing(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        people = await running(harness, "ada", "bob", "cyd")
        harness.peer.faults.answer(429, "* /channels/*", times=25, retry_after=4.0)
        harness.peer.faults.answer(429, "PATCH /webhooks/*", times=6, retry_after=0.02)
        tickets = [await bought(harness, who, number) for number, who in enumerate(people)]
        preview = await harness.slash(harness.admin, "admin eliminate", outcomes="Costa Rica")
        await harness.press(harness.admin, preview.reply, "Confirm")
        for _ in range(60):
            await harness.tick(5_000)
        assert all("Filled" in ticket.reply.text for ticket in tickets)
        assert len([message for message in harness.channel.public if "Costa Rica is out." in message.text]) == 1
        [board] = harness.channel.pinned
        assert "~~Costa Rica~~" in board.text
        assert not harness.peer.unanswered


async def test_a_fill_is_never_overwritten_by_the_answer_to_confirm(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await harness.slash(ada, "buy", outcome="Germany", side="yes", amount="$50")
        held = harness.peer.faults.hold("PATCH /webhooks/*")
        harness.peer.clock.advance(1_000)
        press = asyncio.create_task(ada.press(asked.reply, "Confirm"))
        await held.reached.wait()  # Confirm has been done; its answer is on its way
        ticking = asyncio.create_task(harness.tick())
        await asyncio.sleep(0.1)
        held.release()
        await asyncio.gather(press, ticking)
        assert asked.reply.text.startswith("**Filled:")
        harness.assert_sound()


async def test_two_hundred_people_in_the_same_second_are_acknowledged_whatever_their_answers_wait_for(
    tmp_path: Path,
) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        people = [harness.guild.member(f"p{number}") for number in range(200)]
        held = harness.peer.faults.hold("PATCH /webhooks/*", times=len(people))
        joins = await asyncio.gather(
            *(person.slash(harness.channel, "join", _until="acknowledged", _timeout=120.0) for person in people)
        )
        held.release()
        for join in joins:
            await answered(join)
        assert all(join.ephemeral for join in joins)
        async with harness.db.reading() as uow:
            assert await uow.members.count(1) == 200
        harness.assert_sound()

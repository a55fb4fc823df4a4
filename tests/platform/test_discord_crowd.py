"""Many people on Discord at once, and Discord saying no to everything for a while."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.platform.discord_harness import Town, running, town
from tests.standins.discord_peer import Interaction, Person

OUTCOMES = ("Germany", "Brazil", "Costa Rica")


async def bought(here: Town, who: Person, number: int) -> Interaction:
    asked = await here.slash(who, "buy", outcome=OUTCOMES[number % 3], side="yes", amount=f"${5 + number}")
    await here.press(who, asked.reply, "Confirm")
    return asked


async def test_a_whole_event_with_twenty_members_keeps_to_the_channels_limits(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        people = await running(here, *(f"p{number}" for number in range(20)))
        tickets = []
        for number, who in enumerate(people):
            tickets.append(await bought(here, who, number))
            await here.tick(1_000)
        for _ in range(10):
            await here.tick()
        assert all("Filled" in one.reply.text for one in tickets)
        preview = await here.slash(here.boss, "admin eliminate", outcomes="Costa Rica", reason="2-1")
        await here.press(here.boss, preview.reply, "Confirm")
        for _ in range(5):
            await here.tick(10_000)
        preview = await here.slash(here.boss, "admin resolve", winner="Germany", reason="1-0")
        await here.press(here.boss, preview.reply, "Confirm")
        for _ in range(10):
            await here.tick()
        said = [one.text for one in here.channel.public]
        for text in ("the doors are open", "is open for trading", "Costa Rica is out.", "Germany wins"):
            assert len([one for one in said if text in one.split("\n")[0]]) == 1, text
        assert here.peer.request_log.most_in_a_window(here.channel.id) <= 5
        assert len(here.channel.pinned) == 1
        here.is_sound()


async def test_a_storm_of_429s_delays_and_doubles_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        people = await running(here, "ada", "bob", "cyd")
        here.peer.faults.answer(429, "* /channels/*", times=25, retry_after=4.0)
        here.peer.faults.answer(429, "PATCH /webhooks/*", times=6, retry_after=0.02)
        tickets = [await bought(here, who, number) for number, who in enumerate(people)]
        preview = await here.slash(here.boss, "admin eliminate", outcomes="Costa Rica")
        await here.press(here.boss, preview.reply, "Confirm")
        for _ in range(60):
            await here.tick(5_000)
        assert all("Filled" in one.reply.text for one in tickets)
        assert len([one for one in here.channel.public if "Costa Rica is out." in one.text]) == 1
        [board] = here.channel.pinned
        assert "~~Costa Rica~~" in board.text
        assert not here.peer.unanswered


async def test_a_fill_is_never_overwritten_by_the_answer_to_confirm(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        [ada] = await running(here, "ada")
        asked = await here.slash(ada, "buy", outcome="Germany", side="yes", amount="$50")
        held = here.peer.faults.hold("PATCH /webhooks/*")
        here.peer.clock.advance(1_000)
        press = asyncio.create_task(ada.press(asked.reply, "Confirm"))
        await held.reached.wait()  # Confirm has been done; its answer is on its way
        ticking = asyncio.create_task(here.tick())
        await asyncio.sleep(0.1)
        held.release()
        await asyncio.gather(press, ticking)
        assert asked.reply.text.startswith("**Filled:")
        here.is_sound()


async def test_two_hundred_people_in_the_same_second_are_acknowledged_in_time(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        await running(here)
        people = [here.guild.member(f"p{number}") for number in range(200)]
        began = time.perf_counter()
        heard = await asyncio.gather(*(one.slash(here.channel, "join", _timeout=120.0) for one in people))
        print(f"200 joins were answered in {time.perf_counter() - began:.1f} s")
        assert all(one.ephemeral for one in heard)
        first = [call for call in here.peer.calls if call.path.startswith(("/interactions", "/webhooks"))][-400:]
        acks = [place for place, call in enumerate(first) if call.path.startswith("/interactions")]
        assert max(acks) < 300  # the last acknowledgement does not wait for all the answers
        async with here.db.reading() as uow:
            assert await uow.members.count(1) == 200
        here.is_sound()

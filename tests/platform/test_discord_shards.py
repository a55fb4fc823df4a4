"""Discord served by several processes: shards by lease, taken over with what was missed; nothing is answered twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.adapters.discord_chat import identify_window
from bot.adapters.discord_chat.identify_window import WINDOW_MS, IdentifyWindow
from bot.chat.platform import Unreachable, UnreachableError
from bot.chat.reply import Audience, Reply, line
from storage import schema
from storage.clock import ManualClock
from storage.database import Database
from storage.leases import LEASE_MS
from tests.platform.discord_harness import running
from tests.platform.discord_processes import DiscordProcesses, discord_processes
from tests.standins.discord_peer import Call, Channel, DiscordPeer, Interaction, Permission, Person
from tests.storage.databases import migrated_file

ANSWER = "PATCH /webhooks/*"
FILLED = "**Filled: 97.6 Germany YES for $50.00.**"


async def test_two_processes_share_the_shards_and_each_answers_its_servers(tmp_path: Path) -> None:
    async with discord_processes(tmp_path) as processes:
        peer = processes.harness.peer
        ada = await processes.begin("ada")
        await processes.connected()
        assert [ada.holds(shard) for shard in range(2)] == [True, True]
        bob = await processes.begin("bob")
        await processes.until(lambda: bob.holds(1) and len(peer.gateway.resumes) == 1)
        assert [(ada.holds(shard), bob.holds(shard)) for shard in range(2)] == [(True, False), (False, True)]
        places = [processes.harness.channel, peer.guild("Second").text("market")]
        person = processes.harness.guild.member("cyd")
        assert places[1].guild is not None
        places[1].guild.member(person)
        for place in places:
            assert (await person.slash(place, "rules")).ephemeral
        assert len(peer.gateway.identifies) == 2  # the shard that changed hands went on with its session
        assert len(peer.gateway.resumes) == 1
        processes.harness.assert_sound()


async def test_what_a_dead_process_had_not_answered_is_answered_by_the_next_and_nothing_twice(tmp_path: Path) -> None:
    async with discord_processes(tmp_path, count=1) as processes:
        peer, channel = processes.harness.peer, processes.harness.channel
        members = [processes.harness.guild.member(name) for name in ("cyd", "dan", "eva", "fay")]
        ada = await processes.begin("ada")
        await processes.until(lambda: ada.is_ready)
        bob = await processes.begin("bob")
        await processes.until(lambda: bob.is_ready)  # and stands by
        answered = await members[0].slash(channel, "rules")
        await processes.rounds()
        late = await members[1].slash(channel, "rules")  # after the last word of where the session stands
        lost = peer.faults.drop(ANSWER)
        thinking = await members[2].slash(channel, "rules", _until="acknowledged")
        await lost.reached.wait()
        await processes.kill(ada)
        await processes.pass_time(LEASE_MS - 1)
        assert not peer.gateway.live()
        missed = asyncio.create_task(members[3].slash(channel, "rules"))
        await asyncio.sleep(0)
        await processes.take_over()
        assert (await missed).ephemeral
        await peer.until(lambda: thinking.settled, what="the answer that was missing")
        assert len(peer.gateway.identifies) == 1
        for interaction in (answered, late, thinking, await missed):
            assert len(answers(peer, interaction)) == 1
            assert not interaction.followups
        assert not peer.late


async def test_an_order_that_a_dead_process_had_taken_is_not_taken_again_but_answered(tmp_path: Path) -> None:
    async with discord_processes(tmp_path, count=1) as processes:
        harness, peer = processes.harness, processes.harness.peer
        ada = await processes.begin("ada")
        await processes.until(lambda: ada.is_ready)
        harness.announcer = ada.announcer
        [cyd] = await running(harness, "cyd")
        bob = await processes.begin("bob")
        asked = await harness.slash(cyd, "buy", outcome="Germany", side="yes", amount="$50")
        await processes.rounds()
        lost = peer.faults.drop(ANSWER)
        [confirm] = [button.label for button in asked.reply.buttons if button.label.startswith("Confirm")]
        pressed = await cyd.press(asked.reply, confirm, _until="acknowledged")
        await lost.reached.wait()
        await processes.kill(ada)
        await processes.take_over()
        await peer.until(lambda: asked.reply.text.startswith("**Sent."), what="the answer that was missing")
        harness.announcer = bob.announcer
        await harness.tick()
        await processes.announced(lambda: asked.reply.text.startswith(FILLED))
        async with harness.db.reading() as uow:
            orders = await uow.rows(select(schema.orders.c.request_id))
        assert len(orders) == 1
        assert not pressed.followups


async def test_the_sender_edits_a_ticket_that_another_process_answered(tmp_path: Path) -> None:
    """Its token is in the database; the server's shard is the other process's."""
    async with discord_processes(tmp_path) as processes:
        harness = processes.harness
        [cyd] = await trading_with_the_sender_elsewhere(processes, "cyd")
        asked = await harness.slash(cyd, "buy", outcome="Germany", side="yes", amount="$50")
        await harness.press(cyd, asked.reply, "Confirm")
        await harness.tick()
        await processes.announced(lambda: asked.reply.text.startswith(FILLED))
        assert "Filled" not in cyd.reads(cyd.dm)


async def test_an_answer_that_another_process_fill_overtook_is_not_what_stays(tmp_path: Path) -> None:
    async with discord_processes(tmp_path) as processes:
        harness, peer = processes.harness, processes.harness.peer
        [cyd] = await trading_with_the_sender_elsewhere(processes, "cyd")
        asked = await harness.slash(cyd, "buy", outcome="Germany", side="yes", amount="$50")
        slow = peer.faults.hold("PATCH /webhooks/*/messages/@original")
        [confirm] = [button.label for button in asked.reply.buttons if button.label.startswith("Confirm")]
        pressed = await cyd.press(asked.reply, confirm, _until="acknowledged")
        await slow.reached.wait()
        await harness.tick()
        await processes.announced(lambda: asked.reply.text.startswith(FILLED))
        slow.release()
        await peer.until(lambda: len(answers(peer, pressed)) == 2, what="the answer, and the one in its place")
        assert asked.reply.text.startswith(FILLED)


async def trading_with_the_sender_elsewhere(processes: DiscordProcesses, *people: str) -> list[Person]:
    """A market whose server's shard is one process's while the other sends."""
    harness = processes.harness
    ada = await processes.begin("ada")
    await processes.connected()
    harness.announcer = ada.announcer
    members = await running(harness, *people)
    bob = await processes.begin("bob")
    await processes.until(lambda: bob.holds(1) and len(harness.peer.gateway.resumes) == 1)
    sender = processes.sender()
    if sender.holds(shard_of(harness.channel)):
        await sender.holder.give_up("discord")
        await next(process for process in processes.ones if process is not sender).holder.round()
        sender = processes.sender()
    assert not sender.holds(shard_of(harness.channel))
    harness.announcer = sender.announcer
    return members


async def test_what_is_missing_in_a_server_of_another_process_is_named(tmp_path: Path) -> None:
    async with discord_processes(tmp_path) as processes:
        harness = processes.harness
        await processes.begin("ada", shard_ids=(0,))
        await processes.until(harness.peer.gateway.live)
        places = (harness.channel, harness.peer.guild("Second").text("market"))
        [place] = [place for place in places if shard_of(place) == 1]
        assert place.guild is not None
        place.deny(place.guild.bot_role, Permission.SEND_MESSAGES)
        with pytest.raises(UnreachableError) as error:
            await processes.ones[0].service.platform.post(
                str(place.id), Reply(head=line("News."), audience=Audience.CHAT)
            )
        assert error.value.why is Unreachable.FORBIDDEN
        assert "Send Messages" in error.value.detail


async def test_a_frozen_process_takes_nothing_in_when_it_wakes(tmp_path: Path) -> None:
    async with discord_processes(tmp_path, count=1) as processes:
        peer, channel = processes.harness.peer, processes.harness.channel
        cyd = processes.harness.guild.member("cyd")
        ada = await processes.begin("ada")
        await processes.until(lambda: ada.is_ready)
        await processes.begin("bob")
        ada.keeps_rounds = False
        processes.harness.peer.clock.advance(LEASE_MS)
        lost = await cyd.slash(channel, "rules", _until="sent")  # ada hears it first, and may not
        await processes.rounds()
        await peer.until(lambda: lost.settled, what="the answer of the one who has the shard now")
        assert len(answers(peer, lost)) == 1
        assert len(peer.gateway.resumes) == 1
        assert (await cyd.slash(channel, "rules")).ephemeral
        processes.harness.assert_sound()


async def test_a_process_that_stops_hands_its_shards_over_as_they_are(tmp_path: Path) -> None:
    async with discord_processes(tmp_path) as processes:
        peer = processes.harness.peer
        ada = await processes.begin("ada")
        await processes.connected()
        bob = await processes.begin("bob")
        await processes.until(lambda: bob.holds(1) and len(peer.gateway.resumes) == 1)
        await processes.stop(ada)
        said = asyncio.create_task(processes.harness.guild.member("cyd").slash(processes.harness.channel, "rules"))
        await asyncio.sleep(0)
        await processes.until(lambda: len(peer.gateway.resumes) == 2)
        assert (await said).ephemeral
        assert len(peer.gateway.identifies) == 2
        processes.harness.assert_sound()


async def test_a_session_that_is_gone_begins_anew(tmp_path: Path) -> None:
    async with discord_processes(tmp_path, count=1) as processes:
        peer = processes.harness.peer
        ada = await processes.begin("ada")
        await processes.until(lambda: ada.is_ready)
        await processes.rounds()
        bob = await processes.begin("bob")
        await processes.kill(ada)
        peer.gateway.forget()
        await processes.pass_time(WINDOW_MS)
        await processes.until(lambda: bob.is_ready and peer.gateway.live())
        assert (await processes.harness.guild.member("cyd").slash(processes.harness.channel, "rules")).ephemeral
        assert len(peer.gateway.identifies) == 2


async def test_identifies_of_all_processes_are_five_seconds_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identify_window, "LOOK_S", 0.01)
    db = Database.open(migrated_file(tmp_path / "town.db"))
    try:
        clock = ManualClock(1_000_000)
        ada, bob = (IdentifyWindow(db, clock, name) for name in ("ada", "bob"))
        await asyncio.wait_for(ada.passed(), 60)
        waiting = asyncio.create_task(bob.passed())
        for _ in range(2):
            clock.advance(WINDOW_MS // 2 - 1)
            assert not (await asyncio.wait({waiting}, timeout=0.05))[0]
        clock.advance(2)
        await asyncio.wait_for(waiting, 60)
    finally:
        await db.close()


def shard_of(channel: Channel) -> int:
    assert channel.guild is not None
    return (channel.guild.id >> 22) % 2


def answers(peer: DiscordPeer, interaction: Interaction) -> list[Call]:
    """What put an answer there."""
    return [
        call
        for call in peer.calls
        if call.method in ("PATCH", "POST") and f"/{interaction.token}" in call.path and "callback" not in call.path
        and call.status == 200
    ]  # fmt: skip

"""The gateway's ways to begin, break and go on, as discord.py takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest
from discord import app_commands

from tests.standins.discord_peer import DiscordPeer
from tests.standins.discord_peer.client import pointed_at, running
from tests.standins.discord_peer.gateway import HELLO, IDENTIFY, INVALID_SESSION
from tests.standins.discord_peer.json_values import Json
from tests.standins.tests.discord_bots import Bot

Asked = discord.Interaction[Bot]


@pytest.fixture
async def peer() -> AsyncIterator[DiscordPeer]:
    async with DiscordPeer() as peer:
        yield peer


def ping(tree: app_commands.CommandTree[Bot]) -> None:
    @tree.command(description="Answers")
    async def ping(interaction: Asked) -> None:
        await interaction.response.send_message(f"pong on {interaction.client.shard_count}")


async def test_what_was_missed_while_the_line_was_down_is_replayed_in_order(peer: DiscordPeer) -> None:
    guild = peer.guild("Traders")
    market, ada = guild.text("market"), guild.member("ada")
    bot = Bot(ping)
    heard: list[int] = []

    @bot.event
    async def on_message(message: discord.Message) -> None:
        heard.append(message.id)
        peer.changes.notify()

    async with running(bot, peer):
        await bot.wait_until_ready()
        peer.gateway.drop()
        said = [ada.says(market, f"{number}").id for number in range(5)]
        waiting = asyncio.create_task(ada.slash(market, "ping"))
        await peer.gateway.resumed(1)
        assert (await waiting).text == "pong on 1"
        await peer.until(lambda: len(heard) == 6, what="all messages")
    assert heard[:5] == said
    assert len(peer.gateway.identifies) == 1


@pytest.mark.parametrize("way", ["reconnect", "close 4000", "close 4009", "invalid but resumable"])
async def test_a_session_survives_a_broken_line(peer: DiscordPeer, way: str) -> None:
    guild = peer.guild("Traders")
    market, ada = guild.text("market"), guild.member("ada")
    async with running(Bot(ping), peer):
        if way == "reconnect":
            peer.gateway.reconnect()
        elif way.startswith("close"):
            peer.gateway.close(int(way.split()[1]))
        else:
            peer.gateway.invalidate(resumable=True)
        await peer.gateway.resumed(1)
        assert (await ada.slash(market, "ping")).text == "pong on 1"
    assert len(peer.gateway.identifies) == 1


@pytest.mark.parametrize("way", ["invalidated", "forgotten"])
async def test_a_lost_session_begins_anew(peer: DiscordPeer, way: str) -> None:
    guild = peer.guild("Traders")
    market, ada = guild.text("market"), guild.member("ada")
    async with running(Bot(ping), peer):
        if way == "invalidated":
            peer.gateway.invalidate()
        else:
            connection = peer.gateway.live()[0].connection
            assert connection is not None
            peer.gateway.forget()
            connection.cut()
        await peer.until(lambda: len(peer.gateway.identifies) == 2, what="a second identify")
        await peer.gateway.connected()
        assert (await ada.slash(market, "ping")).text == "pong on 1"


async def test_two_shards_share_the_guilds_out(peer: DiscordPeer) -> None:
    guilds = [peer.guild(f"g{number}") for number in range(4)]
    markets = [guild.text("market") for guild in guilds]
    ada = guilds[0].member("ada")
    for guild in guilds[1:]:
        guild.member(ada)
    peer.gateway.shards = 2
    bot = Bot(ping)
    async with running(bot, peer, shards=2):
        await bot.wait_until_ready()
        assert {guild.shard_id for guild in bot.guilds} == {0, 1}
        for market in markets:
            assert (await ada.slash(market, "ping")).text == "pong on 2"
        assert (await ada.slash(ada.dm, "ping")).text == "pong on 2"
        peer.gateway.drop(shard=1)
        await peer.gateway.resumed(1)
        assert [(await ada.slash(market, "ping")).text for market in markets] == ["pong on 2"] * 4
    assert [one["shard"] for one in peer.gateway.identifies] == [[0, 2], [1, 2]]


async def test_frames_are_compressed_as_the_client_asks_and_heartbeats_answered(peer: DiscordPeer) -> None:
    async with running(Bot(ping), peer):
        await peer.until(lambda: len(peer.gateway.heartbeats) >= 1, what="a heartbeat")
        assert peer.gateway.connection_queries[0] == {"v": "10", "encoding": "json", "compress": "zlib-stream"}


async def test_closing_says_goodbye_and_ends_the_session(peer: DiscordPeer) -> None:
    async with running(Bot(ping), peer):
        pass
    await peer.until(lambda: peer.gateway.closed_by_client == [1000], what="a goodbye")
    assert not peer.gateway.sessions


async def test_a_wrong_token_and_privileged_intents_are_refused(peer: DiscordPeer) -> None:
    with pointed_at(peer):
        for token, intents, why in (
            ("wrong", discord.Intents.default(), discord.LoginFailure),
            (peer.token, discord.Intents.all(), discord.PrivilegedIntentsRequired),
        ):
            async with Bot(intents=intents) as bot:
                with pytest.raises(why):
                    await bot.start(token)


# without discord.py, which would never say these things


async def frames(peer: DiscordPeer, *said: Json, query: str = "v=10&encoding=json") -> list[Json]:
    """What the gateway answers to these frames, ending with its close code if it closes."""
    heard: list[Json] = []
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{peer.gateway_url}?{query}") as line:
        for one in said:
            await line.send_json(one)
        async with asyncio.timeout(120):
            async for message in line:
                heard.append(message.json())
                if heard[-1]["op"] == INVALID_SESSION or heard[-1].get("t") == "READY":
                    return heard
        heard.append({"op": "closed", "code": line.close_code})
    return heard


def identify(peer: DiscordPeer, **more: object) -> Json:
    return {"op": IDENTIFY, "d": {"token": peer.token, "intents": 1, "properties": {}} | more}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"token": "wrong"}, 4004),
        ({"intents": 1 << 30}, 4013),
        ({"intents": 1 << 15}, 4014),
        ({"shard": [2, 2]}, 4010),
        ({"intents": None}, 4002),
    ],
)
async def test_each_bad_identify_has_its_close_code(peer: DiscordPeer, more: Json, code: int) -> None:
    assert (await frames(peer, identify(peer, **more)))[-1] == {"op": "closed", "code": code}


async def test_a_shard_serves_2500_guilds(peer: DiscordPeer) -> None:
    for number in range(2_501):
        peer.guild(f"g{number}")
    assert (await frames(peer, identify(peer)))[-1] == {"op": "closed", "code": 4011}
    assert (await frames(peer, identify(peer, shard=[0, 2])))[-1]["t"] == "READY"


async def test_the_order_of_things_is_kept(peer: DiscordPeer) -> None:
    assert (await frames(peer, {"op": 8, "d": {}}))[-1]["code"] == 4003
    assert (await frames(peer, {"nothing": 1}))[-1]["code"] == 4002
    assert (await frames(peer, query="v=9&encoding=json"))[-1]["code"] == 4012
    first = await frames(peer, identify(peer))
    assert [(one["op"], one.get("t")) for one in first] == [(HELLO, None), (0, "READY")]
    resume = {"token": peer.token, "session_id": "never", "seq": 1}
    assert (await frames(peer, {"op": 6, "d": resume}))[-1] == {"op": INVALID_SESSION, "d": False}


async def test_a_resume_from_the_future_is_refused(peer: DiscordPeer) -> None:
    ready = (await frames(peer, identify(peer)))[-1]
    # closed by 1000 the session is gone; one that was cut can be resumed, but not from what was never sent
    peer.gateway.sessions.clear()
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{peer.gateway_url}?v=10&encoding=json") as line:
        await line.send_json(identify(peer))
        await peer.gateway.connected()
        own = peer.gateway.live()[0]
        peer.gateway.drop()
    resume = {"token": peer.token, "session_id": own.id, "seq": own.seq + 1}
    assert (await frames(peer, {"op": 6, "d": resume}))[-1]["code"] == 4007
    assert ready["d"]["resume_gateway_url"] == peer.gateway_url


async def test_one_identify_in_five_seconds_where_that_is_kept(peer: DiscordPeer) -> None:
    peer.gateway.identify_gap_ms = 5_000
    assert (await frames(peer, identify(peer)))[-1]["t"] == "READY"
    assert (await frames(peer, identify(peer)))[-1] == {"op": INVALID_SESSION, "d": False}
    peer.clock.advance(5_000)
    assert (await frames(peer, identify(peer)))[-1]["t"] == "READY"


async def test_heartbeats_can_go_unanswered_and_the_gateway_be_down(peer: DiscordPeer) -> None:
    peer.gateway.acks = False
    assert [one["op"] for one in await frames(peer, {"op": 1, "d": None}, identify(peer))] == [HELLO, 0]
    assert peer.gateway.heartbeats == [None]
    peer.gateway.down = True
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await frames(peer)


async def begun(session: aiohttp.ClientSession, peer: DiscordPeer, said: Json) -> aiohttp.ClientWebSocketResponse:
    """A connection on which this was said, and what became of it told."""
    line = await session.ws_connect(f"{peer.gateway_url}?v=10&encoding=json")
    await line.send_json(said)
    while (heard := await line.receive_json())["op"] == HELLO:
        pass
    assert heard.get("t") in ("READY", "RESUMED") or heard["op"] == INVALID_SESSION
    return line


async def begun_twice() -> None:
    async with DiscordPeer() as peer, aiohttp.ClientSession() as session:
        lines = [await begun(session, peer, identify(peer, shard=[0, 2])) for _ in range(2)]
        assert not any(line.closed for line in lines)


async def test_a_shard_with_two_connections_at_once_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="two connections at once"):
        await begun_twice()


async def test_a_resume_takes_the_session_from_the_connection_that_had_it(peer: DiscordPeer) -> None:
    async with aiohttp.ClientSession() as session:
        first = await begun(session, peer, identify(peer, shard=[0, 1]))
        [own] = peer.gateway.live()
        second = await begun(session, peer, {"op": 6, "d": {"token": peer.token, "session_id": own.id, "seq": own.seq}})
        while (await first.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert first.close_code == 4000
        assert peer.gateway.live() == [own]
        assert not second.closed


async def test_one_identify_in_five_seconds_by_whichever_connection(peer: DiscordPeer) -> None:
    peer.gateway.identify_gap_ms = 5_000
    async with aiohttp.ClientSession() as session:
        lines = [await begun(session, peer, identify(peer, shard=[0, 2]))]
        peer.clock.advance(4_999)
        lines.append(await begun(session, peer, identify(peer, shard=[1, 2])))
        assert [one["shard"] for one in peer.gateway.hurried] == [[1, 2]]
        peer.clock.advance(1)
        lines.append(await begun(session, peer, identify(peer, shard=[1, 2])))
        assert len(peer.gateway.live()) == 2


def presence(*activities: Json, status: object = "online") -> Json:
    return {"op": 3, "d": {"since": None, "activities": list(activities), "status": status, "afk": False}}


def custom(text: str) -> Json:
    return {"name": "Custom Status", "type": 4, "state": text}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ([presence(custom("x" * 128))] * 5, None),
        ([presence(custom("x"))] * 6, 4008),
        ([presence(custom("x" * 129))], 4002),
        ([presence(custom(""))], 4002),
        ([presence(status=None)], 4002),
        ([presence()], None),
    ],
)
async def test_a_session_changes_its_presence_five_times_a_minute_and_within_its_limits(
    peer: DiscordPeer, said: list[Json], code: int | None
) -> None:
    async with aiohttp.ClientSession() as session:
        line = await begun(session, peer, identify(peer))
        for one in (*said, {"op": 1, "d": None}):
            await line.send_json(one)
        answers = [message.json()["op"] async for message in _until_answered(line)]
        assert (line.close_code, 11 in answers) == (code, code is None)


async def _until_answered(line: aiohttp.ClientWebSocketResponse) -> AsyncIterator[aiohttp.WSMessage]:
    async for message in line:
        yield message
        if message.json()["op"] == 11:  # the heartbeat's
            return

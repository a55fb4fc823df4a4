"""The first minute in a server: the bot asks for the channel, goes there, and shows admins in four steps what to do."""

from __future__ import annotations

from pathlib import Path

from tests.platform.discord_harness import discord_harness
from tests.standins.discord_peer import Permission

MAY = int(Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES | Permission.EMBED_LINKS | Permission.ATTACH_FILES)
MENU = "The channel for the market"


async def test_asked_into_a_server_it_asks_for_the_channel_and_says_hello_there_once_a_manager_chose(
    tmp_path: Path,
) -> None:
    async with discord_harness(tmp_path) as harness:
        other = harness.peer.guild("Elsewhere", bot_permissions=None)
        lobby, cup, mute = other.text("lobby"), other.text("cup"), other.text("mute")
        boss, eve = other.member("boss", other.role("host", Permission.MANAGE_GUILD)), other.member("eve")
        other.invite_bot(MAY)
        mute.deny(other.bot_role, Permission.SEND_MESSAGES)
        greeting = await lobby.expect("Which channel")
        for who, channel, says in (
            (eve, cup, "Who may manage this server chooses"),
            (boss, mute, "What I lack there: Send Messages and Attach Files"),
            (boss, cup, "I have said hello in"),
        ):
            harness.peer.clock.advance(1_000)
            told = await who.choose(greeting, MENU, channel)
            assert told.ephemeral
            assert says in told.text, told.text
        [hello] = cup.public
        assert [button.label for button in hello.buttons] == ["Create a market", "One-minute tour"]
        harness.peer.clock.advance(1_000)
        assert (await boss.press(hello, "Create a market")).form.title == "New market"
        harness.assert_sound()


async def test_where_it_may_not_speak_it_tells_the_owner_where_to_begin(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        other = harness.peer.guild("Elsewhere", bot_permissions=None)
        lobby = other.text("lobby")
        lobby.deny(other.everyone, Permission.SEND_MESSAGES)
        other.invite_bot(int(Permission.VIEW_CHANNEL))
        greeting = await harness.peer.world.dm_with(other.owner).expect("/admin create")
        assert greeting.author is harness.peer.world.bot
        assert not greeting.selects
        assert lobby.public == []


async def test_the_tour_is_four_screens_in_one_private_message_and_ends_at_a_new_market(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        help_ = await harness.slash(harness.admin, "help")
        tour = await harness.press(harness.admin, help_.reply, "One-minute tour")
        assert tour.ephemeral
        seen = [tour.reply.text.split(" ·")[0]]
        for _ in range(3):
            await harness.press(harness.admin, tour.reply, "Next")
            seen.append(tour.reply.text.split(" ·")[0])
        assert seen == [f"**{number} of 4" for number in (1, 2, 3, 4)]
        assert [button.label for button in tour.reply.buttons] == ["Back", "Create a market"]
        ada = harness.guild.member("ada")
        assert "tour" not in [button.label for button in (await harness.slash(ada, "help")).reply.buttons]
        harness.assert_sound()

"""What people do with a bot goes through the peer as through Discord, with the real discord.py on the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from io import BytesIO
from typing import Any

import discord
import pytest
from discord import app_commands, ui

from tests.standins.discord_peer import DiscordPeer, Guild, Permission, Person
from tests.standins.discord_peer.client import running
from tests.standins.discord_peer.world import Channel
from tests.standins.tests.discord_bots import Bot

Asked = discord.Interaction[Bot]


@pytest.fixture
async def peer() -> AsyncIterator[DiscordPeer]:
    async with DiscordPeer() as peer:
        yield peer


class PeerHarness:
    """A guild with the bot, a market channel and two people."""

    def __init__(self, peer: DiscordPeer) -> None:
        self.guild: Guild = peer.guild("Traders")
        self.market: Channel = self.guild.text("market")
        self.ada: Person = self.guild.member("ada")
        self.bob: Person = self.guild.member("bob")


class Amount(ui.Modal, title="How much?"):
    side: ui.Label[ui.Modal] = ui.Label(
        text="Side", component=ui.RadioGroup(options=[discord.RadioGroupOption(label=one) for one in ("Yes", "No")])
    )
    outcome: ui.Label[ui.Modal] = ui.Label(
        text="Outcome", component=ui.Select(options=[discord.SelectOption(label=one) for one in ("Germany", "Italy")])
    )
    amount: ui.Label[ui.Modal] = ui.Label(
        text="Amount", description="In dollars", component=ui.TextInput(max_length=8, default="50")
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        said = [self.side.component, self.outcome.component, self.amount.component]
        assert isinstance(said[0], ui.RadioGroup)
        assert isinstance(said[1], ui.Select)
        assert isinstance(said[2], ui.TextInput)
        told = f"{said[0].value} on {said[1].values[0]} for {said[2].value}"
        await interaction.response.send_message(told, ephemeral=True)


class Ticket(ui.View):
    @ui.button(label="Confirm", style=discord.ButtonStyle.success, emoji="✅")
    async def confirm(self, interaction: Asked, _: ui.Button[Ticket]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="queued", view=None)

    @ui.button(label="Change")
    async def change(self, interaction: Asked, _: ui.Button[Ticket]) -> None:
        await interaction.response.send_modal(Amount())

    @ui.select(placeholder="Outcome", options=[discord.SelectOption(label="Italy", value="2")])
    async def choose(self, interaction: Asked, menu: ui.Select[Ticket]) -> None:
        await interaction.response.edit_message(content=f"outcome {menu.values[0]}")


class Settings(ui.View):
    @ui.select(cls=ui.RoleSelect, placeholder="Ping")
    async def ping(self, interaction: Asked, menu: ui.RoleSelect[Settings]) -> None:
        await interaction.response.send_message(f"pings {menu.values[0].name}")


def commands(tree: app_commands.CommandTree[Bot]) -> None:
    @tree.command(description="Ask for a ticket")
    async def buy(interaction: Asked, outcome: str, amount: app_commands.Range[int, 1, 100] = 5) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send(f"ticket: {amount} on {outcome}", view=Ticket())

    @buy.autocomplete("outcome")
    async def outcomes(_: Asked, typed: str) -> list[app_commands.Choice[str]]:
        return [
            app_commands.Choice(name=one, value=one.lower()) for one in ("Germany", "Italy") if typed in one.lower()
        ]

    @tree.command(description="Show the board")
    async def board(interaction: Asked) -> None:
        layout = ui.LayoutView()
        chart = discord.MediaGalleryItem("attachment://chart.png", description="Germany leads")
        picture: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery(chart)
        layout.add_item(ui.Container(ui.TextDisplay("**Germany** 40%"), picture, accent_color=0x00FF00))
        await interaction.response.send_message(view=layout, file=discord.File(BytesIO(b"png"), "chart.png"))

    @tree.command(description="Never answers")
    async def sleep(interaction: Asked) -> None:
        pass

    @tree.command(description="Who is it")
    async def who(interaction: Asked, person: discord.Member) -> None:
        rights = interaction.permissions.manage_guild, interaction.app_permissions.pin_messages
        await interaction.response.send_message(f"{person.name} {interaction.user.name} {rights}")

    @tree.command(description="Settings")
    async def settings(interaction: Asked, role: discord.Role, where: discord.TextChannel) -> None:
        await interaction.response.send_message(f"{role.name} {where.name}", view=Settings())

    admin = app_commands.Group(
        name="admin", description="For hosts", default_permissions=discord.Permissions(manage_guild=True)
    )

    @admin.command(description="Open a market")
    async def create(interaction: Asked) -> None:
        await interaction.response.send_message("created")

    tree.add_command(admin)


async def test_the_bot_is_ready_and_its_commands_are_registered(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    bot = Bot(commands)
    async with running(bot, peer):
        await bot.wait_until_ready()
        assert [(guild.name, guild.me.name) for guild in bot.guilds] == [("Traders", "outcry")]
        assert bot.get_channel(harness.market.id) is not None
        assert harness.ada.offered(harness.market) == ["buy", "board", "sleep", "who", "settings"]
    assert peer.refused == []


async def test_a_command_deferred_and_followed_up_is_seen_by_its_person_alone(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    async with running(Bot(commands), peer):
        answer = await harness.ada.slash(harness.market, "buy", outcome="germany", amount=7)
        assert (answer.text, answer.ephemeral) == ("ticket: 7 on germany", True)
        assert (len(harness.ada.sees(harness.market)), harness.bob.sees(harness.market)) == (1, [])
    assert (peer.refused, peer.late, peer.unanswered) == ([], [], [])


async def test_suggestions_come_while_she_types(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    async with running(Bot(commands), peer):
        choices = await harness.ada.autocomplete(harness.market, "buy", "outcome", "ital")
        assert [(one.name, one.value) for one in choices] == [("Italy", "italy")]


async def test_a_button_edits_the_ticket_it_stands_under(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    async with running(Bot(commands), peer):
        ticket = (await harness.ada.slash(harness.market, "buy", outcome="germany")).reply
        with pytest.raises(AssertionError):
            await harness.bob.press(ticket, "Confirm")
        pressed = await harness.ada.press(ticket, "Confirm")
        assert (pressed.reply, ticket.text, ticket.buttons) == (ticket, "queued", [])
        assert ticket.was == ["ticket: 5 on germany"]
        with pytest.raises(AssertionError):
            await harness.ada.press(ticket, "Confirm")


async def test_a_menu_is_chosen_from_by_what_it_says(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    async with running(Bot(commands), peer):
        ticket = (await harness.ada.slash(harness.market, "buy", outcome="germany")).reply
        await harness.ada.choose(ticket, "Outcome", "Italy")
        assert ticket.text == "outcome 2"


async def test_a_modal_comes_filled_in_and_goes_back(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    async with running(Bot(commands), peer):
        ticket = (await harness.ada.slash(harness.market, "buy", outcome="germany")).reply
        form = (await harness.ada.press(ticket, "Change")).form
        assert (form.title, form.field("Amount").value, form.field("Amount").about) == ("How much?", "50", "In dollars")
        with pytest.raises(AssertionError):
            await harness.ada.submit(form, {"Side": "Yes", "Outcome": "Italy", "Amount": "123456789"})
        answer = await harness.ada.submit(form, {"Side": "Yes", "Outcome": "Italy"})
        assert answer.text == "Yes on Italy for 50"


async def test_a_layout_with_a_picture_is_read_with_its_alt_text(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    async with running(Bot(commands), peer):
        await harness.ada.slash(harness.market, "board")
        seen = await harness.market.expect("Germany")
        assert seen.text == "**Germany** 40%\nGermany leads"
        assert seen.attachments[0].data == b"png"


async def test_people_and_rights_travel_with_an_interaction(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    host = harness.guild.member("host", harness.guild.role("hosts", Permission.MANAGE_GUILD))
    async with running(Bot(commands), peer):
        answer = await host.slash(harness.market, "who", person=harness.bob)
        assert answer.text == "bob host (True, True)"
        assert (await host.slash(harness.market, "admin create")).text == "created"


async def test_roles_and_channels_travel_too(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    traders = harness.guild.role("traders")
    async with running(Bot(commands), peer):
        answer = await harness.ada.slash(harness.market, "settings", role=traders, where=harness.market)
        assert answer.text == "traders market"
        assert (await harness.ada.choose(answer.reply, "Ping", traders)).text == "pings traders"


async def test_who_is_not_answered_is_told_of(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    async with running(Bot(commands), peer):
        asked = await harness.ada.slash(harness.market, "sleep", _until="sent")
        assert peer.unanswered == []
        peer.clock.advance(3_001)
        assert peer.unanswered == [asked]


async def test_an_acknowledgement_that_waits_too_long_on_its_way_fails_in_the_bot(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    bot = Bot(commands)
    failed: list[BaseException] = []

    @bot.tree.error
    async def remember(_: Asked, error: app_commands.AppCommandError) -> None:
        failed.append(error.__cause__ or error)
        peer.changes.notify()

    async with running(bot, peer):
        held = peer.faults.hold("POST /interactions/*/callback")
        asked = await harness.ada.slash(harness.market, "buy", outcome="germany", _until="sent")
        await held.reached.wait()
        peer.clock.advance(3_001)
        held.release()
        await peer.until(lambda: failed, what="the bot's error")
    assert isinstance(failed[0], discord.NotFound)
    assert (failed[0].code, peer.late, peer.unanswered) == (10062, [asked], [asked])


class Lasting(ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @ui.button(label="Positions", custom_id="positions")
    async def positions(self, interaction: Asked, _: ui.Button[Lasting]) -> None:
        await interaction.response.send_message("none", ephemeral=True)


async def test_a_button_outlives_a_restart_only_where_it_is_registered_again(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    first, forgetful, mindful = Bot(), Bot(), Bot()
    async with running(first, peer):
        await first.get_partial_messageable(harness.market.id).send("board", view=Lasting())
    board = await harness.market.expect("board")
    async with running(forgetful, peer):
        asked = await harness.ada.press(board, "Positions", _until="sent")
    peer.clock.advance(3_001)
    assert peer.unanswered == [asked]
    async with running(mindful, peer):
        mindful.add_view(Lasting())
        assert (await harness.ada.press(board, "Positions")).text == "none"


async def test_the_bot_hears_what_happens_to_it_and_its_channels(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    bot = Bot(commands)
    heard: list[str] = []
    for event in (
        "guild_join",
        "guild_remove",
        "guild_unavailable",
        "guild_available",
        "guild_channel_delete",
        "raw_message_delete",
    ):
        bot.event(_listener(event, heard, peer))
    async with running(bot, peer):
        await bot.wait_until_ready()
        heard.clear()
        channel = bot.get_partial_messageable(harness.market.id, guild_id=harness.guild.id)
        await channel.send("board")
        harness.guild.member("moderator", harness.guild.role("mods", Permission.MANAGE_MESSAGES)).deletes(
            harness.market.public[0]
        )
        harness.guild.outage()
        harness.guild.back()
        harness.market.delete()
        harness.guild.kick_bot()
        harness.guild.invite_bot(0)
        await peer.until(lambda: len(heard) == 6, what="six events")
    assert heard == [
        "raw_message_delete",
        "guild_unavailable",
        "guild_available",
        "guild_channel_delete",
        "guild_remove",
        "guild_join",
    ]


# Any: discord.py's own type of a listener
def _listener(event: str, heard: list[str], peer: DiscordPeer) -> Callable[..., Coroutine[Any, Any, None]]:
    async def listen(*_: object) -> None:
        heard.append(event)
        peer.changes.notify()

    listen.__name__ = f"on_{event}"
    return listen


async def test_others_words_are_hidden_without_the_intent(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    bot = Bot(commands)
    heard: list[str] = []

    @bot.event
    async def on_message(message: discord.Message) -> None:
        heard.append(message.content)
        peer.changes.notify()

    async with running(bot, peer):
        await bot.wait_until_ready()
        harness.ada.says(harness.market, "a secret")
        harness.ada.says(harness.market, f"<@{peer.world.bot.id}> hello")
        harness.ada.says(harness.ada.dm, "between us")
        await peer.until(lambda: len(heard) == 3, what="three messages")
    assert heard == ["", f"<@{peer.world.bot.id}> hello", "between us"]


async def test_twenty_people_at_once_are_all_answered(peer: DiscordPeer) -> None:
    harness = PeerHarness(peer)
    people = [harness.guild.member(f"person {number}") for number in range(20)]
    async with running(Bot(commands), peer):
        answers = await asyncio.gather(
            *(one.slash(harness.market, "buy", outcome=f"o{turn}") for one in people for turn in range(10))
        )
    assert len({(one.user.id, one.text) for one in answers}) == 200
    assert (peer.refused, peer.unanswered) == ([], [])

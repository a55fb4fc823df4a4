"""Discord's own ways to say who and where: members, roles and channels are picked, completed and shown by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.platform.discord_harness import DiscordHarness, discord_harness, running
from tests.standins.discord_peer import Interaction, NotOfferedError, Permission


async def confirmed(harness: DiscordHarness, preview: Interaction) -> Interaction:
    return await harness.press(harness.admin, preview.reply, "Confirm")


async def test_a_member_is_picked_or_named_and_never_both(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        admin = harness.admin
        [ada, bob] = await running(harness, "ada", "bob")
        stranger = harness.guild.member("eve")
        preview = await harness.slash(admin, "admin grant", member=ada, amount="$50")
        assert "Ada" in preview.text
        assert "Ada gets $50.00" in (await confirmed(harness, preview)).text
        named = await harness.slash(admin, "admin grant", name="bo", amount="$20")
        assert "Bob" in named.text
        both = await harness.slash(admin, "admin grant", member=ada, name="bob", amount="$20")
        assert "give one of the two" in both.text
        asked = await harness.slash(admin, "admin grant", amount="$20")
        harness.peer.clock.advance(1_000)
        assert "Bob would get $20.00" in (await admin.submit(asked.form, {"Member": "bob"})).text
        nobody = await harness.slash(admin, "admin grant", member=stranger, amount="$20")
        assert f"<@{stranger.id}> does not take part" in nobody.text
        assert not nobody.reply.mentions
        barred = await harness.slash(admin, "admin users", member=bob, change="bar loud")
        assert "Bob" in (await confirmed(harness, barred)).text
        assert "Ada" not in (await harness.slash(admin, "admin users", member=bob)).text
        log = await harness.slash(admin, "admin log", member=ada)
        assert "1 entry about Ada" in log.text
        assert "bar" not in log.text
        assert "1 entry about Bob" in (await harness.slash(admin, "admin log", name="bob")).text
        harness.assert_sound()


async def test_a_role_is_picked_shown_by_its_name_called_by_nobody_and_taken_away_again(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        helpers = harness.guild.role("helpers", mentionable=True)
        refused = await harness.slash(harness.admin, "admin roles", admin=harness.guild.everyone)
        assert "everyone cannot be it" in refused.text
        answer = await harness.slash(harness.admin, "admin roles", admin=helpers, ping=helpers, kinds="lead")
        assert f"Admins here: holders of <@&{helpers.id}>" in answer.text
        assert "Server Settings → Integrations" in answer.text
        assert not answer.reply.mention_roles
        suggested = await harness.admin.autocomplete(harness.channel, "admin roles", "kinds", "lead, el")
        assert [choice.value for choice in suggested] == ["lead, elimination"]
        away = await harness.press(harness.admin, answer.reply, "No admin role")
        assert "no role besides" in away.text
        log = await harness.slash(harness.admin, "admin log")
        assert f"<@&{helpers.id}>" in log.text
        assert not log.reply.mention_roles
        harness.assert_sound()


async def test_an_announcement_left_out_is_written_in_a_dialog_with_its_paragraphs(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        asked = await harness.slash(harness.admin, "admin announce")
        field = asked.form.field("Text")
        assert field.most == 1_000
        harness.peer.clock.advance(1_000)
        preview = await harness.admin.submit(asked.form, {"Text": "Kick-off is at nine.\nBring friends."})
        await confirmed(harness, preview)
        await harness.tick()
        posted = await harness.channel.expect("Kick-off is at nine.")
        assert "\nBring friends.\n" in posted.text
        harness.assert_sound()


async def test_what_an_amount_would_be_is_told_while_it_is_typed(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        told = await ada.autocomplete(harness.channel, "buy", "amount", "$3", outcome="Germany", side="yes")
        assert [(choice.name, choice.value) for choice in told] == [("$3: about 6 tokens at 50.0¢", "$3")]
        unknown = await ada.autocomplete(harness.channel, "buy", "amount", "$3", side="yes")
        assert [choice.name for choice in unknown] == ["$3: spend this much, fees in"]
        assert await ada.autocomplete(harness.channel, "buy", "amount", "$5000", outcome="Germany", side="yes") == []
        named = await ada.autocomplete(harness.channel, "help", "command", "gr")
        assert {choice.value for choice in named} == {"admin grant", "admin graph"}
        harness.assert_sound()


async def test_a_number_is_completed_with_what_there_is(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        assert await ada.autocomplete(harness.channel, "receipt", "order", "") == []
        asked = await harness.slash(ada, "buy", outcome="Germany", side="yes", amount="$5")
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        [order] = await ada.autocomplete(harness.channel, "receipt", "order", "")
        assert order.name.endswith(": buy Germany YES, filled")
        shown = await harness.slash(
            ada, "receipt", order=order.value
        )  # a whole number, or the client would not send it
        assert f"order {order.value}" in shown.text
        harness.assert_sound()


async def chats(harness: DiscordHarness) -> set[str]:
    async with harness.db.reading() as uow:
        found = [await uow.chats.find("discord", str(channel)) for channel in harness.peer.world.channels]
        found += [await uow.chats.find("discord", str(person)) for person in harness.peer.world.users]
    return {chat.external_id for chat in found if chat is not None}


async def test_installed_by_somebody_alone_a_server_and_a_conversation_are_their_private_chat(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada, bob] = await running(harness, "ada", "bob")
        elsewhere = harness.peer.guild("Elsewhere", bot_permissions=None)
        hosts = elsewhere.role("hosts", Permission.MANAGE_GUILD)
        there, with_bob = elsewhere.text("general"), harness.peer.world.conversation(ada, bob)
        elsewhere.member(ada, hosts)
        elsewhere.member(bob)
        with pytest.raises(NotOfferedError):
            await ada.slash(there, "positions")
        ada.installs_app()
        before = await chats(harness)
        for channel in (there, with_bob):
            assert not [line for line in ada.offered(channel) if line.startswith("admin ")]
            for line in ("board", "chart", "positions", "settings", "help", "markets", "rules"):
                await harness.pass_time(1_000)
                answer = await ada.slash(channel, line)
                assert answer.ephemeral, line
            await harness.pass_time(1_000)
            asked = await ada.slash(channel, "buy", outcome="Germany", side="yes", amount="$5")
            await harness.press(ada, asked.reply, "Confirm")
            await harness.tick()
            assert asked.reply.text.startswith("**Filled"), asked.reply.text
            assert not bob.sees(channel)
        assert await chats(harness) == before
        harness.assert_sound()


async def test_in_a_conversation_with_the_bot_everything_is_offered(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        here = set(harness.admin.offered(harness.channel))
        assert set(harness.admin.offered(harness.admin.dm)) == here
        asked = await ada.slash(ada.dm, "buy", outcome="Germany", side="yes", amount="$5")
        assert not asked.ephemeral
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        assert asked.reply.text.startswith("**Filled")
        harness.assert_sound()


async def test_where_nobody_may_install_it_for_themselves_commands_are_registered_for_servers_alone(
    tmp_path: Path,
) -> None:
    async with discord_harness(tmp_path, start=False) as harness:
        harness.peer.world.user_install = False
        await harness.start()
        [created] = [command for command in harness.peer.world.commands[None] if command["name"] == "buy"]
        assert (created["integration_types"], created["contexts"]) == ([0], [0, 1])
        harness.assert_sound()


async def test_a_members_own_menu_says_their_place_to_who_asks_and_lets_admins_grant_and_look_up(
    tmp_path: Path,
) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada, bob] = await running(harness, "ada", "bob")
        admin, stranger = harness.admin, harness.guild.member("eve")
        assert bob.menu(harness.channel) == ["Place and profit"]
        asked = await harness.slash(ada, "buy", outcome="Germany", side="yes", amount="$50")
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        place = await bob.choose_from_menu(harness.channel, ada, "Place and profit")
        assert place.ephemeral
        assert place.text.startswith("**Ada is 1st of 1.**"), place.text
        harness.peer.clock.advance(1_000)
        unplaced = await ada.choose_from_menu(harness.channel, bob, "Place and profit")
        assert "has not traded yet and has no place" in unplaced.text
        harness.peer.clock.advance(1_000)
        nobody = await ada.choose_from_menu(harness.channel, stranger, "Place and profit")
        assert f"<@{stranger.id}> does not take part" in nobody.text
        assert "admin" not in nobody.text
        granting = await admin.choose_from_menu(harness.channel, bob, "Grant play money…")
        assert granting.form.title == "Grant: Bob"
        assert [field.label for field in granting.form.fields] == ["Amount", "Reason"]
        harness.peer.clock.advance(1_000)
        preview = await admin.submit(granting.form, {"Amount": "$20"})
        assert "Bob would get $20.00" in preview.text
        await confirmed(harness, preview)
        log = await admin.choose_from_menu(harness.channel, bob, "Log of this member")
        assert "1 entry about Bob" in log.text
        ada.installs_app()
        elsewhere = harness.peer.guild("Elsewhere", bot_permissions=None)
        elsewhere.member(ada, elsewhere.role("hosts", Permission.MANAGE_GUILD))
        elsewhere.member(bob)
        there = elsewhere.text("general")
        assert ada.menu(there) == ["Place and profit"]
        harness.peer.clock.advance(1_000)
        assert (await ada.choose_from_menu(there, bob, "Place and profit")).ephemeral
        harness.assert_sound()

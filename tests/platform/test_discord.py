"""The bot on Discord, from the first command to the last announcement, over a real connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from bot.chat.reply import Reply, line
from tests.platform.discord_harness import PNG, DiscordHarness, discord_harness, running
from tests.standins.discord_peer import Call, Guild, Interaction, Message, Permission, Person
from tests.standins.discord_peer.json_values import Json

GREEN = 0x58C9A3
GALLERY = 12
CALLBACK = "POST /interactions/*/callback"
POSTS = "POST /channels/*/messages"


async def ticket(harness: DiscordHarness, who: Person, amount: str = "$50") -> Interaction:
    asked = await harness.slash(who, "buy", outcome="Germany", side="yes", amount=amount)
    assert "Buy Germany YES" in asked.text, asked.text
    return asked


def labels(asked: Interaction) -> list[str]:
    return [button.label for button in asked.reply.buttons]


def shown_to_everybody(harness: DiscordHarness, name: str) -> None:
    """What a server's admins can do in its settings under Integrations."""
    for command in harness.peer.world.commands[None]:
        if command["name"] == name:
            command["default_member_permissions"] = None


def board(harness: DiscordHarness) -> Message:
    [pinned] = harness.channel.pinned
    return pinned


# -- the life of an event


async def test_a_ticket_is_private_and_becomes_its_fill(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada, bob] = await running(harness, "ada", "bob")
        asked = await ticket(harness, ada)
        assert asked.ephemeral
        assert labels(asked) == ["Confirm", "Change", "Cancel", "$10", "Half", "All"]
        await harness.press(ada, asked.reply, "Confirm")
        assert asked.reply.text.startswith("**Sent.")
        assert asked.reply.buttons == []
        await harness.tick()
        assert asked.reply.text.startswith("**Filled: 97.6 Germany YES for $50.00.**")
        assert [button.label for button in asked.reply.buttons] == ["Sell all", "Positions"]
        assert asked.reply.components[0]["accent_color"] == GREEN
        assert "Filled" not in bob.reads(harness.channel)
        everything = await harness.press(ada, asked.reply, "Sell all")
        assert labels(everything) == ["Confirm", "Change", "Cancel", "Half"]
        some = await harness.slash(ada, "sell", outcome="Germany", side="yes", amount="1")
        assert labels(some) == ["Confirm", "Change", "Cancel", "Half", "All"]
        assert labels(await ticket(harness, bob, "$1")) == ["Confirm", "Change", "Cancel", "$10", "$50", "Half", "All"]
        harness.assert_sound()


async def test_an_event_lives_from_creation_to_podium(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        people = await running(harness, "ada", "bob", "cyd")
        for who, outcome in zip(people, ("Germany", "Brazil", "Costa Rica"), strict=True):
            asked = await harness.slash(who, "buy", outcome=outcome, side="yes", amount="$40")
            await harness.press(who, asked.reply, "Confirm")
        await harness.tick()
        preview = await harness.slash(harness.admin, "admin eliminate", outcomes="Costa Rica", reason="lost")
        assert preview.ephemeral
        await harness.press(harness.admin, preview.reply, "Confirm")
        for _ in range(4):
            await harness.tick(15_000)
        out = await harness.channel.expect("Costa Rica is out.")
        [chart] = [component["items"] for component in out.components[0]["components"] if component["type"] == GALLERY]
        assert chart[0]["description"].startswith("Germany leads at 65.0¢ after Costa Rica’s exit")
        assert out.attachments[0].data == PNG
        assert "~~Costa Rica~~" in board(harness).text
        preview = await harness.slash(harness.admin, "admin resolve", winner="Germany", reason="7-1")
        await harness.press(harness.admin, preview.reply, "Confirm")
        for _ in range(3):
            await harness.tick()
        won = await harness.channel.expect("Germany wins")
        assert won.text.startswith("## ")
        assert [button.label for button in board(harness).buttons] == ["Leaderboard"]
        harness.assert_sound()


async def test_the_board_is_one_pinned_message_that_is_edited(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        first = board(harness)
        assert "Germany  50.0¢" in first.text
        asked = await ticket(harness, ada)
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        assert board(harness) is first
        assert "Germany  51.2¢" in first.text
        taps = ["Buy Germany", "Buy Brazil", "Buy Costa Rica"]
        assert [button.label for button in first.buttons] == [*taps, "Buy", "Sell", "Chart", "Positions"]
        harness.assert_sound()


# -- dialogs


async def test_change_opens_a_dialog_whose_answer_takes_the_tickets_place(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await ticket(harness, ada)
        form = (await harness.press(ada, asked.reply, "Change")).form
        assert [field.label for field in form.fields] == ["Amount", "Slippage"]
        assert form.field("Amount").value == "$50"
        harness.peer.clock.advance(1_000)
        await ada.submit(form, {"Amount": "20"})
        assert "20 tokens" in asked.reply.text
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        assert asked.reply.text.startswith("**Filled: 20 Germany YES")
        harness.assert_sound()


async def test_buy_on_the_board_asks_with_menus_and_answers_in_private(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        form = (await harness.press(ada, board(harness), "Buy")).form
        assert [field.label for field in form.fields][:3] == ["Outcome", "Side", "Amount"]
        assert [value for value, _ in form.field("Outcome").options][:2] == ["Germany", "Brazil"]
        harness.peer.clock.advance(1_000)
        sent = await ada.submit(form, {"Outcome": ["Brazil"], "Side": "yes", "Amount": "$10"})
        assert sent.ephemeral
        assert "Buy Brazil YES" in sent.text
        assert "Cup: " in board(harness).text
        harness.assert_sound()


async def test_a_charts_alt_text_says_who_leads_the_prices_and_who_is_out(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        preview = await harness.slash(harness.admin, "admin eliminate", outcomes="brazil")
        await harness.press(harness.admin, preview.reply, "Confirm")
        await harness.tick()
        figures = "YES: Germany 71.4¢ and Costa Rica 28.6¢. Out: Brazil."
        asked = await harness.slash(ada, "chart")
        assert asked.reply.text.splitlines() == ["**Germany leads at 71.4¢.**", figures]
        assert f"Germany leads at 71.4¢ after Brazil’s exit. {figures}" in harness.admin.reads(harness.channel)


ORDER_FIELDS = ["Outcome", "Side", "Amount", "Limit", "Slippage"]


@pytest.mark.parametrize(
    ("line", "given", "title", "asked", "values"),
    [
        ("buy", {}, "Buy", ORDER_FIELDS, {}),
        ("quote", {"amount": "$50"}, "Quote", ORDER_FIELDS, {"Amount": "$50"}),
        (
            "buy",
            {"outcome": "brazil"},
            "Buy Brazil",
            ["Side", "Amount", "Limit", "Slippage", "Auto-fill"],
            {"Slippage": "2%", "Auto-fill": True},
        ),
        (
            "buy",
            {"side": "no", "limit": "40c"},
            "Buy",
            ORDER_FIELDS,
            {"Side": ["no"], "Limit": "40c", "Slippage": "2%"},
        ),
    ],
)
async def test_what_an_order_lacks_is_asked_in_a_dialog_filled_in_with_what_was_said_and_what_one_has_set(
    tmp_path: Path, line: str, given: dict[str, str], title: str, asked: list[str], values: dict[str, object]
) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        await harness.slash(ada, "settings", slippage="2%", autofill="on")
        form = (await harness.slash(ada, line, **given)).form
        assert (form.title, [field.label for field in form.fields]) == (title, asked)
        assert {name: form.field(name).value for name in values} == values
        for word in ("limit", "slippage", "auto-fill"):
            assert word in form.text.casefold(), form.text
        harness.peer.clock.advance(1_000)
        answers = {"Outcome": ["Brazil"], "Side": "yes", "Amount": "$10", "Limit": "20c"}
        ticket_ = await ada.submit(form, {name: value for name, value in answers.items() if name in asked})
        assert "Brazil YES at 20¢" in ticket_.text
        harness.assert_sound()


async def test_below_a_mistake_in_a_dialog_stands_the_dialog_again_with_what_was_right(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        form = (await harness.slash(ada, "buy")).form
        harness.peer.clock.advance(1_000)
        told = await ada.submit(form, {"Outcome": ["Brazil"], "Side": "no", "Amount": "much", "Limit": "20c"})
        assert "“much” is not an amount" in told.text
        again = (await harness.press(ada, told.reply, "Fill it in again")).form
        assert again.title == "Buy Brazil"
        assert (again.field("Side").value, again.field("Limit").value) == (["no"], "20c")
        harness.peer.clock.advance(1_000)
        assert "Brazil NO at 20¢" in (await ada.submit(again, {"Amount": "5"})).text
        harness.assert_sound()


async def test_a_tap_beside_an_outcome_asks_for_the_rest_and_leads_to_its_ticket(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        form = (await harness.press(ada, board(harness), "Buy Costa Rica")).form
        assert form.title == "Buy Costa Rica"
        harness.peer.clock.advance(1_000)
        sent = await ada.submit(form, {"Side": "yes", "Amount": "$10"})
        assert sent.ephemeral
        assert "Buy Costa Rica YES" in sent.text
        more = await harness.press(ada, sent.reply, "$50")
        assert more.ephemeral
        assert sent.reply.was
        assert "amount $10 → $50" in sent.reply.text
        harness.assert_sound()


async def test_who_has_not_joined_is_told_how_instead(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        stranger = harness.guild.member("eve")
        answer = await harness.press(stranger, board(harness), "Buy")
        assert answer.ephemeral
        assert "/join" in answer.text
        harness.assert_sound()


async def test_a_market_is_set_up_in_a_dialog(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        form = (await harness.slash(harness.admin, "admin create")).form
        assert [field.label for field in form.fields][:3] == ["Title", "Outcomes", "Preset"]
        harness.peer.clock.advance(1_000)
        sent = await harness.admin.submit(form, {"Title": "Cup", "Outcomes": "A, B, C", "Preset": ["fair"]})
        assert sent.ephemeral
        assert "Cup is drafted" in sent.text
        harness.assert_sound()


async def test_a_wrong_answer_in_a_dialog_is_explained(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await ticket(harness, ada)
        form = (await harness.press(ada, asked.reply, "Change")).form
        harness.peer.clock.advance(1_000)
        sent = await ada.submit(form, {"Amount": "a lot"})
        assert "a lot" in sent.text
        assert sent.ephemeral
        assert asked.original is not None
        assert asked.original.text.startswith("**Buy Germany YES")
        harness.assert_sound()


async def test_what_is_typed_is_completed(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        suggestions = await ada.autocomplete(harness.channel, "buy", "outcome", "cos")
        assert [suggestion.value for suggestion in suggestions] == ['"Costa Rica"']
        assert suggestions[0].name.startswith("Costa Rica: YES 20.0¢")
        assert await ada.autocomplete(harness.channel, "buy", "outcome", "zzz") == []
        assert [
            choice.value
            for choice in await ada.autocomplete(harness.channel, "buy", "amount", "", outcome="1", side="yes")
        ]
        harness.assert_sound()


async def test_an_answer_of_ones_own_to_a_public_command_is_private(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada, bob] = await running(harness, "ada", "bob")
        asked = await harness.slash(ada, "buy", outcome="Costa Rica", side="yes", amount="100", limit="15c")
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        before = len(harness.channel.public)
        await harness.slash(ada, "book", outcome="Costa Rica")
        notice = await ada.expect(
            harness.channel, lambda message: message.ephemeral and "tokens wait in the book" in message.text
        )
        assert notice.only_for is ada.user
        opener = await harness.slash(ada, "room")
        assert opener.ephemeral
        link = opener.reply.button("Open the room")
        assert link.url.startswith("https://outcry.example.org/enter#")
        assert len(harness.channel.public) == before
        assert not (await harness.slash(bob, "book", outcome="Costa Rica")).ephemeral
        harness.assert_sound()


# -- who may what


async def test_admin_is_shown_to_those_who_manage_the_server_and_checked_again(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        assert "admin pause" in harness.admin.offered(harness.channel)
        assert not [option for option in ada.offered(harness.channel) if option.startswith("admin")]
        preview = await harness.slash(harness.admin, "admin eliminate", outcomes="Brazil")
        host = harness.guild.members[harness.admin.id].roles[-1]
        harness.guild.revoke(host, Permission.MANAGE_GUILD)
        refused = await harness.press(harness.admin, preview.reply, "Confirm")
        assert "admin" in refused.text
        await harness.tick()
        assert (await harness.slash(ada, "buy", outcome="1", side="yes", amount="1")).text.startswith("**Buy")
        harness.assert_sound()


async def test_a_role_can_be_made_admin_and_another_be_told(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        helpers, fans = harness.guild.role("helpers"), harness.guild.role("fans", mentionable=True)
        helper = harness.guild.member("hal", helpers)
        set_to = await harness.slash(harness.admin, "admin roles", admin=helpers, ping=fans, kinds="elimination")
        assert str(helpers.id) in set_to.text
        harness.peer.clock.advance(10_000)
        shown_to_everybody(harness, "admin")
        preview = await harness.slash(helper, "admin eliminate", outcomes="Brazil")
        await harness.press(helper, preview.reply, "Confirm")
        for _ in range(4):
            await harness.tick(15_000)
        out = await harness.channel.expect("Brazil is out.")
        assert out.mention_roles == [fans]
        harness.assert_sound()


async def test_a_button_is_for_whom_it_was_made_and_pressed_twice_is_pressed_once(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await ticket(harness, ada)
        harness.peer.clock.advance(1_000)
        await asyncio.gather(*(ada.press(asked.reply, "Confirm") for _ in range(2)))
        await harness.tick()
        assert asked.reply.text.startswith("**Filled: 97.6")
        positions = await harness.slash(ada, "positions")
        assert "held 97.6" in positions.text
        harness.assert_sound()


# -- restarts and broken lines


async def test_buttons_and_open_tickets_work_after_a_restart(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await ticket(harness, ada)
        syncs = len(harness.peer.request_log.of("PUT /applications/{application}/commands"))
        await harness.stop()
        await harness.start()
        assert len(harness.peer.request_log.of("PUT /applications/{application}/commands")) == syncs == 1
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        assert asked.reply.text.startswith("**Filled:")
        assert (await harness.press(ada, board(harness), "Positions")).ephemeral
        harness.assert_sound()


async def test_a_confirmed_ticket_becomes_its_fill_after_a_restart(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await ticket(harness, ada)
        await harness.press(ada, asked.reply, "Confirm")
        await harness.stop()
        await harness.start()
        await harness.tick()
        assert asked.reply.text.startswith("**Filled:")
        harness.assert_sound()


async def test_a_gateway_that_drops_in_a_tick_loses_nothing(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await ticket(harness, ada)
        await harness.press(ada, asked.reply, "Confirm")
        harness.peer.gateway.drop()
        await harness.tick()
        assert asked.reply.text.startswith("**Filled:")
        await harness.peer.gateway.resumed(1)
        assert (await harness.slash(ada, "positions")).ephemeral
        harness.assert_sound()


async def test_too_many_requests_delay_what_is_told_and_lose_nothing(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        harness.peer.faults.answer(429, "PATCH /channels/*/messages/*", times=2, retry_after=8.0)
        harness.peer.faults.answer(429, "PATCH /webhooks/*", times=3, retry_after=0.05)
        asked = await ticket(harness, ada)
        await harness.press(ada, asked.reply, "Confirm")
        for _ in range(12):
            await harness.tick()
        assert asked.reply.text.startswith("**Filled:")
        assert "Germany  51.2¢" in board(harness).text
        assert not harness.peer.unanswered


async def test_a_failure_of_discords_own_is_repeated_without_saying_things_twice(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        harness.peer.faults.lose(POSTS, times=1)
        preview = await harness.slash(harness.admin, "admin eliminate", outcomes="Brazil")
        await harness.press(harness.admin, preview.reply, "Confirm")
        for _ in range(6):
            await harness.tick(10_000)
        announcements = [message for message in harness.channel.public if "Brazil is out." in message.text]
        assert len(announcements) == 1


async def test_what_could_not_be_acknowledged_in_time_is_not_done(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await ticket(harness, ada)
        held = harness.peer.faults.hold(CALLBACK)
        harness.peer.clock.advance(1_000)
        late = await ada.press(asked.reply, "Confirm", _until="sent")
        await held.reached.wait()
        harness.peer.clock.advance(4_000)
        held.release()
        await harness.peer.until(lambda: late.late_after_ms is not None, what="the late acknowledgement")
        await harness.tick()
        assert "Buy Germany YES" in asked.reply.text
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        assert asked.reply.text.startswith("**Filled: 97.6")


async def test_an_acknowledgement_whose_answer_is_lost_counts(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await ticket(harness, ada)
        harness.peer.faults.lose(CALLBACK, status=502)
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        assert asked.reply.text.startswith("**Filled: 97.6")


async def test_an_acknowledgement_whose_line_is_cut_is_sent_again(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        harness.peer.faults.drop(CALLBACK)
        asked = await ticket(harness, ada)
        harness.peer.faults.lose(CALLBACK)
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        assert asked.reply.text.startswith("**Filled: 97.6")


# -- out of reach


async def test_after_a_quarter_of_an_hour_the_fill_is_a_direct_message(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await harness.slash(ada, "buy", outcome="Germany", side="yes", amount="100", limit="49c")
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        harness.peer.clock.advance(20 * 60_000)
        await filled_by_admin(harness)
        assert "Filled" in ada.reads(ada.dm)
        harness.assert_sound()


async def filled_by_admin(harness: DiscordHarness) -> None:
    """Somebody sells Germany down to Ada's limit."""
    bob = harness.guild.member("bob")
    await harness.slash(bob, "join")
    asked = await harness.slash(bob, "buy", outcome="Germany", side="no", amount="$400")
    await harness.press(bob, asked.reply, "Confirm")
    for _ in range(3):
        await harness.tick()


async def test_who_takes_no_direct_messages_is_mentioned_and_nothing_is_given_away(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await harness.slash(ada, "buy", outcome="Germany", side="yes", amount="100", limit="49c")
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        harness.peer.clock.advance(20 * 60_000)
        ada.closes_dms()
        await filled_by_admin(harness)
        [mention] = [message for message in harness.channel.public if f"<@{ada.id}>" in message.text]
        assert ada.user in mention.mentions
        said = mention.text.replace(str(ada.id), "")  # a number that may have any digits
        assert not [secret for secret in ("Filled", "Germany YES", "$", "100") if secret in said]
        assert "100" not in ada.reads(ada.dm)


async def test_a_board_that_a_moderator_deletes_is_posted_and_pinned_again(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        first = board(harness)
        harness.peer.world.remove(first)
        asked = await ticket(harness, ada)
        await harness.press(ada, asked.reply, "Confirm")
        for _ in range(3):
            await harness.tick()
        assert board(harness) is not first
        assert "Germany  51.2¢" in board(harness).text


async def test_the_next_board_takes_the_pin_of_the_one_before(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness, "ada")
        assert harness.bot is not None
        first, opened = board(harness), Reply(head=line("Another market opens"), pin=True)
        await harness.bot.platform.post(str(harness.channel.id), opened)
        assert board(harness) is not first
        assert not first.pinned
        harness.channel.deny(harness.guild.bot_role, Permission.PIN_MESSAGES)
        for _ in range(2):  # told once, however many boards follow
            await harness.bot.platform.post(str(harness.channel.id), opened)
        async with harness.db.writing() as uow:
            waiting = await uow.deliveries.claim(["discord"], harness.now, 1_000)
        assert [row.kind for row in waiting].count("not_pinned") == 1


@pytest.mark.parametrize("how", ["permission", "channel", "kick"])
async def test_a_place_that_is_out_of_reach_stops_nothing_else(tmp_path: Path, how: str) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await ticket(harness, ada)
        await harness.press(ada, asked.reply, "Confirm")
        if how == "permission":
            harness.channel.deny(harness.guild.bot_role, Permission.VIEW_CHANNEL)
        elif how == "channel":
            harness.channel.delete()
        else:
            harness.guild.kick_bot()
        for _ in range(3):
            await harness.tick()
        async with harness.db.reading() as uow:
            chat = await uow.chats.find("discord", str(harness.channel.id))
            [member] = await uow.members.of(1)
        assert chat is not None
        assert chat.lost == ("forbidden" if how == "permission" else "chat")
        assert member.tokens[0][0] > 0


async def test_an_outage_of_a_server_is_waited_out(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        asked = await ticket(harness, ada)
        await harness.press(ada, asked.reply, "Confirm")
        harness.guild.outage()
        await harness.tick()
        harness.guild.back()
        for _ in range(20):
            await harness.tick()
        assert "Germany  51.2¢" in board(harness).text


# -- beginnings


async def test_help_is_given_in_private_too(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        assert {"help", "settings", "link", "buy"} <= set(ada.offered(ada.dm))
        harness.peer.clock.advance(1_000)
        answer = await ada.slash(ada.dm, "help")
        assert "/join" in answer.text
        harness.assert_sound()


async def test_a_button_whose_line_nobody_keeps_says_so(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        [row] = [component for component in board(harness).components[0]["components"] if component["type"] == 1]
        row["components"][2]["custom_id"] = "b-|#0123456789012345678901"
        answer = await harness.press(ada, board(harness), "Chart")
        assert answer.ephemeral
        assert "no longer good" in answer.text
        harness.assert_sound()


# -- other ways to be connected


async def test_a_server_that_answers_less_literally_is_understood(tmp_path: Path) -> None:
    """JSON with a charset, a 429 without `Via`, acknowledgements without a body, events without what nobody needs: what
    proxies and other servers make of Discord's answers."""
    async with discord_harness(tmp_path, start=False) as harness:
        exact = harness.peer._respond

        def loose(call: Call, status: int, result: object, headers: dict[str, str]) -> web.Response:
            if call.path.endswith("/callback") and status == 200:
                return web.Response(status=204)
            response = exact(call, status, result, headers)
            response.headers.pop("Via", None)
            if response.body:
                response.headers["Content-Type"] = "application/json; charset=utf-8"
            return response

        vars(harness.peer)["_respond"] = loose
        emit = harness.peer.gateway.emit

        def sparse(event: str, data: Json, guild: Guild | None, intent: int) -> None:
            if event == "INTERACTION_CREATE":
                data = {key: value for key, value in data.items() if key not in {"attachment_size_limit", "version"}}
            emit(event, data, guild, intent)

        vars(harness.peer.gateway)["emit"] = sparse
        await harness.start()
        [ada] = await running(harness, "ada")
        harness.peer.faults.answer(429, "PATCH /webhooks/*", retry_after=0.05)
        assert await ada.autocomplete(harness.channel, "buy", "outcome", "ger")
        asked = await ticket(harness, ada)
        form = (await harness.press(ada, asked.reply, "Change")).form
        harness.peer.clock.advance(1_000)
        await ada.submit(form, {"Amount": "20"})
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        assert asked.reply.text.startswith("**Filled:")
        harness.assert_sound()

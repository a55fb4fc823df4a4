"""What a bot may do where: rights, deadlines, privacy, pins, threads, direct messages; each refusal has its code."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.standins.discord_peer import NotOfferedError, Permission
from tests.standins.discord_peer.json_values import Json
from tests.standins.tests.discord_bots import BUY, RestHarness, rest_harness

EPHEMERAL, V2 = 64, 1 << 15
EMBED: Json = {"embeds": [{"title": "t"}]}


@pytest.fixture
async def at() -> AsyncIterator[RestHarness]:
    async with rest_harness() as made:
        yield made


# rights


@pytest.mark.parametrize(
    ("right", "code"),
    [(Permission.VIEW_CHANNEL, 50001), (Permission.SEND_MESSAGES, 50013)],
)
async def test_a_channel_must_be_seen_and_be_open_to_the_bot(at: RestHarness, right: Permission, code: int) -> None:
    at.market.deny(at.guild.everyone, right)
    at.market.deny(at.guild.bot_role, right)
    refused = await at.is_refused("POST", at.messages, {"content": "c"})
    assert (refused.status, refused.code) == (403, code)
    at.market.allow(at.guild.bot_role, right)
    await at.posts()


async def test_embeds_need_a_right_of_their_own_and_layouts_do_not(at: RestHarness) -> None:
    at.market.deny(at.guild.bot_role, Permission.EMBED_LINKS)
    assert (await at.is_refused("POST", at.messages, EMBED)).code == 50013
    await at.asks("POST", at.messages, {"flags": V2, "components": [{"type": 10, "content": "c"}]})


async def test_pinning_needs_a_right_and_a_channel_holds_250_pins(at: RestHarness) -> None:
    own = await at.posts()
    pin = f"{at.messages}/pins/{own}"
    at.market.deny(at.guild.bot_role, Permission.PIN_MESSAGES)
    assert (await at.is_refused("PUT", pin)).code == 50013
    at.market.allow(at.guild.bot_role, Permission.PIN_MESSAGES)
    await at.asks("PUT", pin)
    assert [one.id for one in at.market.pinned] == [own]
    assert [one.kind for one in at.market.public] == [0, 6]  # Discord says so in the channel
    for _ in range(249):
        at.ada.says(at.market, "pin me").pinned_ms = 1
    assert (await at.is_refused("PUT", f"{at.messages}/pins/{await at.posts()}")).code == 30003
    await at.asks("DELETE", pin)
    assert own not in [one.id for one in at.market.pinned]


async def test_others_messages_are_deleted_by_moderators_and_edited_by_nobody(at: RestHarness) -> None:
    path = f"{at.messages}/{at.ada.says(at.market, 'mine').id}"
    assert (await at.is_refused("PATCH", path, {"content": "yours"})).code == 50005
    assert (await at.is_refused("DELETE", path)).code == 50013
    at.guild.grant(at.guild.bot_role, Permission.MANAGE_MESSAGES)
    await at.asks("DELETE", path)
    assert not at.market.messages


async def test_what_is_gone_is_unknown(at: RestHarness) -> None:
    own = await at.posts()
    at.market.messages[own].channel.world.remove(at.market.messages[own])
    assert (await at.is_refused("PATCH", f"{at.messages}/{own}", {"content": "c"})).code == 10008
    assert (await at.is_refused("DELETE", f"{at.messages}/{own}")).code == 10008
    at.market.delete()
    assert (await at.is_refused("POST", at.messages, {"content": "c"})).code == 10003


async def test_a_bot_that_was_thrown_out_has_no_access(at: RestHarness) -> None:
    at.guild.kick_bot()
    assert (await at.is_refused("POST", at.messages, {"content": "c"})).code == 50001
    assert (await at.is_refused("GET", f"/guilds/{at.guild.id}")).code == 10004


async def test_a_wrong_token_is_refused(at: RestHarness) -> None:
    at.client.http.token = "wrong"
    assert (await at.is_refused("GET", "/users/@me")).status == 401


async def test_only_roles_that_may_be_mentioned_ping(at: RestHarness) -> None:
    at.market.deny(at.guild.everyone, Permission.MENTION_EVERYONE)
    quiet, loud = at.guild.role("quiet"), at.guild.role("loud", mentionable=True)
    content = f"<@&{quiet.id}> <@&{loud.id}> <@{at.ada.id}> @everyone"
    await at.asks("POST", at.messages, {"content": content})
    await at.asks("POST", at.messages, {"content": content, "allowed_mentions": {"parse": []}})
    first, second = at.market.public
    assert (first.mention_roles, first.mentions, first.mention_everyone) == ([loud], [at.ada.user], False)
    assert (second.mention_roles, second.mentions) == ([], [])


# threads


async def test_threads_need_their_rights_and_a_message_has_one(at: RestHarness) -> None:
    path = f"{at.messages}/{await at.posts()}/threads"
    at.market.deny(at.guild.everyone, Permission.CREATE_PUBLIC_THREADS)
    at.market.deny(at.guild.bot_role, Permission.CREATE_PUBLIC_THREADS)
    assert (await at.is_refused("POST", path, {"name": "chat"})).code == 50013
    at.market.allow(at.guild.bot_role, Permission.CREATE_PUBLIC_THREADS)
    assert (await at.is_refused("POST", path, {"name": "x" * 101})).code == 50035
    assert (await at.is_refused("POST", path, {"name": "x", "auto_archive_duration": 61})).code == 50035
    await at.asks("POST", path, {"name": "chat", "auto_archive_duration": 60})
    assert (await at.is_refused("POST", path, {"name": "again"})).code == 160004


async def test_speaking_in_a_thread_is_a_right_of_its_own_and_wakes_it(at: RestHarness) -> None:
    made = await at.asks("POST", f"/channels/{at.market.id}/threads", {"name": "chat", "type": 11})
    (thread,) = at.market.threads
    path = f"/channels/{made['id']}/messages"
    own = (await at.asks("POST", path, {"content": "c"}))["id"]
    thread.archive()
    assert (await at.is_refused("PATCH", f"{path}/{own}", {"content": "d"})).code == 50083
    await at.asks("POST", path, {"content": "awake"})
    assert not thread.archived
    thread.archive(locked=True)
    assert (await at.is_refused("POST", path, {"content": "c"})).code == 50083
    thread.archived = thread.locked = False
    at.market.deny(at.guild.bot_role, Permission.SEND_MESSAGES_IN_THREADS)
    assert (await at.is_refused("POST", path, {"content": "c"})).code == 50013
    await at.posts("the channel itself is open")


async def test_a_thread_in_a_thread_is_no_thread(at: RestHarness) -> None:
    made = await at.asks("POST", f"/channels/{at.market.id}/threads", {"name": "chat", "type": 11})
    assert (await at.is_refused("POST", f"/channels/{made['id']}/threads", {"name": "x", "type": 11})).code == 50024


# direct messages


async def test_closed_direct_messages_are_refused_when_written_to(at: RestHarness) -> None:
    opened = await at.asks("POST", "/users/@me/channels", {"recipient_id": str(at.ada.id)})
    path = f"/channels/{opened['id']}/messages"
    await at.asks("POST", path, {"content": "for you"})
    assert at.ada.reads(at.ada.dm) == "for you"
    at.ada.closes_dms()
    refused = await at.is_refused("POST", path, {"content": "c"})
    assert (refused.status, refused.code) == (403, 50007)
    at.ada.opens_dms()
    at.guild.leave(at.ada)
    assert (await at.is_refused("POST", path, {"content": "c"})).code == 50007


async def test_only_people_have_direct_messages(at: RestHarness) -> None:
    for nobody in ("1", str(at.peer.world.bot.id)):
        assert (await at.is_refused("POST", "/users/@me/channels", {"recipient_id": nobody})).code == 50033


# interactions


async def test_an_acknowledgement_after_three_seconds_is_too_late(at: RestHarness) -> None:
    punctual, late = await at.asked(), await at.asked()
    at.peer.clock.advance(3_000)
    await at.asks("POST", at.callback(punctual), {"type": 5})
    at.peer.clock.advance(1)
    refused = await at.is_refused("POST", at.callback(late), {"type": 5})
    assert (refused.status, refused.code) == (404, 10062)
    assert at.peer.late == [late]
    assert (punctual.acked_after_ms, late.late_after_ms) == (3_000, 3_001)


async def test_an_interaction_is_acknowledged_once(at: RestHarness) -> None:
    asked = await at.asked()
    await at.asks("POST", at.callback(asked), {"type": 4, "data": {"content": "a"}})
    refused = await at.is_refused("POST", at.callback(asked), {"type": 4, "data": {"content": "b"}})
    assert (refused.status, refused.code) == (400, 40060)


async def test_a_refused_acknowledgement_leaves_the_interaction_open(at: RestHarness) -> None:
    asked = await at.asked()
    assert (await at.is_refused("POST", at.callback(asked), {"type": 4, "data": {"content": ""}})).code == 50006
    assert asked.acked is None
    await at.asks("POST", at.callback(asked), {"type": 4, "data": {"content": "a"}})


@pytest.mark.parametrize(
    ("kind", "body"), [("command", 6), ("command", 7), ("command", 8), ("modal", 9), ("modal", 6), ("any", 3)]
)
async def test_each_interaction_has_its_own_answers(at: RestHarness, kind: str, body: int) -> None:
    asked = await at.asked()
    if kind == "modal":
        field: Json = {"type": 18, "label": "l", "component": {"type": 4, "custom_id": "c", "style": 1}}
        data = {"custom_id": "m", "title": "t", "components": [field]}
        await at.asks("POST", at.callback(asked), {"type": 9, "data": data})
        asked = await at.ada.submit(asked.form, {"l": "x"}, _until="sent")
    assert (await at.is_refused("POST", at.callback(asked), {"type": body, "data": {}})).code == 50035


async def test_a_deferral_is_plain_and_the_layout_comes_with_the_edit(at: RestHarness) -> None:
    asked = await at.asked()
    assert (await at.is_refused("POST", at.callback(asked), {"type": 5, "data": {"flags": V2}})).code == 50035
    await at.asks("POST", at.callback(asked), {"type": 5, "data": {"flags": EPHEMERAL}})
    assert asked.reply.loading
    layout = {"flags": V2, "components": [{"type": 10, "content": "ticket"}]}
    await at.asks("PATCH", at.webhook(asked, "@original"), layout)
    assert (asked.text, asked.ephemeral, asked.reply.loading) == ("ticket", True, False)


async def test_a_followup_after_a_deferral_is_the_deferred_answer_and_stays_private(at: RestHarness) -> None:
    asked = await at.asked()
    await at.asks("POST", at.callback(asked), {"type": 5, "data": {"flags": EPHEMERAL}})
    await at.asks("POST", at.webhook(asked), {"content": "first"})
    await at.asks("POST", at.webhook(asked), {"content": "second, for all"})
    assert [(one.text, one.ephemeral) for one in at.market.messages.values()] == [
        ("first", True),
        ("second, for all", False),
    ]


async def test_followups_end_after_fifteen_minutes(at: RestHarness) -> None:
    asked = await at.asked()
    await at.asks("POST", at.callback(asked), {"type": 4, "data": {"content": "a"}})
    at.peer.clock.advance(900_000)
    await at.asks("PATCH", at.webhook(asked, "@original"), {"content": "b"})
    at.peer.clock.advance(1)
    for method, path in (("POST", at.webhook(asked)), ("PATCH", at.webhook(asked, "@original"))):
        refused = await at.is_refused(method, path, {"content": "c"})
        assert (refused.status, refused.code) == (401, 50027)


async def test_who_alone_has_installed_the_bot_gets_five_followups_and_only_what_is_for_users(at: RestHarness) -> None:
    mine = BUY | {"integration_types": [0, 1], "contexts": [0, 1, 2]}
    await at.asks("PUT", at.commands, [mine, BUY | {"name": "sell"}])
    elsewhere = at.peer.guild("Elsewhere", bot_permissions=None).text("general")
    assert elsewhere.guild is not None
    elsewhere.guild.member(at.ada)
    talk = at.peer.world.conversation(at.ada, at.guild.member("bob"))
    assert at.ada.offered(elsewhere) == at.ada.offered(talk) == []
    at.ada.installs_app()
    assert at.ada.offered(elsewhere) == at.ada.offered(talk) == ["buy"]
    for channel in (elsewhere, talk):
        asked = await at.ada.slash(channel, "buy", outcome="1", _until="sent")
        await at.asks("POST", at.callback(asked), {"type": 4, "data": {"content": "a", "flags": EPHEMERAL}})
        for _ in range(5):
            at.peer.clock.advance(3_000)
            await at.asks("POST", at.webhook(asked), {"content": "b", "flags": EPHEMERAL})
        assert (await at.is_refused("POST", at.webhook(asked), {"content": "c", "flags": EPHEMERAL})).code == 40094


async def test_nothing_follows_what_was_not_acknowledged(at: RestHarness) -> None:
    asked = await at.asked()
    assert (await at.is_refused("POST", at.webhook(asked), {"content": "c"})).code == 10015
    assert (await at.is_refused("POST", at.webhook(asked)[:-1] + "0", {"content": "c"})).code == 10015


async def test_what_is_ephemeral_belongs_to_its_person_and_its_token(at: RestHarness) -> None:
    bob = at.guild.member("bob")
    asked = await at.asked()
    await at.asks("POST", at.callback(asked), {"type": 4, "data": {"content": "secret", "flags": EPHEMERAL}})
    assert (at.ada.reads(at.market), bob.reads(at.market)) == ("secret", "")
    path = f"{at.messages}/{asked.reply.id}"
    for method, body in (("PATCH", {"content": "c"}), ("DELETE", None), ("GET", None)):
        assert (await at.is_refused(method, path, body)).code == 10008
    assert not await at.asks("GET", at.messages)
    await at.asks("PATCH", at.webhook(asked, str(asked.reply.id)), {"content": "still theirs"})
    assert (await at.is_refused("PATCH", at.webhook(asked, "1"), {"content": "c"})).code == 10008


async def test_what_she_dismissed_is_out_of_her_sight_and_can_still_be_edited(at: RestHarness) -> None:
    asked = await at.asked()
    await at.asks("POST", at.callback(asked), {"type": 4, "data": {"content": "a", "flags": EPHEMERAL}})
    at.ada.deletes(asked.reply)
    await at.asks("PATCH", at.webhook(asked, "@original"), {"content": "b"})
    assert (asked.text, at.ada.sees(at.market)) == ("b", [])


async def test_an_answer_that_was_deleted_cannot_be_edited(at: RestHarness) -> None:
    asked = await at.asked()
    await at.asks("POST", at.callback(asked), {"type": 4, "data": {"content": "a"}})
    at.guild.members[at.ada.id].roles.append(at.guild.role("moderators", Permission.MANAGE_MESSAGES))
    at.ada.deletes(asked.reply)
    assert (await at.is_refused("PATCH", at.webhook(asked, "@original"), {"content": "b"})).code == 10008


# what a person's client lets them do


async def test_people_are_offered_only_what_is_registered_for_them_and_here(at: RestHarness) -> None:
    group = {"name": "create", "description": "d", "type": 1}
    admin = {
        "name": "admin",
        "description": "d",
        "options": [group],
        "default_member_permissions": "32",
        "contexts": [0],
    }
    helping = {"name": "help", "description": "d", "contexts": [0, 1]}
    await at.asks("PUT", at.commands, [BUY | {"contexts": [0]}, admin, helping])
    host = at.guild.member("host", at.guild.role("hosts", Permission.MANAGE_GUILD))
    assert at.ada.offered(at.market) == ["buy", "help"]
    assert host.offered(at.market) == ["buy", "admin create", "help"]
    assert at.ada.offered(at.ada.dm) == ["help"]
    for line, options in (("sell", {}), ("admin create", {}), ("admin", {}), ("buy", {}), ("help", {"x": "y"})):
        with pytest.raises(NotOfferedError):
            await at.ada.slash(at.market, line, options, _until="sent")
    assert not at.peer.world.interactions


async def test_options_are_of_their_type_and_within_their_bounds(at: RestHarness) -> None:
    options = [
        {"name": "side", "description": "d", "type": 3, "choices": [{"name": "Yes", "value": "yes"}]},
        {"name": "shares", "description": "d", "type": 4, "min_value": 1, "max_value": 9},
        {"name": "note", "description": "d", "type": 3, "max_length": 3},
        {"name": "to", "description": "d", "type": 7, "channel_types": [0]},
        {"name": "whom", "description": "d", "type": 6},
        {"name": "role", "description": "d", "type": 8},
    ]
    role, forum = at.guild.everyone, at.guild.text("forum", kind=15)
    await at.asks("PUT", at.commands, [{"name": "sell", "description": "d", "options": options}])
    for wrong in ({"side": "no"}, {"shares": 0}, {"shares": 10}, {"shares": "1"}, {"note": "long"},
                  {"to": forum}, {"to": role}, {"whom": role}, {"role": at.ada}, {"whom": str(at.ada.id)}):  # fmt: skip
        with pytest.raises(AssertionError):
            await at.ada.slash(at.market, "sell", wrong, _until="sent")
    asked = await at.ada.slash(at.market, "sell", side="Yes", shares=9, _until="sent")
    assert [one["value"] for one in asked.data["options"]] == ["yes", 9]
    asked = await at.ada.slash(at.market, "sell", to=at.market, whom=at.ada, role=role, _until="sent")
    assert [one["value"] for one in asked.data["options"]] == [str(one.id) for one in (at.market, at.ada, role)]
    assert {kind: list(known) for kind, known in asked.data["resolved"].items()} == {
        "channels": [str(at.market.id)], "users": [str(at.ada.id)], "members": [str(at.ada.id)], "roles": [str(role.id)]
    }  # fmt: skip

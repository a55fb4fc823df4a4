"""The Telegram peer and messages that one member of a group sees: who may send them, who sees them, what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegram import BotCommand, BotCommandScopeAllGroupChats, Message
from telegram.error import BadRequest, EndPointNotFound

from tests.standins.telegram_peer.errors import Json
from tests.standins.tests.telegram_harness import PeerHarness, keyboard, peer_harness, refused


@pytest.fixture
async def harness() -> AsyncIterator[PeerHarness]:
    async with peer_harness() as harness:
        yield harness


async def pressed(harness: PeerHarness) -> str:
    """A public message whose button Ben has pressed: the query's id."""
    await harness.bot.send_message(harness.group.id, "Board", reply_markup=keyboard("Buy"))
    return (await harness.ben.tap(harness.group.last, "Buy")).id


async def say_alone(harness: PeerHarness, chat: int | None = None, **more: object) -> Message:
    parameters: Json = {"receiver_user_id": harness.ben.id, **more}
    return await harness.bot.send_message(
        chat or harness.group.id, "Yours", api_kwargs={"ephemeral_message_parameters": parameters}
    )


def named(harness: PeerHarness, message: Message, **more: object) -> Json:
    ephemeral_id = message.api_kwargs["ephemeral_message_id"]
    return {
        "chat_id": harness.group.id, "receiver_user_id": harness.ben.id, "ephemeral_message_id": ephemeral_id, **more,
    }  # fmt: skip


async def test_its_receiver_alone_sees_it_in_place_of_what_they_pressed(harness: PeerHarness) -> None:
    sent = await say_alone(harness, callback_query_id=await pressed(harness), replace_callback_query_message=True)
    assert sent.message_id == 0
    assert [message.text for message in harness.ben.sees(harness.group)] == ["Yours"]
    assert [message.text for message in harness.ada.sees(harness.group)] == ["Board"]
    assert [message.text for message in harness.group.messages] == ["Board"]
    await harness.bot.do_api_request("editEphemeralMessageText", api_kwargs=named(harness, sent, text="Filled"))
    assert [message.text for message in harness.ben.sees(harness.group)] == ["Filled"]
    await harness.bot.do_api_request("deleteEphemeralMessage", api_kwargs=named(harness, sent))
    assert [message.text for message in harness.ben.sees(harness.group)] == ["Board"]
    assert harness.peer.complaints == []


@pytest.mark.parametrize(
    ("given", "wording"),
    [
        ({}, "BOT_NOT_ADMIN"),
        ({"replace_callback_query_message": True}, "BOT_NOT_ADMIN"),
        ({"callback_query_id": "1"}, "query is too old"),
        ({"callback_query_id": "of Ben", "receiver_user_id": "Ada"}, "query is too old"),
        ({"callback_query_id": "of Ben", "receiver_user_id": 1}, "NOT_PARTICIPANT"),
        ({"callback_query_id": "of Ben", "topic": 1}, "unknown fields"),
    ],
)
async def test_what_a_bot_without_rights_may_not_send_is_refused(
    harness: PeerHarness, given: Json, wording: str
) -> None:
    meant = {"of Ben": await pressed(harness), "Ada": harness.ada.id}
    with refused(BadRequest, wording):
        await say_alone(harness, None, **{name: meant.get(value, value) for name, value in given.items()})
    with refused(BadRequest, "BOT_NOT_ADMIN"):
        await say_alone(harness, chat=harness.ada.id)
    assert harness.group.ephemerals == []


async def test_a_press_is_good_for_fifteen_seconds_and_an_administrator_needs_none(harness: PeerHarness) -> None:
    query = await pressed(harness)
    harness.clock.advance(15.1)
    with refused(BadRequest, "query is too old"):
        await say_alone(harness, callback_query_id=query)
    await harness.group.promote(harness.peer.world.bot)
    await say_alone(harness)
    assert len(harness.group.ephemerals) == 1


async def test_a_button_in_one_is_pressed_by_its_receiver_and_is_edited_rather_than_replaced(
    harness: PeerHarness,
) -> None:
    sent = await say_alone(harness, callback_query_id=await pressed(harness))
    with refused(BadRequest, "message to edit not found"):
        await harness.bot.do_api_request(
            "editEphemeralMessageText", api_kwargs=named(harness, sent, text="x", receiver_user_id=harness.ada.id)
        )
    await harness.bot.do_api_request(
        "editEphemeralMessageText", api_kwargs=named(harness, sent, text="Ticket", reply_markup=keyboard("Confirm"))
    )
    own = harness.ben.sees(harness.group)[-1]
    with pytest.raises(AssertionError, match="nobody else sees"):
        await harness.ada.tap(own, "Confirm")
    query = (await harness.ben.tap(own, "Confirm")).id
    with refused(BadRequest, "only a public message"):
        await say_alone(harness, callback_query_id=query, replace_callback_query_message=True)
    update = harness.peer.world.update_queue.everything[-1]["callback_query"]["message"]
    assert (update["message_id"], update["ephemeral_message_id"]) == (0, own.ephemeral_id)


async def test_a_declared_command_is_said_unseen_and_may_be_answered_so(harness: PeerHarness) -> None:
    with pytest.raises(AssertionError, match="has not declared"):
        await harness.ben.send(harness.group, "/buy", ephemeral=True)
    command = BotCommand("buy", "Buy", api_kwargs={"is_ephemeral": True})
    await harness.bot.set_my_commands([command], scope=BotCommandScopeAllGroupChats())
    said = await harness.ben.send(harness.group, "/buy", ephemeral=True)
    assert harness.ada.sees(harness.group) == []
    answer = {
        "ephemeral_message_parameters": {"receiver_user_id": harness.ben.id},
        "reply_parameters": {"ephemeral_message_id": said.ephemeral_id},
    }
    await harness.bot.send_message(harness.group.id, "Yours", api_kwargs=answer)
    assert [message.text for message in harness.ben.sees(harness.group)] == ["/buy", "Yours"]
    assert harness.ada.sees(harness.group) == []


@pytest.mark.parametrize(
    ("version", "parameters"),
    [((10, 2), "ephemeral_message_parameters"), ((10, 3), "receiver_user_id"), ((10, 1), "receiver_user_id")],
)
async def test_what_a_server_does_not_know_it_ignores_and_posts_for_everybody(
    harness: PeerHarness, version: tuple[int, int], parameters: str
) -> None:
    harness.peer.version = version
    value = harness.ben.id if parameters == "receiver_user_id" else {"receiver_user_id": harness.ben.id}
    message = await harness.bot.send_message(harness.group.id, "Yours", api_kwargs={parameters: value})
    assert "ephemeral_message_id" not in message.api_kwargs
    assert [message.text for message in harness.ada.sees(harness.group)] == ["Yours"]
    if version < (10, 2):
        with pytest.raises(EndPointNotFound):
            await harness.bot.do_api_request("deleteEphemeralMessage")
        assert len(harness.peer.complaints) == 1  # and it is told that nobody should send it


async def test_one_can_get_lost_without_a_word(harness: PeerHarness) -> None:
    query = await pressed(harness)
    harness.peer.ephemeral.unseen = 1
    sent = await say_alone(harness, callback_query_id=query)
    assert "ephemeral_message_id" in sent.api_kwargs
    assert [message.text for message in harness.ben.sees(harness.group)] == ["Board"]

"""What makes the bot at home on Telegram: colours, buttons that copy, its profile, reactions, channels; on servers old
and new: the real bot, the real python-telegram-bot client, the peer in Telegram's place."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path

import pytest
from telegram import Bot

from bot.adapters.telegram_chat import NAME
from bot.adapters.telegram_chat.app_buttons import AppButtons
from bot.adapters.telegram_chat.chats import ChatAddress
from bot.adapters.telegram_chat.incoming import IncomingUpdate
from bot.adapters.telegram_chat.reactions import Reactions
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.throttle import Throttle
from bot.chat.buttons import Buttons
from bot.chat.reply import Action, Reply, line
from bot.notifications.reachability import ChatPresence
from bot.words import telegram as words
from tests.platform.telegram_harness import TelegramHarness, telegram_harness
from tests.standins.telegram_peer import Chat, TelegramPeer

HOUR = 3_600.0
OFFERS = Reply(
    head=line("The code is ABCD-1234."),
    actions=(
        Action(label="Confirm", text="/board", primary=True),
        Action(label="Call it off", text="/board 2", danger=True),
        Action(label="Copy the code", copy="ABCD-1234"),
        Action(label="Expired", text="/ticket confirm 5", disabled=True),
        Action(label="Add me to a group", adds_bot=True),
        Action(label="Copy all", copy="x" * 257),
    ),
)


# -- buttons


@pytest.mark.parametrize(
    ("version", "labels", "styles"),
    [
        ((10, 3), ["Confirm", "Call it off", "Copy the code", "Expired", "Add me to a group"], ["primary", "danger"]),
        ((10, 0), ["Confirm", "Call it off", "Copy the code", "Add me to a group"], ["primary", "danger"]),
        ((9, 3), ["Confirm", "Call it off", "Copy the code", "Add me to a group"], []),
    ],
)
async def test_buttons_have_colours_copy_and_are_over_as_far_as_the_server_knows_how(
    tmp_path: Path, version: tuple[int, int], labels: list[str], styles: list[str]
) -> None:
    async with telegram_harness(tmp_path, version=version) as harness:
        ref = await harness.telegram.platform.post(str(harness.group.id), OFFERS)
        posted = harness.group.last
        assert posted.labels == labels
        raw = {button.label: button.raw for button in posted.buttons}
        assert [raw[label]["style"] for label in labels if "style" in raw[label]] == styles
        assert raw["Copy the code"]["copy_text"] == {"text": "ABCD-1234"}
        assert raw["Add me to a group"]["url"] == "https://t.me/outcry_bot?startgroup&admin=pin_messages"
        assert "callback_data" not in raw.get("Expired", {})
        refused = len(harness.peer.refused())
        assert refused == (version < (10, 3))  # asked once, remembered
        await harness.telegram.platform.edit(str(harness.group.id), ref, Reply(head=line("."), actions=OFFERS.actions))
        assert posted.labels == labels
        assert len(harness.peer.refused()) == refused
        assert harness.peer.complaints == []


# -- what is told beforehand


def told(harness: TelegramHarness) -> dict[str, str]:
    return {word: text for (word, language), text in harness.peer.about.items() if not language}


async def test_a_profile_is_written_where_there_is_none_and_what_its_owner_wrote_stays(tmp_path: Path) -> None:
    def before(peer: TelegramPeer) -> None:
        peer.about["name", ""] = "Our own bot"
        peer.default_rights[True] = {"can_post_messages"}
        peer.faults.too_many(1, "setMyDescription")
        peer.faults.error(400, "setMyShortDescription")

    async with telegram_harness(tmp_path, before=before) as harness:
        await harness.say(harness.ada, "/start")
        await harness.ada.chat.expect("Outcry lets a chat trade")
        assert "Add me to a group" in harness.ada.chat.last.labels
        await harness.peer.until(lambda: "description" in told(harness))
        assert told(harness) == {"name": "Our own bot", "description": words.DESCRIPTION}
        assert harness.peer.default_rights == {
            False: {"can_manage_chat", "can_pin_messages"},
            True: {"can_post_messages"},
        }
        asked = len(harness.peer.called("getMyName"))
        harness.peer.about["name", ""] = ""  # its owner wants none
        await harness.restart()
        await harness.peer.until(lambda: "short_description" in told(harness))  # refused before
        assert len(harness.peer.called("getMyName")) == asked
        assert harness.peer.complaints == []


async def test_a_server_that_knows_no_profile_is_served_as_well(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path, version=(5, 7)) as harness:
        await harness.peer.until(lambda: bool(harness.peer.called("getMyDefaultAdministratorRights")))
        await harness.say(harness.ada, "/start")
        await harness.ada.chat.expect("Outcry lets a chat trade")
        assert told(harness) == {}


# -- while it works


async def test_who_waits_for_a_chart_in_private_sees_that_it_is_drawn(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        harness.peer.faults.error(400, "sendChatAction")  # what is refused holds nothing up
        for _ in range(3):
            await harness.say(harness.ben, "/chart")
            await harness.ben.chat.expect(lambda message: message.photo is not None)
        await harness.say(harness.ben, "/chart", harness.group)
        await harness.peer.until(lambda: len(harness.ben.chat.actions) == 1)
        assert harness.ben.chat.actions == [("upload_photo", None)]  # at most once in five seconds
        assert harness.group.actions == []
        assert harness.peer.complaints == []


# -- reactions


async def test_a_group_line_answered_in_private_gets_a_reaction(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        harness.pace = 60.0
        heard = await harness.say(harness.ben, "/balance", harness.group)
        await harness.peer.until(lambda: heard.reaction == "👀")
        linked = await harness.say(harness.cleo, "/balance", harness.group)  # has not started the bot
        await harness.group.expect(lambda message: message.reply_to is linked)
        private = await harness.say(harness.ben, "/balance")
        last = await harness.say(harness.ada, "/balance", harness.group)
        await harness.peer.until(lambda: last.reaction == "👀")
        assert [message.reaction for message in (linked, private)] == ["", ""]
        assert harness.peer.complaints == []


class WorkByWork(Throttle):
    """What would be done in the background is done when a test says so."""

    def __init__(self, harness: TelegramHarness) -> None:
        super().__init__(harness.budget, harness.bot_clock.monotonic_ms)
        self.left: list[Coroutine[None, None, None]] = []

    def in_background(self, work: Coroutine[None, None, None]) -> None:
        self.left.append(work)


async def test_reactions_are_few_and_a_chat_or_server_that_refuses_is_left_alone(tmp_path: Path) -> None:
    async with (
        telegram_harness(tmp_path) as harness,
        Bot(harness.peer.token, base_url=harness.peer.base_url) as bot,
    ):
        peer, group, now_ms = harness.peer, harness.group, harness.now_ms
        other = peer.world.supergroup("Others", harness.ben)
        buttons, presence = Buttons(harness.db, now_ms), ChatPresence(harness.db, now_ms)
        sender = Sender(NAME, buttons, presence, harness.budget, harness.bot_clock, AppButtons(None))
        sender.bot = bot
        throttle = WorkByWork(harness)
        reactions = Reactions(sender, throttle, harness.bot_clock.monotonic_ms)

        async def reaction(seconds: float = 3.0, chat: Chat = group, *, gone: bool = False, query_id: str = "") -> str:
            harness.clock.advance(seconds)
            said = await harness.ben.send(chat, "hello")
            if gone:
                await chat.delete(said)
            reactions.show_heard(
                IncomingUpdate(
                    address=ChatAddress(chat.id), person=harness.ben.id, person_ext=str(harness.ben.id), name="Ben",
                    title=chat.title, sent_as_chat=False, message_id=said.id, request_id="1", query_id=query_id,
                )
            )  # fmt: skip
            while throttle.left:
                await throttle.left.pop()
            return said.reaction

        assert [await reaction(), await reaction(1.0), await reaction(0.0, other), await reaction(2.0)] == [
            "👀", "", "👀", "👀"
        ]  # fmt: skip
        assert await reaction(query_id="1") == await reaction(chat=harness.ben.chat) == ""  # a press, and in private
        assert [await reaction(gone=True), await reaction()] == ["", "👀"]  # a message that is gone says nothing
        peer.faults.too_many(30, "setMessageReaction")
        assert [await reaction(), await reaction(29.0), await reaction(1.0)] == ["", "", "👀"]
        group.available_reactions = frozenset("👍")
        assert await reaction() == ""
        group.available_reactions = None
        assert [await reaction(20 * HOUR), await reaction(chat=other), await reaction(4 * HOUR)] == ["", "👀", "👀"]
        peer.version = (6, 9)
        asked = len(peer.called("setMessageReaction"))
        assert [await reaction(), await reaction(48 * HOUR), await reaction(chat=other)] == [""] * 3
        assert len(peer.called("setMessageReaction")) == asked + 1
        assert peer.complaints == []

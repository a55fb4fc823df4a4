"""What makes the bot at home on Telegram: colours, buttons that copy, its profile, reactions, channels; on servers old
and new: the real bot, the real python-telegram-bot client, the peer in Telegram's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat.reply import Action, Reply, line
from bot.words import telegram as words
from tests.platform.telegram_harness import TelegramHarness, telegram_harness
from tests.standins.telegram_peer import TelegramPeer

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

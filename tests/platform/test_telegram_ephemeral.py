"""What is one's own in a group stands there for its member alone, where the server has such messages (Bot API 10.2 and
10.3), and never for anybody else: the real bot, the real client, the strict peer as a server of each kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.platform.telegram_harness import TelegramHarness, telegram_harness
from tests.standins.telegram_peer import Message, User

OLD, FLAT, OBJECT = (10, 1), (10, 2), (10, 3)
ONE_MOMENT = "One moment…"


async def buys_from_the_board(harness: TelegramHarness, who: User) -> Message:
    """By the buttons of the board alone, in the group, as far as the ticket."""
    board = harness.group.pinned
    assert board is not None
    await harness.press(who, board, "Buy")
    question = await who.expect(harness.group, "outcome")
    for label, wanted in (("Germany", "side?"), ("yes", "amount?"), ("$50", "spend about")):
        await harness.press(who, question, label)
        assert await who.expect(harness.group, wanted) is question
    return question


def ever_said(messages: Iterable[Message]) -> list[str]:
    """All the bot ever said in these, what was changed or deleted since included."""
    own = [message for message in messages if message.by_bot and not message.service]
    return [text for message in own for text in (message.text, *(version.text for version in message.versions))]


def assert_nothing_private_was_public(harness: TelegramHarness) -> None:
    """No line with a figure in it that somebody was told alone ever stood in the group for everybody."""
    people = (harness.ada, harness.ben, harness.cleo)
    private = ever_said([*harness.group.ephemerals, *(one for who in people for one in who.chat.history)])
    figures = {line for text in private for line in text.splitlines() if re.search(r"\d", line)}
    public = "\n".join(ever_said(harness.group.history))
    assert figures
    assert [line for line in figures if line in public] == []


@pytest.mark.parametrize("version", [FLAT, OBJECT])
async def test_an_order_from_the_board_to_its_fill_stands_in_the_group_for_its_member_alone(
    tmp_path: Path, version: tuple[int, int]
) -> None:
    async with telegram_harness(tmp_path, version=version) as harness:
        await harness.running()
        if version == FLAT:  # once it shows that it takes 10.2's parameters alone
            board = harness.group.pinned
            assert board is not None
            await harness.press(harness.ben, board, "Positions")
            await harness.ben.chat.expect("hold no tokens")
        ticket = await buys_from_the_board(harness, harness.ben)
        assert (harness.group.pinned in harness.ben.sees(harness.group)) == (version == FLAT)
        assert harness.group.pinned in harness.cleo.sees(harness.group)
        private = len(harness.ben.chat.of_bot())
        await harness.press(harness.ben, ticket, "Confirm")
        await harness.restart()
        await harness.tick()
        await harness.ben.expect(harness.group, lambda message: message is ticket and "Filled" in message.text)
        copy = await harness.ben.chat.expect("Filled")  # delivery in the group is not promised
        assert copy.silent
        assert len(harness.ben.chat.of_bot()) == private + 1
        assert_nothing_private_was_public(harness)
        await harness.press(harness.ben, ticket, "Close")
        await harness.peer.until(lambda: ticket.deleted)
        assert harness.group.pinned in harness.ben.sees(harness.group)
        assert harness.peer.complaints == []

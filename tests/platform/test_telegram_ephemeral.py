"""What is one's own in a group stands there for its member alone, where the server has such messages (Bot API 10.2 and
10.3), and never for anybody else: the real bot, the real client, the strict peer as a server of each kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.adapters.telegram_chat.message_refs import EphemeralRef
from bot.chat.reply import Reply, line
from tests.platform.telegram_harness import TelegramHarness, asks_to_confirm, telegram_harness
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


async def asks_for_positions(harness: TelegramHarness, who: User) -> None:
    board = harness.group.pinned
    assert board is not None
    await harness.press(who, board, "Positions")


def one_moments(harness: TelegramHarness) -> list[Message]:
    """The posts that say nothing yet and stood there for everybody."""
    return [message for message in harness.group.history if message.by_bot and message.text == ONE_MOMENT]


@pytest.mark.parametrize("version", [FLAT, OBJECT])
async def test_an_order_from_the_board_to_its_fill_stands_in_the_group_for_its_member_alone(
    tmp_path: Path, version: tuple[int, int]
) -> None:
    async with telegram_harness(tmp_path, version=version) as harness:
        await harness.running()
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
        assert len(one_moments(harness)) == (version == FLAT)  # which shows that it takes 10.2's form alone
        assert all(message.deleted for message in one_moments(harness))
        assert harness.peer.complaints == []


# -- servers of all kinds


async def test_an_older_server_is_sent_no_such_post_and_answers_go_to_the_private_chat(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path, version=OLD) as harness:
        await harness.running()
        await asks_for_positions(harness, harness.ben)
        await harness.ben.chat.expect("hold no tokens")
        await harness.say(harness.ben, "/buy germany yes $50", harness.group)
        ticket = await harness.ben.chat.expect("spend about")
        await harness.press(harness.ben, ticket, "Confirm")
        await harness.tick()
        assert "Filled" in ticket.text
        assert one_moments(harness) == []
        assert [call.method for call in harness.peer.refused()] == ["deleteEphemeralMessage"]  # asked once
        assert_nothing_private_was_public(harness)
        assert harness.peer.complaints == []


@pytest.mark.parametrize(
    ("version", "becomes", "public", "strays"),
    [
        (OBJECT, OLD, 0, 1),  # it stops to know them: the next post shows it
        (FLAT, OLD, 0, 2),
        (OBJECT, OBJECT, 1, 1),  # it drops the id of one
        (FLAT, FLAT, 1, 2),
        (OBJECT, FLAT, 0, 1),  # what took 10.3's form takes no other: a day later it is looked at anew
    ],
)
async def test_a_server_that_stops_to_know_them_shows_nobody_a_figure_and_is_asked_no_more(
    tmp_path: Path, version: tuple[int, int], becomes: tuple[int, int], public: int, strays: int
) -> None:
    async with telegram_harness(tmp_path, version=version) as harness:
        await harness.running()
        await asks_for_positions(harness, harness.ben)
        await harness.ben.expect(harness.group, "hold no tokens")
        harness.peer.version, harness.peer.ephemeral.public = becomes, public
        await asks_for_positions(harness, harness.ada)
        await harness.ada.chat.expect("hold no tokens")
        for _ in range(2):
            harness.clock.advance(5)
            await asks_for_positions(harness, harness.ben)
            await harness.ben.chat.expect("hold no tokens")
            await harness.restart()  # and no restart tries again
        assert len(one_moments(harness)) == strays
        assert all(message.deleted for message in one_moments(harness))
        assert_nothing_private_was_public(harness)


async def test_what_failed_is_tried_again_after_a_day(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path, version=OLD) as harness:
        await harness.running()
        harness.peer.version, harness.peer.ephemeral.public = OBJECT, 1
        await harness.restart()
        await asks_for_positions(harness, harness.ben)
        await harness.ben.chat.expect("hold no tokens")
        assert len(one_moments(harness)) == 2
        harness.clock.advance(24 * 3600 + 10)
        await asks_for_positions(harness, harness.ben)
        await harness.ben.expect(harness.group, "hold no tokens")


# -- who has not started the bot; commands that nobody sees


async def test_who_has_not_started_the_bot_plays_in_the_group_and_nobody_sees_it(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        public = len(harness.group.of_bot())
        for line, wanted in (("/join", "Welcome, Cleo"), ("/buy germany yes 37", "37 tokens")):
            harness.clock.advance(3)
            await harness.cleo.send(harness.group, line, ephemeral=True)
            answer = await harness.cleo.expect(harness.group, wanted)
            await harness.tick()
        assert not [message for message in harness.ben.sees(harness.group) if message.sender is harness.cleo]
        await harness.press(harness.cleo, answer, "Confirm")
        await harness.tick()
        await harness.cleo.expect(harness.group, "Filled: 37")
        board = harness.group.pinned
        assert board is not None
        assert len(harness.group.of_bot()) == public  # nobody is told that there is news for Cleo
        harness.clock.advance(3)
        await harness.cleo.send(harness.group, "/buy nowhere yes 37", ephemeral=True)
        await harness.cleo.expect(harness.group, "nowhere")  # a refusal neither
        await harness.cleo.start()
        await harness.say(harness.cleo, "/positions")
        missed = await harness.cleo.chat.expect("Filled: 37")  # what was missed
        assert missed.sender is harness.peer.world.bot
        assert_nothing_private_was_public(harness)
        assert harness.peer.complaints == []


async def test_an_administrators_answer_to_a_plain_command_stands_in_the_group_too(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        await harness.say(harness.ben, "/positions", harness.group)
        await harness.ben.chat.expect("hold no tokens")
        await harness.group.promote(harness.peer.world.bot, "can_manage_chat")
        await harness.peer.until(lambda: not harness.peer.world.update_queue.pending)
        await harness.say(harness.ben, "/positions", harness.group)
        await harness.ben.expect(harness.group, "hold no tokens")
        assert_nothing_private_was_public(harness)


# -- what goes another way


async def test_a_full_minute_of_the_group_sends_answers_to_the_private_chat(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path, limits=True) as harness:
        await harness.running()
        for _ in range(60):  # the board waits until what is urgent leaves room for it
            if harness.group.pinned is None:
                await harness.tick()
        while harness.budget.wait(str(harness.group.id), harness.bot_clock.monotonic_ms()) < 5_000:
            harness.budget.use(str(harness.group.id), harness.bot_clock.monotonic_ms())
        await asks_for_positions(harness, harness.ben)
        await harness.ben.chat.expect("hold no tokens")
        assert harness.group.ephemerals == []


async def test_what_is_typed_is_asked_in_the_private_chat_and_ends_the_ticket_in_the_group(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        ticket = await buys_from_the_board(harness, harness.ben)
        await harness.press(harness.ben, ticket, "Change")
        asked = await harness.ben.chat.expect("Reply to this message")
        await harness.restart()
        await harness.say(harness.ben, "12", reply_to=asked)
        await harness.ben.chat.expect("12 tokens")
        await harness.peer.until(lambda: ticket.deleted)


async def test_a_question_given_up_leaves_nothing_in_the_group(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        board = harness.group.pinned
        assert board is not None
        await harness.press(harness.ben, board, "Buy")
        question = await harness.ben.expect(harness.group, "outcome")
        tap = await harness.press(harness.ben, question, "Cancel")
        assert "nothing was done" in (await tap.answered()).text
        await harness.peer.until(lambda: question.deleted)
        assert harness.group.pinned in harness.ben.sees(harness.group)


async def test_a_fill_that_never_arrives_in_the_group_stands_in_the_private_chat(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        ticket = await buys_from_the_board(harness, harness.ben)
        await harness.press(harness.ben, ticket, "Confirm")
        harness.peer.ephemeral.unseen = 1
        harness.clock.advance(600)  # and long after it was asked for it makes a sound
        await harness.tick()
        assert not (await harness.ben.chat.expect("Filled")).silent
        assert "Filled" not in ticket.text


async def test_what_is_told_again_changes_both_messages_that_say_it_after_a_restart_too(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        harness.clock.advance(3)
        await harness.ben.send(harness.group, "/buy germany yes 10", ephemeral=True)
        ticket = await harness.ben.expect(harness.group, asks_to_confirm)
        assert ticket.ephemeral_id is not None
        stands = EphemeralRef(chat=harness.group.id, person=harness.ben.id, message=ticket.ephemeral_id, at_ms=0)
        ref, private = str(stands), len(harness.ben.chat.of_bot())
        for told in ("First word.", "Last word."):
            ref = await harness.telegram.platform.tell(
                str(harness.ben.id), Reply(head=line(told)), edit_ref=ref, chat_ext=None
            )
            assert ticket.text == harness.ben.chat.last.text == told
            assert len(harness.ben.chat.of_bot()) == private + 1
            await harness.restart()

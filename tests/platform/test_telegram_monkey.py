"""People who type and press whatever they find: nothing we send is refused, everything said in private is answered, and
the books stay sound."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from storage.verify import Verified, verify
from tests.platform.telegram_harness import TelegramHarness, telegram_harness
from tests.standins.telegram_peer import Chat, Message, User

LINES = (
    "/buy", "/sell", "/quote", "/cancel", "/orders", "/positions", "/balance", "/board", "/book", "/chart", "/depth",
    "/leaderboard", "/rules", "/help", "/help buy", "/start", "/start abcdef", "/join", "/join <b>&@x", "/tape",
    "/markets", "/settings", "/trades", "/buy 1 yes 10", "/buy 2 no $20 limit 40c", "/sell 1 yes half", "/buy brazil",
    "/admin_monitor", "/admin_set", "/admin_set fee", "/admin_freeze", "/admin_resume", "/admin_schedule",
    "/admin_void",
    "/admin_users", "/admin", "/nonsense", "/", "10", "$5", "germany", "\u202eevil <b>", "/verify", "/privacy",
    "/link",
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_people_type_and_press_nothing_is_refused_and_the_books_are_sound(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        for _ in range(60):
            await random_action(harness, chance)
            if chance.random() < 0.3:
                await harness.tick()
        await harness.tick(60)
        refused = [(call.method, call.description) for call in harness.peer.refused()]
        assert set(refused) <= {("deleteEphemeralMessage", "Bad Request: chat not found")}  # whether it is known
        assert len(refused) <= 1
        assert harness.peer.complaints == []
        assert all(isinstance(result, Verified) for result in await verify(harness.db))


async def random_action(harness: TelegramHarness, chance: random.Random) -> None:
    """One person types a line somewhere or presses a button they see."""
    who = chance.choice((harness.ada, harness.ben))
    chat = chance.choice((who.chat, who.chat, harness.group))
    buttons = pressable(who, chat)
    harness.clock.advance(3)
    if buttons and chance.random() < 0.6:
        message, label = chance.choice(buttons)
        await (await who.tap(message, message.button(label))).answered()
        return
    question = next((message for message in reversed(chat.of_bot()) if (message.markup or {}).get("force_reply")), None)
    await say(who, chat, chance.choice(LINES), question if chance.random() < 0.5 else None)


def pressable(who: User, chat: Chat) -> list[tuple[Message, str]]:
    return [
        (message, button.label)
        for message in [message for message in who.sees(chat) if message.by_bot][-12:]
        for button in message.buttons
        if button.data is not None
    ]


async def say(who: User, chat: Chat, line: str, question: Message | None) -> None:
    before = len(chat.of_bot())
    await who.send(chat, line, reply_to=question if chat is who.chat else None)
    if chat is who.chat:
        await who.chat.expect(lambda _: len(chat.of_bot()) > before or bool(question and question.deleted))

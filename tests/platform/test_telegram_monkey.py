"""People who type and press whatever they find: nothing we send is refused, everything said in private is answered, and
the books stay sound."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from storage.verify import Verified, verify
from tests.platform.telegram_harness import Town, a_town
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
    async with a_town(tmp_path) as town:
        await town.running()
        for _ in range(60):
            await deed(town, chance)
            if chance.random() < 0.3:
                await town.tick()
        await town.tick(60)
        assert [(one.method, one.description) for one in town.peer.refused()] == []
        assert town.peer.complaints == []
        assert all(isinstance(one, Verified) for one in await verify(town.db))


async def deed(town: Town, chance: random.Random) -> None:
    """One person types a line somewhere or presses a button she sees."""
    who = chance.choice((town.ada, town.ben))
    chat = chance.choice((who.chat, who.chat, town.group))
    buttons = pressable(chat)
    town.clock.advance(3)
    if buttons and chance.random() < 0.6:
        message, label = chance.choice(buttons)
        await (await who.tap(message, message.button(label))).answered()
        return
    question = next((one for one in reversed(chat.of_bot()) if (one.markup or {}).get("force_reply")), None)
    await say(who, chat, chance.choice(LINES), question if chance.random() < 0.5 else None)


def pressable(chat: Chat) -> list[tuple[Message, str]]:
    return [
        (message, button.label)
        for message in chat.of_bot()[-12:]
        for button in message.buttons
        if button.data is not None
    ]


async def say(who: User, chat: Chat, line: str, question: Message | None) -> None:
    before = len(chat.of_bot())
    await who.send(chat, line, reply_to=question if chat is who.chat else None)
    if chat is who.chat:
        await who.chat.expect(lambda _: len(chat.of_bot()) > before or bool(question and question.deleted))

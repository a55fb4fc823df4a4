"""Who is answered at once in a group that has had its answers. What else becomes of answers: `tests/platform`."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from bot.adapters.telegram_chat import NAME
from bot.adapters.telegram_chat.chats import ChatAddress
from bot.adapters.telegram_chat.incoming import IncomingUpdate
from bot.adapters.telegram_chat.responses import CommandRequest, TelegramResponder
from bot.adapters.telegram_chat.throttle import Throttle
from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.rate_limits import Budget
from bot.chat.reply import Audience, Reply, line

GROUP = ChatAddress(-100123)
ASKED = IncomingUpdate(
    address=GROUP, person=7, person_ext="7", name="Dora", title="Fans", sent_as_chat=False, message_id=5, request_id="1"
)


class Chat:
    """In place of the sender: keeps what was said in the group."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def send(self, _where: ChatAddress, reply: Reply, *_keyboard: object, **_more: object) -> str:
        self.said.append(plain_text.text(reply))
        return f"{GROUP.ext}:6"


def used_up() -> tuple[Budget, int]:
    """The group has had all that anybody is answered there for now, and when that was."""
    budget, now = Budget.of(NAME), 0
    while budget.wait(GROUP.ext, now) == 0:
        budget.use(GROUP.ext, now)
        now += 1_100
    return budget, now


@pytest.mark.parametrize(
    ("text", "command", "admin", "at_once"),
    [
        ("/admin pause", "", True, True),
        ("", "admin pause", True, True),
        ("/board", "", True, False),
        ("", "board", True, False),
        ("/admin pause", "", False, False),
        ("", "admin pause", False, False),
    ],
)
async def test_what_a_groups_admins_are_answered_takes_the_share_that_nothing_else_takes(
    text: str, command: str, *, admin: bool, at_once: bool
) -> None:
    budget, now = used_up()
    throttle, chat, nothing = Throttle(budget, lambda: now), Chat(), cast("Any", None)
    responder = TelegramResponder(
        nothing, nothing, cast("Any", chat), nothing, nothing, throttle, nothing, nothing, nothing, nothing, nothing,
        nothing, lambda: now,
    )  # fmt: skip
    asked = Invocation(
        platform=NAME, person_ext="7", person_name="Dora", chat_ext=GROUP.ext, chat_kind=ChatKind.GROUP,
        is_admin=admin, request_id="1", text=text, command=command,
    )  # fmt: skip
    reply = Reply(head=line("Paused."), audience=Audience.CHAT)
    await responder.respond(ASKED, CommandRequest(line=text), asked, reply)
    await asyncio.sleep(0)  # who has to wait begins to
    assert chat.said == (["Paused."] if at_once else [])
    await throttle.close()

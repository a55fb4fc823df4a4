"""Speaking on another platform than the room, as the same or another person."""

from __future__ import annotations

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Reply
from tests.bot.harness import ChatHarness


async def there(
    harness: ChatHarness,
    who: str,
    line: str,
    *,
    platform: str = "telegram",
    chat: str = "",
    kind: ChatKind = ChatKind.PRIVATE,
    made_for: int | None = None,
) -> Reply:
    """One line said on another platform, in private unless said otherwise."""
    harness.now += 1_000
    return await harness.dispatcher.run(
        Invocation(
            text=line,
            platform=platform,
            person_ext=who,
            person_name=who.title(),
            chat_ext=chat or who,
            chat_kind=kind,
            made_for=made_for,
            request_id=f"{platform}-{harness.now}",
        )
    )


def code_in(reply: Reply) -> str:
    text = plain_text.text(reply)
    return text.split("Your code is ")[1].split(",")[0].strip("*")

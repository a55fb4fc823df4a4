"""A platform of a few lines that says who is in its chats, or cannot be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.chat.rights import CannotAskError, Standing


@dataclass
class AskedChats:
    """`standings` by chat and person, both as the platform numbers them; who is not in it is a stranger. `asked` is
    what it was asked, in order."""

    name: str = "discord"
    standings: dict[tuple[str, str], Standing] = field(default_factory=dict)
    answers: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def standing(self, chat_ext: str, person_ext: str) -> Standing:
        self.asked.append((chat_ext, person_ext))
        if not self.answers:
            raise CannotAskError(self.name)
        return self.standings.get((chat_ext, person_ext), Standing.STRANGER)

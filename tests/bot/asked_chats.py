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
    lists: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def admins(self, chat_ext: str) -> list[tuple[str, str]] | None:
        """As the platform lists them; None where it lists nobody."""
        if not self.answers:
            raise CannotAskError(self.name)
        if not self.lists:
            return None
        here = [who for (chat, who), rank in self.standings.items() if (chat, rank) == (chat_ext, Standing.ADMIN)]
        return [(who, who.title()) for who in here]

    async def standing(self, chat_ext: str, person_ext: str) -> Standing:
        self.asked.append((chat_ext, person_ext))
        if not self.answers:
            raise CannotAskError(self.name)
        return self.standings.get((chat_ext, person_ext), Standing.STRANGER)

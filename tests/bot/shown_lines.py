"""Every line a reply shows or carries, and whether it can be sent where it was shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.adapters.discord_chat.command_options import PICKED, TYPED
from bot.adapters.discord_chat.markup import spelled
from bot.chat import plain_text
from bot.chat.invocation import ParseContext
from bot.chat.reply import Reply, lines_in_code
from bot.commands import COMMANDS
from bot.grammar import parser
from bot.grammar.command import Command
from bot.grammar.lookup import find
from bot.market.context import MarketView, parse_context_of
from tests.bot.harness import ChatHarness

_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
BY_NAME = {command.name: command for command in COMMANDS}
CHANGES = re.compile(
    r"/(ticket|order|cancel|alert|join|forget|link|admin (create|open|freeze|pause|resume))\b|.*\bconfirm=|"
    r"/(settings|admin (set|season|channel|roles|users)) ."
)
"""What a line may change that the event goes on with: such a line is read and not sent."""


def lines_of(reply: Reply) -> list[str]:
    """Lines in code wherever they stand, and those behind buttons and forms."""
    form = [f"/{reply.form.command}"] if reply.form is not None else []
    return list(
        dict.fromkeys([*lines_in_code(reply), *(action.text for action in reply.actions if action.text), *form])
    )


async def context_of(harness: ChatHarness, who: str, command: Command) -> ParseContext:
    """What a line of this person is read against now."""
    async with harness.db.reading() as uow:
        chat, person = await uow.chats.find("room", "room"), await uow.people.find("room", who)
        record = await uow.markets.of_chat(chat.id) if chat else None
        if record is None:
            return parse_context_of(None, harness.now, selling=command.selling)
        member = await uow.members.get(record.id, person.id) if person else None
        state = await uow.markets.state(record.id)
    view = MarketView(record=record, state=state, member=member, now_ms=harness.now)
    return parse_context_of(view, harness.now, selling=command.selling)


def wrong_with(line: str, command: Command, rest: str, context: ParseContext) -> list[str]:
    """What could not be read of a line; and where it is not behind a button, of what Discord spells of it."""
    parsed = parser.parse(command, rest, context)
    if parsed.problems:
        return [] if parsed.only_lacks else [f"{line!r}: {problem}" for problem in parsed.problems]
    options = spelled(line).removeprefix(f"/{command.name}").strip()
    if options == rest or not rest or "confirm=" in rest:
        return []
    names = "|".join(param.name for param in command.params)
    parts = re.split(rf"(?:^|\s)({names}|{TYPED}):(?=\S)", options)[1:]
    picked = dict(zip(parts[::2], parts[1::2], strict=True))
    args = {PICKED if name == TYPED and name not in names.split("|") else name: value for name, value in picked.items()}
    on_discord = parser.parse(command, "", context, args)
    return [] if on_discord.values == parsed.values else [f"{line!r}: on Discord {options!r}"]


@dataclass
class Listener:
    """Somebody who reads every line they are shown at once and as it stands, and sends it where that changes nothing.
    `wrong` could not be read, `refused` are the answers to what was sent in vain, by line; `dates` all that were
    shown."""

    harness: ChatHarness
    read: set[tuple[str, str]] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    dates: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)

    async def hear(self, who: str, reply: Reply, situation: str) -> None:
        self.dates.update(_DATE.findall(plain_text.text(reply, self.harness.now)))
        for line in lines_of(reply):
            if (line, situation) in self.read:
                continue
            self.read.add((line, situation))
            command, rest = find(line, BY_NAME)
            if command is None:
                self.wrong.append(f"{line!r} is no command")
                continue
            context = await context_of(self.harness, who, command)
            self.wrong += [f"{situation}: {problem}" for problem in wrong_with(line, command, rest, context)]
            if rest and not CHANGES.match(line):
                answer = await self.harness.say(who, line)
                self.harness.now += 3_000  # nobody types so fast
                if not answer.ok and answer.form is None:
                    self.refused[line] = plain_text.text(answer)

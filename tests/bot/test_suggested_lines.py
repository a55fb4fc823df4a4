"""No answer points to a command that is not there: for each place and standing, every line an answer shows or carries
is a command of that place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, read_market
from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.chat.rights import Rights, Standing
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.grammar.lookup import find
from tests.bot.asked_chats import AskedChats
from tests.bot.harness import ADMIN, CREATE, ChatHarness, chat_harness
from tests.bot.shown_lines import BY_NAME, lines_of

CUP, EMPTY = "-100", "-300"  # a chat with a market, one without
FOR_ALL = [command for command in COMMANDS if command.rule.role is not Role.ADMIN]
SKIPPED = {"forget", "tour"}  # after the one nobody is there; the other tells anybody what admins do
SAID = (
    "/start", "buy germany", "/bord", "/nonsense", "/adm", "/admin", "/admin frieze", "/admin freeze",
    "/help admin", "/help nothing", "/buy germany yes $10", "/buy germany yes $5000", "/buy mars yes $1",
    "/sell germany yes 5",
    "/cancel 99", "/receipt 99", "/settings slippage 3%", "/alert germany 60c", "/apikey trade $20", "/leaderboard eve",
    *(f"/{command.name}" for command in FOR_ALL if command.name not in SKIPPED),
    *(f"/help {command.name}" for command in FOR_ALL if not command.hidden),
)  # fmt: skip
PLACES = {  # the kind of chat, its id there, whether only its speaker has installed the bot
    "group": (ChatKind.GROUP, CUP, False),
    "group without a market": (ChatKind.GROUP, EMPTY, False),
    "private": (ChatKind.PRIVATE, "", False),
    "visited": (ChatKind.PRIVATE, "", True),
}


@pytest.mark.parametrize("who", [ADMIN, "ada", "eve"], ids=["admin", "member", "stranger"])
@pytest.mark.parametrize("platform", ["discord", "telegram"])
@pytest.mark.parametrize("place", PLACES)
async def test_every_line_of_every_answer_is_a_command_of_that_place_and_its_reader(
    tmp_path: Path, place: str, platform: str, who: str
) -> None:
    kind, chat, visited = PLACES[place]
    if visited and platform != "discord":
        return
    async with chat_harness(tmp_path) as harness:
        await played(harness, platform)
        told, wrong = 0, set[str]()
        runs = who == ADMIN and not visited
        for said in SAID:
            reply = await harness.say(
                who, said, chat=chat or who, kind=kind, admin=runs and kind is ChatKind.GROUP, platform=platform,
                visited=visited,
            )  # fmt: skip
            harness.now += 3_000
            assert "error" not in reply.code, plain_text.text(reply)
            told += len(lines_of(reply))
            wrong |= {f"{said} → {line}" for line in lines_of(reply) if not is_there(line, kind, platform, runs=runs)}
        assert not wrong, "\n".join(sorted(wrong))
        assert told > len(SAID)


def is_there(line: str, kind: ChatKind, platform: str, *, runs: bool) -> bool:
    """Whether who reads it can send it there, after `/join` perhaps."""
    command, _ = find(read_market(line)[1], BY_NAME)
    if command is None:
        return line.removeprefix("/") in {other.name.partition(" ")[0] for other in COMMANDS} and runs
    if kind not in command.rule.chats and kind is ChatKind.PRIVATE and command.rule.role is Role.ADMIN:
        return runs  # the answer says in which chat it is said
    return command.rule.missing(member=True, admin=runs, chat=kind, platform=platform) is None


async def played(harness: ChatHarness, platform: str) -> None:
    """`boss` runs a market in which `ada` is."""
    asked = AskedChats(name=platform)
    asked.standings.update({(CUP, ADMIN): Standing.ADMIN, (CUP, "ada"): Standing.MEMBER})
    rights = Rights({platform: asked}, harness.clock.monotonic_ms)
    harness.dispatcher = Dispatcher(harness.db, harness.clock, COMMANDS, rights=rights)
    for who, line in ((ADMIN, CREATE), (ADMIN, "/admin open"), ("ada", "/join")):
        reply: Reply = await harness.say(
            who, line, chat=CUP, kind=ChatKind.GROUP, admin=who == ADMIN, platform=platform
        )
        assert reply.ok, plain_text.text(reply)

"""An admin runs a market from their private chat: in the market they chose, as what its own chat says of them at that
line; never by what was known before, never in a chat that cannot be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, in_market, read_market
from bot.chat.reply import Reply
from bot.chat.rights import Rights, Standing
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from tests.bot.asked_chats import AskedChats
from tests.bot.harness import ADMIN, CREATE, ChatHarness, button, chat_harness

CUP, OTHER = "-100", "-200"  # two groups of Telegram


@dataclass
class World:
    """`boss` runs the Cup in one group and the Derby in another, `ada` plays in the Cup, `eve` is in none."""

    harness: ChatHarness
    asked: AskedChats

    async def group(self, who: str, line: str, chat: str = CUP) -> Reply:
        admin = self.asked.standings.get((chat, who)) is Standing.ADMIN
        return await self.harness.say(who, line, chat=chat, kind=ChatKind.GROUP, admin=admin, platform="telegram")

    async def private(self, who: str, line: str, *, visited: bool = False) -> Reply:
        return await self.harness.say(
            who, line, chat=who, kind=ChatKind.PRIVATE, admin=False, platform="telegram", visited=visited
        )

    async def logged(self, market: int) -> list[tuple[str, str]]:
        """What admins did, newest first, each with the chat it is logged in."""
        async with self.harness.db.reading() as uow:
            return [
                (row.action, chat.external_id)
                for row in await uow.audit.of(market)
                if row.chat is not None and (chat := await uow.chats.get(row.chat)) is not None
            ]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with chat_harness(tmp_path) as harness:
        asked = AskedChats(name="telegram")
        asked.standings.update({(CUP, ADMIN): Standing.ADMIN, (OTHER, ADMIN): Standing.ADMIN})
        asked.standings[CUP, "ada"] = Standing.MEMBER
        rights = Rights({"telegram": asked}, harness.clock.monotonic_ms)
        harness.dispatcher = Dispatcher(harness.db, harness.clock, COMMANDS, rights=rights)
        world = World(harness=harness, asked=asked)
        for line in (CREATE, "/admin open"):
            assert (await world.group(ADMIN, line)).ok
        assert (await world.group("ada", "/join")).ok
        yield world


async def derby(world: World) -> None:
    """A second market, which `boss` spoke in last."""
    for line in ("/admin create Derby Red, Blue", "/admin open"):
        assert (await world.group(ADMIN, line, OTHER)).ok


NOT_ONE = "no chat of it on Telegram has you as one now"
ROWS = (  # who, what Telegram says of them now (None: nothing), the line, what the answer says
    (ADMIN, Standing.ADMIN, "/admin set fee 2%", "About Cup, in a Telegram group"),
    (ADMIN, Standing.ADMIN, "/admin monitor", "About Cup, in a Telegram group"),
    (ADMIN, Standing.ADMIN, "/admin log", "About Cup, in a Telegram group"),
    (ADMIN, Standing.ADMIN, "/admin season", "About a Telegram group"),
    (ADMIN, Standing.ADMIN, "/admin create Next A, B", "is about the chat it is said in"),
    (ADMIN, Standing.ADMIN, "/admin channel code", "is about the chat it is said in"),
    (ADMIN, Standing.MEMBER, "/admin set fee 2%", NOT_ONE),
    (ADMIN, Standing.STRANGER, "/admin monitor", NOT_ONE),
    (ADMIN, None, "/admin set fee 2%", "Telegram cannot be asked right now whether you may do this"),
    ("ada", Standing.MEMBER, "/admin set fee 2%", NOT_ONE),
    ("ada", Standing.ADMIN, "/admin set fee 2%", "About Cup, in a Telegram group"),  # made an admin a moment ago
    ("ada", Standing.MEMBER, in_market(1, "/admin monitor"), NOT_ONE),
    ("eve", Standing.ADMIN, "/admin monitor", "you have chosen no market whose chat you run"),
    ("eve", Standing.STRANGER, in_market(1, "/admin monitor"), "you have chosen no market whose chat you run"),
)


@pytest.mark.parametrize(("who", "standing", "line", "says"), ROWS)
async def test_rights_in_private_are_what_the_markets_own_chat_says_at_that_line(
    world: World, who: str, standing: Standing | None, line: str, says: str
) -> None:
    world.asked.answers = standing is not None
    world.asked.standings[CUP, who] = Standing.ADMIN if standing is None else standing
    before, world.asked.asked[:] = world.harness.rows(), []
    reply = await world.private(who, line)
    assert says in plain_text.text(reply)
    assert reply.ok == says.startswith("About")
    if not reply.ok:
        assert world.harness.rows() == before
    assert {person for _, person in world.asked.asked} <= {who}


async def test_what_is_done_in_private_is_done_in_the_market_s_chat(world: World) -> None:
    """Logged there, with who did it as its admin; the answer is private and its buttons stay about that market."""
    preview = await world.private(ADMIN, "/admin start")
    await derby(world)  # they speak elsewhere before they press
    confirmed = await world.private(ADMIN, button(preview, "Confirm"))
    assert confirmed.ok, plain_text.text(confirmed)
    assert (await world.logged(1))[0] == ("start", CUP)
    log = plain_text.text(await world.private(ADMIN, in_market(1, "/admin log")))
    assert "Boss in private · start" in log
    assert "Boss · open" in log
    assert [action for action, _ in await world.logged(2)] == ["open", "create"]


async def test_the_market_of_private_lines_is_the_one_that_was_chosen(world: World) -> None:
    """By speaking in its group last, by `/markets`, by a button that names it; whoever runs it need not be in it."""
    await derby(world)
    assert "About Derby" in plain_text.text(await world.private(ADMIN, "/admin monitor"))
    assert "about Cup now" in plain_text.text(await world.private(ADMIN, "/markets 1"))
    assert "About Cup" in plain_text.text(await world.private(ADMIN, "/admin monitor"))
    assert "About Derby" in plain_text.text(await world.private(ADMIN, in_market(2, "/admin monitor")))
    assert "About Derby" in plain_text.text(await world.private(ADMIN, "/admin monitor"))
    assert "no market with number 2" in plain_text.text(await world.private("ada", "/markets 2"))


async def test_of_a_market_in_several_chats_they_act_in_the_one_they_run(world: World) -> None:
    code = plain_text.text(await world.group(ADMIN, "/admin channel code"))
    typed = next(word.strip("`.,:") for word in code.split() if len(word.strip("`.,:")) == 9 and "-" in word)
    world.asked.standings[OTHER, "mia"] = Standing.ADMIN
    assert (await world.group("mia", f"/admin channel {typed}", OTHER)).ok
    assert (await world.private("mia", "/markets 1")).ok
    assert (await world.private("mia", "/admin set fee 2%")).ok
    assert (await world.logged(1))[0] == ("set", OTHER)


async def test_a_market_of_another_platform_is_not_run_from_here(world: World) -> None:
    """Nobody is asked: what one is on Discord is not Telegram's to say, even of people who are linked."""
    for line in ("/admin create Bowl Red, Blue", "/admin open"):
        await world.harness.say(ADMIN, line, chat="4711", kind=ChatKind.GROUP, admin=True, platform="discord")
    code = plain_text.text(await world.harness.say(ADMIN, "/link", chat="d", kind=ChatKind.PRIVATE, platform="discord"))
    typed = next(word.strip("`.,:") for word in code.split() if len(word.strip("`.,:")) == 9 and "-" in word)
    await world.private(ADMIN, f"/link {typed}")
    world.asked.asked.clear()
    reply = await world.private(ADMIN, in_market(2, "/admin pause"))
    assert reply.code == "only_admins"
    assert world.asked.asked == []


async def test_who_has_a_part_in_it_proposes_from_private_as_in_the_chat(world: World) -> None:
    await world.group(ADMIN, "/join")
    preview = await world.private(ADMIN, "/admin start")
    await world.private(ADMIN, button(preview, "Confirm"))
    await world.harness.tick()
    ticket = await world.private(ADMIN, "/buy germany yes $50")
    assert (await world.private(ADMIN, button(ticket, "Confirm"))).ok
    await world.harness.tick()
    preview = await world.private(ADMIN, "/admin eliminate brazil")
    assert "it is not yours alone" in plain_text.text(preview)
    assert "Proposed as number 1" in plain_text.text(await world.private(ADMIN, button(preview, "Confirm")))


async def test_help_in_private_lists_admins_commands_to_known_admins_alone(world: World) -> None:
    assert "/help admin" in plain_text.text(await world.private(ADMIN, "/help"))
    assert "/admin eliminate" in plain_text.text(await world.private(ADMIN, "/help admin"))
    assert "/admin" not in plain_text.text(await world.private("ada", "/help"))
    assert "/admin" not in plain_text.text(await world.private("eve", "/help"))


async def test_where_only_its_speaker_installed_the_bot_nobody_is_an_admin_nor_asked_about(world: World) -> None:
    world.asked.asked[:] = []
    for line in ("/admin monitor", in_market(1, "/admin monitor")):
        refused = await world.private(ADMIN, line, visited=True)
        assert "here I am yours alone" in plain_text.text(refused)
        assert not refused.ok
    assert "/admin" not in plain_text.text(await world.private(ADMIN, "/help", visited=True))
    assert not world.asked.asked


@pytest.mark.parametrize(
    ("line", "market", "rest"),
    [
        ("/in 12 /admin approve 3", 12, "/admin approve 3"),
        ("/in 12 admin approve 3", 12, "/admin approve 3"),
        ("/in 12", None, "/in 12"),
        ("/in 0 /board", None, "/in 0 /board"),
        ("/in brazil /board", None, "/in brazil /board"),
        ("/board", None, "/board"),
    ],
)
def test_a_button_s_line_names_its_market_before_it(line: str, market: int | None, rest: str) -> None:
    assert read_market(line) == (market, rest)

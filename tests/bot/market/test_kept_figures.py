"""What is kept of a market's figures is what would be worked out anew, whatever has changed in between."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import fields, replace
from itertools import count
from pathlib import Path

from sqlalchemy import Executable

from bot.chat import plain_text
from bot.chat.reply import Board, Reply
from bot.market.leaderboard import ranks
from engine.state import Status
from engine.units import MICRO
from storage.database import Database
from storage.kept_figures import KeptFigures, Version
from storage.records import Market
from storage.unit_of_work import UnitOfWork
from tests.bot.harness import ADMIN, ChatHarness, chat_harness, running
from tests.storage.test_rankings import market
from tests.storage.worlds import START, lobby

_strangers = count()


async def shown(harness: ChatHarness) -> list[Reply]:
    """At this moment, to somebody who has asked for nothing yet."""
    who, harness.line_ms = f"stranger{next(_strangers)}", 0
    replies = [await harness.say(who, line) for line in ("/board", "/leaderboard", "/leaderboard season")]
    harness.line_ms = 1_000
    return replies


def all_text(replies: Sequence[Reply]) -> str:
    """With what decides, which stands beside a board and not in it."""
    decides = [
        line for reply in replies for block in reply.blocks if isinstance(block, Board) for line in block.decides
    ]
    return "\n".join([*map(plain_text.text, replies), *map(plain_text.line_text, decides)])


async def said(harness: ChatHarness, who: str, line: str, press: str = "") -> None:
    reply = await harness.say(who, line)
    if press:
        reply = await harness.press(who, reply, press)
    assert reply.ok, (line, plain_text.text(reply))


async def halted(harness: ChatHarness, reason: str | None) -> None:
    async with harness.db.writing() as uow:
        await (uow.markets.halt(1, reason) if reason else uow.markets.clear_halt(1, Status.RUNNING))
        await uow.commit()


# who says what and presses which button -> what is shown from then on; None: nothing else than before
CHANGES: Sequence[tuple[tuple[str, str, str], str | None]] = (
    (("eve", "/join", ""), "3 people"),
    (("tick", "", ""), ""),
    (("ada", "/buy germany yes 50", "Confirm"), None),
    (("bob", "/buy brazil yes 50", "Confirm"), None),
    (("eve", "/buy brazil no 20", "Confirm"), None),
    (("tick", "", ""), "Ada"),
    ((ADMIN, "/admin users ada rename Countess", ""), "Countess"),
    ((ADMIN, "/admin grant bob $50 won the raffle", "Confirm"), "1,0"),
    ((ADMIN, "/admin users eve unranked", ""), "1 person trades out of the ranks"),
    ((ADMIN, "/admin users eve ranked", ""), "Eve"),
    ((ADMIN, "/admin set about The final counts.", "Confirm"), "The final counts."),
    (("halt", "a broken invariant", ""), "Halted"),
    (("halt", "", ""), "Open"),
    (("bob", "/forget", "Confirm"), "Member "),
    (("tick", "", ""), ""),
    ((ADMIN, "/admin eliminate brazil", "Confirm"), None),
    (("tick", "", ""), "out"),
    ((ADMIN, "/admin resolve germany", "Confirm"), None),
    (("tick", "", ""), "Germany"),
)


async def test_whatever_changes_between_two_looks_the_second_shows_it(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await said(harness, ADMIN, "/admin season start Spring")
        await running(harness)
        before = await shown(harness)
        for (who, line, press), part in CHANGES:
            if who == "tick":
                await harness.tick()
            elif who == "halt":
                await halted(harness, line or None)
            else:
                await said(harness, who, line, press)
            after = await shown(harness)
            harness.db.cache.figures = KeptFigures()
            assert after == await shown(harness), (line, "is what is worked out anew")
            texts = [all_text(replies) for replies in (before, after)]
            assert (texts[0] == texts[1]) == (part is None), (who, line, texts[1])
            assert (part or "") in texts[1], (line, texts[1])
            before = after


async def test_a_second_look_asks_for_what_names_the_figures_alone(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        asked: list[Executable] = []
        harness.db.seen = asked.append
        for line, saved in (("/board", 5), ("/leaderboard", 1)):
            numbers = []
            harness.db.cache.figures = KeptFigures()
            for who in ("x", "y", "z"):
                asked.clear()
                await said(harness, who, line)
                numbers.append(len(asked))
            first, *again = numbers
            assert again == [first - saved] * 2, numbers


async def test_a_unit_that_writes_keeps_nothing_that_it_may_undo(db: Database) -> None:
    world = await lobby(db)

    async def names(unit: AbstractAsyncContextManager[UnitOfWork], new: str = "") -> list[str]:
        async with unit as uow:
            market = await uow.markets.get_one(world.market)
            if new:
                await uow.members.rename(market.id, world.people[0], new)
            return [row.name for row in await ranks(uow, market)]

    before = await names(db.reading())
    assert "Countess" in await names(db.writing(), "Countess")
    assert await names(db.reading()) == before


async def test_every_field_of_a_market_and_every_grant_names_other_figures(db: Database) -> None:
    world, worked_out = await lobby(db), count()

    async def work_out() -> int:
        return next(worked_out)

    async with db.reading() as uow:
        record = await uow.markets.get_one(world.market)
        first = await uow.figures.of(record, "n", work_out)
        assert await uow.figures.of(record, "n", work_out) == first
    for looked_at in (field.name for field in fields(record) if field.name not in {"id", "intents", "memo", "draft"}):
        async with db.reading() as uow:
            other = replace(record, **{looked_at: "another"})  # type: ignore[arg-type]  # whatever its type is
            before, after = await uow.figures.of(record, "n", work_out), await uow.figures.of(other, "n", work_out)
            assert after > before, looked_at
    async with db.writing() as uow:
        assert isinstance(await uow.markets.start(world.market, START), Market)
        await uow.commit()
    seen = set[int]()
    for number in range(3):
        async with db.writing() as uow:
            cash = {"user": world.people[0], "cash": MICRO}
            await uow.actions.append(world.market, "join", cash, actor=None, request_id=f"g{number}", now_ms=START)
            await uow.commit()
        async with db.reading() as uow:
            record = await uow.markets.get_one(world.market)
            seen.add(await uow.figures.of(record, "n", work_out))
    assert len(seen) == 3, "a grant that waits is shown as coming"


def test_figures_are_kept_of_one_version_a_market_and_of_few_markets() -> None:
    kept = KeptFigures()
    versions = [Version(replace(market(), id=number), "", 0) for number in range(1, KeptFigures.MOST + 2)]
    for version in versions:
        kept.of(version)["board"] = version.market.id
    assert len(kept) == KeptFigures.MOST
    assert kept.of(versions[-1]) == {"board": versions[-1].market.id}
    assert kept.of(versions[0]) == {}, "the one that was asked about longest ago"
    for other in (
        versions[-1]._replace(journal="another"),
        versions[-1]._replace(action=1),
        versions[-1]._replace(market=replace(versions[-1].market, head="another")),
    ):
        kept.of(versions[-1])["board"] = ""
        assert kept.of(other) == {}
        assert kept.of(versions[-1]) == {}, "the earlier version is gone"
    assert len(kept) == KeptFigures.MOST

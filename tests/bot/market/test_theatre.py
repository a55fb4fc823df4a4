"""The theatre: at each tick of a market that is over it shows what `/board` showed; what each had is exact."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from bot.adapters.room import render
from bot.chat.reply import Board
from bot.market.background_theatre import BackgroundTheatres
from bot.market.standings import board_of
from bot.market.theatre import Theatre
from bot.words import theatre as words
from engine.state import Side, Status
from storage.database import Database
from storage.rankings import worth_of
from storage.records import Member
from tests.storage.lives import Life, terms
from tests.storage.rules_1 import OFF, OLD, unpack_rules_1
from tests.storage.worlds import MINUTE, started


@dataclass(slots=True, kw_only=True)
class WatchedLife(Life):
    """Somebody says `/board` right after each tick; `accounts` are what everybody had then, and what it was worth."""

    boards: list[Board] = field(default_factory=list)
    accounts: list[dict[int, tuple[Member, int]]] = field(default_factory=list)

    async def look(self) -> None:
        async with self.db.reading() as uow:
            market = await uow.markets.get_one(self.world.market)
            if market.tick < len(self.boards):
                return
            assert market.tick == len(self.boards)
            self.boards.append(await board_of(uow, market, market.tick_ms or 0))
            members = await uow.members.of(market.id)
            state = await uow.markets.state(market)
        worth = {member.person: sum(map(sum, worth_of(market, state, member))) for member in members if member.funded}
        self.accounts.append({member.person: (member, worth[member.person]) for member in members if member.funded})

    async def tick(self) -> None:
        # super() without arguments does not work in a dataclass with slots
        await Life.tick(self)
        await self.look()


async def watched(db: Database, seed: int) -> WatchedLife:
    world = await started(db, people=5, terms=terms(), chat=f"life-{seed}")
    life = WatchedLife(db=db, world=world, rng=Random(seed), people=list(world.people))
    await life.look()
    await life.tick()
    return life


async def played(db: Database, seed: int, end: str) -> WatchedLife:
    """Traded, paused and cut back, frozen, a round decided; then named, disputed and paid, or called off."""
    life = await watched(db, seed)
    await life.play(4)
    await life.control("pause")
    await life.act("control", {"kind": "cut", "outcomes": [], "moment": 3 * MINUTE})
    await life.tick()
    await life.play(14)
    if end == "void":
        await life.control("void")
        await life.tick()
    await life.play(40)
    assert (await life.market()).over
    return life


async def theatre_of(life: WatchedLife) -> Theatre:
    theatres = BackgroundTheatres(life.db, patience_s=60.0)
    theatre = await theatres.ask(await life.market())
    await theatres.close()
    assert theatre is not None
    assert theatre.ready
    assert not theatre.why
    return theatre


@pytest.mark.parametrize(("seed", "end"), [(1, "paid"), (2, "void"), (5, "paid")])
async def test_every_tick_is_what_board_showed_and_what_each_had_is_exact(db: Database, seed: int, end: str) -> None:
    life = await played(db, seed, end)
    theatre = await theatre_of(life)
    kinds = {event.type for event in theatre.told}
    assert {"Cut", "Frozen", "Paused", "Eliminated", "Voided" if end == "void" else "Resolved"} <= kinds
    async with life.db.reading() as uow:
        members = {member.person: member for member in await uow.members.of(life.world.market)}
        names = await uow.people.names(wording.actor for wording in theatre.wordings)
    the_boards_are_equal(life, theatre, names)
    the_accounts_are_exact(life, theatre, members)
    rows_tell_what_they_can(life, theatre)


def the_boards_are_equal(life: WatchedLife, theatre: Theatre, names: Mapping[int, str]) -> None:
    assert theatre.last + 1 == len(life.boards)
    for tick, board in enumerate(life.boards):
        shown = theatre.board(tick, names)
        assert shown == board, f"tick {tick}"
        assert render.block_to_json(shown) == render.block_to_json(board)


def the_accounts_are_exact(life: WatchedLife, theatre: Theatre, members: Mapping[int, Member]) -> None:
    """And who traded no more would have ended with what they ended with."""
    looked = kept = undone = 0
    for tick, accounts in enumerate(life.accounts):
        for person, (then, worth) in accounts.items():
            if person not in members:
                continue  # they left
            own, last = theatre.own(tick, members[person]), members[person]
            assert own is not None
            assert (own.cash, own.aside, own.worth, own.stake) == (then.balance, then.escrow, worth, then.stake)
            assert {(h.outcome, h.side): h.tokens for h in own.held} == {
                (outcome, side): pair[at]
                for outcome, pair in enumerate(then.tokens)
                for at, side in enumerate((Side.YES, Side.NO))
                if pair[at]
            }
            looked += bool(own.held)
            undone += own.undone_ms is not None
            traded_on = (last.trade_count, last.gas) != (then.trade_count, then.gas)
            if own.status is not Status.VOIDED and not traded_on and not own.undone_ms:
                assert own.if_kept == own.final, (tick, person)
                kept += bool(own.held)
    assert looked > 20
    assert undone > 0
    assert kept > 0 or theatre.market.status is Status.VOIDED


def rows_tell_what_they_can(life: WatchedLife, theatre: Theatre) -> None:
    """Of the same market, as if it could not be run again."""
    told = replace(theatre, again=None, why=words.DIFFERS, _boards=OrderedDict())
    for tick, board in enumerate(life.boards):
        rows = told.board(tick, {})
        assert {(row.outcome, row.yes, row.no) for row in rows.rows} == {
            (row.outcome, row.yes, row.no) for row in board.rows
        }
        assert (rows.volume, rows.traders, rows.risk_now) == (board.volume, board.traders, board.risk_now), tick
        assert all(row.change is None and not row.spark for row in rows.rows)
    assert rows.status == board.status
    assert told.bought(3, 0, Side.YES) is None


async def test_a_market_of_older_rules_says_what_is_left_out(tmp_path: Path) -> None:
    db = Database.open(f"sqlite:///{unpack_rules_1(tmp_path / 'old.db')}")
    await db.migrate()
    theatres = BackgroundTheatres(db, patience_s=60.0)
    async with db.reading() as uow:
        old, off = await uow.markets.get_one(OLD), await uow.markets.get_one(OFF)
    for market in (old, off):
        theatre = await theatres.ask(market)
        assert theatre is not None
        assert (theatre.ready, theatre.why) == (True, words.OLD_RULES)
        first, last = theatre.board(0, {}), theatre.board(theatre.last, {})
        assert [row.yes for row in first.rows] == sorted((row.yes for row in first.rows), reverse=True)
        assert [row.place for row in first.rows] == ["1st", "2nd", "3rd", "4th"]
        assert last.volume == market.volume
        assert [row.outcome for row in last.rows if row.note == "winner"] == list(market.winners)
    await theatres.close()
    await db.close()

"""The theatre: at each tick of a market that is over it shows what `/board` showed; what each had is exact."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest

from bot.adapters.room import render
from bot.chat.reply import Board
from bot.market.background_theatre import BackgroundTheatres
from bot.market.standings import board_of
from bot.market.theatre import Theatre
from engine.state import Side
from storage.database import Database
from storage.rankings import worth_of
from storage.records import Member
from tests.storage.lives import Life, terms
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
async def test_every_tick_is_what_board_showed_to_the_byte(db: Database, seed: int, end: str) -> None:
    life = await played(db, seed, end)
    theatre = await theatre_of(life)
    kinds = {event.type for event in theatre.told}
    assert "Cut" in kinds
    assert ("Voided" if end == "void" else "Resolved") in kinds
    assert theatre.last + 1 == len(life.boards)
    async with life.db.reading() as uow:
        names = await uow.people.names(wording.actor for wording in theatre.wordings)
    for tick, board in enumerate(life.boards):
        shown = theatre.board(tick, names)
        assert shown == board, f"tick {tick}"
        assert render.block_to_json(shown) == render.block_to_json(board)


async def test_what_each_had_is_exact_and_what_it_came_to_adds_up(db: Database) -> None:
    life = await played(db, 1, "paid")
    theatre = await theatre_of(life)
    async with life.db.reading() as uow:
        members = {member.person: member for member in await uow.members.of(life.world.market)}
    looked = 0
    for tick, accounts in enumerate(life.accounts):
        for person, (then, worth) in accounts.items():
            if person not in members:
                continue  # they left
            own = theatre.own(tick, members[person])
            assert own is not None
            assert (own.cash, own.aside, own.worth, own.stake) == (then.balance, then.escrow, worth, then.stake)
            assert {(h.outcome, h.side): h.tokens for h in own.held} == {
                (outcome, side): pair[at]
                for outcome, pair in enumerate(then.tokens)
                for at, side in enumerate((Side.YES, Side.NO))
                if pair[at]
            }
            looked += bool(own.held)
            if tick == theatre.last:
                assert own.if_kept == own.final == own.total
    assert looked > 50
    assert any(own.undone_ms for own in [theatre.own(5, members[life.world.people[0]])] if own)

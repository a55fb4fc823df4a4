"""Where everybody stands in one market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.chat.reply import Audience, Reply
from bot.text.numbers import places
from bot.words import views as words
from engine.state import Status
from storage.rankings import Ranked, standings
from storage.records import Market, Member
from storage.unit_of_work import UnitOfWork

SHOWN = 15  # places; on a page one's own besides


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everybody's accounts as of a market's last tick, by their numbers, and how they compare.

    `ranked` as `storage.rankings.standings` has it, `ranked_of` the same by account; `places` in words, of those who
    have one. What is set aside for orders that wait for their tick changes between two ticks: `Member.reserved` is
    whatever it was."""

    members: Mapping[int, Member]
    ranked: Sequence[Ranked]
    ranked_of: Mapping[int, Ranked]
    places: Mapping[int, str]

    @property
    def of(self) -> int:
        """How many have a place."""
        return len(self.places)


async def standing_of(uow: UnitOfWork, market: Market) -> Standing:
    return await uow.figures.of(market, "standing", partial(_standing, uow, market))


async def ranks(uow: UnitOfWork, market: Market) -> Sequence[Ranked]:
    """Where everybody stands in one market: see `storage.rankings.standings`."""
    return (await standing_of(uow, market)).ranked


async def leaderboard_reply(uow: UnitOfWork, market: Market, audience: Audience) -> Reply:
    """What `/leaderboard` says."""
    return await uow.figures.of(market, f"leaderboard {audience}", partial(_reply, uow, market, audience))


async def _reply(uow: UnitOfWork, market: Market, audience: Audience) -> Reply:
    called_off = market.status is Status.VOIDED
    return words.leaderboard(
        await ranks(uow, market), SHOWN, over=market.over, audience=audience, called_off=called_off
    )


async def _standing(uow: UnitOfWork, market: Market) -> Standing:
    members = await uow.members.of(market.id)
    ranked = standings(market, await uow.markets.state(market), members)
    with_place = [row for row in ranked if row.rank is not None]
    words = places([row.rank for row in with_place])
    return Standing(
        members={member.person: member for member in members},
        ranked=ranked,
        ranked_of={row.person: row for row in ranked},
        places={row.person: place for row, place in zip(with_place, words, strict=True)},
    )

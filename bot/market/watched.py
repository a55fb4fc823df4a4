"""What strangers see of a public market beside its prices: who is ahead and what decides it.

Nobody is named who has not chosen to be (`/settings name on`), who is barred or who was erased. Chats, drafts and talk
are never in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.chat.reply import Line
from bot.market.leaderboard import Standing, standing_of
from bot.words.watching import decides
from engine.state import Status
from storage.rankings import Ranked
from storage.records import Market
from storage.unit_of_work import UnitOfWork

LEADERS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Leader:
    """`name` empty: they are not shown by name. Money in micro-dollars."""

    rank: int
    place: str
    name: str
    stake: int
    final: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """`leaders`: best first, of `of` who have a place. `decides`: what decides the market, by nobody's name."""

    leaders: tuple[Leader, ...]
    of: int
    decides: tuple[Line, ...]


def is_watchable(market: Market) -> bool:
    """Whether whoever has its link may watch it; a draft is its admins' alone."""
    return market.public and market.status is not Status.DRAFT


async def watched(uow: UnitOfWork, market: Market) -> Watched | None:
    """None where it may not be watched."""
    if not is_watchable(market):
        return None
    standing, names = await standing_of(uow, market), await uow.watching.names(market.id)
    ahead = [row for row in standing.ranked if row.rank is not None][:LEADERS]
    return Watched(
        leaders=tuple(_leader(row, standing, names) for row in ahead),
        of=standing.of,
        decides=tuple(decides(await uow.wordings.of(market.id))),
    )


def _leader(row: Ranked, standing: Standing, names: Mapping[int, str]) -> Leader:
    return Leader(
        rank=row.rank or 0,
        place=standing.places[row.person],
        name=names.get(row.person, ""),
        stake=row.stake,
        final=row.final,
    )

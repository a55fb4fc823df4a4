"""The markets somebody may see at a glance, with how they stand in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bot.chat.reply import Board, BoardRow
from bot.market.leaderboard import standing_of
from bot.market.standings import board_of
from bot.market.visibility import Viewer, visible_markets
from engine.units import whole_cents
from storage.members import OwnAccount
from storage.records import Market
from storage.unit_of_work import UnitOfWork

MOST = 30  # at once; of those that are over the newest
LEADERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMarket:
    """`profit` and `rank` are of who looks: None where they are not in it, or have no place. `of`: how many have one.
    `leaders`: best first, of those who are in or have won. `may_run`: as far as is known without asking they are an
    admin of one of its chats: enough to lead them to the page of its admins, which asks."""

    record: Market
    board: Board
    where: str
    own_room: bool
    may_run: bool
    member: bool
    leaders: Sequence[BoardRow]
    profit: int | None
    rank: int | None
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketList:
    """`profit` over all the markets they are in, which are `joined`, whether listed or not; in whole cents."""

    markets: Sequence[ListedMarket]
    profit: int
    joined: int
    may_create: bool


async def market_list(uow: UnitOfWork, viewer: Viewer) -> MarketList:
    """What is on first, those of the chat they look from before others, newest first."""
    records = sorted(await visible_markets(uow, viewer), key=lambda record: record.over)
    accounts = await _accounts(uow, viewer)
    announced = await uow.chats.announcing([record.id for record in records])
    await uow.figures.prefetch(records)
    runs_in = await _runs_in(uow, viewer)
    listed = [
        await _listed(uow, record, accounts.get(record.id), announced.get(record.id, frozenset()), viewer, runs_in)
        for record in records[:MOST]
    ]
    others = [record for record in records[MOST:] if record.id in accounts]
    current = None if viewer.chat is None else await uow.markets.of_chat(viewer.chat)
    return MarketList(
        markets=listed,
        profit=sum(market.profit or 0 for market in listed)
        + sum([await _profit(uow, record, accounts[record.id]) for record in others]),
        joined=len(accounts),
        may_create=viewer.admin and (current is None or current.over),
    )


async def _runs_in(uow: UnitOfWork, viewer: Viewer) -> AbstractSet[int]:
    """Chats they are an admin of, as far as is known without asking."""
    chats = set() if viewer.person is None else await uow.chats.where_admin(await uow.people.all_ids(viewer.person))
    return chats | {viewer.chat} if viewer.admin and viewer.chat is not None else chats


async def _accounts(uow: UnitOfWork, viewer: Viewer) -> Mapping[int, OwnAccount]:
    """By market."""
    if viewer.person is None:
        return {}
    accounts: dict[int, OwnAccount] = {}
    for account in await uow.members.accounts(await uow.people.all_ids(viewer.person)):
        if account.market in accounts:  # of two the one that was used
            member = await uow.members.get_one(account.market, viewer.person)
            accounts[account.market] = OwnAccount(account.market, member.person, member.cash, member.given)
        else:
            accounts[account.market] = account
    return accounts


async def _profit(uow: UnitOfWork, record: Market, account: OwnAccount) -> int:
    """In whole cents. Once it is over nobody holds anything, and the account says it all."""
    if record.over:
        return whole_cents(account.cash) - whole_cents(account.given)
    ranked = (await standing_of(uow, record)).ranked_of[account.number]
    return whole_cents(ranked.final) - whole_cents(ranked.stake)


async def _listed(
    uow: UnitOfWork,
    record: Market,
    account: OwnAccount | None,
    announced: frozenset[int],
    viewer: Viewer,
    runs_in: AbstractSet[int],
) -> ListedMarket:
    board, chat = await board_of(uow, record, 0), await uow.chats.get(record.chat_id)
    standing = await standing_of(uow, record)
    ranked = None if account is None else standing.ranked_of.get(account.number)
    return ListedMarket(
        record=record,
        board=board,
        where="" if chat is None else chat.title,
        own_room=viewer.chat in announced,
        may_run=not runs_in.isdisjoint(announced),
        member=account is not None,
        leaders=[row for row in board.rows if row.active][:LEADERS],
        profit=None if account is None else await _profit(uow, record, account),
        rank=None if ranked is None else ranked.rank,
        of=standing.of,
    )

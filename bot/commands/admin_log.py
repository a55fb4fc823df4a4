"""The log of what admins did, with what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from bot.chat.facts import LogEntry
from bot.chat.permissions import Role
from bot.chat.reply import Page, Reply, window
from bot.grammar.command import command
from bot.grammar.members import Who
from bot.grammar.types import PageArg, WholeNumber
from bot.market import whom
from bot.market.context import Context, MarketView, Snapshot
from bot.market.involvement import still_valid
from bot.words import log as words
from storage.audit import PEOPLE
from storage.records import AuditRow, Member
from storage.unit_of_work import UnitOfWork

OfArg = Annotated[
    str, Who("member", 80, about="only what concerned this member or was done by them", words=1, named=True)
]
CountArg = Annotated[
    int, WholeNumber("number of entries a page", high=25, about="how many entries a page, 8 if left out")
]

_ENTRIES = 8


@command(
    "admin log",
    role=Role.ADMIN,
    any_rules=True,
    examples=("/admin log", "/admin log 20", "/admin log page 2", "/admin log member ada"),
)
async def log(
    ctx: Context,
    *,
    market: MarketView | None,
    snapshot: Snapshot,
    n: CountArg | None = None,
    page: PageArg | None = None,
    member: OfArg | None = None,
) -> Reply:
    """See what was done here: who, what, why, what it changed, when, and what became of it."""
    chat, record = ctx.chat.id if ctx.chat else 0, market.id if market else None
    size, uow = n or _ENTRIES, snapshot.uow
    of: Member | None = None
    if member is not None:
        found = await whom.fitting(
            uow, ctx.invocation.platform, await uow.members.of(record) if record is not None else [], member
        )
        if len(found) != 1:
            return whom.not_one(member, found)
        [of] = found
    concerning = None if of is None else await uow.people.all_ids(of.person)
    total = await uow.audit.count(record, chat, concerning)
    shown, pages, before = window(total, page or 1, size)
    rows = await uow.audit.page(record, chat, size, before, concerning)
    entries = await _entries(uow, market, rows)
    names = dict(await uow.people.names(_people(entries)))
    if market is not None:  # whom a deed concerned is called as in the market
        called = await uow.members.names(market.id)
        names |= {number: called[number] for number in _concerned(entries) if number in called}
    shown_page = Page(rows=tuple(entries), number=shown, pages=pages, total=total)
    again = f"/admin log {size}{f' member=#{of.person}' if of is not None else ''}"
    return words.log(shown_page, names, again, ctx.person_id, market.names if market else (), of)


async def _entries(uow: UnitOfWork, market: MarketView | None, rows: Sequence[AuditRow]) -> list[LogEntry]:
    """With the actions and proposals they made."""
    if market is None:
        return [LogEntry(row=row) for row in rows]
    intents, made = _numbers(rows, "intent"), _numbers(rows, "approval")
    actions = await uow.actions.many(market.id, intents.values())
    proposals = await uow.approvals.many(market.id, made.values())
    entries = []
    for row in rows:
        proposal = proposals.get(made.get(row.id, 0))
        stands = proposal is not None and still_valid(proposal, market.state)
        entries.append(LogEntry(row=row, action=actions.get(intents.get(row.id, 0)), proposal=proposal, stands=stands))
    return entries


def _numbers(rows: Sequence[AuditRow], name: str) -> Mapping[int, int]:
    """What stands under this name, by row."""
    named = {row.id: row.after.get(name) for row in rows}
    return {row: number for row, number in named.items() if isinstance(number, int)}


def _concerned(entries: Sequence[LogEntry]) -> set[int]:
    """Those whom deeds were about."""
    numbers = [entry.row.after.get(name) for entry in entries for name in PEOPLE]
    return {number for number in numbers if isinstance(number, int)}


def _people(entries: Sequence[LogEntry]) -> set[int]:
    """Everybody who is named."""
    numbers = {entry.row.actor for entry in entries} | {entry.row.before.get("proposer") for entry in entries}
    numbers |= {entry.proposal.decided_by for entry in entries if entry.proposal is not None}
    return _concerned(entries) | {number for number in numbers if isinstance(number, int)}

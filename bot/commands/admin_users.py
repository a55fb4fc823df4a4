"""The people of a market: who they are, and what an admin changes about one of them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.permissions import Role
from bot.chat.reply import Reply, cut
from bot.grammar.command import command
from bot.grammar.members import RENAME, ChangeArg, MemberChange, WhomArg, mentioned_person
from bot.grammar.types import ConfirmArg, PageArg, code_of
from bot.market import member_changes, whom
from bot.market.context import Context, MarketView, Snapshot
from bot.market.member_names import NameRefused, name_for
from bot.market.monitor import member_rows
from bot.text.names import LONGEST_NAME, clean, folded
from bot.words import members as words
from bot.words import reports as words_reports
from storage.records import Member

_PEOPLE = 15
_WAITING = 1_000  # more than anybody keeps in the book


@command(
    "admin users",
    role=Role.ADMIN,
    any_rules=True,
    examples=(
        "/admin users",
        "/admin users ada",
        "/admin users page 2",
        "/admin users ada rename Ada Lovelace",
        '/admin users "Bob the Great" bar floods the chat',
        "/admin users #12 unranked works for the house",
    ),
)
async def users(
    ctx: Context,
    *,
    market: MarketView,
    snapshot: Snapshot,
    name: WhomArg | None = None,
    change: ChangeArg | None = None,
    page: PageArg | None = None,
    confirm: ConfirmArg | None = None,
) -> Reply:
    """See who is in the market, best first; rename one, bar them from buying, keep them out of ranks.

    Who is barred keeps what they hold and may sell it; their orders come back. Who is unranked trades on without a
    place. Each change stands in the log, is told to the member, and can be undone: by unbar, ranked, or another name.
    """
    members = await snapshot.uow.members.of(market.id)
    if not members:
        return words_reports.nobody(market.record.title)
    mentioned = name is not None and mentioned_person(name) is not None
    if name is None or (change is None and not mentioned):
        return _listed(ctx, market, members, name, page or 1)
    found = await whom.fitting(snapshot.uow, ctx.invocation.platform, members, name)
    if len(found) != 1:
        return whom.not_one(name, found, words_reports.nobody_called(name))
    if change is None:
        return _listed(ctx, market, members, f"#{found[0].person}", page or 1)
    return await _change(ctx, market, found[0], change, confirm)


def _listed(ctx: Context, market: MarketView, members: Sequence[Member], name: str | None, page: int) -> Reply:
    rows = [
        row
        for row in member_rows(market, members)
        if name is None or folded(name) in folded(row.name) or name.strip() == f"#{row.person}"
    ]
    if not rows:
        return words_reports.nobody_called(name or "")
    return words_reports.users(market.record, cut(rows, page, _PEOPLE), name, ctx.person_id)


async def _change(ctx: Context, market: MarketView, member: Member, change: MemberChange, confirm: str | None) -> Reply:
    already = _already(member, change)
    if already is not None:
        return already
    if change.kind == RENAME:
        return await _rename(ctx, market, member, change)
    if change.kind == "bar":
        return await _bar(ctx, market, member, change, confirm)
    async with ctx.db.writing() as uow:
        await member_changes.apply(ctx, uow, market.record, member, change)
        await uow.commit()
    return words.changed(change.kind, member, ctx.person_id)


def _already(member: Member, change: MemberChange) -> Reply | None:
    """Where it is so already, nothing changes."""
    barred, unranked = member.barred is not None, member.unranked
    now = {RENAME: member.name == change.text, "bar": barred, "unbar": not barred, "unranked": unranked}
    return words.already(change.kind, member) if now.get(change.kind, not unranked) else None


async def _rename(ctx: Context, market: MarketView, member: Member, change: MemberChange) -> Reply:
    async with ctx.db.writing() as uow:
        name = await name_for(uow, market.record, member.person, change.text, ctx.invocation.bot_names)
        if isinstance(name, NameRefused):
            return words.rename_refused(name.code, change.text, name.like, name.instead, member, ctx.person_id)
        if name != clean(change.text, LONGEST_NAME):  # another is called just so
            return words.rename_refused("taken", change.text, change.text, name, member, ctx.person_id)
        await member_changes.apply(ctx, uow, market.record, member, MemberChange(kind=RENAME, text=name))
        await uow.commit()
    return words.renamed(member, name, ctx.person_id)


async def _bar(ctx: Context, market: MarketView, member: Member, change: MemberChange, confirm: str | None) -> Reply:
    """Their orders come back and their place in the book is gone for good, so it is shown first."""
    async with ctx.db.reading() as uow:
        waiting = await uow.orders.of(market.id, member.person, open_only=True, n=_WAITING)
    code = code_of(market.id, "bar", member.person, change.text, *(order.number for order in waiting))
    if confirm != code:
        return words.bar_preview(member, change.text, waiting, code, ctx.person_id, stale=bool(confirm))
    async with ctx.db.writing() as uow:
        await member_changes.apply(ctx, uow, market.record, member, change)
        await uow.commit()
    return words.changed(change.kind, member, ctx.person_id)

"""Play money for one member, given by an admin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat.reply import Reply
from bot.commands.admin_decide import ReasonArg
from bot.commands.deeds import note
from bot.confirm import ConfirmArg, code_of
from bot.grammar.command import command
from bot.grammar.types import Hint, Money, Text, quoted
from bot.market.context import Ctx, MarketView
from bot.scene import Scene
from bot.text.names import clean, folded
from bot.text.numbers import typed_money
from bot.words import admin as words_admin
from bot.words import decisions as words
from engine.state import Status
from storage.records import Declined, Json, Member

MOST_SUGGESTED = 25


@dataclass(frozen=True, slots=True)
class Who(Text):
    """A member of the market; of several with one name each by her number."""

    of_people = True

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        start, alike = folded(partial), Counter(folded(name) for name in scene.people.values())
        found = [
            Hint(quoted(name) if alike[folded(name)] == 1 and not name.startswith("#") else f"#{number}", clean(name))
            for number, name in scene.people.items()
            if folded(name).startswith(start) or partial.strip() == f"#{number}"
        ]
        return sorted(found, key=lambda one: (folded(one.about), one.value))[:MOST_SUGGESTED]


def _closed(market: MarketView) -> Reply | None:
    """Why nobody can be given anything, before anything else is said."""
    record = market.record
    if record.status is Status.DISPUTED:
        return words_admin.refused_now(record, "join", "disputed", market.state)
    if record.start_ms is None:
        return words.grants_need_a_running_market(record)
    return words_admin.not_running(record) if record.over else None


MemberArg = Annotated[str, Who("member", 80, about="who: a name, its beginning, or a number such as #12", words=1)]
GrantArg = Annotated[int, Money("amount", low=10_000, about="money, such as $50 or 2k")]


@command(
    "admin grant", ready=_closed, examples=("/admin grant bob $50", '/admin grant "Bob the Great" $50 for the drawing')
)
async def grant(
    ctx: Ctx,
    *,
    market: MarketView,
    member: MemberArg,
    amount: GrantArg,
    reason: ReasonArg | None = None,
    confirm: ConfirmArg | None = None,
) -> Reply:
    """Give a member play money. Shows the numbers first.

    member: a display name, its unambiguous beginning, or a number such as #12
    confirm: the code of the preview, which its button carries
    """
    record = market.record
    async with ctx.db.reading() as uow:
        found = matching(await uow.members.of(record.id), member)
        done = await uow.actions.by_request(_request(record.id, confirm)) if confirm else None
    if len(found) != 1:
        return words.several_members(member, found) if found else words.no_such_member(member)
    whom = found[0]
    if done is not None:
        return words.granted(whom, amount)
    code = code_of(record.id, "grant", whom.person, amount, reason, whom.stake + whom.coming)
    if confirm != code:
        named = quoted(member)
        parts = (f"/admin grant {named} {typed_money(amount)}", reason or "", f"confirm={code}")
        again = " ".join(part for part in parts if part)
        return words.grant_preview(whom, amount, again, ctx.person_id, stale=bool(confirm))
    return await _give(ctx, market, whom, amount, reason, code)


def matching(members: Sequence[Member], typed: str) -> list[Member]:
    """By number, else by the whole name, else by the beginning of it."""
    place = typed.strip().removeprefix("#")
    if typed.strip().startswith("#") and place.isascii() and place.isdigit():
        return [one for one in members if str(one.person) == place]
    wanted = folded(typed)
    exact = [one for one in members if folded(one.name) == wanted]
    return exact or [one for one in members if wanted and folded(one.name).startswith(wanted)]


def _request(market: int, code: str) -> str:
    return f"grant:{market}:{code}"


async def _give(ctx: Ctx, market: MarketView, whom: Member, amount: int, reason: str | None, code: str) -> Reply:
    record = market.record
    payload: dict[str, Json] = {"user": whom.person, "cash": amount}
    before: dict[str, Json] = {"balance": whom.balance, "given": whom.stake + whom.coming}
    after: dict[str, Json] = {**payload, "given": whom.stake + whom.coming + amount}
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        row = await uow.actions.append(
            record.id, "join", payload, actor=person.id, request_id=_request(record.id, code), now_ms=ctx.now_ms
        )
        if isinstance(row, Declined):
            return words_admin.not_running(record)
        if row.created:
            await note(ctx, uow, record, "grant", before, after, reason or "")
        await uow.commit()
    return words.granted(whom, amount)

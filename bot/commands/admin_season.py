"""Seasons: begin one, see how it stands, end it."""

from __future__ import annotations

from typing import Annotated

from bot.chat.permissions import Role
from bot.chat.reply import Action, Audience, Reply
from bot.grammar.command import command
from bot.grammar.types import Choice, ConfirmArg, Text, code_of
from bot.market.context import Context
from bot.market.standings import season_table
from bot.text.names import LONGEST_TITLE
from bot.words import seasons as words
from storage.records import Declined, Payload
from storage.seasons import Season
from storage.unit_of_work import UnitOfWork

SeasonActionArg = Annotated[
    str, Choice("deed", lambda: {"start": "begin a season", "end": "close it and name who won"})
]
SeasonTitleArg = Annotated[str, Text("title", LONGEST_TITLE, about="what the season is called, such as Spring")]


@command("admin season", role=Role.ADMIN, examples=("/admin season", "/admin season start Spring", "/admin season end"))
async def season(
    ctx: Context,
    *,
    deed: SeasonActionArg | None = None,
    title: SeasonTitleArg | None = None,
    confirm: ConfirmArg | None = None,
) -> Reply:
    """Count the results of several markets together: see the season, begin one, or end it.

    deed: start or end; left out, it shows how the season stands
    """
    if deed == "start":
        return await _start(ctx, title)
    if deed == "end":
        return await _end(ctx, confirm)
    async with ctx.db.reading() as uow:
        current = await uow.seasons.current(ctx.chat.id) if ctx.chat else None
        if current is None:
            return words.no_season(admin=True)
        markets, rows = await season_table(uow, current)
    close = Action(label="End the season", text="/admin season end", person=ctx.person_id)
    return words.standings(current, markets, rows, Audience.PRIVATE, (close,))


async def _start(ctx: Context, title: str | None) -> Reply:
    async with ctx.db.writing() as uow:
        person, chat = await ctx.known(uow)
        current = await uow.seasons.current(chat.id)
        if current is not None:
            return words.already_on(current)
        number = 1 + len(await uow.seasons.of_chat(chat.id))
        begun = await uow.seasons.begin(chat.id, title or f"Season {number}", ctx.now_ms)
        if isinstance(begun, Declined):
            raise LookupError("a season that is on was not found")
        await _note(ctx, uow, begun, "season start", person.id, {}, {"season": begun.number, "title": begun.title})
        await uow.commit()
    return words.begun(begun)


async def _end(ctx: Context, confirm: str | None) -> Reply:
    async with ctx.db.writing() as uow:
        person, chat = await ctx.known(uow)
        current = await uow.seasons.current(chat.id)
        if current is None:
            return words.none_to_end()
        markets, rows = await season_table(uow, current)
        code = code_of(
            "season", current.id, [market.id for market in markets], [(row.person, row.points) for row in rows]
        )
        if confirm != code:
            latest = await uow.markets.of_chat(chat.id)
            running = latest if latest is not None and not latest.over else None
            again = f"/admin season end confirm={code}"
            return words.end_preview(current, markets, rows, running, again, ctx.person_id)
        await uow.seasons.end(current.id, ctx.now_ms)
        after: Payload = {"season": current.number, "first": [row.person for row in rows if row.rank == 1]}
        await _note(ctx, uow, current, "season end", person.id, {"title": current.title}, after)
        await uow.commit()
    return words.ended(current, markets, rows)


async def _note(
    ctx: Context, uow: UnitOfWork, about: Season, action: str, actor: int, before: Payload, after: Payload
) -> None:
    await uow.audit.append(action=action, actor=actor, now_ms=ctx.now_ms, chat=about.chat, before=before, after=after)

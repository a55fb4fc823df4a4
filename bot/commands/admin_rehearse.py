"""Rehearse a market before it starts."""

from __future__ import annotations

from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.market.context import Ctx, MarketView
from bot.market.draft import build, draft_of
from bot.words import lint as words_lint
from bot.words import rehearsal as words
from bot.words import setup as words_setup
from engine.lint import lint
from engine.terms import MarketParams
from storage.markets import BEFORE_START

LEAST_PEOPLE, MOST_PEOPLE = 12, 60


@command("admin rehearse", examples=("/admin rehearse",))
async def rehearse(ctx: Ctx, *, market: MarketView) -> Reply:
    """Play the market with synthetic traders on a copy: the worst risk, and how busy the chats get.

    The real engine, tick and announcer run on a clock of their own, through the whole timetable, in half a minute.
    """
    record = market.record
    if record.status not in BEFORE_START:
        return words.already_begun()
    params = build(draft_of(record), ctx.now_ms) if record.draft else record.params
    if not isinstance(params, MarketParams):
        return words_setup.problems(params, "/admin schedule")
    async with ctx.db.reading() as uow:
        joined = await uow.members.count(record.id)
    people = min(MOST_PEOPLE, max(LEAST_PEOPLE, joined))
    found, running = await ctx.rehearser.ask(record.title, params, people)
    if found is None:
        return words.under_way(ctx.person_id) if running else words.could_not()
    return words.result(found, [words_lint.sentence(one, params) for one in lint(params)])

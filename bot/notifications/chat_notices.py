"""What is told to a whole chat: each function looks up what the sentence of its kind needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.chat.reply import Audience, Picture, Reply
from bot.market.standings import board_of
from bot.market.terms import asked_by, kept_changes
from bot.market.wording import read_names
from bot.notifications.notice_context import CHANNELLED, NoticeContext
from bot.words import announcements as words_announcements
from bot.words import chats as words_chats
from bot.words import claims as words_claims
from bot.words import cuts as words_cuts
from bot.words import questions as words_questions
from bot.words import timetable as words_timetable
from bot.words import views as words_views
from bot.words import watching as words_watching
from bot.words import wording as words_wording
from bot.words.charts import out_figures, whose, yes_figures
from bot.words.shared import ahead, leaders, listed, name_of, winners_of
from engine.state import Status
from storage.records import Market
from storage.webhooks import PLATFORM


async def opened(notice: NoticeContext) -> Reply:
    decides = words_wording.announced(await notice.uow.wordings.of(notice.market.id))
    return words_announcements.opened(notice.market, decides)


async def arrived(notice: NoticeContext) -> Reply:
    decides = words_wording.announced(await notice.uow.wordings.of(notice.market.id))
    return words_chats.arrived(notice.market, decides)


async def worded(notice: NoticeContext) -> Reply | None:
    """What decides was written down, added to, or taken back before the start; nothing where it is another by now."""
    number, wordings = int(notice.payload["number"]), await notice.uow.wordings.of(notice.market.id)
    written = next((wording for wording in wordings if wording.number == number), None)
    if written is None:
        return None if number or wordings else words_wording.told_taken_back(notice.market)
    who = (await read_names(notice.uow, [written])).get(written.actor, "")
    say = words_wording.told_in_chat if notice.person is None else words_wording.told_in_private
    return say(notice.market, written, who)


async def public(notice: NoticeContext) -> Reply | None:
    """Not where it has been turned back meanwhile."""
    still = bool(notice.payload["on"]) is notice.market.public
    return words_watching.told_in_chat(notice.market, notice.payload) if still else None


async def board(notice: NoticeContext) -> Reply:
    """In the lobby of a chat it is at once the post that opens the doors."""
    shown = words_views.board(await board_of(notice.uow, notice.market, notice.now_ms), Audience.CHAT)
    if notice.market.status is not Status.LOBBY or notice.platform not in CHANNELLED:
        return shown
    return words_announcements.opened_on_board(await opened(notice), shown)


async def eliminated(notice: NoticeContext) -> Reply:
    eliminated = list(notice.payload["outcomes"])
    after = {int(number): int(yes) for number, yes, _ in notice.payload["prices_after"]}
    whose_exit = whose(listed([name_of(notice.market.params, number) for number in eliminated]))
    alt = f"Prices after {whose_exit} exit"
    if after:
        first = leaders(after)
        alt = f"{ahead([name_of(notice.market.params, number) for number in first], len(after), after[first[0]])} "
        state = await notice.state()
        out = out_figures([name_of(notice.market.params, number) for number in state.out])
        alt += f"after {whose_exit} exit. {_figures(notice, after)} {out}".rstrip()
    reason = await notice.reasons.to_the_last("eliminate", eliminated, notice.at_ms)
    return words_announcements.ceremony(notice.market, notice.payload, _prices(notice.market, alt), reason)


async def resolved(notice: NoticeContext) -> Reply:
    names = await notice.uow.members.names(notice.market.id)
    winners = winners_of(notice.payload)
    who = listed([name_of(notice.market.params, winner) for winner in winners])
    alt = f"{who} {'wins' if len(winners) == 1 else 'share'}: the podium, and every price from the start to the end"
    before = {int(number): int(yes) for number, yes, _ in notice.payload["prices_before"]}
    if before:
        alt += f". Before it, {_figures(notice, before)}"
    reason = await notice.reasons.to_the_last("resolve", winners, notice.at_ms)
    return words_announcements.resolved(notice.market, notice.payload, names, _card(notice.market, alt), reason)


async def claimed(notice: NoticeContext) -> Reply:
    losers = notice.payload.get("losers")
    action, named = ("eliminate", losers) if losers else ("resolve", winners_of(notice.payload))
    return words_claims.claimed(notice.market, notice.payload, await notice.reasons.of(action, named, notice.at_ms))


async def corrected(notice: NoticeContext) -> Reply:
    named = notice.payload.get("losers") or winners_of(notice.payload)
    return words_claims.corrected(
        notice.market, notice.payload, await notice.reasons.of("correct", named, notice.at_ms)
    )


async def frozen(notice: NoticeContext) -> Reply:
    reason = await notice.reasons.by_hand("freeze", notice.at_ms) if notice.payload["round"] is None else ""
    return words_announcements.frozen(notice.payload, reason)


async def resumed(notice: NoticeContext) -> Reply | None:
    """After a round the ceremony has said it; a program reads no ceremony."""
    if notice.payload["round"] is not None:
        return words_announcements.resumed("") if notice.platform == PLATFORM else None
    return words_announcements.resumed(await notice.reasons.by_hand("resume", notice.at_ms))


async def paused(notice: NoticeContext) -> Reply:
    return words_announcements.paused(await notice.reasons.by_hand("pause", notice.at_ms))


async def voided(notice: NoticeContext) -> Reply:
    row = await notice.reasons.asked_by_hand("void", notice.at_ms)
    actor = None if row is None else row.actor
    member = None if actor is None else await notice.uow.members.get(notice.market.id, actor)
    person = None if actor is None else await notice.uow.people.get(actor)
    who = member.name if member else person.name if person else ""
    return words_announcements.voided(notice.payload, "" if row is None else row.reason, who)


async def retuned(notice: NoticeContext) -> Reply:
    who, reason = await asked_by(notice.uow, notice.market.id, notice.payload.get("action"))
    changed = kept_changes(notice.market.params, notice.payload.get("changes", ()))
    timetable = "rounds" in notice.payload["fields"]
    if timetable:
        moved, start = notice.payload.get("times", ()), notice.payload.get("start", ())
        return words_timetable.rescheduled(who, reason, moved, start)
    return words_announcements.retuned(changed, who, reason)


async def cut(notice: NoticeContext) -> Reply:
    who, reason = await asked_by(notice.uow, notice.market.id, notice.payload["action"])
    return words_cuts.cut(notice.market, notice.payload, reason, who)


SHOWS_TRADES = frozenset({"room"})  # platforms that show every trade as it happens


async def digest(notice: NoticeContext) -> Reply | None:
    """Not where everybody sees each trade anyway: it would push what people come for out of sight."""
    if notice.platform in SHOWS_TRADES:
        return None
    after, until = int(notice.payload["after"]), int(notice.payload["until"])
    activity = await notice.uow.trades.activity(notice.market.id, after, until)
    return words_announcements.digest(notice.market.params, notice.payload, activity, notice.now_ms)


async def countdown(notice: NoticeContext) -> Reply | None:
    """Not once it has happened."""
    return words_announcements.countdown(notice.payload) if int(notice.payload["at_ms"]) > notice.now_ms else None


async def overdue(notice: NoticeContext) -> Reply | None:
    """Not once it has been decided."""
    state = await notice.state()
    awaited = state.asked and state.frozen_for == notice.payload["round"]
    if not awaited:
        return None
    told = words_announcements.overdue(notice.payload)
    return replace(told, actions=(*told.actions, words_questions.decide(int(notice.payload["round"]))))


def _figures(notice: NoticeContext, prices: Mapping[int, int]) -> str:
    return yes_figures({number: name_of(notice.market.params, number) for number in prices}, prices)


def _prices(market: Market, alt: str) -> Picture:
    return Picture(kind="prices", market=market.id, tick=market.tick, alt=alt)


def _card(market: Market, alt: str) -> Picture:
    return Picture(kind="card", market=market.id, tick=market.tick, alt=alt)

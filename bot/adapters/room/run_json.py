"""`RunFacts` and checks as JSON for the page of a market's admins. Money in micro-dollars, moments epoch milliseconds,
outcomes counted from 0; what is typed is as it is typed in a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.adapters.room.render import render
from bot.chat.facts import MarketSetting, MemberRow, MonitorFigures, When
from bot.chat.reply import Page
from bot.market.run_check import Checked
from bot.market.run_facts import RunFacts
from bot.market.timetable import TimetableEntry
from bot.text.names import clean, clean_lines
from bot.words import proposals as words_proposals
from bot.words import terms as words
from bot.words.announcements import opened
from bot.words.event_file import sentence
from bot.words.reports import EXPORTS, GRAPHS
from bot.words.views import status_word
from bot.words.wording import announced
from storage.markets import BEFORE_START
from storage.records import Json, Market

LONGEST_TEXT = 4_000


def run_to_json(facts: RunFacts) -> dict[str, Json]:
    record = facts.market.record
    step = record.next_step
    before = record.status in BEFORE_START
    return {
        "market": record.id,
        "title": clean(record.title),
        "status": status_word(record),
        "state": record.status.value.lower(),
        "present": facts.present,
        "halted": None if record.halted is None else clean(record.halted),
        "now": facts.market.now_ms,
        "tick": record.tick,
        "tick_at": record.tick_ms,
        "start": record.start_ms,
        "planned": record.planned_start_ms,
        "step": None if step is None else {"kind": step.kind, "at": step.at_ms, "round": step.round},
        "preset": str(_drafted(facts).get("preset", "hype")),
        "outcomes": _outcomes(facts),
        "wordings": _wordings(facts),
        "examples": [[kind, text] for kind, text in words.WORDING_EXAMPLES],
        "timetable": _timetable(facts),
        "asked": _asked(facts),
        "claim": _claim(facts),
        "terms": [*(_group(facts, title, settings) for title, settings in facts.groups), _beside(record)],
        "warnings": [
            {"code": warning.code, "text": sentence(warning, record.params), "of": _warned(warning.code)}
            for warning in facts.warnings
        ],
        "opening": render(opened(record, announced(facts.wordings))) if before else None,
        "monitor": _monitor(facts.figures, record.volume),
        "most": record.params.z,
        "approvals": _approvals(facts),
        "where": [{"title": clean(chat.title), "platform": chat.platform} for chat in facts.where],
        "exports": [[name, about] for name, about in EXPORTS.items()],
        "graphs": [[name, about] for name, about in GRAPHS.items()],
    }


def _wordings(facts: RunFacts) -> list[Json]:
    return [
        {"at": row.ts_ms, "by": clean(facts.writers.get(row.actor, "")), "text": clean_lines(row.text, LONGEST_TEXT)}
        for row in facts.wordings
    ]


def _asked(facts: RunFacts) -> Json:
    """The round whose losers an admin is asked for."""
    asked = facts.asked
    if asked is None:
        return None
    return {"round": asked.round, "final": asked.final, "takes": asked.takes, "at": asked.at_ms}


def _claim(facts: RunFacts) -> Json:
    """What is paid when its window has passed."""
    claim = facts.market.state.claim
    if claim is None:
        return None
    until_ms = facts.market.record.epoch_ms(claim.until_ms)
    return {"winners": list(claim.winners), "losers": list(claim.losers), "until": until_ms}


def _approvals(facts: RunFacts) -> list[Json]:
    """Proposals that wait for another admin."""
    return [
        {
            "number": row.number,
            "what": words_proposals.what(facts.market.record.params, row),
            "by": clean(name),
            "at": row.ts_ms,
            "reason": clean(row.reason),
        }
        for row, name in facts.proposals
    ]


def presets_to_json() -> list[Json]:
    return [{"name": name, "title": title, "about": about} for name, (title, about) in words.PRESETS.items()]


def _drafted(facts: RunFacts) -> Mapping[str, Json]:
    values = facts.market.record.draft.get("values")
    return values if isinstance(values, Mapping) else {}


def _warned(code: str) -> list[Json]:
    return list(words.WARNED_TERMS.get(code, ()))


def _outcomes(facts: RunFacts) -> list[Json]:
    """`typed`: its number, which is clear in any command."""
    record, state = facts.market.record, facts.market.state
    return [
        {
            "outcome": number,
            "name": clean(name),
            "typed": f"#{number + 1}",
            "active": state.binaries[number].active if state.binaries else True,
        }
        for number, name in enumerate(record.params.outcome_names)
    ]


def _timetable(facts: RunFacts) -> dict[str, Json]:
    ahead = {left.number: left for left in facts.shown.ahead}
    rounds: list[Json] = []
    for number, (entry, times) in enumerate(zip(facts.table.entries, facts.shown.times, strict=True)):
        left = ahead.get(number)
        rounds.append(
            {
                **_round(entry),
                "at": [_when(when) for when in times],
                "takes": left.takes if left else None,
                "stay": left.stay if left else None,
                "begun": number < facts.begun,
            }
        )
    return {"typed": facts.typed, "set": facts.set_by_hand, "start": facts.table.start_ms, "rounds": rounds}


def _round(entry: TimetableEntry) -> dict[str, Json]:
    """As it was typed: times of its own, who goes."""
    losers = list(entry.losers) if isinstance(entry.losers, tuple) else []
    winner = entry.winner if isinstance(entry.winner, int) else None
    return {
        "final": entry.winner is not None,
        "freeze": _when(entry.freeze),
        "decide": _when(entry.decide),
        "count": entry.count,
        "named": [f"#{outcome + 1}" for outcome in losers],
        "winner": None if winner is None else f"#{winner + 1}",
    }


def _when(when: When) -> Json:
    return {"ms": when.ms, "relative": when.relative, "typed": when.typed()}


def _group(facts: RunFacts, title: str, settings: Sequence[MarketSetting]) -> dict[str, Json]:
    return {
        "title": title,
        "experts": title in words.EXPERTS,
        "settings": [
            {
                "name": setting.name,
                "typed": setting.typed_name,
                "label": words.LABELS[setting.name],
                "about": words.EFFECTS.get(setting.name) or f"{setting.about[:1].upper()}{setting.about[1:]}.",
                "value": setting.value,
                "choices": list(setting.choices),
                "fixed": setting.fixed,
                "range": _range(facts, setting),
            }
            for setting in settings
        ],
    }


def _beside(record: Market) -> dict[str, Json]:
    """What is no term of the market and is set by the same command."""
    values = {"keys": record.keys, "public": "on" if record.public else "off"}
    return {
        "title": words.BESIDE_TITLE,
        "experts": False,
        "settings": [
            {
                "name": name,
                "typed": name,
                "label": words.LABELS[name],
                "about": words.EFFECTS[name],
                "value": value,
                "choices": list(words.BESIDE_CHOICES[name]),
                "fixed": record.over,
                "range": "",
                "beside": True,
            }
            for name, value in values.items()
        ],
    }


def _range(facts: RunFacts, setting: MarketSetting) -> str:
    known = facts.ranges.get(setting.name)
    if setting.fixed:
        return words.fixed()
    if known is None or setting.name in words.WITHOUT_RANGE:
        return words.on_or_off() if setting.choices == ("on", "off") else ""
    if known.safe_least:
        return words.safe_from(known.safe_least)
    return words.safe_to(known.safe_most) if known.safe_most else words.between(known.least, known.most)


def _monitor(figures: MonitorFigures, volume: int) -> dict[str, Json]:
    """`volume` in all, not of the last tick; `times`: how long the last ticks took, microseconds, newest first."""
    metric = figures.metric
    return {
        "people": figures.people,
        "traders": figures.traders,
        "trades": figures.trades,
        "volume": volume,
        "risk": max(0, metric.mm_risk) if metric else 0,
        "worst": max(0, figures.worst),
        "earned": metric.mm_profit if metric else 0,
        "pending": figures.pending + figures.actions,
        "resting": figures.resting,
        "times": list(figures.times),
        "outbox": [
            {
                "platform": backlog.platform,
                "rows": backlog.rows,
                "oldest": backlog.oldest_ms,
                "dropped": backlog.dropped,
            }
            for backlog in figures.waiting
        ],
        "deciders": [{"name": clean(name), "part": part} for name, part in figures.deciders],
    }


def members_to_json(page: Page[MemberRow]) -> dict[str, Json]:
    return {
        "page": page.number,
        "pages": page.pages,
        "total": page.total,
        "rows": [
            {
                "number": row.person,
                "place": row.place,
                "name": clean(row.name),
                "cash": row.balance,
                "worth": row.worth,
                "stake": row.stake,
                "trades": row.trades,
                "barred": row.barred,
                "unranked": row.unranked,
            }
            for row in page.rows
        ],
    }


def checked_to_json(checked: Checked) -> dict[str, Json]:
    return {
        "mistakes": [
            {"part": mistake.part, "text": mistake.sentence, "ways": list(mistake.ways)} for mistake in checked.mistakes
        ],
        "warnings": [{"code": code, "text": text, "of": _warned(code)} for code, text in checked.warnings],
        "moments": [[_when(freeze), _when(decide)] for freeze, decide in checked.moments],
        "start": checked.start_ms,
        "starts": [[clean(name), price] for name, price in checked.starts],
    }

"""What is decided by hand: previews in numbers, claims and corrections as the chat hears them, grants."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.facts import DecisionPreview
from bot.chat.reply import Line, Reply, Stamp, Tone, code, line
from bot.text.names import clean
from bot.text.numbers import Cut, money, price, span
from bot.words.admin import DECISION_NAMES, buttons
from bot.words.announcements import inheritance, sum_line, taken_back
from bot.words.claims import claim_preview, correctable
from bot.words.proposals import deadline, proposed_by, second_eyes
from bot.words.rounds_left import used_up
from bot.words.shared import listed, name_of, no, people, say
from engine.events import Claimed, Corrected, Eliminated, Resolved, Voided
from engine.terms import MarketParams
from storage.records import Market, Member

Used = Sequence[tuple[int, int, int, int]]

# -- previews


def preview(shown: DecisionPreview) -> Reply:
    """In numbers, before Confirm."""
    rows: list[Line] = []
    if shown.stale:
        rows.append(line("Something changed since the last look; here is how it stands now."))
    if shown.proposal is not None:
        rows.append(proposed_by(shown.proposal, shown.proposer, shown.now_ms))
    head, label = _would(shown, rows)
    rows += used_up(shown.used)
    rows += _lasting(shown)
    if shown.part:
        because = ", and no round asks for this now" if shown.kind in {"eliminate", "resolve"} else ""
        rows += second_eyes(shown.record.params, shown.part, shown.others, because)
        rows.append(deadline(shown.record, shown.kind))
        label = "Confirm the proposal"
    kept = [row for row in rows if row]
    return say(head, blocks=kept, actions=buttons(label, shown.again, shown.person), tone=Tone.WAIT)


def _would(shown: DecisionPreview, rows: list[Line]) -> tuple[str, str]:
    """The sentence and the button; the numbers go to `rows`."""
    event, params = shown.event, shown.record.params
    if isinstance(event, Eliminated):
        return _eliminate_preview(event, params, rows)
    if isinstance(event, Resolved):
        return _resolve_preview(event, params, rows)
    if isinstance(event, Claimed | Corrected):
        return claim_preview(shown, event, rows)
    if isinstance(event, Voided):
        return _void_preview(event, rows)
    rows.append(line("What it comes to cannot be said beforehand; if a check fails again, nothing happens."))
    return f"{DECISION_NAMES[shown.kind]} would be tried on a halted market.", "Confirm the try"


def _lasting(shown: DecisionPreview) -> list[Line]:
    """Whether it can be put right once it is confirmed, and until when."""
    event = shown.event
    if isinstance(event, Claimed | Corrected):
        return correctable(shown.record, event)
    if isinstance(event, Eliminated):
        return [line("This is final: it cannot be corrected, only called off with the whole market. ", _MAY_MOVE)]
    if isinstance(event, Resolved):
        rows = [line("This is final: everybody is paid at once, and it can be neither corrected nor called off.")]
        if shown.part is None:
            rows.append(line(code("/admin set dispute 10m"), " before it leaves ten minutes in which it can be."))
        return rows
    return [line("This cannot be undone. ", _MAY_MOVE)]


_MAY_MOVE = "Prices may move until you confirm."


def _eliminate_preview(event: Eliminated, params: MarketParams, rows: list[Line]) -> tuple[str, str]:
    whose = listed([name_of(params, i) for i in event.outcomes])
    facts = event.to_json()
    rows.append(
        line(
            f"{money(event.paid)} would be paid to {people(event.holders_no, 'holder', 'holders')} of NO."
            if event.paid
            else "Nobody holds NO, so nothing would be paid."
        )
    )
    rows.append(inheritance(params, event.outcomes, facts))
    rows.append(line(sum_line(facts)))
    return f"{whose} would be out.", clean(f"Confirm {whose} out", 80)


def _resolve_preview(event: Resolved, params: MarketParams, rows: list[Line]) -> tuple[str, str]:
    name = _names(params, event.winners)
    rows.append(line(_would_be_paid(event.paid, event.holders)))
    rows += _stands_at(event, "The market ends with it.")
    if len(event.winners) > 1:
        return f"{name} would share the win.", clean(f"Confirm {name} share", 80)
    return f"{name} would win.", clean(f"Confirm {name} wins", 80)


def _names(params: MarketParams, outcomes: Sequence[int]) -> str:
    return listed([name_of(params, number) for number in outcomes])


def _would_be_paid(amount: int, holders: int, when: str = "") -> str:
    if not amount:
        return "Nobody holds a token that would be right."
    return f"{money(amount)} would be paid to {people(holders, 'holder', 'holders')} of tokens that are right{when}."


def _stands_at(event: Resolved | Claimed, then: str) -> list[Line]:
    before = {i: yes for i, yes, _ in event.prices_before}
    if len(event.winners) != 1 or event.winners[0] not in before:
        return [line(then)]
    return [line(f"Its YES stands at {price(before[event.winners[0]])}. {then}")]


def _void_preview(event: Voided, rows: list[Line]) -> tuple[str, str]:
    rows.append(
        line("It would be as if the market had never been: everybody would end with exactly what they were given.")
    )
    rows.append(line(taken_back([amount for _, amount in event.amounts], would=True)))
    return "The whole market would be called off.", "Confirm calling it off"


def decided(market: Market, kind: str, outcomes: Sequence[int], at_ms: int, window: int, used: Used = ()) -> Reply:
    """Confirmed at `at_ms` (epoch), and paid when the `window` (ms) has passed; a second press says the same.
    `used` as in `DecisionPreview`."""
    whose = listed([name_of(market.params, i) for i in outcomes])
    one, next_ = len(outcomes) == 1, "with the next tick"
    is_, goes = ("is", "goes") if one else ("are", "go")
    wins = f"{whose} {is_} named {'the winner' if one else 'to share the win'}"
    words = {
        "eliminate": f"{whose} {is_} declared out {next_}." if window else f"{whose} {goes} out {next_}.",
        "resolve": f"{wins} {next_}." if window else f"{whose} {'wins' if one else 'share the win'} {next_}.",
        "correct": f"{whose} {is_} named instead, {next_}.",
        "void": f"The market is called off {next_}.",
    }
    if not window:
        then = "Everybody is told and paid then." + ("" if kind == "void" else " It is final.")
        return say(words[kind], blocks=(line(then), *used_up(used)), tone=Tone.GOOD)
    rows = (
        line(f"Everybody is told then; whoever it pays is paid {span(window)} later, and nothing trades before."),
        line("If it is wrong, name another with ", code("/admin correct"), " before ", Stamp(at_ms + window), "."),
        *used_up(used),
    )
    return say(words[kind], blocks=rows, tone=Tone.GOOD)


# -- grants


def no_such_member(typed: str) -> Reply:
    return no(
        f"Nobody called “{clean(typed)}” takes part in this market.",
        blocks=(line(code("/admin users"), " lists who does; a name with spaces goes in quotes."),),
    )


def nobody_behind(member: Member) -> Reply:
    """Of an account whose owner was forgotten."""
    return no(
        f"Nobody is behind {clean(member.name)} any more: they asked to be forgotten. Nothing was given.",
        blocks=(line(code("/admin users"), " lists who takes part."),),
    )


def grants_need_a_running_market(market: Market) -> Reply:
    return no(
        f"{clean(market.title)} has not started, and money can be granted only while it runs.",
        blocks=(
            line(code("/admin set balance $2000"), " changes what everybody starts with. "),
            line(code("/admin start"), " begins trading."),
        ),
    )


def several_members(typed: str, members: Sequence[Member]) -> Reply:
    """Names may be alike; numbers are not."""
    names = [f"{clean(member.name)} (#{member.person})" for member in members[:8]]
    return no(
        f"“{clean(typed)}” could be {listed(names, 'or')}.",
        blocks=(line("Say the whole name, or the number with its sign, as in ", code(f"#{members[0].person}"), "."),),
    )


def grant_preview(member: Member, amount: int, again: str, person: int | None, *, stale: bool) -> Reply:
    free, given = member.available, member.stake + member.coming
    rows = [line("Something changed since the last look; here is how it stands now.")] if stale else []
    rows += [
        line(f"Free now {money(free, Cut.DOWN)}, then {money(free + amount, Cut.DOWN)}."),
        line(f"Given so far {money(given)}, then {money(given + amount)}; gains are measured against that."),
        line("It is told in private and stands in the log; it cannot be taken back."),
    ]
    return say(
        f"{clean(member.name)} would get {money(amount)}.",
        blocks=rows,
        actions=buttons("Confirm the grant", again, person),
        tone=Tone.WAIT,
    )


def granted(member: Member, amount: int) -> Reply:
    """Confirmed; a second press says the same."""
    return say(
        f"{clean(member.name)} gets {money(amount)} with the next tick.",
        blocks=(line("It is told in private and stands in the log."),),
        tone=Tone.GOOD,
    )

"""What is decided by hand: previews in numbers, proposals and who approves them, corrections, grants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.chat.facts import DecisionEvent, DecisionPreview, Involvement
from bot.chat.reply import Action, Audience, Line, Reply, Stamp, Style, Tone, code, line
from bot.text.names import clean
from bot.text.numbers import Cut, money, price, span
from bot.words.admin import DECISION_NAMES, buttons
from bot.words.announcements import count, inheritance, late, sentence, sum_line, taken_back, to_chat
from bot.words.audit import head_line
from bot.words.refusals import holdings
from bot.words.shared import first_upper, listed, listed_outcomes, name_of, no, people, plural, say, winners_of
from engine.events import Claimed, Corrected, Eliminated, Resolved, Voided
from engine.terms import MarketParams
from storage.records import Approval, Market, Member

Facts = Mapping[str, Any]  # a payload; its shape is in the table of scheduler.notices


# -- previews


def preview(shown: DecisionPreview) -> Reply:
    """In numbers, before Confirm."""
    event, params = shown.event, shown.record.params
    rows: list[Line] = []
    if shown.stale:
        rows.append(line("Something changed since the last look; here is how it stands now."))
    if shown.proposal is not None:
        rows.append(_proposed_by(shown.proposal, shown.proposer, shown.now_ms))
    head, label = _would(shown.kind, event, params, rows)
    rows.append(line(_lasting(event, params)))
    if shown.part:
        rows += _second_eyes(params, shown.part, shown.others)
        label = "Confirm the proposal"
    return say(head, blocks=rows, actions=buttons(label, shown.again, shown.person), tone=Tone.WAIT)


def _would(kind: str, event: DecisionEvent, params: MarketParams, rows: list[Line]) -> tuple[str, str]:
    """The sentence and the button; the numbers go to `rows`."""
    if isinstance(event, Eliminated):
        return _eliminate_preview(event, params, rows)
    if isinstance(event, Resolved):
        return _resolve_preview(event, params, rows)
    if isinstance(event, Claimed):
        return _claim_preview(event, params, rows)
    if isinstance(event, Corrected):
        return _correct_preview(event, params, rows)
    if isinstance(event, Voided):
        return _void_preview(event, rows)
    rows.append(line("What it comes to cannot be said beforehand; if a check fails again, nothing happens."))
    return f"{DECISION_NAMES[kind]} would be tried on a halted market.", "Confirm the try"


def _lasting(event: DecisionEvent, params: MarketParams) -> str:
    if isinstance(event, Claimed | Corrected):
        return f"It can be corrected for {span(params.dispute_window)}; trading does not open again."
    return "This cannot be undone. Prices may move until you confirm."


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
    return f"{whose} would be out.", f"Confirm {whose} out"[:80]


def _resolve_preview(event: Resolved, params: MarketParams, rows: list[Line]) -> tuple[str, str]:
    name = _names(params, event.winners)
    rows.append(line(_would_be_paid(event.paid, event.holders)))
    rows += _stands_at(event, "The market ends with it.")
    if len(event.winners) > 1:
        return f"{name} would share the win.", f"Confirm {name} share"[:80]
    return f"{name} would win.", f"Confirm {name} wins"[:80]


def _claim_preview(event: Claimed, params: MarketParams, rows: list[Line]) -> tuple[str, str]:
    name = _names(params, event.winners)
    rows.append(line(_would_be_paid(event.due, event.holders, f", {span(params.dispute_window)} later")))
    rows += _stands_at(event, "Trading ends with it and every order in the book goes back.")
    if len(event.winners) > 1:
        return f"{name} would be named to share the win.", f"Confirm {name} share"[:80]
    return f"{name} would be named the winner.", f"Confirm {name} wins"[:80]


def _correct_preview(event: Corrected, params: MarketParams, rows: list[Line]) -> tuple[str, str]:
    name, before = _names(params, event.winners), _names(params, event.before)
    rows.append(line(_would_be_paid(event.due, event.holders, f", {span(params.dispute_window)} from then")))
    rows.append(line(f"Nobody has been paid for {before}, so nothing has to come back."))
    if len(event.winners) > 1:
        return f"{name} would be named to share the win instead of {before}.", f"Confirm {name} share"[:80]
    return f"{name} would be named the winner instead of {before}.", f"Confirm {name} wins"[:80]


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


def decided(market: Market, kind: str, outcomes: Sequence[int]) -> Reply:
    """Confirmed; a second press says the same."""
    whose = listed([name_of(market.params, i) for i in outcomes])
    window = market.params.dispute_window
    one, next_ = len(outcomes) == 1, "with the next tick"
    named = "is named the winner" if one else "are named to share the win"
    wins = f"{whose} {named} {next_}" if window else f"{whose} {'wins' if one else 'share the win'} {next_}"
    words = {
        "eliminate": f"{whose} {'goes' if one else 'go'} out {next_}.",
        "resolve": f"{wins}.",
        "correct": f"{whose} {named} instead, {next_}.",
        "void": f"The market is called off {next_}.",
    }
    later = kind == "correct" or (kind == "resolve" and window)
    then = f"Everybody is told then, and paid {span(window)} later." if later else "Everybody is told and paid then."
    return say(words[kind], blocks=(line(then),), tone=Tone.GOOD)


# -- proposals


def what(params: MarketParams, kind: str, outcomes: Sequence[int]) -> str:
    """`Brazil out`, `Germany the winner`, `Germany and Chile to share the win`, `Brazil the winner instead`."""
    whose = listed([name_of(params, i) for i in outcomes])
    wins = f"{whose} the winner" if len(outcomes) == 1 else f"{whose} to share the win"
    return {"eliminate": f"{whose} out", "resolve": wins}.get(kind, f"{wins} instead")


def has(params: MarketParams, part: Involvement) -> str:
    """`100 Germany YES and 2 orders that wait`."""
    orders = f"{plural(part.orders, 'order')} that {'waits' if part.orders == 1 else 'wait'}"
    return listed([*holdings(params, part.held), *([orders] if part.orders else [])])


def _second_eyes(params: MarketParams, part: Involvement, others: int) -> list[Line]:
    rows = [
        line(f"You have a part in it ({has(params, part)}), and no round asks for this now, so it is not yours alone:"),
        line("Confirming proposes it, and another admin who has no part in the market approves it."),
    ]
    return rows if others else [*rows, _nobody()]


def _nobody() -> Line:
    return line(
        "Nobody known here could right now. Make somebody without a part in it admin of this chat; or sell what you "
        "hold, cancel your orders and decide it yourself; or ",
        code("/admin void"),
        ".",
    )


def proposed(market: Market, approval: Approval, others: int) -> Reply:
    """Written down; a second press says the same."""
    approve = f"/admin approve {approval.number}"
    rows = [line(code(approve), " is for another admin who has no part in the market."), _nobody()]
    if others:
        who = "One admin" if others == 1 else f"{count(others).capitalize()} admins"
        rows = [line(f"{who} could approve it and {'is' if others == 1 else 'are'} told: ", code(approve), ".")]
    proposal = what(market.params, approval.kind, approval.outcomes)
    head = f"Proposed as number {approval.number}: {proposal}. Nothing happens yet."
    return say(head, blocks=rows, tone=Tone.WAIT)


def _proposed_by(approval: Approval, proposer: str, now_ms: int) -> Line:
    why = f": “{clean(approval.reason)}”" if approval.reason else ", without a reason"
    return line(f"Proposed by {clean(proposer)} {span(max(0, now_ms - approval.ts_ms))} ago{why}.")


def to_approve(
    market: Market, approval: Approval, proposer: str, part: Involvement, now_ms: int, *, here: bool
) -> Reply:
    """To the other admins; the button is for those who may press it, where it can be pressed (`here`)."""
    rows = [_proposed_by(approval, proposer, now_ms)]
    proposal = what(market.params, approval.kind, approval.outcomes)
    head = f"{clean(market.title)}: {proposal}? A proposal waits for a second admin."
    if part:
        rows.append(line(f"You have a part in it too ({has(market.params, part)}), so it is for another admin."))
        return say(head, blocks=rows, tone=Tone.WAIT)
    say_it = f"/admin approve {approval.number}"
    rows.append(line(code(say_it), " in the market's chat shows the numbers and asks once more."))
    look = (Action(label="Look at it", text=say_it),) if here else ()
    return say(head, blocks=rows, actions=look, tone=Tone.WAIT)


def proposals(market: Market, waiting: Sequence[tuple[Approval, str]], now_ms: int) -> Reply:
    """All that still stand."""
    if not waiting:
        return say(
            "No decision waits for approval.",
            blocks=(line("One does when an admin who has a part in the market decides what no round asked for."),),
        )
    rows: list[Line] = []
    for approval, proposer in waiting:
        rows.append(line(f"{approval.number}. {what(market.params, approval.kind, approval.outcomes)}."))
        rows.append(_proposed_by(approval, proposer, now_ms))
    actions = [
        Action(label=f"Look at {approval.number}", text=f"/admin approve {approval.number}")
        for approval, _ in waiting[:5]
    ]
    many = len(waiting) > 1
    head = f"{count(len(waiting)).capitalize()} {'decisions wait' if many else 'decision waits'} for approval."
    return say(head, blocks=rows, actions=actions)


def no_such_proposal(number: int) -> Reply:
    return no(f"There is no proposal {number} here.", blocks=(line(code("/admin approve"), " lists what waits."),))


def approved_already(market: Market, approval: Approval) -> Reply:
    return no(
        f"Proposal {approval.number} ({what(market.params, approval.kind, approval.outcomes)}) is approved already.",
        blocks=(line(code("/admin monitor"), " shows where the market stands."),),
    )


def own_proposal(market: Market, approval: Approval) -> Reply:
    return no(
        "This is your own proposal; another admin approves it.",
        blocks=(
            line(
                f"It is for one who has no part in the market: {what(market.params, approval.kind, approval.outcomes)}."
            ),
        ),
    )


def has_part(market: Market, part: Involvement) -> Reply:
    return no(
        f"You have a part in this market ({has(market.params, part)}), so this is not yours to approve.",
        blocks=(line("Another admin can, or you after you have sold it and cancelled what waits."),),
    )


def nameless(again: str) -> Reply:
    """To an anonymous admin or a channel, for everybody: nobody else can be told. `again` is what was typed."""
    refusal = no(
        "This takes an admin with a name: an anonymous one may have a part in the market, and nobody would know.",
        blocks=(
            line("Say it under your own name: press the button, or turn off your anonymity here and send it again."),
            line("What a round asks for can be decided anonymously; so can a freeze or a pause at any time."),
        ),
    )
    named = Action(label="Under my own name", text=again)
    return replace(refusal, actions=(named,), audience=Audience.CHAT)


def only_postponed(market: Market, part: Involvement) -> Reply:
    return no(
        f"You have a part in this market ({has(market.params, part)}), so of its timetable you can only postpone.",
        blocks=(line("Another admin can set this one, or you after you have sold it and cancelled what waits."),),
    )


def lapsed(market: Market, approval: Approval) -> Reply:
    return no(
        f"Proposal {approval.number} has lapsed: the market has moved on since it was made.",
        blocks=(
            line(
                f"It was: {what(market.params, approval.kind, approval.outcomes)}. ",
                code("/admin approve"),
                " lists what still waits.",
            ),
        ),
    )


# -- in the chat


def claimed(market: Market, facts: Facts, reason: str) -> Reply:
    """The winner is named; nobody is paid yet."""
    winners = winners_of(facts)
    wins = f" {'wins' if len(winners) == 1 else 'share'} {clean(market.title)}."
    wins += f" {first_upper(sentence(reason))}" if reason else ""
    rows = [_frozen_winnings(facts), _say_so(), late(facts), head_line(facts["head"])]
    head = listed_outcomes(market.params, winners, style=Style.BOLD)
    return to_chat(*head, wins, blocks=rows, actions=(_board(),), tone=Tone.LOUD)


def corrected(market: Market, facts: Facts, reason: str) -> Reply:
    """Another winner is named."""
    params = market.params
    winners, before = winners_of(facts), facts["before"] if isinstance(facts["before"], list) else [facts["before"]]
    wins = f" {'wins' if len(winners) == 1 else 'share'} {clean(market.title)}."
    wins += f" {first_upper(sentence(reason))}" if reason else ""
    rows = [
        line(*listed_outcomes(params, before), " had been named before, and nobody was paid for it."),
        _frozen_winnings(facts),
        _say_so(),
        head_line(facts["head"]),
    ]
    return to_chat(
        "Corrected: ",
        *listed_outcomes(params, winners, style=Style.BOLD),
        wins,
        blocks=rows,
        actions=(_board(),),
        tone=Tone.LOUD,
    )


def _frozen_winnings(facts: Facts) -> Line:
    due, until = int(facts["due"]), Stamp(int(facts["until_ms"]), countdown=True)
    if not due:
        return line("Nobody holds a token that is right. The market closes ", until, ".")
    holders = people(int(facts["holders"]), "holder", "holders")
    return line(f"Winnings are frozen: {money(due)} to {holders}, paid ", until, " if it stands.")


def _say_so() -> Line:
    return line("Is it wrong? Tell an admin before then.")


def _board() -> Action:
    return Action(label="Board", text="/board")


# -- grants


def no_such_member(typed: str) -> Reply:
    return no(
        f"Nobody called “{clean(typed)}” takes part in this market.",
        blocks=(line("A name with spaces goes in quotes, as in ", code('/admin grant "Bob the Great" $50'), "."),),
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

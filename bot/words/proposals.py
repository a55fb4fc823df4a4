"""A decision that needs a second pair of eyes: proposed by one admin, approved by another, or lapsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.chat.facts import Involvement, TermChange
from bot.chat.reply import Action, Audience, Line, Reply, Stamp, Tone, code, line
from bot.text.names import LONGEST_WORDING, clean, clean_lines
from bot.text.numbers import moment, money, span
from bot.words.refusals import holdings
from bot.words.shared import as_changes, count, listed, name_of, no, plural, say
from engine.terms import MarketParams
from storage.records import LASTING, Approval, ApprovalStatus, Market

PROPOSED = "proposed"
"""What a program goes by where nothing has happened yet, since another admin is to approve it."""

_SHOWN = 80  # characters of a text that is to be added to what decides


def what(params: MarketParams, approval: Approval) -> str:
    """`Brazil out`, `Germany the winner`, `Germany and Chile to share the win`, `Brazil named instead`; `fee 1% →
    2%`, `“Overtime counts.” added to what decides`."""
    kind, outcomes = approval.kind, approval.outcomes
    if kind == "about":
        return f"“{clean(str(approval.asked['text']), _SHOWN)}” added to what decides"
    if kind == "retune":
        return str(approval.asked["shown"])
    if kind == "grant":
        return f"{money(int(str(approval.asked['cash'])))} for #{approval.asked['user']}"
    if kind == "cut":
        return f"back to {moment(int(str(approval.asked['at_ms'])))}"
    whose = listed([name_of(params, i) for i in outcomes])
    wins = f"{whose} the winner" if len(outcomes) == 1 else f"{whose} to share the win"
    return {"eliminate": f"{whose} out", "resolve": wins}.get(kind, f"{whose} named instead")


def has(params: MarketParams, part: Involvement) -> str:
    """`100 Germany YES and 2 orders that wait`."""
    orders = f"{plural(part.orders, 'order')} that {'waits' if part.orders == 1 else 'wait'}"
    return listed([*holdings(params, part.held), *([orders] if part.orders else [])])


def second_eyes(params: MarketParams, part: Involvement, others: int, because: str = "") -> list[Line]:
    """`because` of what else than the part it is not theirs alone."""
    rows = [
        line(f"You have a part in it ({has(params, part)}){because}, so it is not yours alone:"),
        line("Confirming proposes it, and another admin who has no part in the market approves it."),
    ]
    return rows if others else [*rows, _nobody()]


def deadline(market: Market, kind: str) -> Line:
    """Until when what is about a claim that stands can be approved at all."""
    step = market.next_step
    if step is None or step.kind != "pay" or kind not in {"correct", "cut"}:
        return ()
    return line("It has to be approved before ", Stamp(step.at_ms), ", when what is claimed now is paid.")


def _nobody(*, own: bool = False) -> Line:
    """`own`: it is for the one who proposes it, whatever they hold."""
    if own:
        return line("Nobody known here could right now. Make somebody without a part in the market admin of this chat.")
    return line(
        "Nobody known here could right now. Make somebody without a part in it admin of this chat; or sell what you "
        "hold, cancel your orders and decide it yourself; or ",
        code("/admin void"),
        ".",
    )


def proposed(market: Market, approval: Approval, part: Involvement, others: int, asked_of: Sequence[str] = ()) -> Reply:
    """Written down; a second press says the same. `asked_of`: platforms that are being asked who could approve it."""
    approve = f"/admin approve {approval.number}"
    why = line("It is for yourself, so this is not yours alone.")
    if part:
        why = line(f"You have a part in the market ({has(market.params, part)}), so this is not yours alone.")
    rows = [line(code(approve), " is for another admin who has no part in the market."), _nobody(own=not part)]
    if others:
        who = "One admin" if others == 1 else f"{count(others).capitalize()} admins"
        rows = [line(f"{who} could approve it and {'is' if others == 1 else 'are'} told: ", code(approve), ".")]
    if asked_of:
        platforms = listed([platform.title() for platform in asked_of])
        rows = [
            line(
                f"{platforms} {'is' if len(asked_of) == 1 else 'are'} being asked who else runs this market's chats: "
                "whoever has no part in it is told in private, with buttons."
            ),
            line(code(f"{approve} no"), " takes it back."),
        ]
    rows = [row for row in (why, *rows, deadline(market, approval.kind)) if row]
    proposal = what(market.params, approval)
    head = f"Proposed as number {approval.number}: {proposal}. Nothing happens yet."
    return replace(say(head, blocks=rows, tone=Tone.WAIT), code=PROPOSED)


def nobody_could(market: Market, approval: Approval, *, own: bool) -> Reply:
    """To who proposed it, when everybody has been asked. `own`: it is for themselves."""
    head = f"{clean(market.title)}: nobody can approve proposal {approval.number} yet, {what(market.params, approval)}."
    return say(head, blocks=(_nobody(own=own),))


def admins_wanted() -> Reply:
    """In the chat, for everybody to read, with a mention of its admins' role: it gives nothing away."""
    head = "Something here waits for another admin."
    rows = (line("Whoever can answer it finds it in a private message, or by the button."),)
    actions = (Action(label="What waits", text="/admin approve"),)
    return say(head, blocks=rows, actions=actions, audience=Audience.CHAT, tone=Tone.WAIT)


def admins_answered() -> Reply:
    """In its place, when nothing waits any more."""
    return say("What waited for another admin here waits no more.", audience=Audience.CHAT)


def proposed_by(approval: Approval, proposer: str, now_ms: int) -> Line:
    why = f": “{clean(approval.reason)}”" if approval.reason else ", without a reason"
    return line(f"Proposed by {clean(proposer)} {span(max(0, now_ms - approval.ts_ms))} ago{why}.")


def to_approve(market: Market, approval: Approval, proposer: str, now_ms: int, numbers: Sequence[Line] = ()) -> Reply:
    """The question to an admin who could approve it: what is proposed, `numbers` it would come to, until when."""
    proposal = what(market.params, approval)
    head = f"{clean(market.title)}: {proposal}? A proposal waits for a second admin."
    rows = [*(numbers or (proposed_by(approval, proposer, now_ms),)), deadline(market, approval.kind)]
    rows += [
        _until(market, approval),
        line("Approve shows the numbers as they are then and asks once more; so does ", code(approve(approval)), "."),
    ]
    actions = (
        Action(label=clean(f"Approve {proposal}", 80), text=approve(approval), primary=True),
        Action(label="Not this", text=f"{approve(approval)} no"),
    )
    return say(head, blocks=[row for row in rows if row], actions=actions, tone=Tone.WAIT)


def approve(approval: Approval) -> str:
    return f"/admin approve {approval.number}"


def _until(market: Market, approval: Approval) -> Line:
    """When a proposal to decide something lapses by itself, as far as that is known."""
    step = market.next_step
    if approval.kind in LASTING:
        return line("It can be approved until the market is over.")
    if step is None or step.kind != "decide":
        return line("It lapses when the market moves on first.")
    return line("It lapses when the market moves on first: the next round is decided ", Stamp(step.at_ms), ".")


def proposals(market: Market, waiting: Sequence[tuple[Approval, str]], now_ms: int) -> Reply:
    """All that still stand."""
    if not waiting:
        return say(
            "Nothing waits for approval.",
            blocks=(
                line(
                    "Something does when an admin who has a part in the market decides what no round asked for, "
                    "changes its terms or adds to what decides."
                ),
            ),
        )
    rows: list[Line] = []
    for approval, proposer in waiting:
        rows.append(line(f"{approval.number}. {what(market.params, approval)}."))
        rows.append(proposed_by(approval, proposer, now_ms))
    actions = [
        Action(label=f"Look at {approval.number}", text=f"/admin approve {approval.number}")
        for approval, _ in waiting[:5]
    ]
    many = len(waiting) > 1
    head = f"{count(len(waiting)).capitalize()} {'proposals wait' if many else 'proposal waits'} for approval."
    return say(head, blocks=rows, actions=actions)


def terms_preview(
    approval: Approval,
    proposer: str,
    changed: Sequence[TermChange],
    again: str,
    person: int | None,
    now_ms: int,
    *,
    stale: bool,
) -> Reply:
    """A proposed change of terms, as it would be now."""
    rows = [line("Something changed since the last look; here is how it stands now.")] if stale else []
    rows += [
        proposed_by(approval, proposer, now_ms),
        line("It would hold from the next tick on, and the chat is told."),
    ]
    actions = (
        Action(label="Confirm the change", text=again, person=person, danger=True),
        Action(label="Cancel", text="/admin monitor", person=person),
    )
    return say(f"The terms would change: {as_changes(changed)}.", blocks=rows, actions=actions, tone=Tone.WAIT)


def with_proposer(preview: Reply, approval: Approval, proposer: str, now_ms: int) -> Reply:
    """A preview, with who proposed it and why."""
    return replace(preview, blocks=(proposed_by(approval, proposer, now_ms), *preview.blocks))


def text_preview(approval: Approval, proposer: str, again: str, person: int | None, now_ms: int) -> Reply:
    """A proposed addition to what decides."""
    rows = [
        *(line(row) for row in clean_lines(str(approval.asked["text"]), LONGEST_WORDING).split("\n") if row),
        proposed_by(approval, proposer, now_ms),
        line(
            "It cannot be changed or taken back. The chat is told, and everybody with a part in the market in private."
        ),
    ]
    actions = (
        Action(label="Confirm and tell all", text=again, person=person, danger=True),
        Action(label="Cancel", text="/admin monitor", person=person),
    )
    return say("This would be added to what decides:", blocks=rows, actions=actions, tone=Tone.WAIT)


def no_such_proposal(number: int) -> Reply:
    return no(f"There is no proposal {number} here.", blocks=(line(code("/admin approve"), " lists what waits."),))


def approved_by_you(market: Market, approval: Approval) -> Reply:
    """A second press."""
    return say(
        f"Approved: {what(market.params, approval)}.",
        blocks=(line(code("/admin log"), " says what became of it."),),
        tone=Tone.GOOD,
    )


def approved_already(market: Market, approval: Approval, by: str = "") -> Reply:
    whose = f" by {clean(by)}" if by else ""
    return no(
        f"Proposal {approval.number} ({what(market.params, approval)}) is approved already{whose}.",
        blocks=(line(code("/admin monitor"), " shows where the market stands."),),
    )


def own_proposal(market: Market, approval: Approval) -> Reply:
    return no(
        "This is your own proposal; another admin approves it.",
        blocks=(line(f"It is for one who has no part in the market: {what(market.params, approval)}."),),
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


def became(market: Market, approval: Approval, by: str) -> str:
    """What a proposal that waits no more came to, in a sentence; `by`: who decided it, where somebody did."""
    proposal = what(market.params, approval)
    if approval.status is ApprovalStatus.APPROVED:
        return f"Decided by {clean(by)}: {proposal}, approved."
    if approval.declined:
        return f"Decided by {clean(by)}: not this ({proposal})."
    return f"Lapsed: the market moved on before {proposal} was approved."


def over(market: Market, approval: Approval, by: str) -> Reply:
    """In the place of the question."""
    return say(f"{clean(market.title)}: {became(market, approval, by)}")


def declined(market: Market, approval: Approval, *, own: bool) -> Reply:
    """Turned down; a second press says the same. `own`: taken back by who proposed it."""
    proposal = what(market.params, approval)
    rows = (line("Nothing of it happens."),) if own else (line("Nothing of it happens, and who proposed it is told."),)
    return say(f"{'Taken back' if own else 'Turned down'}: {proposal}.", blocks=rows)


def told_over(market: Market, approval: Approval, proposer: str, by: str) -> Reply:
    """To who proposed it, when nothing comes of it."""
    proposal = what(market.params, approval)
    again = "The market is over." if market.over else "If you still want it, propose it anew."
    if approval.declined:
        head = f"{clean(market.title)}: {clean(by)} did not approve proposal {approval.number}, {proposal}."
        return say(head, blocks=(line("Nothing of it happened. ", again),))
    head = f"{clean(market.title)}: proposal {approval.number} has lapsed, {proposal}."
    return say(head, blocks=(line("The market moved on before another admin approved it."), line(again)))


def declined_already(market: Market, approval: Approval, by: str) -> Reply:
    return no(
        became(market, approval, by),
        blocks=(line("Nothing of it happened. ", code("/admin approve"), " lists what still waits."),),
    )


def lapsed(market: Market, approval: Approval) -> Reply:
    return no(
        f"Proposal {approval.number} has lapsed: the market has moved on since it was made.",
        blocks=(
            line(
                f"It was: {what(market.params, approval)}. ",
                code("/admin approve"),
                " lists what still waits.",
            ),
        ),
    )

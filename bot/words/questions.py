"""What admins are asked, with buttons: who is out, who has won; and what each such message says once it is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.reply import Action, Reply, Tone, code, line
from bot.text.names import clean
from bot.words.announcements import late, round_name
from bot.words.shared import count, first_upper, listed, listed_outcomes, name_of, no, say
from engine.terms import MarketParams
from storage.records import Market

Facts = Mapping[str, Any]  # a payload; its shape is in the table of scheduler.notices

MOST_NAMES = 24  # a menu of Discord takes 25 options, and one is for going on


def decide(round_: int) -> Action:
    """For the admins of a chat, below what everybody reads; nobody else gets any further."""
    return Action(label="Decide (admins)", text=_line(round_, ()))


def round_asked(market: Market, facts: Facts, active: Sequence[int]) -> Reply:
    """To the admins, until one of them has answered: a button for each that is still in."""
    round_, final, takes = int(facts["round"]), bool(facts["final"]), int(facts["count"])
    who = "who has won the final?" if final else f"who is out in {round_name(round_)}? Name {count(takes)}."
    again = "Still waiting. " if facts.get("again") else ""
    typed = "/admin resolve" if final else "/admin eliminate"
    rows = [
        line("Still in: ", *listed_outcomes(market.params, active), "."),
        late(facts),
        line(
            "A button shows what it would pay and asks once more; so does ",
            code(typed),
            " and who. Trading stays frozen until it is decided.",
        ),
    ]
    return Reply(
        head=line(again, f"{clean(market.title)}: {who}"),
        blocks=tuple(row for row in rows if row),
        actions=buttons(market.params, round_, takes, active, (), final=final),
        tone=Tone.COLD,
    )


def buttons(
    params: MarketParams, round_: int, takes: int, active: Sequence[int], chosen: Sequence[int], *, final: bool
) -> tuple[Action, ...]:
    """One press a name where one is to be named; else each press takes a name in or out, and the last goes on."""
    if takes == 1 and not chosen:
        names = [Action(label=name_of(params, number), text=_line(round_, (number,))) for number in active[:MOST_NAMES]]
        shared = _line(round_, ()) + " shared"
        return (*names, *([Action(label="Several share it …", text=shared)] if final and len(active) > 2 else ()))
    whole = len(chosen) == takes or (final and len(chosen) > 1)
    listed_first = [*chosen, *(number for number in active if number not in chosen)]
    shown = chosen if whole and not final else sorted(listed_first[: MOST_NAMES + (not whole)])
    toggles = [_toggle(params, round_, number, chosen) for number in shown]
    if not whole:
        return tuple(toggles)
    named = listed([name_of(params, number) for number in chosen])
    label = clean(f"Go on: {named} {'share it' if final else 'out'}", 80)
    return (Action(label=label, text=f"{_line(round_, chosen)} go", primary=True), *toggles)


def _toggle(params: MarketParams, round_: int, number: int, chosen: Sequence[int]) -> Action:
    """A name that is chosen is marked, and its press takes it out again."""
    held = number in chosen
    after = [other for other in chosen if other != number] if held else [*chosen, number]
    label = f"✓ {name_of(params, number)}" if held else name_of(params, number)
    return Action(label=label, text=f"{_line(round_, after)} some")


def _line(round_: int, chosen: Sequence[int]) -> str:
    """`/admin pick 3 1,4`: rounds and outcomes counted from 1, as people do; 0 for none."""
    return f"/admin pick {round_ + 1} {','.join(str(number + 1) for number in chosen) or 0}"


def one_of(market: Market, round_: int, active: Sequence[int], *, final: bool) -> Reply:
    """Where one is to be named: a button a name."""
    who = "who has won the final?" if final else f"who is out in {round_name(round_)}?"
    shown = line("A press shows what it would pay and asks once more.")
    actions = buttons(market.params, round_, 1, active, (), final=final)
    return say(f"{clean(market.title)}: {who}", blocks=(shown,), actions=actions, tone=Tone.COLD)


def picking(
    market: Market, round_: int, takes: int, active: Sequence[int], chosen: Sequence[int], *, final: bool
) -> Reply:
    """While several are being named: who is, and how many are missing."""
    missing = takes - len(chosen)
    who = listed([name_of(market.params, number) for number in chosen]) or "nobody yet"
    head = f"Who shares the win? So far {who}." if final else f"Who is out in {round_name(round_)}? So far {who}."
    more = "Name two or more." if final else f"{first_upper(count(missing))} more." if missing > 0 else ""
    rows = [line(more)] if more else []
    rows.append(line("A press takes a name in or out; nothing happens before you have seen the numbers and confirmed."))
    actions = buttons(market.params, round_, max(2, takes), active, chosen, final=final)
    return say(f"{clean(market.title)}: {head}", blocks=rows, actions=actions, tone=Tone.COLD)


def asked_no_more(market: Market, round_: int, *, final: bool) -> Reply:
    """To who presses a button of a question that is over."""
    what = first_upper(round_name(round_, final=final))
    return no(
        f"{what} of {clean(market.title)} asks for nothing now: it is decided, or was moved.",
        blocks=(line("Nothing was changed. ", code("/board"), " shows where the market stands."),),
    )


# -- over


def round_over(market: Market, facts: Facts, by: str) -> Reply:
    """In the place of the question; `by`: the name of who decided it, where somebody did."""
    why = str(facts["why"])
    if why == "again":
        return _over(market, "Asked again below.")
    who = f"Decided by {clean(by)}" if by else "Decided"
    outcomes = [int(number) for number in facts.get("outcomes", ())]
    named = listed([name_of(market.params, number) for number in outcomes])
    is_, wins = ("is", "wins") if len(outcomes) == 1 else ("are", "share the win")
    final = int(facts["round"]) == len(market.params.rounds) - 1
    sentences = {
        "eliminated": f"{who}: {named} {is_} out.",
        "claimed": f"{who}: {named} {wins if final else f'{is_} declared out'}, paid when it can be corrected no more.",
        "resolved": f"{who}: {named} {wins}.",
        "voided": f"{who}: the market is called off.",
    }
    what = round_name(int(facts["round"]), final=final)
    return _over(market, sentences.get(why, f"{first_upper(what)} asks for nothing any more: the market moved on."))


def _over(market: Market, sentence: str) -> Reply:
    return say(f"{clean(market.title)}: {sentence}")

"""The course of a market, as everybody in the chat hears it, and what one person is told without having asked.

Payloads are those of `scheduler.notices` and `scheduler.signals`: epoch milliseconds, micro-dollars, outcomes from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.chat.facts import TermChange
from bot.chat.reply import (
    Action,
    Audience,
    Block,
    Line,
    Part,
    Picture,
    Reply,
    Span,
    Stamp,
    Style,
    Tone,
    bold,
    code,
    line,
)
from bot.text.names import clean
from bot.text.numbers import CENT, MICRO, Cut, gain, money, price, price_change, round_money, span, split, tokens
from bot.text.numbers import places as places_of
from bot.words.audit import CHECK, sealed
from bot.words.rounds_left import used_up
from bot.words.shared import (
    BALANCE,
    BOARD,
    INVITE,
    as_changes,
    count,
    first_upper,
    leaders,
    listed,
    listed_outcomes,
    name_of,
    outcome,
    people,
    plural,
    side_word,
    start_price,
    token_name,
    winners_of,
)
from engine.state import Side
from engine.terms import MarketParams
from storage.records import Market
from storage.trades import Activity

Facts = Mapping[str, Any]  # a payload; its shape is in the tables of scheduler.notices and scheduler.signals

_DIGEST_SHOWN = 5
_PODIUM_SHOWN = 6  # more than three only where people tie
_STEP_MARKS = {1: "🥇", 2: "🥈", 3: "🥉"}


def to_chat(
    *head: str | Part,
    blocks: Sequence[Block] = (),
    actions: Sequence[Action] = (),
    tone: Tone = Tone.NEUTRAL,
) -> Reply:
    return Reply(
        head=line(*head),
        blocks=tuple(block for block in blocks if block),
        actions=tuple(actions),
        audience=Audience.CHAT,
        tone=tone,
    )


def round_name(number: int | None, *, final: bool = False) -> str:
    """`round 2`, `the final`."""
    return "the final" if final else f"round {(number or 0) + 1}"


def sentence(text: str) -> str:
    """Somebody's own words with a full stop where they have none."""
    text_ = clean(text)
    return text_ if text_[-1:] in ".!?…" else f"{text_}."


# -- beginning


def opened(market: Market, decides: Sequence[Line] = ()) -> Reply:
    """The lobby: people can join. `decides` is what its admins wrote."""
    params = market.params
    rows = [
        line(INVITE),
        line("In it: ", *listed_outcomes(params, range(params.n_outcomes)), ". Exactly one wins."),
        line(f"Everybody gets {money(params.starting_balance)} to trade with. Press Join to take part."),
    ]
    if market.planned_start_ms is not None:
        rows.append(line("Trading starts ", Stamp(market.planned_start_ms), "."))
    actions = (
        Action(label="Join", text="/join", primary=True),
        Action(label="Rules", text="/rules"),
        Action(label="Open the room", app=f"m{market.id}"),
    )
    rows += decides
    return to_chat(f"{clean(market.title)}: the doors are open.", blocks=rows, actions=actions, tone=Tone.GOOD)


def opened_on_board(doors: Reply, board: Reply) -> Reply:
    """Both in one: what a stranger needs to know, and the board."""
    return replace(doors, blocks=(*doors.blocks, *board.blocks), ping="opening")


def started(market: Market, facts: Facts) -> Reply:
    params = market.params
    start = {i: start_price(params, i) for i in range(params.n_outcomes)}
    first = leaders(start)
    joined = int(facts["people"])
    cash = money(params.starting_balance)
    begin = f"{people(joined)} start with {cash} each; " if joined > 1 else f"1 person starts with {cash}; "
    rows = [
        line(
            begin if joined else f"Nobody has joined yet; everybody gets {cash}; ",
            *_begin(params, first),
            f" at {price(start[first[0]])}.",
        ),
        line("New here? Join still lets you in."),
    ]
    rows.append(late(facts))
    actions = (
        Action(label="Join", text="/join", primary=True),
        Action(label="Buy", text="/buy", asks=True),
        Action(label="Rules", text="/rules"),
        Action(label="Open the room", app=f"m{market.id}"),
    )
    return to_chat(f"{clean(market.title)} is open for trading.", blocks=rows, actions=actions, tone=Tone.GOOD)


def _begin(params: MarketParams, first: Sequence[int]) -> list[str | Part]:
    """Who begins ahead, of those who look level all."""
    if len(first) == 1:
        return [outcome(params, first[0]), " begins ahead"]
    if len(first) == params.n_outcomes:
        return ["all begin level"]
    return [*listed_outcomes(params, first), " begin level, ahead of the others,"]


# -- rounds


def countdown(facts: Facts) -> Reply:
    what = first_upper(round_name(facts["round"], final=bool(facts["final"])))
    last = line("Trading does not open again after it." if facts["final"] else "Orders sent before it count.")
    if facts.get("takes") == 0:
        what += ", which has nobody left to put out,"
        last = line(
            "It freezes all the same, and trading opens again ", Stamp(int(facts["decide_ms"])), " by itself. ", *last
        )
    return to_chat(f"{what} freezes ", Stamp(int(facts["at_ms"]), countdown=True), ".", blocks=[last], tone=Tone.COLD)


def countdown_over(facts: Facts) -> Reply:
    """In the place of the countdown, which has come to its end."""
    what = first_upper(round_name(facts["round"], final=bool(facts["final"])))
    last = "Trading has closed." if facts["final"] else "Orders sent before that moment counted."
    return to_chat(f"{what} froze ", Stamp(int(facts["at_ms"])), ".", blocks=[line(last)], tone=Tone.COLD)


def frozen(facts: Facts, reason: str = "") -> Reply:
    if facts["round"] is None:
        return to_chat(
            "Trading is frozen by an admin.",
            blocks=[
                _why(reason),
                line("Nothing is charged while it is."),
            ],
            actions=(BOARD,),
            tone=Tone.COLD,
        )
    final = bool(facts["final"])
    if not final and facts.get("takes") == 0:
        return _frozen_for_nobody(facts)
    head = (
        "Trading has closed: the final is being decided."
        if final
        else (f"Trading is frozen: {round_name(facts['round'])} is being decided.")
    )
    decide = facts.get("decide_ms")
    rows = [line("The result is due ", Stamp(int(decide)), ".")] if decide is not None else []
    rows.append(late(facts))
    return to_chat(head, blocks=rows, tone=Tone.COLD)


def _frozen_for_nobody(facts: Facts) -> Reply:
    """A round whose losers are out already."""
    name = round_name(facts["round"])
    until = Stamp(int(facts["decide_ms"]))
    rows = [
        line(f"Everybody whom {name} was to put out is out already. It is kept in case something is decided now."),
        line("Trading opens again ", until, " by itself; an admin can open it sooner."),
        late(facts),
    ]
    return to_chat(f"Trading is frozen for {name}, which has nobody left to put out.", blocks=rows, tone=Tone.COLD)


def overdue(facts: Facts) -> Reply:
    """To everybody, once: the word of an admin is late."""
    final = bool(facts["final"])
    until = "nobody is paid until then" if final else "trading stays closed until then"
    head = f"The decision on {round_name(facts['round'], final=final)} was due "
    return to_chat(
        head, Stamp(int(facts["at_ms"])), ".", blocks=[line(f"An admin is awaited: {until}.")], tone=Tone.COLD
    )


def late(facts: Facts) -> Line:
    """A step that was due while nobody was there to take it."""
    behind = int(facts.get("late_ms") or 0)
    return line(f"This was due {span(behind)} ago, while I was away; it counts from when it was due.") if behind else ()


def round_skipped(facts: Facts) -> Reply:
    """A round is over that had nobody left to put out."""
    opens = facts.get("open", True)
    head = f"{first_upper(round_name(facts['round']))} is over: nobody was left to put out."
    rows = [line("Trading is open again.")] if opens else []
    return to_chat(head, blocks=rows, actions=(BOARD,) if opens else (), tone=Tone.GOOD)


def out_sentence(params: MarketParams, gone: Sequence[int], reason: str) -> Line:
    """`Brazil is out. 7-1.`"""
    verb = "is" if len(gone) == 1 else "are"
    why = f" {first_upper(sentence(reason))}" if reason else ""
    return line(*_bold_outcomes(params, gone), f" {verb} out.{why}")


def ceremony(market: Market, facts: Facts, picture: Picture | None, reason: str) -> Reply:
    """Out, paid, what the others are worth now, the sum, the chart."""
    params = market.params
    gone: list[int] = list(facts["outcomes"])
    rows: list[Block] = [
        line(payouts(facts)),
        inheritance(params, gone, facts),
        line(sum_line(facts)),
        *used_up(facts.get("used", ()), "now"),
    ]
    if market.start_ms is not None and market.status.value == "RUNNING":
        rows.append(line("Trading is open again."))
    rows.append(late(facts))
    if picture is not None:
        rows.append(picture)
    rows.append(sealed(facts["head"]))
    actions = (BOARD, Action(label="Positions", text="/positions"), CHECK)
    return to_chat(*out_sentence(params, gone, reason), blocks=rows, actions=actions, tone=Tone.LOUD)


def _bold_outcomes(params: MarketParams, numbers: Sequence[int]) -> list[Part]:
    parts: list[Part] = []
    for place, number in enumerate(numbers):
        if place:
            parts.append(Span(" and " if place == len(numbers) - 1 else ", ", Style.BOLD))
        parts.append(outcome(params, number, Style.BOLD))
    return parts


def payouts(facts: Facts) -> str:
    """What an elimination paid, and to how many."""
    if not facts["paid"]:
        return "Nobody held NO, so nothing is paid."
    holders = int(facts["holders_no"])
    return f"{money(int(facts['paid']))} paid to {people(holders, 'holder', 'holders')} of NO."


def inheritance(params: MarketParams, gone: Sequence[int], facts: Facts) -> Line:
    """`What Brazil leaves goes to the three still in: Germany 13.7¢ → 24.1¢, ...`."""
    before = {int(i): int(yes) for i, yes, _ in facts["prices_before"]}
    after = sorted(((int(i), int(yes)) for i, yes, _ in facts["prices_after"]), key=lambda row: (-row[1], row[0]))
    whose = listed([name_of(params, number) for number in gone])
    leave = "leaves" if len(gone) == 1 else "leave"
    parts: list[Part] = [Span(f"What {whose} {leave} goes to the {count(len(after))} still in: ")]
    for place, (number, yes) in enumerate(after):
        parts.append(Span(", ") if place else Span(""))
        parts += [outcome(params, number), Span(f" {price(before.get(number, 0))} → {price(yes)}")]
    parts.append(Span("."))
    return tuple(part for part in parts if not isinstance(part, Span) or part.text)


def sum_line(facts: Facts) -> str:
    before, after = int(facts["sum_before"]), int(facts["sum_after"])
    then, now = money(before, Cut.NEAREST), money(after, Cut.NEAREST)
    return f"All YES together still cost {now}." if then == now else f"All YES together cost {now} now, {then} before."


def resumed(reason: str = "") -> Reply:
    return to_chat("Trading is open again.", blocks=[_why(reason)], actions=(BOARD,), tone=Tone.GOOD)


def paused(reason: str = "") -> Reply:
    rows = [_why(reason), line("Your tokens and your money stay as they are.")]
    return to_chat("Trading is paused by an admin.", blocks=rows, tone=Tone.COLD)


def retuned(changed: Sequence[TermChange], who: str, reason: str) -> Reply:
    """Terms changed: from what to what, by whom and why."""
    by = clean(who) or "An admin"
    why = line(f"Why: {sentence(reason)}") if reason else ()
    head = f"{by} changed the terms: {as_changes(changed)}, from here on."
    return to_chat(head, blocks=[why], actions=(Action(label="Rules", text="/rules"),))


# -- the end


def win_sentence(market: Market, winners: Sequence[int], reason: str) -> Line:
    """`Germany wins World Cup 2014. 1-0 after extra time.`"""
    title = clean(market.title)
    why = f" {first_upper(sentence(reason))}" if reason else ""
    who = listed_outcomes(market.params, winners, style=Style.BOLD)
    return line(*who, f" wins {title}.{why}" if len(winners) == 1 else f" share {title} in a dead heat.{why}")


def winnings(facts: Facts) -> list[Line]:
    """What the end paid, and where the winner stood before it."""
    winners, paid = winners_of(facts), int(facts["paid"])
    before = {int(i): int(yes) for i, yes, _ in facts["prices_before"]}
    holders = people(int(facts["holders"]), "holder", "holders")
    held = f"{money(paid)} paid to {holders} of tokens that were right."
    then = _stood_at(before.get(winners[0])) if len(winners) == 1 else _shares(len(winners))
    return [line(held if paid else "Nobody held a token that was right."), then]


def resolved(market: Market, facts: Facts, names: Mapping[int, str], picture: Picture | None, reason: str) -> Reply:
    """The winner, or those who share, what was paid, the podium."""
    rows: list[Block] = [*winnings(facts), *podium(facts["podium"], names)]
    rows.append(late(facts))
    if picture is not None:
        rows.append(picture)
    rows.append(line("Thank you for playing."))
    rows.append(sealed(facts["head"]))
    head = win_sentence(market, winners_of(facts), reason)
    actions = (Action(label="Leaderboard", text="/leaderboard"), CHECK)
    return to_chat(*head, blocks=rows, actions=actions, tone=Tone.LOUD)


def _stood_at(yes: int | None) -> Line:
    return () if yes is None else line(f"Its YES stood at {price(yes)} before the end.")


def _shares(k: int) -> Line:
    """What a token of those who share paid."""
    return line(f"Each YES of theirs paid 1/{k} of a dollar, each NO {k - 1}/{k}, NO of every other outcome $1.")


def podium(places: Sequence[Sequence[int]], names: Mapping[int, str]) -> list[Line]:
    """`🥇 Ada $1,540.20, +$540.20 (+54.02%)`; what they were given is final less gain. Equals share a step, and a medal
    is for who has gained."""
    if not places:
        return [line("Nobody traded, so nobody stands on the podium.")]
    rows = []
    written = places_of([place for place, *_ in places])
    for (place, person, gained, final), text in list(zip(places, written, strict=True))[:_PODIUM_SHOWN]:
        amount, share = gain(final, final - gained)
        mark = _STEP_MARKS.get(place, text) if amount.startswith("+") else text
        name = clean(names.get(person, f"Trader {person}"))
        shared = ", shared" if text.endswith("=") and mark != text else ""
        rows.append(line(f"{mark} ", bold(name), f" {money(final)}, {amount} ({share}){shared}"))
    if not any(gained >= CENT for _, _, gained, _ in places):
        rows.append(line("Nobody ended with more than they were given."))
    if len(places) > _PODIUM_SHOWN:
        rows.append(line(f"And {len(places) - _PODIUM_SHOWN:,} more on the same step."))
    return rows


def _why(reason: str) -> Line:
    return line(first_upper(sentence(reason))) if reason else ()


def voided(facts: Facts, reason: str = "", who: str = "") -> Reply:
    """Who called it off and why, and what went where. Payloads from before a void undid everything have no amounts; a
    market that had not begun has no head."""
    amounts = [int(amount) for _, amount in facts["amounts"]] if "amounts" in facts else None
    undone = "It is as if it had never been: everybody ends with exactly what they were given."
    rows = [
        _why(reason),
        *([] if amounts is None else [line(undone), line(taken_back(amounts))]),
        *((sealed(facts["head"]),) if "head" in facts else ()),
    ]
    called = f"{clean(who)} has called this market off." if who else "This market is called off."
    return to_chat(called, blocks=rows, actions=(CHECK,) if "head" in facts else (), tone=Tone.LOUD)


def taken_back(amounts: Iterable[int], *, would: bool = False) -> str:
    """What comes back to whom when a market is called off, in whole cents, as each of them is told it."""
    each = list(amounts)
    behind = [amount // CENT * CENT for amount in each if amount >= CENT]
    ahead = [-(amount // CENT * CENT) for amount in each if amount <= -CENT]
    come, go = ("would come", "would go") if would else ("came", "went")
    to = f"{money(sum(behind))} {come} back to {people(len(behind))} who {'was' if len(behind) == 1 else 'were'} behind"
    of = f"{money(sum(ahead))} of gains {go} back from {people(len(ahead))}"
    parts = [part for part, sums in ((to, behind), (of, ahead)) if sums]
    return f"{' and '.join(parts)}." if parts else "No money had changed hands."


# -- in between


def lead_change(params: MarketParams, facts: Facts) -> Reply:
    """Nobody falls behind where nobody led: at a level start."""
    rows: list[Block] = []
    if facts["before"] is not None:
        rows.append(line(outcome(params, int(facts["before"])), f" falls behind at {price(int(facts['before_yes']))}."))
    return to_chat(
        outcome(params, int(facts["outcome"]), Style.BOLD),
        f" takes the lead at {price(int(facts['yes']))}.",
        blocks=rows,
        actions=(Action(label="Board", text="/board"), Action(label="Chart", text="/chart")),
    )


def big_trade(params: MarketParams, facts: Facts) -> Reply:
    what = token_name(params, int(facts["outcome"]), Side(facts["side"]))
    verb = "bought" if facts["buy"] else "sold"
    size, amount = int(facts["size"]), int(facts["amount"])
    total = money(amount, Cut.UP if facts["buy"] else Cut.DOWN)
    each = price(amount * MICRO // max(size, 1))
    moved: list[Line] = []
    if "yes_before" in facts:  # written down by every version since rules 2; a post may wait across an upgrade
        prices = f" {price(int(facts['yes_before']))} → {price(int(facts['yes_after']))}."
        moved.append(line(outcome(params, int(facts["outcome"])), prices))
    return to_chat(f"Big trade: {tokens(size)} {what} {verb} for {total} before fees, {each} each.", blocks=moved)


def digest(params: MarketParams, facts: Facts, activity: Activity, now_ms: int) -> Reply:
    """What happened since the last one, the largest moves first."""
    before: list[int] = list(facts["before"])
    moved = [
        (yes - before[number] if number < len(before) else 0, number, yes)
        for number, yes in enumerate(facts["yes"])
        if yes
    ]
    moved.sort(key=lambda event: (-abs(event[0]), -event[2]))
    parts: list[Part] = []
    for place, (change, number, yes) in enumerate(moved[:_DIGEST_SHOWN]):
        parts.append(Span(", ") if place else Span(""))
        parts += [outcome(params, number), Span(f" {price(yes)} ({price_change(change)})")]
    kept = tuple(part for part in parts if not isinstance(part, Span) or part.text)
    head = f"In the last {span(now_ms - int(facts['since_ms']))}: {round_money(int(facts['volume']))} traded by "
    head += f"{people(activity.people)} in {plural(activity.trades, 'trade')}."
    return to_chat(head, blocks=[(*kept, Span("."))])


# -- to one person


def paid(market: Market, facts: Facts) -> Reply:
    """What came in when outcomes were decided."""
    params = market.params
    rows: list[Line] = []
    sizes = split([int(size) for _, _, size, _ in facts["paid"]])
    amounts = split([int(amount) for *_, amount in facts["paid"]])
    for (number, side, _, _), size, amount in zip(facts["paid"], sizes, amounts, strict=True):
        if number is None:
            rows.append(line("Several share the win; this is for all you held together."))
            continue
        paid_for = (f"{tokens(size)} ", outcome(params, int(number)), f" {side_word(Side(side))}")
        rows.append(line(*paid_for, f" paid {money(amount)}."))
    return Reply(
        head=line(f"You are paid {money(int(facts['total']))} in {clean(market.title)}."),
        blocks=(*rows, line(code("/balance"), " shows where you stand.")),
        actions=(BALANCE, Action(label="Leaderboard", text="/leaderboard")),
        tone=Tone.GOOD,
    )


def refunded(market: Market, facts: Facts) -> Reply:
    amount = int(facts["amount"])
    returned = f"{money(amount)} came back to you"
    back = returned if amount > 0 else f"the {money(-amount, Cut.UP)} you had gained went back"
    return Reply(
        head=line(f"{clean(market.title)} was called off: {back}."),
        blocks=(line("You have what you were given. ", code("/balance"), " shows it."),),
        actions=(BALANCE, Action(label="Trades", text="/trades")),
    )


def granted(market: Market, facts: Facts, reason: str = "") -> Reply:
    """By an admin's hand, beside what the market pays."""
    why = f" {first_upper(sentence(reason))}" if reason else ""
    return Reply(
        head=line(f"An admin gave you {money(int(facts['cash']))} in {clean(market.title)}.{why}"),
        blocks=(line(code("/balance"), " shows it."),),
        actions=(BALANCE, BOARD),
        tone=Tone.GOOD,
    )

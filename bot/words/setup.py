"""Setting a market up: its terms read back, and what is wrong with a value, with its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from bot.chat.facts import MarketSetting, TermChange, typed_name
from bot.chat.reply import Action, Field, Form, Line, Part, Reply, Stamp, Tone, bold, code, line
from bot.text.names import clean
from bot.text.numbers import exact_money, money, percent, price, round_money, span
from bot.words.shared import as_changes, no, outcome, say
from engine.bounds import BOUNDS
from engine.params import PRESETS
from engine.terms import MarketParams, Problem
from storage.records import Market

# -- problems


def problems(problems_: Sequence[Problem], again: str) -> Reply:
    """Every refused value, one sentence each."""
    sentences = [problem(problem_) for problem_ in problems_]
    head = sentences[0] if len(sentences) == 1 else f"{len(sentences)} values need another look."
    rows = [] if len(sentences) == 1 else [line("· ", sentence) for sentence in sentences]
    return no(head, blocks=(*rows, line("Nothing was changed. ", code(again), " tries again.")))


def problems_said(sentences: Sequence[str], again: str) -> Reply:
    """The same for what the kinds of values found wrong."""
    return no(sentences[0], blocks=(line("Nothing was changed. ", code(again), " tries again."),))


def market_is_over() -> Reply:
    return no(
        "This market is over; its terms stay as they are.", blocks=(line(code("/admin create"), " makes a new one."),)
    )


def problem(problem_: Problem) -> str:
    """One refused value as a sentence with its numbers. Codes are those of engine.bounds, params and reading."""
    name, detail = typed_name(problem_.field), problem_.detail
    value, low, high = (clean(str(detail.get(key, ""))) for key in ("value", "low", "high"))
    number, number_name = detail.get("number", ""), clean(str(detail.get("name", "")))
    round_ = "The final" if detail.get("final") else f"Round {detail.get('round', detail.get('rounds', ''))}"
    sentences: Mapping[str, str] = {
        "missing": f"Please name the {name}.",
        "outcome_count": f"A market has {low} to {high} outcomes; you named {detail.get('found', '')}.",
        "name_empty": f"Outcome {number} has no name; please type one.",
        "name_twice": f"{number_name} is named twice; every outcome needs a name of its own.",
        "not_a_list": f"“{value}” is not a list; please put commas between.",
        "not_a_number": f"{name} needs {_number_wanted(problem_.field)}, and “{value}” is none.",
        "not_whole": f"{name} needs a whole number, and {value} is none.",
        "not_on_or_off": f"{name} is on or off, not “{value}”.",
        "not_a_choice": f"{name} is one of {clean(str(detail.get('choices', '')))}, not “{value}”.",
        "unknown": f"There is no setting {name}; /admin set lists them.",
        "odds_count": f"There are {detail.get('found', '')} odds for {detail.get('need', '')} outcomes; give one each.",
        "odds_sum": f"The odds add up to {value} instead of 1; please make them fit.",
        "classic_odds": "A classic start begins every outcome at one half; leave the odds out or take start fair.",
        "odds_do_not_fit": f"Every outcome has to start at {low} at least, and {detail.get('outcomes', '')} of them "
        f"would be {detail.get('total', '')} together, more than 1; take {detail.get('most', '')} outcomes at most, or "
        "a lower p_min or higher p_max.",
        "odds_out_of_bounds": f"{number_name} would start at {value}; odds lie between {low} and {high}.",
        "out_of_bounds": f"{name} lies between {low} and {high}; {value} does not.",
        "not_positive": f"{name} must be more than 0.",
        "zero_subsidy": "A stake of 0 gives the house nothing to trade with; please set z above 0.",
        "not_a_divisor": f"{name} must divide a dollar evenly; {value} does not.",
        "needs_fair_start": "The floor needs a start where NO is 1 − YES; turn floor_enabled off or take start fair.",
        "phased_off": "Rounds before the final need mr_enabled on.",
        "no_final": "The timetable has no final; end it with a part such as +2h for 10m winner ask.",
        "round_order": f"{round_} has to freeze after the round before is decided, and not after its own decision.",
        "round_count": f"{round_} leaves {detail.get('left', '')} in; two must stay, and one at least must go.",
        "round_named": f"{round_} counts {detail.get('count', '')} and names another number of losers.",
        "round_begun": f"{round_} has begun and stays as it is; only a decision that is not due yet can still come "
        "later.",
        "price_decides": f"{round_} cannot be decided by the lowest price: whoever holds NO would push a price down "
        "and be paid for it. Name who is out, or say ask and an admin names them.",
        "round_unreadable": f"{round_} could not be read.",
        "final_not_last": f"{round_} is a final, and rounds follow it; the final comes last.",
        "winner_is_out": f"{round_} names a winner who is out by then.",
        "loser_twice": f"{round_} names outcome {number}, who is out already.",
        "no_such_outcome": f"There is no outcome “{value}”.",
        "seeds_out_of_bounds": f"With this depth outcome {number} would start past the price bounds; please lower l0.",
        "exposure": f"With these odds the house could lose ${detail.get('short', '')} more than z; please even them.",
        "fixed": f"{name} stays as it is once the market has started.",
        "empty": "Nothing to change was given.",
    }
    return sentences.get(problem_.code, f"{name} does not fit.")


def _number_wanted(field: str) -> str:
    bound = BOUNDS.get(field)
    return "a length of time such as 90s, 10m or 1d" if bound is not None and bound.unit == "ms" else "a number"


# -- creating


PRESET_WORDS: Mapping[str, str] = {
    "hype": "Hype: the crowd moves prices freely",
    "fair": "Fair: YES and NO stay near $1 together",
    "classic": "Classic: everybody starts at one half",
}


def create_form(given: Mapping[str, str]) -> Reply:
    """Asked where title or outcomes are missing; what was given stays filled in. Five fields, what a phone's dialog
    holds; the rest has buttons and `/admin set` once it is drafted, and what of it was given already goes along."""
    fields = (
        Field(name="title", label="Title", value=given.get("title", ""), hint="World Cup"),
        Field(
            name="outcomes",
            label="Outcomes",
            value=given.get("outcomes", ""),
            hint="Germany, Brazil, Argentina: 2 to 25",
        ),
        Field(
            name="preset",
            label="Preset",
            kind="choice",
            choices=tuple((name, PRESET_WORDS.get(name, name)) for name in PRESETS),
            value=given.get("preset", "hype"),
            required=False,
        ),
        Field(
            name="balance", label="Balance", value=given.get("balance", "$1000"), required=False, hint="for each person"
        ),
        Field(
            name="odds", label="Odds", value=given.get("odds", ""), required=False, hint="5 3 2, or left out: all alike"
        ),
    )
    rest = [f"{name}={given[name]}" for name in ("z", "tick") if given.get(name)]
    form = Form(title="New market", command=" ".join(("admin create", *rest)), fields=fields, submit="Create")
    return say(
        "A new market needs a title and 2 to 25 outcomes.",
        blocks=(line("Or in one line: ", code('/admin create "World Cup" Germany, Brazil, Argentina')),),
        form=form,
    )


def one_market_only(market: Market) -> Reply:
    return no(
        f"This chat has a market already: {clean(market.title)}.",
        blocks=(line("One at a time: ", code("/admin void"), " calls it off, ", code("/admin monitor"), " shows it."),),
    )


_STEPS: Mapping[str, tuple[str, str, bool]] = {  # label, line, whether a form follows
    "wording": ("What decides …", "/admin set about", True),
    "timetable": ("Timetable …", "/admin schedule edit", True),
    "open": ("Open the doors", "/admin open", False),
}


def next_steps(steps: Sequence[str]) -> tuple[Action, ...]:
    """Buttons of what is still to be done with a draft, the present step first."""
    return tuple(
        Action(label=label, text=text, asks=asks, primary=number == 0)
        for number, (label, text, asks) in enumerate(_STEPS[step] for step in steps)
    )


def created(market: Market, timetable: str, steps: Sequence[str]) -> Reply:
    return say(
        f"{clean(market.title)} is drafted; nobody sees it yet.",
        blocks=(*terms(market, timetable), _next_setup()),
        actions=(*next_steps(steps), Action(label="Terms", text="/admin set")),
        tone=Tone.GOOD,
    )


def _next_setup() -> Line:
    decides = ("Next: ", code("/admin set about"), " writes down what decides, ")
    parts = (code("/admin schedule"), " sets its rounds, ", code("/admin open"), " lets people join; ")
    return line(*decides, *parts, code("/admin set"), " has its terms.")


def terms(market: Market, timetable: str) -> list[Line]:
    """A market's terms at a glance; `timetable` as it is typed."""
    params = market.params
    starts = [
        part
        for number in range(params.n_outcomes)
        for part in (outcome(params, number), f" {price(_first_price(params, number))}", ", ")
    ][:-1]
    how = f"fee {percent(params.fee)}, {'gas ' + exact_money(params.gas_fee) if params.gas_fee else 'no gas'}"
    return [
        line("Starting at: ", *starts, "."),
        line(
            f"The house stakes {round_money(params.z)}, everybody gets {money(params.starting_balance)}; {how}, "
            f"a tick every {span(params.batch_interval_ms)}."
        ),
        line("Timetable: ", code(f"/admin schedule {timetable}")),
    ]


def _first_price(params: MarketParams, number: int) -> int:
    return params.odds[number] // 10**6 if params.start == "fair" else 500_000


# -- settings


_SWITCHES: Mapping[str, str] = {
    "af_enabled": "auto-fill",
    "cm_enabled": "crossing",
    "floor_enabled": "the floor",
    "vc_enabled": "the step guard",
}
_ASKED: Mapping[str, str] = {
    "starting_balance": "Balance",
    "fee": "Fee",
    "gas_fee": "Gas",
    "z": "Stake",
    "batch_interval_ms": "Tick",
    "odds": "Odds",
    "dispute_window": "Dispute window",
}


Groups: TypeAlias = Sequence[tuple[str, Sequence[MarketSetting]]]


def toggles(params: MarketParams) -> tuple[Action, ...]:
    """Buttons that turn something on that is off, and off what is on."""
    return tuple(
        Action(
            label=f"Turn {what} {'off' if getattr(params, name) else 'on'}",
            text=f"/admin set {name} {'off' if getattr(params, name) else 'on'}",
        )
        for name, what in _SWITCHES.items()
    )


def _listed(groups: Groups) -> list[Line]:
    """A line a subject: each term by its name and as it stands."""
    rows = []
    for group, members in groups:
        parts: list[str | Part] = [bold(f"{group}: ")]
        for setting in members:
            mark = " (fixed)" if setting.fixed else ""
            parts += [code(setting.typed_name), f" {setting.value or 'none'}{mark} · "]
        rows.append(line(*parts[:-1], str(parts[-1]).removesuffix(" · ")))
    return rows


def _free(groups: Groups) -> set[str]:
    """Those that can still be set."""
    return {setting.name for _, members in groups for setting in members if not setting.fixed}


def more_settings(market: Market, groups: Groups) -> Reply:
    """What experts set: the rest of the terms, and switches of what few markets change."""
    can = _free(groups)
    switches = tuple(toggle for toggle in toggles(market.params) if toggle.text.split()[2] in can)
    about = line("Few markets change these. ", code("/admin set crossing"), " says what one means and asks for it.")
    head = f"More terms of {clean(market.title)}."
    return say(head, blocks=(*_listed(groups), about), actions=(*switches, _ALL_TERMS))


def settings(market: Market, groups: Groups) -> Reply:
    """What is set most, by subject, with buttons for what can still be set; the rest is behind *More*."""
    rows, can = _listed(groups), _free(groups)
    decides = Action(label="What decides …", text="/admin set about", asks=True)
    asked = tuple(
        Action(label=f"{label} …", text=f"/admin set {typed_name(name)}", asks=True)
        for name, label in _ASKED.items()
        if name in can
    )
    switches = tuple(toggle for toggle in toggles(market.params) if toggle.text.split()[2] in can)
    rows.append(line(bold("Programs: "), code("keys"), f" {market.keys}"))
    rows.append(line(bold("Watching: "), code("public"), f" {'on' if market.public else 'off'}"))
    return say(
        f"The terms of {clean(market.title)}.",
        blocks=(
            *rows,
            line(
                code("/admin set fee"), " says what one means and asks for it, ", code("/admin set fee 2%"), " sets it."
            ),
        ),
        actions=(decides, *asked, *switches, Action(label="More", text="/admin set more")),
    )


def ask_value(setting: MarketSetting) -> Reply:
    """What a term means, how it stands, and a field for what it should be."""
    typed, now, choices = setting.typed_name, setting.value, setting.choices
    field = Field(
        name="value",
        label=typed,
        kind="choice" if choices else "text",
        choices=tuple((choice, PRESET_WORDS.get(choice, choice)) for choice in choices),
        value=now,
        hint=setting.about,
    )
    stands = f"; it is {now}" if now else ""
    return say(
        f"{typed} is {setting.about}{stands}.",
        blocks=(line("To change it: ", code(f"/admin set {typed} {choices[-1] if choices else now or '…'}")),),
        form=Form(title=typed, command=f"admin set {setting.name}", fields=(field,), submit="Set it"),
    )


def as_it_is() -> str:
    """Beside the value of a setting that is offered while one is typed."""
    return "as it is now"


def ask_title(market: Market) -> Reply:
    field = Field(name="value", label="Title", value=clean(market.title), hint="World Cup")
    return say(
        f"The market is called {clean(market.title)}.",
        blocks=(line("To rename it: ", code("/admin set title World Cup")),),
        form=Form(title="Title", command="admin set title", fields=(field,), submit="Rename it"),
    )


def was_set(name: str, before: str, after: str) -> Reply:
    """Before the start."""
    if before == after:
        return was_already(name, after)
    return say(f"{typed_name(name)} is now {after}; it was {before}.", actions=(_ALL_TERMS,), tone=Tone.GOOD)


def was_already(name: str, value: str) -> Reply:
    return say(f"{typed_name(name)} was {value} already.")


def will_be(changed: Sequence[TermChange]) -> Reply:
    """While the market runs."""
    told = line("It holds from the next tick on, and the chat is told then.")
    return say(f"{as_changes(changed)}.", blocks=(told,), actions=(_ALL_TERMS,), tone=Tone.GOOD)


_ALL_TERMS = Action(label="All terms", text="/admin set")


def halted(market: Market) -> Reply:
    """Nothing that waits for a tick is taken: none comes."""
    return no(
        f"{clean(market.title)} is halted: no tick comes that could do it.",
        blocks=(
            line(
                "Nothing was changed. ",
                code("/admin resume"),
                " tries again, ",
                code("/admin monitor"),
                " says why it stands still.",
            ),
        ),
    )


# -- opening


def opened_doors(market: Market) -> Reply:
    rows = [line("People can ", code("/join"), " now; the doors are announced.")]
    if market.planned_start_ms is not None:
        rows.append(line("Trading starts by itself ", Stamp(market.planned_start_ms), "."))
    else:
        rows.append(line(code("/admin start"), " begins trading."))
    return say(f"{clean(market.title)} is open to join.", blocks=rows, tone=Tone.GOOD)


def start_moved(before: int | None, after: int | None) -> Reply:
    """Of a market whose doors are open."""
    if after is None or before == after:
        now = "by hand" if after is None else Stamp(after)
        return say("Nothing changed.", blocks=(line("Trading starts ", now, ", as before."),))
    was = "by hand" if before is None else Stamp(before)
    head = line("The start is moved from ", was, " to ", Stamp(after), ".")
    return Reply(head=head, blocks=(line("Those who wait for it are told."),), tone=Tone.GOOD)


def already_open(market: Market) -> Reply:
    return no(f"{clean(market.title)} is past its draft already.", blocks=(line(code("/admin monitor"), " shows it."),))

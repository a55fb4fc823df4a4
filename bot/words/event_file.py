"""An event written in a file: its mistakes, and the warnings of terms that may open and still want another look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.chat.reply import Reply, bold, line
from bot.text.names import clean
from bot.text.numbers import MICRO, Cut, moment, money, percent, price, rate_of_price, round_money, tokens
from bot.text.toml_lines import Mistake
from bot.words.arguments import echo
from bot.words.setup import problem as problem_in_chat
from bot.words.shared import name_of, plural, token_name
from engine.bounds import BOUNDS
from engine.lint import LintWarning
from engine.state import Side, Status
from engine.terms import MarketParams, Problem
from engine.units import RATE
from storage.records import Market

# -- mistakes


def mistake(file: str, mistake_: Mistake) -> str:
    """`cup.toml:12: fee lies between 0 and 0.05; 0.2 does not.`"""
    place = file if mistake_.line is None else f"{file}:{mistake_.line}"
    return f"{place}: {mistake_.sentence}"


def not_toml() -> str:
    return "This line is no TOML. One reads name = value, with texts in quotes and lists in square brackets."


def written_twice() -> str:
    return "This is written a second time; keep one of the two."


def no_such_key(key: str, near: str | None) -> str:
    return f"There is no setting {echo(key)}.{f' Did you mean {near}?' if near else ''}"


def no_such_key_in_round(number: int, key: str) -> str:
    return (
        f"Round {number} has no {echo(key)}: freeze_at, decide_at, count, losers and winner are what it can have. "
        "What belongs to the event stands above the first [[rounds]]."
    )


def no_title() -> str:
    return 'The event needs a title, such as title = "Office chess cup".'


def too_long(text: str, most: int) -> str:
    return f"{echo(text)} has {len(text)} characters; {most} are the most."


def about_is_a_text() -> str:
    return "about is a text in quotes: what counts, the source, what happens if it is called off or tied."


def open_is_true_or_false() -> str:
    return "open is true (people can join at once) or false (it stays a draft)."


def start_is_a_moment() -> str:
    return "start_at is a date and a time with a zone: YYYY-MM-DD HH:MM Europe/Berlin; left out, you start it."


def not_a_time(text: str) -> str:
    return f"{echo(text)} is no time: say 2h10m after the start, or a moment as YYYY-MM-DD HH:MM Europe/Berlin."


def no_zone(text: str) -> str:
    return f"{echo(text)} names no zone: add one, such as Europe/Berlin, +01:00 or Z."


def not_whole_seconds(text: str) -> str:
    return f"{echo(text)} is not in whole seconds; a number alone counts milliseconds, so better say 90s, 30m or 2h."


def rounds_are_tables() -> str:
    return "Each round is a table of its own that begins with [[rounds]]."


def round_without_time(number: int) -> str:
    return f"Round {number} does not say when it is decided; give it a decide_at."


def before_the_start(number: int) -> str:
    return f"Round {number} comes before the market starts."


def problem(problem_: Problem) -> str:
    """A refused value; where the chat would speak of its commands, the file's own words."""
    number = problem_.detail.get("round", "")
    sentences = {
        "missing": 'The event needs its outcomes: outcomes = ["Ada", "Bo", "Cleo"], 2 to 25 of them.',
        "no_final": 'The rounds have no final; end them with one that has winner = "ask".',
        "round_named": f"Round {number} names more or fewer losers than its count; leave count out.",
        "no_such_outcome": f"There is no outcome “{clean(str(problem_.detail.get('value', '')))}”"
        f"{f' for round {number} to name' if number else ''}.",
    }
    return sentences.get(problem_.code) or problem_in_chat(problem_)


# -- reading one from the command line


def no_such_file() -> str:
    return "There is no such file that can be read. bot/scenarios/example.toml is one to start from."


def not_text() -> str:
    return "This is no text in UTF-8; an event is a TOML file."


def nothing_to_warn_of(title: str, outcomes: int) -> str:
    return f"{title}: {outcomes} outcomes, nothing to warn of."


def room_title() -> str:
    return "The room"


def organiser() -> str:
    return "The organiser"


def room_has_a_market(market: Market) -> str:
    return (
        f"The room has a market already: {clean(market.title)} (market {market.id}). One at a time: "
        "/admin void in the room calls it off, /admin monitor shows it."
    )


def created(market: Market) -> list[str]:
    """The number first, then what to do next."""
    title = clean(market.title)
    if market.status is Status.DRAFT:
        return [
            f"Created market {market.id}: {title} is drafted in the room; nobody sees it yet.",
            "Next: outcry run; in the room /admin set and /admin schedule change it, /admin open lets people join.",
        ]
    start = market.planned_start_ms
    begins = "/admin start in the room begins trading" if start is None else f"trading starts {moment(start)}"
    return [
        f"Created market {market.id}: {title} is open to join in the room.",
        f"Next: outcry run; people /join, and {begins}.",
    ]


def nothing_on_what_decides() -> str:
    return (
        "Nothing is written on what decides: what counts, the source, what happens if it is called off or tied. "
        '/admin set about in the room writes it down; the file can say about = "...".'
    )


LintNumbers = Mapping[str, int]


def warned(reply: Reply, params: MarketParams, warnings: Sequence[LintWarning]) -> Reply:
    """The reply with a line for each warning, before its last line, which says what to do next."""
    rows = [line(bold("Careful: "), sentence(warning, params)) for warning in warnings]
    return replace(reply, blocks=(*reply.blocks[:-1], *rows, *reply.blocks[-1:]))


def sentence(warning: LintWarning, params: MarketParams) -> str:
    """A warning in words."""
    return _SENTENCES[warning.code](warning.numbers, params)


def _classic_start(n: LintNumbers, params: MarketParams) -> str:
    head = f"NO on every outcome together starts at {money(n['set_price'])} and pays {money(n['pays'])} whoever wins"
    if n["gain"] <= 0:
        return f"{head}: it is sold below its value. Take start fair."
    return (
        f"{head}: the first to buy {tokens(n['size'])} of each spends {money(n['cost'], Cut.UP)} and is sure to gain "
        f"{money(n['gain'])} from the house. Take start fair."
    )


def _weights_over_convexity(n: LintNumbers, params: MarketParams) -> str:
    size = tokens(n["size"])
    whole = (
        f"buying {size} {token_name(params, 0, Side.YES)} in one order costs {money(n['extra'], Cut.UP)} more"
        if n["buy"]
        else f"selling {size} {token_name(params, 0, Side.YES)} in one order brings {money(n['extra'])} less"
    )
    least = -(-n["least_kappa"] * MICRO // params.z)  # as it is typed: kept is this times z
    kappa_if_legal = f"set {_at('kappa', n)} to {_plain(least)} or more, or "
    if n["least_kappa"] > BOUNDS["kappa_start"].high:
        kappa_if_legal = ""
    return (
        f"With mu {_plain(n['mu'])} and nu {_plain(n['nu'])} {_when(n)}, {whole} than in small ones, where convexity "
        f"takes {money(n['convexity'], Cut.UP)}: who slices their orders beats who does not, and no floor stands "
        f"behind it. {_capital(kappa_if_legal + 'make mu and nu alike')}"
        f"{', or turn floor_enabled on' if params.start == 'fair' else ''}."
    )


def _little_stays(n: LintNumbers, params: MarketParams) -> str:
    return (
        f"With {n['left']} in, only {_share(n['stays'])} of a trade's money deepens its own outcome "
        f"{'when trading freezes' if n['end'] else 'when trading opens'}; the rest goes to the others and pulls their "
        f"prices down. Keep zeta, now {_plain(n['zeta'])} there, at {_plain(n['most_zeta'])} or less."
    )


def _fifty_dollars(n: LintNumbers, params: MarketParams) -> str:
    token = token_name(params, n["outcome"], Side.NO if n["no"] else Side.YES)
    before, after = rate_of_price(n["before"]), rate_of_price(n["after"])
    if n["least_l0"]:
        advice = f"Set l0 to {round_money(n['least_l0'])} or more, or leave it out"
    elif not n["least_z"]:
        advice = "No z cures it; set a smaller kappa, or leave it out"
    else:
        deeper = "" if n["l0"] == n["deepest"] else " and leave l0 out"
        advice = f"Set z to {round_money(n['least_z'], Cut.UP)} or more{deeper}"
    moved = f"moves {token} from {price(before)} to {price(after)}"
    if n["after"] - n["before"] > RATE // 10:
        return f"A $50 order {moved} {_when(n)}, more than 10 points. {advice}."
    average = price(rate_of_price(n["average"]))
    return (
        f"A $50 order {moved} {_when(n)} and costs {average} a token before the fee, more than a quarter above the "
        f"price. {advice}."
    )


def _allowance(n: LintNumbers, params: MarketParams) -> str:
    rounds = f" {plural(n['rounds'], 'round')} before the final can give it away." if n["rounds"] else ""
    return (
        f"floor_allowance lets somebody with enough cash be sure of up to {money(n['allowance'])} of the house's money "
        f"after a round ({_share(n['share'])} of z).{rounds} Take floor_allowance 0."
    )


def _named_timetable(n: LintNumbers, params: MarketParams) -> str:
    who = f"who is out in {plural(n['rounds'], 'round')}" if n["rounds"] else ""
    both = " and " if who and n["winner"] else ""
    return (
        f"The timetable names {who}{both}{'who wins' if n['winner'] else ''}: everybody who reads it is sure of a "
        "profit. Take ask, and name them when it is known."
    )


def _whole_balance(n: LintNumbers, params: MarketParams) -> str:
    token = token_name(params, n["outcome"], Side.YES)
    head = f"A whole starting balance of {money(n['balance'])} on {token} {_when(n)}"
    broken = (
        f"moves it from {price(rate_of_price(n['before']))} past the highest price of "
        f"{price(rate_of_price(params.p_max))}: it costs {money(n['cost'])} and pays {money(n['pays'])} if right"
        if n["past"]
        else f"costs {money(n['cost'])} and pays {money(n['pays'])} if right"
    )
    if not n["least_z"]:
        return f"{head} {broken}. No z cures it: that price with its fee comes to a dollar or more; lower its odds."
    deeper = "" if n["l0"] == n["deepest"] else " and leave l0 out"
    return (
        f"{head} {broken}. Set z to {round_money(n['least_z'], Cut.UP)} or more{deeper}, or give a smaller "
        "starting_balance."
    )


def _sum_over_cap(n: LintNumbers, params: MarketParams) -> str:
    later = f" and the {plural(n['rounds'] - 1, 'round')} after it" if n["rounds"] > 1 else ""
    return (
        f"The YES prices start at {_dollars(n['kept'])} together; the {n['left']} that round {n['round']} leaves can "
        f"hold {_dollars(n['most'])} at most. Unless trading brings them down, everybody left stands at "
        f"{price(rate_of_price(params.set_cap))} after it{later}, favourite and outsider alike. "
        f"Take {'start fair or ' if params.start == 'classic' else ''}renormalise clamp, or let fewer go."
    )


def _band_with_diversion(n: LintNumbers, params: MarketParams) -> str:
    other = name_of(params, 1)
    return (
        f"{_share(n['leaves'])} of a trade's money goes to the other outcomes {_when(n)}: "
        f"{round_money(n['spend'])} on {token_name(params, 0, Side.YES)} takes YES + NO of {other} to "
        f"{price(rate_of_price(n['sum_after']))}, and at {price(rate_of_price(n['lowest']))} the band trades there "
        f"though nobody did. Keep {_at('zeta', n)} at {_plain(n['most_zeta'])} or less, or turn the band off."
    )


_SENTENCES: Mapping[str, Callable[[LintNumbers, MarketParams], str]] = {
    "classic_start": _classic_start,
    "weights_over_convexity": _weights_over_convexity,
    "little_stays": _little_stays,
    "fifty_dollars": _fifty_dollars,
    "allowance": _allowance,
    "named_timetable": _named_timetable,
    "sum_over_cap": _sum_over_cap,
    "band_with_diversion": _band_with_diversion,
    "whole_balance": _whole_balance,
}


def _when(n: LintNumbers) -> str:
    return "at the end" if n["end"] else "at the start"


def _at(name: str, n: LintNumbers) -> str:
    return f"{name}_{'end' if n['end'] else 'start'}"


def _plain(rate: int) -> str:
    """A rate as it is typed: all its digits."""
    whole, rest = divmod(rate, 10**12)
    return f"{whole}.{rest:012d}".rstrip("0").rstrip(".")


def _share(rate: int) -> str:
    """`49.99%`: never rounded up to what it is not."""
    return percent(rate // 10**8 * 10**8)


def _dollars(rate: int) -> str:
    return money(rate_of_price(rate))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

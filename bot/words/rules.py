"""The words of `/rules`: what this is, in a dozen lines. With a market only what holds for its own terms is claimed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.reply import Folded, Line, Reply, Span, bold, code, cut, line
from bot.text.numbers import RATE, exact_money, money, percent, round_money, span
from bot.words import glossary
from bot.words.shared import page_buttons, place, say
from engine.terms import MarketParams

TOGETHER = 1_300
"""Characters of what decides that fit one message with all else; of more the rules have a page of their own."""
A_PAGE = 3_000


def rules(params: MarketParams | None, decides: Sequence[Line] = (), page: int = 1, person: int | None = None) -> Reply:
    """`params` are the terms of the market one asks about, `decides` what its admins wrote; without any only what holds
    for every market is said."""
    rows = [*(_every_market() if params is None else _this_market(params))]
    rows.append("It is play money: never for sale, never redeemable for anything.")
    begin: Line = line("Begin with ", code("/join"), "; all commands: ", code("/help"))
    how = [*map(line, rows), begin]
    if sum(map(_size, decides)) <= TOGETHER:
        first, *others = rows
        folded = Folded(title=line(bold(_HOW)), lines=tuple(map(line, others)))
        return say(_HEAD, blocks=(*decides, line(first), folded, begin))
    shown = cut([*_pages(decides), how], page, 1)
    (blocks,) = shown.rows
    return say(f"{_HEAD}{place(shown)}", blocks=blocks, actions=page_buttons("/rules", shown, person))


def _size(row: Line) -> int:
    return sum(len(part.text) for part in row if isinstance(part, Span))


def _pages(rows: Sequence[Line]) -> list[list[Line]]:
    """As many as fit a message each."""
    pages: list[list[Line]] = [[]]
    for row in rows:
        if pages[-1] and sum(map(_size, pages[-1])) + _size(row) > A_PAGE:
            pages.append([])
        pages[-1].append(row)
    return pages


_HOW = "How it works"
_HEAD = "You trade on who wins, for play money."
_TOKENS = "A YES token pays $1 if its outcome wins, a NO token $1 if it does not."
_DEAD_HEAT = (
    "Several can tie: of two that share the win each YES and each NO pays 50¢; of more, each YES its share of $1 and "
    "each NO the rest."
)
_ORDERS = (
    "An order without a limit runs once, at the next tick, within its ticket's worst price or not at all; $50 never "
    "takes more than $50, gas beside it.",
    "An order with a limit trades at that price or better; what does not trade at once waits in the book.",
)
_VOID = "A market that is called off counts as if it had never been: everybody has what they were given."
_CUT = (
    "If trading stopped too late, admins can undo every order that came after the result was known; everybody "
    "concerned is told."
)
_HOUSE = "The house stakes a subsidy and never loses more."
_NO_SURE_PROFIT = (
    "Alone nobody can be sure of a profit, nor can a ring of friends, unless they know who goes before others do."
)
_CROWD = "Against a crowd, baskets of tokens can earn what the crowd overpaid: that is the game."


def _every_market() -> list[str]:
    return [
        f"{_TOKENS} {_DEAD_HEAT}",
        "You buy from and sell to the house, and every trade moves the price.",
        *_ORDERS,
        glossary.in_rules(None),
        "Trading closes before a result is known. Who is out before the end is out for good: NO pays at once, YES is "
        "worth nothing, and what they leave goes to those still in.",
        f"{_HOUSE} {_CROWD} Whether somebody can be sure of a profit depends on a market's own terms.",
        _VOID,
        _CUT,
    ]


def _this_market(params: MarketParams) -> list[str]:
    rows = [
        f"{_TOKENS} {_DEAD_HEAT}",
        _moves(params),
        *_ORDERS,
        glossary.in_rules(params.gas_fee),
        *_rounds(params),
        _HOUSE,
    ]
    sure = _sure_profits(params)
    rows += sure or [_NO_SURE_PROFIT]
    rows += [_CROWD, _VOID, _CUT, _terms(params), *_windows(params), *_meeting(params)]
    return rows


def _moves(params: MarketParams) -> str:
    others = ", of the others a little too" if params.zeta_start or params.zeta_end else " of that outcome"
    return f"You buy from and sell to the house; every trade moves the prices{others}."


def _rounds(params: MarketParams) -> list[str]:
    """How it ends, and what happens before, where there are rounds."""
    if len(params.rounds) == 1:
        return ["Trading closes before the winner is known."]
    rise = ", so their prices rise" if params.renormalise == "keep" else ""
    return [
        "Trading freezes while a round is decided. Who loses is out: NO pays at once, YES is worth nothing.",
        f"What an outcome leaves goes to those still in{rise}. At the end the winner's YES pays.",
    ]


def _sure_profits(params: MarketParams) -> list[str]:
    """Ways to be sure of a profit that these terms leave open, a sentence each; none with default terms."""
    count, rows = params.n_outcomes, []
    if params.start == "classic" and count > 2:
        rows.append(
            f"This market can be pumped: it starts with every NO at 50¢, so that a NO of each outcome costs about "
            f"{money(count * 500_000)} at first and pays {money((count - 1) * 1_000_000)} whoever wins. Who buys them "
            "first is sure of a profit."
        )
    elif not params.floor_enabled:
        rows.append(
            "The pot floor is off here, so nothing keeps all traders together from taking out more than they paid in: "
            "somebody who finds the right orders may be sure of a profit."
        )
    if _names_somebody(params):
        rows.append("The timetable names who is out or who wins: everybody who reads it is sure of a profit.")
    if params.floor_enabled and params.floor_allowance and count > 2:  # an admin may end a round by hand
        rows.append(
            f"The pot floor leaves an allowance of {exact_money(params.floor_allowance)} after each round: somebody "
            "with enough cash can be sure of that much."
        )
    return rows


def _names_somebody(params: MarketParams) -> bool:
    return any((step.losers and step.losers != "ask") or isinstance(step.winner, int) for step in params.rounds)


def _terms(params: MarketParams) -> str:
    return (
        f"Here: {money(params.starting_balance)} to start with, fee {percent(params.fee)} of the price a token, "
        f"{'gas ' + exact_money(params.gas_fee) + ' an order' if params.gas_fee else 'no gas'}, "
        f"a tick every {span(params.batch_interval_ms)}, the house risks at most {round_money(params.z)}."
    )


def _windows(params: MarketParams) -> list[str]:
    """Between what is named and what is paid for it."""
    rows = []
    if params.round_window:
        rows.append(
            f"Who is out of a round is named first and paid for {span(params.round_window)} later; until then nothing "
            "trades, and who was named wrongly can be corrected."
        )
    if params.dispute_window:
        rows.append(
            f"Whoever is named the winner is paid {span(params.dispute_window)} later; until then a wrong result can "
            "be corrected, and nothing that was paid has to come back."
        )
    return rows


def _meeting(params: MarketParams) -> list[str]:
    """How orders meet here: matching and auto-fill, a sentence each."""
    rate = percent(params.match_fee)
    matching = f"Orders meet each other too: a buyer with a seller, and YES with NO for {rate} of the price a side."
    if not params.cm_enabled:
        matching = "Orders meet each other too, but only those of the same token."
    autofill = "There is no auto-fill here: only trades on its own outcome fill an order."
    if params.af_enabled:
        back = percent(RATE - params.sigma)
        autofill = (
            "With auto-fill an order that waits is also filled when trades on other outcomes bring the price to its "
            f"limit; {back} of what that leaves over comes back to it."
        )
    return [matching, autofill]

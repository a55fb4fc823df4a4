"""Answers to questions about the market: the board, charts, trades, standings, help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.chat.facts import HelpEntry
from bot.chat.reply import (
    Action,
    Audience,
    Block,
    Board,
    BoardRow,
    Column,
    Folded,
    Line,
    Part,
    Picture,
    Reply,
    Stamp,
    Table,
    bold,
    code,
    line,
    quiet,
)
from bot.text.columns import cut
from bot.text.names import clean
from bot.text.numbers import Cut, gain, money, places, price, span, tokens
from bot.text.outcome_names import typed_outcome
from bot.words import glossary
from bot.words.charts import out_figures, yes_figures
from bot.words.shared import (
    INVITE,
    STATUS_WORDS,
    add_to_group,
    ahead,
    leaders,
    listed,
    name_of,
    no,
    outcome,
    people,
    plural,
    program,
    say,
    side_word,
    token_name,
    told_apart,
    trade_columns,
    who_leads,
)
from engine.state import Side, Status
from engine.terms import MarketParams
from storage.rankings import Ranked
from storage.records import Market, NextStep, TradeRow

# -- the board


_TAPPED_NAME = 14  # columns of a name on a button beside a row: a phone shows both
_SALES = 6
"""Shown of the tokens whose sale the pot floor holds down."""

MOST_CHOICES = 10  # markets that are one press away

WINNER = "winner"
"""The note of an outcome that has won, alone or with others."""

CLAIMED = "named winner"
"""The note of an outcome that has won unless it is corrected before it is paid."""

CLAIMED_OUT = "declared out"
"""The note of an outcome that is out of its round unless that is corrected before it is paid."""


def status_word(market: Market) -> str:
    return "Stands still" if market.outdated else "Halted" if market.halted else STATUS_WORDS[market.status]


def step_words(step: NextStep, takes: int | None = None) -> str:
    """`Round 2 freezes`, `The final is decided`, `Trading starts`, `The winner is paid`. `takes`: how many the round
    still takes, None where that is no matter."""
    if step.kind == "start":
        return "Trading starts"
    if step.kind == "pay":
        if step.final:
            return "The winner is paid"
        return "The elimination is paid" if step.round is None else f"Round {step.round + 1} is paid"
    what = "The final" if step.final else f"Round {(step.round or 0) + 1}"
    if takes == 0:
        return f"{what}, which has nobody left to put out, {'freezes' if step.kind == 'freeze' else 'ends'}"
    return f"{what} {'freezes' if step.kind == 'freeze' else 'is decided'}"


def awaited(number: int, due_ms: int, *, final: bool) -> Line:
    """While a round, or the final, is asked for: in the place of the next step."""
    what = "the final" if final else f"round {number + 1}"
    return line(f"The decision on {what} was due ", Stamp(due_ms), ": an admin is awaited.")


def out_note(round_number: int | None) -> str:
    return "out" if round_number is None else f"out in round {round_number + 1}"


def board(shown: Board, audience: Audience) -> Reply:
    """The market at a glance; the sentence says who leads."""
    winners = [row for row in shown.rows if row.note in {WINNER, CLAIMED}]
    names = [part for row in winners for part in (", ", bold(row.name, row.outcome))][1:]
    if shown.status == STATUS_WORDS[Status.VOIDED]:
        head = line(f"{shown.title} was called off; everybody has what they were given.")
    elif winners and winners[0].note == WINNER:
        head = line(f"{shown.title}: ", *names, " won." if len(winners) == 1 else " share the win.")
    elif winners:
        named = "is named the winner" if len(winners) == 1 else "are named to share the win"
        head = line(f"{shown.title}: ", *names, f" {named}, and not paid yet.")
    elif named_out := [row for row in shown.rows if row.note == CLAIMED_OUT]:
        names = [part for row in named_out for part in (", ", bold(row.name, row.outcome))][1:]
        head = line(
            f"{shown.title}: ", *names, f" {'is' if len(named_out) == 1 else 'are'} declared out, and not paid yet."
        )
    elif shown.status == "Lobby":
        head = line(f"{shown.title} opens soon: join now and start with the others.")
    else:
        head = _ahead(shown)
    awaits = (shown.awaits,) if shown.awaits else ()
    blocks = (_with_taps(shown), *awaits, *_floored(shown))
    return Reply(head=head, blocks=blocks, actions=_board_actions(shown), audience=audience)


def _with_taps(shown: Board) -> Board:
    """While there is trading each outcome has a tap that asks for the rest of an order."""
    if shown.status != "Open":
        return shown
    names = [row.name for row in sorted(shown.rows, key=lambda row: row.outcome)]
    return replace(shown, rows=tuple(replace(row, tap=_tap(row, names)) if row.active else row for row in shown.rows))


def _tap(row: BoardRow, names: Sequence[str]) -> Action:
    line_ = f"/buy {typed_outcome(names, row.outcome).lower()}"
    return Action(label=f"Buy {cut(clean(row.name), _TAPPED_NAME)}", text=line_, asks=True)


def _floored(shown: Board) -> tuple[Line, ...]:
    """What a sale really brings, where the pot floor keeps part of it."""
    sales = [
        f"{row.name} {side_word(side)} {price(brings, Cut.DOWN)}"
        for row in shown.rows
        for side, brings in ((Side.YES, row.sale_yes), (Side.NO, row.sale_no))
        if brings is not None
    ]
    if not sales:
        return ()
    more = f" and {len(sales) - _SALES} more" if len(sales) > _SALES else ""
    listing = ", ".join(sales[:_SALES]) + more
    return (
        line(
            f"A sale brings less than the price now, so that nobody can be sure of a profit; after the fee: {listing}."
        ),
    )


def _ahead(shown: Board) -> Line:
    """Who leads; those who are level share it."""
    active = [row for row in shown.rows if row.active]
    first = [row for row in active if row.place == active[0].place]
    if len(first) == 1:
        return line(f"{shown.title}: ", bold(first[0].name, first[0].outcome), f" leads at {price(first[0].yes)}.")
    sentence = ahead([row.name for row in first], len(active), first[0].yes)
    return line(f"{shown.title}: {sentence.replace('All are', 'all are')}.")


def _board_actions(shown: Board) -> tuple[Action, ...]:
    if shown.status == "Lobby":
        return (Action(label="Join", text="/join", primary=True), Action(label="Rules", text="/rules"))
    looking = (Action(label="Chart", text="/chart"), Action(label="Positions", text="/positions"))
    if shown.status == "Open":
        buy = Action(label="Buy", text="/buy", primary=True, asks=True)
        return (buy, Action(label="Sell", text="/sell", asks=True), *looking)
    if shown.status in {"Frozen", "Paused"}:
        return looking
    return (Action(label="Leaderboard", text="/leaderboard"),)


def chart(picture: Picture, title: str, figures: str, audience: Audience, out: Sequence[str] = ()) -> Reply:
    """The sentence above the chart, and as its alt text what the sentence does not say: the figures, and who is `out`,
    the first to go first; the sentence itself where there is nothing more."""
    alt = " ".join(part for part in (figures, out_figures(out)) if part)
    return Reply(head=line(title), blocks=(replace(picture, alt=alt or title),), audience=audience)


def chart_figures(market: Market, number: int | None, yes: Mapping[int, int], no: Mapping[int, int]) -> str:
    """Beside the sentence of `chart_title`: of all, every price of YES; of one, its NO. Prices in micro-dollars."""
    if market.status is Status.VOIDED or not yes:
        return ""
    if number is None:
        return yes_figures({outcome: name_of(market.params, outcome) for outcome in yes}, yes)
    return f"Its NO stands at {price(no[number])}." if number in no else ""


def chart_title(market: Market, number: int | None, prices: Mapping[int, int], winners: Sequence[int]) -> str:
    """Of all: who won or leads; of one: where its YES stands. `prices`: YES of those still in, micro-dollars."""
    params = market.params
    if market.status is Status.VOIDED:
        return f"{clean(market.title)} was called off."
    if winners and number in {None, *winners}:
        shared = " in a dead heat" if len(winners) > 1 else ""
        return f"{listed([name_of(params, winner) for winner in winners])} won{shared}."
    if number is None:
        first = leaders(prices)
        return f"{ahead([name_of(params, leader) for leader in first], len(prices), prices[first[0]])}."
    if number not in prices:
        return f"{name_of(params, number)} is out."
    return f"{name_of(params, number)} YES stands at {price(prices[number])}."


def no_chart_yet() -> Reply:
    return no(
        "There is nothing to draw before trading starts.", blocks=(line(code("/board"), " has the first prices."),)
    )


def for_you_alone(answer: Reply, wait_ms: int) -> Reply:
    """What a group could read, where it has just been shown something."""
    note = f"Only you see this: a chat is shown one such answer a minute, its next in {span(wait_ms)}."
    return replace(answer, audience=Audience.PRIVATE, blocks=(*answer.blocks, line(quiet(note))))


# -- one's own affairs


def tape(params: MarketParams, trades: Sequence[TradeRow], number: int | None, audience: Audience) -> Reply:
    """The whole market's, newest first, without names: what people do is their own affair."""
    if not trades:
        which = f" of {name_of(params, number)}" if number is not None else ""
        return say(
            f"Nothing{which} has been traded yet.",
            blocks=(line(code("/board"), " has the prices."),),
            audience=audience,
        )
    rows = tuple(
        (
            line(Stamp(trade.ts_ms)),
            line(
                _trade_word(trade),
                outcome(params, trade.outcome),
                f" {side_word(trade.side)}",
                *program(by_key=trade.by_key),
            ),
            line(tokens(trade.size)),
            line(price(trade.price)),
            line(money(trade.amount, Cut.DOWN if trade.buyer is None else Cut.UP)),
        )
        for trade in trades
    )
    last = trades[0]
    head = f"Last trade: {tokens(last.size)} {token_name(params, last.outcome, last.side)} at {price(last.price)}."
    return say(head, blocks=(Table(columns=trade_columns("Before fees"), rows=rows),), audience=audience)


def _trade_word(trade: TradeRow) -> str:
    if trade.buyer is None:
        return "Sold "
    return "Bought " if trade.seller is None else "Traded "


# -- everybody's


def leaderboard(ranked: Sequence[Ranked], shown: int, *, over: bool, audience: Audience, called_off: bool) -> Reply:
    """Who has traded, best first; those who are level share a place, and who has not traded has none."""
    if called_off:
        how = line("It is as if it had never been, so nobody has a place.")
        return say("This market was called off; nobody won.", blocks=(how,), audience=audience)
    if not ranked:
        return say("Nobody has joined yet.", blocks=(line(code("/join"), " makes you the first."),), audience=audience)
    traded = [row for row in ranked if row.rank is not None]
    unranked = sum(row.unranked and row.trades > 0 for row in ranked)
    if not traded:
        who = "Nobody who is ranked" if unranked else "Nobody"
        head = f"{who} traded, so nobody won." if over else f"{who} has traded yet; everybody is level."
        how = line(code("/board"), " has the prices.")
        return say(head, blocks=(how,), audience=audience)
    with_places = list(zip(traded, places([row.rank for row in traded]), strict=True))
    rows = tuple(
        (
            line(place),
            line(clean(row.name)),
            line(gain(row.final, row.stake)[1]),
            line(money(row.final)),
            line(f"{row.trades:,}"),
        )
        for row, place in with_places[:shown]
    )
    columns = (
        Column(title="", numeric=True),
        Column(title="Name"),
        Column(title="Gain", numeric=True),
        Column(title="Worth", numeric=True),
        Column(title="Trades", numeric=True),
    )
    more = line(quiet(f"and {len(traded) - shown:,} more")) if len(traded) > shown else ()
    return say(
        _first(traded, over=over),
        blocks=(
            Table(columns=columns, rows=rows, more=more),
            *_without_place(len(ranked) - len(traded) - unranked, over=over),
            *_kept_out(unranked),
        ),
        audience=audience,
    )


def one_standing(row: Ranked, place: str | None, of: int, market: Market) -> Reply:
    """What the leaderboard shows of one of its members."""
    name = clean(row.name)
    if market.status is Status.VOIDED:
        return say(f"{name} has no place: this market was called off, as if it had never been.")
    worth = line(f"{gain(row.final, row.stake)[1]}, worth {money(row.final)}, {plural(row.trades, 'trade')}.")
    if place is not None:
        verb = "ended" if market.over else "is"
        return say(f"{name} {verb} {place} of {of}.", blocks=(worth,))
    if row.unranked:
        return say(f"{name} is kept out of ranks and has no place.", blocks=(worth,))
    return say(f"{name} {'did not trade' if market.over else 'has not traded yet'} and has no place.")


def _without_place(count: int, *, over: bool) -> tuple[Line, ...]:
    """How many are in and have not traded."""
    if not count:
        return ()
    verb = "has" if count == 1 else "have"
    what = "did not trade" if over else f"{verb} not traded"
    return (line(quiet(f"{people(count)} who {what} {verb} no place.")),)


def _kept_out(count: int) -> tuple[Line, ...]:
    """How many traded and are unranked; who they are is theirs to know."""
    if not count:
        return ()
    return (line(quiet(f"{people(count)} {'trades' if count == 1 else 'trade'} out of the ranks.")),)


def _first(traded: Sequence[Ranked], *, over: bool) -> str:
    """Who is ahead; those who are level share it."""
    best = traded[0]
    level = [clean(row.name) for row in traded if row.rank == best.rank]
    sentence = who_leads(level, best.final, best.stake, over=over)
    return f"{sentence}: {money(best.final)}." if len(level) == 1 and best.share > 0 else f"{sentence}."


def markets(markets_: Sequence[Market], current: int | None) -> Reply:
    if not markets_:
        where = line(INVITE, " Say ", code("/join"), " where one runs.")
        return say("You are in no market yet.", blocks=(where,), actions=(add_to_group(),))
    if len(markets_) == 1:
        only = markets_[0]
        about = line(f"{status_word(only)} · number {only.id}. What you say in private is about this one.")
        return say("You are in one market: ", bold(clean(only.title)), ".", blocks=(about,))
    rows = tuple(
        line(
            bold(clean(market.title)) if market.id == current else clean(market.title),
            f" · {status_word(market)} · number {market.id}",
        )
        for market in markets_
    )
    how = line(
        "What you say in private is about the one in bold; ", code(f"/markets {markets_[-1].id}"), " changes it."
    )
    choices = [
        Action(label=label, text=f"/markets {market.id}")
        for market, label in zip(markets_, told_apart(markets_), strict=True)
        if market.id != current
    ]
    return say(f"You are in {plural(len(markets_), 'market')}.", blocks=(*rows, how), actions=choices[:MOST_CHOICES])


def market_chosen(market: Market) -> Reply:
    return say(
        f"What you say in private is about {clean(market.title)} now.", blocks=(line(code("/board"), " shows it."),)
    )


def not_your_market(number: int) -> Reply:
    return no(f"You are in no market with number {number}.", blocks=(line(code("/markets"), " lists yours."),))


# -- help


def help_all(groups: Sequence[tuple[str, Sequence[HelpEntry]]], first: str, *, runs: bool = False) -> Reply:
    """Every command one may use, in groups; those of who `runs` a market are a page of their own."""
    rows: list[Block] = [
        Folded(
            title=line(bold(title)),
            lines=tuple(line(code(f"/{entry.name}"), f"  {entry.summary}") for entry in entries),
        )
        for title, entries in groups
    ]
    rows.append(line("More on one: ", code("/help buy")))
    running = (Action(label="Running a market", text="/help admin"),) if runs else ()
    if runs:
        rows.append(line("Running a market: ", code("/help admin")))
    return say(f"{INVITE} Begin with ", code(first), blocks=rows, actions=running)


def greeting(first: str, *, joined: bool, alone: bool = False) -> Reply:
    """The first thing somebody reads who has just met the bot: a screen, not a manual. `alone`: in private, without any
    market."""
    steps = [
        ("/join", "gives you play money") if not joined else ("/positions", "what you hold, and what it is worth"),
        ("/board", "who leads, and at what price"),
        ("/buy", "asks what you want; nothing is ordered before you press Confirm"),
    ]
    rows = [line(code(command), f"  {what}") for command, what in steps]
    rows.append(line(code("/rules"), "  how it works, in a dozen lines. All else: ", code("/help")))
    return say(f"{INVITE} Begin with ", code(first), blocks=rows, actions=(add_to_group(),) if alone else ())


def help_one(entry: HelpEntry) -> Reply:
    rows: list[Line] = [line(bold(entry.usage))]
    if entry.details:
        rows.append(line(entry.details))
    rows += [
        line(bold(name), "" if required else quiet(" (optional)"), f": {about}")
        for name, about, required in entry.arguments
    ]
    rows += glossary.in_help([name for name, _, _ in entry.arguments])
    if entry.examples:
        rows.append(line("For example: ", *_between([code(example) for example in entry.examples])))
    return replace(say(f"/{entry.name}: {entry.summary}", blocks=rows), examples=True)


def _between(parts: Sequence[Part]) -> list[str | Part]:
    joined: list[str | Part] = []
    for place, part in enumerate(parts):
        joined += [" · ", part] if place else [part]
    return joined

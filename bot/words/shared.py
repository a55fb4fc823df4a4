"""What all sentences share: how an outcome, a side, a holding, a list and a count are said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.chat.facts import TermChange
from bot.chat.reply import (
    Action,
    Audience,
    Awaited,
    Block,
    Board,
    Column,
    Form,
    Page,
    Part,
    Reply,
    Span,
    Style,
    Tone,
    line,
    quiet,
)
from bot.text.names import clean
from bot.text.numbers import MICRO, MINUS, RATE, gain, price, shown_price
from engine.state import Side, Status
from engine.terms import MarketParams
from storage.records import Market, TradeRow

INVITE = "Outcry lets a chat trade on who wins, for play money."


def add_to_group() -> Action:
    """For somebody who is in no market: where one picks a group is asked of Telegram; elsewhere it does not show."""
    return Action(label="Add me to a group", adds_bot=True)


STATUS_WORDS = {
    Status.DRAFT: "Draft",
    Status.LOBBY: "Lobby",
    Status.RUNNING: "Open",
    Status.FROZEN: "Frozen",
    Status.PAUSED: "Paused",
    Status.RESOLVED: "Resolved",
    Status.DISPUTED: "Disputed",
    Status.CLOSED: "Closed",
    Status.VOIDED: "Voided",
}


_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def count(number: int) -> str:
    return _COUNTS[number] if 0 <= number < len(_COUNTS) else f"{number}"


def trade_columns(amount: str) -> tuple[Column, ...]:
    """Of a list of trades; `amount` says what the last of them leaves out, as `Before gas`."""
    left = (Column(title="When"), Column(title="What"))
    return (*left, *(Column(title=title, numeric=True) for title in ("Tokens", "Price", amount)))


def own_amount(trade: TradeRow, person: int) -> int:
    """What one of the two paid or got, before gas, micro-dollars."""
    if trade.buyer == person:
        return trade.amount + trade.buy_fee
    return trade.amount - trade.kept - trade.sell_fee


def program(*, by_key: bool) -> tuple[Part, ...]:
    """The mark of what a program did."""
    return (quiet(" · program"),) if by_key else ()


def side_word(side: Side) -> str:
    return side.value.upper()


def name_of(params: MarketParams, outcome: int) -> str:
    return clean(params.outcome_names[outcome])


def outcome(params: MarketParams, number: int, style: Style = Style.PLAIN) -> Span:
    """An outcome's name in its colour."""
    return Span(name_of(params, number), style, number)


def token_name(params: MarketParams, number: int, side: Side) -> str:
    """`Germany YES`."""
    return f"{name_of(params, number)} {side_word(side)}"


def if_right(params: MarketParams, number: int, side: Side) -> str:
    """`if Germany wins`, `if Germany does not win`."""
    return f"if {name_of(params, number)} {'wins' if side is Side.YES else 'does not win'}"


def listed(names: Sequence[str], joint: str = "and") -> str:
    """`A`, `A and B`, `A, B and C`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {joint} {names[-1]}"


def listed_outcomes(
    params: MarketParams, numbers: Iterable[int], joint: str = "and", style: Style = Style.PLAIN
) -> list[Part]:
    """Outcomes in a sentence, each in its colour."""
    parts: list[Part] = []
    every = list(numbers)
    for place, number in enumerate(every):
        if place:
            parts.append(Span(f" {joint} " if place == len(every) - 1 else ", "))
        parts.append(outcome(params, number, style))
    return parts


def winners_of(facts: Mapping[str, Any]) -> tuple[int, ...]:  # Any: a payload of scheduler.notices
    """Who won, or was named so; several share. Payloads from before there were dead heats name one."""
    return tuple(facts["winners"]) if "winners" in facts else (facts["winner"],)


def who_leads(names: Sequence[str], final: int, stake: int, *, over: bool) -> str:
    """Who is ahead, without a full stop: `Ada leads with +54.02%`. `names` share the first place with what one of them
    has and was given; nobody leads who has gained nothing."""
    who = listed(names) if len(names) <= 2 else people(len(names))
    one, (amount, share) = len(names) == 1, gain(final, stake)
    have = "has" if one else "have"
    if amount[0] == "+":
        return f"{who} {'won' if over else 'leads' if one else 'lead'} with {share}"
    if amount[0] == MINUS:
        return f"Nobody {'gained' if over else 'has gained'}: {who} {'' if over else f'{have} '}lost least, {share}"
    return f"Nobody {'gained' if over else 'has gained'}: {who} {have} what they were given"


def start_price(params: MarketParams, number: int) -> int:
    """The YES price an outcome starts at, micro-dollars."""
    return (params.odds[number] if params.start == "fair" else RATE // 2) // (RATE // MICRO)


def leaders(prices: Mapping[int, int]) -> list[int]:
    """The outcomes with the highest price as it is shown, in order; several where they look level."""
    best = max((shown_price(yes) for yes in prices.values()), default=0)
    return sorted(number for number, yes in prices.items() if shown_price(yes) == best)


def ahead(names: Sequence[str], outcomes: int, yes: int) -> str:
    """Who is ahead among so many outcomes still in, without a full stop: `Germany leads at 61.0¢`, `Germany and Brazil
    are level at 40.0¢`, `All are level at 25.0¢`."""
    if len(names) == 1:
        return f"{names[0]} leads at {price(yes)}"
    if len(names) == outcomes and outcomes > 2:
        return f"All are level at {price(yes)}"
    who = listed(names) if len(names) <= 3 else f"{len(names)} outcomes"
    return f"{who} are level at {price(yes)}"


def ahead_on(board: Board) -> str:
    """Who is ahead on a board, as `ahead` says it."""
    active = [row for row in board.rows if row.active]
    first = leaders({row.outcome: row.yes for row in active})
    names = [clean(row.name) for row in active if row.outcome in first]
    return ahead(names, len(active), max((row.yes for row in active), default=0))


def people(count: int, what: str = "person", many: str = "people") -> str:
    return f"{count:,} {what if count == 1 else many}"


def plural(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def told_apart(markets: Sequence[Market]) -> list[str]:
    """Their titles, those that several share with the number beside them."""
    titles = [clean(market.title) for market in markets]
    return [
        title if titles.count(title) == 1 else f"{title} ({market.id})"
        for title, market in zip(titles, markets, strict=True)
    ]


def as_changes(changed: Sequence[TermChange]) -> str:
    """`fee 1% → 2%, gas $0 → $0.01`."""
    return ", ".join(f"{change.name} {change.before} → {change.after}" for change in changed)


def percent_of(per_mille: int) -> str:
    """How much of some work is done: `40 %`."""
    return f"{per_mille // 10} %"


def first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def dotted(parts: Iterable[str]) -> str:
    """`fee $0.51 · gas $0.01`."""
    return " · ".join(part for part in parts if part)


def say(
    *head: str | Part,
    blocks: Sequence[Block] = (),
    actions: Sequence[Action] = (),
    audience: Audience = Audience.PRIVATE,
    tone: Tone = Tone.NEUTRAL,
    ticket: int | None = None,
    form: Form | None = None,
    awaits: Awaited | None = None,
) -> Reply:
    return Reply(
        head=line(*head),
        blocks=tuple(blocks),
        actions=tuple(actions),
        audience=audience,
        tone=tone,
        ticket=ticket,
        form=form,
        awaits=awaits,
    )


def no(
    *head: str | Part,
    blocks: Sequence[Block] = (),
    actions: Sequence[Action] = (),
    ticket: int | None = None,
    code: str = "",
) -> Reply:
    """A refusal: why, then what to do next. `code`: its name for programs."""
    return Reply(
        head=line(*head),
        blocks=tuple(blocks),
        actions=tuple(actions),
        tone=Tone.BAD,
        ok=False,
        ticket=ticket,
        code=code,
    )


BALANCE = Action(label="Balance", text="/balance")
BOARD = Action(label="Board", text="/board")
ORDERS = Action(label="Orders", text="/orders")
POSITIONS = Action(label="Positions", text="/positions")


def try_again(text: str) -> Action:
    """The line that would ask for it once more, a press away."""
    return Action(label="Try again", text=text)


def page_buttons(line: str, page: Page[object], person: int | None) -> tuple[Action, ...]:
    """Buttons to the pages before and after; `line` is the command without its page."""
    actions = []
    if page.number > 1:
        actions.append(Action(label="Back", text=f"{line} page={page.number - 1}", person=person))
    if page.number < page.pages:
        actions.append(Action(label="More", text=f"{line} page={page.number + 1}", person=person))
    return tuple(actions)


def place(page: Page[object]) -> str:
    """` Page 2 of 3.`, nothing where there is one."""
    return f" Page {page.number} of {page.pages}." if page.pages > 1 else ""

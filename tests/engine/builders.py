"""Small stages for engine tests: a market, a person, and scenarios written as tables.

A row of a scenario is `time | what | outcome`. `what` is one intent ("ann buys 100 yes of 1", "ann buys 100 yes of 1 at
0.3 auto yes", "ann cancels r03", "ann cancels all", "ann joins with 1000", "ann leaves", "admin eliminates 2 3",
"retune fee=0.02"), several with ` + ` between them, or "-" for time passing; the outcome is what the tick said in a few
words, and the kinds of fills with the sizes and money of the book. Intents are called r00, r01 ... by row, r00b, r00c
... within one.
After every refusal the table asserts that nothing changed but the gas that was paid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from engine.events import (
    Cancelled,
    Claimed,
    ControlRefused,
    Corrected,
    Eliminated,
    Event,
    Fill,
    Gas,
    Left,
    OrderDone,
    Paid,
    PaidBack,
    Rebate,
    Released,
    Resolved,
    Rested,
    RoundAsked,
    Voided,
    params_after,
)
from engine.intents import Cancel, Control, Intent, Join, Leave, Order, Retune
from engine.orders import apply_orders
from engine.params import MarketParams, build_params
from engine.risk import check
from engine.state import MarketState, Side, open_market, state_from_json, state_to_json
from engine.units import MICRO, RATE
from tests.engine.balance_changes import cash_changes, escrow_changes

PEOPLE = {"ann": 1, "bob": 2, "cy": 3, "dee": 4, "admin": 0}
DONE = {
    "freezes": "freeze",
    "resumes": "resume",
    "pauses": "pause",
    "resolves": "resolve",
    "corrects": "correct",
    "voids": "void",
}

Outcome = tuple[tuple[Fill, ...], MarketState, tuple[Event, ...]]


def params(**values: object) -> MarketParams:
    """Legal parameters; three outcomes unless told."""
    built = build_params({"n_outcomes": 3, **values} if "outcome_names" not in values else values)
    assert isinstance(built, MarketParams), built
    return built


def at_half(n: int, **values: object) -> MarketParams:
    """The market of ENGINE section 10: outcome 0 stands at 0.5 on the depth that even odds allow.

    No legal odds give both; only prices are asked of it, never a check of section 8 (4).
    """
    rest = (RATE // 2) // (n - 1)
    return replace(params(n_outcomes=n, **values), odds=(RATE // 2,) + (rest,) * (n - 1))


def micro(text: str) -> int:
    """Micro-units of a number in whole ones."""
    return int(Decimal(text) * MICRO)


def funded(p: MarketParams, **cash: int) -> MarketState:
    """An open market with people who have so many dollars."""
    joins = [Join(id=name, accepted_ms=0, user=PEOPLE[name], cash=c * MICRO) for name, c in cash.items()]
    return apply_orders(open_market(p), joins, p, 0)[1]


def order(text: str, *, at: int = 0, id: str = "o", worst: int | None = None, slip: int | None = None) -> Order:
    """ "ann buys 100 yes of 1": outcomes count from 1 as for people."""
    who, verb, size, side, _, outcome = text.split()
    return Order(
        id=id,
        accepted_ms=at,
        user=PEOPLE.get(who, 99),
        outcome=int(outcome) - 1,
        side=Side(side),
        buy=verb == "buys",
        size=micro(size),
        worst_price=worst,
        max_slippage=slip,
    )


def run_one(state: MarketState, p: MarketParams, intent: Intent) -> Outcome:
    """A tick of one intent at its own time, checked in full."""
    outcome = apply_orders(state, [intent], p, intent.accepted_ms)
    check_all(state, outcome, p)
    return outcome


def check_all(before: MarketState, outcome: Outcome, p: MarketParams) -> None:
    """Section 8, every account, and the rule of the ledger."""
    fills, after, events = outcome
    check(after, params_after(p, events))
    moved = {
        user: account.cash - (before.accounts[user].cash if user in before.accounts else 0)
        for user, account in after.accounts.items()
    }
    moved |= {user: -account.cash for user, account in before.accounts.items() if user not in after.accounts}
    assert cash_changes(fills, events) == {user: change for user, change in sorted(moved.items()) if change}
    tied = {
        user: account.escrow - (before.accounts[user].escrow if user in before.accounts else 0)
        for user, account in after.accounts.items()
    }
    assert escrow_changes(fills, events) == {user: change for user, change in sorted(tied.items()) if change}
    assert state_from_json(state_to_json(after)) == after


def done(events: Iterable[Event]) -> OrderDone:
    """How the only order of a tick ended."""
    (ending,) = (event for event in events if isinstance(event, OrderDone))
    return ending


def play(p: MarketParams, table: str, state: MarketState | None = None) -> tuple[MarketState, MarketParams]:
    """Runs a scenario and compares every outcome; gives back how it ended."""
    state = open_market(p) if state is None else state
    for number, row in enumerate(line for line in table.strip().splitlines() if line.strip()):
        time, what, wanted = (cell.strip() for cell in row.split("|"))
        intents = [
            intent
            for letter, part in zip(" bcdefgh", what.split(" + "), strict=False)
            if (intent := _intent(part, int(time), f"r{number:02}{letter}".strip()))
        ]
        outcome = apply_orders(state, intents, p, int(time))
        check_all(state, outcome, p)
        happened = "; ".join(words for event in outcome[2] if (words := _in_words(event, outcome)))
        swept = [f"sweep {fill.order} {fill.size / MICRO:g}" for fill in outcome[0] if fill.kind == "sweep"]
        happened = "; ".join([happened, *swept] if happened else swept)
        assert happened == wanted, f"{row.strip()}  <-  {happened}"
        if happened.startswith("refused") and ";" not in happened:
            assert unchanged(state, outcome[1], p), row
        state, p = outcome[1], params_after(p, outcome[2])
    return state, p


def unchanged(before: MarketState, after: MarketState, p: MarketParams) -> bool:
    """Nothing is different, up to the gas of one order."""
    gas = after.profit["gas"] - before.profit["gas"]
    accounts = {
        user: replace(account, cash=account.cash + gas, net=account.net - gas)
        if gas and account != before.accounts[user]
        else account
        for user, account in after.accounts.items()
    }
    profit = {**after.profit, "gas": before.profit["gas"]}
    return gas in (0, p.gas_fee) and before == replace(after, accounts=accounts, profit=profit, pot=after.pot - gas)


def _intent(what: str, at: int, id: str) -> Intent | None:
    words = what.split()
    if what == "-":
        return None
    if words[0] == "retune":
        values = dict(word.split("=") for word in words[1:])
        return Retune(id=id, accepted_ms=at, values=values)
    if words[1] == "cancels":
        return Cancel(id=id, accepted_ms=at, user=PEOPLE[words[0]], order=None if words[2] == "all" else words[2])
    if words[1] == "leaves":
        return Leave(id=id, accepted_ms=at, user=PEOPLE[words[0]])
    if words[1] == "joins":
        return Join(id=id, accepted_ms=at, user=PEOPLE[words[0]], cash=micro(words[3]))
    if words[0] == "admin":
        kind = DONE.get(words[1], "eliminate")
        outcomes = tuple(int(word) - 1 for word in words[2:])
        return Control(id=id, accepted_ms=at, kind=kind, outcomes=outcomes)  # type: ignore[arg-type]  # from DONE
    given = dict(zip(words[6::2], words[7::2], strict=True))
    rates = {name: int(Decimal(word) * RATE) for name, word in given.items() if name not in ("auto", "spend")}
    spend = micro(given["spend"]) if "spend" in given else None
    parsed = order(" ".join(words[:6]), at=at, id=id, worst=rates.get("worst"), slip=rates.get("slip"))
    return replace(parsed, limit=rates.get("at"), autofill="auto" in given, spend=spend)


def _in_words(event: Event, outcome: Outcome) -> str:
    """An event in the words of the tables; gas is seen in the account that paid it."""
    if isinstance(event, OrderDone):
        return f"refused {event.reason}" if event.reason else _done(event, outcome[0])
    if isinstance(event, ControlRefused):
        return f"refused {event.reason}"
    if isinstance(event, Gas | Rested):
        return ""
    if isinstance(event, Cancelled | Released):
        return f"{type(event).__name__.lower()} {event.order} {event.rest / MICRO:g}"
    if isinstance(event, Rebate | PaidBack):
        what = "rebate" if isinstance(event, Rebate) else "paid back"
        return f"{what} {event.order} {event.amount / MICRO:.6f}"
    if isinstance(event, Paid):
        return f"paid {event.user} {event.amount / MICRO:g}"
    if isinstance(event, Left):
        return f"left {event.user} {event.cash / MICRO:g}"
    if isinstance(event, Claimed | Corrected):
        due = f"{event.due / MICRO:g} to {event.holders} at {event.until_ms}"
        named = " ".join(str(j + 1) for j in event.winners or event.losers)
        return f"{type(event).__name__.lower()} {'out ' * bool(event.losers)}{named}: {due}"
    if isinstance(event, Voided):
        back = "".join(
            f", {user} {'-' if amount < 0 else '+'}{abs(amount) / MICRO:.6f}" for user, amount in event.amounts
        )
        return f"voided{back}"
    if isinstance(event, Eliminated | Resolved):
        who = event.outcomes if isinstance(event, Eliminated) else event.winners
        return f"{type(event).__name__.lower()} " + " ".join(str(j + 1) for j in who)
    if isinstance(event, RoundAsked):
        return f"asked for {event.count}"
    return type(event).__name__.lower()


def _done(event: OrderDone, fills: Iterable[Fill]) -> str:
    """filled 34.38, partly 50 12.5 rests 50, rests 100; what the book did of it behind: mint 20, autofill r02 5."""
    if event.status == "resting":
        return f"rests {event.rests / MICRO:g}"
    amount = f"{event.amount / MICRO:.6f}"
    text = f"filled {amount}" if event.status == "filled" else f"partly {event.filled / MICRO:g} {amount}"
    if event.rests:
        text += f" rests {event.rests / MICRO:g}"
    legs = [fill for fill in fills if fill.order == event.order and fill.kind != "sweep"]
    if all(fill.kind == "maker" for fill in legs):
        return text
    shown = [
        f"{fill.kind}{f' {fill.resting}' if fill.resting else ''} {fill.size / MICRO:g}"
        for fill in legs
        if fill.resting or fill.kind == "maker"
    ]
    return f"{text}: {', '.join(shown)}"

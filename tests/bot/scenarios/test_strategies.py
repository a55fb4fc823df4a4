"""Traders decide from what they see and a generator of their own, by their strategies, in lines the bot can read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat.invocation import HeldTokens, ParseContext
from bot.commands import COMMANDS
from bot.grammar.parser import parse
from bot.scenarios import strategies
from bot.scenarios.observation import DOLLAR, MICRO, PublicInfo, SeenAccount, SeenBoard, TradeIdea, estimated_chances
from bot.scenarios.simulation import odds_weights
from bot.scenarios.traders import STRATEGY_CYCLE, Strategy, Trader, make_traders, seeded_random
from bot.scenarios.worldcup import world_cup

CUP = world_cup()
NAMES = CUP.names
EVEN = PublicInfo(forecast=(125_000,) * 8, forecast_is_new=False, ticks_since_round=30, ticks_to_freeze=30)
YES = (390_000, 175_000, 140_000, 92_000, 80_000, 75_000, 28_000, 20_000)
BOARD = SeenBoard(yes=YES, no=tuple(1_000_000 - price for price in YES), path=(), info=replace(EVEN, forecast=YES))
RICH = SeenAccount(cash=1_000 * DOLLAR, held=((0, 0),) * 8)
PEOPLE = make_traders(40, 7, odds_weights(CUP))


def someone(strategy: Strategy, **changes: object) -> Trader:
    trader = next(candidate for candidate in PEOPLE if candidate.strategy is strategy)
    even = replace(trader, forecast_weights=(1_000,) * 8, required_edge=10_000, lookback=4, slippage="")
    return replace(even, **changes)  # type: ignore[arg-type]  # the fields are named by the caller


def ideas(trader: Trader, board: SeenBoard, account: SeenAccount, draws: int = 60) -> list[TradeIdea]:
    decided = [
        strategies.decide(trader, board, account, NAMES, seeded_random("test", trader.number, number))
        for number in range(draws)
    ]
    return [idea for several in decided for idea in several]


def test_equal_seeds_make_equal_people_and_others_others() -> None:
    assert make_traders(20, 7, odds_weights(CUP)) == make_traders(20, 7, odds_weights(CUP))
    assert make_traders(20, 7, odds_weights(CUP)) != make_traders(20, 8, odds_weights(CUP))


@pytest.mark.parametrize("count", [1, 20, 48, 200])
def test_everybody_has_a_name_of_their_own(count: int) -> None:
    people = make_traders(count, 1, odds_weights(CUP))
    assert len({trader.name for trader in people}) == count
    if count >= len(STRATEGY_CYCLE):
        assert {trader.strategy for trader in people} == set(Strategy)


def test_decisions_are_the_same_for_the_same_generator() -> None:
    for trader in PEOPLE:
        first = strategies.decide(trader, BOARD, RICH, NAMES, seeded_random("same", trader.number))
        assert strategies.decide(trader, BOARD, RICH, NAMES, seeded_random("same", trader.number)) == first


def test_the_informed_buy_what_is_worth_more_than_it_costs_and_say_how_much_they_would_pay() -> None:
    cheap = replace(BOARD, info=replace(EVEN, forecast=(390_000, 175_000, 140_000, 292_000, 0, 0, 0, 0)))
    chosen = ideas(someone(Strategy.INFORMED), cheap, RICH, 20)
    assert chosen
    for idea in chosen:
        assert idea.line.split()[0] == "/buy"
        assert idea.worst_price is not None
        assert idea.smaller_line
    germany = [idea for idea in chosen if idea.line.split()[1] in ("4", "ger", "germany")]
    assert all(idea.worst_price and idea.worst_price < 293_000 for idea in germany)
    assert germany


def test_the_informed_leave_alone_what_costs_what_it_is_worth() -> None:
    assert ideas(someone(Strategy.INFORMED), BOARD, RICH) == []


def test_the_informed_sell_what_has_become_too_dear() -> None:
    expensive = replace(BOARD, yes=(700_000, *YES[1:]), no=(600_000, *BOARD.no[1:]))
    held = replace(RICH, cash=0, held=((100 * MICRO, 0), *RICH.held[1:]))
    chosen = ideas(someone(Strategy.INFORMED), expensive, held)
    assert chosen
    assert all(idea.line.startswith("/sell ") and " yes " in idea.line for idea in chosen)
    assert all(idea.worst_price is not None and 390_000 <= idea.worst_price < 700_000 for idea in chosen)


def test_estimated_chances_leave_out_who_is_out_and_sum_to_one() -> None:
    gone = replace(BOARD, yes=(0, *YES[1:]))
    seen = estimated_chances(someone(Strategy.INFORMED), gone)
    assert seen[0] == 0
    assert 10**6 - 8 <= sum(seen) <= 10**6


def test_momentum_traders_buy_what_rises() -> None:
    before = (300_000, *YES[1:])
    chosen = ideas(someone(Strategy.MOMENTUM), replace(BOARD, path=(before,) * 4), RICH)
    assert chosen
    assert all(parsed(idea.line)["outcome"] == 0 and idea.line.startswith("/buy") for idea in chosen)


def test_momentum_traders_sell_what_falls() -> None:
    before = (500_000, *YES[1:])
    account = replace(RICH, held=((50 * MICRO, 0), *RICH.held[1:]))
    chosen = ideas(someone(Strategy.MOMENTUM), replace(BOARD, path=(before,) * 4), account)
    assert chosen
    assert all(parsed(idea.line)["outcome"] == 0 and idea.line.startswith("/sell") for idea in chosen)


def test_fans_mostly_back_their_favourite_and_never_one_that_is_out() -> None:
    trader = someone(Strategy.FAN, favourite=3)
    backed = [idea for idea in ideas(trader, BOARD, RICH, 200) if " yes $" in idea.line]
    favourite = [idea for idea in backed if readable(idea.line) and parsed(idea.line).get("outcome") == 3]
    assert len(favourite) * 2 > len(backed)
    gone = replace(BOARD, yes=(*YES[:3], 0, *YES[4:]))
    for idea in ideas(trader, gone, RICH, 200):
        assert not readable(idea.line) or parsed(idea.line)["outcome"] != 3


def test_nobody_without_money_orders_a_number_of_tokens() -> None:
    poor = replace(RICH, cash=DOLLAR)
    for trader in PEOPLE:
        for idea in ideas(trader, BOARD, poor, 20):
            assert idea.line.startswith("/quote") or "$" in idea.line


def test_nobody_trades_in_a_market_without_outcomes() -> None:
    empty = replace(BOARD, yes=(0,) * 8, no=(0,) * 8)
    assert all(ideas(trader, empty, RICH, 5) == [] for trader in PEOPLE)


def test_a_new_forecast_and_a_round_make_people_trade() -> None:
    def awake(info: PublicInfo) -> int:
        return sum(
            strategies.acts_now(trader, info, seeded_random(trader.number, draw))
            for trader in PEOPLE
            for draw in range(50)
        )

    assert awake(replace(EVEN, forecast_is_new=True)) > awake(EVEN)
    assert awake(replace(EVEN, ticks_since_round=0)) > 2 * awake(EVEN)


def test_the_lines_people_type_can_be_read_but_for_a_slip_now_and_then() -> None:
    account = replace(RICH, held=((40 * MICRO, 10 * MICRO),) * 8)
    chosen = [idea for trader in PEOPLE for idea in ideas(trader, BOARD, account, 30)]
    lines = [line for idea in chosen for line in (idea.line, idea.smaller_line) if line]
    read = sum(readable(line) for line in lines)
    assert len(lines) > 300
    assert 0.9 * len(lines) < read < len(lines)


def parsed(line: str) -> dict[str, object]:
    name, _, rest = line.removeprefix("/").partition(" ")
    command = next(declared for declared in COMMANDS if declared.name == name)
    held = dict.fromkeys(range(8), HeldTokens(yes=40 * MICRO, no=10 * MICRO))
    prices = tuple(zip(YES, BOARD.no, strict=True))
    context = ParseContext(
        now_ms=CUP.start_ms, outcomes=NAMES, active=(True,) * 8, prices=prices, held=held, selling=name == "sell"
    )
    result = parse(command, rest, context)
    return {} if result.problems else dict(result.values)


def readable(line: str) -> bool:
    return bool(parsed(line))

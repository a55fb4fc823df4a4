"""People decide from what they see and their own dice, follow their tempers, and type lines the bot can read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat.invocation import HeldTokens, ParseContext
from bot.commands import COMMANDS
from bot.grammar.parser import parse
from bot.scenarios import chatter, strategies
from bot.scenarios.observation import DOLLAR, MICRO, News, OwnAccount, SeenBoard, TradeIdea, view
from bot.scenarios.simulation import weights
from bot.scenarios.traders import SHARES, Temper, Trader, dice
from bot.scenarios.traders import crowd as gather
from bot.scenarios.worldcup import world_cup

CUP = world_cup()
NAMES = CUP.names
EVEN = News(belief=(125_000,) * 8, fresh=False, since_round=30, to_freeze=30)
YES = (390_000, 175_000, 140_000, 92_000, 80_000, 75_000, 28_000, 20_000)
LOOK = SeenBoard(yes=YES, no=tuple(1_000_000 - one for one in YES), path=(), news=replace(EVEN, belief=YES))
RICH = OwnAccount(cash=1_000 * DOLLAR, held=((0, 0),) * 8)
PEOPLE = gather(40, 7, weights(CUP))


def someone(temper: Temper, **changes: object) -> Trader:
    person = next(one for one in PEOPLE if one.temper is temper)
    even = replace(person, trust=(1_000,) * 8, margin=10_000, span=4, slippage="")
    return replace(even, **changes)  # type: ignore[arg-type]  # the fields are named by the caller


def wishes(person: Trader, look: SeenBoard, own: OwnAccount, draws: int = 60) -> list[TradeIdea]:
    found = [
        strategies.decide(person, look, own, NAMES, dice("test", person.number, number)) for number in range(draws)
    ]
    return [wish for several in found for wish in several]


def test_equal_seeds_make_equal_people_and_others_others() -> None:
    assert gather(20, 7, weights(CUP)) == gather(20, 7, weights(CUP))
    assert gather(20, 7, weights(CUP)) != gather(20, 8, weights(CUP))


@pytest.mark.parametrize("count", [1, 20, 48, 200])
def test_everybody_has_a_name_of_her_own(count: int) -> None:
    people = gather(count, 1, weights(CUP))
    assert len({person.name for person in people}) == count
    if count >= len(SHARES):
        assert {person.temper for person in people} == set(Temper)


def test_decisions_are_the_same_for_the_same_dice() -> None:
    for person in PEOPLE:
        first = strategies.decide(person, LOOK, RICH, NAMES, dice("same", person.number))
        assert strategies.decide(person, LOOK, RICH, NAMES, dice("same", person.number)) == first


def test_the_informed_buy_what_is_worth_more_than_it_costs_and_say_how_much_they_would_pay() -> None:
    cheap = replace(LOOK, news=replace(EVEN, belief=(390_000, 175_000, 140_000, 292_000, 0, 0, 0, 0)))
    found = wishes(someone(Temper.INFORMED), cheap, RICH, 20)
    assert found
    for wish in found:
        assert wish.line.split()[0] == "/buy"
        assert wish.fair is not None
        assert wish.smaller
    germany = [wish for wish in found if wish.line.split()[1] in ("4", "ger", "germany")]
    assert all(wish.fair and wish.fair < 293_000 for wish in germany)
    assert germany


def test_the_informed_leave_alone_what_costs_what_it_is_worth() -> None:
    assert wishes(someone(Temper.INFORMED), LOOK, RICH) == []


def test_the_informed_sell_what_has_become_too_dear() -> None:
    dear = replace(LOOK, yes=(700_000, *YES[1:]), no=(600_000, *LOOK.no[1:]))
    held = replace(RICH, cash=0, held=((100 * MICRO, 0), *RICH.held[1:]))
    found = wishes(someone(Temper.INFORMED), dear, held)
    assert found
    assert all(wish.line.startswith("/sell ") and " yes " in wish.line for wish in found)
    assert all(wish.fair is not None and 390_000 <= wish.fair < 700_000 for wish in found)


def test_her_own_view_leaves_out_who_is_out_and_sums_to_one() -> None:
    gone = replace(LOOK, yes=(0, *YES[1:]))
    seen = view(someone(Temper.INFORMED), gone)
    assert seen[0] == 0
    assert 10**6 - 8 <= sum(seen) <= 10**6


def test_chasers_buy_what_rises() -> None:
    before = (300_000, *YES[1:])
    found = wishes(someone(Temper.CHASER), replace(LOOK, path=(before,) * 4), RICH)
    assert found
    assert all(parsed(wish.line)["outcome"] == 0 and wish.line.startswith("/buy") for wish in found)


def test_chasers_leave_what_falls() -> None:
    before = (500_000, *YES[1:])
    own = replace(RICH, held=((50 * MICRO, 0), *RICH.held[1:]))
    found = wishes(someone(Temper.CHASER), replace(LOOK, path=(before,) * 4), own)
    assert found
    assert all(parsed(wish.line)["outcome"] == 0 and wish.line.startswith("/sell") for wish in found)


def test_fans_mostly_back_their_favourite_and_never_one_that_is_out() -> None:
    person = someone(Temper.FAN, favourite=3)
    backed = [wish for wish in wishes(person, LOOK, RICH, 200) if " yes $" in wish.line]
    favourite = [wish for wish in backed if readable(wish.line) and parsed(wish.line).get("outcome") == 3]
    assert len(favourite) * 2 > len(backed)
    gone = replace(LOOK, yes=(*YES[:3], 0, *YES[4:]))
    for wish in wishes(person, gone, RICH, 200):
        assert not readable(wish.line) or parsed(wish.line)["outcome"] != 3


def test_nobody_without_money_buys_more_than_a_dream() -> None:
    poor = replace(RICH, cash=DOLLAR)
    for person in PEOPLE:
        for wish in wishes(person, LOOK, poor, 20):
            assert wish.line.startswith("/quote") or "$" in wish.line


def test_nobody_moves_in_a_market_without_outcomes() -> None:
    empty = replace(LOOK, yes=(0,) * 8, no=(0,) * 8)
    assert all(wishes(person, empty, RICH, 5) == [] for person in PEOPLE)


def test_news_and_rounds_wake_people_up() -> None:
    def awake(news: News) -> int:
        return sum(strategies.stirs(person, news, dice(person.number, draw)) for person in PEOPLE for draw in range(50))

    assert awake(replace(EVEN, fresh=True)) > awake(EVEN)
    assert awake(replace(EVEN, since_round=0)) > 2 * awake(EVEN)


def test_the_lines_people_type_can_be_read_but_for_a_slip_now_and_then() -> None:
    own = replace(RICH, held=((40 * MICRO, 10 * MICRO),) * 8)
    found = [wish for person in PEOPLE for wish in wishes(person, LOOK, own, 30)]
    lines = [line for wish in found for line in (wish.line, wish.smaller) if line]
    read = sum(readable(line) for line in lines)
    assert len(lines) > 300
    assert 0.9 * len(lines) < read < len(lines)


def test_remarks_are_short_and_name_what_is_there() -> None:
    talkative = [replace(person, chatty=4_000) for person in PEOPLE]
    said = {
        chatter.remark(person, look, NAMES, ("Brazil",), dice("talk", person.number, ticks))
        for person in talkative
        for ticks in range(20)
        for look in (LOOK, replace(LOOK, news=replace(EVEN, since_round=0)), replace(LOOK, path=((1,) * 8,)))
    }
    assert len(said) > 20
    for remark in said:
        assert remark
        assert len(remark) <= 80
        assert "{" not in remark
        assert not remark.startswith("/")


def parsed(line: str) -> dict[str, object]:
    name, _, rest = line.removeprefix("/").partition(" ")
    command = next(one for one in COMMANDS if one.name == name)
    held = dict.fromkeys(range(8), HeldTokens(yes=40 * MICRO, no=10 * MICRO))
    prices = tuple(zip(YES, LOOK.no, strict=True))
    scene = ParseContext(
        now_ms=CUP.start_ms, outcomes=NAMES, active=(True,) * 8, prices=prices, held=held, selling=name == "sell"
    )
    found = parse(command, rest, scene)
    return {} if found.problems else dict(found.values)


def readable(line: str) -> bool:
    return bool(parsed(line))

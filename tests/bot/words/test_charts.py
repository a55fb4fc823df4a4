"""A chart's title says what happened, and its post nothing twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat import plain_text
from bot.chat.chart_data import Exit, PricesData
from bot.chat.reply import Audience, Picture
from bot.text.numbers import round_money
from bot.words import answer_charts, views
from bot.words import charts as words
from tests.bot.charts.samples import HOUR, START, TEAMS, TIMES, card, leaderboard, maker, outcome, prices, volume

FRANCE_OUT = Exit(outcome=2, at_ms=START + 30 * HOUR, round=1)
COLOMBIA_OUT = Exit(outcome=1, at_ms=START + 30 * HOUR, round=1)


def flat(*cents: int) -> PricesData:
    data = prices(names=TEAMS[: len(cents)])
    return replace(data, yes=tuple((cent * 10_000,) * len(TIMES) for cent in cents))


def passing() -> PricesData:
    """Brazil ahead at first, Germany at the end."""
    data = flat(40, 10, 8, 9)
    return replace(data, yes=(*data.yes[:3], (*data.yes[3][:-1], 610_000)))


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (flat(25, 25, 25, 25), "All start level at 25¢"),
        (flat(40, 10, 8, 9), "Brazil starts ahead at 40¢"),
        (prices(), "Germany leads at 29¢"),
        (passing(), "Germany passes Brazil at 61¢"),
        (prices(exits=(FRANCE_OUT,)), "Germany leads at 29¢ after France’s exit"),
        (prices(exits=(COLOMBIA_OUT, FRANCE_OUT)), "Germany leads at 29¢ with Colombia and France out"),
        (prices(winner=3), "Germany wins: from 28¢ to $1"),
        (replace(prices(), times=(), yes=((),) * 4), "The market has not begun"),
    ],
)
def test_the_prices_title_tells_who_leads_since_when(data: PricesData, title: str) -> None:
    assert words.prices_title(data, data.names) == title


def test_the_outcome_title_tells_how_far_it_went() -> None:
    assert words.outcome_title(outcome(), "Germany") == "Germany YES is up 1.0¢ to 29.0¢"
    assert words.outcome_title(outcome(out=FRANCE_OUT), "France") == "France is out, from a last price of 22.9¢"
    assert words.outcome_title(replace(outcome(), won=True), "Germany") == "Germany wins: YES pays $1"
    steady = replace(outcome(), yes=(300_000,) * len(TIMES))
    assert words.outcome_title(steady, "Germany") == "Germany YES stands at 30.0¢, where it began"


@pytest.mark.parametrize(
    ("risk", "result", "title"),
    [
        (25_000_000, None, "The house risks $1,175 of its $10,000"),
        (-1_000_000, None, "Whoever wins, the house gains $47.00 or more"),
        (0, 312_400_000, "The house ends $312 ahead"),
        (0, -1_240_000_000, "The house gave $1,240 of its $10,000 to the crowd"),
    ],
)
def test_the_maker_title_tells_what_the_house_can_lose(risk: int, result: int | None, title: str) -> None:
    assert words.maker_title(maker(risk=risk, result=result)) == title


@pytest.mark.parametrize(
    ("rows", "final", "title"),
    [
        ((), False, "Nobody has traded yet"),
        ((("Mara", 0), ("Jonas", 0)), False, "Nobody has gained: Mara and Jonas have what they were given"),
        ((("Mara", 35), ("Jonas", -4)), False, "Mara leads with +35%"),
        ((("Mara", 35), ("Jonas", -4)), True, "Mara won with +35%"),
        ((("Mara", 5), ("Jonas", 5), ("Wei", 1)), False, "Mara and Jonas lead with +5%"),
        ((("Mara", -3), ("Jonas", -9)), False, "Nobody has gained: Mara has lost least, −3%"),
        ((("Mara", -3),), True, "Nobody gained: Mara lost least, −3%"),
    ],
)
def test_the_leaderboard_title_tells_who_is_ahead(rows: tuple[tuple[str, int], ...], final: bool, title: str) -> None:
    data = leaderboard(*rows, final=final)
    assert words.leaderboard_title(data, [row.name for row in data.rows]) == title


def test_money_and_prices_at_the_edge_of_a_plot_are_short() -> None:
    amounts = (0, 62_960_000, 1_240_400_000, 24_403_000_000)
    assert [words.scale_dollars(amount) for amount in amounts] == ["$0", "$63", "$1,240", "$24k"]
    assert [words.side_price("YES", price) for price in (0, 613_000, 1_000_000)] == ["YES 0¢", "YES 61.3¢", "YES $1"]


def test_a_volume_chart_says_what_is_traded_most() -> None:
    data = volume(names=("Ant", "Bee", "Cat"))
    most = max(range(3), key=lambda at: data.totals[at])
    assert words.volume_title(data, data.names).startswith(f"{data.names[most]} is traded most: $")
    assert words.volume_title(volume(nothing=True), data.names) == "Nothing has been traded yet"


def level(*prices: int) -> PricesData:
    """Prices in tenths of a cent that have moved since the start."""
    data = flat(*(10,) * len(prices))
    return replace(
        data, yes=tuple((*series[:-1], tenths * 1_000) for series, tenths in zip(data.yes, prices, strict=True))
    )


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (level(404, 404, 100, 90), "Brazil and Colombia are level at 40¢"),
        (level(404, 403, 100, 90), "Brazil leads at 40¢"),
        (level(404, 404, 404, 90), "3 outcomes are level at 40¢"),
        (level(250, 250, 250, 250), "All are level at 25¢"),
        (flat(40, 40, 10, 10), "Brazil and Colombia start level at 40¢"),
        (replace(prices(), winners=(1, 3)), "Colombia and Germany share the win: 50.0¢ each"),
        (replace(prices(), winners=(0, 1, 3)), "3 outcomes share the win: 33.3¢ each"),
        (replace(prices(), called_off=True), "Called off: it counts as if it had never been"),
    ],
)
def test_level_prices_have_no_leader_and_a_shared_or_called_off_market_says_so(data: PricesData, title: str) -> None:
    assert words.prices_title(data, data.names) == title


def test_equal_volumes_have_no_first() -> None:
    data = volume(names=TEAMS[:2])
    data = replace(data, volume=(data.volume[1], data.volume[1]))
    whole, each = round_money(sum(data.totals)), round_money(data.totals[0])
    assert words.volume_title(data, data.names) == f"Brazil and Colombia are traded most: {each} each of {whole}"


def test_a_chart_in_words_carries_its_figures() -> None:
    assert words.described(level(404, 100, 95, 90)) == (
        "Brazil leads at 40¢. YES: Brazil 40.4¢, Colombia 10.0¢, France 9.5¢ and Germany 9.0¢."
    )
    assert words.described(outcome()) == "Germany YES is up 1.0¢ to 29.0¢. $423 traded."
    assert (
        words.described(leaderboard(("Mara", 35), ("Jonas", -4)))
        == "Mara leads with +35%. 1st Mara +35% and 2nd Jonas −4%."
    )
    assert words.described(volume()).endswith("Germany $4,988, Colombia $2,496 and Brazil $1,246.")
    assert words.described(card(winners=(3,), podium=(("Mara", 35), ("Jonas", -4)))) == (
        "Germany wins. From 28¢ to $1 · $12,400 traded by 24 people. 1st Mara +35% and 2nd Jonas −4%."
    )
    assert words.described(card(winners=(0, 3))).startswith("Brazil and Germany share the win. $12,400 traded")
    assert "$1,175 of its $10,000" in words.described(maker())


def test_of_25_outcomes_ten_are_told_in_words_and_the_rest_counted() -> None:
    names = {number: f"N{number}" for number in range(25)}
    text = words.yes_figures(names, {number: 100_000 - number * 1_000 for number in range(25)})
    assert text.startswith("YES: N0 10.0¢, N1 9.9¢, ")
    assert text.endswith("N9 9.1¢ and 15 more up to 9.0¢.")


@pytest.mark.parametrize(
    ("figures", "out", "alt"),
    [
        ("YES: Brazil 40.4¢.", ["France"], "YES: Brazil 40.4¢. Out: France."),
        ("YES: Brazil 40.4¢.", [], "YES: Brazil 40.4¢."),
        ("", ["France"], "Out: France."),
        ("", [], "Brazil leads."),
    ],
)
def test_the_alt_text_says_what_the_sentence_does_not_and_stands_for_a_chart_that_is_missing(
    figures: str, out: list[str], alt: str
) -> None:
    picture = Picture(kind="prices", market=1, tick=1)
    post = views.chart(picture, "Brazil leads.", figures, Audience.CHAT, out)
    assert plain_text.text(post).splitlines() == ["Brazil leads.", f"[chart: {alt}]"]
    missing = plain_text.text(answer_charts.in_words(post)).splitlines()
    assert missing == ["Brazil leads.", *([alt] if figures or out else [])]

"""Amounts as people spell them, and as they are suggested."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.facts import Amount
from bot.chat.invocation import ChatKind, HeldTokens, Invocation, ParseContext
from bot.grammar.outcomes import OutcomeType
from bot.grammar.trading import AmountType, YesNo
from bot.grammar.types import Wrong
from bot.text.numbers import MICRO, RATE, typed_money, typed_tokens
from engine.state import Side
from tests.bot.harness import ADMIN, ChatHarness, chat_harness, running

SCENE = ParseContext(
    now_ms=0,
    outcomes=("Ant", "Bee", "Cat"),
    active=(True, True, True),
    prices=((500_000, 500_000), (300_000, 700_000), (200_000, 800_000)),
)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("100", 100),
        (" 100 ", 100),
        ("2k", 2_000),
        ("2 K", 2_000),
        ("1.5k", 1_500),
        ("1,000", 1_000),
        ("1 000", 1_000),
        ("1\N{NO-BREAK SPACE}000", 1_000),
        ("12,345,678", 12_345_678),
        ("100 tokens", 100),
        ("１００", 100),
        ("٥٠", 50),
        ("१००", 100),
        ("1.2500", 1.25),
        ("0.125", 0.125),
        (".5", 0.5),
    ],
)
def test_tokens_in_every_spelling(text: str, tokens: float) -> None:
    assert AmountType().parse(text, SCENE) == Amount(tokens=int(tokens * MICRO))


@pytest.mark.parametrize(
    ("text", "dollars"),
    [
        ("$50", 50),
        ("50$", 50),
        ("$ 50", 50),
        ("50 $", 50),
        ("＄５０", 50),
        ("$1.5k", 1_500),
        ("1.5k$", 1_500),
        ("$1,000.50", 1_000.5),
        ("$ 1 000", 1_000),
        ("50 dollars", 50),
        ("50 USD", 50),
    ],
)
def test_dollars_in_every_spelling(text: str, dollars: float) -> None:
    assert AmountType().parse(text, SCENE) == Amount(spend=int(dollars * MICRO))
    assert isinstance(AmountType().parse(text, replace(SCENE, selling=True)), Wrong)


@pytest.mark.parametrize(
    ("text", "share"),
    [("all", RATE), ("MAX", RATE), ("half", RATE // 2), ("25%", RATE // 4), ("２５％", RATE // 4), ("25 %", RATE // 4)],
)
def test_shares_in_every_spelling(text: str, share: int) -> None:
    assert AmountType().parse(text, SCENE) == Amount(share=share)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.000", "two ways; say 1 or 1000"),
        ("$1.500", "two ways; say $1.5 or $1500"),
        ("1,5", "comma where I expect a point"),
        ("1.000,50", "comma where I expect a point"),
        ("10,00", "comma where I expect a point"),
        ("$50$", "is not an amount"),
        ("-5", "is not an amount"),
        ("+5", "is not an amount"),
        ("1e5", "is not an amount"),
        ("50 pesos", "is not an amount"),
        ("$", "is not an amount"),
        ("1 00", "is not an amount"),
        ("0", "too little"),
        ("$0.0000001", "too little"),
        ("2000m", "more than anybody can trade"),
        ("120%", "not a share"),
        ("0%", "not a share"),
    ],
)
def test_what_could_be_two_amounts_or_none_is_asked_back(text: str, words: str) -> None:
    found = AmountType().parse(text, SCENE)
    assert isinstance(found, Wrong)
    assert words in found.sentence


@pytest.mark.parametrize("micro", [1_250_000, 100_000_000, 12_345_000, 123_456_789, 500_000, 999_125_000])
def test_whatever_the_bot_spells_it_can_read(micro: int) -> None:
    assert AmountType().parse(typed_tokens(micro), SCENE) == Amount(tokens=micro)
    assert AmountType().parse(typed_money(micro), SCENE) == Amount(spend=micro)


def values(context: ParseContext) -> list[str]:
    return [hint.value for hint in AmountType().suggest("", context)]


def test_a_buyer_is_offered_what_she_can_pay_for() -> None:
    said: dict[str, object] = {"outcome": 0, "side": Side.YES}
    rich = replace(SCENE, spendable=1_000 * MICRO, values=said)
    assert values(rich) == ["100", "$50", "25%", "half", "all"]
    assert "tokens, about $50.00 at 50.0¢" in [hint.about for hint in AmountType().suggest("100", rich)]
    assert values(replace(rich, spendable=30 * MICRO)) == ["10", "$20", "25%", "half", "all"]
    assert values(replace(rich, spendable=MICRO // 2)) == ["25%", "half", "all"]
    assert values(replace(rich, spendable=0)) == []
    assert values(replace(rich, spendable=None)) == ["100", "$50"]


@pytest.mark.parametrize(
    ("typed", "spendable", "shown"),
    [
        ("$3", 1_000, ["$3: about 6 tokens at 50.0¢"]),
        ("30", 1_000, ["30: tokens, about $15.00 at 50.0¢", "$30: about 60 tokens at 50.0¢"]),
        ("30", 20, ["30: tokens, about $15.00 at 50.0¢"]),  # thirty dollars they have not
        ("30", 10, []),
        ("$2k", 1_000, []),
        ("1.000", 10_000, []),  # asked back when it is sent
        ("half", 1_000, ["half: half of your balance: $500.00"]),
        ("x", 1_000, []),
    ],
)
def test_what_is_typed_is_told_what_it_would_be_about(typed: str, spendable: int, shown: list[str]) -> None:
    said: dict[str, object] = {"outcome": 0, "side": Side.YES}
    context = replace(SCENE, spendable=spendable * MICRO, values=said)
    assert [f"{hint.value}: {hint.about}" for hint in AmountType().suggest(typed, context)] == shown


def test_a_seller_is_told_what_it_would_bring_of_what_they_hold() -> None:
    held, said = {1: HeldTokens(40 * MICRO, 0)}, {"outcome": 1, "side": Side.YES}
    context = replace(SCENE, selling=True, held=held, values=said)
    price = context.prices[1][0]
    [hint] = AmountType().suggest("30", context)
    assert hint.about.startswith(f"tokens, about ${30 * price / MICRO:.2f} at ")
    assert AmountType().suggest("50", context) == []


def test_a_seller_is_offered_what_she_holds_and_only_sides_she_holds() -> None:
    held = {1: HeldTokens(140 * MICRO, 0, 40 * MICRO, 0), 2: HeldTokens(0, 5 * MICRO)}
    selling = replace(SCENE, selling=True, held=held, spendable=MICRO)
    assert [hint.value for hint in OutcomeType().suggest("", selling)] == ["Bee", "Cat", "Ant"]
    assert [hint.value for hint in YesNo().suggest("", replace(selling, values={"outcome": 1}))] == ["yes"]
    assert [hint.value for hint in YesNo().suggest("", replace(selling, values={"outcome": 2}))] == ["no"]
    assert [hint.value for hint in YesNo().suggest("", replace(selling, values={"outcome": 0}))] == ["yes", "no"]
    bees = replace(selling, values={"outcome": 1, "side": Side.YES})
    assert values(bees) == ["all", "half", "25%", "10"]
    assert AmountType().suggest("all", bees)[0].about == "everything you hold: 100"
    assert values(replace(selling, values={"outcome": 2, "side": Side.NO})) == ["all", "half", "25%"]


async def test_completion_fits_what_stands_in_the_line(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        await harness.confirmed("ada", "/buy brazil no 60")
        await harness.tick()
        assert await _offered(harness, "/sell ") == ["Brazil", "Germany", '"Costa Rica"']
        assert await _offered(harness, "/sell brazil ") == ["no"]
        assert await _offered(harness, "/sell brazil no ") == ["all", "half", "25%", "10"]
        assert await _offered(harness, "/buy germany yes ") == ["100", "$50", "25%", "half", "all"]
        form = (await harness.say("ada", "/sell brazil")).form
        assert form is not None
        assert [field.choices for field in form.fields if field.name == "side"] == [
            (("no", form.fields[0].choices[0][1]),)
        ]


async def _offered(harness: ChatHarness, text: str) -> list[str]:
    found = await harness.dispatcher.complete(
        Invocation(
            text=text,
            platform="room",
            person_ext="ada",
            person_name="Ada",
            chat_ext="room",
            chat_kind=ChatKind.ROOM,
            request_id="c",
        )
    )
    return [one.value for one in found if one.line]


async def test_a_welcome_never_names_who_is_out_or_more_than_she_has(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create="/admin create Cup Germany, Brazil, Chile, Peru balance $15", people=("ada",))
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin eliminate germany"), "Confirm")
        await harness.tick(60_000)
        await harness.tick(60_000)
        welcome = plain_text.text(await harness.say("eve", "/join"))
        assert "/buy brazil yes $10" in welcome
        for line in ("/positions", "/orders", "/trades"):
            text = plain_text.text(await harness.say("ada", line))
            assert "/buy brazil yes $10" in text
            assert "germany" not in text


async def test_positions_say_what_each_token_has_brought(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada", "bob"))
        await harness.confirmed("ada", "/buy germany yes 100")
        await harness.tick()
        await harness.confirmed("bob", "/buy germany yes $500")
        await harness.tick()
        await harness.confirmed("ada", "/sell germany yes 40")
        await harness.tick()
        text = plain_text.text(await harness.say("ada", "/positions"))
        assert "Profit" in text
        async with harness.db.reading() as uow:
            paid = await uow.trades.paid(1, 2)
            orders = await uow.orders.of(1, 2)
        spent = sum(one.amount if one.draft.buy else -one.amount for one in orders)
        assert paid == {(0, Side.YES): spent}
        balance = plain_text.text(await harness.say("ada", "/balance"))
        total = next(row for row in text.splitlines() if row.startswith("In all"))
        assert total in balance

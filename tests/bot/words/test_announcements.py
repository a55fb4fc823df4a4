"""What a channel hears reads well: one and many, nobody, equals, names that end in s."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.reply import Reply, line
from bot.words import announcements, chats
from bot.words.charts import whose
from storage.trades import Activity
from tests.bot.harness import ADMIN, chat_harness, running
from tests.scheduler.test_signals import market
from tests.storage.worlds import params

NAMES = {1: "Ada", 2: "Bob", 3: "Cy", 4: "Di"}


def rows(*places: tuple[int, int, int, int]) -> list[str]:
    return [plain_text.text(Reply(head=row)) for row in announcements.podium(places, NAMES)]


def test_equals_share_a_step_of_the_podium() -> None:
    first, second, third = rows(
        (1, 1, 500_000_000, 1_500_000_000), (1, 2, 500_000_000, 1_500_000_000), (3, 3, 0, 10**9)
    )
    assert first == "🥇 Ada $1,500.00, +$500.00 (+50%), shared"
    assert second == "🥇 Bob $1,500.00, +$500.00 (+50%), shared"
    assert third == "3rd Cy $1,000.00, $0.00 (0%)"


def test_a_medal_is_for_who_has_gained() -> None:
    assert rows((1, 1, -20_000_000, 980_000_000)) == [
        "1st Ada $980.00, −$20.00 (−2%)",
        "Nobody ended with more than they were given.",
    ]
    assert rows((1, 1, 9_999, 1_000_009_999))[0] == "1st Ada $1,000.00, $0.00 (0%)", "less than a cent is no gain"
    assert rows((1, 1, 10_000, 1_000_010_000), (2, 2, -1, 999_999_999)) == [
        "🥇 Ada $1,000.01, +$0.01 (0%)",
        "2nd Bob $999.99, −$0.01 (0%)",
    ]


def test_a_crowd_on_one_step_is_counted() -> None:
    podium = rows(*[(1, number, 10**8, 11 * 10**8) for number in range(1, 10)])
    assert len(podium) == 7
    assert podium[-1] == "And 3 more on the same step."


def test_without_a_trade_there_is_no_podium() -> None:
    assert rows() == ["Nobody traded, so nobody stands on the podium."]


@pytest.mark.parametrize(
    ("trades", "people", "says"),
    [
        (1, 1, "In the last 10 min: $48.74 traded by 1 person in 1 trade."),
        (12, 5, "In the last 10 min: $48.74 traded by 5 people in 12 trades."),
    ],
)
def test_a_digest_counts_trades_and_who_traded(trades: int, people: int, says: str) -> None:
    facts = {
        "since_ms": 0,
        "after": 3,
        "until": 20,
        "volume": 48_740_000,
        "yes": [5 * 10**5] * 3,
        "before": [4 * 10**5] * 3,
    }
    reply = announcements.digest(params(), facts, Activity(trades=trades, people=people), 600_000)
    assert plain_text.line_text(reply.head) == says


def test_a_big_trade_says_what_moved() -> None:
    facts = {
        "outcome": 0, "side": "yes", "buy": True, "size": 101_190_000, "amount": 83_680_000, "yes_before": 481_000,
        "yes_after": 679_000,
    }  # fmt: skip
    assert plain_text.text(announcements.big_trade(params(), facts)).splitlines() == [
        "Big trade: 101.19 Ant YES bought for $83.68 before fees, 82.7¢ each.",
        "Ant 48.1¢ → 67.9¢.",
    ]


# odds at the start -> who is said to begin ahead
BEGINNINGS = [
    (("0.5", "0.3", "0.2"), "Ant begins ahead at 50.0¢."),
    (("0.4", "0.4", "0.2"), "Ant and Bee begin level, ahead of the others, at 40.0¢."),
    (None, "all begin level at 33.3¢."),
]


@pytest.mark.parametrize(("odds", "says"), BEGINNINGS)
def test_level_prices_have_no_leader_at_the_start(odds: tuple[str, ...] | None, says: str) -> None:
    terms = params() if odds is None else params(odds=list(odds))
    reply = announcements.started(market(params=terms), {"people": 2, "late_ms": 0})
    assert says in plain_text.text(reply)


def test_a_classic_start_begins_level_at_one_half() -> None:
    terms = params(start="classic", floor_enabled=False, l0="3333")
    reply = announcements.started(market(params=terms), {"people": 2, "late_ms": 0})
    assert "all begin level at 50.0¢." in plain_text.text(reply)


def test_what_is_paid_for_several_tokens_adds_up_and_each_pays_a_dollar_a_token() -> None:
    rows = [[0, "no", 333_455_000, 333_455_000], [1, "no", 116_855_000, 116_855_000]]
    reply = announcements.paid(market(), {"total": 450_310_000, "paid": rows})
    assert plain_text.text(reply).splitlines()[:3] == [
        "You are paid $450.31 in Zoo.",
        "333.46 Ant NO paid $333.46.",
        "116.85 Bee NO paid $116.85.",
    ]


@pytest.mark.parametrize(("name", "says"), [("Netherlands", "Netherlands’"), ("Brazil", "Brazil’s")])
def test_possessives(name: str, says: str) -> None:
    assert whose(name) == says


async def test_the_podium_is_for_those_who_traded(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada", "bob", "cy"))
        await harness.confirmed("ada", "/buy brazil yes 10")
        await harness.tick()
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin resolve germany"), "Confirm")
        await harness.tick()
        (ends,) = [text for text in harness.platform.texts("post") if "wins Cup" in text]
        assert "1st Ada" in ends
        assert "🥇" not in ends, "the only one who traded has lost"
        assert "Bob" not in ends
        assert "Nobody held a token that was right." in ends


@pytest.mark.parametrize(
    ("line_", "says"),
    [
        ("/admin freeze red card", "Trading is frozen by an admin.\nRed card."),
        ("/admin pause back at nine", "Trading is paused by an admin.\nBack at nine."),
    ],
)
async def test_a_stop_by_hand_says_why(tmp_path: Path, line_: str, says: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.say(ADMIN, line_)
        await harness.tick()
        assert any(text.startswith(says) for text in harness.platform.texts("post"))
        await harness.say(ADMIN, "/admin resume sorted out")
        await harness.tick()
        assert any(text.startswith("Trading is open again.\nSorted out.") for text in harness.platform.texts("post"))


async def test_a_market_nobody_has_joined_starts_in_words_that_fit(tmp_path: Path) -> None:
    for number, (people, says) in enumerate(
        [((), "Nobody has joined yet; everybody gets $1,000.00; "), (("ada",), "1 person starts with $1,000.00; ")]
    ):
        (folder := tmp_path / f"{number}").mkdir()
        async with chat_harness(folder) as harness:
            await running(harness, people=people)
            assert any(says + "Germany begins ahead at" in text for text in harness.platform.texts("post"))


def test_what_is_joined_leaves_nothing_out() -> None:
    replies = [Reply(head=line(f"news {number}"), blocks=(line(f"more {number}"),)) for number in range(3)]
    joined, chat = plain_text.text(chats.together(replies)), plain_text.text(chats.together_in_chat(replies))
    for number in range(3):
        assert f"news {number}" in joined
        assert f"more {number}" in joined
        assert f"news {number}" in chat

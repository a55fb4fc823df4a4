"""What a channel hears reads well: one and many, nobody, equals, names that end in s."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.reply import Reply, line
from bot.words import announcements, chats
from bot.words.charts import whose
from tests.bot.harness import ADMIN, chat_harness, running

NAMES = {1: "Ada", 2: "Bob", 3: "Cy", 4: "Di"}


def rows(*places: tuple[int, int, int, int]) -> list[str]:
    return [plain_text.text(Reply(head=row)) for row in announcements.podium(places, NAMES)]


def test_equals_share_a_step_of_the_podium() -> None:
    first, second, third = rows(
        (1, 1, 500_000_000, 1_500_000_000), (1, 2, 500_000_000, 1_500_000_000), (3, 3, 0, 10**9)
    )
    assert first == "🥇 Ada $1,500.00, +$500.00 (+50%), shared"
    assert second == "🥇 Bob $1,500.00, +$500.00 (+50%), shared"
    assert third.startswith("🥉 Cy $1,000.00")


def test_a_crowd_on_one_step_is_counted() -> None:
    podium = rows(*[(1, number, 0, 10**9) for number in range(1, 10)])
    assert len(podium) == 7
    assert podium[-1] == "And 3 more on the same step."


def test_without_a_trade_there_is_no_podium() -> None:
    assert rows() == ["Nobody traded, so nobody stands on the podium."]


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
        assert "🥇 Ada" in ends
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

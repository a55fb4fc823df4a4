"""The Telegram peer holds what Telegram asks of an answer to an inline query against the real client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegram import InlineQueryResultArticle, InputTextMessageContent
from telegram.error import BadRequest

from tests.standins.telegram_peer import User
from tests.standins.tests.telegram_harness import PeerHarness, peer_harness, refused


@pytest.fixture
async def harness() -> AsyncIterator[PeerHarness]:
    async with peer_harness() as harness:
        harness.peer.world.inline = True
        yield harness


def article(number: object, title: str = "Cup", thumbnail: str | None = None) -> InlineQueryResultArticle:
    return InlineQueryResultArticle(
        str(number), title, InputTextMessageContent("Germany leads."), thumbnail_url=thumbnail
    )


@pytest.mark.parametrize(
    ("results", "sentence"),
    [
        ([article(number) for number in range(51)], "RESULTS_TOO_MUCH"),
        ([article(1), article(1)], "RESULT_ID_DUPLICATE"),
        ([article("")], "RESULT_ID_INVALID"),
        ([article("ä" * 33)], "RESULT_ID_INVALID"),
        ([article(1, title=" ")], "ARTICLE_TITLE_EMPTY"),
        ([article(1, thumbnail="not an address")], "WEBDOCUMENT_URL_INVALID"),
    ],
)
async def test_wrong_results_are_refused_and_shown_to_nobody(
    harness: PeerHarness, results: list[InlineQueryResultArticle], sentence: str
) -> None:
    asked = harness.ada.ask_inline("cup")
    with refused(BadRequest, sentence):
        await harness.bot.answer_inline_query(asked.id, results, next_offset="")
    assert asked.results is None


async def test_the_most_results_longest_ids_and_longest_offset_are_taken_and_no_more(harness: PeerHarness) -> None:
    asked = harness.ada.ask_inline("cup")
    results = [article(f"{number:02}" + "ä" * 31, thumbnail="https://outcry.example/cup.png") for number in range(50)]
    with refused(BadRequest, "NEXT_OFFSET_INVALID"):
        await harness.bot.answer_inline_query(asked.id, results, next_offset="9" * 65)
    assert asked.results is None
    await harness.bot.answer_inline_query(asked.id, results, next_offset="9" * 64)
    assert (len(await asked.answered()), asked.next_offset) == (50, "9" * 64)


async def test_an_answer_is_in_time_for_ten_seconds(harness: PeerHarness) -> None:
    async def late_by(who: User, seconds: float) -> None:
        asked = who.ask_inline("cup")
        harness.clock.advance(seconds)
        await harness.bot.answer_inline_query(asked.id, [article(1)])

    await late_by(harness.ada, 10)
    with refused(BadRequest, "query is too old"):
        await late_by(harness.ada, 11)

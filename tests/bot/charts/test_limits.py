"""A person and a chat have so many charts a minute; what is asked beyond that is answered in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.charts.limits import CHAT, PERSON, ChartLimits
from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.pictures import has_pictures
from bot.chat.reply import Picture, Reply, line

ANSWER = Reply(head=line("Germany leads"), blocks=(Picture(kind="prices", market=1, tick=1, alt="Germany 61¢"),))
ADA = Invocation(
    platform="room", person_ext="ada", person_name="Ada", chat_ext="room", chat_kind=ChatKind.ROOM, request_id="r"
)


@pytest.mark.parametrize(
    ("others", "limit", "sentence"),
    [
        (False, PERSON.count, "you asked for 10 within a minute. Send the line again in 55 s to see it."),
        (True, CHAT.count, "30 were asked for in this chat within a minute. Send the line again in 55 s to see it."),
    ],
)
def test_beyond_the_limit_the_words_come_without_the_chart_until_a_minute_has_passed(
    others: bool, limit: int, sentence: str
) -> None:
    limits = ChartLimits()

    def asked(number: int, monotonic_ms: int) -> Reply:
        who = replace(ADA, person_ext=f"p{number}") if others else ADA
        return limits.apply(who, ANSWER, monotonic_ms)

    assert all(has_pictures(asked(number, 0)) for number in range(limit))
    refused = asked(limit, 5_000)
    assert not has_pictures(refused)
    assert "Germany leads" in plain_text.text(refused)
    assert "Germany 61¢" in plain_text.text(refused)
    assert sentence in plain_text.text(refused)
    assert has_pictures(limits.apply(replace(ADA, person_ext="x", chat_ext="elsewhere"), ANSWER, 5_000))
    assert has_pictures(asked(limit, 60_000))


def test_an_answer_without_charts_counts_for_nothing() -> None:
    limits = ChartLimits()
    for _ in range(10 * CHAT.count):
        assert limits.apply(ADA, Reply(head=line("Yes")), 0) == Reply(head=line("Yes"))
    assert has_pictures(limits.apply(ADA, ANSWER, 0))

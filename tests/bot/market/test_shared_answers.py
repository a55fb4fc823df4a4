"""What somebody looks up is shown to a group once a minute, to its asker alone else; no press is loud for others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Audience, Reply, line
from bot.market.shared_answers import SharedAnswers
from tests.bot.harness import chat_harness, running

SHARED = Reply(head=line("Germany leads"), audience=Audience.CHAT)
ADA = Invocation(
    platform="telegram", person_ext="1", person_name="Ada", chat_ext="-5", chat_kind=ChatKind.GROUP, request_id="r"
)
BOB = replace(ADA, person_ext="2", person_name="Bob")
PRESS = replace(BOB, alone=True)
BY_NOBODY = replace(ADA, person_ext="chat:-5", nameless=True)
ROWS = [  # at which second who asks, and whether all read the answer
    (0, PRESS, False),
    (1, ADA, True),
    (2, ADA, False),
    (3, BOB, False),
    (4, replace(BOB, chat_ext="-6"), True),
    (5, replace(BOB, platform="discord"), True),
    (6, replace(BOB, chat_kind=ChatKind.ROOM), True),
    (60, BOB, False),
    (61, BOB, True),
    (62, PRESS, False),
    (63, BY_NOBODY, True),
    (122, ADA, False),
    (123, ADA, True),
]


def test_a_group_is_shown_one_answer_a_minute_and_no_press() -> None:
    answers = SharedAnswers()
    for second, who, for_all in ROWS:
        answer = answers.apply(who, "chart", SHARED, second * 1_000)
        assert (answer.audience is Audience.CHAT) is for_all, (second, who.person_name)
        assert answer.head == SHARED.head


def test_who_asks_too_soon_is_told_when_it_can_be_shared_and_a_press_needs_no_excuse() -> None:
    answers = SharedAnswers()
    answers.apply(ADA, "chart", SHARED, 0)
    note = "Only you see this: a chat is shown one such answer a minute, its next in 42 s."
    assert note in plain_text.text(answers.apply(BOB, "chart", SHARED, 18_000))
    assert answers.apply(PRESS, "chart", SHARED, 18_000).blocks == ()


def test_what_is_private_anyway_takes_nobodys_turn() -> None:
    answers = SharedAnswers()
    private = replace(SHARED, audience=Audience.PRIVATE)
    assert answers.apply(ADA, "chart", private, 0) == private
    assert answers.apply(ADA, "chart", SHARED, 0) == SHARED


async def test_charts_and_books_share_one_minute_and_each_other_answer_has_its_own(tmp_path: Path) -> None:
    charts_and_books = ("/chart", "/book germany", "/depth germany", "/tape")
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for first in charts_and_books:
            harness.clock.advance(60_000)
            asked = (first, *charts_and_books, "/board", "/leaderboard", "/board", "/leaderboard")
            answers = [await harness.say("eve", line, kind=ChatKind.GROUP) for line in asked]
            assert all(answer.ok for answer in answers), first
            read_by_all = [answer.audience is Audience.CHAT for answer in answers]
            assert read_by_all == [True, False, False, False, False, True, True, False, False], first

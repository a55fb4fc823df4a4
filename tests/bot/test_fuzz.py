"""Fifty thousand hostile inputs: whatever is typed, filed, pressed or sent gets an answer. No exception, no side
effect of what is refused, and work in proportion to the input.

`FUZZ=n` multiplies every portion (`FUZZ=20 pytest tests/bot/test_fuzz.py`: a million); the seeds stay the same.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import sys
import unicodedata
from collections.abc import Callable
from contextlib import closing
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from types import FrameType

import pytest

from bot.adapters.discord_chat import markup
from bot.adapters.discord_chat.components import parse_custom_id
from bot.adapters.room.render import render as render_room
from bot.adapters.telegram_chat import keyboards, limits, render
from bot.adapters.telegram_chat.forms import read_step
from bot.chat import plain_text
from bot.chat.buttons import Buttons
from bot.chat.invocation import HeldTokens, ParseContext, WaitingOrder
from bot.chat.reply import Board, BoardRow, Column, Picture, Reply, Span, Stamp, Style, Table
from bot.commands import COMMANDS
from bot.grammar import times
from bot.grammar.completion import suggestions
from bot.grammar.parser import parse
from bot.grammar.types import Wrong, number
from bot.market import event_file, timetable
from bot.market.draft import Draft, build, with_value
from bot.market.member_names import NameRefused, fitting_name
from bot.market.settings_table import SETTINGS
from bot.market.timetable import Timetable
from bot.text import names
from bot.text.numbers import MICRO
from engine.params import MarketParams
from engine.state import Side
from storage.export import safe
from tests.bot import hostile_inputs
from tests.bot.adapters.room.harness import room_harness
from tests.bot.chat.test_permissions import SAMPLES, typed
from tests.bot.harness import ADMIN, chat_harness, running
from tests.paths import EXAMPLE_EVENT

TIMES = int(os.environ.get("FUZZ", "1"))
NAMES = ("Germany", "Brazil", "Costa Rica", "Côte d'Ivoire", "日本", "yes", "100")
SCENE = ParseContext(
    now_ms=1_700_000_000_000,
    outcomes=NAMES,
    active=(True, True, False, True, True, True, True),
    prices=((500_000, 500_000),) * 7,
    held={0: HeldTokens(yes=5 * MICRO)},
    spendable=900 * MICRO,
    waiting=(WaitingOrder(number=7, outcome=1, side=Side.NO, buy=True, rest=MICRO, limit=4 * 10**11),),
)
EMPTY = ParseContext(now_ms=SCENE.now_ms)
LINES = [(one, text.removeprefix(f"/{one.name}").strip()) for one in COMMANDS for text in (typed(one), *one.examples)]
KINDS = [(SAMPLES[one.name].get(param.name, "germany"), param.kind) for one in COMMANDS for param in one.params]
TIMETABLES = (
    "+30m for 10m out 1; +1h for 5m winner ask",
    "2026-12-01 18:00 Europe/Berlin to 18:30 out 2; fri 20:00 for 1h winner germany",
    "+2h to +2h30m out 1 lowest; +1d to +1d1h winner ask",
)
EVENT = [row for row in EXAMPLE_EVENT.read_text("utf-8").splitlines() if row and not row.startswith("#")]
PORTIONS = {
    "lines": 20_750,
    "kinds": 10_000,
    "completions": 1_500,
    "timetables": 3_000,
    "event files": 3_000,
    "terms": 2_500,
    "names": 4_000,
    "buttons": 3_000,
    "replies": 1_500,
    "spoken": 500,
    "posted": 250,
}


def test_the_portions_make_fifty_thousand() -> None:
    assert sum(PORTIONS.values()) == 50_000


def portion(name: str) -> tuple[random.Random, range]:
    return random.Random(name), range(PORTIONS[name] * TIMES)  # a text is a seed like any other


def told(sentence: str) -> bool:
    """Whether it is one printable line of a length people read; emoji keep what joins them."""
    return bool(sentence) and sentence.replace("\u200d", "").isprintable() and len(sentence) < 700


# -- readers


def test_any_line_is_read_without_an_exception_and_told_in_sentences() -> None:
    rng, rounds = portion("lines")
    fine = 0
    for _ in rounds:
        command, valid = rng.choice(LINES)
        given: dict[str, str] = {}
        for _ in range(rng.choice((0, 0, 0, 1, 3))):
            name = rng.choice([param.name for param in command.params] or ["x"]) if rng.random() < 0.8 else "fee"
            given[name] = hostile_inputs.anything(rng.choice(LINES)[1], rng)
        found = parse(command, hostile_inputs.anything(valid, rng), rng.choice((SCENE, SCENE, EMPTY)), given)
        fine += not found.problems
        assert not [problem for problem in found.problems if not told(problem)]
        if found.corrected:
            assert found.corrected.startswith(f"/{command.name}")
    assert len(rounds) // 10 < fine < len(rounds) * 9 // 10, "a fuzz that is all right or all wrong tries little"


def test_any_value_is_one_or_says_why_not() -> None:
    rng, rounds = portion("kinds")
    for _ in rounds:
        sample, kind = rng.choice(KINDS)
        text = hostile_inputs.anything(rng.choice((sample, sample, "germany", "5%", "$50", "100")), rng)
        found = kind.parse(text, rng.choice((SCENE, EMPTY)))
        if isinstance(found, Wrong):
            assert told(found.sentence)
            assert found.instead is None or len(found.instead) <= 2_000
        for hint in kind.suggest(text, SCENE):
            assert hint.value
        value = number(text)
        assert value is None or (value >= 0 and value.is_finite())
        assert times.span_ms(text) is None or 0 <= (times.span_ms(text) or 0) <= times.LONGEST_SPAN


def test_completion_survives_any_beginning() -> None:
    rng, rounds = portion("completions")
    for _ in rounds:
        command, valid = rng.choice(LINES)
        line = f"/{command.name} {valid}"
        begun = line[: rng.randrange(len(line) + 1)] if rng.random() < 0.5 else f"/{command.name} "
        for row in suggestions(hostile_inputs.anything(begun, rng)[:2_000], COMMANDS, SCENE):
            assert row.label


def test_any_timetable_is_refused_or_read_back_the_same() -> None:
    rng, rounds = portion("timetables")
    fine = 0
    for _ in rounds:
        found = timetable.read(hostile_inputs.anything(rng.choice(TIMETABLES), rng), NAMES, SCENE.now_ms)
        if isinstance(found, Timetable):
            fine += 1
            assert timetable.read(timetable.render(found, NAMES), NAMES, SCENE.now_ms) == found
        else:
            assert found
            assert all(found)
    assert fine > len(rounds) // 50


def test_any_event_file_is_an_event_or_a_list_of_mistakes() -> None:
    rng, rounds = portion("event files")
    fine = 0
    for _ in rounds:
        found = event_file.read(_bent_file(rng), SCENE.now_ms)
        if isinstance(found, tuple):
            assert found
            assert all(mistake.sentence for mistake in found)
        else:
            fine += 1
            assert isinstance(build(found.draft, found.start_ms or SCENE.now_ms), MarketParams)
    assert fine > len(rounds) // 20


def _bent_file(rng: random.Random) -> str:
    rows = list(EVENT)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(rows))
        key = rows[at].partition("=")[0].strip()
        values = ("1e400", "nan", "-inf", "-0", "[]", "{}", "[[1]]", "true", "1979-05-27", "07:32:00", "0x1f", '""',
                  "[1, [2]]", "{a = 1}", "9" * 30, "9" * 5_000, "1_0", "[" * 3_000,
                  "2026-12-01T20:00:00+25:00")  # fmt: skip
        hostile = json.dumps(hostile_inputs.text(rng, 4).encode("utf-8", "replace").decode(), ensure_ascii=False)
        rows[at : at + 1] = rng.choice(
            (
                [hostile_inputs.bent(rows[at], rng)],
                [f"{key} = {rng.choice(values)}"],
                [f"{key} = {hostile}"],
                [],
                [rows[at], rng.choice(rows)],
                [hostile_inputs.piece(rng), rows[at]],
            )
        )
        rows = rows or ["x"]
    return "\n".join(rows)


def test_any_term_of_a_market_is_taken_or_refused_with_reasons() -> None:
    rng, rounds = portion("terms")
    fresh = Draft(values={"outcome_names": "A, B, C"}, assumed_start_ms=SCENE.now_ms)
    for _ in rounds:
        name = rng.choice(sorted(SETTINGS))
        value = hostile_inputs.anything(rng.choice(("5%", "$50", "30m", "5 3 2", "A, B, C", "on", "0.4")), rng)
        found = build(with_value(fresh, name, value), SCENE.now_ms)
        assert isinstance(found, MarketParams) or found


def test_any_name_is_printable_short_and_different_from_all_others() -> None:
    rng, rounds = portion("names")
    for _ in rounds:
        text = hostile_inputs.anything(rng.choice(("Ada Lovelace", "Ada", "=1+1", "日本")), rng)
        shown = names.clean(text, names.LONGEST_NAME)
        assert len(shown) <= names.LONGEST_NAME
        assert shown == names.clean(shown, names.LONGEST_NAME) == shown.strip()
        assert all(unicodedata.category(sign)[0] != "C" for sign in shown.replace("\u200d", ""))
        taken = ("Ada", "Trader", "Ada 2", shown)
        fitting = fitting_name(text, members=taken)
        name = fitting.instead if isinstance(fitting, NameRefused) else fitting
        assert 0 < len(name) <= names.LONGEST_NAME
        assert names.folded(name) not in {names.folded(one) for one in taken}
        cell = safe(shown)
        assert cell == shown or cell == f"'{shown}"
        assert unicodedata.normalize("NFKC", cell).lstrip()[:1] not in ("=", "+", "-", "@", "\t", "\r")


def test_any_button_is_read_or_is_none() -> None:
    """What the three readers of pressed data do before storage is asked; `Buttons.unpack` itself is asked below."""
    rng, rounds = portion("buttons")
    good = ("17|/ticket confirm 5", "-|/board", "17|#c0ffee", "@-100123:7~>3|17|/buy", ">x|-|/buy germany", "b17|/x",
            '?{"c":"buy","a":{"outcome":"1"},"f":"side"}', "c-|#0123456789abcdef012345")  # fmt: skip
    for _ in rounds:
        data = hostile_inputs.anything(rng.choice(good), rng)
        carried = keyboards.parse_callback_data(data)
        assert carried is None or carried.data.partition("|")[1]
        parse_custom_id(data)
        step = read_step(data)
        assert step is None or isinstance(step.line(), str)


async def test_a_button_nobody_packed_means_nothing(tmp_path: Path) -> None:
    rng = random.Random("unpacked")
    async with chat_harness(tmp_path) as harness:
        buttons = Buttons(harness.db, lambda: harness.now)
        before = harness.rows()
        for _ in range(300):
            data = hostile_inputs.anything(rng.choice(("17|/ticket confirm 5", "-|#c0ffee", "1|#", "|/x")), rng)
            found = await buttons.unpack(data)
            assert found is None or (found.line and data.endswith(found.line))
        assert harness.rows() == before


# -- what comes out again


class _Tags(HTMLParser):
    """Telegram's few tags, each closed before the next is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"b", "i", "s", "code", "pre", "tg-time"}
        assert not self.open
        self.open = tag

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open
        self.open = ""


def _reply(rng: random.Random) -> Reply:
    def some() -> str:
        return hostile_inputs.text(rng, 5)

    def row() -> tuple[Span | Stamp, ...]:
        found: list[Span | Stamp] = [Span(some(), rng.choice(list(Style))) for _ in range(rng.randrange(1, 4))]
        return tuple([*found, Stamp(SCENE.now_ms, countdown=True)] if rng.random() < 0.2 else found)

    table = Table(columns=(Column(title=some()), Column(title="N", numeric=True)), rows=((row(), row()),))
    board = Board(
        title=some(), status="Open", volume=0, people=2, traders=0, now_ms=SCENE.now_ms, next_step=some(),
        next_step_ms=SCENE.now_ms,
        rows=tuple(BoardRow(outcome=i, place=some(), name=some(), yes=1, no=1, change=None, spark=(), active=i < 2,
                            note=some())
                   for i in range(3)),
    )  # fmt: skip
    blocks = (row(), table, board, Picture(kind="prices", market=1, tick=1, alt=some()))
    return Reply(head=row(), blocks=tuple(rng.sample(blocks, rng.randrange(len(blocks) + 1))))


def test_any_reply_is_inert_text_on_every_platform() -> None:
    rng, rounds = portion("replies")
    for _ in rounds:
        reply = _reply(rng)
        plain_text.text(reply, SCENE.now_ms)
        json.dumps(render_room(reply))
        for page in render.render(reply, SCENE.now_ms).pages:
            tags = _Tags()
            tags.feed(page.html)
            assert not tags.open
            assert limits.size(page.plain) <= limits.TEXT
        for text in (markup.headline(reply.head), markup.line(reply.head)):
            assert "\n" not in text
            assert "://" not in text
            assert all(text[at + 1 : at + 2] == "\u200b" for at, sign in enumerate(text) if sign == "@")


# -- the whole way


async def test_spoken_lines_change_nothing_unless_they_are_answered_yes(tmp_path: Path) -> None:
    rng, rounds = portion("spoken")
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada", "bob"))
        with closing(sqlite3.connect(f"file:{tmp_path / 'play.db'}?mode=ro", uri=True)) as reader:

            def version() -> int:
                return int(reader.execute("PRAGMA data_version").fetchone()[0])

            before = version()
            for _ in rounds:
                harness.now += 5_000
                command, valid = rng.choice(LINES)
                text = hostile_inputs.anything(valid, rng)
                reply = await harness.say(rng.choice(("ada", "eve", "bob", ADMIN)), f"/{command.name} {text}")
                said = plain_text.text(reply)
                assert "went wrong" not in said, (command.name, text)
                after = version()
                counted = said.startswith(("That code does not work", "That code is not good"))  # as a wrong guess
                assert reply.ok or counted or after == before, (command.name, text, said)
                before = after
            async with harness.db.reading() as uow:
                assert (await uow.ledger.audit(1)).ok


async def test_posted_bodies_are_answered_in_json_and_never_by_a_failure(tmp_path: Path) -> None:
    rng, rounds = portion("posted")
    good: dict[str, dict[str, object]] = {
        "api/say": {"text": "/board", "request": "request-0000", "again": True},
        "api/press": {"text": "/ticket confirm 1", "message": 1, "request": "request-0000"},
        "api/fill": {"command": "buy germany", "args": {"side": "yes"}, "message": 1, "request": "request-0000"},
        "api/complete": {"text": "/buy "},
        "api/join": {"name": "Eve", "request": "request-0000"},
        "api/v1/markets/1/quote": {"outcome": 0, "side": "yes", "action": "buy", "amount": "$5", "limit": "50c"},
        "api/v1/markets/1/orders": {
            "outcome": 0,
            "side": "yes",
            "action": "sell",
            "amount": "5",
            "request": "r",
            "worst": {"price": 5 * 10**11, "size": 10**6},
            "read": 0,
            "loses": True,
        },
    }
    async with room_harness(tmp_path) as place:
        await place.open_market()
        ada = await place.person("Ada")
        headers = {**ada.headers, "Content-Type": "application/json"}
        for at in rounds:
            place.clock.advance(2_000)
            path = rng.choice(list(good))
            body = _bent_body({**good[path], "request": f"request-{at:06}"}, rng)
            async with ada.http.post(place.url + path, data=body, headers=headers) as answer:
                assert answer.status in (200, 400, 413, 429), (path, body)
                assert await answer.json() is not None
            target = rng.choice(("chart", "file", "static", "r", "api/stream?since", "?admin"))
            async with ada.http.get(f"{place.url}{target}/{_address(rng)}", allow_redirects=False) as answer:
                assert answer.status in (200, 400, 403, 404, 429), (target, body)


def _bent_body(body: dict[str, object], rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2))):
        key = rng.choice(list(body))
        hostile: tuple[object, ...] = (
            hostile_inputs.text(rng, 4),
            hostile_inputs.text(rng, 4),
            None,
            True,
            -1,
            10**30,
            1.5,
            [],
            {"a": {}},
        )
        body[rng.choice((key, key, hostile_inputs.piece(rng)))] = rng.choice(hostile)
    if rng.random() < 0.1:
        body["args"] = {hostile_inputs.piece(rng): hostile_inputs.piece(rng) for _ in range(5)}
    raw = json.dumps(body, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    if rng.random() < 0.1:
        at = rng.randrange(len(raw))
        raw = raw[:at] + rng.choice((b"\xff", b"\x00", b"{", b"]", b"\xed\xa0\x80", b"")) + raw[at + 1 :]
    return raw


def _address(rng: random.Random) -> str:
    return rng.choice(("1/0", "9" * 15 + "/99", "-1/0", "%00", "..%2f..%2fetc%2fpasswd", "%ff", "%ed%a0%80",
                       "a" * 3_000, "1/0?theme=%ff", "%2e%2e/guard.py", "1/0?theme=../x", "=9"))  # fmt: skip


# -- bounded time, counted in calls instead of seconds


def calls(do: Callable[[], object]) -> int:
    """Function calls that doing it takes, of Python and of C."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        do()
    finally:
        sys.setprofile(None)
    return count


WORST = ("germany " * 250, '"' * 2_000, "= " * 1_000, "a=" * 1_000, '"x ' * 600, "costa " * 300, ", " * 900, "5 " * 900,
         "limit " * 300, "\u0301" * 2_000, "and " * 480, "; " * 900, "ﷺ" * 2_000, "confirm " * 240)  # fmt: skip
SHAPES = ("buy", "join", "admin create", "admin eliminate")
MOST_CALLS = 1_200_000  # about a tenth of a second on a slow machine


@pytest.mark.parametrize("text", WORST, ids=lambda text: ascii(text[:8]))
def test_the_longest_line_takes_bounded_work(text: str) -> None:
    """Two thousand signs are the longest line anybody is listened to for."""
    for command in COMMANDS:
        if command.name in SHAPES:
            assert calls(partial(parse, command, text[:2_000], SCENE)) < MOST_CALLS, command.name
    assert calls(lambda: timetable.read(text[:2_000], NAMES, SCENE.now_ms)) < MOST_CALLS
    assert calls(lambda: names.clean(text * 50)) < 20_000


def test_a_longer_line_is_not_read_at_all() -> None:
    for text in ("x" * 2_001, "germany " * 10_000, '"' * 100_000):
        for command in COMMANDS:
            assert calls(partial(parse, command, text, SCENE)) < 100

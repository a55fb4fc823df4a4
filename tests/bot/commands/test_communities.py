"""Several communities in one process: what is one's is invisible and untouchable to the other.

Chat `room` is A's, with a market that trades; `two` is B's. Boss is an admin of A and nobody in B, Cleo the other way
round, Eve is a stranger to both. Whatever they say in B, nothing of A is in the answer and no row of A changes; what
exists in A is answered in B as what exists nowhere.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.permissions import Role
from bot.chat.reply import Audience, Reply, Span, Style
from bot.commands import COMMANDS
from scheduler import notices
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness

HIDDEN = ("Secret Cup", "Timbuktu", "Adalbert", "Bobby", "Zzz card")  # A's title, outcome, people, reason
ARGS: Mapping[str, Mapping[str, str]] = {
    "help": {"command": "buy"},
    "begin": {"wanted": "/board"},
    "chart": {"outcome": "germany"},
    "book": {"outcome": "germany"},
    "depth": {"outcome": "germany"},
    "tape": {"outcome": "brazil"},
    "quote": {"outcome": "germany", "side": "yes", "amount": "5"},
    "buy": {"outcome": "germany", "side": "yes", "amount": "5"},
    "sell": {"outcome": "germany", "side": "yes", "amount": "5"},
    "markets": {"number": "1"},
    "link": {"code": "K7QM-4TXR"},
    "room": {"deed": "out"},
    "ticket confirm": {"number": "1"},
    "ticket buy": {"outcome": "germany", "side": "yes", "amount": "5", "limit": "90c"},
    "ticket sell": {"outcome": "germany", "side": "yes", "amount": "5", "limit": "90c"},
    "ticket cancel": {"number": "1"},
    "ticket change": {"number": "1", "amount": "7"},
    "cancel": {"order": "1"},
    "receipt": {"order": "1"},
    "order cancel": {"market": "1", "order": "all"},
    "alert": {"outcome": "germany", "price": "5c"},
    "alert cancel": {"number": "1"},
    "apikey": {"scope": "read"},
    "apikey revoke": {"number": "1"},
    "admin create": {"title": "Other", "outcomes": "A, B, C"},
    "admin set": {"setting": "fee", "value": "2%"},
    "admin schedule": {"timetable": "+1h for 5m winner ask"},
    "admin eliminate": {"outcomes": "brazil"},
    "admin resolve": {"winner": "germany"},
    "admin correct": {"outcomes": "brazil"},
    "admin cut": {"moment": "5m ago", "reason": "known"},
    "admin approve": {"number": "1"},
    "admin pick": {"number": "1", "outcomes": "1"},
    "admin grant": {"member": "1", "amount": "$50"},
    "admin announce": {"text": "hello"},
    "admin post": {"key": "1a2b3c4d"},
    "admin channel": {"what": "AAAA-AAAA"},
    "admin export": {"what": "ledger"},
}
OF_A = (
    "config", "users", "positions", "binaries", "orders", "lob_pools", "trades", "ticks", "events", "metrics", "ledger",
    "actions", "tickets", "announcements", "message_refs", "outbox", "approvals", "codes", "audit_log",
    "alerts", "keys",
)  # fmt: skip


@asynccontextmanager
async def two_communities(folder: Path) -> AsyncIterator[ChatHarness]:
    """A trades: Ada and Bob have positions, a waiting ticket, an order in the book; codes and news lie about."""
    async with chat_harness(folder) as harness:
        for who, line in (
            (ADMIN, '/admin create "Secret Cup" Germany, Brazil, Timbuktu'),
            (ADMIN, "/admin open"),
            ("ada", "/join Adalbert"),
            ("bob", "/join Bobby"),
        ):
            assert (await harness.say(who, line)).ok
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")
        await harness.tick()
        await harness.confirmed("ada", "/buy germany yes 100")
        await harness.confirmed("bob", "/buy brazil yes 20 limit 20c")
        await harness.say("ada", "/buy brazil no 5")
        assert (await harness.say("ada", "/alert timbuktu 99c")).ok
        assert (await harness.say("ada", "/apikey trade $20 name Qqq")).ok
        await harness.say(ADMIN, "/admin freeze Zzz card")
        await harness.tick()
        await harness.say(ADMIN, "/admin resume")
        await harness.tick()
        yield harness


async def own_market(harness: ChatHarness) -> None:
    """B's market, which trades too."""
    for line in ("/admin create Bowl Xeno, Yeti, Zebu", "/admin open"):
        assert (await harness.say("cleo", line, chat="two", admin=True)).ok
    preview = await harness.say("cleo", "/admin start", chat="two", admin=True)
    assert (await harness.say("cleo", button(preview, "Confirm"), chat="two", admin=True)).ok
    await harness.tick(market=2)


def rows_of_a(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row keyed by A's market, and what waits to be told of it."""
    with closing(sqlite3.connect(f"file:{folder / 'play.db'}?mode=ro", uri=True)) as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} WHERE market = 1 ORDER BY rowid").fetchall()
            for table in OF_A
        }


def all_of(reply: Reply) -> str:
    """Everything a platform could show of it, files and forms too."""
    files = " ".join(file.data.decode("utf-8", "replace") for file in reply.files)
    return f"{plain_text.text(reply)} {reply.form} {reply.actions} {files}"


@pytest.mark.parametrize("market", ["without a market", "with its own"])
@pytest.mark.parametrize(("who", "admin"), [("cleo", True), (ADMIN, False), ("eve", False)])
async def test_no_command_in_one_chat_shows_or_touches_what_is_in_another(
    tmp_path: Path, who: str, admin: bool, market: str
) -> None:
    async with two_communities(tmp_path) as harness:
        if market == "with its own":
            await own_market(harness)
        before = rows_of_a(tmp_path)
        assert before["orders"]
        assert before["tickets"]
        for command in COMMANDS:
            given = ARGS.get(command.name, {})
            assert {one.name for one in command.params if one.required} <= set(given), f"{command.name} needs ARGS"
            for args in (given, {}) if given else ({},):
                harness.now += 10_000
                reply = await harness.say(who, command=command.name, args=args, chat="two", admin=admin)
                leaked = [word for word in HIDDEN if word in all_of(reply)]
                assert not leaked, (command.name, plain_text.text(reply))
                assert rows_of_a(tmp_path) == before, command.name


@pytest.mark.parametrize("market", ["without a market", "with its own"])
async def test_what_exists_elsewhere_is_answered_as_what_exists_nowhere(tmp_path: Path, market: str) -> None:
    async with two_communities(tmp_path) as harness:
        code, key = await code_and_key(harness)
        harness.now += 16 * 60_000  # the code has run out
        if market == "with its own":
            await own_market(harness)
        for who, admin, there, nowhere in (
            ("eve", False, "/ticket confirm 1", "/ticket confirm 99"),
            ("eve", False, "/ticket cancel 3", "/ticket cancel 99"),
            ("eve", False, "/ticket change 3 7", "/ticket change 99 7"),
            ("eve", False, "/order cancel 1 2", "/order cancel 99 2"),
            ("eve", False, "/alert cancel 1", "/alert cancel 99"),
            ("eve", False, "/apikey revoke 1", "/apikey revoke 99"),
            ("eve", False, "/markets 1", "/markets 99"),
            ("cleo", True, "/ticket confirm 3", "/ticket confirm 99"),
            ("cleo", True, "/order cancel 1 all", "/order cancel 99 all"),
            ("cleo", True, "/markets 1", "/markets 99"),
            ("cleo", True, "/admin approve 1", "/admin approve 99"),
            ("cleo", True, f"/admin post {key}", "/admin post 00000000"),
            ("cleo", True, f"/admin channel {code}", "/admin channel AAAA-AAAA"),
            ("cleo", True, "/admin users Bobby", "/admin users Zzyzx"),
            ("cleo", True, "/admin grant Bobby $5", "/admin grant Zzyzx $5"),
            ("cleo", True, "/buy germany yes 5", "/buy atlantis yes 5"),
            ("cleo", True, "/admin resolve germany", "/admin resolve atlantis"),
        ):
            harness.now += 10_000
            found = [
                plain_text.text(await harness.say(who, line, chat="two", admin=admin)) for line in (there, nowhere)
            ]
            words = [line.split()[-1 if len(line.split()) < 4 else 2] for line in (there, nowhere)]
            shown = [blanked(text, line, word) for text, line, word in zip(found, (there, nowhere), words, strict=True)]
            assert shown[0] == shown[1], (there, found)


def blanked(text: str, line: str, word: str) -> str:
    """Without what the speaker themselves had typed."""
    for said in sorted({word, *line.split()[1:]}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w$]){re.escape(said)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text


async def test_one_person_in_both_has_two_accounts_that_know_nothing_of_each_other(tmp_path: Path) -> None:
    async with two_communities(tmp_path) as harness:
        await own_market(harness)
        joined = await harness.say("ada", "/join", chat="two")
        assert "$1,000.00" in plain_text.text(joined)
        await harness.tick(market=2)
        assert "You have $1,000.00 to spend" in plain_text.text(await harness.say("ada", "/balance", chat="two"))
        assert "You have $1,000.00 to spend" not in plain_text.text(await harness.say("ada", "/balance"))
        assert "Germany" in plain_text.text(await harness.say("ada", "/positions"))
        for line in ("/positions", "/orders", "/trades", "/leaderboard"):
            assert "Germany" not in plain_text.text(await harness.say("ada", line, chat="two")), line
        ticket = await harness.say("ada", "/buy yeti yes 10", chat="two")
        assert (await harness.say("ada", button(ticket, "Confirm"), chat="two")).ok
        await harness.tick(market=2)
        assert "Yeti" in plain_text.text(await harness.say("ada", "/positions", chat="two"))
        assert "Yeti" not in plain_text.text(await harness.say("ada", "/positions"))
        async with harness.db.reading() as uow:
            assert (await uow.ledger.audit(1)).ok
            assert (await uow.ledger.audit(2)).ok


async def test_an_admin_of_one_chat_is_nobody_in_another(tmp_path: Path) -> None:
    async with two_communities(tmp_path) as harness:
        await own_market(harness)
        orders = [one.name for one in COMMANDS if one.rule.role is Role.ADMIN and "room" in one.rule.platforms]
        assert len(orders) > 15
        before = harness.rows()
        for name in orders:
            for who, chat in ((ADMIN, "two"), ("cleo", "room")):
                harness.now += 10_000
                reply = await harness.say(who, command=name, args=ARGS.get(name, {}), chat=chat, admin=False)
                assert "is for this chat's admins" in plain_text.text(reply), (name, who)
        assert harness.rows() == before


async def test_what_happens_in_one_is_told_in_one(tmp_path: Path) -> None:
    async with two_communities(tmp_path) as harness:
        await own_market(harness)
        seen = len(harness.platform.sent)
        async with harness.db.writing() as uow:
            found = await uow.markets.get_one(1)
            await uow.markets.halt(1, "theorem: backing 5 short")
            await uow.outbox.add(1, notices.halted(found, "theorem: backing 5 short"), harness.now)
            await uow.commit()
        await harness.say(ADMIN, "/admin announce Only for A")
        await harness.announcer.step()
        assert {where for _, where, _, _ in harness.platform.sent[seen:]} <= {ADMIN, "room"}
        report = await harness.tick(market=2)
        assert report.tick is not None  # A's trouble is A's own


async def code_and_key(harness: ChatHarness) -> tuple[str, str]:
    """A channel code and the key of an announcement's preview, both of A."""
    reply = await harness.say(ADMIN, "/admin channel code")
    code = next(part.text for part in reply.head if isinstance(part, Span) and part.style is Style.CODE)
    preview = await harness.say(ADMIN, "/admin announce Only for A")
    return code, button(preview, "Confirm").split()[-1]


async def test_what_is_said_of_a_draft_is_for_its_admin_alone(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        assert (await harness.say(ADMIN, "/admin create Cup Germany, Brazil")).ok
        lines = [f"/{command.name}" for command in COMMANDS if command.for_all and not command.hidden]
        assert "/board" in lines
        for line in lines:
            harness.clock.advance(10_000)
            assert (await harness.say(ADMIN, line)).audience is not Audience.CHAT, line
        assert (await harness.say(ADMIN, "/admin open")).ok
        assert (await harness.say(ADMIN, "/board")).audience is Audience.CHAT

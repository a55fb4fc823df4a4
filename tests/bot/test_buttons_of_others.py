"""Every button of a played market, pressed by everybody it was not made for, too late, elsewhere, with a changed code
and several times; and every deed asked for twice. At most one effect, and nobody learns what is not theirs."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bot.chat import plain_text
from bot.chat.invocation import ChatKind
from bot.chat.permissions import Role
from bot.chat.reply import Reply, without_apps
from bot.commands import COMMANDS
from bot.words.usage import not_your_button
from storage.database import Database
from tests.bot.chat.test_permissions import code_in
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness, running

Step = tuple[str, str]  # who, and what they say; `> Confirm` presses that button of their last answer

OPENING: tuple[Step, ...] = (
    ("ada", "/buy germany yes 100"),
    ("ada", "> Confirm"),
    ("bob", "/buy brazil yes 50 limit 15c"),
    ("bob", "> Confirm"),
    ("mia", "/buy brazil no 5"),
    ("mia", "> Confirm"),
    ("tick", ""),
)
COURSE: tuple[Step, ...] = (
    *OPENING,
    ("bob", "/orders"),
    ("ada", "/buy germany no 5"),
    ("ada", "/buy germany no 6"),
    ("ada", "> Cancel"),
    ("ada", "/buy germany no 7"),
    ("ada", "> Change"),
    ("ada", "/buy germany no 8"),
    ("ada", "/sell germany yes half"),
    ("ada", "/buy germny yes 5"),
    ("ada", "/buy germany yes 50 slippage 0.1%"),
    ("eve", "/board"),
    ("ada", "/settings"),
    ("ada", "/forget"),
    (ADMIN, "/admin set"),
    (ADMIN, "/admin schedule"),
    (ADMIN, "/admin schedule +30m for 10m out 1; +1h for 5m winner ask"),
    (ADMIN, "/admin monitor"),
    (ADMIN, "/admin users"),
    (ADMIN, "/admin announce Kick-off is at nine"),
    (ADMIN, "/admin log 1"),
    (ADMIN, "/admin season start Spring"),
    (ADMIN, "/admin season"),
    (ADMIN, "/admin season end"),
    (ADMIN, "/admin grant ada $50"),
    (ADMIN, "/admin eliminate brazil"),
    (ADMIN, "/admin resolve germany"),
    (ADMIN, "/admin void"),
    ("mia", "/admin eliminate brazil"),
    ("mia", "> Confirm"),
    (ADMIN, "/admin approve 1"),
)
ADMINS = {ADMIN, "mia"}


@dataclass(frozen=True, slots=True)
class Button:
    """One that the bot made: for whom, on which answer."""

    who: str
    text: str
    person: int | None
    label: str
    shown: str

    @property
    def command(self) -> str:
        return max((one.name for one in COMMANDS if f"{self.text} ".startswith(f"/{one.name} ")), key=len)

    @property
    def rule(self) -> Role:
        return next(one.rule.role for one in COMMANDS if one.name == self.command)


@dataclass
class Course:
    """A market being played, and every button that appeared in it."""

    harness: ChatHarness
    made: dict[str, Button] = field(default_factory=dict)
    last: dict[str, Reply] = field(default_factory=dict)

    async def perform(self, steps: Sequence[Step]) -> None:
        for who, said in steps:
            self.harness.now += 5_000
            if who == "tick":
                await self.harness.tick()
            else:
                line = button(self.last[who], said.removeprefix("> ")) if said.startswith("> ") else said
                self.keep(who, await self.say(who, line))
        for how, where, _, reply in self.harness.platform.sent:
            self.keep(where if how == "tell" else "everybody", reply)

    async def say(self, who: str, line: str, **more: object) -> Reply:
        return await self.harness.say(who, line, admin=who in ADMINS, **more)  # type: ignore[arg-type]  # handed through

    def keep(self, who: str, reply: Reply) -> None:
        if reply.actions:
            self.last[who] = reply
        for action in without_apps(reply.actions):
            found = Button(who, action.text, action.person, action.label, plain_text.text(reply))
            self.made.setdefault(action.text, found)


@asynccontextmanager
async def course(folder: Path, steps: Sequence[Step] = COURSE) -> AsyncIterator[Course]:
    async with chat_harness(folder) as harness:
        await running(harness, people=("ada", "bob", "mia"))
        made = Course(harness)
        await made.perform(steps)
        yield made


_FORKS = count(1)


@asynccontextmanager
async def fork(harness: ChatHarness, folder: Path) -> AsyncIterator[ChatHarness]:
    """The same chat and market at this moment; what happens there stays there."""
    path = folder / f"fork{next(_FORKS)}.db"
    with closing(sqlite3.connect(harness.path)) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
    db = Database.open(f"sqlite:///{path}")
    try:
        twin = ChatHarness(db, path)
        twin.now = harness.now
        yield twin
    finally:
        await db.close()


LISTED = {
    "audit_log",
    "actions",
    "events",
    "lines",
    "codes",
    "attempts",
    "counters",
    "tickets",
    "chat_admins",
    "ticks",
    "binaries",
} | {
    "tiles",
    "journal",
    "journal_heads",
}
"""Tables that say what was asked, not what it came to; an effect is in the others."""


COLUMNS = {
    "config": "market, title, params, draft, status, start_ts, house, winners, halted, volume"
}  # not how far its log has come
MONEY = ("orders", "ledger", "positions", "trades")


def effects(harness: ChatHarness) -> dict[str, list[tuple[object, ...]]]:
    """What has come of it all, by table: money, holdings, terms, settings, people, what will be told."""
    connection = sqlite3.connect(f"file:{harness.path}?mode=ro", uri=True)
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: connection.execute(f"SELECT {COLUMNS.get(name, '*')} FROM {name} ORDER BY 1").fetchall()
            for name in names
            if name not in LISTED
        }
    finally:
        connection.close()


def learns_nothing(reply: Reply, about: Button) -> None:
    """No amount, name or outcome of what stood around the button is in an answer to somebody else."""
    words = plain_text.text(reply).casefold()
    for fact in re.findall(r"\$[\d,.]*\d|\d+(?:\.\d+)?¢", about.shown):
        assert fact not in words, (about.text, fact, words)
    for name in ("ada", "bob", "germany", "brazil", "costa rica"):
        assert name not in words, (about.text, name, words)


async def test_every_button_is_refused_to_all_whom_it_was_not_made_for(tmp_path: Path) -> None:
    async with course(tmp_path) as market:
        owned = [one for one in market.made.values() if one.person is not None]
        assert {"ticket confirm", "ticket cancel", "ticket change", "order cancel", "forget", "settings", "admin void",
                "admin eliminate", "admin resolve", "admin grant", "admin post", "admin season", "admin schedule",
                "admin approve"} <= {one.command for one in owned}  # fmt: skip
        before = market.harness.rows()
        for one in owned:
            for other in {"eve", "ada", "bob", "mia", ADMIN} - {one.who}:
                reply = await market.say(other, one.text, made_for=one.person)
                assert reply == not_your_button(), (one.text, other)
                learns_nothing(reply, one)
        assert market.harness.rows() == before


async def test_a_line_copied_from_a_button_is_no_key(tmp_path: Path) -> None:
    """Typed by others, without the press: rights are checked where it runs."""
    async with course(tmp_path) as market:
        before = market.harness.rows()
        for one in market.made.values():
            others = {"eve", "bob", "mia", ADMIN} if one.rule is Role.OWNER else {"eve", "bob"}
            for other in others - {one.who} if one.rule in (Role.OWNER, Role.ADMIN) else ():
                market.harness.now += 2_000
                reply = await market.say(other, one.text)
                assert not reply.ok, (one.text, other)
                assert not {action.text for action in reply.actions} & {other.text for other in market.made.values()}
                learns_nothing(reply, one)
        assert market.harness.rows() == before


async def test_a_changed_code_decides_nothing(tmp_path: Path) -> None:
    """The code stands for exactly what was shown; any other shows it anew."""
    async with course(tmp_path) as market:
        coded = [one for one in market.made.values() if re.search(r"confirm[= ][0-9a-f]{8}$", one.text)]
        assert len(coded) >= 7
        before = market.harness.rows()
        for one in coded:
            for code in ("00000000", one.text[-8:][::-1], one.text[-8:-1], "' OR 1=1 --", "x" * 300):
                market.harness.now += 2_000
                reply = await market.say(one.who, one.text[:-8] + code)
                assert market.harness.rows() == before, (one.text, code)
                assert "went wrong" not in plain_text.text(reply)


async def test_pressed_again_it_has_one_effect(tmp_path: Path) -> None:
    """Once; or delivered twice, and pressed once more: after a tick all has come to the same."""
    tried: set[str] = set()
    async with course(tmp_path) as market:
        alike = {" ".join(one.text.split()[:2]) if one.command == "settings" else one.text: one
                 for one in market.made.values()}  # fmt: skip
        for one in alike.values():
            who = one.who if one.who != "everybody" else "ada"
            results = []
            for requests in (("a",), ("a", "a", "b")):
                async with fork(market.harness, tmp_path) as twin:
                    before = twin.rows()
                    for name in requests:
                        reply = await twin.say(
                            who, one.text, request=f"press-{name}", admin=who in ADMINS, made_for=one.person
                        )
                        assert "went wrong" not in plain_text.text(reply), one.text
                    if len(requests) == 1 and twin.rows() == before:
                        break  # only looked at something
                    twin.now += 1_000 * (3 - len(requests))
                    await twin.tick()
                    results.append(effects(twin))
                    async with twin.db.reading() as uow:
                        assert (await uow.ledger.audit(1)).ok
            if results:
                once, often = results
                changed = [name for name, rows in once.items() if rows != often[name]]
                assert not changed, (one.text, changed)
                tried.add(one.command)
        assert len(tried) >= 13, tried


async def test_stale_buttons_say_so_and_change_nothing(tmp_path: Path) -> None:
    """After a ticket was confirmed, thrown away or changed; after the market has ended; in a chat without it."""
    ended: tuple[Step, ...] = ((ADMIN, "/admin resolve germany"), (ADMIN, "> Confirm"), ("tick", ""), ("tick", ""))
    async with course(tmp_path) as market:
        await market.perform(ended)
        made = sorted(market.made.values(), key=lambda one: one.command == "forget")  # after that they are a stranger
        for chat, kind in (("room", ChatKind.ROOM), ("elsewhere", ChatKind.GROUP), ("", ChatKind.PRIVATE)):
            async with fork(market.harness, tmp_path) as twin:
                money = {name: effects(twin)[name] for name in MONEY}
                for one in made:
                    who = one.who if one.who != "everybody" else "ada"
                    before = twin.rows()
                    reply = await twin.say(
                        who, one.text, chat=chat or who, kind=kind, admin=who in ADMINS, made_for=one.person
                    )
                    words = plain_text.text(reply)
                    assert "went wrong" not in words, (one.text, chat)
                    assert len(words) > 10, (one.text, chat, words)
                    assert reply.ok or twin.rows() == before, (one.text, chat, words)
                    assert {name: effects(twin)[name] for name in MONEY} == money, (one.text, chat)


STALE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Confirm": (("confirm", "Sent."), ("cancel", "confirmed as order"), ("change", "confirmed as order")),
    "Cancel": (("confirm", "was cancelled"), ("cancel", "nothing was ordered"), ("change", "was cancelled")),
    "Change": (("confirm", "newer one counts"), ("cancel", "newer one counts"), ("change", "newer one counts")),
}


async def test_a_ticket_is_one_thing_only(tmp_path: Path) -> None:
    """Whatever became of it, its other buttons say what became of it and lead on by a press."""
    async with course(tmp_path, OPENING) as market:
        for label, rows in STALE.items():
            ticket = await market.say("ada", "/buy germany yes 3")
            line = button(ticket, label)
            await market.say("ada", f"{line} 4" if label == "Change" else line)
            before = effects(market.harness)
            for deed, words in rows:
                reply = await market.say("ada", f"/ticket {deed} {ticket.ticket}")
                assert words in plain_text.text(reply), (label, deed, plain_text.text(reply))
                if not reply.ok:
                    assert reply.actions, (label, deed)
            assert effects(market.harness) == before


# -- what is asked for twice


DEEDS: tuple[tuple[str, str, bool], ...] = (  # who, line, and whether a preview's Confirm is what is repeated
    ("eve", "/join", False),
    ("ada", "/join Ada Lovelace", False),
    ("ada", "/buy germany yes 5", False),
    ("ada", "/buy germany yes 5", True),
    ("ada", "/sell germany yes half", True),
    ("bob", "/cancel all", False),
    ("bob", "/order cancel 1 all", False),
    ("ada", "/settings confirm off", False),
    ("ada", "/settings slippage 3% pings elimination on", False),
    ("ada", "/forget", True),
    ("ada", "/markets 1", False),
    (ADMIN, "/admin freeze red card", False),
    (ADMIN, "/admin pause", False),
    (ADMIN, "/admin set fee 2%", False),
    (ADMIN, "/admin grant ada $50", True),
    (ADMIN, "/admin eliminate brazil", True),
    (ADMIN, "/admin resolve germany", True),
    (ADMIN, "/admin void", True),
    (ADMIN, "/admin announce Kick-off is at nine", True),
    (ADMIN, "/admin season start Spring", False),
    (ADMIN, "/admin schedule +30m for 10m out 1; +1h for 5m winner ask", True),
    ("mia", "/admin eliminate brazil", True),
)
ONCE = {
    "/join": "You are in",
    "/ticket": "newer one counts",
    "/forget": "Nothing is stored",
    "/admin season": "still on",
}
"""What says at the second time that it is done already; all others give the same answer."""


async def test_the_same_request_twice_is_done_once(tmp_path: Path) -> None:
    async with course(tmp_path, OPENING) as market:
        for who, line, confirmed in DEEDS:
            results = []
            for times in (1, 2):
                async with fork(market.harness, tmp_path) as twin:
                    if confirmed:
                        preview = await twin.say(who, line, admin=who in ADMINS)
                        said = button(preview, "Confirm")
                    else:
                        said = line
                    replies = [await twin.say(who, said, request="once", admin=who in ADMINS) for _ in range(times)]
                    twin.now += 1_000 * (2 - times)
                    await twin.tick()
                    results.append((effects(twin), [plain_text.text(reply) for reply in replies]))
            (once, first), (twice, both) = results
            changed = [name for name, rows in once.items() if rows != twice[name]]
            assert not changed, (line, changed)
            assert first[0] == both[0]
            said_again = next((words for start, words in ONCE.items() if line.startswith(start)), both[0])
            assert said_again in both[1], (line, both[1])


async def test_a_code_is_good_once_and_the_newest_one_only(tmp_path: Path) -> None:
    """For links and for chats: used, replaced or run out, it joins nobody; guessing is stopped after a few."""
    async with course(tmp_path, OPENING) as market:
        harness = market.harness
        old = code_in(plain_text.text(await market.say("zed", "/link")))
        new = code_in(plain_text.text(await market.say("zed", "/link")))
        before = effects(harness)
        assert "does not work" in plain_text.text(await market.say("bob", f"/link {old}"))
        assert effects(harness) == before
        assert (await market.say("bob", f"/link {new}")).ok
        before = effects(harness)
        assert "does not work" in plain_text.text(await market.say("cleo", f"/link {new}"))
        late = code_in(plain_text.text(await market.say("yan", "/link")))
        harness.now += 11 * 60_000
        assert "does not work" in plain_text.text(await market.say("cleo", f"/link {late}"))
        for guess in range(5):
            await market.say("cleo", f"/link AAAA-AAA{'BCDEF'[guess]}")
        fresh = code_in(plain_text.text(await market.say("yan", "/link")))
        refused = await market.say("cleo", f"/link {fresh}")
        assert not refused.ok
        assert "does not work" not in plain_text.text(refused)  # not even the right one is tried any more
        assert (await market.say("dan", f"/link {fresh}")).ok  # others are not held up by it

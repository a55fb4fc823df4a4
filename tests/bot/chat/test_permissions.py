"""The one table of who may say what where: without a hole, and the dispatcher keeps to it in every cell."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import cycle, product
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation, ParseContext
from bot.chat.permissions import EVERYWHERE, PLATFORMS, SHARED, Elsewhere, OtherKey, Role
from bot.chat.reply import Reply, line
from bot.chat.rights import KEPT_MS, Rights, Standing
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.grammar.command import Command, Handler
from bot.grammar.parser import parse
from bot.market.context import Context, MarketView
from storage.keys import NewKey, Scope
from storage.records import Identity
from tests.bot.asked_chats import AskedChats
from tests.bot.harness import ADMIN, START, ChatHarness, chat_harness, running

BY_NAME = {command.name: command for command in COMMANDS}
RULES = {command.name: command.rule for command in COMMANDS}

SAMPLES: Mapping[str, Mapping[str, str]] = {
    "start": {},
    "help": {"command": "buy"},
    "tour": {"number": "2"},
    "join": {"name": "Ada"},
    "begin": {"wanted": "/board"},
    "board": {},
    "chart": {"outcome": "germany", "span": "6h"},
    "leaderboard": {"scope": "season"},
    "tape": {"outcome": "brazil"},
    "verify": {},
    "rules": {},
    "quote": {"outcome": "germany", "side": "yes", "amount": "5"},
    "markets": {"number": "1"},
    "settings": {"slippage": "3%"},
    "settings ask": {},
    "link": {"code": "K7QM-4TXR"},
    "room": {"deed": "out"},
    "apikey": {"scope": "trade", "allowance": "$200", "name": "crane"},
    "apikey revoke": {"number": "1"},
    "privacy": {},
    "forget": {"confirm": "1a2b3c4d"},
    "book": {"outcome": "germany"},
    "depth": {"outcome": "germany"},
    "buy": {"outcome": "germany", "side": "yes", "amount": "5", "slippage": "5%"},
    "sell": {"outcome": "germany", "side": "yes", "amount": "half"},
    "ticket confirm": {"number": "1"},
    "ticket buy": {"outcome": "germany", "side": "yes", "amount": "5", "worst": "900000000000", "most": "5000000"},
    "ticket sell": {"outcome": "germany", "side": "yes", "amount": "half", "limit": "90c"},
    "ticket cancel": {"number": "1"},
    "ticket change": {"number": "1", "amount": "7"},
    "cancel": {"order": "all"},
    "order cancel": {"market": "1", "order": "all"},
    "alert": {"outcome": "germany", "price": "50c"},
    "alert cancel": {"number": "1"},
    "positions": {},
    "balance": {},
    "orders": {},
    "receipt": {"order": "1"},
    "trades": {},
    "admin create": {"title": "Cup", "outcomes": "A, B, C"},
    "admin set": {"setting": "fee", "value": "1%"},
    "admin schedule": {"timetable": "+30m for 10m out 1; +1h for 5m winner ask"},
    "admin open": {},
    "admin start": {"confirm": "1a2b3c4d"},
    "admin freeze": {"reason": "red card"},
    "admin resume": {},
    "admin pause": {},
    "admin eliminate": {"outcomes": "brazil"},
    "admin resolve": {"winner": "germany"},
    "admin void": {"confirm": "1a2b3c4d"},
    "admin correct": {"outcomes": "brazil"},
    "admin cut": {"moment": "5m ago", "reason": "known"},
    "admin approve": {"number": "1", "confirm": "1a2b3c4d"},
    "admin grant": {"member": "ada", "amount": "$50"},
    "admin monitor": {},
    "admin users": {"name": "ada", "change": "rename Ada Lovelace"},
    "admin announce": {"text": "hello"},
    "admin post": {"key": "1a2b3c4d"},
    "admin channel": {"what": "code"},
    "admin roles": {"admin": "none"},
    "admin log": {"n": "5"},
    "admin export": {"what": "trades"},
    "admin graph": {"what": "volume"},
    "admin season": {"deed": "start"},
    "admin rehearse": {},
    "admin pick": {"number": "1", "outcomes": "2"},
}


def typed(command: Command) -> str:
    """The sample as a person types it."""
    parts = [f"/{command.name}"]
    for param in command.params:
        text = SAMPLES[command.name].get(param.name)
        if text is not None:
            parts.append(f"{param.name} {text}" if param.kind.named else text)
    return " ".join(parts)


def test_every_command_has_a_name_of_its_own_and_a_sample() -> None:
    assert set(SAMPLES) == set(BY_NAME), "a new command needs a line in SAMPLES"
    assert len(BY_NAME) == len(COMMANDS)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_sample_is_a_good_line_typed_or_given_by_name(name: str) -> None:
    command = BY_NAME.get(name)
    if command is None:
        pytest.fail(f"there is no command {name}")
    context = ParseContext(now_ms=START, outcomes=("Germany", "Brazil", "Costa Rica"), active=(True, True, True))
    parsed = parse(command, typed(command).removeprefix(f"/{name}").strip(), context)
    given = parse(command, "", context, SAMPLES[name])
    assert not parsed.problems
    assert not given.problems
    assert dict(parsed.values) == dict(given.values)


def test_whatever_an_admin_does_is_for_admins_in_private_too_but_for_what_is_about_the_chat_itself() -> None:
    for name, rule in RULES.items():
        assert name.startswith("admin ") == (rule.role is Role.ADMIN)
        of_the_chat = name in {"admin create", "admin channel", "admin roles"}
        assert rule.chats == (SHARED if of_the_chat else EVERYWHERE) or rule.role is not Role.ADMIN


def test_only_what_names_its_owner_by_itself_is_left_to_its_handler() -> None:
    """A command of owners is one behind a button, and takes the number of what is owned."""
    for name, rule in RULES.items():
        if rule.role is Role.OWNER:
            assert BY_NAME[name].hidden
            assert BY_NAME[name].params[0].required


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_table_answers_for_everybody_everywhere(name: str) -> None:
    rule = RULES[name]
    for member, admin, chat, platform in product((False, True), (False, True), ChatKind, sorted(PLATFORMS)):
        missing = rule.missing(member=member, admin=admin, chat=chat, platform=platform)
        named = rule.offered(admin=admin, platform=platform)
        assert named == (platform in rule.platforms and (admin or rule.role is not Role.ADMIN))
        for scope in set(Scope) - rule.by_key:
            by_key = rule.missing(member=member, admin=admin, chat=chat, platform=platform, key=scope)
            assert by_key == OtherKey(rule.by_key)
        for scope in rule.by_key:
            assert rule.missing(member=member, admin=admin, chat=chat, platform=platform, key=scope) == missing
        good = {Role.ANYONE: True, Role.OWNER: True, Role.MEMBER: member, Role.ADMIN: admin}[rule.role]
        assert (missing is None) == (chat in rule.chats and platform in rule.platforms and good)


# -- the dispatcher, cell by cell


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who speaks: `member` of the market in chats where it is, `knows` it in private too."""

    name: str
    member: bool = False
    admin: bool = False
    knows: bool = True


PEOPLE = (
    Somebody("eve", knows=False),  # nobody has ever seen them
    Somebody("ada", member=True),
    Somebody("mia", member=True, admin=True),
    Somebody(ADMIN, admin=True),
    Somebody("fay", knows=False),  # had an account, and has been forgotten
    Somebody("lin", member=True),  # two people who were joined
)
CELLS = (  # where a platform can put a line; the table alone is asked about all nine
    (ChatKind.ROOM, "room"),
    (ChatKind.GROUP, "discord"),
    (ChatKind.PRIVATE, "discord"),
    (ChatKind.GROUP, "telegram"),
    (ChatKind.PRIVATE, "telegram"),
)
CHATS = {"room": "room", "discord": "4711", "telegram": "-100123"}
FORMS = (
    "slash",
    "own button",
    "foreign button",
    "one word",
)  # their number shares no factor with the cells of a person


class Matrix:
    """A market in three chats, everybody known on every platform, and commands that only say that they were called."""

    def __init__(self, harness: ChatHarness, path: Path) -> None:
        self.harness = harness
        self.called: list[str] = []
        self.numbers: dict[str, int] = {}
        self.real = harness.dispatcher
        silent = [replace(command, run=self._spy(command.name), ready=None) for command in COMMANDS]
        self.harness.dispatcher = Dispatcher(harness.db, harness.clock, silent, rights=vouching(harness))
        self._reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def _spy(self, name: str) -> Handler:
        async def called(ctx: Context, **arguments: object) -> Reply:
            self.called.append(name)
            return Reply(head=line("called"), ok=False)  # nothing of the dispatcher's own follows a refusal

        return called

    def version(self) -> int:
        """Changes whenever anybody else commits anything."""
        return int(self._reader.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._reader.close()

    def said(self, who: Somebody, chat: ChatKind, platform: str) -> Invocation:
        return Invocation(
            platform=platform,
            person_ext=who.name,
            person_name=who.name.title(),
            chat_ext=who.name if chat is ChatKind.PRIVATE else CHATS[platform],
            chat_kind=chat,
            is_admin=who.admin,
            request_id="asked",
        )

    async def say(self, form: str, command: Command, who: Somebody, chat: ChatKind, platform: str) -> Reply:
        own, other = self.numbers.get(who.name), self.numbers["zoe"]
        text = typed(command)
        if form == "one word":  # as Telegram spells it, in a group of several bots
            name = command.name.replace(" ", "_")
            text = f"/{name}@outcry_bot{text.removeprefix(f'/{command.name}')}"
        return await self.harness.say(
            who.name,
            "" if form == "slash" else text,
            command=command.name if form == "slash" else "",
            args=SAMPLES[command.name] if form == "slash" else {},
            made_for={"own button": own, "foreign button": other}.get(form),
            chat=who.name if chat is ChatKind.PRIVATE else CHATS[platform],
            kind=chat,
            admin=who.admin,
            platform=platform,
        )

    async def key(self, who: str) -> int:
        """The number of a program's key to run the market."""
        wanted = NewKey(
            market=1,
            person=self.numbers[who],
            scope=Scope.RUN,
            name="",
            allowance=None,
            platform="discord",
            external_id=who,
        )
        async with self.harness.db.writing() as uow:
            key = await uow.keys.make(wanted, who, START)
            await uow.commit()
        return key.id

    async def enter(self, command: Command, who: Somebody, platform: str, key: int | None) -> Reply:
        """On the page of the market, as who they are on that platform."""
        self.harness.clock.advance(5_000)
        identity = Identity(
            person=self.numbers[who.name], platform=platform, external_id=who.name, name=who.name.title()
        )
        return await self.harness.dispatcher.run(
            Invocation(
                text=typed(command),
                platform="room",
                person_ext=f"session of {who.name}",
                person_name=who.name.title(),
                chat_ext="room",
                chat_kind=ChatKind.ROOM,
                market=1,
                came_as=identity,
                key=key,
                request_id="entered",
            )
        )

    async def hear(self, invocation: Invocation, text: str) -> tuple[str, str]:
        """What the real commands answer, and the lines behind the answer's buttons."""
        self.harness.now += 5_000
        reply = await self.real.run(replace(invocation, text=text))
        return plain_text.text(reply), " | ".join(f"{action.text} " for action in reply.actions)


def vouching(harness: ChatHarness) -> Rights:
    """Both platforms say in the market's own chats who is an admin there: for who speaks in private."""
    asked = {name: AskedChats(name=name) for name in ("discord", "telegram")}
    for name, who in product(asked, PEOPLE):
        asked[name].standings[CHATS[name], who.name] = Standing.ADMIN if who.admin else Standing.MEMBER
    return Rights(asked, harness.clock.monotonic_ms)


@asynccontextmanager
async def matrix(folder: Path) -> AsyncIterator[Matrix]:
    async with chat_harness(folder) as harness:
        await running(harness, people=("ada", "mia", "fay", "lin", "zoe"))
        for platform, chat in CHATS.items():
            if platform != "room":
                code = plain_text.text(await harness.say(ADMIN, "/admin channel code"))
                await harness.say(ADMIN, f"/admin channel {code_in(code)}", chat=chat, kind=ChatKind.GROUP,
                               platform=platform)  # fmt: skip
                for who in ("ada", "mia", "fay", "lin", "zoe", ADMIN):
                    code = code_in(plain_text.text(await harness.say(who, "/link", chat=who, kind=ChatKind.PRIVATE)))
                    reply = await harness.say(who, f"/link {code}", chat=who, kind=ChatKind.PRIVATE, platform=platform)
                    assert reply.ok, plain_text.text(reply)
        asked = await harness.say("fay", "/forget")
        assert (await harness.press("fay", asked, "Confirm")).ok
        made = Matrix(harness, folder / "play.db")
        try:
            async with harness.db.reading() as uow:
                for who in ("ada", "mia", "lin", "zoe", ADMIN):
                    person = await uow.people.find("discord", who)
                    assert person is not None
                    made.numbers[who] = person.id
                assert await uow.people.find("discord", "fay") is None
            yield made
        finally:
            made.close()


def code_in(text: str) -> str:
    """A code such as K7QM-4TXR."""
    return next(word.strip("`.,:") for word in text.split() if len(word.strip("`.,:")) == 9 and "-" in word)


REFUSED: Mapping[object, str] = {
    Role.ADMIN: "is for this chat's admins",
    Role.MEMBER: "no account in this market",
    ChatKind.PRIVATE: "is about the chat it is said in",
}
NOWHERE = "You are in no market yet"


def refusal(command: Command, who: Somebody, chat: ChatKind, platform: str) -> str:
    """The sentence the table asks for; "" where the command is theirs to say."""
    missing = command.rule.missing(member=who.member, admin=who.admin, chat=chat, platform=platform)
    if missing is Role.ADMIN and chat is ChatKind.PRIVATE:
        return "is for the admins of Cup" if who.knows and command.speaks_of_market else "is for a chat's admins"
    lost = chat is ChatKind.PRIVATE and not who.knows
    assert not isinstance(missing, OtherKey)
    if isinstance(missing, Elsewhere):
        return "only means something on"
    if missing is None:
        needs = any(wanted is MarketView and not optional for _, wanted, optional in command.given)
        return NOWHERE if lost and needs else ""
    return NOWHERE if lost and missing is Role.MEMBER else REFUSED[missing]


async def test_every_cell_of_the_table_is_what_the_dispatcher_does(tmp_path: Path) -> None:
    """Every command x person x kind of chat x platform: a typed line in each cell, and one of the other forms in turn.
    What is refused reaches no handler and changes no row."""
    forms = cycle(FORMS)
    async with matrix(tmp_path) as table:
        version = table.version()
        for command, who, (chat, platform) in product(COMMANDS, PEOPLE, CELLS):
            for form in ("typed", next(forms)):
                table.called.clear()
                reply = await table.say(form, command, who, chat, platform)
                words, cell = plain_text.text(reply), (command.name, who.name, chat, platform, form)
                wanted = refusal(command, who, chat, platform)
                if form == "foreign button":
                    wanted = "made for somebody else"
                assert table.called == ([] if wanted else [command.name]), (cell, words)
                assert (wanted or "called") in words, (cell, words)
                assert table.version() == version, f"{cell} changed a row"


async def test_a_program_says_what_its_key_is_for_and_nothing_else(tmp_path: Path) -> None:
    """Every command x scope, by a member's key: what the table gives that scope and its maker's own role, in the key's
    own market, while it is good."""
    async with matrix(tmp_path) as table:
        ada = table.numbers["ada"]
        identity = Identity(person=ada, platform="discord", external_id="ada", name="Ada")
        made = {}
        async with table.harness.db.writing() as uow:
            for scope in Scope:
                key = NewKey(
                    market=1,
                    person=ada,
                    scope=scope,
                    name="",
                    allowance=None,
                    platform="discord",
                    external_id="ada",
                )
                made[scope] = await uow.keys.make(key, scope.value, START)
            await uow.commit()
        room = table.said(Somebody("key 1"), ChatKind.ROOM, "room")
        for command, scope in product(COMMANDS, Scope):
            by_key = replace(room, came_as=identity, key=made[scope].id, market=1, text=typed(command))
            for invocation, good in (
                (by_key, True),
                (replace(by_key, market=2), False),
                (replace(by_key, key=99), False),
            ):
                table.called.clear()
                table.harness.clock.advance(1_000)
                reply = await table.harness.dispatcher.run(invocation)
                allowed = good and scope in command.rule.by_key and command.rule.role is not Role.ADMIN
                assert table.called == [command.name] * allowed, (command.name, scope, plain_text.text(reply))
                if not good:
                    assert reply.code == "unknown_key"
                elif scope not in command.rule.by_key:
                    assert reply.code == "key_scope"
        async with table.harness.db.writing() as uow:
            await uow.keys.revoke(made[Scope.TRADE], START)
            await uow.commit()
        table.harness.now += 20_000
        revoked = replace(room, came_as=identity, key=made[Scope.TRADE].id, market=1, text="/cancel all")
        assert (await table.harness.dispatcher.run(revoked)).code == "unknown_key"


def test_what_programs_may_say_is_what_they_are_for() -> None:
    by_scope = {scope: sorted(name for name, rule in RULES.items() if scope in rule.by_key) for scope in Scope}
    course = ["correct", "eliminate", "freeze", "open", "pause", "resolve", "resume", "start"]
    assert by_scope == {
        Scope.READ: [],  # they look by the API alone
        Scope.TRADE: ["cancel", "order cancel", "ticket buy", "ticket sell"],
        Scope.RUN: [f"admin {name}" for name in course],
    }


# -- by entrance: who is somebody from a chat speaks on the page, in the Mini App, by a program

ENTRANCES: Mapping[str, str] = {"page by a link": "discord", "Mini App": "telegram", "key to run": "discord"}
SAID = (*Standing, None)  # what their platform says they are in its chat; None: it cannot be asked


async def test_by_every_entrance_the_table_holds_with_what_their_platform_says_of_them(tmp_path: Path) -> None:
    """Every command x person x what the platform says, by one entrance in turn: whoever is its admin says what admins
    say, whatever is known of them here; of nobody else is an admin made. What is refused reaches no handler and changes
    no row."""
    async with matrix(tmp_path) as table:
        chats = {name: AskedChats(name) for name in ("discord", "telegram")}
        rights = Rights(chats, table.harness.clock.monotonic_ms)
        commands = table.harness.dispatcher.commands
        table.harness.dispatcher = Dispatcher(table.harness.db, table.harness.clock, commands, rights=rights)
        people, entrances = [who for who in PEOPLE if who.knows], list(ENTRANCES.items())
        keys = {who.name: await table.key(who.name) for who in people}
        version = table.version()
        for (turn, who), (late, standing) in product(enumerate(people), enumerate(SAID)):
            for name, asked in chats.items():
                asked.answers = standing is not None
                asked.standings[CHATS[name], who.name] = standing or Standing.STRANGER
            table.harness.clock.advance(KEPT_MS)
            for number, command in enumerate(COMMANDS, turn + late):
                entrance, platform = entrances[number % len(entrances)]
                key = keys[who.name] if entrance == "key to run" else None
                table.called.clear()
                reply = await table.enter(command, who, platform, key)
                words, cell = plain_text.text(reply), (command.name, who.name, entrance, standing)
                speaker = replace(who, admin=standing is Standing.ADMIN)
                wanted = refusal(command, speaker, ChatKind.ROOM, "room")
                if wanted == REFUSED[Role.ADMIN] and standing is None:
                    wanted = f"{platform.title()} cannot be asked right now"
                if key is not None and Scope.RUN not in command.rule.by_key:
                    wanted = "Nothing was done." if reply.code == "key_scope" else "the other key"
                assert table.called == ([] if wanted else [command.name]), (cell, words)
                assert (wanted or "called") in words, (cell, words)
        assert table.version() == version


async def test_completion_and_help_offer_what_is_theirs_and_nothing_else(tmp_path: Path) -> None:
    """Completion: what the table allows here. Help: what they could say here or in another chat of this platform, and
    after `/join`."""
    async with matrix(tmp_path) as table:
        for who, (chat, platform) in product(PEOPLE, CELLS):
            cell = (who.name, chat, platform)
            table.harness.now += 20_000  # nobody types that fast
            invocation = table.said(who, chat, platform)
            shown = [other for other in COMMANDS if not other.hidden]
            mine = {other.name for other in shown if refusal(other, who, chat, platform) in ("", NOWHERE)}
            mine -= {other.name for other in shown if other.rule.role is Role.MEMBER and not who.member}
            if chat is ChatKind.PRIVATE:  # no chat is asked before there is a command to ask it for
                mine -= {other.name for other in shown if other.rule.role is Role.ADMIN}
            offered = {row.value for row in await table.harness.dispatcher.complete(replace(invocation, text="/"))}
            assert offered == {f"/{name}" for name in mine}, cell
            for command in COMMANDS:
                if refusal(command, who, chat, platform) in ("", NOWHERE):
                    continue
                if not any(f"{command.name} ".startswith(f"{name} ") for name in mine):
                    rows = await table.harness.dispatcher.complete(replace(invocation, text=f"/{command.name} "))
                    assert not rows, (cell, command.name)
                for param in command.params[:1]:
                    asked = replace(invocation, command=command.name)
                    assert not await table.harness.dispatcher.complete_argument(asked, param.name), (cell, command.name)


async def test_help_and_corrections_name_no_command_that_is_not_theirs(tmp_path: Path) -> None:
    """Help explains what they could say here, elsewhere on this platform or after `/join`; a slip of the fingers leads
    to no more than that."""
    async with matrix(tmp_path) as table:
        for who, (chat, platform) in product((PEOPLE[0], PEOPLE[2]), CELLS):
            invocation = table.said(who, chat, platform)
            every = [await table.hear(invocation, "/help"), await table.hear(invocation, "/admin")]
            for command in COMMANDS:
                admin = who.admin and chat is not ChatKind.PRIVATE  # there who is known as one is told; mia is not
                allowed = not command.hidden and command.rule.offered(admin=admin, platform=platform)
                asked = await table.hear(invocation, f"/help {command.name}")
                for words, pressed in (*every, asked, await table.hear(invocation, f"/{command.name}x")):
                    assert allowed or command.summary not in words, (who.name, chat, platform, command.name)
                    behind_a_button = allowed or (command.name == "tour" and who.admin)
                    assert behind_a_button or f"/{command.name} " not in pressed, (who.name, chat, command.name)
                assert command.summary in asked[0] or not allowed, (who.name, chat, platform, command.name)


async def test_the_platform_vouches_for_every_press_anew(tmp_path: Path) -> None:
    """An admin who is none any more cannot press the buttons of yesterday."""
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        preview = await harness.say(ADMIN, "/admin void")
        line = preview.actions[0].text
        before = harness.rows()
        refused = await harness.say(ADMIN, line, admin=False)
        assert "is for this chat's admins" in plain_text.text(refused)
        assert harness.rows() == before

"""Chats that are lost, forbid something or are slow, people out of reach: who hears what, and that it ends well."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.pictures import without_pictures
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.rate_limits import Budget, Limit, Urgency, Windows
from bot.chat.reply import Attachment, Board, Picture, Reply
from bot.notifications.announcer import Announcer
from bot.notifications.claims import LEASE_MS
from bot.notifications.notices import ASIDE, PINGED
from bot.notifications.reachability import ChatPresence
from bot.words.settings import PING_KINDS
from storage.records import Notice, NoticeAudience, OutboxRow, Payload
from storage.unit_of_work import UnitOfWork
from tests.bot.harness import ADMIN, ChatHarness, RecordingPlatform, chat_harness, opened, running

HOUR = 3_600_000


@dataclass
class Strict(RecordingPlatform):
    """What may not be reached, by place, and the nonces of what was posted: a duplicate is dropped, as by Discord."""

    refuses: dict[str, Exception] = field(default_factory=dict)
    pictures_refused: set[str] = field(default_factory=set)
    gate: dict[str, asyncio.Event] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)
    answers_lost: int = 0  # of so many posts of a board, which stand
    waiting: int = 0  # sends that wait at a gate
    most_waiting: int = 0

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        await self._check(chat_ext, reply)
        if nonce not in self.nonces:
            self.nonces[nonce] = await super().post(chat_ext, reply)
            if self.answers_lost and any(isinstance(block, Board) for block in reply.blocks):
                self.answers_lost -= 1
                raise ConnectionResetError("the answer was lost")
        return self.nonces[nonce]

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        await self._check(chat_ext, reply)
        await super().edit(chat_ext, ref, reply)

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        await self._check(person_ext, reply)
        return await super().tell(person_ext, reply, edit_ref=edit_ref, chat_ext=chat_ext)

    async def _check(self, place: str, reply: Reply) -> None:
        if place in self.gate:
            self.waiting += 1
            self.most_waiting = max(self.most_waiting, self.waiting)
            self.changed.set()
            try:
                await self.gate[place].wait()
            finally:
                self.waiting -= 1
        if place in self.refuses:
            raise self.refuses[place]
        if place in self.pictures_refused and reply.files:
            raise UnreachableError(Unreachable.FORBIDDEN, "Attach Files")


def strict(harness: ChatHarness) -> Strict:
    """The town's room behaves as strictly as it is told to."""
    chat = Strict()
    harness.platform = chat
    harness.announcer = Announcer(harness.db, harness.clock, {"room": chat})
    return chat


async def second_chat(harness: ChatHarness, name: str = "hall") -> None:
    async with harness.db.writing() as uow:
        chat = await uow.chats.open("room", name, "room", name.title(), harness.now)
        await uow.markets.lock(1)
        await uow.chats.connect(1, chat.id)
        await uow.commit()


async def lost(harness: ChatHarness, name: str = "room") -> str | None:
    async with harness.db.reading() as uow:
        chat = await uow.chats.find("room", name)
    assert chat is not None
    return chat.lost


async def add(harness: ChatHarness, *notices: Notice) -> None:
    async with harness.db.writing() as uow:
        await uow.outbox.add_many(1, notices, harness.now)
        await uow.commit()


async def backlog(harness: ChatHarness) -> int:
    async with harness.db.reading() as uow:
        return await uow.outbox.backlog()


def paid(person: int, cents: int) -> Notice:
    payload: Payload = {"total": cents * 10_000, "paid": [[0, "yes", cents * 10_000, cents * 10_000]]}
    return Notice(kind="paid", audience=NoticeAudience.PERSON, payload=payload, person=person)


POST = Notice(kind="paused", audience=NoticeAudience.CHAT, payload={"round": None, "at_ms": 0})
LEAD: Payload = {"outcome": 0, "yes": 400_000, "before": None, "before_yes": None}


async def test_a_chat_that_put_the_bot_out_is_marked_its_admins_told_once_and_others_served(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        await second_chat(harness)
        chat.refuses["room"] = UnreachableError(Unreachable.CHAT, "kicked")
        for _ in range(3):
            await add(harness, POST)
            await harness.confirmed("ada", "/buy germany yes 10")
            await harness.tick()
        assert await lost(harness) == "chat"
        assert await lost(harness, "hall") is None
        told = [text for text in chat.texts("tell", ADMIN) if "cannot reach" in text]
        assert len(told) == 1
        assert len(chat.texts("post", "hall")) >= 3


async def test_a_lost_chat_that_asks_the_bot_back_gets_the_board_and_the_news_of_the_last_hour_only(
    tmp_path: Path,
) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        chat.refuses["room"] = UnreachableError(Unreachable.CHAT)
        await add(harness, POST)
        await harness.announcer.step()
        harness.now += 2 * HOUR
        await add(harness, Notice(kind="lead_change", audience=NoticeAudience.CHAT, payload=LEAD))
        await harness.announcer.step()
        del chat.refuses["room"]
        chat.sent.clear()
        assert await harness.announcer.step() == 0
        await ChatPresence(harness.db, lambda: harness.now).arrived("room", "room", "room", "Room")
        await harness.announcer.step()
        posts = [reply for how, where, _, reply in chat.sent if (how, where) == ("post", "room")]
        assert sum(isinstance(block, Board) for reply in posts for block in reply.blocks) == 1
        assert [reply.pin for reply in posts if any(isinstance(b, Board) for b in reply.blocks)] == [True]
        assert any("takes the lead" in plain_text.text(reply) for reply in posts)
        assert not any("paused" in plain_text.text(reply) for reply in posts)
        assert await backlog(harness) == 0


async def test_what_waits_for_a_lost_chat_is_not_kept_for_ever(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        chat.refuses["room"] = UnreachableError(Unreachable.CHAT)
        await add(harness, *[POST] * 20)
        await harness.announcer.step()
        assert await backlog(harness) == 20
        harness.now += 25 * HOUR
        await harness.announcer.step()
        assert await backlog(harness) == 0


async def test_a_missing_permission_is_named_once_and_tried_again_until_it_is_there(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        chat.refuses["room"] = UnreachableError(Unreachable.FORBIDDEN, "Send Messages")
        await add(harness, POST)
        for _ in range(30):
            await harness.announcer.step()
            harness.now += 60_000
        told = [text for text in chat.texts("tell", ADMIN) if "Send Messages" in text]
        assert len(told) == 1
        assert await lost(harness) == "forbidden"
        del chat.refuses["room"]
        for _ in range(4):
            harness.now += 60_000
            await harness.announcer.step()
        assert await lost(harness) is None
        assert any("paused" in text for text in chat.texts("post"))


async def test_where_pictures_are_forbidden_the_words_go_without_them(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)

        async def draw(picture: Picture) -> bytes | None:
            return b"png"

        harness.announcer = Announcer(harness.db, harness.clock, {"room": chat}, draw)
        await running(harness)
        chat.pictures_refused.add("room")
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin eliminate brazil"), "Confirm")
        await harness.tick()
        ceremony = next(reply for *_, reply in chat.sent if "is out" in plain_text.text(reply))
        assert not ceremony.files
        assert len([text for text in chat.texts("tell", ADMIN) if "Attach Files" in text]) == 1
        assert await lost(harness) == "forbidden"
        chat.pictures_refused.clear()
        await add(harness, POST)
        await harness.announcer.step()
        assert await lost(harness) == "forbidden", "words say nothing about pictures"
        harness.now += 11 * 60_000
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin resolve germany"), "Confirm")
        await harness.tick()
        assert next(reply for *_, reply in chat.sent if "wins Cup" in plain_text.text(reply)).files
        assert await lost(harness) is None


async def test_an_announcement_that_may_not_be_made_holds_up_no_private_word(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        chat.refuses["room"] = UnreachableError(Unreachable.FORBIDDEN)
        await add(harness, POST, paid(2, 7))
        await harness.announcer.step()
        assert any("You are paid $0.07 in Cup." in text for text in chat.texts("tell", "ada"))


async def test_who_blocked_the_bot_costs_one_try_a_notice_and_holds_up_nobody(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        chat.refuses["ada"] = UnreachableError(Unreachable.PERSON)
        await add(harness, paid(2, 1), paid(2, 2), paid(3, 3))
        await harness.announcer.step()
        assert await backlog(harness) == 0
        assert any("$0.03" in text for text in chat.texts("tell", "bob"))


async def test_what_could_not_be_told_is_told_with_the_next_answer_once(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        chat.refuses["ada"] = UnreachableError(Unreachable.PERSON)
        await add(harness, *[paid(2, cents) for cents in range(1, 8)], paid(3, 9))
        await harness.announcer.step()
        assert "could not be reached" not in plain_text.text(await harness.say("bob", "/balance"))
        first, second = [plain_text.text(await harness.say("ada", "/balance")) for _ in range(2)]
        assert "While you could not be reached:" in first
        assert all(f"You are paid $0.0{cents} in Cup." in first for cents in range(3, 8))
        assert "And 2 more before that" in first
        assert "could not be reached" not in second


async def test_a_slow_chat_holds_up_nobody(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        await second_chat(harness)
        chat.gate["room"] = asyncio.Event()
        task = asyncio.create_task(harness.announcer.run())
        try:
            await add(harness, POST)
            await chat.until(lambda: any("paused" in text for text in chat.texts("post", "hall")))
            await add(harness, paid(2, 9), POST)
            await chat.until(lambda: any("$0.09" in text for text in chat.texts("tell", "ada")))
            await chat.until(lambda: sum("paused" in text for text in chat.texts("post", "hall")) == 2)
            assert not any("paused" in text for text in chat.texts("post", "room"))
            chat.gate["room"].set()
            await chat.until(lambda: sum("paused" in text for text in chat.texts("post", "room")) == 2)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_send_longer_than_its_lease_is_not_handed_out_again(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        chat.gate["room"] = asyncio.Event()
        task = asyncio.create_task(harness.announcer.run())
        try:
            await add(harness, POST)
            await chat.until(lambda: chat.waiting == 1)
            for times in range(1, 5):
                harness.now += LEASE_MS // 2
                await add(harness, paid(2, 1))  # wakes it; the lease is renewed in the transaction that claims this one
                await chat.until(lambda: len(chat.texts("tell", "ada")) >= times)  # noqa: B023
                async with harness.db.writing() as uow:
                    assert not [
                        row
                        for row in await uow.deliveries.claim(["room"], harness.now, LEASE_MS)
                        if row.kind == "paused"
                    ]
        finally:
            chat.gate["room"].set()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert sum("paused" in text for text in chat.texts("post")) == 1
        assert await backlog(harness) == 0, "what arrived while stopping is written down"


async def test_at_most_sixteen_sends_are_in_flight(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        names = [f"hall {number}" for number in range(30)]
        for name in names:
            await second_chat(harness, name)
            chat.gate[name] = asyncio.Event()
        task = asyncio.create_task(harness.announcer.run())
        try:
            await add(harness, POST)
            await chat.until(lambda: chat.waiting == 16)
            for name in names:
                chat.gate[name].set()
            await chat.until(lambda: all(any("paused" in text for text in chat.texts("post", name)) for name in names))
            assert chat.most_waiting == 16
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_429_stops_that_chat_alone_and_a_global_one_stops_the_platform(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        await second_chat(harness)
        for error, hall in ((RetryLaterError(30_000), True), (RetryLaterError(30_000, overall=True), False)):
            chat.sent.clear()
            chat.refuses["room"] = error
            await add(harness, POST)
            await harness.announcer.step()
            del chat.refuses["room"]
            chat.sent.clear()
            await add(harness, POST)
            harness.now += 29_000
            await harness.announcer.step()
            assert bool(chat.texts("post", "hall")) is hall
            assert not chat.texts("post", "room")
            harness.now += 1_500
            await harness.announcer.step()
            assert len(chat.texts("post", "room")) == 2


async def test_a_crash_between_sending_and_booking_repeats_harmlessly(tmp_path: Path) -> None:
    """The post is made, its booking is lost: the nonce is the same the second time, and the message stands once."""
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        await add(harness, POST, paid(2, 4))
        dying = Announcer(harness.db, harness.clock, {"room": chat})
        save = dying.results.save

        async def crash(uow: UnitOfWork) -> list[OutboxRow]:
            if dying.results.unsaved:
                raise RuntimeError("the plug was pulled")
            return await save(uow)

        dying.results.save = crash  # type: ignore[method-assign]  # it dies where it would write down what was sent
        with pytest.raises(RuntimeError):
            await dying.step()
        assert sum("paused" in text for text in chat.texts("post")) == 1
        harness.now += 1_000
        await Announcer(harness.db, harness.clock, {"room": chat}).step()
        assert sum("paused" in text for text in chat.texts("post")) == 1
        assert sum("$0.04" in text for text in chat.texts("tell", "ada")) >= 1
        assert await backlog(harness) == 0


async def test_a_board_whose_first_post_was_not_written_down_ends_up_saying_how_things_stand(tmp_path: Path) -> None:
    """The platform drops the second post for its nonce and keeps the first one's words; an edit puts them right."""
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await opened(harness)
        dying = Announcer(harness.db, harness.clock, {"room": chat})
        save = dying.results.save

        async def crash(uow: UnitOfWork) -> list[OutboxRow]:
            if any(message.row.slot for message, _ in dying.results.unsaved):
                raise RuntimeError("the plug was pulled")
            return await save(uow)

        dying.results.save = crash  # type: ignore[method-assign]  # it dies where it would write down what was sent
        with pytest.raises(RuntimeError):
            await dying.step()
        assert (await harness.say("cy", "/join")).ok
        again = Announcer(harness.db, harness.clock, {"room": chat})
        for _ in range(2):
            await again.step()
        boards = [(how, block) for how, _, _, one in chat.sent for block in one.blocks if isinstance(block, Board)]
        assert [how for how, _ in boards] == ["post", "edit"]
        assert boards[-1][1].people == 3
        assert await backlog(harness) == 0


async def test_a_board_that_has_news_before_its_first_post_is_tried_again_is_one_board(tmp_path: Path) -> None:
    """The post is made, its answer is lost, the market moves on: the platform knows the second try for the first."""
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await opened(harness)
        chat.answers_lost = 1
        await harness.announcer.step()
        assert (await harness.say("cy", "/join")).ok
        await add(harness, Notice(kind="board", audience=NoticeAudience.CHAT, payload={}, slot="board", key="board"))
        for _ in range(3):
            harness.now += 5_000
            await harness.announcer.step()
        boards = [(how, block) for how, _, _, one in chat.sent for block in one.blocks if isinstance(block, Board)]
        assert [how for how, _ in boards] == ["post", "edit"]
        assert boards[-1][1].people == 3
        assert await backlog(harness) == 0


async def test_a_new_process_takes_over_at_once_what_the_dead_one_held(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        await add(harness, paid(2, 4))
        async with harness.db.writing() as uow:
            assert await uow.deliveries.claim(["room"], harness.now, LEASE_MS)
            await uow.commit()
        assert await harness.announcer.step() == 0
        assert await Announcer(harness.db, harness.clock, {"room": chat}).step() == 1


async def test_a_board_says_nothing_twice_also_after_a_restart(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        chat.sent.clear()
        board = Notice(kind="board", audience=NoticeAudience.CHAT, payload={"tick": 0}, slot="board", key="board")
        await add(harness, board)
        harness.now += 60_000
        await Announcer(harness.db, harness.clock, {"room": chat}).step()
        assert not chat.sent


async def test_private_notices_that_each_cost_a_send_are_joined_and_none_is_left_out(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        chat = Strict("telegram")
        async with harness.db.writing() as uow:
            ada = await uow.people.identify("telegram", "77", "Ada", harness.now + 1)
            await uow.commit()
        announcer = Announcer(harness.db, harness.clock, {"telegram": chat})
        await add(harness, *[paid(ada.id, cents) for cents in range(1, 13)])
        for _ in range(3):
            await announcer.step()
            harness.now += 1_000
        told = chat.texts("tell", "77")
        assert len(told) == 2
        for cents in range(1, 13):
            assert sum(text.count(f"You are paid $0.{cents:02d} in Cup.") for text in told) == 1
        assert await backlog(harness) == 0


async def test_who_asked_for_pings_is_told_once_an_event_in_a_line_that_gives_nothing_away(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        await second_chat(harness)
        async with harness.db.writing() as uow:
            ada = await uow.people.find("room", "ada")
            chats = await uow.chats.of_market(1)
            assert ada is not None
            for one in chats:
                await uow.pings.put(ada.id, one.id, ["elimination"])
            await uow.commit()
        await harness.confirmed("ada", "/buy germany yes 10")
        await harness.tick()
        chat.sent.clear()
        await harness.press(ADMIN, await harness.say(ADMIN, "/admin eliminate brazil 7-1"), "Confirm")
        await harness.tick()
        (ping,) = chat.texts("tell", "ada")
        assert ping.startswith("Brazil is out. 7-1.")
        assert "10" not in ping
        assert not chat.texts("tell", "bob")


async def test_a_ping_that_comes_too_late_is_none(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        payload: Payload = {"kind": "lead_change", "facts": dict(LEAD), "at_ms": harness.now}
        for late, told in ((0, 1), (HOUR, 0)):
            chat.sent.clear()
            await add(harness, Notice(kind="ping", audience=NoticeAudience.PERSON, payload=payload, person=2))
            harness.now += late
            await harness.announcer.step()
            assert len(chat.texts("tell", "ada")) == told


def test_pings_speak_one_vocabulary() -> None:
    assert set(PINGED.values()) == set(PING_KINDS)
    assert "board" not in ASIDE


def test_after_a_restart_half_of_every_window_counts_as_used() -> None:
    budget = Budget.of("telegram", 1_000)
    assert (budget.room(1_000), budget.wait("-5", 1_000), budget.wait("7", 1_000)) == (7, 1_000, 1_000)
    assert Windows((Limit(8, 20_000), Limit(20, 60_000)), born_ms=0).room("a", 0) == 4
    assert Windows((Limit(8, 20_000), Limit(20, 60_000)), born_ms=0).room("a", 20_000) == 8
    for second in range(1, 11):
        assert budget.wait("-5", 1_000 + second * 6_000, Urgency.URGENT) == 0
        budget.use("-5", 1_000 + second * 6_000)
    assert budget.wait("7", 70_000) == 0


def test_a_group_has_its_minute_and_a_private_chat_has_none() -> None:
    budget = Budget.of("telegram")
    for second in range(0, 60, 3):
        assert budget.wait("-5", second * 1_000, Urgency.URGENT) == 0
        budget.use("-5:77", second * 1_000)  # a topic counts as its group
        budget.use("9", second * 1_000)
    assert budget.wait("-5", 59_000, Urgency.URGENT) == 1_000
    assert budget.wait("9", 59_000) == 0


def test_notices_leave_some_of_the_windows_to_answers() -> None:
    budget = Budget.of("telegram")
    for number in range(25):
        budget.use(f"{number + 1}", 0)
    assert (budget.wait("99", 0), budget.wait("99", 0, Urgency.NOTICE), budget.room(0)) == (0, 1_000, 0)
    assert Windows((Limit(3, 10, spare=1),)).room("a", 0, Urgency.NOTICE) == 2


def test_where_the_platform_told_us_to_wait_everybody_waits() -> None:
    budget = Budget.of("discord")
    budget.refused("5", 7_000, 1_000)
    assert (budget.wait("5", 1_000), budget.wait("6", 1_000)) == (7_000, 0)
    budget.refused("5", 3_000, 1_000, overall=True)
    assert (budget.wait("6", 1_000), budget.room(1_000), budget.wait("6", 4_000)) == (3_000, 0, 0)


def test_a_reply_with_a_file_of_its_own_is_refused_as_a_whole_without_it() -> None:
    file = Attachment(name="a.png", data=b"x", media_type="image/png")
    assert not without_pictures(Reply(head=(), files=(file,))).files

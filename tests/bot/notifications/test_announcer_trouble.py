"""Chats that are lost, forbid something or are slow, people out of reach: who hears what, and that it ends well."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.rate_limits import Budget, Limit, Windows
from bot.chat.reply import Attachment, Board, Picture, Reply
from bot.notifications.announcer import LEASE_MS, Announcer
from bot.notifications.delivery import without_pictures
from bot.notifications.notices import ASIDE, PINGED
from bot.notifications.reachability import ChatPresence
from bot.words.settings import PING_KINDS
from storage.records import Notice, NoticeAudience, OutboxRow, Payload
from storage.unit_of_work import UnitOfWork
from tests.bot.harness import BOSS, Chat, Play, opened, running, town

HOUR = 3_600_000


@dataclass
class Strict(Chat):
    """What may not be reached, by place, and the nonces of what was posted: a duplicate is dropped, as by Discord."""

    refuses: dict[str, Exception] = field(default_factory=dict)
    pictures_refused: set[str] = field(default_factory=set)
    gate: dict[str, asyncio.Event] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)
    waiting: int = 0  # sends that wait at a gate
    most_waiting: int = 0

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        await self._check(chat_ext, reply)
        if nonce not in self.nonces:
            self.nonces[nonce] = await super().post(chat_ext, reply)
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


def strict(play: Play) -> Strict:
    """The town's room behaves as strictly as it is told to."""
    chat = Strict()
    play.chat = chat
    play.announcer = Announcer(play.db, lambda: play.now, {"room": chat})
    return chat


async def second_chat(play: Play, name: str = "hall") -> None:
    async with play.db.writing() as uow:
        chat = await uow.chats.open("room", name, "room", name.title(), play.now)
        await uow.chats.connect(1, chat.id)
        await uow.commit()


async def lost(play: Play, name: str = "room") -> str | None:
    async with play.db.reading() as uow:
        chat = await uow.chats.find("room", name)
    assert chat is not None
    return chat.lost


async def add(play: Play, *notices: Notice) -> None:
    async with play.db.writing() as uow:
        await uow.outbox.add_many(1, notices, play.now)
        await uow.commit()


async def backlog(play: Play) -> int:
    async with play.db.reading() as uow:
        return await uow.outbox.backlog()


def paid(person: int, cents: int) -> Notice:
    payload: Payload = {"total": cents * 10_000, "paid": [[0, "yes", cents * 10_000, cents * 10_000]]}
    return Notice(kind="paid", audience=NoticeAudience.PERSON, payload=payload, person=person)


POST = Notice(kind="paused", audience=NoticeAudience.CHAT, payload={"round": None, "at_ms": 0})
LEAD: Payload = {"outcome": 0, "yes": 400_000, "before": None, "before_yes": None}


async def test_a_chat_that_put_the_bot_out_is_marked_its_admins_told_once_and_others_served(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        await second_chat(play)
        chat.refuses["room"] = UnreachableError(Unreachable.CHAT, "kicked")
        for _ in range(3):
            await add(play, POST)
            await play.confirmed("ada", "/buy germany yes 10")
            await play.tick()
        assert await lost(play) == "chat"
        assert await lost(play, "hall") is None
        told = [text for text in chat.texts("tell", BOSS) if "cannot reach" in text]
        assert len(told) == 1
        assert len(chat.texts("post", "hall")) >= 3


async def test_a_lost_chat_that_asks_the_bot_back_gets_the_board_and_the_news_of_the_last_hour_only(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        chat.refuses["room"] = UnreachableError(Unreachable.CHAT)
        await add(play, POST)
        await play.announcer.step()
        play.now += 2 * HOUR
        await add(play, Notice(kind="lead_change", audience=NoticeAudience.CHAT, payload=LEAD))
        await play.announcer.step()
        del chat.refuses["room"]
        chat.said.clear()
        assert await play.announcer.step() == 0
        await ChatPresence(play.db, lambda: play.now).arrived("room", "room", "room", "Room")
        await play.announcer.step()
        posts = [reply for how, where, _, reply in chat.said if (how, where) == ("post", "room")]
        assert sum(isinstance(block, Board) for reply in posts for block in reply.blocks) == 1
        assert [reply.pin for reply in posts if any(isinstance(b, Board) for b in reply.blocks)] == [True]
        assert any("takes the lead" in plain_text.text(reply) for reply in posts)
        assert not any("paused" in plain_text.text(reply) for reply in posts)
        assert await backlog(play) == 0


async def test_what_waits_for_a_lost_chat_is_not_kept_for_ever(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        chat.refuses["room"] = UnreachableError(Unreachable.CHAT)
        await add(play, *[POST] * 20)
        await play.announcer.step()
        assert await backlog(play) == 20
        play.now += 25 * HOUR
        await play.announcer.step()
        assert await backlog(play) == 0


async def test_a_missing_permission_is_named_once_and_tried_again_until_it_is_there(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        chat.refuses["room"] = UnreachableError(Unreachable.FORBIDDEN, "Send Messages")
        await add(play, POST)
        for _ in range(30):
            await play.announcer.step()
            play.now += 60_000
        told = [text for text in chat.texts("tell", BOSS) if "Send Messages" in text]
        assert len(told) == 1
        assert await lost(play) == "forbidden"
        del chat.refuses["room"]
        for _ in range(4):
            play.now += 60_000
            await play.announcer.step()
        assert await lost(play) is None
        assert any("paused" in text for text in chat.texts("post"))


async def test_where_pictures_are_forbidden_the_words_go_without_them(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)

        async def draw(picture: Picture) -> bytes | None:
            return b"png"

        play.announcer = Announcer(play.db, lambda: play.now, {"room": chat}, draw)
        await running(play)
        chat.pictures_refused.add("room")
        await play.press(BOSS, await play.say(BOSS, "/admin eliminate brazil"), "Confirm")
        await play.tick()
        ceremony = next(reply for *_, reply in chat.said if "is out" in plain_text.text(reply))
        assert not ceremony.files
        assert len([text for text in chat.texts("tell", BOSS) if "Attach Files" in text]) == 1
        assert await lost(play) == "forbidden"
        chat.pictures_refused.clear()
        await add(play, POST)
        await play.announcer.step()
        assert await lost(play) == "forbidden", "words say nothing about pictures"
        play.now += 11 * 60_000
        await play.press(BOSS, await play.say(BOSS, "/admin resolve germany"), "Confirm")
        await play.tick()
        assert next(reply for *_, reply in chat.said if "wins Cup" in plain_text.text(reply)).files
        assert await lost(play) is None


async def test_an_announcement_that_may_not_be_made_holds_up_no_private_word(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        chat.refuses["room"] = UnreachableError(Unreachable.FORBIDDEN)
        await add(play, POST, paid(2, 7))
        await play.announcer.step()
        assert any("You are paid $0.07." in text for text in chat.texts("tell", "ada"))


async def test_who_blocked_the_bot_costs_one_try_a_notice_and_holds_up_nobody(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        chat.refuses["ada"] = UnreachableError(Unreachable.PERSON)
        await add(play, paid(2, 1), paid(2, 2), paid(3, 3))
        await play.announcer.step()
        assert await backlog(play) == 0
        assert any("$0.03" in text for text in chat.texts("tell", "bob"))


async def test_what_could_not_be_told_is_told_with_the_next_answer_once(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        chat.refuses["ada"] = UnreachableError(Unreachable.PERSON)
        await add(play, *[paid(2, cents) for cents in range(1, 8)], paid(3, 9))
        await play.announcer.step()
        assert "could not be reached" not in plain_text.text(await play.say("bob", "/balance"))
        first, second = [plain_text.text(await play.say("ada", "/balance")) for _ in range(2)]
        assert "While you could not be reached:" in first
        assert all(f"You are paid $0.0{cents}." in first for cents in range(3, 8))
        assert "And 2 more before that" in first
        assert "could not be reached" not in second


async def test_a_slow_chat_holds_up_nobody(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        await second_chat(play)
        chat.gate["room"] = asyncio.Event()
        task = asyncio.create_task(play.announcer.run())
        try:
            await add(play, POST)
            await chat.until(lambda: any("paused" in text for text in chat.texts("post", "hall")))
            await add(play, paid(2, 9), POST)
            await chat.until(lambda: any("$0.09" in text for text in chat.texts("tell", "ada")))
            await chat.until(lambda: sum("paused" in text for text in chat.texts("post", "hall")) == 2)
            assert not any("paused" in text for text in chat.texts("post", "room"))
            chat.gate["room"].set()
            await chat.until(lambda: sum("paused" in text for text in chat.texts("post", "room")) == 2)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_send_longer_than_its_lease_is_not_handed_out_again(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        chat.gate["room"] = asyncio.Event()
        task = asyncio.create_task(play.announcer.run())
        try:
            await add(play, POST)
            await chat.until(lambda: chat.waiting == 1)
            for times in range(1, 5):
                play.now += LEASE_MS // 2
                await add(play, paid(2, 1))  # wakes it; the lease is renewed in the transaction that claims this one
                await chat.until(lambda: len(chat.texts("tell", "ada")) >= times)  # noqa: B023
                async with play.db.writing() as uow:
                    assert not [
                        row for row in await uow.deliveries.claim(["room"], play.now, 1) if row.kind == "paused"
                    ]
        finally:
            chat.gate["room"].set()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert sum("paused" in text for text in chat.texts("post")) == 1
        assert await backlog(play) == 0, "what arrived while stopping is written down"


async def test_at_most_sixteen_sends_are_in_flight(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        names = [f"hall {number}" for number in range(30)]
        for name in names:
            await second_chat(play, name)
            chat.gate[name] = asyncio.Event()
        task = asyncio.create_task(play.announcer.run())
        try:
            await add(play, POST)
            await chat.until(lambda: chat.waiting == 16)
            for name in names:
                chat.gate[name].set()
            await chat.until(lambda: all(any("paused" in text for text in chat.texts("post", name)) for name in names))
            assert chat.most_waiting == 16
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_429_stops_that_chat_alone_and_a_global_one_stops_the_platform(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        await second_chat(play)
        for error, hall in ((RetryLaterError(30_000), True), (RetryLaterError(30_000, overall=True), False)):
            chat.said.clear()
            chat.refuses["room"] = error
            await add(play, POST)
            await play.announcer.step()
            del chat.refuses["room"]
            chat.said.clear()
            await add(play, POST)
            play.now += 29_000
            await play.announcer.step()
            assert bool(chat.texts("post", "hall")) is hall
            assert not chat.texts("post", "room")
            play.now += 1_500
            await play.announcer.step()
            assert len(chat.texts("post", "room")) == 2


async def test_a_crash_between_sending_and_booking_repeats_harmlessly(tmp_path: Path) -> None:
    """The post is made, its booking is lost: the nonce is the same the second time, and the message stands once."""
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        await add(play, POST, paid(2, 4))
        dying = Announcer(play.db, lambda: play.now, {"room": chat})
        save = dying.results.save

        async def crash(uow: UnitOfWork) -> list[OutboxRow]:
            if dying.results.unsaved:
                raise RuntimeError("the plug was pulled")
            return await save(uow)

        dying.results.save = crash  # type: ignore[method-assign]  # it dies where it would write down what was sent
        with pytest.raises(RuntimeError):
            await dying.step()
        assert sum("paused" in text for text in chat.texts("post")) == 1
        play.now += 1_000
        await Announcer(play.db, lambda: play.now, {"room": chat}).step()
        assert sum("paused" in text for text in chat.texts("post")) == 1
        assert sum("$0.04" in text for text in chat.texts("tell", "ada")) >= 1
        assert await backlog(play) == 0


async def test_a_board_whose_first_post_was_not_written_down_ends_up_saying_how_things_stand(tmp_path: Path) -> None:
    """The platform drops the second post for its nonce and keeps the first one's words; an edit puts them right."""
    async with town(tmp_path) as play:
        chat = strict(play)
        await opened(play)
        dying = Announcer(play.db, lambda: play.now, {"room": chat})
        save = dying.results.save

        async def crash(uow: UnitOfWork) -> list[OutboxRow]:
            if any(message.row.slot for message, _ in dying.results.unsaved):
                raise RuntimeError("the plug was pulled")
            return await save(uow)

        dying.results.save = crash  # type: ignore[method-assign]  # it dies where it would write down what was sent
        with pytest.raises(RuntimeError):
            await dying.step()
        assert (await play.say("cy", "/join")).ok
        again = Announcer(play.db, lambda: play.now, {"room": chat})
        for _ in range(2):
            await again.step()
        boards = [(how, block) for how, _, _, one in chat.said for block in one.blocks if isinstance(block, Board)]
        assert [how for how, _ in boards] == ["post", "edit"]
        assert boards[-1][1].people == 3
        assert await backlog(play) == 0


async def test_a_new_process_takes_over_at_once_what_the_dead_one_held(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        await add(play, paid(2, 4))
        async with play.db.writing() as uow:
            assert await uow.deliveries.claim(["room"], play.now, LEASE_MS)
            await uow.commit()
        assert await play.announcer.step() == 0
        assert await Announcer(play.db, lambda: play.now, {"room": chat}).step() == 1


async def test_a_board_says_nothing_twice_also_after_a_restart(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        chat.said.clear()
        board = Notice(kind="board", audience=NoticeAudience.CHAT, payload={"tick": 0}, slot="board", key="board")
        await add(play, board)
        play.now += 60_000
        await Announcer(play.db, lambda: play.now, {"room": chat}).step()
        assert not chat.said


async def test_private_notices_that_each_cost_a_send_are_joined_and_none_is_left_out(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        chat = Strict("telegram")
        async with play.db.writing() as uow:
            ada = await uow.people.identify("telegram", "77", "Ada", play.now + 1)
            await uow.commit()
        announcer = Announcer(play.db, lambda: play.now, {"telegram": chat})
        await add(play, *[paid(ada.id, cents) for cents in range(1, 13)])
        for _ in range(3):
            await announcer.step()
            play.now += 1_000
        told = chat.texts("tell", "77")
        assert len(told) == 2
        for cents in range(1, 13):
            assert sum(text.count(f"You are paid $0.{cents:02d}.") for text in told) == 1
        assert await backlog(play) == 0


async def test_who_asked_for_pings_is_told_once_an_event_in_a_line_that_gives_nothing_away(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        await second_chat(play)
        async with play.db.writing() as uow:
            ada = await uow.people.find("room", "ada")
            chats = await uow.chats.of_market(1)
            assert ada is not None
            for one in chats:
                await uow.pings.put(ada.id, one.id, ["elimination"])
            await uow.commit()
        await play.confirmed("ada", "/buy germany yes 10")
        await play.tick()
        chat.said.clear()
        await play.press(BOSS, await play.say(BOSS, "/admin eliminate brazil 7-1"), "Confirm")
        await play.tick()
        (ping,) = chat.texts("tell", "ada")
        assert ping.startswith("Brazil is out. 7-1.")
        assert "10" not in ping
        assert not chat.texts("tell", "bob")


async def test_a_ping_that_comes_too_late_is_none(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        chat = strict(play)
        await running(play)
        payload: Payload = {"kind": "lead_change", "facts": dict(LEAD), "at_ms": play.now}
        for late, told in ((0, 1), (HOUR, 0)):
            chat.said.clear()
            await add(play, Notice(kind="ping", audience=NoticeAudience.PERSON, payload=payload, person=2))
            play.now += late
            await play.announcer.step()
            assert len(chat.texts("tell", "ada")) == told


def test_pings_speak_one_vocabulary() -> None:
    assert set(PINGED.values()) == set(PING_KINDS)
    assert "board" not in ASIDE


def test_after_a_restart_half_of_every_window_counts_as_used() -> None:
    budget = Budget.of("telegram", 1_000)
    assert (budget.room(1_000), budget.wait("-5", 1_000), budget.wait("7", 1_000)) == (10, 1_000, 1_000)
    assert Windows((Limit(8, 20_000), Limit(20, 60_000)), born_ms=0).room("a", 0) == 4
    assert Windows((Limit(8, 20_000), Limit(20, 60_000)), born_ms=0).room("a", 20_000) == 8
    for second in range(1, 11):
        assert budget.wait("-5", 1_000 + second * 6_000, notice=True) == 0
        budget.use("-5", 1_000 + second * 6_000)
    assert budget.wait("7", 70_000) == 0


def test_a_group_has_its_minute_and_a_private_chat_has_none() -> None:
    budget = Budget.of("telegram")
    for second in range(0, 60, 3):
        assert budget.wait("-5", second * 1_000) == 0
        budget.use("-5:77", second * 1_000)  # a topic counts as its group
        budget.use("9", second * 1_000)
    assert budget.wait("-5", 59_000) == 1_000
    assert budget.wait("9", 59_000) == 0


def test_notices_leave_some_of_the_windows_to_answers() -> None:
    budget = Budget.of("telegram")
    for number in range(25):
        budget.use(f"{number + 1}", 0)
    assert (budget.wait("99", 0), budget.wait("99", 0, notice=True), budget.room(0)) == (0, 1_000, 0)
    assert Windows((Limit(3, 10, spare=1),)).room("a", 0, spare=True) == 2


def test_where_the_platform_told_us_to_wait_everybody_waits() -> None:
    budget = Budget.of("discord")
    budget.refused("5", 7_000, 1_000)
    assert (budget.wait("5", 1_000), budget.wait("6", 1_000)) == (7_000, 0)
    budget.refused("5", 3_000, 1_000, overall=True)
    assert (budget.wait("6", 1_000), budget.room(1_000), budget.wait("6", 4_000)) == (3_000, 0, 0)


def test_a_reply_with_a_file_of_its_own_is_refused_as_a_whole_without_it() -> None:
    file = Attachment(name="a.png", data=b"x", media_type="image/png")
    assert not without_pictures(Reply(head=(), files=(file,))).files

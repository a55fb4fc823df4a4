"""Who may see which market, over a world of several chats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.market.market_list import market_list
from bot.market.visibility import Viewer, visible, visible_markets
from engine.state import Status
from storage.database import Database
from tests.storage.worlds import START, lobby, params, started

OWN, TOWN = {"room", "room over"}, {"town", "town over", "town and hall"}
WHO_SEES: Sequence[tuple[str, set[str]]] = (
    ("a stranger", OWN),
    ("somebody with a name", OWN),
    ("an admin of the room", OWN | {"room draft"}),
    ("a member in town", OWN | TOWN),
    ("who is two people, one of them a member in town", OWN | TOWN),
    ("a member of what town and hall share", OWN | {"town and hall"}),
    ("a member in hall", OWN | {"hall", "town and hall"}),
    ("a known admin of town", OWN | TOWN | {"town draft"}),
    ("a known admin of the room without the link", OWN),
    ("who left the only market they were in", OWN),
)


async def world(db: Database) -> tuple[Mapping[str, int], Mapping[str, Viewer]]:
    """Markets by name, and who looks at them from the room."""
    room = await started(db, people=1, chat="room")
    town, hall, shared = await lobby(db, people=2), await lobby(db, people=1, chat="hall"), await lobby(db, people=1)
    markets = {"room": room.market, "town": town.market, "hall": hall.market, "town and hall": shared.market}
    async with db.writing() as uow:
        for name, chat, status in (
            ("room draft", room.chat, None),
            ("town draft", town.chat, None),
            ("room over", room.chat, Status.VOIDED),
            ("town over", town.chat, Status.VOIDED),
        ):
            market = await uow.markets.create(chat=chat, title=name, params=params(), draft={}, creator=1, now_ms=START)
            markets[name] = market.id
            if status is not None:
                await uow.markets.update(market.id, status=status)
        await uow.commit()
    async with db.writing() as uow:
        people = {
            name: (await uow.people.identify("room", name, name, START)).id
            for name in ("nobody", "sharing", "boss", "gone", "old boss")
        }
        await uow.commit()
    async with db.writing() as uow:
        await uow.markets.lock(shared.market)
        await uow.members.remove(shared.market, shared.people[0])
        await uow.members.add(shared.market, people["sharing"], "", START)
        await uow.members.add(shared.market, people["gone"], "", START)
        await uow.members.remove(shared.market, people["gone"])
        await uow.chats.connect(shared.market, hall.chat)
        await uow.commit()
    async with db.writing() as uow:
        await uow.chats.set_admin(town.chat, people["boss"], admin=True, now_ms=START)
        await uow.chats.set_admin(room.chat, people["old boss"], admin=True, now_ms=START)
        await uow.commit()
    async with db.writing() as uow:
        two = await uow.people.identify("room", "two", "Two", START)
        await uow.commit()
    async with db.writing() as uow:
        await uow.personal_data.hold(two.id, town.people[1])
        await uow.personal_data.hold_messages(town.people[1])
        await uow.personal_data.merge(two.id, town.people[1])
        await uow.commit()

    def who(person: int | None, *, admin: bool = False) -> Viewer:
        return Viewer(person=person, chat=room.chat, admin=admin)

    return markets, {
        "a stranger": who(None),
        "somebody with a name": who(people["nobody"]),
        "an admin of the room": who(people["nobody"], admin=True),
        "a member in town": who(town.people[0]),
        "who is two people, one of them a member in town": who(two.id),
        "a member of what town and hall share": who(people["sharing"]),
        "a member in hall": who(hall.people[0]),
        "a known admin of town": who(people["boss"]),
        "a known admin of the room without the link": who(people["old boss"]),
        "who left the only market they were in": who(people["gone"]),
    }


async def test_who_sees_which_market(db: Database) -> None:
    markets, viewers = await world(db)
    async with db.reading() as uow:
        for name, seen in WHO_SEES:
            viewer = viewers[name]
            found = {market for market, number in markets.items() if await visible(uow, number, viewer)}
            assert found == seen, name
            listed = [market.id for market in await visible_markets(uow, viewer)]
            assert sorted(listed) == sorted(markets[market] for market in seen), name
            assert await visible(uow, 10**14, viewer) is None
            shown = await market_list(uow, viewer)
            assert {market.record.id for market in shown.markets} == set(listed), name


async def test_a_chat_nobody_has_spoken_in_has_no_markets(db: Database) -> None:
    await world(db)
    async with db.reading() as uow:
        for admin in (False, True):
            assert not await visible_markets(uow, Viewer(person=None, chat=None, admin=admin))
        assert (await market_list(uow, Viewer(person=None, chat=None, admin=True))).may_create

"""What the platform somebody came from says of them at this moment, for those who look and act from elsewhere, and for
who does in their private chat what an admin does.

Asked before anything else is looked up: while a platform is waited for, no unit of work is open. Only chats of that
platform in which the market is announced are asked about, of that identity alone; who is linked with it is not tried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.chat.invocation import ChatKind
from bot.chat.rights import CannotAskError, Rights, Standing
from bot.market.visibility import Viewer, visible
from storage.database import Database
from storage.records import Chat, Identity
from storage.unit_of_work import UnitOfWork

MOST_PLACES = 5  # asked about at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """`standings` by the number of each chat that was asked about; `runs` is the first of them whose admin they are, a
    market's home first. `unasked`: the platform, where one of them could not be asked about."""

    standings: Mapping[int, Standing] = field(default_factory=dict)
    runs: Chat | None = None
    unasked: str | None = None


class Vouching:
    """What is asked through `Rights`, each question for one purpose; see above."""

    def __init__(self, db: Database, rights: Rights) -> None:
        self._db = db
        self._rights = rights

    async def of_market(self, identity: Identity, market: int, *, runs: bool) -> Vouched:
        """For who looks at a market, or does there what an admin does (`runs`). Nothing is asked where it would change
        nothing: they see it by their own account, and are not known to run it."""
        async with self._db.reading() as uow:
            places = _askable(identity, await uow.chats.of_market(market))
            if places and not runs and not await self._known_admin(uow, identity, places):
                viewer = Viewer(person=identity.person, chat=None, admin=False, vouched={})
                if await visible(uow, market, viewer) is not None:
                    return Vouched()
        return await self._ask(identity, places)

    async def in_private(self, platform: str, person_ext: str, market: int | None, *, anew: bool = True) -> Vouched:
        """For who does in their private chat what an admin does: in the market they name, else in the one they chose or
        spoke in last. Each of its chats on this platform is asked about, every time (`anew`)."""
        async with self._db.reading() as uow:
            person = await uow.people.find(platform, person_ext)
            if person is None:
                return Vouched()
            last = await uow.markets.last_of_person(person.id) if market is None else None
        number = market if last is None else last.id
        if number is None:
            return Vouched()
        identity = Identity(person=person.id, platform=platform, external_id=person_ext, name=person.name)
        async with self._db.reading() as uow:
            places = _askable(identity, await uow.chats.of_market(number))
        return await self._ask(identity, places, anew=anew)

    async def of_chat(self, identity: Identity, chat: int | None) -> Vouched:
        """For who does what an admin does in the chat they came from, whichever market is on there."""
        async with self._db.reading() as uow:
            place = None if chat is None else await uow.chats.get(chat)
        return await self._ask(identity, _askable(identity, [place] if place is not None else []))

    async def of_all(self, identity: Identity, chat: int | None) -> Vouched:
        """For who looks at the markets there are: the chat they came from, and those they are known to run."""
        async with self._db.reading() as uow:
            known = await uow.chats.where_admin(await uow.people.all_ids(identity.person))
            numbers = sorted(known | ({chat} if chat is not None else set()), key=lambda number: number != chat)
            places = [await uow.chats.get(number) for number in numbers]
        return await self._ask(identity, _askable(identity, [place for place in places if place is not None]))

    async def _known_admin(self, uow: UnitOfWork, identity: Identity, places: Sequence[Chat]) -> bool:
        known = await uow.chats.where_admin(await uow.people.all_ids(identity.person))
        return any(place.id in known for place in places)

    async def _ask(self, identity: Identity, places: Sequence[Chat], *, anew: bool = False) -> Vouched:
        asked = [
            self._rights.standing(place.platform, place.external_id, identity.external_id, anew=anew)
            for place in places
        ]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        standings, unasked = dict[int, Standing](), None
        for place, answer in zip(places, answers, strict=True):
            if isinstance(answer, Standing):
                standings[place.id] = answer
            elif isinstance(answer, CannotAskError):
                unasked = place.platform
            else:
                raise answer
        runs = next((place for place in places if standings.get(place.id) is Standing.ADMIN), None)
        return Vouched(standings=standings, runs=runs, unasked=unasked)


def _askable(identity: Identity, places: Sequence[Chat]) -> list[Chat]:
    """Shared chats of the platform they came from. The room has nobody to ask: its admins are who came by its link."""
    same = [place for place in places if place.platform == identity.platform and place.kind == ChatKind.GROUP]
    return same[:MOST_PLACES]

"""Who could approve a proposal, asked of the platforms of the market's chats, and told: beside the proposer's answer.

Telegram lists who administers a chat. Discord lists nobody without a privileged intent: there people who are known to
us are asked about one by one, known admins first, then members of the market without a part in it. What cannot be
asked leaves those who were known before. A process that ends meanwhile has told nobody; the next one begins anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.chat.rights import CannotAskError, Rights, Standing
from bot.market.involvement import involvement_of, still_valid
from engine.state import MarketState
from storage.database import Database
from storage.questions import proposal_asked
from storage.records import Approval, ApprovalStatus, Chat, Identity, Market, Notice, NoticeAudience
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

MOST_ASKED = 25  # people of one chat who are asked about one by one
MOST_TOLD = 50  # admins of one chat


@dataclass(frozen=True, slots=True)
class _Admin:
    """Of a chat, by their id on its platform."""

    external_id: str
    name: str


class Approvers:
    """`now_ms` gives epoch milliseconds."""

    def __init__(self, db: Database, rights: Rights, now_ms: Callable[[], int]) -> None:
        self._db, self._rights, self._now_ms = db, rights, now_ms
        self._asking: dict[tuple[int, int], asyncio.Task[None]] = {}

    def ask(self, market: int, number: int) -> None:
        """Ask who could approve this proposal and tell them, beside what else is done."""
        key = (market, number)
        if key not in self._asking:
            self._asking[key] = asking = asyncio.create_task(self._ask(market, number))
            asking.add_done_callback(lambda _: self._asking.pop(key, None))

    async def resume(self) -> None:
        """Ask about what waits and was told nobody: whoever began with it has ended."""
        try:
            async with self._db.reading() as uow:
                for record in await uow.markets.running():
                    for proposal in await uow.approvals.waiting(record.id):
                        if not await uow.outbox.stands(record.id, proposal.slot):
                            self.ask(record.id, proposal.number)
        except TroubleError as error:
            log.warning("who could approve what waits was not asked: %s", error)

    async def settled(self) -> None:
        """Until nobody is being asked any more."""
        while self._asking:
            await asyncio.gather(*self._asking.values(), return_exceptions=True)

    async def close(self) -> None:
        for asking in self._asking.values():
            asking.cancel()
        await self.settled()

    async def _ask(self, market: int, number: int) -> None:
        try:
            async with self._db.reading() as uow:
                chats = [chat for chat in await uow.chats.of_market(market) if self._rights.asks(chat.platform)]
                wanted = {chat.id: await self._candidates(uow, market, chat) for chat in chats}
            admins = {chat.id: await self._admins(chat, *wanted[chat.id]) for chat in chats}
            await self._tell(market, number, chats, admins)
        except TroubleError as error:
            log.warning("who could approve proposal %s of market %s was not told: %s", number, market, error)
        except Exception:
            log.exception("who could approve proposal %s of market %s was not told", number, market)

    async def _candidates(self, uow: UnitOfWork, market: int, chat: Chat) -> tuple[list[_Admin], list[_Admin]]:
        """Who is known as an admin of the chat, and who else could be one: members without a part, admins of other
        chats first."""
        record = await uow.markets.get_one(market)
        state = await uow.markets.state(record)
        known = await uow.chats.admins(chat.id)
        members = [person for person in await uow.members.names(market) if person not in known]
        elsewhere = {admin for other in await uow.chats.of_market(market) for admin in await uow.chats.admins(other.id)}
        members.sort(key=lambda person: person not in elsewhere)
        identities = await uow.people.identities_of([*known, *members])
        others: list[_Admin] = []
        for person in members:
            here = _on(chat.platform, identities.get(person, ()))
            if len(others) < MOST_ASKED and here and not await involvement_of(uow, record, state, person):
                others += here
        return [admin for person in known for admin in _on(chat.platform, identities.get(person, ()))], others

    async def _admins(self, chat: Chat, known: Sequence[_Admin], others: Sequence[_Admin]) -> list[_Admin]:
        """Of one chat, as its platform says now; those known before where it does not say."""
        try:
            listed = await self._rights.admins(chat.platform, chat.external_id)
        except CannotAskError:
            return list(known)
        if listed is not None:
            return [_Admin(external_id, name) for external_id, name in listed[:MOST_TOLD]]
        return await self._one_by_one(chat, known, others)

    async def _one_by_one(self, chat: Chat, known: Sequence[_Admin], others: Sequence[_Admin]) -> list[_Admin]:
        """No faster than one after the other: what else is asked and said goes first. Known admins beyond those who are
        asked about are left as they were known."""
        admins = list(known[MOST_ASKED:])
        for candidate in [*known, *others][:MOST_ASKED]:
            try:
                standing = await self._rights.standing(chat.platform, chat.external_id, candidate.external_id)
            except CannotAskError:
                admins += [candidate] if candidate in known else []
                continue
            admins += [candidate] if standing is Standing.ADMIN else []
        return admins

    async def _tell(self, market: int, number: int, chats: Sequence[Chat], admins: dict[int, list[_Admin]]) -> None:
        """Everybody who could approve it, and in a chat that has named a role for its admins that role; who proposed
        it, where there is nobody."""
        now_ms = self._now_ms()
        async with self._db.writing() as uow:
            people = {
                chat.id: [
                    (await uow.people.identify(chat.platform, admin.external_id, admin.name, now_ms)).id
                    for admin in admins[chat.id]
                ]
                for chat in chats
            }
            record = await uow.markets.lock(market)
            state = await uow.markets.state(record)
            proposal = await uow.approvals.get(market, number)
            if proposal is None or proposal.status is not ApprovalStatus.WAITING or not still_valid(proposal, state):
                return
            for chat in chats:
                await self._note(uow, chat, people[chat.id], now_ms)
            could = await self._could(uow, record, state, proposal, people)
            await uow.outbox.add_many(market, _notices(proposal, could), now_ms)
            await self._mention_roles(uow, record, proposal, chats, now_ms)
            await uow.commit()

    async def _could(
        self,
        uow: UnitOfWork,
        record: Market,
        state: MarketState,
        proposal: Approval,
        asked: Mapping[int, Sequence[int]],
    ) -> list[int]:
        """Admins by the chats that were `asked`, and those known in the others (the room); without who proposed it and
        who has a part in the market."""
        others = [chat.id for chat in await uow.chats.of_market(record.id) if chat.id not in asked]
        admins = {person for people in asked.values() for person in people}
        admins |= {person for chat in others for person in await uow.chats.admins(chat)}
        owners = {*(await uow.people.primary_ids(admins)).values()} - {await uow.people.primary_id(proposal.proposer)}
        return [person for person in sorted(owners) if not await involvement_of(uow, record, state, person)]

    async def _note(self, uow: UnitOfWork, chat: Chat, admins: Collection[int], now_ms: int) -> None:
        """As the platform has just said it: who is one, and of those known before who is one no more."""
        for person in sorted({*admins, *await uow.chats.admins(chat.id)}):
            note = partial(uow.chats.set_admin, chat.id, person, admin=person in admins, now_ms=now_ms)
            uow.before_commit("chat_admins", note, f"{chat.id}:{person}")

    async def _mention_roles(
        self, uow: UnitOfWork, record: Market, proposal: Approval, chats: Sequence[Chat], now_ms: int
    ) -> None:
        """Once a chat, with words that give nothing away."""
        for chat in chats:
            if (await uow.chats.settings(chat.id)).admin_role is not None:
                wanted = Notice(
                    kind="admins_wanted",
                    audience=NoticeAudience.CHAT,
                    payload={"number": proposal.number},
                    slot=proposal.slot,
                    key=proposal.slot,
                )
                await uow.outbox.add_here(record.id, chat, wanted, now_ms)


def _notices(proposal: Approval, could: Sequence[int]) -> list[Notice]:
    asked = [proposal_asked(proposal, person) for person in could]
    nobody = Notice(
        kind="nobody_could",
        audience=NoticeAudience.PERSON,
        payload={"number": proposal.number},
        person=proposal.proposer,
    )
    return asked or [nobody]


def _on(platform: str, identities: Sequence[Identity]) -> list[_Admin]:
    return [_Admin(known.external_id, known.name) for known in identities if known.platform == platform]

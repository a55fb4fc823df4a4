"""The log of one member has what they did and what concerned them, and nothing else, on either database."""

from __future__ import annotations

from storage.database import Database
from storage.records import Payload

ADA, BOB, HOST = 11, 12, 1
CHAT = 7


async def test_the_log_of_somebody_has_what_they_did_and_what_was_done_to_them(db: Database) -> None:
    deeds: tuple[tuple[str, int, Payload, Payload], ...] = (
        ("grant", HOST, {}, {"user": ADA, "amount": "$50"}),
        ("grant", HOST, {}, {"user": BOB, "amount": "$11"}),
        ("join", ADA, {}, {"with": BOB}),
        ("grant", HOST, {"proposer": ADA}, {"user": BOB}),
        ("title", HOST, {}, {"title": "11", "user": "nobody", "number": ADA}),
        ("rename", HOST, {}, {"person": {"id": ADA}}),
    )
    async with db.writing() as uow:
        for now_ms, (action, actor, before, after) in enumerate(deeds):
            await uow.audit.append(action=action, actor=actor, now_ms=now_ms, chat=CHAT, before=before, after=after)
        await uow.commit()
    async with db.reading() as uow:
        assert [row.ts_ms for row in await uow.audit.page(None, CHAT, 10, 0, (ADA,))] == [3, 2, 0]
        assert await uow.audit.count(None, CHAT, (ADA,)) == 3
        assert [row.ts_ms for row in await uow.audit.page(None, CHAT, 2, 1, (BOB, ADA))] == [2, 1]
        assert await uow.audit.count(None, CHAT) == len(deeds)
        assert await uow.audit.count(None, CHAT, ()) == 0

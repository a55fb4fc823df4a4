"""Addresses that are sent a market's news, as rows of the outbox like a chat's posts.

An address may hold a secret of its own (many services put one into the path): no log, no audit row and no list has more
of it than its host.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping, bindparam, delete, func, insert, select, update

from storage.markets import Markets
from storage.proofs.repository import known_secret, secret_of
from storage.schema import outbox, webhooks
from storage.session import Repository, Session

PLATFORM = "webhook"  # what the outbox calls them; a row's target is the webhook's number
MOST = 5  # a market
NEWS = frozenset(
    (
        *("opened", "started", "frozen", "paused", "resumed", "round_skipped", "eliminated", "claimed", "corrected"),
        *("resolved", "cut", "voided"),
    )
)
"""Kinds of notices to the chats that go to them too: how the event goes on. `ADDED` is the first thing each is sent."""
ADDED = "webhook_added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """`failing_ms`: since when nothing arrives there, where that is so; `ended`: it is sent nothing any more."""

    id: int
    market: int
    chat: int  # whose admin asked for it
    creator: int
    url: str = field(repr=False)
    created_ms: int
    failing_ms: int | None
    ended: bool


class Webhooks(Repository):
    """Written by who holds the market."""

    def __init__(self, session: Session, markets: Markets) -> None:
        super().__init__(session)
        self._markets = markets

    async def of_market(self, market: int) -> list[Webhook]:
        """Those that are sent something, oldest first."""
        return [_webhook(row) for row in await self._session.rows(_OF_MARKET, {"market": market})]

    async def get(self, number: int) -> Webhook | None:
        row = await self._session.row(_GET, {"id": number})
        return None if row is None else _webhook(row)

    async def add(self, market: int, chat: int, creator: int, url: str, now_ms: int) -> Webhook:
        """Its number no other will ever have."""
        await self._markets.hold(market)
        await secret_of(self._session)  # so that a reader finds it
        row = {"market": market, "chat": chat, "creator": creator, "url": url, "created_ms": now_ms}
        row |= {"failing_ms": None, "ended_ms": None}
        number = await self._session.add(_ADD, row)
        return _webhook({**row, "id": number})

    async def set_failing(self, webhook: Webhook, since_ms: int | None) -> None:
        """Since when nothing arrives; None: something does."""
        await self._markets.hold(webhook.market)
        await self._session.run(update(webhooks).where(webhooks.c.id == webhook.id).values(failing_ms=since_ms))

    async def end(self, webhook: Webhook, now_ms: int) -> None:
        """It is sent nothing any more: what waits for it leaves the outbox unsent, as each row's turn comes."""
        await self._markets.hold(webhook.market)
        await self._session.run(update(webhooks).where(webhooks.c.id == webhook.id).values(ended_ms=now_ms))

    async def end_of_chat(self, market: int, chat: int, now_ms: int) -> None:
        """The market is announced there no more: what its admins asked for ends with it."""
        for webhook in await self.of_market(market):
            if webhook.chat == chat:
                await self.end(webhook, now_ms)

    async def erase_of(self, people: Collection[int]) -> None:
        """Addresses these people gave, forgotten: every market is held."""
        await self._session.run(delete(webhooks).where(webhooks.c.creator.in_(sorted(people))))

    async def count_of(self, people: Collection[int]) -> int:
        """How many addresses these people gave are kept."""
        given = webhooks.c.creator.in_(sorted(people))
        return await self._session.number(select(func.count()).select_from(webhooks).where(given))

    async def trouble(self, webhook: Webhook) -> str:
        """Why the last try did not arrive, as it was written down; "" where nothing waits."""
        row = await self._session.row(_TROUBLE, {"platform": PLATFORM, "target": str(webhook.id)})
        return str(row["error"] or "") if row is not None else ""

    async def secret(self, webhook: Webhook) -> str:
        """What its messages are signed with: another for each, and for one made anew after a backup was restored."""
        secret = await known_secret(self._session)
        if secret is None:
            raise RuntimeError("a webhook was added without a secret to sign with")
        return secret.of_webhook(webhook.id, webhook.created_ms, webhook.url)


_OF_MARKET = (
    select(webhooks)
    .where(webhooks.c.market == bindparam("market"), webhooks.c.ended_ms.is_(None))
    .order_by(webhooks.c.id)
)
_GET = select(webhooks).where(webhooks.c.id == bindparam("id"))
_ADD = insert(webhooks)
_TROUBLE = (
    select(outbox.c.error)
    .where(outbox.c.platform == bindparam("platform"), outbox.c.target == bindparam("target"))
    .order_by(outbox.c.id)
    .limit(1)
)


def _webhook(row: Mapping[str, Any] | RowMapping) -> Webhook:  # Any: a row as it is read
    return Webhook(
        id=row["id"],
        market=row["market"],
        chat=row["chat"],
        creator=row["creator"],
        url=row["url"],
        created_ms=row["created_ms"],
        failing_ms=row["failing_ms"],
        ended=row["ended_ms"] is not None,
    )

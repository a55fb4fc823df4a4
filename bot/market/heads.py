"""The head a market shows now."""

from __future__ import annotations

from bot.chat.facts import HeadNow
from storage.proofs.proving import newest_head, public_key
from storage.records import Market
from storage.unit_of_work import UnitOfWork


async def head_now(uow: UnitOfWork, market: Market) -> HeadNow:
    note, key = await newest_head(uow, market.id), await public_key(uow)
    return HeadNow(text=note or market.head, vkey=key.vkey if note is not None and key is not None else None)

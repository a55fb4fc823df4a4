"""The proofs of an order as files: of the order itself, and of each fill it had in a later tick."""

from __future__ import annotations

from bot.chat.reply import Attachment
from storage.proofs.proof_files import SUFFIX, InclusionProof
from storage.proofs.proving import Unproved, prove_fill, prove_order
from storage.records import Market, OrderRow
from storage.unit_of_work import UnitOfWork

MOST_FILES = 10  # that Discord takes with a message


async def proof_files(uow: UnitOfWork, market: Market, order: OrderRow) -> list[Attachment] | Unproved:
    """The order's proof says how it stood at the end of its own tick, so what it traded later has proofs of its own."""
    proof = await prove_order(uow, market, order.number)
    if isinstance(proof, Unproved):
        return proof
    files = [_file(f"order-{order.number}", proof)]
    for trade in await uow.trades.of_order(market.id, order.number):
        if trade.tick != order.tick and len(files) < MOST_FILES:
            fill = await prove_fill(uow, market, trade.id)
            files += [] if isinstance(fill, Unproved) else [_file(f"order-{order.number}-fill-{trade.id}", fill)]
    return files


def _file(name: str, proof: InclusionProof) -> Attachment:
    return Attachment(name=f"{name}{SUFFIX}", data=proof.write().encode(), media_type="text/plain")

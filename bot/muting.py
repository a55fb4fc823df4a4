"""Private notices a person does without. What they would have told stays in /orders, /trades and /balance."""

from __future__ import annotations

from collections.abc import Mapping

from storage.records import OrderStatus, OutboxRow
from storage.unit_of_work import UnitOfWork

_PAYOUTS = frozenset({"paid", "refunded"})
_BY_STATUS: Mapping[OrderStatus, str] = {
    OrderStatus.RESTING: "fills",
    OrderStatus.FILLED: "fills",
    OrderStatus.PARTLY: "fills",
    OrderStatus.CANCELLED: "cancels",
}


async def muted(uow: UnitOfWork, row: OutboxRow) -> bool:
    """Whether its person has switched this kind off. A ticket always becomes its receipt, which is no new message; a
    refusal, and the gas it cost, is always told."""
    if row.person is None or row.ticket is not None or row.market is None:
        return False
    kind = "payouts" if row.kind in _PAYOUTS else "cancels" if row.kind == "given_back" else None
    if row.kind == "order":
        number = row.payload["order"]
        order = await uow.orders.get(row.market, number) if isinstance(number, int) else None
        kind = _BY_STATUS.get(order.status) if order is not None else None
    return kind is not None and kind in (await uow.preferences.of(row.person)).quiet

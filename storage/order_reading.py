"""A row of `orders` as a record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping

from engine.state import Side
from storage.records import OrderDraft, OrderRow, OrderStatus


def to_order(row: RowMapping | dict[str, Any], *, created: bool = True) -> OrderRow:  # Any: a row as it was written
    draft = OrderDraft(
        outcome=row["outcome"],
        side=Side(row["side"]),
        buy=row["is_buy"],
        size=row["size"],
        limit=row["limit_price"],
        worst_price=row["worst_price"],
        max_slippage=row["max_slippage"],
        autofill=row["af_opt_in"],
        spend=row["spend"],
    )
    return OrderRow(
        market=row["market"],
        number=row["number"],
        person=row["user"],
        draft=draft,
        status=OrderStatus(row["status"]),
        reserve=row["reserve"],
        remaining=row["remaining"],
        amount=row["amount"],
        fee=row["fee"],
        gas=row["gas"],
        rebate=row["rebate"],
        reason=row["reason"],
        detail=row["detail"],
        request_id=row["request_id"],
        ts_ms=row["ts_ms"],
        accepted_ms=row["accepted_ms"],
        tick=row["tick_id"],
        ticket=row["ticket"],
        created=created,
        rest_fee=row["rest_fee"],
        key=row["key"],
    )

"""What an order would do now: the same path as execution, thrown away."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.events import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What an order does to one outcome's prices; micro-dollars per token."""

    outcome: int
    yes_before: int
    yes_after: int
    no_before: int
    no_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """An order's ticket. Money in micro-dollars, tokens in micro-tokens, rates in 10^-12.

    size: what would trade; unsold: what of a sell would come back; amount: all paid or got, fee and floor in, gas
    out; average: amount/size as a rate; price_before, price_after: of the traded token, rates; worst_price: the
    promise to confirm (rate, all in), None without a slippage; worst_amount: the most she can pay or the least she
    gets at it, gas out; parts as in `Fill.parts`; moves: every active outcome; payout_if_right: what the tokens of a
    buy pay, 0 for a sell; largest_sensible: the largest size the penalty does not touch.
    """

    size: int
    unsold: int
    amount: int
    fee: int
    gas: int
    average: int
    price_before: int
    price_after: int
    worst_price: int | None
    worst_amount: int | None
    parts: dict[str, int]
    moves: tuple[Move, ...]
    payout_if_right: int
    largest_sensible: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The order would be refused, and why; `detail` as in `OrderDone.detail`."""

    reason: Reason
    detail: dict[str, int] = field(default_factory=dict)

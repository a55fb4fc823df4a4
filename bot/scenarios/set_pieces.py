"""Trades that two people agree on, so that every play shows every kind of match the engine knows.

Most kinds happen by themselves. Where one has not happened yet, two or three of the crowd that leave limit orders agree
on a trade, as people do in a chat: one leaves an order a cent beside the price, the other trades until the price is
there. They type the lines anybody would type, at prices the board shows, and what comes of it is the engine's affair:
where it does not work out they try again a tick later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.scenarios.observation import (
    CENT,
    DOLLAR,
    MICRO,
    NO,
    YES,
    SeenAccount,
    SeenBoard,
    bounded_spend,
    cent_above,
    cent_below,
    whole_dollars,
)
from bot.scenarios.traders import Strategy, Trader
from bot.text.outcome_names import typed_outcome

KINDS = ("mint", "direct", "autofill", "swap", "merge", "sweep")
"""The kinds of fills people can bring about, the usual ones first; any order makes a trade with the house."""

LIMIT_TRADERS = (Strategy.DEALER, Strategy.VALUE, Strategy.CONTRARIAN)
LEAST_HELD = 5 * MICRO  # tokens
LEAST_CASH = 10 * DOLLAR
MOST_TRIED = 40  # ticks in which one kind is tried, after that it is left to chance
TOKENS_A_CENT = 60  # which move the price of a long shot by as much, with the usual stake
MOST_PARTNERS = 4
FEE_GAP = 200  # the house's fee is above that of a match by a two-hundredth of the price

Line = tuple[Trader, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Who can take part: each with what they have, those who leave limit orders first."""

    board: SeenBoard
    people: Sequence[Trader]
    accounts: Mapping[int, SeenAccount]
    names: Sequence[str]

    def typed(self, outcome: int) -> str:
        return typed_outcome(self.names, outcome).lower()

    def holders(self, outcome: int, side: str) -> list[Trader]:
        """Who has tokens to sell, most first."""
        held = [(self.accounts[each.number].tokens(outcome, side), -at, each) for at, each in enumerate(self.people)]
        return [trader for size, _, trader in sorted(held, key=lambda row: row[:2], reverse=True) if size > LEAST_HELD]

    def buyer(self, *others: Trader) -> Trader | None:
        """Who has most to spend, besides these."""
        able = [each for each in self.people if each not in others and self.cash(each) > LEAST_CASH]
        return max(able, key=lambda each: (self.cash(each), -each.number), default=None)

    def cash(self, trader: Trader) -> int:
        return self.accounts[trader.number].cash

    def spend(self, trader: Trader) -> str:
        return whole_dollars(bounded_spend(self.cash(trader) * 2 // 3))


def lines(kind: str, agreed: Agreement) -> tuple[Line, ...]:
    """What they type, in order; nothing where the market as it is offers no chance."""
    return _PIECES[kind](agreed)


def missing(seen: Mapping[str, int], tried: Mapping[str, int]) -> list[str]:
    """Kinds that have not happened, the least tried first."""
    left = [kind for kind in KINDS if not seen.get(kind) and tried.get(kind, 0) < MOST_TRIED]
    return sorted(left, key=lambda kind: tried.get(kind, 0))


def _above(price: int) -> int:
    """How far the next whole cent is above a price."""
    return cent_above(price) * CENT - price


def _below(price: int) -> int:
    return price - cent_below(price) * CENT


def _sides(board: SeenBoard) -> Iterator[tuple[int, str, str]]:
    for outcome in board.live:
        yield outcome, YES, NO
        yield outcome, NO, YES


def _direct(agreed: Agreement) -> tuple[Line, ...]:
    """One sells at the next cent, the other buys up to it."""
    board = agreed.board
    for outcome, side, _ in sorted(_sides(board), key=lambda row: _above(board.price(row[0], row[1]))):
        for seller in agreed.holders(outcome, side)[:1]:
            if buyer := agreed.buyer(seller):
                name, limit = agreed.typed(outcome), cent_above(board.price(outcome, side))
                sale = f"/sell {name} {side} half limit {limit}c"
                return (seller, sale), (buyer, f"/buy {name} {side} {agreed.spend(buyer)} limit {limit}c")
    return ()


def _mint(agreed: Agreement) -> tuple[Line, ...]:
    """One bids for a side at the cent below its price, the other for its opposite a cent above."""
    board = agreed.board
    first = agreed.buyer()
    second = agreed.buyer(first) if first else None
    if first is None or second is None:
        return ()
    outcome, side, other = min(_sides(board), key=lambda row: _below(board.price(row[0], row[1])))
    name, low = agreed.typed(outcome), cent_below(board.price(outcome, side))
    high = min(cent_above(board.price(outcome, other)) + 1, 98)
    return (
        (second, f"/buy {name} {side} {agreed.spend(second)} limit {low}c"),
        (first, f"/buy {name} {other} {agreed.spend(first)} limit {high}c"),
    )


def _swap(agreed: Agreement) -> tuple[Line, ...]:
    """One sells a side at the next cent, the other bids for its opposite at the next cent. It beats the house by the
    fee alone, so the seller's cent has to be near."""
    board, best = agreed.board, None
    for outcome, side, other in _sides(board):
        ask, bid = cent_above(board.price(outcome, side)), cent_above(board.price(outcome, other))
        near = _above(board.price(outcome, side)) * FEE_GAP * 2 <= bid * CENT and bid < 98
        for seller in agreed.holders(outcome, side)[:1] if near else ():
            far = _above(board.price(outcome, other))
            if best is None or far < best[0]:
                best = far, outcome, side, other, seller, ask, bid
    if best is None:
        return ()
    _, outcome, side, other, seller, ask, bid = best
    buyer, name = agreed.buyer(seller), agreed.typed(outcome)
    if buyer is None:
        return ()
    sale = f"/sell {name} {side} half limit {ask}c"
    return (seller, sale), (buyer, f"/buy {name} {other} {agreed.spend(buyer)} limit {bid}c")


def _merge(agreed: Agreement) -> tuple[Line, ...]:
    """One sells a side at the next cent; those who have most of its opposite sell until the pair is worth a dollar.
    Where nobody has enough of both, some are bought first: where the pair is worth hardly more than a dollar."""
    board, best = agreed.board, None
    for outcome, side, other in _sides(board):
        ask, price = cent_above(board.price(outcome, side)), board.price(outcome, other)
        floor = 100 - ask
        if not 1 <= floor <= 98:
            continue
        need = _to_move(price, price - floor * CENT - floor * CENT // FEE_GAP)
        sellers = agreed.holders(outcome, side)
        partners = [each for each in agreed.holders(outcome, other) if each not in sellers[:1]][:MOST_PARTNERS]
        held = sum(agreed.accounts[each.number].tokens(outcome, other) for each in partners)
        ready = bool(sellers and partners and held >= need)
        if sellers and partners and not ready:
            continue
        score = (ready, held - need if ready else -need, -outcome, side)
        if best is None or score > best[0]:
            best = score, outcome, side, other, sellers, partners, ask, floor
    if best is None:
        return ()
    (ready, *_), outcome, side, other, sellers, partners, ask, floor = best
    name = agreed.typed(outcome)
    if ready:
        return (
            (sellers[0], f"/sell {name} {side} half limit {ask}c"),
            *((each, f"/sell {name} {other} all limit {floor}c") for each in partners),
        )
    seller = sellers[0] if sellers else agreed.buyer(*partners)
    partner = partners[0] if partners else agreed.buyer(*([seller] if seller else []))
    wanted = ((seller, side, sellers), (partner, other, partners))
    return tuple(
        (trader, f"/buy {name} {token} {_a_few(board.price(outcome, token))} slippage 30%")
        for trader, token, have in wanted
        if trader and not have
    )


def _a_few(price: int) -> str:
    """What some tokens cost that hardly move their price."""
    return "$1" if price < 6 * CENT else "$3" if price < 30 * CENT else "$7"


def _to_move(price: int, far: int) -> int:
    """About how many tokens to sell until the price has come so far down."""
    return max(0, far) * TOKENS_A_CENT // CENT * MICRO * MICRO // (MICRO * MICRO - price * price) * MICRO


def _autofill(agreed: Agreement) -> tuple[Line, ...]:
    """One leaves a bid just below the price and lets other outcomes fill it; others buy those."""
    return _below_the_price(agreed, " autofill")


def _sweep(agreed: Agreement) -> tuple[Line, ...]:
    """One leaves a bid just below the price; others buy another outcome until the price has passed it."""
    return _below_the_price(agreed, "")


def _below_the_price(agreed: Agreement, option: str) -> tuple[Line, ...]:
    board = agreed.board
    first = agreed.buyer()
    second = agreed.buyer(first) if first else None
    bidder = agreed.buyer(first, second) if first and second else None
    if first is None or second is None or bidder is None:
        return ()
    near = sorted(_sides(board), key=lambda row: _below(board.price(row[0], row[1])))[:2]
    bids = [
        (bidder, f"/buy {agreed.typed(outcome)} {side} $5 limit {cent_below(board.price(outcome, side))}c{option}")
        for outcome, side, _ in near
    ]
    others = [outcome for outcome in board.live if outcome not in {row[0] for row in near}]
    if not others:
        return ()
    name = agreed.typed(max(others, key=lambda each: (board.yes[each], -each)))
    return (*bids, *((each, f"/buy {name} yes {agreed.spend(each)}") for each in (first, second)))


_PIECES: Mapping[str, Callable[[Agreement], tuple[Line, ...]]] = {
    "mint": _mint,
    "direct": _direct,
    "autofill": _autofill,
    "swap": _swap,
    "merge": _merge,
    "sweep": _sweep,
}

"""Figures of markets in memory, each under what names exactly the rows it follows from. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

from storage.records import Market


class Version(NamedTuple):
    """All that a figure may follow from; as long as it is equal, so is the figure.

    market: its row, with the head of its chain, but for what no figure looks at; journal: hash of its journal's last
    record, which covers who joined and left, names, who is barred or unranked, and what decides it; action: number of
    the last one, since a grant shows as coming before its tick. Whatever of `users` or `wordings` is changed between
    two ticks changes one of the three.
    """

    market: Market
    journal: str
    action: int


class KeptFigures:
    """By name, of the markets that were asked about last; of each those of one version."""

    MOST = 32  # markets

    def __init__(self) -> None:
        self._markets: OrderedDict[int, tuple[Version, dict[str, Any]]] = OrderedDict()  # Any: each name has its type

    def __len__(self) -> int:
        return len(self._markets)

    def of(self, version: Version) -> dict[str, Any]:
        """Those of exactly this version, to be added to; what was kept of another version of its market is dropped."""
        market = version.market.id
        kept, figures = self._markets.get(market, (None, {}))
        if kept != version:
            figures = {}
            self._markets[market] = version, figures
        self._markets.move_to_end(market)
        if len(self._markets) > self.MOST:
            self._markets.popitem(last=False)
        return figures

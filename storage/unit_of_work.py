"""One transaction: the repositories on one connection. Rolls back unless `commit` was called."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.actions import Actions
from storage.audit import Audit
from storage.chats import Chats
from storage.history import Events, Metrics, Ticks, Trades
from storage.ledger import Ledger
from storage.markets import Markets
from storage.members import Members
from storage.orders import Orders
from storage.outbox import Outbox
from storage.people import People
from storage.room import Room
from storage.tickets import Tickets


class UnitOfWork:
    """Made by `Database.reading()` and `Database.writing()` only."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.people = People(self)
        self.chats = Chats(self)
        self.markets = Markets(self)
        self.members = Members(self)
        self.orders = Orders(self)
        self.actions = Actions(self)
        self.tickets = Tickets(self)
        self.trades = Trades(self)
        self.ticks = Ticks(self)
        self.events = Events(self)
        self.metrics = Metrics(self)
        self.ledger = Ledger(self)
        self.outbox = Outbox(self)
        self.room = Room(self)
        self.audit = Audit(self)

    async def commit(self) -> None:
        """Make everything permanent; the unit is over. Cannot be cancelled half-way."""
        raise NotImplementedError

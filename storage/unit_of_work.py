"""One transaction and its repositories, each made when it is first asked for."""

from __future__ import annotations

from functools import cached_property

from storage.actions import Actions, Approvals
from storage.alerts import Alerts
from storage.attempts import Attempts
from storage.audit import Audit
from storage.chats import Chats
from storage.deliveries import Deliveries
from storage.figures import Figures
from storage.health import Health
from storage.history import Events, Metrics, Ticks
from storage.journal import Journal
from storage.key_value import Codes, KeyValues, Lines
from storage.keys import Keys
from storage.leases import Leases
from storage.ledger import Ledger
from storage.markets import Markets
from storage.members import Members
from storage.orders import Orders
from storage.outbox import Outbox
from storage.people import People, Pings, PreferencesRepository
from storage.personal_data import PersonalData
from storage.room_messages import RoomMessages
from storage.seasons import Seasons
from storage.session import Session
from storage.sessions import Sessions
from storage.telegram_inbox import TelegramInbox
from storage.tickets import Tickets
from storage.trades import Trades
from storage.transfers import Transfers
from storage.watching import Watching
from storage.webhooks import Webhooks
from storage.wordings import Wordings


class UnitOfWork(Session):
    """A session with the repositories on it. Made by `Database.reading()` and `Database.writing()` only."""

    @cached_property
    def journal(self) -> Journal:
        return Journal(self)

    @cached_property
    def people(self) -> People:
        return People(self, self.journal)

    @cached_property
    def preferences(self) -> PreferencesRepository:
        return PreferencesRepository(self, self.people)

    @cached_property
    def pings(self) -> Pings:
        return Pings(self)

    @cached_property
    def personal_data(self) -> PersonalData:
        return PersonalData(self, self.people, self.markets, self.webhooks, self.journal)

    @cached_property
    def chats(self) -> Chats:
        return Chats(self, self.journal)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self, self.people)

    @cached_property
    def attempts(self) -> Attempts:
        return Attempts(self)

    @cached_property
    def codes(self) -> Codes:
        return Codes(self)

    @cached_property
    def key_values(self) -> KeyValues:
        return KeyValues(self)

    @cached_property
    def leases(self) -> Leases:
        return Leases(self)

    @cached_property
    def lines(self) -> Lines:
        return Lines(self)

    @cached_property
    def telegram_inbox(self) -> TelegramInbox:
        return TelegramInbox(self)

    @cached_property
    def room(self) -> RoomMessages:
        return RoomMessages(self)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self, self.journal)

    @cached_property
    def markets(self) -> Markets:
        return Markets(self, self.people, self.chats, self.journal)

    @cached_property
    def wordings(self) -> Wordings:
        return Wordings(self, self.markets, self.journal)

    @cached_property
    def seasons(self) -> Seasons:
        return Seasons(self, self.journal)

    @cached_property
    def members(self) -> Members:
        return Members(self, self.people, self.markets, self.journal)

    @cached_property
    def watching(self) -> Watching:
        return Watching(self, self.markets)

    @cached_property
    def keys(self) -> Keys:
        return Keys(self, self.markets)

    @cached_property
    def orders(self) -> Orders:
        return Orders(self, self.markets, self.members, self.keys)

    @cached_property
    def actions(self) -> Actions:
        return Actions(self, self.markets, self.journal)

    @cached_property
    def approvals(self) -> Approvals:
        return Approvals(self, self.markets, self.journal)

    @cached_property
    def tickets(self) -> Tickets:
        return Tickets(self)

    @cached_property
    def alerts(self) -> Alerts:
        return Alerts(self, self.markets)

    @cached_property
    def webhooks(self) -> Webhooks:
        return Webhooks(self, self.markets)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(
            self, self.people, self.sessions, self.chats, self.markets, self.tickets, self.webhooks, self.journal
        )

    @cached_property
    def deliveries(self) -> Deliveries:
        return Deliveries(self, self.tickets)

    @cached_property
    def trades(self) -> Trades:
        return Trades(self)

    @cached_property
    def transfers(self) -> Transfers:
        return Transfers(self)

    @cached_property
    def ticks(self) -> Ticks:
        return Ticks(self)

    @cached_property
    def events(self) -> Events:
        return Events(self)

    @cached_property
    def metrics(self) -> Metrics:
        return Metrics(self)

    @cached_property
    def figures(self) -> Figures:
        return Figures(self)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self, self.markets)

    @cached_property
    def health(self) -> Health:
        return Health(self, self.key_values)

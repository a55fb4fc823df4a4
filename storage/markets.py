"""Markets: their configuration, life and state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import RowMapping, Select, and_, bindparam, case, exists, func, insert, or_, select, update

from engine.params import params_from_json, params_to_json
from engine.state import MarketState, Status, open_market
from engine.terms import MarketParams
from engine.units import RULES
from storage.chats import Chats
from storage.journal import Journal
from storage.journal_kinds import Kind
from storage.mapping import load_state
from storage.people import People
from storage.records import ENDED, ActionStatus, Declined, Market, NextStep, OrderStatus, Payload
from storage.saving import save_start
from storage.schema import actions, announcements, config, orders, people, users
from storage.session import Repository, Session, clean, one_of
from storage.settling import NAME, TransactionName
from storage.waking import Topic

TICKING = (Status.RUNNING, Status.FROZEN, Status.PAUSED, Status.DISPUTED)
BY_PRICE = "lowest_price"  # how rules 1 let a round be decided
BEFORE_START = (Status.DRAFT, Status.LOBBY)


class Markets(Repository):
    def __init__(self, session: Session, people: People, chats: Chats, journal: Journal) -> None:
        super().__init__(session)
        self._people, self._chats, self._journal = people, chats, journal
        self._by_id: dict[int, Market] = {}  # those a snapshot has read

    async def create(
        self, *, chat: int, title: str, params: MarketParams, draft: Payload, creator: int, now_ms: int
    ) -> Market:
        """A new market in DRAFT, announced in its home chat. Whether the chat may have one more is the caller's to ask
        (`of_chat`, then `Market.over`)."""
        values = {
            "chat": chat,
            "title": clean(title),
            "status": Status.DRAFT.value,
            "params": params_to_json(params),
            "rules": RULES,
            "draft": dict(draft),
            "creator": creator,
            "created_ms": now_ms,
            "memo": {},
        }
        market = await self._session.add(insert(config), values)
        self._session.locks.made(market)
        self._session.wakes(Topic.MARKET)
        self._journal.record(Kind.MARKET, {**values, "market": market, "planned_start_ms": None, "halted": None})
        await self._chats.connect(market, chat)
        return await self.get_one(market)

    async def get(self, market: int) -> Market | None:
        if market in self._by_id:
            return self._by_id[market]
        return await self._one(_GET, {"market": market})

    async def get_one(self, market: int) -> Market:
        """Like `get` for one that must exist; raises LookupError."""
        record = await self.get(market)
        if record is None:
            raise LookupError(f"there is no market {market}")
        return record

    async def lock(self, market: int) -> Market:
        """The market, and nobody else changes it, appends to it or queues a notice of it until this unit ends; of
        several the lowest number first. Raises LookupError."""
        self._session.locks.take_markets([market])
        self._session.wakes(Topic.MARKET)  # whoever changes a market, or an account in it, has locked it
        named = self._session.dialect == "postgresql" and self._session.name is None
        row = await self._session.row(_LOCK_NAMED if named else _LOCK, {"market": market})
        if row is None:
            raise LookupError(f"there is no market {market}")
        if named:
            self._session.name = TransactionName.of(row)
        return to_market(row)

    async def hold(self, market: int) -> None:
        """`lock` it, unless this unit has."""
        if not self._session.locks.has(market):
            await self.lock(market)

    async def lock_all(self) -> None:
        """Every market there is."""
        self._session.wakes(Topic.MARKET)
        rows = await self._session.rows(_LOCK_ALL)
        self._session.locks.take_all_markets(row["market"] for row in rows)

    async def next_number(self, market: Market) -> int:
        """The next number of an order or action; `market` as `lock` just gave it."""
        number = market.intents + 1
        await self._session.run(_UPDATE, {"b_market": market.id, "intents": number})
        return number

    async def of_chat(self, chat: int) -> Market | None:
        """The unresolved market announced in this chat, else the latest one, else None."""
        return await self._one(_OF_CHAT, {"chat": chat})

    async def shown_in(self, chat: int) -> Market | None:
        """The same for who does not see drafts."""
        return await self._one(_SHOWN_IN, {"chat": chat})

    async def announced_in(self, chat: int) -> list[Market]:
        """Every market announced in this chat, newest first."""
        query = select(config).join(announcements, announcements.c.market == config.c.market)
        return await self._many(query.where(announcements.c.chat == chat).order_by(config.c.market.desc()))

    async def last_of_person(self, person: int) -> Market | None:
        """The market they used last (joined, ordered, spoke in its chat, or chose by `use`)."""
        query = select(config).join(people, people.c.market == config.c.market)
        return await self._one(query.where(people.c.id == await self._people.primary_id(person)))

    async def of_person(self, person: int) -> list[Market]:
        """Those they have joined under any of their ids, newest first."""
        joined = select(users.c.market).where(users.c.user.in_(await self._people.all_ids(person)))
        return await self._many(select(config).where(config.c.market.in_(joined)).order_by(config.c.market.desc()))

    async def joined(self, people: Collection[int]) -> set[int]:
        """The numbers of those in which one of these people has an account."""
        query = select(users.c.market).where(users.c.user.in_(sorted(people)))
        return {row["market"] for row in await self._session.rows(query)}

    async def many(self, markets: Collection[int]) -> list[Market]:
        """Newest first; unknown ones are left out."""
        return await self._many(
            select(config).where(config.c.market.in_(sorted(markets))).order_by(config.c.market.desc())
        )

    async def use(self, person: int, market: int) -> None:
        """Make it the market their private commands speak of: before that market is locked."""
        await self._session.run(_USE, {"person": person, "used": market})

    async def all(self) -> list[Market]:
        return await self._many(select(config).order_by(config.c.market))

    async def running(self) -> list[Market]:
        """Markets a tick may change: RUNNING, FROZEN, PAUSED, DISPUTED; halted ones too."""
        return await self._many(select(config).where(one_of(config.c.status, TICKING)).order_by(config.c.market))

    async def ticking(self) -> list[int]:
        """The numbers of those."""
        return [row["market"] for row in await self._session.rows(_TICKING)]

    async def of_other_rules(self) -> list[Market]:
        """Those not over whose row was written by other rules: they stand still, or have not started."""
        other = and_(config.c.rules != RULES, config.c.status.not_in(ENDED))
        return await self._many(select(config).where(other).order_by(config.c.market))

    async def queued(self, now_ms: int) -> list[Market]:
        """Of those running: where an intent waits, a step has come, or nothing ran yet (the start is told by the first
        tick). A halted one only for what may revive it, one of other rules only for what may call it off."""
        return [to_market(row) for row in await self._session.rows(_QUEUED, {"now": now_ms})]

    async def due_to_start(self, now_ms: int) -> list[Market]:
        """Markets in LOBBY whose planned start has come."""
        due = and_(config.c.status == Status.LOBBY.value, config.c.planned_start_ms <= now_ms)
        return await self._many(select(config).where(due).order_by(config.c.market))

    async def update(
        self,
        market: int,
        *,
        title: str | None = None,
        params: MarketParams | None = None,
        draft: Payload | None = None,
        status: Status | None = None,
        planned_start_ms: int | None = None,
    ) -> Market | Declined:
        """Change a market that has not started: None leaves a field alone, `planned_start_ms` 0 clears it. `status`
        moves between DRAFT, LOBBY and VOIDED. Declined(bad_status) once it has started."""
        current = await self.lock(market)
        if current.status not in BEFORE_START or status not in (None, *BEFORE_START, Status.VOIDED):
            return Declined(code="bad_status")
        values: dict[str, object] = {}
        if title is not None:
            values["title"] = clean(title)
        if params is not None:
            values |= {"params": params_to_json(params), "rules": RULES}
        if draft is not None:
            values["draft"] = dict(draft)
        if status is not None:
            values["status"] = status.value
        if planned_start_ms is not None:
            values |= _planned(planned_start_ms)
        if values:
            await self._session.run(update(config).where(config.c.market == market).values(**values))
        if title is not None or planned_start_ms is not None:
            await self._record(market)
        if status is not None:
            self._journal.append(market, Kind.STATUS, "", {"status": status.value})
        self._session.cache.forget(market)
        return await self.get_one(market)

    async def set_keys(self, market: int, word: str) -> None:
        """How it takes orders by key: on | hidden | off; of a locked market."""
        await self._session.run(update(config).where(config.c.market == market).values(keys=word))

    async def _record(self, market: int) -> None:
        """Its row as it has just become."""
        row = await self._session.row(_GET, {"market": market})
        if row is not None:
            self._journal.record(Kind.MARKET, row)

    async def start(self, market: int, now_ms: int) -> Market | Declined:
        """LOBBY to RUNNING at `now_ms`: the stake goes from the bank to the house, and every member's join waits for
        the first tick at engine time 0, so that a replay meets it too. Declined(bad_status) from elsewhere."""
        current = await self.lock(market)
        if current.status is not Status.LOBBY:
            return Declined(code="bad_status")
        await save_start(self._session, self._journal, current, now_ms)
        return await self.get_one(market)

    async def close(self, market: int) -> Market | Declined:
        """RESOLVED to CLOSED."""
        current = await self.lock(market)
        if current.status is not Status.RESOLVED:
            return Declined(code="bad_status")
        await self._session.run(update(config).where(config.c.market == market).values(status=Status.CLOSED.value))
        self._journal.append(market, Kind.STATUS, "", {"status": Status.CLOSED.value})
        return await self.get_one(market)

    async def state(self, market: Market | int) -> MarketState:
        """The engine's state as of the last tick; of a market that has not started, a fresh one with no accounts.
        Cached by (market, tick, head)."""
        if isinstance(market, int):
            market = await self.get_one(market)
        if market.start_ms is None:
            return open_market(market.params)
        cached = self._session.cache.get(market.id, market.tick, market.head)
        if cached is not None:
            return cached
        state = await load_state(self._session, market)
        self._session.cache.put(market.id, market.tick, market.head, state)
        return state

    def cached_state(self, market: Market) -> MarketState | None:
        """`state` if it need not be loaded; of a snapshot only: a writing unit may have changed what it is made of."""
        return self._session.cache.get(market.id, market.tick, market.head) if self._session.snapshot else None

    async def start_params(self, market: int) -> MarketParams:
        """The parameters it started with: where a replay begins. Raises LookupError before the start."""
        query = select(config.c.start_params, config.c.rules).where(config.c.market == market)
        row = await self._session.row(query)
        if row is None or row["start_params"] is None:
            raise LookupError(f"market {market} has not started")
        return params_from_json(row["start_params"], row["rules"])

    async def set_memo(self, market: int, memo: Payload) -> None:
        """What has been announced so far."""
        await self.hold(market)
        await self._session.run(_UPDATE, {"b_market": market, "memo": dict(memo)})

    async def clear_halt(self, market: int, status: Status) -> None:
        """A halted market may tick again: it shows `status`, its engine's own."""
        await self.hold(market)
        values = {"halted": None, "status": status.value}
        await self._session.run(update(config).where(config.c.market == market).values(**values))
        await self._record(market)

    async def halt(self, market: int, reason: str) -> None:
        """Stand still, whatever is queued: shown as FROZEN until an admin resumes or voids it."""
        await self.hold(market)
        values = {"status": Status.FROZEN.value, "halted": clean(reason, 500)}
        await self._session.run(update(config).where(config.c.market == market).values(**values))
        await self._record(market)

    async def _one(self, query: Select[*tuple[object, ...]], values: Payload | None = None) -> Market | None:
        row = await self._session.row(query, values)
        if row is None:
            return None
        market = to_market(row)
        if self._session.snapshot:
            self._by_id[market.id] = market
        return market

    async def _many(self, query: Select[*tuple[object, ...]]) -> list[Market]:
        return [to_market(row) for row in await self._session.rows(query)]


# built once: every command and every tick needs them
_UPDATE = update(config).where(config.c.market == bindparam("b_market"))
_GET = select(config).where(config.c.market == bindparam("market"))
_LOCK = _GET.with_for_update(key_share=True)  # its key never changes: rows that refer to it are made meanwhile
_LOCK_NAMED = _LOCK.add_columns(*NAME)
_LOCK_ALL = select(config.c.market).order_by(config.c.market).with_for_update(key_share=True)
_OF_CHAT = (
    select(config)
    .join(announcements, announcements.c.market == config.c.market)
    .where(announcements.c.chat == bindparam("chat"))
    .order_by(case((one_of(config.c.status, ENDED), 1), else_=0), config.c.market.desc())
    .limit(1)
)
_SHOWN_IN = _OF_CHAT.where(config.c.status != Status.DRAFT.value)


_ORDER = exists().where(orders.c.market == config.c.market, orders.c.status == OrderStatus.PENDING.value)
_ACTION = exists().where(actions.c.market == config.c.market, actions.c.status == ActionStatus.PENDING.value)
_CONTROL = _ACTION.where(actions.c.kind == "control")
_MAY_RESUME = and_(config.c.halted.is_not(None), _CONTROL)
_DUE = or_(_ORDER, _ACTION, config.c.tick == 0, config.c.next_ms <= bindparam("now"))
_QUEUED = (
    select(config)
    .where(one_of(config.c.status, TICKING))
    .where(
        case(
            (config.c.rules != RULES, _CONTROL),
            else_=or_(_MAY_RESUME, and_(config.c.halted.is_(None), _DUE)),
        )
    )
    .order_by(config.c.market)
)
_TICKING = select(config.c.market).where(one_of(config.c.status, TICKING)).order_by(config.c.market)
_ASKED = people.alias("asked")
_PRIMARY = select(func.coalesce(_ASKED.c.merged_into, _ASKED.c.id)).where(_ASKED.c.id == bindparam("person"))
_USE = (  # mostly it is theirs already, and then nothing is locked
    update(people)
    .where(people.c.id == _PRIMARY.scalar_subquery(), people.c.market.is_distinct_from(bindparam("used")))
    .values(market=bindparam("used"))
)


def _planned(at_ms: int) -> dict[str, object]:
    if at_ms == 0:
        return {"planned_start_ms": None, "next_kind": None, "next_ms": None}
    return {"planned_start_ms": at_ms, "next_kind": "start", "next_ms": at_ms}


def to_market(row: RowMapping) -> Market:
    params = _params(row)
    step = None
    if row["next_kind"] is not None and (row["start_ts"] is None or row["rules"] == RULES):
        final = row["next_round"] is not None and params.rounds[row["next_round"]].is_final
        step = NextStep(kind=row["next_kind"], at_ms=row["next_ms"], round=row["next_round"], final=final)
    return Market(
        id=row["market"],
        chat_id=row["chat"],
        title=row["title"],
        status=Status(row["status"]),
        params=params,
        draft=row["draft"],
        creator=row["creator"],
        created_ms=row["created_ms"],
        planned_start_ms=row["planned_start_ms"],
        start_ms=row["start_ts"],
        tick=row["tick"],
        tick_ms=row["tick_ms"],
        head=row["head"],
        halted=row["halted"],
        memo=row["memo"],
        next_step=step,
        intents=row["intents"],
        volume=row["volume"],
        trades=row["trades"],
        winners=tuple(row["winners"]),
        ended_ms=row["ended_ms"],
        asks_now=tuple(i for i, step in enumerate(row["params"]["rounds"]) if step["losers"] == BY_PRICE),
        rules=row["rules"],
        keys=row["keys"],
        public=row["public"],
    )


def _params(row: RowMapping) -> MarketParams:
    """The terms as they are now. What had not started under older rules starts by these: an allowance after a round
    that nobody asked for was their default, and is none any more."""
    params = params_from_json(row["params"], row["rules"])
    values = row["draft"].get("values", {})
    if row["start_ts"] is None and row["rules"] == 1 and "floor_allowance" not in values:
        return replace(params, floor_allowance=0)
    return params

"""Who may do what only one process may: a row for each such thing, with its holder, an epoch and until when.

A lease that is not renewed is over after `LEASE_MS`, and then anybody's. Its epoch rises whenever it is taken, and the
unit that only its holder may commit asks for both in a statement of its own (`fence`): a process that was frozen or cut
off finds out there, and changes nothing. Moments are those of the database's clock, so that processes whose clocks
differ agree; on SQLite, whose processes share a machine, they are the caller's. No lock of a session is used: a pooler
may lie between.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Text,
    bindparam,
    cast,
    delete,
    extract,
    func,
    not_,
    or_,
    select,
    update,
)

from storage.records import Payload
from storage.schema import leases
from storage.session import Repository, upsert

LEASE_MS = 3_000
PROCESS = "process "  # a process is alive while it renews the lease of its own name
DEAD_MS = 3_600_000  # after which a process that ended is forgotten


class FencedError(Exception):
    """Whoever began this unit no longer holds the lease it needs: another process may have gone on already. Nothing was
    changed, and nobody has failed: step down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    name: str
    holder: str
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A lease that was taken, with what its holder before (or they themselves since) left for the next one."""

    lease: Lease
    state: Payload | None


class Leases(Repository):
    async def fence(self, lease: Lease, now_ms: int, lease_ms: int = LEASE_MS) -> None:
        """For the first statement of a unit that only the holder may commit: nobody else takes the lease until the unit
        ends, and it is renewed with it. Raises FencedError."""
        bound = self._bound(now_ms, b_name=lease.name, b_holder=lease.holder, b_epoch=lease.epoch, length=lease_ms)
        if (await self._session.run(self._statements.fence, bound)).rowcount != 1:
            raise FencedError(f"{lease.holder} no longer holds {lease.name}")

    async def take(
        self, names: Collection[str], holder: str, now_ms: int, *, most: int | None = None, lease_ms: int = LEASE_MS
    ) -> list[Taken]:
        """Those of these that are free, `most` of them at most. One that somebody is just taking is left to them."""
        if not names or most == 0:
            return []
        known = {row["name"] for row in await self._session.rows(_KNOWN, {"names": sorted(names)})}
        missing = [{"name": name} for name in sorted(set(names) - known)]  # to insert what is there could have to wait
        await self._session.run_many(upsert(self._session.dialect, leases, ["name"], ["name"]), missing)
        bound = self._bound(now_ms, names=sorted(names), ahead=2 * lease_ms, most=len(names) if most is None else most)
        free = await self._session.rows(self._statements.free, bound)
        if not free:
            return []
        chosen = [row["name"] for row in free]
        bound = self._bound(now_ms, names=chosen, b_holder=holder, length=lease_ms)
        await self._session.run(self._statements.take, bound)
        return [
            Taken(lease=Lease(name=row["name"], holder=holder, epoch=row["epoch"] + 1), state=_read(row["state"]))
            for row in free
        ]

    async def renew(self, holder: str, now_ms: int, lease_ms: int = LEASE_MS) -> set[str]:
        """The names of those that are held for as long again. One that a unit of the holder's own has just fenced is
        renewed by that."""
        bound = self._bound(now_ms, b_holder=holder, length=lease_ms)
        return {row["name"] for row in await self._session.rows(self._statements.renew, bound)}

    async def of(self, holder: str) -> dict[str, Taken]:
        """All that stand in this name."""
        rows = await self._session.rows(_OF, {"holder": holder})
        return {
            row["name"]: Taken(
                lease=Lease(name=row["name"], holder=holder, epoch=row["epoch"]), state=_read(row["state"])
            )
            for row in rows
        }

    async def leave(self, states: Mapping[Lease, Payload]) -> set[str]:
        """What the next holder of each must know. Returns of which it was written: one that a unit of the holder's own
        has fenced, which may have to wait for somebody, is not waited for."""
        rows = [
            {"b_name": lease.name, "b_holder": lease.holder, "b_epoch": lease.epoch, "left": state}
            for lease, state in sorted(states.items(), key=lambda item: item[0].name)
        ]
        leave = self._statements.leave
        return {str(row["b_name"]) for row in rows if (await self._session.run(leave, row)).rowcount}

    async def give_up(self, held: Sequence[Lease]) -> None:
        """They are free at once."""
        for lease in sorted(held, key=lambda lease: lease.name):
            bound = {"b_name": lease.name, "b_holder": lease.holder, "b_epoch": lease.epoch}
            await self._session.run(_GIVE_UP, bound)

    async def release_all(self) -> None:
        """Nobody holds anything: for a process that is alone with the database and has just begun."""
        await self._session.run(_RELEASE_ALL)

    async def processes(self, now_ms: int, lease_ms: int = LEASE_MS) -> dict[str, Payload]:
        """Those that are alive, with what each has left about itself."""
        rows = await self._session.rows(self._statements.alive, self._bound(now_ms, ahead=2 * lease_ms))
        return {row["name"].removeprefix(PROCESS): _read(row["state"]) or {} for row in rows}

    async def forget_dead(self, now_ms: int, lease_ms: int = LEASE_MS) -> None:
        """Processes that ended long ago."""
        await self._session.run(self._statements.forget, self._bound(now_ms, dead=DEAD_MS, ahead=2 * lease_ms))

    @property
    def _statements(self) -> _Statements:
        return _statements(self._session.dialect)

    def _bound(self, now_ms: int, **values: object) -> dict[str, object]:
        return values | ({} if self._session.dialect == "postgresql" else {"now": now_ms})


def _read(state: str | None) -> Payload | None:
    """What another process left, as far as it is what a process leaves: nobody's row may stop those that read it."""
    try:
        left = json.loads(state) if state is not None else None
    except (ValueError, RecursionError):
        return None
    return left if isinstance(left, dict) else None


_SAME = (
    leases.c.name == bindparam("b_name"),
    leases.c.holder == bindparam("b_holder"),
    leases.c.epoch == bindparam("b_epoch"),
)
_NAMES = leases.c.name.in_(bindparam("names", expanding=True))
_KNOWN = select(leases.c.name).where(_NAMES)
_STATE = cast(leases.c.state, Text).label("state")
_OF = select(leases.c.name, leases.c.epoch, _STATE).where(leases.c.holder == bindparam("holder"))
_GIVE_UP = update(leases).where(*_SAME).values(holder="", until_ms=0)
_RELEASE_ALL = update(leases).where(leases.c.until_ms > 0).values(holder="", until_ms=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statements:
    """Those that know the time."""

    fence: Executable
    free: Executable
    take: Executable
    renew: Executable
    leave: Executable
    alive: Executable
    forget: Executable


@cache
def _statements(dialect: str) -> _Statements:
    now: ColumnElement[int] = bindparam("now", type_=BigInteger)
    mine = leases.c.holder == bindparam("b_holder")
    renewed, left = update(leases).where(mine), update(leases).where(*_SAME)
    if dialect == "postgresql":
        now = cast(extract("epoch", func.clock_timestamp()) * 1_000, BigInteger)
        unlocked = select(leases.c.name).where(mine).order_by(leases.c.name)
        renewed = update(leases).where(
            leases.c.name.in_(unlocked.with_for_update(key_share=True, skip_locked=True)), mine
        )
        same = select(leases.c.name).where(*_SAME)
        left = update(leases).where(leases.c.name.in_(same.with_for_update(key_share=True, skip_locked=True)))
    until = {"until_ms": now + bindparam("length", type_=BigInteger)}
    too_far = leases.c.until_ms > now + bindparam("ahead", type_=BigInteger)  # no process holds anything for so long
    over = or_(leases.c.until_ms <= now, too_far)
    is_process = leases.c.name.startswith(PROCESS, autoescape=True)
    return _Statements(
        fence=update(leases).where(*_SAME).values(until),
        free=select(leases.c.name, leases.c.epoch, _STATE)
        .where(_NAMES, over)
        .order_by(leases.c.name)
        .limit(bindparam("most"))
        .with_for_update(key_share=True, skip_locked=True),
        take=update(leases)
        .where(_NAMES)
        .values(until | {"holder": bindparam("b_holder"), "epoch": leases.c.epoch + 1}),
        renew=renewed.values(until).returning(leases.c.name),
        leave=left.values(state=bindparam("left", type_=leases.c.state.type)),
        alive=select(leases.c.name, _STATE)
        .where(is_process, leases.c.until_ms > now, not_(too_far))
        .order_by(leases.c.name),
        forget=delete(leases).where(
            is_process, or_(leases.c.until_ms <= now - bindparam("dead", type_=BigInteger), too_far)
        ),
    )

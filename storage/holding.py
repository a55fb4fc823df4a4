"""What this process holds: it asks for leases, renews them, hands them over, and knows when one is over.

A round, twice a second: renew all that is ours, take what is free of what we want, give up what is more than our part.
Between rounds `lease` answers by this process's own monotonic clock, counted from before the renewal was asked for: so
it ends here before it ends in the database, and whoever looks at it before doing something (sending a message, polling
for updates) never does what another process does already. What is written is fenced in the database all the same.

A process that is alone with its database (SQLite) holds everything, and need hardly renew it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from storage.again import again
from storage.clock import Clock
from storage.database import Database
from storage.frozen import end_frozen
from storage.leases import LEASE_MS, PROCESS, Lease, Taken
from storage.quiet_log import QuietLog
from storage.records import Json, Payload
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

ROUND_MS = 500
ALONE_MS = 3_600_000  # the length of a lease that nobody else could take
LEAVE_ALONE_MS = 5_000  # how often what the next holder must know is written where that is after a restart
FORGET_EVERY_MS = 600_000
COMPLETE = "complete"  # in what a holder left: that they did nothing more
NAMES = Callable[[UnitOfWork], Awaitable[Collection[str]]]


async def _nothing_gained(lease: Lease, state: Payload | None) -> None:
    """For who only asks whether they hold it."""


async def _nothing_lost() -> None:
    """For who only asks whether they hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to happen when a lease is `gained` (with what its last holder left) and when it is `lost`: both are
    awaited between rounds, so they start things and wait for nothing. `state` is what the next holder must know, asked
    for at each renewal and when it is given back; None: as it was. While it is not so that we `can` do what it is for,
    it is left to others."""

    gained: Callable[[Lease, Payload | None], Awaitable[None]] = _nothing_gained
    lost: Callable[[], Awaitable[None]] = _nothing_lost
    state: Callable[[], Payload | None] = lambda: None
    can: Callable[[], bool] = lambda: True


def _joined(wishes: Sequence[Wish]) -> Wish:
    async def gained(lease: Lease, state: Payload | None) -> None:
        for wish in wishes:
            await wish.gained(lease, state)

    async def lost() -> None:
        for wish in wishes:
            await wish.lost()

    def state() -> Payload | None:
        states = [state for wish in wishes if (state := wish.state()) is not None]
        return {subject: value for state in states for subject, value in state.items()} if states else None

    return Wish(gained=gained, lost=lost, state=state, can=lambda: all(wish.can() for wish in wishes))


def _no_wish(name: str) -> Wish:
    return Wish()


@dataclass(slots=True)
class _Group:
    """Leases that all processes share out evenly: `market 7` is of the group `market`."""

    names: NAMES
    wish: Callable[[str], Wish]
    known: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Held:
    lease: Lease
    until_ms: int  # monotonic
    wish: Wish
    written: Payload | None = None
    certain: bool = True  # as far as whoever was told knows


@dataclass(slots=True)
class _Round:
    """What one round found out; it counts once it is committed."""

    standing: dict[str, Taken] = field(default_factory=dict)
    renewed: set[str] = field(default_factory=set)
    taken: list[Taken] = field(default_factory=list)
    known: dict[str, frozenset[str]] = field(default_factory=dict)
    given_up: list[Lease] = field(default_factory=list)
    written: dict[str, Payload] = field(default_factory=dict)


class Holder:
    """One in each process; `process` is its name, which no other has or had. `want` what this process can do, then
    `start`; a test calls `round` itself."""

    def __init__(self, db: Database, clock: Clock, process: str, *, alone: bool | None = None) -> None:
        self.process = process
        self.processes: frozenset[str] = frozenset((process,))  # those alive at the last round
        self._db = db
        self._clock = clock
        self._alone = db.alone if alone is None else alone
        self._length_ms = ALONE_MS if self._alone else LEASE_MS
        self._own = PROCESS + process
        self._about: dict[str, Callable[[], Json]] = {}
        self._wishes: dict[str, list[Wish]] = {self._own: [Wish(state=self._tell_about)]}
        self._groups: dict[str, _Group] = {}
        self._held: dict[str, _Held] = {}
        self._others: dict[str, Payload] = {}
        self._released = not self._alone
        self._forgot_ms: int | None = None
        self._asked_ms: int | None = None
        self._hurry = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._quiet = QuietLog(log, lambda: clock.monotonic_ms() / 1_000)
        self._telling = asyncio.Lock()
        self._asking = asyncio.Lock()  # a round must not take what is being given up for what it still holds

    def want(self, name: str, wish: Wish | None = None) -> None:
        """Take it whenever it is free. Several may wish something of the same one: each is told, and what they leave
        for the next holder is joined."""
        self._wishes.setdefault(name, []).extend([] if wish is None else [wish])

    def want_share(self, group: str, names: NAMES, wish: Callable[[str], Wish] | None = None) -> None:
        """Take this process's part of all that there are now, by `names`; each is called as its group and what tells it
        from the others (`market 7`). They are shared out among the processes that want the same."""
        self._groups[group] = _Group(names, wish or _no_wish)

    @property
    def unseen_ms(self) -> int:
        """For how long a holder may go on after it last left what the next one must know."""
        return LEAVE_ALONE_MS + ROUND_MS if self._alone else LEASE_MS

    def tell(self, subject: str, about: Callable[[], Json]) -> None:
        """What the other processes are to know about this one (JSON), see `told`."""
        self._about[subject] = about

    def told(self, subject: str) -> dict[str, Json]:
        """What each other process that is alive tells of this, as of the last round."""
        return {process: state[subject] for process, state in self._others.items() if subject in state}

    def lease(self, name: str) -> Lease | None:
        """It is ours now, for certain."""
        held = self._held.get(name)
        return held.lease if held is not None and self._is_certain(held) else None

    def held(self, group: str) -> list[Lease]:
        """Those of a group that are ours now, for certain."""
        return [held.lease for held in self._held.values() if _of(held.lease.name, group) and self._is_certain(held)]

    def knows(self, name: str) -> bool:
        """Whether somebody's, or wanted by us as of the last round."""
        return name in self._wishes or any(name in group.known for group in self._groups.values())

    async def fence(self, uow: UnitOfWork, lease: Lease) -> None:
        """As the first statement of a unit: only if it is still ours. Raises FencedError."""
        began_ms = self._clock.monotonic_ms()
        await uow.leases.fence(lease, self._clock.now_ms(), self._length_ms)
        uow.after_commit(lambda: self._extend(lease.name, began_ms))

    async def lose(self, name: str) -> None:
        """A fence said so."""
        held = self._held.pop(name, None)
        if held is not None and held.certain:
            log.info("%s is another process's now", name)
            await held.wish.lost()

    def hurry(self) -> None:
        """A round soon: something new is to be had."""
        self._hurry.set()

    async def start(self) -> None:
        """One round, then rounds for ever."""
        await self._round_quietly()
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._watch_over())]

    async def stop(self) -> None:
        """Give everything back, so that another has it at once. Whatever the leases are for has ended before."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        held, self._held = list(self._held.values()), {}
        try:
            await self._give_back(held)
        except Exception as error:
            self._quiet.error("stop", "the leases could not be given back; they end by themselves", error=error)

    async def give_up(self, name: str) -> None:
        """Let another have it; it is lost first. Not from within a wish, which a round waits for."""
        async with self._asking:
            await self._give_up([name])

    async def give_up_share(self, group: str) -> None:
        """Let others have all of a group, and take none of it again."""
        async with self._asking:
            self._groups.pop(group, None)
            await self._give_up([name for name in self._held if _of(name, group)])

    async def _give_up(self, names: Iterable[str]) -> None:
        held = [self._held.pop(name) for name in names if name in self._held]
        for each in held:
            if each.certain:
                await each.wish.lost()
        if held:
            await self._give_back(held)

    async def _give_back(self, held: Sequence[_Held]) -> None:
        """With all that the next holder must know: nothing was done since."""
        states = {each.lease: state | {COMPLETE: True} for each in held if (state := dict(self._left_by(each) or {}))}
        async with self._db.writing(holding=True) as uow:
            await uow.leases.leave(states)
            await uow.leases.give_up([each.lease for each in held])
            await uow.commit()

    async def round(self) -> None:
        """Renew, take, hand over, tell. Database errors pass through; what was ours then ends by the clock."""
        async with self._asking:
            began_ms = self._clock.monotonic_ms()
            if self._alone and not await self._has_news(began_ms):
                return
            found = await again(self._ask)
            self._asked_ms = began_ms
            await self._learn(found, began_ms)

    async def _has_news(self, monotonic_ms: int) -> bool:
        """Of a process that is alone: whether there is anything to write down. Mostly there is not."""
        if self._asked_ms is None or self._wanted() - set(self._held):
            return True
        waited_ms = monotonic_ms - self._asked_ms
        if waited_ms >= ALONE_MS // 3 or (waited_ms >= LEAVE_ALONE_MS and self._states()):
            return True
        async with self._db.reading() as uow:
            return any([frozenset(await group.names(uow)) != group.known for group in self._groups.values()])

    async def _ask(self) -> _Round:
        found, now_ms = _Round(), self._clock.now_ms()
        states = self._states()
        async with self._db.writing(holding=True) as uow:
            if not self._released:
                await uow.leases.release_all()
            await end_frozen(uow)
            found.renewed = await uow.leases.renew(self.process, now_ms, self._length_ms)
            found.standing = await uow.leases.of(self.process)
            await self._take(uow, found, now_ms)
            held = {taken.lease.name: taken.lease for taken in (*found.standing.values(), *found.taken)}
            written = await uow.leases.leave({held[name]: state for name, state in states.items() if name in held})
            found.written = {name: states[name] for name in written}
            if self._forgets():
                await uow.leases.forget_dead(now_ms, self._length_ms)
            await uow.commit()
        return found

    async def _take(self, uow: UnitOfWork, found: _Round, now_ms: int) -> None:
        """What is free of what we want, one by one and of each group our part; what is more than that is given up."""
        wanted = self._wanted() - set(found.standing)
        found.taken = await uow.leases.take(wanted, self.process, now_ms, lease_ms=self._length_ms)
        processes = await uow.leases.processes(now_ms, self._length_ms)
        self._others = {process: state for process, state in processes.items() if process != self.process}
        self.processes = frozenset((*processes, self.process))
        for name, group in self._groups.items():
            names = frozenset(await group.names(uow))
            found.known[name] = names
            ours = [taken.lease for taken in found.standing.values() if _of(taken.lease.name, name)]
            part = self._part(name, len(names), processes)
            stale = [lease for lease in ours if lease.name not in names]
            current = sorted((lease for lease in ours if lease.name in names), key=lambda lease: lease.name)
            found.given_up += stale + current[part:]
            found.taken += await uow.leases.take(
                names - set(found.standing),
                self.process,
                now_ms,
                most=max(0, part - len(current)),
                lease_ms=self._length_ms,
            )

    def _forgets(self) -> bool:
        """Whether it is time to forget processes that ended long ago."""
        return self._forgot_ms is None or self._clock.monotonic_ms() - self._forgot_ms >= FORGET_EVERY_MS

    def _wanted(self) -> set[str]:
        return {name for name in self._wishes if self._wish(name).can()}

    def _part(self, group: str, count: int, processes: dict[str, Payload]) -> int:
        """How many of so many are ours: each gets as many, and the first ones by name what is left over."""
        sharing = {process for process, state in processes.items() if group in _groups(state)} | {self.process}
        each, over = divmod(count, len(sharing))
        return each + (sorted(sharing).index(self.process) < over)

    async def _learn(self, found: _Round, began_ms: int) -> None:
        """It is committed: what is ours is, and whoever wished to know is told."""
        self._released = True
        if self._forgets():
            self._forgot_ms = self._clock.monotonic_ms()
        for name, known in found.known.items():
            self._groups[name].known = known
        async with self._telling:
            for name, held in list(self._held.items()):
                if name not in found.standing or found.standing[name].lease != held.lease:
                    await self.lose(name)
            for name, taken in found.standing.items():
                await self._keep(taken, began_ms, renewed=name in found.renewed)
            for taken in found.taken:
                await self._gain(taken, began_ms)
            for name, state in found.written.items():
                if name in self._held:
                    self._held[name].written = state
        await self._give_up(lease.name for lease in found.given_up)

    async def _keep(self, taken: Taken, began_ms: int, *, renewed: bool) -> None:
        held = self._held.get(taken.lease.name)
        if held is None:  # ours in the database, though the answer to our taking it was lost
            await self._gain(taken, began_ms)
            return
        if renewed:
            self._extend(taken.lease.name, began_ms)
        if not held.certain and self._is_certain(held):
            held.certain = True
            await held.wish.gained(held.lease, None)

    async def _gain(self, taken: Taken, began_ms: int) -> None:
        lease = taken.lease
        held = _Held(lease, began_ms + self._length_ms, self._wish(lease.name), taken.state)
        self._held[lease.name] = held
        if lease.name != self._own and not self._alone:
            log.info("%s is ours now, epoch %s", lease.name, lease.epoch)
        await held.wish.gained(lease, taken.state)

    def _wish(self, name: str) -> Wish:
        if name in self._wishes:
            return _joined(self._wishes[name])
        return next((group.wish(name) for prefix, group in self._groups.items() if _of(name, prefix)), Wish())

    def _extend(self, name: str, began_ms: int) -> None:
        held = self._held.get(name)
        if held is not None:
            held.until_ms = max(held.until_ms, began_ms + self._length_ms)

    def _is_certain(self, held: _Held) -> bool:
        return self._alone or self._clock.monotonic_ms() < held.until_ms

    def _states(self) -> dict[str, Payload]:
        """What has changed of what the next holders must know."""
        states = {name: self._left_by(held) for name, held in self._held.items()}
        states.setdefault(self._own, self._tell_about())
        written = {name: held.written for name, held in self._held.items()}
        return {name: state for name, state in states.items() if state is not None and state != written.get(name)}

    def _left_by(self, held: _Held) -> Payload | None:
        """What the next holder must know; where that cannot be said the lease is kept all the same, and all others."""
        try:
            return held.wish.state()
        except Exception as error:
            self._quiet.error(held.lease.name, "what the next holder must know cannot be told", error=error)
            return None

    def _tell_about(self) -> Payload:
        shares: list[Json] = [*sorted(self._groups)]
        return {"shares": shares} | {subject: tell() for subject, tell in self._about.items()}

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(ROUND_MS / 1_000):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            self._hurry.clear()
            await self._round_quietly()

    async def _round_quietly(self) -> None:
        try:
            await self.round()
        except TroubleError:
            pass  # the watch on the database has said so
        except Exception as error:
            self._quiet.error("round", "the leases could not be renewed; the next round tries again", error=error)

    async def _watch_over(self) -> None:
        """Tells whoever wished to know that a lease has ended by the clock, while the database does not answer."""
        while True:
            await asyncio.sleep(ROUND_MS / 2_000)
            await self.watch()

    async def watch(self) -> None:
        async with self._telling:
            ended = [held for held in self._held.values() if held.certain and not self._is_certain(held)]
            if ended:
                log.warning("%s leases could not be renewed in time: they may be another process's now", len(ended))
            for held in ended:
                held.certain = False
                await held.wish.lost()


def _of(name: str, group: str) -> bool:
    return name.startswith(f"{group} ")


def _groups(state: Payload) -> Iterable[object]:
    shares = state.get("shares")
    return shares if isinstance(shares, list) else ()

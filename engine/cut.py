"""The third door: a market run again from its start without the orders accepted after a moment (ENGINE section 7).

Every tick runs again at its own time with its intents, except the orders that are left out and the joins, leaves,
controls and live changes that were refused: without those orders they might do what they never did. Earlier cuts run
as the steps they were, and what they left out stays out. Pure: `apply_orders` carries out what is worked out here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple, TypeAlias

from engine import claims
from engine.branch import Branch, Course, asked_cut
from engine.events import Cut, OrderDone, params_after
from engine.intents import Intent, Order
from engine.orders import Replacement, apply_orders, refused_places, run_intents, sort_intents
from engine.state import MarketState, fingerprint
from engine.terms import MarketParams
from engine.tick import Tick

PastTick: TypeAlias = tuple[int, Sequence[Intent]]
"""When a tick ran, ms from the market's start, and what it ran."""


class _Omission(NamedTuple):
    """Orders accepted after `moment_ms` are left out up to a place in the order of a tick: that of the cut."""

    tick: int
    place: int
    moment_ms: int

    def takes(self, tick: int, place: int, intent: Intent) -> bool:
        """Whether it leaves this intent out."""
        return (
            isinstance(intent, Order)
            and intent.accepted_ms > self.moment_ms
            and (tick, place) < (self.tick, self.place)
        )


def _nothing() -> None:
    """Nobody watches."""


def cut(
    start: MarketState,
    params: MarketParams,
    ticks: Iterable[PastTick],
    moment_ms: int,
    *,
    watch: Callable[[], None] = _nothing,
) -> Branch:
    """The market after these ticks as it would be without the orders accepted after `moment_ms`.

    `start` and `params` are those the market opened with; `ticks` all it has run since, in order. `watch` is called
    before each of them and may raise, to give up. `Branch.present` says which market came out with nothing left out:
    a cut of another one is refused.
    """
    replay = _Replay(start, params, [(now_ms, sort_intents(intents)) for now_ms, intents in ticks], moment_ms, watch)
    replay.run()
    return replay.branch(len(replay.ticks), moment_ms)


class _Replay:
    """What was, tick by tick from the first that may be otherwise without some orders, and the same without them.

    ticks: (time, intents in their order); state, params: the market as it was after those run so far; fork: it before
    the first that may be otherwise; courses: those since; unlike: by tick, what is done instead of an intent in any
    replay; omissions: the cuts so far.
    """

    def __init__(
        self,
        start: MarketState,
        params: MarketParams,
        ticks: Sequence[tuple[int, list[Intent]]],
        moment_ms: int,
        watch: Callable[[], None],
    ) -> None:
        self.ticks, self.state, self.params, self._watch = ticks, start, params, watch
        asked = (asked_cut(intents) for _, intents in ticks)
        moments = [control.moment_ms for control in asked if control is not None and control.moment_ms is not None]
        self._first = _first_after(ticks, min([moment_ms, *moments]))
        self._fork = (start, params)
        self._courses: list[Course] = []
        self._unlike: list[dict[int, Replacement]] = []
        self._omissions: list[_Omission] = []

    def run(self) -> None:
        """The market as it was, cuts and all."""
        for number, (now_ms, ordered) in enumerate(self.ticks):
            self._watch()
            if number == self._first:
                self._fork = (self.state, self.params)
            control = asked_cut(ordered)
            branch = None
            if control is not None and control.moment_ms is not None:
                branch = self.branch(number, control.moment_ms)
            fills, self.state, events = apply_orders(self.state, ordered, self.params, now_ms, branch=branch)
            self.params = params_after(self.params, events)
            self._unlike.append(dict.fromkeys(refused_places(ordered, events), _leave_out))
            if control is not None and branch is not None and any(isinstance(event, Cut) for event in events):
                place = ordered.index(control)
                self._unlike[number][place] = _renew(min(control.accepted_ms, now_ms))
                self._omissions.append(_Omission(number, place, branch.moment_ms))
            if number >= self._first:
                self._courses.append(Course(fills, events, self.state.resting))

    def branch(self, ticks: int, moment_ms: int) -> Branch:
        """The first so many ticks without the orders of every cut so far and of this one."""
        state, would, left_out = self._without([*self._omissions, _Omission(ticks, 0, moment_ms)], ticks)
        present, was, before = self.state, self._courses, set[str]()
        if self._omissions:
            present, was, before = self._without(self._omissions, ticks)
        fork = self._fork if ticks > self._first else (self.state, self.params)
        done = [event for course in was for event in course.events if isinstance(event, OrderDone)]
        undone = [event.order for event in done if event.status != "refused" or event.gas]
        return Branch(
            moment_ms=moment_ms,
            present=fingerprint(present),
            state=state,
            first=min(self._first, ticks),
            resting=fork[0].resting,
            was=tuple(was),
            would=tuple(would),
            left_out=tuple(sorted(order for order in undone if order in left_out - before)),
        )

    def _without(self, omissions: Sequence[_Omission], ticks: int) -> tuple[MarketState, list[Course], set[str]]:
        """(state, ticks from the first on, ids left out) of a replay of the first so many ticks."""
        if ticks <= self._first:
            return self.state, [], set()
        (state, params), courses, left_out = self._fork, list[Course](), set[str]()
        for number, (now_ms, ordered) in islice(enumerate(self.ticks), self._first, ticks):
            self._watch()
            instead = dict(self._unlike[number])
            for place, intent in enumerate(ordered):
                if any(omission.takes(number, place, intent) for omission in omissions):
                    instead[place] = _leave_out
                    left_out.add(intent.id)
            tick = Tick(state, params, now_ms)
            run_intents(tick, ordered, instead)
            state = tick.seal()
            params = params_after(params, tick.events)
            courses.append(Course(tuple(tick.fills), tuple(tick.events), state.resting))
        return state, courses, left_out


def _first_after(ticks: Sequence[tuple[int, Sequence[Intent]]], moment_ms: int) -> int:
    """The index of the first tick that ran an order accepted after a moment; how many there are where none did."""
    for number, (_, intents) in enumerate(ticks):
        if any(isinstance(intent, Order) and intent.accepted_ms > moment_ms for intent in intents):
            return number
    return len(ticks)


def _leave_out(tick: Tick) -> None:
    """Nothing happens."""


def _renew(at_ms: int) -> Replacement:
    """An earlier cut where its orders have been left out already: the claim's window begins anew, no more."""

    def step(tick: Tick) -> None:
        claims.renew(tick, at_ms)

    return step

"""What the people of a load run do: come in, trade as fast as they may, or send a mix of commands at a given rate.

Seconds throughout. Trading is a closed loop: a person thinks for a moment after each answer. The mix is an open one:
each command has a moment at which it is due, and its latency counts from there, however late it could be sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle

from tests.simulation.load_client import LoadPerson, Shown, button

TOKEN = "a-token-for-the-load-run"
EVENT = '/admin create "Load" North, East, South, West, Centre balance $2000'
PAUSE_S = 2.2  # between two orders of one person: within what a person may send
READS = ("/board", "/balance", "/positions", "/orders", "/trades", "/help")
CHARTS = ("/chart", "/chart north", "/chart 2 6h", "/chart west")
DRAIN_S = 180.0  # after which orders that nobody was told of count as lost
AT_ONCE = 8  # people who come in side by side


@dataclass(slots=True)
class Figures:
    """What the people saw: latencies by kind (ticket, confirm, read), how orders were answered, and how long it took
    from the first command until the last order was told."""

    latency: dict[str, list[float]] = field(default_factory=lambda: {"ticket": [], "confirm": [], "read": []})
    answers: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    untold: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Crowd:
    """A host in each room and everybody else; person n is in room n modulo the number of rooms."""

    hosts: list[LoadPerson]
    people: list[LoadPerson]
    streams: Counter[str] = field(default_factory=Counter)  # by status
    charts: Counter[str] = field(default_factory=Counter)  # by status

    @property
    def listening(self) -> list[LoadPerson]:
        return [person for person in self.people if person.is_listening]

    @asynccontextmanager
    async def looking_at_charts(self, rate: float) -> AsyncIterator[None]:
        """So many charts a second are asked for and looked at while the block runs, each of another person."""
        task = asyncio.create_task(self._look_at_charts(rate)) if rate else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _look_at_charts(self, rate: float) -> None:
        async with asyncio.TaskGroup() as looking:
            for at, person in enumerate(cycle(self.listening)):
                looking.create_task(self._look_at_chart(person, CHARTS[at % len(CHARTS)]))
                await asyncio.sleep(1 / rate)

    async def _look_at_chart(self, person: LoadPerson, line: str) -> None:
        message = await person.say(line)
        blocks = message["reply"].get("blocks", ())
        pictures = [at for at, block in enumerate(blocks) if isinstance(block, dict) and block.get("t") == "picture"]
        status = await person.get(f"chart/{message['id']}/{pictures[0]}") if pictures else 0
        self.charts[str(status)] += 1

    @property
    def stream_bytes(self) -> int:
        return sum(person.received for person in self.people)

    def close(self) -> None:
        for person in (*self.hosts, *self.people):
            person.close()


async def gathered(urls: Sequence[str], people: int, rooms: int) -> Crowd:
    """A running market in each room, funded and with its people's streams open; they are spread over the processes at
    these addresses."""
    names = ["", *(f"room-{number}" for number in range(2, rooms + 1))]
    hosts = [LoadPerson(urls[0], name, number) for number, name in enumerate(names)]
    for number, host in enumerate(hosts):
        await host.get(f"?admin={TOKEN}")
        await host.join(f"Host {number}")
        for line in (EVENT, "/admin open"):
            assert (await host.say(line))["reply"]["ok"], line
    places = [(urls[number // rooms % len(urls)], names[number % rooms]) for number in range(people)]
    crowd = Crowd(hosts, [LoadPerson(*place, rooms + number) for number, place in enumerate(places)])
    waiting = deque(enumerate(crowd.people))

    async def come_in() -> None:
        while waiting:
            number, person = waiting.popleft()
            await person.join(f"Member {number}")

    await asyncio.gather(*(come_in() for _ in range(AT_ONCE)))
    for host in hosts:
        assert (await host.press(await host.say("/admin start"), "Confirm"))["reply"]["ok"], "it did not start"
    for person in crowd.people[:rooms]:
        await _funded(person)
    crowd.streams.update(str(status) for status in await asyncio.gather(*(each.listen() for each in crowd.people)))
    return crowd


async def _funded(person: LoadPerson) -> None:
    """Until the first tick, which funds everybody."""
    for _ in range(100):
        if button(await person.say("/buy 1 yes $1"), "Confirm"):
            return
        await asyncio.sleep(0.8)
    raise AssertionError("the market did not tick")


async def saturated(crowd: Crowd, seconds: float, seed: int) -> Figures:
    """Everybody asks for a ticket and confirms it, again and again; the drain counts: until every order is told."""
    figures, began = Figures(), time.monotonic()
    people = crowd.listening
    await asyncio.gather(
        *(_trade(each, random.Random(f"{seed}:{at}"), began + seconds, figures) for at, each in enumerate(people))
    )
    await _drained(people, figures)
    figures.seconds = time.monotonic() - began
    return figures


async def _trade(person: LoadPerson, rng: random.Random, until: float, figures: Figures) -> None:
    await asyncio.sleep(rng.random() * PAUSE_S)
    while time.monotonic() < until:
        began = time.monotonic()
        ticket = await person.say(_order_line(rng))
        figures.latency["ticket"].append(time.monotonic() - began)
        figures.sent += 1
        if button(ticket, "Confirm"):
            await _confirmed(person, ticket, time.monotonic(), figures)
        else:
            figures.answers["no ticket"] += 1
        await asyncio.sleep(max(0.0, PAUSE_S - (time.monotonic() - began)))


async def _confirmed(person: LoadPerson, ticket: Shown, due: float, figures: Figures) -> None:
    accepted = await person.confirm(ticket)
    figures.latency["confirm"].append(time.monotonic() - due)
    figures.answers["accepted" if accepted else "refused"] += 1
    figures.sent += 1


async def _drained(people: Sequence[LoadPerson], figures: Figures) -> None:
    """Until everybody has been told of all their orders, in their own window."""
    until = time.monotonic() + DRAIN_S
    for person in people:
        await person.hear_all(until - time.monotonic())
    figures.untold = sum(len(person.untold) for person in people)


async def mixed(crowd: Crowd, seconds: float, rate: float, seed: int) -> Figures:
    """70 % reads, 20 % tickets, 10 % Confirms, so many commands a second, at random moments."""
    figures, rng, began = Figures(), random.Random(seed), time.monotonic()
    people, tickets = deque(crowd.listening), deque[tuple[LoadPerson, Shown]]()
    due = began
    async with asyncio.TaskGroup() as under_way:
        while (due := due + rng.expovariate(rate)) < began + seconds:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            share = rng.random()
            if share < 0.1 and tickets:
                person, ticket = tickets.popleft()
                under_way.create_task(_confirmed(person, ticket, due, figures))
            else:
                person = _next_free(people)
                under_way.create_task(_ask(person, rng, due, figures, tickets, read=share >= 0.3))
    await _drained(crowd.listening, figures)
    figures.seconds = time.monotonic() - began
    return figures


def _next_free(people: deque[LoadPerson]) -> LoadPerson:
    """Whoever has been silent longest."""
    people.rotate(-1)
    return people[-1]


async def _ask(
    person: LoadPerson,
    rng: random.Random,
    due: float,
    figures: Figures,
    tickets: deque[tuple[LoadPerson, Shown]],
    *,
    read: bool,
) -> None:
    answer = await person.say(rng.choice(READS) if read else _order_line(rng))
    figures.latency["read" if read else "ticket"].append(time.monotonic() - due)
    figures.sent += 1
    if not answer["reply"]["ok"]:
        figures.answers["refused"] += 1
    elif not read:
        tickets.append((person, answer))


def _order_line(rng: random.Random) -> str:
    return f"/buy {rng.randint(1, 5)} {rng.choice(('yes', 'no'))} ${rng.randint(1, 9)}"

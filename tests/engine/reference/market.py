"""A market of the reference: plain mutable books, one order at a time, undone by a copy when refused.

`Market.tick` is one market tick: a timeline of scheduled steps and intents by (time, id), a scheduled step first.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from tests.engine.reference.book import Gift, Leg, Resting
from tests.engine.reference.pool import (
    Depth,
    Path,
    Weights,
    curve_buy,
    curve_sell,
    largest,
    power,
    quadratic_buy,
    quadratic_sell,
    sellable_to,
)
from tests.engine.reference.rules import MICRO, Rules, Stage, ceil, floor

YES, NO = 0, 1


@dataclass(slots=True, kw_only=True)
class Pool:
    """One binary; pairs are (YES, NO)."""

    v: int
    q: list[int]
    s: list[int]
    e: int = 0
    active: bool = True

    def held(self, side: int) -> int:
        """H = Q - s + E: what people hold."""
        return self.q[side] - self.s[side] + self.e


@dataclass(slots=True, kw_only=True)
class Person:
    """`cash` is what they can spend, without what their resting buys have in escrow; `tokens` is all they hold."""

    cash: int = 0
    net: int = 0  # all debited minus all credited
    tokens: Counter[tuple[int, int]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An order over a size in micro-tokens. One with a limit may rest; one without has a worst price all in, or a
    slippage from the price at its turn, or neither; a buy without one may have a budget, `spend` micro-dollars.
    """

    id: str
    at: int
    user: int
    outcome: int
    side: int
    buy: bool
    size: int
    limit: Fraction | None = None
    autofill: bool = False
    worst: Fraction | None = None
    slippage: Fraction | None = None
    spend: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Takes back one resting order of a user, or all of them."""

    id: str
    at: int
    user: int
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Cash for a user; the first one makes the account."""

    id: str
    at: int
    user: int
    cash: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What an administrator does to the market."""

    id: str
    at: int
    kind: Literal["freeze", "resume", "eliminate", "resolve", "correct", "void", "cut"]
    outcomes: tuple[int, ...] = ()
    moment: int = 0  # of a cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The rules change while the market runs."""

    id: str
    at: int
    rules: Rules


Step = Trade | Withdraw | Grant | Command | Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an order came to; `amount` is all that was paid or got, fee in and gas out."""

    id: str
    accepted: bool
    size: int = 0
    unsold: int = 0
    rests: int = 0
    amount: int = 0
    fee: int = 0
    gas: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who is claimed, to have won or to be out of a round, and when that is paid."""

    named: tuple[int, ...]
    paid_at: int
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A maker fill: what the trader pays or gets all in, what the pools move by, and the split of the difference."""

    size: int
    total: int
    fee: int
    moves: tuple[tuple[int, int], ...]  # (outcome, change of V)
    after: Fraction  # p' of the traded token
    profit: tuple[tuple[str, int], ...]


class Market:
    """See the module; `status` is running, frozen, resolved, voided, disputed or (paid after that) closed."""

    def __init__(self, rules: Rules) -> None:
        self.opened = self.rules = rules
        self.past: list[tuple[int, list[Step]]] = []
        self.pools = [Pool(v=0, q=list(seeds), s=list(seeds)) for seeds in rules.seeds]
        self.people: dict[int, Person] = {}
        self.stake = rules.z
        self.profit: Counter[str] = Counter()
        self.pot = 0  # P
        self.allowance = 0  # G
        self.status = "running"
        self.next_round = 0
        self.round_frozen = False
        self.status_after = "running"  # of the round that is decided, or claimed by hand
        self.standing: Standing | None = None
        self.last_decision = 0
        self.now = 0
        self.resting: dict[str, Resting] = {}
        self.traded: Counter[tuple[int, int, int, bool]] = Counter()  # D of the tick
        self.swept: set[str] = set()  # of the tick
        self.legs: list[Leg] = []  # of the tick
        self.gifts: list[Gift] = []  # of the tick
        self.seen: Counter[str] = Counter()  # which corners of the rules were touched

    # what follows from the state

    @property
    def depth(self) -> Depth:
        return Depth(l0=self.rules.l0, gamma=self.rules.gamma)

    @property
    def active(self) -> list[int]:
        return [j for j, pool in enumerate(self.pools) if pool.active]

    def level(self, j: int) -> int:
        return self.depth.level(self.pools[j].v)

    def price(self, j: int, side: int) -> Fraction:
        return Fraction(self.pools[j].q[side], self.level(j))

    @property
    def zeta(self) -> Fraction:
        return Fraction(0) if len(self.active) == 1 else self.rules.zeta.at(*self.clock())

    @property
    def weights(self) -> Weights:
        clock = self.clock()
        kappa = self.rules.kappa.at(*clock) / Fraction(self.rules.z, MICRO)
        return Weights(mu=self.rules.mu.at(*clock), nu=self.rules.nu.at(*clock), kappa=kappa)

    def clock(self) -> tuple[int, int]:
        """Time passed and the whole of it, for the interpolation."""
        if not self.rules.reset:
            return self.now, self.rules.duration
        ahead = self.rules.rounds[min(self.next_round, len(self.rules.rounds) - 1)]
        return self.now - self.last_decision, ahead.freeze_at - self.last_decision

    def mean_payout(self, extra: tuple[int, int, int] | None = None) -> Fraction:
        """F: the mean over winners of what people's tokens pay, weighted by the odds at the start; `extra` tokens
        are (outcome, side, size) counted as if traded already.
        """
        whole = sum((self.rules.odds[j] for j in self.active), Fraction(0))
        mean = Fraction(0)
        for j in self.active:
            w = self.rules.odds[j] / whole
            for side, weight in ((YES, w), (NO, 1 - w)):
                more = extra[2] if extra is not None and extra[:2] == (j, side) else 0
                mean += weight * (self.pools[j].held(side) + more)
        return mean

    def path(self, j: int, side: int) -> Path:
        pool = self.pools[j]
        phi = 1 - (len(self.active) - 1) * self.zeta
        return Path(depth=self.depth, v=pool.v, q=pool.q[side], phi=phi)

    @property
    def house_cash(self) -> int:
        """The stake and all that came in, less all that went out."""
        return self.rules.z + self.pot

    # one maker fill

    def price_buy(self, user: int, j: int, side: int, d: int) -> Priced:
        rules, path, others = self.rules, self.path(j, side), len(self.active) - 1
        before = self.traded[user, j, side, True]
        convex = ceil(self.weights.convexity(before, d))
        quadratic, x = quadratic_buy(path, d, self.weights, before), curve_buy(path, d)
        base = charge = max(quadratic, x)

        def own(paid: int) -> int:
            return paid - others * floor(self.zeta * paid)

        after = Fraction(path.q + d, self.depth.level(path.v + own(x)))
        if after > rules.p_max:
            self.seen["raised"] += 1
            surcharged = ceil(base * power(after / rules.p_max, rules.eta))
            x = self.raised(path, d, x)
            charge = max(surcharged, x)
            after = Fraction(path.q + d, self.depth.level(path.v + own(x)))
        fee = ceil(rules.fee * d * min(after, rules.p_max))
        total = charge + fee
        short = max(0, ceil(self.mean_payout((j, side, d)) - self.allowance - self.pot) - total)
        short = short if rules.floor_enabled else 0
        self.seen["floor on a buy"] += short > 0
        convexity = min(charge - x, convex)
        penalty = min(charge - base, charge - x - convexity)
        curve = charge - x - convexity - penalty
        diverted = floor(self.zeta * x)
        moves = tuple((i, own(x) if i == j else diverted) for i in self.active)
        profit = (("convexity", convexity), ("penalty", penalty), ("curve", curve), ("fee", fee), ("floor", short))
        return Priced(size=d, total=total + short, fee=fee, moves=moves, after=after, profit=profit)

    def raised(self, path: Path, d: int, x: int) -> int:
        """The least amount from x on whose own part brings the price down to p_max."""
        others, zeta = len(self.active) - 1, self.zeta
        need = ceil((path.q + d) / self.rules.p_max) - path.level  # L falls short of V by at most what gamma takes
        while self.depth.level(path.v + need) * self.rules.p_max < path.q + d:
            need += ceil((path.q + d) / self.rules.p_max) - self.depth.level(path.v + need)
        if zeta == 0:
            return max(x, need)
        block = floor(zeta * x)  # amounts of one block divert the same; the last of a block reaches furthest

        def reaches(m: int) -> bool:
            return ceil((m + 1) / zeta) - 1 - others * m >= need

        low, high = block, block + 1
        while not reaches(high):
            high += high - low + 1
        while low < high:
            low, high = (low, (low + high) // 2) if reaches((low + high) // 2) else ((low + high) // 2 + 1, high)
        return max(x, ceil(low / zeta), need + others * low)

    def price_sell(self, user: int, j: int, side: int, wanted: int) -> Priced:
        rules, path = self.rules, self.path(j, side)
        d = min(wanted, path.q - 1)
        before = self.traded[user, j, side, False]
        convex = ceil(self.weights.convexity(before, d))
        quadratic, x = quadratic_sell(path, d, self.weights, before), curve_sell(path, d)
        moves = self.waterfall(j, side, d, x)
        x = -sum(change for _, change in moves)
        base = got = min(quadratic, x)
        after = Fraction(path.q - d, self.depth.level(path.v + dict(moves)[j]))
        if after < rules.p_min:
            self.seen["below p_min"] += 1
            part = min(d, sellable_to(path, rules.p_min))
            given = -sum(change for _, change in self.waterfall(j, side, part, curve_sell(path, part)))
            alone = min(quadratic_sell(path, part, self.weights, before), given)
            shrunk = floor(base * power(after / rules.p_min, rules.eta))
            self.seen["p_min part"] += alone > shrunk
            self.seen["p_min part above all"] += alone > base
            got = max(shrunk, alone)
        fee = min(got, ceil(rules.fee * d * min(after, rules.p_max)))
        most = floor(self.pot - self.mean_payout((j, side, -d)) + self.allowance)
        total = max(0, min(got - fee, most)) if rules.floor_enabled else got - fee
        self.seen["floor on a sell"] += total < got - fee
        self.seen["fee above what is got"] += fee < ceil(rules.fee * d * after)
        convexity = min(x - got, convex)
        penalty = min(max(0, base - got), x - got - convexity)
        profit = (
            ("convexity", convexity),
            ("penalty", penalty),
            ("curve", x - got - convexity - penalty),
            ("fee", fee),
            ("floor", got - fee - total),
        )
        return Priced(size=d, total=total, fee=fee, moves=moves, after=after, profit=profit)

    def waterfall(self, j: int, side: int, d: int, x: int) -> tuple[tuple[int, int], ...]:
        """What each pool gives of x for d tokens, as changes of V."""
        after = list(self.pools[j].q)
        after[side] -= d
        return self.give(j, after, x)

    def give(self, j: int, after: list[int], x: int) -> tuple[tuple[int, int], ...]:
        """What each pool gives of x where outcome j ends with the supplies `after`, as changes of V."""
        room = {}
        for i in self.active:
            q = after if i == j else self.pools[i].q
            level = self.level(i)
            room[i] = max(0, min(floor(level - max(q) / self.rules.p_max), floor(level - Fraction(self.rules.l0, 10))))
        given = {i: min(floor(self.zeta * x), room[i]) for i in self.active if i != j}
        given[j] = min(x - sum(given.values()), room[j])
        missing = x - sum(given.values())
        self.seen["others short of room"] += any(given[i] < floor(self.zeta * x) for i in given if i != j)
        self.seen["own short of room"] += missing > 0
        self.seen["all short of room"] += x > sum(room.values())
        left = {i: room[i] - given[i] for i in self.active if i != j}
        whole = sum(left.values())
        if missing > 0 and whole > 0:
            shares = {i: min(left[i], floor(Fraction(missing * left[i], whole))) for i in left}
            rest = min(missing, whole) - sum(shares.values())
            for i, most in left.items():
                more = min(rest, most - shares[i])
                shares[i], rest = shares[i] + more, rest - more
            for i, share in shares.items():
                given[i] += share
        return tuple((i, -given[i]) for i in self.active)

    # money and tokens

    def take(self, person: Person, amount: int) -> None:
        """Cash from a person to the house; negative: the other way."""
        person.cash -= amount
        person.net += amount
        self.pot += amount

    def settle(self, user: int, j: int, side: int, fill: Priced, *, buy: bool) -> None:
        """A maker fill: the money, the tokens, the pools, and what it counts for convexity."""
        before = {i: self.depth.piece(self.pools[i].v, up=buy) for i in self.active}
        tokens = fill.size if buy else -fill.size
        self.take(self.people[user], fill.total if buy else -fill.total)
        self.pools[j].q[side] += tokens
        self.people[user].tokens[j, side] += tokens
        self.traded[user, j, side, buy] += fill.size
        self.shift(dict(fill.moves))
        for i in self.active:
            self.seen["other piece"] += before[i] != self.depth.piece(self.pools[i].v, up=buy)
        self.profit.update(dict(fill.profit))

    def shift(self, moves: dict[int, int]) -> None:
        """Changes of V, by outcome."""
        for i, change in moves.items():
            self.pools[i].v += change

    # what rests

    def escrow(self, user: int) -> int:
        """Cash in escrow for a user's resting buys."""
        return sum(order.escrow(order.rest) for order in self.resting.values() if order.user == user)

    def free(self, user: int, j: int, side: int) -> int:
        """Tokens that no resting sale has tied up."""
        offers = (o for o in self.resting.values() if not o.buy and (o.user, o.outcome, o.side) == (user, j, side))
        return self.people[user].tokens[j, side] - sum(offer.rest for offer in offers)

    def draw(self, order: Resting, size: int) -> None:
        """A part of a resting order has filled."""
        if size == order.rest:
            del self.resting[order.id]
        else:
            self.resting[order.id] = replace(order, rest=order.rest - size)

    def give_back(self, order: Resting) -> None:
        """A resting order leaves; its escrow is cash again."""
        del self.resting[order.id]
        self.people[order.user].cash += order.escrow(order.rest)
        self.seen["given back"] += 1

    def withdraw(self, step: Withdraw) -> None:
        """One order or all of a user; what is not theirs or not there is left."""
        for order in [order for order in self.resting.values() if order.user == step.user]:
            if step.order in (None, order.id):
                self.give_back(order)

    def kept(self) -> dict[str, object]:
        """All that a refused order must leave as it was; `put_back` takes it."""
        return {
            "pools": [replace(pool, q=list(pool.q), s=list(pool.s)) for pool in self.pools],
            "people": {user: replace(p, tokens=p.tokens.copy()) for user, p in self.people.items()},
            "resting": dict(self.resting),
            "legs": list(self.legs),
            "gifts": list(self.gifts),
            **{name: vars(self)[name].copy() for name in ("profit", "traded", "seen")},
            **{name: vars(self)[name] for name in ("stake", "pot", "allowance", "status", "next_round")},
        }

    def put_back(self, kept: dict[str, object]) -> None:
        vars(self).update(kept)

    # the band

    def move_band(self) -> None:
        """Pairs between pool and escrow where YES + NO leave the band."""
        if self.rules.band is None:
            return
        for j in self.active:
            supply, level = sum(self.pools[j].q), self.level(j)
            if supply > (1 + self.rules.band) * level:
                self.move_pairs(j, 1 + self.rules.band)
            elif supply < (1 - self.rules.band) * level:
                self.move_pairs(j, 1 - self.rules.band)

    def move_pairs(self, j: int, to: Fraction) -> None:
        pool, level = self.pools[j], self.level(j)
        supply = sum(pool.q)
        d = self.pairs(supply, level, to)
        if d is None:
            return
        most = floor(Fraction(9 * min(pool.q), 10))
        d = max(-most, min(most, d))
        for _ in range(31):
            if d == 0:
                return
            y = self.pays(supply, level, d)
            after = self.depth.level(pool.v - y)
            fits = all(q - d <= self.rules.p_max * after for q in pool.q) and 10 * after >= self.rules.l0
            if y >= d and fits:
                self.seen["band out" if d > 0 else "band back"] += 1
                pool.v, pool.e, pool.q = pool.v - y, pool.e + d, [q - d for q in pool.q]
                self.profit["band"] += y - d
                return
            self.seen["band again"] += 1
            d = 4 * d // 5 if d > 0 else -(-4 * d // 5)

    @staticmethod
    def pairs(supply: int, level: int, to: Fraction) -> int | None:
        """d of the quadratic, truncated towards 0: the d of least size with d = (S - root) / 2."""
        under = supply**2 - 4 * (supply**2 - to**2 * level**2) / (4 - 2 * to**2)
        if under < 0:
            return None  # S > sqrt(2) L
        if to > 1:
            return largest(lambda d: (supply - 2 * d) ** 2 >= under, supply // 2)
        return -largest(lambda back: (supply + 2 * back) ** 2 <= under, level)

    @staticmethod
    def pays(supply: int, level: int, d: int) -> int:
        """y = L - sqrt(L^2 - 2 S d + 2 d^2), rounded down: the largest y with L - y >= the root."""
        under, lowest = level**2 - 2 * supply * d + 2 * d**2, -supply - 2 * abs(d)
        return lowest + largest(lambda up: (level - lowest - up) ** 2 >= under, level - lowest)

    # time

    def tick(self, now: int, steps: list[Step]) -> list[Done]:
        """A market tick: everything due and everything accepted, by (time, scheduled first, id)."""
        from tests.engine.reference.autofill_and_sweep import sweep  # acts on this class

        self.begin(now)
        answers = self.run(sorted(steps, key=lambda step: (step.at, step.id)), now)
        sweep(self)
        self.past.append((now, steps))
        return answers

    def begin(self, now: int) -> None:
        self.now, self.traded, self.swept, self.legs, self.gifts = now, Counter(), set(), [], []

    def run(self, queue: list[Step], until: int) -> list[Done]:
        """These steps, and what the timetable wants before each and up to a time."""
        from tests.engine.reference.cuts import cut, may_cut
        from tests.engine.reference.execute import run_order  # all of them act on this class
        from tests.engine.reference.rounds import carry_out, decide, pay_claim

        answers: list[Done] = []
        ran: list[Step] = []
        while True:
            by = min(until, queue[0].at) if queue else until
            due, standing = self.due(by), self.standing
            if standing is not None and standing.paid_at <= by:
                pay_claim(self, standing)
            elif due is not None:
                decide(self, due[1], due[2])
            elif queue:
                step = queue.pop(0)
                if isinstance(step, Trade):
                    answers.append(run_order(self, step))
                elif isinstance(step, Withdraw):
                    self.withdraw(step)
                elif isinstance(step, Change):
                    self.rules = step.rules
                elif isinstance(step, Grant):
                    if self.status not in ("disputed", "closed", "resolved", "voided"):
                        self.people.setdefault(step.user, Person()).cash += step.cash
                elif step.kind != "cut":
                    carry_out(self, step)
                elif may_cut(self, step) and not any(isinstance(s, Command) and s.kind == "cut" for s in ran):
                    answers = cut(self, step, ran, answers)
                ran.append(step)
            else:
                return answers

    def due(self, now: int) -> tuple[int, Stage, str] | None:
        """The next scheduled step at or before `now`: its time, round and whether it freezes or decides."""
        if self.status in ("resolved", "voided", "closed") or self.standing is not None:
            return None
        if self.next_round >= len(self.rules.rounds):
            return None
        stage = self.rules.rounds[self.next_round]
        if not self.round_frozen:
            return (stage.freeze_at, stage, "freeze") if stage.freeze_at <= now else None
        asked = "ask" in (stage.losers, stage.winner) and (stage.winner is not None or self.takes(stage) > 0)
        return (stage.decide_at, stage, "decide") if stage.decide_at <= now and not asked else None

    def takes(self, stage: Stage) -> int:
        """How many outcomes a round still puts out: of those it names who are in, else down to the number that it was
        to leave; two stay in any case."""
        rounds, still = self.rules.rounds, self.active
        gone = sum(earlier.count for earlier in rounds[: rounds.index(stage) + 1])
        wanted = len(still) - (len(self.pools) - gone)
        if isinstance(stage.losers, tuple):
            wanted = len(set(stage.losers) & set(still))
        return max(0, min(wanted, len(still) - 2))

"""Rounds, the final and the void of the reference, and what a scheduled step or a command does."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from tests.engine.reference.autofill_and_sweep import sweep
from tests.engine.reference.market import NO, YES, Command, Market, Standing
from tests.engine.reference.rules import Rules, Stage, floor


def decide(market: Market, stage: Stage, what: str) -> None:
    """A scheduled step: the freeze of a round, or its decision where the timetable knows it."""
    if what == "freeze":
        market.status_after, market.status, market.round_frozen = market.status, "frozen", True
    elif isinstance(stage.winner, int):
        claim(market, (stage.winner,), stage.decide_at)
    elif not market.takes(stage):
        over(market)
    elif isinstance(stage.losers, tuple):
        left = [loser for loser in stage.losers if loser in market.active]
        next_round(market, tuple(left[: market.takes(stage)]), stage.decide_at)


def carry_out(market: Market, command: Command) -> None:
    """A command; `eliminate` and `resolve` answer the round that asked, and none does anything after the end."""
    if market.status in ("resolved", "voided", "closed"):
        return
    if market.standing is not None:
        if command.kind == "void":
            void(market)
        elif command.kind == "correct":
            correct(market, market.standing, command)
        return
    if command.kind == "freeze":
        market.status = "frozen"
    elif command.kind == "resume" and may_resume(market):
        market.status = market.status if market.round_frozen else "running"
        over(market)
    elif command.kind == "eliminate":
        next_round(market, command.outcomes, command.at)
    elif command.kind == "resolve":
        claim(market, tuple(sorted(command.outcomes)), command.at)
    elif command.kind == "void":
        void(market)


def may_resume(market: Market) -> bool:
    """A round that is being decided ends with its decision, unless nobody is left to put out."""
    if not market.round_frozen:
        return market.status == "frozen"
    stage = market.rules.rounds[market.next_round]
    return stage.winner is None and not market.takes(stage)


def next_round(market: Market, losers: tuple[int, ...], at: int) -> None:
    """A decided round, or an elimination outside of one: at once, or claimed until the window has passed."""
    if market.rules.round_window:
        at = max(at, market.last_decision)
        if not market.round_frozen:
            market.status_after, market.status = market.status, "frozen"
        market.standing = Standing(named=losers, paid_at=at + market.rules.round_window, final=False)
        market.seen["claimed round"] += 1
    else:
        eliminate(market, losers)
        market.last_decision = at
        over(market)


def over(market: Market) -> None:
    """A round that was being decided is behind the market, which goes on as it was before."""
    if market.round_frozen:
        market.status, market.round_frozen = market.status_after, False
        market.next_round += 1
    sweep(market)


def correct(market: Market, standing: Standing, command: Command) -> None:
    """Others are claimed, and the window begins anew."""
    if set(command.outcomes) == set(standing.named) or (not standing.final and not fits(market, command.outcomes)):
        return
    named = tuple(sorted(command.outcomes)) if standing.final else command.outcomes
    window = market.rules.window if standing.final else market.rules.round_window
    market.standing = Standing(named=named, paid_at=command.at + window, final=standing.final)
    market.seen["corrected" if standing.final else "corrected round"] += 1


def fits(market: Market, losers: tuple[int, ...]) -> bool:
    """Whether these can be out: still in, so many as the round takes, or by hand as many as leave two."""
    takes = market.takes(market.rules.rounds[market.next_round]) if market.round_frozen else 0
    if not losers or not set(losers) <= set(market.active):
        return False
    return len(losers) == takes if takes else len(losers) <= len(market.active) - 2


def pay_claim(market: Market, standing: Standing) -> None:
    """The window of a claim has passed."""
    market.standing = None
    if standing.final:
        finish(market, standing.named)
        market.status = "closed"
        return
    eliminate(market, standing.named)
    market.last_decision = standing.paid_at
    market.status = market.status_after
    over(market)


def pay(market: Market, user: int, amount: int) -> None:
    market.take(market.people[user], -amount)


def eliminate(market: Market, losers: tuple[int, ...]) -> None:
    """One round of elimination with redistribution and renormalisation."""
    old = {j: (market.price(j, YES), market.price(j, NO)) for j in market.active}
    freed = 0
    for k in losers:
        return_orders(market, k)
        pool, level = market.pools[k], market.level(k)
        freed += level - pool.q[NO]
        market.stake += pool.v + pool.e - pool.held(NO)
        for user, person in market.people.items():
            pay(market, user, person.tokens.pop((k, NO), 0))
            person.tokens.pop((k, YES), None)
        pool.v, pool.e, pool.q, pool.s, pool.active = 0, 0, [0, 0], [0, 0], False
    targets = renormalised(market.rules, old, market.active)
    if market.rules.vc_enabled:
        hand_out(market, freed, 16, targets, cut=True)
    elif not any(hand_out(market, freed, part, targets, cut=False) for part in (16, 12, 8, 4, 0)):
        hand_out(market, freed, 0, targets, cut=True)
    behind = max(Fraction(0), market.mean_payout() - market.pot)
    market.allowance = -floor(-behind) + market.rules.floor_allowance


def return_orders(market: Market, j: int | None = None) -> None:
    """The resting orders of an outcome, or all of them, go back to who gave them."""
    for order in list(market.resting.values()):
        if j in (None, order.outcome):
            market.give_back(order)


Prices = dict[int, tuple[Fraction, Fraction]]


def renormalised(rules: Rules, old: Prices, survivors: list[int]) -> Prices:
    """The target of each survivor's YES and NO, exact."""
    ours = sum((old[j][YES] for j in survivors), Fraction(0))
    whole = sum((yes for yes, _ in old.values()), Fraction(0))
    if rules.clamp:
        whole = min(whole, max(Fraction(1), ours))
    yes = filled({j: old[j][YES] * whole / ours for j in survivors}, whole, rules.set_cap)
    targets = {}
    for j in survivors:
        up = max(yes[j], rules.p_min)
        targets[j] = up, min(max(sum(old[j]) - up, rules.p_min), rules.set_cap)
    return targets


def filled(wanted: dict[int, Fraction], whole: Fraction, cap: Fraction) -> dict[int, Fraction]:
    """Water-filling: nobody above the cap, what that leaves over goes to the others in proportion."""
    total, full = min(whole, len(wanted) * cap), set[int]()
    while True:
        rest = sum((t for j, t in wanted.items() if j not in full), Fraction(0))
        levels = {j: t * (total - cap * len(full)) / rest for j, t in wanted.items() if j not in full}
        above = {j for j, t in levels.items() if t > cap}
        full |= above
        if not above:
            return {j: levels.get(j, cap) for j in wanted}


def hand_out(market: Market, freed: int, part: int, targets: Prices, *, cut: bool) -> bool:
    """Shares part/16 of what was freed, sets the targets; False and nothing changed where section 8 would not hold."""
    survivors = market.active
    share = floor(Fraction(floor(Fraction(freed * part, 16)), len(survivors)))
    before = market.stake, {j: (market.pools[j].v, list(market.pools[j].q), list(market.pools[j].s)) for j in survivors}
    market.stake -= share * len(survivors)
    for j in survivors:
        pool = market.pools[j]
        pool.v += share
        for side in (YES, NO):
            step = floor(targets[j][side] * market.level(j)) - pool.q[side]
            step = max(0, step) if cut else step
            pool.q[side] += step
            pool.s[side] += step
    if cut or (within_price(market) and within_stake(market)):
        market.seen[f"handed {part}/16" + " cut" * cut] += 1
        return True
    market.stake = before[0]
    for j, (v, q, s) in before[1].items():
        market.pools[j].v, market.pools[j].q, market.pools[j].s = v, q, s
    return False


def within_price(market: Market) -> bool:
    """(1): 0 < Q <= p_max L on both sides of every active binary."""
    return all(0 < q <= market.rules.p_max * market.level(j) for j in market.active for q in market.pools[j].q)


def within_stake(market: Market) -> bool:
    """(4): n l0 <= stake + s_yes of the winner + s_no of the others, whoever wins."""
    pools = [market.pools[j] for j in market.active]
    no = sum(pool.s[NO] for pool in pools)
    return all(len(pools) * market.rules.l0 <= market.stake + p.s[YES] + no - p.s[NO] for p in pools)


def claim(market: Market, winners: tuple[int, ...], at: int) -> None:
    """Who won: paid at once, or when the window has passed, with the book empty until then."""
    if not market.rules.window:
        return finish(market, winners)
    return_orders(market)
    at = max(at, market.last_decision)
    market.status = "disputed"
    market.standing = Standing(named=winners, paid_at=at + market.rules.window, final=True)
    return None


def finish(market: Market, winners: tuple[int, ...]) -> None:
    """The final: a YES of the k winners pays 1/k, a NO of theirs 1 - 1/k, a NO of every other active outcome $1. A
    person's total is floored."""
    return_orders(market)
    part = Fraction(1, len(winners))
    worth = {(j, side): Fraction(side == NO) for j in market.active for side in (YES, NO)}
    worth |= {(j, side): part if side == YES else 1 - part for j in winners for side in (YES, NO)}
    for user, person in market.people.items():
        pay(market, user, floor(sum((worth[token] * size for token, size in person.tokens.items()), Fraction(0))))
        person.tokens = Counter()
    market.seen["dead heat"] += len(winners) > 1
    market.status, market.standing = "resolved", None


def void(market: Market) -> None:
    """The market never was: everybody has what they were given, the house its z."""
    return_orders(market)
    for person in market.people.values():
        market.seen["void takes back"] += person.net < 0
        person.cash, person.net, person.tokens = person.cash + person.net, 0, Counter()
    for pool in market.pools:
        pool.v, pool.e, pool.q, pool.s, pool.active = 0, 0, [0, 0], [0, 0], False
    market.stake, market.pot, market.allowance = market.rules.z, 0, 0
    market.profit = Counter()
    market.status, market.standing = "voided", None

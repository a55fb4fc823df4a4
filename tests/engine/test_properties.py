"""Every promise of the rules over the whole life of a market, through the real doors; hypothesis seeks a breach."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from random import Random

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.events import ControlRefused, Event, Gas, Left, OrderDone, Paid, Reason, Voided
from engine.intents import Control, ControlKind, Intent, Join, Leave, Order, Retune
from engine.orders import apply_orders
from engine.params import FIXED, params_from_json, params_to_json
from engine.quote import Quote, quote
from engine.resolution import trigger_resolution, void_market
from engine.state import MarketState, Side, Status, fingerprint
from tests.deep import DEEP
from tests.engine import invariants
from tests.engine.crowd import arrivals, some_crowded_market, some_doing
from tests.engine.life import Life, check_untouched
from tests.engine.markets import SPAN, USERS, logarithmic, some_changes, some_intent, some_join, some_market, some_order

SETTINGS = settings(
    max_examples=2_000 if DEEP else 240,
    stateful_step_count=50 if DEEP else 25,
    deadline=None,
    phases=set(Phase) if DEEP else (Phase.explicit, Phase.generate),  # shrinking takes minutes; the seeds say enough
    derandomize=not DEEP,
    suppress_health_check=list(HealthCheck),
)
SEED = st.integers(0, 2**48)
KINDS: tuple[ControlKind, ...] = ("freeze", "resume", "pause", "eliminate", "resolve", "correct")
PASSED = st.sampled_from((0, 1, 10, 60, 200))


class MarketLife(RuleBasedStateMachine):
    """`Life` holds every law after every step; the rules here are what may happen to a market."""

    life: Life

    @initialize(seed=SEED)
    def opens(self, seed: int) -> None:
        rng = Random(seed)
        crowded = rng.random() < 0.5
        params = some_crowded_market(rng) if crowded else some_market(rng)
        assert params_from_json(params_to_json(params)) == params
        self.life = Life(params, some_doing if crowded else some_intent)
        joins = [some_join(rng, self.life.name(), 0, user) for user in USERS]
        self.life.tick(0, arrivals(rng, params) if crowded else joins)

    def running(self) -> bool:
        return self.life.state.status is Status.RUNNING

    def lives(self) -> bool:
        return self.life.state.status not in invariants.OVER

    def later(self, passed: int) -> int:
        return min(SPAN + 50, self.life.now + passed)

    def chance(self, seed: int) -> Random:
        """Other chances at every step, even for one seed, so that the simplest lives are not dull."""
        return Random(f"{seed} {self.life.count}")

    def alone(self, intent: Intent) -> tuple[Event, ...]:
        return self.life.tick(max(self.life.now, intent.accepted_ms), [intent])

    @precondition(lives)
    @rule(seed=SEED, passed=PASSED)
    def a_tick_passes(self, seed: int, passed: int) -> None:
        rng = self.chance(seed)
        self.life.some_tick(rng, passed)

    @precondition(running)
    @rule(seed=SEED, passed=PASSED)
    def the_quote_is_the_fill(self, seed: int, passed: int) -> None:
        rng = self.chance(seed)
        self.life.tick(self.later(passed), [])
        intent = self.life.doing(rng, self.life.name(), self.life.now, self.life.state, self.life.params)
        if isinstance(intent, Order):
            self.life.lone(intent)
        else:
            self.alone(intent)

    @precondition(running)
    @rule(seed=SEED, cents=st.integers(1, 10**7))
    def a_sum_buys_the_largest_size(self, seed: int, cents: int) -> None:
        """The ticket of an amount is within it, and one for a little more tokens is not."""
        rng, state = self.chance(seed), self.life.state
        spend, outcome, side = cents * 10**4, rng.choice(state.active), rng.choice((Side.YES, Side.NO))
        ask = partial(
            quote, state, self.life.params, now_ms=self.life.now, user=None, outcome=outcome, side=side, buy=True
        )
        ticket = ask(spend=spend)
        if isinstance(ticket, Quote):
            assert 0 < ticket.amount <= spend
            more = ask(size=ticket.size + max(1_000, ticket.size // 1_000))
            assert not isinstance(more, Quote) or more.amount > spend

    @precondition(running)
    @rule(user=st.sampled_from(USERS), cash=st.integers(0, 10**12))
    def somebody_joins_or_gets_a_grant(self, user: int, cash: int) -> None:
        self.alone(Join(id=self.life.name(), accepted_ms=self.life.now, user=user, cash=cash))

    @precondition(lives)
    @rule(seed=SEED)
    def a_foolish_order_changes_nothing(self, seed: int) -> None:
        rng = self.chance(seed)
        name, now = self.life.name(), self.life.now
        user, outcome = rng.choice(USERS), rng.randrange(self.life.params.n_outcomes)
        account = self.life.state.accounts.get(user)
        size, buy = 1, rng.random() < 0.5
        folly = rng.choice(("stranger", "nowhere", "nothing", "negative", "greedy", "oversold"))
        if folly == "stranger":
            user = 99
        elif folly == "nowhere":
            outcome = rng.choice((-1, self.life.params.n_outcomes, 10**9))
        elif folly in ("nothing", "negative"):
            size = 0 if folly == "nothing" else -logarithmic(rng, 1, 10**12)
        elif folly == "greedy":
            size, buy = 10**6 * (10 + (0 if account is None else account.cash)), True
        else:
            size, buy = 1 + (0 if account is None else account.tokens[outcome][0]), False
        before = self.life.state
        order = Order(
            id=name, accepted_ms=now, user=user, outcome=outcome, side=Side.YES, buy=buy, size=size, limit=None
        )
        events = self.alone(order)
        done = [event for event in events if isinstance(event, OrderDone)]
        assert [event.status for event in done] == ["refused"]
        assert len([event for event in events if isinstance(event, Gas)]) == (done[0].gas > 0)
        if self.running() and before.status is Status.RUNNING:
            check_untouched(before, self.life, events)

    @precondition(lives)
    @rule(seed=SEED, kind=st.sampled_from(KINDS))
    def an_admin_does_something(self, seed: int, kind: ControlKind) -> None:
        """Sense and nonsense alike; whatever is refused changes nothing."""
        rng = self.chance(seed)
        state, name, now = self.life.state, self.life.name(), self.life.now
        outcomes = tuple(rng.choices(range(-1, 11), k=rng.randint(0, 3)))
        if kind == "eliminate" and rng.random() < 0.7:
            outcomes = tuple(rng.sample(list(state.active), min(len(state.active), rng.randint(1, 2))))
        if kind in ("resolve", "correct"):
            outcomes = (rng.choice([*state.active, -1, 10]),) if rng.random() < 0.3 else ()
        control = Control(id=name, accepted_ms=now, kind=kind, outcomes=outcomes)
        before = self.life.state
        events = self.alone(control)
        if any(isinstance(event, ControlRefused) for event in events):
            check_untouched(before, self.life, events)

    @precondition(lives)
    @rule(user=st.sampled_from((*USERS, 99)))
    def only_who_never_did_anything_can_leave(self, user: int) -> None:
        before, params, now = self.life.state, self.life.params, self.life.now
        account = before.accounts.get(user)
        events = self.alone(Leave(id=self.life.name(), accepted_ms=now, user=user))
        left = [event for event in events if isinstance(event, Left)]
        if left:
            assert account is not None
            assert (account.trades, account.net, account.escrow, left[0].cash) == (0, 0, 0, account.cash)
            assert not any(any(pair) for pair in account.tokens)
            assert user not in self.life.state.accounts
            _, without, _ = apply_orders(before, [], params, now)  # the sweep of that tick may trade
            assert self.life.state.pot == without.pot
        else:
            assert before.claim or account is None or account.trades or account.net or before.resting.of(user)
            check_untouched(before, self.life, events)

    @precondition(lives)
    @rule(seed=SEED)
    def parameters_change_live(self, seed: int) -> None:
        rng = self.chance(seed)
        values = some_changes(rng, self.life.params)
        events = self.alone(Retune(id=self.life.name(), accepted_ms=self.life.now, values=values))
        refused = [event for event in events if isinstance(event, ControlRefused)]
        assert [event.reason for event in refused] == [Reason.DISPUTED] * (self.life.state.status is Status.DISPUTED)

    @precondition(lives)
    @rule(seed=SEED)
    def what_is_fixed_stays(self, seed: int) -> None:
        """Section 8 (3), and bounds: a retune that breaks either is refused and changes nothing."""
        rng = self.chance(seed)
        bad: dict[str, object] = {**dict.fromkeys(sorted(FIXED), Decimal("0.5")), "fee": 7, "zeta": 1, "kappa": "x"}
        name = rng.choice(sorted(bad))
        before, params = self.life.state, self.life.params
        events = self.alone(Retune(id=self.life.name(), accepted_ms=self.life.now, values={name: bad[name]}))
        assert any(isinstance(event, ControlRefused) for event in events)
        assert self.life.params == params
        check_untouched(before, self.life, events)

    @precondition(lives)
    @rule()
    def every_ending_is_paid_in_full(self) -> None:
        """Whoever wins, by the door itself, thrown away: exactly the promised tokens are paid, the house survives."""
        state, params = self.life.state, self.life.params
        for winner in state.active:
            payouts, after, _ = trigger_resolution(state, params, True, winner)
            assert after.status is Status.RESOLVED
            assert sum(payout.amount for payout in payouts) == invariants.payouts(state)[winner]
            assert all(payout.amount == payout.tokens > 0 for payout in payouts)
            self.ends(after, payouts)
        everybody = tuple(state.active)
        payouts, after, _ = trigger_resolution(state, params, True, everybody)
        alone = invariants.payouts(state)
        assert (
            0
            <= sum(alone.values()) - len(alone) * sum(p.amount for p in payouts)
            < len(alone) * max(1, len(state.accounts))
        )
        self.ends(after, payouts)

    @precondition(lives)
    @rule()
    def a_void_gives_everybody_what_they_were_given(self) -> None:
        after, events = void_market(self.life.state)
        assert {user: account.cash for user, account in after.accounts.items()} == self.life.granted
        assert invariants.house_cash(after) == after.stake == self.life.params.z
        voided = events[-1]
        assert isinstance(voided, Voided)
        assert dict(voided.amounts) == {u: a.net for u, a in self.life.state.accounts.items() if a.net}
        invariants.check_all(after, self.life.params, self.life.granted)

    def ends(self, after: MarketState, payouts: tuple[Paid, ...]) -> None:
        """Money is where the payouts say, and nobody holds anything."""
        paid = dict.fromkeys(after.accounts, 0)
        for payout in payouts:
            paid[payout.user] += payout.amount
        for user, account in self.life.state.accounts.items():
            assert after.accounts[user].cash == account.cash + account.escrow + paid[user]
        invariants.check_all(after, self.life.params, self.life.granted)

    @precondition(lives)
    @rule(seed=SEED)
    def every_round_holds(self, seed: int) -> None:
        """Any losers, in any number that leaves one, by the door itself: thrown away after the laws are checked."""
        rng = self.chance(seed)
        state, params, granted = self.life.state, self.life.params, self.life.granted
        active = list(state.active)
        if len(active) < 2:
            return
        losers = rng.sample(active, rng.randint(1, len(active) - 1))
        sealed = fingerprint(state)
        payouts, after, _ = trigger_resolution(state, params, elim_outcomes=tuple(losers))
        assert fingerprint(state) == sealed
        assert sum(payout.amount for payout in payouts) == sum(invariants.held(state.binaries[k])[1] for k in losers)
        assert after.active == tuple(j for j in active if j not in losers)
        invariants.check_all(after, params, granted)
        invariants.check_profit(state, after)
        most = max(0, -(-(invariants.mean_payout(after, params) - after.pot) // 1)) + params.floor_allowance
        assert after.allowance == most or not params.floor_enabled

    @precondition(lives)
    @rule(seed=SEED)
    def the_timetable_goes_on(self, seed: int) -> None:
        """To the next thing that is due, with people trading right up to it."""
        rng = self.chance(seed)
        state, params = self.life.state, self.life.params
        times = [t for r in params.rounds[state.next_round :] for t in (r.freeze_at, r.decide_at) if t > self.life.now]
        if times:
            self.life.some_tick(rng, times[0] - self.life.now)
            assert self.life.state.status is not Status.RUNNING or self.life.now < times[0] or state != self.life.state

    def over(self) -> bool:
        return not self.lives()

    @precondition(over)
    @rule(seed=SEED, kind=st.sampled_from((*KINDS, "void")))
    def after_the_end_nothing_moves(self, seed: int, kind: ControlKind) -> None:
        rng = self.chance(seed)
        before, now = self.life.state, self.life.now
        order = some_order(rng, self.life.name(), now, before, self.life.params)
        control = Control(id=self.life.name(), accepted_ms=now, kind=kind, outcomes=(0,))
        grant = Join(id=self.life.name(), accepted_ms=now, user=1, cash=1)
        retune = Retune(id=self.life.name(), accepted_ms=now, values={"fee": 0})
        self.life.tick(now, [order, control, grant, retune], rng)
        assert self.life.state == before

    @invariant()
    def a_claim_has_paid_nobody_and_trades_nothing(self) -> None:
        if hasattr(self, "life"):
            state, claim = self.life.state, self.life.state.claim
            assert (claim is not None and claim.winners != ()) is (state.status is Status.DISPUTED)
            if claim is not None:
                assert {*claim.winners, *claim.losers} <= set(state.active)
                assert self.life.now < claim.until_ms
                assert not (claim.winners and claim.losers)
                assert not (claim.winners and state.resting)
                assert state.status is (Status.DISPUTED if claim.winners else Status.FROZEN)
                assert len(state.active) - len(claim.losers) >= 2

    @invariant()
    def an_open_question_freezes(self) -> None:
        if hasattr(self, "life") and self.life.state.asked:
            assert self.life.state.status is Status.FROZEN

    def teardown(self) -> None:
        if hasattr(self, "life"):
            assert self.life.replayed() == fingerprint(self.life.state), "the replay ends elsewhere"


MarketLife.TestCase.settings = SETTINGS
TestMarketLife = MarketLife.TestCase

"""What can be asked of a market: the inputs of a market tick.

Every intent has an id and the time it was accepted, in ms from the market's start. Inside a tick they run by
(accepted_ms, id); the order of the list that is handed over does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engine.state import Side
from engine.terms import Round
from engine.units import JSON_SCALARS, field_names

ControlKind = Literal["freeze", "resume", "pause", "eliminate", "resolve", "correct", "void", "cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Buy or sell `size` micro-tokens of one side of one outcome (0-based).

    `limit`, `worst_price` (all in, per token) and `max_slippage` are rates. A market order has no limit;
    `worst_price` is what its ticket promised and wins over `max_slippage`, which counts from the price when it runs.
    A market buy with `spend` (micro-dollars) is cut to the largest size that costs no more, fees and floor in, gas out.
    """

    id: str
    accepted_ms: int
    user: int
    outcome: int
    side: Side
    buy: bool
    size: int
    limit: int | None = None
    worst_price: int | None = None
    max_slippage: int | None = None
    autofill: bool = False
    spend: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Take back one resting order of a user, or all of them (`order` None)."""

    id: str
    accepted_ms: int
    user: int
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Give a user play money: the first one opens their account, later ones are grants. `cash` in micro-dollars."""

    id: str
    accepted_ms: int
    user: int
    cash: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Close an account that was never used; its play money goes back to where it came from."""

    id: str
    accepted_ms: int
    user: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What an admin does by hand; `outcomes` (0-based) are the losers of `eliminate`, the winners of `resolve` (several
    share), and of `correct` whichever of them the claim that stands names. `moment_ms` is for `cut` alone: every order
    accepted after it is undone; ms from the market's start."""

    id: str
    accepted_ms: int
    kind: ControlKind
    outcomes: tuple[int, ...] = ()
    moment_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retune:
    """Change parameters of a running market; `values` as `engine.params.build_params` takes them."""

    id: str
    accepted_ms: int
    values: Mapping[str, object]


Intent = Order | Cancel | Join | Leave | Control | Retune


def intent_to_json(intent: Intent) -> dict[str, object]:
    """A flat dict of JSON values with its `type`; the input of the audit chain. An order without a budget says nothing
    of one, nor a control without a moment."""
    data: dict[str, object] = {"type": type(intent).__name__.lower()}
    for name in field_names(type(intent)):
        value = getattr(intent, name)
        data[name] = value if type(value) in JSON_SCALARS else _json_value(value)
    if isinstance(intent, Order) and intent.spend is None:
        del data["spend"]
    if isinstance(intent, Control) and intent.moment_ms is None:
        del data["moment_ms"]
    return data


def _json_value(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _json_value(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    if isinstance(value, Round):
        return _round_as_written(value)
    if isinstance(value, Decimal | float):
        return str(value)
    return value


def _round_as_written(step: Round) -> dict[str, object]:
    """A round as `engine.parse.read_rounds` reads it: outcomes count from 1."""
    data: dict[str, object] = {"freeze_at": step.freeze_at, "decide_at": step.decide_at}
    if step.winner is not None:
        return {**data, "winner": step.winner + 1 if isinstance(step.winner, int) else step.winner}
    losers = [loser + 1 for loser in step.losers] if isinstance(step.losers, tuple) else step.losers
    return {**data, "count": step.count, "losers": losers}

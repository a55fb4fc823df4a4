"""What a load run found: what the database says afterwards, and the table of it all."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

Rows = Sequence[Sequence[int]]
_TICKS = "SELECT took_us FROM ticks WHERE took_us IS NOT NULL ORDER BY ts_ms"
_COUNTED = (
    "SELECT (SELECT count(*) FROM ticks), (SELECT count(*) FROM trades), "
    "(SELECT count(*) FROM orders WHERE status = 'pending'), (SELECT count(*) FROM outbox)"
)


def spread(values: Sequence[float], scale: float = 1_000) -> dict[str, float]:
    """Median and tail in milliseconds; `values` in seconds unless scaled."""
    if not values:
        return {}
    ranked = sorted(values)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    places = {
        name: round(ranked[min(len(ranked) - 1, int(share * len(ranked)))] * scale, 2) for name, share in at.items()
    }
    return {**places, "max": round(ranked[-1] * scale, 2)}


async def kept(url: str) -> dict[str, object]:
    """What the database says, asked in plain SQL, so that an older state of the code is asked the same."""
    counted, took = await _asked(url, _COUNTED), await _asked(url, _TICKS)
    ticks, trades, pending, outbox = counted[0]
    return {
        "ticks": ticks,
        "trades": trades,
        "pending": pending,
        "outbox": outbox,
        "tick_ms": spread([row[0] for row in took], 0.001),
    }


async def _asked(url: str, query: str) -> Rows:
    path = url.removeprefix("sqlite:///")
    if path != url:
        file = sqlite3.connect(path)
        try:
            return file.execute(query).fetchall()
        finally:
            file.close()
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"), poolclass=NullPool)
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


def table(name: str, figures: Mapping[str, object]) -> str:
    """One run: a line a figure, those of its steps side by side first."""
    steps = _steps(figures)
    lines = [
        f"== {name}",
        f"{'':24}" + "".join(f"{step:<44}" for step in steps),
        *(
            f"{row:24}" + "".join(f"{_text(step[row]):<44}" for step in steps.values())
            for row in next(iter(steps.values()))
        ),
        *(f"{row:24}{_text(value)}" for row, value in figures.items() if row != "steps"),
    ]
    return "\n".join(line.rstrip() for line in lines)


def _steps(figures: Mapping[str, object]) -> Mapping[str, Mapping[str, object]]:
    steps = figures["steps"]
    assert isinstance(steps, Mapping)
    return steps


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name} {_text(inner)}" for name, inner in value.items() if name != "max") or "-"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(map(str, value))
    return str(value)


_COMPARED = (
    "orders_per_second",
    "server_ms_per_order",
    "server_ms_per_command",
    "orders_per_core_second",
    "ticket_ms",
    "confirm_ms",
    "read_ms",
    "all_ms",
    "health_ms",
    "tick_ms",
    "memory_mb",
    "driver_share",
)


def compared(runs: Mapping[str, Sequence[Mapping[str, object]]]) -> str:
    """Every state of the code beside the others, a column each, step by step; several runs as their mean, of tails that
    of their p99."""
    lines = []
    for step in _steps(next(iter(runs.values()))[0]):
        lines.append(f"{step:24}" + "".join(f"{name:>16}" for name in runs))
        for row in _COMPARED:
            means = [_mean([_figure(run, step, row) for run in of_one]) for of_one in runs.values()]
            lines.append(f"{row:24}" + "".join(f"{mean:>16.2f}" for mean in means))
    return "\n".join(lines)


def _figure(run: Mapping[str, object], step: str, row: str) -> float:
    """Of a spread its p99, of a list the last."""
    value = _steps(run)[step].get(row, run.get(row))
    if isinstance(value, Mapping):
        value = value.get("p99")
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[-1]
    return float(value) if isinstance(value, int | float) else float("nan")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

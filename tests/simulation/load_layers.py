"""Where an order's processor time goes: stacks that py-spy sampled, added up by layer and by what they were for.

`python -m tests.simulation.load_layers stacks.txt [MS]`; MS: processor milliseconds an order, shared out. A sample
belongs to the innermost frame that a layer owns: what `re` or `dataclasses` do is their caller's. What it was for is
the outermost frame that says so; SQLAlchemy runs its statements in greenlets, whose stacks do not say.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

# layer -> parts of paths of its files; the first that fits
LAYERS = (
    ("json", ("/json/", "json/encoder", "json/decoder", "json/__init__", "json/scanner")),
    ("compiling statements", ("sqlalchemy/sql/", "sqlalchemy/dialects/")),
    ("executing statements", ("sqlalchemy/",)),
    ("driver: asyncpg", ("asyncpg/",)),
    ("driver: hops to its thread", ("aiosqlite/", "storage/sqlite.py", "storage/session.py", "storage/database.py")),
    ("http server", ("aiohttp/", "multidict", "yarl", "http/cookies.py")),
    ("event loop", ("asyncio/", "selectors.py", "threading.py", "queue.py", "concurrent/")),
    ("room: log, streams, render", ("bot/adapters/",)),
    ("dispatch and parse", ("bot/dispatcher.py", "bot/grammar/", "bot/chat/")),
    ("words", ("bot/words/", "bot/text/")),
    ("telling", ("bot/notifications/",)),
    ("quotes and receipts", ("bot/market/", "bot/commands/")),
    ("engine", ("engine/",)),
    ("proofs", ("storage/proofs/",)),
    ("journal", ("storage/journal",)),
    (
        "tick's rows",
        ("storage/tick_rows", "storage/order_rows", "storage/entries", "storage/mapping", "storage/replay"),
    ),
    ("repositories", ("storage/",)),
    ("scheduler", ("scheduler/", "apscheduler/")),
    ("charts", ("bot/charts/",)),
)
PURPOSES = (
    ("telling", ("Announcer.",)),
    ("ticks", ("Jobs.", "run_tick")),
    ("streams", ("EventStreams.",)),
    ("ticket or Confirm placed", ("Dispatcher.placed",)),
    ("dispatcher", ("Dispatcher.",)),
    ("room log", ("MessageLog.",)),
    ("room, else", ("Handlers.", "RoomResponder.", "Routes.")),
    ("web server, else", ("RequestHandler.",)),
    ("statements, in greenlets", ("greenlet_spawn", "Connection.execute", "Connection.commit", "Engine.", "Pool")),
    ("driver's thread", ("_connection_worker_thread",)),
)
IN_THREAD = "driver's thread: SQLite and the disk"


def layer(frames: list[str]) -> str:
    """Whose time a sample is; frames outermost first, `name (file:line)` each."""
    in_thread = any("_connection_worker_thread" in frame for frame in frames)
    if in_thread and any("storage/sqlite.py" in frame for frame in frames):
        return IN_THREAD
    for frame in reversed(frames):
        file = frame.rpartition("(")[2]
        for name, places in LAYERS:
            if any(place in file for place in places):
                return name
    return "else"


def purpose(frames: list[str]) -> str:
    for frame in frames:
        for name, signs in PURPOSES:
            if frame.startswith(signs):
                return name
    return "else"


def counted(text: str) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Samples by layer, by purpose, and by function of ours or of a library's first file."""
    layers, purposes, functions = Counter[str](), Counter[str](), Counter[str]()
    for row in text.splitlines():
        stack, _, number = row.rpartition(" ")
        frames = stack.split(";")
        layers[layer(frames)] += int(number)
        purposes[purpose(frames)] += int(number)
        ours = next((frame for frame in reversed(frames) if _is_ours(frame)), frames[-1])
        functions[ours.rpartition(":")[0].replace(" (", "  ")] += int(number)
    return layers, purposes, functions


def _is_ours(frame: str) -> bool:
    return any(f"({folder}/" in frame or f"/{folder}/" in frame for folder in ("bot", "storage", "engine", "scheduler"))


def table(text: str, ms: float | None = None, most: int = 40) -> str:
    layers, purposes, functions = counted(text)
    total = sum(layers.values())
    lines = []
    for title, counts in (("by layer", layers), ("for what", purposes), ("called from", functions)):
        lines.append(f"-- {title} ({total} samples)")
        for name, number in counts.most_common(most):
            share = number / total
            spent = "" if ms is None else f"{share * ms:8.2f} ms"
            lines.append(f"{share:6.1%}{spent}  {name}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(Path(sys.argv[1]).read_text(), float(sys.argv[2]) if len(sys.argv) > 2 else None))

"""The files `outcry demo` leaves in its folder: the database, the market's tables, a summary and two pictures."""

from __future__ import annotations

import io
import json
from pathlib import Path

from bot.charts.service import Charts
from bot.chat.reply import Picture
from storage import export
from storage.database import Database
from storage.records import Market

DATABASE = "outcry.db"
ANNOUNCEMENTS = "announcements.txt"
SUMMARY = "summary.json"
PICTURES = {"prices.png": "prices", "maker.png": "maker"}
FILES = (
    DATABASE,
    f"{DATABASE}-wal",
    f"{DATABASE}-shm",
    ANNOUNCEMENTS,
    SUMMARY,
    *PICTURES,
    *(f"{kind}.csv" for kind in export.EXPORTS),
)


def remove_old(folder: Path) -> None:
    """Delete what an earlier demo left; nothing else in the folder is touched. The database's lock is held by now."""
    for name in FILES:
        (folder / name).unlink(missing_ok=True)


async def write(folder: Path, db: Database, charts: Charts, market: Market, seed: int) -> dict[str, object]:
    """Write tables, summary and pictures of a market that is over; returns the summary."""
    async with db.reading() as uow:
        for kind, write_table in export.EXPORTS.items():
            text = io.StringIO()
            await write_table(uow, market, text)
            (folder / f"{kind}.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
        summary = await export.summary(uow, market, seed)
    json_text = json.dumps(summary, indent=2, ensure_ascii=False)
    (folder / SUMMARY).write_text(json_text + "\n", encoding="utf-8", newline="")
    for name, kind in PICTURES.items():
        png = await charts.picture(Picture(kind=kind, market=market.id, tick=market.tick))
        if png is not None:
            (folder / name).write_bytes(png)
    return summary

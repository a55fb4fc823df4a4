"""How a SQLite file is opened by who may not change a byte beside it either."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import quote

LEAST_FREE = 1 << 17  # bytes: with less, SQLite has no room for the index it keeps beside a file


def is_full(path: Path) -> bool:
    """Whether the disk that holds a file is."""
    return shutil.disk_usage(path.resolve().parent).free < LEAST_FREE


def log_of(path: Path) -> Path:
    """Where SQLite keeps what is not yet in the file itself."""
    real = path.resolve()
    return real.with_name(real.name + "-wal")


def address(path: Path) -> str | None:
    """A URI for the file; None where an ordinary connection leaves nothing behind.

    The last to close a file that a crash left with a log beside it would fold the log in. And a reader makes files of
    its own beside the database, which it cannot on a full disk or in a folder that can only be read: without a log
    nobody writes there, and the file may be taken as one that never changes.
    """
    real, log = path.resolve(), log_of(path)
    if log.exists() and log.stat().st_size > 0:
        return f"file:{quote(str(real))}?mode=ro"
    if not log.exists() and (not os.access(real.parent, os.W_OK) or is_full(real)):
        return f"file:{quote(str(real))}?mode=ro&immutable=1"
    return None

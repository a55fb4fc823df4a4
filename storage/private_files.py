"""Files that hold people's names, money or secrets: readable by their owner alone, from the first moment.

A mode that is set after a file was made leaves a moment in which anybody can open it, so it is given with the making;
the umask can only take more away. Files that an earlier version made wider are narrowed.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)

OWNER_ONLY = 0o600
OTHERS = 0o077  # every right of the group and of everybody else


def create(path: Path) -> None:
    """An empty file, or the one that is there, narrowed. It is never opened: to close a file that SQLite has open in
    this process would drop SQLite's locks on it. Raises OSError where it cannot be made."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
    except FileExistsError:
        narrow(path)


def narrow(path: Path) -> None:
    """Take from the group and from others what they may do with a file, where there is one."""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode) and status.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(status.st_mode) & ~OTHERS)
    except FileNotFoundError:
        return
    except OSError as error:  # somebody else's, or of a file system without modes
        log.warning("others may read %s, and that cannot be changed here: %s", path, error.strerror or error)


def write(path: Path, data: bytes) -> None:
    """Write a file anew; one that was there is narrowed before anything stands in it. Raises OSError."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, OWNER_ONLY), "wb") as file:
        narrow(path)  # a pipe or a terminal has no readers to shut out
        file.write(data)

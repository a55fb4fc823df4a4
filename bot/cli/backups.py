"""`outcry backup` and `outcry restore`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.cli.progress import ProgressLine, bar
from bot.words import backups as words
from storage.backups.files import Progress
from storage.backups.making import backup
from storage.backups.problems import BackupError
from storage.backups.restoring import restore
from storage.backups.rotation import backup_into

SHOWN_EVERY_S = 0.2


async def make(url: str, out: str, keep: int | None, now_ms: int) -> int:
    """Copy the whole database into a file while it is in use, or into a folder that keeps the newest; 0, 2 where no
    copy was made, 3 for a database nobody can open."""

    async def work(progress: Progress) -> None:
        if keep is not None or _is_folder(out):
            path, size, gone = await backup_into(url, Path(out), now_ms, keep=keep, progress=progress)
        else:
            path, gone = Path(out), []
            size = await backup(url, path, progress)
        print(*words.made(path, size, gone), sep="\n")

    return await _done(work)


def _is_folder(out: str) -> bool:
    return out.endswith(("/", "\\")) or Path(out).is_dir()


async def bring_back(url: str, file: Path, now_ms: int, *, force: bool) -> int:
    """Bring a backup back; 0, 2 where nothing was changed, 3 for a database nobody can open."""

    async def work(progress: Progress) -> None:
        restored = await restore(file, url, now_ms, force=force, progress=progress)
        print(*words.restored(file, restored.contents, restored.aside), sep="\n")

    return await _done(work)


async def _done(work: Callable[[Progress], Awaitable[None]]) -> int:
    line = ProgressLine(sys.stderr, every_s=SHOWN_EVERY_S)

    def show(share: float) -> None:
        line.show(bar(share))
        if share >= 1:
            line.clear()

    try:
        await work(show)
    except BackupError as error:
        line.clear()
        print(error, file=sys.stderr)
        return 2
    except ValueError as error:
        line.clear()
        print(error, file=sys.stderr)
        return 3
    return 0

"""A PostgreSQL server for one test session, where the machine has the program; see `databases` in conftest."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import Database

PLACES = ("/usr/local/bin", "/opt/homebrew/bin", "/usr/bin")


def find_server() -> Path | None:
    """The folder with initdb, pg_ctl and postgres, the newest version first."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in (*versions, *map(Path, PLACES)):
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    return None


class Server:
    """Started in a temporary folder, for tests alone, so without fsync unless it is to be `durable`; root hands it to
    `nobody`, as it must. `environment` is added to its own."""

    def __init__(self, programs: Path, *, durable: bool = False, environment: Mapping[str, str] | None = None) -> None:
        self._environment = dict(os.environ) | dict(environment or {})
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="outcry-postgres-"))
        self._as = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(self._folder, "nobody", "nogroup")
        self.port = free_port()
        self._count = 0
        self._migrated = ""  # the name of a database with all tables and nothing in them, once one was made
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "outcry", "--auth=trust", "-E", "UTF8", "--no-sync", "--locale=C")
        self._options = f"-p {self.port} -k {self._folder} -h 127.0.0.1 -c max_connections=100"
        self._options += "" if durable else " -F -c full_page_writes=off"
        self.resume()

    def resume(self) -> None:
        """Start, at first or after `halt`."""
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-l", log, "-o", self._options, "start")

    def halt(self) -> None:
        """Cut every connection and be away until `resume`; what was committed is kept."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "fast", "-w", "stop")

    @property
    def pid(self) -> int:
        """Of its first process, which starts all others."""
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Stopped where it is: connections stay open, new ones are taken by the kernel, and nothing is answered."""
        first = self.pid
        os.kill(first, signal.SIGSTOP)  # it starts no other from now on
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
        pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
        processes = [first, *(pid for pid, parent in pairs if parent == first)]
        try:
            for pid in processes:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in processes:
                with suppress(ProcessLookupError):  # it had ended, and the first one, going on, has just seen it
                    os.kill(pid, signal.SIGCONT)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._programs / program), *arguments]
        silent = subprocess.DEVNULL
        subprocess.run(
            command, check=True, cwd=self._folder, timeout=60, stdout=silent, stderr=silent, env=self._environment
        )

    async def create(self, *, template: str = "template1") -> str:
        """A new empty database, or a copy of `template`, to which nobody may be connected; returns its URL."""
        self._count += 1
        name = f"outcry_{self._count}"
        engine = create_async_engine(self._url("postgres", "postgresql+asyncpg"), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        await engine.dispose()
        return self._url(name)

    async def create_migrated(self) -> str:
        """A new database with all tables; returns its URL."""
        if not self._migrated:
            url = await self.create()
            database = Database.open(url)
            try:
                await database.migrate()
            finally:
                await database.close()
            self._migrated = url.rpartition("/")[2]
        return await self.create(template=self._migrated)

    def _url(self, name: str, driver: str = "postgresql") -> str:
        return f"{driver}://outcry@127.0.0.1:{self.port}/{name}"

    def log(self) -> str:
        """What the server has logged so far."""
        return (self._folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

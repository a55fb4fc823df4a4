"""A PgBouncer in transaction mode before the session's PostgreSQL, where the machine has the program."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.storage.postgres import Server, free_port

MISSING = "PgBouncer was not found: what goes through a pooler was not tested"
SERVERS = 3  # connections the pooler has to the server, for all its clients
CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server} user=outcry
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {servers}
max_client_conn = 300
query_wait_timeout = 60
"""


def program() -> str:
    """Where it is; the test is skipped, or fails where it is required, if it is nowhere."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        if "pgbouncer" in os.environ.get("OUTCRY_REQUIRE", ""):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return found


class Pooler:
    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, server_url: str) -> str:
        """The address of the same database by way of this pooler."""
        return make_url(server_url).set(port=self.port).render_as_string(hide_password=False)


@asynccontextmanager
async def pooling(server: Server) -> AsyncIterator[Pooler]:
    path = program()
    with tempfile.TemporaryDirectory(prefix="outcry-pgbouncer-") as name:
        pooler = Pooler(free_port())
        running = _started(path, Path(name), server.port, pooler.port)
        try:
            await _until_open(pooler.port, running)
            yield pooler
        finally:
            running.kill()
            running.wait()


def _started(path: str, folder: Path, server: int, port: int) -> subprocess.Popen[bytes]:
    file, command = folder / "pgbouncer.ini", [path, "-q", str(folder / "pgbouncer.ini")]
    file.write_text(CONFIGURATION.format(server=server, port=port, servers=SERVERS))
    if os.geteuid() == 0:  # it does not run as root
        folder.chmod(0o755)
        command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def _until_open(port: int, running: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(30):
        while running.poll() is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return
    raise RuntimeError("PgBouncer ended at its start")

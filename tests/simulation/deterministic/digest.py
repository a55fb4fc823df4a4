"""What a seed came to, as one hash: every row that follows from it, what was done, and all that was shown."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.deterministic.world import World


def digest_of(world: World) -> str:
    digest = sha256()
    with closing(sqlite3.connect(world.path)) as raw:
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        for table in tables:
            for row in sorted(map(repr, raw.execute(f"SELECT * FROM {table}"))):  # our own names
                digest.update(f"{table} {row}\n".encode())
    for line in world.journal:
        digest.update(f"{line}\n".encode())
    for server in world.servers.values():
        for message in server.messages.values():
            for shown in message.versions:
                digest.update(f"{message.ref} {message.where} {shown.at_us} {shown.text}\n".encode())
    return digest.hexdigest()

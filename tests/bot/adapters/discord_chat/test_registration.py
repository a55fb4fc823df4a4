"""What Discord was told of commands is known to every process, with the ids that make names in texts clickable."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import discord
import pytest

from bot.adapters.discord_chat import markup, registration
from bot.adapters.discord_chat.registration import CACHE_MS, CommandIds
from bot.adapters.discord_chat.slash_commands import CommandPayload
from storage.database import Database
from tests.storage.databases import migrated_file

APPLICATION = 77
BUY: CommandPayload = {"name": "buy", "type": 1, "options": [{"name": "amount", "type": 3}]}
ADMIN: CommandPayload = {"name": "admin", "type": 1, "options": [{"name": "create", "type": 1, "options": []}]}
GRANT: CommandPayload = {"name": "buy", "type": 2}  # of a person, of that name: no line that is typed


class Discord:
    """Takes commands as Discord does: one of the same name keeps its id."""

    def __init__(self) -> None:
        self.ids: dict[tuple[str, int], str] = {}
        self.asked = 0
        self.refuses = False

    async def bulk_upsert_global_commands(self, application: int, commands: list[CommandPayload]) -> list[Any]:
        self.asked += 1
        if self.refuses:
            raise OSError
        for command in commands:
            self.ids.setdefault((command["name"], command["type"]), str(len(self.ids) + 1))
        return [command | {"id": self.ids[command["name"], command["type"]]} for command in commands]


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database.open(migrated_file(tmp_path / "town.db"))
    yield opened
    await opened.close()


async def register(discord_: Discord, db: Database, *commands: CommandPayload) -> None:
    await registration.register(cast("discord.http.HTTPClient", discord_), APPLICATION, db, list(commands))


async def test_ids_are_known_to_every_process_after_a_restart_and_replaced_by_the_next_registration(
    db: Database,
) -> None:
    there, now = Discord(), [0]
    ids, elsewhere = CommandIds(db, lambda: now[0]), CommandIds(db, lambda: now[0])
    assert await ids.known() == {}
    for process in (ids, elsewhere):
        process.of_application(APPLICATION)
    await register(there, db, BUY)
    assert await elsewhere.known() == {"buy": "1"}
    await register(there, db, BUY)
    assert there.asked == 1
    await register(there, db, ADMIN, GRANT)  # `buy` is gone
    ids.forget()
    assert await ids.known() == {"admin create": "2"}
    now[0] += CACHE_MS
    assert await elsewhere.known() == {"admin create": "2"}


async def test_commands_that_could_not_be_registered_are_tried_again_and_what_was_known_stays(db: Database) -> None:
    there, ids = Discord(), CommandIds(db, lambda: 0)
    ids.of_application(APPLICATION)
    await register(there, db, BUY)
    there.refuses = True
    await register(there, db, ADMIN)
    assert await ids.known() == {"buy": "1"}
    there.refuses = False
    await register(there, db, ADMIN)
    ids.forget()
    assert await ids.known() == {"admin create": "2"}


async def test_a_fingerprint_from_before_there_were_ids_is_registered_anew(db: Database) -> None:
    there, ids = Discord(), CommandIds(db, lambda: 0)
    async with db.writing() as uow:
        await uow.key_values.put(f"discord:commands:{APPLICATION}", registration.fingerprint([BUY]))
        await uow.commit()
    ids.of_application(APPLICATION)
    assert await ids.known() == {}
    await register(there, db, BUY)
    ids.forget()
    assert await ids.known() == {"buy": "1"}


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ("Say `/buy`.", "Say </buy:1>."),
        ("`/admin create` first, then `/buy`", "</admin create:2> first, then </buy:1>"),
        ("`/buy outcome:germany`", "`/buy outcome:germany`"),  # the line stands there with what follows
        ("`/admin`", "`/admin`"),  # a group is no command
        ("`/sell`", "`/sell`"),  # not registered
        ("'/buy' \\`/buy\\`", "'/buy' \\`/buy\\`"),  # as somebody's own text is escaped
        (f"{markup.CODE_ROW}`/buy`", f"{markup.CODE_ROW}`/buy`"),  # nothing can be clicked in a block of code
    ],
)
def test_a_bare_name_of_a_command_can_be_clicked_and_nothing_else_can(row: str, shown: str) -> None:
    assert markup.clickable(row, {"buy": "1", "admin create": "2"}) == shown
    assert markup.clickable(row, {}) == row

"""Small things are remembered as they were last said; a kept line never changes."""

from __future__ import annotations

from storage.database import Database
from storage.key_value import KeptLine


async def test_a_fact_is_what_was_put_last(db: Database) -> None:
    async with db.writing() as uow:
        assert await uow.key_values.get("discord.commands") is None
        await uow.key_values.put("discord.commands", "a")
        await uow.key_values.put("discord.commands", "b")
        await uow.commit()
    async with db.reading() as uow:
        assert await uow.key_values.get("discord.commands") == "b"


async def test_a_kept_line_stays_as_it_was(db: Database) -> None:
    first = KeptLine(line="/buy germany", person=1, chat_ext="-100")
    async with db.writing() as uow:
        await uow.lines.keep("k", first, 5)
        await uow.lines.keep("k", KeptLine(line="/admin void", person=2, chat_ext=None), 6)
        await uow.commit()
    async with db.reading() as uow:
        assert await uow.lines.get("k") == first
        assert await uow.lines.get("x") is None

"""Telling Discord the commands, and the ids it knows them by: a command's name in a text can be clicked by its id."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import discord
import discord.http

from bot.adapters.discord_chat.slash_commands import SUBCOMMAND, CommandPayload
from storage.database import Database
from storage.trouble import TroubleError

log = logging.getLogger(__name__)

CACHE_MS = 3_000  # what another process has registered counts a moment later
_SLASH = discord.AppCommandType.chat_input.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What Discord was told last: the fingerprint of it, and the ids it gave, by `buy` and `admin create`."""

    fingerprint: str
    ids: Mapping[str, str]


class CommandIds:
    """The ids of the commands that are registered now, by whichever process, also before a restart."""

    def __init__(self, db: Database, monotonic_ms: Callable[[], int]) -> None:
        self._db = db
        self._monotonic_ms = monotonic_ms
        self._application: int | None = None
        self._ids: Mapping[str, str] = {}
        self._asked_ms: int | None = None

    def of_application(self, application: int) -> None:
        """Whose commands they are; known once logged in."""
        self._application, self._asked_ms = application, None

    def forget(self) -> None:
        """They are read anew the next time."""
        self._asked_ms = None

    async def known(self) -> Mapping[str, str]:
        """By `buy` and `admin create`; empty where none is known."""
        now = self._monotonic_ms()
        fresh = self._asked_ms is not None and now < self._asked_ms + CACHE_MS
        if self._application is None or fresh:
            return self._ids
        try:
            registered = await _registered(self._db, self._application)
        except TroubleError:  # what was known last
            return self._ids
        self._ids, self._asked_ms = registered.ids if registered is not None else {}, now
        return self._ids


async def register(
    http: discord.http.HTTPClient, application: int, db: Database, commands: list[CommandPayload]
) -> None:
    """Tell Discord the commands, where they have changed since the last time."""
    digest = fingerprint(commands)
    before = await _registered(db, application)
    if before is not None and before.fingerprint == digest:
        return
    try:
        answer = await http.bulk_upsert_global_commands(application, commands)
    except (discord.HTTPException, discord.RateLimited, OSError) as error:
        log.error("the commands could not be registered: %s", error)
        return
    registered = Registered(fingerprint=digest, ids=_ids(answer))
    async with db.writing() as uow:
        await uow.key_values.put(_fact(application), json.dumps(asdict(registered)))
        await uow.commit()
    log.info("%d commands registered with Discord", len(commands))


def fingerprint(commands: list[CommandPayload]) -> str:
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()


def _fact(application: int) -> str:
    return f"discord:commands:{application}"


async def _registered(db: Database, application: int) -> Registered | None:
    async with db.reading() as uow:
        text = await uow.key_values.get(_fact(application))
    if text is None or not text.startswith("{"):  # before there were ids, the fingerprint stood alone
        return None
    kept = json.loads(text)
    return Registered(fingerprint=kept["fingerprint"], ids=kept["ids"])


def _ids(answer: object) -> dict[str, str]:
    """Every line that can be typed, by the id of the command it belongs to."""
    ids: dict[str, str] = {}
    for command in answer if isinstance(answer, list) else []:
        if command.get("type", _SLASH) != _SLASH or "id" not in command:
            continue
        name, options = str(command["name"]), command.get("options") or []
        inner = [f"{name} {option['name']}" for option in options if option["type"] == SUBCOMMAND]
        ids |= dict.fromkeys(inner or [name], str(command["id"]))
    return ids

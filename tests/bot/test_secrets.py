"""Tokens and passwords stay where they belong: in no log line, whoever writes it and however it spells them, in no
answer, no file and no row."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp
import discord
import httpx
import pytest
import telegram
from aiohttp import web

from bot.__main__ import EXPORTS, main
from bot.chat import plain_text
from bot.logs import configure, spellings
from bot.settings import VARIABLES, Settings, load
from storage.backups.making import backup
from storage.database import Database
from storage.proofs.secret import Secret
from tests.bot.adapters.room.harness import request_id, room_harness
from tests.bot.harness import HANG_S, chat_harness, running
from tests.paths import ROOT

DISCORD = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GhXyZa.secret-of-discord_0123456789abcdef"
TELEGRAM = "7654321098:AAsecret-of-telegram_0123456789abcd"
WEBHOOK = "secret-of-webhook_0123456789"
ADMIN = 'secret of the admin: "ä" & 100%'
PASSWORD = "p@ss/word secret:of+db"
URL = "postgresql://outcry:p%40ss%2Fword%20secret%3Aof%2Bdb@127.0.0.1:9/outcry"
SECRETS = (DISCORD, TELEGRAM, WEBHOOK, ADMIN, PASSWORD)
NOWHERE = "http://127.0.0.1:9"  # nobody listens there
ENVIRONMENT = {
    "DATABASE_URL": URL,
    "DISCORD_TOKEN": DISCORD,
    "TELEGRAM_TOKEN": TELEGRAM,
    "TELEGRAM_WEBHOOK_SECRET": WEBHOOK,
    "OUTCRY_ADMIN_TOKEN": ADMIN,
}


def found_in(text: str) -> list[str]:
    """Every spelling of a secret that stands in a text."""
    return [spelled for secret in SECRETS for spelled in spellings(secret) if spelled in text]


def stored_in(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


@pytest.fixture
def settings() -> Settings:
    loaded = load(ENVIRONMENT, Path("/nowhere/.env"))
    assert isinstance(loaded, Settings), loaded
    return loaded


@pytest.fixture(params=["text", "json"])
def logged(request: pytest.FixtureRequest, settings: Settings) -> Iterator[io.StringIO]:
    """Everything that is logged while every logger tells all it knows."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    known = ("apscheduler", "aiohttp.access", "alembic", "httpx", "matplotlib")
    stream = io.StringIO()
    configure(request.param, secrets=settings.secrets(), level=logging.DEBUG, stream=stream)
    for name in known:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.handlers[:], root.level = handlers, level
    for name in known:
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_settings_show_no_secret_and_know_them_all(settings: Settings) -> None:
    assert not found_in(repr(settings))
    assert set(SECRETS) <= set(settings.secrets())


def test_a_database_password_is_known_wherever_it_stands() -> None:
    for url, password in (
        (URL, PASSWORD),
        ("postgresql+asyncpg://u:plain-pw@h/db", "plain-pw"),
        ("postgresql://u:a:b@h:5432/db", "a:b"),
        ("postgresql://h/db?user=u&password=in%20query", "in query"),
    ):
        assert password in Settings(database_url=url).secrets()
        assert password not in repr(Settings(database_url=url))
    for url in ("sqlite:///outcry.db", "postgresql://u@h/db", "postgresql://h/db", "sqlite:////tmp/a@b.db"):
        assert Settings(database_url=url).secrets() == [], url


def test_what_cannot_be_used_is_refused_without_being_repeated() -> None:
    for secret in SECRETS:
        bad = load(dict.fromkeys(VARIABLES, f" {secret}\n{secret} "), Path("/nowhere/.env"))
        assert isinstance(bad, list)
        assert not found_in(" ".join(one.sentence for one in bad))


@pytest.mark.parametrize("secret", SECRETS, ids=["discord", "telegram", "webhook", "admin", "database"])
def test_no_spelling_of_a_secret_gets_into_a_log(logged: io.StringIO, secret: str) -> None:
    log = logging.getLogger("anybody")
    for spelled in (*spellings(secret), json.dumps({"token": secret}), repr([secret]), str(secret.encode())):
        log.info("sent %s and %r to it", spelled, {"a": spelled})
        log.warning(spelled)
        try:
            raise RuntimeError(spelled) from ValueError(secret)
        except RuntimeError:
            log.exception("it failed: %s", spelled, extra={"url": spelled})
    assert not found_in(logged.getvalue())
    assert logged.getvalue().count("[secret]") > 20


async def test_the_libraries_log_no_token(logged: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real clients against an address where nobody listens, every logger at DEBUG, every exception logged."""
    log = logging.getLogger("caller")
    asyncio.get_running_loop().set_debug(True)

    async def with_telegram() -> None:
        async with telegram.Bot(TELEGRAM, base_url=f"{NOWHERE}/bot") as bot:
            await bot.set_webhook("https://example.org/x", secret_token=WEBHOOK)

    async def with_httpx() -> None:
        async with httpx.AsyncClient(headers={"Authorization": f"Bot {DISCORD}"}) as client:
            await client.post(f"{NOWHERE}/bot{TELEGRAM}/getMe", json={"secret_token": WEBHOOK})

    async def with_discord() -> None:
        monkeypatch.setattr(discord.http.Route, "BASE", f"{NOWHERE}/api/v10")
        monkeypatch.setattr(asyncio, "sleep", lambda *_: _nothing())  # it tries five times
        async with discord.Client(intents=discord.Intents.none()) as client:
            await client.login(DISCORD)

    async def with_aiohttp() -> None:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bot {DISCORD}"}) as session:
            await session.get(f"{NOWHERE}/", params={"admin": ADMIN})

    async def with_postgres() -> None:
        db = Database.open(URL)
        try:
            async with db.reading() as uow:
                await uow.people.find("room", "x")
        finally:
            await db.close()

    for attempt in (with_telegram, with_httpx, with_discord, with_aiohttp, with_postgres):
        try:
            await attempt()
        except Exception as error:
            log.exception("%s failed", attempt.__name__)
            log.debug("%r %s", error, "".join(traceback.format_exception(error)))
        else:
            pytest.fail(f"{attempt.__name__} reached somebody")
    assert "with_postgres failed" in logged.getvalue()
    assert not found_in(logged.getvalue())


async def _nothing() -> None:
    return None


async def test_a_server_that_fails_logs_no_token(logged: io.StringIO) -> None:
    async def fails(request: web.Request) -> web.Response:
        raise RuntimeError(f"{request.rel_url} {dict(request.headers)}")

    app = web.Application()
    app.router.add_get("/", fails)
    runner = web.AppRunner(app)  # with its access log
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(headers={"X-Telegram-Bot-Api-Secret-Token": WEBHOOK}) as session:
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with session.get(address, params={"admin": ADMIN}) as answer:
            assert answer.status == 500
            assert not found_in(await answer.text())
    await runner.cleanup()
    assert "RuntimeError" in logged.getvalue()
    assert not found_in(logged.getvalue())


async def test_the_room_gives_no_admin_token_away(tmp_path: Path, logged: io.StringIO) -> None:
    """Not in its pages, answers, cookies or rows, to admins neither."""
    from tests.bot.adapters.room.harness import ADMIN as TOKEN

    async with room_harness(tmp_path) as place:
        await place.open_market()
        boss = place.browser()
        opened = await boss.get(f"?admin={TOKEN}")
        assert opened.status == 303
        assert TOKEN not in str(opened.headers)
        await boss.join("Boss")
        for said in ("/admin monitor", "/admin export config", "/admin log", "/privacy", f"/admin announce {'x'}"):
            status, answer = await boss.post("api/say", {"text": said, "request": request_id()})
            assert status == 200
            assert TOKEN not in json.dumps(answer)
        assert TOKEN not in json.dumps(await boss.messages())
        cookies = "".join(cookie.value for cookie in boss.jar)
        assert cookies
        assert TOKEN not in cookies
        tokens = [cookie.value for cookie in boss.jar]
    data = stored_in(tmp_path)
    for secret in (TOKEN, *tokens):
        assert secret.encode() not in data, "a copy of the database opens no session"


async def test_a_key_is_shown_to_who_asked_once_and_is_nowhere_else(tmp_path: Path, logged: io.StringIO) -> None:
    """Not in what others see, in messages that are kept, in rows, files, a backup or the log, be it used."""
    async with room_harness(tmp_path) as place:
        await place.open_market()
        await place.tick()
        ada, bob = await place.person("Ada"), await place.person("Bob")
        asked, keys = request_id(), list[str]()
        assert (await ada.say("/join"))[0] == 200
        await place.tick()
        for line, request in (("/apikey trade $5", asked), ("/apikey read name looks", request_id())):
            status, answer = await ada.say(line, request)
            found = re.search(r"outcry_[\w-]{43}", json.dumps(answer))
            assert (status, found is not None) == (200, True)
            keys += [found[0]] if found else []
        again = await ada.say("/apikey trade $5", asked, again=True)
        assert "is not shown again" in json.dumps(again)
        told: list[object] = [await each.messages() for each in (ada, bob)]
        for key in keys:
            state = await bob.get(f"api/v1/markets/{place.market}", Authorization=f"Bearer {key}")
            assert state.status == 200
            refused = await bob.get(f"api/v1/markets?key={key}", Authorization=f"Bearer {key}x")
            assert refused.status == 401
            told += [str(refused.headers), await refused.text(), str(state.headers)]
        for name in ("any", "bot.dispatcher", "aiohttp.access"):
            logging.getLogger(name).info("heard %s", keys)
        for line in ("/apikey", "/privacy"):
            told.append(await ada.say(line))
        await backup(f"sqlite:///{tmp_path / 'town.db'}", tmp_path / "copy.db")
    stored, log = stored_in(tmp_path), logged.getvalue()
    assert "[secret]" in log
    for key in keys:
        assert key not in log
        assert key not in json.dumps(told)
        assert key.encode() not in stored


async def read_until(stream: asyncio.StreamReader | None, *words: bytes) -> bytes:
    """What a child prints until all of these words have come."""
    assert stream is not None
    printed = b""
    async with asyncio.timeout(HANG_S):
        while not all(word in printed for word in words):
            line = await stream.readline()
            assert line, f"it ended before it said {words}: {printed.decode()}"
            printed += line
    return printed


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_running_bot_tells_its_secrets_to_nobody(tmp_path: Path, form: str) -> None:
    """`outcry run` with platforms out of reach: what it prints, stores and tells machines that ask."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in VARIABLES},
        **ENVIRONMENT,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'run.db'}",
        "DISCORD_API_BASE": f"{NOWHERE}/api/v10",
        "TELEGRAM_API_BASE": f"{NOWHERE}/bot",
        "OUTCRY_ROOM_PORT": "0",
        "OUTCRY_METRICS_PORT": "0",
        "OUTCRY_LOG": form,
        "PYTHONPATH": str(ROOT),
        "PYTHONASYNCIODEBUG": "1",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=tmp_path, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        printed = await read_until(process.stdout, b"ready: room")
        printed += await read_until(process.stderr, b"connection to Discord broke", b"connection to Telegram broke")
        health = re.findall(rb"^health: (\S+)$", printed, re.MULTILINE)[0].decode()
        async with aiohttp.ClientSession() as session:
            for path in ("healthz", "readyz", "metrics"):
                async with session.get(health + path) as answer:
                    printed += await answer.read()
        process.send_signal(signal.SIGTERM)
        printed += b"".join(await process.communicate())
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    output = printed.decode()
    assert "127.0.0.1" in output
    assert "outcry_ready" in output
    assert not found_in(output)
    stored = stored_in(tmp_path)
    assert not [one for secret in SECRETS for one in spellings(secret) if one.encode() in stored]


def test_a_log_line_cannot_be_forged(logged: io.StringIO) -> None:
    """What somebody writes does not look like a record of its own, and moves no terminal's cursor."""
    hostile = "Ada\n2026-11-22 12:00:00,000 INFO bot: all is well\r\x1b[2K\x1b]0;title\x07\x9b1A"
    logging.getLogger("any").info("heard %s", hostile)
    text = logged.getvalue()
    assert not [row for row in text.splitlines()[1:] if not row.startswith("    ")]
    assert not set(text) & {"\x1b", "\r", "\x07", "\x9b"}


async def test_the_key_that_signs_heads_is_in_the_database_and_nowhere_else(
    tmp_path: Path, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in what is said, posted, exported, proved, printed or logged; in a backup it is."""
    seed = bytes(range(100, 132))
    said: list[str] = []
    async with chat_harness(tmp_path) as harness:
        harness.db.draw = lambda size: seed if size == len(seed) else os.urandom(size)
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 20")
        await harness.tick()
        shown = await harness.say("boss", "/admin eliminate brazil")
        await harness.press("boss", shown, "Confirm")
        await harness.tick()
        for line in ("/receipt 3", "/verify", "/privacy", "/admin log", "/admin monitor", "/rules",
                     *(f"/admin export {what}" for what in EXPORTS)):  # fmt: skip
            reply = await harness.say("ada" if line in ("/receipt 3", "/privacy") else "boss", line)
            assert reply.ok, line
            said += [plain_text.text(reply), *(file.data.decode() for file in reply.files)]
        said += harness.platform.texts("post")
        logging.getLogger("any").debug("%r %r", harness.db, harness.db.cache.secret)
        url = f"sqlite:///{harness.path}"
    signer = Secret(seed=seed).signing_key
    assert signer.key.vkey in "".join(said), "what is public is told"
    with ThreadPoolExecutor(1) as pool:
        for words in (["verify", "--db", url], ["verify", "--db", url, "--json"], ["prove", "3", "--db", url]):
            assert pool.submit(main, words).result() == 0
    printed = capsys.readouterr()
    await backup(url, tmp_path / "copy.db")
    for secret in (seed, signer.seed):
        coded = (base64.b64encode(secret), base64.urlsafe_b64encode(secret))
        for spelled in (secret.hex(), repr(secret), *(each.decode().rstrip("=") for each in coded)):
            for text in (*said, printed.out, printed.err, logged.getvalue()):
                assert spelled not in text
    assert seed in (tmp_path / "copy.db").read_bytes()
    assert signer.seed not in (tmp_path / "copy.db").read_bytes(), "it follows from the seed and is not stored"

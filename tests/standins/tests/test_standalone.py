"""The stand-in platforms need nothing of this project, and run by themselves."""

from __future__ import annotations

import ast
import asyncio
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.paths import ROOT

STANDINS = ROOT / "tests" / "standins"
PATIENCE_S = 120.0  # against a hang; nothing is measured by it


@asynccontextmanager
async def served(folder: Path, platform: str) -> AsyncIterator[tuple[Process, dict[str, str]]]:
    """A copy of the stand-ins that lies alone in `folder`, serving; and what it printed as NAME=value."""
    shutil.copytree(STANDINS, folder / "standins", ignore=shutil.ignore_patterns("tests", "__pycache__"))
    command = (sys.executable, "-m", "standins", platform)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdout=PIPE)
    try:
        assert process.stdout is not None
        values: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_S):
            while (line := (await process.stdout.readline()).decode().strip()) != "serving until Ctrl-C":
                assert line, "it ended before it served"
                name, _, value = line.partition("=")
                values[name] = value
        yield process, values
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def get(url: str, authorization: str = "") -> dict[str, object]:
    headers = {"User-Agent": "DiscordBot (test, 1)"} | ({"Authorization": authorization} if authorization else {})
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        answer: dict[str, object] = await response.json()
        return answer


async def test_discord_runs_by_itself_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    async with served(tmp_path, "discord") as (process, values):
        me = await get(f"{values['DISCORD_API_BASE']}/users/@me", f"Bot {values['DISCORD_TOKEN']}")
        assert me["bot"] is True
        assert values["DISCORD_GATEWAY_URL"].startswith("ws://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0


async def test_telegram_runs_by_itself_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    async with served(tmp_path, "telegram") as (process, values):
        me = await get(f"{values['TELEGRAM_API_BASE']}{values['TELEGRAM_TOKEN']}/getMe")
        assert me["ok"] is True
        assert values["TELEGRAM_FILE_BASE"].startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0


def imported(path: Path) -> Iterator[str]:
    """Every absolute module a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


@pytest.mark.parametrize("peer", ["discord_peer", "telegram_peer"])
def test_a_peer_imports_its_own_folder_and_libraries_only(peer: str) -> None:
    allowed = sys.stdlib_module_names | {"aiohttp", "discord", "yarl"}
    paths = sorted((STANDINS / peer).glob("*.py"))
    assert paths
    assert not [
        f"{path.name}: {name}" for path in paths for name in imported(path) if name.split(".")[0] not in allowed
    ]

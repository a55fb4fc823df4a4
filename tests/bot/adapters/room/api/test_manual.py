"""What the manual of the API says one can send can be sent as it stands."""

from __future__ import annotations

import shlex
from pathlib import Path
from string import Template

from aiohttp import ClientSession

from tests.bot.adapters.room.api.programs import check, program
from tests.bot.adapters.room.harness import room_harness
from tests.paths import ROOT

MANUAL = ROOT / "bot/adapters/room/api/README.md"
TAKES = {"-H": 1, "-d": 1, "-X": 1, "-N": 0}  # of curl's options


def read(line: str) -> tuple[str, str, dict[str, str], str | None]:
    """Method, address, headers and body of a line of curl."""
    _, *words = shlex.split(line)
    method, url, headers, body = "GET", "", dict[str, str](), None
    while words:
        word = words.pop(0)
        value = words.pop(0) if TAKES.get(word) else ""
        if word == "-H":
            name, _, text = value.partition(": ")
            headers[name] = text
        elif word == "-d":
            method, body = "POST", value
        elif word == "-X":
            method = value
        elif word not in TAKES:
            url = word
    return method, url, headers, body


async def test_every_line_of_the_manual_does_what_it_says(tmp_path: Path) -> None:
    lines = [line for line in MANUAL.read_text(encoding="utf-8").splitlines() if line.startswith("curl ")]
    assert len(lines) > 9
    async with room_harness(tmp_path) as harness:
        await harness.open_market()
        await harness.tick()
        async with program(harness) as robot, ClientSession() as http:
            await harness.tick()
            known = {"OUTCRY_API_KEY": robot.token, "ROOM": harness.url.rstrip("/")}
            for line in lines:
                method, url, headers, body = read(Template(line).safe_substitute(known))
                async with http.request(method, url, headers=headers, data=body) as answer:
                    assert answer.status == 200, (line, await answer.text())
                    if url.endswith("/stream"):
                        assert await answer.content.readline() == b": still here\n"
                    else:
                        check(method, answer.url.path, answer.status, await answer.json())
                await harness.tick()

"""`outcry mcp` serves a room's market to an agent: everything a key may do, by tools, a dry run before each order."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult

import bot.cli
from bot.__main__ import main
from bot.cli.api_client import keeps_keys_secret
from tests.bot.adapters.room.api.programs import Program, program
from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.paths import ROOT

TOOLS = {
    *("markets", "market", "prices", "book", "tape", "account", "orders"),
    *("quote", "place_order", "cancel_order"),
}


def answered(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def refused(result: CallToolResult) -> str:
    assert result.is_error
    return "".join(part.text for part in result.content if part.type == "text")


async def trades_by_tools(client: Client, harness: RoomHarness, robot: Program) -> None:
    """Reads, asks what an order would do, sends it twice, and takes another back."""
    market = {"market": harness.market}
    assert [row["market"] for row in answered(await client.call_tool("markets"))["markets"]] == [harness.market]
    for name, arguments in (("market", {}), ("prices", {}), ("tape", {}), ("account", {}), ("book", {"outcome": 1})):
        assert answered(await client.call_tool(name, market | arguments))
    wanted = market | {"outcome": 1, "side": "yes", "action": "buy", "amount": "$20"}
    quote = answered(await client.call_tool("quote", wanted))
    assert quote["ok"]
    assert answered(await client.call_tool("orders", market)) == {"orders": []}  # a quote does nothing
    made_up = {**quote["order"], "amount": "$50"}
    sent = market | {"order": made_up, "idempotency_key": "one"}
    assert "Ask for a quote first" in refused(await client.call_tool("place_order", sent))
    sent["order"] = quote["order"]
    first = answered(await client.call_tool("place_order", sent))["order"]
    assert answered(await client.call_tool("place_order", sent))["order"]["id"] == first["id"]
    await harness.tick()
    told = answered(await client.call_tool("orders", market))["orders"]
    assert [(order["id"], order["status"]) for order in told] == [(first["id"], "filled")]
    resting = answered(await client.call_tool("quote", wanted | {"limit": "5c"}))
    again = market | {"order": resting["order"], "idempotency_key": "two"}
    waiting = answered(await client.call_tool("place_order", again))["order"]
    await harness.tick()
    assert len(answered(await client.call_tool("orders", market | {"open_only": True}))["orders"]) == 1
    answered(await client.call_tool("cancel_order", market | {"order": waiting["id"]}))
    await harness.tick()
    assert answered(await client.call_tool("orders", market | {"open_only": True})) == {"orders": []}
    too_much = answered(await client.call_tool("quote", wanted | {"amount": "$60"}))["order"]
    over = market | {"order": too_much, "idempotency_key": "three"}
    assert "(allowance)" in refused(await client.call_tool("place_order", over))
    assert "(not_found)" in refused(await client.call_tool("market", {"market": 999}))


async def test_an_agent_trades_by_tools_and_asks_what_an_order_would_do_first(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as harness:
        await harness.open_market()
        await harness.tick()
        async with program(harness, dollars=70) as robot:
            await harness.tick()
            await with_an_agent(tmp_path, harness, robot)


async def with_an_agent(folder: Path, harness: RoomHarness, robot: Program) -> None:
    kept = folder / "key"
    kept.write_text(f"{robot.token}\n", encoding="ascii")
    command = ["-m", "bot", "mcp", "--url", harness.url, "--key-file", str(kept)]
    server = StdioServerParameters(command=sys.executable, args=command, cwd=ROOT)
    async with Client(server) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == TOOLS
        assert {
            name for name, tool in tools.items() if not tool.annotations or not tool.annotations.read_only_hint
        } == {
            "place_order",
            "cancel_order",
        }
        assert all(tool.description for tool in tools.values())
        await trades_by_tools(client, harness, robot)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "There is no key"),
        (("--key-file", "nowhere"), "The key cannot be read from nowhere."),
        (("--key-file", "key", "--url", "http://outcry.example.org"), "A key is sent over https"),
        (("--key-file", "two"), "That is no key"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(
    arguments: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OUTCRY_API_KEY", raising=False)
    Path("key").write_text("outcry_secret", encoding="ascii")
    Path("two").write_text("outcry_secret outcry_other", encoding="ascii")
    assert main(["mcp", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(sentence)
    assert "outcry_secret" not in told.err


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "bot.cli.mcp", raising=False)
    monkeypatch.delattr(bot.cli, "mcp", raising=False)
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    assert main(["mcp"]) == 2
    assert "pip install 'outcry[mcp]'" in capsys.readouterr().err


def test_a_key_goes_over_https_or_to_this_machine() -> None:
    safe = ("https://a.example", "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080")
    assert all(keeps_keys_secret(url) for url in safe)
    open_ones = (
        "http://a.example",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "127.0.0.1:8080",
        "http://localhost.a.example",
        "",
    )
    assert not any(keeps_keys_secret(url) for url in open_ones)

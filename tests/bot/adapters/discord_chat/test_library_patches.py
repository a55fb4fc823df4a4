"""What is patched in discord.py and aiohttp is there to be patched, and does what the patches say."""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections.abc import Iterator
from types import ModuleType

import aiohttp
import aiohttp.client_reqrep
import discord.client
import discord.gateway
import discord.http
import discord.shard
import discord.state
import discord.webhook.async_
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from discord import RateLimited

from bot.adapters.discord_chat import library_patches
from bot.adapters.discord_chat.library_patches import RateLimitBucket

# every private attribute that is touched, and every public one whose meaning is relied on, with the class that has it
ATTRIBUTES: list[tuple[type, str]] = [
    (discord.http.Ratelimit, "limit"),
    (discord.http.Ratelimit, "remaining"),
    (discord.http.Ratelimit, "outgoing"),
    (discord.http.Ratelimit, "reset_after"),
    (discord.http.Ratelimit, "expires"),
    (discord.http.Ratelimit, "dirty"),
    (discord.http.Ratelimit, "is_expired"),
    (discord.http.Ratelimit, "acquire"),
    (discord.http.Ratelimit, "_last_request"),
    (discord.http.Ratelimit, "_max_ratelimit_timeout"),
    (discord.http.Ratelimit, "_pending_requests"),
    (discord.http.Ratelimit, "_refresh"),
    (discord.http.Ratelimit, "_wake"),
    (discord.http.Ratelimit, "_wake_next"),
    (discord.http.Route, "BASE"),
    (discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY"),
    (discord.gateway.DiscordWebSocket, "received_message"),
    (discord.gateway.DiscordWebSocket, "_decompressor"),
    (discord.gateway.DiscordWebSocket, "_connection"),
    (discord.gateway.DiscordWebSocket, "from_client"),
    (discord.gateway.DiscordWebSocket, "poll_event"),
    (discord.gateway.DiscordWebSocket, "session_id"),
    (discord.gateway.DiscordWebSocket, "sequence"),
    (discord.gateway.DiscordWebSocket, "gateway"),
    (discord.gateway.DiscordWebSocket, "close"),
    (discord.state.ConnectionState, "_add_guild"),
    (discord.state.ConnectionState, "_remove_guild"),
    (discord.state.ConnectionState, "application_id"),
    (aiohttp.ClientResponse, "_headers"),
    (aiohttp.ClientResponse, "_cache"),
]
# every module global that is replaced, with the module that looks it up by that name
GLOBALS: list[tuple[ModuleType, str]] = [
    (discord.http, "Ratelimit"),
    (discord.http, "json_or_text"),
    (discord.webhook.async_, "json_or_text"),
]


@pytest.mark.parametrize(("owner", "name"), ATTRIBUTES, ids=[f"{owner.__name__}.{name}" for owner, name in ATTRIBUTES])
def test_the_library_still_uses_the_attribute(owner: type, name: str) -> None:
    tree = ast.parse(inspect.getsource(owner))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_own(node.value)}
    assert name in used | set(vars(owner)), f"{owner.__module__}.{owner.__name__} has no {name} any more"


def _is_own(value: ast.expr) -> bool:
    """Whether an attribute is read from the object, its class, or the web socket a class method has made."""
    return isinstance(value, ast.Name) and value.id in {"self", "cls", "ws"}


@pytest.mark.parametrize(("module", "name"), GLOBALS, ids=[f"{module.__name__}.{name}" for module, name in GLOBALS])
def test_the_library_still_looks_the_global_up_at_run_time(module: ModuleType, name: str) -> None:
    assert name in vars(module), f"{module.__name__} has no {name} any more"
    looked_up = {
        node.id
        for function in _functions(ast.parse(inspect.getsource(module)))
        for node in ast.walk(ast.Module(body=function.body, type_ignores=[]))
        if isinstance(node, ast.Name)
    }
    assert name in looked_up, f"{module.__name__} does not use {name} any more"


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_private_attribute_and_global_that_is_patched_is_listed_here() -> None:
    tree = ast.parse(inspect.getsource(library_patches))
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    own |= {
        node.attr
        for class_ in ast.walk(tree)
        if isinstance(class_, ast.ClassDef) and not class_.bases
        for node in ast.walk(class_)
        if isinstance(node, ast.Attribute)
    }
    private = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
    }
    replaced = {
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.slice, ast.Constant)
        and isinstance(node.value, ast.Name | ast.Call) and "headers" not in ast.unparse(node.value)
        and "data" not in ast.unparse(node.value)
    }  # fmt: skip
    assert private - own <= {name for _, name in ATTRIBUTES}
    assert replaced == {name for _, name in GLOBALS}


# -- rates


def bucket(*, remaining: int, window_s: float, longest_wait_s: float) -> RateLimitBucket:
    """As after an answer whose headers say so."""
    made = RateLimitBucket(longest_wait_s)
    made.limit, made.remaining = 5, remaining
    made.reset_after, made.expires = window_s, asyncio.get_running_loop().time() + window_s
    return made


async def test_a_window_longer_than_we_would_wait_is_used_while_it_has_room() -> None:
    limited = bucket(remaining=2, window_s=60, longest_wait_s=3)
    for _ in range(2):
        async with limited:
            pass
    with pytest.raises(RateLimited) as refusal:
        await limited.acquire()
    assert 3 < refusal.value.retry_after <= 60.001


async def test_a_window_that_is_full_stays_full_until_its_end() -> None:
    limited = bucket(remaining=1, window_s=60, longest_wait_s=3)
    async with limited:
        pass
    for _ in range(3):
        with pytest.raises(RateLimited):
            await limited.acquire()
    assert limited.remaining == 0


async def test_who_waits_in_line_is_refused_too_where_it_would_be_too_long() -> None:
    limited = RateLimitBucket(3)
    async with limited:
        waiting = asyncio.ensure_future(limited.acquire())
        await asyncio.sleep(0)
        limited.limit, limited.remaining, limited.reset_after = 1, 0, 60.0  # the answer's headers
        limited.expires = asyncio.get_running_loop().time() + 60
    with pytest.raises(RateLimited):
        await waiting


async def test_a_short_wait_lasts_until_the_window_ends() -> None:
    limited = bucket(remaining=0, window_s=0.05, longest_wait_s=3)
    ends = limited.expires
    await limited.acquire()
    assert ends is not None
    assert asyncio.get_running_loop().time() >= ends


# -- other servers


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "text/plain", "application/problem+json"])
async def test_a_429_in_json_is_read_and_is_no_ban_whatever_its_type(media_type: str) -> None:
    async def too_many(request: web.Request) -> web.Response:
        return web.Response(
            status=429, body=b'{"message": "slow down"}', headers={"Content-Type": media_type, "Retry-After": "7"}
        )

    app = web.Application()
    app.router.add_get("/", too_many)
    async with TestClient(TestServer(app)) as client, client.get("/") as response:
        body = await library_patches._lenient_json_or_text(response)
        assert body == {"message": "slow down", "retry_after": 7.0}
        assert response.headers["Via"]

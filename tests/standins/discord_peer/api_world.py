"""REST: who the bot is, where it is, and whom it can write to."""

from __future__ import annotations

from tests.standins.discord_peer import api_objects
from tests.standins.discord_peer.errors import ApiError, missing_access, unknown
from tests.standins.discord_peer.json_values import Json, is_snowflake
from tests.standins.discord_peer.routing import Ask, route


@route("GET", "/users/@me")
def me(ask: Ask) -> Json:
    return api_objects.user(ask.world.bot) | {"verified": True, "mfa_enabled": True, "email": None, "locale": "en-US"}


@route("GET", "/applications/@me")
@route("GET", "/oauth2/applications/@me")
def application(ask: Ask) -> Json:
    return {
        "id": str(ask.world.application_id),
        "name": ask.world.bot.name,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "owner": {"id": "1", "username": "owner", "discriminator": "0", "avatar": None, "global_name": None},
        "team": None,
        "flags": 0,
        "bot": api_objects.user(ask.world.bot),
        "integration_types_config": {"0": {}},
    }


@route("GET", "/gateway")
def gateway(ask: Ask) -> Json:
    return {"url": ask.gateway_url}


@route("GET", "/gateway/bot")
def gateway_bot(ask: Ask) -> Json:
    limits = {"total": 1000, "remaining": 1000, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": ask.gateway_url, "shards": ask.shards, "session_start_limit": limits}


@route("POST", "/users/@me/channels")
def open_dm(ask: Ask) -> Json:
    """Opening succeeds even where writing will not."""
    wanted = ask.body.get("recipient_id")
    user = ask.world.users.get(int(wanted)) if is_snowflake(wanted) and wanted is not None else None
    if user is None or user.bot:
        raise ApiError(400, 50033, "Invalid Recipient(s)")
    return api_objects.channel(ask.world.dm_with(user))


@route("DELETE", "/users/@me/guilds/{guild}")
def leave(ask: Ask) -> None:
    ask.guild().kick_bot()


@route("GET", "/users/{user}")
def user(ask: Ask) -> Json:
    return api_objects.user(ask.user())


@route("GET", "/guilds/{guild}")
def guild(ask: Ask) -> Json:
    return api_objects.guild(ask.guild(), ask.world.bot)


@route("GET", "/guilds/{guild}/channels")
def channels(ask: Ask) -> list[Json]:
    return [api_objects.channel(one) for one in ask.guild().channels]


@route("GET", "/guilds/{guild}/roles")
def roles(ask: Ask) -> list[Json]:
    return [api_objects.role(one) for one in ask.guild().roles]


@route("GET", "/guilds/{guild}/threads/active")
def threads(ask: Ask) -> Json:
    open_ones = [one for parent in ask.guild().channels for one in parent.threads if not one.archived]
    return {"threads": [api_objects.channel(one) for one in open_ones], "members": []}


@route("GET", "/guilds/{guild}/members/{user}")
def member(ask: Ask) -> Json:
    found = ask.guild().members.get(ask.id("user"))
    if found is None:
        raise unknown(10007, "Member")
    return api_objects.member(found)


@route("GET", "/channels/{channel}")
def channel(ask: Ask) -> Json:
    found = ask.channel()
    if found.guild is not None and not found.guild.has_bot:
        raise missing_access()
    return api_objects.channel(found)

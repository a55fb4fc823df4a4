"""REST: who the bot is, where it is, and whom it can write to."""

from __future__ import annotations

from . import api_objects
from .errors import ApiError, missing_access, unknown
from .json_values import Json, is_snowflake
from .routing import RestRequest, route
from .world import Guild


@route("GET", "/users/@me")
def me(request: RestRequest) -> Json:
    return api_objects.user(request.world.bot) | {
        "verified": True,
        "mfa_enabled": True,
        "email": None,
        "locale": "en-US",
    }


@route("GET", "/applications/@me")
@route("GET", "/oauth2/applications/@me")
def application(request: RestRequest) -> Json:
    return {
        "id": str(request.world.application_id),
        "name": request.world.bot.name,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "owner": {"id": "1", "username": "owner", "discriminator": "0", "avatar": None, "global_name": None},
        "team": None,
        "flags": 0,
        "bot": api_objects.user(request.world.bot),
        "integration_types_config": {"0": {}} | ({"1": {}} if request.world.user_install else {}),
    }


@route("GET", "/gateway")
def gateway(request: RestRequest) -> Json:
    return {"url": request.gateway_url}


@route("GET", "/gateway/bot")
def gateway_bot(request: RestRequest) -> Json:
    limits = {"total": 1000, "remaining": 1000, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": request.gateway_url, "shards": request.shards, "session_start_limit": limits}


@route("POST", "/users/@me/channels")
def open_dm(request: RestRequest) -> Json:
    """Opening succeeds even where writing will not."""
    wanted = request.body.get("recipient_id")
    user = request.world.users.get(int(wanted)) if is_snowflake(wanted) and wanted is not None else None
    if user is None or user.bot:
        raise ApiError(400, 50033, "Invalid Recipient(s)")
    return api_objects.channel(request.world.dm_with(user))


@route("GET", "/users/@me/guilds")
def guilds(request: RestRequest) -> list[Json]:
    """In order of their ids, 200 at a time."""
    after = int(request.call.query.get("after", 0))
    limit = min(int(request.call.query.get("limit", 200)), 200)
    mine = sorted((one for one in request.world.guilds.values() if one.has_bot and one.id > after), key=by_id)
    return [{"id": str(one.id), "name": one.name, "icon": None, "owner": False, "features": []} for one in mine[:limit]]


def by_id(guild: Guild) -> int:
    return guild.id


@route("DELETE", "/users/@me/guilds/{guild}")
def leave(request: RestRequest) -> None:
    request.guild().kick_bot()


@route("GET", "/users/{user}")
def user(request: RestRequest) -> Json:
    return api_objects.user(request.user())


@route("GET", "/guilds/{guild}")
def guild(request: RestRequest) -> Json:
    """Without what the gateway alone tells: channels, members, threads."""
    shown = api_objects.guild(request.guild(), request.world.bot)
    told_elsewhere = {"channels", "members", "threads", "presences", "member_count", "joined_at", "unavailable"}
    return {key: value for key, value in shown.items() if key not in told_elsewhere}


@route("GET", "/guilds/{guild}/channels")
def channels(request: RestRequest) -> list[Json]:
    return [api_objects.channel(one) for one in request.guild().channels]


@route("GET", "/guilds/{guild}/roles")
def roles(request: RestRequest) -> list[Json]:
    return [api_objects.role(one) for one in request.guild().roles]


@route("GET", "/guilds/{guild}/threads/active")
def threads(request: RestRequest) -> Json:
    open_ones = [one for parent in request.guild().channels for one in parent.threads if not one.archived]
    return {"threads": [api_objects.channel(one) for one in open_ones], "members": []}


@route("GET", "/guilds/{guild}/members/{user}")
def member(request: RestRequest) -> Json:
    found = request.guild().members.get(request.id("user"))
    if found is None:
        raise unknown(10007, "Member")
    return api_objects.member(found)


@route("GET", "/channels/{channel}")
def channel(request: RestRequest) -> Json:
    found = request.channel()
    if found.guild is not None and not found.guild.has_bot:
        raise missing_access()
    return api_objects.channel(found)

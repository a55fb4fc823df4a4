"""REST: registering slash commands, for everybody or for one guild."""

from __future__ import annotations

from . import command_rules
from .errors import ApiError, missing_access, unknown
from .json_values import Json
from .routing import RestRequest, route

MOST_CREATES, DAY_MS = 200, 86_400_000


def _scope(request: RestRequest) -> int | None:
    """The guild whose commands are meant; None for all. Only the application's own, only where it is installed."""
    if request.id("application") != request.world.application_id:
        raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
    if "guild" not in request.call.args:
        return None
    guild = request.world.guilds.get(request.id("guild"))
    if guild is None or not guild.has_bot:
        raise missing_access()
    return guild.id


def _creates(request: RestRequest, scope: int | None, count: int) -> None:
    """At most 200 new commands a day and guild; those of all guilds together count as one guild."""
    made = request.world.command_creates if scope is None else request.world.guilds[scope].creates
    now = request.world.clock.now_ms
    made[:] = [at for at in made if at > now - DAY_MS]
    if len(made) + count > MOST_CREATES:
        raise ApiError(400, 30034, f"Max number of daily application command creates has been reached ({MOST_CREATES})")
    made.extend([now] * count)


def _stored(request: RestRequest, scope: int | None, one: Json, old: Json | None) -> Json:
    own = {
        "id": old["id"] if old else str(request.world.new_id()),
        "application_id": str(request.world.application_id),
        "version": str(request.world.new_id()),
    }
    return one | own | ({"guild_id": str(scope)} if scope is not None else {})


@route("PUT", "/applications/{application}/commands")
@route("PUT", "/applications/{application}/guilds/{guild}/commands")
def overwrite(request: RestRequest) -> list[Json]:
    scope = _scope(request)
    wanted = command_rules.check_all(
        request.call.body, in_guild=scope is not None, for_users=request.world.user_install
    )
    if sum(one["type"] == command_rules.CHAT_INPUT for one in wanted) > command_rules.MOST_COMMANDS:
        raise ApiError(400, 30032, f"Maximum number of application commands reached ({command_rules.MOST_COMMANDS})")
    menus = [one["type"] for one in wanted if one["type"] != command_rules.CHAT_INPUT]
    if any(menus.count(kind) > command_rules.MOST_MENUS for kind in menus):
        told = f"Maximum number of context menu commands reached ({command_rules.MOST_MENUS})"
        raise ApiError(400, 30032, told)
    known = {(one["type"], one["name"]): one for one in request.world.commands.get(scope, [])}
    _creates(request, scope, sum((one["type"], one["name"]) not in known for one in wanted))
    kept = [_stored(request, scope, one, known.get((one["type"], one["name"]))) for one in wanted]
    request.world.commands[scope] = kept
    request.world.changes.notify()
    return kept


@route("GET", "/applications/{application}/commands")
@route("GET", "/applications/{application}/guilds/{guild}/commands")
def listed(request: RestRequest) -> list[Json]:
    return request.world.commands.get(_scope(request), [])


@route("POST", "/applications/{application}/commands")
@route("POST", "/applications/{application}/guilds/{guild}/commands")
def upsert(request: RestRequest) -> Json:
    scope = _scope(request)
    (one,) = command_rules.check_all([request.body], in_guild=scope is not None, for_users=request.world.user_install)
    kept = request.world.commands.setdefault(scope, [])
    old = next((item for item in kept if (item["type"], item["name"]) == (one["type"], one["name"])), None)
    if old is None:
        if len(kept) >= command_rules.MOST_COMMANDS:
            raise ApiError(
                400, 30032, f"Maximum number of application commands reached ({command_rules.MOST_COMMANDS})"
            )
        _creates(request, scope, 1)
    else:
        kept.remove(old)
    kept.append(_stored(request, scope, one, old))
    return kept[-1]


@route("DELETE", "/applications/{application}/commands/{command}")
@route("DELETE", "/applications/{application}/guilds/{guild}/commands/{command}")
def delete(request: RestRequest) -> None:
    kept = request.world.commands.get(_scope(request), [])
    found = [one for one in kept if one["id"] == request.call.args["command"]]
    if not found:
        raise unknown(10063, "application command")
    kept.remove(found[0])

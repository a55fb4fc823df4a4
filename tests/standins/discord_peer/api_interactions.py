"""REST: acknowledging interactions, and the follow-ups and edits of the next 15 minutes."""

from __future__ import annotations

from . import api_objects, modals, request_bodies
from .api_messages import change
from .command_rules import STRING, check_choices
from .errors import ApiError, FormErrors, unknown
from .interaction import (
    AUTOCOMPLETE,
    CHOICES,
    COMMAND,
    COMPONENT,
    DEADLINE_MS,
    DEFER,
    DEFER_UPDATE,
    LIFE_MS,
    MESSAGE,
    MODAL,
    MODAL_SUBMIT,
    UPDATE,
    Choice,
    Interaction,
)
from .json_values import Json
from .permissions import Permission, permissions_in
from .routing import RateLimitedError, RestRequest, route
from .world import COMPONENTS_V2, EPHEMERAL, LOADING, Message

MOST_FOLLOW_UPS = 5  # where only the person has installed the application

ANSWERS = {
    COMMAND: (MESSAGE, DEFER, MODAL),
    COMPONENT: (MESSAGE, DEFER, DEFER_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (MESSAGE, DEFER),
}


@route("POST", "/interactions/{interaction}/{token}/callback", open=True)
def callback(request: RestRequest) -> Json | None:
    one = request.world.interactions.get(request.id("interaction"))
    if one is None or one.token != request.call.args["token"]:
        raise unknown(10062, "interaction")
    age = request.world.clock.now_ms - one.created_ms
    if one.acked is not None:
        raise ApiError(400, 40060, "Interaction has already been acknowledged.")
    if age > DEADLINE_MS:
        one.late_after_ms = age
        one.notify()
        raise unknown(10062, "interaction")
    try:
        message = _acknowledge(request, one)
    except ApiError as error:
        one.refused.append(error)
        raise
    one.acked, one.acked_after_ms = request.body["type"], age
    one.notify()
    return _told(one, message) if request.call.query.get("with_response") in {"1", "true", "True"} else None


def _told(one: Interaction, message: Message | None) -> Json:
    shown: Json = {"interaction": {"id": str(one.id), "type": one.kind}}
    if one.original is not None:
        shown["interaction"] |= {
            "response_message_id": str(one.original.id),
            "response_message_loading": one.original.loading,
            "response_message_ephemeral": one.original.ephemeral,
        }
    if message is not None:
        shown["resource"] = {"type": one.acked, "message": api_objects.message(message)}
    return shown


def _acknowledge(request: RestRequest, one: Interaction) -> Message | None:
    """Carry a callback out; the message it shows, if it shows one. Nothing has changed where this raises."""
    form = FormErrors()
    kind = request.body.get("type")
    allowed = ANSWERS[one.kind]
    if one.kind == MODAL_SUBMIT and one.source is not None:
        allowed = (*allowed, DEFER_UPDATE, UPDATE)
    form.one_of(("type",), kind, allowed)
    form.done()
    data = request.body.get("data") or {}
    if kind == MESSAGE:
        one.original = _say(request, one, data)
    elif kind == DEFER:
        one.original = _think(request, one, data)
        return None
    elif kind == MODAL:
        one.modal = modals.check(data, one)
    elif kind == CHOICES:
        one.choices = _suggest(one, data)
    elif kind == DEFER_UPDATE:
        one.original = one.source
        return None
    else:
        one.original = _update(request, one, data)
    one.settled = True
    return one.original if kind in {MESSAGE, UPDATE} else None


def _suggest(one: Interaction, data: Json) -> list[Choice]:
    form = FormErrors()
    choices = form.items(("data", "choices"), data.get("choices"), 0, 25)
    focused = _focused(one.data.get("options") or [])
    check_choices(form, ("data", "choices"), choices, focused.get("type", STRING))
    form.done()
    return [Choice(name=choice["name"], value=choice["value"]) for choice in choices]


def _focused(options: list[Json]) -> Json:
    for option in options:
        if option.get("focused"):
            return option
        inside = _focused(option.get("options") or [])
        if inside:
            return inside
    return {}


def _say(request: RestRequest, one: Interaction, data: Json) -> Message:
    """A new message in answer; ephemeral where its flags say so."""
    return _spoken(request, one, request_bodies.read(data, request.call.uploads, answer=True))


def _spoken(request: RestRequest, one: Interaction, draft: request_bodies.MessageDraft) -> Message:
    message = Message(request.world.new_id(), one.channel, request.world.bot, request.world.clock.now_ms)
    message.by_webhook, message.interaction = True, one
    message.kind = 20 if one.kind == COMMAND else 0
    if draft.flags & EPHEMERAL:
        message.only_for, message.flags = one.user, EPHEMERAL
    mention_all = bool(permissions_in(one.channel, request.world.bot) & Permission.MENTION_EVERYONE)
    request_bodies.apply(draft, message, may_mention_all=mention_all)
    request.world.post(one.channel, message)
    return message


def _think(request: RestRequest, one: Interaction, data: Json) -> Message:
    flags = data.get("flags") or 0
    form = FormErrors()
    if form.number(("data", "flags"), flags, 0, (1 << 31) - 1) and flags & COMPONENTS_V2:
        told = "A deferral takes EPHEMERAL alone; components v2 come with the edit"
        form.wrong(("data", "flags"), "MESSAGE_FLAGS_INVALID", told)
    form.done()
    message = Message(request.world.new_id(), one.channel, request.world.bot, request.world.clock.now_ms, flags=LOADING)
    message.by_webhook, message.interaction = True, one
    message.kind = 20 if one.kind == COMMAND else 0
    if flags & EPHEMERAL:
        message.only_for = one.user
        message.flags |= EPHEMERAL
    elif one.channel.guild is not None:
        request.world.public_thinking.append(one)
    request.world.post(one.channel, message)
    return message


def _update(request: RestRequest, one: Interaction, data: Json) -> Message:
    source = one.source
    if source is None or source.deleted:
        raise unknown(10008, "Message")
    change(request, source, request_bodies.read(data, request.call.uploads, old=source, answer=True))
    return source


def _living(request: RestRequest) -> Interaction:
    """The interaction a follow-up's token belongs to, within its 15 minutes."""
    token = request.call.args["token"]
    number = token.rpartition("-")[2]
    one = request.world.interactions.get(int(number)) if number.isdecimal() else None
    if one is None or one.token != token or request.id("application") != request.world.application_id:
        raise unknown(10015, "Webhook")
    if request.world.clock.now_ms - one.created_ms > LIFE_MS:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    if one.acked is None:
        raise unknown(10015, "Webhook")
    return one


def _mine(request: RestRequest, one: Interaction) -> Message:
    """A message this token may change: the original answer, or one of its follow-ups."""
    wanted = request.call.args["message"]
    known = one.followups if wanted != "@original" else [one.original] if one.original else []
    for message in known:
        if message is not None and not message.deleted and wanted in {"@original", str(message.id)}:
            return message
    if one.original is not None and not one.original.deleted and wanted == str(one.original.id):
        return one.original
    raise unknown(10008, "Message")


def _throttle(request: RestRequest, one: Interaction) -> None:
    too_many = request.limits.take_channel_webhook(one.channel.id)
    if too_many is not None:
        raise RateLimitedError(too_many)


@route("POST", "/webhooks/{application}/{token}", open=True)
def followup(request: RestRequest) -> Json:
    """A further message; straight after a deferral it is the deferred answer itself, as Discord still has it."""
    one = _living(request)
    _throttle(request, one)
    if one.original is not None and one.original.loading and not one.original.deleted:
        return _finish(request, one, one.original)
    if "0" not in api_objects.owners(one) and len(one.followups) >= MOST_FOLLOW_UPS:
        raise ApiError(400, 40094, "This interaction has hit the maximum number of follow up messages")
    message = _spoken(request, one, request_bodies.read(request.body, request.call.uploads, answer=True))
    one.followups.append(message)
    one.settled = True
    one.notify()
    return api_objects.message(message)


def _finish(request: RestRequest, one: Interaction, message: Message) -> Json:
    """Edit an answer; one that was thinking thinks no more, and stays as ephemeral as it was."""
    draft = request_bodies.read(request.body, request.call.uploads, old=message, answer=True)
    was_loading = message.loading
    change(request, message, draft)
    if was_loading:
        message.was.pop()
    one.settled = True
    one.notify()
    return api_objects.message(message)


@route("GET", "/webhooks/{application}/{token}/messages/{message}", open=True)
def get(request: RestRequest) -> Json:
    return api_objects.message(_mine(request, _living(request)))


@route("PATCH", "/webhooks/{application}/{token}/messages/{message}", open=True)
def edit(request: RestRequest) -> Json:
    one = _living(request)
    return _finish(request, one, _mine(request, one))


@route("DELETE", "/webhooks/{application}/{token}/messages/{message}", open=True)
def delete(request: RestRequest) -> None:
    one = _living(request)
    request.world.remove(_mine(request, one))
    one.settled = True
    one.notify()

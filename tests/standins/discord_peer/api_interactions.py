"""REST: acknowledging interactions, and the follow-ups and edits of the next 15 minutes."""

from __future__ import annotations

from tests.standins.discord_peer import api_objects, modals, request_bodies
from tests.standins.discord_peer.api_messages import change
from tests.standins.discord_peer.command_rules import STRING, check_choices
from tests.standins.discord_peer.errors import ApiError, Form, unknown
from tests.standins.discord_peer.interaction import (
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
from tests.standins.discord_peer.json_values import Json
from tests.standins.discord_peer.permissions import Right, rights_in
from tests.standins.discord_peer.routing import Ask, LimitedError, route
from tests.standins.discord_peer.world import COMPONENTS_V2, EPHEMERAL, LOADING, Message

ANSWERS = {
    COMMAND: (MESSAGE, DEFER, MODAL),
    COMPONENT: (MESSAGE, DEFER, DEFER_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (MESSAGE, DEFER),
}


@route("POST", "/interactions/{interaction}/{token}/callback", open=True)
def callback(ask: Ask) -> Json | None:
    one = ask.world.interactions.get(ask.id("interaction"))
    if one is None or one.token != ask.call.args["token"]:
        raise unknown(10062, "interaction")
    age = ask.world.clock.now_ms - one.created_ms
    if one.acked is not None:
        raise ApiError(400, 40060, "Interaction has already been acknowledged.")
    if age > DEADLINE_MS:
        one.late_after_ms = age
        one.ring()
        raise unknown(10062, "interaction")
    try:
        message = _acknowledge(ask, one)
    except ApiError as error:
        one.refused.append(error)
        raise
    one.acked, one.acked_after_ms = ask.body["type"], age
    one.ring()
    return _told(one, message) if ask.call.query.get("with_response") in {"1", "true", "True"} else None


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


def _acknowledge(ask: Ask, one: Interaction) -> Message | None:
    """Carry a callback out; the message it shows, if it shows one. Nothing has changed where this raises."""
    form = Form()
    kind = ask.body.get("type")
    allowed = ANSWERS[one.kind]
    if one.kind == MODAL_SUBMIT and one.source is not None:
        allowed = (*allowed, DEFER_UPDATE, UPDATE)
    form.one_of(("type",), kind, allowed)
    form.done()
    data = ask.body.get("data") or {}
    if kind == MESSAGE:
        one.original = _say(ask, one, data)
    elif kind == DEFER:
        one.original = _think(ask, one, data)
        return None
    elif kind == MODAL:
        one.modal = modals.check(data, one)
    elif kind == CHOICES:
        one.choices = _suggest(one, data)
    elif kind == DEFER_UPDATE:
        one.original = one.source
        return None
    else:
        one.original = _update(ask, one, data)
    one.settled = True
    return one.original if kind in {MESSAGE, UPDATE} else None


def _suggest(one: Interaction, data: Json) -> list[Choice]:
    form = Form()
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


def _say(ask: Ask, one: Interaction, data: Json) -> Message:
    """A new message in answer; ephemeral where its flags say so."""
    return _spoken(ask, one, request_bodies.read(data, ask.call.uploads, answer=True))


def _spoken(ask: Ask, one: Interaction, draft: request_bodies.Draft) -> Message:
    message = Message(ask.world.new_id(), one.channel, ask.world.bot, ask.world.clock.now_ms)
    message.by_webhook, message.interaction = True, one
    message.kind = 20 if one.kind == COMMAND else 0
    if draft.flags & EPHEMERAL:
        message.only_for, message.flags = one.user, EPHEMERAL
    mention_all = bool(rights_in(one.channel, ask.world.bot) & Right.MENTION_EVERYONE)
    request_bodies.apply(draft, message, may_mention_all=mention_all)
    ask.world.post(one.channel, message)
    return message


def _think(ask: Ask, one: Interaction, data: Json) -> Message:
    flags = data.get("flags") or 0
    form = Form()
    if form.number(("data", "flags"), flags, 0, (1 << 31) - 1) and flags & COMPONENTS_V2:
        told = "A deferral takes EPHEMERAL alone; components v2 come with the edit"
        form.wrong(("data", "flags"), "MESSAGE_FLAGS_INVALID", told)
    form.done()
    message = Message(ask.world.new_id(), one.channel, ask.world.bot, ask.world.clock.now_ms, flags=LOADING)
    message.by_webhook, message.interaction = True, one
    message.kind = 20 if one.kind == COMMAND else 0
    if flags & EPHEMERAL:
        message.only_for = one.user
        message.flags |= EPHEMERAL
    ask.world.post(one.channel, message)
    return message


def _update(ask: Ask, one: Interaction, data: Json) -> Message:
    source = one.source
    if source is None or source.deleted:
        raise unknown(10008, "Message")
    change(ask, source, request_bodies.read(data, ask.call.uploads, old=source, answer=True))
    return source


def _living(ask: Ask) -> Interaction:
    """The interaction a follow-up's token belongs to, within its 15 minutes."""
    token = ask.call.args["token"]
    number = token.rpartition("-")[2]
    one = ask.world.interactions.get(int(number)) if number.isdecimal() else None
    if one is None or one.token != token or ask.id("application") != ask.world.application_id:
        raise unknown(10015, "Webhook")
    if ask.world.clock.now_ms - one.created_ms > LIFE_MS:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    if one.acked is None:
        raise unknown(10015, "Webhook")
    return one


def _mine(ask: Ask, one: Interaction) -> Message:
    """A message this token may change: the original answer, or one of its follow-ups."""
    wanted = ask.call.args["message"]
    known = one.followups if wanted != "@original" else [one.original] if one.original else []
    for message in known:
        if message is not None and not message.deleted and wanted in {"@original", str(message.id)}:
            return message
    if one.original is not None and not one.original.deleted and wanted == str(one.original.id):
        return one.original
    raise unknown(10008, "Message")


def _throttle(ask: Ask, one: Interaction) -> None:
    too_many = ask.limits.take_channel_webhook(one.channel.id)
    if too_many is not None:
        raise LimitedError(too_many)


@route("POST", "/webhooks/{application}/{token}", open=True)
def followup(ask: Ask) -> Json:
    """A further message; straight after a deferral it is the deferred answer itself, as Discord still has it."""
    one = _living(ask)
    _throttle(ask, one)
    if one.original is not None and one.original.loading and not one.original.deleted:
        return _finish(ask, one, one.original)
    message = _spoken(ask, one, request_bodies.read(ask.body, ask.call.uploads, answer=True))
    one.followups.append(message)
    one.settled = True
    one.ring()
    return api_objects.message(message)


def _finish(ask: Ask, one: Interaction, message: Message) -> Json:
    """Edit an answer; one that was thinking thinks no more, and stays as ephemeral as it was."""
    draft = request_bodies.read(ask.body, ask.call.uploads, old=message, answer=True)
    was_loading = message.loading
    change(ask, message, draft)
    if was_loading:
        message.was.pop()
    one.settled = True
    one.ring()
    return api_objects.message(message)


@route("GET", "/webhooks/{application}/{token}/messages/{message}", open=True)
def get(ask: Ask) -> Json:
    return api_objects.message(_mine(ask, _living(ask)))


@route("PATCH", "/webhooks/{application}/{token}/messages/{message}", open=True)
def edit(ask: Ask) -> Json:
    one = _living(ask)
    return _finish(ask, one, _mine(ask, one))


@route("DELETE", "/webhooks/{application}/{token}/messages/{message}", open=True)
def delete(ask: Ask) -> None:
    one = _living(ask)
    ask.world.remove(_mine(ask, one))
    one.settled = True
    one.ring()
